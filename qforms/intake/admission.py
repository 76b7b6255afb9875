"""Reading + facts -> outcomes: what is to become of each form in a delivery, or of the delivery itself. Pure.

The order of the questions: was it written by a machine; is it our own people's mail to a customer; which forms are in
it; which letter does it answer; does it open a case."""

from __future__ import annotations

import dataclasses as dc
from datetime import datetime

from qforms.intake import approvals, contacts, freetext, identify, kind, parts, returns, rights
from qforms.intake.complaints import noted, open_case
from qforms.intake.identify import Found
from qforms.intake.matter import Matter, answerable, asked, errors, ignored, refused, task
from qforms.intake.reading import COMPLAINT
from qforms.intake.speaker import claiming, speaker_of
from qforms.model import Facts, Filled, Letter, Outcome, Problem, Reading, Record, Text
from qforms.settings import Procedures

_OUTSIDE = frozenset({"customer", "stranger"})


def admit(reading: Reading, facts: Facts, procedures: Procedures, now: datetime) -> tuple[Outcome, ...]:
    """One outcome for each form found and each decision, or one for the delivery (with form "")."""
    if reading.held:
        return (Outcome("held", reason=reading.held, problems=reading.problems),)
    matter = Matter(reading, facts, procedures, now, speaker_of(reading, facts, procedures, now))
    if reading.machine or (reading.message_id and facts.letter(reading.message_id)):
        return _machine(matter)
    if customer := contacts.to_customer(matter):
        return (contacts.outbound(matter, customer),)
    if reading.delivery.channel == "sent":
        return (ignored(matter, "sent_elsewhere"),)
    forms = tuple(f for f in reading.filled if f.how not in {"body", "free"})
    if forms:
        outcomes = tuple(_form(matter, filled) for filled in forms)
        return (*outcomes, *_decisions(matter))
    return _words(matter)


# ---------------------------------------------------------------- machines


def _machine(matter: Matter) -> tuple[Outcome, ...]:
    """Nothing that a machine wrote is answered. Danger in it, if it is no answer to us, opens a case all the same."""
    reading = matter.reading
    letter = identify.letter_of(matter)
    key = letter.intent.key if letter else ""
    if reading.bounce:
        bounced = matter.facts.letter(reading.bounce.message_id) if reading.bounce.message_id else None
        key = bounced.intent.key if bounced else key
        address, status = reading.bounce.address, reading.bounce.status
        return (ignored(matter, "bounced", letter_key=key, address=address, status=status),)
    if reading.machine in {"auto_reply", "list"} and not letter and reading.kind in {"complaint", "unsure"}:
        if reading.danger:
            return (open_case(matter, _told(matter)),)
        if matter.speaker.kind == "customer" and reading.kind == "complaint":
            return (_unsure(matter),)
    return (
        ignored(
            matter, {"auto_reply": "auto_reply", "list": "list_mail"}.get(reading.machine, "own_mail"), letter_key=key
        ),
    )


# ---------------------------------------------------------------- forms


def _form(matter: Matter, filled: Filled) -> Outcome:
    """A filled form: it revises its record, opens a new one, or is refused with the reason."""
    if not filled.form:
        return refused(matter, next(iter(filled.problems), Problem("json_no_form")), filled)
    speaker = claiming(matter.speaker, filled)
    if speaker is None:
        return refused(matter, Problem("role_not_granted", context={"role": filled.by}), filled)
    matter = dc.replace(matter, speaker=speaker)
    found = identify.of_form(matter, filled)
    new_row = filled.how == "edit" and filled.base is None  # its number was reserved for it (P4)
    if new_row and found.record is None:
        found = Found()
    nothing_open = found.record is None or identify.is_final(matter, found.record)
    if filled.form == COMPLAINT and nothing_open and (matter.speaker.kind in _OUTSIDE or not filled.number or new_row):
        return _new_complaint(matter, filled, found)
    if found.problem:
        return refused(matter, found.problem, filled)
    if found.record is None:
        return _open(matter, filled)
    if not matter.speaker.trusted and matter.speaker.kind == "person":
        return _unproven(matter, filled, found.record)
    letter = found.letter
    if letter is not None and matter.speaker.kind == "stranger":
        matter = dc.replace(matter, speaker=dc.replace(matter.speaker, kind="customer"))
    key = letter.intent.key if letter else ""
    return returns.revise(matter, filled, found.record, found.base, parts.evidence(matter.reading.parts), key)


def _new_complaint(matter: Matter, filled: Filled, found: Found) -> Outcome:
    """Never refused: a wrong stamp, a foreign or closed number only leaves a remark, and a new case is opened."""
    remarks = []
    if found.problem:
        remarks.append(dc.replace(found.problem, severity="warning"))
    if found.record is not None:
        context = {"number": found.record.number}
        remarks.append(Problem("record_closed_new", context=context, severity="warning"))
    outcome = open_case(matter, filled, tuple(remarks))
    return outcome if matter.speaker.kind != "stranger" or _strangers(matter) else _unsure(matter)


def _open(matter: Matter, filled: Filled) -> Outcome:
    """A new record of any other form: a shipment, a repair acceptance, a contact."""
    form = matter.form(filled.form)
    if not rights.may_open(form, matter.speaker) or (matter.speaker.kind == "person" and not matter.speaker.trusted):
        code = "may_not_open" if matter.speaker.trusted else "sender_unproven"
        return refused(
            matter, Problem(code, context={"form": form.title.zh, "address": matter.speaker.address}), filled
        )
    case_no = filled.case_no
    if case_no and matter.facts.record(case_no) is None:
        return refused(matter, Problem("number_unknown", context={"number": case_no}), filled)
    if not case_no:
        about = identify.of_mail(matter).record
        case_no = about.case_no if about else ""
    may = rights.writable(form, matter.speaker, None)
    values = {n: v for n, v in filled.values.items() if v is not None and may(n)}
    problems = list(filled.problems)
    problems += [
        Problem("not_yours", filled.where.get(n, ""), n)
        for n, v in filled.values.items()
        if v is not None and not may(n) and matter.has(form.name, n)
    ]
    missing = tuple(f.name for f in matter.procedures.catalogue.missing(form.name, values) if may(f.name))
    nameless = [n for n in form.named_by if values.get(n) in (None, "")]
    if nameless or not values:
        reason = next(iter(errors(problems)), None) or Problem("nothing_given", field=nameless[0] if nameless else "")
        return dc.replace(
            refused(matter, reason, filled), problems=tuple(p for p in problems if p is not reason), missing=missing
        )
    wanting = bool(asked(problems) or missing)
    return Outcome(
        "partial" if wanting else "accepted",
        form.name,
        filled.number if filled.how == "edit" else "",
        case_no,
        values,
        dict(filled.where),
        filled.part,
        filled.how,
        filled.event,
        tuple(problems),
        missing,
        speaker=matter.speaker,
        evidence=parts.evidence(matter.reading.parts) if matter.reading.address else (),
        answer="rejection" if wanting and answerable(matter) else "",
    )


def _unproven(matter: Matter, filled: Filled, record: Record) -> Outcome:
    """A form from an address of ours that our server doesn't vouch for: kept, and the office is asked."""
    reason = Problem("sender_unproven", context={"address": matter.reading.address})
    name = matter.speaker.name
    text = Text(
        f"确认 {record.number} 的回复是否 {name} 本人所发（发件人未经验证）。",
        f"Confirm that {name} sent this return of {record.number}: the sender is not authenticated.",
    )
    confirm = task(matter, "confirm_sender", text, "office", record, actions=("是本人", "忽略"))
    return Outcome(
        "held", filled.form, record.number, record.case_no, reason=reason, speaker=matter.speaker, tasks=(confirm,)
    )


# ---------------------------------------------------------------- words


def _words(matter: Matter) -> tuple[Outcome, ...]:
    """A mail without a form: an answer to a letter, an addition to a case, a new complaint, or other business."""
    found = identify.of_mail(matter)
    letter, record = found.letter, found.record
    if letter is not None and matter.reading.decisions and (approvals.asks(letter) or record is None):
        return approvals.decide(matter, letter, record)
    if record is not None:
        if matter.speaker.kind in _OUTSIDE:
            return _customer_answer(matter, record, letter)
        return _staff_answer(matter, record, letter)
    remarks = (found.problem,) if found.problem else ()
    return _fresh(matter, tuple(dc.replace(p, severity="warning") for p in remarks))


def _decisions(matter: Matter) -> tuple[Outcome, ...]:
    """A decision in the text of a mail that also brings forms; only where the letter asked for one."""
    letter = identify.letter_of(matter)
    if (
        letter is None
        or not approvals.asks(letter)
        or not any(d.verdict != "unclear" for d in matter.reading.decisions)
    ):
        return ()
    return approvals.decide(matter, letter, matter.facts.record(letter.intent.number))


def _fresh(matter: Matter, remarks: tuple[Problem, ...]) -> tuple[Outcome, ...]:
    reading = matter.reading
    nature = kind.nature(reading.subject, reading.text).kind if reading.kind == "answer" else reading.kind
    if nature == "complaint" and (matter.speaker.kind != "stranger" or _strangers(matter) or reading.danger):
        return (open_case(matter, _told(matter), remarks),)
    if nature == "business":
        return (ignored(matter, "business_mail"),)
    return (_unsure(matter),)


def _told(matter: Matter) -> Filled:
    """The complaint that the mail's own text makes."""
    told = (f for f in matter.reading.filled if f.form == COMPLAINT)
    return next(told, None) or Filled(COMPLAINT, {"defect_symptom": matter.reading.text[:1000]}, how="free")


def _unsure(matter: Matter) -> Outcome:
    reading = matter.reading
    text = Text(
        f"判断来信是否投诉：{reading.subject[:60] or reading.text[:60] or '(无主题)'}，{reading.address}",
        f"Is this mail a complaint? {reading.subject[:60] or '(no subject)'}, {reading.address}",
    )
    unsure = task(matter, "unsure", text, "intake", actions=("立案", "不是投诉"), address=reading.address)
    return ignored(matter, "unsure_mail", (unsure,))


def _customer_answer(matter: Matter, record: Record, letter: Letter | None) -> tuple[Outcome, ...]:
    """A customer on their own case: label lines, what running text adds to empty fields, and a line in the contacts."""
    if identify.is_final(matter, record):
        remark = Problem("record_closed_new", context={"number": record.number}, severity="warning")
        return _fresh(matter, (remark,))
    own = dc.replace(matter, speaker=dc.replace(matter.speaker, kind="customer"))
    key = letter.intent.key if letter else ""
    filled = _lines(own, record, letter)
    if record.form == COMPLAINT:
        filled = _filling_gaps(own, filled, record)
    evidence = parts.evidence(matter.reading.parts)
    contact = contacts.inbound(own, record, key)
    if not (filled.values or filled.problems or evidence or matter.reading.danger):
        return (contact,)
    outcome = returns.revise(own, filled, record, None, evidence, key)
    if record.form == COMPLAINT and outcome.state != "refused":
        new = {
            n: v
            for n, v in noted(own, filled).items()
            if v and record.values.get(n) in (None, ()) and own.has(COMPLAINT, n)
        }
        outcome = dc.replace(outcome, values={**outcome.values, **new})
    return (dc.replace(outcome, alarm=matter.reading.danger), contact)


def _filling_gaps(matter: Matter, filled: Filled, record: Record) -> Filled:
    """Running text never overwrites: it only fills what the case does not know yet."""
    told = _told(matter)
    if told.how != "free":
        return filled
    may = rights.writable(matter.form(record.form), matter.speaker, record)
    gaps = {
        n: v
        for n, v in told.values.items()
        if record.values.get(n) in (None, "", ()) and may(n) and n not in filled.values
    }
    return dc.replace(filled, values={**gaps, **filled.values})


def _staff_answer(matter: Matter, record: Record, letter: Letter | None) -> tuple[Outcome, ...]:
    """Our people on a record: label lines are fields (P18); a picture or prose is for somebody to transcribe (P16)."""
    key = letter.intent.key if letter else ""
    filled = _lines(matter, record, letter)
    if not matter.speaker.trusted:
        return (_unproven(matter, filled, record),)
    evidence = parts.evidence(matter.reading.parts)
    if filled.values or filled.problems:
        return (returns.revise(matter, filled, record, None, evidence, key),)
    if not evidence and any(d.verdict == "unclear" for d in matter.reading.decisions):
        return (ignored(matter, "no_answer", letter_key=key, text=matter.reading.decisions[0].text[:80]),)
    problems = asked(matter.reading.problems)
    if problems and not _pictures(matter.reading):
        return (dc.replace(refused(matter, problems[0], None, record), problems=problems[1:], letter_key=key),)
    text = Text(
        f"把 {matter.speaker.name} 对 {record.number} 的回复（见来信或附件）录入。",
        f"Enter {matter.speaker.name}'s answer on {record.number} from the mail.",
    )
    transcribe = task(matter, "transcribe", text, "office", record, actions=("已办",), by=matter.speaker.name)
    return (
        Outcome("accepted", record.form, record.number, record.case_no, speaker=matter.speaker, evidence=evidence,
                tasks=(transcribe,), letter_key=key),
    )  # fmt: skip


def _pictures(reading: Reading) -> bool:
    found = parts.evidence(reading.parts)
    return any(p.kind.startswith(("image/", "audio/", "video/")) or p.kind == "application/pdf" for p in found)


def _lines(matter: Matter, record: Record, letter: Letter | None) -> Filled:
    """The label lines of a reply as fields of the record. In the quotation only fields that are still empty count: they
    stood there without a value when we sent it."""
    form, catalogue = matter.form(record.form), matter.procedures.catalogue
    own = freetext.label_lines(matter.reading.text, form, catalogue)
    values, where, raw = dict(own.values), dict(own.where), dict(own.raw)
    if letter is not None and matter.reading.quoted:
        bare = "\n".join(line.lstrip("> ") for line in matter.reading.quoted.split("\n"))
        inside = freetext.label_lines(bare, form, catalogue)
        asked_for = _asked_fields(matter, record, letter)
        for name, value in inside.values.items():
            if name in asked_for and name not in raw and record.values.get(name) in (None, "", ()):
                values[name], where[name], raw[name] = value, "引用部分", inside.raw[name]
    _single_answer(matter, record, letter, values, where)
    return Filled(form.name, values, where, raw, tuple(own.problems), "body", number=record.number)


def _asked_fields(matter: Matter, record: Record, letter: Letter) -> set[str]:
    """The fields whose label lines the letter ended with: by its rule, and by what it says it asked for."""
    rule = next((r for r in matter.procedures.rulebook.letters if r.name == letter.intent.rule), None)
    facts = letter.intent.facts
    said = (*(rule.ask_labels if rule else ()), *(facts.get("ask_labels") or ()), *(facts.get("missing") or ()))
    labels = freetext.labels_of(matter.form(record.form))
    return {name for label in said if (name := labels.find(str(label)))}


def _single_answer(
    matter: Matter, record: Record, letter: Letter | None, values: dict[str, object], where: dict[str, str]
) -> None:
    """A letter that asked for one field only is answered by the bare first line: 「是」 to 是否正式答复."""
    asked_for = _asked_fields(matter, record, letter) if letter else set()
    if values or len(asked_for) != 1:
        return
    name = next(iter(asked_for))
    fld = matter.procedures.catalogue.field(record.form, name)
    first = matter.reading.text.strip().split("\n")[0].strip("。.!！ ")
    if fld is not None and fld.type in {"bool", "enum", "int", "date"} and 0 < len(first) <= 40:
        value, problem = matter.procedures.catalogue.parse(fld, first, "正文第1行")
        if value is not None and problem is None:
            values[name], where[name] = value, "正文第1行"


def _strangers(matter: Matter) -> bool:
    return matter.procedures.settings.trust.strangers_may_open

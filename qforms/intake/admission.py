"""Reading + facts -> outcomes: what is to become of each form in a delivery, or of the delivery itself. Pure.

The order of the questions: was it written by a machine; is it our own people's mail to a customer; which forms are in
it; which letter does it answer; does it open a case."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator
from datetime import datetime

from qforms.intake import (
    again,
    approvals,
    blankwish,
    contacts,
    heldwords,
    identify,
    items,
    kind,
    office,
    oneline,
    parts,
    photos,
    portals,
    replies,
    returns,
    rights,
    tables,
    which,
)
from qforms.intake.complaints import open_case, recognised, told
from qforms.intake.identify import Found
from qforms.intake.matter import Matter, answerable, asked, errors, ignored, refused, task
from qforms.intake.reading import COMPLAINT, own_subject
from qforms.intake.speaker import claiming, speaker_of
from qforms.model import Bounce, Facts, Filled, Letter, Outcome, Problem, Reading, Record, Text
from qforms.settings import Procedures

_OUTSIDE = frozenset({"customer", "stranger"})
_WHY = {"auto_reply": "auto_reply", "list": "list_mail", "no_reply": "list_mail"}


def admit(reading: Reading, facts: Facts, procedures: Procedures, now: datetime) -> tuple[Outcome, ...]:
    """One outcome for each form found and each decision, or one for the delivery (with form "")."""
    if reading.held:
        return (Outcome("held", reason=reading.held, problems=reading.problems),)
    matter = Matter(reading, facts, procedures, now, speaker_of(reading, facts, procedures, now))
    own = bool(reading.message_id and facts.letter(reading.message_id))
    if not (own or reading.bounce) and (found := portals.notice(matter)):
        return (again.held(matter),) if again.came_before(matter) else found
    if (reading.machine and not reading.filed) or own:
        return _machine(matter)
    if again.came_before(matter):
        return (again.held(matter),)
    if listed := next((p for p in reading.problems if p.code == "export_read"), None):
        return (Outcome("ignored", reason=listed, speaker=matter.speaker),)  # its rows come by themselves (P15)
    if customer := contacts.to_customer(matter):
        return (contacts.outbound(matter, customer),)
    if reading.delivery.channel == "sent":
        return (ignored(matter, "sent_elsewhere"),)
    forms = tuple(f for f in reading.filled if f.how not in {"body", "free"})
    if forms:
        outcomes = tuple(outcome for filled in forms for outcome in _outcomes(matter, filled))
        return (*outcomes, *_decisions(matter))
    return _words(matter)


# ---------------------------------------------------------------- machines


def _machine(matter: Matter) -> tuple[Outcome, ...]:
    """Nothing that a machine wrote is answered. Danger in it, if it is no answer to us, opens a case all the same; a
    complaint that a customer's system, or one that can't be answered, sent is shown to a person."""
    reading = matter.reading
    letter = identify.letter_of(matter)
    key = letter.intent.key if letter else ""
    if reading.bounce:
        return (_bounced(matter, reading.bounce, letter),)
    if reading.machine in _WHY and not letter and reading.kind in {"complaint", "unsure"}:
        if reading.danger:
            return (open_case(matter, told(matter)),)
        if reading.kind == "complaint" and (matter.speaker.kind == "customer" or reading.machine == "no_reply"):
            return (_unsure(matter),)
    outcome = ignored(matter, _WHY.get(reading.machine, "own_mail"), letter_key=key)
    if reading.machine == "auto_reply" and letter is not None and letter.intent.gathered:
        asking = [x.intent for x in tables.asking(matter, letter)]
        away = (dc.replace(outcome, number=i.number, token=i.code, letter_key=i.key, answer="deputy") for i in asking)
        return tuple(away) or (outcome,)
    if reading.machine == "auto_reply" and letter is not None and approvals.asks(letter):
        return (dc.replace(outcome, number=letter.intent.number, token=letter.intent.code, answer="deputy"),)
    return (outcome,)


def _bounced(matter: Matter, bounce: Bounce, answered: Letter | None) -> Outcome:
    """A delivery report: which letter did not arrive, and a task to find the right address. A delay is only noted."""
    letter = (matter.facts.letter(bounce.message_id) if bounce.message_id else None) or answered
    key, address, status = letter.intent.key if letter else "", bounce.address, bounce.status
    if letter is None or not bounce.final:
        code = "bounced" if bounce.final else "delayed"
        return ignored(matter, code, letter_key=key, address=address, status=status)
    about = letter.intent.subject or letter.intent.kind
    text = Text(
        f"核对地址 {address}：信「{about}」没有送达（{status}）。",
        f"Check the address {address}: the letter “{about}” was not delivered ({status}).",
    )
    record = matter.facts.record(letter.intent.number)
    mend = task(matter, "bounced", text, "office", record, actions=("已办",), address=address)
    return ignored(matter, "bounced", (mend,), key, address=address, status=status)


# ---------------------------------------------------------------- forms


def _outcomes(matter: Matter, filled: Filled) -> Iterator[Outcome]:
    filled, second = oneline.in_cell(matter, filled)
    yield office.told(matter, filled, _form(matter, filled))
    if second is not None:
        yield second


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
    if (question := which.unsettled(matter, filled, found.record)) and not found.problem:
        return question
    if found.problem:
        waiting = _from_unknown(matter, filled, found)
        return waiting or refused(matter, found.problem, filled)
    if found.record is None:
        return _open(matter, filled)
    if not matter.speaker.trusted and matter.speaker.kind == "person":
        return replies.unproven(matter, filled, found.record)
    letter = found.letter
    if letter is not None and matter.speaker.kind == "stranger":
        supplier = letter.intent.audience == "supplier"
        as_whom = {"roles": frozenset({rights.SUPPLIER})} if supplier else {"kind": "customer"}
        matter = dc.replace(matter, speaker=dc.replace(matter.speaker, **as_whom))
    key = letter.intent.key if letter else ""
    return returns.revise(matter, filled, found.record, found.base, parts.evidence(matter.reading.parts), key)


def _from_unknown(matter: Matter, filled: Filled, found: Found) -> Outcome | None:
    """A form that we sent out, back from an address that nobody knows: it waits for a word of the office. Only the
    genuine stamp earns that; with a number alone it is refused."""
    assert found.problem is not None
    stamped = filled.stamp is not None and filled.stamp.genuine and found.problem.code == "number_not_yours"
    if not stamped or matter.speaker.kind != "stranger" or matter.form(filled.form).audience == "customer":
        return None
    record = matter.facts.record(filled.stamp.number) if filled.stamp else None
    if record is None or identify.is_final(matter, record):
        return None
    return replies.unproven(matter, filled, record, identify.letter_of(matter))


def _new_complaint(matter: Matter, filled: Filled, found: Found) -> Outcome:
    """Never refused: a wrong stamp, a foreign or closed number only leaves a remark, and a new case is opened. Only a
    blank that was laid into the folder is nobody's complaint."""
    blank = not errors(filled.problems) and all(v in (None, "", ()) for v in filled.values.values())
    if blank and matter.reading.delivery.channel == "folder":
        return refused(matter, Problem("nothing_given"), filled)
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
    evidence = parts.evidence(matter.reading.parts) if matter.reading.address else ()
    values |= photos.placed(form, evidence, values, may)
    values = recognised(matter, form, values) if values else values
    problems = list(filled.problems)
    problems += [
        Problem("not_yours", filled.where.get(n, ""), n)
        for n, v in filled.values.items()
        if v is not None and not may(n) and matter.has(form.name, n)
    ]
    values, checks = returns.whole(matter, form, {}, values, problems)
    problems += checks
    later = {f.name for s in form.sections if s.reply for f in s.fields}  # what the form is sent out for
    lacking = (f.name for f in matter.procedures.catalogue.missing(form.name, values))
    missing = tuple(n for n in lacking if may(n) and n not in later)
    nameless = [n for n in form.named_by if values.get(n) in (None, "")]
    held = filled.how == "edit" and bool(errors(problems))  # a row of the workbook is taken or held whole
    if nameless or not values or held:
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
        evidence=evidence,
        answer=("question" if filled.how == "body" else "rejection") if wanting and answerable(matter) else "",
        alarm=returns.danger(matter, form, values),
    )


# ---------------------------------------------------------------- words


def _words(matter: Matter) -> tuple[Outcome, ...]:
    """A mail without a form: an answer to a letter, an addition to a case, a new complaint, or other business."""
    if (table := tables.table_of(matter)) is not None:
        return _lines(matter, table)
    found = identify.of_mail(matter)
    letter, record = found.letter, found.record
    if letter is not None and heldwords.listed(letter):
        return heldwords.told(matter, letter)
    if (wish := blankwish.wished(matter)) is not None:
        return (wish,)
    return _on(matter, letter, record) or _unasked(matter, found)


def _lines(matter: Matter, table: Letter) -> tuple[Outcome, ...]:
    """An answer to several letters that went as one: each line of it by itself (P35)."""
    answers = tables.answers(matter, table)
    if answers:
        return tuple(outcome for answer in answers for outcome in _on(*answer))
    if any(d.verdict == "unclear" for d in matter.reading.decisions) and not parts.evidence(matter.reading.parts):
        return (ignored(matter, "no_answer", letter_key=table.intent.key, text=matter.reading.decisions[0].text[:80]),)
    return (tables.which(matter, table),)


def _on(matter: Matter, letter: Letter | None, record: Record | None) -> tuple[Outcome, ...]:
    """What becomes of words about a letter or a record of ours; nothing where they are about none."""
    decides = approvals.asks(letter) or record is None or approvals.about_time(matter)
    if letter is not None and matter.reading.decisions and decides:
        return approvals.decide(matter, letter, record)
    if record is not None:
        if matter.speaker.kind in _OUTSIDE:
            if not identify.is_final(matter, record):
                return replies.from_customer(matter, record, letter)
            remark = Problem("record_closed_new", context={"number": record.number}, severity="warning")
            return _fresh(matter, (remark,))
        return replies.from_staff(matter, record, letter)
    return ()


def _unasked(matter: Matter, found: Found) -> tuple[Outcome, ...]:
    """Words that answer nothing of ours."""
    if matter.speaker.kind == "person" and (mine := _finding(matter)) is not None:
        return (dc.replace(_form(matter, mine), alarm=matter.reading.danger),)
    remarks = (found.problem,) if found.problem else ()
    return _fresh(matter, tuple(dc.replace(p, severity="warning") for p in remarks))


def _finding(matter: Matter) -> Filled | None:
    """The form that a mail of our own people opens by its subject (`by_mail`)."""
    return next((f for f in matter.reading.filled if f.how == "body" and f.form != COMPLAINT), None)


def _decisions(matter: Matter) -> tuple[Outcome, ...]:
    """A decision in the text of a mail that also brings forms; only where the letter asked for one."""
    letter = identify.letter_of(matter)
    if (table := tables.table_of(matter)) is not None:
        decided = (a for a in tables.answers(matter, table) if a[0].reading.decisions and approvals.asks(a[1]))
        return tuple(outcome for answer in decided for outcome in approvals.decide(*answer))
    if (
        letter is None
        or not approvals.asks(letter)
        or not any(d.verdict != "unclear" for d in matter.reading.decisions)
    ):
        return ()
    return approvals.decide(matter, letter, matter.facts.record(letter.intent.number))


def _fresh(matter: Matter, remarks: tuple[Problem, ...]) -> tuple[Outcome, ...]:
    reading = matter.reading
    nature = kind.nature(own_subject(reading), reading.text).kind if reading.kind == "answer" else reading.kind
    known = matter.speaker.kind != "stranger" or _strangers(matter)
    if nature == "complaint" and (known or reading.danger or reading.filed):
        return tuple(open_case(part, told(part), remarks) for part in _apart(matter))
    if nature == "business":
        return (ignored(matter, "business_mail"),)
    return (_unsure(matter),)


def _apart(matter: Matter) -> Iterator[Matter]:
    """The mail, or as many as it tells of complaints: each with its own text and what was read from that."""
    reading = matter.reading
    own = [f for f in reading.filled if f.form == COMPLAINT]
    texts = items.apart(reading.text) if len(own) > 1 else ()
    if not texts:
        yield matter
    for text, filled in zip(texts, own, strict=False):
        yield dc.replace(matter, reading=dc.replace(reading, text=text, filled=(filled,)))


def _unsure(matter: Matter) -> Outcome:
    reading = matter.reading
    text = Text(
        f"判断来信是否投诉：{reading.subject[:60] or reading.text[:60] or '(无主题)'}，{reading.address}",
        f"Is this mail a complaint? {reading.subject[:60] or '(no subject)'}, {reading.address}",
    )
    near = which.mentioned(matter)
    other = near[0].number if near else ""
    if near:
        numbers = "、".join(r.number for r in near)
        text = Text(f"{text.zh}。也许用于 {numbers}（选“并入”）", f"{text.en} Perhaps for {numbers} (add to case).")
    actions = ("立案", "不是投诉", *(("并入",) if near else ()))
    unsure = task(matter, "unsure", text, "intake", actions=actions, address=reading.address, other=other)
    return ignored(matter, "unsure_mail", (unsure,))


def _strangers(matter: Matter) -> bool:
    """Whether somebody we do not know may open a case by himself; nobody may whom nobody could answer. (The page asks
    for an address or a telephone.)"""
    return matter.procedures.settings.trust.strangers_may_open and matter.is_mail

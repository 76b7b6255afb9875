"""Replies without a form: label lines are fields (P18), pictures and prose are for somebody to transcribe (P16)."""

from __future__ import annotations

import dataclasses as dc

from qforms.intake import contacts, freetext, oneline, parts, phenomenon, proposals, returns, rights
from qforms.intake.complaints import files_elsewhere, noted, places, told
from qforms.intake.matter import Matter, asked, ignored, refused, task
from qforms.intake.reading import COMPLAINT
from qforms.model import Filled, Letter, Outcome, Problem, Reading, Record, Text


def from_customer(matter: Matter, record: Record, letter: Letter | None) -> tuple[Outcome, ...]:
    """A customer on their own case: label lines, what running text adds to empty fields, and a line in the contacts."""
    own = dc.replace(matter, speaker=dc.replace(matter.speaker, kind="customer"))
    key = letter.intent.key if letter else ""
    filled = _lines(own, record, letter)
    if record.form == COMPLAINT:
        filled = _filling_gaps(own, filled, record)
    evidence = parts.evidence(matter.reading.parts)
    contact = contacts.inbound(own, record, key)
    contact = dc.replace(contact, tasks=(*contact.tasks, *files_elsewhere(own, record)))
    if not (filled.values or filled.problems or evidence or matter.reading.danger):
        return (contact,)
    outcome = returns.revise(own, filled, record, None, evidence, key)
    if record.form == COMPLAINT and outcome.state != "refused":
        new = {
            n: v
            for n, v in noted(own, filled).items()
            if v and record.values.get(n) in (None, ()) and own.has(COMPLAINT, n)
        }
        outcome = dc.replace(outcome, values={**outcome.values, **new}, where=places(filled, new))
        outcome = dc.replace(outcome, tasks=(*outcome.tasks, *proposals.asked(own, evidence, record)))
    return (dc.replace(outcome, alarm=matter.reading.danger), contact)


def _filling_gaps(matter: Matter, filled: Filled, record: Record) -> Filled:
    """Running text never overwrites: it only fills what the case does not know yet."""
    said = told(matter)
    if said.how != "free":
        return filled
    may = rights.writable(matter.form(record.form), matter.speaker, record)
    gaps = {
        n: v
        for n, v in said.values.items()
        if record.values.get(n) in (None, "", ()) and may(n) and n not in filled.values
        and (n != "defect_symptom" or phenomenon.names_fault(str(v)))
    }  # fmt: skip
    return dc.replace(filled, values={**gaps, **filled.values})


def from_staff(matter: Matter, record: Record, letter: Letter | None) -> tuple[Outcome, ...]:
    """Our people on a record: label lines are fields (P18); a picture or prose is for somebody to transcribe (P16)."""
    key = letter.intent.key if letter else ""
    filled = _lines(matter, record, letter)
    if not matter.speaker.trusted:
        return (unproven(matter, filled, record),)
    if (said := oneline.asked(matter, record, filled, key)) is not None:
        return (said,)
    evidence = parts.evidence(matter.reading.parts)
    if filled.values or filled.problems or (evidence and _picture_wanted(matter, record)):
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
    transcribe = task(
        matter,
        "transcribe",
        text,
        "office",
        record,
        actions=(proposals.ADOPT, "已办"),
        by=matter.speaker.name,
        pictures=proposals.pictures(evidence),
        fields=_wanted(matter, record),
        arrived=matter.received_at.isoformat(),
    )
    return (
        Outcome("accepted", record.form, record.number, record.case_no, speaker=matter.speaker, evidence=evidence,
                tasks=(transcribe,), letter_key=key),
    )  # fmt: skip


def _wanted(matter: Matter, record: Record) -> list[str]:
    """What is still empty of the parts that the sender was to fill in: what has to be typed in for him."""
    form = matter.form(record.form)
    asked = {f.name for s in rights.reply_sections(form, matter.speaker, record) for f in s.fields}
    lacking = (f.name for f in matter.procedures.catalogue.missing(form.name, record.values))
    return [name for name in lacking if name in asked]


def _picture_wanted(matter: Matter, record: Record) -> bool:
    """Whether a picture is itself what was asked for: the proof of an upload is not to be transcribed."""
    fields = (matter.procedures.catalogue.field(record.form, name) for name in _wanted(matter, record))
    return any(fld is not None and fld.type == "img" for fld in fields)


def unproven(matter: Matter, filled: Filled, record: Record, letter: Letter | None = None) -> Outcome:
    """A form from an address of ours that our server doesn't vouch for, or from one that nobody knows: kept, and the
    office is asked whether it is from whom it should be from."""
    address = matter.reading.address
    reason = Problem("sender_unproven", context={"address": address})
    known = matter.speaker.kind == "person"
    whose = address if known else _expected(record, letter)
    name = matter.speaker.name if known else whose or "?"
    text = Text(
        f"确认 {record.number} 的回复（{address}）是否 {name} 本人所发：选“是本人”；是别人的，在说明里写姓名或部门。",
        f"Confirm that {name} sent this return of {record.number} ({address}). If it is somebody else's, name them.",
    )
    confirm = task(matter, "confirm_sender", text, "office", record, actions=("是本人", "忽略"), whose=whose)
    return Outcome(
        "held", filled.form, record.number, record.case_no, reason=reason, speaker=matter.speaker, tasks=(confirm,)
    )


def _expected(record: Record, letter: Letter | None) -> str:
    """Whose answer is waited for: whoever the letter that is answered went to, else the department that is named."""
    if letter is not None and letter.intent.to:
        return letter.intent.to[0]
    return min(rights.named_departments(record), default="")


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

"""Which record a delivery speaks of: by the genuine stamp, our Message-IDs, the one-time code, a number; and whether
the speaker may speak of it. A number in a subject proves nothing: a stranger's mail never lands in somebody's case."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qforms.intake import numbers
from qforms.intake.matter import Matter
from qforms.model import Filled, Letter, Problem, Record

_FOR = re.compile(r"(?:用于|\bfor)\s{0,4}[:：]?\s{0,4}([A-Za-z0-9-]{6,40})", re.I)


@dataclass(frozen=True, slots=True)
class Found:
    """The record, the letter that was answered, the revision that a form was made from, or why it can't be told."""

    record: Record | None = None
    letter: Letter | None = None
    base: Record | None = None
    problem: Problem | None = None


def of_mail(matter: Matter) -> Found:
    """The letter that this mail answers and the record it is about."""
    if matter.reading.into and (said := matter.facts.record(matter.reading.into)):
        return Found(said)
    letter = letter_of(matter)
    record = matter.facts.record(letter.intent.number) if letter and letter.intent.number else None
    if record is None:
        named = (matter.facts.record(number) for number in matter.reading.numbers)
        record = next((r for r in named if r), None) or _by_old_number(matter)
    if record is None:
        unknown = matter.reading.numbers[0] if matter.reading.numbers else ""
        return Found(letter=letter, problem=_unknown(unknown) if unknown else None)
    if not may_speak(matter, record, letter):
        return Found(problem=Problem("number_not_yours", "", context={"number": record.number}, severity="warning"))
    return Found(record, letter)


def _by_old_number(matter: Matter) -> Record | None:
    """The complaint that bore one of the numbers in the subject before there were ours (P9)."""
    for asked in numbers.asked_of_old(matter.reading.subject):
        if known := matter.facts.find(*asked):
            return known[0]
    return None


def letter_of(matter: Matter) -> Letter | None:
    """The letter of ours that is answered: by In-Reply-To, References, nearest first, then by its one-time code."""
    for message_id in matter.reading.references[:30]:
        if letter := matter.facts.letter(message_id):
            return letter
    for code in matter.reading.codes:
        if letter := matter.facts.letter_by_code(code):
            return letter
    return None


def of_form(matter: Matter, filled: Filled) -> Found:
    """The record that a filled form revises; none (and no problem) when it opens a new one."""
    if said := said_for(matter, filled.form):
        return Found(said, letter_of(matter))
    stamp = filled.stamp
    if stamp and not stamp.genuine:
        return Found(problem=Problem("stamp_wrong", _place(matter, filled), context={"number": stamp.number}))
    number = (stamp.number if stamp else "") or filled.number
    if not number:
        return _by_mail(matter, filled)
    record = matter.facts.record(number)
    if record is None:
        return Found(problem=_unknown(number, _place(matter, filled)))
    if record.form != filled.form:
        context = {"number": number, "form": record.form, "given": filled.form}
        return Found(problem=Problem("wrong_form", _place(matter, filled), context=context))
    letter = letter_of(matter)
    if not may_speak(matter, record, letter):
        return Found(problem=Problem("number_not_yours", _place(matter, filled), context={"number": number}))
    base = matter.facts.revision(number, stamp.revision) if stamp and stamp.number else None
    return Found(record, letter, base)


def said_for(matter: Matter, form: str) -> Record | None:
    """The record of that form that somebody named as the one meant: the office (并入), or the sender: 用于 8001-…."""
    reading = matter.reading
    words = f"{reading.subject}\n{reading.text.strip().partition(chr(10))[0]}"
    named = (n for m in _FOR.finditer(words) for n in numbers.find(m[1], matter.procedures.catalogue))
    for number in (reading.into, *named):
        record = matter.facts.record(number) if number else None
        if record is not None and record.form == form and may_speak(matter, record, letter_of(matter)):
            return record
    return None


def _by_mail(matter: Matter, filled: Filled) -> Found:
    """A form without stamp and number: the record that the mail answers, if it is of that form; else the one open
    record of that form in the case the mail is about."""
    found = of_mail(matter)
    if found.record is None:
        return Found(letter=found.letter)
    if found.record.form == filled.form:
        return found
    same = [r for r in matter.facts.case(found.record.case_no) if r.form == filled.form and not is_final(matter, r)]
    if len(same) == 1 and may_speak(matter, same[0], found.letter):
        return Found(same[0], found.letter)
    return Found(letter=found.letter)


def may_speak(matter: Matter, record: Record, letter: Letter | None) -> bool:
    """Our people, programs and the office may (one who is not proven waits for the office all the same); a customer in
    their own case; anybody who answers a letter sent to them."""
    speaker = matter.speaker
    if speaker.kind in {"office", "program", "system", "person"}:
        return True
    if letter is not None and letter.intent.number == record.number:
        addressed = {a.lower() for a in (*letter.intent.to, *letter.intent.cc)}
        if speaker.address in addressed:
            return True
    if speaker.kind != "customer" or not speaker.trusted:
        return False
    case = case_of(matter, record)
    return case is not None and case.values.get("customer") == speaker.number


def case_of(matter: Matter, record: Record) -> Record | None:
    """The complaint whose case a record belongs to."""
    return matter.facts.record(record.case_no) if record.case_no and record.case_no != record.number else record


def is_final(matter: Matter, record: Record) -> bool:
    """Whether the record has come to its end and takes no more answers."""
    lifecycle = matter.form(record.form).lifecycle
    return any(s.name == record.status and s.final for s in lifecycle.states)


def _unknown(number: str, where: str = "") -> Problem:
    return Problem("number_unknown", where, context={"number": number})


def _place(matter: Matter, filled: Filled) -> str:
    return next((p.name for p in matter.reading.parts if p.path == filled.part), "")

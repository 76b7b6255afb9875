"""One-line answers to letters that ask: decisions with their one-time code, 转给, 申请延期 (P23, P38, P42)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from qforms.intake import extending
from qforms.intake.matter import Matter, answerable, task
from qforms.model import Decision, Letter, Outcome, Problem, Record, Task, Text

APPROVAL = "approval"
_VERDICTS = {"agree", "refuse", "object"}


def decide(matter: Matter, letter: Letter, record: Record | None) -> tuple[Outcome, ...]:
    """What becomes of every decision in the mail; a letter may hold several, one to a line."""
    return tuple(_one(matter, letter, record, d) for d in matter.reading.decisions)


def about_time(matter: Matter) -> bool:
    """Whether one of our people passes something on or asks for more time, which any letter may be answered with."""
    return any(d.verdict in ("extend", "pass_on") for d in matter.reading.decisions) and matter.speaker.kind == "person"


def asks(letter: Letter | None) -> bool:
    """Whether the letter asked for a decision."""
    return bool(letter and letter.intent.code and (letter.intent.facts.get("ask") or letter.intent.facts.get("lines")))


def _one(matter: Matter, letter: Letter, record: Record | None, decision: Decision) -> Outcome:
    number, ask = _target(letter, decision)
    target = matter.facts.record(number) if number else record
    if decision.verdict == "pass_on":
        return _task(matter, letter, target, _pass_on(matter, target, decision))
    if decision.verdict == "extend":
        return _extension(matter, letter, target, decision)
    if decision.verdict not in _VERDICTS or decision.verdict not in ask or target is None:
        return _question(matter, letter, target, Problem("answer_unclear", context={"text": decision.text[:80]}))
    if decision.verdict in {"refuse", "object"} and not decision.reason:
        return _question(matter, letter, target, Problem("reason_missing", context={"text": decision.text[:80]}))
    if why := doubt(matter, letter):
        return _task(matter, letter, target, _confirm(matter, target, decision, ask[decision.verdict]), why)
    values = {
        "target": target.number,
        "event": ask[decision.verdict],
        "verdict": decision.verdict,
        "reason": decision.reason,
        "decided_by": matter.speaker.name or matter.speaker.address,
        "decided_at": matter.received_at,
        "means": "email",
        "letter_key": letter.intent.key,
        "target_rev": letter.intent.revision,
    }
    known = {n: v for n, v in values.items() if v != "" and matter.has(APPROVAL, n)}
    return Outcome(
        "accepted",
        APPROVAL,
        case_no=target.case_no,
        values=known,
        how="decision",
        speaker=matter.speaker,
        token=letter.intent.code,
        letter_key=letter.intent.key,
    )


def _target(letter: Letter, decision: Decision) -> tuple[str, Mapping[str, str]]:
    """The number that is decided on and verdict -> event; of a table, those of the line that is answered.

    Without a line number a table can't be answered: the mapping is empty, and a question goes back."""
    facts = letter.intent.facts
    lines: list[Mapping[str, Any]] = list(facts.get("lines") or ())
    if lines:
        if 1 <= decision.line <= len(lines):
            line = lines[decision.line - 1]
            return str(line.get("number", "")), line.get("ask") or facts.get("ask") or {}
        return "", {}
    return letter.intent.number, facts.get("ask") or {}


def doubt(matter: Matter, letter: Letter) -> Problem | None:
    """Why this decision doesn't count by itself: not a proven sender, not the one asked, or the code is missing."""
    if matter.reading.machine or matter.reading.vouched:  # what the office vouches for fills in forms, and no more
        return Problem("sender_unproven", context={"address": matter.reading.address})
    if not matter.speaker.trusted or matter.speaker.kind != "person":
        return Problem("sender_unproven", context={"address": matter.reading.address})
    if letter.intent.code not in matter.reading.codes:
        return Problem("code_missing")
    mine = {matter.speaker.address, *_mailboxes(matter)}
    if mine.isdisjoint(a.lower() for a in letter.intent.to) and not _deputises(matter, letter):
        return Problem("not_asked", context={"address": matter.reading.address})
    return None


def _mailboxes(matter: Matter) -> Iterator[str]:
    """The addresses of the speaker's departments: what a department is asked, its people answer from their own."""
    absent = (d for s in matter.speaker.stands_in for d in s.who.departments)
    for name in (*matter.speaker.departments, *absent):
        department = matter.facts.record(name)
        if department is not None and department.values.get("email"):
            yield str(department.values["email"]).lower()


def _deputises(matter: Matter, letter: Letter) -> bool:
    """Whether the speaker stands in today for somebody the letter was sent to."""
    asked = {address.lower() for address in letter.intent.to}
    return any(absent.who.address.lower() in asked for absent in matter.speaker.stands_in)


def _question(matter: Matter, letter: Letter, target: Record | None, problem: Problem) -> Outcome:
    return Outcome(
        "refused",
        number=target.number if target else "",
        case_no=target.case_no if target else "",
        how="decision",
        reason=problem,
        speaker=matter.speaker,
        answer="question" if answerable(matter) else "",
        letter_key=letter.intent.key,
    )


def _task(matter: Matter, letter: Letter, target: Record | None, what: Task, why: Problem | None = None) -> Outcome:
    return Outcome(
        "held" if why else "accepted",
        number=target.number if target else "",
        case_no=target.case_no if target else "",
        how="decision",
        reason=why,
        speaker=matter.speaker,
        tasks=(what,),
        letter_key=letter.intent.key,
    )


def _confirm(matter: Matter, target: Record, decision: Decision, event: str) -> Task:
    name = matter.speaker.name or matter.reading.address
    text = Text(
        f"确认：{name} 对 {target.number} 答复「{decision.text[:60]}」，是否本人？",
        f"Confirm with {name}: was this their own answer on {target.number}: {decision.text[:60]}?",
    )
    context = {"event": event, "verdict": decision.verdict, "reason": decision.reason, "by": name}
    return task(matter, "confirm_decision", text, "gmo", target, actions=("同意", "不同意", "忽略"), **context)


def _pass_on(matter: Matter, target: Record | None, decision: Decision) -> Task:
    name = decision.reason.split()[0] if decision.reason.split() else ""
    number = target.number if target else ""
    text = Text(
        f"{number} 由 {matter.speaker.name} 转给你，请处理。", f"{matter.speaker.name} passed {number} on to you."
    )
    by = matter.speaker.name if matter.speaker.trusted else ""  # whose reminders then go to the colleague
    return task(matter, "pass_on", text, name or "owner", target, to=name, by=by)


def _extension(matter: Matter, letter: Letter, target: Record | None, decision: Decision) -> Outcome:
    """申请延期: a record of its own, decided by whoever the deadline escalates to (P38)."""
    until, reason = extending.parse(decision.reason, matter.received_at, matter.procedures.settings.zone)
    number = target.number if target else ""
    if not matter.speaker.trusted or matter.speaker.kind != "person":
        return _question(
            matter, letter, target, Problem("sender_unproven", context={"address": matter.reading.address})
        )
    if target is None or until is None or not reason:
        return _question(matter, letter, target, Problem("extension_unclear", context={"number": number}))
    lines = letter.intent.facts.get("lines") or ()
    line = lines[decision.line - 1] if 1 <= decision.line <= len(lines) else {}
    clock = letter.intent.rule if letter.intent.kind == "reminder" else str(line.get("clock") or "")
    values = {
        "target": number,
        "until": until,
        "reason": reason,
        "asked_by": matter.speaker.name or matter.speaker.address,
        "clock": clock,
    }
    return Outcome(
        "accepted",
        "extension",
        case_no=target.case_no,
        values={n: v for n, v in values.items() if v},
        how="decision",
        speaker=matter.speaker,
        letter_key=letter.intent.key,
    )

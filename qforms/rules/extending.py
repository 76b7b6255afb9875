"""Extensions (延期申请, P38): a new date for a deadline, with a reason, agreed by whoever the deadline escalates to.

The limit itself stays, and with it whether something was on time; what is agreed drives reminders and escalations."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator
from datetime import datetime

from qforms.model import Clock, ClockRule, Origin, Problem, Record
from qforms.rules import clocks, ladder, letters
from qforms.rules.work import Refusal, Work

EXTENSION = "extension"
AGREED = "agreed"  # the step that an agreed extension is on a clock's ladder
_OPEN = ("running", "overdue")


def opened(work: Work, record: Record) -> None:
    """Names the deadline that is meant and who decides. Raises Refusal where nothing runs that could be extended, and
    for a date that does not lie after it."""
    target = work.view.record(str(record.values.get("target") or ""))
    until = record.values.get("until")
    found = _meant(work, target, str(record.values.get("clock") or "")) if target else None
    context = {"number": str(record.values.get("target") or "")}
    if target is None or found is None:
        raise Refusal(Problem("extension_no_clock", context=context))
    clock, rule = found
    if not isinstance(until, datetime) or until <= max(clock.limit, work.at):
        due = work.settings.local(clock.limit).strftime("%Y-%m-%d %H:%M")
        raise Refusal(Problem("extension_not_later", field="until", context={**context, "due": due}))
    told = {
        "clock": clock.rule,
        "clock_title": rule.title[work.settings.lang] or rule.name,
        "due_was": clock.limit,
        "approver": _approver(work, rule, clock, target, str(record.values.get("asked_by") or work.speaker.name)),
        "asked_by": record.values.get("asked_by") or work.speaker.name or None,
    }
    work.revise(record.number, told, Origin("", by="extension"), content=False)
    case = record.case_no or target.case_no
    work.view.put(dc.replace(work.view.records[record.number], case_no=case))


def agreed(work: Work, record: Record) -> None:
    """The agreed date becomes the one that reminders go by."""
    number, name = str(record.values.get("target") or ""), str(record.values.get("clock") or "")
    clock, target = work.view.clocks(number).get(name), work.view.record(number)
    rule = work.procedures.rulebook.clock(name, target.form) if target else None
    until = record.values.get("until")
    if clock is None or rule is None or clock.state not in _OPEN or not isinstance(until, datetime):
        return
    step = f"{AGREED} {until.isoformat()} {work.at.isoformat()}"
    later = dc.replace(clock, steps=(*clock.steps, step))
    work.view.put_clock(dc.replace(later, next_at=ladder.next_at(work, rule, later)))
    work.note(number, "extended", rule.name, until=until.isoformat(), by=work.speaker.name, extension=record.number)
    work.touch(number)


def _meant(work: Work, target: Record, name: str) -> tuple[Clock, ClockRule] | None:
    """The clock of that name, else the one whose limit comes first; hard ones before soft targets."""
    found = []
    for clock in work.view.clocks(target.number).values():
        rule = work.procedures.rulebook.clock(clock.rule, target.form)
        if rule is not None and not rule.timer and clock.state in _OPEN and name in ("", clock.rule):
            found.append((rule.soft, clock.limit, clock.rule, clock, rule))
    first = min(found, key=lambda f: f[:3], default=None)
    return (first[3], first[4]) if first else None


def _approver(work: Work, rule: ClockRule, clock: Clock, target: Record, asked_by: str) -> str:
    """The first of those that the deadline escalates to who is not the one that asks; else gmo."""
    for name in _escalated(work, rule, clock, target):
        if name and name not in (asked_by, clock.owner):
            return name
    return next((n for role in ("gmo", "gm") for n in work.people.holders(role) if n != asked_by), "")


def _escalated(work: Work, rule: ClockRule, clock: Clock, target: Record) -> Iterator[str]:
    for step in rule.ladder:
        for name in step.to.names if step.kind == "escalation" else ():
            if name == "head":
                head = work.people.head_of(clock.owner or clocks.owner(work, rule, target))
                yield head.name if head else ""
            elif name != "owner":
                yield from (a.department or a.name for a in letters.addressees(work, type(step.to)((name,)), target))

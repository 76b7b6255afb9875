"""Clocks: a clock is what its rule says of its record. It is never restarted by a change of class (A03); where it no
longer applies it is cancelled, and where it applies again it runs on from its old start."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta

from qforms.model import Clock, ClockRule, Origin, Record
from qforms.months import add_months
from qforms.rules import addressing, ladder, plans, signing
from qforms.rules.names import Names
from qforms.rules.work import Work, by_rule

AUTO = ("auto_issue", "auto_reissue")  # the timers whose length is a setting: settings.issue
END_OF_DAY = time(23, 59, 59)


def run(work: Work, number: str) -> None:
    """Brings the clocks of a record up to date."""
    record = work.view.record(number)
    if record is None or record.form not in work.book.clocks:
        return
    old = work.view.clocks(number)
    names, plan = work.names(record), work.book.plan(plans.running, record.form)
    possible = plan.all if old else plan.possible("clocks", record)  # else it never ran and can't start
    for bit, rule in plan.rules["clocks"]:
        if not possible & bit:
            continue
        if rule.each:
            _run_rows(work, rule, record, old)
        else:
            _keep(work, rule, old.get(rule.name), judged(work, rule, record, old.get(rule.name), rule.name, names))


def _run_rows(work: Work, rule: ClockRule, record: Record, old: Mapping[str, Clock]) -> None:
    """Each row of a list has its clock; that of a row which is gone is cancelled."""
    own = {name: judged(work, rule, one, old.get(name), name, names) for name, one, names in views(work, rule, record)}
    for name, clock in own.items():
        _keep(work, rule, old.get(name), clock)
    for name in sorted(n for n in old if n.startswith(f"{rule.name}#") and n not in own):
        _keep(work, rule, old[name], _cancelled(old[name]))


def _keep(work: Work, rule: ClockRule, old: Clock | None, clock: Clock | None) -> None:
    if clock is not None and clock is not old and clock != old:
        _note(work, rule, old, clock)
        work.view.put_clock(clock)


def views(work: Work, rule: ClockRule, record: Record) -> Iterator[tuple[str, Record, Names]]:
    """The clocks that a rule has on a record: the clock's name, the record as that clock sees it (of the list only its
    own row), and the names of its expressions."""
    if not rule.each:
        yield rule.name, record, work.names(record)
        return
    for n, value in enumerate(record.values.get(rule.each) or (), start=1):
        row = value if isinstance(value, Mapping) else {"each": value}
        one = dc.replace(record, values={**record.values, rule.each: (value,)})
        yield f"{rule.name}#{n}", one, work.names(one, {k: v for k, v in row.items() if v is not None})


def publish(work: Work, number: str) -> bool:
    """Writes limits into the record's own fields: `due_at` the earliest one, `d4_due` that of the clock `…_d4`, others
    where a clock says `into`. True when something changed."""
    record = work.view.record(number)
    if record is None or not work.book.clocks.get(record.form):
        return False
    clocks = work.view.clocks(number)
    values: dict[str, date] = {}
    for name in work.book.dues(record.form):
        ending = "_" + name.removesuffix("_due")
        if found := [c.due_at for c in clocks.values() if c.rule.endswith(ending)]:
            values[name] = min(found)
    rules = {r.name for r in work.book.clocks[record.form] if not r.soft and not r.timer}
    if work.catalogue.field(record.form, "due_at") and (hard := [c.due_at for c in clocks.values() if c.rule in rules]):
        values["due_at"] = min(hard)
    for rule in work.book.clocks[record.form]:
        if rule.into and rule.name in clocks and by_rule(record, rule.into) and clocks[rule.name].state != "cancelled":
            at = clocks[rule.name].due_at
            field = work.catalogue.field(record.form, rule.into)
            values[rule.into] = work.day(at) if field and field.type == "date" else at
    return work.revise(number, values, Origin("", by="clock"), content=False)


def judged(
    work: Work, rule: ClockRule, record: Record, old: Clock | None, name: str = "", names: Names | None = None
) -> Clock | None:
    """The clock as it stands now; None when it has never applied. `name` and `names` are those of a row (`views`)."""
    names = names or work.names(record)
    applies = rule.when is None or rule.when.holds(names)
    if not applies or (record.status and work.final(record) and not _known(rule, names)):
        return _cancelled(old)
    start, due = times(work, rule, names)
    if start is None or due is None:
        return _cancelled(old)
    reason = "reclassified" if due < work.at and (old is None or old.state == "cancelled") else ""
    clock = Clock(
        name or rule.name,
        record.number,
        record.case_no,
        start,
        due,
        "running",
        steps=old.steps if old else (),
        escalations=old.escalations if old else 0,
        owner=owner(work, rule, record),
        reason=(reason or (old.reason if old and old.state != "cancelled" else "")) if due < work.now else "",
        act_by=_act_by(work, rule, due),
    )
    if old is not None and (old.started_at, old.due_at) != (start, due) and old.state in ("met", "met_late"):
        clock = dc.replace(clock, steps=())  # a new obligation after the old one was met: the new kind of a trigger
    met = _met_at(work, rule, names, old, start)
    if met is not None:
        return dc.replace(clock, state="met" if met <= due else "met_late", met_at=met)
    if not rule.timer and work.now > due and not rule.soft:
        clock = dc.replace(clock, state="overdue")
    return dc.replace(clock, next_at=ladder.next_at(work, rule, clock))


def times(work: Work, rule: ClockRule, names: Names) -> tuple[datetime | None, datetime | None]:
    """Start and due time; due is None where nothing is laid down."""
    start = rule.from_.value(names)
    if not isinstance(start, (date, datetime)):
        return None, None
    start = _moment(work, start, time(0))
    if rule.timer and rule.name in AUTO:
        issue = work.settings.issue
        return start, start + timedelta(minutes=issue.after_minutes) if issue.mode == "auto" else None
    due = rule.by.value(names) if rule.by is not None else None
    if isinstance(due, (date, datetime)):
        return start, _moment(work, due, rule.ends or END_OF_DAY)
    return start, _within(work, rule, names, start)


def _within(work: Work, rule: ClockRule, names: Names, start: datetime) -> datetime | None:
    """The limit by the rule's length; where days are counted it may end at a set time of day."""
    if rule.months:
        return _at(work, add_months(work.settings.local(start), rule.months), rule)
    if rule.working_days:
        return _at(work, work.procedures.work.add_days(start, rule.working_days), rule)
    span = rule.within
    if rule.hours is not None:
        hours = rule.hours(names)
        span = timedelta(hours=float(hours)) if hours is not None else None
    if span is None:
        return None
    return work.procedures.work.add(start, span) if working(work, rule, names) else start + span


def _at(work: Work, due: datetime, rule: ClockRule) -> datetime:
    return due if rule.ends is None else datetime.combine(work.day(due), rule.ends, tzinfo=work.settings.zone)


def working(work: Work, rule: ClockRule, names: Names) -> bool:
    """Does the clock run in working hours only? Never where `wall_when` holds: severity 3 and more (A01)."""
    if rule.working_when is not None:
        return rule.working_when.holds(names)
    mode = rule.mode or work.settings.calendar.mode
    return mode == "working" and not rule.timer and not (rule.wall_when and rule.wall_when.holds(names))


def urgent(rule: ClockRule, names: Names) -> bool:
    """What runs round the clock because of its severity is not held back by quiet hours either (P34)."""
    return bool(rule.wall_when and rule.wall_when.names and rule.wall_when.holds(names))


def owner(work: Work, rule: ClockRule, record: Record) -> str:
    """Who has to act: the first department or person that the rule's owner stands for."""
    if signing.SIGNERS in rule.owner.names:
        return next(iter(signing.waiting(work, record)), "")
    found = addressing.named(work, rule.owner.names, record) or addressing.named(work, rule.owner.else_, record)
    return found[0] if found else next(iter(rule.owner.names), "")


def _moment(work: Work, value: date, at: time) -> datetime:
    """A date as a time of the company's zone: its start, or for a limit its last second."""
    return value if isinstance(value, datetime) else datetime.combine(value, at, tzinfo=work.settings.zone)


def _known(rule: ClockRule, names: Names) -> bool:
    return rule.until.value(names) not in (None, False, "", ())


def _met_at(work: Work, rule: ClockRule, names: Names, old: Clock | None, start: datetime) -> datetime | None:
    if rule.timer:
        return old.met_at if old and old.started_at == start else None
    value = rule.until.value(names)
    if isinstance(value, (date, datetime)):
        met = _moment(work, value, time(0))
        # a start that can move (a new kind of trigger) is not met by what was done before it moved
        return met if met >= start or len(rule.from_.names) == 1 else None
    if value in (None, False, "", ()):
        return None
    return old.met_at if old and old.met_at else work.at


def _cancelled(old: Clock | None) -> Clock | None:
    if old is None or old.state in ("met", "met_late", "cancelled"):
        return old
    return dc.replace(old, state="cancelled", next_at=None, reason="reclassified")


def _act_by(work: Work, rule: ClockRule, due: datetime) -> datetime | None:
    """The last working moment before a due time that lies outside working hours."""
    wt = work.procedures.work
    return None if rule.timer or wt.is_open(due) else wt.last_open_before(due)


_WORDS = {"met": "clock met", "met_late": "clock met late", "cancelled": "clock cancelled", "overdue": "clock overdue"}


def _note(work: Work, rule: ClockRule, old: Clock | None, new: Clock) -> None:
    if rule.timer or (old and old.state == new.state and old.due_at == new.due_at):
        return
    what = "clock started" if old is None and new.state == "running" else _WORDS.get(new.state, "clock moved")
    if new.state == "running" and old is not None and old.state in ("met", "met_late"):
        what = "clock reopened"
    at = (
        new.met_at
        if new.met_at and new.state in ("met", "met_late")
        else new.due_at
        if new.state == "overdue"
        else None
    )
    work.note(new.subject, what, rule.name, at, due=new.due_at.astimezone(UTC).isoformat())

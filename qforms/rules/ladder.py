"""A clock's ladder: when its next rung is due, and what a rung does (1.12, P34, P35).

50 % and 80 % remind the owner; at 100 % it is overdue and escalates, and then again every so often. After a standstill
there is one letter a clock, for the highest rung that is due. The rung's recorded time is its exact due time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from qforms.model import Clock, ClockRule, Step
from qforms.rules.work import Work

LATE = timedelta(seconds=1)  # done at the due time is on time, so overdue begins a second later
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Rung:
    """One step at its time. `name` is "50%", "100%", "+24h"."""

    name: str
    at: datetime
    step: Step


def rungs(work: Work, rule: ClockRule, clock: Clock, until: datetime) -> list[Rung]:
    """The rungs up to `until`, in time order; of the endless repeats the first after `until` too."""
    span = max(clock.limit - clock.started_at, timedelta(0))  # a measure may be reported after its date
    found: list[Rung] = []
    for step in rule.ladder:
        if step.percent is not None:
            at = clock.started_at + span * step.percent / 100
            at = _before_quiet(work, clock, at, step) if step.kind == "reminder" else at
            found.append(Rung(f"{step.percent}%", at, step))
        elif step.every is not None:
            found += _repeats(work, clock, step, step.every, until)
    return found


def _repeats(work: Work, clock: Clock, step: Step, every: timedelta, until: datetime) -> list[Rung]:
    """Repeats after the due time; after some of them (limits.daily_repeats) once a week (P35)."""
    found: list[Rung] = []
    often = int(work.procedures.rulebook.limits.get("daily_repeats") or 0)
    at, count = clock.limit, 0
    while not found or at <= until:
        count += 1
        at += every if not often or count <= often else max(every, WEEK)
        found.append(Rung(f"+{_hours(at - clock.limit)}h", at, step))
    return found


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g}"


def _before_quiet(work: Work, clock: Clock, at: datetime, step: Step) -> datetime:
    """A reminder that quiet hours would hold beyond the limit is given at the last working moment before them."""
    if not quiet(work, at) or quiet_ends(work, at) < clock.limit:
        return at
    last = work.procedures.work.last_open_before(at)
    return last if last > clock.started_at else at


def next_at(work: Work, rule: ClockRule, clock: Clock) -> datetime | None:
    """When the next rung is due that was not taken and does not lie before the last one taken."""
    if clock.state in ("met", "met_late", "cancelled"):
        return None
    if rule.timer:
        return clock.due_at
    taken = _last_taken(work, rule, clock)
    until = max(taken, work.now) if taken else work.now
    due = [_fires(r, clock) for r in rungs(work, rule, clock, until) if taken is None or r.at > taken]
    overdue = [] if rule.soft or clock.state == "overdue" else [clock.due_at + LATE]
    return min([*due, *overdue], default=None)


def _fires(rung: Rung, clock: Clock) -> datetime:
    return rung.at + LATE if rung.at == clock.limit else rung.at


def _last_taken(work: Work, rule: ClockRule, clock: Clock) -> datetime | None:
    """The time of the highest rung taken."""
    since = clock.extension[1] if clock.extension else None
    steps = clock.steps[1 + max((n for n, s in enumerate(clock.steps) if s.startswith("agreed ")), default=-1) :]
    if not steps:
        return since  # what lay before an extension was agreed is not said again
    names = set(steps)
    last = steps[-1]
    if last.startswith("+"):
        return clock.limit + timedelta(hours=float(last[1:-1]))
    return max((r.at for r in rungs(work, rule, clock, clock.limit) if r.name in names), default=None)


def due_rung(work: Work, rule: ClockRule, clock: Clock) -> Rung | None:
    """The highest rung that is due now and was not taken."""
    taken = _last_taken(work, rule, clock)
    due = (r for r in rungs(work, rule, clock, work.now) if _fires(r, clock) <= work.now)
    return max(
        (r for r in due if taken is None or r.at > taken), key=lambda r: (r.at, r.step.percent or 0), default=None
    )


# ---------------------------------------------------------------- quiet hours


def quiet(work: Work, at: datetime) -> bool:
    """Are letters held at that time? In the evening and at night, and on days off if so set."""
    outgoing, local = work.settings.outgoing, work.settings.local(at)
    since, until = outgoing.quiet_from, outgoing.quiet_until
    if since is None or until is None:
        return False
    clock = local.time()
    night = (clock >= since or clock < until) if since > until else since <= clock < until
    return night or (outgoing.quiet_weekends and not _working_day(work, at))


def _working_day(work: Work, at: datetime) -> bool:
    return work.procedures.work.is_workday(work.settings.local(at).date())


def quiet_ends(work: Work, at: datetime) -> datetime:
    """The next time from `at` on at which letters go out."""
    until = work.settings.outgoing.quiet_until
    if not quiet(work, at) or until is None:
        return at
    local = work.settings.local(at)
    day = local.replace(hour=until.hour, minute=until.minute, second=0, microsecond=0)
    for days in range(32):
        candidate = day + timedelta(days=days)
        if candidate > local and not quiet(work, candidate):
            return candidate
    return at

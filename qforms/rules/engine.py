"""Runs the rules over what was touched until nothing changes any more: computed fields, suggestions, lifecycle,
figures, triggers. Then, once, what follows from the result: clocks and letters."""

from __future__ import annotations

import dataclasses as dc

from qforms.model import DecideRule, Judgement, Origin, Outcome, Record, Value
from qforms.rules import (
    addressing,
    calc,
    clocks,
    gathering,
    letters,
    lifecycle,
    lookups,
    opening,
    translating,
    triggers,
)
from qforms.rules.work import REST, Work, by_rule, restless


def settle(work: Work) -> None:
    """The fixed point. Raises QformsError when the rules do not come to rest."""
    for _ in range(REST):
        number = work.take()
        if not number:
            return
        _look_at(work, number)
    raise restless(work, number)


def _look_at(work: Work, number: str) -> None:
    record = work.view.record(number)
    if record is None:
        return
    _settle_itself(work, number)
    record = work.view.record(number)
    assert record is not None
    _tell_followers(work, record)
    _count(work, number)
    triggers.judge(work, number, asleep=work.final(record) and work.view.base(number) is not None)


def _settle_itself(work: Work, number: str) -> None:
    """What a record says of itself, until it says nothing new; only then is it counted and are its triggers judged."""
    for _ in range(REST):
        work.queue.pop(number, None)
        lookups.settle(work, number)
        gathering.settle(work, number)
        translating.settle(work, number)
        calc.settle(work, number)
        decide(work, number)
        lifecycle.by_itself(work, number)
        addressing.readdress(work, number)
        if number not in work.queue:
            return
    raise restless(work, number)


def _tell_followers(work: Work, record: Record) -> None:
    """Has those looked at whose reference to this record moves with what it says (a group that was merged)."""
    for form, reference, attribute in work.book.followers(record.form):
        if work.changed(record.number, attribute):
            for follower in work.view.members(form, reference, record.number):
                work.touch(follower.number, record.number)


def decide(work: Work, number: str) -> None:
    """Fills fields by the first case that holds; what a person wrote stands."""
    record = work.view.record(number)
    if record is None or record.form not in work.book.decide:
        return
    open_ = work.agenda(record)
    for bit, rule in open_.due("decide"):
        if rule.keep_persons and not by_rule(record, rule.field):
            continue
        names = work.names(record)
        value = None
        for when, then in rule.cases:
            if when is None or when.holds(names):
                value = opening.as_kept(work, record.form, rule.field, then.value(names))
                break
        if value is not None and _suggest(work, rule, record, value):
            calc.settle(work, number)
            record = work.view.record(number) or record
            open_.look(work.view, record)
        else:
            open_.settle(bit)


def _suggest(work: Work, rule: DecideRule, record: Record, value: Value) -> bool:
    """Fills a field. What takes the place of something known, a person's word too, is a revision with its history."""
    if (old := record.values.get(rule.field)) is value or old == value:
        return False
    replaced = not rule.keep_persons and rule.field in record.values
    if not work.revise(record.number, {rule.field: value}, Origin("", by=rule.name), content=replaced):
        return False
    if replaced:
        work.corrected.add(record.number)
        work.note(record.number, "revised", rule.name, fields={rule.field: str(value)})
    return True


def _count(work: Work, number: str) -> None:
    """Counts the record as it is now, and has those looked at whose figures changed."""
    record = work.view.record(number)
    assert record is not None
    old = work.counted.get(number) or work.view.base(number)
    if old is record:
        return
    touched = work.figures.update(old, record)
    work.counted[number] = record
    for figure, of in sorted(touched):
        if work.view.record(of) is not None:
            work.touch(of, number)
        for watcher in (*triggers.watchers(work, figure, of), *_companions(work, figure, of)):
            work.touch(watcher, number)


def _companions(work: Work, figure: str, case_no: str) -> list[str]:
    """The open records of a case that name a figure of the case: what is paid on one counts on the others (A20)."""
    forms = work.book.naming.get(figure, frozenset())
    found = work.view.case(case_no) if forms and work.book.figures[figure].of == _case_form(work, case_no) else ()
    return [r.number for r in found if r.form in forms and not work.final(r)]


def _case_form(work: Work, case_no: str) -> str:
    """The form of the record that a case is called after; "" where there is no such case."""
    record = work.view.record(case_no)
    return record.form if record is not None and record.number == record.case_no else ""


def _show_limits(work: Work) -> None:
    """Limits are known now: brings what is computed through references up to date (the end of a notice)."""
    for number in work.visited:
        record = work.view.record(number)
        if record is not None and work.book.computed(record.form):
            calc.settle(work, number)


def finish(work: Work, outcomes: tuple[Outcome, ...] = ()) -> Judgement:
    """Clocks and letters of all that was looked at, and the judgement that comes of it."""
    if work.history:
        return _as_history(work, outcomes)
    moved = False
    for number in work.visited:
        clocks.run(work, number)
        moved |= clocks.publish(work, number)
    if moved:
        _show_limits(work)
    letters.owed(work)
    return _judged(work, outcomes)


def _as_history(work: Work, outcomes: tuple[Outcome, ...]) -> Judgement:
    """What came from an old register is closed as it comes, and nobody is written to."""
    view = work.view
    for outcome in outcomes:
        record = view.record(outcome.number)
        if record is not None and view.base(record.number) is None:
            states = work.catalogue.form(record.form).lifecycle.states
            final = next((s.name for s in states if s.final), record.status)
            view.records[record.number] = dc.replace(record, status=final)
    return dc.replace(_judged(work, outcomes), clocks=(), tasks=(), letters=(), tokens=())


def _judged(work: Work, outcomes: tuple[Outcome, ...]) -> Judgement:
    view = work.view
    return Judgement(
        records=tuple(r for n, r in view.records.items() if r != view.base(n)),
        entries=tuple(view.entries),
        clocks=tuple(view.clocks_.values()),
        tasks=tuple(view.tasks.values()),
        letters=tuple(view.letters.values()),
        figures=view.changes(),
        tokens=tuple(view.tokens.items()),
        counters=dict(view.counters),
        outcomes=outcomes,
        fresh=frozenset(view.fresh),
    )

"""What a record takes over from reference data that is in force on a day: of the price rows of a part the one with the
latest date that is not after the day of service (A22)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from qforms.model import LookUpRule, Origin, Record, Value
from qforms.rules.view import index_of, values_at
from qforms.rules.work import Work


def settle(work: Work, number: str) -> None:
    """Fills what the rules look up for a record. Where nothing is found, a look-up takes away what it had given."""
    record = work.view.record(number)
    if record is None or record.form not in work.book.look_ups:
        return
    open_ = work.agenda(record)
    open_.bits |= sum(bit for bit, rule in open_.plan.rules["look_ups"] if rule.from_ in work.view.forms)
    for bit, rule in open_.due("look_ups"):
        changes = _looked_up(work, rule, record)
        if changes and work.revise(number, changes, Origin("", by=rule.name), content=False):
            record = work.view.record(number) or record
            open_.look(work.view, record)
        else:
            open_.settle(bit)


def _looked_up(work: Work, rule: LookUpRule, record: Record) -> dict[str, Value]:
    names = work.names(record)
    if rule.when is not None and not rule.when.holds(names):
        return {}
    if not rule.list:
        return _given(work, rule, names.get)
    rows = record.values.get(rule.list)
    return {rule.list: tuple(_row(work, rule, row, names.get) for row in rows)} if rows else {}


def _row(work: Work, rule: LookUpRule, row: Mapping[str, Any], outer: Callable[[str], Any]) -> dict[str, Value]:
    given = _given(work, rule, lambda name: row.get(name) if name in row else outer(name))
    return {k: v for k, v in {**row, **given}.items() if v is not None}


def _given(work: Work, rule: LookUpRule, get: Callable[[str], Any]) -> dict[str, Value]:
    found = _found(work, rule, get)
    if found is None:
        link = next((ours for ours, theirs in rule.fill.items() if theirs == "number"), "")
        return dict.fromkeys(rule.fill) if link and get(link) else {}
    return {
        ours: found.number if theirs == "number" else found.values.get(theirs) for ours, theirs in rule.fill.items()
    }


def _found(work: Work, rule: LookUpRule, get: Callable[[str], Any]) -> Record | None:
    wanted = {theirs: get(ours) for theirs, ours in rule.match.items()}
    if rule.least:
        return _least(work, rule, wanted)
    until = get(rule.until)
    if until is None or any(v in (None, "", ()) for v in wanted.values()):
        return None
    key = next(name for name in wanted if _indexed(work, rule.from_, name))
    same = [
        r
        for value in _several(wanted[key])
        for r in work.view.members(rule.from_, key, value)
        if (rule.at_end or not work.final(r)) and all(_says(r, n, v) for n, v in wanted.items())
    ]
    day = _day(work, until)
    in_force = [r for r in same if (since := r.values.get(rule.latest)) is not None and _day(work, since) <= day]
    return max(in_force, key=lambda r: (_day(work, r.values[rule.latest]), r.number), default=None)


def _several(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else (value,)


def _says(record: Record, name: str, value: Value) -> bool:
    """Does a field of a record have that value, or one of those?"""
    there = values_at(record, name)
    return any(index_of(v) in there for v in _several(value))


def _least(work: Work, rule: LookUpRule, wanted: Mapping[str, Any]) -> Record | None:
    """The strictest of the rows that fit: what a row leaves empty fits whatever we have (P13). A small sheet."""
    fitting = [
        r
        for r in work.view.all(rule.from_)
        if not work.final(r)
        and rule.least in r.values
        and any(n in r.values for n in wanted)
        and all(n not in r.values or index_of(wanted[n] or "") in values_at(r, n) for n in wanted)
    ]
    return min(fitting, key=lambda r: (r.values[rule.least], r.number), default=None)


def _indexed(work: Work, form: str, name: str) -> bool:
    field = work.catalogue.field(form, name)
    return field is not None and (field.key or field.type == "ref")


def _day(work: Work, value: date) -> date:
    return work.day(value) if isinstance(value, datetime) else value

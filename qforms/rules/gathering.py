"""Lists that are gathered: the lines of a month's report from the complaints of that month, frozen as they stand then.

What an earlier report said otherwise of its complaints is told in the next as a correction, once (P51)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from qforms.model import Field, GatherRule, Origin, Record, Value
from qforms.rules.work import Work

Row = dict[str, Value]
_EARLIER = 24  # reports back that are compared
_WORST = ("overdue", "late", "running", "met")


def settle(work: Work, number: str) -> None:
    """Fills the lists of a record that its rules gather."""
    record = work.view.record(number)
    for rule in work.book.gathers.get(record.form, ()) if record else ():
        record = work.view.record(number)
        assert record is not None
        names = work.names(record)
        if rule.when is not None and rule.when(names) is not True:
            continue
        theirs, ours = rule.match
        found = work.view.members(rule.over, theirs, names.get(ours)) if names.get(ours) else ()
        every = (_row(work, rule, r) for r in sorted(found, key=lambda r: r.number))
        rows = [row for row in every if row is not None]
        changes: dict[str, Value] = {rule.list: tuple(rows) or None}
        changes |= {name: _grouped(work, rule, name, column, rows) for name, column in rule.groups.items()}
        if rule.corrections:
            changes[rule.corrections] = tuple(_corrections(work, rule, record)) or None
        work.revise(number, changes, Origin("", by=rule.name), content=False)


def _columns(work: Work, rule: GatherRule) -> Mapping[str, Field]:
    field = work.catalogue.field(rule.on, rule.list)
    assert field is not None
    return {c.name: c for c in field.fields}


def _row(work: Work, rule: GatherRule, record: Record) -> Row | None:
    """A record as a row; None where the rule leaves it out."""
    names = work.names(record)
    if rule.where is not None and rule.where(names) is not True:
        return None
    columns = _columns(work, rule)
    row = {c: _as_column(columns[c], value) for c, given in rule.fill.items() if (value := given(names)) is not None}
    return row | {c: state for c, clocks in rule.clocks.items() if (state := _state(work, record, clocks))}


def _grouped(work: Work, rule: GatherRule, name: str, by: str, rows: list[Row]) -> tuple[Row, ...] | None:
    """A row for each value of a column, the most frequent first: the value, `n`, sums of columns of the same name."""
    field = work.catalogue.field(rule.on, name)
    assert field is not None
    sums = [c.name for c in field.fields if c.name not in (by, "n")]
    same: dict[Value, list[Row]] = defaultdict(list)
    for row in rows:
        if by in row:
            same[row[by]].append(row)
    found = (
        {by: value, "n": len(group), **{c: sum(row.get(c) or 0 for row in group) for c in sums}}
        for value, group in same.items()
    )
    return tuple(sorted(found, key=lambda row: (-row["n"], str(row[by])))) or None


def _as_column(column: Field, value: Any) -> Value:
    if column.type == "int":
        return int(value)
    return (value,) if column.many and not isinstance(value, tuple) else value


def _state(work: Work, record: Record, names: tuple[str, ...]) -> str:
    """How the clocks of a record stand, the worst of several; "" when none runs."""
    clocks = [c for name, c in work.view.clocks(record.number).items() if name in names and c.state != "cancelled"]
    states = ["late" if c.state == "met_late" else c.state for c in clocks]
    return next((s for s in _WORST if s in states), "")


# ---------------------------------------------------------------- what was reported otherwise


def _corrections(work: Work, rule: GatherRule, record: Record) -> Iterator[Row]:
    """What is otherwise now than the earlier reports said, and has not been told yet."""
    head = next(iter(rule.fill))
    told: set[tuple[Value, Value]] = set()
    rows: dict[str, Row] = {}
    for earlier in _earlier(work, rule, record):  # the newest first
        told |= {(row.get(head), row.get("now")) for row in earlier.values.get(rule.corrections) or ()}
        for row in earlier.values.get(rule.list) or ():
            rows.setdefault(str(row[head]), row)
    for number in sorted(rows):
        source = work.view.record(number)
        row = _row(work, rule, source) if source else None
        if source is None or row is None:
            row = {}
        if (line := _correction(work, rule, rows[number], row, source)) and (number, line["now"]) not in told:
            yield {head: number, **line}


def _earlier(work: Work, rule: GatherRule, record: Record) -> Iterator[Record]:
    at: Record | None = record
    for _ in range(_EARLIER):
        at = work.view.record(str(at.values.get(rule.previous) or "")) if at else None
        if at is None:
            return
        yield at


def _correction(work: Work, rule: GatherRule, old: Row, new: Row, source: Record | None) -> Row:
    """What was known then and is otherwise now, who changed it, and when; nothing else: what was open then and has been
    judged since is no correction."""
    columns = _columns(work, rule)
    differ = [c for c in rule.compare if c in old and old[c] != new.get(c)]
    if not differ:
        return {}
    lang = work.settings.lang

    def say(row: Row) -> str:
        shown = (f"{columns[c].label[lang]} {work.catalogue.show(columns[c], row.get(c), lang) or '—'}" for c in differ)
        return "；".join(shown)

    line: Row = {"was": say(old), "now": say(new)}
    if source is not None:
        line |= {"by": source.by, "at": work.day(source.at) if source.at else None}
    return {k: v for k, v in line.items() if v}

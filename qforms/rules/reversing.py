"""Rows of money that have been sent out are never rewritten (P52): who changes one gives the list as it should be, and
the record keeps the old row, the same row reversed, and the new one. An estimate is replaced by the actual amount in
the same way, so both stay and the net counts (A35)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from qforms.model import Field, Record, Reversing, Value
from qforms.rules.work import Work

Row = Mapping[str, Any]


def kept(work: Work, record: Record, values: Mapping[str, Value]) -> dict[str, Value]:
    """The values as they are written into a record: in a list whose rows stand, reversing rows for what changed."""
    found = dict(values)
    for name, value in values.items():
        field, old = work.catalogue.field(record.form, name), record.values.get(name)
        condition = work.book.rulebook.conditions.get(f"{record.form}:reversing:{name}")
        if field is not None and condition is not None and old and condition(work.names(record)) is True:
            found[name] = rows(field, old, value if isinstance(value, tuple) else ())
    return found


def rows(field: Field, old: Sequence[Row], new: Sequence[Row]) -> tuple[Row, ...]:
    """The old rows, those that are gone reversed, and those that are new. Whoever gives the list without a row that was
    reversed, and without its reversal, says nothing against it: the two are nothing together."""
    assert field.reversing is not None, field.name
    added, gone = list(new), []
    for row in old:
        same = next((r for r in added if _same(field, row, r)), None)
        if same is None:
            gone.append(row)
        else:
            added.remove(same)
    for row in [r for r in gone if r.get(field.reversing.mark)]:
        pair = next((r for r in gone if _same(field, _reversed(field.reversing, r), row)), None)
        if pair is not None:
            gone.remove(row)
            gone.remove(pair)
    return (*old, *(_reversed(field.reversing, row) for row in gone), *added)


def _reversed(how: Reversing, row: Row) -> Row:
    """The row with its amounts negated and marked; a reversal taken back is a plain row again."""
    turned = {c: -v for c in how.negate if isinstance(v := row.get(c), Decimal | int)}
    mark = {} if row.get(how.mark) else {how.mark: True}
    return {**{k: v for k, v in row.items() if k != how.mark}, **turned, **mark}


def _same(field: Field, one: Row, other: Row) -> bool:
    """Do two rows say the same? What is computed is compared only where both bring it."""
    return all(_equal(column, one.get(column.name), other.get(column.name)) for column in field.fields)


def _equal(column: Field, a: Value, b: Value) -> bool:
    if column.type == "bool":
        return bool(a) == bool(b)
    return a == b or (bool(column.calc or column.filled_by == ("system",)) and None in (a, b))

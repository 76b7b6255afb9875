"""Computed fields: the first expression of `calc` whose names are all known gives the value.

In a list, an amount that is a share of a sum of the form is rounded to the cent, and the last row takes what the
rounding leaves over, so that the rows give the sum exactly (B19)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from qforms.model import Condition, Field, Lang, Origin, Record, Value
from qforms.rules.view import saying
from qforms.rules.work import Work

CENT = Decimal("0.01")
_NAMED = re.compile(r"\{(\w+)(:md)?\}")


_OWN = Origin("", by="calc")


def settle(work: Work, number: str) -> None:
    """Brings the computed fields of a record up to date, each after those that it rests on (`Book.computed`)."""
    record = work.view.record(number)
    if record is None or not work.book.computed(record.form):
        return
    open_ = work.agenda(record)
    asked, found, now = 0, {}, record
    for bit, field in open_.due("calc"):
        asked |= bit
        value = _value(work, now, field)
        if (old := now.values.get(field.name)) is not value and old != value:
            found[field.name] = value
            now = saying(now, {**now.values, field.name: value})
            open_.bits |= open_.plan.fields.get(field.name, 0) & ~asked
    if found:
        _write(work, record, found)
        open_.look(work.view, work.view.record(number) or record)
    open_.settle(asked)  # also what they have changed about themselves


def _write(work: Work, record: Record, found: Mapping[str, Value]) -> None:
    fields = {f.name: f for f in work.book.computed(record.form)}
    own = {n: v for n, v in found.items() if fields[n].calc or fields[n].text}
    work.revise(record.number, own, _OWN, content=False)
    for name, value in found.items():
        if name not in own:  # columns computed in rows that somebody wrote: they stay his word
            work.revise(record.number, {name: value}, record.origin.get(name, _OWN), content=False)


def _value(work: Work, record: Record, fld: Field) -> Value:
    if fld.text:
        return sentence(work, record, fld)
    if fld.calc:
        return _typed(fld, _first(work.book.calcs(record.form, fld.name, len(fld.calc)), work.names(record)))
    rows = record.values.get(fld.name)
    return tuple(_rows(work, record, fld, [dict(r) for r in rows])) if rows else rows


def sentence(work: Work, record: Record, fld: Field) -> str:
    """The field's text with the record's values where it names them, {company} included; {day:md} as 3月8日."""
    lang: Lang = "en" if record.values.get("lang", work.settings.lang) == "en" else "zh"
    company = work.settings.company
    own = {"company": company.name if lang == "zh" else company.name_en or company.name}

    def told(match: re.Match[str]) -> str:
        name, style = match[1], match[2]
        field, value = work.catalogue.field(record.form, name), record.values.get(name)
        if field is None or value is None:
            return own.get(name, "…")
        if style and isinstance(value, date):
            return f"{value.month}月{value.day}日" if lang == "zh" else f"{value.day} {value:%B}"
        return work.catalogue.show(field, value, lang)

    return _NAMED.sub(told, fld.text[lang])


def _first(conditions: list[Condition], names: Mapping[str, Any]) -> Value:
    for condition in conditions:
        if (value := condition.value(names)) is not None:
            return value
    return None


def _typed(fld: Field, value: Value) -> Value:
    """A computed value as its field keeps it: money to the cent, whole numbers as int."""
    if not isinstance(value, (Decimal, int)) or isinstance(value, bool):
        return value
    if fld.type == "money":
        return Decimal(value).quantize(CENT, ROUND_HALF_UP)
    return int(Decimal(value).to_integral_value(ROUND_HALF_UP)) if fld.type == "int" else value


def _rows(work: Work, record: Record, fld: Field, rows: list[dict[str, Value]]) -> list[dict[str, Value]]:
    names = work.names(record)
    for column in (c for c in fld.fields if c.calc):
        conditions = work.book.calcs(record.form, f"{fld.name}.{column.name}", len(column.calc))
        for row in rows:
            value = _typed(column, _first(conditions, work.names(record, row)))
            if value not in (None, ()):
                row[column.name] = value
            elif conditions:
                row.pop(column.name, None)
        _rest_to_last(fld, column, conditions, names, rows)
    return rows


def _rest_to_last(
    fld: Field, column: Field, conditions: list[Condition], names: Mapping[str, Any], rows: list[dict[str, Value]]
) -> None:
    """When the rows are all the shares of one sum (their per cents give 100), the last row closes it."""
    columns = {c.name for c in fld.fields}
    used = {n for c in conditions for n in c.names}
    wholes, shares = used - columns, used & columns
    if column.type != "money" or len(wholes) != 1 or len(shares) != 1 or not all(column.name in r for r in rows):
        return
    whole, share = names.get(*wholes), next(iter(shares))
    if isinstance(whole, Decimal) and sum((Decimal(r.get(share) or 0) for r in rows), Decimal(0)) == 100:
        others = sum((r[column.name] for r in rows[:-1]), Decimal(0))
        rows[-1][column.name] = whole - others

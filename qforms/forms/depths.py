"""How much a form asks for: a customer who wants a short 8D gets one (P25). A depth names what is asked; what it does
not name stands on the form only where something is known, and is missed by nobody."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator
from typing import Any

from qforms.forms.lifecycle import known
from qforms.forms.source import Table
from qforms.model import Depth, Field, Form, Section, Values


def depths(table: Table, sections: tuple[Section, ...]) -> dict[str, Depth]:
    """The depths of a form: `depth: {by: depth, brief: {asks: [leader, members.user], rows: {members: 3}}}`."""
    if "depth" not in table:
        return {}
    outer = table.table("depth")
    outer.need("by")
    fields = {f.name: f for s in sections for f in s.fields}
    places = {*fields, *(f"{f.name}.{c.name}" for f in fields.values() for c in f.fields)}
    by = outer.word("by")
    known(outer, "by", ("字段", "field"), (by,), fields)
    codes = [c.code for c in fields[by].choices] if by in fields else []
    found = {}
    for code in (str(key) for key in outer.node if key != "by"):
        inner = outer.table(code)
        inner.allow("asks", "rows")
        rows = inner.table("rows")
        known(outer, code, ("选项", "choice"), (code,), codes)
        known(inner, "asks", ("字段", "field"), inner.words("asks"), places)
        known(inner, "rows", ("字段", "field"), tuple(rows.node), fields)
        found[code] = Depth(inner.words("asks"), {str(name): rows.whole(name) for name in rows.node})
    return found


def kept(form: Form, values: Values) -> frozenset[str] | None:
    """What a record's depth asks for, and what is known besides: names of fields, and of columns as `members.user`.
    None: everything."""
    depth = form.depths.get(str(values.get(form.depth, "")))
    return None if depth is None else frozenset((*depth.asks, *_known(form, values)))


def asked(form: Form, values: Values) -> Form:
    """The form as it is asked for at a record's depth: the fields and columns that `kept` does not name are gone from
    its reply parts, but not those that no person fills in."""
    keep = kept(form, values)
    if keep is None:
        return form
    rows = form.depths[str(values[form.depth])].rows
    sections = (
        dc.replace(s, fields=tuple(_column_wise(f, keep, rows.get(f.name)) for f in s.fields if _stands(s, f, keep)))
        if s.reply
        else s
        for s in form.sections
    )
    return dc.replace(form, sections=tuple(sections))


def _known(form: Form, values: Values) -> Iterator[str]:
    for fld in form.fields:
        value: Any = values.get(fld.name)
        if value in (None, "", ()):
            continue
        if fld.fields:
            yield from (f"{fld.name}.{name}" for row in value for name, known in row.items() if known is not None)
        else:
            yield fld.name


def _stands(section: Section, fld: Field, keep: frozenset[str]) -> bool:
    machine = fld.calc or (fld.filled_by or section.filled_by) == ("system",)
    return bool(machine) or fld.name in keep or any(name.startswith(f"{fld.name}.") for name in keep)


def _column_wise(fld: Field, keep: frozenset[str], rows: int | None) -> Field:
    """A list with the columns that are asked for; all of them where it is asked for as a whole."""
    columns = fld.fields
    if fld.name not in keep:
        columns = tuple(c for c in fld.fields if c.calc or c.name == fld.rows_of or f"{fld.name}.{c.name}" in keep)
    return dc.replace(fld, fields=columns, rows=fld.rows if rows is None else rows)

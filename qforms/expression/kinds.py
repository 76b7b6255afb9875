"""What a name stands for in an expression: its type, its codes, what lies below it."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qforms.model import EMPTY, Field, Form

TYPES = {
    "str": "text",
    "text": "text",
    "enum": "text",
    "ref": "text",
    "user": "text",
    "dept": "text",
    "int": "number",
    "dec": "number",
    "money": "number",
    "bool": "bool",
    "date": "date",
    "dt": "datetime",
    "list": "row",
    "file": "row",
    "img": "row",
    "sig": "row",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a name: text, number, bool, date, datetime, row (columns in `fields`), limits, or moment.

    `many`: a tuple of them (None, where a kind is wanted: one or several). `choices`: the only codes that a text can
    have. `fields` of a text are the attributes of the record that it refers to. `value` is set for a constant."""

    type: str
    many: bool | None = False
    choices: frozenset[str] = frozenset()
    fields: Mapping[str, Kind] = dc.field(default_factory=dict)
    value: Any = None


TEXT, NUMBER, BOOL, DATE, DATETIME = (Kind(t) for t in ("text", "number", "bool", "date", "datetime"))
MOMENT = Kind("moment")  # a date or a time
_SIGNATURE = {"name": TEXT, "decision": TEXT, "at": DATETIME, "opinion": TEXT, "for_name": TEXT}
_FILE = {"digest": TEXT, "name": TEXT, "kind": TEXT}


def kind_of(field: Field, forms: Mapping[str, Form] = EMPTY) -> Kind:
    """The kind of a declared field; with `forms` a reference carries the attributes of the form it points to."""
    type_ = TYPES.get(field.type, "text")
    if field.type == "list":
        return Kind("row", many=True, fields={f.name: kind_of(f) for f in field.fields})
    fields: Mapping[str, Kind] = {"sig": _SIGNATURE, "file": _FILE, "img": _FILE}.get(field.type, {})
    if field.type == "ref" and field.ref in forms and not field.many:
        fields = kinds_of(forms[field.ref])
    return Kind(type_, field.many, frozenset(c.code for c in field.choices), fields)


def filled_kind(field: Field) -> Kind:
    """What a rule may fill a field with: one with several values also with a single one."""
    kind = kind_of(field)
    return dc.replace(kind, many=None) if kind.many else kind


def kinds_of(form: Form, forms: Mapping[str, Form] = EMPTY, extra: Mapping[str, Kind] = EMPTY) -> dict[str, Kind]:
    """The names of an expression over `form`: its fields, what every record has, and `extra` (figures, limits)."""
    states = frozenset(s.name for s in form.lifecycle.states)
    record = {
        "number": TEXT,
        "status": Kind("text", choices=states),
        "case_no": TEXT,
        "received_at": DATETIME,
        "opened_at": DATETIME,
        "revision": NUMBER,
    }
    return {**extra, **record, **{f.name: kind_of(f, forms) for f in form.fields}}


def row_kinds(field: Field, outer: Mapping[str, Kind]) -> dict[str, Kind]:
    """The names of an expression over one row of a list: its columns, then those of the form; over one value of a field
    with several: `each`."""
    if not field.fields:
        return {**outer, "each": dc.replace(kind_of(field), many=False)}
    return {**outer, **{f.name: kind_of(f) for f in field.fields}}


def limit_kinds(limits: Mapping[str, Any]) -> Kind:
    """The kind of `limits`: constants by name."""
    return Kind("limits", fields={name: Kind(_type_of(value), value=value) for name, value in limits.items()})


def _type_of(value: Any) -> str:
    return "bool" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


def near(word: str, options: Iterable[str]) -> str:
    """The option that was probably meant, or ""."""
    from difflib import get_close_matches

    found = get_close_matches(word, list(options), n=1, cutoff=0.6)
    return found[0] if found else ""

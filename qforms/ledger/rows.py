"""Our values as rows and back. Field values go through the catalogue, which knows their types."""

from __future__ import annotations

import dataclasses as dc
import json
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any

from qforms.model import (
    EMPTY,
    Catalogue,
    Clock,
    Conflict,
    Entry,
    Letter,
    LetterIntent,
    Origin,
    Problem,
    Record,
    Task,
    Text,
    Value,
)

Row = Any  # a mapping by column name: SQLAlchemy's RowMapping, or a dict


class Written(str):
    """Values as JSON that is kept as it stands, in the order in which `chain` hashes them."""

    __slots__ = ()


plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def record_row(r: Record, catalogue: Catalogue) -> dict[str, Any]:
    return {
        "number": r.number,
        "form": r.form,
        "revision": r.revision,
        "status": r.status,
        "case_no": r.case_no,
        "vals": Written(plain(catalogue.plain(r.form, r.values))),
        "origin": Written(plain({name: [o.delivery, o.where, o.by, o.part] for name, o in r.origin.items()})),
        "received_at": r.received_at,
        "by": r.by,
        "at": r.at,
    }


def record_of(row: Row, catalogue: Catalogue, *, origins: bool = True) -> Record:
    return Record(
        form=row["form"],
        number=row["number"],
        revision=row["revision"],
        status=row["status"],
        case_no=row["case_no"],
        values=catalogue.revive(row["form"], row["vals"]),
        origin={name: Origin(*o) for name, o in row["origin"].items()} if origins else EMPTY,
        received_at=row["received_at"],
        by=row["by"],
        at=row["at"],
    )


def key_of(value: Value) -> str:
    """A value as it stands in the index: text is compared without case and outer blanks."""
    return str(value).strip().casefold()[:200]


def keys_of(value: Value) -> dict[str, None]:
    """How a field's value, or its values, stand in the index."""
    many = value if isinstance(value, (tuple, list)) else (value,)
    return {key_of(one): None for one in many if one not in (None, "")}


def gained_and_lost(was: Value, now: Value) -> tuple[list[str], list[str]]:
    """What the index gains and loses. A list that has only grown loses nothing, whatever its length."""
    if isinstance(was, tuple) and isinstance(now, tuple) and now[: len(was)] == was:
        return [*keys_of(now[len(was) :])], []
    old, new = keys_of(was).keys(), keys_of(now).keys()
    return sorted(new - old), sorted(old - new)


def clock_of(row: Row) -> Clock:
    fields = {name: row[name] for name in _names(Clock)}
    return Clock(**{**fields, "steps": tuple(row["steps"])})


def clock_row(c: Clock) -> dict[str, Any]:
    return {**_shallow(c), "steps": list(c.steps)}


def task_of(row: Row) -> Task:
    fields = {name: row[name] for name in _names(Task) if name != "text"}
    return Task(**{**fields, "text": Text(row["text_zh"], row["text_en"]), "actions": tuple(row["actions"])})


def task_row(t: Task) -> dict[str, Any]:
    row = _shallow(t)
    text: Text = row.pop("text")
    return {**row, "text_zh": text.zh, "text_en": text.en, "actions": list(t.actions), "context": dict(t.context)}


def letter_of(row: Row) -> Letter:
    fields = {name: row[name] for name in _names(LetterIntent)}
    for name in ("to", "cc", "attach", "references"):
        fields[name] = tuple(fields[name])
    rest = {name: row[name] for name in _names(Letter) if name != "intent"}
    return Letter(LetterIntent(**fields), **{**rest, "refused": tuple(row["refused"])})


def letter_row(letter: Letter) -> dict[str, Any]:
    row = _shallow(letter)
    del row["intent"]
    row |= _shallow(letter.intent)
    for name in ("to", "cc", "attach", "references", "refused"):
        row[name] = list(row[name])
    return {**row, "facts": dict(letter.intent.facts)}


def entry_row(e: Entry) -> dict[str, Any]:
    return {**_shallow(e), "detail": dict(e.detail)}


def entry_of(row: Row) -> Entry:
    return Entry(**{name: row[name] for name in _names(Entry)})


def conflict_row(c: Conflict, form: str, catalogue: Catalogue) -> dict[str, Any]:
    row = _shallow(c)
    for side in ("base", "ours", "theirs"):
        row[side] = None if row[side] is None else catalogue.plain(form, {c.field: row[side]}).get(c.field)
    return row


def conflict_of(row: Row, form: str, catalogue: Catalogue) -> Conflict:
    fields = {name: row[name] for name in _names(Conflict)}
    for side in ("base", "ours", "theirs"):
        if fields[side] is not None:
            fields[side] = catalogue.revive(form, {row["field"]: fields[side]}).get(row["field"])
    return Conflict(**fields)


def problem_row(p: Problem) -> dict[str, Any]:
    """A problem as JSON; values of its context that JSON does not know become text."""
    context = {
        k: v if isinstance(v, (str, int, float, bool, list, type(None))) else str(v) for k, v in p.context.items()
    }
    return {"code": p.code, "where": p.where, "field": p.field, "context": context, "severity": p.severity}


@lru_cache(maxsize=32)
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(f.name for f in dc.fields(kind))


@lru_cache(maxsize=32)
def _getter(kind: Any) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*_names(kind))


def _shallow(value: Any) -> dict[str, Any]:
    kind: Any = type(value)
    return dict(zip(_names(kind), _getter(kind)(value), strict=True))

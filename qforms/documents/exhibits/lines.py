"""Lines: the rows that a report counts, and that go along with it. Frozen and plain, so that a month that was issued
can be kept as JSON and counted again to the same figures."""

from __future__ import annotations

import dataclasses as dc
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from qforms.model import EMPTY, Lang, Text

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its label, and the words for its codes."""

    name: str
    label: Text
    words: Mapping[str, Text] = dc.field(default_factory=lambda: EMPTY)

    def say(self, value: Any, lang: Lang) -> str:
        """The value for people; "" when unknown."""
        if value is None or value == "":
            return ""
        if isinstance(value, (tuple, list)):
            return ("、" if lang == "zh" else ", ").join(self.say(v, lang) for v in value)
        if isinstance(value, bool):
            return ("是" if value else "否") if lang == "zh" else ("yes" if value else "no")
        word = self.words.get(str(value))
        if word is not None:
            return word[lang]
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%d %H:%M}"
        return str(value)


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows of one kind under their columns."""

    name: str
    title: Text
    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()

    def column(self, name: str) -> Column:
        return next((c for c in self.columns if c.name == name), Column(name, Text(name)))


Book = Mapping[str, Lines]


# ---------------------------------------------------------------- kept


def to_json(book: Book) -> bytes:
    """The rows of a book; equal books give equal bytes."""
    rows = {name: [{k: _plain(v) for k, v in row.items()} for row in lines.rows] for name, lines in book.items()}
    return json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def from_json(data: bytes, declared: Book) -> dict[str, Lines]:
    """The book again, under the columns as they are declared now."""
    kept: dict[str, list[dict[str, Any]]] = json.loads(data)
    return {
        name: dc.replace(lines, rows=tuple({k: _value(v) for k, v in row.items()} for row in kept.get(name, ())))
        for name, lines in declared.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    return [_plain(v) for v in value] if isinstance(value, (tuple, list)) else value


_READ: Mapping[str, Callable[[str], Any]] = {"t": datetime.fromisoformat, "d": date.fromisoformat, "n": Decimal}


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        [(kind, text)] = value.items()
        return _READ[kind](text)
    return tuple(_value(v) for v in value) if isinstance(value, list) else value


# ---------------------------------------------------------------- issued months stand


def standing(now: Lines, issued: Lines, column: str, until: str) -> Lines:
    """`now`, but for the periods up to `until`, which stand as they were issued."""
    old = [row for row in issued.rows if str(row.get(column) or "~") <= until]
    new = [row for row in now.rows if str(row.get(column) or "~") > until]
    return dc.replace(now, rows=(*old, *new))


@dataclass(frozen=True, slots=True)
class Correction:
    """What was issued, and what is known now, of one row; in words."""

    key: str
    was: str
    now: str


def corrections(
    now: Lines, issued: Lines, compare: Iterable[str], column: str, until: str, lang: Lang
) -> list[Correction]:
    """Rows of issued periods that say otherwise now, by their first column. What was unknown then is no correction."""
    names = tuple(compare)
    key = now.columns[0].name
    present = {row.get(key): row for row in now.rows}
    found = []
    for row in issued.rows:
        if str(row.get(column) or "~") > until:
            continue
        today = present.get(row.get(key), {})
        differ = [n for n in names if row.get(n) not in (None, "") and row.get(n) != today.get(n)]
        if differ:
            was, then = (
                "；".join(f"{now.column(n).label[lang]} {now.column(n).say(r.get(n), lang) or '—'}" for n in differ)
                for r in (row, today)
            )
            found.append(Correction(str(row.get(key)), was, then))
    return found

"""What the names in a rule stand for, for one record: its fields, its head, figures, one step through a reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from qforms.expression import Known
from qforms.model import EMPTY, FigureRule, Record
from qforms.rules import basis as b
from qforms.rules.book import Book
from qforms.rules.view import View, index_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD = ("number", "status", "case_no", "received_at", "revision")
_UNKNOWN = (None, "", ())
Source = Callable[["Names"], Any]


def stamp_of(at: datetime) -> Decimal:
    """A time as a figure keeps it: microseconds since 1970."""
    return Decimal((at - _EPOCH) // timedelta(microseconds=1))


def time_of(stamp: Decimal | None) -> datetime | None:
    """The time of such a figure; None where there is none (0)."""
    return _EPOCH + timedelta(microseconds=int(stamp)) if stamp else None


class Names(Known):
    """Names -> values. `extra` goes before everything; `basis` decides which lot or window counts.

    What the record says lies ready; the rest (its head, figures, names through a reference) is found when it is first
    asked for and kept, so names serve as long as nothing changes: `Work.names` makes new ones then."""

    __slots__ = ("_sources", "basis", "book", "extra", "record", "today", "version", "view")

    def __init__(
        self,
        book: Book,
        view: View,
        record: Record,
        today: date,
        extra: Mapping[str, Any] = EMPTY,
        basis: b.Basis | None = None,
    ) -> None:
        self._sources, blank = book.names_of(record.form)
        super().__init__(blank)
        self.update(record.values)
        if extra:
            self.update(extra)
        self.book = book
        self.view = view
        self.record = record
        self.today = today
        self.extra = extra
        self.basis = basis
        self.version = view.version

    def __missing__(self, name: str) -> Any:
        source = self._sources.get(name)
        if source is None:
            source = self._sources[name] = _source(self.book, name)
        value = self[name] = source(self)
        return value

    def get(self, name: str, default: Any = None) -> Any:
        value = self[name]
        return default if value is None else value

    def through(self, ref: str, attribute: str) -> Any:
        """A name of the record that a field of this one refers to."""
        number = self.record.values.get(ref)
        target = self.view.record(str(number)) if number else None
        value = target.values.get(attribute) if target is not None else None
        if target is None or value is not None or attribute in self.book.names_of(target.form)[1]:
            return value  # a field's, or nothing is known of it
        return Names(self.book, self.view, target, self.today).get(attribute)

    def key_of(self, rule: FigureRule, basis: b.Basis | None = None) -> str:
        """Whose figure it is, seen from this record; "" when that is unknown."""
        if rule.of == self.record.form:
            return self.record.number
        own = basis.values if basis else {}
        parts = [own.get(f) or self[f] for f in rule.subject or (rule.of,)]
        return subject_key(parts) or subject_key([self[self.book.reference(self.record.form, rule.of) or "\0"]])

    def figure(self, rule: FigureRule, ending: str = "", basis: b.Basis | None = None) -> Any:
        """A figure's value: a number, a time, or with `_first`, `_last` the first and last day of its window."""
        basis = basis or self.basis
        key: Any = (rule.name, ending, basis and basis.scope, basis and basis.per.name)  # beside the names: texts
        if key not in self:
            self[key] = self._figure(rule, ending, basis)
        return self[key]

    def _figure(self, rule: FigureRule, ending: str, basis: b.Basis | None) -> Any:
        own = self.record.values.get(rule.subject[0]) if len(rule.subject) == 1 else None
        if isinstance(own, tuple) and rule.of != self.record.form:
            counts = [_known(rule, self.view.figure(rule.name, of)) for of in subjects_of([own])]
            return max((c for c in counts if c is not None), default=None)
        of = self.key_of(rule, basis)
        if not of:
            return None
        if rule.kind in ("first", "last"):
            return time_of(self.view.figure(rule.name, of))
        kinds = b.kinds(rule.per)
        if not kinds:
            return _known(rule, self.view.figure(rule.name, of))
        for kind in kinds:
            if not kind.word:
                return self._window(rule, of, b.Basis(kind, "", self.today), ending)
        if basis is None or basis.per not in kinds:
            return None
        if basis.per.days:
            return self._window(rule, b.windowed(of, basis.scope), basis, ending)
        return _known(rule, self.view.figure(rule.name, of, basis.scope))

    def _window(self, rule: FigureRule, of: str, basis: b.Basis, ending: str) -> Any:
        window = self.view.window(rule.name, of, basis.since, basis.until)
        if ending:
            return (window.first if ending == "_first" else window.last) if window else None
        return _known(rule, window.total if window else None)


def _source(book: Book, name: str) -> Source:
    """Where the value of a name is found that the record's own values do not give."""
    if name in _HEAD:
        return lambda names: getattr(names.record, name)
    if name == "opened_at":
        return lambda names: names.view.opened_at(names.record)
    ref, dot, attribute = name.partition(".")
    if dot:
        return lambda names: names.through(ref, attribute)
    rule = book.figure(name)
    if rule is None:
        return lambda names: None
    found, ending = rule, name.removeprefix(rule.name)
    return lambda names: names.figure(found, ending)


def _known(rule: FigureRule, value: Decimal | None) -> Decimal | None:
    # nothing counted is 0; a sum of which nobody ever gave a part is unknown (B06)
    return Decimal(0) if value is None and rule.kind == "count" else value


def subjects_of(parts: list[Any]) -> tuple[str, ...]:
    """The keys of a figure's subjects; several where there is one field with several values, as they are looked up."""
    if len(parts) == 1 and isinstance(parts[0], tuple):
        return tuple(dict.fromkeys(index_of(p) for p in parts[0] if p not in (None, "")))
    key = subject_key(parts)
    return (key,) if key else ()


def subject_key(parts: list[Any]) -> str:
    """The key of a figure's subject from the fields that name it; "" where one of them is unknown."""
    if len(parts) == 1:
        return "" if parts[0] in _UNKNOWN else str(parts[0]).strip()
    return "" if any(p in _UNKNOWN for p in parts) else "|".join([str(p).strip() for p in parts])

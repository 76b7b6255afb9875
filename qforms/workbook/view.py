"""What the book shows, as frozen values: the daemon fills a `View` from the ledger, `sheets` lays it out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, Literal

from qforms.forms.shown import filled
from qforms.model import (
    EMPTY,
    Catalogue,
    Clock,
    ClockRule,
    Conflict,
    Field,
    Lang,
    Letter,
    Record,
    Rulebook,
    Task,
    Text,
)

Kind = Literal[
    "mark", "text", "long", "code", "person", "dt", "date", "count", "money", "permille", "left", "link", "id"
]
NOTHING = Text("")
ENDED = timedelta(days=62)  # a deadline that ended is listed so long
Cell = str | int | Decimal | datetime | date | None  # times are naive, in the company's zone


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that waits for somebody: unsure, held, without an answer. `key` is the digest of its delivery."""

    key: str
    received_at: datetime
    sender: str
    subject: str
    reason: Text
    case_no: str = ""
    link: str = ""


@dataclass(frozen=True)
class View:
    """Everything the book and the board show, as of one moment.

    `records` by form, oldest first; `clocks` open and recently ended; `letters` those in trial or on hold. `rates`:
    mechanism group -> (defective units, shipped units) of the basis that decides. `links`: number -> address of its
    document or folder, relative to the book; a delivery's digest -> its original."""

    company: str
    as_of: datetime
    zone: tzinfo
    records: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    clocks: tuple[Clock, ...] = ()
    tasks: tuple[Task, ...] = ()
    letters: tuple[Letter, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    mails: tuple[Mail, ...] = ()
    rulebook: Rulebook = field(default_factory=lambda: Rulebook({}))
    rates: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    ready: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # form -> numbers kept ready or void
    void: frozenset[str] = frozenset()  # numbers that were kept ready and will never be used
    waits: tuple[datetime, str] | None = None  # since when the book could not be written, and why

    @cached_property
    def by_number(self) -> Mapping[str, Record]:
        return {r.number: r for records in self.records.values() for r in records}

    @cached_property
    def clocks_of(self) -> Mapping[str, tuple[Clock, ...]]:
        """Clocks by their subject; timers, which are nobody's obligation, and cancelled ones are left out."""
        found: dict[str, list[Clock]] = {}
        for clock in self.shown_clocks:
            found.setdefault(clock.subject, []).append(clock)
        return {subject: tuple(clocks) for subject, clocks in found.items()}

    @cached_property
    def shown_clocks(self) -> tuple[Clock, ...]:
        timers = {rule.name for rule in self.rulebook.clocks if rule.timer and not rule.owner.names}
        return tuple(c for c in self.clocks if c.state != "cancelled" and c.rule not in timers)

    @cached_property
    def of_case(self) -> Mapping[str, tuple[Record, ...]]:
        """Records by the case they belong to, without the complaints themselves."""
        found: dict[str, list[Record]] = {}
        for record in self.by_number.values():
            if record.case_no and record.case_no != record.number:
                found.setdefault(record.case_no, []).append(record)
        return {case: tuple(records) for case, records in found.items()}

    @cached_property
    def recent_clocks(self) -> tuple[Clock, ...]:
        """Those that run or ended lately: what 时限 lists."""
        return tuple(c for c in self.shown_clocks if c.met_at is None or c.met_at > self.as_of - ENDED)

    def local(self, at: datetime | None) -> datetime | None:
        """A time as the book shows it: naive, to the minute, in the company's zone."""
        return None if at is None else at.astimezone(self.zone).replace(tzinfo=None, second=0, microsecond=0)

    @cached_property
    def _rule(self) -> Callable[..., ClockRule | None]:
        """The rule of a clock: asked for again with each of its rows."""
        return cache(self.rulebook.clock)

    def clock_title(self, rule: str, lang: Lang) -> str:
        known = self._rule(rule)
        return known.title[lang] or rule if known else rule

    def clock_ask(self, clock: Clock, catalogue: Catalogue, lang: Lang) -> str:
        """What a clock asks for; that of a list's row with what stands in the row."""
        record = self.by_number.get(clock.subject)
        known = self._rule(clock.rule, record.form if record else "")
        text = known.ask[lang] or known.title[lang] or clock.rule if known else clock.rule
        if known is None or record is None or "{" not in text:
            return text
        rows = record.values.get(known.each) or ()
        at = int(clock.rule.partition("#")[2] or 1) - 1
        values = {**record.values, known.each: rows[at : at + 1]}
        return filled(text, catalogue.form(record.form), values, catalogue, lang, known.each)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet. `office`: the office writes it; `words` are offered in its list, alone if `strict`.

    `field` is the field of the sheet's form that it shows; None where the book computes it."""

    key: str
    label: Text
    kind: Kind
    width: float
    office: bool = False
    words: tuple[str, ...] = ()
    strict: bool = False
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row: `id` is unique in the book ("complaint/TS-202605-0007", "task/…"); `cells` and `links` by column."""

    id: str
    revision: int
    cells: Mapping[str, Cell]
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet to be shown. `form` names the form whose records its rows are ("" where they are none)."""

    key: str
    title: Text
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    form: str = ""
    freeze: str = ""  # the last column that stays in sight
    pages: int = 1  # pages wide when printed
    front: bool = False  # one of the nine that always stand in front
    summary: Text = NOTHING
    passing: bool = False  # stands in the book only while it holds something

    @property
    def fields(self) -> Mapping[str, Column]:
        return {c.key: c for c in self.columns if c.field is not None}


@dataclass(frozen=True)
class Shown:
    """What is to stand in the book: the view laid out, and the figures of the board (None: a book without one)."""

    view: View
    sheets: tuple[Sheet, ...]
    figures: Any
    lang: Lang

    @property
    def as_of(self) -> datetime:
        """The view's moment as the book shows it: naive, in the company's zone."""
        at = self.view.local(self.view.as_of)
        assert at is not None
        return at


def values_of(record: Record) -> Mapping[str, Any]:
    """A record's values with what belongs to the record itself."""
    own = {"number": record.number, "revision": record.issue, "status": record.status, "case_no": record.case_no}
    times = {"received_at": record.received_at} if record.received_at else EMPTY
    return {**times, **record.values, **own}

"""What the ledger was asked and what it wrote, kept from one transaction to the next while nobody else writes.

A memory belongs to one database connection and to the state in which that connection last saw the file: SQLite tells by
`data_version` whether anybody else has committed since. Where several machines write (PostgreSQL) each transaction
begins with an empty one. A transaction that is rolled back leaves none behind."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal

from qforms.model import Clock, Conflict, Letter, Record, Task, Window

FigureKey = tuple[str, str, str]  # name, of, scope
LookupKey = tuple[str, str, str]  # form, field, indexed value
MOST = 3000  # records; a memory that has grown beyond it is forgotten whole, and what is needed is asked for anew


class Days:
    """A figure's days from `first` to `last` ("day:2026-05-11"), and what they come to together: kept, not added up."""

    __slots__ = ("days", "first", "last", "window")

    def __init__(self, first: str, last: str, days: dict[str, Decimal]) -> None:
        self.first, self.last, self.days = first, last, days
        self.window = self._whole()

    def _whole(self) -> Window | None:
        live = sorted(day for day, value in self.days.items() if value)
        if not live:
            return Window(Decimal(0), None, None) if self.days else None
        return Window(sum((self.days[day] for day in live), Decimal(0)), _date(live[0]), _date(live[-1]))

    def put(self, day: str, value: Decimal) -> None:
        """What a day is now. Only when the first or last one comes to nothing are all looked through."""
        old, was = self.window, self.days.get(day)
        if not self.first <= day <= self.last or was == value:
            return
        self.days[day] = value
        if old is None or old.first is None or old.last is None or not value:
            self.window = self._whole()
        else:
            at, total = _date(day), old.total + value - (was or 0)
            self.window = Window(total, min(old.first, at), max(old.last, at))


def _date(day: str) -> date:
    return date.fromisoformat(day[4:])


class Memory:
    """Answers by what they were asked for; None, or an empty answer, is one too."""

    def __init__(self, version: object = None) -> None:
        self.version = version  # of the database, as last seen
        self.born: set[str] = set()  # numbers given here: all that there is about them is known
        self.records: dict[str, Record | None] = {}
        self.found: dict[LookupKey, dict[str, None]] = {}
        self.answers: dict[LookupKey, tuple[Record, ...]] = {}  # what was found, in order, until one of them changes
        self.all: dict[str, dict[str, None]] = {}
        self.cases: dict[str, dict[str, None]] = {}
        self.figures: dict[FigureKey, Decimal | None] = {}
        self.days: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)  # figures by day, written here
        self.scopes: dict[tuple[str, str], dict[str, None]] = {}
        self.windows: dict[tuple[str, str], Days] = {}
        self.clocks: dict[str, dict[str, Clock]] = {}
        self.counters: dict[str, int] = {}
        self.tokens: dict[str, str | None] = {}
        self.unreserved = ("~", "")  # from and to which token all reserved ones are known
        self.tasks: dict[str, Task | None] = {}
        self.tasks_on: dict[str, dict[str, None]] = {}  # record -> keys of its tasks
        self.conflicts: dict[str, list[Conflict]] = {}
        self.letters: dict[str, Letter] = {}  # by key
        self.message_ids: dict[str, str] = {}  # Message-ID -> key of the letter; "" where it is none of ours
        self.links: dict[str, str] = {}  # the last link of the chain of each record
        self.replies: dict[str, list[datetime]] = {}  # automatic letters of the last days, by address

    def full(self) -> bool:
        """Has it grown beyond what a daemon should hold?"""
        return len(self.records) > MOST or len(self.found) > 8 * MOST or len(self.figures) > 8 * MOST

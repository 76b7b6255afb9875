"""Facts kept in memory: what the ledger keeps, for the rules' own tests (`qforms check`) and for trying things out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from qforms.model import (
    AUTOMATIC,
    Catalogue,
    Clock,
    Conflict,
    Entry,
    Judgement,
    Letter,
    LetterIntent,
    Reading,
    Record,
    Task,
    Value,
    Window,
)
from qforms.rules.view import index_of, newest_first, values_at


class MemoryFacts:
    """`model.Facts` with `apply`: what `Transaction.write` does to the ledger, done to dictionaries."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.records: dict[str, Record] = {}
        self.revisions: dict[tuple[str, int], Record] = {}
        self.figures: dict[tuple[str, str, str], Decimal] = {}
        self.tokens: dict[str, str] = {}
        self.counters: dict[str, int] = {}
        self.clocks_: dict[tuple[str, str], Clock] = {}
        self.tasks_: dict[str, Task] = {}
        self.letters: dict[str, Letter] = {}
        self.entries: list[Entry] = []
        self._index: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
        self._seen: set[str] = set()
        self._digests: set[str] = set()
        self._replies: list[tuple[str, datetime]] = []
        self._conflicts: dict[str, list[Conflict]] = defaultdict(list)

    def apply(self, judgement: Judgement, now: datetime, reading: Reading | None = None) -> None:
        """Takes in all that a judgement changes."""
        if reading is not None:
            self._seen.add(reading.key)
            self._digests.add(reading.delivery.digest)
        for record in judgement.records:
            self._put(record)
        for clock in judgement.clocks:
            self.clocks_[clock.subject, clock.rule] = clock
        for task in judgement.tasks:
            self.tasks_[task.key] = task
        for intent in judgement.letters:
            self._owe(intent, now)
        for change in judgement.figures:
            key = (change.name, change.of, change.scope)
            self.figures[key] = self.figures.get(key, Decimal(0)) + change.amount
        self.tokens |= dict(judgement.tokens)
        self.counters |= judgement.counters
        self.entries += judgement.entries
        for outcome in judgement.outcomes:
            for conflict in outcome.conflicts:
                self._conflicts[conflict.number].append(conflict)

    def due(self, now: datetime) -> list[Clock]:
        """The clocks whose next rung is due, in time order."""
        found = (c for c in self.clocks_.values() if c.next_at is not None and c.next_at <= now)
        return sorted(found, key=lambda c: (c.next_at, c.subject, c.rule))

    def _put(self, record: Record) -> None:
        old = self.records.get(record.number)
        for field in self.catalogue.looked_up(record.form):
            for value in values_at(old, field) if old else ():
                self._index[record.form, field, value].pop(record.number, None)
            for value in values_at(record, field):
                self._index[record.form, field, value][record.number] = None
        self.records[record.number] = record
        self.revisions[record.number, record.revision] = record

    def _owe(self, intent: LetterIntent, now: datetime) -> None:
        if intent.key in self.letters:
            return
        self.letters[intent.key] = Letter(intent, "owed", f"<{intent.key}>")
        if intent.kind in AUTOMATIC:
            self._replies += [(address, now) for address in intent.to]

    # ---- Facts

    def seen(self, key: str) -> bool:
        return key in self._seen

    def digest_seen(self, digest: str) -> bool:
        return digest in self._digests

    def record(self, number: str) -> Record | None:
        return self.records.get(number)

    def revision(self, number: str, revision: int) -> Record | None:
        return self.revisions.get((number, revision))

    def find(self, form: str, fld: str, value: Value) -> tuple[Record, ...]:
        return newest_first(self.records[n] for n in self._index.get((form, fld, index_of(value)), ()))

    def members(self, form: str, fld: str, value: Value) -> tuple[Record, ...]:
        return self.find(form, fld, value)

    def all(self, form: str) -> tuple[Record, ...]:
        return tuple(r for r in self.records.values() if r.form == form)

    def case(self, case_no: str) -> tuple[Record, ...]:
        return tuple(r for r in self.records.values() if case_no and r.case_no == case_no)

    def letter(self, message_id: str) -> Letter | None:
        return next((x for x in self.letters.values() if x.message_id == message_id), None)

    def letter_by_key(self, key: str) -> Letter | None:
        return self.letters.get(key)

    def letter_by_code(self, code: str) -> Letter | None:
        return next((x for x in self.letters.values() if code and x.intent.code == code), None)

    def clocks(self, subject: str) -> tuple[Clock, ...]:
        return tuple(c for (number, _), c in self.clocks_.items() if number == subject)

    def task(self, key: str) -> Task | None:
        return self.tasks_.get(key)

    def tasks(self, number: str) -> tuple[Task, ...]:
        return tuple(k for k in self.tasks_.values() if k.number == number and k.state == "open")

    def figure(self, name: str, of: str, scope: str = "") -> Decimal | None:
        return self.figures.get((name, of, scope))

    def scopes(self, name: str, of: str) -> tuple[str, ...]:
        mine = (s for n, o, s in self.figures if n == name and o == of)
        return tuple(sorted(s for s in mine if s and not s.startswith("day:")))

    def window(self, name: str, of: str, since: date, until: date) -> Window | None:
        days = {s: v for (n, o, s), v in self.figures.items() if n == name and o == of and s.startswith("day:")}
        within = {d: v for s, v in days.items() if since <= (d := date.fromisoformat(s[4:])) <= until}
        live = sorted(d for d, v in within.items() if v)
        if not live:
            return Window(Decimal(0), None, None) if within else None
        return Window(sum((within[d] for d in live), Decimal(0)), live[0], live[-1])

    def token(self, token: str) -> str | None:
        return self.tokens.get(token)

    def counter(self, series: str) -> int:
        return self.counters.get(series, 0)

    def conflicts(self, number: str) -> tuple[Conflict, ...]:
        return tuple(self._conflicts[number])

    def replies_today(self, address: str, now: datetime) -> int:
        return sum(a == address and at > now - timedelta(days=1) for a, at in self._replies)


def put(facts: MemoryFacts, records: Iterable[Record]) -> None:
    """Lays records down as they are, without judging them: departments and persons."""
    for record in records:
        facts._put(record)

"""What the ledger holds, with the changes of the delivery being judged laid over it."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from qforms.model import EMPTY, Clock, Entry, Facts, FigureChange, LetterIntent, Record, Task, Value, Values, Window

FigureKey = tuple[str, str]  # name, of


def index_of(value: Value) -> str:
    """A value as the index compares it: without case and outer blanks."""
    return str(value).strip().casefold()[:200]


def values_at(record: Record, fld: str) -> tuple[str, ...]:
    """The indexed values of a field, one or many; nothing where it is unknown."""
    value = record.values.get(fld)
    many = value if isinstance(value, (tuple, list)) else (value,)
    return tuple(index_of(v) for v in many if v not in (None, ""))


class View:
    """Facts plus changes. Everything the judgement will consist of is gathered here; `copy` allows a step back."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.records: dict[str, Record] = {}
        self.forms: set[str] = set()  # of those records
        self.written: list[str] = []  # numbers, in the order in which records were put
        self.fresh: set[str] = set()  # numbers given here: nobody has heard of them before
        self.figures: dict[FigureKey, dict[str, Decimal]] = {}  # what was added, by scope
        self.moves = 0  # how often
        self.version = 0  # how often anything changed that names may stand for
        self.tokens: dict[str, str] = {}
        self.counters: dict[str, int] = {}
        self.clocks_: dict[tuple[str, str], Clock] = {}  # (subject, rule)
        self.tasks: dict[str, Task] = {}
        self.letters: dict[str, LetterIntent] = {}
        self.entries: list[Entry] = []

    def snapshot(self) -> dict[str, object]:
        return {k: (v.copy() if isinstance(v, (dict, list, set)) else v) for k, v in vars(self).items()}

    def restore(self, snapshot: dict[str, object]) -> None:
        vars(self).update(snapshot)

    # ---- records

    def base(self, number: str) -> Record | None:
        """The record as it was before this delivery."""
        return self.facts.record(number) if number and number not in self.fresh else None

    def record(self, number: str) -> Record | None:
        return self.records.get(number) or self.base(number)

    def put(self, record: Record) -> Record:
        """A record as it stands from now on."""
        self.records[record.number] = record
        self.forms.add(record.form)
        self.written.append(record.number)
        self.version += 1
        return record

    def opened_at(self, record: Record) -> object:
        """When its first revision was made."""
        if record.revision == 0:
            return record.at
        first = self.facts.revision(record.number, 0)
        return first.at if first else record.at

    def find(self, form: str, fld: str, value: Value) -> tuple[Record, ...]:
        """Records whose key or ref field has that value, the newest first: some hundred of them at most."""
        return self._with_own(self.facts.find(form, fld, value), form, fld, value)

    def members(self, form: str, fld: str, value: Value) -> tuple[Record, ...]:
        """All of them: for what has to be exact, and happens seldom."""
        return self._with_own(newest_first(self.facts.members(form, fld, value)), form, fld, value)

    def _with_own(self, stored: tuple[Record, ...], form: str, fld: str, value: Value) -> tuple[Record, ...]:
        """What is stored, the newest first, with the records of this judgement in their places."""
        if form not in self.forms:
            return stored
        own = [r for r in self.records.values() if r.form == form]
        key = index_of(value)
        mine = newest_first(r for r in own if key in values_at(r, fld))
        rest = tuple(r for r in stored if r.number not in self.records)
        if not (mine and rest) or age(mine[-1]) > age(rest[0]):  # as a rule what is judged is the newest
            return mine + rest
        return newest_first(mine + rest)

    def case(self, case_no: str) -> tuple[Record, ...]:
        found = {r.number: self.record(r.number) or r for r in self.facts.case(case_no)}
        found |= {r.number: r for r in self.records.values() if r.case_no == case_no}
        return tuple(found.values())

    def all(self, form: str) -> tuple[Record, ...]:
        if form not in self.forms:
            return self.facts.all(form)
        found = {r.number: self.record(r.number) or r for r in self.facts.all(form)}
        found |= {r.number: r for r in self.records.values() if r.form == form}
        return tuple(found.values())

    # ---- figures, tokens, counters

    def figure(self, name: str, of: str, scope: str = "") -> Decimal | None:
        stored = None if of in self.fresh else self.facts.figure(name, of, scope)
        added = self.figures.get((name, of), EMPTY).get(scope)
        return stored if added is None else (stored or Decimal(0)) + added

    def scopes(self, name: str, of: str) -> tuple[str, ...]:
        stored = self.facts.scopes(name, of) if of not in self.fresh else ()
        mine = [s for s in self.figures.get((name, of), ()) if s and not s.startswith("day:") and s not in stored]
        return tuple(sorted((*stored, *mine))) if mine else stored

    def window(self, name: str, of: str, since: date, until: date) -> Window | None:
        """A figure over the days from `since` to `until`, both included."""
        stored = self.facts.window(name, of, since, until) if of.partition("|")[0] not in self.fresh else None
        own = self.figures.get((name, of))
        if not own:
            return stored
        first, last = f"day:{since.isoformat()}", f"day:{until.isoformat()}"
        added = [s for s in own if first <= s <= last]
        if not added:
            return stored
        total = sum((own[s] for s in added), stored.total if stored else Decimal(0))
        return Window(total, *self._ends(name, of, stored, {date.fromisoformat(s[4:]) for s in added}))

    def _ends(self, name: str, of: str, stored: Window | None, touched: set[date]) -> tuple[date | None, date | None]:
        """First and last day on which the figure is not 0, when `touched` days changed."""
        known = [d for d in (stored.first, stored.last) if d] if stored else []
        live = [d for d in touched if self.figure(name, of, f"day:{d.isoformat()}")]
        gone = touched.difference(live)
        if stored and gone.intersection(known):
            first, last = min([*known, *live]), max([*known, *live])
            live += self._between(name, of, first, last, gone)
            known = []
        days = [*known, *live]
        return (min(days), max(days)) if days else (None, None)

    def _between(self, name: str, of: str, first: date, last: date, gone: set[date]) -> list[date]:
        """The outermost stored days that are left when days fell to 0: at most one query a day that is gone."""
        found: list[date] = []
        for step in (1, -1):
            since, until = first, last
            while window := self.facts.window(name, of, since, until):
                end = window.first if step == 1 else window.last
                if end is None or end not in gone:
                    found += [end] if end else []
                    break
                since, until = (_next(end, 1), until) if step == 1 else (since, _next(end, -1))
                if since > until:
                    break
        return found

    def add(self, name: str, of: str, scope: str, amount: Decimal) -> None:
        if amount:
            self.moves += 1
            self.version += 1
            own = self.figures.get((name, of), EMPTY)  # a new one: a step back is taken by the old ones
            self.figures[name, of] = {**own, scope: own.get(scope, Decimal(0)) + amount}

    def changes(self) -> tuple[FigureChange, ...]:
        changed = ((name, of, scope, v) for (name, of), own in self.figures.items() for scope, v in own.items())
        return tuple(FigureChange(*change) for change in sorted(changed) if change[3])

    def token(self, token: str) -> str:
        """The number that holds a distinct token; "" when nobody does."""
        return self.tokens[token] if token in self.tokens else (self.facts.token(token) or "")

    def next_of(self, series: str) -> int:
        """The next number of a series; numbers are never given twice."""
        last = self.counters.get(series)
        self.counters[series] = (self.facts.counter(series) if last is None else last) + 1
        return self.counters[series]

    def passed(self, series: str, number: int) -> None:
        """A number of a series was given by hand: the next one comes after it."""
        last = self.counters.get(series)
        self.counters[series] = max(self.facts.counter(series) if last is None else last, number)

    # ---- clocks, tasks

    def clocks(self, subject: str) -> dict[str, Clock]:
        """The clocks of a record by rule."""
        found = {c.rule: c for c in self.facts.clocks(subject)} if subject not in self.fresh else {}
        return found | {rule: c for (number, rule), c in self.clocks_.items() if number == subject}

    def put_clock(self, clock: Clock) -> None:
        self.clocks_[clock.subject, clock.rule] = clock

    def task(self, key: str) -> Task | None:
        return self.tasks.get(key) or (self.facts.task(key) if key.partition(":")[2] not in self.fresh else None)

    def tasks_on(self, number: str) -> tuple[Task, ...]:
        """The open tasks on a record."""
        found = {k.key: k for k in self.facts.tasks(number)} if number not in self.fresh else {}
        found |= {k.key: k for k in self.tasks.values() if k.number == number}
        return tuple(k for k in found.values() if k.state == "open")

    def put_task(self, task: Task) -> bool:
        """Opens a task; the same key again changes nothing."""
        if self.task(task.key) is not None:
            return False
        self.tasks[task.key] = task
        return True

    def close_task(self, key: str) -> None:
        task = self.task(key)
        if task is not None and task.state == "open":
            self.tasks[key] = dc.replace(task, state="done")


def saying(r: Record, values: Values) -> Record:
    """The record with other values: what `dataclasses.replace` gives, at a fraction of its cost."""
    return Record(r.form, r.number, r.revision, r.status, r.case_no, values, r.origin, r.received_at, r.by, r.at)


def _next(day: date, step: int) -> date:
    return date.fromordinal(day.toordinal() + step)


def newest_first(records: Iterable[Record]) -> tuple[Record, ...]:
    return tuple(sorted(records, key=age, reverse=True))


def age(record: Record) -> tuple[float, str]:
    """Sorts records by when they were received, then by number."""
    at = record.received_at or record.at
    return (at.timestamp() if at else 0.0, record.number)

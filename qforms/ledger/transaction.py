"""One transaction: the facts that admission and the rules ask for, and the rows they owe, gathered and written at once.

What one delivery writes is seen by the next of the same group through the caches here, before anything is flushed.
A delivery's rows are added only when it has been judged to the end; the whole group is committed or none of it."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from qforms import stamp
from qforms.ledger import rows
from qforms.ledger import tables as t
from qforms.model import (
    Catalogue,
    Clock,
    Conflict,
    Entry,
    FigureChange,
    Judgement,
    Letter,
    LetterIntent,
    Outcome,
    Problem,
    Reading,
    Record,
    Task,
    Value,
    Window,
)

_FIND = select(t.lookup.c.number).where(
    t.lookup.c.form == bindparam("form"), t.lookup.c.field == bindparam("field"), t.lookup.c.value == bindparam("value")
)
_RECORD = select(t.record).where(t.record.c.number == bindparam("number"))
_FIGURE = select(t.figure.c.value).where(
    t.figure.c.name == bindparam("name"), t.figure.c.of == bindparam("of"), t.figure.c.scope == bindparam("scope")
)
_SCOPES = select(t.figure.c.scope, t.figure.c.value).where(
    t.figure.c.name == bindparam("name"), t.figure.c.of == bindparam("of"), ~t.figure.c.scope.like("day:%")
)
_WINDOW = select(t.figure.c.scope, t.figure.c.value).where(
    t.figure.c.name == bindparam("name"),
    t.figure.c.of == bindparam("of"),
    t.figure.c.scope.between(bindparam("since"), bindparam("until")),
)
_CLOCKS = select(t.clock).where(t.clock.c.subject == bindparam("subject"))
_REFERENCE_FORMS_MAX = 5000

FigureKey = tuple[str, str, str]


class Transaction:
    """`model.Facts` over one database transaction, and `write`. Made by `Ledger.begin`; never used after it ended."""

    def __init__(self, connection: Connection, catalogue: Catalogue, domain: str) -> None:
        self._db = connection
        self._catalogue = catalogue
        self._domain = domain
        self._seen: dict[str, bool] = {}
        self._records: dict[str, Record | None] = {}
        self._found: dict[tuple[str, str, str], dict[str, None]] = {}
        self._figures: dict[FigureKey, Decimal | None] = {}
        self._days: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)  # figures by day, written here
        self._clocks: dict[str, dict[str, Clock]] = {}
        self._counters: dict[str, int] = {}
        self._tokens: dict[str, str | None] = {}
        self._tasks: dict[str, Task | None] = {}
        self._letters: dict[str, Letter] = {}  # written here, by key
        self._replies: list[tuple[str, datetime]] = []
        self._conflicts: dict[str, list[Conflict]] = {}
        self._all: dict[str, dict[str, None]] = {}
        self._new: set[str] = set()
        self._touched: set[str] = set()
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._dirty: dict[str, dict[Any, Any]] = defaultdict(dict)  # table -> key -> what is to be put
        self._unlook: list[str] = []

    # ------------------------------------------------------------ facts

    def prefetch(self, readings: Iterable[Reading]) -> None:
        """Fetches for a whole group at once what every reading is asked for: was it here before?"""
        keys = [r.key for r in readings]
        found = set(self._db.scalars(select(t.delivery.c.key).where(t.delivery.c.key.in_(keys)))) if keys else set()
        self._seen |= {k: k in found for k in keys}

    def seen(self, key: str) -> bool:
        if key not in self._seen:
            self._seen[key] = self._one(select(t.delivery.c.key).where(t.delivery.c.key == key)) is not None
        return self._seen[key]

    def digest_seen(self, digest: str) -> bool:
        """Did a delivery with the very same bytes come before, under whatever key?"""
        return self._one(select(t.delivery.c.id).where(t.delivery.c.digest == digest)) is not None

    def record(self, number: str) -> Record | None:
        if number not in self._records:
            row = self._db.execute(_RECORD, {"number": number}).mappings().first()
            self._records[number] = rows.record_of(row, self._catalogue) if row else None
        return self._records[number]

    def revision(self, number: str, revision: int) -> Record | None:
        now = self.record(number)
        if now is None or now.revision == revision:
            return now
        query = select(t.revision).where(t.revision.c.number == number, t.revision.c.revision == revision)
        row = self._db.execute(query).mappings().first()
        if row is None:
            return None
        whole = {**row, "form": now.form, "case_no": now.case_no, "received_at": now.received_at}
        return rows.record_of(whole, self._catalogue)

    def find(self, form: str, fld: str, value: Value) -> tuple[Record, ...]:
        """Present records whose key or ref field has that value, the newest first."""
        key = (form, fld, rows.key_of(value))
        if key not in self._found:
            found = self._db.scalars(_FIND, dict(zip(("form", "field", "value"), key, strict=True)))
            self._found[key] = dict.fromkeys(found)
        known = [r for n in self._found[key] if (r := self.record(n)) is not None and self._has(r, fld, key[2])]
        return tuple(sorted(known, key=lambda r: (r.received_at is not None, r.received_at, r.number), reverse=True))

    def all(self, form: str) -> tuple[Record, ...]:
        """All records of a reference form (departments, persons), oldest first."""
        if form not in self._all:
            query = select(t.record).where(t.record.c.form == form).order_by(t.record.c.seq).limit(_REFERENCE_FORMS_MAX)
            for row in self._db.execute(query).mappings():
                self._records.setdefault(row["number"], rows.record_of(row, self._catalogue))
            written = (r for n in self._touched if (r := self._records[n]) is not None and r.form == form)
            stored = self._db.scalars(select(t.record.c.number).where(t.record.c.form == form).order_by(t.record.c.seq))
            self._all[form] = dict.fromkeys([*stored, *(r.number for r in written)])
        return tuple(r for n in self._all[form] if (r := self.record(n)) is not None)

    def case(self, case_no: str) -> tuple[Record, ...]:
        if not case_no:
            return ()
        stored = self._db.scalars(
            select(t.record.c.number).where(t.record.c.case_no == case_no).order_by(t.record.c.seq)
        )
        written = (n for n in self._touched if (r := self._records[n]) is not None and r.case_no == case_no)
        numbers = dict.fromkeys([*stored, *sorted(written)])
        return tuple(r for n in numbers if (r := self.record(n)) is not None and r.case_no == case_no)

    def letter(self, message_id: str) -> Letter | None:
        for letter in self._letters.values():
            if letter.message_id == message_id:
                return letter
        return self._letter(t.letter.c.message_id == message_id)

    def letter_by_code(self, code: str) -> Letter | None:
        for letter in self._letters.values():
            if code and letter.intent.code == code:
                return letter
        return self._letter(t.letter.c.code == code) if code else None

    def letter_by_key(self, key: str) -> Letter | None:
        return self._letters.get(key) or self._letter(t.letter.c.key == key)

    def clocks(self, subject: str) -> tuple[Clock, ...]:
        if subject not in self._clocks:
            found = self._db.execute(_CLOCKS, {"subject": subject}).mappings()
            self._clocks[subject] = {row["rule"]: rows.clock_of(row) for row in found}
        return tuple(self._clocks[subject].values())

    def task(self, key: str) -> Task | None:
        if key not in self._tasks:
            row = self._db.execute(select(t.task).where(t.task.c.key == key)).mappings().first()
            self._tasks[key] = rows.task_of(row) if row else None
        return self._tasks[key]

    def tasks(self, number: str) -> tuple[Task, ...]:
        """The open tasks on a record."""
        query = select(t.task).where(t.task.c.number == number, t.task.c.state == "open")
        for row in self._db.execute(query).mappings():
            self._tasks.setdefault(row["key"], rows.task_of(row))
        return tuple(k for k in self._tasks.values() if k is not None and k.number == number and k.state == "open")

    def figure(self, name: str, of: str, scope: str = "") -> Decimal | None:
        key = (name, of, scope)
        if key not in self._figures:
            self._figures[key] = self._db.scalar(_FIGURE, dict(zip(("name", "of", "scope"), key, strict=True)))
        return self._figures[key]

    def scopes(self, name: str, of: str) -> tuple[str, ...]:
        for row in self._db.execute(_SCOPES, {"name": name, "of": of}):
            self._figures.setdefault((name, of, row.scope), row.value)
        mine = (k for k, v in self._figures.items() if k[:2] == (name, of) and v is not None)
        return tuple(sorted(scope for _, _, scope in mine if scope and not scope.startswith("day:")))

    def window(self, name: str, of: str, since: date, until: date) -> Window | None:
        first, last = f"day:{since.isoformat()}", f"day:{until.isoformat()}"
        found = self._db.execute(_WINDOW, {"name": name, "of": of, "since": first, "until": last})
        days = {row.scope: row.value for row in found}
        days |= {day: value for day, value in self._days[name, of].items() if first <= day <= last}
        known = sorted(day for day, value in days.items() if value)
        if not known:
            return None if not days else Window(Decimal(0), None, None)
        ends = [date.fromisoformat(day[4:]) for day in (known[0], known[-1])]
        return Window(sum((days[day] for day in known), Decimal(0)), ends[0], ends[1])

    def token(self, token: str) -> str | None:
        if token not in self._tokens:
            self._tokens[token] = self._one(select(t.token.c.number).where(t.token.c.token == token))
        return self._tokens[token]

    def counter(self, series: str) -> int:
        if series not in self._counters:
            self._counters[series] = self._one(select(t.counter.c.last).where(t.counter.c.series == series)) or 0
        return self._counters[series]

    def conflicts(self, number: str) -> tuple[Conflict, ...]:
        if number not in self._conflicts:
            record = self.record(number)
            query = select(t.conflict).where(t.conflict.c.number == number, t.conflict.c.state == "open")
            found = self._db.execute(query).mappings() if record else ()
            self._conflicts[number] = [rows.conflict_of(r, record.form, self._catalogue) for r in found if record]
        return tuple(self._conflicts[number])

    def replies_today(self, address: str, now: datetime) -> int:
        since = now - timedelta(days=1)
        query = select(t.reply.c.id).where(t.reply.c.address == address, t.reply.c.at > since).limit(1000)
        return len(self._db.execute(query).all()) + sum(a == address and at > since for a, at in self._replies)

    # ------------------------------------------------------------ writing

    def write(self, reading: Reading | None, judgement: Judgement, now: datetime) -> None:
        """Adds all that one delivery (None: a clock) changes. Nothing reaches the database before `flush`."""
        if reading is not None:
            self._write_delivery(reading, judgement.outcomes, now)
        for record in judgement.records:
            self._write_record(record)
        for clock in judgement.clocks:
            self.clocks(clock.subject)
            self._clocks[clock.subject][clock.rule] = clock
            self._dirty["clock"][clock.rule, clock.subject] = rows.clock_row(clock)
        for task in judgement.tasks:
            self._tasks[task.key] = task
            self._dirty["task"][task.key] = rows.task_row(task)
        for intent in judgement.letters:
            self._write_letter(intent, now)
        for change in judgement.figures:
            self._write_figure(change)
        for token, number in judgement.tokens:
            self._tokens[token] = number
            self._dirty["token"][token] = {"token": token, "number": number}
        for series, last in judgement.counters.items():
            self._counters[series] = last
            self._dirty["counter"][series] = {"series": series, "last": last}
        self._rows["entry"] += [rows.entry_row(e) for e in judgement.entries]
        for outcome in judgement.outcomes:
            for conflict in outcome.conflicts:
                self._write_conflict(conflict)
            if outcome.reason and outcome.reason.code == "bounced" and outcome.letter_key:
                self._bounced(outcome.letter_key, outcome.reason)

    def note_delivery(self, reading: Reading, outcome: Outcome, now: datetime) -> None:
        """Records a delivery that changes nothing (a bug held it, or it was refused before it was judged)."""
        self._write_delivery(reading, (outcome,), now)

    def due(self, now: datetime) -> Clock | None:
        """The clock whose next rung is due first, as it stands inside this transaction."""
        self.flush()
        query = select(t.clock).where(t.clock.c.next_at <= now).order_by(t.clock.c.next_at).limit(1)
        row = self._db.execute(query).mappings().first()
        return rows.clock_of(row) if row else None

    def rings_before(self, at: datetime) -> bool:
        """Does a clock written in this transaction ring before `at`?"""
        written = (c.next_at for by_rule in self._clocks.values() for c in by_rule.values())
        return any(t < at for t in written if t is not None)

    def set_letter(self, letter: Letter) -> None:
        """What became of a letter."""
        self._letters[letter.intent.key] = letter
        values = rows.letter_row(letter)
        kept = ("subject", "state", "digest", "attempts", "sent_at", "last_error", "refused", "next_try")
        self._db.execute(
            update(t.letter).where(t.letter.c.key == letter.intent.key).values({name: values[name] for name in kept})
        )

    def postpone(self, clock: Clock, now: datetime) -> None:
        """A clock that could not be rung is tried again an hour later."""
        where = and_(t.clock.c.rule == clock.rule, t.clock.c.subject == clock.subject)
        self._db.execute(update(t.clock).where(where).values(next_at=now + timedelta(hours=1)))

    def close_conflict(self, number: str, field: str, chosen: str) -> None:
        """Somebody chose between both values of a field."""
        where = and_(t.conflict.c.number == number, t.conflict.c.field == field, t.conflict.c.state == "open")
        self._db.execute(update(t.conflict).where(where).values(state=chosen))
        self._conflicts.pop(number, None)

    def set_delivery_state(self, key: str, state: str) -> None:
        self._db.execute(update(t.delivery).where(t.delivery.c.key == key).values(state=state))

    def forget_delivery(self, key: str) -> None:
        """Lets a held delivery be taken anew: its key is freed, its line stays."""
        row = self._db.execute(select(t.delivery.c.id).where(t.delivery.c.key == key)).first()
        if row is not None:
            new = f"{key[:40]}~{row.id}"
            self._db.execute(update(t.delivery).where(t.delivery.c.key == key).values(key=new, state="retried"))
        self._seen[key] = False

    def flush(self) -> None:
        """Writes what was gathered: one statement a table."""
        if self._unlook:
            self._db.execute(
                t.lookup.delete().where(t.lookup.c.number == bindparam("n")), [{"n": n} for n in self._unlook]
            )
        for name, values in self._rows.items():
            if values:
                self._db.execute(insert(t.metadata.tables[name]), values)
        for name, put in self._dirty.items():
            self.upsert(name, list(put.values()))
        self._rows.clear()
        self._dirty.clear()
        self._unlook.clear()
        self._new.clear()

    # ------------------------------------------------------------ inside

    def _write_delivery(self, reading: Reading, outcomes: tuple[Outcome, ...], now: datetime) -> None:
        d = reading.delivery
        reasons = [o.reason for o in outcomes if o.reason] or [p for o in outcomes for p in o.problems]
        numbers = [o.number for o in outcomes if o.number]
        self._seen[reading.key] = True
        self._rows["delivery"].append(
            {
                "key": reading.key,
                "digest": d.digest,
                "channel": d.channel,
                "locator": d.locator,
                "name": d.name,
                "received_at": d.received_at,
                "taken_at": now,
                "sender": reading.address or d.by,
                "subject": reading.subject,
                "message_id": reading.message_id,
                "outcome": overall(outcomes),
                "reason": [rows.problem_row(p) for p in reasons],
                "numbers": list(dict.fromkeys(numbers)),
                "state": "done",
            }
        )

    def _write_record(self, record: Record) -> None:
        row = rows.record_row(record, self._catalogue)
        old = self.record(record.number)
        self._records[record.number] = record
        self._touched.add(record.number)
        if old is None:
            self._new.add(record.number)
        if record.number in self._new:
            self._rows["record"] = [r for r in self._rows["record"] if r["number"] != record.number] + [row]
        else:
            self._dirty["record"][record.number] = row
        kept = ("number", "revision", "status", "vals", "origin", "by", "at")
        self._dirty["revision"][record.number, record.revision] = {name: row[name] for name in kept}
        if record.form in self._all:
            self._all[record.form].setdefault(record.number)
        self._write_lookups(record, old)

    def _write_lookups(self, record: Record, old: Record | None) -> None:
        form = self._catalogue.form(record.form)
        now = set(rows.lookups(form, record.values))
        before = set(rows.lookups(form, old.values)) if old else set()
        if now == before:
            return
        if old is not None:
            self._unlook.append(record.number)
            pending = self._rows["lookup"]
            self._rows["lookup"] = [r for r in pending if r["number"] != record.number]
        for field, value in sorted(now):
            key = (record.form, field, value)
            self._rows["lookup"].append(
                dict(zip(("form", "field", "value", "number"), (*key, record.number), strict=True))
            )
            if key not in self._found:
                self.find(record.form, field, value)
            self._found[key].setdefault(record.number)

    def _write_letter(self, intent: LetterIntent, now: datetime) -> None:
        if self.letter_by_key(intent.key) is not None:
            return
        letter = Letter(intent, "owed", stamp.message_id(intent.key, self._domain))
        if intent.at is None:
            letter = Letter(_at(intent, now), "owed", letter.message_id)
        self._letters[intent.key] = letter
        self._rows["letter"].append(rows.letter_row(letter))
        if intent.kind in ("acknowledgement", "question", "rejection"):
            self._replies += [(a, now) for a in intent.to]
            self._rows["reply"] += [{"address": a, "at": now} for a in intent.to]

    def _write_figure(self, change: FigureChange) -> None:
        key = (change.name, change.of, change.scope)
        value = (self.figure(*key) or Decimal(0)) + change.amount
        self._figures[key] = value
        if change.scope.startswith("day:"):
            self._days[change.name, change.of][change.scope] = value
        self._dirty["figure"][key] = {"name": key[0], "of": key[1], "scope": key[2], "value": value}

    def _bounced(self, key: str, reason: Problem) -> None:
        letter = self.letter_by_key(key)
        if letter is not None and letter.state in ("sent", "sending", "unknown"):
            error = f"{reason.context.get('status', '')} {reason.context.get('address', '')}".strip()
            self.set_letter(dataclasses.replace(letter, state="bounced", last_error=error, next_try=None))

    def _write_conflict(self, conflict: Conflict) -> None:
        record = self.record(conflict.number)
        if record is None:
            return
        self.conflicts(conflict.number)
        self._conflicts[conflict.number].append(conflict)
        self._rows["conflict"].append({**rows.conflict_row(conflict, record.form, self._catalogue), "state": "open"})

    def upsert(self, name: str, values: list[dict[str, Any]]) -> None:
        """Inserts rows of a table, or brings those with the same key up to date, in one statement."""
        table = t.metadata.tables[name]
        dialect = postgresql if self._db.dialect.name == "postgresql" else sqlite
        keys = [c.name for c in table.primary_key] if name != "record" else ["number"]
        statement = dialect.insert(table)
        rest = {c: statement.excluded[c] for c in values[0] if c not in keys}
        self._db.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest), values)

    def _has(self, record: Record, fld: str, key: str) -> bool:
        value = record.values.get(fld)
        many = value if isinstance(value, (tuple, list)) else (value,)
        return any(one is not None and rows.key_of(one) == key for one in many)

    def _letter(self, where: Any) -> Letter | None:
        row = self._db.execute(select(t.letter).where(where)).mappings().first()
        return rows.letter_of(row) if row else None

    def _one(self, query: Any) -> Any:
        return self._db.execute(query.limit(1)).scalar()


def overall(outcomes: Iterable[Outcome]) -> str:
    """One word for a delivery from those of its forms: what asks most for attention comes first."""
    states = {o.state for o in outcomes}
    return next((s for s in ("held", "refused", "partial", "accepted", "ignored") if s in states), "ignored")


def _at(intent: LetterIntent, now: datetime) -> LetterIntent:
    return dataclasses.replace(intent, at=now)


def entries_of(found: Iterable[Mapping[str, Any]]) -> tuple[Entry, ...]:
    return tuple(rows.entry_of(row) for row in found)

"""One transaction: the rows that judgements owe, gathered and written at once.

What one delivery writes is seen by the next of the same group through the caches of the facts, before anything is
flushed. A delivery's rows are added only when it has been judged to the end; the whole group is committed or none."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

from sqlalchemy import and_, bindparam, insert, select, update

from qforms import stamp
from qforms.ledger import rows
from qforms.ledger import tables as t
from qforms.ledger.facts import LedgerFacts
from qforms.model import (
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
)


class Transaction(LedgerFacts):
    """Facts, and `write`. Made by `Ledger.begin`; never used after it ended."""

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
        self._digests.add(d.digest)
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
            known = self._found if key in self._found else self._added
            known[key].setdefault(record.number)

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
        if change.scope and not change.scope.startswith("day:") and key[:2] in self._scopes:
            self._scopes[key[:2]].setdefault(change.scope)
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
        dialect = import_module(f"sqlalchemy.dialects.{self._db.dialect.name}")  # the one in use: each costs a start
        keys = [c.name for c in table.primary_key] if name != "record" else ["number"]
        statement = dialect.insert(table)
        rest = {c: statement.excluded[c] for c in values[0] if c not in keys}
        self._db.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest), values)


def overall(outcomes: Iterable[Outcome]) -> str:
    """One word for a delivery from those of its forms: what asks most for attention comes first."""
    states = {o.state for o in outcomes}
    return next((s for s in ("held", "refused", "partial", "accepted", "ignored") if s in states), "ignored")


def _at(intent: LetterIntent, now: datetime) -> LetterIntent:
    return dataclasses.replace(intent, at=now)


def entries_of(found: Iterable[Mapping[str, Any]]) -> tuple[Entry, ...]:
    return tuple(rows.entry_of(row) for row in found)

"""One transaction: the rows that judgements owe, gathered and written at once.

What one delivery writes is seen by the next of the same group through the caches of the facts, before anything is
flushed. A delivery's rows are added only when it has been judged to the end; the whole group is committed or none."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select, update

from qforms import stamp
from qforms.ledger import chain, prepared, rows
from qforms.ledger import tables as t
from qforms.ledger.facts import LedgerFacts
from qforms.model import (
    AUTOMATIC,
    EMPTY,
    Clock,
    Conflict,
    Entry,
    Judgement,
    Letter,
    LetterIntent,
    Outcome,
    Problem,
    Reading,
    Record,
)


class Overtaken(Exception):
    """What was judged by has changed meanwhile: nothing is written, and it is to be judged anew."""


class Transaction(LedgerFacts):
    """Facts, and `write`. Made by `Ledger.begin`; never used after it ended."""

    # ------------------------------------------------------------ writing

    @property
    def touched(self) -> frozenset[str]:
        """Numbers of the records that were written, on which a clock moved, or of which a figure changed."""
        return frozenset(self._touched | self._moved)

    @property
    def connection(self) -> Connection:
        """For what is rewritten beside the rules (`Ledger.rewriting`)."""
        return self._db

    def touch(self, numbers: Iterable[str]) -> None:
        """Has records shown anew."""
        self._moved.update(numbers)

    def write(self, reading: Reading | None, judgement: Judgement, now: datetime) -> None:
        """Adds all that one delivery (None: a clock) changes. Nothing reaches the database before `flush`."""
        self._now = now
        if reading is not None:
            self._write_delivery(reading, judgement.outcomes, now)
        for number in judgement.fresh:
            self._bear(number)
        for record in judgement.records:
            self._write_record(record)
        for clock in judgement.clocks:
            self.clocks(clock.subject)
            self._clocks[clock.subject][clock.rule] = clock
            self._dirty["clock"][clock.rule, clock.subject] = rows.clock_row(clock)
            self._moved.add(clock.subject)
            if clock.next_at is not None and (self._next_ring is None or clock.next_at < self._next_ring):
                self._next_ring = clock.next_at
        for task in judgement.tasks:
            self._tasks[task.key] = task
            self._dirty["task"][task.key] = rows.task_row(task)
            if task.number in self._tasks_on:
                self._tasks_on[task.number][task.key] = None
        for intent in judgement.letters:
            self._write_letter(intent, now)
        for change in judgement.figures:
            self._grow((change.name, change.of, change.scope), change.amount)
            self._moved.add(change.of.partition("|")[0])
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
        return self._next_ring is not None and self._next_ring < at

    def set_letter(self, letter: Letter) -> None:
        """What became of a letter."""
        self.set_letters([letter])

    def set_letters(self, letters: Sequence[Letter]) -> None:
        """What became of several letters, in one statement."""
        for letter in letters:
            self._know_letter(letter)
        if letters:
            prepared.changing(self._db.dialect, SET_LETTER).execute(self._db, [fate(letter) for letter in letters])
            set_lines(self._db, letters)

    def gather(self, table: LetterIntent, now: datetime) -> None:
        """Writes down a table, and that the letters in its lines go with it. Raises Overtaken when one of these has
        changed meanwhile."""
        self._write_letter(table, now)
        keys = table.gathered
        named = {"state": "gathered", "message_id": stamp.message_id(table.key, self._domain), "next_try": None}
        waiting = t.letter.c.key.in_(keys) & (t.letter.c.state == "owed") & (t.letter.c.digest == "")
        if self._db.execute(update(t.letter).where(waiting).values(**named, holder=None)).rowcount != len(keys):
            raise Overtaken(f"letter {table.key}: one of its lines has changed")
        for key in keys:
            self._letters.pop(key, None)

    def postpone(self, clock: Clock, now: datetime) -> None:
        """A clock that could not be rung is tried again an hour later."""
        where, later = and_(t.clock.c.rule == clock.rule, t.clock.c.subject == clock.subject), now + timedelta(hours=1)
        self._db.execute(update(t.clock).where(where).values(next_at=later))
        if known := self._clocks.get(clock.subject, {}).get(clock.rule):
            self._clocks[clock.subject][clock.rule] = dataclasses.replace(known, next_at=later)

    def close_conflict(self, number: str, field: str, chosen: str) -> None:
        """Somebody chose between both values of a field."""
        where = and_(t.conflict.c.number == number, t.conflict.c.field == field, t.conflict.c.state == "open")
        self._db.execute(update(t.conflict).where(where).values(state=chosen))
        if number in self._conflicts:
            self._conflicts[number] = [c for c in self._conflicts[number] if c.field != field]

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
            gone = [dict(zip(_GONE, row, strict=True)) for row in self._unlook]
            prepared.changing(self._db.dialect, _UNLOOK).execute(self._db, gone)
        self._chain()
        self._rows["record"] = [*self._opened.values()]
        for name, values in self._rows.items():
            if values:
                prepared.inserting(self._db.dialect, name, tuple(values[0])).execute(self._db, values)
        if self._lookups:
            self.upsert("lookup", [dict(zip(_LOOKUP, row, strict=True)) for row in self._lookups])
        self._settle_grown()
        for (name, of), scopes in self._shifted.items():
            for scope in scopes:
                value = self._figures[name, of, scope]
                self._dirty["figure"][name, of, scope] = {"name": name, "of": of, "scope": scope, "value": value}
        for name, put in self._dirty.items():
            if put:
                self.upsert(name, list(put.values()))
        for gathered in (self._rows, self._dirty, self._unlook, self._opened, self._lookups, self._new, self._shifted):
            gathered.clear()

    @property
    def untouched(self) -> bool:
        """Was nothing written in it?"""
        return not (self._touched or self._rows or self._dirty or self._shifted)

    def ended(self) -> None:
        """After the commit: letters are asked for anew, since they change outside of transactions like this one."""
        self._letters.clear()
        self._message_ids.clear()

    # ------------------------------------------------------------ inside

    def _chain(self) -> None:
        """Links the lines of history that were gathered; the last one of a record that was written holds its state."""
        written = {**self._opened, **self._dirty.get("record", {})}
        lines = self._rows["entry"]
        ends = {line["number"]: at for at, line in enumerate(lines)}
        for number, row in written.items():
            if number not in ends:  # written without a word of the rules
                ends[number] = len(lines)
                lines.append(
                    rows.entry_row(
                        Entry(number, row["at"] or row["received_at"] or self._now, "written", "", "", row["by"])
                    )
                )
        for at, line in enumerate(lines):
            number = line["number"]
            ending = ends[number] == at and number in written
            line["state"] = chain.state(written[number]) if ending else ""
            line["link"] = self._links[number] = chain.link(self._last_link(number), line)

    def _last_link(self, number: str) -> str:
        if number not in self._links:
            found = None if number in self._born else self._db.scalar(_LINK, {"number": number})
            self._links[number] = found or ""
        return self._links[number]

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

    def _bear(self, number: str) -> None:
        """A number that was given just now: nothing is stored under it that would have to be asked for."""
        self._born.add(number)
        self._given.add(number)
        self._records[number] = None
        self._clocks[number] = {}
        self._tasks_on[number] = {}
        self._cases[number] = {}

    def _write_record(self, record: Record) -> None:
        row = rows.record_row(record, self._catalogue)
        old = self.record(record.number)
        self._records[record.number] = record
        self._touched.add(record.number)
        if old is None:
            self._new.add(record.number)
        if record.number in self._new:
            self._opened[record.number] = row
        else:
            self._dirty["record"][record.number] = row
        if record.case_no in self._cases:
            self._cases[record.case_no][record.number] = None
        kept = ("number", "revision", "status", "vals", "origin", "by", "at")
        self._dirty["revision"][record.number, record.revision] = {name: row[name] for name in kept}
        if record.form in self._all:
            self._all[record.form].setdefault(record.number)
        self._write_lookups(record, old)

    def _write_lookups(self, record: Record, old: Record | None) -> None:
        """What the index gains and loses: of a long list of references only what came to it."""
        before = old.values if old is not None else EMPTY
        for field in self._catalogue.looked_up(record.form):
            if (was := before.get(field)) is not (now := record.values.get(field)) and was != now:
                self._write_lookup(record, field, *rows.gained_and_lost(was, now))

    def _write_lookup(self, record: Record, field: str, gained: Iterable[str], lost: Iterable[str]) -> None:
        for value in lost:
            key = record.form, field, value
            self._answers.pop(key, None)
            if (row := (*key, record.number)) in self._lookups:
                del self._lookups[row]
            else:
                self._unlook[row] = None
        for value in gained:
            key = record.form, field, value
            if (row := (*key, record.number)) in self._unlook:
                del self._unlook[row]
            else:
                self._lookups[row] = None
            known = self._found if key in self._found else self._added
            known[key].setdefault(record.number)
            self._joins(key, record)

    def _write_letter(self, intent: LetterIntent, now: datetime) -> None:
        new = intent.number in self._given  # nothing was ever owed for it
        old = self._letters.get(intent.key) if new else self.letter_by_key(intent.key)
        if old is not None:
            return
        dated = intent if intent.at is not None else dataclasses.replace(intent, at=now)
        letter = Letter(dated, "owed", stamp.message_id(intent.key, self._domain))
        self._know_letter(letter)
        self._rows["letter"].append(rows.letter_row(letter))
        if intent.kind in AUTOMATIC:
            for address in intent.to:
                if address in self._replies:
                    self._replies[address].append(now)
                self._rows["reply"].append({"address": address, "at": now})

    def _bounced(self, key: str, reason: Problem) -> None:
        letter = self.letter_by_key(key)
        if letter is not None and letter.state in ("sent", "sending", "resending", "unknown"):
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
        prepared.putting(self._db.dialect, name, tuple(values[0])).execute(self._db, values)


_FATE = ("state", "digest", "attempts", "sent_at", "last_error", "refused", "next_try")
SET_LETTER = (
    update(t.letter)
    .where(t.letter.c.key == bindparam("k"))
    .values({name: bindparam(name, type_=t.letter.c[name].type) for name in (*_FATE, "subject")})
)
_WITH_TABLE = ("sent", "dead", "bounced", "stopped")  # what became of a table became of its lines
_SET_LINES = (
    update(t.letter)
    .where(t.letter.c.message_id == bindparam("table"), t.letter.c.key != bindparam("own"))
    .values(
        {name: bindparam(name, type_=t.letter.c[name].type) for name in ("state", "sent_at", "last_error", "subject")}
    )
)
_LINK = select(t.entry.c.link).where(t.entry.c.number == bindparam("number")).order_by(t.entry.c.id.desc()).limit(1)
_LOOKUP = ("form", "field", "value", "number")
_GONE = ("gone_form", "gone_field", "gone_value", "gone_number")
_UNLOOK = t.lookup.delete().where(
    *(t.lookup.c[name] == bindparam(gone) for name, gone in zip(_LOOKUP, _GONE, strict=True))
)


def fate(letter: Letter) -> dict[str, Any]:
    """What became of a letter, for SET_LETTER."""
    row = {name: getattr(letter, name) for name in _FATE}
    return row | {"k": letter.intent.key, "subject": letter.intent.subject, "refused": [*letter.refused]}


def set_lines(db: Connection, letters: Iterable[Letter]) -> None:
    """Says of the letters that went as lines of a table what has become of it."""
    told = [
        {
            "table": letter.message_id,
            "own": letter.intent.key,
            "state": letter.state if letter.state in _WITH_TABLE else "gathered",
            "sent_at": letter.sent_at,
            "last_error": letter.last_error,
            "subject": letter.intent.subject,
        }
        for letter in letters
        if letter.intent.gathered
    ]
    if told:
        db.execute(_SET_LINES, told)


def overall(outcomes: Iterable[Outcome]) -> str:
    """One word for a delivery from those of its forms: what asks most for attention comes first."""
    states = {o.state for o in outcomes}
    return next((s for s in ("held", "refused", "partial", "accepted", "ignored") if s in states), "ignored")


def entries_of(found: Iterable[Mapping[str, Any]]) -> tuple[Entry, ...]:
    return tuple(rows.entry_of(row) for row in found)

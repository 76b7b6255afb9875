"""Opening the ledger, transactions, and what the daemon and the command line read from it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Engine, ExceptionContext, bindparam, create_engine, event, func, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from qforms.ledger import rows
from qforms.ledger import tables as t
from qforms.ledger.facts import FIND, Lookup
from qforms.ledger.leases import Leases
from qforms.ledger.memory import Memory
from qforms.ledger.transaction import Transaction, entries_of
from qforms.ledger.verify import FORGOTTEN
from qforms.model import (
    EMPTY,
    Catalogue,
    Clock,
    Conflict,
    Entry,
    Letter,
    Problem,
    QformsError,
    Reading,
    Record,
    Store,
    Task,
    Value,
    Values,
)

if TYPE_CHECKING:
    from qforms.ledger.tray import Tray

_DISK = ("disk", "readonly", "unable to open", "locked")  # of SQLite's messages, those that are not our fault
_KEPT_TURNS = 20_000  # what each of them wrote is known so long


class LedgerDown(OSError):
    """The database cannot be used just now: its disk is full or read-only, its server is gone. Nothing was written."""


class Ledger:
    """A workspace's ledger: an SQLite file or a PostgreSQL URL. `domain` is that of our Message-IDs."""

    def __init__(self, where: str | Path, catalogue: Catalogue, domain: str) -> None:
        self.url = where if isinstance(where, str) and "://" in where else f"sqlite:///{Path(where).as_posix()}"
        self._catalogue = catalogue
        self._domain = domain
        self.changes = 0  # committed transactions of this process: whoever shows the ledger looks whether it moved
        self._touched: set[str] = set()
        self._lock = threading.Lock()
        self._engine = _engine(self.url)
        self.shared = self._engine.dialect.name != "sqlite"  # other machines may be at work on it
        self.waited = 0.0  # seconds that judging waited for others' turns
        self._memory = threading.local()  # what each thread's transactions leave to the next
        self._reader = self._engine.execution_options(write=False)
        if self.shared:  # a reader sees one state only, so that it may be remembered
            self._reader = self._reader.execution_options(isolation_level="REPEATABLE READ")
        self._shown = -1  # the last turn whose writings were told

    def close(self) -> None:
        self._engine.dispose()

    def migrate(self) -> None:
        """Brings the tables to the present schema; a new ledger is made. Raises QformsError when it is too new."""
        from qforms.ledger import migrate

        migrate.upgrade(self._engine)

    @cached_property
    def leases(self) -> Leases:
        """What this process has in hand where others are at work, too."""
        return Leases(self._engine)

    def tray(self, store: Store) -> Tray:
        """Deliveries that wait for any daemon."""
        from qforms.ledger.tray import Tray

        return Tray(self._engine, store)

    @contextmanager
    def begin(
        self, readings: Sequence[Reading] = (), wanted: Iterable[Lookup] = (), now: datetime | None = None
    ) -> Iterator[Transaction]:
        """A transaction for a group of deliveries: committed when the block ends, rolled back when it raises.

        What is known to be asked for is fetched at once: `wanted` are (form, field, value), whose records are looked
        up; `now`: the answers that their senders got until then."""
        with self._remembered(write=True) as tx:
            tx.prefetch(readings, wanted, now)
            yield tx
            tx.flush()
        if not self.shared:
            with self._lock:
                self._touched |= tx.touched
                self.changes += 1

    @contextmanager
    def rewriting(self) -> Iterator[Transaction]:
        """A transaction in which what is kept is rewritten beside the rules (`forgetting`): nothing remembered
        outlives it."""
        with self.begin() as tx:
            yield tx
        self._memory.held = None

    @contextmanager
    def facts(self) -> Iterator[Transaction]:
        """The same facts, to look at only: whatever is written is rolled back."""
        with self._remembered(write=False) as tx:
            yield tx

    @contextmanager
    def _remembered(self, *, write: bool) -> Iterator[Transaction]:
        """A transaction that knows what this thread's last one knew, if nobody else has written since."""
        with (self._engine if write else self._reader).connect() as connection, connection.begin() as begun:
            version = self._turn(connection, write) if self.shared else _version(connection)
            memory: Memory | None = getattr(self._memory, "held", None)
            self._memory.held = None
            if memory is None or memory.version != (version - 1 if write and self.shared else version):
                memory = Memory()
            memory.version = version
            tx = Transaction(connection, self._catalogue, self._domain, memory)
            yield tx
            if not write:
                begun.rollback()
            elif self.shared and tx.touched:
                connection.execute(t.touched.insert(), {"version": version, "numbers": sorted(tx.touched)})
        if write and self.shared:
            self.changes = version
        if (write or tx.untouched) and not memory.full():
            tx.ended()
            self._memory.held = memory

    def _turn(self, connection: Connection, write: bool) -> int:
        """Which state of the ledger a transaction sees: how many turns there were. Whoever writes waits for his own and
        keeps it until his commit: one judges at a time, as SQLite has by itself."""
        if not write:
            return int(connection.scalar(_VERSION) or 0)
        begun = time.perf_counter()
        version = int(connection.execute(_NEXT).scalar_one())
        self.waited += time.perf_counter() - begun
        return version

    def look(self) -> None:
        """Sees whether others have written: `changes` moves then."""
        if self.shared:
            with self._reader.connect() as connection:
                self.changes = int(connection.scalar(_VERSION) or 0)

    def take_touched(self) -> frozenset[str]:
        """Numbers that were written since the last call, by whichever daemon: what a view of the ledger has to look at
        again. Of several daemons only one may ask; nothing on its first call, before which it must not have looked."""
        if not self.shared:
            with self._lock:
                touched, self._touched = frozenset(self._touched), set()
            return touched
        with self._reader.connect() as connection:
            since, self._shown = self._shown, int(connection.scalar(_VERSION) or 0)
            if since < 0:
                return frozenset()
            if since < self._shown - _KEPT_TURNS:
                return frozenset(connection.scalars(select(t.record.c.number)))
            found = connection.scalars(select(t.touched.c.numbers).where(t.touched.c.version > since))
            return frozenset(number for numbers in found for number in numbers)

    def forget_turns(self) -> None:
        """What was written long ago need not be told any more."""
        old = t.touched.c.version < select(t.turn.c.version).scalar_subquery() - _KEPT_TURNS
        with self._engine.begin() as connection:
            connection.execute(t.touched.delete().where(old))

    # ------------------------------------------------------------ reading

    def due(self, now: datetime, limit: int = 500) -> tuple[Clock, ...]:
        """Clocks with a rung due at `now`, the earliest first; costs what is due, not what is running."""
        order = t.clock.c.next_at, t.clock.c.subject, t.clock.c.rule  # of the same moment, too, on every database
        query = select(t.clock).where(t.clock.c.next_at <= now).order_by(*order).limit(limit)
        return tuple(rows.clock_of(r) for r in self._rows(query))

    def next_due(self) -> datetime | None:
        """When the next rung of any clock falls due."""
        with self._reader.connect() as connection:
            found: datetime | None = connection.scalar(select(func.min(t.clock.c.next_at, type_=t.Instant())))
            return found

    def clocks(self, states: Sequence[str] = (), subjects: Collection[str] = ()) -> tuple[Clock, ...]:
        query = select(t.clock).order_by(t.clock.c.started_at, t.clock.c.rule)
        if states:
            query = query.where(t.clock.c.state.in_(list(states)))
        if subjects:
            query = query.where(t.clock.c.subject.in_(list(subjects)))
        return tuple(rows.clock_of(r) for r in self._rows(query))

    def records(
        self, form: str = "", case_no: str = "", numbers: Collection[str] = (), *, origins: bool = True
    ) -> tuple[Record, ...]:
        """Present records, oldest first; without `origins` where nobody asks where their values come from, which takes
        half of their room."""
        query = select(*(t.record.c if origins else _NO_ORIGINS)).order_by(t.record.c.seq)
        if numbers:
            query = query.where(t.record.c.number.in_(list(numbers)))
        if form:
            query = query.where(t.record.c.form == form)
        if case_no:
            query = query.where(t.record.c.case_no == case_no)
        with self._reader.connect() as connection:
            found = connection.execute(query).mappings()
            return tuple(rows.record_of(r, self._catalogue, origins=origins) for r in found)

    def latest(self, form: str, field: str, value: Value, most: int) -> tuple[Record, ...]:
        """The newest records whose key or ref field has that value, at most `most`."""
        named = {"form": form, "field": field, "value": rows.key_of(value), "most": most}
        with self._reader.connect() as connection:
            found = connection.execute(FIND, named).mappings()
            return tuple(rows.record_of(r, self._catalogue) for r in found)

    def tasks(self, state: str = "open") -> tuple[Task, ...]:
        query = select(t.task).where(t.task.c.state == state).order_by(t.task.c.opened_at, t.task.c.key)
        return tuple(rows.task_of(r) for r in self._rows(query))

    def tasks_since(self, since: datetime) -> tuple[Task, ...]:
        """All tasks opened from then on, whatever became of them."""
        query = select(t.task).where(t.task.c.opened_at >= since).order_by(t.task.c.opened_at, t.task.c.key)
        return tuple(rows.task_of(r) for r in self._rows(query))

    def letters_sent(self, since: datetime, size: int = 200) -> Iterator[tuple[Letter, ...]]:
        """The letters that left from then on, in that order, some at a time."""
        at, last = since, 0
        query = select(t.letter).where(t.letter.c.state == "sent").order_by(t.letter.c.sent_at, t.letter.c.seq)
        later = t.letter.c.sent_at
        while found := self._rows(query.where((later > at) | ((later == at) & (t.letter.c.seq > last))).limit(size)):
            at, last = found[-1]["sent_at"], found[-1]["seq"]
            yield tuple(rows.letter_of(r) for r in found)

    def letters(self, states: Sequence[str] = (), number: str = "", limit: int = 0) -> tuple[Letter, ...]:
        query = select(t.letter).order_by(t.letter.c.seq)
        if states:
            query = query.where(t.letter.c.state.in_(list(states)))
        if number:
            query = query.where((t.letter.c.number == number) | (t.letter.c.case_no == number))
        if limit:
            query = query.limit(limit)
        return tuple(rows.letter_of(r) for r in self._rows(query))

    def letter_pages(self, states: Sequence[str], size: int = 500) -> Iterator[tuple[Letter, ...]]:
        """The letters in these states in order, some at a time: each page is read when it is its turn."""
        last = 0
        query = select(t.letter).where(t.letter.c.state.in_(list(states))).order_by(t.letter.c.seq).limit(size)
        while found := self._rows(query.where(t.letter.c.seq > last)):
            last = found[-1]["seq"]
            yield tuple(rows.letter_of(r) for r in found)

    def conflicts(self, state: str = "open", delivery: str = "") -> tuple[Conflict, ...]:
        """Conflicts that are open, or (state ours, theirs) were decided so; of one delivery, if it is given."""
        query = select(t.conflict, t.record.c.form).join(t.record, t.record.c.number == t.conflict.c.number)
        query = query.where(t.conflict.c.state == state)
        if delivery:
            query = query.where(t.conflict.c.delivery == delivery)
        found = self._rows(query.order_by(t.conflict.c.id))
        return tuple(rows.conflict_of(r, r["form"], self._catalogue) for r in found)

    def history(self, number: str) -> tuple[Entry, ...]:
        return entries_of(self._rows(select(t.entry).where(t.entry.c.number == number).order_by(t.entry.c.id)))

    def changed(self, after: int, limit: int) -> tuple[int, frozenset[str]]:
        """Which records have a line of history beyond the line `after`, and the last line looked at; at most `limit`
        lines are."""
        query = select(t.entry.c.id, t.entry.c.number).where(t.entry.c.id > after).order_by(t.entry.c.id).limit(limit)
        found = self._rows(query)
        return (found[-1]["id"] if found else after), frozenset(row["number"] for row in found)

    def forgotten(self, after: int) -> tuple[int, frozenset[str], frozenset[str]]:
        """Which records forgot somebody in lines of history beyond the line `after`, the digests of the raw files that
        went with them, and (first) the last line that there is."""
        with self._engine.connect() as db:
            last = int(db.scalar(select(func.max(t.entry.c.id))) or 0)
        query = select(t.entry.c.number, t.entry.c.detail).where(t.entry.c.id > after, t.entry.c.what == FORGOTTEN)
        found = self._rows(query)
        files = frozenset(digest for row in found for digest in row["detail"]["files"])
        return max(after, last), frozenset(row["number"] for row in found), files

    def deliveries(
        self, outcome: str = "", state: str = "", digest: str = "", after: int = 0, limit: int = 0
    ) -> tuple[dict[str, Any], ...]:
        """Everything that ever arrived, as plain rows in order of arrival; `after`: ids beyond that only; `limit`: at
        most so many."""
        query = select(t.delivery).where(t.delivery.c.id > after).order_by(t.delivery.c.id)
        for column, value in ((t.delivery.c.outcome, outcome), (t.delivery.c.state, state)):
            if value:
                query = query.where(column == value)
        if digest:
            query = query.where(t.delivery.c.digest.startswith(digest))
        if limit:
            query = query.limit(limit)
        return tuple(dict(r) for r in self._rows(query))

    def census(self, since: datetime | None = None, until: datetime | None = None) -> dict[str, dict[str, int]]:
        """How many deliveries there are by outcome, letters and clocks by state. `since`, `until`: only those
        deliveries that arrived then."""
        at = t.delivery.c.received_at
        came = ([at >= since] if since else []) + ([at < until] if until else [])
        asked = {
            "deliveries": select(t.delivery.c.outcome, func.count()).where(t.delivery.c.state == "done", *came),
            "letters": select(t.letter.c.state, func.count()),
            "clocks": select(t.clock.c.state, func.count()),
        }
        with self._reader.connect() as connection:
            return {
                what: {
                    str(state): int(count)
                    for state, count in connection.execute(query.group_by(query.selected_columns[0]))
                }
                for what, query in asked.items()
            }

    # ------------------------------------------------------------ proof

    def verify(self, store: Store | None = None) -> Iterator[Problem]:
        """All that does not agree: history, revisions, records, seals; with a `store`, also the files it should hold.
        Nothing, when nobody has tampered with anything and nothing is lost."""
        from qforms.ledger import verify

        with self._reader.connect() as connection:
            yield from verify.chains(connection)
            yield from verify.seals(connection)
            if store is not None:
                yield from verify.files(connection, store)

    def seal(self, day: date, at: datetime) -> str:
        """Seals the lines of history that no seal covers, as those of `day`; gives the seal, that of the day if it has
        one already."""
        from qforms.ledger import chain, verify

        with self._engine.begin() as connection:
            own = connection.scalar(select(t.seal.c.hash).where(t.seal.c.day == day.isoformat()))
            if own is not None:
                return str(own)
            before = connection.execute(select(t.seal.c.hash, t.seal.c.last).order_by(t.seal.c.last.desc())).first()
            hashed, since = (before.hash, before.last) if before else ("", 0)
            last = connection.scalar(select(func.max(t.entry.c.id))) or 0
            made, lines = chain.seal(hashed, verify.links(connection, since, last))
            row = {"day": day.isoformat(), "last": last, "lines": lines, "hash": made, "at": at}
            connection.execute(t.seal.insert(), row)
        return made

    def snapshot(self, path: Path) -> None:
        """Writes the ledger, as it stands at this moment, into a new SQLite file; the work goes on meanwhile."""
        from qforms.ledger import copying

        copying.snapshot(self._engine, path)

    def fill(self, path: Path) -> None:
        """Fills this ledger, which is empty, from such a file. Raises QformsError when it is not empty."""
        from qforms.ledger import copying

        copying.fill(self._engine, path)

    # ------------------------------------------------------------ small things

    def note(self, name: str) -> Any:
        with self._reader.connect() as connection:
            return connection.scalar(select(t.note.c.value).where(t.note.c.name == name))

    def set_note(self, name: str, value: Any) -> None:
        with self._engine.begin() as connection:
            Transaction(connection, self._catalogue, self._domain).upsert("note", [{"name": name, "value": value}])

    def set_letters(self, letters: Sequence[Letter], *, kept: bool = False) -> None:
        """What became of letters. Where others are at work: of those that this daemon has in hand, and it keeps them
        (`kept`) or lets them go; raises Gone, and writes nothing, when one of them is no longer its own."""
        if not self.shared:
            with self.begin() as tx:
                tx.set_letters(letters)
        else:
            with self._engine.begin() as connection:
                self.leases.set_letters(connection, letters, kept=kept)

    def sheet_rows(self) -> dict[str, tuple[int, dict[str, Any]]]:
        """What each row of the workbook last held: row -> (revision, plain values)."""
        with self._reader.connect() as connection:
            found = connection.execute(select(t.sheet_row)).mappings()
            return {r["row"]: (r["revision"], r["vals"]) for r in found}

    def set_sheet_rows(
        self,
        held: Mapping[str, tuple[int, Mapping[str, Any]]],
        gone: Collection[str] = (),
        notes: Mapping[str, Any] = EMPTY,
    ) -> None:
        """Writes down what rows hold now; `gone` rows stand in the book no more. `notes` are written with them."""
        with self._engine.begin() as connection:
            tx = Transaction(connection, self._catalogue, self._domain)
            if held:
                tx.upsert("sheet_row", [{"row": k, "revision": r, "vals": v} for k, (r, v) in held.items()])
            if gone:
                delete = t.sheet_row.delete().where(t.sheet_row.c.row == bindparam("r"))
                connection.execute(delete, [{"r": row} for row in gone])
            if notes:
                tx.upsert("note", [{"name": name, "value": value} for name, value in notes.items()])

    def plain(self, form: str, values: Values) -> dict[str, Any]:
        return self._catalogue.plain(form, values)

    def _rows(self, query: Any) -> list[Any]:
        with self._reader.connect() as connection:
            return list(connection.execute(query).mappings())


_VERSION = select(t.turn.c.version)
_NO_ORIGINS = [column for column in t.record.c if column.name != "origin"]
_NEXT = update(t.turn).values(version=t.turn.c.version + 1).returning(t.turn.c.version)


def _version(connection: Connection) -> Any:
    """Which state of an SQLite file a connection sees: another whenever somebody else has committed."""
    own = connection.connection.driver_connection
    assert own is not None
    return own, own.execute("PRAGMA data_version").fetchone()


def _engine(url: str) -> Engine:
    if url.startswith("postgresql://"):  # psycopg 3 is the driver that comes with the extra
        url = f"postgresql+psycopg://{url.removeprefix('postgresql://')}"
    try:
        engine = create_engine(
            url,
            pool_pre_ping=not url.startswith("sqlite"),
            pool_use_lifo=True,
            json_serializer=_as_json,
            json_deserializer=_from_json,
        )
    except Exception as fault:  # a wrong URL or a missing driver: the operator's to mend
        raise QformsError(f"ledger: {fault}") from None
    event.listen(engine, "handle_error", _down)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _as_json(value: Any) -> str:
    """JSON many times as fast as the standard library writes it, which is asked for what only it can write: bytes of a
    mail that are no text."""
    try:
        return to_json(value).decode()
    except ValueError:
        return json.dumps(value)


def _from_json(text: str) -> Any:
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text)


def _down(context: ExceptionContext) -> None:
    """What is wrong with the database's disk or server, and not with what was asked of it, is an OSError."""
    fault = context.sqlalchemy_exception or context.original_exception
    said = str(context.original_exception)
    if isinstance(fault, (OperationalError, InterfaceError)) and (
        context.dialect.name != "sqlite" or any(words in said for words in _DISK)
    ):
        raise LedgerDown(f"ledger: {said.strip().partition(chr(10))[0]}") from context.original_exception


def _on_connect(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # we begin ourselves: see below
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Any) -> None:
    """Takes the write lock at once: a transaction that reads first and writes later would fail when it upgrades."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("write", True) else "BEGIN")

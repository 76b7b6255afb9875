"""One daemon among others on a ledger: that it is at work, what it alone may do, what it has in hand.

All that a daemon holds hangs on one row, its presence, which it renews every few seconds by the database's clock. When
that has run out, whoever notices first takes the row away, and all that the dead one held is free. So a claim is a
number in a column, costs nothing while it lasts, and needs no clock of any machine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, delete, func, literal_column, or_, select, tuple_, update

from qforms.ledger import rows
from qforms.ledger import tables as t
from qforms.ledger.transaction import SET_LETTER, fate, set_lines
from qforms.model import Clock, Letter

MAILBOX, WORKBOOK = "mailbox", "workbook"  # what one daemon at a time does
_MINE: Any = bindparam("me")


class Gone(OSError):
    """Others have taken this daemon for dead: nothing is its own any more. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Who:
    """A daemon as it introduces itself: where it runs, and digests of what it judges by, part by part."""

    machine: str
    place: str
    pid: int
    procedures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Present:
    """A daemon that is at work (or paused, because it judges by something else than those who are). `silent`: seconds
    since it was last heard of; `holds`: the leases it has."""

    id: int
    who: Who
    state: str
    silent: float
    holds: tuple[str, ...] = ()


class Leases:
    """The statements; `id` is this daemon's once it has joined."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._looking = engine.execution_options(
            isolation_level="AUTOCOMMIT", write=False
        )  # without BEGIN and ROLLBACK
        self._now = _clock(engine.dialect.name)
        self.id = 0
        self.lasts = 20.0  # seconds of silence after which a daemon counts as dead; the same for all
        self.gone: tuple[tuple[str, float], ...] = ()  # whom the last sign of life took away: place, seconds of silence

    # ------------------------------------------------------------ presence

    def join(self, who: Who) -> tuple[Present, ...]:
        """Comes to work, or on working after a pause. Gives those that are at work by other procedures than `who`: as
        long as there are any it is paused, else working."""
        with self._engine.begin() as db:
            db.execute(select(t.turn.c.version).with_for_update())  # of two that come at once one is first
            self._bury(db)
            differ = tuple(
                p for p in self._all(db) if p.state == "working" and p.id != self.id and not _same(p.who, who)
            )
            state = "paused" if differ else "working"
            known = self.id and db.execute(self._renewed().values(state=state), {"me": self.id}).rowcount
            if not known:
                row = {"machine": who.machine, "place": who.place, "pid": who.pid, "procedures": dict(who.procedures)}
                made = t.presence.insert().values(**row, state=state, since=self._now, until=self._now + self.lasts)
                self.id = db.execute(made.returning(t.presence.c.id)).scalar_one()
        return differ

    def beat(self, wanted: Collection[str], bury: bool = True) -> frozenset[str]:
        """Tells that it lives, takes those of the `wanted` leases that nobody alive has, and gives those that it holds.
        `bury`: takes away whoever is silent too long. Raises Gone when that was done to itself."""
        self.gone = ()
        with self._engine.begin() as db:
            if not db.execute(self._renewed(), {"me": self.id}).rowcount:
                raise Gone("taken for dead by the other daemons")
            if bury:
                self._bury(db)
            for name in wanted:
                self._take(db, name)
            held = db.scalars(select(t.lease.c.name).where(t.lease.c.holder == self.id))
            return frozenset(held)

    def release(self, names: Collection[str]) -> None:
        """Gives leases back."""
        with self._engine.begin() as db:
            db.execute(delete(t.lease).where(t.lease.c.holder == self.id, t.lease.c.name.in_(list(names))))

    def leave(self) -> None:
        """Ends its presence: all that it held is free at once."""
        with self._engine.begin() as db:
            db.execute(delete(t.presence).where(t.presence.c.id == self.id))
            db.execute(delete(t.lease).where(t.lease.c.holder == self.id))
        self.id = 0

    def present(self) -> tuple[Present, ...]:
        """All daemons that are at work or paused, the longest there first; also those that were silent too long and
        were not taken away yet."""
        with self._engine.connect() as db:
            return self._all(db)

    def company(self) -> int:
        """How many others are working."""
        others = select(func.count()).select_from(t.presence)
        with self._engine.connect() as db:
            return int(
                db.scalar(others.where(t.presence.c.id != self.id, t.presence.c.state == "working", self._alive())) or 0
            )

    def waiting(self) -> int:
        """How many deliveries wait for any daemon."""
        with self._engine.connect() as db:
            return int(db.scalar(select(func.count()).select_from(t.waiting)) or 0)

    def server(self) -> tuple[str, float]:
        """The database's version, and its time in seconds since 1970."""
        with self._engine.connect() as db:
            version = ".".join(map(str, db.dialect.server_version_info or ()))
            return f"{db.dialect.name} {version}", float(db.scalar(select(self._now)) or 0.0)

    def _alive(self) -> Any:
        return t.presence.c.until > self._now

    def _renewed(self) -> Any:
        return update(t.presence).where(t.presence.c.id == _MINE).values(until=self._now + self.lasts)

    def _silent(self) -> Any:
        return (self._now - (t.presence.c.until - self.lasts)).label("silent")

    def _bury(self, db: Connection) -> None:
        dead = delete(t.presence).where(t.presence.c.until < self._now)
        told = db.execute(dead.returning(t.presence.c.machine, t.presence.c.place, self._silent()))
        self.gone = tuple((f"{row.machine}:{row.place}", float(row.silent)) for row in told)

    def _all(self, db: Connection) -> tuple[Present, ...]:
        holds: dict[int, list[str]] = {}
        for row in db.execute(select(t.lease).order_by(t.lease.c.name)):
            holds.setdefault(row.holder, []).append(row.name)
        found = db.execute(select(t.presence, self._silent()).order_by(t.presence.c.id)).all()
        return tuple(
            Present(
                row.id,
                Who(row.machine, row.place, row.pid, row.procedures),
                row.state,
                float(row.silent),
                tuple(holds.get(row.id, ())),
            )
            for row in found
        )

    def _take(self, db: Connection, name: str) -> None:
        holder = db.scalar(select(t.lease.c.holder).where(t.lease.c.name == name))
        if holder == self.id:
            return
        insert = _insert(self._engine.dialect.name)
        left = ~t.lease.c.holder.in_(_living())
        put = insert(t.lease).values(name=name, holder=self.id)
        db.execute(put.on_conflict_do_update(index_elements=["name"], set_={"holder": self.id}, where=left))

    # ------------------------------------------------------------ letters and clocks

    def letters(
        self, states: Sequence[str], now: datetime, delay: timedelta, most: int, after: int = 0
    ) -> tuple[tuple[Letter, ...], int]:
        """Takes the next letters in hand, as they stand now, in the order in which they were owed: those in one of the
        `states` that are to go by `now` and that nobody else has. `delay`: how long those to departments can wait.
        Gives the place of the last one, too, for `after`."""
        asked = select(t.letter.c.seq).where(t.letter.c.state.in_(list(states)), t.letter.c.seq > after)
        asked = asked.where(*_to_go(now, delay)).order_by(t.letter.c.seq).limit(most)
        found = sorted(self._claim(t.letter, t.letter.c.seq, asked), key=lambda row: int(row["seq"]))
        return tuple(rows.letter_of(row) for row in found), found[-1]["seq"] if found else after

    def drop_letters(self, keys: Sequence[str]) -> None:
        """Nothing is to be done with these letters now."""
        mine = t.letter.c.holder == self.id
        with self._engine.begin() as db:
            db.execute(update(t.letter).where(mine, t.letter.c.key.in_(list(keys))).values(holder=None))

    def glance(self, states: Sequence[str], now: datetime, delay: timedelta) -> tuple[int, bool]:
        """One cheap look: how often anything was judged, and whether something is to be done that nobody has in hand: a
        delivery that waits, a letter to go by `now`."""
        mail = select(t.waiting.c.id).where(free(t.waiting))
        letter = select(t.letter.c.seq).where(t.letter.c.state.in_(list(states)), *_to_go(now, delay), free(t.letter))
        with self._looking.connect() as db:
            version, calls = db.execute(select(t.turn.c.version, or_(mail.exists(), letter.exists()))).one()
        return int(version), bool(calls)

    def next_letter(self, states: Sequence[str], now: datetime) -> datetime | None:
        """When the next letter is to go that has to wait."""
        open_ = t.letter.c.state.in_(list(states))
        times = [select(func.min(at)).where(open_, at > now).scalar_subquery() for at in _TIMES]
        with self._engine.connect() as db:
            found = db.execute(select(*times)).one()
        return min((datetime.fromisoformat(str(at)) for at in found if at is not None), default=None)

    def set_letters(self, db: Connection, letters: Sequence[Letter], *, kept: bool) -> None:
        """What became of letters in hand. Raises Gone when one is in other hands by now."""
        told = [{**fate(letter), "me": self.id, "then": self.id if kept else None} for letter in letters]
        if told and db.execute(_SET_LETTERS, told).rowcount != len(told):
            raise Gone("a letter is in the hands of another daemon")
        set_lines(db, letters)

    def clocks(self, now: datetime, most: int) -> tuple[Clock, ...]:
        """Takes the clocks in hand whose rungs were due first, of those that nobody else has."""
        key = tuple_(t.clock.c.rule, t.clock.c.subject)
        due = select(t.clock.c.rule, t.clock.c.subject).where(t.clock.c.next_at <= now)
        order = t.clock.c.next_at, t.clock.c.subject, t.clock.c.rule
        found = self._claim(t.clock, key, due.order_by(*order).limit(most))
        return tuple(sorted((rows.clock_of(row) for row in found), key=lambda c: (str(c.next_at), c.subject, c.rule)))

    def let_go(self, clocks: Iterable[Clock]) -> None:
        """These clocks were rung, or need not be."""
        keys = [(c.rule, c.subject) for c in clocks]
        mine = t.clock.c.holder == self.id
        with self._engine.begin() as db:
            key = tuple_(t.clock.c.rule, t.clock.c.subject)
            db.execute(update(t.clock).where(mine, key.in_(keys)).values(holder=None))

    def _claim(self, table: Any, key: Any, asked: Any) -> Sequence[Any]:
        mine = or_(free(table), table.c.holder == self.id)  # its own are those that it was kept from
        with self._engine.begin() as db:
            return claimed(db, table, key, asked.where(mine), self.id)


_SET_LETTERS = SET_LETTER.where(t.letter.c.holder == _MINE).values(holder=bindparam("then"))


_TIMES = (t.letter.c.next_try, t.letter.c.not_before)


def _to_go(now: datetime, delay: timedelta) -> list[Any]:
    """Letters that need not wait any more: for their next try, for when they are wanted, for somebody to stop them."""
    waits = and_(t.letter.c.audience == "department", ~t.letter.c.urgent, t.letter.c.at > now - delay)
    return [*(or_(at.is_(None), at <= now) for at in _TIMES), *([~waits] if delay else [])]


def claimed(db: Connection, table: Any, key: Any, asked: Any, holder: int) -> Sequence[Any]:
    """Rows of `table` that the statement `asked` chooses by their `key`, now the holder's; what another transaction is
    about to take is passed over."""
    chosen = asked.with_for_update(skip_locked=True).cte("chosen")  # a CTE is carried out once, whatever the plan
    claim = update(table).where(key.in_(select(*chosen.c))).values(holder=holder).returning(*table.c)
    return db.execute(claim).mappings().all()


def free(table: Any) -> Any:
    """Rows that nobody who is at work has in hand."""
    return or_(table.c.holder.is_(None), ~table.c.holder.in_(_living()))


def _living() -> Any:
    return select(t.presence.c.id)


def _same(one: Who, other: Who) -> bool:
    return dict(one.procedures) == dict(other.procedures)


def _clock(dialect: str) -> Any:
    """The database's own time as seconds since 1970, as it moves inside a transaction, too."""
    if dialect == "postgresql":
        return literal_column("extract(epoch from clock_timestamp())::double precision")
    return literal_column("((julianday('now') - 2440587.5) * 86400.0)")


def _insert(dialect: str) -> Any:
    from importlib import import_module

    return import_module(f"sqlalchemy.dialects.{dialect}").insert

"""Deliveries that wait in the ledger, their bytes in the store: laid down by who fetched them, judged by any daemon.

One goes through here only where there is somebody to share it with; else it is judged by whoever fetched it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Engine, and_, delete, insert, or_, select, tuple_, update

from qforms.ledger import tables as t
from qforms.ledger.leases import claimed, free
from qforms.ledger.transaction import Transaction
from qforms.model import Delivery, QformsError, Store

_KEPT = ("digest", "channel", "locator", "name", "received_at", "modified_ns", "by")


class Tray:
    """The table `waiting`, and which of it this daemon has in hand."""

    def __init__(self, engine: Engine, store: Store) -> None:
        self._engine = engine
        self._looking = engine.execution_options(isolation_level="AUTOCOMMIT", write=False)
        self._store = store
        self._rows: dict[tuple[str, str], int] = {}  # digest, locator of what is in hand -> its row

    def lay(self, deliveries: Sequence[Delivery]) -> None:
        """Has deliveries wait for whoever has time: bytes and rows are safe when it returns. Raises OSError."""
        self._store.put_all(d.raw for d in deliveries)
        with self._engine.begin() as db:
            db.execute(insert(t.waiting), [{name: getattr(d, name) for name in _KEPT} for d in deliveries])

    def take(self, most: int, me: int) -> list[Delivery]:
        """Takes deliveries in hand, in the order of their arrival, of those that nobody else has. Raises OSError."""
        anew = and_(t.waiting.c.holder == me, t.waiting.c.id.not_in(list(self._rows.values())))  # it was kept from them
        asked = (
            select(t.waiting.c.id).where(or_(free(t.waiting), anew)).order_by(t.waiting.c.received_at, t.waiting.c.id)
        )
        with self._engine.begin() as db:
            found = claimed(db, t.waiting, t.waiting.c.id, asked.limit(most), me)
        ordered = sorted(found, key=lambda row: (row["received_at"], row["id"]))
        try:
            taken = [Delivery(**{n: row[n] for n in _KEPT}, raw=self._bytes(row["digest"])) for row in ordered]
        except OSError:
            self._put_back([row["id"] for row in ordered])
            raise
        self._rows |= {(row["digest"], row["locator"]): row["id"] for row in ordered}
        return taken

    def drop(self) -> None:
        """Nothing of it is being dealt with any more: what is still in hand is taken anew."""
        self._rows.clear()

    def settle(self, tx: Transaction, dealt_with: Sequence[Delivery]) -> None:
        """Takes deliveries off the tray, in the transaction that has them on record."""
        if ids := [row for d in dealt_with if (row := self._rows.get((d.digest, d.locator)))]:
            tx._db.execute(delete(t.waiting).where(t.waiting.c.id.in_(ids)))

    def before(self, delivery: Delivery, me: int) -> bool:
        """Has another daemon in hand what arrived before this one? It goes first."""
        order = tuple_(t.waiting.c.received_at, t.waiting.c.id)
        own = self._rows.get((delivery.digest, delivery.locator), 0)
        theirs = and_(t.waiting.c.holder != me, ~free(t.waiting), order < (delivery.received_at, own))
        with self._looking.connect() as db:
            return db.execute(select(t.waiting.c.id).where(theirs).limit(1)).first() is not None

    def waits_before(self, at: datetime) -> bool:
        """Does anything wait that arrived until `at`, whoever has it in hand? It goes before a rung of that time."""
        with self._looking.connect() as db:
            return db.execute(select(t.waiting.c.id).where(t.waiting.c.received_at <= at).limit(1)).first() is not None

    def _bytes(self, digest: str) -> bytes:
        """Nothing, where the store has lost them: the empty delivery is held, and its digest says which."""
        with suppress(QformsError):
            return self._store.get(digest)
        return b""

    def _put_back(self, ids: Sequence[int]) -> None:
        with suppress(OSError), self._engine.begin() as db:
            db.execute(update(t.waiting).where(t.waiting.c.id.in_(ids)).values(holder=None))

"""Proves that history, store and records agree: the chain of every record, the seals of the days, what each revision
and each record say, and every file that the ledger refers to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Table, select

from qforms.ledger import chain
from qforms.ledger import tables as t
from qforms.model import Problem, QformsError, Store

FORGOTTEN = "forgotten"  # a line of history that vouches for what is no longer as it was written (`forgetting`)
_PAGE = 2000


def chains(db: Connection) -> Iterator[Problem]:
    """Breaks in history, and records or revisions that are not what history says of them."""
    records = _by_number(db, t.record, t.record.c.seq)
    revisions = _by_number(db, t.revision, t.revision.c.revision)
    entries = _by_number(db, t.entry, t.entry.c.id)
    for number, record, kept, lines in _together(records, revisions, entries):
        yield from _record(number, record, kept, lines)


def _record(number: str, record: list[Any], revisions: list[Any], lines: list[Any]) -> Iterator[Problem]:
    before, said, last = "", {}, ""
    vouched = {i: link for line in lines if line["what"] == FORGOTTEN for i, link in line["detail"]["lines"].items()}
    for line in lines:
        before = chain.link(before, line)
        if vouched.get(str(line["id"])) == line["link"]:  # it named somebody who was forgotten since
            before = line["link"]
        if before != line["link"]:
            yield Problem("history_broken", number, context={"line": line["id"], "what": line["what"]})
            before = line["link"]  # what follows may still be right
        if line["state"]:
            revision, hashed, last = line["state"].split(":")
            said[int(revision)] = hashed
        if line["what"] == FORGOTTEN:
            said |= {int(revision): hashed for revision, hashed in line["detail"]["revisions"].items()}
    for row in revisions:
        if said.get(row["revision"], chain.kept(row)) != chain.kept(row):
            yield Problem("revision_changed", number, context={"revision": row["revision"]})
    there = {row["revision"] for row in revisions}
    for gone in sorted(said.keys() - there):
        yield Problem("revision_missing", number, context={"revision": gone})
    if not record:
        if said:
            yield Problem("record_missing", number)
        return
    [now] = record
    if (
        now["revision"] != max(said, default=-1)
        or said[now["revision"]] != chain.kept(now)
        or last != chain.latest(now)
    ):
        yield Problem("record_changed", number, context={"revision": now["revision"]})


def seals(db: Connection) -> Iterator[Problem]:
    """Days whose lines of history are no longer those that were sealed."""
    before, since = "", 0
    for sealed in db.execute(select(t.seal).order_by(t.seal.c.last, t.seal.c.day)).mappings().all():
        hashed, count = chain.seal(before, links(db, since, sealed["last"]))
        if (hashed, count) != (sealed["hash"], sealed["lines"]):
            context = {"lines": count, "sealed": sealed["lines"]}
            yield Problem("seal_broken", sealed["day"], context=context)
        before, since = sealed["hash"], sealed["last"]


def links(db: Connection, since: int, last: int) -> Iterator[str]:
    """The links of the lines after `since` up to `last`, in the order of the ledger."""
    query = select(t.entry.c.link).where(t.entry.c.id > since, t.entry.c.id <= last).order_by(t.entry.c.id)
    yield from db.scalars(query.execution_options(yield_per=_PAGE))


def files(db: Connection, store: Store) -> Iterator[Problem]:
    """Files that arrived or were sent, and that the store does not hold as they were."""
    gone: set[str] = set()
    for detail in db.scalars(select(t.entry.c.detail).where(t.entry.c.what == FORGOTTEN)):
        gone.update(detail["files"])
    for kind, column in (("delivery", t.delivery.c.digest), ("letter", t.letter.c.digest)):
        query = select(column).where(column != "").distinct().order_by(column)
        for digest in db.scalars(query.execution_options(yield_per=_PAGE)):
            if digest in gone:
                continue
            try:
                store.get(digest)
            except QformsError as fault:
                yield Problem("file_missing", digest, context={"kind": kind, "reason": str(fault)})


def _by_number(db: Connection, table: Table, then: Any) -> Iterator[tuple[str, list[Any]]]:
    number = table.c.number.collate("C") if db.dialect.name == "postgresql" else table.c.number  # as Python compares
    query = select(table).order_by(number, then).execution_options(yield_per=_PAGE)
    rows = db.execute(query).mappings()
    return ((number, list(found)) for number, found in groupby(rows, key=lambda row: str(row["number"])))


def _together(*streams: Iterator[tuple[str, list[Any]]]) -> Iterator[tuple[Any, ...]]:
    """What several ordered streams say of each number, one number at a time."""
    heads = [next(s, None) for s in streams]
    while there := [h[0] for h in heads if h]:
        number = min(there)
        yield number, *(h[1] if h and h[0] == number else [] for h in heads)
        heads = [next(s, None) if h and h[0] == number else h for s, h in zip(streams, heads, strict=True)]

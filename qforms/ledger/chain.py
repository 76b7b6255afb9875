"""The chain that makes tampering show: each line of history holds a hash of the line before it of the same record, and
the last one that is written with a revision holds what the record said then. Each day is sealed over all lines of it.

A chain for each record, so that no two writers wait for each other; nothing is read back to go on but its last link."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from qforms.ledger.rows import Row, Written, plain
from qforms.ledger.tables import instant

_ENTRY = ("number", "what", "rule", "delivery", "by")
_KEPT = ("number", "revision", "status", "vals", "origin", "by")  # what a revision keeps for ever
_LATEST = ("form", "case_no", "received_at")  # what the record alone says, as it stands now


def state(row: Row) -> str:
    """What a record says, as `revision:hash:hash`: of what the revision keeps, of what the record alone says."""
    return f"{row['revision']}:{kept(row)}:{latest(row)}"


def kept(row: Row) -> str:
    """The hash of a revision, as its `state` names it."""
    parts = [one if type(one := row[name]) is Written else plain(one) for name in _KEPT]
    return sha256(f"[{','.join(parts)},{plain(_instant(row['at']))}]".encode()).hexdigest()[:32]


def latest(row: Row) -> str:
    """The hash of what the record alone says, as the last `state` names it."""
    said = [row["form"], row["case_no"], _instant(row["received_at"])]
    return sha256(plain(said).encode()).hexdigest()[:32]


def link(before: str, row: Row) -> str:
    """The hash of a line of history (with its `state`) and of all those before it of the same record."""
    line = [*(row[name] for name in _ENTRY), _instant(row["at"]), row["detail"], row["state"]]
    return sha256(f"{before}{plain(line)}".encode()).hexdigest()


def seal(before: str, links: Iterable[str]) -> tuple[str, int]:
    """The hash over these links in the order of the ledger and over the seal before; and how many there were."""
    hashed, count = sha256(before.encode()), 0
    for count, one in enumerate(links, 1):  # noqa: B007 (the last count is the answer)
        hashed.update(one.encode())
    return hashed.hexdigest(), count


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant(at)

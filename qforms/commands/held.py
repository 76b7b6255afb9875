"""What could not be taken in: listed with its reason, shown, tried again, dismissed. Raw files are always kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from qforms import house
from qforms.commands import printing
from qforms.daemon import real_now
from qforms.model import Delivery, Problem, QformsError, Told
from qforms.problems import actor, say


def rows(h: house.House, digest: str = "") -> list[dict[str, Any]]:
    """Held deliveries that wait. Raises QformsError when `digest` names none of them."""
    found = list(h.ledger.deliveries(outcome="held", state="done", digest=digest))
    if digest and not found:
        raise QformsError(Told(f"没有待处理的 {digest}", f"nothing is held under {digest}"))
    return found


def show(root: Path, digest: str) -> Iterator[str]:
    with house.opened(root) as h:
        for row in rows(h, digest):
            what = row["subject"] or row["name"]
            yield f"{row['digest']}  {printing.short(row['received_at'], h.settings)}  {row['sender']}  {what}"
            for plain in row["reason"]:
                problem = Problem(**plain)
                yield f"  原因：{say(problem, h.settings.lang)}（{actor(problem)}）"
            yield f"  原件：{h.store.path(row['digest'])}"
            yield f"  再试：qforms held retry {root} {row['digest'][:12]}"


def retry(root: Path, digest: str, now: datetime | None) -> Iterator[str]:
    """Takes held deliveries in again, from the bytes in the store, at the time at which they arrived."""
    at = now or real_now()
    with house.opened(root) as h:
        for row in rows(h, digest):
            with h.ledger.begin() as tx:
                tx.forget_delivery(row["key"])
            kept = {f.name: row[f.name] for f in dataclasses.fields(Delivery) if f.name in row}
            taken = h.handle([Delivery(**kept, raw=h.store.get(row["digest"]), again=True)], at)
            for t in taken:
                why = "；".join(dict.fromkeys(say(p, h.settings.lang) for p in t.problems))
                yield "  ".join(s for s in (row["digest"][:12], t.outcome, " ".join(t.numbers), why) if s)
        h.finish(at)


def dismiss(root: Path, digest: str) -> Iterator[str]:
    """Leaves held deliveries; says which."""
    with house.opened(root) as h:
        for row in rows(h, digest):
            with h.ledger.begin() as tx:
                tx.set_delivery_state(row["key"], "dismissed")
            yield f"{row['digest'][:12]}  不再处理，原件保留"

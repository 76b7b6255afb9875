"""What could not be taken in: listed with its reason, shown, tried again, dismissed. Raw files are always kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from qforms import house, tongue
from qforms.commands import printing
from qforms.daemon import real_now
from qforms.model import Delivery, Problem, QformsError, Told
from qforms.problems import ACTORS, actor, say


def rows(h: house.House, digest: str = "") -> list[dict[str, Any]]:
    """Held deliveries that wait. Raises QformsError when `digest` names none of them."""
    found = list(h.ledger.deliveries(outcome="held", state="done", digest=digest))
    if digest and not found:
        raise QformsError(Told(f"没有待处理的 {digest}", f"nothing is held under {digest}"))
    return found


def data(root: Path, digest: str) -> Iterator[dict[str, Any]]:
    """Held deliveries with their reasons, who must act, and where the raw file lies."""
    with house.opened(root) as h:
        for row in rows(h, digest):
            yield {
                **printing.delivery(row, h.settings, lang=tongue.lang()),
                "actors": [actor(Problem(**plain)) for plain in row["reason"]],
                "raw": str(h.store.place(row["digest"])),
            }


def show(root: Path, digest: str) -> Iterator[str]:
    with house.opened(root) as h:
        for row in rows(h, digest):
            what = row["subject"] or row["name"]
            yield f"{row['digest']}  {printing.short(row['received_at'], h.settings)}  {row['sender']}  {what}"
            for plain in row["reason"]:
                problem = Problem(**plain)
                who = ACTORS[actor(problem)][tongue.lang()]
                reason = say(problem, tongue.lang())
                yield "  " + tongue.say(f"原因：{reason}（由{who}处理）", f"reason: {reason} (for {who})")
            yield "  " + tongue.say("原件：", "raw file: ") + str(h.store.place(row["digest"]))
            yield "  " + tongue.say("再试：", "try again: ") + f"qforms held retry {root} {row['digest'][:12]}"


def retry(root: Path, digest: str, now: datetime | None) -> Iterator[dict[str, Any]]:
    """Takes held deliveries in again, from the bytes in the store, at the time at which they arrived; gives what became
    of each."""
    at = now or real_now()
    with house.opened(root) as h:
        for row in rows(h, digest):
            with h.ledger.begin() as tx:
                tx.forget_delivery(row["key"])
            kept = {f.name: row[f.name] for f in dataclasses.fields(Delivery) if f.name in row}
            taken = h.handle([Delivery(**kept, raw=h.store.get(row["digest"]), again=True)], at)
            for t in taken:
                why = "；".join(dict.fromkeys(say(p, tongue.lang()) for p in t.problems))
                yield {"digest": row["digest"], "outcome": t.outcome, "numbers": list(t.numbers), "reason": why}
        h.finish(at)


def dismiss(root: Path, digest: str) -> Iterator[dict[str, Any]]:
    """Leaves held deliveries; says which. The raw files are kept."""
    with house.opened(root) as h:
        for row in rows(h, digest):
            with h.ledger.begin() as tx:
                tx.set_delivery_state(row["key"], "dismissed")
            yield {"digest": row["digest"], "outcome": "dismissed"}

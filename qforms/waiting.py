"""What could not be taken in reaches the office without a shell: a list by mail, once a day, with reason and raw files.

A return whose sender has to be confirmed is told at once. The office answers line by line (`intake.heldwords`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from qforms.ledger import Ledger
from qforms.model import Problem, Store
from qforms.outbox.cases import safe_name
from qforms.problems import say

if TYPE_CHECKING:
    from qforms.mailroom import Mailroom

_LISTED = "held deliveries listed on"
_MOST = 10  # lines of a list
_ENCLOSED = 8_000_000  # bytes of raw files that go with it


class WaitingList:
    """Looks for what is held when a day begins and when something has been held."""

    def __init__(self, ledger: Ledger, store: Store, mailroom: Mailroom) -> None:
        self._ledger = ledger
        self._store = store
        self._mailroom = mailroom
        self._settings = mailroom.settings
        self._looked = ""  # the day on which it was last looked, and nothing was held

    def tell(self, now: datetime, *, anew: bool, urgent: Collection[str] = ()) -> None:
        """Lists what waits, once a day; `anew`: something has just been held. Deliveries in `urgent` (by digest) are
        listed at once, in a letter of their own."""
        day = f"{self._settings.local(now):%Y-%m-%d}"
        if not anew and not urgent and self._looked == day:
            return
        self._looked = day
        waiting = self._ledger.deliveries(outcome="held", state="done")
        if waiting and self._ledger.note(_LISTED) != day:
            self._list(f"held:{day}", waiting, now)
            self._ledger.set_note(_LISTED, day)
        elif now_asked := [row for row in waiting if row["digest"] in urgent]:
            self._list(f"held:{now_asked[0]['digest'][:16]}", now_asked, now)

    def _list(self, key: str, waiting: Sequence[Mapping[str, Any]], now: datetime) -> None:
        rows = waiting[-_MOST:]
        lines = [self._line(n, row) for n, row in enumerate(rows, 1)]
        problem = Problem("deliveries_held", context={"count": len(waiting)})
        facts = {"held": [row["digest"] for row in rows]}
        self._mailroom.list_for_office(key, problem, lines, now, tuple(self._raw(rows)), facts)

    def _line(self, n: int, row: Mapping[str, Any]) -> list[str]:
        at = self._settings.local(row["received_at"])
        what = " ".join(str(row["subject"] or row["name"] or "").split())[:80]
        reasons = "；".join(say(Problem(**p), self._settings.lang) for p in row["reason"])
        return [f"{n}　{what}　{row['sender']}　{at:%m-%d %H:%M}", reasons]

    def _raw(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """The raw files as enclosures, as long as they fit."""
        left, found = _ENCLOSED, []
        for n, row in enumerate(rows, 1):
            if not self._store.has(row["digest"]) or (size := len(self._store.get(row["digest"]))) > left:
                continue
            left -= size
            name = row["name"] or f"{row['subject'] or 'mail'}.eml"
            found.append(f"file:{row['digest']}:{n} {safe_name(PurePath(name).name)}")
        return found

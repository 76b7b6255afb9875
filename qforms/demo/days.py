"""The days of the story: a workspace's house, kept open, and a clock that is moved from one event to the next."""

from __future__ import annotations

import email
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import policy
from email.message import Message
from pathlib import Path
from typing import Self

from qforms import sources
from qforms.desk import Taken
from qforms.house import House
from qforms.model import Source

_STEP = timedelta(seconds=1)


class Days:
    """Plays the loop of `qforms run` with a clock of its own."""

    def __init__(self, house: House, start: datetime) -> None:
        self.house = house
        self.now = start
        self._sources: list[Source] = sources.of(house.settings, lambda: self.now, once=True)
        self._mails = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for source in self._sources:
            source.close()

    def due_until(self, at: datetime) -> Iterator[datetime]:
        """Does everything that comes due before `at`, each at its own time, and gives those times; then it is `at`."""
        while (due := self._next(at)) < at:
            self.now = due
            self.turn()
            yield due
        self.now = at

    def turn(self) -> list[Taken]:
        """One round of the daemon's loop, as of now."""
        house, taken = self.house, []
        for source in self._sources:
            for one in house.handle(sorted(source.waiting(), key=lambda d: d.received_at), self.now):
                source.done(one.delivery, one.outcome)
                taken.append(one)
        house.handle([], self.now)
        house.take_edits(self.now)
        house.finish(self.now)
        return taken

    def _next(self, at: datetime) -> datetime:
        return max(self.now + _STEP, self.house.next_call(self.now) or at)

    # ------------------------------------------------------------ what arrives, and what was sent

    def mail(self, raw: bytes) -> None:
        """Lays a mail into the mailbox, as of now."""
        self._mails += 1
        box = self.house.settings.path(self.house.settings.mailbox.path)
        name = f"{int(self.now.timestamp())}.M{self._mails:04d}P1.mail"
        self._put(box / "new" / name, raw)

    def file(self, name: str, data: bytes) -> None:
        """Lays a file into the watched folder, as of now."""
        self._put(self.house.settings.path(self.house.settings.folders.inbox) / name, data)

    def letter(self, key: str, to: str = "") -> Message:
        """The newest letter sent whose key begins with `key` and that goes to an address beginning with `to`."""
        found = [
            letter
            for letter in self.house.ledger.letters(("sent", "bounced"))
            if letter.intent.key.startswith(key) and any(a.startswith(to) for a in letter.intent.to)
        ]
        if not found:
            raise LookupError(f"no letter {key} to {to or 'anybody'} by {self.now:%m-%d %H:%M}")
        newest = max(found, key=lambda x: x.sent_at or self.now)
        return email.message_from_bytes(self.house.store.get(newest.digest), policy=policy.default)

    def _put(self, path: Path, data: bytes) -> None:
        path.write_bytes(data)
        os.utime(path, (self.now.timestamp(), self.now.timestamp()))

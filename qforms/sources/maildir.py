"""The embedded mailbox: a Maildir that local programs write into. Files in `tmp/` are never read.

After the commit a mail is renamed into `.done/cur` beside it. Names are kept; none of ours has a colon (Windows)."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path
from stat import S_ISREG
from typing import Literal

from qforms.model import Delivery, Problem
from qforms.settings import Mailbox, Settings
from qforms.sources import Clock, SourceDown, real_time, stub
from qforms.sources.hint import Hint
from qforms.sources.shelf import Seen, Shelf

_HEAD = 256 * 1024  # bytes in which the headers of a mail end
_RESCAN = 5.0  # seconds between two looks when nothing hints at a change


class MaildirSource:
    """`new/` and `cur/` of `mailbox.path`. A mail above `mailbox.max_mb` is delivered as a stub and stays in place."""

    channel: Literal["maildir", "web"] = "maildir"

    def __init__(self, settings: Settings, clock: Clock = real_time, box: str = "") -> None:
        self.name = f"{self.channel}:{box}" if box else self.channel
        self._place = f"{box}:" if box else ""  # how its locators begin
        own = self._box(settings, box)
        self._root = settings.path(own.path)
        self.private = self._root.is_relative_to(settings.root)
        self._largest = own.max_mb * 1_000_000
        self._server = (own.authserv_id or settings.trust.authserv_id).lower()
        self._clock = clock
        self._folders = [self._root / "new", self._root / "cur"]
        self._hint = Hint(*self._folders)
        self._shelf = Shelf(again=60.0)
        self._made = False  # `.done`

    def _box(self, settings: Settings, box: str) -> Mailbox:
        return settings.boxes()[box]

    def waiting(self) -> Iterator[Delivery]:
        """What waits, oldest first. Raises SourceDown when the Maildir cannot be read."""
        self._shelf.retry()
        now, found = self._clock(), []
        for file, seen in self._there():
            at = min(self._told(file, seen[0]) or datetime.fromtimestamp(seen[1] / 1e9, UTC), now)
            found.append((at, file.name, file, seen))
        for at, _, file, seen in sorted(found):
            if (raw := self._read(file, seen[0])) is None:
                self._shelf.leave(file)
            else:
                locator = f"{self._place}{file.parent.name}/{file.name}"
                yield stub.delivery(self.channel, locator, at, raw, modified_ns=seen[1])

    def done(self, delivery: Delivery, outcome: str) -> None:
        """Moves the mail to `.done/cur`; one that cannot be moved, or was too big, is not yielded again."""
        file = self._root / delivery.locator.removeprefix(self._place)
        if stub.is_stub(delivery.raw):
            with contextlib.suppress(OSError):  # gone already
                self._shelf.keep(file, (file.stat().st_size, delivery.modified_ns))
            return
        if not self._made:
            for name in ("new", "tmp"):  # a Maildir for whoever looks into it
                (self._root / ".done" / name).mkdir(parents=True, exist_ok=True)
            self._made = True
        self._shelf.move(file, (len(delivery.raw), delivery.modified_ns), self._root / ".done" / "cur")

    def wait(self, seconds: float, stop: Callable[[], bool]) -> bool:
        """Until mail waits (True), `stop`, or `seconds` are over. Raises SourceDown."""
        self._hint.start()
        until = time.monotonic() + seconds
        while not any(True for _ in self._there()):
            left = until - time.monotonic()
            if left <= 0 or stop():
                return False
            self._hint.wait(min(left, _RESCAN), stop)
        return True

    def close(self) -> None:
        self._hint.close()

    def _there(self) -> Iterator[tuple[Path, Seen]]:
        """The mails that were not taken yet."""
        try:
            files = [entry for folder in self._folders for entry in os.scandir(folder) if entry.name[0] != "."]
        except OSError as fault:
            problem = Problem("folder_unreachable", context={"folder": str(self._root), "reason": fault.strerror})
            raise SourceDown(problem, 30.0) from None
        for entry in files:
            try:
                stat = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # taken away meanwhile
            file, seen = Path(entry.path), (stat.st_size, stat.st_mtime_ns)
            if S_ISREG(stat.st_mode) and self._shelf.wants(file, seen):
                yield file, seen

    def _told(self, file: Path, size: int) -> datetime | None:
        """When our own server took the mail, where one delivers into this Maildir."""
        start = self._read(file, size, _HEAD) if self._server else None
        return _arrived(start, self._server) if start else None

    def _read(self, file: Path, size: int, most: int = -1) -> bytes | None:
        """The mail (a stub if it is too big), or its first bytes only; None when it has gone or is locked."""
        try:
            with file.open("rb", buffering=0) as stream:
                if most >= 0:
                    return stream.read(most)
                if size > self._largest:
                    return stub.of(size, stream.read(stub.START))
                return stream.read()
        except OSError:
            return None


def _arrived(start: bytes, server: str) -> datetime | None:
    """When our own server took the mail: the date of the first Received line, if that line is written `by` it."""
    line = BytesHeaderParser().parsebytes(stub.headers_of(start)).get("Received", "")
    words = line.lower().split()
    if "by" not in words or words[words.index("by") + 1 : words.index("by") + 2] != [server]:
        return None
    try:
        at = parsedate_to_datetime(line.rpartition(";")[2].strip())
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None

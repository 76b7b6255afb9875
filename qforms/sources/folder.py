"""The watched folder: filled forms, JSON from other programs, saved mails. Only files at rest are read.

A file is at rest when two looks, `folders.rest_seconds` of real time apart, saw the same size and time. After the
commit it moves to `done/`, or to `held/` when the delivery was held, under its own name, suffixed when that is taken.
A file above `mailbox.max_mb` is delivered as a stub and held: it moves to `held/`, neither lost nor read twice."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from qforms.model import Delivery, Problem
from qforms.settings import Settings
from qforms.sources import Clock, SourceDown, real_time, stub
from qforms.sources.hint import Hint
from qforms.sources.shelf import Seen, Shelf

_OURS = ("done", "held")
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", "~")
_LOCKS = ("~$", ".~lock", ".", "~WRL", ".sync")  # lock files, hidden files, Word's own temporary files
_PATIENCE = 20.0  # seconds that `--once` waits for files to come to rest, beyond the rest itself


@dataclass(slots=True)
class _Look:
    seen: Seen
    since: float  # real time, monotonic


class FolderSource:
    """Files in `folders.inbox` and the folders below it. `once`: `waiting` waits, within bounds, until they rest."""

    name = "folder"

    def __init__(self, settings: Settings, clock: Clock = real_time, once: bool = False) -> None:
        self._root = settings.path(settings.folders.inbox)
        self.private = self._root.is_relative_to(settings.root)
        self._rest = settings.folders.rest_seconds
        self._scan = settings.folders.scan_seconds
        self._largest = settings.mailbox.max_mb * 1_000_000
        self._clock = clock
        self._once = once
        self._looks: dict[Path, _Look] = {}
        self._shelf = Shelf(self._scan)
        self._hint = Hint(self._root, recursive=True)

    def waiting(self) -> Iterator[Delivery]:
        """Files at rest, oldest first. Raises SourceDown when the folder cannot be read."""
        self._shelf.retry()
        resting = self._look()
        until = time.monotonic() + self._rest + _PATIENCE
        while self._once and len(resting) < len(self._looks) and time.monotonic() < until:
            time.sleep(min(0.1, self._rest / 4 + 0.01))
            resting = self._look()
        for file, (size, modified_ns) in sorted(resting, key=lambda r: (r[1][1], str(r[0]))):
            if (raw := self._read(file, (size, modified_ns))) is None:
                self._shelf.leave(file)  # Excel has it open: the next look will tell
            else:
                at = min(datetime.fromtimestamp(modified_ns / 1e9, UTC), self._clock())
                locator = file.relative_to(self._root).as_posix()
                yield stub.delivery("folder", locator, at, raw, name=file.name, modified_ns=modified_ns)

    def done(self, delivery: Delivery, outcome: str) -> None:
        """Moves the file to `done/` or `held/`, unless it was replaced since. One held by another program is moved
        later and not yielded again."""
        file = self._root / delivery.locator
        try:
            seen = file.stat().st_size, delivery.modified_ns
        except OSError:
            return  # gone already
        self._shelf.move(file, seen, self._root / ("held" if outcome == "held" else "done"))

    def wait(self, seconds: float, stop: Callable[[], bool]) -> bool:
        """Until a file is at rest (True), `stop`, or `seconds` are over. Raises SourceDown."""
        self._hint.start()
        until = time.monotonic() + seconds
        while not self._look():
            left = until - time.monotonic()
            if left <= 0 or stop():
                return False
            now = time.monotonic()
            rests = [look.since + self._rest - now for look in self._looks.values()]
            self._hint.wait(max(0.02, min([left, self._scan, *rests])), stop)
        return True

    def close(self) -> None:
        self._hint.close()

    def _look(self) -> list[tuple[Path, Seen]]:
        """Looks at every file once; gives those that are at rest."""
        now, looks = time.monotonic(), {}
        for file in self._files():
            try:
                stat = file.lstat()
            except OSError:
                continue  # taken away meanwhile
            seen = stat.st_size, stat.st_mtime_ns
            if self._shelf.wants(file, seen):
                before = self._looks.get(file)
                looks[file] = before if before and before.seen == seen else _Look(seen, now)
        self._looks = looks
        rested = now - self._rest
        return [(file, look.seen) for file, look in looks.items() if look.since <= rested and look.since < now]

    def _files(self) -> Iterator[Path]:
        if self.private:
            self._root.mkdir(exist_ok=True)
        elif not self._root.is_dir():  # a share that is not mounted: never made anew under its mount point
            raise SourceDown(Problem("folder_unreachable", context={"folder": str(self._root)}), 30.0)
        for where, folders, names in os.walk(self._root, onerror=self._unreadable):
            top = Path(where) == self._root
            folders[:] = [f for f in folders if not f.startswith(".") and not (top and f in _OURS)]
            for name in names:
                file = Path(where) / name
                if not (name.startswith(_LOCKS) or name.lower().endswith(_UNFINISHED)) and not file.is_symlink():
                    yield file

    def _unreadable(self, fault: OSError) -> None:
        if Path(fault.filename or "") == self._root:
            context = {"folder": str(self._root), "reason": fault.strerror or ""}
            raise SourceDown(Problem("folder_unreachable", context=context), 30.0)

    def _read(self, file: Path, seen: Seen) -> bytes | None:
        """The bytes of a file, a stub if it is too big; None when it is locked, gone, or changed while being read."""
        try:
            if seen[0] > self._largest:
                return stub.of(seen[0])
            raw = file.read_bytes()
            stat = file.stat()
        except OSError:
            return None
        return raw if (stat.st_size, stat.st_mtime_ns) == seen and len(raw) == seen[0] else None

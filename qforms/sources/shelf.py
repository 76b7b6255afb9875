"""Which files of a folder are done with: moved away, or to be moved as soon as another program lets go of them."""

from __future__ import annotations

import time
from pathlib import Path

Seen = tuple[int, int]  # size, modification time in ns: a file of the same name with another of these is a new one


class Shelf:
    """Remembers files while the program runs; after a restart the ledger knows what was taken."""

    def __init__(self, again: float) -> None:
        """`again`: seconds until a file that is locked is tried once more."""
        self._again = again
        self._taken: dict[Path, tuple[Seen, Path | None]] = {}
        self._left: dict[Path, float] = {}

    def wants(self, file: Path, seen: Seen) -> bool:
        """Whether the file is still to be read, and may be now."""
        taken = self._taken.get(file)
        return (taken is None or taken[0] != seen) and self._left.get(file, 0.0) <= time.monotonic()

    def leave(self, file: Path) -> None:
        """The file is locked: not for a while."""
        self._left[file] = time.monotonic() + self._again

    def keep(self, file: Path, seen: Seen) -> None:
        """The file is taken and stays where it is."""
        self._taken[file] = seen, None

    def move(self, file: Path, seen: Seen, target: Path) -> None:
        """The file is taken and moves into the folder `target`, now or, when it is locked, later."""
        self._taken[file] = seen, target
        self._try(file, seen, target)

    def retry(self) -> None:
        """Tries again to move what could not be moved, and forgets what has gone."""
        for file, (seen, target) in list(self._taken.items()):
            if target:
                self._try(file, seen, target)
            elif not file.exists():
                del self._taken[file]
        self._left = {file: until for file, until in self._left.items() if until > time.monotonic()}

    def _try(self, file: Path, seen: Seen, target: Path) -> None:
        try:
            stat = file.stat()
            if (stat.st_size, stat.st_mtime_ns) == seen:
                _moved(file, target)
        except FileNotFoundError:
            pass  # somebody was quicker
        except OSError:  # held by another program, disk full
            return
        self._taken.pop(file, None)


def _moved(file: Path, target: Path) -> None:
    try:
        file.rename(_free(target / file.name))
    except FileNotFoundError:  # the folder, when it is the first
        target.mkdir(parents=True, exist_ok=True)
        file.rename(_free(target / file.name))


def _free(path: Path) -> Path:
    """`path`, or one that no file has: name (2).xlsx, name (3).xlsx …"""
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.stem} ({number}){path.suffix}")
    return candidate

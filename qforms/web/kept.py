"""The photos of a report that came back to be corrected: kept for an hour, so that nobody has to choose them again.

They lie in the spool under a name that follows from the visitor's cookie; who has another cookie finds none of them. A
file's time of change is the moment at which it is forgotten."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qforms.settings import Settings
from qforms.web.uploads import File

SECONDS = 3600
_FOLDER = ".again"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that stays: its id stands in the form, ticked; whoever unticks it gives it up."""

    id: str
    name: str
    kind: str
    size: int
    path: Path

    def opened(self) -> File:
        """To be closed by who reads it."""
        return File(self.name, self.kind, self.size, self.path.open("rb"))


class Shelf:
    """What the visitors of one workspace's page have left behind for their next try."""

    def __init__(self, settings: Settings) -> None:
        self._root = settings.path(settings.web.spool) / _FOLDER

    def put(self, visit: str, files: Sequence[File], now: float) -> tuple[Kept, ...]:
        """Keeps copies of the files. Raises OSError, and keeps none of them, when that cannot be."""
        self.forget(now)
        folder = self._of(visit)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made: list[Kept] = []
        try:
            made += [_copied(file, folder, now + SECONDS) for file in files]
        except OSError:
            self.drop(made)
            raise
        return tuple(made)

    def find(self, visit: str, ids: Sequence[str], now: float) -> tuple[Kept, ...]:
        """Those of the ids that are this visitor's and not forgotten yet, each once."""
        folder = self._of(visit)
        found = (_read(folder, id_, now) for id_ in dict.fromkeys(ids) if id_.isalnum() and len(id_) == 32)
        return tuple(k for k in found if k is not None)

    def drop(self, kept: Sequence[Kept]) -> None:
        for one in kept:
            one.path.with_suffix(".json").unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # Windows: somebody still reads it; it is forgotten in time
                one.path.unlink(missing_ok=True)

    def forget(self, now: float) -> None:
        """Deletes what nobody came back for."""
        for folder in self._root.iterdir() if self._root.is_dir() else ():
            with contextlib.suppress(OSError):
                for file in folder.iterdir():
                    if file.stat().st_mtime <= now:
                        file.unlink(missing_ok=True)
                folder.rmdir()  # when it is empty

    def _of(self, visit: str) -> Path:
        return self._root / hashlib.sha256(visit.encode()).hexdigest()[:40]


def _copied(file: File, folder: Path, until: float) -> Kept:
    id_ = secrets.token_hex(16)
    path = folder / f"{id_}.bin"
    try:
        file.content.seek(0)
        with path.open("xb") as out:
            shutil.copyfileobj(file.content, out, _CHUNK)
        about = path.with_suffix(".json")
        about.write_text(json.dumps({"name": file.name, "kind": file.kind}, ensure_ascii=False), "utf-8")
        for one in (path, about):
            os.utime(one, (until, until))
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return Kept(id_, file.name, file.kind, file.size, path)


def _read(folder: Path, id_: str, now: float) -> Kept | None:
    path = folder / f"{id_}.bin"
    try:
        about = json.loads(path.with_suffix(".json").read_text("utf-8"))
        seen = path.stat()
    except (OSError, ValueError):
        return None
    return Kept(id_, about["name"], about["kind"], seen.st_size, path) if seen.st_mtime > now else None

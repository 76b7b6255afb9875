"""When the book is missing, cut short or another file altogether: what to wait for, what to keep, what to put back."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from qforms.model import QformsError
from qforms.settings import Settings
from qforms.workbook import locks, publish
from qforms.workbook.book import Busy, opened
from qforms.workbook.standing import Standing

_REST = 60.0  # seconds after which a file that nobody holds is not being saved any more
_GAP = 3.0  # seconds in which a program that saves by delete and rename has put the new file there


def held(path: Path, settings: Settings) -> bool:
    """Whether somebody has the book open just now."""
    return locks.holder(path, datetime.now(UTC), settings.folders.lock_hours) is not None


def settling(path: Path, settings: Settings) -> bool:
    """Whether somebody may still be saving the book: it is held, or was written a moment ago."""
    try:
        return held(path, settings) or time.time() - path.stat().st_mtime < _REST
    except OSError:
        return True


def missing(path: Path, standing: Standing) -> bool:
    """Whether a book that was there has gone, and does not come back in a moment. A folder that has gone as well is a
    share that is not connected: nothing is missing then."""
    until = time.monotonic() + _GAP
    while standing.fingerprint and path.parent.is_dir() and not path.exists():
        if _temporary(path) or time.monotonic() >= until:
            return not _temporary(path)
        time.sleep(0.2)
    return False


def _temporary(path: Path) -> bool:
    """A file that Excel is about to rename: eight characters without an ending, a moment old."""
    try:
        near = [f for f in path.parent.iterdir() if f.suffix == "" and len(f.name) == 8 and f.is_file()]
        return any(time.time() - f.stat().st_mtime < _REST for f in near)
    except OSError:
        return True


def aside(path: Path, at: datetime, why: str, *, copy: bool = False) -> Path:
    """Keeps what lies there beside it, under its time and the reason; gives its new path."""
    words = " ".join(w for w in (path.stem, f"{at:%Y-%m-%d %H%M%S}", why) if w)
    kept = path.with_name(f"{words}{path.suffix}")
    if copy:
        shutil.copy2(path, kept)
    else:
        path.replace(kept)
    return kept


def take_back(path: Path, history: Path, standing: Standing) -> bool:
    """Puts the book that `standing` tells of back in the place of one that only we can have written; False when it was
    not kept, and the book is then gone."""
    wanted = standing.fingerprint.rpartition(".")[2]
    for version in reversed(publish.kept(path, history, standing.serial)):
        if wanted and publish.digest(version) == wanted:
            draft = path.with_name(f".qforms-{path.name}.tmp")
            shutil.copyfile(version, draft)
            draft.replace(path)
            return True
    path.unlink()
    return False


def put_back(path: Path, history: Path) -> bool:
    """Puts the last version that can be read back in its place; False when none was kept."""
    for version in sorted(history.glob(f"{path.stem}-*{path.suffix}"), reverse=True):
        try:
            with opened(version):
                pass
        except (Busy, QformsError):
            continue
        draft = path.with_name(f".qforms-{path.name}.tmp")
        shutil.copyfile(version, draft)
        draft.replace(path)
        return True
    return False

"""Who has the book open. Nothing stops a program on Linux or over SMB from replacing a file that Excel holds: we look.

Excel and WPS leave an owner file `~$name` beside it (Word drops leading letters of the name), LibreOffice
`.~lock.name#`, WPS on Linux `.~name`."""

from __future__ import annotations

import glob
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_OURS = "qforms"
_OUR_STALE = timedelta(minutes=10)  # a lock of ours that is older was left by a crash


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the book, by which owner file, since when. `stale`: too old to be believed, left by a crash."""

    name: str
    file: Path
    since: datetime
    stale: bool = False


def holders(path: Path, now: datetime, hours: float) -> tuple[Holder, ...]:
    """All owner files of the book, stale ones too: those a person may clear."""
    found = []
    for file in _candidates(path):
        with suppress(FileNotFoundError):
            since = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            name = _owner(file)
            limit = _OUR_STALE if name == _OURS else timedelta(hours=hours)
            found.append(Holder(name, file, since, now - since >= limit))
    return tuple(found)


def holder(path: Path, now: datetime, hours: float) -> Holder | None:
    """Who has the book open just now: an owner file younger than `hours`, or (Windows, SMB) a refused probe."""
    live = next((h for h in holders(path, now, hours) if not h.stale), None)
    if live is None and path.exists() and os.access(path, os.W_OK) and not _probe(path):
        return Holder("", path, now)
    return live


@contextmanager
def ours(path: Path, hours: float) -> Iterator[bool]:
    """Holds LibreOffice's lock while we write, so that it opens the book read-only; False if somebody was faster.

    A lock of another that is older than `hours` is left to be cleared by a person, and holds nobody up."""
    file = path.with_name(f".~lock.{path.name}#")
    stamp = datetime.now(UTC).strftime("%d.%m.%Y %H:%M")
    try:
        with suppress(FileNotFoundError):
            if _owner(file) == _OURS:
                file.unlink()
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        yield holder(path, datetime.now(UTC), hours) is None
        return
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as out:
            out.write(f"{_OURS},{os.getpid()},{socket.gethostname()},{stamp},;")
        yield True
    finally:
        with suppress(OSError):
            file.unlink()


def clear_ours(path: Path) -> None:
    """Takes away what a crash of ours left beside the book: its lock and half-written files. Only for whoever is alone
    at work on the workspace."""
    lock = path.with_name(f".~lock.{path.name}#")
    with suppress(OSError):
        if _owner(lock) == _OURS:
            lock.unlink()
    for half in path.parent.glob(f".{_OURS}-*-{glob.escape(path.name)}.tmp"):
        with suppress(OSError):
            half.unlink()


def _candidates(path: Path) -> Iterator[Path]:
    name = path.name
    names = [f"~${name}", f"~${name[2:]}", f"~${name[1:]}", f".~lock.{name}#", f".~{name}", f".~{name[1:]}"]
    for candidate in dict.fromkeys([*names, f".~{name[2:]}"]):
        file = path.with_name(candidate)
        if file.exists():
            yield file


def _owner(file: Path) -> str:
    """The name in an owner file: LibreOffice's one line, or the 165 bytes of Excel and WPS (162 of Word)."""
    data = file.read_bytes()[:4096]
    if file.name.startswith(".~lock."):
        first, _, rest = data.decode("utf-8", "replace").partition(",")
        return first.replace("\\", "").strip() or rest.partition(",")[0].strip()
    return _excel_owner(data)


def _excel_owner(data: bytes) -> str:
    for at in (55, 54):  # Excel pads the name with blanks to offset 55, Word with zeros to 54
        if len(data) >= at + 2:
            (length,) = struct.unpack_from("<H", data, at)
            raw = data[at + 2 : at + 2 + 2 * length]
            if 0 < length <= 52 and len(raw) == 2 * length:
                name = raw.decode("utf-16-le", "replace").strip("\0 ")
                if name.isprintable() and name:
                    return name
    length = data[0] if data else 0
    return data[1 : 1 + length].decode("gb18030", "replace").strip("\0 ") if 0 < length <= 54 else ""


def _probe(path: Path) -> bool:
    """Whether the file can be opened for writing: not while Excel holds it on Windows or through an SMB mount."""
    try:
        with path.open("r+b"):
            return True
    except OSError:
        return False

"""The embedded outgoing side: letters as files of a Maildir (`sent/`), for a mail program or another to pick up."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence

from qforms.model import Dead, Later, Sent
from qforms.settings import Settings

_FRESH = 2_000_000_000  # ns in which a folder may change again without a new time
_KEY = b"\r\nx-qforms-key:"


class MaildirTransport:
    """One file a letter, named after its key: sending it again changes nothing. No name has a colon (Windows)."""

    repeatable = True

    def __init__(self, settings: Settings) -> None:
        self._root = str(settings.path(settings.outgoing.path))
        self._new, self._cur = (os.path.join(self._root, folder) for folder in ("new", "cur"))
        self._made = False
        self._moved: tuple[int, frozenset[str]] = (-1, frozenset())  # time of `cur`, and the names in it

    def send(
        self, raw: bytes, sender: str, to: Sequence[str], committing: Callable[[], object] = lambda: None
    ) -> Sent | Later | Dead:
        """Writes the file whole or not at all, and to the disk."""
        name = _name(raw)
        try:
            if not self._made:
                for folder in ("tmp", "new", "cur"):
                    os.makedirs(os.path.join(self._root, folder), exist_ok=True)
                self._made = True
            if self._has(name):
                return Sent()
            draft, path = f"{self._root}{os.sep}tmp{os.sep}{name}", f"{self._new}{os.sep}{name}"
            with open(draft, "wb", buffering=0) as out:
                out.write(raw)
                os.fsync(out.fileno())
            os.replace(draft, path)
            _sync(self._new)
        except OSError as fault:
            return Later(f"{self._root}: {fault.strerror or fault}", down=True)
        return Sent()

    def close(self) -> None:
        """Nothing is open between letters."""

    def _has(self, name: str) -> bool:
        """Also when a mail program has moved it to `cur` and added its flags."""
        if os.path.exists(f"{self._new}{os.sep}{name}"):
            return True
        changed = os.stat(self._cur).st_mtime_ns
        if self._moved[0] != changed or time.time_ns() - changed < _FRESH:
            names = os.listdir(self._cur)
            self._moved = (
                changed,
                frozenset(each.partition(":")[0].partition(";")[0].partition("!")[0] for each in names),
            )
        return name in self._moved[1]


def _name(raw: bytes) -> str:
    head = raw.partition(b"\r\n\r\n")[0]
    at = head.lower().find(_KEY)
    key = head[at + len(_KEY) :].partition(b"\r\n")[0].strip() if at >= 0 else raw
    return f"{hashlib.sha256(key).hexdigest()[:40]}.qforms"


def _sync(folder: str) -> None:
    """The new name, too, outlives a power cut. Windows has no such call, and needs none."""
    if os.name == "posix":
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

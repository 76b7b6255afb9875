"""The embedded outgoing side: letters as files of a Maildir (`sent/`), for a mail program or another to pick up."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from qforms.model import Dead, Later, Sent
from qforms.settings import Settings

_KEY = b"\r\nx-qforms-key:"


class MaildirTransport:
    """One file a letter, named after its key: sending it again changes nothing. No name has a colon (Windows)."""

    def __init__(self, settings: Settings) -> None:
        self._root = settings.path(settings.outgoing.path)

    def send(self, raw: bytes, sender: str, to: Sequence[str]) -> Sent | Later | Dead:
        """Writes the file whole or not at all, and to the disk."""
        name = _name(raw)
        try:
            for folder in ("tmp", "new", "cur"):
                (self._root / folder).mkdir(parents=True, exist_ok=True)
            if self._has(name):
                return Sent()
            draft = self._root / "tmp" / name
            with draft.open("wb") as out:
                out.write(raw)
                out.flush()
                os.fsync(out.fileno())
            draft.replace(self._root / "new" / name)
            _sync(self._root / "new")
        except OSError as fault:
            return Later(f"{self._root}: {fault.strerror or fault}", down=True)
        return Sent()

    def close(self) -> None:
        """Nothing is open between letters."""

    def _has(self, name: str) -> bool:
        """Also when a mail program has moved it to `cur` and added its flags."""
        return (self._root / "new" / name).exists() or any((self._root / "cur").glob(f"{name}*"))


def _name(raw: bytes) -> str:
    head = raw.partition(b"\r\n\r\n")[0]
    at = head.lower().find(_KEY)
    key = head[at + len(_KEY) :].partition(b"\r\n")[0].strip() if at >= 0 else raw
    return f"{hashlib.sha256(key).hexdigest()[:40]}.qforms"


def _sync(folder: Path) -> None:
    """The new name, too, outlives a power cut. Windows has no such call, and needs none."""
    if os.name == "posix":
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

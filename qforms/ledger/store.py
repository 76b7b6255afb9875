"""Raw bytes by SHA-256, in `store/ab/abcdef…`: written once, never changed, safe before anything refers to them."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from qforms.model import QformsError


class FileStore:
    """A `model.Store` in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: str) -> Path:
        return self.root / digest[:2] / digest

    def put(self, data: bytes) -> str:
        """Keeps `data`; gives its digest. The file is complete under its name or not there at all. Raises OSError."""
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest)
        if path.exists():
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{digest}.{os.getpid()}.part")
        try:
            with part.open("wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            part.replace(path)
            _sync_folder(path.parent)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes. Raises QformsError when they are missing or were changed."""
        try:
            data = self.path(digest).read_bytes()
        except FileNotFoundError:
            raise QformsError(f"store: {digest} 不在了 (missing)") from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise QformsError(f"store: {digest} 内容被改动过 (changed)")
        return data

    def has(self, digest: str) -> bool:
        return self.path(digest).exists()


def _sync_folder(folder: Path) -> None:
    """Makes the new name durable; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

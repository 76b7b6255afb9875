"""Raw bytes by SHA-256, in `store/ab/abcdef…`: written once, never changed, safe before anything refers to them."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from qforms.model import QformsError, Store, Told
from qforms.settings import Settings


def store_of(settings: Settings) -> Store:
    """The store that the settings name."""
    if settings.store.startswith("s3://"):
        from qforms.ledger.bucket import BucketStore

        return BucketStore(settings.store, settings.s3)
    if "://" in settings.store:
        zh, en = "store 只能是文件夹或 s3://…", "store is a folder or s3://…"
        raise QformsError(Told(zh, en, f"{settings.root / 'qforms.toml'}: "))
    return FileStore(settings.path(settings.store))


class FileStore:
    """A `model.Store` in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = str(root)  # paths as texts below: building Path objects costs more than writing a small file

    def place(self, digest: str) -> str:
        """Where somebody finds it."""
        return str(self.path(digest))

    def path(self, digest: str) -> Path:
        return self.root / digest[:2] / digest

    def put(self, data: bytes) -> str:
        """Keeps `data`; gives its digest. The file is complete under its name or not there at all. Raises OSError."""
        return self.put_all([data])[0]

    def put_all(self, many: Iterable[bytes]) -> list[str]:
        """Keeps several at once and gives their digests: all are safe when it returns. Raises OSError."""
        digests: list[str] = []
        written: dict[str, str] = {}  # draft -> path
        try:
            for data in many:
                digest = hashlib.sha256(data).hexdigest()
                digests.append(digest)
                folder = f"{self._root}{os.sep}{digest[:2]}"
                path = f"{folder}{os.sep}{digest}"
                draft = f"{path}.{os.getpid()}.part"
                if draft not in written and not os.path.exists(path):
                    written[draft] = path
                    _write(draft, data, folder)
            for draft, path in written.items():
                os.replace(draft, path)
            for folder in {os.path.dirname(path) for path in written.values()}:
                _sync_folder(folder)
        except OSError:
            for draft in written:
                with contextlib.suppress(OSError):
                    os.unlink(draft)
            raise
        return digests

    def get(self, digest: str) -> bytes:
        """The bytes. Raises QformsError when they are missing or were changed."""
        try:
            data = self.path(digest).read_bytes()
        except FileNotFoundError:
            raise QformsError(Told(f"{digest} 不在了", f"{digest} is gone", "store: ")) from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise QformsError(Told(f"{digest} 内容被改动过", f"{digest} was changed", "store: "))
        return data

    def has(self, digest: str) -> bool:
        return self.path(digest).exists()

    def delete(self, digest: str) -> None:
        """Takes the bytes away for good, if they are there."""
        self.path(digest).unlink(missing_ok=True)


def _write(path: str, data: bytes, folder: str) -> None:
    """A file of its own, on the disk when it returns; its folder is made when it is the first."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    try:
        out = os.open(path, flags, 0o666)
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)
        out = os.open(path, flags, 0o666)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(out, view) :]
        os.fsync(out)
    finally:
        os.close(out)


def _sync_folder(folder: str) -> None:
    """Makes the new name durable; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

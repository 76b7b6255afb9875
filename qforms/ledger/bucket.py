"""Raw bytes by SHA-256 in an S3 bucket, where every machine reaches them: `store = "s3://bucket/prefix"`.

Names are digests, so that writing the same bytes again changes nothing and nobody has to be asked first. What was
written or read lately is remembered: a mail is looked at several times within a minute."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from qforms.model import QformsError, Told
from qforms.settings import Bucket

_REMEMBERED = 64_000_000  # bytes
_LARGE = 8_000_000  # what is larger is not remembered


class StoreDown(OSError):
    """The bucket cannot be used just now: its server is gone, or refuses us. Nothing is lost."""


class BucketStore:
    """A `model.Store`. The keys come from the environment (AWS_ACCESS_KEY_ID, …) or from the machine's own role."""

    def __init__(self, url: str, settings: Bucket) -> None:
        self.url = url.rstrip("/")
        self._root = self.url.removeprefix("s3://")
        self._settings = settings
        self._fs: Any = None
        self._one = threading.Lock()
        self._known: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    def place(self, digest: str) -> str:
        return f"{self.url}/{digest[:2]}/{digest}"

    def put(self, data: bytes) -> str:
        """Keeps `data`; gives its digest. Raises StoreDown."""
        return self.put_all([data])[0]

    def put_all(self, many: Iterable[bytes]) -> list[str]:
        """Keeps several at once, side by side, and gives their digests: all are safe when it returns. Raises
        StoreDown."""
        given = [(hashlib.sha256(data).hexdigest(), data) for data in many]
        new = {self._path(digest): data for digest, data in given if digest not in self._known}
        if new:
            self._asked(lambda fs: fs.pipe(new))
        for digest, data in given:
            self._remember(digest, data)
        return [digest for digest, _ in given]

    def get(self, digest: str) -> bytes:
        """The bytes. Raises QformsError when they are missing or were changed, StoreDown when nobody can tell."""
        if (known := self._known.get(digest)) is not None:
            return known
        try:
            data: bytes = self._asked(lambda fs: fs.cat_file(self._path(digest)))
        except FileNotFoundError:
            raise QformsError(Told(f"{digest} 不在了", f"{digest} is gone", f"{self.url}: ")) from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise QformsError(Told(f"{digest} 内容被改动过", f"{digest} was changed", f"{self.url}: "))
        self._remember(digest, data)
        return data

    def has(self, digest: str) -> bool:
        return digest in self._known or bool(self._asked(lambda fs: fs.exists(self._path(digest))))

    def delete(self, digest: str) -> None:
        """Takes the bytes away for good, if they are there."""
        with self._one:
            if (known := self._known.pop(digest, None)) is not None:
                self._size -= len(known)
        with contextlib.suppress(FileNotFoundError):
            self._asked(lambda fs: fs.rm_file(self._path(digest)))

    def try_out(self) -> None:
        """Writes and reads a few bytes. Raises StoreDown or QformsError, saying why it cannot be used."""
        probe = b"qforms: may this bucket be written and read?"
        digest = hashlib.sha256(probe).hexdigest()
        self._asked(lambda fs: fs.pipe_file(self._path(digest), probe))
        self._asked(lambda fs: fs.cat_file(self._path(digest)))

    # ------------------------------------------------------------ inside

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest}"

    def _remember(self, digest: str, data: bytes) -> None:
        with self._one:
            if digest in self._known or len(data) > _LARGE:
                return
            self._known[digest] = data
            self._size += len(data)
            while self._size > _REMEMBERED:
                self._size -= len(self._known.popitem(last=False)[1])

    def _asked(self, what: Callable[[Any], Any]) -> Any:
        """What the bucket answers. FileNotFoundError when there is no such file; StoreDown when it cannot be asked."""
        try:
            return what(self._connected())
        except FileNotFoundError as fault:
            if "bucket" in str(fault).lower():
                raise StoreDown(f"{self.url}: {fault}") from fault
            raise
        except Exception as fault:  # botocore's faults have no common root with the system's
            said = " ".join(str(fault).split()) or type(fault).__name__
            raise StoreDown(f"{self.url}: {said}") from fault

    def _connected(self) -> Any:
        with self._one:
            if self._fs is None:
                try:
                    from s3fs import S3FileSystem
                except ImportError:
                    zh, en = "store 用 s3:// 需要：pip install 'qforms[s3]'", "a store on s3:// needs qforms[s3]"
                    raise StoreDown(Told(zh, en)) from None
                s = self._settings
                patience = {"connect_timeout": s.timeout, "read_timeout": s.timeout, "retries": {"max_attempts": 2}}
                client = {"region_name": s.region or None, "verify": s.ca_file or None}
                self._fs = S3FileSystem(
                    endpoint_url=s.endpoint or None,
                    client_kwargs={name: value for name, value in client.items() if value},
                    config_kwargs=patience,
                    use_listings_cache=False,
                    skip_instance_cache=True,
                )
            return self._fs

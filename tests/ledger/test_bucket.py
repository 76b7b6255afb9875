"""A bucket keeps raw bytes as a folder does, and says when it cannot be reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support_bucket import Bucket

from qforms.ledger import FileStore, store_of
from qforms.ledger.bucket import BucketStore, StoreDown
from qforms.model import QformsError
from qforms.settings import Bucket as Server
from qforms.settings import Settings


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with pytest.MonkeyPatch.context() as patch, Bucket(patch) as it:
        yield it


def store(bucket: Bucket, folder: str = "store") -> BucketStore:
    """As another machine sees it, that remembers nothing."""
    return BucketStore(f"s3://{bucket.name}/{folder}/", Server(endpoint=bucket.endpoint, timeout=30.0))


def test_bytes_come_back_and_stand_once(bucket: Bucket) -> None:
    one = store(bucket)
    digests = one.put_all([b"\x00mail", b"form", b"\x00mail"])
    assert digests[0] == digests[2] and one.put(b"form") == digests[1]
    other = store(bucket)
    assert other.has(digests[0]) and other.get(digests[0]) == b"\x00mail"
    assert other.place(digests[1]) == f"s3://{bucket.name}/store/{digests[1][:2]}/{digests[1]}"
    other.try_out()


def test_missing_and_changed_bytes_are_said(bucket: Bucket) -> None:
    digest = store(bucket).put(b"mail to be changed")
    bucket.put(f"store/{digest[:2]}/{digest}", b"other")
    with pytest.raises(QformsError, match="changed"):
        store(bucket).get(digest)
    with pytest.raises(QformsError, match="gone"):
        store(bucket).get("0" * 64)
    assert not store(bucket).has("0" * 64)


def test_who_cannot_be_reached_loses_nothing(bucket: Bucket) -> None:
    one, digest = store(bucket), store(bucket).put(b"before")
    bucket.stop()
    try:
        for ask in (lambda: one.put(b"meanwhile"), lambda: one.get(digest), lambda: one.has(digest), one.try_out):
            with pytest.raises(StoreDown, match=f"s3://{bucket.name}/store"):
                ask()
    finally:
        bucket.start()
    assert one.get(digest) == b"before"
    nowhere = BucketStore("s3://no-such-bucket/store", Server(endpoint=bucket.endpoint, timeout=30.0))
    with pytest.raises(StoreDown):
        nowhere.put(b"mail")


def test_the_settings_choose(tmp_path: Path, bucket: Bucket) -> None:
    assert isinstance(store_of(Settings(root=tmp_path)), FileStore)
    assert isinstance(store_of(Settings(root=tmp_path, store=f"s3://{bucket.name}/x")), BucketStore)
    with pytest.raises(QformsError, match="store"):
        store_of(Settings(root=tmp_path, store="ftp://server/x"))

"""Raw bytes are kept whole, once, and a damaged file is noticed."""

from pathlib import Path

import pytest

from qforms.ledger import FileStore
from qforms.model import QformsError


def test_bytes_come_back_and_stand_once(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    digest = store.put(b"\x00mail")
    assert store.put(b"\x00mail") == digest
    assert store.get(digest) == b"\x00mail"
    assert store.has(digest)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [digest]


def test_missing_and_changed_bytes_are_said(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    with pytest.raises(QformsError, match="gone"):
        store.get("0" * 64)
    digest = store.put(b"mail")
    store.path(digest).write_bytes(b"other")
    with pytest.raises(QformsError, match="changed"):
        store.get(digest)


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileStore(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.put(b"mail")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []

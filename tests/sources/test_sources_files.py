"""Maildir and watched folder: what is read, when, and where it goes."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from qforms.model import Delivery
from qforms.settings import Folders, Mailbox, Settings, Trust
from qforms.sources import SourceDown
from qforms.sources.folder import FolderSource
from qforms.sources.hint import Hint
from qforms.sources.maildir import MaildirSource


def never() -> bool:
    return False


def locked(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    def refuse(*_: object, **__: object) -> Any:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    monkeypatch.setattr(Path, method, refuse)


class TestMaildir:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        for name in ("new", "cur", "tmp"):
            (tmp_path / "mail" / name).mkdir(parents=True)
        return tmp_path / "mail"

    def make(self, root: Path, server: str = "") -> MaildirSource:
        return MaildirSource(Settings(root=root.parent, mailbox=Mailbox(), trust=Trust(authserv_id=server)))

    def test_cur_is_read_tmp_never(self, root: Path) -> None:
        (root / "tmp" / "half").write_bytes(b"Subject: ha")
        (root / "new" / ".hidden").write_bytes(b"x")
        (root / "new" / "sub").mkdir()
        (root / "new" / "link").symlink_to("/etc/hostname")
        (root / "cur" / "1.a.host:2,S").write_bytes(b"Subject: seen\r\n\r\n")
        assert [d.raw for d in self.make(root).waiting()] == [b"Subject: seen\r\n\r\n"]

    def test_names_stay_or_are_numbered(self, root: Path) -> None:
        source = self.make(root)
        for _ in range(3):
            (root / "new" / "same").write_bytes(b"x")
            (delivery,) = source.waiting()
            source.done(delivery, "accepted")
        assert sorted(f.name for f in (root / ".done" / "cur").iterdir()) == ["same", "same (2)", "same (3)"]
        assert {f.name for f in (root / ".done").iterdir()} == {"new", "cur", "tmp"}

    RECEIVED = "Received: from mx by {} with ESMTP id 1;\r\n\tWed, 6 May 2026 14:20:05 +0800\r\n"
    FORGED = "Received: from evil by mail.yilin.example with ESMTP; Thu, 1 Jan 2026 00:00:00 +0800\r\n"
    DATE = "Date: Thu, 1 Jan 2026 00:00:00 +0800\r\n"

    @pytest.mark.parametrize(
        ("head", "known"),
        [
            (RECEIVED.format("mail.yilin.example") + DATE, True),
            (RECEIVED.format("MAIL.yilin.example") + FORGED, True),
            (RECEIVED.format("relay.other.example") + FORGED, False),
            (DATE, False),
            ("Received: by mail.yilin.example; not a date\r\n", False),
            ("Received: by\r\n", False),
            ("Received: from x by mail.yilin.example; Wed, 6 May 99999 14:20:05 +0800\r\n", False),
        ],
    )
    def test_when_it_was_received(self, root: Path, head: str, known: bool) -> None:
        file = root / "new" / "a"
        file.write_bytes(head.encode() + b"\r\nx\r\n")
        os.utime(file, (1777000000, 1777000000))
        (delivery,) = self.make(root, "mail.yilin.example").waiting()
        told, touched = datetime(2026, 5, 6, 6, 20, 5, tzinfo=UTC), datetime.fromtimestamp(1777000000, UTC)
        assert delivery.received_at == (told if known else touched)

    def test_without_our_servers_name_no_line_is_believed(self, root: Path) -> None:
        (root / "new" / "a").write_bytes(self.RECEIVED.format("mail.yilin.example").encode() + b"\r\n")
        (delivery,) = self.make(root).waiting()
        assert datetime.now(UTC) - delivery.received_at < _minute()

    def test_one_that_cannot_be_moved_is_taken_once_and_moved_later(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (root / "new" / "a").write_bytes(b"x")
        source = self.make(root)
        (delivery,) = source.waiting()
        locked(monkeypatch, "rename")
        source.done(delivery, "accepted")
        assert list(source.waiting()) == []
        assert not source.wait(0.1, never)
        monkeypatch.undo()
        assert list(source.waiting()) == []
        assert (root / ".done" / "cur" / "a").exists()

    def test_it_is_gone(self, root: Path) -> None:
        source = self.make(root)
        shutil.rmtree(root)
        for ask in (lambda: list(source.waiting()), lambda: source.wait(1, never)):
            with pytest.raises(SourceDown) as down:
                ask()
            assert down.value.problem.code == "folder_unreachable" and str(root) in str(down.value)


def _minute() -> Any:
    from datetime import timedelta

    return timedelta(minutes=1)


class TestFolder:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        (tmp_path / "inbox").mkdir()
        return tmp_path / "inbox"

    @pytest.fixture
    def make(self, root: Path) -> Callable[..., FolderSource]:
        def make(rest: float = 0.05, once: bool = True, inbox: str = "inbox") -> FolderSource:
            folders = Folders(inbox=inbox, rest_seconds=rest, scan_seconds=0.2)
            return FolderSource(Settings(root=root.parent, mailbox=Mailbox(max_mb=1), folders=folders), once=once)

        return make

    def test_what_is_not_meant_for_us(self, root: Path, make: Callable[..., FolderSource]) -> None:
        names = (
            "~$表.xlsx",
            ".~lock.表.xlsx#",
            ".DS_Store",
            "a.part",
            "b.TMP",
            "c.crdownload",
            "~WRL0001.tmp",
            "d.xlsx~",
        )
        for name in (*names, "表.xlsx"):
            (root / name).write_bytes(b"x")
        for below in ("done", "held", ".hidden"):
            (root / below).mkdir()
            (root / below / "old.xlsx").write_bytes(b"x")
        (root / "link.xlsx").symlink_to("/etc/hostname")
        assert [d.name for d in make().waiting()] == ["表.xlsx"]

    def test_folders_that_people_drop_are_read_too(self, root: Path, make: Callable[..., FolderSource]) -> None:
        (root / "5月" / "done").mkdir(parents=True)
        (root / "5月" / "done" / "表.xlsx").write_bytes(b"x")
        source = make()
        (delivery,) = source.waiting()
        assert delivery.locator == "5月/done/表.xlsx"
        source.done(delivery, "partial")
        assert (root / "done" / "表.xlsx").exists()

    @pytest.mark.parametrize(("outcome", "where"), [("accepted", "done"), ("refused", "done"), ("held", "held")])
    def test_where_it_goes(self, root: Path, make: Callable[..., FolderSource], outcome: str, where: str) -> None:
        source = make()
        for _ in range(2):
            (root / "表.xlsx").write_bytes(b"x")
            (delivery,) = source.waiting()
            source.done(delivery, outcome)
        assert sorted(f.name for f in (root / where).iterdir()) == ["表 (2).xlsx", "表.xlsx"]

    def test_a_saved_mail_is_given_raw(self, root: Path, make: Callable[..., FolderSource]) -> None:
        (root / "投诉.eml").write_bytes(b"Subject: x\r\n\r\n")
        (delivery,) = make().waiting()
        assert (delivery.channel, delivery.name, delivery.raw) == ("folder", "投诉.eml", b"Subject: x\r\n\r\n")
        assert delivery.modified_ns == (root / "投诉.eml").stat().st_mtime_ns

    def test_a_file_that_is_being_written_is_not_read(self, root: Path, make: Callable[..., FolderSource]) -> None:
        source, stop = make(rest=0.3, once=False), threading.Event()

        def write() -> None:
            with (root / "a.json").open("ab", buffering=0) as out:
                while not stop.is_set():
                    out.write(b"x")
                    time.sleep(0.05)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            assert not source.wait(1.0, never)
            assert list(source.waiting()) == []
        finally:
            stop.set()
            writer.join()
        assert source.wait(60, never)
        (delivery,) = source.waiting()
        assert len(delivery.raw) == (root / "a.json").stat().st_size
        source.close()

    def test_one_look_is_not_enough_however_old_the_file(self, root: Path, make: Callable[..., FolderSource]) -> None:
        """A copy keeps the old time while its bytes are still coming."""
        (root / "a.json").write_bytes(b"x")
        os.utime(root / "a.json", (1777000000, 1777000000))
        source = make(rest=0.2, once=False)
        assert list(source.waiting()) == []
        time.sleep(0.25)
        (delivery,) = source.waiting()
        assert delivery.received_at == datetime.fromtimestamp(1777000000, UTC)

    def test_once_waits_for_rest(self, root: Path, make: Callable[..., FolderSource]) -> None:
        (root / "a.json").write_bytes(b"x")
        begun = time.monotonic()
        assert len(list(make(rest=0.3).waiting())) == 1
        assert time.monotonic() - begun >= 0.3

    def test_replaced_while_it_was_judged_it_waits_again(self, root: Path, make: Callable[..., FolderSource]) -> None:
        (root / "a.json").write_bytes(b"one")
        source = make()
        (delivery,) = source.waiting()
        (root / "a.json").write_bytes(b"two")
        os.utime(root / "a.json", ns=(0, delivery.modified_ns + 1))
        source.done(delivery, "accepted")
        assert [d.raw for d in source.waiting()] == [b"two"]

    def test_a_file_that_excel_holds_is_read_later(
        self, root: Path, make: Callable[..., FolderSource], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (root / "a.xlsx").write_bytes(b"x")
        source = make()
        locked(monkeypatch, "read_bytes")
        assert list(source.waiting()) == []
        begun = time.monotonic()
        assert not source.wait(0.15, never), "must not turn round and round for it"
        assert time.monotonic() - begun > 0.1
        monkeypatch.undo()
        assert source.wait(60, never)
        assert len(list(source.waiting())) == 1
        source.close()

    def test_one_that_cannot_be_moved_is_taken_once_and_moved_later(
        self, root: Path, make: Callable[..., FolderSource], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (root / "a.xlsx").write_bytes(b"x")
        source = make()
        (delivery,) = source.waiting()
        locked(monkeypatch, "rename")
        source.done(delivery, "held")
        assert list(source.waiting()) == []
        monkeypatch.undo()
        list(source.waiting())
        assert (root / "held" / "a.xlsx").exists()

    def test_too_big_it_moves_to_held_unread(self, root: Path, make: Callable[..., FolderSource]) -> None:
        (root / "video.mp4").write_bytes(b"v" * 1_000_001)
        source = make()
        (delivery,) = source.waiting()
        assert delivery.raw == b"X-Qforms-Truncated: 1000001\r\n"
        source.done(delivery, "held")
        assert (root / "held" / "video.mp4").stat().st_size == 1_000_001

    def test_a_share_that_is_gone_is_not_made_anew(self, tmp_path: Path, make: Callable[..., FolderSource]) -> None:
        share = tmp_path.parent / "share-not-mounted"
        source = make(inbox=str(share))
        with pytest.raises(SourceDown) as down:
            source.wait(1, never)
        assert down.value.problem.code == "folder_unreachable" and not share.exists()
        share.mkdir()
        (share / "a.json").write_bytes(b"x")
        assert source.wait(60, never)
        source.close()
        shutil.rmtree(share)

    def test_without_events_it_still_looks(
        self, root: Path, make: Callable[..., FolderSource], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Hint, "start", lambda self: None)
        threading.Timer(0.2, lambda: (root / "a.json").write_bytes(b"x")).start()
        begun = time.monotonic()
        assert make(once=False).wait(90, never)
        assert time.monotonic() - begun < 60


def test_deliveries_are_told_apart_by_digest(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    for name in ("a.json", "b.json"):
        (tmp_path / "inbox" / name).write_bytes(b"same")
    source = FolderSource(Settings(root=tmp_path, folders=Folders(rest_seconds=0.05)), once=True)
    given: list[Delivery] = list(source.waiting())
    assert len({d.digest for d in given}) == 1 and len({d.locator for d in given}) == 2

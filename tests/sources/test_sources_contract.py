"""What every source promises, tried on all three: mailbox over IMAP, Maildir, watched folder."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support_servers import Account

from qforms.model import Delivery, Source
from qforms.settings import Folders, Settings
from qforms.sources.folder import FolderSource
from qforms.sources.imap import ImapSource
from qforms.sources.maildir import MaildirSource

NOW = datetime.now(UTC)


@dataclass
class Rig:
    """A source with the other side of it: putting something there, and seeing what is left and what was moved."""

    make: Callable[..., Source]
    put: Callable[[bytes, str], None]
    left: Callable[[], int]
    moved: Callable[[], int]


def maildir(account: Account) -> Rig:
    settings = account.settings({"kind": "maildir", "max_mb": 1})
    root = settings.path("mail")
    for name in ("new", "cur", "tmp"):
        (root / name).mkdir(parents=True)

    def put(raw: bytes, name: str) -> None:
        (root / "tmp" / name).write_bytes(raw)
        (root / "tmp" / name).rename(root / "new" / name)

    return Rig(
        lambda **more: MaildirSource(settings, **more),
        put,
        lambda: _files(root / "new") + _files(root / "cur"),
        lambda: _files(root / ".done" / "cur"),
    )


def folder(account: Account) -> Rig:
    settings = account.settings({"max_mb": 1}).model_copy(update={"folders": Folders(rest_seconds=0.1)})
    root = settings.path("inbox")
    root.mkdir()
    return Rig(
        lambda **more: FolderSource(settings, **more, once=True),
        lambda raw, name: (root / f"{name}.json").write_bytes(raw) and None,
        lambda: _files(root),
        lambda: _files(root / "done"),
    )


def imap(account: Account) -> Rig:
    settings = account.settings({"max_mb": 1})

    def count(mailbox: str) -> int:
        user = account.address
        if mailbox not in account.stack.doveadm("mailbox", "list", "-u", user).split():
            return 0
        return int(account.stack.doveadm("mailbox", "status", "-u", user, "messages", mailbox).split("=")[1])

    return Rig(
        lambda **more: ImapSource(settings, **more),
        lambda raw, name: account.deliver(raw),
        lambda: count("INBOX"),
        lambda: count("qforms-done"),
    )


def _files(folder: Path) -> int:
    return sum(1 for f in folder.iterdir() if f.is_file()) if folder.is_dir() else 0


@pytest.fixture(params=[imap, maildir, folder], ids=["imap", "maildir", "folder"])
def rig(request: pytest.FixtureRequest, account: Account) -> Iterator[Rig]:
    rig: Rig = request.param(account)
    opened: list[Source] = []
    make = rig.make

    def remember(**more: Any) -> Source:
        opened.append(make(**more))
        return opened[-1]

    rig.make = remember
    yield rig
    for source in opened:
        source.close()


def mail(number: int = 1) -> bytes:
    head = f"From: kunde@example.com\r\nSubject: {number}\r\nMessage-ID: <{number}@example.com>\r\n\r\n"
    return head.encode() + f"第 {number} 封\r\n".encode()


def bodies(deliveries: list[Delivery]) -> list[bytes]:
    """The mails without what the receiving server put in front."""
    return sorted(d.raw[d.raw.index(b"From: kunde") :] for d in deliveries)


class TestContract:
    def test_an_empty_source_has_nothing(self, rig: Rig) -> None:
        assert list(rig.make().waiting()) == []

    def test_bytes_come_as_they_lie_there(self, rig: Rig) -> None:
        raw = mail(1) + b"\xc9\xcf\xba\xa3 8-bit GBK, and a line\r\nFrom the middle\r\n"
        rig.put(raw, "a")
        (delivery,) = rig.make().waiting()
        assert delivery.raw.endswith(raw)
        assert delivery.digest == hashlib.sha256(delivery.raw).hexdigest()

    def test_what_is_not_done_waits_again_also_after_a_restart(self, rig: Rig) -> None:
        rig.put(mail(), "a")
        source = rig.make()
        assert bodies(list(source.waiting())) == bodies(list(source.waiting())) == [mail()]
        assert bodies(list(rig.make().waiting())) == [mail()]
        assert rig.left() == 1

    def test_done_moves_it_away_and_repeating_is_harmless(self, rig: Rig) -> None:
        rig.put(mail(1), "a")
        rig.put(mail(2), "b")
        source = rig.make()
        first, second = source.waiting()
        source.done(first, "accepted")
        source.done(first, "accepted")
        assert [d.raw for d in source.waiting()] == [second.raw]
        source.done(first, "accepted")
        source.close()
        assert (rig.left(), rig.moved()) == (1, 1)

    def test_done_by_another_instance(self, rig: Rig) -> None:
        rig.put(mail(), "a")
        (delivery,) = rig.make().waiting()
        other = rig.make()
        list(other.waiting())
        other.done(delivery, "accepted")
        other.close()
        assert (rig.left(), rig.moved()) == (0, 1)

    def test_received_at_is_aware_and_never_after_now(self, rig: Rig) -> None:
        rig.put(mail(), "a")
        past = NOW - timedelta(days=200)
        (now,), (replayed,) = rig.make().waiting(), rig.make(clock=lambda: past).waiting()
        assert now.received_at.tzinfo is not None
        assert timedelta(0) <= datetime.now(UTC) - now.received_at < timedelta(minutes=2)
        assert replayed.received_at == past

    def test_wait_sees_what_arrives_meanwhile(self, rig: Rig) -> None:
        source = rig.make()
        assert not source.wait(0.05, lambda: False)
        threading.Timer(0.3, lambda: rig.put(mail(), "a")).start()
        begun = time.monotonic()
        assert source.wait(90, lambda: False)
        assert time.monotonic() - begun < 60
        assert bodies(list(source.waiting())) == [mail()]

    def test_wait_ends_when_told_to(self, rig: Rig) -> None:
        begun = time.monotonic()
        assert not rig.make().wait(90, lambda: time.monotonic() > begun + 0.3)
        assert time.monotonic() - begun < 60

    def test_what_is_too_big_is_announced_once_and_not_lost(self, rig: Rig) -> None:
        rig.put(mail(1) + b"x" * 60 + b"\r\n" + b"y" * 1_100_000 + b"\r\n", "big")
        rig.put(mail(2), "small")
        source = rig.make()
        given = sorted(source.waiting(), key=lambda d: d.raw.startswith(b"X-Qforms"))
        assert [d.raw.startswith(b"X-Qforms-Truncated: 1100") for d in given] == [False, True]
        assert b"y" * 300_000 not in given[1].raw, "its start only is read"
        for delivery in given:
            source.done(delivery, "held" if b"Truncated" in delivery.raw else "accepted")
        assert list(source.waiting()) == []
        assert not source.wait(0.3, lambda: False)

    def test_many_in_order_of_arrival(self, rig: Rig) -> None:
        for number in range(60):
            rig.put(mail(number), f"{number:03}")
        source = rig.make()
        given = []
        for delivery in source.waiting():
            given.append(delivery)
            source.done(delivery, "accepted")
        assert [d.received_at for d in given] == sorted(d.received_at for d in given)
        assert len({d.locator for d in given}) == 60
        source.close()
        assert (rig.left(), rig.moved()) == (0, 60)


def test_settings_say_which_sources_there_are(account: Account) -> None:
    from qforms import sources

    def names(settings: Settings) -> list[str]:
        return [source.name for source in sources.of(settings)]

    assert names(account.settings()) == ["imap", "folder"]
    assert names(account.settings({"sent_folder": "Sent"})) == ["imap", "sent", "folder"]
    assert names(account.settings({"kind": "maildir"})) == ["maildir", "folder"]
    assert names(account.settings({"kind": "none"})) == ["folder"]

"""The mailbox over IMAP when things go wrong, tried on a real Dovecot."""

from __future__ import annotations

import imaplib
import json
import shutil
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from support_servers import Account

from qforms.model import Delivery
from qforms.sources import SourceDown
from qforms.sources.connection import Connection
from qforms.sources.imap import ImapSource
from qforms.sources.sent import SentSource


def never() -> bool:
    return False


def mail(number: int | str = 1, body: str = "x") -> bytes:
    return f"From: kunde@example.com\r\nSubject: {number}\r\nMessage-ID: <{number}@x>\r\n\r\n{body}\r\n".encode()


def numbers(deliveries: list[Delivery]) -> list[str]:
    return [d.raw.partition(b"Subject: ")[2].split(b"\r\n")[0].decode("utf-8", "replace") for d in deliveries]


@pytest.fixture
def source(account: Account) -> Iterator[ImapSource]:
    source = ImapSource(account.settings())
    yield source
    source.close()


@pytest.fixture
def clerk(account: Account) -> Iterator[imaplib.IMAP4]:
    """Another program in the same mailbox."""
    with client(account) as session:
        yield session


def client(account: Account) -> imaplib.IMAP4:
    session = imaplib.IMAP4("127.0.0.1", account.stack.ports["imap"], timeout=120)
    session.login(account.address, "geheim")
    session.select("INBOX")
    return session


def subjects(account: Account, folder: str) -> list[str]:
    with client(account) as session:
        if session.select(folder)[1] == [b"0"]:
            return []
        _, data = session.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        return [item[1].decode().split(":")[1].strip() for item in data if isinstance(item, tuple)]


class TestLogin:
    def test_a_certificate_that_nobody_vouches_for_is_refused(self, account: Account) -> None:
        source = ImapSource(account.settings({"ca_file": ""}))
        with pytest.raises(SourceDown) as down:
            list(source.waiting())
        assert (down.value.problem.code, down.value.retry_in) == ("mailbox_certificate", 300)

    def test_a_certificate_for_another_host_is_refused(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        import socket

        real = socket.create_connection
        monkeypatch.setattr(
            "socket.create_connection", lambda at, *more, **named: real(("127.0.0.1", at[1]), *more, **named)
        )
        source = ImapSource(account.settings({"host": "mail.bank.example"}))
        with pytest.raises(SourceDown) as down:
            list(source.waiting())
        assert down.value.problem.code == "mailbox_certificate"

    @pytest.mark.parametrize("cafile", [True, False])
    def test_starttls_is_verified_too(self, account: Account, cafile: bool) -> None:
        port = account.stack.ports["imap"]
        box = {"security": "starttls", "port": port, **({} if cafile else {"ca_file": ""})}
        source = ImapSource(account.settings(box))
        account.deliver(mail(1))
        if cafile:
            assert numbers(list(source.waiting())) == ["1"]
            source.close()
        else:
            with pytest.raises(SourceDown) as down:
                list(source.waiting())
            assert down.value.problem.code == "mailbox_certificate"

    def test_a_wrong_password_is_said_and_not_tried_again_at_once(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("QFORMS_MAIL_PASSWORD", "falsch")
        source, tries = ImapSource(account.settings()), []
        real = ssl.SSLContext.wrap_socket
        monkeypatch.setattr(
            ssl.SSLContext,
            "wrap_socket",
            lambda *a, **k: (tries.append(1), real(*a, **k))[1],  # type: ignore[func-returns-value]
        )
        for ask in (lambda: list(source.waiting()), lambda: source.wait(1, never), lambda: list(source.waiting())):
            with pytest.raises(SourceDown) as down:
                ask()
            assert down.value.problem.code == "mailbox_login"
            assert 290 < down.value.retry_in <= 300
            assert account.address in str(down.value) and "falsch" not in str(down.value)
        assert len(tries) == 1

    def test_a_password_in_chinese_is_refused_not_a_crash(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("QFORMS_MAIL_PASSWORD", "密码")
        with pytest.raises(SourceDown) as down:
            list(ImapSource(account.settings()).waiting())
        assert down.value.problem.code == "mailbox_login"

    def test_no_password_at_all(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("QFORMS_MAIL_PASSWORD")
        with pytest.raises(SourceDown, match="QFORMS_MAIL_PASSWORD"):
            list(ImapSource(account.settings()).waiting())

    def test_a_folder_that_is_not_there(self, account: Account) -> None:
        with pytest.raises(SourceDown, match="投诉") as down:
            list(ImapSource(account.settings({"folder": "投诉"})).waiting())
        assert down.value.problem.code == "mailbox_folder"

    def test_folders_with_chinese_names(self, account: Account) -> None:
        account.deliver(mail(1))
        source = ImapSource(account.settings({"done_folder": "已处理"}))
        (delivery,) = source.waiting()
        source.done(delivery, "accepted")
        source.close()
        assert subjects(account, '"&XfJZBHQG-"') == ["1"]  # 已处理 in modified UTF-7

    def test_nobody_listens_pauses_grow(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        source, clock, pauses = ImapSource(account.settings({"port": 1})), [0.0], []
        monkeypatch.setattr("qforms.sources.mailbox.time.monotonic", lambda: clock[0])
        for _ in range(12):
            with pytest.raises(SourceDown) as down:
                list(source.waiting())
            pauses.append(down.value.retry_in)
            clock[0] += down.value.retry_in
        assert pauses[:4] == [1, 2, 4, 8]
        assert max(pauses) == pauses[-1] == 300


class TestMoving:
    def test_what_a_colleague_marked_as_deleted_is_neither_taken_nor_destroyed(
        self, account: Account, source: ImapSource, clerk: imaplib.IMAP4
    ) -> None:
        for number in (1, 2, 3):
            account.deliver(mail(number))
        clerk.noop()
        clerk.store("2", "+FLAGS", r"(\Deleted)")
        for delivery in list(source.waiting()):
            source.done(delivery, "accepted")
        source.close()
        assert subjects(account, "INBOX") == ["2"]
        assert sorted(subjects(account, "qforms-done")) == ["1", "3"]

    def test_without_move_only_ours_is_expunged(
        self, account: Account, source: ImapSource, clerk: imaplib.IMAP4, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        learn = Connection._learn_capabilities

        def without_move(self: Connection) -> None:
            learn(self)
            self._client.capabilities = tuple(c for c in self._client.capabilities if c != "MOVE")

        monkeypatch.setattr(Connection, "_learn_capabilities", without_move)
        for number in (1, 2):
            account.deliver(mail(number))
        (first, _) = source.waiting()
        clerk.noop()
        clerk.store("2", "+FLAGS", r"(\Deleted)")
        source.done(first, "accepted")
        source.close()
        assert (subjects(account, "INBOX"), subjects(account, "qforms-done")) == (["2"], ["1"])

    def test_what_cannot_be_moved_is_taken_once(
        self, account: Account, source: ImapSource, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from imap_tools import MailboxMoveError

        def refused(*_: object) -> None:
            raise MailboxMoveError(("NO", [b"[OVERQUOTA]"]), "OK")

        monkeypatch.setattr(Connection, "move", refused)
        account.deliver(mail(1))
        (delivery,) = source.waiting()
        source.done(delivery, "accepted")
        assert list(source.waiting()) == []
        assert not source.wait(0.3, never)
        account.deliver(mail(2))
        assert source.wait(10, never)
        assert numbers(list(source.waiting())) == ["2"]

    def test_seen_says_nothing_and_is_not_set(self, account: Account, source: ImapSource, clerk: imaplib.IMAP4) -> None:
        account.deliver(mail("read"))
        account.deliver(mail("unread"))
        clerk.noop()
        clerk.store("1", "+FLAGS", r"(\Seen)")
        assert sorted(numbers(list(source.waiting()))) == ["read", "unread"]
        clerk.noop()
        assert clerk.search(None, "UNSEEN")[1] == [b"2"]

    def test_a_mail_that_a_colleague_moves_away_meanwhile(
        self, account: Account, source: ImapSource, clerk: imaplib.IMAP4
    ) -> None:
        for number in (1, 2, 3):
            account.deliver(mail(number))
        given = []
        for delivery in source.waiting():
            given.append(delivery)
            if len(given) == 1:
                clerk.noop()
                clerk.store("2", "+FLAGS", r"(\Deleted)")
                clerk.expunge()
        assert numbers(given) == ["1", "3"]
        for delivery in given:
            source.done(delivery, "accepted")
        source.close()
        assert sorted(subjects(account, "qforms-done")) == ["1", "3"]


class TestUids:
    def test_another_uidvalidity_never_moves_a_wrong_mail(self, account: Account, source: ImapSource) -> None:
        account.deliver(mail(1))
        account.deliver(mail(2))
        first, second = source.waiting()
        source.close()
        account.stack.doveadm("mailbox", "update", "-u", account.address, "--uid-validity", "1700000001", "INBOX")
        source.done(first, "accepted")
        again = list(source.waiting())
        assert numbers(again) == ["1", "2"]
        assert {d.locator for d in again}.isdisjoint({first.locator, second.locator})
        source.done(second, "accepted")  # of the old time: left alone
        source.done(again[0], "accepted")
        assert numbers(list(source.waiting())) == ["2"]
        assert subjects(account, "INBOX") == ["2"]

    def test_another_uidvalidity_under_a_living_session(self, account: Account, source: ImapSource) -> None:
        for number in (1, 2, 3):
            account.deliver(mail(number))
        _, second, _ = source.waiting()
        account.stack.doveadm("mailbox", "update", "-u", account.address, "--uid-validity", "1700000001", "INBOX")
        source.done(second, "accepted")
        given = _after_a_break(source)
        assert {"1", "3"} <= set(numbers(given))
        assert set(subjects(account, "qforms-done")) <= {"2"}

    def test_the_same_uidvalidity_with_other_uids(self, account: Account, source: ImapSource) -> None:
        """A rebuilt index: UID 1 is another mail now. Done for the old one must not touch it."""
        account.deliver(mail(1))
        (first,) = source.waiting()
        validity = int(first.locator.split("/")[1])
        source.done(first, "accepted")
        maildir = account.stack.root / "mail" / account.address / "Maildir"
        for old in [*maildir.glob("dovecot*"), *maildir.glob("new/*"), *maildir.glob("cur/*")]:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        account.deliver(mail("other"))
        account.stack.doveadm("mailbox", "update", "-u", account.address, "--uid-validity", str(validity), "INBOX")
        given = _after_a_break(source)
        assert (numbers(given), given[0].locator) == (["other"], first.locator)
        assert subjects(account, "INBOX") == ["other"]

    def test_a_uid_that_stands_for_another_mail_is_not_moved(
        self, account: Account, source: ImapSource, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However it came about: the server now says something else of the UID that was read."""
        account.deliver(mail(1))
        (delivery,) = source.waiting()
        real = Connection.heads
        monkeypatch.setattr(
            Connection, "heads", lambda self, uids: [replace(h, message_id=b"<other@x>") for h in real(self, uids)]
        )
        monkeypatch.setattr(Connection, "raw", lambda self, uid, part="": mail("other"))
        source.done(delivery, "accepted")
        source.close()
        assert subjects(account, "INBOX") == ["1"]


def _after_a_break(source: ImapSource) -> list[Delivery]:
    """What waits, once the source has noticed that its session is void."""
    for _ in range(8):
        try:
            return list(source.waiting())
        except SourceDown as down:
            time.sleep(down.retry_in)
    raise AssertionError("does not come back")


class TestPoison:
    BOUNDARIES = "".join(f'Content-Type: multipart/mixed; boundary="{n}"\r\n\r\n--{n}\r\n' for n in range(1200))
    MAILS = (
        b"\r\n",
        b"Subject: no body",
        b"Message-ID: <broken\r\nSubject: =?gb2312?B?zt7K5LP2?=\xff\xfe\r\n\r\n\x00\x01\xff",
        b"Subject: deep\r\n" + BOUNDARIES.encode(),
        b"Subject: " + b"x" * 200_000 + b"\r\n\r\nlong line\r\n",
        b'Subject: "BODY[] {5}\r\nFake: UID 99 RFC822.SIZE 1\r\n\r\n* 1 FETCH (UID 7 BODY[] {3}\r\nabc)\r\n',
    )

    def test_each_comes_raw_and_the_rest_too(self, account: Account, source: ImapSource) -> None:
        for raw in self.MAILS:
            account.deliver(raw)
        account.deliver(mail("good"))
        given = list(source.waiting())
        assert len(given) == len(self.MAILS) + 1
        assert numbers(given)[-1] == "good"
        for delivery in given:
            source.done(delivery, "held")
        assert list(source.waiting()) == []

    def test_one_that_the_server_will_not_give_does_not_stop_the_others(
        self, account: Account, source: ImapSource, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from imap_tools import MailboxFetchError

        real = Connection.raw

        def raw(self: Connection, uid: int, part: str = "") -> bytes | None:
            if uid == 1:
                raise MailboxFetchError(("NO", [b"[SERVERBUG]"]), "OK")
            return real(self, uid, part)

        monkeypatch.setattr(Connection, "raw", raw)
        for number in (1, 2):
            account.deliver(mail(number))
        given = list(source.waiting())
        assert numbers(given) == ["2"]
        source.done(given[0], "accepted")
        assert not source.wait(0.3, never), "must not turn round and round for it"


class TestWaiting:
    def test_nothing_is_slept_through(self, account: Account, source: ImapSource) -> None:
        """Mail that arrives at any moment around the beginning of IDLE ends the wait at once."""
        for number in range(12):
            threading.Timer(0.004 * number, account.deliver, [mail(number)]).start()
            begun = time.monotonic()
            assert source.wait(90, never)
            assert time.monotonic() - begun < 60
            (delivery,) = _until_there(source)
            source.done(delivery, "accepted")

    def test_just_before_idle(self, account: Account, source: ImapSource, monkeypatch: pytest.MonkeyPatch) -> None:
        real = Connection.idle

        def idle(self: Connection, seconds: float, stop: Callable[[], bool]) -> bool:
            account.deliver(mail(1))
            return real(self, seconds, stop)

        monkeypatch.setattr(Connection, "idle", idle)
        begun = time.monotonic()
        assert source.wait(90, never)
        assert time.monotonic() - begun < 60

    def test_from_accepted_by_smtp_to_yielded(
        self, account: Account, source: ImapSource, record_property: Callable[[str, object], None]
    ) -> None:
        list(source.waiting())
        times = []
        for number in range(8):
            accepted: list[float] = []

            def send(number: int = number, accepted: list[float] = accepted) -> None:
                time.sleep(0.1)
                account.stack.submit(mail(number), account.address)
                accepted.append(time.monotonic())

            sender = threading.Thread(target=send)
            sender.start()
            assert source.wait(90, never)
            (delivery,) = _until_there(source)
            seen = time.monotonic()
            sender.join()
            source.done(delivery, "accepted")
            times.append(seen - accepted[0])
        record_property("seconds", sorted(times))
        assert sorted(times)[len(times) // 2] < 30, times  # a look without IDLE comes after 90

    def test_done_by_another_thread_ends_the_idle_for_a_moment(self, account: Account, source: ImapSource) -> None:
        account.deliver(mail(1))
        (delivery,) = source.waiting()
        threading.Timer(0.5, source.done, [delivery, "accepted"]).start()
        until = time.monotonic() + 120
        while subjects(account, "INBOX") and time.monotonic() < until:
            source.wait(0.1, never)
        assert subjects(account, "INBOX") == []

    def test_a_server_that_stops_and_comes_back(self, own_account: Account) -> None:
        source = ImapSource(own_account.settings())
        list(source.waiting())
        threading.Timer(0.4, own_account.stack.stop_dovecot, [True]).start()
        begun = time.monotonic()
        with pytest.raises(SourceDown) as down:
            source.wait(90, never)
        assert time.monotonic() - begun < 60
        assert down.value.problem.code == "mailbox_unreachable"
        time.sleep(down.value.retry_in)
        with pytest.raises(SourceDown):
            list(source.waiting())
        own_account.stack.start_dovecot()
        own_account.deliver(mail(1))
        given = _after_a_break(source)
        assert numbers(given) == ["1"]
        source.done(given[0], "accepted")
        source.close()
        assert subjects(own_account, "qforms-done") == ["1"]


def _until_there(source: ImapSource) -> list[Delivery]:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if given := list(source.waiting()):
            return given
    raise AssertionError("nothing came")


class TestSentFolder:
    @pytest.fixture
    def outlook(self, account: Account, clerk: imaplib.IMAP4) -> Callable[[int], Any]:
        clerk.create("Sent")
        return lambda number: clerk.append("Sent", r"(\Seen)", "", mail(number))

    def make(self, account: Account) -> SentSource:
        return SentSource(account.settings({"sent_folder": "Sent"}))

    def test_only_what_is_sent_from_now_on(self, account: Account, outlook: Callable[[int], Any]) -> None:
        outlook(1)
        source = self.make(account)
        assert list(source.waiting()) == []
        outlook(2)
        assert source.wait(5, never)
        (delivery,) = source.waiting()
        assert (numbers([delivery]), delivery.channel) == (["2"], "sent")
        source.done(delivery, "accepted")
        assert list(source.waiting()) == []
        assert not source.wait(0.2, never)
        assert subjects(account, "Sent") == ["1", "2"]

    def test_a_restart_goes_on_where_it_was(self, account: Account, outlook: Callable[[int], Any]) -> None:
        source = self.make(account)
        list(source.waiting())
        for number in (1, 2, 3):
            outlook(number)
        given = list(source.waiting())
        source.done(given[0], "accepted")
        source.done(given[2], "accepted")  # the second is not in the ledger yet
        source.close()
        again = self.make(account)
        assert numbers(list(again.waiting()))[:1] == ["2"]

    def test_new_uids_are_read_from_that_day(self, account: Account, outlook: Callable[[int], Any]) -> None:
        source = self.make(account)
        list(source.waiting())
        outlook(1)
        (delivery,) = source.waiting()
        source.done(delivery, "accepted")
        source.close()
        outlook(2)
        state = account.root / "sent-folder.json"
        state.write_text(json.dumps({**json.loads(state.read_text()), "uidvalidity": 7}))
        assert numbers(list(self.make(account).waiting())) == ["1", "2"]

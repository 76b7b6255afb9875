"""Handing letters over: a real Postfix, a real relay, the embedded Maildir, and servers that fail at every step."""

from __future__ import annotations

import email
import email.policy
import logging
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import ports
from servers.mailstack import MailStack
from servers.relay import Relay
from support_servers import Account
from support_wire import ScriptedServer, Wire

from qforms import outbox, sources
from qforms.model import Dead, Later, Sent
from qforms.outbox.maildir import MaildirTransport
from qforms.outbox.smtp import SmtpTransport, try_login
from qforms.settings import Outgoing, Settings
from qforms.sources.imap import ImapSource

RAW = (
    b"From: a@test.local\r\nTo: b@test.local\r\nSubject: =?utf-8?B?5rWL6K+V?=\r\nX-Qforms-Key: k1\r\n\r\n"
    b"first\r\n.dot\r\n..two dots\r\n\r\nlast\r\n"
)


@pytest.fixture
def transport(account: Account) -> Iterator[SmtpTransport]:
    transport = SmtpTransport(account.settings())
    yield transport
    transport.close()


def arrived(account: Account, count: int = 1, seconds: float = 10) -> list[bytes]:
    """What stands in the account's mailbox, once `count` mails do."""
    source, until = ImapSource(account.settings()), time.monotonic() + seconds
    try:
        while True:
            given = [d.raw for d in source.waiting()]
            if len(given) >= count or time.monotonic() > until:
                return given
            source.wait(until - time.monotonic(), lambda: False)
    finally:
        source.close()


class TestPostfix:
    @pytest.mark.parametrize("security", ["starttls", "tls"])
    def test_the_bytes_arrive_as_they_were(self, account: Account, security: str) -> None:
        port = account.stack.ports["smtps" if security == "tls" else "submission"]
        transport = SmtpTransport(account.settings(outgoing={"security": security, "port": port}))
        assert transport.send(RAW, account.address, [account.address]) == Sent()
        transport.close()
        (raw,) = arrived(account)
        assert raw.partition(b"\r\n\r\n")[2] == RAW.partition(b"\r\n\r\n")[2]
        assert b"X-Qforms-Key: k1\r\n" in raw and b"Bcc" not in raw

    def test_one_session_for_many_letters(self, account: Account, transport: SmtpTransport) -> None:
        assert transport.send(RAW, account.address, [account.address]) == Sent()
        session = transport._session
        for _ in range(3):
            assert transport.send(RAW, account.address, [account.address]) == Sent()
        assert transport._session is session
        assert len(arrived(account, 4)) == 4

    def test_refused_for_some(self, account: Account, transport: SmtpTransport) -> None:
        to = ["x@elsewhere.example", account.address, "not an address"]
        result = transport.send(RAW, account.address, to)
        assert isinstance(result, Sent) and set(result.refused) == {"x@elsewhere.example", "not an address"}
        assert len(arrived(account)) == 1

    def test_refused_for_all(self, account: Account, transport: SmtpTransport) -> None:
        result = transport.send(RAW, account.address, ["x@elsewhere.example"])
        assert isinstance(result, Dead) and "5.1.2" in result.reason
        assert result.refused == ("x@elsewhere.example",)
        assert transport.send(RAW, account.address, [account.address]) == Sent(), "the session goes on"

    def test_an_unknown_user_is_reported_back(self, account: Account, transport: SmtpTransport) -> None:
        assert transport.send(RAW, account.address, ["nobody@test.local"]) == Sent()
        (raw,) = arrived(account)
        report = email.message_from_bytes(raw, policy=email.policy.default)
        assert report.get_content_type() == "multipart/report"
        assert b"5.1.1" in raw and b"nobody@test.local" in raw

    def test_a_wrong_password_is_no_fault_of_the_letter(
        self, account: Account, transport: SmtpTransport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("QFORMS_SMTP_PASSWORD", "falsch")
        sessions, login = [], smtplib.SMTP.login
        monkeypatch.setattr(smtplib.SMTP, "login", lambda *a: (sessions.append(a), login(*a)))
        for _ in range(3):
            result = transport.send(RAW, account.address, [account.address])
            assert isinstance(result, Later) and result.down and not result.unknown
            assert account.address in result.reason and "falsch" not in result.reason
        assert transport.trouble and transport.trouble.code == "smtp_login"
        assert len(sessions) == 1, "not tried again at once"

    def test_a_password_in_chinese(
        self, account: Account, transport: SmtpTransport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("QFORMS_SMTP_PASSWORD", "密码")
        result = transport.send(RAW, account.address, [account.address])
        assert isinstance(result, Later) and result.down

    def test_no_password_asks_nobody(
        self, account: Account, transport: SmtpTransport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("QFORMS_SMTP_PASSWORD")
        monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked at the terminal"))
        result = transport.send(RAW, account.address, [account.address])
        assert isinstance(result, Later) and "QFORMS_SMTP_PASSWORD" in result.reason

    @pytest.mark.parametrize("security", ["starttls", "tls"])
    def test_a_certificate_that_nobody_vouches_for(self, account: Account, security: str) -> None:
        port = account.stack.ports["smtps" if security == "tls" else "submission"]
        changed = {"security": security, "port": port, "ca_file": ""}
        transport = SmtpTransport(account.settings(outgoing=changed))
        assert isinstance(transport.send(RAW, account.address, [account.address]), Later)
        assert transport.trouble and transport.trouble.code == "smtp_certificate"

    def test_nothing_is_written_to_the_terminal(
        self, account: Account, transport: SmtpTransport, capfd: pytest.CaptureFixture[str]
    ) -> None:
        transport.send(RAW, account.address, [account.address])
        assert capfd.readouterr() == ("", "")
        assert not logging.getLogger("qforms.outbox").handlers

    def test_down_then_back(self, own_account: Account) -> None:
        transport = SmtpTransport(own_account.settings())
        assert transport.send(RAW, own_account.address, [own_account.address]) == Sent()
        own_account.stack.stop_smtp()
        for _ in range(2):
            result = transport.send(RAW, own_account.address, [own_account.address])
            assert isinstance(result, Later) and result.down and not result.unknown
        assert 0 < result.rest <= 1  # asked again after as long as it has been away, at first a second
        assert transport.trouble and transport.trouble.code == "smtp_unreachable"
        own_account.stack.start_smtp()
        until = time.monotonic() + 120
        while (result := transport.send(RAW, own_account.address, [own_account.address])) != Sent():
            assert time.monotonic() < until, result
            time.sleep(0.1)
        assert transport.trouble is None
        transport.close()
        assert len(arrived(own_account, 2)) == 2


class TestTrying:
    """What `doctor` asks."""

    def test_all_is_well(self, account: Account) -> None:
        account.stack.doveadm("mailbox", "create", "-u", account.address, "Sent")
        settings = account.settings({"sent_folder": "Sent"})
        assert (try_login(settings), sources.try_login(settings)) == ("", "")
        assert arrived(account, 0) == []

    def test_it_says_what_is_wrong(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("QFORMS_SMTP_PASSWORD", "falsch")
        settings = account.settings({"sent_folder": "Nowhere"})
        assert account.address in try_login(settings)
        assert "Nowhere" in sources.try_login(settings)


class TestRelay:
    """The stand-in for Postfix, for machines where nobody is root."""

    def test_it_does_what_the_real_one_does(self, account: Account) -> None:
        stack = account.stack
        own = {**stack.ports, **dict(zip(("smtp", "submission", "smtps"), ports.free(3), strict=True))}
        relay = Relay(own, stack._tls(), stack.users)
        relay.start()
        try:
            transport = SmtpTransport(account.settings(outgoing={"port": own["submission"]}))
            to = ["x@elsewhere.example", account.address, "nobody@test.local"]
            assert transport.send(RAW, account.address, to) == Sent(("x@elsewhere.example",))
            transport.close()
        finally:
            relay.stop()
        given = arrived(account, 2)
        assert sorted(b"multipart/report" in raw for raw in given) == [False, True]


def smtp_script(answers: dict[str, str | None]) -> Callable[[Wire], None]:
    """A server that answers 250 but where `answers` says otherwise; None: the connection is lost there."""

    def script(wire: Wire) -> None:
        wire.say("220 ready")
        in_data = False
        while line := wire.hear() or ("empty" if in_data else ""):
            verb = "." if in_data and line == "." else "" if in_data else line.split(":")[0].split(" ")[0].upper()
            if in_data and verb != ".":
                continue
            in_data = False
            key = next((k for k in answers if k == verb or (":" in k and line.upper().startswith(k))), verb)
            answer = answers.get(key, "354 go on" if verb == "DATA" else "250 ok")
            if answer is None:
                return wire.vanish()
            in_data = answer.startswith("354")
            wire.say(answer)

    return script


class TestFaults:
    CASES = (
        ({"MAIL": "550 5.7.1 sender"}, Dead("550 5.7.1 sender")),
        ({"MAIL": "451 4.3.0 later"}, Later("451 4.3.0 later")),
        ({"RCPT": "450 4.2.0 greylisted"}, Later("450 4.2.0 greylisted")),
        ({"RCPT": "550 5.1.1 unknown"}, Dead("550 5.1.1 unknown", ("a@test.local", "b@test.local"))),
        ({"RCPT TO:<A@": "452 4.2.2 full"}, Sent(("a@test.local",))),
        ({"RCPT TO:<A@": "550 5.1.1 unknown", "RCPT TO:<B@": "450 4.2.0 later"}, Later("450 4.2.0 later")),
        ({"DATA": "554 5.7.1 no"}, Dead("554 5.7.1 no")),
        ({".": "552 5.3.4 too big"}, Dead("552 5.3.4 too big")),
        ({".": "451 4.3.0 disk"}, Later("451 4.3.0 disk")),
        ({".": "251 2.0.0 taken"}, Sent()),
        ({"RCPT": None}, Later("Connection unexpectedly closed")),
        ({"DATA": None}, Later("Connection unexpectedly closed")),
        ({".": None}, Later("Connection unexpectedly closed", unknown=True)),
    )

    @pytest.mark.parametrize(("answers", "expected"), CASES, ids=[str(c[0]) for c in CASES])
    def test_at_every_step(self, tmp_path: Path, answers: dict[str, str | None], expected: object) -> None:
        with ScriptedServer(smtp_script(answers)) as server:
            transport = _plain(tmp_path, server.port)
            assert transport.send(RAW, "a@test.local", ["a@test.local", "b@test.local"]) == expected
            transport.close()

    @pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "."])
    def test_closing_for_everybody(self, tmp_path: Path, step: str) -> None:
        with ScriptedServer(smtp_script({step: "421 4.3.2 shutting down"})) as server:
            transport = _plain(tmp_path, server.port)
            result = transport.send(RAW, "a@test.local", ["a@test.local"])
            assert isinstance(result, Later) and result.down and not result.unknown

    def test_a_server_that_says_nothing(self, tmp_path: Path) -> None:
        with ScriptedServer(lambda wire: time.sleep(90)) as server:
            transport = _plain(tmp_path, server.port, timeout=0.3)
            begun = time.monotonic()
            result = transport.send(RAW, "a@test.local", ["a@test.local"])
            assert isinstance(result, Later) and result.down
            assert time.monotonic() - begun < 60

    def test_an_answer_that_never_comes_leaves_it_unknown(self, tmp_path: Path) -> None:
        def script(wire: Wire) -> None:
            wire.say("220 ready")
            while (line := wire.hear().upper()) != ".":
                if line.startswith(("EHLO", "MAIL", "RCPT", "DATA")):
                    wire.say("354 go on" if line == "DATA" else "250 ok")
            time.sleep(90)

        with ScriptedServer(script) as server:
            result = _plain(tmp_path, server.port, timeout=0.3).send(RAW, "a@test.local", ["a@test.local"])
            assert isinstance(result, Later) and result.unknown

    def test_a_session_that_died_meanwhile_is_made_anew(self, tmp_path: Path) -> None:
        def one_letter(wire: Wire) -> None:
            wire.say("220 ready")
            while (line := wire.hear().upper()) != ".":
                if line.startswith(("EHLO", "MAIL", "RCPT", "DATA")):
                    wire.say("354 go on" if line == "DATA" else "250 ok")
            wire.say("250 ok")
            wire.vanish()

        with ScriptedServer(one_letter) as server:
            transport = _plain(tmp_path, server.port)
            for _ in range(3):
                assert transport.send(RAW, "a@test.local", ["a@test.local"]) == Sent()
            assert server.connections == 3

    def test_without_starttls_nothing_is_said(self, tmp_path: Path) -> None:
        heard: list[str] = []

        def script(wire: Wire) -> None:
            wire.say("220 ready")
            while line := wire.hear().upper():
                heard.append(line)
                wire.say("250-hello", "250 AUTH PLAIN LOGIN") if line.startswith("EHLO") else wire.say("250 ok")

        with ScriptedServer(script) as server:
            settings = Settings(root=tmp_path, outgoing=Outgoing(kind="smtp", host="localhost", port=server.port))
            result = SmtpTransport(settings).send(RAW, "a@test.local", ["a@test.local"])
        assert isinstance(result, Later) and result.down
        assert not any(line.startswith(("AUTH", "MAIL")) for line in heard)


def _plain(root: Path, port: int, timeout: float = 5) -> SmtpTransport:
    """A transport without encryption, for the scripted server only."""
    import yagmail

    from qforms.outbox import _yagmail

    class Plain(_yagmail.Session):
        def __init__(self, out: Outgoing, password: str) -> None:
            yagmail.SMTP.__init__(
                self, "u@x", "", host=out.host, port=out.port, smtp_ssl=False, smtp_starttls=False,
                smtp_skip_login=True, soft_email_validation=False, timeout=out.timeout,
            )  # fmt: skip
            self.login()

    transport = SmtpTransport(
        Settings(root=root, outgoing=Outgoing(kind="smtp", host="127.0.0.1", port=port, timeout=timeout))
    )

    def connected() -> Any:
        if transport._session and not transport._alive(transport._session):
            transport.close()
        if transport._session is None:
            transport._session = Plain(transport._out, "")
        return transport._session

    transport._connected = connected  # type: ignore[method-assign]
    return transport


class TestMaildir:
    def make(self, root: Path) -> MaildirTransport:
        return MaildirTransport(Settings(root=root))

    def files(self, root: Path) -> list[Path]:
        return sorted(f for f in (root / "sent").rglob("*") if f.is_file())

    def test_one_file_a_letter_however_often_it_is_sent(self, tmp_path: Path) -> None:
        for _ in range(2):
            assert self.make(tmp_path).send(RAW, "a@x.cn", ["b@x.cn"]) == Sent()
        (file,) = self.files(tmp_path)
        assert file.parent.name == "new" and file.read_bytes() == RAW and ":" not in file.name

    def test_also_when_a_mail_program_has_read_it(self, tmp_path: Path) -> None:
        self.make(tmp_path).send(RAW, "a@x.cn", ["b@x.cn"])
        (file,) = self.files(tmp_path)
        file.rename(tmp_path / "sent" / "cur" / f"{file.name}:2,S")
        self.make(tmp_path).send(RAW, "a@x.cn", ["b@x.cn"])
        assert len(self.files(tmp_path)) == 1

    def test_other_letters_have_other_files(self, tmp_path: Path) -> None:
        for raw in (RAW, RAW.replace(b"k1", b"k2"), b"Subject: no key\r\n\r\n1", b"Subject: no key\r\n\r\n2"):
            self.make(tmp_path).send(raw, "a@x.cn", ["b@x.cn"])
        assert len(self.files(tmp_path)) == 4

    def test_cut_off_in_the_middle_leaves_no_half_letter(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        result = self.make(tmp_path).send(RAW, "a@x.cn", ["b@x.cn"])
        assert isinstance(result, Later) and result.down
        assert [f.parent.name for f in self.files(tmp_path)] == ["tmp"]
        monkeypatch.undo()
        assert self.make(tmp_path).send(RAW, "a@x.cn", ["b@x.cn"]) == Sent()
        assert [f.parent.name for f in self.files(tmp_path)] == ["new"]


def test_the_settings_choose(tmp_path: Path, mailstack: MailStack) -> None:
    assert isinstance(outbox.transport(Settings(root=tmp_path)), MaildirTransport)
    smtp = Settings(root=tmp_path, outgoing=Outgoing(kind="smtp"))
    assert isinstance(outbox.transport(smtp), SmtpTransport)
    assert ssl.create_default_context(cafile=str(mailstack.ca)).get_ca_certs()

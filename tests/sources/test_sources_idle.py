"""Waiting on the mailbox against a server that is slow, silent, wordy or hostile."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from servers.mailstack import MailStack
from support_wire import ScriptedServer, Wire

from qforms.settings import Mailbox, Settings
from qforms.sources import SourceDown
from qforms.sources.imap import ImapSource

RAW = "Subject: 1\r\n\r\nx\r\n"


def never() -> bool:
    return False


class FakeImap:
    """An IMAP server with no mail, until told otherwise. `idle(wire, tag)` plays what happens after IDLE."""

    def __init__(
        self, idle: Callable[[Wire, str], None], capabilities: str = "IDLE MOVE UIDPLUS", mails: int = 0
    ) -> None:
        self.idle, self.capabilities, self.mails = idle, capabilities, mails
        self.heard: list[str] = []

    def __call__(self, wire: Wire) -> None:
        wire.say(f"* OK [CAPABILITY IMAP4rev1 {self.capabilities}] ready")
        while line := wire.hear():
            tag, _, command = line.partition(" ")
            self.heard.append(command)
            verb = command.upper()
            if verb.startswith("CAPABILITY"):
                wire.say(f"* CAPABILITY IMAP4rev1 {self.capabilities}", f"{tag} OK done")
            elif verb.startswith("SELECT"):
                wire.say(f"* {self.mails} EXISTS", "* OK [UIDVALIDITY 7] ok", "* OK [UIDNEXT 1] ok", f"{tag} OK done")
            elif verb.startswith("UID SEARCH"):
                wire.say("* SEARCH " + " ".join(str(n + 1) for n in range(self.mails)), f"{tag} OK done")
            elif verb.startswith("IDLE"):
                self.idle(wire, tag)
            elif verb.startswith("LOGOUT"):
                wire.say("* BYE", f"{tag} OK bye")
                return
            else:
                wire.say(f"{tag} OK done")


@pytest.fixture
def connect(mailstack: MailStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ImapSource]:
    monkeypatch.setenv("QFORMS_MAIL_PASSWORD", "x")

    def make(server: ScriptedServer, timeout: float = 5.0, **box: object) -> ImapSource:
        values = {"kind": "imap", "host": "localhost", "port": server.port, "user": "u", "timeout": timeout, **box}
        return ImapSource(Settings(root=tmp_path, mailbox=Mailbox(ca_file=str(mailstack.ca), **values)))  # type: ignore[arg-type]

    return make


Connect = Callable[..., ImapSource]


def done(wire: Wire, tag: str) -> None:
    assert wire.hear() == "DONE"
    wire.say(f"{tag} OK idle ended")


def timed(source: ImapSource, seconds: float) -> tuple[bool, float]:
    begun = time.monotonic()
    news = source.wait(seconds, never)
    return news, time.monotonic() - begun


class TestLostWakeUps:
    def test_told_before_we_are_let_in(self, mailstack: MailStack, connect: Connect) -> None:
        def idle(wire: Wire, tag: str) -> None:
            wire.say("* 1 EXISTS", "* 1 RECENT", "+ idling")
            done(wire, tag)

        with ScriptedServer(FakeImap(idle), mailstack.root) as server:
            news, took = timed(connect(server), 90)
        assert news and took < 60

    def test_told_in_the_same_packet_as_the_permission(self, mailstack: MailStack, connect: Connect) -> None:
        def idle(wire: Wire, tag: str) -> None:
            wire.say("+ idling", "* 1 EXISTS")
            done(wire, tag)

        with ScriptedServer(FakeImap(idle), mailstack.root) as server:
            news, took = timed(connect(server), 90)
        assert news and took < 60

    def test_told_in_two_halves(self, mailstack: MailStack, connect: Connect) -> None:
        def idle(wire: Wire, tag: str) -> None:
            wire.say("+ idling")
            wire._connection.sendall(b"* 1 EX")
            time.sleep(0.6)  # longer than one look at the socket
            wire._connection.sendall(b"ISTS\r\n")
            done(wire, tag)

        with ScriptedServer(FakeImap(idle), mailstack.root) as server:
            news, took = timed(connect(server), 90)
        assert news and took < 60

    def test_told_while_we_are_leaving(self, mailstack: MailStack, connect: Connect) -> None:
        def idle(wire: Wire, tag: str) -> None:
            wire.say("+ idling")
            assert wire.hear() == "DONE"
            wire.say("* 1 EXISTS", f"{tag} OK idle ended")

        with ScriptedServer(FakeImap(idle), mailstack.root) as server:
            assert connect(server).wait(0.4, never)

    def test_told_with_the_answer_to_a_search(self, mailstack: MailStack, connect: Connect) -> None:
        class Late(FakeImap):
            def __call__(self, wire: Wire) -> None:
                real, told = wire.say, [False]

                def say(*lines: str) -> None:
                    if lines[0].startswith("* SEARCH") and not told[0]:
                        told[0], self.mails = True, 1
                        lines = ("* SEARCH ", "* 1 EXISTS", *lines[1:])
                    real(*lines)

                wire.say = say  # type: ignore[method-assign]
                super().__call__(wire)

        with ScriptedServer(Late(lambda wire, tag: None), mailstack.root) as server:
            news, took = timed(connect(server), 90)
        assert news and took < 60

    def test_keep_alives_and_flags_are_no_news(self, mailstack: MailStack, connect: Connect) -> None:
        def idle(wire: Wire, tag: str) -> None:
            wire.say("+ idling", "* OK Still here", "* 1 FETCH (FLAGS (\\Seen))", "* 3 EXPUNGE", "* 0 RECENT")
            done(wire, tag)

        with ScriptedServer(FakeImap(idle), mailstack.root) as server:
            news, took = timed(connect(server), 0.5)
        assert not news and took > 0.4


class TestDeadPeers:
    def test_a_server_that_falls_silent_is_noticed(self, mailstack: MailStack, connect: Connect) -> None:
        def idle(wire: Wire, tag: str) -> None:
            wire.say("+ idling")
            time.sleep(90)

        with ScriptedServer(FakeImap(idle), mailstack.root) as server:
            source, begun = connect(server, timeout=0.5), time.monotonic()
            with pytest.raises(SourceDown) as down:
                source.wait(0.3, never)
        assert time.monotonic() - begun < 60
        assert down.value.problem.code == "mailbox_unreachable"

    @pytest.mark.parametrize("last", ["* BYE shutting down", ""])
    def test_a_server_that_leaves(self, mailstack: MailStack, connect: Connect, last: str) -> None:
        def idle(wire: Wire, tag: str) -> None:
            wire.say("+ idling", *([last] if last else []))
            wire.vanish()

        with ScriptedServer(FakeImap(idle), mailstack.root) as server, pytest.raises(SourceDown):
            connect(server).wait(10, never)

    def test_idle_refused(self, mailstack: MailStack, connect: Connect) -> None:
        with (
            ScriptedServer(FakeImap(lambda wire, tag: wire.say(f"{tag} NO not now")), mailstack.root) as server,
            pytest.raises(SourceDown),
        ):
            connect(server).wait(10, never)

    def test_idle_is_begun_anew_in_time(self, mailstack: MailStack, connect: Connect) -> None:
        def idle(wire: Wire, tag: str) -> None:
            wire.say("+ idling")
            done(wire, tag)

        fake = FakeImap(idle)
        with ScriptedServer(fake, mailstack.root) as server:
            assert not connect(server, idle_minutes=0.3 / 60).wait(1.5, never)
        assert fake.heard.count("IDLE") >= 3


class TestSmallServers:
    def test_without_idle_it_asks(self, mailstack: MailStack, connect: Connect) -> None:
        fake = FakeImap(lambda wire, tag: None, capabilities="MOVE")
        with ScriptedServer(fake, mailstack.root) as server:
            assert not connect(server).wait(0.5, never)
        assert "NOOP" in fake.heard and "IDLE" not in fake.heard

    def test_netease_wants_to_know_who_we_are_before_it_opens_a_folder(
        self, mailstack: MailStack, connect: Connect
    ) -> None:
        fake = FakeImap(lambda wire, tag: None, capabilities="ID")
        with ScriptedServer(fake, mailstack.root) as server:
            assert list(connect(server).waiting()) == []
        verbs = [command.split(" ")[0] for command in fake.heard]
        assert verbs.index("ID") < verbs.index("SELECT")

    def test_words_before_the_encryption_are_not_believed(self, mailstack: MailStack, connect: Connect) -> None:
        """A man in the middle puts an answer behind that to STARTTLS."""

        def script(wire: Wire) -> None:
            wire.say("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready")
            tag = wire.hear().split(" ")[0]
            wire.say("* CAPABILITY IMAP4rev1 STARTTLS", f"{tag} OK done")
            tag = wire.hear().split(" ")[0]
            wire.say(f"{tag} OK begin", "* CAPABILITY IMAP4rev1 EVIL")
            wire.begin_tls(mailstack.root)
            while line := wire.hear():
                wire.say(f"{line.split(' ')[0]} OK done")

        with ScriptedServer(script) as server, pytest.raises(SourceDown, match="data before TLS"):
            list(connect(server, security="starttls").waiting())

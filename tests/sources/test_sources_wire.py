"""The mailbox against a scripted server: one that leaves at any moment, drips, raves, is full, wants our name."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from servers.mailstack import MailStack
from support_wire import ScriptedServer, Wire

from qforms.model import Delivery
from qforms.settings import Mailbox, Settings
from qforms.sources import SourceDown
from qforms.sources.imap import ImapSource

RAW = "Message-ID: <{0}@x>\r\nSubject: {0}\r\n\r\nx\r\n"
Play = Callable[[Wire, str, str], bool]  # what a server does instead of answering a command; True: it has answered


def properly(wire: Wire, tag: str, command: str) -> bool:
    return False


class Server:
    """A mailbox with `mails`, which arrived on `days`; `plays[n]` spoils the n-th connection. `heard`: all commands."""

    def __init__(self, mails: int = 1, days: Callable[[int], str] = lambda uid: "06-May-2026") -> None:
        self.uids, self.days = list(range(1, mails + 1)), days
        self.plays: list[Play] = []
        self.heard: list[str] = []
        self.size = 0
        self.named = False
        self.moved: list[int] = []

    def __call__(self, wire: Wire) -> None:
        play = self.plays.pop(0) if self.plays else properly
        self.named = False
        if play(wire, "*", "GREETING"):
            return
        wire.say("* OK [CAPABILITY IMAP4rev1 ID MOVE UIDPLUS] ready")
        while line := wire.hear():
            tag, _, command = line.partition(" ")
            self.heard.append(command)
            if play(wire, tag, command.upper()):
                return
            if self._answer(wire, tag, command.upper()):
                return

    def _answer(self, wire: Wire, tag: str, command: str) -> bool:
        if command.startswith("CAPABILITY"):
            wire.say("* CAPABILITY IMAP4rev1 ID MOVE UIDPLUS")
        elif command.startswith("ID "):
            self.named = True
        elif command.startswith("SELECT") and not self.named:
            wire.say(f"{tag} NO SELECT Unsafe Login. Please contact kefu@188.com for help")
            return False
        elif command.startswith("SELECT"):
            wire.say(f"* {len(self.uids)} EXISTS", "* OK [UIDVALIDITY 7] ok", "* OK [UIDNEXT 9] ok")
        elif command.startswith("LIST"):
            wire.say('* LIST () "/" "QFORMS-DONE"')
        elif command.startswith("UID SEARCH"):
            wire.say("* SEARCH " + " ".join(map(str, self._found(command))))
        elif command.startswith("UID FETCH"):
            self._fetch(wire, command)
        elif command.startswith("UID MOVE"):
            gone = [int(u) for u in command.split()[2].split(",")]
            self.moved += gone
            self.uids = [u for u in self.uids if u not in gone]
        elif command.startswith("LOGOUT"):
            wire.say("* BYE", f"{tag} OK bye")
            return True
        wire.say(f"{tag} OK done")
        return False

    def _found(self, command: str) -> list[int]:
        since = re.search(r"SINCE (\S+)", command)
        return [u for u in self.uids if not since or self.days(u) == since[1].title().rjust(11, "0")]

    def _fetch(self, wire: Wire, command: str) -> None:
        whole = "BODY.PEEK[]" in command
        out = []
        for uid in (int(u) for u in command.split()[2].split(",")):
            body = RAW.format(uid) if whole or "[HEADER]" in command else f"Message-ID: <{uid}@x>\r\n\r\n"
            said = f'UID {uid} INTERNALDATE "{self.days(uid)} 10:00:00 +0800" RFC822.SIZE {self.size or len(body)}'
            out.append(f"* {uid} FETCH ({said} BODY[] {{{len(body)}}}\r\n{body})")
        wire.say(*out)


@pytest.fixture
def connect(
    mailstack: MailStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., ImapSource]]:
    monkeypatch.setenv("QFORMS_MAIL_PASSWORD", "x")
    made: list[ImapSource] = []

    def make(server: ScriptedServer, timeout: float = 1.0, **box: object) -> ImapSource:
        values = {"kind": "imap", "host": "localhost", "port": server.port, "user": "u", "timeout": timeout, **box}
        made.append(ImapSource(Settings(root=tmp_path, mailbox=Mailbox(ca_file=str(mailstack.ca), **values))))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for source in made:
        source.close()


Connect = Callable[..., ImapSource]


def taken(source: ImapSource) -> list[Delivery]:
    """What waits, dealt with at once; after a break the source is asked again, without its pause."""
    found = []
    for _ in range(3):
        source._down_until = 0.0
        try:
            for delivery in source.waiting():
                found.append(delivery)
                source.done(delivery, "accepted")
            source.wait(0, lambda: True)
        except SourceDown:
            continue
    return found


STEPS = (
    "GREETING",
    "CAPABILITY",
    "LOGIN",
    "ID",
    "SELECT",
    "UID SEARCH",
    "UID FETCH 1 (UID INT",
    "UID FETCH 1 (UID BODY",
    "UID MOVE",
)


def bye(wire: Wire, tag: str) -> None:
    wire.say("* BYE going down")
    wire.vanish()


def vanishes(wire: Wire, tag: str) -> None:
    wire.vanish()


def half_a_line(wire: Wire, tag: str) -> None:
    wire._connection.sendall(b"* 1 FET")
    wire.vanish()


def raves(wire: Wire, tag: str) -> None:
    wire._connection.sendall(b"\x00\xff{999999999999}\r\n)(\r\n* \xfe SEARCH a b\r\n" * 20 + b"\x00" * 5000 + b"\r\n")
    wire.vanish()


@pytest.mark.parametrize("fault", [bye, vanishes, half_a_line, raves])
@pytest.mark.parametrize("step", STEPS)
def test_whatever_happens_at_any_moment_the_mail_comes_once(
    mailstack: MailStack, connect: Connect, step: str, fault: Callable[[Wire, str], None]
) -> None:
    def play(wire: Wire, tag: str, command: str) -> bool:
        if not command.startswith(step):
            return False
        fault(wire, tag)
        return True

    server = Server()
    server.plays = [play]
    with ScriptedServer(server, mailstack.root) as at:
        found = taken(connect(at))
    assert {d.raw for d in found} == {RAW.format(1).encode()}  # given again, it has the same digest: known by its key
    assert len({d.digest for d in found}) == 1 and server.moved == [1]


def test_netease_calls_a_login_unsafe_until_it_is_told_a_name(mailstack: MailStack, connect: Connect) -> None:
    server = Server()
    with ScriptedServer(server, mailstack.root) as at:
        assert len(taken(connect(at))) == 1
    verbs = [command.split(" ")[0] for command in server.heard]
    assert verbs.index("LOGIN") < verbs.index("ID") < verbs.index("SELECT")


def test_a_login_that_stays_unsafe_is_said_with_the_server_s_words(mailstack: MailStack, connect: Connect) -> None:
    def refuses(wire: Wire, tag: str, command: str) -> bool:
        if command.startswith("SELECT"):
            wire.say(f"{tag} NO SELECT Unsafe Login. Please contact kefu@188.com for help")
            return True
        return False

    server = Server()
    server.plays = [refuses]
    with ScriptedServer(server, mailstack.root) as at, pytest.raises(SourceDown, match="Unsafe Login"):
        list(connect(at).waiting())


@pytest.mark.parametrize("where", ["a line", "a mail"])
def test_a_server_that_drips_is_given_up(mailstack: MailStack, connect: Connect, where: str) -> None:
    """A byte now and then keeps every read in time; the whole has its time too."""

    def drips(wire: Wire, tag: str, command: str) -> bool:
        if not command.startswith("UID SEARCH" if where == "a line" else "UID FETCH 1 (UID BODY"):
            return False
        wire._connection.sendall(b"* SEARCH " if where == "a line" else b"* 1 FETCH (UID 1 BODY[] {5000}\r\n")
        for _ in range(900):
            wire._connection.sendall(b"1")
            time.sleep(0.1)
        return True

    server = Server()
    server.plays = [drips]
    with ScriptedServer(server, mailstack.root) as at:
        source, begun = connect(at), time.monotonic()
        with pytest.raises(SourceDown):
            list(source.waiting())
        assert time.monotonic() - begun < 60


def test_a_full_folder_for_what_is_done_loses_nothing_and_takes_nothing_twice(
    mailstack: MailStack, connect: Connect
) -> None:
    def full(wire: Wire, tag: str, command: str) -> bool:
        if command.startswith("UID MOVE"):
            wire.say(f"{tag} NO [OVERQUOTA] mailbox is full")
            return bool(wire.hear())
        return False

    server = Server(3)
    server.plays = [full, full, full]
    with ScriptedServer(server, mailstack.root) as at:
        assert len(taken(connect(at))) == 3
    assert server.moved == [] and server.uids == [1, 2, 3]


def test_what_others_have_marked_as_deleted_is_never_expunged(mailstack: MailStack, connect: Connect) -> None:
    """CLOSE expunges as well (RFC 9051, 6.4.1), and so does an EXPUNGE without UIDs."""
    server = Server(3)
    with ScriptedServer(server, mailstack.root) as at:
        source = connect(at)
        assert len(taken(source)) == 3
        source.close()
    verbs = {command.split(" ")[0].upper() for command in server.heard}
    assert not verbs & {"CLOSE", "EXPUNGE", "STORE"} and "LOGOUT" in verbs
    assert all("UNDELETED" in c for c in server.heard if c.startswith("UID SEARCH"))


def test_a_first_run_on_an_old_mailbox_asks_for_nothing_from_before_its_day(
    mailstack: MailStack, connect: Connect
) -> None:
    """40 000 old mails and three new ones: nothing is said or fetched of the old ones, and nothing is fetched again."""
    server = Server(40_003, lambda uid: "07-May-2026" if uid > 40_000 else "01-Mar-2019")
    with ScriptedServer(server, mailstack.root) as at:
        source = connect(at, since=date(2026, 5, 7), done_folder="qforms-done")
        server.plays = []
        found = list(source.waiting())
        for delivery in found:
            source._finish(int(delivery.locator.rpartition("/")[2]), None, delivery.digest, False)
        fetched = [c for c in server.heard if c.startswith("UID FETCH")]
        assert list(source.waiting()) == []
        again = [c for c in server.heard if c.startswith("UID FETCH")]
    assert [int(d.locator.rpartition("/")[2]) for d in found] == [40_001, 40_002, 40_003]
    assert len(fetched) == 4 and again == fetched  # one for what is said of them, one for each
    assert not [c for c in fetched if re.search(r"FETCH (\d{1,4}|[123]\d{4})\b", c)]
    assert all("SINCE 7-May-2026" in c for c in server.heard if c.startswith("UID SEARCH"))


def test_of_an_oversize_mail_the_start_only_is_fetched(mailstack: MailStack, connect: Connect) -> None:
    server = Server()
    server.size = 90_000_000
    with ScriptedServer(server, mailstack.root) as at:
        [stub] = list(connect(at).waiting())
    assert stub.raw.startswith(b"X-Qforms-Truncated: 90000000") and b"Subject: 1" in stub.raw
    assert [c for c in server.heard if "BODY.PEEK[]" in c] == ["UID FETCH 1 (UID BODY.PEEK[]<0.262144>)"]

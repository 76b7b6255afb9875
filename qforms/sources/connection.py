"""One IMAP session: imap-tools for login, folders and searches, with what it gets wrong done here.

imap-tools does not verify TLS by itself, keeps the capabilities from before the login, empties the folder of other
people's deleted mails (EXPUNGE) where it only should move ours, parses what we want raw, and sleeps through a mail that
arrives while IDLE begins. Imported only when an IMAP mailbox is set up."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from imap_tools import BaseMailBox, ImapToolsError, MailboxFetchError, MailboxLoginError, MailboxMoveError
from imap_tools.utils import check_command_status, encode_folder

from qforms.oauth import xoauth2
from qforms.settings import Mailbox
from qforms.sources.mailbox import MONTHS

FAULTS = (imaplib.IMAP4.error, OSError, ImapToolsError)  # after any of these the session is thrown away
_LINE = 20 * 1024 * 1024
_CHUNK = 500
_SLOWEST = 10_000  # bytes a second of a mail, below which the connection is given up
_SLICE = 0.25  # seconds between two looks at `stop`
_DATE = re.compile(rb'INTERNALDATE "\s?(\d+)-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"')
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_EXISTS = re.compile(rb"\* \d+ EXISTS")


@dataclass(frozen=True, slots=True)
class Head:
    """What the server says of a mail without sending it. `size` in bytes."""

    uid: int
    arrived: datetime
    size: int
    message_id: bytes


class _Reader(imaplib.IMAP4):
    """imaplib with a buffer of its own: a read that times out loses nothing, so IDLE is a read with a short timeout.

    The stock file object cannot be read again after a timeout, and hides lines that polling the socket cannot see."""

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self._unread = bytearray()
        self._patience = timeout or 60.0
        super().open(host, port, timeout)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # a peer that vanished is noticed
        with suppress(OSError, AttributeError):  # not on every system
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)

    def _more(self) -> bool:
        data = self.sock.recv(1 << 16)
        self._unread += data
        return bool(data)

    def _in_time(self, begun: float, size: int = 0) -> None:
        """A server that sends a byte now and then keeps every single read in time: the whole must be, too."""
        if time.monotonic() - begun > self._patience + size / _SLOWEST:
            raise self.abort("too slow")

    def readline(self) -> bytes:
        searched, begun = 0, 0.0
        while (end := self._unread.find(b"\n", searched)) < 0:
            searched = len(self._unread)
            begun = begun or (time.monotonic() if searched else 0.0)
            if begun:
                self._in_time(begun)
            if searched > _LINE:
                raise self.error("line too long")
            if not self._more():
                return b""
        line = bytes(self._unread[: end + 1])
        del self._unread[: end + 1]
        return line

    def read(self, size: int) -> bytes:
        begun = time.monotonic()
        while len(self._unread) < size:
            self._in_time(begun, size)
            if not self._more():
                raise self.abort("socket error: EOF")
        with memoryview(self._unread) as unread:
            data = bytes(unread[:size])
        del self._unread[:size]
        return data

    def _get_capabilities(self) -> None:
        if self._unread:  # said before the encryption began, to be believed after it (CVE-2011-0411 and its kin)
            raise self.abort("data before TLS")
        super()._get_capabilities()  # type: ignore[misc]  # private; the first thing after STARTTLS


class _TlsReader(_Reader, imaplib.IMAP4_SSL):  # type: ignore[misc]  # the two name the port's default differently
    pass


class _Box(BaseMailBox):
    def __init__(self, box: Mailbox) -> None:
        self._box = box
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        box = self._box
        context = ssl.create_default_context(cafile=box.ca_file or None)
        if box.security == "tls":
            return _TlsReader(box.host, box.port, ssl_context=context, timeout=box.timeout)
        client = _Reader(box.host, box.port, timeout=box.timeout)
        client.starttls(context)
        return client


class Connection:
    """A logged-in session with one folder selected; `proof` is the password, or the access token.

    Every method raises one of FAULTS when the session is broken."""

    def __init__(self, box: Mailbox, proof: str, folder: str) -> None:
        self._box = _Box(box)
        try:
            plain = box.user.isascii() and proof.isascii()
            by_password = self._box.login if plain else self._box.login_utf8
            login = self._by_token if box.auth == "oauth" else by_password
            self._client: Any = self._box.client
            try:
                login(box.user, proof, initial_folder=None)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as fault:  # AUTHENTICATE says it so
                raise MailboxLoginError(("NO", [str(fault)]), "OK") from None
            self._learn_capabilities()
            self._box.folder.set(folder)
            self._client.sock.settimeout(box.timeout)
            told: dict[str, list[Any]] = self._client.untagged_responses
            self.uidvalidity = int(told["UIDVALIDITY"][-1])
            self.uidnext = int(told.get("UIDNEXT", [b"0"])[-1])
        except BaseException:
            self.drop()
            raise

    def _by_token(self, user: str, token: str, initial_folder: None = None) -> None:
        """SASL XOAUTH2. A refusal comes as a challenge, to be answered with nothing; then the server says NO."""
        answers = iter([xoauth2(user, token)])
        self._box.client.authenticate("XOAUTH2", lambda _: next(answers, b""))

    def _learn_capabilities(self) -> None:
        """MOVE and UIDPLUS are told after the login only. NetEase opens no folder until the client says its name."""
        _, answer = self._client.capability()
        self._client.capabilities = tuple(answer[-1].decode("ascii", "replace").upper().split())
        if "ID" in self._client.capabilities:
            self._client.xatom("ID", '("name" "qforms" "version" "1")')

    def drop(self) -> None:
        """Closes the socket without a word: the session may be broken."""
        with suppress(OSError, imaplib.IMAP4.error):
            self._box.client.shutdown()

    def close(self) -> None:
        try:
            self._box.logout()
        except FAULTS:
            self.drop()

    # ---- what is there

    def uids(self, criteria: str = "UNDELETED") -> list[int]:
        """UIDs in the selected folder, ascending, with what arrived while the server looked.

        A server may search first and tell of new mail (EXISTS) afterwards: then it is asked again."""
        told = self._client.untagged_responses
        for _ in range(5):
            told.pop("EXISTS", None)
            found = sorted(int(u) for u in self._box.uids(criteria, charset=None))
            if "EXISTS" not in told:
                break
        return found

    def heads(self, uids: Sequence[int]) -> list[Head]:
        """What the server says of these mails; those that have gone are missing."""
        wanted, found = set(uids), []
        for chunk in _chunks(uids):
            parts = "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
            for said, literal in self._fetch(chunk, parts):
                uid, size, arrived = _UID.search(said), _SIZE.search(said), _DATE.search(said)
                if uid and size and arrived and int(uid[1]) in wanted:  # not another client's change of flags
                    found.append(Head(int(uid[1]), _date(arrived), int(size[1]), _message_id(literal)))
        return found

    def raw(self, uid: int, first: int = 0) -> bytes | None:
        """The bytes of a mail as they lie there (`first`: only so many of them); None when it has gone."""
        for said, literal in self._fetch([uid], f"(UID BODY.PEEK[]{f'<0.{first}>' if first else ''})"):
            if (match := _UID.search(said)) and int(match[1]) == uid:
                return literal
        return None

    def _fetch(self, uids: Sequence[int], parts: str) -> Iterator[tuple[bytes, bytes]]:
        answer = self._client.uid("FETCH", ",".join(map(str, uids)), parts)
        check_command_status(answer, MailboxFetchError)
        items = [item for item in answer[1] if item is not None]
        for at, item in enumerate(items):
            if isinstance(item, tuple):
                after = items[at + 1] if at + 1 < len(items) and isinstance(items[at + 1], bytes) else b""
                yield item[0] + b" " + after, item[1]  # some servers say the UID after the literal

    # ---- moving away

    def ensure_folder(self, folder: str) -> None:
        if not self._box.folder.exists(folder):
            self._box.folder.create(folder)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Moves exactly these mails; what others have marked as deleted stays. Raises MailboxMoveError if refused."""
        for chunk in _chunks(uids):
            chosen, target = ",".join(map(str, chunk)), encode_folder(folder)
            if "MOVE" in self._client.capabilities:
                self._must("MOVE", chosen, target)
            elif "UIDPLUS" in self._client.capabilities:
                self._must("COPY", chosen, target)
                self._must("STORE", chosen, "+FLAGS.SILENT", r"(\Deleted)")
                self._must("EXPUNGE", chosen)
            else:
                raise MailboxMoveError(("NO", [b"the server has neither MOVE nor UIDPLUS"]), "OK")

    def _must(self, *command: object) -> None:
        check_command_status(self._client.uid(*command), MailboxMoveError)

    # ---- waiting

    def idle(self, seconds: float, stop: Callable[[], bool]) -> bool:
        """Waits until the server tells of new mail (True), or `stop`, or `seconds` are over; NOOP where IDLE lacks.

        The DONE at the end must be answered within the socket's timeout: that is how a dead session is noticed."""
        if "IDLE" not in self._client.capabilities:
            return self._poll(seconds, stop)
        client, patience, news = self._client, self._client.sock.gettimeout(), False
        tag = client._command("IDLE")
        while not (line := client._get_line()).startswith(b"+"):
            self._refuse(line)
            news = news or bool(_EXISTS.match(line))  # told before we were let in
        until = time.monotonic() + seconds
        try:
            while not news and not stop() and (left := until - time.monotonic()) > 0:
                client.sock.settimeout(min(_SLICE, left))
                try:
                    line = client._get_line()
                except TimeoutError:
                    continue
                self._refuse(line)
                news = bool(_EXISTS.match(line))
        finally:
            client.sock.settimeout(patience)
        client.send(b"DONE\r\n")
        while not (line := client._get_line()).startswith(tag):
            news = news or bool(_EXISTS.match(line))  # told while we were leaving
        client.tagged_commands.pop(tag, None)
        return news

    def _refuse(self, line: bytes) -> None:
        if not line.startswith((b"* ", b"+")) or line.startswith(b"* BYE"):
            raise self._client.abort(line.decode("ascii", "replace"))

    def _poll(self, seconds: float, stop: Callable[[], bool]) -> bool:
        until, asked = time.monotonic() + seconds, 0.0
        while not stop() and time.monotonic() < until:
            if time.monotonic() - asked >= 15:
                self._client.untagged_responses.pop("EXISTS", None)
                self._client.noop()
                if "EXISTS" in self._client.untagged_responses:
                    return True
                asked = time.monotonic()
            time.sleep(_SLICE)
        return False


def _chunks(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (uids[at : at + _CHUNK] for at in range(0, len(uids), _CHUNK))


def _message_id(header: bytes) -> bytes:
    return b" ".join(header.partition(b":")[2].split())


def _date(match: re.Match[bytes]) -> datetime:
    day, month, year, hour, minute, second, sign, zone_h, zone_m = match.groups()
    zone = timedelta(hours=int(zone_h), minutes=int(zone_m)) * (-1 if sign == b"-" else 1)
    try:
        at = (int(year), 1 + MONTHS.index(month.decode("ascii")), int(day), int(hour), int(minute), int(second))
        return datetime(*at, tzinfo=timezone(zone)).astimezone(UTC)
    except (ValueError, OverflowError):  # a date that no calendar has: it arrived, when is not known
        return datetime.now(UTC)

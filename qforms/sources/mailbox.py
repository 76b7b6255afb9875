"""One folder of an IMAP mailbox as a source: what the support mailbox and the Sent folder have in common.

What was taken in is told from what waits by the ledger alone: neither UIDs nor \\Seen are trusted."""

from __future__ import annotations

import logging
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, NoReturn

from qforms.model import Delivery, Problem, QformsError
from qforms.oauth import OAuthFault, token
from qforms.settings import Settings, secret
from qforms.sources import Clock, SourceDown, stub

if TYPE_CHECKING:
    from qforms.sources.connection import Connection, Head

log = logging.getLogger("qforms.sources")

AGAIN = 300.0  # seconds: the longest pause before the next try, and the only one where a person must act first
TOGETHER = 50  # mails moved in one command: one by one is thirty times slower
_RENEW = 25 * 60.0  # RFC 2177: an IDLE is begun anew before 29 minutes
_TEMPORARY = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[CONTACTADMIN]")  # RFC 5530: not the password


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def imap_date(day: date) -> str:
    """As a search wants it (RFC 9051, `date-text`), whatever the locale."""
    return f"{day.day}-{MONTHS[day.month - 1]}-{day.year}"


class MailFolder:
    """One folder of the mailbox through one session, which is made anew, with growing pauses, when it breaks."""

    channel: Literal["imap", "sent"]
    private = False

    def __init__(self, settings: Settings, box: str, folder: str, clock: Clock) -> None:
        self._settings = settings
        self._box = settings.boxes()[box]
        self.name = f"{self.channel}:{box}" if box else self.channel
        self._place = f"{box}:{folder}" if box else folder  # where its locators begin
        self._folder = folder
        self._clock = clock
        self._session: Connection | None = None
        self._renew = False
        self._validity = 0
        self._failures = 0
        self._down_until = 0.0
        self._why = Problem("mailbox_unreachable")
        self._given: dict[int, Head] = {}  # yielded, not yet done
        self._finished: deque[tuple[str, str, bool]] = deque()  # locator, digest, whole: what `done` was told
        self._put_off: dict[int, float] = {}  # UIDs that the server would not give, until when they are left

    # ---- the Source

    def waiting(self) -> Iterator[Delivery]:
        """What waits, oldest first, fetched one by one. Raises SourceDown, also midway."""
        from qforms.sources.connection import FAULTS

        try:
            session = self._settled()
            heads = session.heads(self._new(session))
            for head in sorted(heads, key=self._order):
                self._settle(session, at_least=TOGETHER)
                if (raw := self._fetch(session, head)) is not None:
                    locator = f"{self._place}/{session.uidvalidity}/{head.uid}"
                    self._given[head.uid] = head
                    yield stub.delivery(self.channel, locator, min(head.arrived, self._clock()), raw)
        except FAULTS as fault:
            self._broke(fault)
        self._failures = 0

    def done(self, delivery: Delivery, outcome: str) -> None:
        """Notes it down, from any thread; settled on the server with the next `waiting`, `wait` or `close`."""
        self._finished.append((delivery.locator, delivery.digest, not stub.is_stub(delivery.raw)))

    def wait(self, seconds: float, stop: Callable[[], bool]) -> bool:
        """Until new mail stands in the folder (True), `stop`, or `seconds` are over. Raises SourceDown."""
        from qforms.sources.connection import FAULTS

        until = time.monotonic() + seconds
        try:
            while True:
                session = self._settled()
                if self._new(session):
                    return True
                left = until - time.monotonic()
                if left <= 0 or stop():
                    return False
                cycle = min(left, self._box.idle_minutes * 60, _RENEW)
                if session.idle(cycle, lambda: stop() or self._unsettled()):
                    return True
        except FAULTS as fault:
            self._broke(fault)

    def log_in(self) -> None:
        """Opens the folder, without reading anything. Raises SourceDown."""
        self._connected()

    def close(self) -> None:
        from qforms.sources.connection import FAULTS

        if session := self._session:
            self._session = None
            try:
                self._settle(session)
                session.close()
            except FAULTS:
                session.drop()

    # ---- what the two folders do differently

    def _new(self, session: Connection) -> list[int]:
        """UIDs that are not known to be in the ledger."""
        raise NotImplementedError

    def _order(self, head: Head) -> tuple[datetime, int]:
        return head.arrived, head.uid

    def _opened(self, session: Connection) -> None:
        """A new session: what was remembered of the UIDs may be void."""
        raise NotImplementedError

    def _finish(self, uid: int, head: Head | None, digest: str, whole: bool) -> None:
        """A mail is in the ledger. `head` is None when another session read it; `whole` False for a stub."""
        raise NotImplementedError

    def _tidy(self, session: Connection, at_least: int) -> None:
        """Does on the server what is owed there, once that is `at_least` so many mails."""

    def _untidy(self) -> bool:
        return False

    # ---- settling

    def _settled(self) -> Connection:
        """A session on which nothing is left to settle; a new one where the server refused (it may be confused)."""
        self._settle(self._connected())
        return self._connected()

    def _settle(self, session: Connection, at_least: int = 1) -> None:
        while self._finished:
            locator, digest, whole = self._finished.popleft()
            place, validity, uid = locator.rsplit("/", 2)
            if (place, int(validity)) == (self._place, self._validity):  # else it is read again, and known by its key
                self._finish(int(uid), self._given.pop(int(uid), None), digest, whole)
        self._tidy(session, at_least)

    def _unsettled(self) -> bool:
        return bool(self._finished) or self._untidy()

    # ---- fetching

    def _fetch(self, session: Connection, head: Head) -> bytes | None:
        """The raw mail, its start only when it is too big, None when it has gone or the server will not give it."""
        from imap_tools import MailboxFetchError

        try:
            if head.size > self._box.max_mb * 1_000_000:
                start = session.raw(head.uid, stub.START)
                return None if start is None else stub.of(head.size, start)
            return session.raw(head.uid)
        except MailboxFetchError as fault:
            self._put_off[head.uid] = time.monotonic() + AGAIN
            log.warning("%s: UID %s cannot be fetched: %s", self.name, head.uid, fault)
            return None

    def _left_alone(self, uid: int) -> bool:
        return self._put_off.get(uid, 0.0) > time.monotonic()

    # ---- the session

    def _connected(self) -> Connection:
        if self._session and self._renew:
            self._session.close()
            self._session = None
        if self._session:
            return self._session
        if (left := self._down_until - time.monotonic()) > 0:
            raise SourceDown(self._why, left)
        from imap_tools import MailboxFolderSelectError, MailboxLoginError

        from qforms.sources.connection import FAULTS, Connection

        box, oauth = self._box, self._box.auth == "oauth"
        at = {"host": box.host, "port": box.port, "user": box.user, "folder": self._folder}
        try:
            proof = (
                token(self._settings, box.user)
                if oauth
                else secret(box.password_env, "qforms-mail", box.user, self._settings.root)
            )
            session = Connection(box, proof, self._folder)
        except OAuthFault as fault:
            self._down(fault.problem, AGAIN)
        except MailboxLoginError as fault:
            if any(word in str(fault).upper() for word in _TEMPORARY):
                self._broke(fault)
            self._down(Problem("mailbox_login", context=at), AGAIN)
        except MailboxFolderSelectError as fault:
            self._down(Problem("mailbox_folder", context={**at, "reason": str(fault)}), AGAIN)
        except ssl.SSLCertVerificationError as fault:
            self._down(Problem("mailbox_certificate", context={**at, "reason": fault.verify_message}), AGAIN)
        except FAULTS as fault:
            self._broke(fault)
        except QformsError:
            self._down(Problem("mailbox_password", context={**at, "env": box.password_env}), AGAIN)
        if session.uidvalidity != self._validity:
            self._given.clear()
            self._put_off.clear()
        self._session, self._validity, self._renew = session, session.uidvalidity, False
        self._opened(session)
        return session

    def _broke(self, fault: Exception) -> NoReturn:
        self._failures += 1
        reason = str(fault) or type(fault).__name__
        where = {"host": self._box.host, "port": self._box.port, "reason": reason}
        self._down(Problem("mailbox_unreachable", context=where), min(AGAIN, 2.0 ** (self._failures - 1)))

    def _down(self, problem: Problem, retry_in: float) -> NoReturn:
        if self._session:
            self._session.drop()
            self._session = None
        self._why, self._down_until = problem, time.monotonic() + retry_in
        raise SourceDown(problem, retry_in) from None

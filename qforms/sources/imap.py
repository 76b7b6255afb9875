"""The support mailbox over IMAP, and the Sent folder of the people who answer from their own mail program.

What was taken in is told from what waits by the ledger alone: neither UIDs nor \\Seen are trusted. A mail is moved to
the done folder after the commit, many at once, and only if the server still says the same of it as when it was read."""

from __future__ import annotations

import hashlib
import json
import logging
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NoReturn

from qforms.model import Delivery, Problem, QformsError
from qforms.settings import Settings, secret
from qforms.sources import Clock, SourceDown, real_time, stub

if TYPE_CHECKING:
    from qforms.sources.connection import Connection, Head

log = logging.getLogger("qforms.sources")

_AGAIN = 300.0  # seconds: the longest pause before the next try, and the only one where a person must act first
_TOGETHER = 50  # mails moved in one command: one by one is thirty times slower
_RENEW = 25 * 60.0  # RFC 2177: an IDLE is begun anew before 29 minutes
_TEMPORARY = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[CONTACTADMIN]")  # RFC 5530: not the password


class _Folder:
    """One folder of the mailbox through one session, which is made anew, with growing pauses, when it breaks."""

    name: str
    channel: Literal["imap", "sent"]

    def __init__(self, settings: Settings, folder: str, clock: Clock) -> None:
        self._box = settings.mailbox
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
                self._settle(session, at_least=_TOGETHER)
                if (raw := self._fetch(session, head)) is not None:
                    locator = f"{self._folder}/{session.uidvalidity}/{head.uid}"
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
            folder, validity, uid = locator.rsplit("/", 2)
            if (folder, int(validity)) == (self._folder, self._validity):  # else it is read again, and known by its key
                self._finish(int(uid), self._given.pop(int(uid), None), digest, whole)
        self._tidy(session, at_least)

    def _unsettled(self) -> bool:
        return bool(self._finished) or self._untidy()

    # ---- fetching

    def _fetch(self, session: Connection, head: Head) -> bytes | None:
        """The raw mail, its headers only when it is too big, None when it has gone or the server will not give it."""
        from imap_tools import MailboxFetchError

        try:
            if head.size > self._box.max_mb * 1_000_000:
                headers = session.raw(head.uid, "HEADER")
                return None if headers is None else stub.of(head.size, headers)
            return session.raw(head.uid)
        except MailboxFetchError as fault:
            self._put_off[head.uid] = time.monotonic() + _AGAIN
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

        box = self._box
        at = {"host": box.host, "port": box.port, "user": box.user, "folder": self._folder}
        try:
            session = Connection(box, secret(box.password_env, "qforms-mail", box.user), self._folder)
        except MailboxLoginError as fault:
            if any(word in str(fault).upper() for word in _TEMPORARY):
                self._broke(fault)
            self._down(Problem("mailbox_login", context=at), _AGAIN)
        except MailboxFolderSelectError as fault:
            self._down(Problem("mailbox_folder", context={**at, "reason": str(fault)}), _AGAIN)
        except ssl.SSLCertVerificationError as fault:
            self._down(Problem("mailbox_certificate", context={**at, "reason": fault.verify_message}), _AGAIN)
        except FAULTS as fault:
            self._broke(fault)
        except QformsError:
            self._down(Problem("mailbox_password", context={**at, "env": box.password_env}), _AGAIN)
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
        self._down(Problem("mailbox_unreachable", context=where), min(_AGAIN, 2.0 ** (self._failures - 1)))

    def _down(self, problem: Problem, retry_in: float) -> NoReturn:
        if self._session:
            self._session.drop()
            self._session = None
        self._why, self._down_until = problem, time.monotonic() + retry_in
        raise SourceDown(problem, retry_in) from None


@dataclass(frozen=True, slots=True)
class _Owed:
    """A mail to be moved. `head`: what the server said of it; None when another session read it."""

    uid: int
    head: Head | None
    digest: str


class ImapSource(_Folder):
    """The support mailbox. Mail that somebody has marked as deleted is left alone; a mail above `mailbox.max_mb` is
    delivered as a stub and stays where it is."""

    name = "imap"
    channel = "imap"

    def __init__(self, settings: Settings, clock: Clock = real_time) -> None:
        super().__init__(settings, settings.mailbox.folder, clock)
        self._taken: dict[int, Head | None] = {}  # in the ledger, perhaps still in the folder
        self._owed: list[_Owed] = []
        self._move_at = 0.0
        self._has_done_folder = False

    def _new(self, session: Connection) -> list[int]:
        uids = session.uids()
        there = set(uids)
        self._taken = {uid: head for uid, head in self._taken.items() if uid in there}
        return [uid for uid in uids if uid not in self._taken and not self._left_alone(uid)]

    def _opened(self, session: Connection) -> None:
        """After a break a UID may stand for another mail, even under the same UIDVALIDITY (a rebuilt index)."""
        heads = {head.uid: head for head in session.heads(list(self._taken))}
        self._taken = {uid: head for uid, head in self._taken.items() if head and heads.get(uid) == head}
        self._owed = [owed for owed in self._owed if owed.uid in self._taken]
        self._has_done_folder = False

    def _finish(self, uid: int, head: Head | None, digest: str, whole: bool) -> None:
        self._taken[uid] = head
        if whole:
            self._owed.append(_Owed(uid, head, digest))

    def _untidy(self) -> bool:
        return bool(self._owed) and time.monotonic() >= self._move_at

    def _tidy(self, session: Connection, at_least: int) -> None:
        from imap_tools import MailboxFolderCreateError, MailboxMoveError

        if len(self._owed) < at_least or not self._untidy():
            return
        target = self._box.done_folder
        try:
            if uids := self._still_the_same(session):
                if not self._has_done_folder:
                    session.ensure_folder(target)
                    self._has_done_folder = True
                session.move(uids, target)
            self._owed = []
        except (MailboxMoveError, MailboxFolderCreateError) as fault:  # full, or not allowed: taken all the same
            self._move_at, self._renew = time.monotonic() + _AGAIN, True
            log.warning("%s: %d mails cannot be moved to %s: %s", self.name, len(self._owed), target, fault)

    def _still_the_same(self, session: Connection) -> list[int]:
        heads = {head.uid: head for head in session.heads([owed.uid for owed in self._owed])}
        return [o.uid for o in self._owed if o.uid in heads and (o.head == heads[o.uid] or _holds(session, o))]


def _holds(session: Connection, owed: _Owed) -> bool:
    raw = session.raw(owed.uid)
    return raw is not None and hashlib.sha256(raw).hexdigest() == owed.digest


class SentSource(_Folder):
    """The Sent folder: what our people wrote to customers. Nothing is moved; `sent-folder.json` in the workspace
    says how far it was read. Mails from before the first start are not taken."""

    name = "sent"
    channel = "sent"

    def __init__(self, settings: Settings, clock: Clock = real_time) -> None:
        super().__init__(settings, settings.mailbox.sent_folder, clock)
        self._file = settings.path("sent-folder.json")
        self._done: set[int] = set()  # above the mark
        self._mark = 0  # every mail up to this UID is in the ledger
        self._since = ""  # a criterion, while the folder is read again because its UIDs changed

    def _order(self, head: Head) -> tuple[datetime, int]:
        return datetime.min.replace(tzinfo=UTC), head.uid  # else the mark would pass over mail that was not read yet

    def _new(self, session: Connection) -> list[int]:
        uids = session.uids(f"UID {self._mark + 1}:*{self._since}")  # answers the last mail even when it is older
        return [u for u in uids if u > self._mark and u not in self._done and not self._left_alone(u)]

    def _opened(self, session: Connection) -> None:
        try:
            state = json.loads(self._file.read_text("utf-8"))
            folder, validity, uid = str(state["folder"]), int(state["uidvalidity"]), int(state["uid"])
            at = datetime.fromisoformat(state["at"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            self._mark = max(session.uidnext - 1, *session.uids("ALL"), 0)
            self._write(self._clock())
            return
        if (folder, validity) == (self._folder, session.uidvalidity):
            self._mark = uid
        else:  # the ledger knows those of that day which it has
            from qforms.sources.connection import MONTHS

            self._mark, self._since = 0, f" SINCE {at.day}-{MONTHS[at.month - 1]}-{at.year}"
            self._done.clear()

    def _finish(self, uid: int, head: Head | None, digest: str, whole: bool) -> None:
        self._done.add(uid)
        unread = min([*self._given, *self._put_off], default=uid + 1)
        if finished := [u for u in self._done if self._mark < u < unread]:
            self._mark = max(finished)
            self._done = {u for u in self._done if u > self._mark}
            self._write(head.arrived if head else self._clock())

    def _write(self, at: datetime) -> None:
        state = {"folder": self._folder, "uidvalidity": self._validity, "uid": self._mark, "at": at.isoformat()}
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(state), "utf-8")
        fresh.replace(self._file)

"""The support mailbox over IMAP. A mail is moved to the done folder after the commit, many at once, and only if the
server still says the same of it as when it was read."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qforms.settings import Settings
from qforms.sources import Clock, real_time
from qforms.sources.mailbox import AGAIN, MailFolder, imap_date

if TYPE_CHECKING:
    from qforms.sources.connection import Connection, Head

log = logging.getLogger("qforms.sources")


@dataclass(frozen=True, slots=True)
class _Owed:
    """A mail to be moved. `head`: what the server said of it; None when another session read it."""

    uid: int
    head: Head | None
    digest: str


class ImapSource(MailFolder):
    """The support mailbox. Mail that somebody has marked as deleted is left alone; a mail above `mailbox.max_mb` is
    delivered as a stub and stays where it is; mail from before `mailbox.since` is not looked at."""

    channel = "imap"

    def __init__(self, settings: Settings, clock: Clock = real_time, box: str = "") -> None:
        super().__init__(settings, box, settings.boxes()[box].folder, clock)
        self._taken: dict[int, Head | None] = {}  # in the ledger, perhaps still in the folder
        self._owed: list[_Owed] = []
        self._move_at = 0.0
        self._has_done_folder = False

    def _new(self, session: Connection) -> list[int]:
        uids = session.uids(self._wanted())
        there = set(uids)
        self._taken = {uid: head for uid, head in self._taken.items() if uid in there}
        return [uid for uid in uids if uid not in self._taken and not self._left_alone(uid)]

    def _wanted(self) -> str:
        since = self._box.since
        return f"UNDELETED SINCE {imap_date(since)}" if since else "UNDELETED"

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
            self._move_at, self._renew = time.monotonic() + AGAIN, True
            log.warning("%s: %d mails cannot be moved to %s: %s", self.name, len(self._owed), target, fault)

    def _still_the_same(self, session: Connection) -> list[int]:
        heads = {head.uid: head for head in session.heads([owed.uid for owed in self._owed])}
        return [o.uid for o in self._owed if o.uid in heads and (o.head == heads[o.uid] or _holds(session, o))]


def _holds(session: Connection, owed: _Owed) -> bool:
    raw = session.raw(owed.uid)
    return raw is not None and hashlib.sha256(raw).hexdigest() == owed.digest

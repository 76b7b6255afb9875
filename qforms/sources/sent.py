"""The Sent folder of the people who answer customers from their own mail program (P3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from qforms.settings import Settings
from qforms.sources import Clock, Marks, real_time
from qforms.sources.mailbox import MailFolder, imap_date

if TYPE_CHECKING:
    from qforms.sources.connection import Connection, Head


class FileMarks:
    """How far folders were read, each in a JSON file in the workspace."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self, name: str) -> Any:
        """What was written; None when nothing was. Raises ValueError."""
        try:
            return json.loads(self._settings.path(f"{name}.json").read_text("utf-8"))
        except FileNotFoundError:
            return None

    def write(self, name: str, state: Mapping[str, Any]) -> None:
        file = self._settings.path(f"{name}.json")
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(state), "utf-8")
        fresh.replace(file)


class SentSource(MailFolder):
    """What our people wrote to customers. Nothing is moved; `marks` say how far it was read. Mails from before the
    first start are not taken."""

    channel = "sent"

    def __init__(self, settings: Settings, clock: Clock = real_time, box: str = "", marks: Marks | None = None) -> None:
        super().__init__(settings, box, settings.boxes()[box].sent_folder, clock)
        self._marks: Marks = marks or FileMarks(settings)
        self._name = f"sent-folder-{box}" if box else "sent-folder"
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
            state = self._marks.read(self._name)
            folder, validity, uid = str(state["folder"]), int(state["uidvalidity"]), int(state["uid"])
            at = datetime.fromisoformat(state["at"])
        except (ValueError, KeyError, TypeError):
            self._mark = max(session.uidnext - 1, *session.uids("ALL"), 0)
            self._write(self._clock())
            return
        if (folder, validity) == (self._folder, session.uidvalidity):
            self._mark = uid
        else:  # the ledger knows those of that day which it has
            self._mark, self._since = 0, f" SINCE {imap_date(at)}"
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
        self._marks.write(self._name, state)

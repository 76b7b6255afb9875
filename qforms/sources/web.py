"""What customers sent through the page: a Maildir that `qforms web` alone writes into.

Whoever fills in the page is known by no more than the address he typed, so nothing that comes from here is proven."""

from __future__ import annotations

import math

from qforms.settings import Mailbox, Settings
from qforms.sources import Clock, real_time
from qforms.sources.maildir import MaildirSource

FOLDERS = ("tmp", "new", "cur")
_AS_MAIL = 1.4  # base64 makes a file so much longer (RFC 2045 6.8), with room for the words


class WebSource(MaildirSource):
    """The spool of the page; the folders are made when they are not there."""

    channel = "web"

    def __init__(self, settings: Settings, clock: Clock = real_time) -> None:
        super().__init__(settings, clock)
        for name in FOLDERS:
            (self._root / name).mkdir(parents=True, exist_ok=True, mode=0o700)

    def _box(self, settings: Settings, box: str) -> Mailbox:
        largest = math.ceil(settings.web.total_mb * _AS_MAIL) + 1
        return Mailbox(path=settings.web.spool, complaints_only=True, max_mb=largest)

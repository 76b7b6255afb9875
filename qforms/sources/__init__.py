"""Where deliveries come from: a mailbox over IMAP, its Sent folder, a Maildir, a watched folder.

Each is a `model.Source` and knows nothing of what it carries: raw bytes, when they arrived, where they lie. A source
is used by one thread at a time, except `done`, which may be called from any. After `done` a delivery is not yielded
again by that source, even where it could not be moved away; after a restart it may be, and its key tells the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from qforms import problems
from qforms.model import Problem, QformsError, Source
from qforms.settings import Settings

Clock = Callable[[], datetime]


class SourceDown(QformsError):
    """A source cannot be reached or refuses us; the others go on. `retry_in` seconds: asking earlier is no use."""

    def __init__(self, problem: Problem, retry_in: float) -> None:
        super().__init__(problems.told(problem))
        self.problem = problem
        self.retry_in = retry_in


def real_time() -> datetime:
    return datetime.now(UTC)


class Marks(Protocol):
    """Where it is kept how far a folder was read that nothing is moved out of."""

    def read(self, name: str) -> Any: ...
    def write(self, name: str, state: Mapping[str, Any]) -> None: ...


def of(settings: Settings, clock: Clock = real_time, once: bool = False, marks: Marks | None = None) -> list[Source]:
    """The sources that the settings name; none is opened before it is first asked. `once`: files are waited for.
    `marks`: in the workspace when left out."""
    from qforms.sources.folder import FolderSource
    from qforms.sources.imap import ImapSource
    from qforms.sources.maildir import MaildirSource
    from qforms.sources.sent import SentSource

    found: list[Source] = []
    for name, box in settings.boxes().items():
        if box.kind == "maildir":
            found.append(MaildirSource(settings, clock, name))
        if box.kind == "imap":
            found.append(ImapSource(settings, clock, name))
            if box.sent_folder:
                found.append(SentSource(settings, clock, name, marks))
    if settings.web.url:
        from qforms.sources.web import WebSource

        found.append(WebSource(settings, clock))
    found.append(FolderSource(settings, clock, once))
    return found


def try_login(settings: Settings, box: str = "") -> str:
    """Why an IMAP mailbox or its Sent folder cannot be used, in one line; "" when they can. Reads no mail."""
    from qforms.sources.imap import ImapSource
    from qforms.sources.sent import SentSource

    has_sent = bool(settings.boxes()[box].sent_folder)
    folders = [ImapSource(settings, box=box), *([SentSource(settings, box=box)] if has_sent else [])]
    try:
        for folder in folders:
            folder.log_in()
    except SourceDown as down:
        return down.text
    finally:
        for folder in folders:
            folder.close()
    return ""

"""No silent stop: whether the mailboxes can be read, and whether mail still comes as it used to.

What was seen stands in the ledger as a note for each mailbox, so that `qforms doctor` tells it beside a running daemon
and a restart forgets nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import pairwise

from qforms.ledger import Ledger
from qforms.model import Problem
from qforms.problems import say
from qforms.settings import Mailbox, Procedures

_NOTE = "mailbox watched: "
_KEPT = timedelta(days=90)  # how far back what is usual is judged
_ENOUGH = 10  # days with mail from which on there is a "usual"
_LEAST = 2  # working days: shorter silences are never told
_TIMES = 3  # so many times the longest silence before
_SAVE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one mailbox: when it was last read to its end, since when it cannot be and why, on which days mail came."""

    looked: str = ""
    down_since: str = ""
    reason: str = ""
    last: str = ""
    days: tuple[str, ...] = field(default=())


class Watch:
    """`looked`, `came` and `failed` may be called from any thread; `problems` and `save` belong to the loop's own."""

    def __init__(self, ledger: Ledger, procedures: Procedures, has_mailbox: Callable[[], bool] = lambda: True) -> None:
        self._ledger = ledger
        self._has_mailbox = has_mailbox
        self._work = procedures.work
        self._settings = procedures.settings
        self._lock = threading.Lock()
        self._seen: dict[str, Seen] = {}
        self._saved: dict[str, tuple[Seen, datetime]] = {}

    def looked(self, source: str, at: datetime) -> None:
        """The mailbox could be read to its end."""
        with self._lock:
            self._seen[source] = replace(self._of(source), looked=at.isoformat(), down_since="", reason="")

    def came(self, source: str, newest: datetime) -> None:
        """Mail came, the latest of it at `newest`."""
        with self._lock:
            seen, here = self._of(source), self._settings.local(newest)
            first, day = (here - _KEPT).date().isoformat(), here.date().isoformat()
            days = tuple(sorted({*(d for d in seen.days if d >= first), day}))
            last = max(seen.last, newest.astimezone(UTC).isoformat())
            self._seen[source] = replace(seen, last=last, days=days)

    def failed(self, source: str, at: datetime, problem: Problem) -> None:
        """The mailbox could not be read."""
        with self._lock:
            seen = self._of(source)
            since = seen.down_since or at.isoformat()
            self._seen[source] = replace(seen, down_since=since, reason=say(problem, self._settings.lang))

    def problems(self, now: datetime) -> Iterator[Problem]:
        """What the office must hear: a mailbox out of reach, or silent, for longer than `[watch]` allows."""
        for source in self.sources():
            seen = self._of(source)
            yield from self._unreachable(source, seen, now)
            yield from self._silent(source, seen, now)

    def sources(self) -> list[str]:
        """The mailboxes that this machine reads, as their sources are named."""
        mine = [
            (f"{box.kind}:{name}" if name else box.kind, box)
            for name, box in self._settings.boxes().items()
            if box.kind != "none"
        ]
        return [source for source, box in mine if self._private(box) or self._has_mailbox()]

    def seen(self, source: str) -> Seen:
        with self._lock:
            return self._of(source)

    def save(self, now: datetime) -> None:
        """Notes down what has changed; the mere time of the last look once a minute."""
        with self._lock:
            seen = {source: self._seen[source] for source in self.sources() if source in self._seen}
        for source, what in seen.items():
            before, at = self._saved.get(source, (None, now))
            if before is None or replace(before, looked="") != replace(what, looked="") or now - at >= _SAVE:
                self._ledger.set_note(self._noted(source), asdict(what))
                self._saved[source] = what, now

    def _private(self, box: Mailbox) -> bool:
        return box.kind == "maildir" and self._settings.path(box.path).is_relative_to(self._settings.root)

    def _noted(self, source: str) -> str:
        """The note of a mailbox; where several machines have one of that name in their workspaces, of this one's."""
        box = self._settings.boxes()[source.partition(":")[2]]
        own = f"@{socket.gethostname()}:{self._settings.root}" if self._ledger.shared and self._private(box) else ""
        return _NOTE + source + (f"@{sha256(own.encode()).hexdigest()[:16]}" if own else "")

    def _of(self, source: str) -> Seen:
        if source not in self._seen:
            kept = self._ledger.note(self._noted(source)) or {}
            self._seen[source] = Seen(**{**kept, "days": tuple(kept.get("days", ()))})
        return self._seen[source]

    def _unreachable(self, source: str, seen: Seen, now: datetime) -> Iterator[Problem]:
        if not seen.down_since:
            return
        since = datetime.fromisoformat(seen.down_since)
        if now - since >= timedelta(hours=self._settings.watch.unreachable_hours):
            yield self._problem("mailbox_not_fetched", source, since, reason=seen.reason)

    def _silent(self, source: str, seen: Seen, now: datetime) -> Iterator[Problem]:
        if not seen.last or seen.down_since:
            return
        last, today = datetime.fromisoformat(seen.last), self._settings.local(now).date()
        if allowed := self._settings.watch.silent_days:
            too_long = now - last >= timedelta(days=allowed)
        else:
            days = [date.fromisoformat(d) for d in seen.days]
            usual = max((self._workdays(a, b) for a, b in pairwise(days)), default=0)
            silent = self._workdays(self._settings.local(last).date(), today)
            too_long = len(days) >= _ENOUGH and silent > max(_LEAST, _TIMES * usual)
        if too_long:
            yield self._problem("mailbox_silent", source, last)

    def _workdays(self, first: date, last: date) -> int:
        """Working days after `first` up to `last`."""
        return sum(self._work.is_workday(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))

    def _problem(self, code: str, source: str, since: datetime, **more: str) -> Problem:
        at = f"{self._settings.local(since):%Y-%m-%d %H:%M}"
        name = source.partition(":")[2]
        user = self._settings.boxes()[name].user or self._settings.company.address
        return Problem(code, context={"source": user, "since": at, "address": self._settings.company.address, **more})

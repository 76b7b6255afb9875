"""Several daemons on one ledger, seen by one of them: whether it may work, what it alone does, when it is its turn.

A thread tells the others every few seconds that this one lives; who falls silent for too long (`settings.Machines`) is
taken for dead, and what he held is taken over. Whoever judges by other forms, rules or settings than those at work is
paused until they have gone or he has got the same."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qforms.ledger import Gone, Ledger
from qforms.ledger.leases import MAILBOX, WORKBOOK, Present, Who
from qforms.model import Clock, Delivery, Store, Told
from qforms.outbox.post import OPEN
from qforms.settings import Procedures

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_LOOKS = 0.5  # seconds between two looks whether something waits for any daemon
_ROUND = 0.05  # seconds between two looks whether it is its turn
_SAME = {  # settings that every machine must have alike; paths, ports and passwords are its own
    "company": True,
    "issue": True,
    "calendar": True,
    "workbook": True,
    "machines": True,
    "trust": {"authserv_id", "dkim", "strangers_may_open", "replies_a_day"},
    "folders": {"grant"},
    "outgoing": {"sender", "customer", "supplier", "department", "manager", "office", "operator", "robot", "attempts",
                 "delay_minutes", "quiet_from", "quiet_until", "quiet_weekends", "stages_off", "digests"},
}  # fmt: skip


class Colleagues:
    """This daemon among those on its ledger. Made by `daemon.run`; only the main thread uses what is not a property."""

    def __init__(self, ledger: Ledger, store: Store, procedures: Procedures, log: FilteringBoundLogger) -> None:
        self._ledger = ledger
        self._leases = ledger.leases
        self._machines = procedures.settings.machines
        self._log = log
        self._who = Who(socket.gethostname(), str(procedures.settings.root), os.getpid(), digests(procedures))
        self._delay = timedelta(minutes=procedures.settings.outgoing.delay_minutes)
        self._stop, self._news = threading.Event(), threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="colleagues", daemon=True)
        self._held: frozenset[str] = frozenset()
        self._others = 0
        self._look_at = 0.0  # when it looks next whether something waits for any daemon
        self._seen = 0.0  # when its last sign of life was taken, by the machine's own steady clock
        self.tray = ledger.tray(store)
        self.differ: tuple[Present, ...] = ()  # who works by other procedures: this one is paused

    # ------------------------------------------------------------ among others

    def join(self) -> None:
        """Comes to work. Raises OSError when the database is away."""
        self._join()
        if self.working:
            self._beat(bury=True)
        self._keeper.start()

    def leave(self) -> None:
        """Goes; what it held is free at once, if the database can be told."""
        self._stop.set()
        if self._keeper.is_alive():
            self._keeper.join(timeout=10)
        try:
            self._leases.leave()
        except OSError as fault:
            self._log.warning("left without a word", reason=str(fault))

    @property
    def id(self) -> int:
        return self._leases.id

    @property
    def working(self) -> bool:
        return not self.differ and bool(self.id)

    @property
    def others(self) -> bool:
        """Is somebody else working?"""
        return self._others > 0

    def holds(self, duty: str) -> bool:
        """Is it this daemon that does at this moment what only one does?"""
        sure = self._machines.silent_seconds - 1.5 * self._machines.beat  # later it counts on nothing that it held
        return duty in self._held and self.working and time.monotonic() - self._seen < sure

    def called(self) -> bool:
        """Did others leave something, or does anything wait on the tray?"""
        if self._news.is_set():
            self._news.clear()
            return True
        if not self.working or time.monotonic() < self._look_at:
            return False
        self._look_at = time.monotonic() + _LOOKS
        self._ledger.changes, calls = self._leases.glance(OPEN, datetime.now(UTC), self._delay)
        return calls

    def paused(self) -> Told | None:
        """Why it is paused."""
        if not self.differ:
            return None
        who = ", ".join(f"{p.who.machine}:{p.who.place}" for p in self.differ)
        parts = ", ".join(sorted({part for p in self.differ for part in _unlike(self._who, p.who)}))
        return Told(
            f"与正在工作的 {who} 不一致（{parts}），先停着：把两边改成一样的，再重新启动其中之一",
            f"differs from {who}, who is at work, in: {parts}. It pauses: make them alike and restart one of them",
        )

    def told(self) -> dict[str, Any]:
        """How it stands, for the heartbeat."""
        holds = [duty for duty in (MAILBOX, WORKBOOK) if self.holds(duty)]
        why = self.paused()
        return {"others": self._others, "holds": holds, "paused": {"zh": why.zh, "en": why.en} if why else None}

    # ------------------------------------------------------------ whose turn it is

    def begin(self) -> None:
        """A new round: what was in hand and not finished in the last one is taken anew."""
        self.tray.drop()

    def go_first(self, delivery: Delivery) -> None:
        """Waits until what arrived before this delivery, and others have in hand, is on record."""
        while self.others and self.tray.before(delivery, self.id):
            time.sleep(_ROUND)

    def more(self, most: int) -> list[Delivery]:
        """The next deliveries from the tray, now in hand."""
        return self.tray.take(most, self.id)

    def clock(self, at: datetime) -> Clock | None:
        """The next clock to be rung at `at`, now in hand; None when it is the turn of others."""
        first = next(iter(self._leases.clocks(at, 1)), None)
        if first is not None and self.tray.waits_before(first.next_at or at):
            self.rung(first)
            return None
        return first

    def rung(self, clock: Clock) -> None:
        self._leases.let_go([clock])

    def pause(self) -> None:
        """A moment, in which others get on."""
        time.sleep(_ROUND)

    # ------------------------------------------------------------ the thread that tells that it lives

    def _keep(self) -> None:
        sure = True  # that the others could be heard a moment ago: after a break all get the time to come back
        while not self._stop.wait(self._machines.beat):
            try:
                if not self.working:
                    self._join()
                if self.working:
                    self._beat(bury=sure)
                sure = True
            except Gone as fault:
                self._log.error("taken for dead", reason=str(fault))
                self._held, self._leases.id = frozenset(), 0
            except OSError as fault:
                self._log.error("no sign of life", reason=str(fault))
                sure = False
            except Exception:
                self._log.exception("no sign of life")
                sure = False

    def _beat(self, *, bury: bool) -> None:
        begun, before = time.monotonic(), (self._held, self._others)
        self._held = self._leases.beat((MAILBOX, WORKBOOK), bury)
        since, self._seen = time.monotonic() - self._seen, begun
        for place, silent in self._leases.gone:
            self._log.warning("colleague gone", place=place, silent=round(silent, 1), since=round(since, 1))
        self._others = self._leases.company()
        if (self._held, self._others) != before:
            self._news.set()
            self._log.info("colleagues", others=self._others, holds=sorted(self._held))

    def _join(self) -> None:
        before = self.differ
        self.differ = self._leases.join(self._who)
        if self.differ and [p.id for p in self.differ] != [p.id for p in before]:
            self._log.error("paused", reason=str(self.paused()))
        elif before and not self.differ:
            self._log.info("works on")


def digests(procedures: Procedures) -> dict[str, str]:
    """What all daemons of a ledger must judge by alike, part by part, each as a digest."""
    s = procedures.settings
    boxes = {name: {"only": box.complaints_only, "server": box.authserv_id} for name, box in s.boxes().items()}
    said = json.dumps([s.model_dump(mode="json", include=_SAME), boxes], sort_keys=True)  # type: ignore[arg-type]
    keys = "".join(f"{name}:{key.hex()};" for name, key in procedures.keys.items())
    return {
        "qforms": version("qforms"),
        "form_templates": _tree(s.path("form_templates")),
        "inbox_rules": _tree(s.path("inbox_rules")),
        "qforms.toml": _short(said.encode()),
        "stamp.key": _short(b"qforms:" + keys.encode()),
    }


def _tree(root: Path) -> str:
    """All files below a folder but hidden ones and the rules' tests."""
    hashed = hashlib.sha256()
    for file in sorted(root.rglob("*")):
        name = file.relative_to(root).as_posix()
        if file.is_file() and not name.endswith(".test.yaml") and not any(p.startswith(".") for p in name.split("/")):
            data = file.read_bytes()
            hashed.update(f"{name}\0{len(data)}\0".encode() + data)
    return hashed.hexdigest()[:16]


def _short(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _unlike(one: Who, other: Who) -> Sequence[str]:
    names = {*one.procedures, *other.procedures}
    return [name for name in names if one.procedures.get(name) != other.procedures.get(name)]

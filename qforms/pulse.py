"""Seen from outside: the heartbeat that the daemon leaves in the workspace, the day's seal and report, figures for
Prometheus. Whoever looks needs no more than a file or a loopback port, and disturbs nobody."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qforms.ledger import Ledger
from qforms.model import Problem, Told
from qforms.settings import Settings

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from qforms.watch import Watch

HEARTBEAT = "heartbeat.json"
_EVERY = timedelta(seconds=5)
_DAY = "day begun"
_LITTLE = 500  # MB free


class Pulse:
    """`beat` after every round of the loop, `new_day` at its beginning."""

    def __init__(
        self, ledger: Ledger, settings: Settings, watch: Watch, among: Callable[[], Mapping[str, Any]] = dict
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._watch = watch
        self._among = among  # how it stands among other daemons, where there may be any
        self._day = ""
        self._last: datetime | None = None

    def beat(self, now: datetime, stopped: bool = False) -> None:
        """Leaves `heartbeat.json`, every few seconds at most, and once more when the daemon ends. Raises OSError when
        the disk is full or gone."""
        if not stopped and self._last is not None and timedelta(0) <= now - self._last < _EVERY:
            return
        self._last = now
        seen = {name: self._watch.seen(name) for name in self._watch.sources()}
        sources = {
            name: {"looked": s.looked, "down_since": s.down_since, "reason": s.reason} for name, s in seen.items()
        }
        said = {
            "at": now.isoformat(),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "stopped": stopped,
            "free_mb": _free(self._settings.root),
            "sources": sources,
            **self._among(),
        }
        draft = self._settings.root / f".{HEARTBEAT}.tmp"
        draft.write_text(json.dumps(said, ensure_ascii=False), "utf-8")
        draft.replace(self._settings.root / HEARTBEAT)

    def new_day(self, now: datetime) -> Problem | None:
        """Seals yesterday, once a day; gives the report on it, unless this is the first day of all."""
        today = self._settings.local(now).date()
        if self._day == today.isoformat():
            return None
        self._day, before = today.isoformat(), self._ledger.note(_DAY)
        if before == self._day:
            return None
        yesterday = today - timedelta(days=1)
        seal = self._ledger.seal(yesterday, now)
        self._ledger.set_note(_DAY, self._day)
        return self._report(yesterday.isoformat(), seal, now) if before else None

    def _report(self, day: str, seal: str, now: datetime) -> Problem:
        midnight = self._settings.local(now).replace(hour=0, minute=0, second=0, microsecond=0)
        came = self._ledger.census(midnight - timedelta(days=1), midnight)["deliveries"]
        stands = self._ledger.census()
        letters = stands["letters"]
        context = {
            "day": day,
            "came": sum(came.values()),
            "held": stands["deliveries"].get("held", 0),
            "waiting": sum(letters.get(state, 0) for state in ("owed", "rendered", "later", "unknown")),
            "dead": sum(letters.get(state, 0) for state in ("dead", "bounced", "stopped")),
            "overdue": stands["clocks"].get("overdue", 0),
            "free": _free(self._settings.root),
            "seal": seal[:16],
        }
        return Problem("daily_report", context=context, severity="warning")


def health(settings: Settings, now: datetime, within: float) -> Iterator[Told]:
    """What is wrong, seen from outside, a line each. `within`: seconds since the last beat."""
    try:
        said: dict[str, Any] = json.loads((settings.root / HEARTBEAT).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        yield Told("没有心跳：qforms run 没有运行过", "no heartbeat: qforms run has not run yet")
        return
    age = (now - datetime.fromisoformat(said["at"])).total_seconds()
    if said.get("stopped"):
        yield Told(f"qforms run 在 {age:.0f} 秒前停下了", f"qforms run was stopped {age:.0f} s ago")
    elif said.get("host") == socket.gethostname() and not _alive(said["pid"]):
        yield Told(
            f"qforms run 不在了（进程 {said['pid']}，最后一次心跳在 {age:.0f} 秒前）",
            f"qforms run is gone (process {said['pid']}, the last heartbeat is {age:.0f} s old)",
        )
    elif age > within:
        yield Told(f"心跳停在 {age:.0f} 秒前：qforms run 卡住了", f"the last heartbeat is {age:.0f} s old: it is stuck")
    if paused := said.get("paused"):
        yield Told(paused["zh"], paused["en"])
    if (free := _free(settings.root)) < _LITTLE:
        yield Told(f"硬盘只剩 {free} MB", f"only {free} MB left on the disk")
    for name, source in said["sources"].items():
        down = source["down_since"]
        if down and now - datetime.fromisoformat(down) >= timedelta(hours=settings.watch.unreachable_hours):
            yield Told(
                f"{name} 从 {down} 起连不上：{source['reason']}",
                f"{name} out of reach since {down}: {source['reason']}",
            )


def _alive(pid: int) -> bool:
    """Whether a process of that id is there; on this machine."""
    if os.name == "nt":
        import ctypes

        kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
        handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
        if not handle:
            return False
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return code.value == 259  # STILL_ACTIVE
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _free(root: Path) -> int:
    return shutil.disk_usage(root).free // 1_000_000


class Figures:
    """What Prometheus collects: counted in the ledger when it asks, nothing is kept."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger = ledger
        self._settings = settings

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        for what, states in self._ledger.census().items():
            told = "outcome" if what == "deliveries" else "state"
            family = GaugeMetricFamily(f"qforms_{what}", f"{what.capitalize()} by {told}", labels=[told])
            for state, count in states.items():
                family.add_metric([state], count)
            yield family
        due = self._ledger.next_due()
        late = max(0.0, (datetime.now(UTC) - due).total_seconds()) if due else 0.0
        yield GaugeMetricFamily("qforms_clock_lag_seconds", "How late the earliest rung of a clock is", late)
        if self._ledger.shared:
            yield from self._several()
        yield GaugeMetricFamily(
            "qforms_disk_free_bytes", "Free on the workspace's disk", shutil.disk_usage(self._settings.root).free
        )

    def _several(self) -> Iterator[Metric]:
        """Who is at work on the ledger, and how long this daemon has waited for its turns."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        labels = ["machine", "workspace", "state"]
        there = GaugeMetricFamily("qforms_daemon_silent_seconds", "Since a daemon was last heard of", labels=labels)
        held = GaugeMetricFamily("qforms_lease", "1 for what a daemon alone does", labels=["lease", *labels[:2]])
        for one in self._ledger.leases.present():
            there.add_metric([one.who.machine, one.who.place, one.state], one.silent)
            for lease in one.holds:
                held.add_metric([lease, one.who.machine, one.who.place], 1)
        yield from (there, held)
        waiting = self._ledger.leases.waiting()
        yield GaugeMetricFamily("qforms_waiting_deliveries", "In the ledger, for any daemon to judge", waiting)
        yield CounterMetricFamily("qforms_turn_wait_seconds", "Waited for its turns to judge", self._ledger.waited)


def serve(ledger: Ledger, settings: Settings) -> None:
    """Answers Prometheus on the loopback port of [watch] metrics_port, in a thread of its own."""
    if not settings.watch.metrics_port:
        return
    from prometheus_client import CollectorRegistry, start_http_server

    registry = CollectorRegistry()
    registry.register(Figures(ledger, settings))
    start_http_server(settings.watch.metrics_port, addr="127.0.0.1", registry=registry)

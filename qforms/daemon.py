"""The loop: collect, desk, mailroom, register. `once` does all that waits or is due; `run` goes on until told to stop.

Each source works in a thread of its own (an IMAP connection knows one owner), hands over what waits, and is told what
is safely in the ledger. Judging, writing letters and writing the workbook happen in the one main thread."""

from __future__ import annotations

import contextlib
import itertools
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qforms import house, pulse, settings
from qforms.desk import Taken
from qforms.model import Delivery, Problem, QformsError, Source, Told
from qforms.sources import SourceDown

STOP_FILE = "stop"
_BATCH = 500  # deliveries of a source put in order of time together
_LOOK_AGAIN = 60.0  # seconds after which the loop looks at everything even if nothing called it
_PAUSED = 1.0  # seconds between two looks whether it may work, or read a source
_DISK_AGAIN = 5.0  # seconds after which a disk or database that failed is tried again
_TELL = 60.0  # the operator hears of a source that is left alone for so long; a server's restart bothers nobody


def real_now() -> datetime:
    return datetime.now(UTC)


def once(root: Path, now: datetime | None = None, progress: Callable[[str], None] = lambda _: None) -> None:
    """Everything that is waiting or due at `now`. Raises QformsError when the workspace is wrong or already at work."""
    with alone(root), house.opened(root) as h:
        h.join()
        if not h.working:
            raise QformsError(str(h.colleagues.paused()) if h.colleagues else "")
        sources = [source for source in h.sources(now, once=True) if h.reads(source)]
        try:
            at = now or real_now()
            h.look_around()
            _drain(h, sources, at, progress)
            h.handle([], at)
            h.take_edits(at)
            h.tell_silences(at)
            h.guarded("day", lambda: h.new_day(at), at)
            h.finish(at)
        except OSError as fault:
            h.log.error("disk", reason=str(fault))
            zh = f"写不进去，来件都还在原处，请腾出空间或检查硬盘后再运行：{fault}"
            en = f"cannot write, and nothing was taken: make room or look at the disk, then run again: {fault}"
            raise QformsError(Told(zh, en)) from fault
        finally:
            for source in sources:
                source.close()


def _drain(h: house.House, sources: Sequence[Source], now: datetime, progress: Callable[[str], None]) -> None:
    """All that waits, whatever its source, in one order of time, a batch of each source at a time; what could not be
    taken stays where it is. Of the same moment the files come first: a customer is on file before his mail is read."""
    waiting = [(source, source.waiting()) for source in sources]
    for source, _ in waiting:
        h.watch.looked(source.name, now)
    while batches := [(source, batch) for source, rest in waiting if (batch := _some(h, source, rest, now))]:
        whose = {id(delivery): source for source, batch in batches for delivery in batch}
        for source, batch in batches:
            h.watch.came(source.name, _newest(batch))
        every = [delivery for _, batch in batches for delivery in batch]
        every.sort(key=lambda d: (d.received_at, d.channel != "folder"))
        for taken in h.handle(every, now):
            progress(taken.delivery.name or taken.delivery.locator)
            try:
                whose[id(taken.delivery)].done(taken.delivery, taken.outcome)
            except SourceDown as fault:
                h.operator_notice(fault.problem, now)


def _some(h: house.House, source: Source, waiting: Iterator[Delivery], now: datetime) -> list[Delivery]:
    """The next deliveries of a source; none when it cannot be reached, which the operator is told."""
    batch: list[Delivery] = []
    try:
        batch.extend(itertools.islice(waiting, _BATCH))
    except SourceDown as fault:
        h.watch.failed(source.name, now, fault.problem)
        h.operator_notice(fault.problem, now)
    return batch


def _newest(batch: Sequence[Delivery]) -> datetime:
    return max(d.received_at for d in batch)


# ---------------------------------------------------------------- the daemon


@dataclass(slots=True)
class _Batch:
    """What one source hands over, and its answer: set when every delivery of it is dealt with."""

    waiting: Sequence[Delivery] = ()
    trouble: Problem | None = None  # why the source can't be used
    taken: list[Taken] = field(default_factory=list)
    handled: threading.Event = field(default_factory=threading.Event)


def run(root: Path) -> None:
    """The daemon. Ends after the current item on SIGTERM, SIGINT, CTRL_BREAK or a file `stop` in the workspace."""
    stop = threading.Event()
    (root / STOP_FILE).unlink(missing_ok=True)
    with alone(root), house.opened(root) as h, _signals(stop):
        h.join()
        arrivals: queue.Queue[_Batch] = queue.Queue()
        pumps = [
            threading.Thread(target=_pump, args=(h, s, arrivals, stop), name=f"source-{s.name}", daemon=True)
            for s in h.sources(None, once=False)
        ]
        for pump in pumps:
            pump.start()
        pulse.serve(h.ledger, h.settings)
        h.log.info("started", workspace=str(root), sources=len(pumps))
        while not stop.is_set():
            try:
                _turn(h, arrivals, stop, root) if h.working else _rest(h, stop, root)
            except OSError as fault:  # the disk or the database is gone: everything waits in its source
                h.log.error("disk", reason=str(fault))
                stop.wait(_DISK_AGAIN)
        for pump in pumps:
            pump.join(timeout=10)
        if h.keeps_book:
            h.register.wait()
            h.guarded("workbook", lambda: h.register.publish(real_now()))  # what came since it was last written
        h.guarded("heartbeat", lambda: h.pulse.beat(real_now(), stopped=True))
        h.log.info("stopped", waited=round(h.ledger.waited, 3))


def _turn(h: house.House, arrivals: queue.Queue[_Batch], stop: threading.Event, root: Path) -> None:
    """One round: what arrived (or nothing, when a clock called), clocks, edits, letters, workbook."""
    batches = _arrived(h, arrivals, stop, root)
    now = real_now()
    try:
        h.look_around()
        for batch in batches:
            if batch.trouble is not None:
                h.operator_notice(batch.trouble, now)
            batch.taken = h.handle(sorted(batch.waiting, key=lambda d: d.received_at), now)
        h.handle([], now)
        h.take_edits(now)
    finally:
        for batch in batches:
            batch.handled.set()
    h.guarded("watch", lambda: h.tell_silences(now), now)
    h.guarded("day", lambda: h.new_day(now), now)
    h.finish(now, aside=True)
    h.guarded("heartbeat", lambda: h.pulse.beat(real_now()))


def _rest(h: house.House, stop: threading.Event, root: Path) -> None:
    """A round of a daemon that is paused: it does nothing, and is seen to live."""
    h.guarded("heartbeat", lambda: h.pulse.beat(real_now()))
    if (root / STOP_FILE).exists():
        stop.set()
    stop.wait(_PAUSED)


def _arrived(h: house.House, arrivals: queue.Queue[_Batch], stop: threading.Event, root: Path) -> list[_Batch]:
    """What was handed over; nothing when a clock, a letter or a saved workbook calls, or it is time to stop."""
    seconds = h.seconds_to_next(real_now(), _LOOK_AGAIN)
    until = time.monotonic() + seconds
    while not stop.is_set():
        if (root / STOP_FILE).exists():
            stop.set()
            break
        with contextlib.suppress(queue.Empty):
            batches = [arrivals.get(timeout=max(0.02, min(0.5, until - time.monotonic())))]
            with contextlib.suppress(queue.Empty):
                while sum(len(b.waiting) for b in batches) < house.GROUP:
                    batches.append(arrivals.get_nowait())
            return batches
        if time.monotonic() >= until or h.called():
            break
    return []


def _pump(h: house.House, source: Source, arrivals: queue.Queue[_Batch], stop: threading.Event) -> None:
    """A source's own thread: hands over what waits, tells the source what is done, and waits for more."""
    pause = 1.0
    while not stop.is_set():
        if not h.reads(source):
            stop.wait(_PAUSED)
            continue
        try:
            waiting = source.waiting()
            while batch := list(itertools.islice(waiting, house.GROUP)):
                if not _hand_over(h, source, batch, arrivals, stop):
                    raise OSError("not taken: the disk or the database")
                h.watch.came(source.name, _newest(batch))
            h.watch.looked(source.name, real_now())
            pause = 1.0
            source.wait(_LOOK_AGAIN, lambda: stop.is_set() or not h.reads(source))
        except SourceDown as fault:
            rest = max(pause, fault.retry_in)
            h.watch.failed(source.name, real_now(), fault.problem)
            h.log.warning("source down", source=source.name, reason=str(fault), retry_in=rest)
            if rest >= _TELL:
                arrivals.put(_Batch(trouble=fault.problem))
            stop.wait(rest)
            pause = min(pause * 2, 300.0)
        except OSError:  # said by the main thread already
            stop.wait(_DISK_AGAIN)
        except Exception:
            h.log.exception("source failed", source=source.name)
            stop.wait(pause)
            pause = min(pause * 2, 300.0)
    with contextlib.suppress(Exception):
        source.close()


def _hand_over(
    h: house.House, source: Source, waiting: list[Delivery], arrivals: queue.Queue[_Batch], stop: threading.Event
) -> bool:
    """Waits until the main thread has dealt with a batch, and tells the source what is safely in the ledger. False:
    nothing is. Mail goes to all daemons where there are several: its bytes are safe, whoever judges it."""
    if h.shares(waiting):
        for delivery in waiting:
            source.done(delivery, "")
        arrivals.put(_Batch())
        return True
    batch = _Batch(waiting)
    arrivals.put(batch)
    while not batch.handled.wait(0.5):
        if stop.is_set() and not batch.taken:
            return True
    for taken in batch.taken:
        source.done(taken.delivery, taken.outcome)
    return bool(batch.taken)


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """One program at a time on a workspace; the second says so and leaves."""
    from filelock import FileLock, Timeout

    if not (root / "qforms.toml").exists():
        raise settings.no_workspace(root)
    lock = FileLock(root / ".qforms.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise QformsError(Told(f"{root} 已有一个 qforms 在运行", f"a qforms is already at work on {root}")) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    def ask(*_: Any) -> None:
        stop.set()

    names = [n for n in ("SIGTERM", "SIGINT", "SIGBREAK") if hasattr(signal, n)]
    before = {n: signal.signal(getattr(signal, n), ask) for n in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)

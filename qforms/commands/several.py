"""What `qforms doctor` looks at where several machines work together: database, bucket, who holds what."""

from __future__ import annotations

import time
from collections.abc import Iterator

from qforms import house
from qforms.ledger.bucket import BucketStore
from qforms.ledger.leases import Present
from qforms.model import QformsError, Told
from qforms.settings import Settings

_SKEW = 2.0  # seconds between two clocks that nobody need care about
Look = tuple[Told, bool, Told, bool]  # what, whether it is well, how it is, whether it stops the program


def database(s: Settings) -> Iterator[Look]:
    """The server, its clock against this machine's, the daemons that are at work, what they cannot all reach."""
    if "://" not in s.ledger:
        return
    with house.opened(s.root) as h:
        begun, at = time.monotonic(), time.time()
        version, there = h.ledger.leases.server()
        took = time.monotonic() - begun
        present = h.ledger.leases.present()
    answered = f"{version}, {took * 1000:.0f} ms"
    yield Told("数据库", "database"), True, Told(answered, answered), True
    skew = at + took / 2 - there
    far = abs(skew) > _SKEW + took
    what = Told("本机与数据库的时钟", "this clock against the database's")
    mend = Told(f"差 {skew:+.1f} 秒：请校时", f"{skew:+.1f} s apart: set the clocks")
    yield what, not far, mend if far else Told(f"差 {skew:+.1f} 秒", f"{skew:+.1f} s apart"), True
    for one in present:
        yield _daemon(one, s.machines.silent_seconds)
    yield from _reach(s, len(present))


def bucket(s: Settings) -> Iterator[Look]:
    """Whether the bucket can be written and read."""
    if not s.store.startswith("s3://"):
        return
    begun, what = time.monotonic(), Told("原件库", "store")
    try:
        BucketStore(s.store, s.s3).try_out()
    except (OSError, QformsError) as fault:
        yield what, False, Told(f"用不了：{fault}", f"cannot be used: {fault}"), True
        return
    took = f"{s.store}, {(time.monotonic() - begun) * 1000:.0f} ms"
    yield what, True, Told(f"可读写：{took}", f"can be written and read: {took}"), True


def _daemon(one: Present, lasts: float) -> Look:
    what = Told(f"守护进程 {one.who.machine}:{one.who.place}", f"daemon {one.who.machine}:{one.who.place}")
    holds = ", ".join(one.holds)
    zh = f"进程 {one.who.pid}，{one.silent:.0f} 秒前有消息" + (f"，持有 {holds}" if holds else "")
    en = f"process {one.who.pid}, heard of {one.silent:.0f} s ago" + (f", holds {holds}" if holds else "")
    if one.state == "paused":
        zh, en = f"{zh}，停着：规则或设置与别的机器不同", f"{en}, paused: its rules or settings differ from the others'"
    return what, one.state == "working" and one.silent < lasts, Told(zh, en), False


def _reach(s: Settings, daemons: int) -> Iterator[Look]:
    """Several machines need book, case folders and store where all of them reach them."""
    places = {"folders.workbook": s.folders.workbook, "folders.cases": s.folders.cases, "store": s.store}
    own = [name for name, place in places.items() if "://" not in place and s.path(place).is_relative_to(s.root)]
    if own:
        names = ", ".join(own)
        zh = f"{names} 在工作区里，别的机器够不着：多台机器时请放到共享文件夹（store 也可以是 s3://…）"
        en = f"{names}: in the workspace, where no other machine reaches it; put it on a share (or the store on s3://…)"
        yield Told("共用的文件夹", "what all machines reach"), daemons < 2, Told(zh, en), False

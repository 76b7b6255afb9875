# ruff: noqa: E402 (the path comes first: a module finds the helpers of the tests there)
"""The memory of the daemon after 50,000 mails against after 500 (target: 20 % more at most), the daemon as a process,
with its letters and its workbook: `python -m tests.benchmarks.memory`. BENCH_MAILS: how many in the place of 50,000."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from support_bench import report, scratch
from support_endtoend import NEVER_QUIET, Workspace, running
from support_several import company

from qforms import house
from qforms.commands import look
from qforms.outbox.post import OPEN
from tests.benchmarks.mails import mails

FEW, MANY, TARGET = 500, int(os.environ.get("BENCH_MAILS", "50000")), 1.2
_PORTION = 500  # mails laid into the mailbox at once


def main() -> None:
    with scratch() as folder:
        workspace = company(folder / "ws")
        workspace.set("outgoing", **NEVER_QUIET)
        blank = look.blank(workspace.root, "complaint", "excel", folder / "blank.xlsx", "zh").read_bytes()
        given = mails(MANY, blank, datetime.now(UTC))
        held: dict[int, float] = {}
        with running(workspace) as daemon:
            for done in range(_PORTION, MANY + 1, _PORTION):
                for n in range(done - _PORTION, done):
                    _receive(workspace, n, next(given).raw)
                _until_quiet(workspace, done)
                if done in (FEW, MANY) or done % 5000 == 0:
                    held[done] = _resident(daemon.process.pid)
    report("memory", megabytes=held, ratio=held[MANY] / held[FEW], target=TARGET, n=MANY)


def _receive(workspace: Workspace, n: int, raw: bytes) -> None:
    draft = workspace.root / "mail/tmp" / f"{n:06d}.test"
    draft.write_bytes(raw)
    draft.rename(workspace.root / "mail/new" / draft.name)


def _until_quiet(workspace: Workspace, count: int) -> None:
    """Until so many mails are recorded, no letter waits, and the workbook has been written."""
    book = workspace.root / "master.xlsx"
    with house.opened(workspace.root) as h:
        while sum(h.ledger.census()["deliveries"].values()) < count or h.ledger.letters(OPEN, limit=1):
            time.sleep(0.5)
    quiet = time.monotonic()
    before = book.stat().st_mtime_ns
    while time.monotonic() - quiet < 5.0:
        time.sleep(0.5)
        if book.stat().st_mtime_ns != before:
            quiet, before = time.monotonic(), book.stat().st_mtime_ns


def _resident(pid: int) -> float:
    """Megabytes of memory that a process and its children hold."""
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (int(entry.name) == pid or _parent(entry) == pid):
            lines = (entry / "status").read_text().splitlines()
            total += next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)
    return round(total / 1024, 1)


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


if __name__ == "__main__":
    main()

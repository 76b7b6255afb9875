# ruff: noqa: E402 (the path comes first: a module finds the helpers of the tests there)
"""100 clocks that are due of 1,000 and of 1,000,000 open ones: rung, their letters owed, committed (target: at most 1.5
times the CPU time): `python -m tests.benchmarks.clocks`. Nothing may look at the clocks that are not due."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import statistics
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from support_bench import report, scratch
from support_endtoend import NOW, Workspace, copy, mail, make

from qforms import house
from qforms.model import Delivery

SIZES, DUE, ROUNDS, TARGET = (1_000, int(os.environ.get("BENCH_CLOCKS", "1000000"))), 100, 3, 1.5
LATE = NOW + timedelta(days=400)


def main() -> None:
    with scratch() as folder:
        template = make(folder / "template")
        at = arrive(template)
        costs: dict[int, list[float]] = {size: [] for size in SIZES}
        for turn in range(ROUNDS):
            for size in SIZES:
                workspace = copy(template, folder / f"{size}-{turn}")
                fill(workspace, size, at)
                costs[size].append(rung(workspace, at))
    small, large = (statistics.median(costs[size]) for size in SIZES)
    report("clocks", seconds_small=small, seconds_large=large, ratio=large / small, target=TARGET, sizes=SIZES, due=DUE)


def arrive(workspace: Workspace) -> datetime:
    """A hundred complaints; gives the time at which the first rung of each is due at the latest."""
    with house.opened(workspace.root) as h:
        given = []
        for n in range(DUE):
            text = f"产品型号：YL-A65\n生产批号：L{n}\n问题现象：无输出\n不良数量：2\n"
            raw = mail(f"投诉 第 {n} 号", text, f"k{n}@a{n}.example")
            given.append(Delivery("maildir", str(n), NOW, raw, digest=hashlib.sha256(raw).hexdigest()))
        h.handle(given, NOW)
    with contextlib.closing(sqlite3.connect(workspace.root / "ledger.db")) as db:
        # one clock of each complaint is due, all others rest
        db.execute("UPDATE clock SET next_at = NULL WHERE rule != 'recontact' OR subject NOT LIKE 'TS-%'")
        [(count, last)] = db.execute("SELECT count(*), max(next_at) FROM clock WHERE next_at IS NOT NULL")
        db.commit()
    if count != DUE:
        raise SystemExit(f"{count} clocks are due, not {DUE}")
    return datetime.fromisoformat(last)


def fill(workspace: Workspace, size: int, at: datetime) -> None:
    """Further open clocks, due a year later."""
    with contextlib.closing(sqlite3.connect(workspace.root / "ledger.db")) as db:
        db.row_factory = sqlite3.Row
        row: dict[str, Any] = dict(db.execute("SELECT * FROM clock WHERE next_at IS NOT NULL LIMIT 1").fetchone())
        columns, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
        others = (
            [*{**row, "subject": f"TS-{n:012d}", "case_no": f"TS-{n:012d}", "next_at": LATE.isoformat()}.values()]
            for n in range(size - DUE)
        )
        db.executemany(f"INSERT INTO clock ({columns}) VALUES ({marks})", others)
        db.commit()


def rung(workspace: Workspace, at: datetime) -> float:
    with house.opened(workspace.root) as h:
        before = len(h.ledger.letters(("owed",)))
        begun = time.process_time()
        h.handle([], at)
        used = time.process_time() - begun
        owed = len(h.ledger.letters(("owed",))) - before
        left = h.ledger.due(at)
    if owed < DUE or left:
        raise SystemExit(f"{owed} letters owed, {len(left)} clocks still due")
    return used


if __name__ == "__main__":
    main()

# ruff: noqa: E402 (the path comes first: a script finds the helpers of the tests there)
"""Mails a CPU second: a mailbox of waiting mails, every fifth with a filled workbook, from the start of the process to
its end (`qforms run --once`), all children counted."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from support_bench import report, scratch
from support_endtoend import NOW, Workspace, environ, mail, make

MAILS, EVERY = int(os.environ.get("BENCH_MAILS", "300")), 5


def main() -> None:
    with scratch() as folder:
        workspace = make(folder / "ws")
        workspace.receive(*mails(workspace))
        late = (NOW + timedelta(seconds=1)).isoformat()
        command = [sys.executable, "-m", "qforms.cli", "run", str(workspace.root), "--once", "--now", late]
        before, begun = cpu(), time.perf_counter()
        subprocess.run(command, check=True, env=environ(), cwd=Path(__file__).parents[2], timeout=170)
        used, wall = cpu() - before, time.perf_counter() - begun
        taken = workspace.deliveries()
    done = sum(d["outcome"] in ("accepted", "partial") for d in taken)
    if done != MAILS:
        raise SystemExit(f"{done} of {MAILS} taken")
    report("intake", mails_per_cpu_second=MAILS / used, cpu_seconds=used, wall_seconds=wall, n=MAILS)


def mails(workspace: Workspace) -> list[bytes]:
    made = []
    for n in range(MAILS):
        files = []
        if n % EVERY == 0:
            form = workspace.filled(
                "complaint", customer_name=f"客户{n % 30}", product_model=f"YL-A{60 + n % 9}", lot_no=f"L{n % 50}",
                defect_symptom="无输出", defect_qty=1 + n % 9,
            )  # fmt: skip
            files = [("客户投诉记录表.xlsx", form)]
        text = f"产品 YL-A{60 + n % 9} 无输出，批号 L{n % 50}，{1 + n % 9} 台。\n"
        made.append(mail(f"投诉 第 {n} 号", text, sender=f"kunde{n % 60}@kehu{n % 30}.example", files=files))
    return made


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()

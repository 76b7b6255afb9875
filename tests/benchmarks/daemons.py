# ruff: noqa: E402 (the path comes first: a module finds the helpers of the tests there)
"""What one mail costs when 1, 2 and 4 daemons share a PostgreSQL, in CPU time of the daemons (target: 1.2 times that of
one at most), and how long they waited for their turns to judge: `python -m tests.benchmarks.daemons`.

All read one mailbox and keep one store, book and outgoing side on a folder that stands for a share. Counted is from the
moment at which the mails lie there until every letter has left; start-up is not. BENCH_MAILS: how many."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import support_postgres
from support_bench import report, scratch, tree_cpu
from support_endtoend import Workspace, running, wait_for
from support_several import Machines, company

from qforms.commands import look
from qforms.ledger import Ledger
from qforms.outbox.post import OPEN
from tests.benchmarks.mails import mails

DAEMONS, TARGET = (1, 2, 4), 1.2
MAILS = int(os.environ.get("BENCH_MAILS", "1000"))


def main() -> None:
    with scratch() as folder, support_postgres.restartable() as server:
        template = company(folder / "template")
        blank = look.blank(template.root, "complaint", "excel", folder / "blank.xlsx", "zh").read_bytes()
        given = [mail.raw for mail in mails(MAILS, blank, datetime.now(UTC))]
        cpu, rate, waited, database = {}, {}, {}, {}
        for count in DAEMONS:
            machines = Machines(template, folder / str(count), server.url, count)
            cpu[count], rate[count], waited[count], database[count] = run(machines, given, server)
            shutil.rmtree(folder / str(count))
    report(
        "daemons",
        cpu_per_mail=cpu,
        ratios={count: round(cpu[count] / cpu[1], 3) for count in DAEMONS},
        target=TARGET,
        mails_per_second=rate,
        turn_wait_per_mail=waited,
        database_cpu_per_mail=database,
        n=MAILS,
    )


def run(machines: Machines, given: list[bytes], server: support_postgres.Server) -> tuple[float, float, float, float]:
    """Of one mail: CPU seconds of the daemons, mails a second, seconds waited for a turn, CPU seconds of PostgreSQL."""
    with contextlib.ExitStack() as opened:
        daemons = [opened.enter_context(running(machine)) for machine in machines.all]
        with machines.ledger() as ledger:
            wait_for(lambda: ledger.leases.company() == len(daemons), 120)
        wait_for(lambda: all(_knows(m, len(daemons) - 1) for m in machines.all), 120)
        pids = [daemon.process.pid for daemon in daemons]
        before, base, begun = tree_cpu(*pids), tree_cpu(server.pid), time.perf_counter()
        with machines.ledger() as ledger:
            known = _taken(ledger)
            machines.receive(*given)
            while _taken(ledger) < known + len(given) or ledger.letters(OPEN, limit=1):
                time.sleep(0.5)
        took, used, asked = time.perf_counter() - begun, tree_cpu(*pids) - before, tree_cpu(server.pid) - base
    sent = machines.sent()
    if machines.recorded() != len(given) or len(sent) != len(set(sent)) or len(sent) < len(given):
        raise SystemExit(f"{machines.recorded()} records, {len(sent)} letters of {len(given)} mails")
    waits = sum(line["waited"] for machine in machines.all for line in machine.logged("stopped"))
    return tuple(round(figure, 5) for figure in (used / len(given), len(given) / took, waits / len(given),
                                                 asked / len(given)))  # type: ignore[return-value]  # fmt: skip


def _taken(ledger: Ledger) -> int:
    return sum(ledger.census()["deliveries"].values())


def _knows(machine: Workspace, others: int) -> bool:
    lines = machine.logged("colleagues")
    return bool(lines) and lines[-1]["others"] == others


if __name__ == "__main__":
    main()

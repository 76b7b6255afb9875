"""Mails a CPU second: 5,000 mails of our own kind (tests/benchmarks/mails.py), from the start of the process to its
end, all children counted: `python -m tests.benchmarks.intake`.

qforms reads them from its embedded mailbox by `qforms run --once` and writes its answers into the embedded outgoing
side; with `--peer DIR` django-helpdesk reads the same mails by its own `get_email`, in alternation (it is installed
into DIR, outside of the project, when it is not there yet). The floor is what cannot be left out: a mail parsed, what
it makes committed, an answer composed and written (tests/benchmarks/floor.py)."""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from support_bench import report, scratch  # noqa: E402
from support_endtoend import NOW, Workspace, copy, environ, make  # noqa: E402

from qforms.commands import look  # noqa: E402
from tests.benchmarks import floor, peer  # noqa: E402
from tests.benchmarks.mails import Mail, mails  # noqa: E402

TARGET, WARN = 10.0, 9.0
RECORDED = 68.0  # django-helpdesk 2.6.1's mails a CPU second on the same kind of mails, where it can't be installed


@dataclass(frozen=True, slots=True)
class Run:
    """What one run used, in seconds."""

    cpu: float
    wall: float


def main(arguments: Sequence[str] | None = None) -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--mails", type=int, default=int(os.environ.get("BENCH_MAILS", "5000")))
    wanted.add_argument("--runs", type=int, default=int(os.environ.get("BENCH_RUNS", "3")))
    wanted.add_argument("--peer", type=Path, default=os.environ.get("QFORMS_BENCH_PEER"), help="its folder")
    wanted.add_argument("--work", type=Path, help="the disk to work on; in memory when left out")
    options = wanted.parse_args(arguments)
    with scratch(options.work) as folder:
        template = make(folder / "template")
        blank = look.blank(template.root, "complaint", "excel", folder / "blank.xlsx", "zh").read_bytes()
        given = list(mails(options.mails, blank, NOW))
        waiting = folder / "mails"
        waiting.mkdir()
        for n, mail in enumerate(given):
            (waiting / f"{n:05d}.eml").write_bytes(mail.raw)
        other = peer.Peer(Path(options.peer), folder) if options.peer else None
        ours: list[Run] = []
        theirs: list[Run] = []
        floors: list[Run] = []
        for _ in range(options.runs):
            ours.append(qforms(template, folder / "ws", given))
            shutil.rmtree(folder / "floor", ignore_errors=True)
            floors.append(timed(floor.command(waiting, folder / "floor")))
            if other is not None:
                other.prepare([mail.raw for mail in given])
                theirs.append(timed(other.command, other.environ))
                other.check(len(given))
    speak(options.mails, ours, theirs, floors)


def speak(count: int, ours: list[Run], theirs: list[Run], floors: list[Run]) -> None:
    own, least = (statistics.median(count / run.cpu for run in runs) for runs in (ours, floors))
    peers = statistics.median(count / run.cpu for run in theirs) if theirs else RECORDED
    report(
        "intake",
        mails_per_cpu_second=own,
        mails_per_second=statistics.median(count / run.wall for run in ours),
        peer_mails_per_cpu_second=peers,
        peer_mails_per_second=statistics.median(count / run.wall for run in theirs) if theirs else None,
        peer="measured" if theirs else "recorded",
        ratio=own / peers,
        target=TARGET,
        floor_mails_per_cpu_second=least,
        of_floor=least / own,
        n=count,
        runs=len(ours),
    )
    if own / peers < WARN:
        print(f"::warning::intake is at {own / peers:.1f} times the peer, below {WARN:g}", file=sys.stderr)


def qforms(template: Workspace, root: Path, given: Sequence[Mail]) -> Run:
    """One run over a fresh workspace; every mail has to end as a record and to be answered."""
    shutil.rmtree(root, ignore_errors=True)
    workspace = copy(template, root)
    for n, mail in enumerate(given):
        file = workspace.root / "mail/new" / f"{n:05d}.test"
        file.write_bytes(mail.raw)
        at = NOW.timestamp() - 60 - (len(given) - n) // 4
        os.utime(file, (at, at))
    late = (NOW + timedelta(seconds=1)).isoformat()
    run = timed([sys.executable, "-m", "qforms.cli", "run", str(root), "--once", "--now", late])
    check(workspace, given)
    return run


def check(workspace: Workspace, given: Sequence[Mail]) -> None:
    """SystemExit unless each mail is a complaint of its sender that says what he wrote, acknowledged once."""
    records = {str(r["values"].get("contact_email")): r["values"] for r in workspace.records()}
    told = [x["to"][0] for x in workspace.letters("acknowledgement") if x["state"] == "sent"]
    senders = [mail.sender for mail in given]
    wrong = [m for m in given if not _says(records.get(m.sender, {}), m)]
    if len(records) != len(given) or sorted(told) != sorted(senders) or wrong:
        example = f", e.g. {wrong[0].sender}: {records.get(wrong[0].sender)}" if wrong else ""
        raise SystemExit(f"{len(records)} records, {len(told)} answers, {len(wrong)} wrong of {len(given)}{example}")
    if len(list((workspace.root / "sent/new").iterdir())) < len(given):
        raise SystemExit("letters are missing in the outgoing side")


def _says(values: dict[str, object], mail: Mail) -> bool:
    exact = ("customer_name", "product_model", "lot_no", "defect_symptom", "defect_position", "order_no")
    same = all(values.get(name) == mail.values[name] for name in exact if name in mail.values)
    return same and str(values.get("defect_qty")) == mail.values["defect_qty"]


def timed(command: Sequence[str], environment: dict[str, str] | None = None) -> Run:
    """The CPU of a process and all its children, and the time on the clock."""
    before, begun = _cpu(), time.perf_counter()
    done = subprocess.run(
        command, env=environment or environ(), cwd=ROOT, capture_output=True, timeout=900, check=False
    )
    run = Run(_cpu() - before, time.perf_counter() - begun)
    if done.returncode:
        raise SystemExit(done.stderr.decode(errors="replace")[-3000:])
    return run


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()

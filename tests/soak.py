"""`make soak`: mail at a steady pace, deaths at every named step and at random, servers and disk that fail and return,
the office typing in the workbook; then the books are audited. One JSON line of figures.

    python tests/soak.py [--minutes 60] [--rate 5] [--seed 6]"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import support_chaos  # noqa: E402
from servers.killable import STEPS  # noqa: E402
from servers.mailstack import MailStack  # noqa: E402
from support_chaos import Chaos  # noqa: E402

from qforms.demo import hands  # noqa: E402


def _without_mailbox(chaos: Chaos, dice: random.Random) -> None:
    chaos.stack.stop_dovecot(hard=True)
    try:
        chaos.killed_after(dice.uniform(2, 6), mails=0)
    finally:
        chaos.stack.start_dovecot()


def _without_smtp(chaos: Chaos, dice: random.Random) -> None:
    chaos.stack.stop_smtp()
    try:
        chaos.killed_after(dice.uniform(2, 6), mails=0)
    finally:
        chaos.stack.start_smtp()


def _office_types(chaos: Chaos, dice: random.Random) -> None:
    """Somebody writes into a row, while the daemon is at work and is killed soon after."""
    numbers = [r["number"] for r in chaos.workspace.records()]
    if numbers:
        book, number = chaos.workspace.root / "master.xlsx", dice.choice(numbers)
        with contextlib.suppress(StopIteration):  # not in the book yet
            hands.edit_book(book, "投诉台账", number, {"备注": f"电话 {dice.random():.6f}"}, "林晓岚")
            chaos.edits += 1
    chaos.killed_after(dice.uniform(2, 8), mails=1)


def _at_a_step(chaos: Chaos, dice: random.Random) -> None:
    """At a step, or wherever it is after two minutes: the workbook is not written four times in any two minutes."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        chaos.killed_at(dice.choice(list(STEPS)), nth=dice.randint(1, 4), mails=4)


def _anywhere(chaos: Chaos, dice: random.Random) -> None:
    chaos.killed_after(dice.uniform(0.3, 15), mails=3)


def _at_work(chaos: Chaos, dice: random.Random) -> None:
    """Left in peace for a while, as most daemons are most of the time."""
    chaos.killed_after(dice.uniform(20, 60), mails=3)


FAULTS: tuple[Callable[[Chaos, random.Random], None], ...] = (
    _anywhere, _anywhere, _at_a_step, _at_a_step, _office_types, _without_mailbox, _without_smtp,
    _at_work, _at_work,
)  # fmt: skip


def soak(minutes: float, rate: float, seed: int) -> dict[str, object]:
    """Runs for so long, then audits; gives the figures. AssertionError says what is wrong."""
    dice = random.Random(seed)
    with MailStack(users=20_000) as stack, tempfile.TemporaryDirectory(prefix="qforms-soak-") as name:
        chaos = support_chaos.begin(stack, Path(name))
        until = time.monotonic() + minutes * 60
        stop = threading.Event()
        pace = threading.Thread(target=_pace, args=(chaos, rate, stop), daemon=True)
        pace.start()
        try:
            while time.monotonic() < until:
                dice.choice(FAULTS)(chaos, dice)
        finally:
            stop.set()
            pace.join(30)
        try:
            chaos.settle(600)
            return {"soak": minutes, "seed": seed, "rate": rate, **chaos.audit()}
        except BaseException:
            kept = Path(tempfile.mkdtemp(prefix="qforms-soak-kept-"))
            shutil.copytree(name, kept / "workspaces")
            shutil.copytree(stack.root / "mail", kept / "mail")
            print(f"what was wrong lies in {kept}", file=sys.stderr)
            raise


def _pace(chaos: Chaos, rate: float, stop: threading.Event) -> None:
    """Mail and files at a steady pace; while the mail server is down they wait with their senders."""
    begun, due = time.monotonic(), 0
    while not stop.wait(max(0.0, begun + due / rate - time.monotonic())):
        try:
            chaos.write()
        except OSError:
            stop.wait(1)
            continue
        due += 1
        if due % 20 == 0:
            chaos.drop()


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--minutes", type=float, default=60)
    asked.add_argument("--rate", type=float, default=5, help="mails a second")
    asked.add_argument("--seed", type=int, default=6)
    given = asked.parse_args()
    print(json.dumps(soak(given.minutes, given.rate, given.seed)))

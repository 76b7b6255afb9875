# ruff: noqa: E402 (the path comes first: a script finds the helpers of the tests there)
"""From the moment at which our mail server took a customer's mail until the answer lies in the customer's inbox: real
Postfix and Dovecot, the real daemon (target: a median below 1 s)."""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from servers.mailstack import MailStack
from support_bench import report, scratch
from support_endtoend import connect, mail, make, running

MAILS, PATIENCE = 20, 60.0


def main() -> None:
    with MailStack() as stack, scratch() as folder:
        support, customer, staff = (stack.new_user() for _ in range(3))
        workspace = make(folder / "ws", staff)
        connect(workspace, stack, support, staff)
        workspace.set("trust", replies_a_day=1000)
        inbox = stack.root / "mail" / customer / "Maildir" / "new"
        with running(workspace):
            times = [answered(stack, support, customer, inbox, n) for n in range(MAILS + 1)][1:]
    report("latency", median=statistics.median(times), max=max(times), n=len(times), target=1.0)


def answered(stack: MailStack, support: str, customer: str, inbox: Path, n: int) -> float:
    before = count(inbox)
    raw = mail(f"投诉 YL-A65 无输出 第 {n} 批", f"电源适配器 YL-A65 无输出，批号 A65-26{n:02d}C，9 台。\n", customer)
    stack.submit(raw, support, customer)
    begun = time.perf_counter()
    while count(inbox) == before:
        if time.perf_counter() - begun > PATIENCE:
            raise SystemExit(f"mail {n}: no answer within {PATIENCE} s")
        time.sleep(0.002)
    taken = time.perf_counter() - begun
    time.sleep(0.5)
    return taken


def count(inbox: Path) -> int:
    return sum(1 for _ in inbox.iterdir()) if inbox.is_dir() else 0


if __name__ == "__main__":
    main()

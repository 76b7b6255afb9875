"""`qforms run` that kills itself (SIGKILL, as a power cut does) at a named step: KILL_AT=<step>:<n>, the n-th time.

The steps are put around the program's own functions here; the program itself knows nothing of them. STEPS tells after
which of them a letter may have been taken by its server without our knowing."""

from __future__ import annotations

import os
import signal
import smtplib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STEPS = {
    "fetched": False,  # fetched, nothing kept yet
    "stored": False,  # bytes in the store, nothing in the ledger
    "before_commit": False,  # everything written, not committed
    "after_commit": False,  # committed, the source knows nothing
    "rendered": False,  # the letter's bytes stand in the store, nothing sent
    "in_data": False,  # half of the letter is with the server
    "before_dot": False,  # all of it is, and it is written down that it goes
    "after_dot": True,  # the server has it, its answer was not read
    "answered": True,  # its answer was read, not written down
    "book_before": False,  # the new workbook stands beside the old one
    "book_after": False,  # it stands in its place, the ledger does not know
    "book_noted": False,
    "filing": False,  # in the middle of a case folder
}


def _at(step: str, nth: int) -> Callable[[str], None]:
    assert step in STEPS, step
    count = 0

    def reached(name: str) -> None:
        nonlocal count
        if name == step:
            count += 1
            if count >= nth:
                os.kill(os.getpid(), signal.SIGKILL)

    return reached


def _around(owner: Any, name: str, before: Callable[..., None] | None, after: Callable[..., None] | None) -> None:
    inner = getattr(owner, name)

    def call(*args: Any, **named: Any) -> Any:
        if before:
            before(*args, **named)
        done = inner(*args, **named)
        if after:
            after(*args, **named)
        return done

    setattr(owner, name, call)


def arm(step: str, nth: int) -> None:
    """Puts the steps around the program's functions."""
    from qforms.desk import Desk
    from qforms.ledger.transaction import Transaction
    from qforms.outbox import cases, smtp
    from qforms.register import Register

    reached = _at(step, nth)
    _around(Desk, "take", lambda *_: reached("fetched"), lambda *_: reached("after_commit"))
    _around(Desk, "_record", lambda *_: reached("stored"), None)

    def flushed(tx: Transaction) -> None:
        if tx.touched:
            reached("before_commit")

    _around(Transaction, "flush", None, flushed)
    _around(smtp.SmtpTransport, "send", lambda *_: reached("rendered"), lambda *_: reached("answered"))
    _around(cases.CaseFolders, "put", lambda *_: reached("filing"), None)
    _around(Register, "_wrote", None, lambda *_: reached("book_noted"))
    _smtp(reached, step)
    _book(reached)


def _smtp(reached: Callable[[str], None], step: str) -> None:
    inner = smtplib.SMTP.send

    def send(self: smtplib.SMTP, data: Any) -> None:
        letter = isinstance(data, bytes) and len(data) > 600
        if letter and self.sock is not None:
            half = len(data) // 2
            self.sock.sendall(data[:half])
            reached("in_data")
            self.sock.sendall(data[half:])
            return
        if data == b".\r\n":
            reached("before_dot")
        inner(self, data)
        if data == b".\r\n" and step == "after_dot":
            time.sleep(0.3)  # the server takes it; a connection reset at once could keep it from that
            reached("after_dot")

    smtplib.SMTP.send = send  # type: ignore[method-assign,assignment]


def _book(reached: Callable[[str], None]) -> None:
    inner = Path.replace

    def replace(self: Path, target: Any) -> Path:
        book = self.name.startswith(".qforms-") and self.name.endswith(".tmp")
        if book:
            reached("book_before")
        done = inner(self, target)
        if book:
            reached("book_after")
        return done

    Path.replace = replace  # type: ignore[method-assign]


if __name__ == "__main__":
    at, _, count = os.environ["KILL_AT"].partition(":")
    arm(at, int(count or 1))
    from qforms.cli import main

    sys.argv = ["qforms", "run", sys.argv[1]]
    main()

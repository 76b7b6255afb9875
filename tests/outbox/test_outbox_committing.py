"""What is written down before the last dot, and what happens when it cannot be."""

from __future__ import annotations

import smtplib
from typing import Any

import pytest

from qforms.model import Sent
from qforms.outbox import smtp


class Wire(smtplib.SMTP):
    """A server that takes everything; what it was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[bytes] = []

    def ehlo_or_helo_if_needed(self) -> None: ...

    def has_extn(self, opt: str) -> bool:
        return False

    def mail(self, sender: str, options: Any = ()) -> tuple[int, bytes]:
        return 250, b""

    def rcpt(self, recip: str, options: Any = ()) -> tuple[int, bytes]:
        return 250, b""

    def docmd(self, cmd: str, args: str = "") -> tuple[int, bytes]:
        return 354, b""

    def send(self, s: Any) -> None:
        self.said.append(s)

    def getreply(self) -> tuple[int, bytes]:
        return 250, b"ok"


def test_it_is_written_down_between_the_last_line_and_the_dot() -> None:
    wire = Wire()
    done = smtp._transaction(wire, b"a\r\n", "q@x.cn", ["k@y.cn"], lambda: wire.said.append(b"written down"))
    assert done == Sent() and wire.said == [b"a\r\n", b"written down", b".\r\n"]


def test_what_cannot_be_written_down_is_not_sent() -> None:
    wire = Wire()

    def full() -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(smtp._NotCommitted):
        smtp._transaction(wire, b"a\r\n", "q@x.cn", ["k@y.cn"], full)
    assert b".\r\n" not in wire.said

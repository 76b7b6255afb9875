"""What stands for a mail or file that is too big to be taken in: a marker line, then the start of the mail: its headers
and, in nearly all mails, its text.

The whole stays where it is (a file moves to `held/`). Intake sees `model.TRUNCATED` as the first line and holds it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

from qforms.model import TRUNCATED, Delivery

START = 256 * 1024  # bytes of a mail that is too big which are read all the same


def of(size: int, head: bytes = b"") -> bytes:
    """The raw bytes of a delivery of `size` bytes of which only `head` was read."""
    return f"{TRUNCATED}: {size}\r\n".encode() + head


def is_stub(raw: bytes) -> bool:
    return raw.startswith(f"{TRUNCATED}: ".encode())


def headers_of(start: bytes) -> bytes:
    """The header block at the start of a mail, with its empty line."""
    ends = [at + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if (at := start.find(mark)) >= 0]
    return start[: min(ends)] if ends else start


def delivery(
    channel: Literal["imap", "maildir", "sent", "folder", "web"],
    locator: str,
    received_at: datetime,
    raw: bytes,
    name: str = "",
    modified_ns: int = 0,
) -> Delivery:
    digest = hashlib.sha256(raw).hexdigest()
    return Delivery(channel, locator, received_at, raw, name=name, digest=digest, modified_ns=modified_ns)

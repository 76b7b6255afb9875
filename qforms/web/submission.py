"""What a customer sent, as one mail in the spool: words, the form as JSON, files. Written whole or not at all."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from qforms.intake.reading import COMPLAINT
from qforms.model import Lang
from qforms.settings import Settings
from qforms.sources.web import FOLDERS
from qforms.web.uploads import File

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is misread
_CHUNK = 57 * 1024  # bytes that make whole lines of base64 (RFC 2045 6.8)


@dataclass(frozen=True, slots=True)
class Submission:
    """`values` as typed, by field; `words` the same for people: label and answer, in the language of the page."""

    receipt: str
    lang: Lang
    at: datetime
    values: Mapping[str, Any]
    words: Sequence[tuple[str, str]]
    files: Sequence[File] = ()


def receipt(at: datetime) -> str:
    """A number that is given at once: R20261122-7K3FQ2MV."""
    return f"R{at:%Y%m%d}-{''.join(secrets.choice(_ALPHABET) for _ in range(8))}"


def has_room(settings: Settings) -> bool:
    """Whether the spool may take another: not too many wait, and the disk is not nearly full."""
    spool = settings.path(settings.web.spool)
    with os.scandir(spool / "new") as found:
        waiting = sum(1 for _ in found)
    return waiting < settings.web.waiting and shutil.disk_usage(spool).free >= settings.web.free_mb * 1_000_000


def prepare(settings: Settings) -> None:
    """Makes the spool, private to the program."""
    for name in FOLDERS:
        (settings.path(settings.web.spool) / name).mkdir(parents=True, exist_ok=True, mode=0o700)


def save(given: Submission, settings: Settings) -> Path:
    """Writes the submission and gives its place; it is safe on the disk when this returns. Raises OSError, and leaves
    nothing behind, when it cannot be kept."""
    spool = settings.path(settings.web.spool)
    draft, final = spool / "tmp" / given.receipt, spool / "new" / f"{given.receipt}.web"
    try:
        with draft.open("xb") as out:
            _write(out, given, settings)
            out.flush()
            os.fsync(out.fileno())
        draft.rename(final)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    _sync(final.parent)
    return final


def _sync(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there; NTFS keeps a rename in its journal
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(out: IO[bytes], given: Submission, settings: Settings) -> None:
    border = f"=_{secrets.token_hex(16)}"
    out.write(_head(given, settings, border).encode("ascii"))
    words = "".join(f"{label}：{said}\n" if given.lang == "zh" else f"{label}: {said}\n" for label, said in given.words)
    _part(out, border, 'text/plain; charset="utf-8"', [words.encode()])
    form = json.dumps({"form": COMPLAINT, "values": given.values}, ensure_ascii=False).encode()
    _part(out, border, "application/json", [form], f"{given.receipt}.json")
    for file in given.files:
        file.content.seek(0)
        _part(out, border, file.kind, iter(partial(file.content.read, _CHUNK), b""), file.name)
    out.write(f"--{border}--\r\n".encode())


def _head(given: Submission, settings: Settings, border: str) -> str:
    """The head of the mail. What the customer typed stands in it encoded, and only as name and address."""
    host = settings.company.address.rpartition("@")[2] or "qforms.invalid"
    address = str(given.values.get("contact_email") or "")
    name = "".join(c if c.isprintable() else " " for c in str(given.values.get("contact_name") or ""))[:100].strip()
    subject = f"网页反馈 {given.receipt}" if given.lang == "zh" else f"Web report {given.receipt}"
    lines = [
        f"Message-ID: <{given.receipt}@{host}>",
        f"Date: {format_datetime(given.at)}",
        *([f"From: {formataddr((name, address))}"] if address else []),
        f"To: {settings.company.address}",
        f"Subject: {Header(subject, 'utf-8').encode()}",
        f"Content-Language: {given.lang}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{border}"',
    ]
    return "\r\n".join(lines) + "\r\n\r\n"


def _part(out: IO[bytes], border: str, kind: str, content: Any, name: str = "") -> None:
    # RFC 2231: the name in UTF-8, percent-encoded
    disposition = f"Content-Disposition: attachment; filename*=utf-8''{quote(name, safe='')}\r\n" if name else ""
    head = f"--{border}\r\nContent-Type: {kind}\r\n{disposition}Content-Transfer-Encoding: base64\r\n\r\n"
    out.write(head.encode("ascii"))
    for chunk in content:
        for at in range(0, len(chunk), _CHUNK):
            out.write(base64.encodebytes(chunk[at : at + _CHUNK]).replace(b"\n", b"\r\n"))
    out.write(b"\r\n")

"""A letter as the bytes of a mail (RFC 5322, 2045–2047, 2231): the same letter gives the same bytes, whenever built."""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from qforms.model import AUTOMATIC, LetterIntent
from qforms.outbox import headers

Attachment = tuple[str, bytes, str]  # name, bytes, media type

_LINE = re.compile(rb".{1,76}")  # characters of base64 (RFC 2045 6.8)
_BLOCK = 57 << 10  # bytes that make whole lines
_REFERENCES = 20  # the oldest and the last of a thread; servers cut headers that grow for years
# Read receipts and automatic answers are not wanted; delivery reports are. A deputy is found by an out-of-office
# answer (P39), so only customers' are suppressed too.
_SUPPRESS = "DR, RN, NRN, AutoReply"
_SUPPRESS_OUTSIDE = "DR, RN, NRN, OOF, AutoReply"


def build(
    letter: LetterIntent,
    subject: str,
    text: str,
    html: str,
    attachments: Sequence[Attachment],
    *,
    sender: str,
    message_id: str,
    date: datetime,
    sender_name: str = "",
    reply_to: str = "",
) -> bytes:
    """The mail, lines ended by CRLF, all ASCII. `html` may be empty; an attachment that it
    names as `cid:<name>` stands in it. `date` is aware. `reply_to`: the support address.

    Raises ValueError when an address or the Message-ID is none: such a letter must not leave."""
    if headers.message_ids([message_id]) != [message_id]:
        raise ValueError(f"no Message-ID: {message_id!r}")
    if not (letter.to or letter.cc):
        raise ValueError("no recipient")
    body = _part("text/plain; charset=utf-8", text.encode("utf-8"))
    if html:
        rich = _part("text/html; charset=utf-8", html.encode("utf-8"))
        inline = [a for a in attachments if f"cid:{a[0]}" in html]
        if inline:
            attachments = [a for a in attachments if a not in inline]
            rich = _multipart("related", letter.key, [rich, *(_inline(*given) for given in inline)])
        body = _multipart("alternative", letter.key, [body, rich])
    if attachments:
        body = _multipart("mixed", letter.key, [body, *(_attached(*given) for given in attachments)])
    return _head(letter, subject, sender, message_id, date, sender_name, reply_to) + body


def _head(
    letter: LetterIntent, subject: str, sender: str, message_id: str, date: datetime, sender_name: str, reply_to: str
) -> bytes:
    lines = [
        headers.line("Date", format_datetime(date)),
        headers.addresses("From", [sender], sender_name),
        headers.addresses("To", letter.to) if letter.to else b"",
        headers.addresses("Cc", letter.cc) if letter.cc else b"",
        headers.addresses("Reply-To", [reply_to]) if reply_to else b"",
        headers.line("Subject", subject),
        f"Message-ID: {message_id}\r\n".encode("ascii"),
    ]
    answered = headers.message_ids([letter.in_reply_to])[:1]
    thread = [i for i in headers.message_ids(letter.references) if i not in answered] + answered
    if len(thread) > _REFERENCES:
        thread = [thread[0], *thread[-_REFERENCES + 1 :]]
    if answered:
        lines.append(f"In-Reply-To: {answered[0]}\r\n".encode("ascii"))
    if thread:
        lines.append(f"References: {(chr(13) + chr(10) + ' ').join(thread)}\r\n".encode("ascii"))
    automatic = "auto-replied" if letter.kind in AUTOMATIC else "auto-generated"
    suppress = _SUPPRESS_OUTSIDE if letter.audience in ("customer", "supplier") else _SUPPRESS
    lines += [
        f"Auto-Submitted: {automatic}\r\n".encode("ascii"),
        f"X-Auto-Response-Suppress: {suppress}\r\n".encode("ascii"),
        f"X-Qforms-Key: {headers.token(letter.key)}\r\n".encode("ascii"),
        f"Content-Language: {'en' if letter.lang == 'en' else 'zh-CN'}\r\n".encode("ascii"),
        b"MIME-Version: 1.0\r\n",
    ]
    return b"".join(lines)


def _part(kind: str, data: bytes, more: bytes = b"") -> bytes:
    encoded = bytearray()  # one buffer: as a list of lines a large file would stand in memory four times
    for at in range(0, len(data), _BLOCK):
        encoded += b"\r\n".join(_LINE.findall(binascii.b2a_base64(data[at : at + _BLOCK], newline=False)))
        encoded += b"\r\n"
    head = kind.encode("ascii") if not more else b""
    type_line = b"Content-Type: " + head + b"\r\n" if head else more
    return type_line + b"Content-Transfer-Encoding: base64\r\n\r\n" + encoded


def _attached(name: str, data: bytes, kind: str) -> bytes:
    """Named twice: Outlook, Foxmail and QQ read the one in Content-Type, all others that of RFC 2231."""
    name = headers.clean(name).replace("/", "_").replace("\\", "_") or "attachment"
    kind = headers.token(kind) if kind.count("/") == 1 else "application/octet-stream"
    names = headers.named(f"Content-Type: {kind}", "name", name)
    names += headers.named_2231("Content-Disposition: attachment", "filename", name)
    return _part("", data, names)


def _inline(name: str, data: bytes, kind: str) -> bytes:
    """A picture that the HTML shows by its name (RFC 2392)."""
    head = f"Content-Type: {headers.token(kind)}\r\nContent-ID: <{headers.token(name)}>\r\n".encode("ascii")
    return _part("", data, head + b"Content-Disposition: inline\r\n")


def _multipart(kind: str, key: str, parts: Sequence[bytes]) -> bytes:
    """The boundary comes from the key; base64 cannot hold its `=_`."""
    boundary = f"=_{kind[:3]}_{hashlib.sha256(key.encode()).hexdigest()[:32]}".encode("ascii")
    opened = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    head = b"Content-Type: multipart/" + kind.encode("ascii") + b';\r\n boundary="' + boundary + b'"\r\n\r\n'
    return head + opened + b"--" + boundary + b"--\r\n"

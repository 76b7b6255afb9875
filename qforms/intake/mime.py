"""Raw bytes of a mail -> its envelope and decoded leaves. Never raises, whatever the bytes.

A strict mail is cut here, by offsets into the raw bytes, so that a large one is held once and its decoded parts once.
Whatever is odd goes to the standard library's tolerant parser (compat32)."""

from __future__ import annotations

import binascii
import email
import email.message
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qforms.intake import headers

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_GAP = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(r"([!-9;-~]+):[ \t]*(.*)")
_TYPE = re.compile(r'[\w.+-]+/[\w.+-]+(?:\s*;\s*[\w*.-]+\s*=\s*(?:"[^"\\]*"|[^\s;"]+))*\s*;?\s*', re.ASCII)
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_BASE64 = re.compile(rb"[A-Za-z0-9+/\r\n]*={0,2}\s*")
_BARE_CR = re.compile(rb"\r(?!\n)")
_DEPTH = 8  # of multiparts in a strict mail


class _OddError(Exception):
    """The mail is not strict: the tolerant parser has to read it."""


@dataclass(slots=True)
class Leaf:
    """A decoded leaf. `path` as IMAP numbers parts; `choice` is the path of the multipart/alternative it stands in."""

    path: str
    type: str
    data: bytes
    charset: str = ""
    name: str = ""
    disposition: str = ""
    cid: str = ""
    nested: bool = False
    choice: str = ""
    broken: bool = False  # its transfer encoding was damaged: `data` is what could be saved


@dataclass(slots=True)
class Mail:
    """A mail taken apart. `headers`: lower-case name -> values in order; `nested`: those of enclosed mails by path."""

    headers: dict[str, list[str]]
    leaves: list[Leaf]
    nested: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    strict: bool = True
    damaged: bool = False  # not even the tolerant parser could read it; its one leaf is the raw mail

    def header(self, name: str) -> str:
        values = self.headers.get(name)
        return values[0] if values else ""


def parse(raw: bytes) -> Mail:
    """Every leaf of the mail, in order."""
    try:
        mail = Mail({}, [])
        mail.headers = _cut(raw, 0, len(raw), mail, "", "", 0)
        return mail
    except _OddError:
        return tolerant(raw)


# ---------------------------------------------------------------- strict


def _cut(raw: bytes, start: int, end: int, mail: Mail, path: str, choice: str, depth: int) -> dict[str, list[str]]:
    gap = _GAP.search(raw, start, end)
    if not gap or depth > _DEPTH or raw[start : start + 1] in b"\r\n":
        raise _OddError
    head = raw[start : gap.start()]
    if not head.isascii() or _CONTROL.search(head) or _BARE_CR.search(head):
        raise _OddError
    found = _fields(head)
    given = found.get("content-type", ["text/plain"])[0]
    kind, values = headers.parameters(given)
    if kind.startswith("message/") or kind == "multipart/digest" or not _TYPE.fullmatch(given):
        raise _OddError
    if kind.startswith("multipart/"):
        inner_choice = path or "0" if kind == "multipart/alternative" else choice
        newline = b"\r\n" if b"\r\n" in raw[start : gap.end()] else b"\n"
        pieces = _pieces(raw, gap.end() - len(newline), end, values.get("boundary", ""), newline)
        for number, (a, b) in enumerate(pieces, 1):
            _cut(raw, a, b, mail, f"{path}.{number}".lstrip("."), inner_choice, depth + 1)
        return found
    encoding = found.get("content-transfer-encoding", ["7bit"])[0].strip().lower()
    mail.leaves.append(_leaf(found, path or "1", choice, _body(raw, gap.end(), end, encoding)))
    return found


def _fields(head: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in _FOLD.sub("", head.decode("ascii")).splitlines():
        match = _FIELD.fullmatch(line)
        if not match:
            raise _OddError
        found.setdefault(match[1].lower(), []).append(match[2])
    return found


def _labels(found: dict[str, list[str]]) -> tuple[str, Mapping[str, str], str, Mapping[str, str]]:
    kind, values = headers.parameters(found.get("content-type", ["text/plain"])[0])
    disposition, attributes = headers.parameters(found.get("content-disposition", [""])[0])
    return kind, values, disposition, attributes


def _pieces(raw: bytes, start: int, end: int, boundary: str, newline: bytes) -> list[tuple[int, int]]:
    """Offsets of the parts between the boundary lines; anything but the plainest form is odd."""
    if not boundary or not boundary.isascii():
        raise _OddError
    mark = newline + b"--" + boundary.encode()
    lines = sum(raw.count(line_end + mark[len(newline) :], start, end) for line_end in (b"\n", b"\r"))
    cuts: list[int] = []
    at = raw.find(mark, start, end)
    while at >= 0:
        after = at + len(mark)
        if raw[after : after + 2] == b"--":
            last = after + 2
            if not cuts or len(cuts) + 1 != lines or raw[last : last + len(newline)] not in (newline, b""):
                raise _OddError  # closed before it was opened, more than once, or with something beside it
            return list(zip((c + len(mark) + len(newline) for c in cuts), (*cuts[1:], at), strict=True))
        if raw[after : after + len(newline)] != newline:
            raise _OddError
        cuts.append(at)
        at = raw.find(mark, after, end)
    raise _OddError  # no closing boundary


def _body(raw: bytes, start: int, end: int, encoding: str) -> bytes:
    if encoding in {"7bit", "8bit", "binary", ""}:
        return raw[start:end]
    view = memoryview(raw)[start:end]
    if encoding == "base64" and _BASE64.fullmatch(raw, start, end):
        try:
            return binascii.a2b_base64(view)
        except binascii.Error:
            raise _OddError from None
    if encoding == "quoted-printable":
        return binascii.a2b_qp(view)
    raise _OddError


def _leaf(found: dict[str, list[str]], path: str, choice: str, data: bytes) -> Leaf:
    kind, values, disposition, attributes = _labels(found)
    name = headers.decode(attributes.get("filename") or values.get("name") or "")[0]
    cid = found.get("content-id", [""])[0].strip().strip("<>")
    return Leaf(path, kind, data, values.get("charset", ""), name, disposition, cid, choice=choice)


# ---------------------------------------------------------------- tolerant


def tolerant(raw: bytes) -> Mail:
    """The same by the standard library. Its parser has open faults on hostile mails (deep nesting, NUL in a charset):
    whatever it raises, the mail is kept as one leaf."""
    mail = Mail({}, [], strict=False)
    try:
        message = email.message_from_bytes(raw)
        mail.headers = _raw_headers(message)
        _walk(message, mail, "", "", nested=False)
    except Exception:
        return Mail(mail.headers, [Leaf("1", "application/octet-stream", raw)], strict=False, damaged=True)
    return mail


def _raw_headers(message: email.message.Message) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        text = str(value).replace("\r", "").replace("\n", "").lstrip(" \t")
        found.setdefault(str(name).strip().lower(), []).append(text)
    return found


def _walk(message: email.message.Message, mail: Mail, path: str, choice: str, nested: bool) -> None:
    kind = message.get_content_type()
    payload = message.get_payload()
    if kind == "message/delivery-status" and isinstance(payload, list):
        data = b"\n".join(part.as_bytes() for part in payload if not isinstance(part, str))
        mail.leaves.append(Leaf(path or "1", kind, data, nested=nested))
    elif kind == "message/rfc822" and isinstance(payload, list) and (data := _coded_message(message, payload)):
        leaf = _tolerant_leaf(message, path or "1", choice, nested)
        leaf.data, leaf.broken = data, False
        mail.leaves.append(leaf)
    elif kind.startswith("message/") and isinstance(payload, list):
        for number, inner in enumerate(_messages(payload), 1):
            inner_path = f"{path or '1'}.{number}"
            mail.nested[inner_path] = _raw_headers(inner)
            _walk(inner, mail, inner_path, "", nested=True)
    elif isinstance(payload, list):
        inner_choice = path or "0" if kind == "multipart/alternative" else choice
        for number, inner in enumerate(_messages(payload), 1):
            _walk(inner, mail, f"{path}.{number}".lstrip("."), inner_choice, nested)
    else:
        mail.leaves.append(_tolerant_leaf(message, path or "1", choice, nested))


def _coded_message(message: email.message.Message, payload: Sequence[object]) -> bytes:
    """The bytes of an enclosed mail in base64, which RFC 2046 5.2.1 forbids and some programs send; else b""."""
    text = payload[0].get_payload() if len(payload) == 1 and isinstance(payload[0], email.message.Message) else None
    if str(message.get("content-transfer-encoding", "")).strip().lower() != "base64" or not isinstance(text, str):
        return b""
    try:
        return binascii.a2b_base64(text)
    except (binascii.Error, ValueError):
        return b""


def _messages(payload: Iterable[object]) -> Iterator[email.message.Message]:
    return (inner for inner in payload if isinstance(inner, email.message.Message))


def _tolerant_leaf(message: email.message.Message, path: str, choice: str, nested: bool) -> Leaf:
    data = message.get_payload(decode=True)
    text = message.get_payload()
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else b""
    leaf = _leaf(_raw_headers(message), path, choice, data if isinstance(data, bytes) else raw)
    leaf.type, leaf.nested = message.get_content_type(), nested
    leaf.broken = bool(message.defects) or (bool(raw.strip()) and not leaf.data)
    if leaf.broken and not leaf.data:
        leaf.data = raw
    return leaf

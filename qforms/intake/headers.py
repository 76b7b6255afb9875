"""Mail headers as programs really write them: encoded words (RFC 2047), raw 8-bit bytes, file names (RFC 2231).

Values are text in which bytes over 127 are lone surrogates (`surrogateescape`), as the standard library hands them."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from qforms.intake import charset

_WORD = re.compile(r"=\?([\w.:+-]{1,40})(?:\*[\w-]*)?\?([bBqQ])\?([^\r\n]*?)\?=")
_PARAMETER = re.compile(r';\s*([\w-]+)(\*\d{1,3})?(\*)?\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))')
_ID = re.compile(r"<([^<>\s]{1,900})>")
_ADDRESS = re.compile(r'\s*(?:"?([^"<>@,;:()\\]*)"?\s)?<?([\w.+-]+@[\w.-]+)>?\s*', re.ASCII)  # the usual form
_ANGLED = re.compile(r"([^<>,;\"()]{0,200}) ?<([^\s<>@,;\"()]{1,100}@[^\s<>@,;\"()]{1,200})>\s*")  # any name
_LONGEST = 20_000  # characters of one header that are looked at


def raw_text(value: str) -> tuple[str, bool]:
    """A header's text with its 8-bit bytes read as utf-8, else gb18030, and whether something was lost."""
    if value.isascii():
        return value, False
    return charset.decode(value.encode("utf-8", "surrogateescape"))


@lru_cache(512)
def decode(value: str) -> tuple[str, bool]:
    """A header for people: encoded words decoded, those that are split within a character joined first."""
    value, lost = raw_text(value[:_LONGEST].replace("\r", "").replace("\n", ""))
    if "=?" not in value:
        return value.strip(), lost
    out: list[str] = []
    pending, label, end = b"", "", 0
    for word in _WORD.finditer(value):
        data = _word_bytes(word[2], word[3])
        between = value[end : word.start()]
        if data is None:
            continue
        adjacent = bool(pending) and not between.strip()
        if not (adjacent and label == word[1].lower()) and pending:
            text, bad = charset.decode(pending, label)
            out.append(text)
            pending, lost = b"", lost or bad
        if not adjacent:
            out.append(between)
        pending, label, end = pending + data, word[1].lower(), word.end()
    text, bad = charset.decode(pending, label)
    return "".join((*out, text, value[end:])).strip(), lost or bad


def _word_bytes(coding: str, text: str) -> bytes | None:
    """The bytes of one encoded word; None where it is none (then it stays as written)."""
    if coding in "qQ":
        try:
            return binascii.a2b_qp(text.encode("utf-8", "surrogateescape"), header=True)
        except (binascii.Error, ValueError):
            return None
    plain = re.sub(r"[^A-Za-z0-9+/]", "", text)
    if text.strip() and not plain:
        return None
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]  # one stray character carries no byte
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        return None


@lru_cache(256)
def parameters(value: str) -> tuple[str, Mapping[str, str]]:
    """`text/plain; charset=x; name=y` -> its lower-case head and its parameters, continuations joined (RFC 2231)."""
    value = value[:_LONGEST].replace("\r", "").replace("\n", "")
    head = value.partition(";")[0].strip().lower()
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for m in _PARAMETER.finditer(value):
        text = re.sub(r'\\(["\\])', r"\1", m[4]) if m[4] is not None else m[5].strip()
        pieces.setdefault(m[1].lower(), []).append((int(m[2][1:]) if m[2] else 0, bool(m[3]), text))
    return head, {name: _join(found) for name, found in pieces.items()}


def _join(pieces: list[tuple[int, bool, str]]) -> str:
    """One parameter from its pieces: percent-encoded with a charset (RFC 2231), or plain."""
    if not any(coded for _, coded, _ in pieces):
        return "".join(text for _, _, text in sorted(pieces, key=lambda p: p[0])) if len(pieces) > 1 else pieces[0][2]
    pieces = sorted((p for p in pieces if p[1] or p[0]), key=lambda p: p[0])
    label, data = "", b""
    for number, (_, coded, text) in enumerate(pieces):
        if number == 0 and coded and text.count("'") >= 2:
            label, _, text = text.split("'", 2)
        data += unquote_to_bytes(text) if coded else text.encode("utf-8", "surrogateescape")
    return charset.decode(data, label)[0]


def addresses(values: Iterable[str]) -> list[tuple[str, str]]:
    """(name, address) pairs of address headers; addresses in lower case. Nothing that can't be an address."""
    return [pair for value in values for pair in _addresses(value[:_LONGEST])]


@lru_cache(512)
def _addresses(value: str) -> tuple[tuple[str, str], ...]:
    text = raw_text(value)[0].replace("\r", "").replace("\n", "")
    plain = _ADDRESS.fullmatch(text) or _ANGLED.fullmatch(text)
    found = []
    for name, address in [(plain[1] or "", plain[2])] if plain else _listed(text):
        address = address.strip().lower()
        if "@" in address[1:-1] and not re.search(r"[\s,;<>]", address):
            found.append((decode(name.strip())[0], address))
    return tuple(found)


def _listed(text: str) -> list[tuple[str, str]]:
    """What the standard library finds in a list of addresses; its parser goes one call deeper with each bracket."""
    try:
        return getaddresses([text])
    except RecursionError:
        return getaddresses([text.translate(dict.fromkeys(map(ord, "()[]")))])


def ids(value: str) -> list[str]:
    """The message ids in a header, each with its angle brackets."""
    return [f"<{m}>" for m in _ID.findall(value[:_LONGEST])]


def date(value: str) -> datetime | None:
    """The Date header; None when it is none. A time without a zone is taken as UTC (RFC 5322 4.3)."""
    try:
        at = parsedate_to_datetime(value[:200].strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)

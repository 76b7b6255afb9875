"""Header lines as bytes: RFC 5322 folding, RFC 2047 encoded words, RFC 2231 names. No value can add a line.

Written by hand because the standard library folds long Chinese subjects in the middle of a character or at no place at
all, depending on its version, and a letter must have the same bytes whenever it is built."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import quote

_WIDTH = 75  # octets of an encoded word (RFC 2047 2), and of a folded line where it can be
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]+")
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_MESSAGE_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,250}>", re.ASCII)


def clean(text: str) -> str:
    """`text` on one line: control characters, line separators and lone surrogates become a space."""
    return _CONTROL.sub(" ", text).strip()


def is_address(text: str) -> bool:
    """Whether `text` is a bare address that any server takes (no name, no quoted or non-ASCII local part)."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


def line(name: str, value: str) -> bytes:
    """A header that people read; encoded where it is not plain ASCII or would not fold."""
    value = clean(value)
    plain = value.isascii() and "=?" not in value and all(len(word) <= _WIDTH for word in value.split(" "))
    words = _fold(value.split(" "), len(name) + 2) if plain else "\r\n ".join(_encoded_words(value, len(name) + 2))
    return f"{name}: {words}\r\n".encode("ascii")


def addresses(name: str, given: Sequence[str], label: str = "") -> bytes:
    """An address header; `label` is the sender's name. Raises ValueError for what is no address."""
    return _addresses(name, tuple(given), label)


@lru_cache(256)
def _addresses(name: str, given: tuple[str, ...], label: str) -> bytes:
    for address in given:
        if not is_address(address):
            raise ValueError(f"no address: {address!r}")
    if label:
        value = " ".join(_encoded_words(clean(label), len(name) + 2)) + f" <{given[0]}>"
        return f"{name}: {_fold(value.split(' '), len(name) + 2)}\r\n".encode("ascii")
    return f"{name}: {_fold(', '.join(given).split(' '), len(name) + 2)}\r\n".encode("ascii")


def message_ids(text: Sequence[str]) -> list[str]:
    """The well-formed Message-IDs among these, in order, each once."""
    return list(dict.fromkeys(found for item in text for found in _MESSAGE_ID.findall(item)))


def token(text: str) -> str:
    """`text` as visible ASCII without spaces: for headers that programs read."""
    return quote(clean(text), safe="!#$&'()*+,-./:;=?@[]^_`{|}~")[:900]


def named(head: str, parameter: str, name: str) -> bytes:
    """`head` with a name in the form that Outlook, Foxmail and QQ read in Content-Type: an encoded word in quotes."""
    if name.isascii():
        return _params(head, [f'{parameter}="{_quoted(name)}"'])
    return _params(head, [f'{parameter}="' + "\r\n ".join(_encoded_words(name, 12)) + '"'])


def named_2231(head: str, parameter: str, name: str) -> bytes:
    """`head` with a name in the form of RFC 2231, in numbered pieces when it is long."""
    if name.isascii() and len(name) <= 60:
        return _params(head, [f'{parameter}="{_quoted(name)}"'])
    octets = [f"%{octet:02X}" for octet in name.encode("utf-8")]
    pieces = ["".join(octets[at : at + 18]) for at in range(0, len(octets), 18)]
    if len(pieces) == 1:
        return _params(head, [f"{parameter}*=utf-8''{pieces[0]}"])
    return _params(
        head,
        [
            f"{parameter}*{n}*={chr(39) * 2 if n else ''}{p}" if n else f"{parameter}*0*=utf-8''{p}"
            for n, p in enumerate(pieces)
        ],
    )


def _params(head: str, parameters: Sequence[str]) -> bytes:
    return (";\r\n ".join([head, *parameters]) + "\r\n").encode("ascii")


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _encoded_words(text: str, taken: int) -> Iterator[str]:
    """`text` as UTF-8 base64 words, split between characters; `taken` octets of the first line are used."""
    data, at, room = (text or " ").encode("utf-8"), 0, _WIDTH - 1 - taken
    while at < len(data):
        end = at + max(0, (room - 12) // 4 * 3)
        while at < end < len(data) and data[end] & 0xC0 == 0x80:  # within a character
            end -= 1
        yield f"=?utf-8?B?{binascii.b2a_base64(data[at:end], newline=False).decode()}?="
        at, room = end, _WIDTH - 1


def _fold(words: Sequence[str], taken: int) -> str:
    lines, length = [""], taken
    for number, word in enumerate(words):
        if number and lines[-1].strip() and length + 1 + len(word) > _WIDTH + 1:
            lines.append(word)
            length = 1 + len(word)
        else:
            lines[-1] += f" {word}" if number else word
            length += len(word) + bool(number)
    return "\r\n ".join(lines)

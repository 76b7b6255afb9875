"""winmail.dat (MS-OXTNEF) -> its text and attachments. What is damaged ends the reading, never with an error."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from qforms.intake import mapi
from qforms.intake.mapi import Attached, Message, Value
from qforms.intake.mime import Mail

MAGIC = b"\x78\x9f\x3e\x22"
_NEW_ATTACHMENT, _TITLE, _DATA, _PROPS, _MESSAGE_PROPS = 0x9002, 0x8010, 0x800F, 0x9005, 0x9003
_SUBJECT, _BODY, _CODEPAGE = 0x8004, 0x800C, 0x9007
_STRING8, _UNICODE, _OBJECT, _BINARY, _MANY, _NAMED = 0x1E, 0x1F, 0x0D, 0x102, 0x1000, 0x8000
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_DEPTH, _MOST = 3, 500  # messages within messages; attachments


def read(data: bytes) -> Mail | None:
    """The mail in a TNEF stream; None when it holds neither text nor files."""
    message = _message(data, 0)
    mail = mapi.mail_of(message)
    return mail if mail.leaves else None


def _message(data: bytes, depth: int) -> Message:
    props: dict[int, Value] = {}
    attached: list[Attached] = []
    current: dict[int, Value] = {}
    for name, value in _attributes(data):
        if name == _NEW_ATTACHMENT:
            if len(attached) >= _MOST:
                break
            current = {}
            attached.append(Attached(current))
        elif name == _CODEPAGE and len(value) >= 4:
            props[mapi.CODEPAGE] = int.from_bytes(value[:4], "little")
        elif name == _SUBJECT:
            props.setdefault(mapi.SUBJECT, value)
        elif name == _BODY:
            props.setdefault(mapi.TEXT, value)
        elif name == _MESSAGE_PROPS:
            props.update(_properties(value))
        elif name == _TITLE and attached:
            current.setdefault(mapi.SHORT_NAME, value)
        elif name == _DATA and attached:
            attached[-1].data = value
        elif name == _PROPS and attached:
            current.update(_properties(value))
            _embedded(attached[-1], current, depth)
    for one in attached:
        if page := props.get(mapi.CODEPAGE):
            one.props = {mapi.CODEPAGE: page, **one.props}
    return Message(props, attached)


def _embedded(one: Attached, props: dict[int, Value], depth: int) -> None:
    """What an attachment's properties hold: a message (after the 16 bytes of its class), or the bytes of the file."""
    held = props.pop(mapi.DATA, b"")
    if not isinstance(held, bytes):
        return
    if held[16:20] == MAGIC and depth < _DEPTH:
        one.message = _message(held[16:], depth + 1)
    elif held and not one.data:
        one.data = held


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(name, value) of each attribute: level, name, type, length, value, checksum."""
    at = 6
    while at + 9 <= len(data):
        name, _, length = struct.unpack_from("<HHI", data, at + 1)
        start, at = at + 9, at + 9 + length + 2
        if start + length > len(data):
            return
        yield name, data[start : start + length]


def _properties(data: bytes) -> dict[int, Value]:
    """The properties by their number; of several values the first. What is cut short ends the list."""
    found: dict[int, Value] = {}
    try:
        count, at = struct.unpack_from("<I", data)[0], 4
        for _ in range(min(count, 10_000)):
            kind, tag = struct.unpack_from("<HH", data, at)
            at += 4
            if tag >= _NAMED:
                at = _past_name(data, at)
            value, at = _value(data, at, kind)
            if tag < _NAMED and value is not None:
                found.setdefault(tag, value)
    except struct.error:
        pass
    return found


def _past_name(data: bytes, at: int) -> int:
    at += 16
    by_text, length = struct.unpack_from("<II", data, at)
    return at + 8 + (_padded(length) if by_text else 0)


def _value(data: bytes, at: int, kind: int) -> tuple[Value | None, int]:
    bare = kind & ~_MANY
    if bare in (_STRING8, _UNICODE, _OBJECT, _BINARY):
        return _variable(data, at, bare)
    size = _FIXED.get(bare)
    if size is None:
        raise struct.error("unknown type")
    times = 1
    if kind & _MANY:
        times, at = struct.unpack_from("<I", data, at)[0], at + 4
    if at + size * times > len(data):
        raise struct.error("cut short")
    return int.from_bytes(data[at : at + size], "little"), at + size * times


def _variable(data: bytes, at: int, kind: int) -> tuple[Value | None, int]:
    times, at = struct.unpack_from("<I", data, at)[0], at + 4
    first: Value | None = None
    for number in range(times):
        length = struct.unpack_from("<I", data, at)[0]
        raw = data[at + 4 : at + 4 + length]
        if len(raw) < length:
            raise struct.error("cut short")
        if number == 0:
            first = raw.decode("utf-16-le", "replace").rstrip("\0") if kind == _UNICODE else raw
        at += 4 + _padded(length)
    return first, at


def _padded(length: int) -> int:
    return (length + 3) & ~3

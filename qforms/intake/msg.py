""".msg, Outlook's own file of one mail (MS-OXMSG) -> its headers, text and attachments."""

from __future__ import annotations

import io
import struct
from typing import Any

from qforms.intake import mapi
from qforms.intake.mapi import Attached, Message, Value
from qforms.intake.mime import Mail

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAM, _ATTACHMENT, _FIXED = "__substg1.0_", "__attach_version1.0_#", "__properties_version1.0"
_UNICODE, _STRING8, _BINARY, _MESSAGE = "001F", "001E", "0102", "000D"
_DEPTH, _MOST, _LARGEST = 3, 500, 100 << 20  # messages within messages, attachments, bytes of one value
_HEAD = {0: 32, 1: 24}  # bytes before the fixed properties: of the outer message, of one within it
_TIMES = frozenset({mapi.SUBMITTED, mapi.DELIVERED})


def read(data: bytes) -> Mail | None:
    """The mail in a .msg file; None when it can't be read or holds nothing."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            mail = mapi.mail_of(_message(ole, (), 0))
    except Exception:  # olefile raises whatever a damaged directory makes it stumble over
        return None
    return mail if mail.leaves or mail.headers else None


def _message(ole: Any, at: tuple[str, ...], depth: int) -> Message:
    entries = [e for e in ole.listdir(streams=True, storages=True) if tuple(e[: len(at)]) == at]
    attachments = sorted({e[len(at)] for e in entries if len(e) > len(at) and e[len(at)].startswith(_ATTACHMENT)})
    props = _properties(ole, at, entries)
    props |= _times(ole, (*at, _FIXED), _HEAD[min(depth, 1)])
    return Message(props, [_attached(ole, (*at, name), entries, depth) for name in attachments[:_MOST]])


def _attached(ole: Any, at: tuple[str, ...], entries: list[list[str]], depth: int) -> Attached:
    props = _properties(ole, at, entries)
    held = props.pop(mapi.DATA, b"")
    inner = (*at, f"{_STREAM}{mapi.DATA:04X}{_MESSAGE}")
    if depth < _DEPTH and ole.exists("/".join((*inner, _FIXED))):
        return Attached(props, message=_message(ole, inner, depth + 1))
    return Attached(props, held if isinstance(held, bytes) else b"")


def _properties(ole: Any, at: tuple[str, ...], entries: list[list[str]]) -> dict[int, Value]:
    """The texts and bytes that stand in streams of their own, right below `at`."""
    found: dict[int, Value] = {}
    for entry in entries:
        name = entry[-1]
        if len(entry) != len(at) + 1 or tuple(entry[:-1]) != at or not name.startswith(_STREAM) or len(name) < 20:
            continue
        kind = name[16:20].upper()
        if kind in (_UNICODE, _STRING8, _BINARY) and ole.get_type(entry) == 2:
            raw = ole.openstream(entry).read(_LARGEST)
            found[int(name[12:16], 16)] = raw.decode("utf-16-le", "replace") if kind == _UNICODE else raw
    return found


def _times(ole: Any, stream: tuple[str, ...], head: int) -> dict[int, Value]:
    """When it was sent and delivered: 8 bytes each among the fixed properties of 16 bytes."""
    if not ole.exists("/".join(stream)):
        return {}
    data = ole.openstream("/".join(stream)).read(1 << 20)
    found: dict[int, Value] = {}
    for at in range(head, len(data) - 15, 16):
        kind, tag = struct.unpack_from("<HH", data, at)
        if tag in _TIMES and kind == 0x40:
            found[tag] = struct.unpack_from("<Q", data, at + 8)[0]
    return found

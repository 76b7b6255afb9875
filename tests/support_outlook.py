"""Outlook's own files, made byte by byte: winmail.dat (MS-OXTNEF) and .msg (MS-OXMSG in MS-CFB)."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_END, _FREE = 0xFFFFFFFE, 0xFFFFFFFF

Tree = Mapping[str, "bytes | Tree"]


# ---------------------------------------------------------------- winmail.dat


def attribute(level: int, name: int, data: bytes, kind: int = 6) -> bytes:
    return struct.pack("<BHHI", level, name, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def properties(values: Mapping[int, str | bytes | int], more: bytes = b"", extra: int = 0) -> bytes:
    """A property list; `more` are `extra` properties made elsewhere."""
    out = struct.pack("<I", len(values) + extra) + more
    for tag, value in values.items():
        if isinstance(value, int):
            out += struct.pack("<HHI", 0x03, tag, value)
            continue
        kind, data = (0x1F, value.encode("utf-16-le") + b"\0\0") if isinstance(value, str) else (0x102, value)
        out += struct.pack("<HHII", kind, tag, 1, len(data)) + data + bytes(-len(data) % 4)
    return out


def tnef(
    files: Mapping[str, bytes], text: str = "", subject: str = "", codec: str = "gb18030", long_names: bool = True
) -> bytes:
    """What Outlook wraps: a message of class IPM with its attachments, names in the code page and, long, in UTF-16."""
    named = struct.pack("<HH", 0x1F, 0x8001) + bytes(16) + struct.pack("<II", 1, 6) + b"a\0b\0\0\0\0\0"
    named += struct.pack("<II", 1, 4) + b"x\0\0\0"
    out = b"\x78\x9f\x3e\x22\x01\x00" + attribute(1, 0x9007, struct.pack("<II", 936, 0))
    if subject:
        out += attribute(1, 0x8004, subject.encode(codec) + b"\0")
    if text:
        out += attribute(1, 0x9003, properties({0x1000: text}, named, 1))
    for name, data in files.items():
        out += attribute(2, 0x9002, bytes(14)) + attribute(2, 0x800F, data)
        out += attribute(2, 0x8010, name.encode(codec, "replace") + b"\0")
        if long_names:
            out += attribute(2, 0x9005, properties({0x3707: name, 0x3705: 1}))
    return out


def tnef_with_message(inner: bytes) -> bytes:
    """A message forwarded as an attachment: its TNEF behind the 16 bytes of IID_IMessage."""
    data = bytes(16) + inner
    held = struct.pack("<HHII", 0x0D, 0x3701, 1, len(data)) + data + bytes(-len(data) % 4)
    start = b"\x78\x9f\x3e\x22\x01\x00"
    return start + attribute(2, 0x9002, bytes(14)) + attribute(2, 0x9005, properties({0x3705: 5}, held, 1))


# ---------------------------------------------------------------- .msg


def msg(
    text: str, subject: str, sender: tuple[str, str], files: Mapping[str, bytes] = {}, inner: Sequence[Tree] = ()
) -> bytes:
    return compound(message(text, subject, sender, files, inner))


def message(
    text: str, subject: str, sender: tuple[str, str], files: Mapping[str, bytes] = {}, inner: Sequence[Tree] = (),
    head: int = 32,
) -> dict[str, bytes | Tree]:  # fmt: skip
    """A message as storages and streams. `inner`: messages within it, made with head=24."""
    ticks = int((datetime(2026, 5, 5, 1, 12, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
    made: dict[str, bytes | Tree] = {
        "__properties_version1.0": bytes(head) + struct.pack("<HHIQ", 0x40, 0x0039, 6, ticks),
        **{_stream(t, v): v.encode("utf-16-le") for t, v in
           {0x1000: text, 0x0037: subject, 0x0C1A: sender[0], 0x5D01: sender[1]}.items() if v},
    }  # fmt: skip
    number = 0
    for name, data in files.items():
        made[f"__attach_version1.0_#{number:08X}"] = {
            "__substg1.0_37010102": data, _stream(0x3707, name): name.encode("utf-16-le"),
        }  # fmt: skip
        number += 1
    for one in inner:
        made[f"__attach_version1.0_#{number:08X}"] = {"__substg1.0_3701000D": one}
        number += 1
    return made


def _stream(tag: int, _: str) -> str:
    return f"__substg1.0_{tag:04X}001F"


# ---------------------------------------------------------------- compound files (MS-CFB)


def compound(tree: Tree) -> bytes:
    """A compound file: storages are mappings, streams are bytes. Siblings hang in one chain to the right."""
    entries: list[list[object]] = []  # name, kind, child, right, start, size
    sectors: list[bytes] = []
    fat: list[int] = []
    mini, mini_fat = bytearray(), []

    def chain(data: bytes) -> int:
        pieces = [data[a : a + _SECTOR].ljust(_SECTOR, b"\0") for a in range(0, len(data), _SECTOR)]
        if not pieces:
            return _END
        first = len(sectors)
        sectors.extend(pieces)
        fat.extend((*range(first + 1, first + len(pieces)), _END))
        return first

    def stream(data: bytes) -> int:
        if len(data) >= _CUTOFF or not data:
            return chain(data)
        first, count = len(mini_fat), -(-len(data) // _MINI)
        mini.extend(data.ljust(count * _MINI, b"\0"))
        mini_fat.extend((*range(first + 1, first + count), _END))
        return first

    def add(name: str, value: bytes | Tree) -> int:
        at = len(entries)
        if isinstance(value, bytes):
            entries.append([name, 2, _FREE, _FREE, stream(value), len(value)])
            return at
        entries.append([name, 5 if at == 0 else 1, _FREE, _FREE, 0 if at else _END, 0])
        children = [add(child, inner) for child, inner in sorted(value.items(), key=lambda kv: (len(kv[0]), kv[0]))]
        for left, right in pairwise(children):
            entries[left][3] = right
        entries[at][2] = children[0] if children else _FREE
        return at

    add("Root Entry", tree)
    entries[0][4], entries[0][5] = chain(bytes(mini)), len(mini)
    mini_start = chain(b"".join(struct.pack("<I", n) for n in mini_fat))
    directory = b"".join(map(_entry, entries))
    directory += (_entry(["", 0, _FREE, _FREE, 0, 0])) * (-len(entries) % 4)
    directory_start = chain(directory)
    count = 1
    while (len(fat) + count) * 4 > count * _SECTOR:
        count += 1
    fat_at = list(range(len(sectors), len(sectors) + count))
    table = [*fat, *[0xFFFFFFFD] * count]
    table += [_FREE] * (count * 128 - len(table))
    sectors.extend(struct.pack("<128I", *table[a : a + 128]) for a in range(0, len(table), 128))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIII", 0, count, directory_start, 0, _CUTOFF, mini_start, -(-len(mini_fat) // 128), _END)
    head += struct.pack("<I109I", 0, *fat_at, *[_FREE] * (109 - count))
    return head + b"".join(sectors)


def _entry(entry: list[object]) -> bytes:
    name, kind, child, right, start, size = entry
    raw = str(name).encode("utf-16-le")
    length = len(raw) + 2 if name else 0
    return (
        raw.ljust(64, b"\0") + struct.pack("<HBB", length, kind, 1) + struct.pack("<III", _FREE, right, child)
        + bytes(36) + struct.pack("<IQ", start, size)
    )  # fmt: skip

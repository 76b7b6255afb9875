"""Leaves of a mail -> parts that can be kept and shown: kind by content, safe names, logos told from photos."""

from __future__ import annotations

import hashlib
import re
import struct
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from qforms.intake import filekind
from qforms.intake.mime import Leaf
from qforms.model import Part

_TEXTS = frozenset({"text/plain", "text/html"})
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)
_LONGEST_NAME = 120
_SMALL_PICTURE = 12_000  # bytes of an inline picture below which it is taken for a signature's logo
_SMALL_SIDE = 100  # pixels


def safe_name(name: str, media: str, path: str) -> str:
    """A name that is a name on every system: no path, no control or direction characters, not reserved, not too long.

    `..\\..\\etc\\passwd` becomes `passwd`; a missing name is made from the part's place and kind."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = _UNSAFE.sub("", name.encode("utf-8", "replace").decode("utf-8")).strip(" .")
    if not name:
        return f"part-{path}.{filekind.extension(media)}"
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    stem, dot, suffix = name.rpartition(".")
    if len(name) > _LONGEST_NAME:
        name = (
            f"{stem[: _LONGEST_NAME - len(suffix) - 1]}.{suffix}" if dot and len(suffix) < 10 else name[:_LONGEST_NAME]
        )
    return name


def make(path: str, data: bytes, name: str, label: str, *, inline: bool = False, nested: bool = False) -> Part:
    """One part: its kind told from its content."""
    media = filekind.kind(data, name, label)
    return Part(path, media, safe_name(name, media, path), data, hashlib.sha256(data).hexdigest(), inline, nested)


def of_leaves(leaves: Iterable[Leaf], bodies: Iterable[str]) -> tuple[Part, ...]:
    """The parts of a mail. Those that are its text (`bodies`, by path) keep their label and have no name."""
    texts = set(bodies)
    return tuple(_part(leaf, leaf.path in texts or _is_enclosed_text(leaf)) for leaf in leaves)


def _is_enclosed_text(leaf: Leaf) -> bool:
    """The words of a mail within the mail: they are read with it, and are no file."""
    return leaf.nested and not leaf.name and leaf.type in _TEXTS and leaf.disposition != "attachment"


def _part(leaf: Leaf, is_text: bool) -> Part:
    if is_text:
        return Part(leaf.path, leaf.type, "", leaf.data, hashlib.sha256(leaf.data).hexdigest(), True, leaf.nested)
    inline = leaf.disposition == "inline" or (bool(leaf.cid) and leaf.disposition != "attachment")
    return make(leaf.path, leaf.data, leaf.name, leaf.type, inline=inline, nested=leaf.nested)


def evidence(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Photos and files worth keeping with a record: no texts, no logos of signatures."""
    times = Counter(part.digest for part in parts)
    idle = {"text/html", *filekind.SIGNATURES}
    return tuple(p for p in parts if p.name and p.kind not in idle and not _is_logo(p, times[p.digest]))


def _is_logo(part: Part, times: int) -> bool:
    if not (part.inline and part.kind.startswith("image/")):
        return False
    width, height = size(part.data)
    return times > 1 or len(part.data) < _SMALL_PICTURE or 0 < min(width, height) < _SMALL_SIDE


def size(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG, GIF or JPEG in pixels, from its header; (0, 0) where it can't be told."""
    try:
        if data[:8] == b"\x89PNG\r\n\x1a\n":
            return struct.unpack(">II", data[16:24])
        if data[:3] == b"GIF":
            return struct.unpack("<HH", data[6:10])
        return _jpeg_size(data) if data[:2] == b"\xff\xd8" else (0, 0)
    except (struct.error, IndexError):
        return (0, 0)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return (0, 0)

"""Bodies that Outlook keeps as RTF only: decompressed (MS-OXRTFCP), and the HTML or text in it taken out (MS-OXRTFEX).

What is damaged ends the reading; what was read until then is the body."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

_COMPRESSED, _BARE = b"LZFu", b"MELA"
_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    + b"\r\n"
    + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)  # MS-OXRTFCP 2.1.3.1.1
_MOST = 16 << 20  # bytes of RTF
_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)|."
)
_SKIPPED = frozenset(
    b"colortbl stylesheet info pict listtable listoverridetable pntext pnseclvl header footer footnote object".split()
)
_SAID = {b"par": "\r\n", b"line": "\r\n", b"tab": "\t", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“",
         b"rdblquote": "”", b"bullet": "•", b"endash": "–", b"emdash": "—", b"~": "\u00a0", b"_": "\u00ad",
         b"\\": "\\", b"{": "{", b"}": "}"}  # fmt: skip
_CHARSETS = {128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5hkscs", 204: "cp1251", 238: "cp1250"}  # \fcharsetN
_PAGES = {932: "cp932", 936: "gb18030", 949: "cp949", 950: "big5hkscs", 54936: "gb18030", 65001: "utf-8"}


def decompressed(data: bytes) -> bytes:
    """The RTF in a PidTagRtfCompressed; b"" when it is none. What is cut short gives what was there."""
    if len(data) < 16 or data[8:12] not in (_COMPRESSED, _BARE):
        return b""
    size = min(struct.unpack_from("<I", data, 4)[0], _MOST)
    if data[8:12] == _BARE:
        return data[16 : 16 + size]
    window, write, out, at = bytearray(_DICTIONARY.ljust(4096, b"\0")), len(_DICTIONARY), bytearray(), 16
    while at < len(data) and len(out) < size:
        control, at = data[at], at + 1
        for bit in range(8):
            if at + (control >> bit & 1) >= len(data) or len(out) >= size:
                return bytes(out)
            if not control >> bit & 1:
                piece, at = data[at : at + 1], at + 1
            else:
                reference, at = data[at] << 8 | data[at + 1], at + 2
                if reference >> 4 == write:
                    return bytes(out)
                piece = _copied(window, reference >> 4, (reference & 15) + 2, write)
            for byte in piece:
                window[write] = byte
                write = (write + 1) % 4096
            out += piece
    return bytes(out)


def _copied(window: bytearray, start: int, length: int, write: int) -> bytes:
    """A run of the window; one that reaches the place of writing goes on with what it has just written."""
    piece = bytearray()
    for n in range(length):
        ahead = (start + n - write) % 4096
        piece.append(piece[ahead] if ahead < n else window[(start + n) % 4096])
    return bytes(piece)


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds until the brace closes. `tag`: within \\*\\htmltag; `quiet`: RTF that HTML says in its own way."""

    skipped: bool = False
    tag: bool = False
    quiet: bool = False
    fonts: bool = False
    font: int = -1
    unicode_skip: int = 1


@dataclass(slots=True)
class _Reader:
    html: bool = False
    page: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    group: _Group = _Group()
    pending: bytearray = field(default_factory=bytearray)  # bytes of one text in its code page
    out: list[str] = field(default_factory=list)
    skip: int = 0  # characters that stand in for a \\u that was understood

    def said(self) -> bool:
        g = self.group
        return not (g.skipped or g.fonts or (g.quiet and not g.tag))

    def text(self, text: str) -> None:
        self.flush()
        if self.said():
            self.out.append(text)

    def flush(self) -> None:
        if self.pending:
            self.out.append(self.pending.decode(self.fonts.get(self.group.font, self.page), "replace"))
            self.pending.clear()

    def bytes(self, data: bytes) -> None:
        data, self.skip = data[self.skip :], max(0, self.skip - len(data))
        if data and self.said():
            self.pending += data


def text_of(rtf: bytes) -> tuple[str, str]:
    """(media type, text) of a body in RTF: the HTML that it was made from, else its words."""
    reader = _Reader(html=b"\\fromhtml" in rtf[:4000])
    stack: list[_Group] = []
    star = False  # \\* was said: an unknown destination follows that may be left out
    for name, number, byte, symbol, brace, text in _tokens(rtf):
        if brace:
            reader.flush()
            reader.skip = 0
            if brace == b"{":
                stack.append(reader.group)
            elif stack:
                reader.group = stack.pop()
        elif name:
            _word(reader, name.lower(), int(number) if number else None, star)
        elif byte:
            reader.bytes(bytes((int(byte, 16),)))
        elif symbol and symbol != b"*":
            _symbol(reader, symbol)
        elif text:
            reader.bytes(text)
        star = symbol == b"*"
    reader.flush()
    return ("text/html" if reader.html else "text/plain"), "".join(reader.out)


def _tokens(rtf: bytes) -> Iterator[tuple[bytes, ...]]:
    at = 0
    while match := _TOKEN.match(rtf, at):
        at = match.end()
        if match[1] == b"bin" and match[2]:
            at += max(0, int(match[2]))
        yield match.groups(b"")


def _symbol(reader: _Reader, symbol: bytes) -> None:
    if said := _SAID.get(symbol):
        if reader.skip:
            reader.skip -= 1
        elif reader.html and symbol in b"~_":
            reader.text("&nbsp;" if symbol == b"~" else "&shy;")
        else:
            reader.text(said)


def _word(reader: _Reader, name: bytes, number: int | None, star: bool) -> None:
    g = reader.group
    if name not in (b"u", b"uc"):
        reader.flush()
    if star:
        reader.group = replace(g, tag=name == b"htmltag" and reader.html, skipped=g.skipped or name != b"htmltag")
    elif name in _SKIPPED:
        reader.group = replace(g, skipped=True)
    elif name == b"fonttbl":
        reader.group = replace(g, fonts=True)
    elif name == b"htmlrtf":
        reader.group = replace(g, quiet=reader.html and number != 0)
    elif name == b"f":
        reader.group = replace(g, font=number or 0)
    elif name == b"fcharset" and g.fonts and number in _CHARSETS:
        reader.fonts[g.font] = _CHARSETS[number]
    elif name == b"ansicpg" and number:
        reader.page = _PAGES.get(number, f"cp{number}" if number in range(1250, 1259) else "cp1252")
    elif name == b"uc":
        reader.group = replace(g, unicode_skip=min(number or 0, 8))
    elif name == b"u" and number is not None:
        reader.text(chr(number % 0x10000))
        reader.skip = g.unicode_skip
    elif name in _SAID:
        reader.text(_SAID[name])

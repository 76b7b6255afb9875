"""Bytes of a mail -> text. What a label says is tried first, but never believed against the bytes.

Chinese mails say gb2312 and mean gb18030, say nothing and mean utf-8 or gb18030, or say what a gateway put there."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

# Python's names of the codecs that are charsets; the others (unicode_escape, idna …) are no business of a mail.
_CHARSETS = ("utf", "gb", "hz", "big5", "euc", "iso", "cp", "koi8", "shift_jis", "mac", "ascii", "johab", "tis")
_AS_GB18030 = {"gb2312", "gbk", "gb18030", "cp936", "euc_cn"}
_SINGLE_BYTE = ("iso8859", "cp125", "ascii", "latin")  # these decode anything, so they prove nothing
_HIGH, _LETTER = re.compile(rb"[\x80-\xff]+"), re.compile(rb"[A-Za-z]")
_ODD_NEIGHBOUR = re.compile(rb"[\xe0-\xff][A-Z@\[\\\]^_`{|}~]")  # no small letter stands before these
_ALIASES = {
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312": "gb18030",
    "chinese": "gb18030",
    "unicode-1-1-utf-8": "utf-8",
    "x-utf-8": "utf-8",
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "iso-2022-jp": "iso2022_jp_ext",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
}


@lru_cache(256)
def codec(label: str) -> str:
    """Python's codec for a charset label as mails write it; "" for an unknown one."""
    label = label.strip().strip("\"'").lower()
    label = _ALIASES.get(label, label)
    try:
        name = codecs.lookup(label).name if label.isascii() and label else ""
    except (LookupError, ValueError):
        return ""
    name = name.replace("-", "_")
    if name in _AS_GB18030:
        return "gb18030"
    return name if name.startswith(_CHARSETS) else ""


def decode(data: bytes, label: str = "") -> tuple[str, bool]:
    """The text of `data` and whether something was lost in reading it. Never raises."""
    name = codec(label) if label else ""
    if data.isascii() and name not in {"hz", "utf_7"} and not name.startswith(("iso2022", "utf_16", "utf_32")):
        if b"\x1b$" not in data:
            return data.decode("ascii"), False
        name = "iso2022_jp_ext"
    if name in ("", "utf_8", "ascii") and is_latin(data):
        name = "cp1252"
    for candidate in _candidates(name):
        try:
            return data.decode(candidate), False
        except (UnicodeError, ValueError):
            continue
    return _guess(data, name)


def is_latin(data: bytes) -> bool:
    """Words of Western Europe in one byte a letter, which gb18030 would read as rare characters: bytes over 127 stand
    singly among letters. Chinese characters have two of them, nearly always side by side."""
    data = data[:20_000]
    runs = [len(run) for run in _HIGH.findall(data)]
    if not runs or max(runs) > 2 or 2 * runs.count(1) < len(runs) or _ODD_NEIGHBOUR.search(data):
        return False
    return len(_LETTER.findall(data)) > sum(runs)


def _candidates(name: str) -> tuple[str, ...]:
    if name == "utf_8" or not name:
        return ("utf-8-sig", "gb18030")
    if name.startswith(_SINGLE_BYTE):  # bytes that are valid utf-8 with a wrong label: the label is wrong
        return ("utf-8-sig", name, "gb18030")
    return (name, "utf-8-sig", "gb18030")


def _guess(data: bytes, name: str) -> tuple[str, bool]:
    """The last resort: a statistical guess, and else what can be read of it with marks where it can't."""
    import chardet

    found = chardet.detect(data[:50_000])
    guess = codec(found.get("encoding") or "") if (found.get("confidence") or 0) > 0.5 else ""
    if guess:
        try:
            return data.decode(guess), False
        except (UnicodeError, ValueError):
            pass
    candidates = [c for c in (name, "utf-8", "gb18030", guess) if c and not c.startswith(_SINGLE_BYTE)]
    texts = [data.decode(c, "replace") for c in candidates]
    return min(texts, key=lambda text: text.count("�")), True

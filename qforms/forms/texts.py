"""Words as people and Excel give them: width, blanks, control characters, and the words that mean "nothing"."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def words(text: str) -> frozenset[str]:
    """The blank-separated words of a text."""
    return frozenset(text.split())


NONE_WORDS = frozenset({"无", "沒有", "没有", "none", "nil", "n/a", "na", "n.a.", "不适用", "无此项"})
DASHES = words("/ \\ - -- --- — —— – ― ／ － // _ ※")
DITTO = frozenset({"同上", "上同", "〃", '"', "“", "”", "''", "″", "ditto", "same as above", "同左"})

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_EXCEL_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
# Full-width letters and digits become ordinary ones; Chinese punctuation stays as it was written.
_WIDE = {0xFF10 + i: 0x30 + i for i in range(10)}
_WIDE |= {0xFF21 + i: 0x41 + i for i in range(26)} | {0xFF41 + i: 0x61 + i for i in range(26)}
_WIDE |= {0x3000: 0x20, 0xA0: 0x20, 0xFFE5: 0xA5}
_WIDE_IN_CODES = _WIDE | {ord(w): ord(n) for w, n in zip("－／．＿＃＋‐‑–", "-/._#+---", strict=True)}


def clean(raw: Any) -> str:
    """Any cell value as a text, NFKC-free: no control characters, no trailing blanks, line ends as \\n."""
    text = raw if isinstance(raw, str) else plain_text(raw)
    if text.isprintable() and "_x" not in text:  # most cells are one line of ordinary characters
        return text.strip()
    text = _EXCEL_ESCAPE.sub(_excel_char, text).replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", text.replace("\t", " "))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def _excel_char(match: re.Match[str]) -> str:
    """Excel writes control characters as _x000D_; a carriage return is a line end, the rest is dropped."""
    char = chr(int(match.group(1), 16))
    return "\n" if char in "\r\n" else "" if ord(char) < 32 else match.group(0)


def plain_text(raw: Any) -> str:
    """A number without ".0", a date as ISO, a bool as 是/否; a text as it is."""
    if isinstance(raw, bool):
        return "是" if raw else "否"
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e15:
        return str(int(raw))
    if isinstance(raw, Decimal):
        return format(raw.normalize() if raw == raw.to_integral_value() else raw, "f")
    if isinstance(raw, datetime):
        midnight = (raw.hour, raw.minute, raw.second) == (0, 0, 0)
        return raw.date().isoformat() if midnight else raw.isoformat(" ", "seconds")[:16]
    if isinstance(raw, date):
        return raw.isoformat()
    return "" if raw is None else str(raw)


def line(raw: Any) -> str:
    """A one-line text: names, models, lots, numbers; full-width letters, digits and hyphens become ordinary ones."""
    return " ".join(clean(raw).translate(_WIDE_IN_CODES).split())


def prose(raw: Any) -> str:
    """A text of several lines; full-width letters and digits become ordinary ones, punctuation stays."""
    return clean(raw).translate(_WIDE)


def narrow(raw: Any) -> str:
    """A text for reading numbers, dates and choices: NFKC, one line, no control characters."""
    text = clean(raw)
    return " ".join((text if text.isascii() else unicodedata.normalize("NFKC", text)).split())


def is_blank(raw: Any) -> bool:
    return raw is None or (isinstance(raw, (str, tuple, list)) and not (clean(raw) if isinstance(raw, str) else raw))


def is_none_word(raw: Any) -> bool:
    """无, N/A, /, — and their like: the writer was asked, and there is none (P20)."""
    if not isinstance(raw, str):
        return False
    text = clean(raw).casefold()
    return text in NONE_WORDS or text in DASHES


def is_ditto(raw: Any) -> bool:
    """同上 and its marks: the value of the row above (P20)."""
    return isinstance(raw, str) and clean(raw).casefold() in DITTO

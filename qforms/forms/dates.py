"""Dates and times as they are written in China and elsewhere, and as Excel stores them.

`read_date` and `read_time` give a value, or raise `Unclear` with the code of the problem."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from qforms.forms.texts import narrow

SERIAL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 (Excel's day 0; the 1904 system is converted by the reader)
SERIALS = (20000, 80000)  # 1954 to 2119: outside it a bare number is no date
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

_YMD = re.compile(r"(\d{4})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*[日号]?")
_YMD_SHORT = re.compile(r"(\d{2})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(?:[ T]?(\d{2})(\d{2})(\d{2})?)?$")
_MD = re.compile(r"(\d{1,2})\s*(?:[-./]\s*(\d{1,2})|月\s*(\d{1,2})\s*[日号]?)(?![-./\d])")
_XXY = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4}|\d{1,2})(?!\d)")
_NAME_FIRST = re.compile(r"([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:\s*,\s*|\s+)(\d{4})", re.I)
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s-]+([a-z]{3,9})\.?,?[\s-]+(\d{4})", re.I)
_WEEKDAY = re.compile(
    r"\(?(?:星期|周|礼拜)[一二三四五六日天]\)?|\([一二三四五六日]\)|\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b[.,]?",
    re.I,
)
_CLOCK = re.compile(
    r"(?P<half>上午|下午|晚上|傍晚|中午|凌晨|早上|早|晚|am|pm)?\s*(?P<h>\d{1,2})\s*(?:[:时點点]\s*)"
    r"(?:(?P<m>\d{1,2})\s*分?|(?P<thirty>半))?(?::(?P<s>\d{2})(?:\.\d+)?|\s*(?P<s2>\d{1,2})秒)?\s*(?P<ap>am|pm|a\.m\.|p\.m\.)?",
    re.I,
)


class Unclear(Exception):
    """What is wrong with a value: a problem code and the values for its text."""

    def __init__(self, code: str, **context: Any) -> None:
        super().__init__(code)
        self.code, self.context = code, context


def read_date(raw: Any, zone: tzinfo) -> date:
    """A calendar day. An aware time gives the day in `zone`."""
    if isinstance(raw, datetime):
        _in_range(raw)
        return (raw.astimezone(zone) if raw.tzinfo else raw).date()
    day = raw if isinstance(raw, date) else _parse(raw)[0]
    _in_range(day)
    return day


def read_time(raw: Any, zone: tzinfo) -> tuple[datetime, bool]:
    """An aware time, and whether a time of day was given (else it is midnight). A naive one is in `zone`."""
    if isinstance(raw, str):
        raw = _iso(raw) or raw
    if isinstance(raw, datetime):
        _in_range(raw)
        return (raw if raw.tzinfo else raw.replace(tzinfo=zone)), True
    day, clock, plus = (raw, None, 0) if isinstance(raw, date) else _parse(raw)
    _in_range(day)
    return datetime.combine(day + timedelta(days=plus), clock or time(), zone), clock is not None


def _in_range(day: date) -> None:
    """1900 to 2199: beyond it a year was mistyped, and the end of the calendar breaks arithmetic."""
    if not 1900 <= day.year < 2200:
        raise Unclear("impossible_date")


def _iso(raw: str) -> datetime | None:
    text = raw.strip()
    if not re.match(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _parse(raw: Any) -> tuple[date, time | None, int]:
    """Day, time of day if given, and days to add (24:00 is the next day's midnight)."""
    if isinstance(raw, bool):
        raise Unclear("bad_date")
    if isinstance(raw, (int, float, Decimal)):
        return _number(Decimal(str(raw)))
    text = narrow(raw)
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        return _number(Decimal(text))
    if found := _COMPACT.match(text):
        return _compact(found)
    rest = _WEEKDAY.sub(" ", text).strip()
    day, rest = _day(rest)
    clock, plus = _clock(rest)
    return day, clock, plus


def _number(value: Decimal) -> tuple[date, time | None, int]:
    if not value.is_finite():
        raise Unclear("bad_date")
    whole = int(value)
    if SERIALS[0] <= value <= SERIALS[1]:
        minutes = round((value - whole) * 86400)
        at = SERIAL_ZERO + timedelta(days=whole, seconds=minutes)
        return at.date(), (at.time() if value != whole else None), 0
    if value == whole and (found := _COMPACT.match(str(whole))):
        return _compact(found)
    raise Unclear("bad_date")


def _compact(found: re.Match[str]) -> tuple[date, time | None, int]:
    y, m, d, hh, mm, ss = (int(g) if g else None for g in found.groups())
    assert y is not None and m is not None and d is not None
    day = _real(y, m, d)
    return (day, None, 0) if hh is None or mm is None else (day, *_time(hh, mm, ss or 0))


def _day(text: str) -> tuple[date, str]:
    """The day at the start of a text, and what follows it."""
    if found := _YMD.match(text):
        y, m, d = map(int, found.groups())
        return _real(y, m, d), text[found.end() :]
    if found := _YMD_SHORT.match(text):
        y, m, d = map(int, found.groups())
        return _real(2000 + y, m, d), text[found.end() :]
    if found := _NAME_FIRST.match(text):
        return _real(int(found[3]), _month(found[1]), int(found[2])), text[found.end() :]
    if found := _DAY_FIRST.match(text):
        return _real(int(found[3]), _month(found[2]), int(found[1])), text[found.end() :]
    if found := _XXY.match(text):
        return _year_last(*found.groups()), text[found.end() :]
    if found := _MD.match(text):
        month, day = int(found[1]), int(found[2] or found[3])
        _real(2000, month, day)  # 2月31日 is impossible in any year; 2月29日 may be right
        raise Unclear("year_missing", month=month, day=day)
    raise Unclear("bad_date")


def _year_last(a: str, b: str, y: str) -> date:
    """6/5/2026: day and month are clear only when one is above 12, or both are equal. 26.5.6 has no clear year."""
    if len(y) < 4:
        raise Unclear("ambiguous_date", readings=f"20{a.zfill(2)}-{b.zfill(2)}-{y.zfill(2)}")
    one, two, year = int(a), int(b), int(y)
    if one > 12 or one == two:
        return _real(year, two, one)
    if two > 12:
        return _real(year, one, two)
    both = f"{_real(year, one, two)} / {_real(year, two, one)}"
    raise Unclear("ambiguous_date", readings=both)


def _month(name: str) -> int:
    try:
        return MONTHS.index(name[:3].lower()) + 1
    except ValueError:
        raise Unclear("bad_date") from None


def _real(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Unclear("impossible_date") from None


def _clock(text: str) -> tuple[time | None, int]:
    rest = text.strip(" ,，T()")
    if not rest:
        return None, 0
    found = _CLOCK.match(rest)
    if not found or rest[found.end() :].strip(" ()前后许左右."):
        raise Unclear("bad_date")
    hour, minute = int(found["h"]), 30 if found["thirty"] else int(found["m"] or 0)
    half = (found["half"] or found["ap"] or "").lower().replace(".", "")
    if (half in ("下午", "晚上", "傍晚", "晚", "pm") and hour < 12) or (half == "中午" and hour < 3):
        hour += 12
    elif half in ("上午", "凌晨", "早上", "早", "am") and hour == 12:
        hour = 0
    return _time(hour, minute, int(found["s"] or found["s2"] or 0))


def _time(hour: int, minute: int, second: int) -> tuple[time, int]:
    if (hour, minute, second) == (24, 0, 0):
        return time(), 1
    try:
        return time(hour, minute, second), 0
    except ValueError:
        raise Unclear("impossible_date") from None

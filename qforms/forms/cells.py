"""Writing values into Excel cells so that a text stays a text, and reading them back as one.

What people send is never a formula for us: openpyxl takes a text that begins with "=" for one, Excel takes one that
begins with + - @ TAB or CR for one as soon as somebody edits the cell (quotePrefix prevents that). Characters that
XML 1.0 cannot carry are dropped (openpyxl refuses some, and loses the whole file over others)."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

_ILLEGAL = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_LIMIT = 32_767  # characters that a cell holds


def clean(text: str) -> str:
    """`text` without characters that an XML file cannot carry, lines ended by newlines, cut to what a cell holds."""
    if len(text) <= _LIMIT // 2 and text.isprintable():  # which none of those characters is
        return text
    text = _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(text) <= _LIMIT // 2:
        return text
    units = text.encode("utf-16-le")  # as Excel counts: an emoji is two
    return units[: 2 * _LIMIT].decode("utf-16-le", "ignore")


def escape(text: str) -> str:
    """A literal "_x0041_" written so that it is read as itself and not as "A" (ECMA-376 part 1, 22.9.2.19)."""
    return _ESCAPED.sub("_x005F_", text) if "_x" in text else text


def unescape(text: str) -> str:
    """The text that `_xHHHH_` sequences of a file stand for (openpyxl hands them on as they are)."""
    return _ILLEGAL.sub("", _ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)) if "_x" in text else text


def put(cell: Any, value: Any) -> None:
    """Writes a text, number, date, naive time or None into an openpyxl cell; a text stays a text whatever it says."""
    if isinstance(value, str):
        text = escape(clean(value))
        cell.value = text or None
        if text:
            cell.data_type = "s"
        cell.quotePrefix = text.startswith(_STARTS_FORMULA)
        return
    cell.value = value
    if cell.quotePrefix:
        cell.quotePrefix = False


def text_of(value: Any) -> str:
    """A cell's value as a person would type it: 3.0 is "3", a time "2026-05-14 17:20", a day "2026-05-14"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float | Decimal):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        return f"{number.normalize():f}" if number else "0"
    return unescape(str(value)).replace("\r\n", "\n").replace("\r", "\n").strip()


@lru_cache(maxsize=4096)  # a book to the minute says the same time in many cells
def _moment(value: datetime) -> str:
    value += timedelta(milliseconds=500)  # serial numbers of days come back a moment off
    return value.replace(tzinfo=None).isoformat(" ", "minutes").removesuffix(" 00:00")

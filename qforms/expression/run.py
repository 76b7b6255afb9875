"""What the functions of the rule language do with values, and what an expression asks its values of. None is "unknown"
everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from operator import floordiv, mod, pow, truediv
from typing import Any

from qforms.months import add_months

WEEK = re.compile(r"(20\d\d)W(\d\d)")
OFFSET = re.compile(r"(\d{1,4})(d|m)")  # what after() and before() go by: days, calendar months


class Known(dict[str, Any]):
    """Values by name; a name that is not there is unknown."""

    def __missing__(self, name: str) -> Any:
        return None


class Telling(Known):
    """Values that write down which of them were asked for in vain, in the order in which they were."""

    def __init__(self, values: Known, unknown: list[str]) -> None:
        super().__init__()
        self.values_, self.unknown = values, unknown

    def __missing__(self, name: str) -> Any:
        value = self.values_[name]
        if value is None:
            self.unknown.append(name)
        return value


# ---------------------------------------------------------------- rows


def column(values: Known, silent: Known, name: str, below: str) -> Any:
    """A part of a row: of a signature or a file."""
    row = silent[name]
    value = None if row is None else row.get(below)
    _told(values, f"{name}.{below}", value)
    return value


def each(values: Known, silent: Known, name: str, below: str) -> tuple[Any, ...] | None:
    """A column of a list; unknown when no row has it, but for a list that is said to be empty."""
    rows = silent[name]
    found = None if rows is None else tuple(v for row in rows if (v := row.get(below)) is not None)
    known: tuple[Any, ...] | None = found if found or (rows is not None and not rows) else None
    _told(values, f"{name}.{below}", known)
    return known


def _told(values: Known, path: str, value: Any) -> None:
    if value is None and isinstance(values, Telling):
        values.unknown.append(path)


def nothing(*_: Any) -> None:
    """No value; its arguments were asked so that what is missing is told."""


# ---------------------------------------------------------------- numbers


def safe(op: Callable[[Decimal, Decimal], Any]) -> Callable[[Any, Any], Any]:
    # int / int would be a float; what has no result (division by zero, overflow) is unknown
    def compute(a: Any, b: Any) -> Any:
        try:
            return op(Decimal(a), Decimal(b))
        except ArithmeticError:
            return None

    return compute


COMPUTE = {"tdiv": safe(truediv), "fdiv": safe(floordiv), "mod": safe(mod), "pow": safe(pow)}


def total(numbers: Iterable[Any]) -> Any:
    return sum(numbers, Decimal(0))


def picked(pick: Callable[[list[Any]], Any], *values: Any) -> Any:
    """The largest, smallest or first of the values that are known; None when none is."""
    found = [v for v in values if v is not None]
    return pick(found) if found else None


def first(found: list[Any]) -> Any:
    return found[0]


def rounded(number: Any, unit: Decimal) -> Decimal:
    return Decimal(number).quantize(unit, ROUND_HALF_UP)


def text(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


# ---------------------------------------------------------------- days and hours


def days(start: date, end: date) -> int:
    """Whole days from start to end: of 24 h between two times, else calendar days. Negative when end is earlier."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        return int((end - start).total_seconds() / 86400)
    return (_day(end) - _day(start)).days


def hours(start: datetime, end: datetime) -> Decimal:
    return Decimal(str((end - start).total_seconds())) / 3600


def shifted(day: date, length: str, sign: int = 1) -> date:
    """The day that lies so many days ("7d") or calendar months ("1m") after a day, or before it: in months the same
    day of the month, else the month's last (A30: 08-31 + 6m = 02-28)."""
    day = _day(day)
    found = OFFSET.fullmatch(length)
    assert found is not None, length
    number = sign * int(found[1])
    return day + timedelta(days=number) if found[2] == "d" else add_months(day, number)


def counted(number: Any, unit: str) -> str:
    """A length of so many days or months, as `shifted` reads it."""
    return f"{max(0, min(int(number), 9999))}{unit}"


def week(day: date) -> str:
    return "{0.year}W{0.week:02d}".format(_day(day).isocalendar())


def month(day: date, last: Any) -> str:
    """The statistical month: with 25 as its last day, 26 April to 25 May is 202605 (P51)."""
    begins = _day(day).replace(day=1)
    return f"{add_months(begins, 1) if _day(day).day > last else begins:%Y%m}"


def week_days(written: str) -> tuple[date, ...] | None:
    """The seven days of a week that is written 2026W11; None for what is no week."""
    found = WEEK.fullmatch(written.strip())
    try:
        return tuple(date.fromisocalendar(int(found[1]), int(found[2]), n) for n in range(1, 8)) if found else None
    except ValueError:
        return None


def dates(start: date, end: date) -> tuple[date, ...]:
    """Each day from start to end, a year of them at most; none where end comes before start."""
    return tuple(_day(start) + timedelta(days=n) for n in range(min((_day(end) - _day(start)).days, 365) + 1))


def besides(every: Iterable[Any], those: Iterable[Any] | None) -> tuple[Any, ...]:
    """What stands in one list and not in the other, of which a column may give lists itself."""
    gone = {v for part in those or () for v in (part if isinstance(part, tuple) else (part,))}
    return tuple(v for v in every if v not in gone)


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value

"""Working time: office hours, statutory holidays and the weekend days worked in exchange for them (调休).

Wall-clock limits need none of this; it serves the clocks in working mode (A01), `act_by` and quiet hours. All times
handed in are aware; those handed out are in the company's zone."""

from __future__ import annotations

import calendar
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Protocol

from qforms import holidays
from qforms.model import QformsError, Told
from qforms.months import add_months as add_months

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EXCHANGING = ("CN",)  # countries that announce, year by year, weekend days to be worked
_REACH = 3660  # days looked ahead before a calendar counts as closed for good


class Hours(Protocol):
    """What the calendar is made from: `settings.Calendar`."""

    @property
    def hours(self) -> Sequence[str]: ...
    @property
    def days(self) -> Sequence[str]: ...
    @property
    def country(self) -> str: ...
    @property
    def off(self) -> Sequence[str]: ...
    @property
    def work(self) -> Sequence[str]: ...


class WorkTime:
    """Working hours of a company (`model.WorkTime`). A year's holidays are looked up once.

    Raises QformsError when the calendar's settings are no hours, days, dates or country, or leave nothing open."""

    def __init__(self, settings: Hours, zone: tzinfo, cache: Path | None = None) -> None:
        """`cache` is a folder in which a year's holidays are kept from one start to the next: to look them up takes
        longer than the start of all else."""
        self._cache = cache
        self.zone = zone
        self.country = settings.country
        self.spans = _spans(settings.hours)
        self._of_day: dict[date, list[tuple[datetime, datetime]]] = {}
        self.weekdays = frozenset(_word(d, DAYS, "days") for d in settings.days)
        self.off = frozenset(_date(d, "off") for d in settings.off)
        self.work = frozenset(_date(d, "work") for d in settings.work)
        if not self.weekdays:
            raise _wrong("days", "没有工作日", "there is no working day")
        self._years: dict[int, frozenset[int]] = {}
        self._announced: dict[int, bool] = {}

    # ---- days

    def is_workday(self, day: date) -> bool:
        """Whether the company works on that day."""
        open_days = self._years.get(day.year)
        if open_days is None:
            open_days = self._load(day.year)
        return day.toordinal() in open_days

    def known_year(self, year: int) -> bool:
        """Whether that year's calendar is announced: until then holidays are guesses and make-up days are missing.

        It also counts as known when the settings name a day off or a working day of that year."""
        self.is_workday(date(year, 1, 1))
        return self._announced[year] or any(d.year == year for d in self.off | self.work)

    def _load(self, year: int) -> frozenset[int]:
        closed, extra = self._official(year)
        first = date(year, 1, 1).toordinal()
        days = (date.fromordinal(first + n) for n in range(366 if calendar.isleap(year) else 365))
        open_days = frozenset(d.toordinal() for d in days if self._works(d, closed, extra))
        self._years[year] = open_days
        return open_days

    def _works(self, day: date, closed: frozenset[date], extra: frozenset[date]) -> bool:
        if day in self.work or day in self.off:
            return day in self.work
        return day in extra or (day.weekday() in self.weekdays and day not in closed)

    def _official(self, year: int) -> tuple[frozenset[date], frozenset[date]]:
        """Holidays of the country and its weekend days worked."""
        self._announced[year] = True
        if not self.country:
            return frozenset(), frozenset()
        closed, extra = holidays.of(self.country, year, self._cache)
        self._announced[year] = bool(extra) or self.country not in EXCHANGING
        return closed, extra

    # ---- moments

    def is_open(self, at: datetime) -> bool:
        """Whether the company works at that moment; the closing moment itself is no longer open."""
        here = at.astimezone(self.zone)
        now = here.time()
        return any(start <= now < end for start, end in self.spans) and self.is_workday(here.date())

    def next_open(self, at: datetime) -> datetime:
        """`at` when it is open, else the next opening."""
        here = at.astimezone(self.zone)
        return next(max(start, here) for start, end in self._from(here) if end > here)

    def last_open_before(self, at: datetime) -> datetime:
        """`at` when it is open or the closing moment, else the last closing before it: until when one can act."""
        here = at.astimezone(self.zone)
        for start, end in self._back(here):
            if start <= here:
                return min(end, here)
        raise AssertionError("the calendar never ends")

    def add(self, start: datetime, span: timedelta) -> datetime:
        """The moment when `span` of working time has passed since `start`. Raises ValueError when span is negative."""
        if span < timedelta(0):
            raise ValueError("a negative span of working time")
        here = start.astimezone(self.zone)
        left = span
        for opens, closes in self._from(here):
            begin = max(opens, here)
            if closes > begin and closes - begin >= left:
                return begin + left
            left -= max(closes - begin, timedelta(0))
        raise AssertionError("the calendar never ends")

    def add_days(self, start: datetime, days: int) -> datetime:
        """The same time of day, `days` working days later; the first working day after `start` is day 1."""
        here = start.astimezone(self.zone)
        for day in self._workdays(here.date(), 1):
            if day > here.date():
                days -= 1
                if days <= 0:
                    return datetime.combine(day, here.time(), self.zone)
        raise AssertionError("the calendar never ends")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from start to end; negative when end is earlier."""
        if end < start:
            return -self.between(end, start)
        first, last = start.astimezone(self.zone), end.astimezone(self.zone)
        total = timedelta(0)
        for opens, closes in self._from(first):
            if opens >= last:
                break
            total += max(min(closes, last) - max(opens, first), timedelta(0))
        return total

    # ---- spans of days

    def _from(self, here: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open spans from the day of `here` on."""
        for day in self._workdays(here.date(), 1):
            yield from self._of(day)

    def _back(self, here: datetime) -> Iterator[tuple[datetime, datetime]]:
        for day in self._workdays(here.date(), -1):
            yield from reversed(self._of(day))

    def _of(self, day: date) -> list[tuple[datetime, datetime]]:
        """The open spans of a day, made once."""
        found = self._of_day.get(day)
        if found is None:
            combine, zone = datetime.combine, self.zone
            found = [(combine(day, start, zone), combine(day, end, zone)) for start, end in self.spans]
            self._of_day[day] = found
        return found

    def _workdays(self, day: date, step: int) -> Iterator[date]:
        """Working days from `day` (included) on, or back. Raises QformsError when none comes for ten years."""
        one, idle = timedelta(days=step), 0
        while idle < _REACH:
            if self.is_workday(day):
                idle = 0
                yield day
            idle += 1
            day += one
        raise _wrong("days", "十年内没有工作日", "no working day within ten years")


def _spans(texts: Sequence[str]) -> tuple[tuple[time, time], ...]:
    """`08:30-12:00` … as times, in order and apart."""
    spans: list[tuple[time, time]] = []
    for text in texts:
        try:
            opens, closes = (time.fromisoformat(part.strip()) for part in text.split("-"))
        except ValueError:
            raise _wrong("hours", f"「{text}」应写成 08:30-12:00", f"{text!r} is not like 08:30-12:00") from None
        if bisect_right(spans, (opens, closes)) != len(spans) or opens >= closes or (spans and spans[-1][1] > opens):
            raise _wrong("hours", f"「{text}」次序不对或重叠", f"{text!r} is out of order or overlaps")
        spans.append((opens, closes))
    if not spans:
        raise _wrong("hours", "没有工作时间", "there are no hours")
    return tuple(spans)


def _word(text: str, words: Sequence[str], key: str) -> int:
    if text.lower() not in words:
        raise _wrong(key, f"没有「{text}」；可用 {'、'.join(words)}", f"{text!r} is none of {', '.join(words)}")
    return words.index(text.lower())


def _date(text: str, key: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong(key, f"「{text}」应写成 2026-05-09", f"{text!r} is not a date like 2026-05-09") from None


def _wrong(key: str, zh: str, en: str) -> QformsError:
    return QformsError(Told(zh, en, f"qforms.toml: calendar.{key}: "))

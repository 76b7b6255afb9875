"""Months and weeks by their keys, as the forms write them: 202605, 2026W20."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from qforms.model import Lang

MONTHS, WEEKS = 12, 26


@dataclass(frozen=True, slots=True)
class Sight:
    """What a document looks at: a period ("" for none), up to when, in which language."""

    period: str
    as_of: datetime  # in the company's zone
    lang: Lang = "zh"
    number: str = ""

    @property
    def weekly(self) -> bool:
        return "W" in self.period

    @property
    def column(self) -> str:
        """The column of lines that names their period."""
        return "week" if self.weekly else "month"

    @property
    def last_day(self) -> date:
        """The last day that is looked at; a statistical month is taken for the calendar's."""
        if not self.period:
            return self.as_of.date()
        if self.weekly:
            return date.fromisocalendar(int(self.period[:4]), int(self.period[5:]), 7)
        year, month = int(self.period[:4]), int(self.period[4:])
        return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)

    @property
    def months(self) -> tuple[str, ...]:
        """The twelve months up to this one, the oldest first."""
        last = int(self.period[:4]) * 12 + int(self.period[4:]) - 1 if self.period and not self.weekly else (
            self.last_day.year * 12 + self.last_day.month - 1
        )  # fmt: skip
        return tuple(f"{m // 12}{m % 12 + 1:02}" for m in range(last - MONTHS + 1, last + 1))

    def weeks(self, count: int = WEEKS) -> tuple[str, ...]:
        """The weeks up to the last day, the oldest first."""
        days = (self.last_day - timedelta(weeks=n) for n in range(count - 1, -1, -1))
        return tuple(week_of(day) for day in days)

    @property
    def said(self) -> str:
        """2026-05, 2026-W20; without a period: until when."""
        if not self.period:
            return f"截至 {self.as_of:%Y-%m-%d}" if self.lang == "zh" else f"as of {self.as_of:%Y-%m-%d}"
        return self.period[:4] + "-" + self.period[4:]

    @property
    def before(self) -> str:
        """The period before this one."""
        if self.weekly:
            return week_of(self.last_day - timedelta(weeks=1))
        return self.months[-2]

    @property
    def year_before(self) -> str:
        """The same month of the year before; "" for a week."""
        return "" if self.weekly or not self.period else f"{int(self.period[:4]) - 1}{self.period[4:]}"


def week_of(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}W{week:02}"


def short(key: str) -> str:
    """26-05 for 202605, W20 for 2026W20: names under an axis."""
    return key[4:] if "W" in key else f"{key[2:4]}-{key[4:]}"

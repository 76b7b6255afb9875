"""Working time against the 2026 calendar of the State Council (domain 5, B18, B27)."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qforms.model import QformsError
from qforms.months import add_months
from qforms.settings import Calendar
from qforms.worktime import WorkTime

ZONE = ZoneInfo("Asia/Shanghai")
WORK = WorkTime(Calendar(), ZONE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-10 09:15", 24, "2026-03-13 09:15"),  # case 1, CK01
        ("2026-04-03 16:40", 24, "2026-04-09 16:40"),  # case 2, CK02 and B27: over 清明
        ("2026-04-03 16:40", 48, "2026-04-14 16:40"),  # CK03
        ("2026-04-03 16:40", 72, "2026-04-17 16:40"),  # CK04
        ("2026-04-08 10:00", 24, "2026-04-13 10:00"),  # CK08
        ("2026-05-11 10:05", 72, "2026-05-22 10:05"),  # case 3, the report
        ("2026-09-23 20:30", 72, "2026-10-13 17:30"),  # case 4: after hours, over 中秋, 国庆, with work on 10-10
        ("2026-06-17 14:00", 72, "2026-07-01 14:00"),  # case 5, CK10: over 端午
    ],
)
def test_acceptance_cases_in_working_mode(start: str, hours: int, due: str) -> None:
    assert WORK.add(at(start), timedelta(hours=hours)) == at(due)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-09-23 20:30", 2, "2026-09-28 20:30"),  # A44: 09-24 is day 1, 25-27 are holidays
        ("2026-05-20 14:00", 3, "2026-05-25 14:00"),  # CK20
        ("2026-05-08 09:00", 1, "2026-05-09 09:00"),  # the Saturday worked in exchange
        ("2026-05-10 09:00", 1, "2026-05-11 09:00"),  # from a Sunday: Monday is day 1
    ],
)
def test_working_days_keep_the_time_of_day(start: str, days: int, due: str) -> None:
    assert WORK.add_days(at(start), days) == at(due)


def _days(text: str) -> set[date]:
    found = set()
    for part in text.split():
        first, _, last = part.partition("..")
        day = date.fromisoformat(f"2026-{first}")
        while day <= date.fromisoformat(f"2026-{last or first}"):
            found.add(day)
            day += timedelta(days=1)
    return found


def test_every_day_of_2026_is_as_announced() -> None:
    off = _days("01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 10-01..10-07")
    work = _days("01-04 02-14 02-28 05-09 09-20 10-10")
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [d for d in year if WORK.is_workday(d)] == [
        d for d in year if d in work or (d.weekday() < 5 and d not in off)
    ]


def test_open_hours_and_the_lunch_break() -> None:
    assert WORK.is_open(at("2026-05-11 08:30"))
    assert not WORK.is_open(at("2026-05-11 12:00"))
    assert not WORK.is_open(at("2026-05-11 17:30"))
    assert not WORK.is_open(at("2026-05-10 10:00"))
    assert WORK.is_open(at("2026-05-09 10:00"))
    assert WORK.is_open(datetime(2026, 5, 11, 1, tzinfo=UTC))  # 09:00 in Shanghai


def test_when_one_can_still_act() -> None:
    assert WORK.last_open_before(at("2026-09-26 20:30")) == at("2026-09-24 17:30")  # over 中秋
    assert WORK.last_open_before(at("2026-05-11 12:30")) == at("2026-05-11 12:00")
    assert WORK.last_open_before(at("2026-05-11 17:30")) == at("2026-05-11 17:30")
    assert WORK.last_open_before(at("2026-05-11 10:00")) == at("2026-05-11 10:00")
    assert WORK.last_open_before(at("2026-05-11 08:00")) == at("2026-05-09 17:30")


def test_next_opening() -> None:
    assert WORK.next_open(at("2026-05-11 12:00")) == at("2026-05-11 13:00")
    assert WORK.next_open(at("2026-05-11 10:00")) == at("2026-05-11 10:00")
    assert WORK.next_open(at("2026-04-03 17:30")) == at("2026-04-07 08:30")


def test_months_are_clamped_to_their_end() -> None:
    visits = [add_months(date(2026, 8, 31), n) for n in (1, 3, 6, 12)]  # B18
    assert [d.isoformat() for d in visits] == ["2026-09-30", "2026-11-30", "2027-02-28", "2027-08-31"]
    assert add_months(at("2028-01-31 09:00"), 1) == at("2028-02-29 09:00")
    assert add_months(date(2026, 1, 15), -1) == date(2025, 12, 15)


def test_a_year_is_known_once_its_exchange_days_are() -> None:
    assert WORK.known_year(2026)
    assert not WORK.known_year(2035)
    assert WorkTime(Calendar(work=("2035-02-03",)), ZONE).known_year(2035)
    assert WorkTime(Calendar(country="DE"), ZONE).known_year(2035)
    assert WorkTime(Calendar(country=""), ZONE).known_year(2035)


def test_the_company_adds_days_of_its_own() -> None:
    mine = WorkTime(Calendar(off=("2026-05-11",), work=("2026-05-10",)), ZONE)
    assert not mine.is_workday(date(2026, 5, 11))
    assert mine.is_workday(date(2026, 5, 10))
    assert WorkTime(Calendar(country=""), ZONE).is_workday(date(2026, 10, 1))


@pytest.mark.parametrize(
    ("calendar", "text"),
    [
        (Calendar(hours=("8.30-12",)), "calendar.hours: 「8.30-12」应写成 08:30-12:00"),
        (Calendar(hours=("13:00-17:30", "08:30-12:00")), "calendar.hours: 「08:30-12:00」次序不对或重叠"),
        (Calendar(hours=("08:00-12:00", "11:00-17:00")), "calendar.hours: 「11:00-17:00」次序不对或重叠"),
        (Calendar(hours=("12:00-08:00",)), "calendar.hours: 「12:00-08:00」次序不对或重叠"),
        (Calendar(hours=()), "calendar.hours: 没有工作时间"),
        (Calendar(days=("monday",)), "calendar.days: 没有「monday」"),
        (Calendar(days=()), "calendar.days: 没有工作日"),
        (Calendar(off=("5月9日",)), "calendar.off: 「5月9日」应写成 2026-05-09"),
    ],
)
def test_wrong_calendars_are_told(calendar: Calendar, text: str) -> None:
    with pytest.raises(QformsError) as fault:
        WorkTime(calendar, ZONE)
    assert str(fault.value).startswith(f"qforms.toml: {text}")


def test_a_country_that_is_none() -> None:
    with pytest.raises(QformsError, match=r"calendar\.country: 没有国家或地区「CHN1」"):
        WorkTime(Calendar(country="CHN1"), ZONE).is_workday(date(2026, 1, 1))


def test_a_negative_span_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        WORK.add(at("2026-05-11 10:00"), timedelta(minutes=-1))


moments = st.integers(0, 330 * 24 * 60).map(lambda n: at("2026-01-01 00:00") + timedelta(minutes=n))
spans = st.integers(0, 200 * 60).map(lambda n: timedelta(minutes=n))


@given(moments, spans)
def test_what_was_added_lies_between(start: datetime, span: timedelta) -> None:
    due = WORK.add(start, span)
    assert WORK.between(start, due) == span
    assert due >= start
    assert WORK.last_open_before(due) == due or span == timedelta(0)


@given(moments, spans, spans)
def test_adding_twice_is_adding_the_sum(start: datetime, one: timedelta, two: timedelta) -> None:
    twice = WORK.add(WORK.add(start, one), two)
    # a sum that ends at a closing moment may be told as the next opening: no working time lies between
    assert WORK.between(twice, WORK.add(start, one + two)) == timedelta(0)


@given(moments, moments, moments)
def test_working_time_adds_up(a: datetime, b: datetime, c: datetime) -> None:
    assert WORK.between(a, b) + WORK.between(b, c) == WORK.between(a, c)


def test_a_calendar_that_never_opens_is_told() -> None:
    shut = WorkTime(Calendar(country=""), ZONE)
    shut.weekdays = frozenset()
    with pytest.raises(QformsError, match="十年内没有工作日"):
        shut.next_open(at("2026-05-11 10:00"))


def test_holidays_are_imported_only_when_asked_for() -> None:
    code = (
        "import sys; from qforms.worktime import WorkTime; from qforms.settings import Calendar;"
        "from zoneinfo import ZoneInfo; WorkTime(Calendar(), ZoneInfo('Asia/Shanghai'));"
        "assert 'holidays' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_a_year_is_looked_up_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = WorkTime(Calendar(), ZONE, tmp_path)
    days = [date(2026, 1, 1).replace(month=m, day=d) for m in range(1, 13) for d in range(1, 29)]
    asked = [first.is_workday(d) for d in days]
    monkeypatch.setitem(sys.modules, "holidays", None)  # whoever imports it now is told that there is none
    again = WorkTime(Calendar(), ZONE, tmp_path)
    assert [again.is_workday(d) for d in days] == asked
    assert again.known_year(2026)
    monkeypatch.undo()
    [kept] = tmp_path.iterdir()
    kept.write_text("{", "utf-8")  # damaged: looked up again
    assert [WorkTime(Calendar(), ZONE, tmp_path).is_workday(d) for d in days] == asked

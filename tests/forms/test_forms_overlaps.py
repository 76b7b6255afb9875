"""Rows that exclude each other: nobody is in two places at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support_forms import shipped
from support_rules import at

from qforms import problems
from qforms.forms.overlaps import overlaps

FORMS = shipped()
ROSTER = FORMS.form("repair_roster")


def job(order: str, worker: str, since: datetime, hours: float) -> dict[str, Any]:
    return {"order": order, "worker": worker, "appt_from": since, "appt_to": since + timedelta(hours=hours)}


def clashes(jobs: list[dict[str, Any]]) -> list[Any]:
    return list(overlaps(ROSTER, {"jobs": tuple(jobs)}, FORMS))


def test_who_when_and_the_other_job_are_named_in_both_languages() -> None:
    ten = at("2026-03-12 10:00")
    [found] = clashes([job("WX-1", "马俊", ten, 2), job("WX-2", "马俊", ten + timedelta(hours=1), 1)])
    said = problems.say(found, "zh"), problems.say(found, "en")
    assert found.field == "jobs" and found.severity == "error"
    for text in said:
        assert all(word in text for word in ("马俊", "WX-1", "2026-03-12 11:00", "2026-03-12 10:00–12:00", "2"))


def test_one_after_the_other_and_two_people_are_no_clash() -> None:
    ten = at("2026-03-12 10:00")
    twelve = ten + timedelta(hours=2)
    assert not clashes([job("1", "马俊", ten, 2), job("2", "马俊", twelve, 1), job("3", "张强", ten, 2)])


def test_a_row_without_its_time_is_not_looked_at() -> None:
    ten = at("2026-03-12 10:00")
    assert not clashes([job("1", "马俊", ten, 2), {"order": "2", "worker": "马俊"}, {"order": "3", "appt_from": ten}])


def test_a_long_job_clashes_with_every_one_in_it() -> None:
    ten = at("2026-03-12 10:00")
    inside = [job(str(n), "马俊", ten + timedelta(hours=n), 0.5) for n in (1, 3)]
    assert len(clashes([job("0", "马俊", ten, 8), *inside])) == 2


SPANS = st.tuples(st.sampled_from(["马俊", "张强"]), st.integers(0, 20), st.integers(1, 6))


@given(st.lists(SPANS, max_size=8))
def test_it_is_told_exactly_when_two_spans_of_one_person_overlap(spans: list[tuple[str, int, int]]) -> None:
    start = at("2026-03-09 08:00")
    jobs = [job(str(n), who, start + timedelta(hours=a), length) for n, (who, a, length) in enumerate(spans)]
    pairs = ((x, y) for n, x in enumerate(spans) for y in spans[n + 1 :])
    overlap = any(x[0] == y[0] and x[1] < y[1] + y[2] and y[1] < x[1] + x[2] for x, y in pairs)
    assert bool(clashes(jobs)) is overlap

"""A clock for each row of a list, forms opened for each value, defaults known when a record is opened, refusals."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import support_rules as s
from hypothesis import given, settings
from hypothesis import strategies as st

from qforms.rulebook.testing import Given
from qforms.rules.trial import Trial

START = date(2026, 5, 18)
ANSWER = {"reply_cause": "moist", "reply_responsibility": "supplier", "reply_disposition": "sort", "replied_by": "Su"}


def row(days: int, done: int | None) -> dict[str, Any]:
    """A measure planned so many days from the start, and done so many days from it."""
    own = {"action": f"m{days}", "kind": "corrective", "owner_dept": "purchasing", "owner": "Su"}
    return (
        own
        | {"planned_on": START + timedelta(days)}
        | ({"done_on": START + timedelta(done)} if done is not None else {})
    )


def played(rows: list[dict[str, Any]]) -> Trial:
    """A report whose measures are accepted at the start, looked at 30 days later."""
    at = s.at("2026-05-18 00:00")
    trial = Trial(s.procedures())
    asked = {"statement": "no output", "recv_dept": "purchasing", "follower": "Shen", "reply_due_on": START}
    trial.take(Given("quality_problem_report", asked, at, by="quality"), 1)
    number = "QTAB-202605-0001"
    trial.take(
        Given("quality_problem_report", {**ANSWER, "reply_actions": tuple(rows)}, at, number, by="purchasing"), 2
    )
    agreed = {"target": number, "verdict": "agree", "decided_by": "Shen", "decided_at": at}
    trial.take(Given("approval", agreed, at, by="quality"), 3)
    trial.until(at + timedelta(30))
    return trial


ROWS = st.lists(st.tuples(st.integers(0, 60), st.none() | st.integers(0, 60)), min_size=1, max_size=4)


@settings(max_examples=12, deadline=None)
@given(ROWS)
def test_every_row_has_one_clock_that_says_what_the_row_says(rows: list[tuple[int, int | None]]) -> None:
    trial = played([row(*r) for r in rows])
    clocks = {c.rule: c for c in trial.facts.clocks_.values() if c.rule.startswith("measure_completion")}
    assert sorted(clocks) == sorted(f"measure_completion#{n}" for n in range(1, len(rows) + 1))
    for n, (planned, done) in enumerate(rows, start=1):
        clock = clocks[f"measure_completion#{n}"]
        assert clock.owner == "purchasing"  # Su is none of the people of a trial: the department stands in
        late = "overdue" if planned < 30 else "running"
        assert clock.state == (late if done is None else "met" if done <= planned else "met_late")


def test_a_reminder_names_the_measure_of_its_row() -> None:
    trial = played([row(10, None), row(12, None)])
    asks = {x.intent.facts["request"] for x in trial.facts.letters.values() if x.intent.kind == "reminder"}
    assert {"完成措施：m10", "完成措施：m12"} <= asks


def test_who_speaks_and_when_are_known_when_it_is_opened() -> None:
    trial = Trial(s.procedures())
    at = s.at("2026-05-18 09:00")
    trial.take(Given("nonconformity_review", {"place": "W1", "nonconformity": "x"}, at, by="production"), 1)
    trial.take(
        Given("nonconformity_review", {"place": "W1", "nonconformity": "x", "proposed_by": "Li"}, at, by="production"),
        2,
    )
    first, second = (trial.facts.record(f"BHG-202605-000{n}") for n in (1, 2))
    assert first is not None and second is not None
    told = ("proposed_by", "proposed_dept", "proposed_at")
    assert [first.values[n] for n in told] == ["production", "production", at]
    assert second.values["proposed_by"] == "Li"
    assert first.case_no == first.number  # what an employee found is a case of its own


def test_an_objection_that_can_not_be_is_refused_as_a_whole_with_its_reason() -> None:
    trial = Trial(s.procedures())
    at = s.at("2026-05-18 09:00")
    trial.take(Given("nonconformity_review", {"place": "W1", "nonconformity": "x"}, at, by="production"), 1)
    objected = {"target_doc": "BHG-202605-0001", "target_rev": 0, "obj_text": "no"}
    judged = trial.take(Given("objection", objected, at, by="production"), 2)
    [outcome] = judged.outcomes
    assert outcome.state == "refused" and outcome.reason is not None
    assert outcome.reason.code == "event_state" and outcome.reason.context["state"] == "已提出"
    assert trial.facts.record("YY-202605-0001") is None and judged.records == ()

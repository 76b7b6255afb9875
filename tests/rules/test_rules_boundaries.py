"""The boundaries B01 to B30 of the procedures: each stands under its number among the rules' own tests, as data."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest
import support_rules as s

from qforms.model import QformsError
from qforms.rulebook import cases, testing
from qforms.rules.trial import run_case

HERE = Path(__file__).parent / "working_mode"
NUMBERS = {f"B{n:02}" for n in range(1, 31)}


def _cases(folder: Path) -> tuple[testing.Case, ...]:
    forms, book = s.shipped()
    return cases.load_cases(folder, forms, book, s.ZONE)


def test_every_boundary_is_a_test_of_its_name() -> None:
    """The shipped ones are run in test_rules_shipped, those in office hours below."""
    named = (re.match(r"B\d\d", case.name) for folder in (s.ROOT / "inbox_rules", HERE) for case in _cases(folder))
    assert {found[0] for found in named if found} == NUMBERS


@pytest.mark.parametrize("case", _cases(HERE), ids=lambda c: c.name)
def test_in_office_hours(case: testing.Case) -> None:
    own = s.procedures(calendar={"mode": "working"})
    assert testing.run([case], functools.partial(run_case, own)) == []


@pytest.mark.parametrize("level", ["municipal", "national"])
def test_the_authority_is_the_one_that_the_company_set(level: str, tmp_path: Path) -> None:
    """A44, P55: whom the reminder names follows from limits.yaml."""
    own = s.with_limits(tmp_path, authority_level=level)
    given = {"product_model": "M1", "lot_no": "L1", "defect_qty": 1, "severity": 4, "safety_risk": True}
    case = testing.Given("complaint", given, s.at("2026-05-06 14:20"), "", "", "office")
    seen = run_case(own, [case], s.at("2026-05-06 14:20"))
    assert seen.values["recall_analysis"]["authority"] == level


def test_an_authority_that_there_is_not_is_a_fault_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(QformsError, match=r"serious\.yaml:\d+: .*provincal"):
        s.with_limits(tmp_path, authority_level="provincal")

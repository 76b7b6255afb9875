"""The shipped rules pass their own tests: the boundaries of the procedures (B01–B30) stand there as data."""

from __future__ import annotations

import functools

import pytest
import support_rules as s

from qforms.rulebook import cases, testing
from qforms.rules.trial import run_case


def _cases() -> list[testing.Case]:
    forms, book = s.shipped()
    return list(cases.load_cases(s.ROOT / "inbox_rules", forms, book, s.ZONE))


@pytest.mark.parametrize("case", _cases(), ids=lambda c: c.name)
def test_shipped_rule_test(case: testing.Case) -> None:
    run = functools.partial(run_case, s.procedures())
    assert testing.run([case], run) == []

"""A month's report lists every complaint of its month, however many there are."""

from __future__ import annotations

import functools

import pytest
import support_rules as s

from qforms.model import Record, Value
from qforms.rulebook import cases, testing
from qforms.rules.trial import run_case
from qforms.rules.view import View

REPORT = "on the first of the month the report of the last month is made, and sent for comment and approval"


def test_lines_do_not_end_where_a_look_at_the_newest_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger gives the newest few hundred where it is asked to find: here none of them is among a month's."""
    forms, book = s.shipped()
    [case] = [c for c in cases.load_cases(s.ROOT / "inbox_rules", forms, book, s.ZONE) if c.name == REPORT]
    real = View.find

    def newest(view: View, form: str, fld: str, value: Value) -> tuple[Record, ...]:
        return () if (form, fld) == ("complaint", "received_in") else real(view, form, fld, value)

    monkeypatch.setattr(View, "find", newest)
    assert testing.run([case], functools.partial(run_case, s.procedures())) == []

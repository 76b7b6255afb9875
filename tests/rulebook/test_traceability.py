"""Each of the 214 numbered requirements has its row, and every name in it exists."""

from __future__ import annotations

import dataclasses as dc
from pathlib import Path

import pytest
from support_rules import ROOT, shipped

from qforms.commands import traceability as trace

ROWS = trace.read(ROOT / "docs" / "traceability.yaml")


def test_every_requirement_is_met_and_shown() -> None:
    assert sum(trace.NUMBERED.values()) == 214
    assert list(trace.faults(ROWS, ROOT, *shipped())) == []


def test_the_page_is_current() -> None:
    written = (ROOT / "docs" / "traceability.md").read_text("utf-8")
    assert written == trace.page(ROWS), "run python -m qforms.commands.traceability"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"met": ("clock no_such_clock",)}, "there is no clock no_such_clock"),
        ({"met": ("field complaint.nothing",)}, "there is no field complaint.nothing"),
        ({"met": ("code qforms/nothing.py",)}, "there is no code qforms/nothing.py"),
        ({"shown": ("test_that_is_not_there",)}, "no test 'test_that_is_not_there'"),
        ({"number": "S1-99"}, "S1-99: there is no such requirement"),
    ],
)
def test_a_wrong_row_is_told(change: dict[str, object], fault: str) -> None:
    wrong = [dc.replace(ROWS[0], **change), *ROWS[1:]]  # type: ignore[arg-type]
    assert any(fault in line for line in trace.faults(wrong, ROOT, *shipped()))


def test_a_requirement_without_a_row_is_told() -> None:
    assert "S1-01: no row" in list(trace.faults(ROWS[1:], ROOT, *shipped()))


def test_a_line_without_its_parts_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("S1-01: 'nothing'\n", "utf-8")
    with pytest.raises(ValueError, match="three parts"):
        trace.read(tmp_path / "t.yaml")


@pytest.mark.parametrize("page", ["rules.md", "rules.zh.md"])
def test_the_standard_referred_to_and_the_one_in_force(page: str) -> None:
    said = (ROOT / "docs" / page).read_text("utf-8")
    assert all(words in said for words in ("GB/19001-2000", "GB/T 19001-2016", "8.7", "9.1.2", "10.2")), "A33"

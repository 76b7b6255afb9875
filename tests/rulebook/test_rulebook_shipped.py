"""The forms and rules that travel with the program are without a fault, and their tests are readable."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from qforms.forms import catalogue
from qforms.rulebook import check, load

ROOT = Path(__file__).parents[2]


def test_the_shipped_rules_fit_the_shipped_forms(tmp_path: Path) -> None:
    forms = catalogue.load(ROOT / "form_templates")
    assert check.rules(ROOT / "inbox_rules", forms, ZoneInfo("Asia/Shanghai")) == []
    cold = load(ROOT / "inbox_rules", forms, tmp_path / "rules.json")
    assert repr(load(ROOT / "inbox_rules", forms, tmp_path / "rules.json")) == repr(cold)
    assert cold.triggers
    assert cold.clocks

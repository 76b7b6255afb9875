"""What the catalogue gives: values checked, what is missing, models, the cache."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from support_forms import ROOT, form_text, shipped, write

from qforms.forms import catalogue
from qforms.model import Catalogue as Protocol
from qforms.model import QformsError, Values

CATALOGUE = shipped()


class Known:
    """A condition that holds when a field is known."""

    def __init__(self, name: str) -> None:
        self.text, self.names = f"known({name})", frozenset({name})

    def __call__(self, values: Values, unknown: list[str] | None = None) -> Any:
        return values.get(*self.names) is not None


def test_it_is_what_the_other_stages_expect() -> None:
    expected: Protocol = CATALOGUE
    assert expected.form("complaint").code == "F01"
    assert expected.field("complaint", "lot_no") is expected.form("complaint").field("lot_no")
    assert expected.field("complaint", "nothing") is None
    assert expected.field("nothing", "lot_no") is None
    with pytest.raises(QformsError, match="没有表单 complain，是否指 complaint？"):
        expected.form("complain")


def test_a_json_form_is_read_as_far_as_it_is_right() -> None:
    raw = {
        "product_model": "ＹＬ-A65",
        "defect_qty": "12pcs",
        "received_at": "2026-05-06 14:20",
        "lot": "A",
        "bought_on": "5/6",
        "order_no": None,
    }
    values, found = CATALOGUE.accept("complaint", raw, "投诉.json")
    assert values == {
        "product_model": "YL-A65",
        "defect_qty": 12,
        "received_at": datetime(2026, 5, 6, 6, 20, tzinfo=UTC),
        "bought_on": None,
        "order_no": None,
    }
    assert [(p.code, p.field, p.where) for p in found] == [
        ("unknown_field", "lot", "投诉.json"),
        ("year_missing", "bought_on", "投诉.json"),
    ]
    assert found[0].context["near"] == "lot_no"


def test_a_value_that_cannot_be_read_is_not_taken_for_empty() -> None:
    values, found = CATALOGUE.accept("complaint", {"defect_qty": "若干"})
    assert values == {}
    assert [p.code for p in found] == ["not_a_count"]


def test_times_without_an_offset_are_those_of_the_company() -> None:
    berlin = catalogue.Catalogue(CATALOGUE.forms, zone=ZoneInfo("Europe/Berlin"))
    fld = berlin.field("complaint", "received_at")
    assert fld is not None
    value, problem = berlin.parse(fld, "2026-05-06 14:20")
    assert problem is None
    assert value == datetime(2026, 5, 6, 12, 20, tzinfo=UTC)
    assert berlin.show(fld, value, "zh") == "2026-05-06 14:20"
    assert CATALOGUE.show(fld, value, "zh") == "2026-05-06 20:20"


def test_typed_values_are_held_to_their_limits() -> None:
    good = {"severity": 3, "defect_qty": 9, "customer_demand": ("exchange", "report_8d"), "units": 9}
    assert CATALOGUE.check_values("complaint", good) == ()
    bad = {"severity": 5, "defect_qty": -1, "customer_demand": ("nothing",), "colour": "red", "channel": None}
    assert [(p.code, p.field) for p in CATALOGUE.check_values("complaint", bad)] == [
        ("not_a_choice", "severity"),
        ("negative", "defect_qty"),
        ("not_a_choice", "customer_demand"),
        ("unknown_field", "colour"),
    ]


def test_what_is_missing_depends_on_conditions_and_rows(tmp_path: Path) -> None:
    fields = """
        - {name: a, label: {zh: 甲}, required: true}
        - {name: b, label: {zh: 乙}, required_when: known(a)}
        - {name: c, label: {zh: 丙}, required: true, calc: a}
        - {name: d, label: {zh: 丁}, required: true, filled_by: [system]}
        - name: rows
          label: {zh: 行}
          type: list
          fields: [{name: e, label: {zh: 戊}, required: true}, {name: f, label: {zh: 己}, required_when: known(e)}]
    """
    found = catalogue.load(write(tmp_path, thing=form_text(fields)))

    def missing(values: Values, section: str | None = None) -> list[str]:
        return [f.name for f in found.missing("thing", values, section)]

    assert missing({}) == ["a"]
    assert missing({"a": "x"}) == []
    found.conditions = {"thing:required_when:b": Known("a"), "thing:required_when:rows.f": Known("e")}
    assert missing({"a": "x"}) == ["b"]
    assert missing({"a": "x", "b": "y", "rows": ()}) == []
    assert missing({"a": "x", "b": "y", "rows": ({"f": "1"},)}) == ["rows"]
    assert missing({"a": "x", "b": "y", "rows": ({"e": "1"},)}) == ["rows"]
    assert missing({"a": "x", "b": "y", "rows": ({"e": "1", "f": "2"},)}) == []
    assert missing({}, "one") == ["a"]
    assert missing({}, "two") == []


def test_a_model_is_frozen_and_takes_declared_values_only() -> None:
    model = CATALOGUE.model("cost_transfer")
    assert model is CATALOGUE.model("cost_transfer")
    line = {"category": "freight", "amount": Decimal("860.00")}
    values = model(n_defect=16, cost_lines=(line,), from_dept="销售部")
    assert values.cost_lines[0].amount == Decimal("860.00")  # type: ignore[attr-defined]
    assert values.model_dump(exclude_none=True)["cost_lines"] == (line,)
    with pytest.raises(ValidationError):
        values.n_defect = 17  # type: ignore[attr-defined]
    for wrong in ({"colour": 1}, {"n_defect": -1}, {"cost_lines": ({"category": "fun"},)}, {"unit_verdict": "maybe"}):
        with pytest.raises(ValidationError):
            model(**wrong)
    severity = CATALOGUE.model("complaint")
    assert severity(severity=3, received_at=datetime(2026, 5, 6, tzinfo=UTC)).severity == 3  # type: ignore[attr-defined]
    with pytest.raises(ValidationError):
        severity(received_at="2026-05-06T10:00:00")


def test_what_is_no_longer_declared_stays_readable() -> None:
    plain = {"colour": "red", "shares": [{"pct": "70", "gone": "x"}], "loss": None}
    assert CATALOGUE.revive("cost_transfer", plain) == {
        "colour": "red",
        "shares": ({"pct": Decimal(70), "gone": "x"},),
        "loss": None,
    }
    signed = {"gmo_ruling": {"name": "汪敏", "at": "2026-05-18T09:00:00+08:00"}}
    assert CATALOGUE.revive("cost_transfer", signed)["gmo_ruling"]["at"].hour == 9


def test_the_cache_gives_the_same_forms_without_the_parser(tmp_path: Path) -> None:
    cache = tmp_path / "private" / "forms.json"
    first = catalogue.load(ROOT, cache)
    heavy = {"ruamel.yaml", "rule_engine", "pydantic", "rapidfuzz", "openpyxl"}
    code = (
        "import sys; from pathlib import Path; from qforms.forms import catalogue\n"
        f"found = catalogue.load(Path({str(ROOT)!r}), Path({str(cache)!r}))\n"
        f"print(sorted({heavy!r} & set(sys.modules)), found.digest)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert run.stdout.strip() == f"[] {first.digest}"
    assert catalogue.load(ROOT, cache).forms == first.forms == CATALOGUE.forms


FIELDS = "- {name: a, label: {zh: 甲}, type: enum, min: 0.5, choices: {x: {zh: 一}}}"
STRANGE = '{"digest": "DIGEST", "forms": {"thing": {"=": "X"}}}'


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"digest": 1}', STRANGE, "\x00"])
def test_a_damaged_cache_is_rebuilt(damage: str, tmp_path: Path) -> None:
    root, cache = write(tmp_path / "forms", thing=form_text(FIELDS)), tmp_path / "forms.json"
    first = catalogue.load(root, cache)
    whole = cache.read_bytes()
    cache.write_text(damage.replace("DIGEST", first.digest), "utf-8")
    assert catalogue.load(root, cache).forms == first.forms
    assert cache.read_bytes() == whole
    assert sorted(p.name for p in tmp_path.iterdir()) == ["forms", "forms.json"]


def test_a_changed_form_is_loaded_anew(tmp_path: Path) -> None:
    root, cache = write(tmp_path / "forms", thing=form_text(FIELDS)), tmp_path / "forms.json"
    before = catalogue.load(root, cache)
    write(root, thing=form_text(FIELDS).replace("zh: 物", "zh: 事"))
    after = catalogue.load(root, cache)
    assert (before.form("thing").title.zh, after.form("thing").title.zh) == ("物", "事")
    assert before.digest != after.digest
    assert json.loads(cache.read_text("utf-8"))["digest"] == after.digest


def test_a_cache_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    root = write(tmp_path / "forms", thing=form_text(FIELDS))
    (tmp_path / "file").write_text("")
    assert list(catalogue.load(root, tmp_path / "file" / "forms.json").forms) == ["thing"]

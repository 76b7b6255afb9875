"""The rules' own tests: read with every fault told, compared with what came of a case."""

# ruff: noqa: E501 (messages stand on one line, as they are told)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import support_rulebook as sample

from qforms import model, rulebook
from qforms.forms.catalogue import Catalogue
from qforms.model import Condition, QformsError, Rulebook, said
from qforms.rulebook import check
from qforms.rulebook.cases import load_cases
from qforms.rulebook.testing import Given, Observed, run
from qforms.settings import Calendar, Procedures, Settings

ZONE = ZoneInfo("Asia/Shanghai")
FORMS = Catalogue(sample.FORMS.forms)
TESTS = """\
- test: exactly 3.000 per mille opens nothing
  given:
    - {form: shipment, product_model: YL-A65, lot_no: A65-2603C, quantity: 5000, at: 2026-04-01 08:00}
    - {form: complaint, number: K1, defect_qty: 15, serial_nos: [a, b], severity: 2, by: sales}
    - {form: market_abnormality, event: approve}
  at: 2026-05-06 14:20
  expect:
    opened: [market_abnormality, market_abnormality]
    clocks:
      defect_answer: 2026-05-08 14:20
      visit: overdue
      auto_issue: null
    letters: [issue_8001, question]
    tasks: []
    values: {complaint.priority: P1, complaint.units: null, market_abnormality.status: issued}
"""
AS_EXPECTED = Observed(
    opened=("market_abnormality", "market_abnormality"),
    clocks={
        "defect_answer": (datetime(2026, 5, 8, 14, 20, tzinfo=ZONE), "running"),
        "visit": (datetime(2026, 5, 1, tzinfo=ZONE), "overdue"),
    },
    letters=("question", "issue_8001"),
    values={"complaint": {"priority": "P1"}, "market_abnormality": {"status": "issued"}},
)


def book(root: Path, tests: str) -> Rulebook:
    sample.write(root)
    (root / "triggers.test.yaml").write_text(tests, "utf-8")
    return rulebook.load(root, FORMS)


def told(root: Path, tests: str) -> list[str]:
    loaded = book(root, tests)
    with pytest.raises(QformsError) as fault:
        load_cases(root, FORMS, loaded, ZONE)
    return list(fault.value.problems)


def test_a_case_as_it_is_written(tmp_path: Path) -> None:
    (case,) = load_cases(tmp_path, FORMS, book(tmp_path, TESTS), ZONE)
    now = datetime(2026, 5, 6, 14, 20, tzinfo=ZONE)
    assert (case.name, case.at, case.origin) == ("exactly 3.000 per mille opens nothing", now, "triggers.test.yaml:1")
    shipment, complaint, report = case.given
    assert shipment == Given(
        "shipment",
        {"product_model": "YL-A65", "lot_no": "A65-2603C", "quantity": 5000},
        datetime(2026, 4, 1, 8, tzinfo=ZONE),
    )
    assert complaint.values == {"defect_qty": 15, "serial_nos": ("a", "b"), "severity": 2}
    assert (complaint.at, complaint.number, complaint.by) == (now, "K1", "sales")
    assert (report.event, report.values) == ("approve", {})


def test_a_case_that_comes_out_as_expected(tmp_path: Path) -> None:
    loaded = book(tmp_path, TESTS)
    seen: list[tuple[str, ...]] = []

    def run_case(given: Sequence[Given], at: datetime) -> Observed:
        seen.append(tuple(g.form for g in given))
        return AS_EXPECTED

    assert run(load_cases(tmp_path, FORMS, loaded, ZONE), run_case) == []
    assert seen == [("shipment", "complaint", "market_abnormality")]


def test_every_difference_is_told_with_its_line(tmp_path: Path) -> None:
    loaded = book(tmp_path, TESTS)
    other = Observed(
        opened=("market_abnormality",),
        clocks={
            "defect_answer": (datetime(2026, 5, 8, 14, 20, 1, tzinfo=ZONE), "running"),
            "visit": (datetime(2026, 5, 1, tzinfo=ZONE), "met"),
            "auto_issue": (datetime(2026, 5, 6, 15, 20, tzinfo=ZONE), "running"),
        },
        letters=("issue_8001",),
        tasks=("repeated_complaints",),
        values={"complaint": {"priority": "P3", "units": 4}},
    )
    lines = run(load_cases(tmp_path, FORMS, loaded, ZONE), lambda given, at: other)
    name = "测试「exactly 3.000 per mille opens nothing」"
    assert [said(line, "zh") for line in lines] == [
        f"triggers.test.yaml:8: {name}opened：应为 [market_abnormality, market_abnormality]，得到 [market_abnormality]",
        f"triggers.test.yaml:13: {name}letters：应为 [issue_8001, question]，得到 [issue_8001]",
        f"triggers.test.yaml:14: {name}tasks：应为 []，得到 [repeated_complaints]",
        f"triggers.test.yaml:10: {name}clocks.defect_answer：应为 2026-05-08 14:20，得到 2026-05-08 14:20:01",
        f"triggers.test.yaml:11: {name}clocks.visit：应为 overdue，得到 met",
        f"triggers.test.yaml:12: {name}clocks.auto_issue：应为 无，得到 2026-05-06 15:20",
        f"triggers.test.yaml:15: {name}values.complaint.priority：应为 P1，得到 P3",
        f"triggers.test.yaml:15: {name}values.complaint.units：应为 无，得到 4",
        f"triggers.test.yaml:15: {name}values.market_abnormality.status：应为 issued，得到 无",
    ]


def test_what_is_not_said_is_not_compared(tmp_path: Path) -> None:
    tests = "- {test: t, given: [{form: complaint, severity: 3}], at: 2026-05-06 14:20, expect: {values: {complaint.priority: P1}}}\n"
    cases = load_cases(tmp_path, FORMS, book(tmp_path, tests), ZONE)
    assert len(cases) == 1
    assert run(cases, lambda given, at: AS_EXPECTED) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "form: shipment",
            "form: shipmnt",
            "triggers.test.yaml:3: 没有表单「shipmnt」；是否指 shipment？ (unknown form 'shipmnt'; did you mean shipment?)",
        ),
        (
            "quantity: 5000",
            "qantity: 5000",
            "triggers.test.yaml:3: 没有 shipment 的字段「qantity」；是否指 quantity？ (unknown field of shipment 'qantity'; did you mean quantity?)",
        ),
        (
            "event: approve",
            "event: aprove",
            "triggers.test.yaml:5: 没有 market_abnormality 的事件「aprove」；是否指 approve？ (unknown event of market_abnormality 'aprove'; did you mean approve?)",
        ),
        (
            "at: 2026-05-06 14:20",
            "at: 6 May",
            "triggers.test.yaml:6: 「6 May」应写成 2026-05-06 14:20 ('6 May' is not like 2026-05-06 14:20)",
        ),
        (
            "defect_answer: 2026-05-08 14:20",
            "defect_answr: 2026-05-08 14:20",
            "triggers.test.yaml:10: 没有时钟「defect_answr」；是否指 defect_answer？ (unknown clock 'defect_answr'; did you mean defect_answer?)",
        ),
        (
            "visit: overdue",
            "visit: late",
            "triggers.test.yaml:11: 「late」应写成 2026-05-06 14:20 ('late' is not like 2026-05-06 14:20)",
        ),
        (
            "[issue_8001, question]",
            "[issue_8002]",
            "triggers.test.yaml:13: 没有信件「issue_8002」；是否指 issue_8001？ (unknown letter 'issue_8002'; did you mean issue_8001?)",
        ),
        (
            "complaint.priority: P1",
            "complaint.urgency: P1",
            "triggers.test.yaml:15: 没有 complaint 的字段「urgency」 (unknown field of complaint 'urgency')",
        ),
        (
            "    opened: [market",
            "    opend: [market",
            "triggers.test.yaml:8: 没有键「opend」；是否指 opened？ (unknown key 'opend'; did you mean opened?)",
        ),
        ("  at: 2026-05-06 14:20\n", "", "triggers.test.yaml:1: 缺少 at (at is missing)"),
    ],
)
def test_faults_of_a_test(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in TESTS
    assert fault in told(tmp_path, TESTS.replace(old, new, 1))


def test_a_value_that_cannot_be_read(tmp_path: Path) -> None:
    (fault,) = told(tmp_path, TESTS.replace("quantity: 5000", "quantity: many"))
    assert fault.startswith("triggers.test.yaml:3: quantity：")


def test_two_tests_of_one_name(tmp_path: Path) -> None:
    first, second = told(tmp_path, TESTS + TESTS)
    assert (
        first
        == "triggers.test.yaml:1: test「exactly 3.000 per mille opens nothing」重名 (test 'exactly 3.000 per mille opens nothing' stands twice)"
    )
    assert second.startswith("triggers.test.yaml:16: ")


# ---------------------------------------------------------------- everything at once


def test_the_check_of_a_folder_of_rules(tmp_path: Path) -> None:
    book(tmp_path, TESTS)
    assert check.rules(tmp_path, FORMS, ZONE) == []
    assert check.rules(tmp_path, FORMS, ZONE, lambda given, at: AS_EXPECTED) == []
    assert len(check.rules(tmp_path, FORMS, ZONE, lambda given, at: Observed())) == 6
    (tmp_path / "triggers.test.yaml").write_text(
        "- {test: t, given: [{form: x}], at: 2026-05-06, expect: {}}\n", "utf-8"
    )
    assert [f.partition(": ")[0] for f in check.rules(tmp_path, FORMS, ZONE)] == ["triggers.test.yaml:1"]
    sample.write(tmp_path, letters=sample.FILES["letters.yaml"].replace("kind: issue", "kind: x"))
    assert [f.partition(": ")[0] for f in check.rules(tmp_path, FORMS, ZONE)] == ["letters.yaml:2"]


class Loader:
    """Loads the sample's forms, or fails as a broken form does."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults

    def load(self, root: Path, cache: Path | None = None) -> Catalogue:
        assert root.name == "form_templates"
        if self.faults:
            raise QformsError(self.faults[0], self.faults)
        return FORMS

    def with_conditions(self, catalogue: model.Catalogue, conditions: Mapping[str, Condition]) -> Catalogue:
        return Catalogue(catalogue.forms, conditions)


def test_the_check_of_a_workspace(tmp_path: Path) -> None:
    book(tmp_path / "inbox_rules", TESTS)
    seen: list[Procedures] = []

    def judge(given: Sequence[Given], at: datetime, procedures: Procedures) -> Observed:
        seen.append(procedures)
        return AS_EXPECTED

    settings = Settings(root=tmp_path)
    assert check.everything(settings, judge, Loader()) == []
    assert seen[0].rulebook.clock("visit") and seen[0].catalogue.missing("complaint", {"defect_qty": 2})
    assert check.everything(settings, judge, Loader("complaint/form.yaml:3: …", "b")) == [
        "complaint/form.yaml:3: …",
        "b",
    ]
    abroad = Settings(root=tmp_path, calendar=Calendar(country="XX"))
    [line] = check.everything(abroad, judge, Loader())
    assert said(line, "zh") == "qforms.toml: calendar.country: 没有国家或地区「XX」的节假日"
    assert said(line, "en").startswith("qforms.toml: calendar.country: ") and "XX" in said(line, "en")

"""The 8D goes out stage by stage, as deep as its customer wants it (P25): what is known is filled in, and the cells
that are left are few. Of the brief one every empty cell is counted, of the full one every answer, a table being one."""

from __future__ import annotations

import dataclasses as dc
import functools
import io
from datetime import date
from typing import Any

import pytest
from support_desk import Company, speaker
from support_rules import at, with_limits

from qforms.documents import Related, render
from qforms.forms import blank_excel, sheet_layout
from qforms.forms.parts import in_stage
from qforms.forms.sheet_style import INPUT
from qforms.model import Form, Record, Values
from qforms.rules.memory import put

MOST = 25
DAY = date(2026, 5, 13)
PLACES = ("customer_line", "customer_stock", "dealer", "transit", "fg", "wip", "raw", "supplier")
TEAM = (("秦牧", "工程部"), ("沈若川", "质保部"), ("田广志", "生产一车间"))
BRANCHES = ("man", "machine", "material", "method", "environment", "measurement")
MEASURE = {"action": "换用另一批电容", "kind": "corrective", "owner_dept": "采购部", "owner": "苏曼", "planned_on": DAY}
WHY = ({"why": "为什么无输出", "because": "电容失效"},) * 3
CONTAINED: dict[str, Any] = {
    "leader": "秦牧",
    "members": tuple({"user": user, "dept": dept, "function": "分析"} for user, dept in TEAM),
    "d2_statement": "16 台无输出",
    "suspect_stock": tuple({"place": place, "qty_suspect": 0} for place in PLACES),
    "ica": ({**MEASURE, "kind": "containment"},),
    "ica_effectiveness_pct": 100,
    "clean_point_lot": "A65-2604A",
    "ica_customer_informed_at": at("2026-05-12 11:00"),
}
CONTAINED_IN_FULL: dict[str, Any] = {
    **{"d0_growth": "stable", "d0_criteria": ("quantified",), "d0_notified": ("销售部",), "champion": "卢正平"},
    **{"formed_on": DAY, "effect_enduser": "停机", "d2_history": "首次", "other_products": "无", "d2_risk": "low"},
    "d2_5w2h": ({"what": "无输出", "where": "产线", "when": "上线", "how_many": "16"},),
    "is_isnot": tuple(
        {"dimension": d, "is": "是", "is_not": "否"} for d in ("what_object", "what_defect", "where_geo", "when_first")
    ),
    "ica_verify": "全检",
}
FOUND: dict[str, Any] = {
    **{"why_occur": WHY, "trc_occur": "电解液受潮", "trc_escape": "老化时间不足", "escape_point": "final_test"},
    "rc_verify": ({"cause": "受潮", "method": "reproduce", "result": "复现"},),
    "d4_result": "confirmed",
    "pca": ({**MEASURE, "target_cause": "occurrence"}, {**MEASURE, "target_cause": "escape"}),
    "pca_verify": "200 台试装",
}
FOUND_IN_FULL: dict[str, Any] = {
    "fishbone": tuple({"branch": b, "cause": "无"} for b in BRANCHES),
    **{"why_escape": WHY, "why_system": WHY, "trc_occur_category": "logistics", "trc_escape_category": "production"},
    **{"mrc_occur": "无规定", "mrc_escape": "无规定", "pca_options": ({"action": "换供应商"},), "pca_effect_pct": 100},
    **{"pca_sample_size": 200, "pca_verified_on": DAY, "pca_risk": "无", "pca_approval_needed": False},
}
STAGES = ("draft", "issued", "interim")  # D0–D3, D4–D5 and D6–D8 are to be filled in


def company(depth: str = "", own: Any = None) -> Company:
    """A customer with the depth on its sheet; it has asked for an 8D."""
    made = Company(own)
    customer = {"name": "启远", "domains": ("qiyuan.example",), **({"eight_d_depth": depth} if depth else {})}
    put(made.facts, [Record("customer", "启远", 0, "active", "", customer)])
    shipped = {"product_model": "YL-A65", "lot_no": "A65-2603C", "quantity": 5000, "shipped_on": date(2026, 4, 1)}
    made.send("2026-04-01 09:00", "shipment", shipped, speaker("销售部"))
    complaint = {
        **{"customer": "启远", "customer_name": "启远", "product_model": "YL-A65", "lot_no": "A65-2603C"},
        **{"defect_qty": 16, "defect_symptom": "无输出", "defect_effect": "客户停线", "found_stage": "production"},
        **{"occurred_at": at("2026-05-10 08:00"), "qty_returned": 16, "severity": 2},
    }
    made.send("2026-05-11 10:05", "complaint", complaint, speaker("销售部"))
    asked = {"d8_requested_at": at("2026-05-11 15:00")}
    made.send("2026-05-11 15:00", "complaint", asked, speaker("销售部"), number="TS-202605-0001")
    return made


@functools.cache
def opened(depth: str) -> Record:
    return company(depth).record("8003-202605-0001")


def in_work(depth: str, stage: int) -> Record:
    """The 8D with all stages before this one answered."""
    given = ((CONTAINED, CONTAINED_IN_FULL), (FOUND, FOUND_IN_FULL))[:stage]
    answers: dict[str, Any] = {}
    for brief, more in given:
        answers |= brief | (more if depth == "full" else {})
    record = opened(depth)
    return dc.replace(record, values={**record.values, **answers}, status=STAGES[stage])


def sheet(record: Record) -> Form:
    catalogue = Company().procedures.catalogue
    return in_stage(catalogue.asked("eight_d", record.values), record.values, catalogue)


def empty_in_excel(record: Record) -> list[str]:
    """The field or list of every empty cell to be filled in."""
    spots = (s for strip in sheet_layout.strips(sheet(record), "zh", None, record) for s in strip.spots)
    return [s.list or s.field.name for s in spots if s.input and s.value is None]


def empty_in_word(record: Record) -> int:
    """Cells to be filled in with nothing in them, or with boxes of which none is ticked."""
    import docx

    document = docx.Document(io.BytesIO(render(record, Related(), Company().procedures, stamp="x")))
    cells = (tc for table in document.tables for row in table.rows for tc in row._tr.tc_lst)
    texts = ["".join(t.text or "" for t in tc.iter() if t.tag.endswith("}t")) for tc in cells if f'"{INPUT}"' in tc.xml]
    return sum(1 for text in texts if not text.strip() or ("□" in text and "■" not in text))


@pytest.mark.parametrize("stage", range(3))
def test_a_brief_8d_leaves_at_most_25_cells_empty_in_word_and_in_excel(stage: int) -> None:
    record = in_work("brief", stage)
    word, excel = empty_in_word(record), len(empty_in_excel(record))
    assert 0 < word <= MOST and 0 < excel <= MOST


@pytest.mark.parametrize("stage", range(3))
def test_a_full_8d_asks_for_at_most_25_answers(stage: int) -> None:
    record = in_work("full", stage)
    assert 0 < len(set(empty_in_excel(record))) <= MOST
    assert empty_in_word(record) > MOST, "the tables stand there in full"


@pytest.mark.parametrize("depth", ["brief", "full"])
def test_a_stage_holds_its_own_steps_and_the_answers_of_those_before(depth: str) -> None:
    def steps(record: Record) -> set[str]:
        form = sheet(record)
        return {s.name for s in form.sections if s.reply and s.fields}

    first, second = {"d0", "d1", "d2", "d3"}, {"d4", "d5"}
    assert [steps(in_work(depth, n)) for n in range(3)] == [first, first | second, first | second | {"d6", "d7", "d8"}]
    told = dict(blank_excel.texts(sheet(in_work(depth, 2)), Company().procedures.catalogue, "zh", in_work(depth, 2)))
    assert told["trc_occur"] == "电解液受潮" and told["leader"] == "秦牧"


def test_what_the_complaint_and_its_report_know_is_not_asked_again() -> None:
    values: Values = opened("full").values
    assert (values["qty_complained"], values["qty_delivered"], values["qty_returned"]) == (16, 5000, 16)
    assert (values["d0_symptom"], values["effect_customer"], values["detected_at"]) == ("无输出", "客户停线", "zero_km")
    assert values["detected_on"] == date(2026, 5, 10)


def test_a_brief_8d_runs_through_all_its_steps_to_the_end() -> None:
    """Nothing that a brief form does not ask for is missed by anybody, and every step is done in its turn."""
    office = company("brief")
    number = "8003-202605-0001"
    office.send("2026-05-12 11:00", "eight_d", CONTAINED, speaker("工程部"), number=number)
    office.send("2026-05-12 12:00", "eight_d", {}, speaker("销售部"), number=number, event="issue")
    office.send("2026-05-14 11:00", "eight_d", FOUND, speaker("工程部"), number=number)
    done = {
        "d6_impl": ({"action": "换用另一批电容", "done_on": DAY},),
        "d6_from_lot": "A65-2604A",
        "d6_from_on": DAY,
        "d6_validation": ({"metric": "ppm", "before": 3200, "after": 0},),
        "d6_result": "effective",
        "ica_removed_on": DAY,
        "d7_docs": ({"doc": "sop", "needed": "yes"},),
        "lesson": "来料受潮要测",
        "d8_checklist": ("cause_verified",),
    }
    office.send("2026-06-14 11:00", "eight_d", done, speaker("工程部"), number=number)
    office.send("2026-06-15 11:00", "eight_d", {"customer_accepted": "accepted"}, speaker("销售部"), number=number)
    record = office.record(number)
    assert record.status == "final" and all(f"d{n}_done" in record.values for n in range(9))
    assert not office.procedures.catalogue.missing("eight_d", record.values)


def test_where_the_customer_says_nothing_the_setting_counts(tmp_path: Any) -> None:
    assert company().record("8003-202605-0001").values["depth"] == "full"
    brief = company(own=with_limits(tmp_path, eight_d_depth="brief"))
    assert brief.record("8003-202605-0001").values["depth"] == "brief"

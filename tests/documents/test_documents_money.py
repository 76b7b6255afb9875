"""The documents of money and serious cases say what their golden texts say: facts, amounts, what is to be filled in,
and who signed or objected under which heading."""

from __future__ import annotations

import dataclasses as dc
import functools
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import support_documents as case
import support_rules
from support_rules import at

from qforms.documents import Related, render
from qforms.model import Record
from qforms.settings import Procedures

GOLDEN = Path(__file__).parent / "golden"
ROLES = {
    "aftersales": "售后服务部",
    "engineering": "工程部",
    "quality": "质保部",
    "production": "生产一车间",
    "gm": "总经理",
    "gmo": "总经办",
    "finance": "财务部",
}
PEOPLE = {"邓伟": "售后服务部", "顾承远": "总经理", "苏曼": "采购部", "田广志": "生产一车间", "周启文": "销售部"}
RELATED = Related(roles=ROLES, people=PEOPLE, heads={"售后服务部": "邓伟", "工程部": "秦牧", "质保部": "沈若川"})
CASE = "TS-202609-0003"
BURNT = {
    "customer_name": "陈先生",
    "address": "成都市武侯区",
    "product_name": "电吹风",
    "product_model": "YL-H20",
    "lot_no": "H20-2606A",
    "complaint": CASE,
    "defect_symptom": "使用中烧机，手部轻微烫伤",
}


@functools.cache
def procedures() -> Procedures:
    return support_rules.procedures(company={"name": "江苏云岭电器有限公司"})


def approval(event: str, verdict: str, by: str, when: str, **more: object) -> Record:
    values = {"event": event, "verdict": verdict, "decided_by": by, "decided_at": at(when), "means": "email", **more}
    return Record("approval", "SP-1", 0, "agreed", "", values)


def write_off() -> tuple[Record, Related]:
    values = {
        **BURNT,
        "to_depts": ("售后服务部",),
        "cc_depts": ("财务部",),
        "appraisal": "not_customer_caused",
        "appraiser": "何立群",
        "appraised_at": at("2026-09-24 09:30"),
        "handling": ("exchange", "compensation"),
        "goods": (
            {"item": "电吹风 YL-H20", "qty": Decimal(1), "unit_price": Decimal("299.00"), "amount": Decimal("299.00")},
        ),
        "compensation": Decimal("8260.00"),
        "writeoff_total": Decimal("8559.00"),
        "case_total": Decimal("8559.00"),
        "size_class": "large",
        "visit_at": at("2026-09-24 09:30"),
        "visit_by": ({"role": "supervisor", "person": "邓伟"}, {"role": "technician", "person": "何立群"}),
        "agreement_on": date(2026, 9, 28),
        "gm_approved_at": at("2026-09-29 10:00"),
        "photos": ({"name": "烧损机.png", "digest": "0" * 64},),
    }
    signed = approval("approve_large", "agree", "顾承远", "2026-09-29 10:00")
    return Record("write_off", "HX-202609-0001", 2, "approved", CASE, values), dc.replace(RELATED, approvals=(signed,))


def recall_analysis() -> tuple[Record, Related]:
    values = {
        "to_depts": ("工程部",),
        "triggers": ("TR9",),
        "trigger_at": at("2026-09-23 20:30"),
        "trigger_complaint": CASE,
        "product_model": "YL-H20",
        "lot_no": "H20-2606A",
        "severity": 4,
        "authority": "provincial",
        "authority_due_on": date(2026, 9, 28),
    }
    return Record("recall_analysis", "ZH-202609-0001", 0, "draft", CASE, values), RELATED


def field_investigation() -> tuple[Record, Related]:
    values = {**BURNT, "to_depts": ("质保部",), "severity": 4, "safety_risk": True, "defect_qty": 1}
    return Record("field_investigation", "DC-202609-0001", 0, "issued", CASE, values), RELATED


def stop_ship() -> tuple[Record, Related]:
    values = {
        "to_depts": ("生产一车间", "质保部"),
        "product_model": "YL-H20",
        "lot_no": "H20-2606A",
        "warehouse": "成品库、在途、经销商",
        "severity": 4,
        "complaints": (CASE,),
        "trigger_at": at("2026-09-23 20:30"),
    }
    return Record("stop_ship", "TF-202609-0001", 0, "ordered", CASE, values), RELATED


def cost_transfer() -> tuple[Record, Related]:
    def line(qty: int, cost: str, amount: str, **more: object) -> dict[str, object]:
        return {
            "category": "recall",
            "qty": Decimal(qty),
            "unit_cost": Decimal(cost),
            "amount": Decimal(amount),
            **more,
        }

    values = {
        "to_depts": ("采购部", "生产一车间"),
        "incident": "无输出 16 台",
        "from_dept": "销售部",
        "cost_lines": (
            line(10, "40.00", "400.00", is_estimate=True),
            line(-10, "40.00", "-400.00", is_estimate=True, reversal=True),
            line(10, "38.50", "385.00"),
        ),
        "total_cost": Decimal("385.00"),
        "shares": (
            {"bearer_type": "supplier", "bearer": "苏州恒丰电子", "pct": Decimal(70), "amount": Decimal("269.50")},
            {"bearer_type": "dept", "bearer": "生产一车间", "pct": Decimal(30), "amount": Decimal("115.50")},
        ),
        "basis": "8D D4",
        "unit_verdict": "object",
        "unit_reason": "老化时间由工艺文件规定",
        "issued_at": at("2026-05-20 10:00"),
    }
    given = (
        approval("issue", "agree", "周启文", "2026-05-20 10:00"),
        approval("agree", "agree", "苏曼", "2026-05-20 15:00", unit="采购部"),
        approval("object", "object", "田广志", "2026-05-20 16:00", reason="老化时间由工艺文件规定"),
    )
    record = Record("cost_transfer", "8002-202605-0001", 3, "objected", "TS-202605-0002", values)
    return record, dc.replace(RELATED, approvals=given)


MADE = (write_off, recall_analysis, field_investigation, stop_ship, cost_transfer)


@pytest.mark.parametrize("made", MADE, ids=lambda f: f.__name__)
def test_says_what_the_golden_text_says(made: object) -> None:
    record, related = made()  # type: ignore[operator]
    said = case.text(render(record, related, procedures(), stamp="x"))
    assert said == (GOLDEN / f"{record.form}.zh.txt").read_text("utf-8")


def test_an_objection_is_no_approval() -> None:
    said = case.text(render(*cost_transfer(), procedures(), stamp="x"))
    assert "批准 | 周启文  销售部（邮件）" in said
    assert "会签 | 苏曼  采购部（邮件）" in said and "异议 | 田广志  生产一车间（邮件）" in said
    assert "批准 | 田广志" not in said and "老化时间由工艺文件规定" in said


def test_a_document_of_which_nothing_is_left_to_fill_in_begins_no_new_page() -> None:
    record, related = write_off()
    done = dc.replace(record, status="filed")
    assert b"w:pageBreakBefore" not in case.part(render(done, related, procedures(), stamp="x")).encode()

"""The forms of returns and repair on paper: each filled in and blank says what its golden text says, in both languages;
what is private stays off paper that may leave; the blank files are read back as they were filled in."""

from __future__ import annotations

import functools
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import support_documents as case
import support_rules as shipped
from acceptance import office as person

from qforms.documents import Related, blank, render
from qforms.forms import blank_excel
from qforms.model import Record
from qforms.office import excel, find, word
from qforms.office.package import Package
from qforms.settings import Company, Procedures

GOLDEN = Path(__file__).parent / "golden"
COMPANY = Company(name="江苏云岭电器有限公司", name_en="Jiangsu Yunling Electric Co., Ltd.")
RELATED = Related(roles={"工程部": ("engineering", "repair"), "售后服务部": ("aftersales",), "质保部": ("quality",)})


@functools.cache
def procedures() -> Procedures:
    return shipped.procedures(company=COMPANY)


def at(text: str) -> datetime:
    return shipped.at(f"2026-06-{text}")


ITEM: dict[str, Any] = {
    "complaint": "TS-202606-0001",
    "customer_name": "常州宏泽机械有限公司",
    "product_model": "YL-V30",
    "lot_no": "V30-2604A",
    "serial_nos": ("V30-2604A-088",),
    "defect_symptom": "OC 过流停机",
}
CONTACT = {"contact_name": "陈工", "contact_phone": "0519-8123 4567"}
RECORDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "work_order": (
        "GD-202606-0001",
        "agreed",
        {
            "to_depts": ("售后服务部",),
            "cc_depts": ("销售部",),
            **ITEM,
            **CONTACT,
            "assignee": "马俊",
            "contacted_at": at("15 13:20"),
            "service_mode": "workshop",
            "agreed_time": at("17 09:00"),
            "agreed_plan": "寄回返修，期间提供备用机",
            "progress": (
                {
                    "at": at("17 14:00"),
                    "by": "马俊",
                    "text": "收到返修品",
                    "state": "under_way",
                    "visible_to_customer": True,
                },
            ),
        },
    ),
    "return_application": (
        "FX-202606-0001",
        "received",
        {
            "to_depts": ("工程部",),
            **ITEM,
            **CONTACT,
            "return_qty": 1,
            "customer_demand": ("repair",),
            "carrier": "顺丰",
            "waybill_no": "SF1390",
            "review_problem_ok": True,
            "review_condition_ok": True,
            "review_decision": "accept",
            "reviewer": "何立群",
            "reviewed_at": at("16 17:30"),
            "return_received_at": at("17 14:00"),
            "received_qty": 1,
            "return_class": "special",
            "class_change_reason": "主控 IC 缺货，需外购验证",
            "warranty_start": date(2026, 4, 20),
            "warranty_until": date(2027, 4, 20),
            "warranty_status": "in",
        },
    ),
    "return_repair": (
        "FX-202606-0001-R",
        "passed",
        {
            "to_depts": ("工程部",),
            "return_application": "FX-202606-0001",
            **ITEM,
            "return_received_at": at("17 14:00"),
            "received_qty": 1,
            "return_class": "special",
            "plan_staff": "何立群",
            "plan_from": at("17 14:00"),
            "plan_to": at("18 12:00"),
            "plan_tools": "示波器、负载台",
            "customer_informed_at": at("17 09:00"),
            "tests_before": ({"item": "输出电流", "limit": "≤ 30 A", "value": "45 A", "ok": False},),
            "failure_analysis": "主控 IC 静电损伤",
            "mechanism_code": "esd",
            "analysed_at": at("24 16:00"),
            "operation": "replace",
            "parts": ({"part_no": "IC-8301", "name": "主控 IC", "qty": 1, "unit_cost": 186, "amount": 186},),
            "repaired_at": at("24 16:00"),
            "done_at": at("24 16:00"),
            "tests_after": ({"item": "输出电流", "limit": "≤ 30 A", "value": "28 A", "ok": True},),
            "qty_confirmed": 1,
            "assessment": "pass",
            "assessor": "沈若川",
            "assessed_at": at("24 17:00"),
            "loan_model": "YL-V30",
            "loaned_on": date(2026, 6, 20),
            "gm_escalated_at": at("20 14:00"),
            "gm_decision": "先提供备用机，加急采购",
            "gm_decided_at": at("20 15:30"),
        },
    ),
}


def printed(form: str, lang: Any = "zh", outside: bool = False) -> str:
    number, status, values = RECORDS[form]
    record = Record(form, number, 1, status, "TS-202606-0001", values)
    return case.text(render(record, RELATED, procedures(), stamp=case.STAMP, lang=lang, outside=outside))


@pytest.mark.parametrize("form", RECORDS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_filled_form_says_what_its_golden_text_says(form: str, lang: str) -> None:
    assert printed(form, lang) == (GOLDEN / f"{form}.{lang}.txt").read_text("utf-8")


@pytest.mark.parametrize("form", RECORDS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_blank_form_says_what_its_golden_text_says(form: str, lang: Any) -> None:
    said = case.text(blank(form, procedures(), stamp=case.STAMP, lang=lang))
    assert said == (GOLDEN / f"{form}.blank.{lang}.txt").read_text("utf-8")


def test_the_customer_s_copy_of_the_application_names_no_department_and_no_reason_of_ours() -> None:
    said = printed("return_application", outside=True)
    assert "受理" in said and "V30-2604A-088" in said
    assert "工程部" not in said and "主控 IC 缺货" not in said and "0519" not in said


def test_the_general_manager_s_decision_stands_on_the_internal_record() -> None:
    assert "先提供备用机，加急采购" in printed("return_repair")
    assert procedures().catalogue.form("return_repair").audience == "internal"


FILLED = {
    "work_order": {"assignee": ("售后负责人", "马俊"), "agreed_plan": ("商定方案", "更换面板")},
    "return_application": {
        "customer_name": ("客户名称", "甲"),
        "waybill_no": ("运单号", "SF1"),
        "return_qty": ("返修数量", "1"),
    },
    "return_repair": {"plan_staff": ("返修人员", "何立群"), "failure_analysis": ("失效分析", "缺油")},
}


@pytest.mark.parametrize("form", FILLED)
@pytest.mark.parametrize("kind", ["docx", "xlsx"])
def test_what_a_person_writes_into_the_blank_is_read_back(form: str, kind: str) -> None:
    p = procedures()
    declared = p.catalogue.form(form)
    if kind == "docx":
        data = blank(form, p, stamp=case.STAMP)
    else:
        data = blank_excel.blank(declared, p.catalogue, COMPANY.name, "zh", stamp=case.STAMP)
    written = dict(FILLED[form].values())
    package = Package(person.fill(data, f"form.{kind}", written), 10**8)
    book = (word if kind == "docx" else excel).read(package, 10**6)
    found = find.find(book, declared, p.catalogue.labels(form)).values
    assert {name: str(found[name][0]) for name in FILLED[form]} == {n: text for n, (_, text) in FILLED[form].items()}

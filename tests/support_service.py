"""Case 1b as records: the panel of an induction cooker, repaired at home and paid for (domain 5.1)."""

from __future__ import annotations

import functools
from datetime import date
from decimal import Decimal
from typing import Any

import support_documents as case
from support_rules import at, procedures

from qforms.forms.catalogue import with_conditions
from qforms.model import Record
from qforms.settings import Procedures

D = Decimal
PARTS = (
    {
        "part_no": "C21-PANEL",
        "name": "面板",
        "qty": D(1),
        "unit_price": D("168.00"),
        "price_row": "C21-PANEL/2026-01-01",
        "price_date": date(2026, 1, 1),
        "amount": D("168.00"),
    },
)
CUST = {
    "customer_name": "刘女士",
    "customer_type": "end_user",
    "contact_name": "刘女士",
    "contact_phone": "0571-8123 4567",
    "address": "杭州市西湖区文三路 9 号",
}
PROD = {"product_name": "电磁炉", "product_model": "YL-C21", "lot_no": "C21-2512A", "serial_nos": ("C2125120417",)}
RECORDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "repair_acceptance": (
        "WX-202603-0001",
        "accepted",
        {
            **CUST,
            **PROD,
            "complaint": "TS-202603-0001",
            "accepted_at": at("2026-03-11 13:34"),
            "accepted_by": "林晓岚",
            "service_mode": "onsite",
            "repairer": "马俊",
            "wanted_time": at("2026-03-12 10:00"),
            "defect_symptom": "锅具掉落，面板开裂",
            "defect_qty": 1,
        },
    ),
    "repair_roster": (
        "PB-2026W11",
        "planned",
        {
            "week_no": "2026W11",
            "planned_by": "邓伟",
            "unassigned": 1,
            "jobs": ({"order": "WX-202603-0001", "where": "刘女士 0571-8123 4567 杭州市西湖区文三路 9 号"},),
        },
    ),
    "charge_bill": (
        "SF-202603-0001",
        "consented",
        {
            k: v
            for k, v in {
                **CUST,
                **PROD,
                "repair": "WX-202603-0001",
                "service_on": date(2026, 3, 12),
                "collector": "马俊",
                "reason": "面板左上角有撞击点，外力冲击",
                "items": PARTS,
                "labour_fee": D("60.00"),
                "total": D("228.00"),
                "total_cn": "人民币贰佰贰拾捌元整",
                "customer_consent": True,
            }.items()
            if k not in ("customer_type", "contact_name", "product_name", "lot_no")
        },
    ),
    "return_visit": (
        "HF-202603-0001",
        "due",
        {
            **CUST,
            "product_model": "YL-C21",
            "plan": ("closure",),
            "stage": ("w1",),
            "planned_on": date(2026, 3, 19),
            "visitor": "林晓岚",
            "complaint": "TS-202603-0001",
            "closed_on": date(2026, 3, 12),
            "say_opening": "您好，刘女士，我是江苏云岭电器有限公司的售后服务林晓岚。"
            "现在您是否方便，我可以打扰您一下吗？",
            "say_inconvenient": "很抱歉占用您宝贵的时间，有机会我们会再打给您的。",
            "say_question": "非常感谢您对我们产品的信任。3月12日我们为您处理的电磁炉 YL-C21，您满意吗？"
            "您对我们的销售、施工、产品等有什么意见和要求？",
            "say_end": "感谢您的意见。有产品问题请随时告诉我们，我们会马上转给售后处理。祝您生活愉快！",
        },
    ),
    "service_card": (
        "FK-202608-0001",
        "registered",
        {
            **CUST,
            **PROD,
            "service_card_no": "K-260831-07",
            "installed_on": date(2026, 8, 31),
            "installer": "马俊",
            "registered_on": date(2026, 9, 1),
            "bought_on": date(2026, 8, 30),
        },
    ),
    "customer_file": (
        "DA-刘女士",
        "open",
        {
            **CUST,
            "service_card_no": "K-260831-07",
            "installed_products": (
                {
                    "model": "YL-C21",
                    "serial": ("C2125120417",),
                    "lot": "C21-2512A",
                    "installed_on": date(2026, 8, 31),
                    "installer": "马俊",
                },
            ),
            "history": (
                {
                    "record": "TS-202603-0001",
                    "kind": "complaint",
                    "on": date(2026, 3, 11),
                    "summary": "锅具掉落，面板开裂",
                    "result": "已更换面板，客户付费",
                },
                {
                    "record": "WX-202603-0001",
                    "kind": "repair",
                    "on": date(2026, 3, 11),
                    "summary": "锅具掉落，面板开裂",
                    "result": "更换面板",
                },
                {
                    "record": "SF-202603-0001",
                    "kind": "bill",
                    "on": date(2026, 3, 12),
                    "summary": "外力冲击",
                    "result": "S-0312",
                    "amount": D("228.00"),
                },
            ),
            "repair_count": 1,
            "repair_cost": D("228.00"),
            "visit_count": 1,
            "csat_mean": D("4.33"),
        },
    ),
    "price": (
        "C21-PANEL/2026-01-01",
        "active",
        {
            "part_no": "C21-PANEL",
            "name": "面板",
            "product_model": "YL-C21",
            "unit": "件",
            "unit_price": D("168.00"),
            "valid_from": date(2026, 1, 1),
        },
    ),
}


@functools.cache
def service() -> Procedures:
    made = procedures(company=case.COMPANY)
    forms = with_conditions(made.catalogue, made.rulebook.conditions)
    return Procedures(forms, made.rulebook, made.work, made.settings, made.keys)


def record(form: str, **values: Any) -> Record:
    number, status, own = RECORDS[form]
    return Record(
        form, number, 0, status, "TS-202603-0001" if number[:2] in ("WX", "SF", "HF") else "", {**own, **values}
    )

"""What may not be is refused: to its sender, in his language, with the reason and the field; the record stays as it
was. Each comes as a mail with a JSON form, through reading, admission and the rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from acceptance import post
from support_desk import Company, speaker
from support_rules import at

from qforms import intake
from qforms.model import Delivery, Outcome, Speaker
from qforms.office.child import OfficeReader
from qforms.rules import judge

DAY = "2026-05-18 09:00"
ENGLISH = "Dear colleagues, please find the form attached, and take it into the record. Thank you very much."
OFFICE = Speaker("office", "office@yunling.example", "", frozenset({"office", "aftersales", "sales"}), trusted=True)


@dataclass(frozen=True)
class Case:
    """A form that somebody sends and may not, and what he is told of which field."""

    prepare: Callable[[Company], object]
    sender: str
    form: dict[str, Any]
    number: str  # of the record that stays as it was; "" when none may come to be
    zh: tuple[str, str]  # field, reason
    en: tuple[str, str]


def deduction(company: Company) -> None:
    values = {"party_kind": "supplier", "party": "恒丰", "reason": "x", "amount": Decimal("9000.00")}
    company.send(DAY, "deduction_notice", values, speaker("总经办"))


def posted(company: Company) -> None:
    """A review sheet of which the second issue is posted."""
    finding = {"place": "W1", "nonconformity": "no output", "ng_qty": 2, "inspected_qty": 380}
    company.send(DAY, "nonconformity_review", finding, speaker("生产一车间"))
    action = {"action": "bake", "kind": "corrective", "owner_dept": "生产一车间", "owner": "田广志"}
    judged = {
        "follower": "沈若川",
        "cause": "moist",
        "responsible_dept": ("生产一车间",),
        "responsible_person": "田广志",
        "required_on": date(2026, 5, 30),
        "investigated_by": "沈若川",
        "sent_depts": ("生产一车间",),
        "actions": ({**action, "planned_on": date(2026, 5, 30)},),
    }
    number = "BHG-202605-0001"
    company.send("2026-05-18 10:00", "nonconformity_review", judged, speaker("质保部"), number=number)
    chief = Speaker(
        "person", "lu@yunling.example", "卢正平", frozenset({"chief_engineer"}), ("总工程师",), trusted=True
    )
    agreed = {"target": number, "verdict": "agree", "decided_by": "卢正平", "decided_at": at("2026-05-18 11:00")}
    company.send("2026-05-18 11:00", "approval", agreed, chief)
    company.send("2026-05-18 12:00", "posting", {"posted": True}, speaker("生产一车间"), number="TG-202605-0001")


def claim(company: Company) -> None:
    fault = {"customer_name": "张先生", "product_model": "YL-H20", "defect_qty": 1, "plan_kind": ("compensation",)}
    company.send(DAY, "complaint", fault, speaker("销售部"))


def transfer(company: Company) -> None:
    line = {"category": "freight", "qty": Decimal(1), "unit_cost": Decimal("100.00")}
    values = {"incident": "x", "from_dept": "销售部", "cost_lines": (line,)}
    company.send(DAY, "cost_transfer", values, speaker("销售部"))


def applied(company: Company) -> None:
    values = {"customer_name": "启元电子", "product_model": "YL-A65", "return_qty": 5}
    company.send(DAY, "return_application", values, speaker("销售部"))
    review = {"review_decision": "accept"}
    company.send("2026-05-18 10:00", "return_application", review, speaker("工程部"), number="FX-202605-0001")


def received(company: Company) -> None:
    applied(company)
    arrived = {"return_received_at": at("2026-05-18 14:00"), "received_qty": 5, "return_class": "general"}
    company.send("2026-05-18 14:00", "return_application", arrived, speaker("工程部"), number="FX-202605-0001")


def deleted(company: Company) -> None:
    card = {"customer_name": "刘女士", "contact_phone": "13900000000", "product_model": "YL-H20"}
    company.send(DAY, "service_card", {**card, "installed_on": date(2026, 5, 11)}, OFFICE)
    company.send("2026-05-18 10:00", "customer_file", {}, OFFICE, number="DA-刘女士", event="delete")


VISIT = {
    **{"customer_name": "刘女士", "customer_file": "DA-刘女士", "planned_on": "2026-05-18", "reach": "reached"},
    **{"visited_at": "2026-05-19 08:00", "score_speed": 5, "score_result": 5, "score_attitude": 5},
}
OBJECTION = {"target_doc": "BHG-202605-0001", "target_rev": 0, "obj_fields": "responsible_person", "obj_text": "no"}
SHARES = [
    {"bearer_type": "dept", "bearer": "采购部", "pct": 70},
    {"bearer_type": "dept", "bearer": "生产一车间", "pct": 20},
]
CASES = {
    "a decision by somebody who may not": Case(
        deduction,
        "head.quality@yunling.example",
        {"form": "deduction_notice", "number": "8004-202605-0001", "event": "approve", "values": {}},
        "8004-202605-0001",
        ("批准", "不由您决定"),
        ("approve", "not yours to decide"),
    ),
    "an objection to the wrong revision": Case(
        posted,
        "head.production@yunling.example",
        {"form": "objection", "values": OBJECTION},
        "BHG-202605-0001",
        ("异议", "版"),
        ("objection", "revision that is on notice"),
    ),
    "shares that do not add up": Case(
        transfer,
        "head.sales@yunling.example",
        {"form": "cost_transfer", "number": "8002-202605-0001", "values": {"shares": SHARES}},
        "8002-202605-0001",
        ("承担单位与比例", "承担比例合计须为 100"),
        ("Bearers and shares", "shares must add up to 100"),
    ),
    "a payment before approval": Case(
        claim,
        "head.aftersales@yunling.example",
        {"form": "write_off", "number": "HX-202605-0001", "values": {"paid_at": "2026-05-18 10:00"}},
        "HX-202605-0001",
        ("付款/发货时间", "审批之前不得付款"),
        ("Paid", "approv"),
    ),
    "a repair finished before it was received": Case(
        applied,
        "head.engineering@yunling.example",
        {"form": "return_repair", "number": "FX-202605-0001-R", "values": {"repaired_at": "2026-05-18 12:00"}},
        "FX-202605-0001-R",
        ("修理完成时间", "还没有登记收到返修品"),
        ("Repaired at", "not been received"),
    ),
    "a class change without a reason": Case(
        received,
        "head.engineering@yunling.example",
        {"form": "return_application", "number": "FX-202605-0001", "values": {"return_class": "special"}},
        "FX-202605-0001",
        ("变更理由", "理由"),
        ("Reason for change", "reason"),
    ),
    "a visit for a deleted customer": Case(
        deleted,
        "head.aftersales@yunling.example",
        {"form": "return_visit", "values": VISIT},
        "",
        ("接通情况", "客户的售后档案已删除"),
        ("Reach", "has been deleted"),
    ),
}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_is_refused_with_reason_and_field_to_its_sender_and_nothing_changes(case: Case, lang: str) -> None:
    company = Company()
    case.prepare(company)
    before = dict(company.facts.records)
    outcome = mailed(company, case, "见附件，请处理。" if lang == "zh" else ENGLISH)
    assert outcome.state in ("refused", "partial")
    assert before == dict(company.facts.records)
    told = [i for i in company.letters() if i.kind in ("rejection", "question") and i.to == (case.sender,)]
    assert told and told[-1].lang == lang
    said = " ".join(" ".join(p) for p in told[-1].facts["problems"])
    for words in case.zh if lang == "zh" else case.en:
        assert words in said


def mailed(company: Company, case: Case, text: str) -> Outcome:
    """The form in a mail, read, admitted and judged."""
    now = at(DAY) + timedelta(days=1)
    company.until(now)
    raw = post.mail(
        sender=case.sender,
        to="quality@company.example",
        subject="form" if text == ENGLISH else "单据",
        text=text,
        files=(("form.json", json.dumps(case.form).encode()),),
        at=now,
    )
    office = OfficeReader(company.procedures.settings.limits)
    reading = intake.read(Delivery("maildir", "1", now, raw, digest="d" * 64), company.procedures, office, now)
    outcomes = intake.admit(reading, company.facts, company.procedures, now)
    judged = judge(outcomes, reading, company.facts, company.procedures, now)
    company.take(judged, now, reading)
    return judged.outcomes[0]

"""Case 3 of the procedures: a batch above 3 per mille, from the first complaint to the deduction notice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from support_desk import MAIL, Company, speaker
from support_rules import at

FACTS = {
    "customer_name": "深圳启远智能科技有限公司",
    "customer_type": "oem",
    "channel": "email",
    "nature": "complaint",
    "product_model": "YL-A65",
    "lot_no": "A65-2603C",
    "defect_symptom": "无输出",
    "defect_category": "function",
    "severity": 2,
    "prelim_class": "single_defect",
}
R8001 = "8001-202605-0001"
K1, K2, K3 = "TS-202604-0001", "TS-202605-0001", "TS-202605-0002"


def complaint(company: Company, when: str, units: int, **more: Any) -> str:
    return company.send(when, "complaint", {**FACTS, "defect_qty": units, **more}, speaker("销售部")).number


@pytest.fixture
def company() -> Company:
    company = Company()
    lot = {
        "product_model": "YL-A65",
        "lot_no": "A65-2603C",
        "shipped_on": at("2026-03-20 00:00").date(),
        "quantity": 5000,
    }
    company.send("2026-03-20 10:00", "shipment", lot, speaker("销售部"))
    assert complaint(company, "2026-04-20 09:30", 6) == K1
    assert complaint(company, "2026-05-06 14:20", 9) == K2
    assert R8001 not in company.facts.records, "3.000 per mille is not above 3"
    assert complaint(company, "2026-05-11 10:05", 1) == K3
    return company


def test_the_third_complaint_opens_the_8001(company: Company) -> None:
    report = company.record(R8001)
    assert report.case_no == K3 and report.status == "draft" and report.revision == 0
    assert report.values["trigger_at"] == at("2026-05-11 10:05")
    assert report.values["trigger_complaint"] == K3
    assert report.values["complaints"] == (K1, K2, K3)
    assert (report.values["n_defect"], report.values["n_shipped"]) == (16, 5000)
    assert report.values["rate_permille"] == Decimal("3.2") and report.values["rate_ppm"] == 3200
    assert report.values["trigger_text"] == "TR1 16/5000 = 3.200‰"
    assert report.values["triggers"] == ("TR1",) and report.values["denom_basis"] == "lot"
    assert report.values["product_model"] == "YL-A65" and report.values["defect_symptom"] == "无输出"
    assert not [r for r in company.facts.records.values() if r.form == "topical_report"]


def test_recipients_of_the_first_issue(company: Company) -> None:
    report = company.record(R8001)
    assert report.values["to_depts"] == ("工程部", "总经办")
    assert report.values["cc_depts"] == ("质保部", "销售部")
    company.send("2026-05-13 17:20", "market_abnormality", {}, speaker("销售部"), number=R8001, event="issue")
    [letter] = company.letters("issue_8001")
    assert letter.to == (MAIL["工程部"], MAIL["总经办"]) and letter.cc == (MAIL["质保部"], MAIL["销售部"])
    assert letter.revision == 0 and letter.attach == (f"document:{R8001}@0",)
    assert letter.key == f"issue:{R8001}:0:issue_8001"
    assert letter.facts["rate"] == "3.2‰" and letter.facts["model"] == "YL-A65"
    clock = company.clock("report_8001", R8001)
    assert clock.due_at == at("2026-05-14 10:05") and clock.state == "met"
    assert clock.met_at == at("2026-05-13 17:20")
    assert company.due("engineering_reply", R8001) == "05-14 17:20"
    assert report.values["due_at"] == at("2026-05-14 10:05")


def test_customer_clocks(company: Company) -> None:
    due = {k: (company.due("recontact", k), company.due("defect_answer", k)) for k in (K1, K2, K3)}
    assert due == {
        K1: ("04-21 09:30", "04-22 09:30"),
        K2: ("05-07 14:20", "05-08 14:20"),
        K3: ("05-12 10:05", "05-13 10:05"),
    }
    contact = {"case_no": K3, "direction": "out", "means": "phone"}
    company.send("2026-05-11 14:30", "contact", contact, speaker("销售部"))
    company.send("2026-05-12 11:00", "contact", {**contact, "is_answer": True}, speaker("销售部"))
    assert company.clock("recontact", K3).met_at == at("2026-05-11 14:30")
    assert company.clock("defect_answer", K3).state == "met"
    assert company.clock("defect_answer", K3).met_at == at("2026-05-12 11:00")
    assert company.record(K3).status == "answered"


def test_responsibility_is_re_sent_without_restarting_the_clock(company: Company) -> None:
    company.send("2026-05-13 17:20", "market_abnormality", {}, speaker("销售部"), number=R8001, event="issue")
    before = company.clock("report_8001", R8001)
    units = {"responsibility": "company", "responsible_dept": ("采购部", "生产一车间")}
    company.send("2026-05-18 09:00", "market_abnormality", units, speaker("总经办"), number=R8001)
    report = company.record(R8001)
    assert report.revision == 1 and report.values["to_depts"] == ("采购部", "生产一车间")
    assert report.values["cc_depts"] == ("总经办", "工程部", "质保部", "销售部")
    [letter] = company.letters("revision_8001")
    assert letter.to == (MAIL["采购部"], MAIL["生产一车间"]) and letter.revision == 1
    assert company.clock("report_8001", R8001) == before


def test_the_reply_of_engineering(company: Company) -> None:
    company.send("2026-05-13 17:20", "market_abnormality", {}, speaker("销售部"), number=R8001, event="issue")
    reply = {"tech_class": "batch", "mechanism_confirmed": True, "cause_analysis": "电解电容失效"}
    company.send("2026-05-14 11:00", "market_abnormality", reply, speaker("工程部"), number=R8001)
    assert company.record(R8001).status == "replied"
    assert company.clock("engineering_reply", R8001).state == "met"
    assert [i.to for i in company.letters("reply_8001")] == [(MAIL["销售部"],)]
    assert not company.letters("revision_8001"), "what a department fills in is no revision for its readers"


def test_the_8d_and_the_dates_of_its_steps(company: Company) -> None:
    wish = {"d8_requested_at": at("2026-05-11 15:00")}
    company.send("2026-05-11 15:00", "complaint", wish, speaker("销售部"), number=K3)
    number = "8003-202605-0001"
    report = company.record(number)
    assert report.case_no == K3 and company.record(K3).values["eight_d"] == number
    assert company.due("eight_d_first_issue", number) == "05-14 15:00"
    steps = {f"d{i}": company.due(f"eight_d_d{i}", number) for i in range(3, 9)}
    assert steps == {
        "d3": "05-13 10:05",
        "d4": "05-18 10:05",
        "d5": "05-21 10:05",
        "d6": "05-25 10:05",
        "d7": "06-25 10:05",
        "d8": "07-10 10:05",
    }
    assert report.values["d3_due"] == at("2026-05-13 10:05") and report.values["d8_due"] == at("2026-07-10 10:05")
    assert report.values["to_depts"] == ("工程部",)
    assert report.values["customer_name"] == FACTS["customer_name"]


def test_the_cost_transfer_and_the_deduction(company: Company) -> None:
    company.send("2026-05-20 10:00", "complaint", {"loss_estimate": Decimal("9000")}, speaker("销售部"), number=K3)
    number = "8002-202605-0001"
    assert company.record(number).values["source_docs"] == (K3,)
    lines = [
        ("material", "16", "46.80"),
        ("sorting", "32", "45.00"),
        ("rework", "380", "3.20"),
        ("freight", "1", "860.00"),
        ("travel", "1", "1280.00"),
        ("customer_claim", "1", "3500.00"),
    ]
    rows = tuple({"category": c, "qty": Decimal(q), "unit_cost": Decimal(u)} for c, q, u in lines)
    shares = (
        {"bearer_type": "supplier", "bearer": "苏州恒丰电子", "pct": Decimal(70)},
        {"bearer_type": "dept", "bearer": "生产一车间", "pct": Decimal(30)},
    )
    company.send(
        "2026-05-20 11:00", "cost_transfer", {"cost_lines": rows, "shares": shares}, speaker("销售部"), number=number
    )
    values = company.record(number).values
    assert values["total_cost"] == Decimal("9044.80")
    assert [r["amount"] for r in values["cost_lines"]] == [
        Decimal(x) for x in ("748.80", "1440.00", "1216.00", "860.00", "1280.00", "3500.00")
    ]
    assert [r["amount"] for r in values["shares"]] == [Decimal("6331.36"), Decimal("2713.44")]
    decided = {
        "deduct_kind": "supplier",
        "deduct_from": "苏州恒丰电子",
        "deduct_amount": Decimal("6331.36"),
        "basis": "8D D4",
    }
    company.send("2026-05-21 09:00", "cost_transfer", decided, speaker("总经办"), number=number)
    notice = company.record("8004-202605-0001")
    assert notice.values["amount"] == Decimal("6331.36") and notice.values["party"] == "苏州恒丰电子"
    assert notice.values["source_docs"] == (number,)
    [letter] = company.letters("large_deduction")
    assert letter.to == (MAIL["总经理"],) and letter.audience == "manager" and letter.code
    assert letter.facts["ask"] == {"agree": "approve", "refuse": "refuse"}


def test_the_general_manager_approves_the_deduction(company: Company) -> None:
    test_the_cost_transfer_and_the_deduction(company)
    number = "8004-202605-0001"
    early = company.send("2026-05-21 10:00", "deduction_notice", {}, speaker("总经办"), number=number, event="issue")
    assert early.state == "refused" and early.reason and early.reason.code == "event_gate"
    verdict = {"target": number, "event": "approve", "verdict": "agree", "decided_by": "顾承远"}
    own = company.send("2026-05-21 11:00", "approval", verdict, speaker("总经办"))
    assert own.state == "refused" and own.reason and own.reason.code == "event_right"
    entered = company.send("2026-05-21 11:30", "approval", {**verdict, "entered_for": "顾承远"}, speaker("总经办"))
    assert entered.state == "accepted" and company.record(number).status == "draft"
    company.send("2026-05-21 12:00", "approval", verdict, speaker("总经理"))
    assert company.record(number).status == "approved"
    company.send("2026-05-21 13:00", "deduction_notice", {}, speaker("总经办"), number=number, event="issue")
    assert company.record(number).status == "issued"
    [letter] = company.letters("issue_8004")
    assert letter.to == (MAIL["采购部"],) and letter.cc == (MAIL["财务部"], MAIL["总经办"])


def test_one_issued_a_second_late_is_late(company: Company) -> None:
    late = at("2026-05-14 10:05").replace(second=1)
    company.send(late, "market_abnormality", {}, speaker("销售部"), number=R8001, event="issue")
    assert company.clock("report_8001", R8001).state == "met_late"


def test_nobody_issues_the_report(company: Company) -> None:
    company.until("2026-05-15 10:05")
    clock = company.clock("report_8001", R8001)
    assert clock.state == "overdue" and clock.steps == ("50%", "80%", "100%", "+24h") and clock.escalations == 2
    sent = [i for i in company.letters(number=R8001) if i.rule == "report_8001"]
    assert [i.kind for i in sent] == ["reminder", "reminder", "escalation", "escalation"]
    assert [i.at for i in sent] == [
        at("2026-05-12 22:05"),
        at("2026-05-13 19:41"),
        at("2026-05-14 10:05"),
        at("2026-05-15 10:05"),
    ]
    assert sent[2].to == (MAIL["销售部"], "head.sales@yunling.example", MAIL["总经办"], MAIL["总经理"])
    assert sent[0].not_before == at("2026-05-13 08:00"), "a reminder at night waits for the morning"


def test_after_a_standstill_there_is_one_letter_a_clock(company: Company) -> None:
    moment = at("2026-05-24 10:06")
    from qforms.rules import ring

    before = len(company.letters())
    judged = ring(company.clock("report_8001", R8001), company.facts, company.procedures, moment)
    company.take(judged, moment)
    assert len(company.letters()) == before + 1
    clock = company.clock("report_8001", R8001)
    assert clock.next_at and clock.next_at > moment
    [rung] = [e for e in judged.entries if e.what == "escalation"]
    assert rung.at <= moment and rung.at == at("2026-05-24 10:05")

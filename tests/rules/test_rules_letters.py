"""Who is written to, who is not, and what is refused."""

from __future__ import annotations

import dataclasses as dc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support_desk import MAIL, Company, speaker
from support_rules import at, procedures, with_limits

from qforms.model import Outcome, Speaker
from qforms.rules import judge

SALES = speaker("销售部")
HR = Speaker("person", "hr@yunling.example", "人力", frozenset({"hr"}), ("人力资源部",), trusted=True)
STRANGER = Speaker("stranger", "who@else.example", "某人")
FACTS = {"product_model": "M1", "defect_symptom": "冒烟", "defect_category": "function", "defect_qty": 1}
NIGHT, DAY = "2026-05-11 22:00", "2026-05-11 10:05"


def from_customer(company: Company, when: str, by: Speaker, **more: Any) -> Outcome:
    more = {"answer": "acknowledgement", **more}
    return company.send(when, "complaint", FACTS, by, **more)


def test_a_customer_is_acknowledged_in_the_thread() -> None:
    company = Company()
    done = from_customer(company, DAY, STRANGER, missing=("lot_no",), how="body")
    [letter] = company.letters(kind="acknowledgement")
    assert letter.to == ("who@else.example",) and letter.audience == "customer" and letter.number == done.number
    assert letter.in_reply_to == "<1@x>" and letter.facts["missing"] == ["生产批号"]
    assert letter.facts["due"] == "2026-05-12T10:05:00+08:00"
    assert letter.attach == ("blank:complaint",)
    assert "responsible_dept" not in str(letter.facts)


@pytest.mark.parametrize("machine", ["bounce", "auto_reply", "list", "no_reply", "own"])
def test_machines_get_no_answer(machine: str) -> None:
    company = Company()
    reading = dc.replace(company.reading(at(DAY), "robot@else.example"), machine=machine)
    outcome = Outcome("accepted", "complaint", values=FACTS, speaker=STRANGER, answer="acknowledgement")
    judged = judge([outcome], reading, company.facts, company.procedures, at(DAY))
    assert judged.records and not [i for i in judged.letters if i.kind == "acknowledgement"]


def test_no_address_gets_more_than_a_few_automatic_letters_a_day() -> None:
    company = Company(procedures(trust={"replies_a_day": 2}, issue={"mode": "manual"}))
    for minute in range(4):
        from_customer(company, f"2026-05-11 10:{minute:02}", STRANGER)
    assert len(company.letters(kind="acknowledgement")) == 2
    from_customer(company, "2026-05-12 10:30", STRANGER)
    assert len(company.letters(kind="acknowledgement")) == 3


def test_a_strangers_danger_words_alarm_the_office_alone() -> None:
    company = Company()
    done = from_customer(company, NIGHT, STRANGER, alarm=("冒烟",))
    assert company.record(done.number).values["severity"] == 2
    assert [i.to for i in company.letters(kind="alarm")] == [(MAIL["质保部"],)]
    assert company.letters(kind="alarm")[0].not_before is None, "alarms do not wait for the morning"
    managers = {MAIL["总经办"], MAIL["总经理"]}
    assert not [i for i in company.letters() if managers.intersection((*i.to, *i.cc))]
    assert company.facts.tasks_[f"alarm_confirm:{done.number}"].due_at == at("2026-05-11 23:00")


def test_severity_4_reaches_the_general_manager_at_once() -> None:
    company = Company()
    done = company.send(NIGHT, "complaint", {**FACTS, "severity": 4}, SALES)
    [alarm] = company.letters("alarm_safety")
    assert MAIL["总经理"] in alarm.to and alarm.urgent
    report = company.record("8001-202605-0001")
    assert report.values["cc_depts"] == ("质保部", "销售部", "总经理") and report.case_no == done.number
    topical = company.record("ZT-202605-0001")
    assert topical.values["triggers"] == ("TR5",) and topical.values["trigger_at"] == at(NIGHT)
    assert "总经理" in topical.values["cc_depts"]


def test_a_report_to_nobody_is_not_issued() -> None:
    company = Company()
    company.send(DAY, "complaint", {**FACTS, "severity": 3}, SALES)
    number = "8001-202605-0001"
    company.send(DAY, "market_abnormality", {"to_depts": ()}, SALES, number=number)
    refused = company.send(DAY, "market_abnormality", {}, SALES, number=number, event="issue")
    assert refused.state == "refused" and refused.reason and refused.reason.code == "event_needs"
    assert company.record(number).status == "draft" and not company.letters("issue_8001")
    [letter] = company.letters(kind="rejection")
    assert letter.to == (SALES.address,) and "主送" in letter.facts["problems"][0][1]


def test_who_may_not_issue_is_told_so_and_nothing_changes() -> None:
    company = Company()
    company.send(DAY, "complaint", {**FACTS, "severity": 3}, SALES)
    number = "8001-202605-0001"
    before = company.record(number)
    refused = company.send(DAY, "market_abnormality", {"p_what": "x"}, speaker("工程部"), number=number, event="issue")
    assert refused.reason and refused.reason.code == "event_right" and company.record(number) == before


def test_what_one_form_is_refused_for_does_not_touch_the_next() -> None:
    company = Company()
    reading = company.reading(at(DAY), SALES.address)
    wrong = Outcome("accepted", "market_abnormality", number="", values={}, event="close", speaker=SALES)
    right = Outcome("accepted", "complaint", values=FACTS, speaker=SALES)
    judged = judge([wrong, right], reading, company.facts, company.procedures, at(DAY))
    assert [o.state for o in judged.outcomes] == ["refused", "accepted"]
    assert not [r for r in judged.records if r.form == "market_abnormality"]
    assert "8001-202605-" not in judged.counters, "a number is given only to what is kept"


def test_the_last_share_takes_the_rounding() -> None:
    company = Company()
    shares = tuple(
        {"bearer_type": "dept", "bearer": str(i), "pct": Decimal(p)} for i, p in enumerate(["33.33"] * 2 + ["33.34"])
    )
    for total, amounts in (("100.00", ["33.33", "33.33", "33.34"]), ("0.05", ["0.02", "0.02", "0.01"])):
        line = ({"category": "freight", "qty": Decimal(1), "unit_cost": Decimal(total)},)
        values = {"cost_lines": line, "shares": shares, "incident": "x", "from_dept": "销售部"}
        number = company.send(DAY, "cost_transfer", values, SALES).number
        found = [row["amount"] for row in company.record(number).values["shares"]]
        assert found == [Decimal(a) for a in amounts] and sum(found) == Decimal(total)


def test_a_role_that_nobody_holds_goes_to_gmo_and_the_operator() -> None:
    company = Company()
    company.facts.records.pop("工程部")
    company.send(DAY, "complaint", {**FACTS, "severity": 3}, SALES)
    [alarm] = company.letters("alarm_serious")
    assert MAIL["总经办"] in alarm.to and "op@yunling.example" in alarm.to


def test_working_mode_stops_at_night_but_not_for_severity_4() -> None:
    company = Company(procedures(calendar={"mode": "working"}, issue={"mode": "manual"}))
    mild = company.send("2026-04-03 16:40", "complaint", {**FACTS, "prelim_class": "single_defect"}, SALES).number
    assert company.due("recontact", mild) == "04-09 16:40"
    assert company.due("defect_answer", mild) == "04-14 16:40"
    grave = company.send("2026-04-03 16:41", "complaint", {**FACTS, "severity": 4}, SALES).number
    assert company.due("recontact", grave) == "04-04 16:41"
    clock = company.clock("recontact", grave)
    assert clock.act_by == at("2026-04-03 17:30"), "the last working moment before it"


SHARES = (
    {"bearer_type": "supplier", "bearer": "苏州恒丰电子", "pct": Decimal(70)},
    {"bearer_type": "dept", "bearer": "生产一车间", "pct": Decimal(30)},
)
LINES = ({"category": "freight", "qty": Decimal(1), "unit_cost": Decimal(100)},)


def test_a_cost_transfer_goes_to_its_bearers_a_supplier_through_purchasing() -> None:
    company = Company()
    number = company.send(DAY, "cost_transfer", {"incident": "x", "from_dept": "销售部"}, SALES).number
    assert "to_depts" not in company.record(number).values, "nobody is named yet"
    company.send(DAY, "cost_transfer", {"cost_lines": LINES, "shares": SHARES}, SALES, number=number)
    values = company.record(number).values
    assert values["to_depts"] == ("采购部", "生产一车间")
    assert values["cc_depts"] == ("财务部", "总经办", "工程部")
    assert [i.to for i in company.letters(kind="decision_request")] == [(MAIL["销售部"],)]
    company.send(DAY, "cost_transfer", {}, SALES, number=number, event="issue")
    assert [i.to for i in company.letters("issue_8002")] == [(MAIL["采购部"],), (MAIL["生产一车间"],)]
    assert [i.to for i in company.letters("copy_8002")] == [(MAIL["财务部"], MAIL["总经办"], MAIL["工程部"])]


@pytest.mark.parametrize(
    ("kind", "party", "to"),
    [("supplier", "恒丰", "采购部"), ("dept", "生产一车间", "生产一车间")],
)
def test_a_deduction_notice_goes_to_the_party(kind: str, party: str, to: str) -> None:
    company = Company()
    gmo = speaker("总经办")
    values = {"party_kind": kind, "party": party, "amount": 100, "reason": "漏液", "basis": "7.2"}
    number = company.send(DAY, "deduction_notice", values, gmo).number
    company.send(DAY, "deduction_notice", {}, gmo, number=number, event="issue")
    [letter] = company.letters("issue_8004")
    assert letter.to == (MAIL[to],) and letter.cc == (MAIL["财务部"], MAIL["总经办"])
    assert not company.letters("copy_8004_person")


def test_nothing_is_deducted_from_a_person_unless_it_is_switched_on() -> None:
    company = Company()
    values = {"party_kind": "person", "party": "田广志", "amount": Decimal(100), "reason": "漏检", "basis": "7.2"}
    refused = company.send(DAY, "deduction_notice", values, speaker("总经办"))
    assert refused.state == "refused" and refused.reason and refused.reason.field == "party_kind"


@pytest.mark.parametrize(
    ("pay", "least", "amount", "field"),
    [(8000, 2490, "1600.00", ""), (8000, 2490, "1600.01", "amount"), (3000, 2490, "510.01", "amount")],
)
def test_a_deduction_from_a_person_is_bound_by_law_and_needs_hr(
    tmp_path: Path, pay: int, least: int, amount: str, field: str
) -> None:
    company = Company(with_limits(tmp_path, deduct_persons=1))
    gmo, values = speaker("总经办"), {"party_kind": "person", "party": "田广志", "reason": "漏检", "basis": "7.2"}
    number = company.send(DAY, "deduction_notice", {**values, "amount": Decimal("100.00")}, gmo).number
    early = company.send(DAY, "deduction_notice", {}, gmo, number=number, event="issue")
    assert early.state == "refused" and early.reason and early.reason.code == "event_gate"
    told = {"monthly_pay": Decimal(pay), "minimum_wage": Decimal(least)}
    company.send(DAY, "deduction_notice", told, HR, number=number, event="hr_agree")
    done = company.send(DAY, "deduction_notice", {"amount": Decimal(amount)}, gmo, number=number, event="issue")
    assert (done.reason.field if done.reason else "") == field
    assert company.record(number).status == ("draft" if field else "issued")


def test_a_new_case_is_told_to_its_owner_and_the_head_but_a_strangers_to_no_head() -> None:
    company = Company()
    company.send(DAY, "complaint", {**FACTS, "owner": "周启文"}, SALES)
    [letter] = company.letters("new_case")
    assert letter.to == ("zhou@yunling.example",) and letter.cc == ("head.sales@yunling.example",)
    company.send(DAY, "complaint", FACTS, STRANGER)
    [letter] = company.letters("new_case_unproven")
    assert letter.to == (MAIL["销售部"],) and letter.cc == ()


def test_a_customer_is_greeted_by_name() -> None:
    company = Company()
    facts = {**FACTS, "customer_name": "深圳启远", "contact_email": "wang@qiyuan.example"}
    for person, greeted in (("王先生", "王先生"), ("", "深圳启远")):
        values = {**facts, "contact_name": person} if person else facts
        case = company.send(DAY, "complaint", values, SALES).number
        answer = {
            "complaint": case,
            "facts": "无输出",
            "measures": "换货",
            "subject": "答复",
            "customer_name": "深圳启远",
        }
        draft = company.send(DAY, "customer_reply", answer, SALES, case_no=case).number
        company.send(DAY, "customer_reply", {}, SALES, number=draft, event="send")
        [letter] = [i for i in company.letters("customer_answer") if i.number == draft]
        assert letter.facts["name"] == greeted and letter.to == ("wang@qiyuan.example",)

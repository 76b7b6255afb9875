"""Mechanism groups: confirmed through the report, merged, split; the figures follow (A09, P7)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from support_desk import Company, speaker
from support_rules import at

SALES, ENGINEERING, OFFICE = speaker("销售部"), speaker("工程部"), speaker("质保部", "office")
FACTS = {"product_model": "M1", "lot_no": "L1", "defect_category": "function", "defect_symptom": "无输出"}
LOT = {"product_model": "M1", "lot_no": "L1", "shipped_on": at("2026-03-01 00:00").date(), "quantity": 1000}
REPORT = "8001-202605-0001"


def complaint(company: Company, when: str, units: int = 1, **more: Any) -> str:
    return company.send(when, "complaint", {**FACTS, "defect_qty": units, **more}, SALES).number


def group_of(company: Company, number: str) -> str:
    return str(company.record(number).values["mechanism_group"])


def units(company: Company, group: str) -> Decimal:
    return company.facts.figures.get(("defective_units", group, "lot:M1 · L1"), Decimal(0))


def issued() -> Company:
    company = Company()
    company.send("2026-03-01 10:00", "shipment", LOT, SALES)
    complaint(company, "2026-05-06 10:00", 4)
    company.send("2026-05-06 11:00", "market_abnormality", {}, SALES, number=REPORT, event="issue")
    return company


def test_engineering_confirms_the_group_through_the_report() -> None:
    company = issued()
    group = str(company.record(REPORT).values["mechanism_group"])
    assert company.record(group).status == "provisional"
    reply = {"tech_class": "batch", "mechanism_confirmed": True, "cause_analysis": "电容失效"}
    company.send("2026-05-06 12:00", "market_abnormality", reply, ENGINEERING, number=REPORT)
    assert company.record(group).status == "confirmed" and company.record(group).values["confirmed"] is True
    assert not [k for k in company.facts.tasks_.values() if k.kind == "split_group"]


def test_what_engineering_does_not_confirm_is_to_be_split() -> None:
    company = issued()
    reply = {"tech_class": "individual", "mechanism_confirmed": False, "cause_analysis": "两种原因"}
    company.send("2026-05-06 12:00", "market_abnormality", reply, ENGINEERING, number=REPORT)
    group = str(company.record(REPORT).values["mechanism_group"])
    assert company.record(group).status == "provisional"
    tasks = [k for k in company.facts.tasks_.values() if k.kind == "split_group"]
    assert [k.owner for k in tasks] == ["工程部", "质保部"] and {k.state for k in tasks} == {"open"}


def test_a_merged_groups_complaints_go_with_it_and_are_judged_anew() -> None:
    company = Company()
    company.send("2026-03-01 10:00", "shipment", LOT, SALES)
    one = complaint(company, "2026-05-06 10:00", 2, defect_position="C7")
    two = complaint(company, "2026-05-06 11:00", 2, defect_position="R2")
    first, second = group_of(company, one), group_of(company, two)
    assert first != second and REPORT not in company.facts.records
    company.send("2026-05-07 09:00", "mechanism_group", {"merged_into": second}, ENGINEERING, number=first)
    assert company.record(first).status == "merged"
    assert group_of(company, one) == group_of(company, two) == second
    assert (units(company, first), units(company, second)) == (0, 4)
    report = company.record(REPORT)
    assert report.values["trigger_at"] == at("2026-05-07 09:00"), "nobody could have known before (A06)"
    assert report.values["mechanism_group"] == second and report.values["n_defect"] == 4
    assert company.record(one).revision == 1, "what took the place of something known is a revision"
    three = complaint(company, "2026-05-08 10:00", 1, defect_position="C7")
    assert group_of(company, three) == second, "what is like the merged one belongs to what took its place"


def test_a_complaint_that_is_given_another_group_takes_its_units_along() -> None:
    company = Company()
    one = complaint(company, "2026-05-06 10:00", 3)
    two = complaint(company, "2026-05-06 11:00", 2)
    other = complaint(company, "2026-05-06 12:00", 1, defect_position="R2")
    first, second = group_of(company, one), group_of(company, other)
    assert group_of(company, two) == first and units(company, first) == 5
    company.send("2026-05-07 09:00", "complaint", {"mechanism_group": second}, ENGINEERING, number=two)
    assert (units(company, first), units(company, second)) == (3, 3)
    assert company.record(second).values["last_at"] == at("2026-05-06 12:00")
    company.send("2026-05-07 10:00", "complaint", {"remarks": "x"}, SALES, number=two)
    assert group_of(company, two) == second, "what a person said stands"

"""Service in a company, beyond the rules' own tests: who is written to, what is refused and how it is said."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support_desk import Company, speaker

from qforms import problems
from qforms.model import Outcome

OFFICE = speaker("售后服务部", "office")
CARD = {
    "service_card_no": "K-1",
    "customer_name": "刘女士",
    "contact_name": "刘女士",
    "contact_phone": "0571-81234567",
    "product_model": "YL-C21",
    "installed_on": date(2026, 8, 31),
}
GOOD = {"reach": "ok", "score_speed": 5, "score_result": 5, "score_attitude": 5}


def carded() -> Company:
    company = Company()
    company.send("2026-09-01 10:00", "service_card", CARD, OFFICE)
    return company


def said(outcome: Outcome) -> tuple[str, str]:
    assert outcome.state == "refused" and outcome.reason is not None
    return problems.say(outcome.reason, "zh"), problems.say(outcome.reason, "en")


def test_the_days_of_the_five_visits() -> None:
    company = carded()
    visits = [company.record(f"HF-202609-000{n}") for n in range(1, 6)]
    days = [v.values["planned_on"].isoformat() for v in visits]
    assert days == ["2026-09-07", "2026-09-30", "2026-11-30", "2027-02-28", "2027-08-31"]  # B18
    assert [v.values["stage"] for v in visits] == [("w1",), ("m1",), ("m3",), ("m6",), ("m12",)]
    due = company.clock("return_visit", "HF-202609-0004").due_at
    assert due.isoformat() == "2027-02-28T23:59:59+08:00"


def test_a_card_sent_again_plans_nothing_anew() -> None:
    company = carded()
    company.send("2026-09-02 10:00", "service_card", {"remarks": "补登"}, OFFICE, number="FK-202609-0001")
    assert not [n for n in company.facts.records if n == "HF-202609-0006"]


def test_a_corrected_day_of_installation_plans_new_visits_and_the_old_ones_lapse() -> None:
    company = carded()
    company.send(
        "2026-09-02 10:00", "service_card", {"installed_on": date(2026, 8, 29)}, OFFICE, number="FK-202609-0001"
    )
    company.until("2026-09-05 10:00")
    assert company.record("HF-202609-0006").values["planned_on"] == date(2026, 9, 5)
    assert company.record("HF-202609-0001").status == "withdrawn"
    assert [i.number for i in company.letters("visit_due")] == ["HF-202609-0006"]


def test_two_plans_of_one_customer_meet_in_one_visit() -> None:
    company = Company()
    complaint = {k: CARD[k] for k in ("customer_name", "contact_name", "contact_phone", "product_model")}
    company.send("2026-08-30 10:00", "complaint", {**complaint, "prelim_class": "single_defect"}, OFFICE)
    contact = {"case_no": "TS-202608-0001", "direction": "out", "is_answer": True}
    company.send("2026-08-31 09:00", "contact", contact, OFFICE)
    done = {"result": "已修", "customer_accepts": True, "close_reason": "solved"}
    company.send("2026-08-31 20:00", "complaint", done, OFFICE, number="TS-202608-0001", event="close")
    company.send("2026-09-01 10:00", "service_card", CARD, OFFICE)
    visits = [r.values for r in company.facts.records.values() if r.form == "return_visit"]
    assert [v["planned_on"].isoformat() for v in visits][:2] == ["2026-09-07", "2026-09-30"]
    assert [v["plan"] for v in visits] == [("closure", "install")] * 5
    assert {v["source_docs"] for v in visits} == {("TS-202608-0001", "FK-202609-0001")}


def test_a_visit_for_a_deleted_customer_is_refused_with_the_reason() -> None:
    company = carded()
    company.send("2026-09-02 10:00", "customer_file", {}, OFFICE, number="DA-刘女士", event="delete")
    values = {**GOOD, "customer_name": "刘女士", "planned_on": date(2026, 9, 7), "customer_file": "DA-刘女士"}
    before = dict(company.facts.records)
    zh, en = said(company.send("2026-09-07 10:00", "return_visit", values, OFFICE))
    assert "客户的售后档案已删除" in zh and "has been deleted" in en
    assert {n for n in company.facts.records if n.startswith("HF")} == {n for n in before if n.startswith("HF")}


def test_nor_for_one_who_was_never_on_file_or_is_retired() -> None:
    company = Company()
    values = {**GOOD, "customer_name": "甲", "planned_on": date(2026, 9, 7), "customer": "甲"}
    assert "没有这个客户档案" in said(company.send("2026-09-07 10:00", "return_visit", values, OFFICE))[0]
    company.send("2026-09-07 10:10", "customer", {"name": "甲"}, OFFICE)
    company.send("2026-09-07 10:20", "customer", {}, OFFICE, number="甲", event="retire")
    assert "客户已停用" in said(company.send("2026-09-07 10:30", "return_visit", values, OFFICE))[0]


def test_an_unsatisfied_customer_is_told_to_the_head_of_after_sales() -> None:
    company = carded()
    company.send("2026-09-07 10:00", "return_visit", {**GOOD, "score_attitude": 2}, OFFICE, number="HF-202609-0001")
    [letter] = company.letters("visit_unsatisfied")
    assert letter.to == ("head.aftersales@yunling.example",)
    assert letter.cc == ("quality@yunling.example",)


def test_no_double_booking_is_said_with_name_day_and_the_other_job() -> None:
    company = Company()
    jobs: Any = [
        {
            "order": "WX-1",
            "worker": "马俊",
            "appt_from": stamp("2026-03-12 10:00"),
            "appt_to": stamp("2026-03-12 12:00"),
        },
        {
            "order": "WX-2",
            "worker": "马俊",
            "appt_from": stamp("2026-03-12 11:00"),
            "appt_to": stamp("2026-03-12 13:00"),
        },
    ]
    values = {"week_no": "2026W11", "jobs": tuple(jobs)}
    zh, _ = said(company.send("2026-03-11 14:00", "repair_roster", values, OFFICE))
    assert "马俊" in zh and "2026-03-12 11:00" in zh and "WX-1" in zh
    assert "PB-2026W11" not in company.facts.records


def stamp(text: str) -> Any:
    from support_rules import at

    return at(text)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9999)), min_size=1, max_size=6, unique_by=lambda r: r[0]),
    st.integers(0, 20),
)
def test_the_price_is_always_that_of_the_latest_row_not_after_the_day(rows: list[tuple[int, int]], day: int) -> None:
    company = Company()
    for n, (since, cents) in enumerate(rows):
        price = {"part_no": "P", "unit_price": Decimal(cents) / 100, "valid_from": date(2026, 1, 1 + since)}
        company.send(f"2026-02-01 10:{n:02d}", "price", price, OFFICE)
    bill = {
        "repair": "WX-1",
        "customer_name": "甲",
        "service_on": date(2026, 1, 1 + day),
        "items": ({"part_no": "P", "qty": Decimal(2)},),
    }
    company.send("2026-02-01 11:00", "charge_bill", bill, OFFICE)
    [item] = company.record("SF-202602-0001").values["items"]
    in_force = max((r for r in rows if r[0] <= day), default=None)
    if in_force is None:
        assert "price_row" not in item and "unit_price" not in item
    else:
        assert item["unit_price"] == Decimal(in_force[1]) / 100
        assert item["price_date"] == date(2026, 1, 1 + in_force[0])
        assert company.record("SF-202602-0001").values["total"] == Decimal(in_force[1]) / 50

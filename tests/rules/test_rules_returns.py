"""Laws of returns: the general manager hears once or not at all; limits count from the receipt whatever the class
becomes; progress goes to the customer or, through the owner, to nobody by mail (S10 4.2.2, A18, P36)."""

from __future__ import annotations

import functools
from datetime import datetime, timedelta
from typing import Any

import pytest
import support_rules as s
from hypothesis import given, settings
from hypothesis import strategies as st

from qforms.intake import numbers
from qforms.model import LetterIntent
from qforms.rulebook.testing import Given
from qforms.rules.trial import Trial
from qforms.settings import Procedures

RECEIVED = s.at("2026-06-17 14:00")
RECORD = "FX-202606-0001-R"
CLOCK = {"general": "repair_general", "batch": "repair_batch", "verify": "repair_batch", "special": "repair_special"}
HOURS = {"general": 24, "batch": 48, "verify": 48, "special": 72}


@functools.cache
def procedures() -> Procedures:
    return s.procedures()


class Shop(Trial):
    """A repair shop that has received one unit, and what it reports."""

    def __init__(self, **more: Any) -> None:
        super().__init__(procedures())
        self.serial = 0
        for form, values, by in more.pop("before", ()):
            self.report(form, RECEIVED - timedelta(days=1), by, **values)
        values = {"unclaimed": True, "waybill_no": "SF1", "return_qty": 1, "return_received_at": RECEIVED, **more}
        self.report("return_application", RECEIVED, "repair", **values)

    def report(self, form: str, at: datetime, by: str, number: str = "", **values: Any) -> None:
        self.until(at)
        self.serial += 1
        self.take(Given(form, values, at, number=number, by=by), self.serial)

    def letters(self, rule: str) -> list[LetterIntent]:
        return [x.intent for x in self.facts.letters.values() if x.intent.rule == rule]


def repaired(at: datetime) -> dict[str, Any]:
    return {"number": RECORD, "operation": "repair", "failure_analysis": "IC", "repaired_at": at}


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(sorted(HOURS)), st.integers(0, 72 * 3600), st.integers(60, 200 * 3600))
def test_the_general_manager_is_asked_once_and_only_beyond_72_hours(kind: str, reclassed: int, done: int) -> None:
    shop = Shop()
    change, end = RECEIVED + timedelta(seconds=reclassed), RECEIVED + timedelta(seconds=done)
    if change < end and kind != "general":
        why = {"return_class": kind, "class_change_reason": "缺料"}
        shop.report("return_application", change, "engineering", number=RECORD.removesuffix("-R"), **why)
    shop.report("return_repair", end, "repair", **repaired(end))
    shop.until(end + timedelta(days=9))
    late = done > 72 * 3600
    assert len(shop.letters("repair_to_gm")) == late
    clocks = {c.rule: c for c in shop.facts.clocks_.values()}
    assert clocks["gm_escalation"].escalations == late
    assert clocks["gm_escalation"].state == ("met_late" if late else "met")
    kind = shop.facts.record(RECORD).values["return_class"]
    assert clocks[CLOCK[kind]].due_at == RECEIVED + timedelta(hours=HOURS[kind])
    assert clocks[CLOCK[kind]].met_at == end


@pytest.mark.parametrize(
    ("customer_type", "said", "to"),
    [
        ("end_user", None, "liu@home.example"),
        ("oem", None, "sales"),
        ("oem", True, "liu@home.example"),
        ("end_user", False, "sales"),
    ],
)
def test_a_step_is_told_the_customer_or_the_owner_who_tells_him(customer_type: str, said: bool | None, to: str) -> None:
    customer = {"name": "甲", "customer_type": customer_type, "emails": ("liu@home.example",), "owner": "sales"}
    customer |= {} if said is None else {"stage_letters": said}
    complaint = {"customer": "甲", "customer_name": "甲", "product_model": "M1", "defect_symptom": "停机"}
    before = [("customer", customer, "office"), ("complaint", complaint, "office")]
    shop = Shop(before=before, unclaimed=None, complaint="TS-202606-0001", customer_name="甲", product_model="M1")
    [letter] = shop.letters("return_here_early")
    assert letter.to[0].startswith(to)
    assert (letter.facts.get("request") == "把这一进展告知客户") is (to == "sales")
    assert letter.audience == ("department" if to == "sales" else "customer")


def test_nobody_is_asked_to_do_anything_by_a_time_that_is_past() -> None:
    shop = Shop(return_class="special")
    shop.until(RECEIVED + timedelta(hours=73))
    [letter] = shop.letters("repair_to_gm")
    assert "due" not in letter.facts
    assert letter.facts["ask_labels"] == ["总经理决定"]


def test_a_repair_s_number_is_not_taken_for_its_application_s() -> None:
    catalogue = procedures().catalogue
    assert numbers.find(f"回复：{RECORD} 与 FX-202606-0002", catalogue) == (RECORD, "FX-202606-0002")
    assert numbers.form_of(RECORD, catalogue) == "return_repair"
    assert numbers.form_of("FX-202606-0002", catalogue) == "return_application"

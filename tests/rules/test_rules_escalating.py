"""What an escalation says, and how often it comes (P35). Those of one hour go as one: tests/outbox/test_together.py."""

from __future__ import annotations

from typing import Any

from support_desk import MAIL, Company, speaker

from qforms.model import LetterIntent

SALES = speaker("销售部")
CASE = {"defect_symptom": "无输出", "product_model": "M1", "defect_qty": 1, "owner": "周启文", "severity": 2}


def cases(company: Company, *minutes: str, **more: Any) -> list[str]:
    return [company.send(f"2026-05-11 10:{m}", "complaint", {**CASE, **more}, SALES).number for m in minutes]


def escalations(company: Company) -> list[LetterIntent]:
    return [i for i in company.letters("recontact") if i.kind == "escalation"]


def test_each_escalation_is_a_letter_with_its_own_line_and_code() -> None:
    company = Company()
    numbers = cases(company, "00", "05", "10")
    company.until("2026-05-12 10:30")
    found = escalations(company)
    assert [[line["number"] for line in i.facts["lines"]] for i in found] == [[n] for n in numbers]
    assert [i.facts["lines"][0]["clock"] for i in found] == ["recontact"] * 3
    assert len({i.code for i in found}) == 3 and len({i.to for i in found}) == 1
    assert set(found[0].to) == {"zhou@yunling.example", "head.sales@yunling.example", MAIL["总经办"]}
    assert [company.clock("recontact", n).escalations for n in numbers] == [1, 1, 1]


def test_what_is_serious_goes_at_once() -> None:
    company = Company()
    cases(company, "00", "05", severity=3)
    company.until("2026-05-12 10:30")
    assert all(i.urgent and i.not_before is None for i in escalations(company))


def test_daily_three_times_then_weekly() -> None:
    company = Company()
    [number] = cases(company, "00")
    company.until("2026-05-30 12:00")
    assert company.clock("recontact", number).steps[-6:] == ("100%", "+24h", "+48h", "+72h", "+240h", "+408h")

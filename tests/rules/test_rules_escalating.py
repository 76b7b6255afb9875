"""Escalations to the same people within an hour are one table (P35); what is urgent goes by itself."""

from __future__ import annotations

import dataclasses as dc
from typing import Any

from support_desk import MAIL, Company, speaker
from support_rules import at

from qforms.model import LetterIntent

SALES = speaker("销售部")
CASE = {"defect_symptom": "无输出", "product_model": "M1", "defect_qty": 1, "owner": "周启文", "severity": 2}


def cases(company: Company, *minutes: str, **more: Any) -> list[str]:
    return [company.send(f"2026-05-11 10:{m}", "complaint", {**CASE, **more}, SALES).number for m in minutes]


def escalations(company: Company) -> list[LetterIntent]:
    return [i for i in company.letters("recontact") if i.kind == "escalation"]


def leave(company: Company, intent: LetterIntent) -> None:
    company.facts.letters[intent.key] = dc.replace(company.facts.letters[intent.key], state="sent")


def test_what_is_late_in_one_hour_is_one_letter_with_a_line_each() -> None:
    company = Company()
    numbers = cases(company, "00", "05", "10")
    company.until("2026-05-12 10:30")
    [table] = escalations(company)
    assert [line["number"] for line in table.facts["lines"]] == numbers
    assert [line["clock"] for line in table.facts["lines"]] == ["recontact"] * 3 and table.code
    assert set(table.to) == {"zhou@yunling.example", "head.sales@yunling.example", MAIL["总经办"]}
    assert [company.clock("recontact", n).escalations for n in numbers] == [1, 1, 1]


def test_what_comes_when_the_first_has_left_waits_for_the_end_of_the_hour() -> None:
    company = Company()
    first, second, third = cases(company, "00", "05", "10")
    company.until("2026-05-12 10:01")
    leave(company, escalations(company)[0])
    company.until("2026-05-12 10:30")
    one, rest = escalations(company)
    assert [line["number"] for line in one.facts["lines"]] == [first] and one.not_before is None
    assert [line["number"] for line in rest.facts["lines"]] == [second, third]
    assert rest.not_before == at("2026-05-12 11:00")


def test_another_hour_is_another_letter() -> None:
    company = Company()
    cases(company, "00", "59")
    company.send("2026-05-11 11:30", "complaint", CASE, SALES)
    company.until("2026-05-12 12:00")
    assert [len(i.facts["lines"]) for i in escalations(company)] == [2, 1]


def test_what_is_serious_goes_by_itself_at_once() -> None:
    company = Company()
    cases(company, "00", "05", severity=3)
    company.until("2026-05-12 10:30")
    assert [len(i.facts["lines"]) for i in escalations(company)] == [1, 1]
    assert all(i.urgent and i.not_before is None for i in escalations(company))


def test_daily_three_times_then_weekly() -> None:
    company = Company()
    [number] = cases(company, "00")
    company.until("2026-05-30 12:00")
    assert company.clock("recontact", number).steps[-6:] == ("100%", "+24h", "+48h", "+72h", "+240h", "+408h")

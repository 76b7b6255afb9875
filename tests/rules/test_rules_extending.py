"""Extensions (延期申请, P38): asked for in one line, agreed by whoever the deadline escalates to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from support_desk import MAIL, Company, speaker
from support_rules import ZONE, at

from qforms.intake import more_time
from qforms.model import LetterIntent, Outcome

SALES, ENGINEERING, GMO = map(speaker, ("销售部", "工程部", "总经办"))
CASE = {"defect_symptom": "无输出", "prelim_class": "single_defect", "product_model": "M1", "defect_qty": 1,
        "defect_category": "function", "severity": 2, "owner": "周启文"}  # fmt: skip
DAY = "2026-05-11 10:00"  # a Monday; the answer is due on Wednesday at 10:00
UNTIL = "2026-05-15 17:00"


def ask(company: Company, number: str, when: str = "2026-05-12 09:00", until: str = UNTIL, **more: Any) -> Outcome:
    values = {"target": number, "until": at(until), "reason": "样品在途", "asked_by": "周启文", **more}
    return company.send(when, "extension", values, SALES)


def case(company: Company) -> str:
    return company.send(DAY, "complaint", CASE, SALES).number


def answer(company: Company, letter: LetterIntent, verdict: str = "agree", when: str = "2026-05-12 11:00") -> Outcome:
    said = {"target": letter.number, "event": letter.facts["ask"][verdict], "verdict": verdict, "reason": "太久"}
    return company.send(
        when, "approval", {**said, "decided_by": "梁海", "decided_at": at(when)}, SALES, token=letter.code
    )


def answered(company: Company, number: str, when: str) -> None:
    contact = {"case_no": number, "at": at(when), "direction": "out", "is_answer": True}
    company.send(when, "contact", contact, SALES)


def test_the_head_is_asked_and_what_he_agrees_to_drives_the_reminders() -> None:
    company = Company()
    number = case(company)
    done = ask(company, number, clock="defect_answer")
    record = company.record(done.number)
    assert (record.values["approver"], record.values["clock_title"]) == ("梁海", "48 h 答复")
    assert record.values["due_was"] == at("2026-05-13 10:00") and record.case_no == number
    [letter] = company.letters("extension_request")
    assert letter.to == ("head.sales@yunling.example",) and letter.code
    assert answer(company, letter).state == "accepted" and company.record(done.number).status == "agreed"
    clock = company.clock("defect_answer", number)
    assert (clock.due_at, clock.limit) == (at("2026-05-13 10:00"), at(UNTIL))
    before = len(company.letters("defect_answer"))
    company.until("2026-05-14 08:00")
    assert company.clock("defect_answer", number).state == "overdue", "the limit itself stays"
    assert len(company.letters("defect_answer")) == before, "nobody is written to before the agreed date"
    company.until("2026-05-15 17:01")
    kinds = [i.kind for i in company.letters("defect_answer")[before:]]
    assert kinds == ["reminder", "escalation"] and company.letters("extension_agreed")
    answered(company, number, "2026-05-15 18:00")
    assert company.clock("defect_answer", number).state == "met_late"


def test_what_is_done_by_the_agreed_date_is_late_by_the_limit() -> None:
    company = Company()
    number = case(company)
    ask(company, number, clock="defect_answer")
    answer(company, company.letters("extension_request")[0])
    answered(company, number, "2026-05-14 10:00")
    assert company.clock("defect_answer", number).state == "met_late"


def test_a_refusal_changes_nothing() -> None:
    company = Company()
    number = case(company)
    done = ask(company, number, clock="defect_answer")
    answer(company, company.letters("extension_request")[0], "refuse")
    record = company.record(done.number)
    assert (record.status, record.values["refusal"]) == ("refused", "太久")
    assert company.clock("defect_answer", number).limit == at("2026-05-13 10:00")
    assert [i.to for i in company.letters("extension_refused")] == [("zhou@yunling.example",)]


def test_the_head_himself_asks_the_next_one_up() -> None:
    company = Company()
    done = ask(company, case(company), asked_by="梁海", clock="defect_answer")
    assert company.record(done.number).values["approver"] == "总经办"
    assert [i.to for i in company.letters("extension_request")] == [(MAIL["总经办"],)]


def test_without_a_name_the_earliest_deadline_is_meant() -> None:
    company = Company()
    done = ask(company, case(company))
    assert company.record(done.number).values["clock"] == "recontact"


@pytest.mark.parametrize("until", ["2026-05-12 09:00", "2026-05-13 10:00"])
def test_a_date_that_is_no_later_is_refused(until: str) -> None:
    company = Company()
    done = ask(company, case(company), until=until, clock="defect_answer")
    assert done.reason and (done.state, done.reason.code) == ("refused", "extension_not_later")


def test_what_has_no_deadline_cannot_be_extended() -> None:
    company = Company()
    number = case(company)
    done = ask(company, number, clock="nothing_like_it")
    assert done.reason and done.reason.code == "extension_no_clock"
    assert not company.letters("extension_request")


def test_others_cannot_agree() -> None:
    company = Company()
    done = ask(company, case(company), clock="defect_answer")
    said = {"target": done.number, "event": "agree", "verdict": "agree", "decided_by": "秦牧"}
    wrong = company.send("2026-05-12 10:00", "approval", said, ENGINEERING)
    assert wrong.reason and wrong.reason.code == "event_right" and company.record(done.number).status == "asked"


NOW = datetime(2026, 5, 11, 10, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("text", "until", "reason"),
    [
        ("5月20日 等来料", "2026-05-20 23:59:59", "等来料"),
        ("至5/20 17:30，样品在途", "2026-05-20 17:30:00", "样品在途"),
        ("2026-06-01：试验未完", "2026-06-01 23:59:59", "试验未完"),
        ("1月5日 春节前", "2027-01-05 23:59:59", "春节前"),
        ("until 5/20 waiting for parts", "2026-05-20 23:59:59", "waiting for parts"),
    ],
)
def test_date_and_reason_in_one_line(text: str, until: str, reason: str) -> None:
    assert more_time(text, NOW, ZONE) == (datetime.fromisoformat(until).replace(tzinfo=ZONE), reason)


@pytest.mark.parametrize("text", ["几天", "", "13月40日 x", "等来料 5月20日"])
def test_what_names_no_day_is_none(text: str) -> None:
    assert more_time(text, NOW, ZONE) == (None, text)

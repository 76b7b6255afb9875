"""What the office sees to: reserved numbers, answers to be typed in, decisions entered for somebody, withdrawal."""

from __future__ import annotations

from typing import Any

import pytest
from support_desk import MAIL, Company, speaker
from support_rules import at

from qforms.model import Outcome, Speaker, Task, Text
from qforms.rules import judge

SALES, ENGINEERING, QUALITY, GMO, GM = (speaker(d) for d in ("销售部", "工程部", "质保部", "总经办", "总经理"))
OFFICE = speaker("质保部", "office")
FACTS = {
    "product_model": "M1",
    "lot_no": "L1",
    "defect_category": "function",
    "defect_symptom": "无输出",
    "defect_qty": 1,
}
LOT = {"product_model": "M1", "lot_no": "L1", "shipped_on": at("2026-03-01 00:00").date(), "quantity": 1000}
DAY = "2026-05-11 10:05"
REPORT = "8001-202605-0001"


# ---------------------------------------------------------------- numbers that were given away


def test_a_reserved_number_is_taken_and_the_next_comes_after_it() -> None:
    company = Company()
    assert company.send(DAY, "complaint", FACTS, OFFICE, number="TS-202605-0007").number == "TS-202605-0007"
    assert company.send(DAY, "complaint", FACTS, SALES).number == "TS-202605-0008"
    assert company.send(DAY, "complaint", FACTS, OFFICE, number="TS-202605-0003").number == "TS-202605-0003"
    assert company.send(DAY, "complaint", FACTS, SALES).number == "TS-202605-0009"


@pytest.mark.parametrize("number", ["8001-202605-0004", "TS-202605-7", "TS-2026-0007", "x", "TS-202605-00007"])
def test_what_is_no_number_of_the_form_gets_a_fresh_one(number: str) -> None:
    assert Company().send(DAY, "complaint", FACTS, OFFICE, number=number).number == "TS-202605-0001"


def test_a_stranger_reserves_nothing() -> None:
    by = Speaker("stranger", "who@else.example")
    assert Company().send(DAY, "complaint", FACTS, by, number="TS-202605-0700").number == "TS-202605-0001"


# ---------------------------------------------------------------- an answer that has to be typed in (P16)


def answered_by_photo(company: Company, kind: str = "transcribe") -> str:
    company.send("2026-03-01 10:00", "shipment", LOT, SALES)
    company.send(DAY, "complaint", {**FACTS, "defect_qty": 4}, SALES)
    company.send(DAY, "market_abnormality", {}, SALES, number=REPORT, event="issue")
    moment = at("2026-05-11 12:00")
    key = f"{kind}:abc:{REPORT}"
    task = Task(key, kind, "", REPORT, Text("录入"), "office", moment)
    reading = company.reading(moment, ENGINEERING.address)
    outcome = Outcome("accepted", "market_abnormality", REPORT, speaker=ENGINEERING, tasks=(task,))
    company.take(judge([outcome], reading, company.facts, company.procedures, moment), moment, reading)
    return key


@pytest.mark.parametrize("kind", ["transcribe", "confirm_sender"])
def test_nobody_is_reminded_while_his_answer_waits_for_the_office(kind: str) -> None:
    """To be typed in (P16), or for one click on who sent it (P23)."""
    company = Company()
    answered_by_photo(company, kind)
    company.until("2026-05-12 12:00")
    assert not company.letters("engineering_reply")
    skipped = [e for e in company.facts.entries if e.what.endswith("skipped") and e.rule == "engineering_reply"]
    assert [(e.what, e.detail["rung"]) for e in skipped] == [
        ("reminder skipped", "80%"),
        ("escalation skipped", "100%"),
    ]
    assert company.clock("engineering_reply", REPORT).escalations == 0
    assert company.letters("recontact"), "other clocks go on"


def test_reminders_go_on_when_the_task_is_closed() -> None:
    import dataclasses as dc

    company = Company()
    key = answered_by_photo(company)
    company.until("2026-05-12 08:00")
    company.facts.tasks_[key] = dc.replace(company.facts.tasks_[key], state="done")
    company.until("2026-05-12 12:00")
    assert [i.kind for i in company.letters("engineering_reply")] == ["escalation"]


# ---------------------------------------------------------------- handed on to a colleague (P23)


def passed_on(company: Company, by: str, to: str) -> str:
    company.send("2026-03-01 10:00", "shipment", LOT, SALES)
    company.send(DAY, "complaint", {**FACTS, "defect_qty": 4}, SALES)
    company.send(DAY, "market_abnormality", {}, SALES, number=REPORT, event="issue")
    moment = at("2026-05-11 12:00")
    key, about = f"pass_on:abc:{REPORT}", {"to": to, "by": by}
    task = Task(key, "pass_on", "", REPORT, Text("请处理"), to, moment, context=about)
    outcome = Outcome("accepted", number=REPORT, how="decision", speaker=ENGINEERING, tasks=(task,))
    reading = company.reading(moment, ENGINEERING.address)
    company.take(judge([outcome], reading, company.facts, company.procedures, moment), moment, reading)
    return key


def reminded(company: Company) -> list[str]:
    return [a for i in company.letters("engineering_reply", "reminder") for a in i.to]


def test_what_was_passed_on_reminds_the_colleague_and_the_deadline_stays() -> None:
    company, plain = Company(), Company()
    passed_on(company, "秦牧", "周启文")
    passed_on(plain, "某人", "周启文")  # nobody whose it was
    assert company.due("engineering_reply", REPORT) == plain.due("engineering_reply", REPORT)
    for each in (company, plain):
        each.until("2026-05-12 12:00")
    assert reminded(company) == ["zhou@yunling.example"]
    assert reminded(plain) and "zhou@yunling.example" not in reminded(plain)


def test_a_name_that_nobody_bears_moves_nothing() -> None:
    company = Company()
    passed_on(company, "秦牧", "无此人")
    company.until("2026-05-12 12:00")
    assert reminded(company) and "zhou@yunling.example" not in reminded(company)


# ---------------------------------------------------------------- decisions entered for somebody (P41)


def entered(company: Company, for_whom: str, verdict: str = "agree") -> tuple[str, Any]:
    values = {"party_kind": "supplier", "party": "恒丰", "amount": 6000, "reason": "漏液", "basis": "7.2"}
    notice = company.send(DAY, "deduction_notice", values, GMO).number
    said = {"target": notice, "verdict": verdict, "reason": "电话", "event": "approve", "entered_for": for_whom}
    company.send("2026-05-11 11:00", "approval", said, OFFICE)
    assert company.record(notice).status == "draft", "it waits for his own word"
    [letter] = company.letters("confirm_entered")
    return notice, letter


def reply(company: Company, letter: Any, by: Speaker, verdict: str = "agree") -> Outcome:
    said = {"target": letter.number, "event": letter.facts["ask"][verdict], "verdict": verdict, "reason": "-"}
    return company.send("2026-05-11 12:00", "approval", said, by, token=letter.code)


def test_an_entered_approval_counts_when_the_person_himself_agrees() -> None:
    company = Company()
    notice, letter = entered(company, "顾承远")
    assert letter.to == ("head.gm@yunling.example",) and letter.code and letter.facts["ask"]["agree"] == "confirm"
    assert reply(company, letter, GM).state == "accepted"
    assert company.record(notice).status == "approved"
    own = company.record(letter.number)
    assert own.status == "agreed" and own.values["entered_for"] == "顾承远"
    assert own.values["confirmed_at"] == at("2026-05-11 12:00")


def test_who_denies_what_was_entered_for_him_undoes_it() -> None:
    company = Company()
    notice, letter = entered(company, "顾承远")
    reply(company, letter, GM, "refuse")
    assert company.record(letter.number).status == "revoked" and company.record(notice).status == "draft"


def test_an_entry_for_somebody_without_the_right_moves_nothing() -> None:
    company = Company()
    notice, letter = entered(company, "周启文")
    done = reply(
        company, letter, Speaker("person", "zhou@yunling.example", "周启文", frozenset(), ("销售部",), trusted=True)
    )
    assert done.state == "refused" and done.reason and done.reason.code == "event_right"
    assert company.record(notice).status == "draft" and company.record(letter.number).status == "given"


# ---------------------------------------------------------------- a report that is no longer needed (A08)


def test_a_report_that_is_no_longer_needed_is_put_to_engineering_and_quality() -> None:
    company = Company()
    company.send("2026-03-01 10:00", "shipment", LOT, SALES)
    case = company.send(DAY, "complaint", {**FACTS, "defect_qty": 4}, SALES).number
    company.send("2026-05-11 15:00", "complaint", {"qty_misuse": 2}, ENGINEERING, number=case)
    tasks = [k for k in company.facts.tasks_.values() if k.kind == "may_be_withdrawn"]
    assert [k.owner for k in tasks] == ["工程部", "质保部"]
    assert "2/1000 = 2" in tasks[0].text.zh and company.record(REPORT).status == "draft"
    gone = {"withdraw_reason": "误用 2 台"}
    company.send(
        "2026-05-11 16:00", "market_abnormality", {**gone, "withdraw_engineering": True}, ENGINEERING, number=REPORT
    )
    assert company.facts.tasks_[tasks[0].key].state == "open"
    company.send("2026-05-11 17:00", "market_abnormality", {"withdraw_quality": True}, QUALITY, number=REPORT)
    assert company.record(REPORT).status == "withdrawn"
    assert {company.facts.tasks_[k.key].state for k in tasks} == {"done"}


# ---------------------------------------------------------------- what the complaint itself says


def test_when_and_by_whom_a_complaint_was_first_classified() -> None:
    company = Company()
    case = company.send(DAY, "complaint", FACTS, SALES).number
    assert "classified_at" not in company.record(case).values
    company.send("2026-05-11 12:00", "complaint", {"prelim_class": "undecided"}, SALES, number=case)
    assert "classified_at" not in company.record(case).values
    company.send("2026-05-11 13:00", "complaint", {"prelim_class": "misuse"}, QUALITY, number=case)
    company.send("2026-05-11 14:00", "complaint", {"prelim_class": "batch"}, SALES, number=case)
    assert company.record(case).values["classified_at"] == at("2026-05-11 13:00")
    [entry] = [e for e in company.facts.entries if e.what == "classify"]
    assert entry.by == QUALITY.address
    assert company.clock("classification", case).met_at == at("2026-05-11 13:00")


def test_the_same_unit_again() -> None:
    company = Company()
    numbers = [
        company.send(DAY, "complaint", {**FACTS, "serial_nos": serials}, SALES).number
        for serials in (("SN1", "SN2"), ("sn2",), ("SN3", "SN2"), ("SN9",))
    ]
    assert [company.record(n).values["ordinal_serial"] for n in numbers] == [1, 2, 3, 1]


def test_the_general_manager_hears_of_reports_that_are_late() -> None:
    company = Company()
    wish = {**FACTS, "d8_requested_at": at(DAY), "severity": 4}
    company.send(DAY, "complaint", wish, SALES)
    company.until("2026-05-14 10:06")
    for rule in ("report_8001", "report_topical", "eight_d_first_issue"):
        [last] = [i for i in company.letters(rule) if i.kind == "escalation"]
        assert MAIL["总经理"] in last.to and MAIL["总经办"] in last.to, rule


def test_an_acknowledgement_promises_the_limit_not_the_target() -> None:
    company = Company()
    customer = Speaker("customer", "wang@qiyuan.example", "深圳启远")
    company.send(DAY, "complaint", {**FACTS, "channel": "email"}, customer, answer="acknowledgement")
    [letter] = company.letters(kind="acknowledgement")
    assert letter.facts["due"] == "2026-05-12T10:05:00+08:00"
    labels = [label for label, _ in letter.facts["facts"]]
    assert labels == ["产品型号", "生产批号", "不良数量", "问题现象"]


# ---------------------------------------------------------------- with evidence it counts at once (P41)

PHOTO = ({"digest": "0" * 64, "name": "签字件.jpg", "kind": "image/jpeg"},)


def confirmed_by_proxy(company: Company, for_whom: str = "梁海", **more: Any) -> tuple[str, Outcome]:
    """An 8001 that engineering answered; the office enters that sales (梁海) confirmed the answer on the telephone."""
    company.send("2026-03-01 10:00", "shipment", LOT, SALES)
    company.send(DAY, "complaint", {**FACTS, "defect_qty": 4}, SALES)
    company.send(DAY, "market_abnormality", {}, SALES, number=REPORT, event="issue")
    reply = {"tech_class": "batch", "mechanism_confirmed": True, "cause_analysis": "漏液"}
    company.send("2026-05-11 11:00", "market_abnormality", reply, ENGINEERING, number=REPORT)
    said = {"target": REPORT, "verdict": "agree", "event": "confirm", "entered_for": for_whom, "means": "phone", **more}
    done = company.send("2026-05-11 12:00", "approval", said, OFFICE)
    return REPORT, done


def test_with_evidence_it_counts_at_once_and_is_put_to_the_decider() -> None:
    company = Company()
    number, done = confirmed_by_proxy(company, evidence=PHOTO)
    assert company.record(number).status == "confirmed" and company.record(done.number).status == "in_force"
    [letter] = company.letters("entered_in_force")
    assert letter.to == ("head.sales@yunling.example",) and letter.code and not company.letters("confirm_entered")
    company.until("2026-05-12 11:59")
    assert company.record(done.number).status == "in_force"
    company.until("2026-05-12 12:00")
    assert company.record(done.number).status == "agreed" and company.record(number).status == "confirmed"


def test_without_evidence_it_waits() -> None:
    company = Company()
    number, done = confirmed_by_proxy(company)
    assert (company.record(number).status, company.record(done.number).status) == ("replied", "given")
    assert company.letters("confirm_entered") and not company.letters("entered_in_force")


def test_nobody_can_be_said_to_have_decided_what_is_not_his() -> None:
    company = Company()
    number, done = confirmed_by_proxy(company, for_whom="沈若川", evidence=PHOTO)
    assert done.reason and (done.state, done.reason.code) == ("refused", "event_right")
    assert company.record(number).status == "replied"


def test_money_waits_for_his_own_word_whatever_the_evidence() -> None:
    company = Company()
    values = {"party_kind": "supplier", "party": "恒丰", "amount": 6000, "reason": "漏液", "basis": "7.2"}
    notice = company.send(DAY, "deduction_notice", values, GMO).number
    said = {"target": notice, "verdict": "agree", "event": "approve", "entered_for": "顾承远", "evidence": PHOTO}
    company.send("2026-05-11 11:00", "approval", said, OFFICE)
    assert company.record(notice).status == "draft" and company.letters("confirm_entered")


def test_the_decider_revokes_and_the_record_returns_to_where_it_was() -> None:
    company = Company()
    number, done = confirmed_by_proxy(company, evidence=PHOTO)
    [letter] = company.letters("entered_in_force")
    sales = speaker("销售部")
    said = {"target": done.number, "event": letter.facts["ask"]["refuse"], "verdict": "refuse", "reason": "没有说过"}
    assert company.send("2026-05-12 09:00", "approval", said, sales, token=letter.code).state == "accepted"
    record = company.record(number)
    assert record.status == "replied" and "confirmed_at" not in record.values
    assert company.record(done.number).status == "revoked"
    [entry] = [e for e in company.facts.entries if e.what == "taken back"]
    assert (entry.number, entry.detail["event"], entry.detail["status"]) == (number, "confirm", "replied")


def test_those_who_were_told_are_told_that_it_is_taken_back() -> None:
    company = Company()
    company.send("2026-03-01 10:00", "shipment", LOT, SALES)
    company.send(DAY, "complaint", {**FACTS, "defect_qty": 4}, SALES)
    said = {"target": REPORT, "verdict": "agree", "event": "issue", "entered_for": "梁海", "evidence": PHOTO}
    done = company.send("2026-05-11 11:00", "approval", said, OFFICE)
    [issued] = company.letters("issue_8001")
    own = {"target": done.number, "event": "revoke", "verdict": "refuse", "reason": "再看看"}
    company.send(
        "2026-05-11 12:00", "approval", own, speaker("销售部"), token=company.letters("entered_in_force")[0].code
    )
    assert company.record(REPORT).status == "draft" and "issued_at" not in company.record(REPORT).values
    told = company.letters("taken_back")
    assert {a for i in told for a in i.to} == {*issued.to, *issued.cc}
    assert all("停止执行“发出”：梁海 已撤销" in i.facts["request"] for i in told)


def test_after_24_hours_it_can_no_longer_be_revoked() -> None:
    company = Company()
    number, done = confirmed_by_proxy(company, evidence=PHOTO)
    code = company.letters("entered_in_force")[0].code
    own = {"target": done.number, "event": "revoke", "verdict": "refuse", "reason": "晚了"}
    late = company.send("2026-05-12 12:01", "approval", own, speaker("销售部"), token=code)
    assert late.state == "refused" and company.record(number).status == "confirmed"


# ---------------------------------------------------------------- typed in for somebody (P16), refused in the workbook


def transcribing(company: Company) -> str:
    company.send("2026-03-01 10:00", "shipment", LOT, SALES)
    company.send(DAY, "complaint", {**FACTS, "defect_qty": 4}, SALES)
    company.send(DAY, "market_abnormality", {}, SALES, number=REPORT, event="issue")
    moment = at("2026-05-11 12:00")
    key = f"transcribe:abc:{REPORT}"
    asked = {"fields": ["tech_class", "cause_analysis"], "arrived": moment.isoformat(), "by": "秦牧"}
    task = Task(key, "transcribe", "", REPORT, Text("录入"), "office", moment, delivery="ab" * 32, context=asked)
    reading = company.reading(moment, ENGINEERING.address)
    outcome = Outcome("accepted", "market_abnormality", REPORT, speaker=ENGINEERING, tasks=(task,))
    company.take(judge([outcome], reading, company.facts, company.procedures, moment), moment, reading)
    return key


def test_what_is_typed_in_counts_from_the_mail_that_brought_it() -> None:
    company = Company()
    key = transcribing(company)
    company.send("2026-05-13 09:00", "market_abnormality", {"tech_class": "batch"}, OFFICE, number=REPORT)
    assert company.facts.tasks_[key].state == "open", "something is still empty"
    rest = {"mechanism_confirmed": True, "cause_analysis": "漏液"}
    company.send("2026-05-13 09:05", "market_abnormality", rest, OFFICE, number=REPORT)
    record = company.record(REPORT)
    assert record.status == "replied" and record.values["replied_at"] == at("2026-05-11 12:00")
    assert company.clock("engineering_reply", REPORT).state == "met"
    assert (record.origin["cause_analysis"].delivery, record.origin["cause_analysis"].by) == ("ab" * 32, "秦牧")
    assert company.facts.tasks_[key].state == "done"


def test_what_the_rules_refuse_in_the_workbook_is_a_task_for_the_clerk() -> None:
    import dataclasses as dc

    company = Company()
    case = company.send(DAY, "complaint", FACTS, SALES).number
    moment = at("2026-05-11 11:00")
    reading = company.reading(moment, "")
    reading = dc.replace(reading, delivery=dc.replace(reading.delivery, channel="workbook"))
    outcome = Outcome("accepted", "complaint", case, event="close", speaker=OFFICE)
    [done] = judge([outcome], reading, company.facts, company.procedures, moment).outcomes
    judgement = judge([outcome], reading, company.facts, company.procedures, moment)
    [task] = [t for t in judgement.tasks if t.kind == "read"]
    assert done.state == "refused" and done.reason and done.reason.code == "event_gate"
    assert task.number == case and "还没有答复客户" in task.text.zh and "缺初步判定" in task.text.zh
    assert "has not been answered" in task.text.en

"""Deputies (P39): for which decisions, up to which amount, on which days; who has left or is no more holds no role."""

from __future__ import annotations

import dataclasses as dc
from typing import Any

from support_desk import MAIL, Company, speaker, staff
from support_rules import at

from qforms.intake.speaker import by_address
from qforms.model import Delivery, LetterIntent, Outcome, Reading, Record
from qforms.rules import judge
from qforms.rules.memory import put

GMO, SALES = speaker("总经办"), speaker("销售部")
GM_MAIL, DEPUTY_MAIL = "head.gm@yunling.example", "head.finance@yunling.example"
DAY = "2026-05-11 10:05"


def away(company: Company, **more: Any) -> None:
    """The general manager (顾承远) is away; 许静 of finance stands in."""
    [boss] = [r for r in staff() if r.number == GM_MAIL]
    dates = {"deputy_from": at("2026-05-01 00:00").date(), "deputy_to": at("2026-05-20 00:00").date()}
    put(company.facts, [dc.replace(boss, values={**boss.values, "deputy": "许静", **dates, **more})])
    mailbox(company, "")


def mailbox(company: Company, address: str) -> None:
    """Where the general manager's department is written to; nowhere of its own: at its head's."""
    [department] = [r for r in staff() if r.number == "总经理"]
    values = {k: v for k, v in department.values.items() if k != "email"} | ({"email": address} if address else {})
    put(company.facts, [dc.replace(department, values=values)])


def who(company: Company, address: str, when: str = DAY) -> Any:
    reading = Reading(Delivery("maildir", "1", at(when), b""), "k", address=address, authenticated=True)
    return by_address(address, reading, company.facts, company.procedures, at(when))


def large_deduction(company: Company, amount: int = 6000, by: Any = GMO) -> str:
    values = {"party_kind": "supplier", "party": "恒丰", "amount": amount, "reason": "漏液", "basis": "7.2"}
    return company.send(DAY, "deduction_notice", values, by).number


def decide(
    company: Company, letter: LetterIntent | None, number: str, by: Any, when: str = "2026-05-11 11:00"
) -> Outcome:
    said = {"target": number, "event": "approve", "verdict": "agree", "decided_by": by.name, "decided_at": at(when)}
    return company.send(when, "approval", said, by, token=letter.code if letter else "")


def asked(company: Company) -> dict[str, LetterIntent]:
    return {i.to[0]: i for i in company.letters("large_deduction")}


def test_the_deputy_is_asked_and_signs_for_the_one_who_is_away() -> None:
    company = Company()
    away(company)
    number = large_deduction(company)
    [letter] = asked(company).values()
    assert letter.to == (DEPUTY_MAIL,) and letter.facts["name"] == "许静（代顾承远）"
    done = decide(company, letter, number, who(company, DEPUTY_MAIL))
    assert done.state == "accepted" and company.record(number).status == "approved"
    assert company.record(done.number).values["decided_for"] == "顾承远"
    assert company.record(number).origin["approved_at"].by == "许静代顾承远"


def test_a_department_s_mailbox_that_is_its_head_s_own_goes_to_the_deputy_too() -> None:
    for address, to in ((GM_MAIL, DEPUTY_MAIL), (GM_MAIL.upper(), DEPUTY_MAIL), (MAIL["总经理"], MAIL["总经理"])):
        company = Company()
        away(company)
        mailbox(company, address)
        large_deduction(company)
        assert list(asked(company)) == [to]


def test_beyond_the_amount_the_person_himself_and_gmo_are_asked() -> None:
    company = Company()
    away(company, deputy_up_to=5500)
    number = large_deduction(company)
    assert set(asked(company)) == {GM_MAIL, MAIL["总经办"]}
    done = decide(company, None, number, who(company, DEPUTY_MAIL))
    assert done.reason and done.reason.code == "deputy_limit" and company.record(number).status == "draft"


def test_only_for_the_decisions_that_were_left_to_him() -> None:
    company = Company()
    away(company, deputy_for=("8001", "质量专题报告"))
    number = large_deduction(company)
    assert set(asked(company)) == {GM_MAIL, MAIL["总经办"]}
    done = decide(company, None, number, who(company, DEPUTY_MAIL))
    assert done.reason and done.reason.code == "deputy_limit"
    away(company, deputy_for=("8004",))
    assert decide(company, None, number, who(company, DEPUTY_MAIL)).state == "accepted"


def test_outside_of_the_dates_he_is_nobody() -> None:
    company = Company()
    away(company)
    assert not who(company, DEPUTY_MAIL, "2026-05-21 09:00").stands_in
    number = large_deduction(company)
    done = decide(company, None, number, dc.replace(who(company, DEPUTY_MAIL), stands_in=()))
    assert done.reason and done.reason.code == "event_right"


def test_a_deputys_deputy_decides_nothing() -> None:
    company = Company()
    away(company)
    [xu] = [r for r in staff() if r.number == DEPUTY_MAIL]
    dates = {"deputy_from": at("2026-05-01 00:00").date(), "deputy_to": at("2026-05-20 00:00").date()}
    put(company.facts, [dc.replace(xu, values={**xu.values, "deputy": "苏曼", **dates})])
    third = who(company, "head.purchasing@yunling.example")
    assert [s.who.name for s in third.stands_in] == ["许静"] and "gm" not in third.stands_in[0].who.roles
    done = decide(company, None, large_deduction(company), third)
    assert done.reason and done.reason.code == "event_right"


def test_nobody_approves_his_own_proposal_not_as_a_deputy_either() -> None:
    company = Company()
    away(company)
    himself = who(company, DEPUTY_MAIL)
    number = large_deduction(company, by=himself)
    done = decide(company, None, number, himself)
    assert done.reason and done.reason.code == "own_proposal"
    boss = speaker("总经理")
    own = large_deduction(company, by=boss)
    done = decide(company, None, own, boss)
    assert done.reason and done.reason.code == "own_proposal" and company.record(own).status == "draft"


# ---------------------------------------------------------------- an automatic answer


def out_of_office(company: Company, letter: LetterIntent) -> None:
    moment = at("2026-05-11 10:30")
    reading = dc.replace(company.reading(moment, letter.to[0]), machine="auto_reply")
    outcome = Outcome("ignored", number=letter.number, token=letter.code, answer="deputy")
    company.take(judge([outcome], reading, company.facts, company.procedures, moment), moment, reading)


def test_an_automatic_answer_sends_the_request_to_the_deputy_he_named() -> None:
    company = Company()
    away(company, deputy_from=at("2026-06-01 00:00").date(), deputy_to=at("2026-06-02 00:00").date())
    number = large_deduction(company)
    [letter] = asked(company).values()
    assert letter.to == (GM_MAIL,)
    out_of_office(company, letter)
    again = asked(company)[DEPUTY_MAIL]
    assert again.code and again.code != letter.code and again.facts["name"] == "许静（代顾承远）"
    done = decide(company, again, number, who(company, DEPUTY_MAIL))
    assert company.record(number).status == "approved"
    assert company.record(done.number).values["decided_for"] == "顾承远"


def test_without_a_deputy_gmo_is_asked_who_decides() -> None:
    company = Company()
    number = large_deduction(company)
    [letter] = asked(company).values()
    [department] = [r for r in staff() if r.number == "总经理"]
    assert letter.to == (department.values["email"],)
    out_of_office(company, letter)
    [task] = [k for k in company.facts.tasks_.values() if k.kind == "approver_away"]
    assert task.owner == "总经办" and number in task.text.zh and len(asked(company)) == 1


# ---------------------------------------------------------------- who is there no more


def test_a_retired_department_and_who_left_hold_no_role() -> None:
    company = Company()
    [old] = [r for r in staff() if r.number == "总经理"]
    put(company.facts, [dc.replace(old, status="retired")])
    new = {"name": "新总经理", "roles": ("gm",), "email": "new.gm@yunling.example"}
    put(company.facts, [Record("department", "新总经理", 0, "active", "", new)])
    large_deduction(company)
    assert set(asked(company)) == {"new.gm@yunling.example"}
    assert who(company, GM_MAIL).roles == frozenset()


def test_who_left_speaks_for_nobody() -> None:
    company = Company()
    [old] = [r for r in staff() if r.number == GM_MAIL]
    put(company.facts, [dc.replace(old, status="left")])
    gone = who(company, GM_MAIL)
    assert gone.kind == "stranger" and not gone.roles

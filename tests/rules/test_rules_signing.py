"""Countersigning (会签, P40): all or a quorum, together or in turn, one objection stops, silence as consent."""

from __future__ import annotations

import dataclasses as dc
from pathlib import Path
from typing import Any

import pytest
from support_desk import MAIL, Company, speaker
from support_rules import at, procedures

from qforms.forms import catalogue
from qforms.model import Catalogue, Event, Form, LetterIntent, Outcome, QformsError, Sign, Speaker
from qforms.rules import signing

SALES, WORKSHOP, PURCHASING, QUALITY, GMO = map(speaker, ("销售部", "生产一车间", "采购部", "质保部", "总经办"))
LINES = ({"category": "material", "qty": 16, "unit_cost": 46},)
SHARES = (
    {"bearer_type": "supplier", "bearer": "恒丰电子", "pct": 70},
    {"bearer_type": "dept", "bearer": "生产一车间", "pct": 30},
)
BEARERS = ("采购部", "生产一车间")


def issued(company: Company) -> str:
    values = {"incident": "漏液", "from_dept": "销售部", "to_depts": BEARERS, "cost_lines": LINES, "shares": SHARES}
    number = company.send("2026-05-18 09:00", "cost_transfer", {**values, "basis": "7.2"}, SALES).number
    company.send("2026-05-18 10:00", "cost_transfer", {}, SALES, number=number, event="issue")
    return number


def letter_to(company: Company, department: str, rule: str = "issue_8002") -> LetterIntent:
    [letter] = [i for i in company.letters(rule) if i.to == (MAIL[department],)]
    return letter


def answer(company: Company, when: str, letter: LetterIntent, by: Speaker, verdict: str = "agree") -> Outcome:
    said = {
        "target": letter.number, "event": letter.facts["ask"][verdict], "verdict": verdict, "reason": "不认可",
        "decided_by": by.name, "decided_at": at(when),
    }  # fmt: skip
    return company.send(when, "approval", said, by, token=letter.code)


def units(company: Company, number: str) -> dict[str, str]:
    found = (r.values for r in company.facts.all("approval") if r.values.get("target") == number)
    return {v["unit"]: v["decided_by"] for v in found if v.get("unit")}


def test_both_bearers_agree_one_after_the_other() -> None:
    company = Company()
    number = issued(company)
    assert answer(company, "2026-05-18 11:00", letter_to(company, "采购部"), PURCHASING).state == "accepted"
    assert company.record(number).status == "issued" and units(company, number) == {"采购部": "苏曼"}
    assert answer(company, "2026-05-19 11:00", letter_to(company, "生产一车间"), WORKSHOP).state == "accepted"
    assert company.record(number).status == "agreed"
    assert units(company, number) == {"采购部": "苏曼", "生产一车间": "田广志"}
    assert [a.status for a in company.facts.all("approval")] == ["agreed", "agreed"]
    assert company.clock("sign_8002", number).state == "met"


def test_one_objection_stops_it_and_the_other_word_is_kept() -> None:
    company = Company()
    number = issued(company)
    answer(company, "2026-05-18 11:00", letter_to(company, "采购部"), PURCHASING, "object")
    assert company.record(number).status == "objected"
    assert answer(company, "2026-05-19 11:00", letter_to(company, "生产一车间"), WORKSHOP).state == "accepted"
    assert company.record(number).status == "objected", "an agreement that comes later moves nothing"
    assert "生产一车间" in units(company, number)


def test_who_is_not_asked_cannot_sign() -> None:
    company = Company()
    number = issued(company)
    done = company.send("2026-05-18 11:00", "cost_transfer", {}, QUALITY, number=number, event="agree")
    assert done.state == "refused" and done.reason and done.reason.code == "event_right"
    assert not units(company, number)


def test_the_same_word_twice_is_one_signature() -> None:
    company = Company()
    number = issued(company)
    for hour in ("11", "12"):
        answer(company, f"2026-05-18 {hour}:00", letter_to(company, "采购部"), PURCHASING)
    assert company.record(number).status == "issued"


def test_each_bearer_may_say_it_in_the_form() -> None:
    company = Company()
    number = issued(company)
    company.send("2026-05-18 11:00", "cost_transfer", {"unit_verdict": "agree"}, PURCHASING, number=number)
    assert company.record(number).status == "issued" and "unit_verdict" not in company.record(number).values
    company.send("2026-05-18 11:30", "cost_transfer", {"voucher_no": "1"}, PURCHASING, number=number)
    assert company.record(number).status == "issued"
    company.send("2026-05-18 12:00", "cost_transfer", {"unit_verdict": "agree"}, WORKSHOP, number=number)
    assert company.record(number).status == "agreed" and company.record(number).values["unit_verdict"] == "agree"
    assert units(company, number) == {"采购部": "苏曼", "生产一车间": "田广志"}


def test_each_that_has_not_signed_is_reminded_with_a_code_of_his_own() -> None:
    company = Company()
    number = issued(company)
    company.until("2026-05-22 10:00")
    reminders = company.letters("sign_8002", "reminder", number)
    assert {i.to for i in reminders} == {(MAIL["采购部"],), (MAIL["生产一车间"],)}
    assert len({i.code for i in reminders}) == 2 and all(i.facts["ask"]["agree"] == "agree" for i in reminders)
    again = next(i for i in reminders if i.to == (MAIL["采购部"],))
    answer(company, "2026-05-22 11:00", again, PURCHASING)
    company.until("2026-05-24 16:00")
    later = [i for i in company.letters("sign_8002", "reminder", number) if i not in reminders]
    assert [i.to for i in later] == [(MAIL["生产一车间"],)]


# ---------------------------------------------------------------- other ways to count: a form as a company may write it


def changed(sign: Sign, on: tuple[str, ...] = ("approval.approve",)) -> Company:
    """The company, with a recall's measures to be signed as `sign` says (a form without money: the 8001)."""
    own = procedures(issue={"mode": "manual"}, company={"operator": "op@yunling.example"})
    form = own.catalogue.form("market_abnormality")
    event = Event("confirm", form.title, ("replied",), "confirmed", on, sign=sign)
    events = tuple(event if e.name == "confirm" else e for e in form.lifecycle.events)
    other = dc.replace(form, lifecycle=dc.replace(form.lifecycle, events=events))
    return Company(dc.replace(own, catalogue=_With(own.catalogue, other)))


class _With:
    """A catalogue in which one form is another."""

    def __init__(self, catalogue: Catalogue, form: Form) -> None:
        self.forms = {**catalogue.forms, form.name: form}
        self._catalogue = catalogue

    def form(self, name: str) -> Form:
        return self.forms[name]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalogue, name)


def replied(company: Company) -> str:
    values = {"to_depts": ("工程部",), "product_model": "M1"}
    number = company.send("2026-05-18 09:00", "market_abnormality", values, SALES).number
    company.send("2026-05-18 09:10", "market_abnormality", {}, SALES, number=number, event="issue")
    reply = {"tech_class": "batch", "mechanism_confirmed": True, "cause_analysis": "漏液"}
    company.send("2026-05-18 10:00", "market_abnormality", reply, speaker("工程部"), number=number)
    assert company.record(number).status == "replied"
    return number


def say(company: Company, when: str, number: str, by: Speaker) -> Outcome:
    said = {"target": number, "event": "confirm", "verdict": "agree", "decided_by": by.name, "decided_at": at(when)}
    return company.send(when, "approval", said, by)


def test_a_quorum_is_enough() -> None:
    company = changed(Sign(("quality", "purchasing", "production"), need=2))
    number = replied(company)
    say(company, "2026-05-18 11:00", number, QUALITY)
    assert company.record(number).status == "replied"
    say(company, "2026-05-18 12:00", number, WORKSHOP)
    assert company.record(number).status == "confirmed"


def test_in_turn_nobody_signs_before_his_turn() -> None:
    company = changed(Sign(("quality", "purchasing"), in_turn=True))
    number = replied(company)
    done = say(company, "2026-05-18 11:00", number, PURCHASING)
    assert done.reason and (done.state, done.reason.code) == ("refused", "sign_in_turn")
    assert done.reason.context["names"] == "质保部"
    say(company, "2026-05-18 11:30", number, QUALITY)
    say(company, "2026-05-18 12:00", number, PURCHASING)
    assert company.record(number).status == "confirmed"


def test_who_says_nothing_in_time_agrees_where_the_form_says_so() -> None:
    company = changed(Sign(("quality", "purchasing")), ("approval.approve", "clock.silence"))
    number = replied(company)
    say(company, "2026-05-18 11:00", number, QUALITY)
    from qforms.rules import lifecycle
    from qforms.rules.work import Work

    work = Work(company.facts, company.procedures, at("2026-05-21 10:00"), at("2026-05-21 10:00"), None)
    lifecycle.rung(work, number, "silence")
    record = work.view.record(number)
    assert record is not None and record.status == "confirmed"
    silent = [r for r in work.view.all("approval") if r.values.get("means") == "silence"]
    assert [r.values["unit"] for r in silent] == ["采购部"]


def test_what_comes_back_is_signed_anew() -> None:
    company = changed(Sign(("quality", "purchasing")))
    number = replied(company)
    say(company, "2026-05-18 11:00", number, QUALITY)
    company.send("2026-05-18 12:00", "market_abnormality", {}, SALES, number=number, event="reject")
    assert company.record(number).status == "issued"
    company.send(
        "2026-05-18 13:00", "market_abnormality", {"mechanism_confirmed": True}, speaker("工程部"), number=number
    )
    assert company.record(number).status == "replied"
    say(company, "2026-05-18 14:00", number, PURCHASING)
    assert company.record(number).status == "replied", "quality signed what was sent back"
    say(company, "2026-05-18 15:00", number, QUALITY)
    assert company.record(number).status == "confirmed"


FORM = """\
form: note
version: "1"
title: 便签
audience: internal
number: "N-{seq:04d}"
open_by: [office]
sections:
  - section: a
    title: 甲
    fields:
      - {name: to_depts, label: 主送, type: dept, many: true}
      - {name: sum, label: 金额, type: money}
lifecycle:
  start: draft
  states: {draft: {zh: 草稿}, done: {zh: 完成, print: approved, final: true}}
  events:
    agree: {zh: 会签, from: draft, to: done, on: [approval.approve, clock.quiet], sign: SIGN}
"""


@pytest.mark.parametrize(
    ("sign", "fault"),
    [
        ("{by: [to_depts]}", "涉及金额"),
        ("{by: [nobody]}", "nobody"),
        ("{by: [to_depts], need: many}", "need"),
        ("{by: [to_depts], order: backwards}", "backwards"),
        ("{need: all}", "by"),
    ],
)
def test_a_wrong_signing_is_told_with_its_line(tmp_path: Path, sign: str, fault: str) -> None:
    for name, text in {"note": FORM.replace("SIGN", sign), "approval": APPROVAL}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "form.yaml").write_text(text, "utf-8")
    with pytest.raises(QformsError) as told:
        catalogue.load(tmp_path)
    assert any(line.startswith("note/form.yaml:") and fault in line for line in told.value.problems)


APPROVAL = """\
form: approval
version: "1"
title: 审批
audience: internal
number: "A-{seq:04d}"
open_by: [office]
sections: [{section: a, title: 甲, fields: [{name: verdict, label: 结论}]}]
lifecycle:
  start: given
  states: {given: {zh: 待定}, agreed: {zh: 同意, print: approved, final: true}}
  events: {approve: {zh: 同意, from: given, to: agreed}}
"""


def test_signers_are_named_once_and_in_order() -> None:
    company = Company()
    number = issued(company)
    from qforms.rules.work import Work

    work = Work(company.facts, company.procedures, at("2026-05-19 10:00"), at("2026-05-19 10:00"), None)
    record = company.record(number)
    assert signing.waiting(work, record) == list(BEARERS)

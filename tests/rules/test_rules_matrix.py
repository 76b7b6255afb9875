"""Who is told of what (the notification matrix) and who may decide what: each row of both, one by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support_desk import Company
from support_rules import at, shipped

from qforms.intake import rights
from qforms.model import LetterRule, Record, Speaker
from qforms.rules import entitled, signing
from qforms.rules.trial import speaker
from qforms.rules.work import Refusal, Work

FORMS, BOOK = shipped()
LETTERS = {r.name: r for r in BOOK.letters}
TRIGGERS = {r.name: r for r in BOOK.triggers}
CLOCKS = {r.name: r for r in BOOK.clocks}

# ---------------------------------------------------------------- the notification matrix

# what happens -> the letter rules, and who has to be among their recipients
MATRIX = [
    ("complaint registered", ["new_case"], {"owner", "head"}),
    ("… of severity 3", ["alarm_serious"], {"owner", "engineering", "quality", "gmo"}),
    ("… of severity 4", ["alarm_safety"], {"gm", "gmo", "engineering", "quality", "owner"}),
    ("… by a regulator or the media", ["alarm_regulator"], {"gmo", "legal"}),
    ("a stage, to the customer", ["stage_to_tell", "stage_told", "order_progress"], {"owner", "customer"}),
    ("8001 issued, revised", ["issue_8001", "revision_8001", "reissue_8001"], {"to_depts", "cc_depts"}),
    ("topical report, revised", ["issue_topical", "revision_topical", "reissue_topical"], {"to_depts", "cc_depts"}),
    ("8D to fill in and issued", ["eight_d_to_fill", "eight_d_to_customer"], {"to_depts", "cc_depts", "customer"}),
    ("8002", ["issue_8002", "copy_8002"], {"to_depts", "finance", "gmo", "engineering"}),
    ("8004", ["issue_8004", "copy_8004_person"], {"to_depts", "finance", "gmo", "hr"}),
    ("a department's reply", ["reply_8001"], {"sales"}),
    ("the answer", ["customer_answer", "customer_answer_copy"], {"customer", "owner"}),
    ("technical change", ["issue_change"], {"production", "quality", "purchasing", "sales"}),
    ("review sheet approved: to be posted", ["post_notice"], {"dept", "quality"}),
    ("objection", ["objection_to_investigate"], {"quality", "chief_engineer"}),
    ("result of the investigation", ["objection_result", "objection_result_departments"], {"obj_by", "sent_depts"}),
    ("ruling", ["ruling", "ruled"], {"obj_by", "obj_dept", "sent_depts", "quality"}),
    ("measure ineffective", ["review_ineffective", "review_to_unit"], {"quality", "gmo", "responsible_dept"}),
    ("return plan", ["plan_to_customer"], {"customer", "sales"}),
    ("repair beyond 72 h", ["repair_to_gm"], {"gm", "gmo", "engineering", "sales"}),
    ("small compensation paid", ["payment_reported"], {"finance", "line_manager"}),
    ("large compensation to review", ["approve_large", "approve_large_copy"], {"gm", "finance"}),
    ("not customer-caused, photographed", ["not_customer_caused", "compensation_hq"], {"hq", "quality"}),
    ("unsatisfied, or a problem at a visit", ["visit_unsatisfied", "visit_unsolved"], {"aftersales.head", "quality"}),
    ("recall analysis", ["recall_review", "recall_decide"], {"quality", "chief_engineer", "gm"}),
    ("recall decided", ["recall_decided"], {"sales", "engineering", "quality", "production", "finance", "legal"}),
    ("visit due", ["visit_due"], {"visitor"}),
]  # fmt: skip


@pytest.mark.parametrize(("what", "rules", "told"), MATRIX, ids=[row[0] for row in MATRIX])
def test_everybody_who_has_to_hear_of_it_is_written_to(what: str, rules: list[str], told: set[str]) -> None:
    found: set[str] = set()
    for name in rules:
        rule: LetterRule = LETTERS[name]
        found.update(rule.to.names, rule.to.else_, rule.cc.names)
    assert told <= found, told - found


def test_the_reports_go_to_those_who_solve_it_and_the_copies_to_the_rest() -> None:
    """A15: the responsible unit, else engineering and the GM office; the topical report to the general manager too."""
    for name in ("rate_above_3_per_mille", "serious_problem"):
        rule = TRIGGERS[name]
        assert rule.to.names == ("responsible_dept",) and rule.to.else_ == ("engineering", "gmo")
        assert {"gmo", "engineering", "quality", "sales"} <= set(rule.cc.names)
    assert "gm" in TRIGGERS["rate_above_1_per_cent"].cc.names and "gm" in TRIGGERS["personal_safety"].cc.names


def test_deadlines_remind_the_owner_and_go_up_when_they_are_over() -> None:
    for name in ("misuse_answer", "recontact", "defect_answer", "report_8001", "report_topical"):
        steps = {s.percent: s for s in CLOCKS[name].ladder if s.percent}
        assert [steps[p].to.names for p in (50, 80)] == [("owner",), ("owner",)]
        assert {"owner", "head", "gmo"} <= set(steps[100].to.names)


# ---------------------------------------------------------------- approvals and decisions

# decision -> event or field of a form, who may, who may not
DECISIONS = [
    ("preliminary class", "complaint.prelim_class", "sales", "finance"),
    ("customer-caused or not", "repair_acceptance.appraisal", "aftersales", "finance"),
    ("individual, batch, serious", "market_abnormality.tech_class", "engineering", "sales"),
    ("internal or external responsibility", "market_abnormality.responsibility", "gmo", "engineering"),
    ("responsible unit", "complaint.responsible_dept", "gmo", "engineering"),
    ("valid complaint", "complaint.valid_complaint", "quality", "sales"),
    ("cause of the review sheet", "nonconformity_review.cause", "quality", "sales"),
    ("approval of the review sheet", "nonconformity_review.approve", "chief_engineer", "quality"),
    ("second objection", "objection.ce_ruling", "chief_engineer", "quality"),
    ("measures, by the bearers", "cost_transfer.agree", "production", "hr"),
    ("return request", "return_application.review_decision", "repair", "sales"),
    ("repaired item fit", "return_repair.assessment", "quality", "repair"),
    ("small compensation", "write_off.approve_small", "aftersales.head", "aftersales"),
    ("large compensation", "write_off.approve_large", "gm", "aftersales.head"),
    ("reward, penalty, deduction", "deduction_notice.kind", "gmo", "sales"),
    ("large deduction", "deduction_notice.approve", "gm", "gmo"),
    ("recall", "recall_analysis.decide", "gm", "quality"),
    ("after 72 h of repair", "return_repair.gm_decision", "gm", "engineering"),
    ("review board", "review_minutes.conclusion", "quality", "sales"),
]  # fmt: skip


def _record(form: str, states: tuple[str, ...]) -> Record:
    status = states[0] if states else FORMS.form(form).lifecycle.start
    return Record(form, "X-1", 0, status, "X-1", {"to_depts": ("production",)})


@pytest.mark.parametrize(("what", "place", "right", "wrong"), DECISIONS, ids=[row[0] for row in DECISIONS])
def test_who_decides_and_who_does_not(what: str, place: str, right: str, wrong: str) -> None:
    form, _, name = place.partition(".")
    event = FORMS.form(form).lifecycle.event(name)
    if event is None:
        record = _record(form, ())
        assert rights.writable(FORMS.form(form), speaker(right), record)(name)
        assert not rights.writable(FORMS.form(form), speaker(wrong), record)(name)
        return
    record = _record(form, event.from_)
    company = Company()
    work = Work(company.facts, company.procedures, at("2026-05-11 10:00"), at("2026-05-11 10:00"), None)

    def asks(who: Speaker) -> Callable[[], object]:
        if event.sign is not None:
            return lambda: signing.whose(work, record, event, who) or _refuse()
        return lambda: entitled.acting(work, who, event, record)

    asks(speaker(right))()
    with pytest.raises(Refusal) as refused:
        asks(speaker(wrong))()
    assert refused.value.problem.code == "event_right"


def _refuse() -> None:
    from qforms.model import Problem

    raise Refusal(Problem("event_right"))

"""Who is told of what (the notification matrix) and who may decide what: each row of both, one by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support_desk import Company
from support_rules import at, shipped

from qforms.intake import rights
from qforms.model import ClockRule, LetterRule, Record, Speaker
from qforms.rules import entitled, signing
from qforms.rules.trial import speaker
from qforms.rules.work import Refusal, Work

FORMS, BOOK = shipped()
LETTERS = {r.name: r for r in BOOK.letters}
TRIGGERS = {r.name: r for r in BOOK.triggers}
CLOCKS = {r.name: r for r in BOOK.clocks}

# ---------------------------------------------------------------- the notification matrix

# 1.16 line by line: what happens | the letter rule | when it goes: on, and the condition | to | copies
MATRIX = """
complaint registered          | new_case                     | complaint.opened; severity < limits.severity_8001   | owner | head
… of severity 3               | alarm_serious                | complaint.severity; severity >= limits.severity_8001 | owner sales engineering quality gmo |
… of severity 4, at once      | alarm_safety                 | complaint.severity; severity >= limits.severity_topical | gm gmo engineering quality sales owner |
… by a regulator or the media | alarm_regulator              | complaint.sub_channel; "media"                      | gmo legal |
a stage: its owner is asked   | stage_to_tell                | complaint.classify                                  | owner |
… the plan                    | stage_plan_to_tell           | complaint.plan_at                                   | owner |
… the end                     | stage_closed_to_tell         | complaint.close                                     | owner |
… and the customer told       | stage_told                   | complaint.tell                                      | customer |
… the department concerned    | closed_to_department         | complaint.close; known(responsible_dept)            | responsible_dept |
… of a work order             | order_progress               | work_order.progress; visible_to_customer            | customer owner |
… of a return                 | return_here                  | return_application.receive                          | customer owner |
… of a repair                 | repaired_stage               | return_repair.pass                                  | customer owner |
8001 issued                   | issue_8001                   | market_abnormality.issue                            | to_depts | cc_depts
8001 revised                  | revision_8001                | market_abnormality.revised; known(issued_at)        | to_depts | cc_depts
8001 triggered anew           | reissue_8001                 | market_abnormality.reissue                          | to_depts | cc_depts
topical report issued         | issue_topical                | topical_report.issue                                | to_depts | cc_depts
topical report revised        | revision_topical             | topical_report.revised; known(issued_at)            | to_depts | cc_depts
topical report triggered anew | reissue_topical              | topical_report.reissue                              | to_depts | cc_depts
8D to be filled in            | eight_d_to_fill              | eight_d.opened                                      | to_depts | cc_depts
8D, its next stage            | eight_d_next_stage           | eight_d.issue                                       | to_depts | cc_depts
8D, its last stage            | eight_d_last_stages          | eight_d.to_interim                                  | to_depts | cc_depts
8D to the customer            | eight_d_to_customer          | eight_d.issue                                       | customer |
8002 to its bearers           | issue_8002                   | cost_transfer.issue                                 | to_depts |
8002, copies                  | copy_8002                    | cost_transfer.issue                                 | finance gmo engineering |
8004                          | issue_8004                   | deduction_notice.issue                              | to_depts purchasing | finance gmo origin_dept
8004 against a person         | copy_8004_person             | deduction_notice.issue; party_kind == "person"      | hr |
a department's reply          | reply_8001                   | market_abnormality.reply                            | sales |
the answer                    | customer_answer              | customer_reply.send                                 | customer |
… a copy of it                | customer_answer_copy         | customer_reply.send                                 | owner |
technical change              | issue_change                 | technical_change.issue                              | production | quality purchasing sales
F14 approved: to be posted    | post_notice                  | posting.opened                                      | dept | quality
objection                     | objection_to_investigate     | objection.round; round == 1                         | quality | chief_engineer
second objection              | objection_to_rule            | objection.round; round == 2                         | chief_engineer | quality
result of QA                  | objection_result             | objection.answer                                    | obj_by obj_dept | chief_engineer
… to the departments          | objection_result_departments | nonconformity_review.reinvestigate                  | sent_depts |
ruling                        | ruling                       | objection.rule                                      | obj_by obj_dept | quality
… to all departments          | ruled                        | nonconformity_review.rule                           | sent_depts | quality
measure ineffective           | review_ineffective           | review_minutes.opened                               | quality chief_engineer | gmo
… to the unit                 | review_to_unit               | nonconformity_review.to_review                      | responsible_dept |
return plan                   | plan_to_customer             | return_repair.tell_plan                             | customer | sales
repair beyond 72 h            | repair_to_gm                 | return_repair.escalate                              | gm | gmo engineering sales
small compensation done       | payment_reported             | write_off.report                                    | finance line_manager |
large compensation to review  | approve_large                | write_off.submit; size_class == "large"             | gm |
… a copy to finance           | approve_large_copy           | write_off.submit; size_class == "large"             | finance |
not customer-caused           | not_customer_caused          | repair_acceptance.appraise; "not_customer_caused"   | hq | quality
… before it is paid           | compensation_hq              | write_off.submit                                    | hq | quality
unsatisfied                   | visit_unsatisfied            | return_visit.dissatisfy                             | aftersales.head | quality
a problem at a visit          | visit_unsolved               | return_visit.unsolved                               | aftersales.head | quality
recall report                 | recall_decide                | recall_analysis.review                              | gm |
recall decided                | recall_decided               | recall_analysis.recall_decision; known(gm_decided_at) | sales engineering quality production purchasing aftersales gmo | finance legal
visit due                     | visit_due                    | return_visit.fall_due                               | visitor aftersales |
monthly report                | report_issued                | quality_information.approve                         | gm gmo | engineering quality production purchasing finance
"""  # noqa: E501
LINES = [[cell.strip() for cell in f"{line} | |".split("|")[:5]] for line in MATRIX.strip().splitlines()]


@pytest.mark.parametrize("line", LINES, ids=[line[0] for line in LINES])
def test_a_line_of_the_matrix_is_a_rule(line: list[str]) -> None:
    """Exactly these get it, by exactly this event; the condition holds what the line says."""
    _, name, when, to, cc = line
    on, _, condition = when.partition("; ")
    rule: LetterRule = LETTERS[name]
    assert rule.on == on and condition in (rule.when.text if rule.when else "")
    assert {*rule.to.names, *rule.to.else_} == set(to.split()) and set(rule.cc.names) == set(cc.split())


REPORTS = [
    ("rate_above_3_per_mille", {"gmo", "engineering", "quality", "sales"}),
    ("serious_problem", {"gmo", "engineering", "quality", "sales"}),
    ("serious_problem_gm", {"gm"}),
    ("rate_above_1_per_cent", {"gm", "gmo", "engineering", "quality", "production", "purchasing", "sales"}),
    ("repeated_complaints", {"gm", "gmo", "engineering", "quality", "production", "purchasing", "sales"}),
    ("personal_safety", {"gm", "gmo", "engineering", "quality", "production", "purchasing", "sales"}),
]


@pytest.mark.parametrize(("name", "copies"), REPORTS, ids=[row[0] for row in REPORTS])
def test_a_report_goes_to_those_who_solve_it_and_its_copies_to_the_rest(name: str, copies: set[str]) -> None:
    """A15: the responsible unit, else engineering and the GM office; severity 4 and topical reports to the GM too."""
    rule = TRIGGERS[name]
    assert rule.to.names == ("responsible_dept",) and rule.to.else_ == ("engineering", "gmo")
    assert set(rule.cc.names) == copies


def test_others_open_forms_with_their_addressees() -> None:
    eight_d, loss, deduction = (TRIGGERS[n] for n in ("eight_d_requested", "loss", "deduction_decided"))
    assert eight_d.to.else_ == ("engineering",) and set(eight_d.cc.names) == {"gmo", "engineering", "quality", "sales"}
    assert loss.to.names == ("shares.bearer",) and loss.to.else_ == ("purchasing",), "a supplier through purchasing"
    assert deduction.to.names == ("party",) and set(deduction.cc.names) == {"finance", "gmo", "origin_dept"}
    recall = TRIGGERS["recall_of_danger"]
    assert {"gm", "gmo", "finance", "legal"} <= set(recall.cc.names)


HARD = [c for c in BOOK.clocks if c.code in {f"CK{n:02}" for n in range(1, 15)} and not c.soft and c.ladder]


@pytest.mark.parametrize("clock", HARD, ids=lambda c: f"{c.on}.{c.name}")
def test_deadlines_remind_the_owner_alone_and_go_up_when_they_are_over(clock: ClockRule) -> None:
    steps = {s.percent: set(s.to.names) for s in clock.ladder if s.percent}
    assert all(names == set(clock.owner.names) or names == {"owner"} for at, names in steps.items() if at < 100)
    assert 80 in steps and {"owner", "head", "gmo"} <= steps[100]


def test_a_repair_beyond_72_hours_has_one_escalation_and_no_ladder_beside_it() -> None:
    assert not CLOCKS["gm_escalation"].ladder and CLOCKS["gm_escalation"].owner.names == ("gm",)


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

# ruff: noqa: E501 (mails and answers as they arrive, one to a line)
"""What becomes of a delivery: who speaks, of which record, what is kept, what is asked."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from support_intake import (
    CLIENTS,
    CODE,
    KEYS,
    NOW,
    PNG,
    ZONE,
    bounce,
    forwarded,
    foxmail,
    iphone,
    mail,
    multi,
    outcomes,
    outlook,
    part,
    procedures,
    qq,
    reading,
    stamped,
    taken,
    world,
)

from qforms.model import EMPTY, Filled, Outcome
from qforms.problems import CATALOGUE, say
from qforms.stamp import read as read_stamp

TELLING = "电源适配器 YL-A65 无输出，批号 A65-2603C，9 台。请提供8D报告。"
STAFF = "严工 <yan@womai.cn>"
R8001 = "8001-202605-0003"


def told(*found: Outcome):
    """Every problem has a text in both languages that names no placeholder."""
    for outcome in found:
        for problem in (*outcome.problems, *filter(None, [outcome.reason])):
            assert problem.code in CATALOGUE, problem.code
            for lang in ("zh", "en"):
                assert say(problem, lang, "批号") and "{" not in say(problem, lang, "批号")
    return found


def codes(outcome):
    """Every problem's code; the reason is one of them, and stands there once."""
    assert outcome.reason not in outcome.problems
    return [p.code for p in (*filter(None, [outcome.reason]), *outcome.problems)]


def dropped(given, w=None, name="a.json"):
    raw = json.dumps(given, ensure_ascii=False).encode()
    return told(*outcomes(reading(raw, "folder", name), w or world()))


# ---------------------------------------------------------------- complaints


@pytest.mark.parametrize("client", CLIENTS)
def test_a_customer_s_mail_opens_a_case(client):
    (outcome,) = told(*taken(CLIENTS[client](TELLING)))
    assert (outcome.state, outcome.form, outcome.number, outcome.answer) == (
        "accepted",
        "complaint",
        "",
        "acknowledgement",
    )
    expected = {"customer": "客户甲", "product_model": "YL-A65", "product_family": "A65", "lot_no": "A65-2603C", "defect_qty": 9,
                "channel": "email", "contact_email": "wang@kehu.cn", "received_at": NOW, "d8_requested_at": NOW}  # fmt: skip
    assert {n: outcome.values.get(n) for n in expected} == expected
    assert outcome.speaker.kind == "customer" and outcome.speaker.trusted


def test_gaps_are_asked_for_in_one_question():
    (outcome,) = told(*taken(foxmail("电源 YL-A65 无输出，请处理")))
    assert (outcome.state, outcome.missing, outcome.answer) == ("partial", ("defect_qty", "lot_no"), "question")


def test_a_model_counts_only_when_it_is_ours():
    (outcome,) = told(*taken(foxmail("我们的 XY-100 机台上的 A65W 电源无输出")))
    assert outcome.values["product_model"] == "YL-A65"
    assert "product_model" not in taken(foxmail("XY-100 无输出"))[0].values


def test_a_lot_names_its_model():
    (outcome,) = told(*taken(foxmail("A65-2603B 这批 3 台不良")))
    assert outcome.values["product_model"] == "YL-A65" and outcome.values["lot_no"] == "A65-2603B"


def test_an_unknown_lot_is_kept_and_asked_about():
    (outcome,) = told(*taken(foxmail("YL-A65 无输出 3 台，批号 A65-2603X")))
    assert outcome.values["lot_no"] == "A65-2603X" and outcome.answer == "question"
    (problem,) = outcome.problems
    assert problem.code == "unknown_lot" and set(problem.context["near"].split("、")) == {"A65-2603B", "A65-2603C"}


def test_an_unknown_model_on_a_form_is_kept_and_asked_about():
    (outcome,) = told(*taken(foxmail("产品型号：YL-A66\n批号：1\n数量：3\n问题现象：无输出")))
    assert outcome.values["product_model"] == "YL-A66" and codes(outcome) == ["unknown_product"]
    assert outcome.problems[0].context["near"] == "YL-A65"


def test_a_value_that_cannot_be_read_is_asked_for_again():
    (outcome,) = told(*taken(foxmail("产品型号：YL-A65\n批号：A65-2603C\n数量：很多\n问题现象：无输出")))
    assert outcome.state == "partial" and outcome.answer == "question" and "defect_qty" in outcome.missing
    assert outcome.values["defect_symptom"] == "无输出"


def test_photos_are_evidence():
    (outcome,) = told(*taken(mail(multi("mixed", part(TELLING), part(PNG, "image/png", name="现场.png")))))
    assert [p.name for p in outcome.evidence] == ["现场.png"]


def test_danger_always_opens_a_case_and_alarms():
    for text in ("请报价 100 台。另外上次的电源冒烟了", "电源起火"):
        (outcome,) = told(*taken(foxmail(text, subject="报价")))
        assert outcome.form == "complaint" and outcome.alarm and outcome.values["danger_words"] == outcome.alarm


def test_danger_that_our_own_people_find_alarms_too():
    ours = {"sender": "孙主管 <sun@womai.cn>", "subject": "制程异常 2号线"}
    (finding,) = taken(foxmail("2号线老化时一台冒烟", **ours))
    assert (finding.form, finding.state) == ("nonconformity_review", "partial") and finding.alarm == ("冒烟",)
    assert taken(foxmail("2号线老化时一台无输出", **ours))[0].alarm == ()


@pytest.mark.parametrize(
    "form, field", [("nonconformity_review", "nonconformity"), ("quality_problem_report", "statement")]
)
def test_danger_in_a_form_of_our_own_people_alarms_too(form, field):
    for words, alarm in (("老化时一台冒烟", ("冒烟",)), ("一台无输出，未冒烟", ())):
        (finding,) = dropped({"form": form, "by": "quality", "values": {"place": "2号线", field: words}})
        assert (finding.form, finding.alarm) == (form, alarm)


def test_denied_danger_is_no_alarm():
    (outcome,) = told(*taken(foxmail(TELLING + "未冒烟，无打火。")))
    assert outcome.alarm == () and "danger_words" not in outcome.values


def test_danger_in_a_cell_alarms_too():
    (outcome,) = dropped({"form": "complaint", "values": {"customer_name": "客户甲", "defect_symptom": "冒烟"}})
    assert outcome.alarm == ("冒烟",)


def test_a_stranger_may_open_a_case_and_is_no_customer():
    text = "客户名称：客户甲\n产品型号：YL-A65\n批号：A65-2603C\n数量：1\n问题现象：无输出\n严重程度：4"
    (outcome,) = told(*taken(foxmail(text, sender="x@unknown.cn")))
    assert outcome.form == "complaint" and "customer" not in outcome.values and outcome.speaker.kind == "stranger"
    assert "severity" not in outcome.values and outcome.values["customer_name"] == "客户甲"


def test_strangers_shut_out_only_by_setting():
    shut = replace(procedures(), settings=procedures().settings.model_copy(update={
        "trust": procedures().settings.trust.model_copy(update={"strangers_may_open": False})}))  # fmt: skip
    from qforms.intake import admit

    (outcome,) = admit(reading(foxmail(TELLING, sender="x@unknown.cn")), world(), shut, NOW)
    assert outcome.state == "ignored" and outcome.tasks[0].kind == "unsure"


def test_a_known_address_that_nobody_vouches_for_still_opens_a_case():
    (outcome,) = told(*taken(foxmail(TELLING), channel="imap"))
    assert outcome.form == "complaint" and not outcome.speaker.trusted


def test_business_mail_gets_nothing():
    (outcome,) = told(*taken(foxmail("请报价 YL-A65 100台", subject="询价")))
    assert (outcome.state, outcome.answer, outcome.tasks) == ("ignored", "", ())


def test_unsure_mail_is_a_task():
    (outcome,) = told(*taken(foxmail("在吗", subject="你好")))
    assert outcome.state == "ignored" and outcome.answer == ""
    assert outcome.tasks[0].actions == ("立案", "不是投诉") and outcome.tasks[0].delivery


@pytest.mark.parametrize("sender", ["SRM <noreply@kehu-srm.cn>", "no-reply@unknown.cn"])
def test_a_complaint_from_a_system_that_can_t_be_answered_is_shown_and_can_be_filed(sender):
    raw = foxmail(TELLING, sender=sender)
    (outcome,) = told(*taken(raw))
    assert (outcome.state, outcome.answer) == ("ignored", "") and outcome.tasks[0].kind == "unsure"
    (outcome,) = told(*outcomes(replace(reading(raw), kind="complaint", filed=True), world()))
    assert outcome.form == "complaint" and outcome.values["defect_qty"] == 9 and outcome.answer == ""


def test_what_a_person_files_opens_a_case_though_strangers_are_shut_out():
    shut = replace(procedures(), settings=procedures().settings.model_copy(update={
        "trust": procedures().settings.trust.model_copy(update={"strangers_may_open": False})}))  # fmt: skip
    from qforms.intake import admit

    said = replace(reading(foxmail(TELLING, sender="x@unknown.cn")), filed=True)
    (outcome,) = admit(said, world(), shut, NOW)
    assert outcome.form == "complaint"


def test_the_same_customer_and_model_within_a_day_is_offered_as_one_case():
    w = world()
    (outcome,) = told(*taken(foxmail(TELLING), w))
    assert [t.kind for t in outcome.tasks] == ["same_case"] and outcome.tasks[0].context["other"] == "TS-202604-0001"
    w.records["TS-202604-0001"] = replace(w.records["TS-202604-0001"], received_at=NOW - timedelta(hours=25))
    assert taken(foxmail(TELLING), w)[0].tasks == ()


def test_no_loop_of_answers():
    w = world()
    w.replies = 10
    (outcome,) = told(*taken(foxmail(TELLING), w))
    assert outcome.form == "complaint" and outcome.answer == ""


def test_a_salesman_s_forward_is_on_behalf_of_the_customer():
    (outcome,) = told(*taken(forwarded("请立案", TELLING)))
    assert outcome.values["on_behalf_of"] == "zhao@womai.cn" and outcome.values["customer"] == "客户甲"
    assert outcome.values["contact_email"] == "li@kehu.cn" and outcome.speaker.kind == "person"


def test_a_link_to_a_file_is_a_task():
    (outcome,) = told(*taken(foxmail(TELLING + "\n照片：https://pan.baidu.com/s/1abc")))
    [task] = [t for t in outcome.tasks if t.kind == "fetch_file"]
    assert outcome.answer == "question" and task.due_at == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ("过期时间：2026年5月7日", datetime(2026, 5, 7, tzinfo=ZONE)),
        ("有效期至 2026-06-01", NOW + timedelta(days=1)),
        ("2026-02-31 到期", NOW + timedelta(days=1)),
        ("2026-05-01 过期", NOW + timedelta(days=1)),
    ],
)
def test_a_link_is_urgent_and_more_so_when_it_expires(said, due):
    """P22: never followed; fetched by somebody before it expires."""
    text = f"{TELLING}\n超大附件：https://wx.mail.qq.com/ftn/download?x=1 {said}"
    (outcome,) = told(*taken(foxmail(text)))
    [task] = [t for t in outcome.tasks if t.kind == "fetch_file"]
    assert task.due_at == due and "https://wx.mail.qq.com" in task.text.zh


# ---------------------------------------------------------------- whose case


def test_a_customer_s_answer_on_their_case():
    raw = foxmail("批号：A65-2603C\n数量：12台", subject="答复: TS-202604-0001 已收到")
    revised, contact = told(*taken(raw))
    assert (revised.form, revised.number, revised.values) == (
        "complaint",
        "TS-202604-0001",
        {"lot_no": "A65-2603C", "defect_qty": 12},
    )
    assert (contact.form, contact.case_no, contact.values["direction"]) == ("contact", "TS-202604-0001", "in")


def test_running_text_fills_only_what_is_unknown():
    w = world()
    w.revise("TS-202604-0001", lot_no="A65-2603B")
    revised, _ = told(*taken(foxmail("更正：批号 A65-2603C，12 台不良，其中一台冒烟", subject="Re: TS-202604-0001"), w))
    assert revised.values["defect_qty"] == 12 and "lot_no" not in revised.values
    assert revised.alarm == ("冒烟",) and revised.values["danger_words"] == ("冒烟",)


def test_another_customer_s_number_opens_a_new_case():
    (outcome,) = told(*taken(foxmail(TELLING, subject="Re: TS-202604-0001", sender="x@other.cn")))
    assert (outcome.form, outcome.number, outcome.case_no) == ("complaint", "", "")
    assert "number_not_yours" in codes(outcome)


def test_an_unproven_sender_with_a_number_opens_a_new_case():
    (outcome,) = told(*taken(foxmail(TELLING, subject="Re: TS-202604-0001"), channel="imap"))
    assert outcome.number == "" and "number_not_yours" in codes(outcome)


def test_a_stranger_may_answer_a_letter_that_was_sent_to_them():
    w = world()
    w.add("complaint", "TS-202605-0009", "open", "TS-202605-0009", contact_email="x@unknown.cn")
    w.wrote("q1", "TS-202605-0009", ["x@unknown.cn"])
    raw = qq("批号：A65-2603C", sender="x@unknown.cn", subject="Re: q", more={"In-Reply-To": "<q1@womai.cn>"})
    assert told(*taken(raw, w))[0].number == "TS-202605-0009"
    stolen = qq(
        "批号：A65-2603C 无输出 不良", sender="y@evil.cn", subject="Re: q", more={"In-Reply-To": "<q1@womai.cn>"}
    )
    assert all(o.number == "" for o in told(*taken(stolen, w)))


def test_an_unknown_number_opens_a_new_case():
    (outcome,) = told(*taken(foxmail(TELLING, subject="TS-209901-0001")))
    assert outcome.form == "complaint" and "number_unknown" in codes(outcome)


def test_a_closed_case_is_not_reopened_by_a_mail():
    w = world()
    w.records["TS-202604-0001"] = replace(w.records["TS-202604-0001"], status="closed")
    (outcome,) = told(*taken(foxmail(TELLING, subject="Re: TS-202604-0001"), w))
    assert outcome.number == "" and "record_closed_new" in codes(outcome)


# ---------------------------------------------------------------- returns

GOOD = {
    "tech_class": "batch",
    "mechanism_confirmed": True,
    "cause_6m": ("material",),
    "cause_analysis": "电容漏液",
    "recall_to_judge": False,
}
ACTION = (
    {
        "action": "返工",
        "kind": "correction",
        "owner_dept": "生产部",
        "owner": "孙主管",
        "planned_on": date(2026, 5, 20),
    },
)


def returned(
    values,
    w=None,
    sender=STAFF,
    number=R8001,
    revision=0,
    problems=(),
    mark="",
    channel="maildir",
    form="market_abnormality",
    subject="回复",
    more=EMPTY,
):
    """A mail with a filled form, as reading gives it; `mark` None: without a stamp."""
    found = reading(mail(part("见附件"), subject, sender, more=more), channel)
    stamp = None if mark is None else read_stamp(mark or stamped(number, revision, form), KEYS)
    filled = Filled(form, values, {n: f"反馈单!{n}" for n in values}, {}, tuple(problems), "word", "2", stamp)
    return told(*outcomes(replace(found, filled=(filled,), kind="form"), w or world()))[0]


def test_a_whole_return_is_accepted():
    outcome = returned({**GOOD, "actions": ACTION, "n_defect": 16})
    assert (outcome.state, outcome.number, outcome.case_no, outcome.answer) == ("accepted", R8001, "TS-202604-0001", "")
    assert outcome.values == {**GOOD, "actions": ACTION} and outcome.where["tech_class"] == "反馈单!tech_class"


def test_what_is_right_is_kept_and_the_rest_asked_for():
    given = {n: v for n, v in GOOD.items() if n != "cause_analysis"}
    outcome = returned(given)
    assert (outcome.state, outcome.answer, outcome.values) == ("partial", "rejection", given)
    assert outcome.missing == ("cause_analysis", "actions")


def test_a_pre_filled_cell_of_somebody_else_is_not_overwritten():
    outcome = returned({**GOOD, "actions": ACTION, "n_defect": 3})
    assert outcome.state == "accepted" and "n_defect" not in outcome.values
    assert [(p.code, p.severity) for p in outcome.problems] == [("not_yours", "warning")]


def test_the_responsible_unit_may_fill_in_its_part_only():
    outcome = returned(
        {"cause_analysis": "装配划伤", "tech_class": "batch", "actions": ACTION}, sender="孙主管 <sun@womai.cn>"
    )
    assert outcome.values == {"cause_analysis": "装配划伤", "actions": ACTION}
    assert [p.field for p in outcome.problems] == ["tech_class"]


def test_the_wrong_department_is_told():
    outcome = returned({"tech_class": "batch", "recall_to_judge": True}, sender="赵销售 <zhao@womai.cn>")
    assert (outcome.state, outcome.reason.code, outcome.answer) == ("refused", "not_your_part", "rejection")


def test_a_tampered_stamp_is_refused():
    outcome = returned(GOOD, mark=stamped(R8001)[:-1] + "g")
    assert outcome.reason.code == "stamp_wrong" and not outcome.values


def test_an_unknown_number_is_refused():
    assert returned(GOOD, number="8001-209901-0001").reason.code == "number_unknown"


def test_a_closed_record_is_refused():
    w = world()
    w.records[R8001] = replace(w.records[R8001], status="closed")
    assert returned(GOOD, w).reason.code == "record_closed"


def two_reports():
    """The report of the world, and another open one: the same product, the lot of last month."""
    w = world()
    w.add(
        "market_abnormality",
        OTHER,
        "issued",
        "TS-202604-0001",
        product_model="YL-A65",
        lot_no="A65-2603B",
        responsible_dept=("生产部",),
    )
    return w


OTHER = "8001-202605-0007"


def test_last_month_s_form_overwrites_nothing_and_the_sender_is_asked_which():
    """The stamp is of one report, the lot in the form of another (P19)."""
    w = two_reports()
    outcome = returned({**GOOD, "actions": ACTION, "lot_no": "A65-2603B"}, w)
    assert (outcome.state, outcome.reason.code, outcome.answer) == ("refused", "which_record", "rejection")
    assert outcome.reason.context == {"said": R8001, "numbers": OTHER} and not outcome.values
    assert outcome.tasks[0].kind == "which_record" and outcome.tasks[0].context["other"] == OTHER


def test_the_form_of_a_closed_report_is_asked_about_where_another_is_open():
    w = two_reports()
    w.records[R8001] = replace(w.records[R8001], status="closed")
    assert returned({**GOOD, "product_model": "YL-A65"}, w).reason.context["numbers"] == OTHER
    assert returned(GOOD, w).reason.code == "record_closed", "nothing in it says which it may be for"


def test_a_form_stamped_for_another_report_than_the_letter_it_answers_is_asked_about():
    w = two_reports()
    w.wrote("i7", OTHER, ["yan@womai.cn"])
    more = {"In-Reply-To": "<i7@womai.cn>"}
    assert returned(GOOD, w, more=more).reason.code == "which_record"


def test_a_form_without_a_number_is_offered_what_it_may_be_for():
    w = two_reports()
    outcome = returned({**GOOD, "product_model": "YL-A65", "lot_no": "A65-2603B"}, w, mark=None)
    assert outcome.reason.code == "which_record_none" and outcome.reason.context["numbers"] == OTHER


def test_a_new_finding_about_the_same_product_is_no_answer_to_the_open_one():
    """Nothing in it is what such a sheet is sent out for, so nobody is asked which it may be for."""
    w = world()
    w.add("nonconformity_review", BHG, "registered", product_model="YL-A65")
    raw = mail(part("外壳划伤 12 只\n产品型号：YL-A65\n发生地点：2号线"), "内部质量问题", "孙主管 <sun@womai.cn>")
    [finding] = taken(raw, w)
    assert (finding.state, finding.form, finding.number) == ("accepted", "nonconformity_review", "")


BHG = "BHG-202605-0001"


def test_whoever_says_which_is_believed():
    w = two_reports()
    given = {**GOOD, "actions": ACTION, "lot_no": "A65-2603B"}
    outcome = returned(given, w, subject=f"用于 {OTHER}")
    assert (outcome.state, outcome.number) == ("accepted", OTHER) and outcome.values["cause_analysis"]


def test_a_stranger_learns_no_number():
    w = two_reports()
    outcome = returned({**GOOD, "lot_no": "A65-2603B"}, w, sender="x@else.cn", mark=None)
    assert "8001-" not in str(outcome.reason)


def test_an_answer_in_words_that_names_no_number_is_offered_its_case():
    w = two_reports()
    raw = mail(part("YL-A65 批号 A65-2603B 的原因已查到，见下周报告。"), "原因", "严工 <yan@womai.cn>")
    [outcome] = taken(raw, w)
    [task] = outcome.tasks
    assert task.context["other"] == OTHER and "并入" in task.actions and OTHER in task.text.zh


def test_an_unproven_sender_waits_for_the_office():
    outcome = returned(GOOD, channel="imap")
    assert outcome.state == "held" and outcome.tasks[0].kind == "confirm_sender" and not outcome.values


def test_a_customer_cannot_return_an_internal_form_of_another_case():
    outcome = returned(GOOD, sender="x@other.cn")
    assert outcome.state == "refused" and outcome.reason.code == "number_not_yours"


def test_an_older_revision_merges_and_conflicts_are_shown():
    w = world()
    w.revise(R8001, cause_analysis="别人写的", lot_no="A65-2603B")
    outcome = returned({**GOOD, "actions": ACTION, "lot_no": "A65-2603C"}, w)
    (conflict,) = outcome.conflicts
    assert (conflict.field, conflict.base, conflict.ours, conflict.theirs) == (
        "cause_analysis",
        None,
        "别人写的",
        "电容漏液",
    )
    assert "lot_no" not in outcome.values and outcome.values["tech_class"] == "batch"
    assert outcome.state == "partial" and "changed_since" in codes(outcome)


def test_money_is_taken_together_or_not_at_all():
    w = world()
    w.add("deduction_notice", "8004-202605-0001", "draft", "TS-202604-0001")
    w.add("person", "gmo@womai.cn", name="总办", email="gmo@womai.cn", roles=("gmo",))
    from qforms.model import Problem

    wrong = Problem("bad_number", "x", "lines[0].amount")
    given = {"amount": 5, "party": "供应商", "reason": "漏液"}
    outcome = returned(given, w, "gmo@womai.cn", "8004-202605-0001", form="deduction_notice", problems=())
    assert outcome.values == given
    held = outcomes_of_deduction(w, given, wrong)
    assert held.values == {"reason": "漏液"} and codes(held).count("held_together") == 2


def outcomes_of_deduction(w, given, wrong):
    found = reading(mail(part("见附件"), "回复", "gmo@womai.cn"))
    filled = Filled(
        "deduction_notice",
        given,
        problems=(wrong,),
        how="excel",
        stamp=read_stamp(stamped("8004-202605-0001", 0, "deduction_notice"), KEYS),
    )
    return outcomes(replace(found, filled=(filled,), kind="form"), w)[0]


def test_label_lines_of_a_reply_are_fields():
    w = world()
    w.wrote("i1", R8001, ["yan@womai.cn"])
    raw = outlook(
        "技术判定：批量\n同种机理：是",
        "原文",
        subject="答复: 8001",
        sender=STAFF,
        more={"In-Reply-To": "<i1@womai.cn>"},
    )
    (outcome,) = told(*taken(raw, w))
    assert outcome.values == {"tech_class": "batch", "mechanism_confirmed": True} and outcome.letter_key == "i1"
    assert outcome.state == "partial" and "cause_analysis" in outcome.missing


def test_answers_typed_into_the_quotation_count():
    w = world()
    w.wrote("i1", R8001, ["yan@womai.cn"], ask_labels=["技术判定", "原因分析"])
    quoted = "产品型号：YL-B99\n技术判定：批量\n原因分析：电容漏液"
    raw = iphone("已填", quoted, subject="Re: 8001", sender=STAFF, more={"In-Reply-To": "<i1@womai.cn>"})
    (outcome,) = told(*taken(raw, w))
    assert outcome.values == {"tech_class": "batch", "cause_analysis": "电容漏液"}


def test_a_scan_is_for_somebody_to_transcribe():
    w = world()
    w.wrote("i1", R8001, ["yan@womai.cn"])
    body = multi("mixed", part("见扫描件"), part(PNG, "image/png", name="签字.png"))
    raw = mail(body, "Re: 8001", STAFF, more={"In-Reply-To": "<i1@womai.cn>"})
    (outcome,) = told(*taken(raw, w))
    assert [t.kind for t in outcome.tasks] == ["transcribe"] and outcome.tasks[0].number == R8001
    assert outcome.evidence and outcome.answer == "" and not outcome.values


def test_received_is_no_answer():
    w = world()
    w.wrote("i1", R8001, ["yan@womai.cn"])
    (outcome,) = told(*taken(mail(part("收到"), "Re: 8001", STAFF, more={"In-Reply-To": "<i1@womai.cn>"}), w))
    assert (outcome.state, outcome.reason.code, outcome.tasks) == ("ignored", "no_answer", ())


# ---------------------------------------------------------------- decisions


def asking(verdict="agree", to="gm@womai.cn"):
    w = world()
    w.add("deduction_notice", "8004-202605-0001", "draft", "TS-202604-0001")
    w.wrote("d1", "8004-202605-0001", [to], code=CODE, ask={"agree": "approve", "refuse": "refuse"})
    return w


def answered(text, w, sender="gm@womai.cn", code=CODE, channel="maildir"):
    quoted = f"请决定 8004-202605-0001\n答复码 {code}，回信请保留。"
    raw = outlook(text, quoted, subject="答复: 请决定", sender=sender, more={"In-Reply-To": "<d1@womai.cn>"})
    return told(*taken(raw, w, channel))


def test_an_approval_with_its_code_counts():
    (outcome,) = answered("同意，请尽快", asking())
    assert (outcome.state, outcome.form, outcome.token, outcome.letter_key) == ("accepted", "approval", CODE, "d1")
    assert outcome.values["target"] == "8004-202605-0001" and outcome.values["event"] == "approve"
    assert (outcome.values["verdict"], outcome.values["decided_by"], outcome.values["decided_at"]) == (
        "agree",
        "总经理",
        NOW,
    )


def test_a_refusal_needs_a_reason():
    assert answered("不同意：金额不对", asking())[0].values["reason"] == "金额不对"
    (outcome,) = answered("不同意", asking())
    assert outcome.state == "refused" and outcome.answer == "question" and codes(outcome) == ["reason_missing"]


@pytest.mark.parametrize("text", ["收到", "同意，但金额改为 500", "请财务部跟进"])
def test_what_is_no_decision_is_asked_back(text):
    (outcome,) = answered(text, asking())
    assert (outcome.state, outcome.answer, codes(outcome)) == ("refused", "question", ["answer_unclear"])


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"code": "ZZZZ-ZZZZ"}, "code_missing"),
        ({"channel": "imap"}, "sender_unproven"),
        ({"sender": "yan@womai.cn"}, "not_asked"),
        ({"sender": "wang@kehu.cn"}, "sender_unproven"),
    ],
)
def test_a_decision_that_is_not_proven_waits_for_the_office(more, code):
    (outcome,) = answered("同意", asking(), **more)
    assert (outcome.state, codes(outcome), outcome.values) == ("held", [code], {})
    assert outcome.tasks[0].kind == "confirm_decision" and outcome.token == ""


def test_a_deputy_decides_within_their_dates():
    w = asking()
    w.records["gm@womai.cn"] = replace(w.records["gm@womai.cn"], values={**w.records["gm@womai.cn"].values, "deputy": "严工",
        "deputy_from": date(2026, 5, 1), "deputy_to": date(2026, 5, 31)})  # fmt: skip
    (outcome,) = answered("同意", w, "yan@womai.cn")
    assert outcome.form == "approval" and outcome.values["decided_by"] == "严工"
    assert [("gm" in s.who.roles, s.who.number) for s in outcome.speaker.stands_in] == [(True, "gm@womai.cn")]


def test_passing_on_and_asking_for_time_are_tasks():
    (passed,) = answered("转给 严工", asking())
    assert passed.tasks[0].kind == "pass_on" and passed.tasks[0].owner == "严工"
    (more,) = answered("申请延期 5月12日 样品未到", asking())
    assert (more.form, more.values["reason"]) == ("extension", "样品未到")
    assert more.values["until"].isoformat() == "2026-05-12T23:59:59+08:00"
    (unclear,) = answered("申请延期 几天", asking())
    assert unclear.reason is not None and (unclear.state, unclear.reason.code) == ("refused", "extension_unclear")


def test_lines_of_a_table_are_answered_one_by_one():
    w = world()
    for n in (1, 2):
        w.add("deduction_notice", f"8004-202605-000{n}", "draft", "TS-202604-0001")
    lines = [{"number": f"8004-202605-000{n}", "ask": {"agree": "approve", "refuse": "refuse"}} for n in (1, 2)]
    w.wrote("d1", "", ["gm@womai.cn"], code=CODE, lines=lines)
    found = answered("1 同意\n2 不同意：重复", w)
    assert [(o.values["target"], o.values["verdict"]) for o in found] == [
        ("8004-202605-0001", "agree"),
        ("8004-202605-0002", "refuse"),
    ]
    assert answered("3 同意", w)[0].answer == "question" and answered("同意", w)[0].answer == "question"


# ---------------------------------------------------------------- contacts


def test_our_mail_to_a_customer_is_a_contact():
    raw = outlook(
        "王经理：已安排换货，今天发出。",
        subject="答复: TS-202604-0001",
        sender="赵销售 <zhao@womai.cn>",
        to="wang@kehu.cn, support@womai.cn",
    )
    (outcome,) = told(*taken(raw))
    assert (outcome.form, outcome.case_no, outcome.answer, outcome.missing) == (
        "contact",
        "TS-202604-0001",
        "question",
        ("is_answer",),
    )
    assert (
        outcome.values["direction"] == "out" and outcome.values["is_recontact"] is True and outcome.values["at"] == NOW
    )
    assert outcome.values["person"] == "赵销售"


def test_the_sent_folder_tells_of_contacts():
    raw = outlook("已安排换货", sender="support@womai.cn", to="wang@kehu.cn", subject="回复")
    (outcome,) = told(*taken(raw, channel="sent"))
    assert outcome.form == "contact" and outcome.case_no == "TS-202604-0001"
    (other,) = told(*taken(outlook("x", sender="zhao@womai.cn", to="friend@qq.com"), channel="sent"))
    assert other.state == "ignored"


def test_whether_it_was_the_answer_is_told_in_one_word():
    w = world()
    w.add("contact", "LX-202605-0001", "recorded", "TS-202604-0001", direction="out")
    w.wrote("c1", "LX-202605-0001", ["zhao@womai.cn"], ask_labels=["实质答复"])
    raw = mail(part("是"), "Re: ?", "zhao@womai.cn", more={"In-Reply-To": "<c1@womai.cn>"})
    (outcome,) = told(*taken(raw, w))
    assert (outcome.form, outcome.number, outcome.values) == ("contact", "LX-202605-0001", {"is_answer": True})


def test_a_stranger_writing_to_a_customer_is_no_contact():
    raw = outlook(TELLING, sender="x@unknown.cn", to="wang@kehu.cn, support@womai.cn")
    assert taken(raw)[0].form == "complaint"


# ---------------------------------------------------------------- machines


def test_machines_are_never_answered():
    w = world()
    w.wrote("i1", R8001, ["yan@womai.cn"])
    (away,) = told(*taken(mail(part("外出"), "自动回复: 8001", STAFF, more={"In-Reply-To": "<i1@womai.cn>"}), w))
    assert (away.state, away.answer, away.letter_key) == ("ignored", "", "i1")
    (own,) = told(*taken(mail(part("x"), more={"X-Qforms-Key": "i1"}), w))
    assert own.state == "ignored" and own.answer == ""
    (looped,) = told(*taken(mail(part(TELLING), message_id="<i1@womai.cn>"), w))
    assert looped.reason.code == "own_mail"


def test_a_bounce_names_its_letter():
    w = world()
    w.wrote("i1", R8001, ["yan@womai.cn"])
    found = reading(bounce("<i1@womai.cn>"))
    assert (found.bounce.address, found.bounce.status, found.bounce.final) == ("yan@womai.cn", "5.1.1", True)
    (outcome,) = told(*outcomes(found, w))
    assert (outcome.state, outcome.letter_key, outcome.reason.code) == ("ignored", "i1", "bounced")
    assert not reading(bounce("<i1@womai.cn>", status="4.2.2")).bounce.final


def test_a_machine_that_tells_of_danger_opens_a_case_without_an_answer():
    raw = mail(part("设备冒烟"), "工单通知", "wang@kehu.cn", more={"Auto-Submitted": "auto-generated"})
    (outcome,) = told(*taken(raw))
    assert outcome.form == "complaint" and outcome.alarm and outcome.answer == ""


# ---------------------------------------------------------------- files and edits


def test_a_program_speaks_with_the_roles_of_the_folder():
    (outcome,) = dropped(
        {
            "form": "shipment",
            "values": {"product_model": "YL-A65", "lot_no": "A65-2604A", "shipped_on": "2026-04-01", "quantity": 5000},
        }
    )
    assert (outcome.state, outcome.form, outcome.speaker.kind) == ("accepted", "shipment", "program")
    assert outcome.values["quantity"] == 5000 and outcome.answer == ""


def test_a_role_that_was_not_granted_is_refused():
    for role in ("gm", "nobody", "chief_engineer", "finance"):
        (outcome,) = dropped({"form": "complaint", "values": {"defect_symptom": "x"}, "by": role})
        assert (outcome.state, outcome.reason.code) == ("refused", "role_not_granted")


def test_a_claimed_role_narrows():
    given = {"form": "market_abnormality", "number": R8001, "values": {"tech_class": "batch"}}
    assert dropped({**given, "by": "engineering"})[0].values == {"tech_class": "batch"}
    assert dropped({**given, "by": "sales"})[0].state == "refused"


def test_json_revises_and_belongs_to_cases():
    (contact,) = dropped({"form": "contact", "case_no": "TS-202604-0001", "by": "sales",
                          "values": {"at": "2026-05-06 10:00", "direction": "out", "is_recontact": True, "case_no": "TS-202604-0001"}})  # fmt: skip
    assert (contact.state, contact.case_no, contact.values["is_recontact"]) == ("accepted", "TS-202604-0001", True)
    (unknown,) = dropped({"form": "contact", "case_no": "TS-209901-0001", "values": {"direction": "out"}})
    assert unknown.reason.code == "number_unknown"
    (none,) = dropped({"form": "market_abnormality", "number": "8001-209901-0001", "values": {}})
    assert none.reason.code == "number_unknown"


def test_events_are_checked():
    given = {"form": "complaint", "number": "TS-202604-0001", "values": {}}
    assert dropped({**given, "event": "fly"})[0].reason.code == "event_unknown"
    assert dropped({**given, "event": "reopen"})[0].reason.code == "event_not_now"
    assert dropped({**given, "event": "dismiss", "by": "purchasing"})[0].reason.code == "event_not_yours"
    assert dropped({**given, "event": "dismiss", "by": "sales"})[0].event == "dismiss"


def edited(w=None, **given):
    raw = json.dumps(
        {"form": "complaint", "number": "TS-202604-0001", "by": "文员", **given}, ensure_ascii=False
    ).encode()
    return told(*outcomes(reading(raw, "workbook"), w or world()))[0]


def test_the_office_edits_its_own_columns():
    outcome = edited(values={"lot_no": "A65-2603C", "owner": "赵销售"}, base={}, base_revision=0)
    assert outcome.state == "accepted" and outcome.values == {"lot_no": "A65-2603C", "owner": "赵销售"}
    assert outcome.speaker.kind == "office" and outcome.missing == ()


def test_an_edit_of_a_computed_cell_is_refused():
    outcome = edited(values={"units": 5}, base={})
    assert outcome.state == "refused" and outcome.values == {}


def test_an_edit_against_an_older_row_conflicts():
    w = world()
    w.revise("TS-202604-0001", lot_no="A65-2603B")
    outcome = edited(w, values={"lot_no": "A65-2603C", "remarks": "x"}, base={"lot_no": None}, base_revision=0)
    assert [(c.field, c.waits) for c in outcome.conflicts] == [("lot_no", False), ("remarks", True)]
    assert outcome.values == {}  # the row is held whole


def test_a_cell_can_be_emptied():
    w = world()
    w.revise("TS-202604-0001", remarks="alt")
    assert edited(w, values={"remarks": None}, base={"remarks": "alt"}).values == {"remarks": None}


def test_a_new_row_keeps_its_reserved_number():
    outcome = edited(number="TS-202605-0044", values={"customer_name": "客户甲", "product_model": "YL-A65"}, new=True)
    assert (outcome.form, outcome.number) == ("complaint", "TS-202605-0044") and outcome.values["customer"] == "客户甲"


def test_what_cannot_be_read_is_held():
    (outcome,) = told(*outcomes(reading(b"{", "folder", "a.json"), world()))
    assert outcome.state == "held" and outcome.reason.code == "json_unreadable"


def test_a_list_that_comes_back_without_what_the_program_computes_in_it_has_not_changed():
    row = {
        "action": "挑选",
        "kind": "containment",
        "owner_dept": "生产一车间",
        "owner": "田",
        "planned_on": date(2026, 5, 20),
    }
    w = world()
    w.add("nonconformity_review", "BHG-202605-0001", "registered", actions=({**row, "state": "open"},))
    back = {"form": "nonconformity_review", "number": "BHG-202605-0001", "by": "quality"}
    plain = {**row, "planned_on": "2026-05-20"}
    (same,) = dropped({**back, "values": {"actions": [plain]}}, w)
    assert "actions" not in same.values and same.conflicts == () and "not_yours" not in codes(same)
    (done,) = dropped({**back, "values": {"actions": [{**plain, "done_on": "2026-05-19"}]}}, w)
    assert [r["done_on"] for r in done.values["actions"]] == [date(2026, 5, 19)] and done.conflicts == ()

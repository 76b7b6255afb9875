"""Forms from other programs (design, section 6), the workbook's edits, and files that come twice."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from support_intake import NOW, ZONE, World, delivered, foxmail, outcomes, procedures, reading, taken, world

from qforms.intake import read
from qforms.model import Outcome, Problem
from qforms.problems import CATALOGUE, actor, say

SHIPMENT = {"form": "shipment", "values": {"product_model": "YL-A65", "lot_no": "A65-2603C", "quantity": 5000}}
COMPLAINT = {"customer_name": "客户甲", "product_model": "YL-A65", "lot_no": "A65-2603C", "defect_qty": 3}


def dropped(given: object, w: World | None = None, name: str = "a.json") -> tuple[Outcome, ...]:
    return outcomes(reading(json.dumps(given, ensure_ascii=False).encode(), "folder", name), w or world())


def complaint(**values: object) -> Outcome:
    (outcome,) = dropped({"form": "complaint", "values": {**COMPLAINT, "defect_symptom": "无输出", **values}})
    return outcome


def codes(outcome: Outcome) -> list[str]:
    return [p.code for p in (*filter(None, [outcome.reason]), *outcome.problems)]


# ---------------------------------------------------------------- reference data and complaints


def test_a_shipment_is_booked_and_its_date_asked_for():
    (outcome,) = dropped(SHIPMENT)
    assert (outcome.state, outcome.missing, outcome.values) == ("partial", ("shipped_on",), SHIPMENT["values"])
    assert dropped({**SHIPMENT, "values": {**SHIPMENT["values"], "shipped_on": "2026-03-05"}})[0].state == "accepted"


@pytest.mark.parametrize(("raw", "value"), [("3", 3), (3, 3), ("３台", 3), (3.0, 3), ("many", None), (True, None)])
def test_whole_numbers_as_programs_write_them(raw, value):
    outcome = complaint(defect_qty=raw)
    assert outcome.values.get("defect_qty") == value
    assert ("defect_qty" in outcome.missing) is (value is None) is bool(outcome.problems)


@pytest.mark.parametrize(
    "text", ["2026-05-05T08:00", "2026-05-05T08:00+08:00", "2026-05-05T00:00Z", "2026-05-05 08:00"]
)
def test_times_with_and_without_zone(text):
    assert complaint(occurred_at=text).values["occurred_at"] == datetime(2026, 5, 5, 8, tzinfo=ZONE)


def test_what_a_program_gets_wrong_is_named_and_the_rest_is_kept():
    outcome = complaint(severtiy=2, found_stage="moon")
    assert outcome.state == "partial" and sorted(codes(outcome)) == ["not_a_choice", "unknown_field"]
    unknown = next(p for p in outcome.problems if p.code == "unknown_field")
    assert unknown.where == "severtiy" and "severity" in say(unknown, "zh") and "severity" in say(unknown, "en")
    assert outcome.values["defect_symptom"] == "无输出" and "found_stage" not in outcome.values


def test_a_form_nobody_knows_says_so_without_a_guess_too():
    (outcome,) = dropped({"form": "nosuch", "values": {}})
    assert outcome.state == "refused" and "「」" not in say(outcome.reason, "zh")
    (outcome,) = dropped({"form": "shipmnt", "values": {}})
    assert "shipment" in say(outcome.reason, "zh")


def test_a_blank_laid_into_the_folder_is_nobody_s_complaint():
    (outcome,) = dropped({"form": "complaint", "values": {"lot_no": None}})
    assert (outcome.state, codes(outcome)) == ("refused", ["nothing_given"])
    (outcome,) = dropped({"form": "complaint", "values": {"defect_qty": "many"}})
    assert outcome.form == "complaint" and outcome.state == "partial"


def test_several_forms_in_one_file_stand_alone():
    good, bad, unknown = dropped([SHIPMENT, {"form": "shipment", "values": {}}, {"form": "x"}])
    assert (good.state, bad.state, unknown.state) == ("partial", "refused", "refused")


def test_checks_hold_for_new_records_too():
    shares = [{"dept": "工程部", "pct": 60}, {"dept": "生产部", "pct": 30}]
    (outcome,) = dropped(
        {"form": "person", "values": {"name": "严工", "email": "y@womai.cn", "deputy": "孙主管",
                                      "deputy_from": "2026-05-09", "deputy_to": "2026-05-06"}}
    )  # fmt: skip
    assert outcome.state == "partial" and "check_failed" in codes(outcome) and "deputy_to" not in outcome.values
    (transfer,) = dropped({"form": "cost_transfer", "by": "quality", "values": {"shares": shares}})
    assert transfer.state != "accepted" and "shares" not in transfer.values


def test_a_complaint_that_occurred_after_it_came_is_taken_without_that_time():
    outcome = complaint(occurred_at="2026-05-09T08:00")
    assert "check_failed" in codes(outcome) and "occurred_at" not in outcome.values and outcome.state == "partial"


# ---------------------------------------------------------------- registered later than received (A02)


def test_a_complaint_is_as_old_as_it_says():
    outcome = complaint(received_at="2026-05-04T09:30")
    assert outcome.values["received_at"] == datetime(2026, 5, 4, 9, 30, tzinfo=ZONE)
    assert outcome.where["received_at"] == "received_at" and not outcome.problems


def test_nothing_was_received_after_it_came():
    outcome = complaint(received_at="2027-01-01T08:00")
    assert outcome.values["received_at"] == NOW and codes(outcome) == ["received_later"]
    assert "2027-01-01" in say(outcome.problems[0], "zh", "反馈时间")


def test_between_arrival_and_now_it_is_the_arrival():
    raw = json.dumps({"form": "complaint", "values": {**COMPLAINT, "received_at": "2026-05-06T14:10"}}).encode()
    early = replace(delivered(raw, "folder", "a.json"), received_at=NOW - timedelta(hours=1))
    (outcome,) = outcomes(read(early, procedures(), None, NOW), world())  # type: ignore[arg-type]
    assert outcome.values["received_at"] == NOW - timedelta(hours=1) and "received_later" not in codes(outcome)


def test_a_customer_cannot_turn_the_clock():
    (outcome,) = taken(foxmail("反馈时间：2026-01-01 08:00\n产品型号：YL-A65\n批号：A65-2603C\n数量：3\n现象：无输出"))
    assert outcome.values["received_at"] == NOW


# ---------------------------------------------------------------- what came before


def test_the_same_content_under_another_name_is_asked_about():
    w = world()
    raw = json.dumps(SHIPMENT).encode()
    w.digests.add(delivered(raw).digest)
    (outcome,) = outcomes(reading(raw, "folder", "b.json"), w)
    assert (outcome.state, outcome.reason.code) == ("held", "same_content_again")
    (task,) = outcome.tasks
    assert task.actions == ("立案", "忽略") and task.delivery == delivered(raw).digest and "b.json" in task.text.zh
    (again,) = outcomes(reading(raw, "folder", "b.json", again=True), w)
    assert again.form == "shipment" and again.state == "partial"


def test_a_mail_is_known_by_its_key_alone():
    w = world()
    raw = foxmail("YL-A65 无输出，批号 A65-2603C，9 台")
    w.digests.add(delivered(raw).digest)
    assert taken(raw, w)[0].state == "accepted"


# ---------------------------------------------------------------- edits that cannot be taken


def edit(w: World, number: str, values: dict, base: dict, problems: list | None = None, **more: object) -> Outcome:
    given = {"form": w.records[number].form, "number": number, "values": values, "base": base, "base_revision": 0,
             "new": False, "by": "文员", "where": {n: f"投诉!{n}7" for n in values}, "case_no": "", "row": number,
             "problems": problems or [], **more}  # fmt: skip
    (outcome,) = outcomes(reading(json.dumps(given).encode(), "workbook", "master.xlsx"), w)
    return outcome


def test_a_refused_cell_becomes_a_task_that_names_it():
    outcome = edit(world(), "TS-202604-0001", {"defect_qty": "很多", "lot_no": "A65-2603B"}, {"defect_qty": None})
    assert outcome.values == {}  # the row is held whole
    (task,) = [t for t in outcome.tasks if t.kind == "read"]
    assert task.owner == "office" and task.number == "TS-202604-0001"
    assert "投诉!defect_qty7" in task.text.zh and "很多" in task.text.zh and "不良数量" in task.text.zh
    assert "投诉!defect_qty7" in task.text.en and "Defective units" in task.text.en


def test_a_formula_that_the_workbook_found_is_told_as_well():
    problem = {"code": "workbook_formula", "where": "投诉!I7", "field": "defect_qty", "context": {"text": "=1+1"}}
    outcome = edit(world(), "TS-202604-0001", {}, {}, [problem])
    assert outcome.state == "refused" and outcome.reason.code == "workbook_formula"
    assert "投诉!I7" in outcome.tasks[0].text.zh and "=1+1" in outcome.tasks[0].text.zh


def test_an_edit_that_is_right_brings_no_task():
    outcome = edit(world(), "TS-202604-0001", {"lot_no": "A65-2603B"}, {"lot_no": None})
    assert outcome.state == "accepted" and outcome.tasks == ()


# ---------------------------------------------------------------- what is told to the outside


def test_what_is_the_office_s_own_asks_the_customer_nothing():
    assert actor(Problem("json_unreadable")) in {"sender", "office", "operator"}
    internal = next(code for code, kind in CATALOGUE.items() if kind.actor == "operator")
    found = reading(foxmail("YL-A65 无输出，批号 A65-2603C，9 台"))
    (outcome,) = outcomes(replace(found, problems=(Problem(internal),)), world())
    assert (outcome.state, outcome.answer) == ("accepted", "acknowledgement")


def test_a_model_that_was_shipped_is_known_without_a_product_sheet():
    w = world()
    del w.records["YL-A65"]
    assert taken(foxmail("YL-A65 无输出 3 台，批号 A65-2603C"), w)[0].values["product_model"] == "YL-A65"


def test_without_any_product_on_file_the_word_itself_is_taken():
    w = World()
    (outcome,) = taken(foxmail("我们的 XY-100 无输出 3 台，批号 A65-2603C，订单号 PO-77120"), w)
    assert outcome.values["product_model"] == "XY-100" and outcome.values["defect_symptom"] == "无输出"
    assert "product_model" not in taken(foxmail("XY-100 和 XY-200 无输出 3 台"), w)[0].values

"""What people write into the book is found, all of it and nothing else, and merged back by the next publishing."""

from __future__ import annotations

import dataclasses as dc
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import support_workbook as sample
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from qforms.forms.cells import clean, put, text_of
from qforms.model import Text
from qforms.workbook.actions import ACTIONS
from qforms.workbook.book import Busy, Damaged
from qforms.workbook.edits import Result, answer_of

LATER = sample.NOW + timedelta(days=400)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "master.xlsx"


@pytest.fixture
def book(path: Path, tmp_path: Path) -> sample.Book:
    return sample.first_book(path, tmp_path / "history")


def found(book: sample.Book) -> list[dict[str, Any]]:
    return [json.loads(d.raw) for d in book.look().deliveries]


def column(ws: Any, title: str) -> int:
    return next(c.column for c in ws[3] if c.value == title)


def change(path: Path, sheet: str, *cells: tuple[int, str, Any]) -> None:
    wb = load_workbook(path)
    for row, title, value in cells:
        wb[sheet].cell(row, column(wb[sheet], title)).value = value
    wb.properties.lastModifiedBy = "林晓岚"
    wb.save(path)


def test_an_untouched_book_has_no_edits(book: sample.Book) -> None:
    assert found(book) == []


def test_a_changed_cell_is_a_delivery_with_its_base_and_address(book: sample.Book, path: Path) -> None:
    change(path, "投诉台账", (4, "负责人", "邓伟"), (4, "备注", "样品\n已取回 "), (4, "初判", None))
    (given,) = book.look().deliveries
    assert given.channel == "workbook" and given.by == "林晓岚" and given.name == "master.xlsx"
    assert given.received_at == datetime.fromtimestamp(path.stat().st_mtime, UTC)
    said = json.loads(given.raw)
    assert said["form"] == "complaint" and said["number"] == "TS-202604-0017" and not said["new"]
    assert said["values"] == {"owner": "邓伟", "remarks": "样品\n已取回", "prelim_class": None}
    assert said["base"]["owner"] == "周启文" and said["base"]["remarks"] is None
    assert said["base_revision"] == 1
    assert said["where"]["owner"] == "投诉台账!P4"
    assert book.look().deliveries[0].raw == given.raw  # the same edit, the same bytes
    assert book.look(sample.NOW).deliveries[0].received_at == sample.NOW  # never later than now


def test_an_edit_that_was_taken_in_is_not_found_again(book: sample.Book, path: Path) -> None:
    change(path, "投诉台账", (4, "负责人", "邓伟"))
    book.read({"complaint/TS-202604-0017": Result("TS-202604-0017", 2)})
    assert found(book) == []
    change(path, "投诉台账", (4, "负责人", "汪敏"))
    (again,) = found(book)
    assert again["base"]["owner"] == "邓伟" and again["base_revision"] == 2


def test_computed_cells_and_other_columns_are_no_edits(book: sample.Book, path: Path) -> None:
    wb = load_workbook(path)
    ws = wb["投诉台账"]
    ws.cell(3, ws.max_column + 1, "我们的列")
    ws.cell(5, ws.max_column, "自己的")
    ws.cell(5, column(ws, "状态")).value = "已关闭"
    wb["看板"]["B4"] = 99
    wb.create_sheet("草稿")["A1"] = "x"
    wb.save(path)
    assert found(book) == []


def test_numbers_and_dates_pass_as_people_read_them(book: sample.Book, path: Path) -> None:
    """As numbers and dates, or typed as text: what counts is what a person reads."""
    at = sample.at("2026-05-12", "09:30").replace(tzinfo=None)
    change(path, "联系记录", (4, "时间", at), (4, "谁", 12.0), (4, "内容", 0.25))
    (given,) = book.read()
    assert given["values"] == {"at": "2026-05-12 09:30", "person": "12", "summary": "0.25"}
    change(path, "联系记录", (4, "时间", "2026-05-12 09:30"), (4, "谁", "12"), (4, "内容", "0.25"))
    assert book.read() == []


def test_formulas_and_errors_are_problems_not_values(book: sample.Book, path: Path) -> None:
    wb = load_workbook(path)
    ws = wb["投诉台账"]
    ws.cell(4, column(ws, "负责人")).value = "=A1"
    ws.cell(4, column(ws, "备注")).value = "#REF!"
    ws.cell(4, column(ws, "备注")).data_type = "e"
    ws.cell(5, column(ws, "备注")).value = "#1 样品"
    wb.save(path)
    faulty, fine = found(book)
    assert faulty["values"] == {}
    assert [(p["code"], p["field"], p["where"]) for p in faulty["problems"]] == [
        ("workbook_formula", "owner", "投诉台账!P4"),
        ("workbook_error_value", "remarks", f"投诉台账!{'Z'}4"),
    ]
    assert fine["values"] == {"remarks": "#1 样品"}


def test_a_row_is_taken_whole_or_held_whole(book: sample.Book, path: Path) -> None:
    """One cell of it wrong: both stay as typed, with the reasons; corrected, both are handed over with their base."""
    row = "complaint/TS-202604-0017"
    change(path, "投诉台账", (4, "负责人", "没有这个人"), (4, "备注", "样品已取回"))
    (given,) = book.read({row: Result("TS-202604-0017", 1, False, {"owner": "没有这个人。请从列表中选。"})})
    assert set(given["values"]) == {"owner", "remarks"}
    book.publish()
    ws = load_workbook(path)["投诉台账"]
    owner, remark = ws.cell(4, column(ws, "负责人")), ws.cell(4, column(ws, "备注"))
    assert (owner.value, remark.value) == ("没有这个人", "样品已取回")
    assert "没有这个人" in owner.comment.text and "整行" in remark.comment.text
    assert book.read() == []  # not handed over again as long as nobody touches it
    change(path, "投诉台账", (4, "负责人", "邓伟"))
    (again,) = book.read({row: Result("TS-202604-0017", 2)})
    assert again["values"] == {"owner": "邓伟", "remarks": "样品已取回"}
    assert again["base"]["owner"] == "周启文" and again["base"]["remarks"] is None
    view = sample.view()
    first = view.records["complaint"][0]
    told = dc.replace(first, revision=2, values={**first.values, "owner": "邓伟", "remarks": "样品已取回"})
    records = {**view.records, "complaint": (told, *view.records["complaint"][1:])}
    book.publish(dc.replace(view, records=records))
    ws = load_workbook(path)["投诉台账"]
    assert ws.cell(4, column(ws, "负责人")).comment is None and ws.cell(4, column(ws, "备注")).comment is None
    assert ws.cell(4, column(ws, "负责人")).value == "邓伟"


def test_a_held_row_that_is_put_back_leaves_no_trace(book: sample.Book, path: Path) -> None:
    change(path, "投诉台账", (4, "负责人", "没有这个人"))
    book.read({"complaint/TS-202604-0017": Result("TS-202604-0017", 1, False, {"owner": "没有"})})
    book.publish()
    change(path, "投诉台账", (4, "负责人", "周启文"))
    assert book.read() == []
    book.publish()
    ws = load_workbook(path)["投诉台账"]
    assert ws.cell(4, column(ws, "负责人")).comment is None


def test_in_conflict_the_cell_shows_what_stands_and_says_where_to_choose(book: sample.Book, path: Path) -> None:
    change(path, "投诉台账", (4, "负责人", "邓伟"))
    book.read({"complaint/TS-202604-0017": Result("TS-202604-0017", 2, False, clashed=frozenset(["owner"]))})
    book.publish()
    ws = load_workbook(path)["投诉台账"]
    owner = ws.cell(4, column(ws, "负责人"))
    assert owner.value == "周启文" and "冲突" in owner.comment.text
    assert book.read() == []


def test_a_row_typed_at_the_end_is_new_and_becomes_its_record(book: sample.Book, path: Path) -> None:
    change(path, "联系记录", (5, "案件", "TS-202605-0009"), (5, "方向", "去"), (5, "内容", "已通知客户"))
    (said,) = book.read({"new/contact/5": Result("LX-202605-0002", 0)})
    assert said["new"] and said["number"] == "" and said["case_no"] == "TS-202605-0009"
    assert said["values"] == {"direction": "去", "summary": "已通知客户"}
    assert found(book) == []
    change(path, "联系记录", (5, "内容", "已通知客户，待回"))  # the book is still open: it has no number yet
    (more,) = book.read({"new/contact/5": Result("LX-202605-0002", 1)})
    assert more["number"] == "LX-202605-0002" and not more["new"]
    assert more["values"] == {"summary": "已通知客户，待回"} and more["base"]["summary"] == "已通知客户"

    record = dc.replace(sample.view().records["contact"][0], number="LX-202605-0002", case_no="TS-202605-0009")
    record = dc.replace(record, values={"direction": "out", "summary": "已通知客户，待回"})
    view = sample.view()
    contacts = (*view.records["contact"], record)
    done = book.publish(dc.replace(view, records={**view.records, "contact": contacts}))
    assert done.added == 0
    ws = load_workbook(path)["联系记录"]
    assert ws["A5"].value == "LX-202605-0002" and ws["A6"].value is None
    assert found(book) == []


def test_a_typed_row_that_could_not_be_taken_stays_and_says_why(book: sample.Book, path: Path) -> None:
    change(path, "联系记录", (5, "时间", "昨天"), (5, "内容", "已通知客户"))
    book.read({"new/contact/5": Result("", None, False, {"at": "「昨天」不是日期。"})})
    book.publish()
    ws = load_workbook(path)["联系记录"]
    assert ws.cell(5, column(ws, "内容")).value == "已通知客户" and ws["A5"].value is None
    assert "不是日期" in ws.cell(5, column(ws, "时间")).comment.text
    assert found(book) == []
    change(path, "联系记录", (5, "时间", "2026-05-13 10:00"))
    (again,) = book.read()
    assert again["new"] and again["values"] == {"at": "2026-05-13 10:00", "summary": "已通知客户"}


def test_a_copied_row_is_new_wherever_it_was_put(book: sample.Book, path: Path) -> None:
    wb = load_workbook(path)
    ws = wb["联系记录"]
    ws.insert_rows(4)
    for cell in ws[5]:
        ws.cell(4, cell.column).value = cell.value
    ws.cell(4, column(ws, "内容")).value = "第二次"
    wb.save(path)
    (given,) = found(book)
    assert given["new"] and given["number"] == "" and given["values"]["summary"] == "第二次"


def test_a_column_that_was_filled_down_with_the_hidden_ones_changes_each_row(book: sample.Book, path: Path) -> None:
    """From 负责人 to the hidden columns, over three rows: each row keeps its record, by its number and its place."""
    wb = load_workbook(path)
    ws = wb["投诉台账"]
    for row in (5, 6, 7):
        for at in range(column(ws, "负责人"), ws.max_column + 1):
            ws.cell(row, at).value = ws.cell(4, at).value
    wb.save(path)
    given = {e["number"]: e for e in book.read()}
    assert not any(e["new"] for e in given.values())
    assert given["TS-202605-0007"]["values"] == {"remarks": None}
    book.publish()
    ws = load_workbook(path)["投诉台账"]
    ids = [ws.cell(r, column(ws, "qf_id")).value for r in range(4, 10)]
    assert ids == [f"complaint/{ws.cell(r, 1).value}" for r in range(4, 10)] and len(set(ids)) == 6


def test_rows_pasted_over_others_are_edits_of_those_that_stood_there(book: sample.Book, path: Path) -> None:
    """A whole row pasted over three, as into a filtered list: no record is opened, and none is lost."""
    wb = load_workbook(path)
    ws = wb["投诉台账"]
    for row in (6, 7):
        for at in range(1, ws.max_column + 1):
            ws.cell(row, at).value = ws.cell(5, at).value
    wb.save(path)
    given = book.read()
    assert not any(e["new"] for e in given)
    assert {e["number"] for e in given} <= {"TS-202605-0007", "TS-202605-0005"}
    book.publish()
    ws = load_workbook(path)["投诉台账"]
    assert [ws.cell(r, 1).value for r in range(4, 10)] == [r.number for r in sample.view().records["complaint"]]


def test_without_the_hidden_columns_rows_are_known_by_what_they_hold(book: sample.Book, path: Path) -> None:
    wb = load_workbook(path)
    ws = wb["投诉台账"]
    ws.delete_cols(column(ws, "qf_id"), 2)
    ws.cell(5, column(ws, "负责人")).value = "邓伟"
    wb.save(path)
    (given,) = book.read({"complaint/TS-202605-0003": Result("TS-202605-0003", 2)})
    assert given["number"] == "TS-202605-0003" and given["values"] == {"owner": "邓伟"}
    view = sample.view()
    book.publish(dc.replace(view, tasks=()))
    assert found(book) == []


def test_deleted_rows_are_reported_and_change_nothing(book: sample.Book, path: Path) -> None:
    wb = load_workbook(path)
    wb["投诉台账"].delete_rows(5)
    wb.save(path)
    seen = book.look()
    assert seen.deliveries == () and seen.deleted == ("complaint/TS-202605-0003",)


# ---------------------------------------------------------------- old copies


def test_an_old_copy_over_the_book_changes_nothing_but_what_was_written_in_it(book: sample.Book, path: Path) -> None:
    old = path.read_bytes()
    view = sample.view()
    first, second = view.records["complaint"][:2]
    told = dc.replace(first, revision=2, values={**first.values, "owner": "邓伟"})
    more = sample.complaint("TS-202605-0010", sample.NOW, "新客户")
    records = {**view.records, "complaint": (told, *view.records["complaint"][1:], more)}
    now = dc.replace(view, records=records)
    book.publish(now)
    path.write_bytes(old)
    seen = book.look()
    assert seen.old == 1 and not seen.lost and seen.deliveries == () and seen.deleted == ()
    change(path, "投诉台账", (5, "备注", "写在旧副本上"))
    (given,) = book.read()
    assert given["number"] == second.number and given["values"] == {"remarks": "写在旧副本上"}
    records = {**records, "complaint": (told, _noted(second), *view.records["complaint"][2:], more)}
    book.publish(dc.replace(now, records=records))
    ws = load_workbook(path)["投诉台账"]
    assert ws.cell(4, column(ws, "负责人")).value == "邓伟" and ws["A10"].value == "TS-202605-0010"
    assert not any(c.comment for row in ws.iter_rows() for c in row)
    assert found(book) == [] and book.look().old == 0


def _noted(record: Any) -> Any:
    return dc.replace(record, values={**record.values, "remarks": "写在旧副本上"})


def test_of_a_copy_that_is_too_old_nothing_is_taken(book: sample.Book, path: Path) -> None:
    old = path.read_bytes()
    for i in range(1, 9):
        book.publish(sample.view(sample.NOW + timedelta(hours=i)))
    path.write_bytes(old)
    change(path, "投诉台账", (5, "备注", "写在旧副本上"))
    seen = book.look()
    assert seen.old == 1 and seen.lost and seen.deliveries == ()


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize(("word", "code"), sorted(ACTIONS.items()))
def test_every_word_of_the_list_is_understood(word: str, code: str) -> None:
    assert code and ACTIONS[word] == code


def test_an_answer_in_the_to_do_list(book: sample.Book, path: Path) -> None:
    wb = load_workbook(path)
    ws = wb["待办"]
    rows = {ws.cell(r, 2).value: r for r in range(4, 11)}
    ws.cell(rows["同意或不同意：赔偿 129.00 元（较小）"], column(ws, "处理")).value = "同意"
    ws.cell(rows["同意或不同意：赔偿 129.00 元（较小）"], column(ws, "说明")).value = "尽快"
    ws.cell(rows["界定责任单位"], column(ws, "说明")).value = "在想"  # a note alone is no answer
    ws.cell(4, column(ws, "处理")).value = "申请延期"
    ws.cell(5, column(ws, "处理")).value = "随便"
    wb["待处理邮件"]["F4"] = "立案"
    wb.save(path)
    given = [answer_of(d) for d in book.look().deliveries]
    assert [(a.kind, a.key, a.action, a.note) for a in given if a] == [
        ("clock", "treatment_plan/TS-202605-0005", "extend", ""),
        ("clock", "defect_answer/TS-202605-0008", "", ""),
        ("task", "approve-17", "agree", "尽快"),
        ("mail", "d" * 64, "file", ""),
    ]
    book.read()
    assert found(book) == []
    view = sample.view()
    task = dc.replace(view.tasks[1], text=Text("界定责任单位（二）", ""))
    book.publish(dc.replace(view, tasks=(task,)))
    ws = load_workbook(path)["待办"]
    assert [ws.cell(r, column(ws, "处理")).value for r in range(4, 11)] == [None] * 7  # taken in, and cleared
    assert [ws.cell(r, column(ws, "说明")).value for r in range(4, 11)].count("在想") == 1
    assert "随便" in ws.cell(5, column(ws, "处理")).comment.text


def test_a_book_being_saved_is_busy(book: sample.Book, path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:3000])
    with pytest.raises(Damaged):
        book.look()
    path.unlink()
    with pytest.raises(Busy):
        book.look()


def test_another_workbook_in_its_place_is_none_of_ours(book: sample.Book, path: Path) -> None:
    from openpyxl import Workbook

    other: Any = Workbook()
    other.active["A1"] = "别的表"
    other.save(path)
    with pytest.raises(Damaged):
        book.look()


def test_an_edit_is_found_after_the_rows_were_sorted_and_a_column_put_in_between(book: sample.Book, path: Path) -> None:
    wb = load_workbook(path)
    ws = wb["投诉台账"]
    rows = [[c.value for c in r] for r in ws.iter_rows(min_row=4, max_row=9)]
    for i, values in enumerate(sorted(rows, key=lambda r: str(r[3]))):
        for k, value in enumerate(values):
            put(ws.cell(4 + i, k + 1), value)
    ws.insert_cols(3)
    ws.cell(3, 3).value = "自己的"
    row = next(r for r in range(4, 10) if ws.cell(r, 1).value == "TS-202605-0008")
    ws.cell(row, column(ws, "有效投诉")).value = "无效"
    wb.save(path)
    (given,) = found(book)
    assert given["number"] == "TS-202605-0008" and given["values"] == {"valid_complaint": "无效"}


@pytest.mark.office
def test_through_libreoffice(book: sample.Book, path: Path, tmp_path: Path) -> None:
    """Saved by LibreOffice: no edit is invented, real ones are found, publishing goes on."""
    change(path, "投诉台账", (6, "备注", "=1+1 不是公式".replace("=", "＝")), (7, "负责人", "邓伟"))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    subprocess.run(
        [*command, "--outdir", str(tmp_path / "out"), str(path)], check=True, capture_output=True, timeout=150
    )
    (tmp_path / "out" / path.name).replace(path)
    given = {e["number"]: e["values"] for e in book.read()}
    assert given == {
        "TS-202605-0007": {"remarks": "＝1+1 不是公式"},
        "TS-202605-0005": {"owner": "邓伟"},
    }
    view = sample.view()
    k3, k4 = view.records["complaint"][2:4]
    told = (
        dc.replace(k3, values={**k3.values, "remarks": "＝1+1 不是公式"}),
        dc.replace(k4, values={**k4.values, "owner": "邓伟"}),
    )
    complaints = (*view.records["complaint"][:2], *told, *view.records["complaint"][4:])
    done = book.publish(dc.replace(view, records={**view.records, "complaint": complaints}, tasks=()))
    assert (done.added, done.removed) == (0, 2)
    ws = load_workbook(path)["投诉台账"]
    symptom = ws.cell(8, column(ws, "现象"))
    assert symptom.value.startswith("=HYPERLINK") and symptom.data_type == "s"
    assert found(book) == []


WORDS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12) | st.sampled_from(
    ["=1+1x", "+8", "-", "@a", "\ttab", "007", "周启文", "1e5", "2026-05-14", "TRUE", "无", "_x0041_", "a\nb"]
)
EDITABLE = ("初判", "有效投诉", "责任单位", "负责人", "备注")
OURS = ("状态", "客户", "现象", "48h答复")


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    theirs=st.dictionaries(st.tuples(st.integers(4, 9), st.sampled_from(EDITABLE)), WORDS, max_size=6),
    strange=st.dictionaries(st.tuples(st.integers(4, 9), st.sampled_from(OURS)), WORDS, max_size=3),
)
def test_all_edits_are_found_and_none_is_invented(
    book: sample.Book, path: Path, theirs: dict[tuple[int, str], str], strange: dict[tuple[int, str], str]
) -> None:
    book = sample.first_book(path)
    wb = load_workbook(path)
    ws = wb["投诉台账"]
    expected: dict[str, dict[str, str | None]] = {}
    fields = dict(
        zip(EDITABLE, ("prelim_class", "valid_complaint", "responsible_dept", "owner", "remarks"), strict=True)
    )
    for (row, title), text in {**theirs, **strange}.items():
        cell = ws.cell(row, column(ws, title))
        before = text_of(cell.value)
        put(cell, text)
        now = clean(text).replace("\r", "\n").strip()
        if title in fields and now != before:
            expected.setdefault(ws.cell(row, 1).value, {})[fields[title]] = now or None
    wb.save(path)
    assert {e["number"]: e["values"] for e in found(book)} == expected

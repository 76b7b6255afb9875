"""What people write into the book is found, all of it and nothing else, and merged back by the next publishing."""

from __future__ import annotations

import dataclasses as dc
import json
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from functools import lru_cache
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
from qforms.settings import Settings
from qforms.workbook.book import Busy
from qforms.workbook.edits import ACTIONS, after, answer_of, edits, look
from qforms.workbook.publish import Published, publish

LATER = sample.NOW + timedelta(days=400)
SETTINGS = Settings(root=Path("/nowhere"))


@lru_cache(maxsize=1)
def first() -> tuple[bytes, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "master.xlsx"
        done = publish(file, sample.view(), sample.CATALOGUE, SETTINGS)
        assert isinstance(done, Published)
        return file.read_bytes(), dict(done.rows)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "master.xlsx"
    file.write_bytes(first()[0])
    return file


def known() -> dict[str, Any]:
    return dict(first()[1])


def found(path: Path, base: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    given = edits(path, known() if base is None else base, sample.CATALOGUE, LATER)
    return [json.loads(d.raw) for d in given]


def column(ws: Any, title: str) -> int:
    return next(c.column for c in ws[3] if c.value == title)


def change(path: Path, sheet: str, *cells: tuple[int, str, Any]) -> None:
    wb = load_workbook(path)
    for row, title, value in cells:
        wb[sheet].cell(row, column(wb[sheet], title)).value = value
    wb.properties.lastModifiedBy = "林晓岚"
    wb.save(path)


def test_an_untouched_book_has_no_edits(path: Path) -> None:
    assert found(path) == []


def test_a_changed_cell_is_a_delivery_with_its_base_and_address(path: Path) -> None:
    change(path, "投诉台账", (4, "负责人", "邓伟"), (4, "备注", "样品\n已取回 "), (4, "初判", None))
    (given,) = edits(path, known(), sample.CATALOGUE, LATER)
    assert given.channel == "workbook" and given.by == "林晓岚" and given.name == "master.xlsx"
    assert given.received_at == datetime.fromtimestamp(path.stat().st_mtime, UTC)
    said = json.loads(given.raw)
    assert said["form"] == "complaint" and said["number"] == "TS-202604-0017" and not said["new"]
    assert said["values"] == {"owner": "邓伟", "remarks": "样品\n已取回", "prelim_class": None}
    assert said["base"]["owner"] == "周启文" and said["base"]["remarks"] is None
    assert said["base_revision"] == 1
    assert said["where"]["owner"] == "投诉台账!P4"
    assert edits(path, known(), sample.CATALOGUE, LATER)[0].raw == given.raw  # the same edit, the same bytes
    early = edits(path, known(), sample.CATALOGUE, sample.NOW)[0]
    assert early.received_at == sample.NOW  # never later than now


def test_an_edit_that_was_taken_in_is_not_found_again(path: Path) -> None:
    change(path, "投诉台账", (4, "负责人", "邓伟"))
    (given,) = edits(path, known(), sample.CATALOGUE, LATER)
    base = after(known(), given, "TS-202604-0017", 2)
    assert found(path, base) == []
    change(path, "投诉台账", (4, "负责人", "汪敏"))
    (again,) = found(path, base)
    assert again["base"]["owner"] == "邓伟" and again["base_revision"] == 2


def test_computed_cells_and_other_columns_are_no_edits(path: Path) -> None:
    wb = load_workbook(path)
    ws = wb["投诉台账"]
    ws.cell(3, ws.max_column + 1, "我们的列")
    ws.cell(5, ws.max_column, "自己的")
    ws.cell(5, column(ws, "状态")).value = "已关闭"
    wb["看板"]["B4"] = 99
    wb.create_sheet("草稿")["A1"] = "x"
    wb.save(path)
    assert found(path) == []


def test_numbers_and_dates_pass_as_people_read_them(path: Path) -> None:
    change(
        path,
        "联系记录",
        (4, "时间", sample.at("2026-05-12", "09:30").replace(tzinfo=None)),
        (4, "谁", 12.0),
        (4, "内容", 0.25),
    )
    (given,) = found(path)
    assert given["values"] == {"at": "2026-05-12 09:30", "person": "12", "summary": "0.25"}


def test_formulas_and_errors_are_problems_not_values(path: Path) -> None:
    wb = load_workbook(path)
    ws = wb["投诉台账"]
    ws.cell(4, column(ws, "负责人")).value = "=A1"
    ws.cell(4, column(ws, "备注")).value = "#REF!"
    ws.cell(4, column(ws, "备注")).data_type = "e"
    ws.cell(5, column(ws, "备注")).value = "#1 样品"
    wb.save(path)
    faulty, fine = found(path)
    assert faulty["values"] == {}
    assert [(p["code"], p["field"], p["where"]) for p in faulty["problems"]] == [
        ("workbook_formula", "owner", "投诉台账!P4"),
        ("workbook_error_value", "remarks", f"投诉台账!{'Z'}4"),
    ]
    assert fine["values"] == {"remarks": "#1 样品"}


def test_a_row_typed_at_the_end_is_new_and_becomes_its_record(path: Path) -> None:
    change(path, "联系记录", (5, "案件", "TS-202605-0009"), (5, "方向", "去"), (5, "内容", "已通知客户"))
    (given,) = edits(path, known(), sample.CATALOGUE, LATER)
    said = json.loads(given.raw)
    assert said["new"] and said["number"] == "" and said["case_no"] == "TS-202605-0009"
    assert said["values"] == {"direction": "去", "summary": "已通知客户"}
    base = after(known(), given, "LX-202605-0002", 0)
    assert found(path, base) == []
    change(path, "联系记录", (5, "内容", "已通知客户，待回"))  # the book is still open: it has no number yet
    (more,) = found(path, base)
    assert more["number"] == "LX-202605-0002" and not more["new"]
    assert more["values"] == {"summary": "已通知客户，待回"} and more["base"]["summary"] == "已通知客户"

    record = dc.replace(sample.view().records["contact"][0], number="LX-202605-0002", case_no="TS-202605-0009")
    values = {"direction": "out", "summary": "已通知客户"}
    view = sample.view()
    contacts = (*view.records["contact"], dc.replace(record, values=values))
    done = publish(
        path, dc.replace(view, records={**view.records, "contact": contacts}), sample.CATALOGUE, SETTINGS, known=base
    )
    assert isinstance(done, Published) and done.added == 0 and done.unread == 1
    ws = load_workbook(path)["联系记录"]
    assert ws["A5"].value == "LX-202605-0002" and ws["A6"].value is None
    assert ws.cell(5, column(ws, "内容")).value == "已通知客户，待回"  # was not read yet
    (still,) = found(path, dict(done.rows))
    assert still["number"] == "LX-202605-0002" and still["values"] == {"summary": "已通知客户，待回"}


def test_a_copied_row_is_new_wherever_it_was_put(path: Path) -> None:
    wb = load_workbook(path)
    ws = wb["联系记录"]
    ws.insert_rows(4)
    for cell in ws[5]:
        ws.cell(4, cell.column).value = cell.value
    ws.cell(4, column(ws, "内容")).value = "第二次"
    wb.save(path)
    (given,) = found(path)
    assert given["new"] and given["number"] == "" and given["values"]["summary"] == "第二次"


def test_deleted_rows_are_reported_and_change_nothing(path: Path) -> None:
    wb = load_workbook(path)
    wb["投诉台账"].delete_rows(5)
    wb.save(path)
    seen = look(path, known(), sample.CATALOGUE, LATER)
    assert seen.deliveries == () and seen.deleted == ("complaint/TS-202605-0003",)


@pytest.mark.parametrize(("word", "code"), sorted(ACTIONS.items()))
def test_every_word_of_the_list_is_understood(path: Path, word: str, code: str) -> None:
    assert code and ACTIONS[word] == code


def test_an_answer_in_the_to_do_list(path: Path) -> None:
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
    given = [answer_of(d) for d in edits(path, known(), sample.CATALOGUE, LATER)]
    assert [(a.kind, a.key, a.action, a.note) for a in given if a] == [
        ("clock", "treatment_plan/TS-202605-0005", "extend", ""),
        ("clock", "defect_answer/TS-202605-0008", "", ""),
        ("task", "approve-17", "agree", "尽快"),
        ("mail", "d" * 64, "file", ""),
    ]
    base = known()
    for delivery in edits(path, known(), sample.CATALOGUE, LATER):
        base = after(base, delivery)
    assert found(path, base) == []
    view = sample.view()
    task = dc.replace(view.tasks[1], text=Text("界定责任单位（二）", ""))
    done = publish(path, dc.replace(view, tasks=(task,)), sample.CATALOGUE, SETTINGS, known=base)
    assert isinstance(done, Published)
    ws = load_workbook(path)["待办"]
    assert [ws.cell(r, column(ws, "处理")).value for r in range(4, 11)] == [None] * 7  # taken in, and cleared
    assert [ws.cell(r, column(ws, "说明")).value for r in range(4, 11)].count("在想") == 1


def test_a_book_being_saved_is_busy(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:3000])
    with pytest.raises(Busy):
        edits(path, known(), sample.CATALOGUE, LATER)
    path.unlink()
    with pytest.raises(Busy):
        edits(path, known(), sample.CATALOGUE, LATER)


def test_an_edit_is_found_after_the_rows_were_sorted_and_a_column_put_in_between(path: Path) -> None:
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
    (given,) = found(path)
    assert given["number"] == "TS-202605-0008" and given["values"] == {"valid_complaint": "无效"}


@pytest.mark.office
def test_through_libreoffice(path: Path, tmp_path: Path) -> None:
    """Saved by LibreOffice: no edit is invented, real ones are found, publishing goes on."""
    change(path, "投诉台账", (6, "备注", "=1+1 不是公式".replace("=", "＝")), (7, "负责人", "邓伟"))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    subprocess.run(
        [*command, "--outdir", str(tmp_path / "out"), str(path)], check=True, capture_output=True, timeout=150
    )
    (tmp_path / "out" / path.name).replace(path)
    given = {e["number"]: e["values"] for e in found(path)}
    assert given == {
        "TS-202605-0007": {"remarks": "＝1+1 不是公式"},
        "TS-202605-0005": {"owner": "邓伟"},
    }
    base = known()
    for delivery in edits(path, known(), sample.CATALOGUE, LATER):
        base = after(base, delivery, json.loads(delivery.raw)["number"])
    done = publish(path, sample.view(), sample.CATALOGUE, SETTINGS, known=base)
    assert isinstance(done, Published) and (done.added, done.removed, done.unread) == (0, 0, 0)
    ws = load_workbook(path)["投诉台账"]
    symptom = ws.cell(8, column(ws, "现象"))
    assert symptom.value.startswith("=HYPERLINK") and symptom.data_type == "s"
    assert found(path, dict(done.rows)) == []


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
    path: Path, theirs: dict[tuple[int, str], str], strange: dict[tuple[int, str], str]
) -> None:
    path.write_bytes(first()[0])
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
        now = text_of(clean(text))
        if title in fields and now != before:
            expected.setdefault(ws.cell(row, 1).value, {})[fields[title]] = now or None
    wb.save(path)
    assert {e["number"]: e["values"] for e in found(path)} == expected

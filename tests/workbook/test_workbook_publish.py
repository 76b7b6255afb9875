"""The master workbook: first drawn, then brought up to date without touching what is not ours."""

from __future__ import annotations

import dataclasses as dc
import os
import struct
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import support_workbook as sample
from openpyxl import load_workbook
from openpyxl.styles import PatternFill
from python_calamine import CalamineWorkbook

from qforms.model import Conflict, Later, Letter, LetterIntent, QformsError, Record, Task, Text
from qforms.workbook import locks
from qforms.workbook.book import ID, Damaged, opened
from qforms.workbook.view import View

FRONT = ["看板", "待办", "投诉台账", "在办单据", "时限", "措施跟踪", "联系记录", "待处理邮件", "基础资料"]
LETTER = Letter(
    LetterIntent("k", "issue", "customer", ("a@b.example",), (), "zh", "N", 0, "", "主题", {}), "held", "<m>"
)
CONFLICT = Conflict("TS-202605-0007", "owner", "周启文", "林晓岚", "邓伟", "office", sample.NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "share" / "master.xlsx"


@pytest.fixture
def book(path: Path) -> sample.Book:
    return sample.first_book(path)


def parts(path: Path) -> dict[str, int]:
    with zipfile.ZipFile(path) as package:
        return {i.filename: i.CRC for i in package.infolist()}


def table(path: Path, sheet: str) -> list[dict[str, Any]]:
    """The rows of a sheet as head -> value."""
    ws = load_workbook(path)[sheet]
    head = [c.value for c in ws[3]]
    return [
        d for r in ws.iter_rows(min_row=4, values_only=True) if any((d := dict(zip(head, r, strict=True))).values())
    ]


def cell(ws: Any, row: int, title: str) -> Any:
    column = next(c.column for c in ws[3] if c.value == title)
    return ws.cell(row, column)


def row_of(ws: Any, key: str, title: str = "编号") -> int:
    return next(r for r in range(4, ws.max_row + 1) if cell(ws, r, title).value == key)


def with_records(view: View, form: str, *more: Record) -> View:
    return dc.replace(view, records={**view.records, form: (*view.records.get(form, ()), *more)})


def visible(path: Path) -> list[str]:
    return [ws.title for ws in load_workbook(path) if ws.sheet_state == "visible"]


def test_nine_sheets_in_front_and_forms_behind_with_their_first_record(path: Path) -> None:
    book = sample.Book(path)
    view = sample.view()
    book.publish(dc.replace(view, records={**view.records, "market_abnormality": ()}))
    assert visible(path) == [*FRONT, "部门", "人员", "出货"]
    book.publish(view)
    assert visible(path) == [*FRONT, "8001", "部门", "人员", "出货"]
    assert table(path, "8001")[0]["编号"] == "8001-202605-0001"


def test_conflicts_and_letters_on_hold_show_only_while_there_are_some(book: sample.Book, path: Path) -> None:
    assert "冲突" not in visible(path)
    view = dc.replace(sample.view(), letters=(LETTER,), conflicts=(CONFLICT,))
    book.publish(view)
    assert visible(path)[9:11] == ["待发", "冲突"]
    assert table(path, "冲突")[0]["系统现值"] == "林晓岚"
    assert table(path, "待发")[0]["状态"] == "待放行"
    ws = load_workbook(path)["冲突"]
    assert any("qf_list_conflicts_action" in str(v.formula1) for v in ws.data_validations.dataValidation)
    book.publish()
    assert load_workbook(path)["冲突"].sheet_state == "hidden"
    assert not table(path, "冲突")
    book.publish(view)
    assert load_workbook(path)["冲突"].sheet_state == "visible"
    wb = load_workbook(path)
    wb["冲突"].sheet_state = "hidden"  # the office's own wish
    wb.save(path)
    book.read()
    book.publish(dc.replace(view, conflicts=(CONFLICT, dc.replace(CONFLICT, field="remarks"))))
    assert load_workbook(path)["冲突"].sheet_state == "hidden"


def test_the_words_of_what_is_left(book: sample.Book, path: Path) -> None:
    rows = {r["编号"]: r for r in table(path, "投诉台账")}
    assert rows["TS-202605-0007"]["24h联系"] == "√ 05-11 14:30"
    assert rows["TS-202604-0017"]["48h答复"] == "迟 25 min"
    assert rows["TS-202605-0008"]["48h答复"] == "逾期 21 h 40 min"
    assert rows["TS-202605-0009"]["24h联系"] == "剩余 6 h"
    assert rows["TS-202605-0009"]["48h答复"] == "剩余 1 天 6 h"
    assert rows["TS-202605-0007"]["‰"] == 3.2
    assert rows["TS-202605-0007"]["关联单据"] == "8001-202605-0001"
    todo = table(path, "待办")
    assert [r["●"] for r in todo] == ["●", "●", "▲", "▲", "○", "○", "○"]
    assert todo[0]["剩余/逾期"] == "逾期 23 h" and todo[0]["客户"] == "宁波禾木百货有限公司"
    assert table(path, "措施跟踪")[1]["剩余"] == "逾期 1 天 10 h"


def test_the_english_book(path: Path) -> None:
    sample.Book(path, "en").publish()
    wb = load_workbook(path)
    assert [ws.title for ws in wb][:3] == ["Board", "To do", "Complaints"]
    assert wb["To do"]["E4"].value == "overdue 23 h"
    formulas = [r.formula[0] for rules in wb["To do"].conditional_formatting for r in rules.rules]
    assert any('LEFT($E4,7)="overdue"' in f for f in formulas)


def test_publishing_twice_writes_nothing(book: sample.Book, path: Path) -> None:
    before = path.stat().st_mtime_ns
    assert not book.publish().written
    assert path.stat().st_mtime_ns == before


def test_only_the_parts_that_change_are_written(book: sample.Book, path: Path) -> None:
    """One more contact: its sheet, the table of it, the number of the publication; all else stays byte for byte."""
    before = parts(path)
    view = sample.view()
    more = dc.replace(view.records["contact"][0], number="LX-202605-0002")
    done = book.publish(with_records(view, "contact", more))
    assert (done.added, done.changed, done.removed) == (1, 0, 0)
    changed = {n for n, crc in parts(path).items() if before.get(n) != crc}
    wb = load_workbook(path)
    sheets = {f"xl/worksheets/sheet{wb.sheetnames.index(t) + 1}.xml" for t in ("联系记录", "_lists")}
    assert changed - {n for n in changed if n.startswith("xl/tables/")} <= sheets | {"xl/workbook.xml"}
    assert wb["联系记录"]["A5"].value == "LX-202605-0002"


def test_the_board_and_its_charts_stay_live(book: sample.Book, path: Path) -> None:
    view = sample.view()
    more = sample.complaint("TS-202605-0011", sample.at("2026-05-14", "09:00"), "新客户", defect_qty=30,
                            defect_category="other")  # fmt: skip
    book.publish(with_records(view, "complaint", more))
    wb = load_workbook(path)
    assert wb["看板"]["B25"].value == "其他" and wb["看板"]["D25"].value == 30
    with zipfile.ZipFile(path) as package:
        text = "".join(package.read(n).decode() for n in package.namelist() if n.startswith("xl/charts/chart"))
    assert "其他 30 台" in text and 'max val="50"' in text and "N = 50" in text
    assert "功能失效 18 台" not in text and 'max val="20"' not in text
    assert "$D$25:$D$28<" in text and "$D$25:$D$27<" not in text


def test_the_chart_of_one_category_grows_with_the_second(path: Path) -> None:
    book, view = sample.Book(path), sample.view()
    only = [r for r in view.records["complaint"] if r.values.get("defect_category") == "function"]
    book.publish(dc.replace(view, records={**view.records, "complaint": tuple(only)}))
    book.publish(view)
    with zipfile.ZipFile(path) as package:
        text = "".join(package.read(n).decode() for n in package.namelist() if n.startswith("xl/charts/chart"))
    assert "$D$25:$D$27<" in text and "$D$25<" not in text


def test_texts_that_look_like_formulas_stay_texts(book: sample.Book, path: Path) -> None:
    more = sample.complaint("TS-202605-0011", sample.NOW, "=1+1", defect_symptom="=cmd|' /C calc'!A0")
    book.publish(with_records(sample.view(), "complaint", more))
    ws = load_workbook(path)["投诉台账"]
    found = [c for row in ws.iter_rows() for c in row if str(c.value).startswith("=")]
    assert len(found) == 3 and all(c.data_type == "s" for c in found)
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("投诉台账").to_python()
    assert any('=HYPERLINK("http://x","显示 E1")' in r for r in rows)


def test_what_the_office_did_to_the_book_stays(book: sample.Book, path: Path) -> None:
    """Its own column, sheet, colours and widths, the order it sorted the rows into, its filter, what it hid."""
    wb = load_workbook(path)
    ws = wb["投诉台账"]
    width = ws.max_column
    ws.cell(3, width + 1, "我们的列")
    rows = [[(c.value, c._style) for c in r] for r in ws.iter_rows(min_row=4, max_row=9)]
    for i, row in enumerate(reversed(rows)):  # sorted the other way round
        for k, (value, style) in enumerate(row):
            ws.cell(4 + i, k + 1).value, ws.cell(4 + i, k + 1)._style = value, style
        ws.cell(4 + i, width + 1, f"自己的 {i}")
    ws["B5"].fill = PatternFill("solid", start_color="FFFF00")
    ws.column_dimensions["D"].width = 44
    next(iter(ws.tables.values())).autoFilter.add_filter_column(3, ["周先生"])
    ws.row_dimensions[6].hidden = True
    wb.create_sheet("我的草稿")["A1"] = "=SUM(B1:B3)"
    wb["时限"].sheet_state = "hidden"
    wb["投诉台账"].title = "投诉 2026"
    wb.defined_names["qf_sheet_complaint"].attr_text = "'投诉 2026'!$A$3"  # as Excel does when a sheet is renamed
    wb.save(path)
    before = [(r[0].value, r[width].value) for r in load_workbook(path)["投诉 2026"].iter_rows(min_row=4, max_row=9)]
    assert book.read() == []

    more = sample.complaint("TS-202605-0011", sample.at("2026-05-14", "09:00"), "新客户", defect_symptom="不转")
    view = sample.view()
    view = dc.replace(view, records={**view.records, "complaint": (more, *view.records["complaint"])})
    done = book.publish(view)
    wb = load_workbook(path)
    ws = wb["投诉 2026"]
    assert done.added == 1
    assert [(r[0].value, r[width].value) for r in ws.iter_rows(min_row=4, max_row=9)] == before
    assert ws["A10"].value == "TS-202605-0011"  # new rows at the end
    assert ws["B10"].number_format == "yyyy-mm-dd hh:mm"
    assert ws["B5"].fill.start_color.rgb == "00FFFF00"
    assert ws.column_dimensions["D"].width == 44
    found = next(iter(ws.tables.values()))
    assert found.ref.endswith("10") and found.autoFilter.ref == found.ref
    assert found.autoFilter.filterColumn[0].filters.filter == ["周先生"]
    assert ws.row_dimensions[6].hidden
    assert wb["我的草稿"]["A1"].value == "=SUM(B1:B3)"
    assert wb["时限"].sheet_state == "hidden"
    assert "投诉台账" not in wb.sheetnames


def test_a_column_that_was_renamed_and_moved_is_found(book: sample.Book, path: Path) -> None:
    wb = load_workbook(path)
    ws = wb["投诉台账"]
    old = cell(ws, 3, "负责人").column
    ws.cell(3, old).value = "跟进的人"
    for title in ("有效投诉", "备注"):  # 备注 is all but empty: the heading beside it tells
        cell(ws, 3, title).value = f"{title}（改）"
    wb.save(path)
    assert book.read() == []
    wb = load_workbook(path)
    wb["投诉台账"].cell(4, old).value = "邓伟"
    wb.save(path)
    (given,) = book.read()
    assert given["values"] == {"owner": "邓伟"} and given["where"]["owner"].startswith("投诉台账!")


def test_an_overwritten_computed_cell_comes_back_with_a_note_for_some_days(book: sample.Book, path: Path) -> None:
    wb = load_workbook(path)
    cell(wb["投诉台账"], 4, "状态").value = "已关闭"
    cell(wb["投诉台账"], 5, "48h答复").value = "=1+1"
    wb.save(path)
    assert book.read() == []
    book.publish()
    ws = load_workbook(path)["投诉台账"]
    assert cell(ws, 4, "状态").value == "处理中"
    assert "已关闭" in cell(ws, 4, "状态").comment.text and cell(ws, 4, "状态").comment.author == "qforms"
    assert cell(ws, 5, "48h答复").value == "√ 05-08 11:00"
    assert len(book.restored) == 2 and all(a.startswith("投诉台账!") for a in book.restored)
    book.publish(sample.view(sample.NOW + timedelta(days=4)))
    assert cell(load_workbook(path)["投诉台账"], 4, "状态").comment is None


def test_a_book_that_was_saved_since_is_read_before_it_is_written(book: sample.Book, path: Path) -> None:
    wb = load_workbook(path)
    cell(wb["投诉台账"], 4, "负责人").value = "邓伟"
    wb.save(path)
    saved = path.read_bytes()
    done = book.try_to_publish(sample.view(sample.NOW + timedelta(hours=1)))
    assert isinstance(done, Later) and path.read_bytes() == saved
    (given,) = book.read()
    assert given["values"] == {"owner": "邓伟"}


def test_finished_tasks_leave_and_the_rest_moves_up_with_what_the_office_wrote(book: sample.Book, path: Path) -> None:
    wb = load_workbook(path)
    ws = wb["待办"]
    for row in range(4, 11):
        ws.cell(row, 20, f"私 {ws.cell(row, 2).value}")
        ws.cell(row, 21, f"=A{row}")
    wb.save(path)
    book.read()
    view = sample.view()
    clocks = tuple(c for c in view.clocks if c.rule != "treatment_plan")
    task = Task("new", "x", "", "", Text("新任务", "new"), "汪敏", sample.NOW)
    done = book.publish(dc.replace(view, clocks=clocks, tasks=(*view.tasks, task)))
    ws = load_workbook(path)["待办"]
    rows = [(r[1].value, r[19].value, r[20].value) for r in ws.iter_rows(min_row=4, max_row=10)]
    assert (done.removed, done.added) == (2, 1)  # the row of 待办 and that of 时限 …
    assert all(own in (None, f"私 {what}") for what, own, _ in rows)
    assert [f for *_, f in rows[:6]] == [f"=A{i}" for i in range(4, 10)]
    assert rows[6][0] == "新任务" and ws["B11"].value is None


def test_a_deleted_row_comes_back_and_says_so(book: sample.Book, path: Path) -> None:
    wb = load_workbook(path)
    wb["投诉台账"].delete_rows(5)
    wb.save(path)
    assert book.look().deleted == ("complaint/TS-202605-0003",)
    assert book.read() == []
    assert book.publish().added == 1
    ws = load_workbook(path)["投诉台账"]
    assert sorted(r["编号"] for r in table(path, "投诉台账"))[1] == "TS-202605-0003"
    assert "恢复" in ws.cell(row_of(ws, "TS-202605-0003"), 1).comment.text


def test_a_deleted_sheet_comes_back(book: sample.Book, path: Path) -> None:
    wb = load_workbook(path)
    del wb["联系记录"], wb["8001"]
    wb.save(path)
    assert book.read() == []
    book.publish()
    assert table(path, "联系记录")[0]["编号"] == "LX-202605-0001"
    assert table(path, "8001")[0]["编号"] == "8001-202605-0001"


# ---------------------------------------------------------------- rows that stand ready


def test_rows_with_reserved_numbers_stay_at_the_end(path: Path) -> None:
    book = sample.Book(path)
    numbers = tuple(f"TS-202605-00{i}" for i in (21, 22, 23))
    view = dc.replace(sample.view(), ready={"complaint": numbers})
    book.publish(view)
    assert [r["编号"] for r in table(path, "投诉台账")][-3:] == list(numbers)
    assert {r["状态"] for r in table(path, "投诉台账")[-3:]} == {"预留"}
    more = sample.complaint("TS-202605-0010", sample.NOW, "新客户")
    book.publish(with_records(view, "complaint", more))
    assert [r["编号"] for r in table(path, "投诉台账")][-4:] == ["TS-202605-0010", *numbers]
    assert book.read() == []
    wb = load_workbook(path)
    ws = wb["投诉台账"]
    row = row_of(ws, numbers[1])
    cell(ws, row, "客户").value, cell(ws, row, "现象").value = "来电客户", "不通电"
    wb.save(path)
    (given,) = book.look().deliveries and [*book.read({f"reserved/complaint/{numbers[1]}": taken(numbers[1])})]
    assert given["new"] and given["number"] == numbers[1]
    assert given["values"] == {"customer_name": "来电客户", "defect_symptom": "不通电"}
    typed = sample.complaint(numbers[1], sample.NOW, "来电客户", defect_symptom="不通电")
    view = dc.replace(view, ready={"complaint": (numbers[2], numbers[0])}, void=frozenset([numbers[0]]))
    done = book.publish(with_records(view, "complaint", more, typed))
    ws = load_workbook(path)["投诉台账"]
    assert done.added == 0 and row_of(ws, numbers[1]) == row and cell(ws, row, "状态").value == "处理中"
    assert cell(ws, row_of(ws, numbers[0]), "状态").value == "作废"
    assert book.read() == []


def taken(number: str) -> Any:
    from qforms.workbook.edits import Result

    return Result(number, 0)


# ---------------------------------------------------------------- locks and crashes


def excel_owner(name: str) -> bytes:
    ansi = name.encode("gb18030")
    head = (bytes([len(ansi)]) + ansi).ljust(55, b" ")
    return (head + struct.pack("<H", len(name)) + name.encode("utf-16-le")).ljust(165, b" ")


@pytest.mark.parametrize(
    ("file", "data", "name"),
    [
        ("~$master.xlsx", excel_owner("质量办 王"), "质量办 王"),
        ("~$ster.xlsx", excel_owner("Lin"), "Lin"),
        (".~lock.master.xlsx#", "林晓岚,lin,pc-7,14.05.2026 09:58,file:///home/lin;".encode(), "林晓岚"),
        (".~lock.master.xlsx#", b",root,vm,22.11.2026 07:03,file:///;", "root"),
        (".~master.xlsx", b"", ""),
        (".~aster.xlsx", b"", ""),
    ],
)
def test_nothing_is_written_while_somebody_has_the_book_open(
    book: sample.Book, path: Path, file: str, data: bytes, name: str
) -> None:
    before = path.read_bytes()
    path.with_name(file).write_bytes(data)
    done = book.try_to_publish(dc.replace(sample.view(), tasks=()))
    assert isinstance(done, Later) and (name or "有人") in done.reason
    assert path.read_bytes() == before
    old = time.time() - 17 * 3600
    os.utime(path.with_name(file), (old, old))  # left by a crash: reported, but it holds nobody up
    book.publish(dc.replace(sample.view(), tasks=()))
    held = locks.holders(path, datetime.now(UTC), 16)
    assert [h.stale for h in held] == [True]


def test_our_own_lock_keeps_others_out_and_goes_again(book: sample.Book, path: Path) -> None:
    now = datetime.now(UTC)
    with locks.ours(path, 16) as free:
        assert free
        assert path.with_name(".~lock.master.xlsx#").exists()
        with locks.ours(path.with_name("other.xlsx"), 16) as second:
            assert second
    assert locks.holder(path, now, 16) is None
    path.with_name(".~lock.master.xlsx#").write_text("somebody,x,y,z,;")
    with locks.ours(path, 16) as free:
        assert not free
    assert locks.holder(path, now + timedelta(hours=15), 16)


def test_the_lock_is_held_while_the_book_is_replaced(
    book: sample.Book, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    replace = Path.replace

    def watched(self: Path, target: Any) -> Path:
        seen.append(path.with_name(".~lock.master.xlsx#").exists())
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    book.publish(dc.replace(sample.view(), tasks=()))
    assert seen == [True] and not path.with_name(".~lock.master.xlsx#").exists()


def test_a_crash_before_the_replacement_leaves_the_old_book(
    book: sample.Book, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def crash(*_: Any) -> None:
        raise RuntimeError("power failure")

    monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(RuntimeError):
        book.publish(dc.replace(sample.view(), tasks=()))
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [f.name for f in path.parent.iterdir()] == ["master.xlsx"]


def test_a_book_saved_meanwhile_is_not_replaced(book: sample.Book, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from qforms.workbook import plan

    change = plan.change

    def and_then_somebody_saves(*given: Any) -> Any:
        done = change(*given)
        wb = load_workbook(path)
        wb["待办"]["J4"] = "刚写的"
        wb.save(path)
        return done

    monkeypatch.setattr(plan, "change", and_then_somebody_saves)
    assert isinstance(book.try_to_publish(dc.replace(sample.view(), tasks=())), Later)
    assert load_workbook(path)["待办"]["J4"].value == "刚写的"


def test_the_file_cannot_be_replaced_on_windows_while_it_is_open(
    book: sample.Book, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(Path, "replace", refuse)
    done = book.try_to_publish(dc.replace(sample.view(), tasks=()))
    assert isinstance(done, Later) and "in use" in done.reason


def test_a_torn_or_shared_book_is_told_apart(book: sample.Book, path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert isinstance(book.try_to_publish(dc.replace(sample.view(), tasks=())), Later)
    assert path.read_bytes() == whole[: len(whole) // 2]
    with pytest.raises(Damaged), opened(path):
        pass
    path.write_bytes(whole)
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("xl/revisions/revisionHeaders.xml", "<headers/>")
    with pytest.raises(QformsError, match="共享"), opened(path):
        pass


def test_the_last_versions_are_kept_under_their_numbers(path: Path, tmp_path: Path) -> None:
    history = tmp_path / "private"
    book = sample.Book(path, history=history)
    book.publish()
    for i in range(1, 8):
        if i == 6:  # what the office saved before the next publication is kept as well
            wb = load_workbook(path)
            wb["草稿"] if "草稿" in wb.sheetnames else wb.create_sheet("草稿")
            wb.save(path)
            book.read()
        book.publish(sample.view(sample.NOW + timedelta(minutes=i)))
    kept = sorted(f.name for f in history.iterdir())
    assert [int(name.split("-")[1]) for name in kept] == [4, 5, 6, 6, 7, 8]
    assert "10:07" in str(load_workbook(history / kept[-1])["待办"]["A2"].value)
    assert "草稿" in load_workbook(history / kept[3]).sheetnames


def test_ids_are_hidden_and_names_lead_to_the_sheets(book: sample.Book, path: Path) -> None:
    ws = load_workbook(path)["投诉台账"]
    head = {c.value: c.column_letter for c in ws[3]}
    assert ws.column_dimensions[head[ID]].hidden
    assert ws[f"{head[ID]}4"].value == "complaint/TS-202604-0017"
    assert ws.freeze_panes == "B4" and ws.page_setup.fitToWidth == 2
    assert not ws.protection.sheet

"""The master workbook: first written, then brought up to date without touching what is not ours."""

from __future__ import annotations

import dataclasses as dc
import os
import struct
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import support_workbook as sample
from openpyxl import load_workbook
from openpyxl.styles import PatternFill
from python_calamine import CalamineWorkbook

from qforms.model import Conflict, Later, Letter, LetterIntent, Task, Text
from qforms.settings import Company, Settings
from qforms.workbook import locks
from qforms.workbook.book import ID, load
from qforms.workbook.edits import after, edits
from qforms.workbook.publish import Published, publish

FRONT = ["看板", "待办", "投诉台账", "在办单据", "时限", "措施跟踪", "联系记录", "待处理邮件", "基础资料"]


@lru_cache(maxsize=1)
def first() -> tuple[bytes, Published]:
    """The book as first written, made once for all tests."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "master.xlsx"
        done = publish(file, sample.view(), sample.CATALOGUE, settings())
        assert isinstance(done, Published)
        return file.read_bytes(), done


def written(path: Path) -> Published:
    """Puts the first book at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(first()[0])
    return first()[1]


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "share" / "master.xlsx"


def settings(lang: str = "zh") -> Settings:
    return Settings(root=Path("/nowhere"), company=Company(lang=lang))  # type: ignore[arg-type]


def put(path: Path, known: Any = None, view: Any = None, lang: str = "zh", **more: Any) -> Published:
    done = publish(path, view or sample.view(), sample.CATALOGUE, settings(lang), known=known, **more)
    assert isinstance(done, Published), done
    return done


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


def test_nine_sheets_in_front_forms_behind_and_conflicts_only_when_there_are_some(path: Path) -> None:
    written(path)
    wb = load_workbook(path)
    visible = [ws.title for ws in wb if ws.sheet_state == "visible"]
    assert visible[:9] == FRONT
    assert set(visible[9:]) == {"8001", "部门", "人员", "出货"}
    letter = Letter(
        LetterIntent("k", "issue", "customer", ("a@b.example",), (), "zh", "N", 0, "", "主题", {}), "held", "<m>"
    )
    conflict = Conflict("TS-202605-0007", "owner", "周启文", "林晓岚", "邓伟", "office", sample.NOW)
    view = dc.replace(sample.view(), letters=(letter,), conflicts=(conflict,))
    done = put(path, view=view)
    assert table(path, "冲突")[0]["系统现值"] == "林晓岚"
    assert table(path, "待发")[0]["状态"] == "待放行"
    put(path, known=done.rows)
    assert load_workbook(path)["冲突"].sheet_state == "hidden"
    assert not table(path, "冲突")
    put(path, known=done.rows, view=view)
    assert load_workbook(path)["冲突"].sheet_state == "visible"


def test_the_words_of_what_is_left(path: Path) -> None:
    written(path)
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
    put(path, lang="en")
    wb = load_workbook(path)
    assert [ws.title for ws in wb][:3] == ["Board", "To do", "Complaints"]
    assert wb["To do"]["E4"].value == "overdue 23 h"
    formulas = [r.formula[0] for rules in wb["To do"].conditional_formatting for r in rules.rules]
    assert any('LEFT($E4,7)="overdue"' in f for f in formulas)


def test_publishing_twice_changes_nothing(path: Path) -> None:
    before = written(path)
    second = put(path, known=before.rows)
    assert (second.added, second.changed, second.removed, second.restored) == (0, 0, 0, ())
    assert dict(second.rows) == dict(before.rows)


def test_texts_that_look_like_formulas_stay_texts(path: Path) -> None:
    known = written(path).rows
    put(path, known=known)  # and still after the book was read and written again
    ws = load_workbook(path)["投诉台账"]
    found = next(c for row in ws.iter_rows() for c in row if str(c.value).startswith("=HYPERLINK"))
    assert found.data_type == "s" and found.quotePrefix
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("投诉台账").to_python()
    assert any('=HYPERLINK("http://x","显示 E1")' in r for r in rows)


def test_what_the_office_did_to_the_book_stays(path: Path) -> None:
    """Its own column, sheet, colours and widths, the order it sorted the rows into, its filter, what it hid."""
    known = written(path).rows
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

    more = sample.complaint("TS-202605-0011", sample.at("2026-05-14", "09:00"), "新客户", defect_symptom="不转")
    view = sample.view()
    view = dc.replace(view, records={**view.records, "complaint": (more, *view.records["complaint"])})
    done = put(path, known=known, view=view)
    wb = load_workbook(path)
    ws = wb["投诉 2026"]
    assert done.added == 1
    assert [(r[0].value, r[width].value) for r in ws.iter_rows(min_row=4, max_row=9)] == before
    assert ws["A10"].value == "TS-202605-0011"  # new rows at the end
    assert ws["A10"].number_format == "@" and ws["B10"].number_format == "yyyy-mm-dd hh:mm"
    assert ws["B5"].fill.start_color.rgb == "00FFFF00"
    assert ws.column_dimensions["D"].width == 44
    found = next(iter(ws.tables.values()))
    assert found.ref.endswith("10") and found.autoFilter.ref == found.ref
    assert found.autoFilter.filterColumn[0].filters.filter == ["周先生"]
    assert ws.row_dimensions[6].hidden
    assert wb["我的草稿"]["A1"].value == "=SUM(B1:B3)"
    assert wb["时限"].sheet_state == "hidden"
    assert "投诉台账" not in wb.sheetnames


def test_an_overwritten_computed_cell_comes_back_with_a_note(path: Path) -> None:
    known = written(path).rows
    wb = load_workbook(path)
    cell(wb["投诉台账"], 4, "状态").value = "已关闭"
    cell(wb["投诉台账"], 5, "48h答复").value = "=1+1"
    wb.save(path)
    done = put(path, known=known)
    ws = load_workbook(path)["投诉台账"]
    assert cell(ws, 4, "状态").value == "处理中"
    assert "已关闭" in cell(ws, 4, "状态").comment.text and cell(ws, 4, "状态").comment.author == "qforms"
    assert cell(ws, 5, "48h答复").value == "√ 05-08 11:00"
    assert len(done.restored) == 2 and all(a.startswith("投诉台账!") for a in done.restored)


def test_an_unread_edit_is_never_overwritten(path: Path) -> None:
    known = written(path).rows
    wb = load_workbook(path)
    cell(wb["投诉台账"], 4, "负责人").value = "邓伟"
    wb.save(path)
    done = put(path, known=known)
    assert cell(load_workbook(path)["投诉台账"], 4, "负责人").value == "邓伟"
    assert done.unread == 1
    assert done.rows["complaint/TS-202604-0017"][1]["owner"] == "周启文"  # still to be found as an edit


def test_finished_tasks_leave_and_the_rest_moves_up_with_what_the_office_wrote(path: Path) -> None:
    known = written(path).rows
    wb = load_workbook(path)
    ws = wb["待办"]
    for row in range(4, 11):
        ws.cell(row, 20, f"私 {ws.cell(row, 2).value}")
        ws.cell(row, 21, f"=A{row}")
    wb.save(path)
    view = sample.view()
    clocks = tuple(c for c in view.clocks if c.rule != "treatment_plan")
    task = Task("new", "x", "", "", Text("新任务", "new"), "汪敏", sample.NOW)
    done = put(path, known=known, view=dc.replace(view, clocks=clocks, tasks=(*view.tasks, task)))
    ws = load_workbook(path)["待办"]
    rows = [(r[1].value, r[19].value, r[20].value) for r in ws.iter_rows(min_row=4, max_row=10)]
    assert (done.removed, done.added) == (2, 1)  # the row of 待办 and that of 时限 …
    assert all(own in (None, f"私 {what}") for what, own, _ in rows)
    assert [f for *_, f in rows[:6]] == [f"=A{i}" for i in range(4, 10)]
    assert rows[6][0] == "新任务" and ws["B11"].value is None
    assert ws["K4"].hyperlink is None or ws["K4"].value == "打开"


def test_a_deleted_row_comes_back(path: Path) -> None:
    known = written(path).rows
    wb = load_workbook(path)
    wb["投诉台账"].delete_rows(5)
    wb.save(path)
    assert put(path, known=known).added == 1
    assert len(table(path, "投诉台账")) == 6
    assert "恢复" in load_workbook(path)["投诉台账"]["A9"].comment.text


def test_what_cannot_be_taken_is_explained_beside_the_cell(path: Path) -> None:
    known = written(path).rows
    wb = load_workbook(path)
    cell(wb["投诉台账"], 4, "负责人").value = "=A1"
    cell(wb["待办"], 4, "处理").value = "随便"
    wb.save(path)
    read = edits(path, known, sample.CATALOGUE, sample.NOW)
    for delivery in read:
        known = after(known, delivery)
    done = put(path, known=known)
    wb = load_workbook(path)
    assert cell(wb["投诉台账"], 4, "负责人").value == "=A1" and done.unread == 0
    assert "公式 =A1" in cell(wb["投诉台账"], 4, "负责人").comment.text
    assert cell(wb["待办"], 4, "处理").value is None
    assert "随便" in cell(wb["待办"], 4, "处理").comment.text


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
def test_nothing_is_written_while_somebody_has_the_book_open(path: Path, file: str, data: bytes, name: str) -> None:
    known = written(path).rows
    before = path.read_bytes()
    path.with_name(file).write_bytes(data)
    done = publish(path, dc.replace(sample.view(), tasks=()), sample.CATALOGUE, settings(), known=known)
    assert isinstance(done, Later) and (name or "有人") in done.reason
    assert path.read_bytes() == before
    old = time.time() - 17 * 3600
    os.utime(path.with_name(file), (old, old))  # left by a crash: reported, but it holds nobody up
    put(path, known=known)
    held = locks.holders(path, datetime.now(UTC), 16)
    assert [h.stale for h in held] == [True]


def test_our_own_lock_keeps_others_out_and_goes_again(path: Path) -> None:
    written(path)
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


def test_a_crash_before_the_replacement_leaves_the_old_book(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = written(path).rows
    before = path.read_bytes()

    def crash(*_: Any) -> None:
        raise RuntimeError("power failure")

    monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(RuntimeError):
        publish(path, dc.replace(sample.view(), tasks=()), sample.CATALOGUE, settings(), known=known)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [f.name for f in path.parent.iterdir()] == ["master.xlsx"]


def test_a_book_saved_meanwhile_is_not_replaced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from qforms.workbook import publish as module

    known = written(path).rows
    save = module._save

    def and_then_somebody_saves(book: Any, temporary: Path) -> None:
        save(book, temporary)
        wb = load_workbook(path)
        wb["待办"]["J4"] = "刚写的"
        wb.save(path)

    monkeypatch.setattr(module, "_save", and_then_somebody_saves)
    done = publish(path, sample.view(), sample.CATALOGUE, settings(), known=known)
    assert isinstance(done, Later)
    assert load_workbook(path)["待办"]["J4"].value == "刚写的"


def test_the_file_cannot_be_replaced_on_windows_while_it_is_open(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = written(path).rows

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(Path, "replace", refuse)
    done = publish(path, sample.view(), sample.CATALOGUE, settings(), known=known)
    assert isinstance(done, Later) and "in use" in done.reason


def test_a_torn_or_shared_book_is_left_alone(path: Path) -> None:
    import zipfile

    from qforms.model import QformsError

    known = written(path).rows
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert isinstance(publish(path, sample.view(), sample.CATALOGUE, settings(), known=known), Later)
    assert path.read_bytes() == whole[: len(whole) // 2]
    path.write_bytes(whole)
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("xl/revisions/revisionHeaders.xml", "<headers/>")
    with pytest.raises(QformsError, match="共享"):
        load(path)


def test_the_last_five_versions_are_kept(path: Path, tmp_path: Path) -> None:
    history = tmp_path / "private"
    known = put(path, history=history).rows
    assert not history.exists()  # there was nothing to keep yet
    for i in range(7):
        view = sample.view(sample.NOW + timedelta(minutes=i))
        known = put(path, known=known, view=view, history=history).rows
    kept = sorted(history.iterdir())
    assert len(kept) == 5
    assert "10:05" in str(load_workbook(kept[-1])["待办"]["A2"].value)


def test_ids_are_hidden_and_names_lead_to_the_sheets(path: Path) -> None:
    written(path)
    ws = load_workbook(path)["投诉台账"]
    head = {c.value: c.column_letter for c in ws[3]}
    assert ws.column_dimensions[head[ID]].hidden
    assert ws[f"{head[ID]}4"].value == "complaint/TS-202604-0017"
    assert ws.freeze_panes == "B4" and ws.page_setup.fitToWidth == 2

"""A workbook with everything that offices put into one stays whole: only what has to change is changed."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest
from support_office import libreoffice
from support_package import TITLE, checksums, compressed, grid, part, sound
from support_rich_book import MACROS, PNG, rich

from qforms.sheetpatch import Plan, Reader, Report, RowEdit, SheetEdit, patch, verify

SHEET = "xl/worksheets/sheet1.xml"
EDIT = SheetEdit(TITLE, {3: RowEdit({2: 30})}, (RowEdit({1: "=A5", 2: 5, 4: "乙"}),), head=1)


def changed(source: Path, edit: SheetEdit = EDIT) -> tuple[Path, Report]:
    target = source.with_stem(f"{source.stem}-changed")
    report = patch(source, target, Plan((edit,)))
    verify(target, Plan((edit,)), report)
    sound(target)
    return target, report


@pytest.mark.parametrize("name", ["book.xlsx", "book.xlsm"])
def test_all_other_parts_are_the_same_bytes(tmp_path: Path, name: str) -> None:
    source = rich(tmp_path / name)
    target, report = changed(source)
    grown = {"xl/tables/table1.xml", "xl/charts/chart1.xml", "xl/workbook.xml"}
    assert report.changed == {SHEET, *grown, "xl/styles.xml"}  # a format for a text that looks like a formula
    assert not report.added | report.removed
    before, after = compressed(source), compressed(target)
    assert before.keys() == after.keys()
    assert {n for n in before if before[n] != after[n]} == report.changed
    if name.endswith("m"):
        assert zlib.decompress(after["xl/vbaProject.bin"], -15) == MACROS
    checksums(target)


def test_what_ends_with_the_table_has_grown(tmp_path: Path) -> None:
    target, _ = changed(rich(tmp_path / "book.xlsx"))
    shown = part(target, SHEET)
    for wanted in (
        'sqref="B2:B5" name', '<conditionalFormatting sqref="B2:B5">', '<dataValidation type="whole" sqref="B2:B5">',
        'sqref="A2:A5"', "<xm:sqref>B2:B5</xm:sqref>", "<xm:sqref>D2:D5</xm:sqref>", '<dimension ref="A1:D5"/>',
        "<xm:f>台账!B2:C2</xm:f><xm:sqref>F2</xm:sqref>", "<xm:f>图!$A$1:$A$9</xm:f>",
    ):  # fmt: skip
        assert wanted in shown, wanted
    assert 'ref="A1:D5"' in part(target, "xl/tables/table1.xml")
    assert "$B$2:$B$5" in part(target, "xl/charts/chart1.xml")
    assert "台账!$B$1<" in part(target, "xl/charts/chart1.xml")
    book = part(target, "xl/workbook.xml")
    assert "$A$1:$D$5" in book
    assert "$B$2:$B$5" in book
    assert 'fullCalcOnLoad="1"' in book
    assert grid(target)[4] == ["=A5", 5, "=List1_[[#This Row],[数量]]*2", "乙"]


def test_a_totals_row_moves_and_what_hangs_on_cells_stays_on_them(tmp_path: Path) -> None:
    target, report = changed(rich(tmp_path / "book.xlsx", totals=True))
    assert report.removed == {"xl/calcChain.xml"}
    assert grid(target)[5][:2] == ["合计", "=SUBTOTAL(109,List1_[数量])"]
    gone, _ = changed(target, SheetEdit(TITLE, gone=frozenset({2}), head=1))
    comments = part(gone, "xl/comments1.xml")
    assert 'ref="B2" authorId="1"' in comments
    assert "王芳：" not in comments
    assert 'threadedComment ref="B2"' in part(gone, "xl/threadedComments/threadedComment1.xml")
    notes = part(gone, "xl/drawings/vmlDrawing1.vml")
    assert notes.count("<v:shape ") == 1
    assert "<x:Anchor>3, 15, 1, 2, 5, 15, 5, 4</x:Anchor><x:Row>1</x:Row>" in notes
    assert "<hyperlink " not in part(gone, SHEET)
    assert 'ref="A1:D5"' in part(gone, "xl/tables/table1.xml")


def test_our_comment_on_a_cell_goes_below_another_ones_and_goes_again(tmp_path: Path) -> None:
    source = rich(tmp_path / "book.xlsx")
    notes = {
        2: RowEdit(notes={2: "不是数量"}, looks={2: "fault"}),
        4: RowEdit(notes={1: "缺日期"}, looks={4: "withdrawn"}),
    }
    marked, report = changed(source, SheetEdit(TITLE, notes))
    assert report.changed == {
        SHEET,
        "xl/comments1.xml",
        "xl/drawings/vmlDrawing1.vml",
        "xl/styles.xml",
        "xl/workbook.xml",
    }
    comments = part(marked, "xl/comments1.xml")
    assert comments.index("王芳：") < comments.index("不是数量") < comments.index("缺日期")
    assert "<x:Row>3</x:Row><x:Column>0</x:Column>" in part(marked, "xl/drawings/vmlDrawing1.vml")
    from openpyxl import load_workbook

    sheet = load_workbook(marked)[TITLE]
    assert sheet["B2"].fill.fgColor.rgb == "FFF8D0CC"
    assert sheet["D4"].font.strike
    off = {2: RowEdit(notes={2: ""}, looks={2: "plain"}), 4: RowEdit(notes={1: ""}, looks={4: "plain"})}
    clean, _ = changed(marked, SheetEdit(TITLE, off))
    comments = part(clean, "xl/comments1.xml")
    assert "不是数量" not in comments
    assert "缺日期" not in comments
    assert "请核对" in comments
    sheet = load_workbook(clean)[TITLE]
    assert sheet["B2"].fill.fgColor.rgb != "FFF8D0CC"
    assert not sheet["D4"].font.strike


def test_a_first_comment_on_a_sheet(tmp_path: Path) -> None:
    marked, report = changed(rich(tmp_path / "book.xlsx"), SheetEdit("图", {1: RowEdit(notes={1: "说明"})}))
    assert len(report.added) == 3
    shown = part(marked, "xl/worksheets/sheet3.xml")
    assert "<legacyDrawing " in shown
    from openpyxl import load_workbook

    comment = load_workbook(marked)["图"]["A1"].comment
    assert comment is not None
    assert (comment.text, comment.author) == ("说明", "qforms")


def test_new_rows_do_not_take_over_the_mark_of_the_row_above(tmp_path: Path) -> None:
    source = rich(tmp_path / "book.xlsx")
    marked, _ = changed(source, SheetEdit(TITLE, {4: RowEdit(looks={1: "withdrawn", 2: "fault"})}))
    target, _ = changed(marked)
    from openpyxl import load_workbook

    sheet = load_workbook(target)[TITLE]
    assert sheet["A4"].font.strike
    assert not sheet["A5"].font.strike
    assert sheet["B5"].fill.fgColor.rgb != "FFF8D0CC"
    assert sheet["A5"].number_format == sheet["A3"].number_format == "@"


@pytest.mark.office
def test_libreoffice_opens_it_and_keeps_the_values(tmp_path: Path) -> None:
    target, _ = changed(rich(tmp_path / "book.xlsx", totals=True))
    saved = tmp_path / "saved.xlsx"
    saved.write_bytes(libreoffice(target.read_bytes(), "xlsx", "xlsx", tmp_path))
    with Reader(saved) as opened:
        cells: Any = opened.cells(TITLE)
    assert [cells.text(n, 1) for n in range(1, 7)] == ["编号", "A2", "A3", "A4", "=A5", "合计"]
    assert cells.value(5, 3) == 10
    assert cells.value(6, 2) == 2 + 30 + 4 + 5
    assert cells.fault(5, 1) == ""
    assert any(data == PNG for data in _media(saved))


def _media(path: Path) -> list[bytes]:
    import zipfile

    with zipfile.ZipFile(path) as book:
        return [book.read(n) for n in book.namelist() if n.startswith("xl/media/")]

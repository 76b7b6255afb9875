"""Whole sheets put in, replaced and taken out: with what they need, and nothing else touched."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from support_office import libreoffice
from support_package import TITLE, checksums, compressed, grid, listing, package, part, row, sound, text, worksheet
from support_rich_book import rich

from qforms.office.book import OfficeFault
from qforms.sheetpatch import Graft, Plan, Reader, Report, RowEdit, SheetEdit, patch

NEW = "8001"


def donor(title: str = NEW, rows: int = 3) -> bytes:
    """A sheet as openpyxl draws it: formats, rule, drop-down, table, chart, comment, names of its own."""
    from openpyxl import Workbook
    from openpyxl.chart import BarChart, Reference
    from openpyxl.comments import Comment
    from openpyxl.formatting.rule import CellIsRule
    from openpyxl.styles import Font, PatternFill
    from openpyxl.workbook.defined_name import DefinedName
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.table import Table

    book = Workbook()
    sheet: Any = book.active
    sheet.title = title
    sheet.append(["编号", "数量"])
    for n in range(rows):
        sheet.append([f"8001-{n}", n])
        sheet.cell(n + 2, 2).number_format = "0.000‰"
    sheet["A1"].font, sheet["A1"].fill = Font(bold=True, color="FFFFFFFF"), PatternFill("solid", fgColor="FF1F3A5F")
    sheet["A2"].comment = Comment("说明", "qforms")
    sheet.conditional_formatting.add(
        f"B2:B{rows + 1}", CellIsRule("greaterThan", ["1"], fill=PatternFill("solid", bgColor="FFF8D0CC"))
    )
    choice = DataValidation("list", "=qf_words")
    choice.add(f"A2:A{rows + 1}")
    sheet.add_data_validation(choice)
    sheet.add_table(Table(displayName="List1_", ref=f"A1:B{rows + 1}"))
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=2, max_row=rows + 1))
    sheet.add_chart(chart, "D2")
    sheet.print_area = f"A1:B{rows + 1}"
    book.defined_names["qf_sheet_x"] = DefinedName("qf_sheet_x", attr_text=f"'{title}'!$A$1")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def carried_out(source: Path, plan: Plan) -> tuple[Path, Report]:
    target = source.with_stem(f"{source.stem}-changed")
    report = patch(source, target, plan)
    before, after = compressed(source), compressed(target)
    assert {n for n in before if before[n] != after.get(n)} == report.changed | report.removed
    assert after.keys() - before.keys() == report.added
    sound(target)
    checksums(target)
    return target, report


def test_a_sheet_put_in_between_keeps_its_looks_and_disturbs_nothing(tmp_path: Path) -> None:
    source = rich(tmp_path / "book.xlsx")
    target, report = carried_out(
        source, Plan(grafts=(Graft(NEW, donor(), before="透视"),), names={"qf_words": "图!$A$1"})
    )
    rels = "xl/_rels/workbook.xml.rels"
    assert report.changed == {"xl/workbook.xml", rels, "[Content_Types].xml", "xl/styles.xml"}
    from openpyxl import load_workbook

    book = load_workbook(target)
    assert book.sheetnames == [TITLE, NEW, "透视", "图"]
    sheet = book[NEW]
    assert grid(target, NEW) == [["编号", "数量"], ["8001-0", 0], ["8001-1", 1], ["8001-2", 2]]
    assert (sheet["A1"].fill.fgColor.rgb, sheet["A1"].font.b, sheet["B2"].number_format) == ("FF1F3A5F", True, "0.000‰")
    assert sheet["A2"].comment.text == "说明"
    assert list(sheet.tables) == ["List1__1"]
    assert sheet.tables["List1__1"].id == 2
    assert len(sheet._charts) == 1
    assert sheet.print_area == f"'{NEW}'!$A$1:$B$4"
    rule = next(iter(sheet.conditional_formatting)).rules[0]
    assert rule.dxf.fill.bgColor.rgb == "FFF8D0CC"
    assert book[TITLE].print_area == f"'{TITLE}'!$A$1:$D$4"
    assert book.defined_names["qf_sheet_x"].attr_text == f"'{NEW}'!$A$1"
    assert book.defined_names["qf_words"].attr_text == "图!$A$1"
    assert book[TITLE]["C2"].value == "=List1_[[#This Row],[数量]]*2"


def test_a_sheet_replaced_takes_its_old_parts_along_and_leaves_no_litter(tmp_path: Path) -> None:
    source = rich(tmp_path / "book.xlsx")
    first, _ = carried_out(source, Plan(grafts=(Graft(NEW, donor()),)))
    size = len(compressed(first))
    second, report = carried_out(first, Plan(grafts=(Graft(NEW, donor(rows=5)),)))
    assert len(compressed(second)) == size
    assert len(report.added) == len(report.removed)
    assert grid(second, NEW)[5] == ["8001-4", 4]
    from openpyxl import load_workbook

    book = load_workbook(second)
    assert book.sheetnames == [TITLE, "透视", "图", NEW]
    assert book[NEW].print_area == f"'{NEW}'!$A$1:$B$6"
    third, _ = carried_out(second, Plan(dropped=(NEW,)))
    assert load_workbook(third).sheetnames == [TITLE, "透视", "图"]
    assert compressed(third).keys() == compressed(source).keys()
    assert "qf_sheet_x" not in load_workbook(third).defined_names


def test_a_graft_and_changes_of_other_sheets_in_one_go(tmp_path: Path) -> None:
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(listing(2)), "旧": worksheet(row(1, text("A1", "x")))})
    edit = SheetEdit(TITLE, {2: RowEdit({1: "改"})}, (RowEdit({1: "A3"}),), head=1, last=3)
    plan = Plan((edit, SheetEdit("旧", hidden=True)), (Graft(NEW, donor(), before=TITLE),))
    target, _ = carried_out(source, plan)
    with Reader(target) as book:
        assert book.titles == {NEW: True, TITLE: True, "旧": False}
        assert [book.cells(TITLE).text(n, 1) for n in (1, 2, 3, 4)] == ["编号", "改", "A2", "A3"]
    shown, _ = carried_out(target, Plan((SheetEdit("旧", hidden=False),)))
    with Reader(shown) as book:
        assert book.titles["旧"]


def test_the_last_sheet_that_is_seen_stays(tmp_path: Path) -> None:
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(listing(1))})
    hidden, _ = carried_out(source, Plan((SheetEdit(TITLE, hidden=True),)))
    with Reader(hidden) as book:
        assert book.titles[TITLE]
    with pytest.raises(OfficeFault, match="book_no_sheet"):
        patch(source, tmp_path / "t.xlsx", Plan(dropped=(TITLE,)))
    with pytest.raises(OfficeFault, match="book_no_sheet"):
        patch(source, tmp_path / "t.xlsx", Plan(grafts=(Graft("没有", donor()),)))


def test_a_strict_book_gets_a_strict_sheet(tmp_path: Path) -> None:
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(listing(1))})
    strict = tmp_path / "strict.xlsx"
    import zipfile

    with zipfile.ZipFile(source) as old, zipfile.ZipFile(strict, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            for space in (b"spreadsheetml", b"officeDocument"):
                loose = b"http://schemas.openxmlformats.org/" + space + b"/2006"
                data = data.replace(loose, b"http://purl.oclc.org/ooxml/" + space)
            new.writestr(name, data)
    edit = SheetEdit(TITLE, {2: RowEdit({1: "改"}, notes={1: "x"})})
    target, report = carried_out(strict, Plan((edit,), (Graft(NEW, donor()),)))
    for name in report.added:
        if name.endswith((".xml", ".rels")):
            assert "schemas.openxmlformats.org/spreadsheetml" not in part(target, name), name
            assert "schemas.openxmlformats.org/officeDocument" not in part(target, name), name


@pytest.mark.office
def test_libreoffice_opens_a_book_with_a_grafted_sheet(tmp_path: Path) -> None:
    source = rich(tmp_path / "book.xlsx")
    edit = SheetEdit(TITLE, {2: RowEdit({2: 7}, {1: "案件/TS 1"}, {2: "核对"}, {2: "fault"})})
    target, _ = carried_out(source, Plan((edit,), (Graft(NEW, donor()),), names={"qf_words": "图!$A$1"}))
    saved = tmp_path / "saved.xlsx"
    saved.write_bytes(libreoffice(target.read_bytes(), "xlsx", "xlsx", tmp_path))
    from openpyxl import load_workbook

    book = load_workbook(saved)
    assert book.sheetnames == [TITLE, "透视", "图", NEW]
    assert book[NEW]["A2"].value == "8001-0"
    assert len(book[NEW]._charts) == 1
    assert book[TITLE]["B2"].value == 7
    assert "核对" in book[TITLE]["B2"].comment.text
    assert "请核对" in book[TITLE]["B2"].comment.text
    assert "TS" in book[TITLE]["A2"].hyperlink.target

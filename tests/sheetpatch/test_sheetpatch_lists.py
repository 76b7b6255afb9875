"""A list grows and shrinks in place, and everything that ends with it goes along."""

from __future__ import annotations

import zlib
from datetime import datetime
from pathlib import Path

import pytest
from support_package import (
    MAIN,
    OFFICE,
    TITLE,
    checksums,
    compressed,
    figure,
    grid,
    listing,
    package,
    part,
    row,
    sound,
    table,
    text,
    worksheet,
)  # fmt: skip

from qforms.office import archive
from qforms.office.book import OfficeFault
from qforms.sheetpatch import Plan, RowEdit, SheetEdit, patch, verify

SHEET = "xl/worksheets/sheet1.xml"
COLUMNS = ("编号", "数量", "日期")
TWICE = "List1_[[#This Row],[数量]]*2"
TYPE = "application/vnd.openxmlformats-officedocument."


def edited(source: Path, edit: SheetEdit) -> Path:
    target = source.with_name("target.xlsx")
    report = patch(source, target, Plan((edit,)))
    verify(target, Plan((edit,)), report)
    before, after = compressed(source), compressed(target)
    same = {n for n in before if before[n] == after.get(n)}
    assert before.keys() - same == report.changed | report.removed
    assert after.keys() - before.keys() == report.added
    sound(target)
    checksums(target)
    return target


def new(number: str, quantity: float) -> RowEdit:
    return RowEdit({1: number, 2: quantity, 3: datetime.fromisoformat("2026-05-06T14:20")})


def test_a_table_and_all_that_ends_with_it_grows(tmp_path: Path) -> None:
    tail = (
        '<protectedRanges><protectedRange sqref="B2:B4" name="p"/></protectedRanges>'
        '<conditionalFormatting sqref="B2:B4 C2"><cfRule type="duplicateValues" priority="1"/></conditionalFormatting>'
        '<conditionalFormatting sqref="A2:C4"><cfRule type="expression" priority="2"><formula>'
        "COUNTIF($A$2:$A$4,$A2)&gt;1</formula></cfRule></conditionalFormatting>"
        '<dataValidations count="1"><dataValidation type="list" sqref="A2:A4"><formula1>"x,y"</formula1>'
        "</dataValidation></dataValidations>"
        '<ignoredErrors><ignoredError sqref="A1:C4" numberStoredAsText="1"/></ignoredErrors>'
        '<tableParts count="1"><tablePart r:id="rIdT1"/></tableParts>'
        '<extLst><ext uri="{78C0D931-6437-407d-A8EE-F0AAD7539E65}"><x14:conditionalFormattings '
        'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"><x14:conditionalFormatting '
        'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><x14:cfRule type="dataBar" id="{1}"/>'
        "<xm:sqref>B2:B4</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings></ext></extLst>"
    )
    names = (
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">{TITLE}!$A$1:$C$4</definedName>'
        f'<definedName name="_xlnm.Print_Area" localSheetId="0">{TITLE}!$A$1:$C$4</definedName>'
        f"<definedName name=\"all\">'{TITLE}'!$B$2:$B$4</definedName>"
        f'<definedName name="head">{TITLE}!$A$1</definedName>'
        f'<definedName name="part">{TITLE}!$B$2:$B$3</definedName>'
    )
    source = package(
        tmp_path / "book.xlsx",
        {TITLE: worksheet(listing(3), tail, dimension="A1:C4")},
        tables={TITLE: [table(1, "A1:C4", COLUMNS)]},
        names=names,
    )
    target = edited(source, SheetEdit(TITLE, {3: RowEdit({2: 20})}, (new("A4", 4), new("A5", 5)), head=1))
    assert [r[:2] for r in grid(target)] == [["编号", "数量"], ["A1", 1], ["A2", 20], ["A3", 3], ["A4", 4], ["A5", 5]]
    shown = part(target, SHEET)
    for wanted in (
        '<dimension ref="A1:C6"/>', 'sqref="B2:B6" name="p"', 'sqref="B2:B6 C2"', "COUNTIF($A$2:$A$6,$A2)",
        'sqref="A2:A6"', 'sqref="A1:C6"', "<xm:sqref>B2:B6</xm:sqref>", '<c r="C6" s="1">', '<c r="A6" s="2"',
    ):  # fmt: skip
        assert wanted in shown, wanted
    assert part(target, "xl/tables/table1.xml").count('ref="A1:C6"') == 2
    book = part(target, "xl/workbook.xml")
    assert book.count("$A$1:$C$6") == 2
    assert "$B$2:$B$6" in book
    assert "$B$2:$B$3" in book
    assert f"{TITLE}!$A$1<" in book


def test_a_totals_row_moves_down_and_a_calculated_column_goes_on(tmp_path: Path) -> None:
    rows = "".join(
        row(
            n,
            text(f"A{n}", f"A{n}"),
            figure(f"B{n}", n),
            f'<c r="C{n}"><f>List1_[[#This Row],[数量]]*2</f><v>{2 * n}</v></c>',
        )
        for n in (2, 3)
    )
    data = row(1, text("A1", "编号"), text("B1", "数量"), text("C1", "双")) + rows
    data += row(
        4,
        text("A4", "合计"),
        '<c r="B4"><f>SUBTOTAL(109,List1_[数量])</f><v>5</v></c>',
        '<c r="C4"><f>SUM(C2:C3)</f></c>',
    )
    columns = (
        '<tableColumns count="3"><tableColumn id="1" name="编号"/><tableColumn id="2" name="数量" '
        'totalsRowFunction="sum"/><tableColumn id="3" name="双">'
        f"<calculatedColumnFormula>{TWICE}</calculatedColumnFormula></tableColumn></tableColumns>"
    )
    chain = f'<calcChain xmlns="{MAIN}"><c r="C2" i="1"/><c r="C3"/><c r="B4"/><c r="C4"/></calcChain>'
    source = package(
        tmp_path / "book.xlsx",
        {TITLE: worksheet(data, '<tableParts count="1"><tablePart r:id="rIdT1"/></tableParts>')},
        tables={TITLE: [table(1, "A1:C4", (), columns, ' totalsRowCount="1"')]},
        extra={"xl/calcChain.xml": chain},
        overrides={"xl/calcChain.xml": TYPE + "spreadsheetml.calcChain+xml"},
        workbook_rels=[("rIdC", OFFICE + "/calcChain", "calcChain.xml")],
    )
    target = edited(source, SheetEdit(TITLE, new=(RowEdit({1: "A9", 2: 9}),), head=1))
    assert grid(target)[3:] == [
        ["A9", 9, "=List1_[[#This Row],[数量]]*2"],
        ["合计", "=SUBTOTAL(109,List1_[数量])", "=SUM(C2:C4)"],
    ]
    about = part(target, "xl/tables/table1.xml")
    assert 'ref="A1:C5"' in about
    assert '<autoFilter ref="A1:C4"/>' in about
    assert "xl/calcChain.xml" not in checksums(target)
    assert "calcChain" not in part(target, "[Content_Types].xml") + part(target, "xl/_rels/workbook.xml.rels")
    assert 'fullCalcOnLoad="1"' in part(target, "xl/workbook.xml")


def test_rows_taken_out_pull_the_others_up_with_what_is_on_them(tmp_path: Path) -> None:
    links = '<hyperlinks><hyperlink ref="A2" location="x!A1"/><hyperlink ref="A4" location="y!A1"/></hyperlinks>'
    tail = '<mergeCells count="1"><mergeCell ref="E4:F4"/></mergeCells>' + links
    tail += '<tableParts count="1"><tablePart r:id="rIdT1"/></tableParts>'
    source = package(
        tmp_path / "book.xlsx",
        {TITLE: worksheet(listing(4), tail, dimension="A1:C5")},
        tables={TITLE: [table(1, "A1:C5", COLUMNS)]},
        names=f'<definedName name="all">{TITLE}!$B$2:$B$5</definedName>',
    )
    target = edited(source, SheetEdit(TITLE, {5: RowEdit({2: 40})}, (new("A5", 5),), frozenset({2, 3}), head=1))
    assert [r[:2] for r in grid(target)[1:]] == [["A3", 3], ["A4", 40], ["A5", 5]]
    shown = part(target, SHEET)
    assert '<mergeCell ref="E2:F2"/>' in shown
    assert '<hyperlink ref="A2" location="y!A1"/>' in shown
    assert "x!A1" not in shown
    assert 'ref="A1:C4"' in part(target, "xl/tables/table1.xml")
    assert "$B$2:$B$4" in part(target, "xl/workbook.xml")


def test_all_rows_taken_out_leave_one_empty_row_of_the_table(tmp_path: Path) -> None:
    source = package(
        tmp_path / "book.xlsx",
        {TITLE: worksheet(listing(2), '<tableParts count="1"><tablePart r:id="rIdT1"/></tableParts>')},
        tables={TITLE: [table(1, "A1:C3", COLUMNS)]},
    )
    target = edited(source, SheetEdit(TITLE, gone=frozenset({2, 3}), head=1))
    assert grid(target) == [["编号", "数量", "日期"]]
    assert 'ref="A1:C2"' in part(target, "xl/tables/table1.xml")
    again = patch(target, tmp_path / "again.xlsx", Plan((SheetEdit(TITLE, new=(new("A1", 1),), head=1, last=1),)))
    assert again.new == {TITLE: (2,)}
    assert 'ref="A1:C2"' in part(tmp_path / "again.xlsx", "xl/tables/table1.xml")


def test_empty_rows_inside_the_table_are_used_first(tmp_path: Path) -> None:
    ready = row(4, '<c r="A4" s="2"/>', '<c r="C4" s="1"/>')
    source = package(
        tmp_path / "book.xlsx",
        {TITLE: worksheet(listing(2) + ready, '<tableParts count="1"><tablePart r:id="rIdT1"/></tableParts>')},
        tables={TITLE: [table(1, "A1:C4", COLUMNS)]},
    )
    target = edited(source, SheetEdit(TITLE, new=(new("A3", 3), new("A4", 4)), head=1, last=3))
    assert [r[0] for r in grid(target)] == ["编号", "A1", "A2", "A3", "A4"]
    assert 'ref="A1:C5"' in part(target, "xl/tables/table1.xml")
    assert part(target, SHEET).count('<row r="4"') == 1


def test_what_stands_below_the_list_moves_down_when_it_is_in_the_way(tmp_path: Path) -> None:
    below = row(6, text("A6", "制表：王")) + row(7, '<c r="B7"><f>SUM(B2:B4)+A6</f></c>')
    tail = '<mergeCells count="1"><mergeCell ref="A6:C6"/></mergeCells>'
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(listing(3) + below, tail, dimension="A1:C7")})
    near = edited(source, SheetEdit(TITLE, new=(new("A4", 4),), head=1, last=4))
    assert [r[0] for r in grid(near)] == ["编号", "A1", "A2", "A3", "A4", "制表：王", None]
    far = edited(source, SheetEdit(TITLE, new=tuple(new(f"N{i}", i) for i in range(3)), head=1, last=4))
    assert [r[0] for r in grid(far)] == ["编号", "A1", "A2", "A3", "N0", "N1", "N2", None, "制表：王", None]
    assert grid(far)[9][1] == "=SUM(B2:B7)+A9"
    assert '<mergeCell ref="A9:C9"/>' in part(far, SHEET)


def test_a_formula_elsewhere_that_would_point_to_another_cell_refuses_the_plan(tmp_path: Path) -> None:
    below = row(5, text("A5", "总数"))
    other = worksheet(row(1, f'<c r="A1"><f>{TITLE}!A5</f><v>0</v></c>'))
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(listing(3) + below), "汇总": other})
    with pytest.raises(OfficeFault) as told:
        patch(source, tmp_path / "t.xlsx", Plan((SheetEdit(TITLE, new=(new("A4", 4),), head=1, last=4),)))
    assert told.value.problem.code == "book_formula_below"
    assert not (tmp_path / "t.xlsx").exists()


def test_several_tables_on_one_sheet(tmp_path: Path) -> None:
    """Beside ours: its rows stay, and our new ones go into the cells beside it, if there is room."""
    beside = listing(3).replace("</row>", "{}</row>")
    for n in range(1, 5):
        beside = beside.replace("{}", text(f"F{n}", f"旁{n}"), 1)
    data = (
        beside
        + row(5, text("F5", "旁5"))
        + row(8, text("A8", "下"), text("B8", "表"))
        + row(9, text("A9", "x"), figure("B9", 1))
    )
    tables = [table(1, "A1:C4", COLUMNS), table(2, "A8:B9", ("下", "表")), table(3, "F1:F5", ("旁1",))]
    tail = (
        '<tableParts count="3"><tablePart r:id="rIdT1"/><tablePart r:id="rIdT2"/><tablePart r:id="rIdT3"/></tableParts>'
    )
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(data, tail)}, tables={TITLE: tables})
    target = edited(source, SheetEdit(TITLE, new=(new("A4", 4), new("A5", 5)), head=1))
    rows = grid(target)
    assert (rows[4][0], rows[4][5], rows[5][0]) == ("A4", "旁5", "A5")
    assert 'ref="A1:C6"' in part(target, "xl/tables/table1.xml")
    assert 'ref="F1:F5"' in part(target, "xl/tables/table3.xml")
    with pytest.raises(OfficeFault, match="book_no_room"):
        patch(source, tmp_path / "t.xlsx", Plan((SheetEdit(TITLE, new=(new("A4", 4),) * 5, head=1),)))
    with pytest.raises(OfficeFault, match="book_no_room"):
        patch(source, tmp_path / "t.xlsx", Plan((SheetEdit(TITLE, gone=frozenset({2}), head=1),)))
    stacked = edited(source, SheetEdit(TITLE, new=(RowEdit({1: "y", 2: 2}),), head=8))
    assert grid(stacked)[9][:2] == ["y", 2]


def test_tables_one_below_the_other(tmp_path: Path) -> None:
    data = listing(2) + row(5, text("A5", "下"), text("B5", "表")) + row(6, text("A6", "x"), figure("B6", 1))
    tables = [table(1, "A1:C3", COLUMNS), table(2, "A5:B6", ("下", "表"))]
    tail = '<tableParts count="2"><tablePart r:id="rIdT1"/><tablePart r:id="rIdT2"/></tableParts>'
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(data, tail)}, tables={TITLE: tables})
    target = edited(source, SheetEdit(TITLE, new=(new("A3", 3), new("A4", 4)), head=1))
    assert [r[0] for r in grid(target)] == ["编号", "A1", "A2", "A3", "A4", None, "下", "x"]
    assert 'ref="A7:B8"' in part(target, "xl/tables/table2.xml")


def test_a_filter_without_a_table_reaches_to_the_last_row(tmp_path: Path) -> None:
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(listing(3, head=3), '<autoFilter ref="A3:C5"/>')})
    target = edited(source, SheetEdit(TITLE, new=(new("A4", 4),), head=3))
    assert '<autoFilter ref="A3:C7"/>' in part(target, SHEET)


def test_shared_formulas_go_on_when_their_first_cell_is_lost(tmp_path: Path) -> None:
    data = row(1, text("A1", "编号"), text("B1", "数量"))
    data += row(2, figure("A2", 1), '<c r="B2"><f t="shared" ref="B2:B4" si="0">A2*$A$2</f><v>1</v></c>')
    data += "".join(row(n, figure(f"A{n}", n), f'<c r="B{n}"><f t="shared" si="0"/><v>1</v></c>') for n in (3, 4))
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(data)})
    target = edited(source, SheetEdit(TITLE, {2: RowEdit({2: 7})}, (RowEdit({1: 5}),), head=1))
    assert '<f t="shared" si="0" ref="B3:B4">A3*$A$2</f>' in part(target, SHEET)
    assert [r[1] for r in grid(target)] == ["数量", 7, "=A3*$A$2", "=A4*$A$2", "=A5*$A$2"]
    gone = edited(source, SheetEdit(TITLE, gone=frozenset({2}), head=1))
    assert [r[1] for r in grid(gone)] == ["数量", "=A2*#REF!", "=A3*#REF!"]


def test_an_empty_sheet_takes_its_first_rows(tmp_path: Path) -> None:
    for empty in ("<sheetData/>", "<sheetData></sheetData>", "<sheetData />"):
        content = worksheet("@").replace("<sheetData>@</sheetData>", empty)
        source = package(tmp_path / "book.xlsx", {TITLE: content})
        target = edited(source, SheetEdit(TITLE, {1: RowEdit({1: "编号"})}, (new("A1", 1),), head=1))
        assert [r[0] for r in grid(target)] == ["编号", "A1"]


def test_rows_and_cells_without_addresses(tmp_path: Path) -> None:
    data = "".join(f'<row><c t="inlineStr"><is><t>A{n}</t></is></c><c><v>{n}</v></c></row>' for n in range(1, 5))
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(data)})
    target = edited(source, SheetEdit(TITLE, {3: RowEdit({2: 30, 4: "新"})}, (new("A5", 5),), head=1))
    assert [r[:2] for r in grid(target)] == [["A1", 1], ["A2", 2], ["A3", 30], ["A4", 4], ["A5", 5]]
    assert grid(target)[2][3] == "新"


def test_prefixes_and_strict_documents(tmp_path: Path) -> None:
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    data = '<x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t>编号</x:t></x:is></x:c></x:row><x:row r="2"/>'
    content = (
        f'<x:worksheet xmlns:x="{strict}"><x:sheetData>{data}</x:sheetData><x:pageMargins left="1"/></x:worksheet>'
    )
    source = package(tmp_path / "book.xlsx", {TITLE: content})
    edit = SheetEdit(TITLE, {1: RowEdit({2: "数量"}, {1: "#x!A1", 2: "案件/1"})}, (RowEdit({1: "A1", 2: 2}),), head=1)
    target = edited(source, edit)
    shown = part(target, SHEET)
    assert '<x:c r="B2"><x:v>2</x:v></x:c>' in shown
    assert '<x:hyperlink xmlns:r="http://purl.oclc.org/ooxml/officeDocument/relationships" ref="B1" r:id="' in shown
    assert shown.index("<x:hyperlinks>") < shown.index("<x:pageMargins")


def test_a_list_at_the_end_of_the_sheet_has_no_room(tmp_path: Path) -> None:
    data = row(1, text("A1", "编号")) + row(1_048_576, text("A1048576", "尾"))
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(data)})
    with pytest.raises(OfficeFault, match="book_no_room"):
        patch(source, tmp_path / "t.xlsx", Plan((SheetEdit(TITLE, new=(new("x", 1),), head=1),)))


def test_blank_formatted_rows_to_the_end_of_the_sheet_are_no_obstacle(tmp_path: Path) -> None:
    blank = "".join(row(n, f'<c r="A{n}" s="2"/>') for n in (5, 6, 7, 1_048_576))
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(listing(3) + blank)})
    target = edited(source, SheetEdit(TITLE, new=(new("A4", 4), new("A5", 5)), head=1, last=4))
    assert [r[0] for r in grid(target, rows=6)] == ["编号", "A1", "A2", "A3", "A4", "A5"]


def test_pivot_sources_and_chart_ranges_grow(tmp_path: Path) -> None:
    chart = (
        '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:f>台账!$A$2:$A$4</c:f>'
        "<c:f>'台账'!$B$2:$B$4</c:f><c:f>台账!$B$2:$B$3</c:f><c:f>别的!$B$2:$B$4</c:f></c:chartSpace>"
    )
    pivot = f'<pivotCacheDefinition xmlns="{MAIN}"><cacheSource type="worksheet"><worksheetSource ref="A1:C4" '
    pivot += 'sheet="台账"/></cacheSource></pivotCacheDefinition>'
    source = package(
        tmp_path / "book.xlsx",
        {TITLE: worksheet(listing(3))},
        extra={"xl/charts/chart1.xml": chart, "xl/pivotCache/pivotCacheDefinition1.xml": pivot},
        overrides={
            "xl/charts/chart1.xml": TYPE + "drawingml.chart+xml",
            "xl/pivotCache/pivotCacheDefinition1.xml": TYPE + "spreadsheetml.pivotCacheDefinition+xml",
        },
    )
    target = edited(source, SheetEdit(TITLE, new=(new("A4", 4),), head=1, last=4))
    shown = part(target, "xl/charts/chart1.xml")
    assert shown.count("$5") == 2
    assert "台账!$B$2:$B$3" in shown
    assert "别的!$B$2:$B$4" in shown
    assert 'ref="A1:C5"' in part(target, "xl/pivotCache/pivotCacheDefinition1.xml")


def test_only_columns_that_are_calculated_go_on(tmp_path: Path) -> None:
    """A formula of its own in the last row is somebody's note; one that the rows above have as well is a column."""
    data = row(1, text("A1", "编号"), text("B1", "双"), text("C1", "记"))
    data += "".join(row(n, figure(f"A{n}", n), f'<c r="B{n}"><f>A{n}*2</f></c>') for n in (2, 3))
    data += row(4, figure("A4", 4), '<c r="B4"><f>A4*2</f></c>', '<c r="C4"><f>SUM(A2:A4)</f></c>')
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(data)})
    target = edited(source, SheetEdit(TITLE, new=(RowEdit({1: 5}), RowEdit({1: 6, 2: "无"})), head=1, last=4))
    assert grid(target)[4:] == [[5, "=A5*2", None], [6, "无", None]]


def test_the_first_row_of_a_table_that_excel_made_without_rows(tmp_path: Path) -> None:
    source = package(
        tmp_path / "book.xlsx",
        {TITLE: worksheet(listing(0), '<tableParts count="1"><tablePart r:id="rIdT1"/></tableParts>')},
        tables={TITLE: [table(1, "A1:C2", COLUMNS, about=' insertRow="1"')]},
    )
    target = edited(source, SheetEdit(TITLE, new=(new("A1", 1),), head=1, last=1))
    assert grid(target)[1][:2] == ["A1", 1]
    about = part(target, "xl/tables/table1.xml")
    assert 'ref="A1:C2"' in about
    assert "insertRow" not in about


def test_many_first_rows_look_like_the_empty_row_that_was_drawn_for_them(tmp_path: Path) -> None:
    tall = 'ht="20" customHeight="1"'
    drawn = "".join(f'<row r="{n}" {tall}><c r="A{n}" s="1"/><c r="C{n}" s="2"/></row>' for n in (2, 3))
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(listing(0) + drawn)})
    target = edited(source, SheetEdit(TITLE, new=tuple(new(f"N{i}", i) for i in range(9)), head=1, last=1))
    for n in range(2, 11):
        line = part(target, SHEET).partition(f'<row r="{n}"')[2].partition("</row>")[0]
        assert line.startswith(f" {tall}>") and f'r="A{n}" s="1" t' in line
        assert f'r="C{n}" s="2"><v>' in line


def test_the_headings_of_a_table_are_not_written_over(tmp_path: Path) -> None:
    source = package(
        tmp_path / "book.xlsx",
        {TITLE: worksheet(listing(2), '<tableParts count="1"><tablePart r:id="rIdT1"/></tableParts>')},
        tables={TITLE: [table(1, "A1:C3", COLUMNS)]},
    )
    with pytest.raises(OfficeFault, match="book_heading"):
        patch(source, tmp_path / "t.xlsx", Plan((SheetEdit(TITLE, {1: RowEdit({2: "件数"})}),)))
    edited(source, SheetEdit(TITLE, {1: RowEdit({2: "数量", 4: "旁边"})}))


def test_rules_that_lose_all_their_cells_go_with_their_groups(tmp_path: Path) -> None:
    x14 = 'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"'
    line = "<x14:sparkline><xm:f>台账!B2:C2</xm:f><xm:sqref>F2</xm:sqref></x14:sparkline>"
    tail = (
        '<mergeCells count="1"><mergeCell ref="D2:E2"/></mergeCells>'
        '<dataValidations count="2"><dataValidation type="list" sqref="A2"><formula1>"x"</formula1></dataValidation>'
        '<dataValidation type="list" sqref="B3"><formula1>"x"</formula1></dataValidation></dataValidations>'
        f'<hyperlinks><hyperlink ref="A2" location="x!A1"/></hyperlinks><extLst><ext {x14} uri="{{1}}">'
        f"<x14:sparklineGroups><x14:sparklineGroup><x14:colorSeries/><x14:sparklines>{line}</x14:sparklines>"
        f'</x14:sparklineGroup></x14:sparklineGroups></ext><ext {x14} uri="{{2}}"><x14:dataValidations count="1">'
        "<x14:dataValidation><xm:sqref>C2</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst>"
    )
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(listing(3), tail)})
    target = edited(source, SheetEdit(TITLE, gone=frozenset({2}), head=1, last=4))
    shown = part(target, SHEET)
    for lost in ("hyperlink", "mergeCell", "extLst", "sparkline", 'sqref="A2"'):
        assert lost not in shown, lost
    assert '<dataValidations count="1"><dataValidation type="list" sqref="B2">' in shown


def test_the_same_cells_without_the_fast_codec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(listing(500))})
    edit = SheetEdit(TITLE, {3: RowEdit({2: 20})}, (new("x", 4),), head=1)
    fast = part(edited(source, edit), SHEET)
    monkeypatch.setattr(archive, "CODEC", zlib)
    monkeypatch.setattr(archive, "_LEVEL", 3)
    assert part(edited(source, edit), SHEET) == fast


def test_heights_that_were_made_to_fit_are_made_again(tmp_path: Path) -> None:
    """A height that a person chose stays, also for new rows; one that fitted the old text does not cut off the new."""
    for custom, kept in (("", 0), (' customHeight="false"', 0), (' customHeight="1"', 2)):
        data = listing(2).replace('<row r="3">', f'<row r="3" spans="1:3" ht="30"{custom}>')
        source = package(tmp_path / "book.xlsx", {TITLE: worksheet(data)})
        target = edited(source, SheetEdit(TITLE, {3: RowEdit({1: "长" * 99})}, (new("A3", 3),), head=1, last=3))
        assert part(target, SHEET).count('ht="30"') == kept
        assert "spans" not in part(target, SHEET)

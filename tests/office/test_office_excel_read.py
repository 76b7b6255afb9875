"""Excel files read as they are: values, kinds, addresses, names, what other programs write."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.workbook.defined_name import DefinedName
from support_office import STAMP, read, repacked

from qforms.office import parts
from qforms.office.book import OfficeFault, letters, place_of
from qforms.office.excel import is_date
from qforms.office.parts import relate

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
AT = datetime.fromisoformat("2026-05-11T09:20")
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def sheet(rows: str, *, head: str = "", tail: str = "", shared: str = "", space: str = MAIN, prefix: str = "") -> bytes:
    """A workbook whose first sheet has these rows, as XML."""
    book = openpyxl.Workbook()
    book.active.title = "表"
    p = prefix + ":" if prefix else ""
    declared = f'xmlns{":" + prefix if prefix else ""}="{space}"'
    part = f"<{p}worksheet {declared}>{head}<{p}sheetData>{rows}</{p}sheetData>{tail}</{p}worksheet>"
    changes = {"xl/worksheets/sheet1.xml": part}
    if shared:
        changes["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{shared}</sst>'
        rels = "xl/_rels/workbook.xml.rels"
        kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
        changes[rels] = relate(parts.read(saved(book), (rels,))[rels], kind, "sharedStrings.xml")[0].decode()
    return repacked(saved(book), changes)


def values(data: bytes) -> dict[str, Any]:
    grid = read(data).grids[0]
    return {grid.address(*at).partition("!")[2]: cell.raw for at, cell in grid.cells.items()}


def test_values_keep_their_kind() -> None:
    book = openpyxl.Workbook()
    ws = book.active
    ws.append(["批号", "0755-26880000", 12, 9044.8, True, date(2026, 3, 28), AT, time(9, 5)])
    ws["B1"].number_format = "@"
    assert list(values(saved(book)).values()) == [
        "批号", "0755-26880000", 12, 9044.8, True, date(2026, 3, 28), AT, time(9, 5),
    ]  # fmt: skip


def test_errors_and_formulas_are_told() -> None:
    grid = read(sheet('<row r="1"><c r="A1" t="e"><v>#REF!</v></c><c r="B1"><f>1+1</f><v>2</v></c></row>')).grids[0]
    assert grid.cells[0, 0].kind == "error" and grid.cells[0, 0].raw == "#REF!"
    assert grid.cells[0, 1].formula and grid.cells[0, 1].raw == 2


def test_shared_rich_and_phonetic_texts() -> None:
    shared = (
        "<si><t>普通</t></si><si><r><t>富</t></r><r><rPr><b/></rPr><t xml:space='preserve'> 文本</t></r></si>"
        "<si><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si><si><t>a_x0041__x005F_x0041_</t></si><si/>"
    )
    cells = "".join(f'<c r="{letters(n)}1" t="s"><v>{n}</v></c>' for n in range(6))
    found = values(sheet(f'<row r="1">{cells}</row>', shared=shared))
    assert found == {"A1": "普通", "B1": "富 文本", "C1": "東京", "D1": "aA_x0041_"}


def test_cells_without_addresses_follow_each_other() -> None:
    found = values(
        sheet(
            '<row><c><v>1</v></c><c t="inlineStr"><is><t>二</t></is></c></row>'
            '<row><c r="C2" s="0"/><c><v>4</v></c></row>'
        )
    )
    assert found == {"A1": 1, "B1": "二", "D2": 4}


def test_the_dimension_is_not_believed() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="5"><c r="C5"><v>15</v></c></row>'
    for lie in ("A1", "A1:XFD1048576", "nonsense"):
        assert values(sheet(rows, head=f'<dimension ref="{lie}"/>')) == {"A1": 1, "C5": 15}


def test_the_last_of_two_cells_with_one_address_wins_and_bad_numbers_stay_texts() -> None:
    rows = '<c r="A1"><v>1</v></c><c r="A1"><v>2</v></c><c r="B1"><v>abc</v></c><c r="C1"><v>1e999</v></c>'
    rows = f'<row r="1">{rows}</row>'
    assert values(sheet(rows)) == {"A1": 2, "B1": "abc", "C1": "1e999"}


@pytest.mark.parametrize(("space", "prefix"), [(STRICT, ""), (MAIN, "x"), (MAIN, "")])
def test_strict_and_prefixed_namespaces(space: str, prefix: str) -> None:
    p = prefix + ":" if prefix else ""
    rows = f'<{p}row r="1"><{p}c r="A1" t="inlineStr"><{p}is><{p}t>甲</{p}t></{p}is></{p}c></{p}row>'
    assert values(sheet(rows, space=space, prefix=prefix)) == {"A1": "甲"}


def test_iso_dates_of_strict_documents() -> None:
    assert values(sheet('<row r="1"><c r="A1" t="d"><v>2026-05-11T09:20:00</v></c></row>')) == {"A1": AT}


def test_the_date_system_of_1904() -> None:
    book = openpyxl.Workbook()
    book.epoch = datetime.fromisoformat("1904-01-01")
    book.active["A1"] = date(2026, 3, 28)
    assert values(saved(book)) == {"A1": date(2026, 3, 28)}


@pytest.mark.parametrize(
    ("number", "code", "shows"),
    [
        (14, None, True), (22, None, True), (31, None, True), (57, None, True), (2, None, False), (49, None, False),
        (164, 'yyyy"年"m"月"d"日"', True), (165, "[$-804]h:mm", True), (166, "[h]:mm", True), (167, "0.00E+00", False),
        (168, '#,##0.00_);[Red]"days"0', False), (169, "General", False), (170, '"d"0', False), (171, r"0\d", False),
        (172, "#,##0.00 _k_r", False), (173, "m/d;@", True),
    ],
)  # fmt: skip
def test_number_formats_of_dates(number: int, code: str | None, shows: bool) -> None:
    assert is_date(number, code) is shows


def test_names_point_to_cells_also_after_a_sheet_was_renamed_and_wide_or_broken_ones_do_not_harm() -> None:
    book = openpyxl.Workbook()
    ws = book.active
    ws.title = "张三's 表"
    ws["B7"], ws["C9"] = "A65-2603C", "x"
    for name, target in {
        "qf_lot_no": "'张三''s 表'!$B$7",
        "qf_area": "'张三''s 表'!$C$9:$D$12",
        "qf_gone": "#REF!",
        "qf_other": "[1]Sheet1!$A$1",
        "qf_constant": '"x"',
    }.items():
        book.defined_names[name] = DefinedName(name, attr_text=target)
    found = read(saved(book))
    assert found.names == {"qf_lot_no": (0, 6, 1), "qf_area": (0, 8, 2)}
    assert found.address(found.names["qf_lot_no"]) == "张三's 表!B7"


def test_a_global_name_stands_before_a_local_one_of_a_copied_sheet() -> None:
    book = openpyxl.Workbook()
    copied = book.create_sheet("表 (2)")
    copied.defined_names["qf_a"] = DefinedName("qf_a", attr_text="'表 (2)'!$A$1")
    book.defined_names["qf_a"] = DefinedName("qf_a", attr_text="Sheet!$A$2")
    assert read(saved(book)).names["qf_a"] == (0, 1, 0)


def test_hidden_sheets_properties_stamps_merged_ranges_and_who_saved_it() -> None:
    from openpyxl.packaging.custom import StringProperty

    book = openpyxl.Workbook()
    book.active.merge_cells("B2:D3")
    book.active["B2"] = "宽"
    hidden = book.create_sheet("_qf")
    hidden.sheet_state = "veryHidden"
    hidden.append(["stamp", STAMP])
    book.custom_doc_props.append(StringProperty(name="qf_form", value="complaint"))
    book.properties.lastModifiedBy = "李四"
    found = read(saved(book))
    assert [g.hidden for g in found.grids] == [False, True]
    assert found.stamps == (STAMP,) and found.properties["qf_form"] == "complaint"
    assert found.last_modified_by == "李四" and not found.macros
    assert found.grids[0].span(2, 3) == (1, 1, 2, 3)
    cell = found.grids[0].at(2, 3)
    assert cell is not None and cell.raw == "宽"


def test_pictures_come_along_and_macros_are_told() -> None:
    data = repacked(
        saved(openpyxl.Workbook()),
        {"xl/media/image1.png": b"\x89PNG", "xl/media/x.emf": b"x", "xl/vbaProject.bin": b"x"},
    )
    found = read(data)
    assert found.pictures == (("image1.png", b"\x89PNG"),) and found.macros


def test_more_cells_than_allowed_are_refused() -> None:
    book = openpyxl.Workbook()
    for _ in range(30):
        book.active.append(["x"] * 10)
    with pytest.raises(OfficeFault) as told:
        read(saved(book), cells=200)
    assert told.value.problem.code == "too_many_cells"


def test_a_large_sheet_is_streamed_to_the_same_values() -> None:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="C{n}" t="inlineStr"><is><t>文本 {n}</t></is></c></row>'
        for n in range(1, 20_001)
    )
    grid = read(sheet(rows, tail='<mergeCells><mergeCell ref="A1:B1"/></mergeCells>')).grids[0]
    assert len(grid.cells) == 40_000 and grid.cells[19_999, 2].raw == "文本 20000" and grid.spans == ((0, 0, 0, 1),)


@given(st.integers(0, 16_383), st.integers(0, 1_048_575))
def test_addresses_are_read_as_they_are_written(col: int, row: int) -> None:
    assert place_of(f"{letters(col)}{row + 1}") == (row, col)


@given(
    st.lists(
        st.one_of(
            st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=40),
            st.integers(-(10**12), 10**12),
            st.booleans(),
            st.dates(date(1901, 1, 1), date(2200, 1, 1)),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_what_openpyxl_writes_is_read(row: list[Any]) -> None:
    book = openpyxl.Workbook()
    for n, value in enumerate(row, start=1):
        cell = book.active.cell(1, n, value)
        if isinstance(value, str):
            cell.value, cell.data_type = value, "s"
    wanted = list(row)
    found = read(saved(book)).grids[0].cells
    got = [found[0, n].raw if (0, n) in found else None for n in range(len(row))]
    assert got == [None if w == "" else _decoded(w) for w in wanted]


def _decoded(value: Any) -> Any:
    """openpyxl does not escape a literal _x0041_ (ECMA-376 22.9.2.19)."""
    from qforms.office.excel import unescape

    return unescape(value) if isinstance(value, str) else value

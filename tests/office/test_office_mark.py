"""Marks in the very file: those cells, notes, a box; nothing else changes; a second return replaces the first."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from typing import Any

import docx
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.worksheet.datavalidation import DataValidation
from support_office import CATALOGUE, COMPLAINT, STAMP, read, repacked

from qforms.forms.blank_excel import blank
from qforms.office import parts
from qforms.office.book import OfficeFault
from qforms.office.find import Found, find
from qforms.office.mark import Mark, mark

LOT = "没有批号 A65-2603。近似：A65-2603B、A65-2603C。请看铭牌后改正。"
QTY = "“1箱”不是整数。请填台数，不写单位，如 1。"
RED, FILL, INPUT = "B3261E", "F8D0CC", "E8F1FA"


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def form() -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(blank(COMPLAINT, CATALOGUE, "江苏云岭电器有限公司", "zh", stamp=STAMP)))
    ws = book.worksheets[0]
    for name, value in {
        "lot_no": "A65-2603",
        "defect_qty": "1箱",
        "customer_name": "启远",
        "defect_symptom": "无输出",
    }.items():
        ws[book.defined_names["qf_" + name].attr_text.rpartition("!")[2].replace("$", "")].value = value
    return saved(book)


def found_in(data: bytes) -> Found:
    return find(read(data), COMPLAINT, CATALOGUE.labels("complaint"))


def marks_of(data: bytes) -> list[Mark]:
    targets = found_in(data).targets
    return [Mark(targets["lot_no"], LOT, "生产批号"), Mark(targets["defect_qty"], QTY, "不良数量")]


Look = tuple[str, str, str, str]


def looks(data: bytes, wheres: Iterable[str]) -> dict[str, Look]:
    """Fill, frame, number format and font of cells."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    found = {}
    for where in wheres:
        name, _, ref = where.rpartition("!")
        cell = book[name][ref]
        frame = f"{cell.border.left.style} {cell.border.left.color.rgb[2:]}"
        found[where] = cell.fill.fgColor.rgb[2:], frame, cell.number_format, cell.font.name
    return found


def look(data: bytes, where: str) -> Look:
    return looks(data, (where,))[where]


def comments(data: bytes) -> dict[str, str]:
    ws = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    return {c.coordinate: c.comment.text for row in ws.iter_rows() for c in row if c.comment}


def members(data: bytes) -> dict[str, bytes]:
    """Every member as it lies in the file: compressed."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        found = {}
        for i in package.infolist():
            at = i.header_offset
            start = (
                at
                + 30
                + int.from_bytes(data[at + 26 : at + 28], "little")
                + int.from_bytes(data[at + 28 : at + 30], "little")
            )
            found[i.filename] = data[start : start + i.compress_size]
        return found


def test_just_those_cells_are_marked_and_keep_their_formats(form: bytes) -> None:
    marks = marks_of(form)
    made = mark(form, marks)
    for m in marks:
        before, after = look(form, m.where), look(made, m.where)
        assert before[0] == INPUT and after == (FILL, f"medium {RED}", *before[2:])
    other = found_in(form).targets["customer_name"]
    assert look(made, other) == look(form, other)


def test_a_note_stands_at_each_cell_and_the_box_says_the_same_with_addresses(form: bytes) -> None:
    marks = marks_of(form)
    made = mark(form, marks)
    refs = [m.where.rpartition("!")[2] for m in marks]
    assert comments(made) == {refs[0]: LOT.replace("。", "。\n").strip(), refs[1]: QTY.replace("。", "。\n").strip()}
    box = openpyxl.load_workbook(io.BytesIO(made)).worksheets[0]["B2"]
    assert box.value.splitlines() == [
        "请改好下面 2 个红格，存盘后回复原邮件。其余内容已收下，不用重填。",
        f"{refs[0]}  生产批号：{LOT}",
        f"{refs[1]}  不良数量：{QTY}",
    ]
    drawing = next(v for k, v in parts.read(made).items() if k.endswith(".vml")).decode()
    assert drawing.count("<x:Visible/>") == 2 and drawing.count('fillcolor="#fff6cc"') == 2


def test_the_marked_file_is_read_as_the_one_before(form: bytes) -> None:
    made = mark(form, marks_of(form))
    assert found_in(made) == found_in(form) and read(made).stamps == read(form).stamps


def test_all_other_parts_are_copied_byte_for_byte(form: bytes) -> None:
    form = repacked(
        form,
        {"xl/charts/chart1.xml": b"<c/>" * 99, "xl/media/image1.png": b"\x89PNG" * 50, "customXml/item1.xml": b"<x/>"},
    )
    before, after = members(form), members(mark(form, marks_of(form)))
    changed = {name for name in before if before[name] != after.get(name)}
    assert changed == {"[Content_Types].xml", "xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml"}
    assert set(after) - set(before) == {
        "xl/comments1.xml",
        "xl/drawings/vmlDrawing1.vml",
        "xl/worksheets/_rels/sheet1.xml.rels",
    }


def test_a_second_return_shows_only_what_is_wrong_now(form: bytes) -> None:
    marks = marks_of(form)
    again = mark(mark(form, marks), [Mark(marks[1].where, "请填台数。", "不良数量")])
    assert look(again, marks[0].where) == look(form, marks[0].where)
    assert look(again, marks[1].where)[0] == FILL
    assert list(comments(again)) == [marks[1].where.rpartition("!")[2]]
    text = openpyxl.load_workbook(io.BytesIO(again)).worksheets[0]["B2"].value
    assert "1 个红格" in text and "A65" not in text
    assert found_in(again) == found_in(form)


def test_marks_are_taken_away_when_nothing_is_wrong_any_more(form: bytes) -> None:
    marks = marks_of(form)
    clean = mark(mark(form, marks), [])
    assert [look(clean, m.where) for m in marks] == [look(form, m.where) for m in marks]
    assert comments(clean) == {} and not openpyxl.load_workbook(io.BytesIO(clean)).worksheets[0]["B2"].value


@settings(max_examples=4, deadline=None)
@given(st.data())
def test_marking_again_and_again_is_marking_once(form: bytes, data: st.DataObject) -> None:
    targets = [w for n, w in found_in(form).targets.items() if "[" not in n]
    sets = st.lists(st.sampled_from(targets), unique=True, min_size=1, max_size=5)
    first, second = data.draw(sets), data.draw(sets)
    once = mark(form, [Mark(w, "改") for w in second])
    twice = mark(mark(form, [Mark(w, "错") for w in first]), [Mark(w, "改") for w in second])
    assert comments(twice) == comments(once)
    assert looks(twice, targets) == looks(once, targets)


def test_other_peoples_comments_validations_and_protection_stay() -> None:
    book = openpyxl.Workbook()
    ws = book.active
    ws["A1"], ws["B1"], ws["A2"], ws["B2"] = "生产批号", "x", "产品型号", "y"
    ws["B1"].comment, ws["B2"].comment = Comment("客户的话", "客户"), Comment("别动", "客户")
    ws.add_data_validation(DataValidation("list", '"a,b"', sqref="B2"))
    ws.protection.sheet = True
    made = mark(saved(book), [Mark("Sheet!B1", "改正。")])
    again = openpyxl.load_workbook(io.BytesIO(made))
    after = again["Sheet"]
    assert after["B2"].comment.text == "别动" and after["B1"].comment.text.startswith("改正。\n——\n客户的话")
    assert after.protection.sheet and after.data_validations.dataValidation[0].sqref


def test_a_file_that_is_not_ours_gets_a_sheet_in_front_and_no_row_moves() -> None:
    book = openpyxl.Workbook()
    for row in (("客户的表", None), ("生产批号", "A65"), ("产品型号", "y")):
        book.active.append(row)
    book.active.print_title_rows = "1:1"
    book.create_sheet("另一张")
    data = saved(book)
    made = mark(data, [Mark("Sheet!B2", LOT, "生产批号")], lang="zh")
    after = openpyxl.load_workbook(io.BytesIO(made))
    assert after.sheetnames == ["请先看", "Sheet", "另一张"] and after.active.title == "请先看"
    assert after["Sheet"].print_title_rows == "$1:$1" and after["Sheet"]["A3"].value == "产品型号"
    assert LOT in after["请先看"]["B2"].value
    assert [bool(v.tabSelected) for s in after.worksheets for v in s.views.sheetView] == [True, False, False]
    assert found_in(made).values.keys() == found_in(data).values.keys() and not found_in(made).unknown_labels
    again = openpyxl.load_workbook(io.BytesIO(mark(made, [Mark("Sheet!B3", "型号？")])))
    assert again.sheetnames == after.sheetnames and "B3" in again["请先看"]["B2"].value


def test_merged_and_missing_cells_are_framed_as_a_whole() -> None:
    book = openpyxl.Workbook()
    book.active.merge_cells("C3:E4")
    ws = openpyxl.load_workbook(io.BytesIO(mark(saved(book), [Mark("Sheet!C3", "改"), Mark("Sheet!H9", "改")])))[
        "Sheet"
    ]
    assert ws["C3"].border.left.style == ws["E4"].border.right.style == "medium"
    assert ws["C3"].fill.fgColor.rgb.endswith(FILL) and ws["H9"].border.top.style == "medium"


@pytest.mark.parametrize("where", ["别的表!B7", "Sheet!ZZZZ1", "表1第1行第1格", ""])
def test_an_address_that_is_not_in_the_file_is_told(where: str) -> None:
    with pytest.raises(OfficeFault) as told:
        mark(saved(openpyxl.Workbook()), [Mark(where, "x")])
    assert told.value.problem.code == "cannot_mark"


def test_other_formats_are_told() -> None:
    with pytest.raises(OfficeFault) as told:
        mark(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", [])
    assert told.value.problem.code == "cannot_mark"


def test_a_text_is_never_a_formula(form: bytes) -> None:
    where = found_in(form).targets["lot_no"]
    made = mark(form, [Mark(where, "=cmd|'/C calc'!A0")], ["=1+1 & <b>"])
    assert openpyxl.load_workbook(io.BytesIO(made)).worksheets[0]["B2"].data_type == "s"


# ---------------------------------------------------------------- Word


@pytest.fixture
def document() -> bytes:
    made = docx.Document()
    made.add_paragraph("客户名称：启远")
    t = made.add_table(2, 4)
    for n, text in enumerate(("产品型号", "YL-A65", "生产批号", "A65-2603", "不良数量", "1箱", "填表人", "陈志远")):
        t.cell(n // 4, n % 4).text = text
    shaded = t.cell(0, 3)._tc.get_or_add_tcPr()
    shaded.append(shaded.makeelement(docx.oxml.ns.qn("w:shd"), {docx.oxml.ns.qn("w:fill"): INPUT}))
    return saved(made)


def fills(data: bytes) -> list[str]:
    cells = docx.Document(io.BytesIO(data)).tables[0]._cells
    return ["".join(c._tc.xpath("./w:tcPr/w:shd/@w:fill")) for c in cells]


def test_word_cells_are_shaded_with_a_note_and_a_box_and_read_as_before(document: bytes) -> None:
    marks = marks_of(document)
    made = mark(document, marks)
    assert found_in(made) == found_in(document)
    assert [n for n, fill in enumerate(fills(made)) if fill == FILL] == [3, 5]
    after = docx.Document(io.BytesIO(made))
    assert (
        after.paragraphs[0].text.startswith("请改好下面 2 个红格")
        and "表1第1行第4格  生产批号：" in after.paragraphs[0].text
    )
    assert after.tables[0].cell(0, 3).text == f"A65-2603\n▲ {LOT}"


def test_a_second_return_of_a_word_file_replaces_the_first(document: bytes) -> None:
    marks = marks_of(document)
    again = mark(mark(document, marks), marks[1:])
    assert fills(again) == ["", "", "", INPUT, "", FILL, "", ""] and found_in(again) == found_in(document)
    clean = docx.Document(io.BytesIO(mark(again, [])))
    assert [p.text for p in clean.paragraphs] == [p.text for p in docx.Document(io.BytesIO(document)).paragraphs]
    assert "▲" not in "".join(c.text for c in clean.tables[0]._cells) and fills(mark(again, []))[5] == ""


def test_a_value_in_running_text_gets_its_note_there(document: bytes) -> None:
    where = found_in(document).targets["customer_name"]
    made = mark(document, [Mark(where, "没有这个客户。")])
    assert docx.Document(io.BytesIO(made)).paragraphs[1].text == "客户名称：启远▲ 没有这个客户。"
    assert found_in(made) == found_in(document)


def test_tables_are_numbered_alike_when_read_and_when_marked() -> None:
    made = docx.Document()
    outer = made.add_table(2, 2)
    inner = outer.cell(0, 1).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "产品型号", "YL"
    last = made.add_table(1, 2)
    last.cell(0, 0).text, last.cell(0, 1).text = "生产批号", "A65"
    data = saved(made)
    targets = found_in(data).targets
    assert targets["product_model"] == "表2第1行第2格" and targets["lot_no"] == "表3第1行第2格"
    after = docx.Document(io.BytesIO(mark(data, [Mark(targets["lot_no"], "改"), Mark(targets["product_model"], "错")])))
    assert after.tables[1].cell(0, 1).text == "A65\n▲ 改"
    assert after.tables[0].cell(0, 1).tables[0].cell(0, 1).text == "YL\n▲ 错"


# ---------------------------------------------------------------- parts


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}/[a-z]{1,8}\.xml", fullmatch=True), st.binary(max_size=2000), min_size=2, max_size=6
    )
)
def test_rewriting_changes_what_it_is_told_and_nothing_else(files: dict[str, bytes]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    first, second, *_ = files
    made = parts.rewrite(out.getvalue(), {first: b"new", second: None}, {"added.xml": b"a"})
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        assert package.testzip() is None
        assert {n: package.read(n) for n in package.namelist()} == {
            **{n: c for n, c in files.items() if n != second}, first: b"new", "added.xml": b"a",
        }  # fmt: skip
    before, after = members(out.getvalue()), members(made)
    assert all(after[n] == before[n] for n in files if n not in (first, second))


def test_members_written_to_a_stream_are_copied_without_their_descriptors() -> None:
    class Stream(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.data += bytes(data)
            return len(data)

    target = Stream()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("a.xml", "甲" * 1000)
        package.writestr("b.xml", "乙" * 1000)
    made = parts.rewrite(target.data, {"b.xml": b"new"})
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        assert package.testzip() is None and package.read("a.xml").decode() == "甲" * 1000
        assert not package.getinfo("a.xml").flag_bits & 8


def test_content_types_and_relationships_gain_one_each_time_they_must() -> None:
    types = b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    once = parts.declare(types, "xl/a.xml", "t")
    assert parts.declare(once, "xl/a.xml", "t") == once and once.count(b"Override") == 1
    rels, first = parts.relate(None, "http://x/comments", "/xl/c.xml")
    rels, second = parts.relate(rels, "http://x/image", "../media/i.png")
    assert (first, second) == ("rId1", "rId2")
    assert parts.relations(rels, "xl/worksheets/s.xml") == {
        "rId1": ("comments", "xl/c.xml"),
        "rId2": ("image", "xl/media/i.png"),
    }
    assert re.match(r"xl/worksheets/_rels/s\.xml\.rels$", parts.rels_of("xl/worksheets/s.xml"))

"""Customers' own forms filled in (P44): only cells change, hostile values are text, faults are told with their cell."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from openpyxl import load_workbook
from support_own_forms import PHOTOS, TITLE, document, eight_d, words, workbook

from qforms.documents import own
from qforms.forms.cells import unescape
from qforms.model import QformsError

LOOKS = ("font", "fill", "border", "alignment", "number_format")


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_a_workbook_is_filled_and_nothing_else_changes(tmp_path: Path) -> None:
    path = workbook(tmp_path / "禾木.xlsx")
    before, after = load_workbook(path), load_workbook(io.BytesIO(own.fill(path, words(), PHOTOS)))
    old, new = before[TITLE], after[TITLE]
    assert [new[ref].value for ref in ("C2", "E2", "C3", "E3", "G3")] == [
        "HM-8D-2605-0031", "8003-202605-0001", "YL-A65 / A65-2603C", "秦牧", "否",
    ]  # fmt: skip
    assert str(new["G2"].value) == "2026-05-14 00:00:00" and new["C5"].value == 16 and new["E5"].value == 5000
    assert new["C4"].value.endswith("第一行\n第二行") and new["G5"].value == "=C5/E5*1000000"
    # four measures in three rows: one row more, merged, formatted and counted like the others
    assert [new[f"C{r}"].value for r in range(7, 11)] == [f"围堵措施 {n}" for n in range(1, 5)]
    assert new["F10"].value == 0.94 and new["F10"].number_format == "0%" and new["E10"].is_date
    assert new["C11"].value == "=SUM(F7:F10)" and "A6:A10" in map(str, new.merged_cells.ranges)
    # three measures in one row: two rows more, merged like it; what stands below has moved down by three
    assert [new[f"C{r}"].value for r in (13, 14, 15)] == [f"永久措施 {n}" for n in (1, 2, 3)]
    assert new["E15"].value == "秦牧：2026-06-03" and new["C18"].value == "（签字）"
    spans = set(map(str, new.merged_cells.ranges))
    assert spans >= {"C13:D13", "C14:D14", "C15:D15", "C16:G16", "C17:D17", "E17:G17", "C18:G18", "C4:G4"}
    moved = {r: r if r <= 9 else r + 1 if r <= 12 else r + 3 for r in range(1, 16)}
    for row, now in moved.items():
        assert new.row_dimensions[now].height == old.row_dimensions[row].height or row not in (1, 14)
        for col in range(2 if 6 <= row <= 9 else 1, 8):  # openpyxl draws the edges of merged cells anew
            was, cell = old.cell(row, col), new.cell(now, col)
            assert [repr(getattr(was, look)) for look in LOOKS] == [repr(getattr(cell, look)) for look in LOOKS]
    assert {c: d.width for c, d in old.column_dimensions.items()} == {
        c: d.width for c, d in new.column_dimensions.items()
    }
    assert new.print_area == "'8D'!$A$1:$G$18" and [str(v.sqref) for v in new.data_validations.dataValidation] == ["G3"]
    assert [str(r.sqref) for r in new.conditional_formatting] == ["F7:F10"]
    assert new.row_dimensions[4].height == 32  # two lines in a merged cell
    # the logo is where it was; two photos lie in their cells, which have moved
    anchors = sorted((i.anchor._from.row, i.anchor._from.col) for i in new._images)
    assert anchors == [(0, 5), (16, 2), (16, 4)]


def test_other_parts_stay_byte_for_byte(tmp_path: Path) -> None:
    path = workbook(tmp_path / "禾木.xlsx")
    few = eight_d(ica=eight_d().values["ica"][:2], pca=eight_d().values["pca"][:1], d2_photos=())
    before, after = members(path.read_bytes()), members(own.fill(path, words(few), {}))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"xl/worksheets/sheet1.xml"} and after.keys() == before.keys()
    assert b"fullCalcOnLoad" in after["xl/workbook.xml"]  # its formulas are calculated when it is opened


@pytest.mark.parametrize(
    "value", ["{{number}}", "{% if 1 %}", "=cmd|' /C calc'!A0", "+1+1", "a & b < c", "</t><x/>", "_x0041_"]
)
def test_hostile_values_are_text(tmp_path: Path, value: str) -> None:
    record = eight_d(leader=value, d2_statement=value, ica=({"action": value},))
    sheet = load_workbook(io.BytesIO(own.fill(workbook(tmp_path / "a.xlsx"), words(record), {})))[TITLE]
    assert [(unescape(sheet[ref].value), sheet[ref].data_type) for ref in ("E3", "C4", "C7")] == [(value, "s")] * 3
    paper = docx.Document(io.BytesIO(own.fill(document(tmp_path / "a.docx"), words(record), {})))
    assert paper.tables[0].cell(0, 1).text == value == paper.tables[1].cell(1, 0).text


def test_a_document_is_filled_in_the_look_of_its_runs(tmp_path: Path) -> None:
    path = document(tmp_path / "禾木.docx")
    data = own.fill(path, words(), PHOTOS)
    paper = docx.Document(io.BytesIO(data))
    assert paper.sections[0].header.paragraphs[0].text == "Supplier 8D 8003-202605-0001"
    title = paper.paragraphs[0]
    assert title.text == "客户单号 HM-8D-2605-0031 结束" and title.runs[0].bold and not title.runs[1].bold
    facts, measures = paper.tables
    assert facts.cell(0, 1).text.endswith("第一行\n第二行") and len(facts.cell(1, 1)._tc.xpath(".//pic:pic")) == 2
    assert [[c.text for c in row.cells] for row in measures.rows[1:]] == [
        [f"围堵措施 {n}", "沈若川", f"2026-05-{11 + n}"] for n in range(1, 5)
    ]
    before, after = members(path.read_bytes()), members(data)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"word/document.xml", "word/header1.xml", "word/_rels/document.xml.rels", "[Content_Types].xml"}


def test_a_list_without_rows_leaves_an_empty_one(tmp_path: Path) -> None:
    record = eight_d(ica=())
    sheet = load_workbook(io.BytesIO(own.fill(workbook(tmp_path / "a.xlsx"), words(record), {})))[TITLE]
    assert sheet["C7"].value is None and sheet["C10"].value == "=SUM(F7:F9)"
    paper = docx.Document(io.BytesIO(own.fill(document(tmp_path / "a.docx"), words(record), {})))
    assert [c.text for c in paper.tables[1].rows[1].cells] == ["", "", ""]


def test_faults_are_told_with_their_cell(tmp_path: Path) -> None:
    cells = {"G4": "", "C15": "{{approver}}", "E15": "x", "B15": "{{ica}} {{a + b}}", "G12": "{{mechanism_group}}"}
    path = workbook(tmp_path / "禾木.xlsx", cells)
    found = [line.where.rpartition("/")[2] + line.zh for line in own.faults(path, words())]
    assert found == [
        "禾木.xlsx: 8D!G12: mechanism_group 不给公司以外的人看",
        "禾木.xlsx: 8D!B15: 看不懂「{{a + b}}」：只能写 {{字段名}}",
        "禾木.xlsx: 8D!B15: ica 是列表，写成 {{ica.action}}",
        "禾木.xlsx: 8D!C15: 没有字段 approver",
    ]
    with pytest.raises(QformsError, match="G12"):
        own.fill(path, words(), {})
    paper = document(tmp_path / "禾木.docx", ("{{approver}}", "{% for a in b %}"))
    places = [line.where.rpartition("/")[2] for line in own.faults(paper, words())]
    assert places == ["禾木.docx: 正文第3段: ", "禾木.docx: 正文第4段: "]


def test_what_is_wanted_and_unknown_is_told_with_its_cell(tmp_path: Path) -> None:
    record = eight_d(d2_statement=None, leader=None)
    assert own.lacking(workbook(tmp_path / "a.xlsx"), words(record)) == [("8D!E3", "组长"), ("8D!C4", "问题陈述")]
    assert own.lacking(document(tmp_path / "a.docx"), words(record)) == [("表1第1行第2格", "问题陈述")]
    assert "d2_5w2h" in own.unplaced(workbook(tmp_path / "b.xlsx"), words())


@pytest.mark.parametrize(
    ("name", "data"), [("a.xlsx", b"no zip"), ("a.docx", b"PK\x03\x04"), ("a.xls", b"x"), ("a.docx", None)]
)
def test_a_broken_template_is_told(tmp_path: Path, name: str, data: bytes | None) -> None:
    path = tmp_path / name
    path.write_bytes(workbook(tmp_path / "b.xlsx").read_bytes() if data is None else data)
    with pytest.raises(QformsError) as fault:
        own.fill(path, words(), {})
    assert name in fault.value.text


def test_a_name_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "eight_d" / own.FOLDER).mkdir(parents=True)
    (tmp_path / "eight_d" / "form.yaml").write_text("x", "utf-8")
    for name in ("../form.yaml", "/etc/passwd", "", ".", "nosuch.xlsx"):
        with pytest.raises(QformsError):
            own.path_of(tmp_path, "eight_d", name)


def test_the_english_text_stands_where_the_customer_reads_english(tmp_path: Path) -> None:
    english = {"永久措施 1": "Permanent action 1"}
    sheet = load_workbook(io.BytesIO(own.fill(workbook(tmp_path / "a.xlsx"), words(lang="en", english=english), {})))[
        TITLE
    ]
    assert sheet["C13"].value == "Permanent action 1" and sheet["G3"].value == "No"

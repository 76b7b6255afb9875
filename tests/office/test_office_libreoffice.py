"""Files that LibreOffice has opened and saved: read, found and marked as before; marked files open in it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from support_office import CATALOGUE, COMPLAINT, STAMP, libreoffice, read

from qforms.forms.blank_excel import blank
from qforms.office.child import OfficeReader
from qforms.office.find import Found, find
from qforms.office.identify import identify
from qforms.office.mark import Mark, mark
from qforms.settings import Limits

pytestmark = pytest.mark.office


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def form() -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(blank(COMPLAINT, CATALOGUE, "江苏云岭电器有限公司", "zh", stamp=STAMP)))
    ws = book.worksheets[0]
    for key, name in book.defined_names.items():
        if not key.startswith("qf_") or "__2" in key or "__3" in key:
            continue
        cell = ws[name.attr_text.rpartition("!")[2].replace("$", "")]
        cell.value = {"0": 12, "#,##0.00": 120.5}.get(cell.number_format, f"文本 {key}")
        if "yy" in cell.number_format:
            cell.value = "2026-05-11"
    return saved(book)


def found_in(data: bytes) -> Found:
    return find(read(data), COMPLAINT, CATALOGUE.labels("complaint"))


def plain(found: Found) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    rows = {name: [{k: v for k, (v, _) in row.items()} for row in rows] for name, rows in found.rows.items()}
    return {name: raw for name, (raw, _) in found.values.items()}, rows


@pytest.mark.parametrize("target", ["xlsx", "xls", "ods"])
def test_a_form_saved_by_libreoffice_reads_the_same(form: bytes, target: str, tmp_path: Path) -> None:
    data = libreoffice(form, "xlsx", target, tmp_path)
    book = read(data)
    assert plain(found_in(data)) == plain(found_in(form))
    assert book.stamps == (STAMP,) and identify(book, CATALOGUE)[0].form == "complaint"


def test_a_marked_form_saved_by_libreoffice_is_read_and_marked_again(form: bytes, tmp_path: Path) -> None:
    targets = found_in(form).targets
    wheres = [targets["lot_no"], targets["defect_qty"]]
    back = libreoffice(mark(form, [Mark(w, "错。请改。") for w in wheres]), "xlsx", "xlsx", tmp_path)
    assert plain(found_in(back)) == plain(found_in(form))
    again = mark(back, [Mark(wheres[1], "还不对。")])
    name, _, first = wheres[0].rpartition("!")
    ws = openpyxl.load_workbook(io.BytesIO(again))[name]
    cell, other = ws[first], ws[wheres[1].rpartition("!")[2]]
    assert cell.fill.fgColor.rgb[2:] == "E8F1FA" and cell.border.left.style == "thin" and cell.comment is None
    assert other.fill.fgColor.rgb[2:] == "F8D0CC" and other.comment.text == "还不对。"
    assert plain(found_in(again)) == plain(found_in(form))


@pytest.fixture(scope="module")
def document() -> bytes:
    made = docx.Document()
    made.add_paragraph("客户投诉记录表")
    t = made.add_table(2, 4, "Table Grid")
    for n, text in enumerate(("产品型号", "YL-A65", "生产批号", "A65-2603", "不良数量", "1箱", "填表人", "陈志远")):
        t.cell(n // 4, n % 4).text = text
    made.add_paragraph("以上")  # LibreOffice writes no .doc table at the very end of a document
    return saved(made)


def test_a_marked_document_saved_by_libreoffice_is_read_and_cleared(document: bytes, tmp_path: Path) -> None:
    targets = found_in(document).targets
    back = libreoffice(mark(document, [Mark(targets["lot_no"], "没有批号。")]), "docx", "docx", tmp_path)
    assert found_in(back).values == found_in(document).values
    clean = docx.Document(io.BytesIO(mark(back, [])))
    assert [c.text for c in clean.tables[0]._cells] == [
        c.text for c in docx.Document(io.BytesIO(document)).tables[0]._cells
    ]


@pytest.mark.parametrize("target", ["doc", "odt"])
def test_old_word_formats_are_read_through_libreoffice(document: bytes, target: str, tmp_path: Path) -> None:
    data = libreoffice(document, "docx", target, tmp_path)
    with OfficeReader(Limits(seconds=60)) as reader:
        book = reader.read(data, "表.wps")  # what it is, the content says
    found = find(book, COMPLAINT, CATALOGUE.labels("complaint"))
    assert found.values["lot_no"] == ("A65-2603", "表1第1行第4格")


@pytest.mark.parametrize("kind", ["xlsx", "docx", "front"])
def test_marked_files_open_in_libreoffice(kind: str, form: bytes, document: bytes, tmp_path: Path) -> None:
    if kind == "front":
        book = openpyxl.Workbook()
        book.active.append(["生产批号", "A65"])
        data, suffix = mark(saved(book), [Mark("Sheet!B1", "没有批号。")]), "xlsx"
    else:
        data, suffix = {"xlsx": (form, kind), "docx": (document, kind)}[kind]
        data = mark(data, [Mark(w, "错。") for w in found_in(data).targets.values()])
    assert libreoffice(data, suffix, "pdf", tmp_path).startswith(b"%PDF")

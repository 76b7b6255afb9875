"""A customer's own 8D as .xlsx and .docx with the office's placeholders in it, and an 8D to fill it from."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import docx
from docx.shared import RGBColor
from openpyxl import Workbook
from openpyxl.drawing.image import Image
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from support_documents import at, photo
from support_forms import shipped

from qforms.documents.own import Words
from qforms.model import Catalogue, Record

TITLE = "8D"
_LINE = Border(*(Side("thin", color="FF1F3A5F"),) * 4)


def measure(action: str, owner: str, day: date, pct: int) -> dict[str, Any]:
    return {"action": action, "kind": "short_term", "owner": owner, "planned_on": day, "effectiveness_pct": pct}


VALUES: dict[str, Any] = {
    "title": "YL-A65 无输出",
    "customer_name": "宁波禾木电器有限公司",
    "customer_complaint_no": "HM-8D-2605-0031",
    "product_model": "YL-A65",
    "lot_no": "A65-2603C",
    "d0_symptom": "通电 5 min 内无输出",
    "d0_severity": 2,
    "leader": "秦牧",
    "members": (
        {"user": "秦牧", "dept": "工程部"},
        {"user": "沈若川", "dept": "质保部"},
        {"user": "田广志", "dept": "生产一车间"},
    ),
    "d2_statement": "YL-A65 输出 0 V（标称 20 V），5000 台中 16 台；第一行\n第二行",
    "detected_on": date(2026, 5, 6),
    "qty_complained": 16,
    "qty_delivered": 5000,
    "is_repeat": False,
    "ica": tuple(measure(f"围堵措施 {n}", "沈若川", date(2026, 5, 11 + n), 90 + n) for n in range(1, 5)),
    "pca": tuple(measure(f"永久措施 {n}", "秦牧", date(2026, 6, n), 100) for n in range(1, 4)),
    "ica_effectiveness_pct": 95,
    "d2_photos": ({"digest": "bad", "name": "C7 鼓起.jpg"}, {"digest": "good", "name": "良品.jpg"}),
}
PHOTOS = {"bad": photo(True, (400, 300)), "good": photo(False, (400, 300))}


def eight_d(**values: Any) -> Record:
    return Record("eight_d", "8003-202605-0001", 0, "issued", "TS-202605-0003", {**VALUES, **values}, at=at(5, 14, 11))


def words(record: Record | None = None, lang: str = "zh", **more: Any) -> Words:
    forms: Catalogue = shipped()
    given = {"company": "江苏云岭电器有限公司", "today": date(2026, 5, 14), **more}
    return Words(forms.form("eight_d"), record or eight_d(), forms, lang, **given)  # type: ignore[arg-type]


def workbook(path: Path, cells: dict[str, str] | None = None) -> Path:
    """A one-page 8D with merged cells, a logo, a formula, drop-downs, colours by condition and a second sheet; the list
    of D3 has three rows, that of D5 only one. `cells`: texts that stand there besides."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = TITLE
    for column, width in zip("ABCDEFG", (6, 18, 22, 14, 14, 12, 12), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.merge_cells("A1:E1")
    sheet.merge_cells("F1:G1")
    sheet["A1"] = "HEMU 禾木 供应商 8D 报告"
    sheet["A1"].font = Font("SimHei", 16, bold=True, color="FF1F3A5F")
    sheet.row_dimensions[1].height = 40
    texts = {
        "B2": "客户单号", "C2": "{{customer_complaint_no}}", "D2": "供方单号", "E2": "{{number}}",
        "F2": "日期", "G2": "{{today}}", "B3": "型号", "C3": "{{product_model}} / {{lot_no}}",
        "D3": "组长", "E3": "{{leader}}", "F3": "重复", "G3": "{{is_repeat}}",
        "B4": "D2 问题描述", "C4": "{{d2_statement!}}", "B5": "不良数", "C5": "{{qty_complained}}",
        "D5": "交付数", "E5": "{{qty_delivered}}", "F5": "ppm", "G5": "=C5/E5*1000000",
        "B6": "D3", "C6": "围堵措施", "D6": "责任人", "E6": "计划", "F6": "有效率",
        "C7": "{{ica.action}}", "D7": "{{ica.owner}}", "E7": "{{ica.planned_on}}", "F7": "{{ica.effectiveness_pct}}",
        "B10": "有效率合计", "C10": "=SUM(F7:F9)", "B11": "D5", "C11": "永久措施", "D11": "责任人", "E11": "计划",
        "B12": "D5", "C12": "{{pca.action}}", "E12": "{{pca.owner}}：{{pca.planned_on}}",
        "B13": "D4 原因", "C13": "{{trc_occur}}", "B14": "照片", "C14": "{{d2_photos}}",
        "B15": "批准", "C15": "（签字）",
    }  # fmt: skip
    for ref, text in {**texts, **(cells or {})}.items():
        sheet[ref] = text
    for row in sheet["A2:G15"]:
        for cell in row:
            cell.border = _LINE
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for ref in ("B2", "D2", "B6", "C6", "D6", "E6", "F6"):
        sheet[ref].fill = PatternFill("solid", "FFD9E2EC")
    for ref in ("E7", "E8", "E9", "G2"):
        sheet[ref].number_format = "yyyy/m/d"
    for ref in ("F7", "F8", "F9"):
        sheet[ref].number_format = "0%"
    for span in ("C4:G4", "C12:D12", "C13:G13", "C14:D14", "E14:G14", "C15:G15", "A6:A9"):
        sheet.merge_cells(span)
    sheet["A6"] = "D3"
    sheet.row_dimensions[14].height = 110
    sheet.conditional_formatting.add("F7:F9", CellIsRule("lessThan", ["0.9"], fill=PatternFill("solid", "FFF8D0CC")))
    choice = DataValidation("list", formula1='"是,否"')
    choice.add("G3")
    sheet.add_data_validation(choice)
    sheet.print_area = "A1:G15"
    sheet.page_setup.fitToHeight = 1
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    book.defined_names["qf_d2_photos_2"] = DefinedName("qf_d2_photos_2", attr_text=f"'{TITLE}'!$E$14")
    sheet.add_image(Image(io.BytesIO(photo(True, (80, 40)))), "F1")
    about = book.create_sheet("说明")
    about["A1"] = "本页不填"
    about["A2"] = f"='{TITLE}'!C5"
    book.save(path)
    return path


def document(path: Path, lines: tuple[str, ...] = ()) -> Path:
    """The same as a Word document: a table of facts, a list with two rows, a header; one placeholder in three runs."""
    paper = docx.Document()
    paper.sections[0].header.paragraphs[0].text = "Supplier 8D {{number}}"
    title = paper.add_paragraph()
    for piece, bold in (
        ("客户单号 ", True),
        ("{{customer_", False),
        ("complaint", True),
        ("_no}}", False),
        (" 结束", False),
    ):
        run = title.add_run(piece)
        run.bold = bold
        run.font.color.rgb = RGBColor(0x1F, 0x3A, 0x5F)
    facts = paper.add_table(2, 2, style="Table Grid")
    for (row, col), text in {
        (0, 0): "问题描述",
        (0, 1): "{{d2_statement!}}",
        (1, 0): "照片",
        (1, 1): "{{d2_photos}}",
    }.items():
        facts.cell(row, col).text = text
    measures = paper.add_table(4, 3, style="Table Grid")
    for col, text in enumerate(("措施", "责任人", "计划")):
        measures.cell(0, col).text = text
    for col, text in enumerate(("{{ica.action}}", "{{ica.owner}}", "{{ica.planned_on}}")):
        measures.cell(1, col).text = text
    for line in ("原因：{{trc_occur}}", *lines):
        paper.add_paragraph(line)
    paper.save(str(path))
    return path

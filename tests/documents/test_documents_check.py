"""What `qforms check` says about letter texts and the office's own templates."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import docx
from openpyxl import Workbook, load_workbook
from support_documents import ROOT, procedures

from qforms.documents.check import faults
from qforms.forms import blank_excel
from qforms.office.fill import fill
from qforms.settings import Procedures


def workspace(tmp_path: Path) -> Procedures:
    """The shipped letter texts with the forms of the tests, in a folder of their own."""
    shutil.copytree(ROOT / "form_templates" / "letters", tmp_path / "form_templates" / "letters")
    base = procedures()
    return Procedures(base.catalogue, base.rulebook, base.work, base.settings.model_copy(update={"root": tmp_path}), {})


def own_template(root: Path, form: str, text: str, name: str) -> None:
    document = docx.Document()
    document.add_paragraph(text)
    folder = root / "form_templates" / form
    folder.mkdir(exist_ok=True)
    document.save(str(folder / name))


def test_shipped_texts_have_no_fault(tmp_path: Path) -> None:
    assert faults(workspace(tmp_path)) == []


def test_an_unknown_name_is_told_with_file_and_line(tmp_path: Path) -> None:
    given = workspace(tmp_path)
    file = tmp_path / "form_templates/letters/issue.zh.txt"
    file.write_text("Subject: x\n\n# {{ nmber }}\n", "utf-8")
    (found,) = faults(given)
    assert found.startswith("form_templates/letters/issue.zh.txt:3: ") and "nmber" in found


def test_a_customers_own_form_is_told_with_its_cell(tmp_path: Path) -> None:
    given = workspace(tmp_path)
    folder = tmp_path / "form_templates" / "complaint" / "customers"
    folder.mkdir(parents=True)
    book = Workbook()
    book.active["B7"] = "{{nosuch}}"  # type: ignore[index]
    book.save(folder / "禾木.xlsx")
    (found,) = faults(given)
    assert found.startswith("form_templates/complaint/customers/禾木.xlsx: Sheet!B7: ") and "nosuch" in found


def test_a_syntax_error_in_a_text_is_told(tmp_path: Path) -> None:
    given = workspace(tmp_path)
    (tmp_path / "form_templates/letters/stage.en.txt").write_text("Subject: x\n# {% if %}\n", "utf-8")
    (found,) = faults(given)
    assert found.startswith("form_templates/letters/stage.en.txt:2: ")


def test_own_templates_are_filled_once_each(tmp_path: Path) -> None:
    given = workspace(tmp_path)
    own_template(tmp_path, "complaint", "{{ head.number }} {{ v.product_model }}", "complaint.zh.docx")
    assert faults(given) == []
    own_template(tmp_path, "complaint", "{{ head.nosuch }}", "complaint.en.docx")
    own_template(tmp_path, "market_abnormality", "{% for x in %}", "market_abnormality.zh.blank.docx")
    found = faults(given)
    assert len(found) == 2
    assert all(f.startswith("form_templates/") and ".docx" in f for f in found)
    assert any("nosuch" in f for f in found)


def own_sheet(root: Path, change: Callable[[Workbook], None]) -> Path:
    """The generated complaint form, changed as an office would and kept as its own."""
    given = procedures()
    data = blank_excel.blank(given.catalogue.form("complaint"), given.catalogue, "远能", "zh", stamp="old")
    book = load_workbook(io.BytesIO(data), rich_text=True)
    change(book)
    file = root / "form_templates/complaint/complaint.zh.blank.xlsx"
    file.parent.mkdir(exist_ok=True)
    book.save(file)
    return file


def test_a_sheet_whose_fields_were_moved_and_renamed_still_works(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        sheet = book.worksheets[0]
        del book.defined_names["qf_product_model"]
        sheet["B1"] = "售后反馈表"

    given = workspace(tmp_path)
    file = own_sheet(tmp_path, change)
    assert faults(given) == []
    filled = fill(file.read_bytes(), {"lot_no": "A65-2603C"}, {"qf_stamp": "new", "qf_form": "complaint"})
    book = load_workbook(io.BytesIO(filled))
    title, ref = next(iter(book.defined_names["qf_lot_no"].destinations))
    assert book[title][ref.replace("$", "")].value == "A65-2603C"
    assert {p.name: p.value for p in book.custom_doc_props.props}["qf_stamp"] == "new"
    assert book["_qf"]["B1"].value == "new" and book["_qf"].sheet_state == "veryHidden"
    assert book.worksheets[0]["B1"].value == "售后反馈表"


def test_a_required_field_that_was_taken_out_is_told(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        sheet = book.worksheets[0]
        del book.defined_names["qf_customer_name"]
        for row in sheet.iter_rows():
            for cell in row:
                if "客户名称" in str(cell.value or ""):
                    cell.value = "谁"
        for name, *_ in list(book["_qf"].iter_rows()):
            if name.value == "field:customer_name":
                name.value = "x"

    given = workspace(tmp_path)
    own_sheet(tmp_path, change)
    (found,) = faults(given)
    assert found.startswith("form_templates/complaint/complaint.zh.blank.xlsx: ") and "qf_customer_name" in found


def test_a_sheet_that_is_none_or_far_too_big_is_told(tmp_path: Path) -> None:
    given = workspace(tmp_path)
    file = own_sheet(tmp_path, lambda book: None)
    file.write_bytes(b"PK" + bytes(6 << 20))
    assert len(found := faults(given)) == 2
    assert "5 MB" in found[0]

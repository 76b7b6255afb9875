"""What `qforms check` says about letter texts and the office's own templates."""

from __future__ import annotations

import shutil
from pathlib import Path

import docx
from support_documents import ROOT, procedures

from qforms.documents.check import faults
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

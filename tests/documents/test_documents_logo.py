"""The company's logo on forms and documents: put once into form_templates/, told when it cannot be used."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from support_documents import procedures

from qforms.documents.check import faults
from qforms.forms import blank_excel, pictures, word
from qforms.settings import Procedures


def put(folder: Path, name: str = "logo.png") -> Path:
    folder.mkdir(exist_ok=True)
    Image.new("RGBA", (1600, 400), (31, 58, 95, 255)).save(folder / name)
    return folder / name


@pytest.mark.parametrize("name", ["logo.png", "logo.jpg"])
def test_it_stands_on_both_kinds_of_forms(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    Image.new("RGB", (1600, 400), "navy").save(file)
    logo = pictures.logo(tmp_path)
    assert logo is not None and logo.width <= 1200
    catalogue = procedures().catalogue
    form = catalogue.form("complaint")
    sheet = blank_excel.blank(form, catalogue, "远能", "zh", logo=logo)
    page = word.template(form, "zh", "远能", logo=logo)
    for data, part in ((sheet, "xl/media/"), (page, "word/media/logo")):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            assert any(n.startswith(part) for n in package.namelist())
    assert sheet == blank_excel.blank(form, catalogue, "远能", "zh", logo=logo)  # the same bytes each time


def test_a_new_logo_is_taken_without_a_restart(tmp_path: Path) -> None:
    file = put(tmp_path)
    before = pictures.logo(tmp_path)
    Image.new("RGB", (90, 90), "red").save(file)
    os.utime(file, ns=(1, 1))
    assert before is not None and (after := pictures.logo(tmp_path)) is not None and after.width == 90


def test_one_that_cannot_be_used_is_told_and_stops_nothing(tmp_path: Path) -> None:
    base = procedures()
    given = Procedures(
        base.catalogue, base.rulebook, base.work, base.settings.model_copy(update={"root": tmp_path}), {}
    )
    folder = tmp_path / "form_templates"
    file = put(folder)
    assert faults(given) == []
    file.write_bytes(file.read_bytes() + bytes(40 << 20))
    (found,) = faults(given)
    assert found.startswith("form_templates/logo.png: ") and "40.0 MB" in found and pictures.logo(folder) is None
    file.write_bytes(b"GIF89a and no more")
    (found,) = faults(given)
    assert "PNG" in found and pictures.logo(folder) is None

"""What people do by hand: type into an Excel or Word form, edit a row of the workbook, take a photo, spoil a file."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

Rows = Sequence[Mapping[str, str]]


def fill_excel(blank: bytes, labels: Mapping[str, Any]) -> bytes:
    """The form with the cell to the right of each label filled in, saved as openpyxl saves it."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(blank))
    sheet = book.worksheets[0]
    cells = [c for row in sheet.iter_rows() for c in row if isinstance(c.value, str)]
    for label, value in labels.items():
        at = next((c for c in cells if _label(str(c.value)) == label), None)
        if at is None:
            raise LookupError(label)
        merged = next((r for r in sheet.merged_cells.ranges if at.coordinate in r), None)
        right = (merged.max_col if merged else at.column) + 1
        sheet.cell(at.row, right).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def fill_word(form: bytes, labels: Mapping[str, str], rows: Rows = ()) -> bytes:
    """The document with the cell beside each label overwritten, a choice's □ made ■, and list rows typed in.

    `rows`: of the list whose head has these columns; each goes into the next row below the head."""
    import docx

    document = docx.Document(io.BytesIO(form))
    lines = [_distinct(row) for table in document.tables for row in table.rows]
    for label, value in labels.items():
        cell = next((b for line in lines for a, b in pairwise(line) if _label(a.text) == label), None)
        if cell is None:
            raise LookupError(label)
        _write(cell, value)
    if rows:
        heads = set(rows[0])
        top = next(i for i, line in enumerate(lines) if heads <= {_label(c.text) for c in line})
        columns = {_label(c.text): i for i, c in enumerate(lines[top])}
        for offset, row in enumerate(rows, 1):
            for head, value in row.items():
                _write(lines[top + offset][columns[head]], value)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def edit_book(book: Path, sheet: str, number: str, values: Mapping[str, str], by: str) -> None:
    """Types into the row of `number`, under the heads named, and saves."""
    import openpyxl

    whole = openpyxl.load_workbook(book)
    page = whole[sheet]
    heads = {_label(str(c.value)): c.column for row in page.iter_rows(max_row=3) for c in row if c.value}
    line = next(c.row for row in page.iter_rows(min_row=4) for c in row if c.value == number)
    for head, value in values.items():
        page.cell(line, heads[head]).value = value
    whole.properties.lastModifiedBy = by
    whole.save(book)


def photo(caption: str, spoilt: bool = True) -> bytes:
    """A picture such as a telephone takes of a board: dark, with a component and, if spoilt, a stain."""
    from PIL import Image, ImageDraw, ImageFilter

    image = Image.new("RGB", (1200, 900), (38, 70, 52))
    draw = ImageDraw.Draw(image)
    for x in range(60, 1200, 120):
        draw.line([(x, 0), (x - 40, 900)], fill=(62, 110, 84), width=7)
    for y in range(110, 900, 190):
        draw.ellipse([90, y, 130, y + 40], fill=(196, 180, 120))
        draw.rectangle([1000, y, 1110, y + 60], fill=(24, 24, 26))
    draw.ellipse([430, 280, 770, 620], fill=(26, 34, 58), outline=(150, 154, 162), width=14)
    draw.arc([470, 320, 730, 580], 20, 160, fill=(176, 180, 188), width=10)
    if spoilt:
        draw.polygon([(560, 410), (650, 380), (700, 470), (630, 540), (540, 500)], fill=(122, 82, 40))
        draw.ellipse([640, 560, 800, 660], fill=(104, 74, 44))
    image = image.filter(ImageFilter.GaussianBlur(1.6))
    ImageDraw.Draw(image).text((40, 850), caption, fill=(230, 226, 200))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()


def locked(book: bytes, password: str) -> bytes:
    """An Excel file that asks for a password."""
    from msoffcrypto.format.ooxml import OOXMLFile

    out = io.BytesIO()
    OOXMLFile(io.BytesIO(book)).encrypt(password, out)
    return out.getvalue()


def _label(text: str | None) -> str:
    """A label without its star and unit."""
    return (text or "").strip().strip("*＊ ").partition("（")[0].partition("\n")[0].strip()


def _distinct(row: Any) -> list[Any]:
    """The cells of a row, a merged one once."""
    found: list[Any] = []
    for cell in row.cells:
        if not found or cell._tc is not found[-1]._tc:
            found.append(cell)
    return found


def _write(cell: Any, value: str) -> None:
    """Types into a cell: over what stood there, or, where choices are printed, into the boxes."""
    if "□" in cell.text or "■" in cell.text:
        _tick(cell, [v.strip() for v in str(value).split("、")])
        return
    first, *others = cell.paragraphs
    for run in [r for p in cell.paragraphs for r in p.runs]:
        run.text = ""
    for paragraph in others:
        if not paragraph.text:
            paragraph._p.getparent().remove(paragraph._p)
    (first.runs[0] if first.runs else first.add_run()).text = str(value)


def _tick(cell: Any, chosen: list[str]) -> None:
    """The box before each chosen word; a word that is no choice is typed over the boxes, as people do."""
    runs = [r for p in cell.paragraphs for r in p.runs]
    printed = cell.text.replace("\xa0", " ").replace("■", "□").replace("\n", "□")
    words = [w.strip() for w in printed.split("□") if w.strip()]
    boxes = [r for r in runs if r.text.strip() in ("□", "■")]
    if len(boxes) != len(words) or not set(chosen) <= set(words):
        for run in runs:
            run.text = ""
        runs[0].text = "、".join(chosen)
        return
    for box, word in zip(boxes, words, strict=True):
        box.text = "■" if word in chosen else "□"

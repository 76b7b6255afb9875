"""The blank Excel form of any declared form, and the same form filled in with what is known, for a return.

Every value's cell is found again in three ways, all of which survive LibreOffice and WPS: by its name (`qf_<field>`,
`qf_<list>__<row>__<field>`), by its label, and through the field map on the hidden sheet `_qf`."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from qforms.forms import sheet_layout as layout
from qforms.forms import sheet_style as look
from qforms.forms.cells import clean, put
from qforms.forms.pictures import Photo
from qforms.forms.sheet_inputs import Inputs
from qforms.forms.sheet_layout import Spot, Strip
from qforms.model import Catalogue, Form, Lang, Record, Value

TITLE, GUIDE = 33.75, 20.25
_LOGO_WIDTH, _LOGO_HEIGHT = 150, 42  # pixels
_FIRST = 3  # the row of the first strip
_MADE = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</)")
_COLUMNS = "BCDEFGHIJKLMNOPQRS"


@dataclass(slots=True)
class _Sheet:
    """What is being drawn: the sheet, its inputs, and where each value came to stand."""

    ws: Any
    form: Form
    catalogue: Catalogue
    lang: Lang
    inputs: Inputs
    places: list[tuple[str, str]] = field(default_factory=list)  # (name without qf_, address)
    first_input: str = ""


def blank(
    form: Form,
    catalogue: Catalogue,
    company: str,
    lang: Lang,
    *,
    stamp: str = "",
    record: Record | None = None,
    for_roles: frozenset[str] | None = None,
    contact: str = "",
    logo: Photo | None = None,
) -> bytes:
    """An .xlsx file: A4, one page wide (one page high where it fits), ready to print and to fill in.

    `for_roles` are the roles of the reader (None: anybody of ours): their cells are light blue, what the system or
    others fill stands white. `record` fills in what is known. `stamp` goes to the hidden sheet and the properties.
    `logo` stands left of the company's name."""
    book = look.workbook()
    ws = book.create_sheet(_sheet_title(form.title[lang]))
    sheet = _Sheet(ws, form, catalogue, lang, Inputs(book, ws, catalogue, lang))
    found = layout.strips(form, lang, for_roles, record)
    if logo:
        _logo(ws, logo)
    heights, breaks = layout.fit(found, TITLE + GUIDE, TITLE)
    _columns(ws)
    _title(sheet, company, record, contact, asks=any(s.input for strip in found for s in strip.spots))
    for row, (strip, height) in enumerate(zip(found, heights, strict=True), start=_FIRST):
        ws.row_dimensions[row].height = height
        _strip(sheet, strip, row)
    last = _FIRST + len(found) - 1
    _page(sheet, last, [_FIRST + i for i in breaks], record)
    sheet.inputs.finish()
    _bookkeeping(book, sheet, stamp)
    out = io.BytesIO()
    book.save(out)
    return _timeless(out.getvalue())


def texts(form: Form, catalogue: Catalogue, lang: Lang, record: Record) -> Iterator[tuple[str, str]]:
    """What a record knows, by the names of its cells without `qf_`: `lot_no`, `<list>__<row>__<column>`."""
    for fld in form.fields:
        value: Any = record.values.get(fld.name)
        if fld.type != "list":
            if value is not None:
                yield fld.name, clean(catalogue.show(fld, value, lang))
            continue
        for i, row in enumerate(value or ()):
            for column in fld.fields:
                if row.get(column.name) is not None:
                    yield f"{fld.name}__{i}__{column.name}", clean(catalogue.show(column, row[column.name], lang))


def _sheet_title(text: str) -> str:
    return "".join("_" if c in "[]:*?/\\'" else c for c in clean(text))[:31] or "form"


def _columns(ws: Any) -> None:
    ws.column_dimensions["A"].width = 1.2 + 0.71
    for name, width in zip(_COLUMNS, layout.WIDTHS, strict=True):
        ws.column_dimensions[name].width = round(width + 0.15, 2)
    ws.sheet_view.showGridLines = False
    ws.sheet_view.zoomScale = 100


def _title(sheet: _Sheet, company: str, record: Record | None, contact: str, asks: bool) -> None:
    ws, form, zh = sheet.ws, sheet.form, sheet.lang == "zh"
    ws.row_dimensions[1].height, ws.row_dimensions[2].height = TITLE, GUIDE
    ws.merge_cells("B1:J1")
    ws.merge_cells("K1:S1")
    ws.merge_cells("B2:S2")
    title = form.title[sheet.lang]
    put(ws["B1"], title)
    ws["B1"].font = look.font(_title_size(title), bold=True)
    ws["B1"].alignment = look.align(wrap=True)
    version = f"{form.code}  模板 {form.version}" if zh else f"{form.code}  template {form.version}"
    if record:
        version = f"{record.number}  " + (f"版次 {record.issue}" if zh else f"rev. {record.issue}")
    put(ws["K1"], f"{company}\n{version}" if company else version)
    ws["K1"].font = look.font(10, color=look.GREY)
    ws["K1"].alignment = look.align("right")
    guide = _guide(zh, contact, returned=record is not None) if asks else ""
    put(ws["B2"], guide)
    ws.row_dimensions[2].height = GUIDE + 12 * (look.lines_of(guide, 100) - 1)
    ws["B2"].font = look.font(9, color=look.GREY)
    ws["B2"].alignment = look.align(wrap=True)


def _logo(ws: Any, logo: Photo) -> None:
    """At the left of the company's cell, as high as the row of the title allows."""
    from openpyxl.drawing.image import Image

    scale = min(_LOGO_HEIGHT / logo.height, _LOGO_WIDTH / logo.width)
    picture = Image(io.BytesIO(logo.data))
    picture.width, picture.height = round(logo.width * scale), round(logo.height * scale)
    ws.add_image(picture, "K1")


def _title_size(title: str) -> int:
    """The largest size at which a title stands on one line: a Chinese character is an em wide, a Latin letter 0.62."""
    ems = sum(1.0 if ord(c) > 0x2E7F else 0.62 for c in title)
    return next((size for size in (18, 16, 14, 12) if ems * size <= 232), 11)


def _guide(zh: bool, contact: str, returned: bool) -> str:
    if zh:
        send = "填好存盘后回复原邮件" if returned else f"填好后发到 {contact}" if contact else "填好后存盘，回复原邮件"
        return f"浅蓝格请填写，带 * 的必填，不清楚的填“无”。{send}，照片作为附件。"
    send = f"Send it to {contact}" if contact and not returned else "Save it and answer our mail with it"
    return f"Fill in the light blue cells; * is required; “none” where you do not know. {send}, photos attached."


# ---------------------------------------------------------------- strips


def _strip(sheet: _Sheet, strip: Strip, row: int) -> None:
    if strip.kind in ("band", "reply", "list"):
        _band(sheet, strip, row)
        return
    head = strip.kind == "head"
    if not strip.spots and not head:  # the strip that we fill in by hand
        for first, last in layout.VALUES:
            _frame(sheet.ws, row, first, last, look.lines())
    for first, last, fld, text in strip.labels:
        cell = _frame(sheet.ws, row, first, last, look.lines())
        _label(cell, text, required=bool(fld and fld.required), centred=head)
    for spot in strip.spots:
        _spot(sheet, strip, spot, row)


def _frame(ws: Any, row: int, first: int, last: int, border: Any, color: str = "") -> Any:
    """Draws and merges the grid columns first to last of a row; the cell that carries the value."""
    for col in range(first + 1, last + 2):
        cell = ws.cell(row, col)
        cell.border = border
        if color:
            cell.fill = look.fill(color)
    if last > first:
        ws.merge_cells(start_row=row, end_row=row, start_column=first + 1, end_column=last + 1)
    return ws.cell(row, first + 1)


def _band(sheet: _Sheet, strip: Strip, row: int) -> None:
    color = {"band": look.BAND, "reply": look.NAVY, "list": look.LABEL}[strip.kind]
    cell = _frame(sheet.ws, row, 1, layout.END, look.lines(), color)
    put(cell, strip.text)
    size = 10 if strip.kind == "list" else 11
    cell.font = look.font(size, bold=True, color="FFFFFF" if strip.kind == "reply" else look.INK)
    cell.alignment = look.align(indent=1)


def _label(cell: Any, text: str, *, required: bool, centred: bool) -> None:
    from openpyxl.cell import text as cell_text
    from openpyxl.cell.rich_text import CellRichText, TextBlock

    text = clean(text)
    cell.fill = look.fill(look.LABEL)
    cell.font = look.font(9 if centred else 10)
    cell.alignment = look.align("center") if centred else look.align(indent=1)
    if not required:
        put(cell, text)
        return
    inline: Any = cell_text.InlineFont
    red, ink = (inline(rFont=look.FONT, sz=9 if centred else 10, color=c) for c in (look.FAULT_LINE, look.INK))
    cell.value = CellRichText(TextBlock(red, "*"), TextBlock(ink, text))


def _spot(sheet: _Sheet, strip: Strip, spot: Spot, row: int) -> None:
    ground = look.LABEL if spot.label else look.INPUT if spot.input else ""
    cell = _frame(sheet.ws, row, spot.first, spot.last, look.lines(), ground)
    in_list = strip.kind == "line"
    right = in_list and spot.field.type in ("int", "dec", "money")
    cell.font = look.font(10, color=look.INK if spot.input or spot.label else look.GREY)
    cell.alignment = look.align("right" if right else "left", "top" if strip.kind == "box" else "center", indent=1)
    if in_list and spot.field.type in ("date", "dt", "money"):  # a number that does not fit would be shown as ###
        cell.alignment = look.shrunk("right" if right else "center")
    cell.number_format = "General" if spot.field.many else look.FORMATS.get(spot.field.type, "@")
    if spot.value is not None:
        put(cell, _shown(sheet, spot))
    name = f"{spot.list}__{spot.row}__{spot.field.name}" if spot.list else spot.field.name
    sheet.places.append((name, cell.coordinate))
    if spot.input:
        sheet.first_input = sheet.first_input or cell.coordinate
        sheet.inputs.add(spot.field, cell.coordinate)


def _shown(sheet: _Sheet, spot: Spot) -> Value:
    """The value as the cell holds it: numbers and dates as such where the field has one, all else as its text."""
    text = clean(sheet.catalogue.show(spot.field, spot.value, sheet.lang))
    if spot.field.many or spot.field.type not in ("int", "dec", "money", "date", "dt"):
        return text
    if isinstance(spot.value, int | Decimal) and not isinstance(spot.value, bool):
        return spot.value if len(str(spot.value)) <= 15 else text
    with suppress(ValueError):
        return datetime.strptime(text, "%Y-%m-%d %H:%M" if spot.field.type == "dt" else "%Y-%m-%d")  # noqa: DTZ007
    return text


# ---------------------------------------------------------------- page and bookkeeping


def _page(sheet: _Sheet, last: int, breaks: Sequence[int], record: Record | None) -> None:
    from openpyxl.worksheet.pagebreak import Break

    ws, form, zh = sheet.ws, sheet.form, sheet.lang == "zh"
    ws.page_setup.paperSize, ws.page_setup.orientation = 9, "portrait"
    for side, mm in {"left": 15.24, "right": 12.7, "top": 15.24, "bottom": 17.78, "header": 8, "footer": 8}.items():
        setattr(ws.page_margins, side, mm / 25.4)
    ws.print_options.horizontalCentered = True
    ws.print_area = f"B1:S{last}"
    ws.sheet_properties.pageSetUpPr.fitToPage = True
    ws.page_setup.fitToWidth, ws.page_setup.fitToHeight = 1, 0 if breaks else 1
    for row in breaks:
        ws.row_breaks.append(Break(row - 1))
    audience = _audience(form, zh)
    name = f"{form.title[sheet.lang]} {'模板' if zh else 'template'} {form.version}{audience}"
    retention = form.retention[sheet.lang]
    kept = (f"保存期限 {retention}" if zh else f"Kept for {retention}") if retention else ""
    pages = "第 &P 页 共 &N 页" if zh else "Page &P of &N"
    for part, text in (("left", name), ("center", kept), ("right", pages)):
        footer = getattr(ws.oddFooter, part)
        footer.text, footer.size, footer.font = text if part == "right" else text.replace("&", "&&"), 8, look.FONT
    if breaks:
        ws.print_title_rows = "1:1"
    ws.sheet_view.selection[0].activeCell = ws.sheet_view.selection[0].sqref = sheet.first_input or "B1"


def _audience(form: Form, zh: bool) -> str:
    if form.audience == "internal":
        return "  内部使用" if zh else "  internal"
    return ""


def _bookkeeping(book: Any, sheet: _Sheet, stamp: str) -> None:
    from openpyxl.packaging.custom import StringProperty
    from openpyxl.workbook.defined_name import DefinedName

    hidden = book.create_sheet("_qf")
    hidden.sheet_state = "veryHidden"
    title = sheet.ws.title
    rows = [("stamp", stamp), ("form", sheet.form.name), ("version", sheet.form.version), ("lang", sheet.lang)]
    rows += [(f"field:{name}", f"{title}!{address}") for name, address in sheet.places]
    for i, pair in enumerate(rows, start=1):
        for k, text in enumerate(pair, start=1):
            put(hidden.cell(i, k), text)
    for name, address in sheet.places:
        column, row = address.rstrip("0123456789"), address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        book.defined_names[f"qf_{name}"] = DefinedName(f"qf_{name}", attr_text=f"'{title}'!${column}${row}")
    properties: Mapping[str, str] = {"qf_stamp": stamp, "qf_form": sheet.form.name}
    for name, text in properties.items():
        book.custom_doc_props.append(StringProperty(name=name, value=text))
    book.properties.title = sheet.form.title[sheet.lang]
    book.properties.creator = "qforms"
    book.active = 0


def _timeless(package: bytes) -> bytes:
    """The same file without the time at which it was made: the same form gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = _MADE.sub(rb"\g<1>2026-01-01T00:00:00Z\g<2>", data)
            new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()

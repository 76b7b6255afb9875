""".xls, .xlsb and .ods as a Book, read by calamine. It allocates whole rectangles and may abort the process on a
hostile file: it runs in the child only."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.etree.ElementTree import Element

from qforms.office import properties
from qforms.office.book import EPOCH, Book, Cell, Grid, fault
from qforms.office.package import Package

Span = tuple[int, int, int, int]
_SPANS = 100_000


def read(data: bytes, form: str, max_cells: int, package: Package | None) -> Book:
    """A binary or OpenDocument workbook; `package` is its zip, if it is one. Raises OfficeFault."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        grids: list[Grid] = []
        for index, about in enumerate(book.sheets_metadata):
            left = max_cells - sum(len(g.cells) for g in grids)
            grids.append(_grid(book, index, about, left))
    except python_calamine.PasswordError:
        raise fault("encrypted") from None
    except (python_calamine.CalamineError, OSError, ValueError, IndexError) as why:
        raise fault("unreadable_file", reason=str(why)[:200]) from None
    if form == "ods" and package:
        spans = _ods_spans(package.tree("content.xml"))
        grids = [replace(g, spans=tuple(spans.get(g.name, ()))) for g in grids]
    props = properties.custom(package) if package else {}
    by = properties.last_modified_by(package) if package else ""
    macros = any("vbaproject" in name for name in package.names) if package else b"_VBA_PROJECT" in _narrow(data)
    return Book("excel", tuple(grids), {}, props, properties.stamps(props, grids), (), "", by, macros, form)


def _ods_spans(root: Element) -> dict[str, list[Span]]:
    """The merged ranges of each sheet of an OpenDocument workbook, which calamine leaves out."""
    spans: dict[str, list[Span]] = {}
    for table in root.iter("table"):
        found = spans.setdefault(table.get("name", ""), [])
        row = 0
        for line in table.iter("table-row"):
            col = 0
            for cell in line:
                wide, high = _count(cell, "number-columns-spanned"), _count(cell, "number-rows-spanned")
                if (wide > 1 or high > 1) and len(found) < _SPANS:
                    found.append((row, col, row + high - 1, col + wide - 1))
                col += _count(cell, "number-columns-repeated")
            row += _count(line, "number-rows-repeated")
    return spans


def _count(element: Element, name: str) -> int:
    text = element.get(name, "1")
    return int(text) if text.isdecimal() and len(text) < 9 else 1


def _narrow(data: bytes) -> bytes:
    """The bytes without the zeros of UTF-16, so that an ASCII stream name can be looked for."""
    return data[-262_144:].replace(b"\0", b"") + data[:262_144].replace(b"\0", b"")


def _grid(book: Any, index: int, about: Any, left: int) -> Grid:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    hidden = about.visible != SheetVisibleEnum.Visible
    if about.typ != SheetTypeEnum.WorkSheet:
        return Grid(about.name, {}, (), hidden)
    sheet = book.get_sheet_by_index(index)
    top, side = sheet.start or (0, 0)
    cells: dict[tuple[int, int], Cell] = {}
    for r, row in enumerate(sheet.to_python(), start=top):
        for c, value in enumerate(row, start=side):
            if value != "" and value is not None:
                cells[r, c] = _cell(value)
        if len(cells) > left:
            raise fault("too_many_cells", about.name, cells=left)
    ranges = sheet.merged_cell_ranges or ()
    return Grid(about.name, cells, tuple((*first, *last) for first, last in ranges), hidden)


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return Cell(value, "bool")
    if isinstance(value, int | float):
        return Cell(float(value), "number")
    if isinstance(value, datetime):
        return Cell((value.replace(tzinfo=None) - EPOCH).total_seconds() / 86_400, "date")
    if isinstance(value, date):
        return Cell(float((value - EPOCH.date()).days), "date")
    if isinstance(value, time):
        return Cell((value.hour * 3600 + value.minute * 60 + value.second) / 86_400, "date")
    if isinstance(value, timedelta):
        return Cell(value.total_seconds() / 86_400, "date")
    return Cell(str(value).replace("\r\n", "\n"))

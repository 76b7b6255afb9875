"""The book as it is made at first, and single sheets that come later, drawn by openpyxl."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qforms.forms import sheet_style
from qforms.forms.cells import put
from qforms.workbook import charts, dashboard, draw
from qforms.workbook.book import LISTS, Place
from qforms.workbook.changes import shown as text_shown
from qforms.workbook.rows import Held
from qforms.workbook.standing import Published, Standing
from qforms.workbook.view import Sheet, Shown

AUTHOR = "qforms"


def write(target: Path, shown: Shown, serial: int) -> Published:
    """The whole book, written to `target`."""
    book = sheet_style.workbook()
    anchors: dict[str, tuple[str, int, int]] = {}
    if shown.figures is not None:
        board = dashboard.draw_sheet(book, shown.view, shown.figures, shown.lang).title
        anchors = {dashboard.anchor(p): (board, *at) for p, at in dashboard.PARTS.items()}
    places: dict[str, Place] = {}
    rows: dict[str, Held] = {}
    for sheet in shown.sheets:
        if sheet.rows or not sheet.passing:
            places[sheet.key], known = draw.create(book, sheet, shown.lang, shown.view.company, shown.as_of)
            rows |= known
    rows |= _lists(book, shown, serial)
    rows |= board_rows(shown)
    book.active = 0
    book.properties.creator = book.properties.lastModifiedBy = AUTHOR
    book.properties.title = shown.view.company
    with target.open("wb") as out:
        book.save(out)
        out.flush()
        os.fsync(out.fileno())
    return Published(Standing("", serial, places, rows, anchors), rows, added=len(rows))


def donor(sheet: Sheet, shown: Shown, title: str) -> tuple[bytes, Place, Mapping[str, Held]]:
    """One new sheet as a book of its own, to be grafted into the present one under `title`."""
    book = sheet_style.workbook()
    place, known = draw.create(book, sheet, shown.lang, shown.view.company, shown.as_of, title)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue(), place, known


def board_donor(shown: Shown, title: str) -> bytes:
    """看板 as a book of its own."""
    book = sheet_style.workbook()
    ws = dashboard.draw_sheet(book, shown.view, shown.figures, shown.lang)
    ws.title = title
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def board_rows(shown: Shown) -> dict[str, Held]:
    """What 看板 holds, part by part: row and column as drawn -> text."""
    if shown.figures is None:
        return {}
    texts: dict[str, dict[str, str]] = {part: {} for part in dashboard.PARTS}
    for spot in dashboard.spots(shown.view, shown.figures, shown.lang):
        texts[spot.part][f"{spot.row}.{spot.first}"] = text_shown(spot.value)
    told = charts.plain(charts.told(shown.figures, shown.lang))
    return {f"board/{part}": Held(texts=held) for part, held in {**texts, "charts": told}.items()}


def words(shown: Shown) -> dict[str, tuple[str, ...]]:
    """The drop-downs: defined name -> what it offers."""
    return {draw.list_name(s.key, c.key): c.words for s in shown.sheets for c in s.columns if c.words}


def _lists(book: Any, shown: Shown, serial: int) -> dict[str, Held]:
    """The hidden sheet of the drop-downs; its first cell is the number of the publication."""
    from openpyxl.workbook.defined_name import DefinedName

    ws = book.create_sheet(LISTS)
    ws.sheet_state = "hidden"
    ws.cell(1, 1, serial)
    known: dict[str, Held] = {}
    for i, (name, offered) in enumerate(words(shown).items(), start=2):
        for row, word in enumerate(offered, start=1):
            put(ws.cell(row, i), word)
        book.defined_names[name] = DefinedName(name, attr_text=list_area(i, offered))
        known[f"list/{name}"] = Held(texts={"words": "\n".join(offered)}, at=i)
    return known


def list_area(column: int, offered: tuple[str, ...]) -> str:
    """What the name of a drop-down refers to."""
    letter = draw.letter(column)
    return f"'{LISTS}'!${letter}$1:${letter}${max(len(offered), 1)}"

"""Marks in an .xlsx or .xlsm: cell formats, comments with their drawing, the red box in the guide row of our form or,
in other people's files, on a sheet of its own in front. No row is ever moved."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from qforms.model import Lang
from qforms.office import parts
from qforms.office.book import NOTE, fault, letters, place_of, range_of
from qforms.office.comments import edit_comments, edit_drawing
from qforms.office.sheet import Sheet, Span
from qforms.office.styles import Styles
from qforms.office.workbook import Workbook

if TYPE_CHECKING:
    from qforms.office.mark import Mark

BOX_NAME = NOTE + "_box"
BOX_SHEETS = ("请先看", "Please read")
_BOX_WIDTH = 96.0  # characters, of the sheet in front
_FRAMED = 2_000  # cells of one merged range that are framed
_SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews>'
    '<sheetView showGridLines="0" tabSelected="1" workbookViewId="0"/></sheetViews>'
    '<sheetFormatPr defaultRowHeight="15"/><cols><col min="1" max="1" width="2" customWidth="1"/>'
    f'<col min="2" max="2" width="{_BOX_WIDTH:g}" customWidth="1"/></cols><sheetData/></worksheet>'
).encode()


def mark(data: bytes, marks: Sequence[Mark], lines: Sequence[str], lang: Lang) -> bytes:
    """The workbook with `marks` and a box of `lines`. Raises OfficeFault for an address that is not in it."""
    book = _Book(data)
    by_sheet: dict[str, dict[Span, str]] = {name: {} for name in book.sheets}
    for m in marks:
        name, row, col = book.place(m.where)
        span = book.sheet(name).span(row, col)
        known = by_sheet[name].get(span)
        by_sheet[name][span] = f"{known}\n{m.text}" if known else m.text
    clean = book.styles.has_marks() or book.box is not None
    for name, spans in by_sheet.items():
        if spans or clean:
            _mark_sheet(book, name, spans)
    if lines:
        first = next((name for name, spans in by_sheet.items() if spans), next(iter(book.sheets), ""))
        _box(book, first, lines, lang)
    elif book.box:
        name, span = book.box
        book.sheet(name).write(span[0], span[1], "")
    return book.dump()


class _Book(Workbook):
    """The parts of a workbook that are being changed."""

    def __init__(self, data: bytes) -> None:
        super().__init__(parts.names(data), lambda name: parts.read(data, (name,))[name])
        self._data = data
        self._open: dict[str, Sheet] = {}
        # Sheet name -> part, of worksheets that people see.
        self.sheets = {p.title: p.part for p in self.places if p.kind == "worksheet" and p.visible}
        self.style_part = next((t for kind, t in self.links.values() if kind == "styles"), "xl/styles.xml")
        styles = self.part(self.style_part)
        if styles is None:
            raise fault("cannot_mark", format="xlsx")
        self.styles = Styles(styles)

    def sheet(self, name: str) -> Sheet:
        target = self.sheets[name]
        if target not in self._open:
            self._open[target] = Sheet(self.part(target) or b"", target)
        return self._open[target]

    def place(self, where: str) -> tuple[str, int, int]:
        """Sheet, row and column of 「反馈表!B7」. Raises OfficeFault when the workbook has no such cell."""
        name, _, ref = where.rpartition("!")
        place = place_of(ref)
        match = next((n for n in self.sheets if n.casefold() == name.casefold()), None)
        if match is None or place is None:
            raise fault("cannot_mark", where, format="xlsx")
        return match, *place

    @property
    def box(self) -> tuple[str, Span] | None:
        """Where an earlier return put its box."""
        for name in self.defined:
            if name.get("name") == BOX_NAME:
                sheet, _, ref = (name.text or "").rpartition("!")
                span, title = range_of(ref), sheet.strip("'").replace("''", "'")
                if span and title in self.sheets:
                    return title, span
        return None

    def names_in_row(self, sheet: str, row: int) -> bool:
        """Whether a field of ours stands in a row."""
        pattern = re.compile(r"(?:'((?:[^']|'')*)'|([^'!]*))!\$[A-Z]+\$(\d+)$")
        for name in self.defined:
            found = pattern.match(name.text or "")
            if found and name.get("name", "").startswith("qf_") and name.get("name") != BOX_NAME:
                title = (found[1] or found[2]).replace("''", "'")
                if title == sheet and int(found[3]) == row + 1:
                    return True
        return False

    def is_ours(self) -> bool:
        """Whether the workbook is a form of ours: it has names of fields, or our hidden sheet."""
        ours = any(n.get("name", "").startswith("qf_") and n.get("name") != BOX_NAME for n in self.defined)
        return ours or any(s.get("name") == "_qf" for s in self.root.iter(self.ns + "sheet"))

    def name_box(self, sheet: str, span: Span) -> None:
        """The defined name by which reader and next return know the box."""
        title = sheet.replace("'", "''")
        corner = [f"${letters(c)}${r + 1}" for r, c in (span[:2], span[2:])]
        self.define(BOX_NAME, f"'{title}'!{corner[0]}" + (f":{corner[1]}" if span[:2] != span[2:] else ""))

    def add_front_sheet(self, title: str) -> None:
        """A new first worksheet, shown when the file is opened; indexes that count sheets move up by one."""
        key = self.attach(self.main, "worksheet", f"worksheets/{NOTE}", _SHEET)
        part = self.relations(self.main)[key][1]
        sheets = self.root.find(self.ns + "sheets")
        attribute = next(k for s in sheets for k in s.attrib if k.endswith("}id"))
        number = max(int(s.get("sheetId", "0")) for s in sheets) + 1
        made = sheets.makeelement(self.ns + "sheet", {"name": title, "sheetId": str(number), attribute: key})
        sheets.insert(0, made)
        for name in self.defined:
            if name.get("localSheetId"):
                name.set("localSheetId", str(int(name.get("localSheetId")) + 1))
        for view in self.root.iter(self.ns + "workbookView"):
            view.attrib.pop("activeTab", None)
            view.attrib.pop("firstSheet", None)
        for name in self.sheets:
            self.sheet(name).deselect()
        self.sheets = {title: part, **self.sheets}

    def related(self, sheet: Sheet, kind: str) -> str:
        """The part of a kind that belongs to a sheet; "" when there is none."""
        links = self.relations(sheet.part)
        if kind == "vmlDrawing":
            return links.get(sheet.legacy_drawing(), ("", ""))[1]
        return next((t for k, t in links.values() if k == kind), "")

    def dump(self) -> bytes:
        for part, sheet in self._open.items():
            self.changes[part] = sheet.dump()
        self.changes[self.main] = parts.dump(self.root)
        self.changes[self.style_part] = self.styles.dump()
        return parts.rewrite(self._data, self.changes)


# ---------------------------------------------------------------- cells and notes


def _mark_sheet(book: _Book, name: str, spans: dict[Span, str]) -> None:
    """Takes earlier marks away, then marks the cells of `spans`."""
    sheet, styles = book.sheet(name), book.styles
    box = book.box
    gone: set[str] = set()
    for row, col, style in sheet.styled():
        in_box = box is not None and box[0] == name and box[1][0] <= row <= box[1][2]
        if styles.is_mark(style) and not in_box:
            sheet.set_style(row, col, styles.original(style))
            gone.add(f"{letters(col)}{row + 1}")
    for span in spans:
        _frame(sheet, styles, span, fault_cell=True)
    notes = {f"{letters(s[1])}{s[0] + 1}": text for s, text in spans.items()}
    _notes(book, sheet, notes, gone)


def _frame(sheet: Sheet, styles: Styles, span: Span, *, fault_cell: bool) -> None:
    """Colours a range and draws one frame around it."""
    top, left, bottom, right = span
    if (bottom - top + 1) * (right - left + 1) > _FRAMED:
        bottom, right = top, left
    for row in range(top, bottom + 1):
        for col in range(left, right + 1):
            edges = {"top": row == top, "bottom": row == bottom, "left": col == left, "right": col == right}
            sides = frozenset(side for side, at_edge in edges.items() if at_edge)
            base = sheet.style(row, col)
            sheet.set_style(row, col, styles.marked(base, sides) if fault_cell else styles.box(base, sides))


def _notes(book: _Book, sheet: Sheet, notes: dict[str, str], gone: set[str]) -> None:
    from qforms.office.mark import sentences

    part, drawing = book.related(sheet, "comments"), book.related(sheet, "vmlDrawing")
    if not notes and not part:
        return
    texts = {ref: sentences(text) for ref, text in notes.items()}
    content, changed = edit_comments(book.part(part) if part else None, texts, gone)
    if not changed:
        return
    places = {place: text for ref, text in changed.items() if (place := place_of(ref))}
    shown = edit_drawing(book.part(drawing) if drawing else None, places, _Anchors(sheet).place)
    if part:
        book.changes[part] = content
    else:
        book.attach(sheet.part, "comments", "comments", content)
    if drawing:
        book.changes[drawing] = shown
    else:
        sheet.set_legacy_drawing(book.attach(sheet.part, "vmlDrawing", "drawings/vmlDrawing", shown))


class _Anchors:
    """Places notes in the empty columns right of the form, each beside its cell, none over another."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._col = min(sheet.last_col, 60) + 1
        self._free = 0.0  # points from the top of the sheet

    def place(self, ref: tuple[int, int], text: str) -> str:
        """An x:Anchor: column, offset, row, offset of the upper left corner, then of the lower right; in pixels."""
        lines = sum(max(1, math.ceil(_length(line) / 36)) for line in text.split("\n"))
        top = max(sum(self._sheet.height(r) for r in range(min(ref[0], 2000))) - 6, self._free)
        bottom = top + 12.5 * lines + 12
        self._free = bottom + 6
        (first, down), (last, up) = self._row_at(top), self._row_at(bottom)
        return f"{self._col}, 12, {first}, {down}, {self._col + 4}, 10, {last}, {up}"

    def _row_at(self, points: float) -> tuple[int, int]:
        row = 0
        while row < 5000 and points >= (height := self._sheet.height(row)):
            points -= height
            row += 1
        return row, round(max(points, 0) * 4 / 3)


# ---------------------------------------------------------------- the red box


def _box(book: _Book, first: str, lines: Sequence[str], lang: Lang) -> None:
    """Writes the box where the last one stood, else into the guide row of our form, else on a new first sheet."""
    found = book.box or _guide(book, first)
    if found is None:
        title = next(t for t in (BOX_SHEETS[lang == "en"], "qforms", "qforms 2") if t not in book.sheets)
        book.add_front_sheet(title)
        found = title, (1, 1, 1, 1)
    name, span = found
    sheet = book.sheet(name)
    span = sheet.span(span[0], span[1])
    sheet.write(span[0], span[1], "\n".join(lines))
    _frame(sheet, book.styles, span, fault_cell=False)
    room = sheet.width(span[1], span[3]) * 1.05 - 4
    count = sum(max(1, math.ceil(_length(line) / max(room, 10))) for line in lines)
    sheet.set_height(span[0], min(14.5 * count + 13, 409))
    book.name_box(name, span)


def _guide(book: _Book, name: str) -> tuple[str, Span] | None:
    """Row 2 of our own form: one text over more than half of the width, and no field in it."""
    if not name or not book.is_ours() or book.names_in_row(name, 1):
        return None
    sheet = book.sheet(name)
    filled = sheet.filled(1)
    if len(filled) > 1:
        return None
    span = sheet.span(1, filled[0]) if filled else next((s for s in sheet.spans if s[0] == s[2] == 1), None)
    if span is None or span[0] != span[2] or (span[3] - span[1] + 1) * 2 <= sheet.last_col:
        return None
    return name, span


def _length(text: str) -> int:
    """Columns of a fixed-width font: East Asian characters count two."""
    return sum(2 if east_asian_width(c) in "WFA" else 1 for c in text)

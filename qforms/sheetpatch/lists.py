"""The lists of a sheet: where the one that grows ends, and what goes with it in other parts: tables, names, charts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import unescape
from typing import Any
from xml.sax.saxutils import escape

from qforms.office import parts
from qforms.office.book import fault
from qforms.office.workbook import Workbook
from qforms.sheetpatch.job import Listed
from qforms.sheetpatch.plan import SheetEdit
from qforms.sheetpatch.refs import COLUMNS, Moves, corners, letters, moved, moved_formula, range_of

_CHARTS = ("drawingml.chart+xml", "chartex+xml")
_PIVOT = "pivotCacheDefinition+xml"
_F = re.compile(r"(<(?:[\w.-]+:)?f(?=[\s>])[^>]*>)([^<]+)")
_SOURCE = re.compile(r"<(?:[\w.-]+:)?worksheetSource\b[^>]*>")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a sheet, as its part has it."""

    part: str
    root: Any
    top: int
    left: int
    bottom: int  # with its totals
    right: int
    totals: int

    @property
    def end(self) -> int:
        return self.bottom - self.totals


def tables(book: Workbook, sheet: str) -> list[Table]:
    found = []
    for kind, part in book.relations(sheet).values():
        if kind == "table" and (data := book.part(part)) is not None:
            root = parts.load(data, part)
            box = corners(root.get("ref", ""))
            if box is None:
                raise fault("unreadable_file", part, reason=f"ref {root.get('ref')}")
            found.append(Table(part, root, *box, int(root.get("totalsRowCount", "0"))))
    return found


def listed(edit: SheetEdit, known: list[Table], below: bool, last_of_sheet: Callable[[], int]) -> Listed | None:
    """The list of an edit, if it has one; `below`: what stands under it has to move. Raises OfficeFault."""
    if not edit.head:
        return None
    named = {c for r in (*edit.new, *edit.rows.values()) for c in r.values}
    ours = [t for t in known if t.top == edit.head and t.root.get("headerRowCount", "1") != "0"]
    own = next((t for t in ours if any(t.left <= c <= t.right for c in named)), next(iter(ours), None))
    last = edit.last or (own.end if own else last_of_sheet())
    last = max(last, edit.head)
    end = max(own.end, last) if own else last
    gone = tuple(sorted(g for g in edit.gone if edit.head < g <= last))
    new_end = max(end - len(gone), last - len(gone) + len(edit.new), edit.head + (own is not None))
    others = [t for t in known if t is not own]
    alone = not any(t.top <= end and t.bottom > edit.head for t in others)
    moving = below or bool(own and own.totals)
    if not alone and (gone or (moving and new_end != end)):
        if any(t.top <= end < t.bottom or (gone and t.top <= last and t.bottom > edit.head) for t in others):
            raise fault("book_no_room", f"{edit.sheet}!{end + 1}")
        alone = True
    ends = frozenset(e for e in (own.end if own else last, last, end) if e > edit.head) or frozenset({edit.head + 1})
    left, right = (own.left, own.right) if own else (min(named, default=1), max(named, default=COLUMNS))
    moves = Moves(edit.head + 1, end, new_end, ends, gone, moving)
    return Listed(last, left, right, moves, _calculated(own) if own else {}, alone)


def headings(edit: SheetEdit, known: Iterable[Table]) -> None:
    """Refuses to write into the headings of a table: its part names its columns, and formulas speak of them."""
    for table in known:
        change = edit.rows.get(table.top)
        if change and table.root.get("headerRowCount", "1") != "0":
            names = [c.get("name") for c in table.root.iter(parts.space(table.root) + "tableColumn")]
            for column, value in change.values.items():
                if table.left <= column <= table.right and names[column - table.left] != value:
                    raise fault("book_heading", f"{edit.sheet}!{letters(column)}{table.top}")


def _calculated(table: Table) -> dict[int, str]:
    """Column -> formula of the columns that the table calculates."""
    space = parts.space(table.root)
    found = {}
    for i, column in enumerate(table.root.iter(space + "tableColumn")):
        formula = column.find(space + "calculatedColumnFormula")
        if formula is not None and formula.text and formula.get("array") not in ("1", "true"):
            found[table.left + i] = formula.text
    return found


def stretch(book: Workbook, known: list[Table], moves: Moves) -> None:
    """Tables reach to the new end of the list, or go where the rows below it go."""
    for table in known:
        space = parts.space(table.root)
        if table.top == moves.first - 1 and table.end in moves.ends:
            box = (table.top, table.left, moves.new_end + table.totals, table.right)
            body = (table.top, table.left, moves.new_end, table.right)
        elif moves.by and table.top > moves.end:
            box = (table.top + moves.by, table.left, table.bottom + moves.by, table.right)
            body = (*box[:2], box[2] - table.totals, box[3])
        else:
            continue
        first = table.root.attrib.pop("insertRow", None)  # said of a table that has no row yet
        if range_of(*box) == table.root.get("ref") and not first:
            continue
        table.root.set("ref", range_of(*box))
        for element in table.root.iter(space + "autoFilter"):
            element.set("ref", range_of(*body))
        for name in ("sortState", "sortCondition"):
            for element in table.root.iter(space + name):
                element.set("ref", moved(element.get("ref", ""), moves) or element.get("ref", ""))
        book.changes[table.part] = parts.dump(table.root)


def follow(book: Workbook, title: str, moves: Moves) -> None:
    """Defined names, charts and pivot sources of the whole book that speak of the list."""
    for name in book.defined:
        text = name.text or ""
        now = moved_formula(text, "", title, moves)
        if now != text:
            name.text = now
            book.dirty = True
    for part in _typed(book, (*_CHARTS, _PIVOT)):
        data = book.part(part)
        if data is None or escape(title).encode() not in data:
            continue
        text = data.decode("utf-8", "replace")
        now = _SOURCE.sub(lambda m: _source(m[0], title, moves), text) if b"worksheetSource" in data else _F.sub(
            lambda m: m[1] + escape(moved_formula(unescape(m[2]), "", title, moves, single=True)), text
        )  # fmt: skip
        if now != text:
            book.changes[part] = now.encode()


def _source(element: str, title: str, moves: Moves) -> str:
    sheet, ref = re.search(r'\bsheet="([^"]*)"', element), re.search(r'\bref="([^"]*)"', element)
    if sheet is None or ref is None or unescape(sheet[1]).casefold() != title.casefold():
        return element
    return element[: ref.start(1)] + (moved(ref[1], moves) or ref[1]) + element[ref.end(1) :]


def _typed(book: Workbook, kinds: Iterable[str]) -> list[str]:
    """The parts of some content types."""
    types = parts.load(book.part(book.actual(parts.CONTENT_TYPES)) or b"", parts.CONTENT_TYPES)
    return [
        book.actual(e.get("PartName", "").lstrip("/")) for e in types if e.get("ContentType", "").endswith(tuple(kinds))
    ]

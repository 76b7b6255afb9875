"""One sheet of the present book, brought up to what the view says, without touching what is not ours.

Cells are found by the hidden id of their row; new rows come at the end; nothing is sorted; a cell that the office has
changed since it was last read is left alone until it has been read."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from qforms.forms.cells import clean, put, text_of
from qforms.model import Lang, Problem
from qforms.problems import say
from qforms.workbook import draw
from qforms.workbook.actions import ACTIONS
from qforms.workbook.book import HEAD_ROW, ID, REVISION, Found, find
from qforms.workbook.view import Cell, Column, Row, Sheet

Known = Mapping[str, tuple[int, Mapping[str, str]]]  # row id -> (revision, texts by column) as last written or read
BECAME = "@id"  # in `Known`, for a row that the office typed: the id of the record that it became
AUTHOR = "qforms"
FAULTS = {"formula": "workbook_formula", "error": "workbook_error_value"}  # of a cell that holds no value


def new_row_id(sheet: Sheet, row: int) -> str:
    """The name of a row without an id, until the book carries the id of the record that it became."""
    return f"new/{sheet.key}/{row}"


@dataclass(slots=True)
class Written:
    """What the rows of a sheet hold now, and what was done."""

    rows: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    added: int = 0
    changed: int = 0
    removed: int = 0
    unread: int = 0  # cells of the office left alone, because they have not been read since they were changed
    restored: list[str] = field(default_factory=list)  # addresses of overwritten cells put back


def write(book: Any, sheet: Sheet, known: Known, lang: Lang, company: str, as_of: datetime) -> Written:
    """Updates or creates the sheet. `as_of` (naive, local) dates the notes on cells that were put back."""
    done = Written()
    found = find(book, sheet)
    if found is None:
        ws = draw.create(book, sheet, lang, company)
        found = find(book, sheet)
        assert found is not None, ws.title
    at, known = _rows_by_id(found, sheet, known)
    shown = {row.id for row in sheet.rows}
    for row in sheet.rows:
        if row.id in at:
            _update(found, at[row.id], sheet, row, known.get(row.id), lang, as_of, done)
    gone = [r for id_, r in at.items() if id_ not in shown]
    waiting = {r for id_, r in at.items() if id_ not in shown and _unread(found, r, sheet, known.get(id_))}
    gone = [r for r in gone if r not in waiting]
    done.unread += len(waiting)
    _remove(found, gone)
    done.removed = len(gone)
    end = _last(found)
    for row in sheet.rows:
        if row.id not in at:
            end += 1
            _append(found, end, sheet, row, done)
            if sheet.form and row.id in known:
                number = row.id.partition("/")[2]
                _explain(found, end, sheet.columns[0].key, "workbook_row_deleted", number, lang, as_of)
    _stretch(found, end)
    _note_time(found, sheet, lang, as_of)
    return done


def _rows_by_id(found: Found, sheet: Sheet, known: Known) -> tuple[dict[str, int], Known]:
    """Row numbers by id, and what the rows held. Of a row that was copied the one that still holds what we wrote is the
    original. A row that the office typed and that has become a record since takes that record's id."""
    held = dict(known)
    at: dict[str, int] = {}
    free: list[int] = []
    for row in found.rows:
        id_ = found.id(row)
        if not id_:
            free.append(row)
        elif id_ not in at:
            at[id_] = row
        elif same(found, row, sheet, known.get(id_)) and not same(found, at[id_], sheet, known.get(id_)):
            free.append(at[id_])
            at[id_] = row
        else:
            free.append(row)
    for row in free:
        id_ = became(found, row, sheet, known)
        if id_ and id_ not in at:
            at[id_] = row
            _set(found, row, ID, id_)
            held.setdefault(id_, known.get(new_row_id(sheet, row), (0, {})))
    return at, held


def same(found: Found, row: int, sheet: Sheet, known: tuple[int, Mapping[str, str]] | None) -> bool:
    """Whether a row holds what it held when it was last written or read."""
    return known is not None and all(found.text(row, k) == v for k, v in known[1].items() if k != BECAME)


def became(found: Found, row: int, sheet: Sheet, known: Known) -> str:
    """The id of the record that a typed row became: by its place, else by what it holds; "" when it is still new."""
    here = known.get(new_row_id(sheet, row))
    if here is not None and BECAME in here[1]:
        return here[1][BECAME]
    prefix = f"new/{sheet.key}/"
    for id_, entry in known.items():
        if id_.startswith(prefix) and BECAME in entry[1] and same(found, row, sheet, entry):
            return entry[1][BECAME]
    return ""


def _unread(found: Found, row: int, sheet: Sheet, known: tuple[int, Mapping[str, str]] | None) -> bool:
    """Whether the office has written something in the row that has not been read yet."""
    return known is not None and any(
        found.text(row, c.key) != known[1].get(c.key, "") for c in sheet.columns if c.office and c.key in found.columns
    )


def _update(
    found: Found,
    at: int,
    sheet: Sheet,
    row: Row,
    known: tuple[int, Mapping[str, str]] | None,
    lang: Lang,
    as_of: datetime,
    done: Written,
) -> None:
    base = known[1] if known else {}
    held: dict[str, str] = {}
    for column in sheet.columns:
        key = column.key
        if key not in found.columns:
            continue
        value = row.cells.get(key)
        new, present = shown(value), found.text(at, key)
        held[key] = new
        if present == new and not found.fault(at, key):
            pass
        elif column.office and key in base and present != base[key]:
            if fault := found.fault(at, key):
                _explain(found, at, key, FAULTS[fault], present, lang, as_of)
            done.unread += not fault
            held[key] = base[key]  # not read yet: it stays, and what it is compared with stays too
            continue
        else:
            overwritten = not column.office and key in base and present != base[key]
            _set(found, at, key, value)
            done.changed += 1
            if overwritten:
                done.restored.append(found.address(at, key))
                _explain(found, at, key, "workbook_restored", present, lang, as_of)
            elif key == "action" and present and present not in ACTIONS:
                _explain(found, at, key, "workbook_unknown_action", present, lang, as_of)
        _link(found, at, column, row)
    _set(found, at, REVISION, row.revision)
    done.rows[row.id] = (row.revision, held)


def _append(found: Found, at: int, sheet: Sheet, row: Row, done: Written) -> None:
    _dress(found, at, sheet)
    for column in sheet.columns:
        if column.key in found.columns:
            _set(found, at, column.key, row.cells.get(column.key))
            _link(found, at, column, row)
    _set(found, at, ID, row.id)
    _set(found, at, REVISION, row.revision)
    texts = {c.key: shown(row.cells.get(c.key)) for c in sheet.columns if c.key in found.columns}
    done.rows[row.id] = (row.revision, texts)
    done.added += 1


def shown(value: Cell) -> str:
    """The text that a value will be read back as."""
    return text_of(clean(value) if isinstance(value, str) else value)


def _set(found: Found, row: int, key: str, value: Cell) -> None:
    from openpyxl.cell.cell import MergedCell

    column = found.columns.get(key)
    if column is None:
        return
    cell = found.ws.cell(row, column)
    if isinstance(cell, MergedCell):  # the office merged it away: its first cell shows what is there
        return
    form = cell.number_format
    put(cell, value)
    cell.number_format = form


def _link(found: Found, row: int, column: Column, shown_row: Row) -> None:
    from openpyxl.worksheet.hyperlink import Hyperlink

    target = shown_row.links.get(column.key)
    cell = found.ws.cell(row, found.columns[column.key])
    if not target:
        return
    if target.startswith("#"):
        cell._hyperlink = Hyperlink(ref=cell.coordinate, location=target[1:])
    else:
        cell._hyperlink = Hyperlink(ref=cell.coordinate, target=target)


def _explain(found: Found, row: int, key: str, code: str, text: str, lang: Lang, as_of: datetime) -> None:
    """A note on a cell: what was wrong with what stood there, and what to do (P31)."""
    from openpyxl.comments import Comment

    column = found.columns.get(key)
    if column is None:
        return
    label = found.text(found.head, key)
    problem = Problem(code, found.address(row, key), key, {"text": text, "number": text})
    words = f"{as_of:%Y-%m-%d %H:%M} {say(problem, lang, label)}"
    found.ws.cell(row, column).comment = Comment(clean(words)[:500], AUTHOR, height=80, width=240)


def _dress(found: Found, at: int, sheet: Sheet) -> None:
    """Formats for a new row: those that stand there already, else those of the row above, else ours."""
    ws = found.ws
    if any(ws.cell(at, c).has_style for c in found.columns.values()):
        return
    if at - 1 > found.head:
        for column in range(1, ws.max_column + 1):
            ws.cell(at, column)._style = copy(ws.cell(at - 1, column)._style)
        ws.row_dimensions[at].height = ws.row_dimensions[at - 1].height
    elif found.head == HEAD_ROW:
        draw.format_row(ws, at, sheet)


def _last(found: Found) -> int:
    ws, columns = found.ws, list(found.columns.values())
    row = ws.max_row
    while row > found.head and all(ws.cell(row, c).value in (None, "") for c in columns):
        row -= 1
    return int(row)


def _remove(found: Found, rows: list[int]) -> None:
    """Takes rows out; those below move up whole, with the office's own columns, formats, notes and hidden state."""
    if not rows:
        return
    ws, out, last = found.ws, set(rows), max(max(found.rows), max(rows))
    first = min(rows)
    if any(m.max_row >= first for m in ws.merged_cells.ranges):  # moving would tear merged cells: empty them instead
        for row in rows:
            for key in found.columns:
                _set(found, row, key, None)
        return
    target = first
    for row in range(first, last + 1):
        if row not in out:
            _move(ws, row, target)
            target += 1
    for row in range(target, last + 1):
        for column in range(1, ws.max_column + 1):
            cell = ws.cell(row, column)
            cell.value, cell.comment, cell._hyperlink = None, None, None
        ws.row_dimensions[row].hidden = False


def _move(ws: Any, source: int, target: int) -> None:
    from openpyxl.comments import Comment
    from openpyxl.formula.translate import Translator
    from openpyxl.worksheet.hyperlink import Hyperlink

    if source == target:
        return
    for column in range(1, ws.max_column + 1):
        old, new = ws.cell(source, column), ws.cell(target, column)
        value, kind = old.value, old.data_type
        if kind == "f" and isinstance(value, str):
            value = Translator(value, old.coordinate).translate_formula(new.coordinate)
        new.value, new._style = value, copy(old._style)
        new.data_type = kind
        note, link = old.comment, old.hyperlink
        old.comment, old._hyperlink = None, None
        new.comment = Comment(note.text, note.author, note.height, note.width) if note else None
        new._hyperlink = (
            Hyperlink(ref=new.coordinate, target=link.target, location=link.location, display=link.display)
            if link
            else None
        )
    ws.row_dimensions[target].height = ws.row_dimensions[source].height
    ws.row_dimensions[target].hidden = ws.row_dimensions[source].hidden


def _stretch(found: Found, end: int) -> None:
    """The table, its filter and the print area reach to the last row; their columns are the office's to choose."""
    from openpyxl.utils import get_column_letter, range_boundaries
    from openpyxl.worksheet.table import Table, TableStyleInfo

    ws, end = found.ws, max(end, found.head + 1)
    bounds: Any = range_boundaries
    last = get_column_letter(max(found.columns.values()))
    table = next((t for t in ws.tables.values() if bounds(t.ref)[1] == found.head), None)
    if table is not None:
        left, top, right, _ = bounds(table.ref)
        table.ref = f"{get_column_letter(left)}{top}:{get_column_letter(right)}{end}"
        if table.autoFilter is not None:
            table.autoFilter.ref = table.ref
    elif ws.auto_filter.ref:
        left, top, right, _ = bounds(ws.auto_filter.ref)
        ws.auto_filter.ref = f"{get_column_letter(left)}{top}:{get_column_letter(right)}{end}"
    else:
        name = f"qf_table_{ws.parent.index(ws) + 1}_{len(ws.parent.sheetnames)}"
        table = Table(displayName=name, ref=f"A{found.head}:{last}{end}")
        table.tableStyleInfo = TableStyleInfo(name=None, showRowStripes=False)
        ws.add_table(table)
    area = str(ws.print_area or "").rpartition("!")[2].replace("$", "")
    right_column = area.partition(":")[2].rstrip("0123456789") or last
    ws.print_area = f"A1:{right_column}{end}"


def _note_time(found: Found, sheet: Sheet, lang: Lang, as_of: datetime) -> None:
    """Row 2: as of when, and how many."""
    if found.head < 2:
        return
    when = f"截至 {as_of:%Y-%m-%d %H:%M}　" if lang == "zh" else f"As of {as_of:%Y-%m-%d %H:%M}   "
    cell = found.ws.cell(found.head - 1, 1)
    if type(cell).__name__ != "MergedCell":
        put(cell, when + sheet.summary[lang])

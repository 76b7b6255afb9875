"""What has to be written into one sheet of the book so that it says what the view says. Pure.

Rows are known by their ids, new ones come at the end, nothing is sorted; a cell in which somebody wrote what could not
be taken stays as it is, with the reason beside it, until it is put right."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from qforms.forms.cells import clean, text_of
from qforms.model import EMPTY, Lang, Problem
from qforms.problems import say
from qforms.sheetpatch import RowEdit, SheetEdit, Value
from qforms.workbook.book import ID, REVISION, Place
from qforms.workbook.layout import VOID
from qforms.workbook.rows import Held, Known, Mark
from qforms.workbook.view import Cell, Column, Row, Sheet

_NOTE = 500  # characters of a comment
_NOTED = timedelta(days=3)  # after which a comment on what was put back is taken away


@dataclass(slots=True)
class Changes:
    """The edit of one sheet, and what its rows hold after it. `rows`: id -> the row, its `at` that of before; `new`:
    ids of the rows that are appended, in order; `gone`: ids that stand in the sheet no more."""

    edit: SheetEdit
    rows: dict[str, Held] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    changed: int = 0
    restored: list[str] = field(default_factory=list)

    @property
    def any(self) -> bool:
        return bool(self.edit.rows or self.edit.new or self.edit.gone)


def shown(value: Cell) -> str:
    """The text that a value will be read back as."""
    return clean(value).strip() if isinstance(value, str) else text_of(value)


def written(row: Row, columns: Mapping[str, int], at: int = 0) -> tuple[dict[int, Value], Held]:
    """A row that is written for the first time: its values by column, and what it holds then."""
    values: dict[int, Value] = {}
    texts: dict[str, str] = {}
    for key, value in row.cells.items():
        column = columns.get(key)
        if value is None or column is None:
            continue
        if isinstance(value, str):
            if not (value := clean(value)):
                continue
            text = value.strip()
        else:
            text = text_of(value)
        values[column] = value
        if text:
            texts[key] = text
    return values, Held(row.revision, texts, at)


def changes(
    sheet: Sheet, place: Place, known: Known, lang: Lang, as_of: datetime, before: Mapping[str, Row] = EMPTY
) -> Changes:
    """`known`: the rows of this sheet as they stand; `before`: those of the view as last written, if nothing has been
    read since. `as_of` (naive, local) dates the comments."""
    done = Changes(SheetEdit(place.title))
    edits: dict[int, RowEdit] = {}
    new: list[RowEdit] = []
    became = {h.became: i for i, h in known.items() if h.became and h.at}
    known = _ready_last(sheet, known, became)
    for row in sheet.rows:
        if before.get(row.id) is row and _stands(row.id, known) and not known[row.id].marks:
            continue
        id_ = row.id if _stands(row.id, known) else became.get(row.id, "")
        if not id_:
            edit, done.rows[row.id] = _new(sheet, place, row, row.id in known, lang, as_of)
            new.append(edit)
            done.new.append(row.id)
            continue
        if change := _row(sheet, place, row, id_, known[id_], as_of.date(), done):
            edits[known[id_].at] = change
        if id_ != row.id:
            done.gone.add(id_)
    out = _gone({r.id for r in sheet.rows}, known, done)
    edits |= _explained(place, known, as_of.date(), done)
    taken = frozenset(known[i].at for i in out)
    done.edit = SheetEdit(place.title, edits, tuple(new), taken, place.head, place.last)
    return done


def _ready_last(sheet: Sheet, known: Known, became: Mapping[str, str]) -> Known:
    """New records take the places of rows that stand ready and untouched; those follow them, in order, at the end."""
    new = [r.id for r in sheet.rows if r.id not in known and r.id not in became and not _is_ready(r)]
    ready = [r.id for r in sheet.rows if _is_ready(r) and _stands(r.id, known) and _untouched(known[r.id])]
    if not new or not ready:
        return known
    places = sorted((known[id_] for id_ in ready), key=lambda row: row.at)
    moved = {id_: row for id_, row in known.items() if id_ not in ready}
    for id_, row in zip([*new, *ready], places, strict=False):
        moved[id_] = dc.replace(row, revision=-1)
    return moved


def _stands(id_: str, known: Known) -> bool:
    return id_ in known and known[id_].at > 0


def _is_ready(row: Row) -> bool:
    return row.id.startswith("reserved/") and row.cells.get("status") not in VOID.values()


def _untouched(held: Held) -> bool:
    return not held.marks and not held.became and held.texts.keys() <= {"number", "status"}


def _gone(shown: set[str], known: Known, done: Changes) -> list[str]:
    """Rows that the view does not show any more; those that somebody typed and that could not be taken stay."""
    out = []
    for id_, row in known.items():
        typed = id_.startswith("new/")
        if id_ in shown or id_ in done.gone or (typed and not row.became):
            continue
        done.gone.add(id_)
        if row.at and not typed:
            out.append(id_)
    return out


def _explained(place: Place, known: Known, today: date, done: Changes) -> dict[int, RowEdit]:
    """The comments on typed rows that could not be taken."""
    edits: dict[int, RowEdit] = {}
    for id_, row in known.items():
        if not id_.startswith("new/") or row.became or not row.at or all(m.at for m in row.marks.values()):
            continue
        notes = {place.columns[k]: m.said[:_NOTE] for k, m in row.marks.items() if k in place.columns}
        marks = {k: dc.replace(m, at=today.isoformat()) for k, m in row.marks.items() if m.said}
        edits[row.at] = RowEdit(notes=notes)
        done.rows[id_] = dc.replace(row, marks=marks)
    return edits


def _row(sheet: Sheet, place: Place, row: Row, id_: str, was: Held, today: date, done: Changes) -> RowEdit | None:
    values: dict[int, Value] = {}
    links: dict[int, str] = {}
    notes: dict[int, str] = {}
    texts = dict(was.texts)
    marks: dict[str, Mark] = {}
    for column in sheet.columns:
        if column.key in place.columns:
            _cell(column, place.columns[column.key], row, was, today, values, links, notes, texts, marks)
    if id_ != row.id or was.revision != row.revision or ID in was.marks:
        values |= {place.columns[k]: v for k, v in ((ID, row.id), (REVISION, row.revision)) if k in place.columns}
    if not values and not notes:
        if marks != was.marks or id_ != row.id:
            done.rows[row.id] = Held(row.revision, texts, was.at, "", marks)
        return None
    done.changed += len(values)
    done.restored += [f"{place.title}!{k}{was.at}" for k, m in marks.items() if not m.stays and not was.marks[k].at]
    done.rows[row.id] = Held(row.revision, texts, was.at, "", marks)
    return RowEdit(values, links, notes)


def _cell(
    column: Column,
    at: int,
    row: Row,
    was: Held,
    today: date,
    values: dict[int, Value],
    links: dict[int, str],
    notes: dict[int, str],
    texts: dict[str, str],
    marks: dict[str, Mark],
) -> None:
    key, mark = column.key, was.marks.get(column.key)
    new, present = shown(row.cells.get(key)), was.texts.get(key, "")
    free = column.office and column.field is None  # 处理, 说明: the office's alone, emptied when they were carried out
    stays = (mark is not None and mark.stays and present != new) or (free and mark is None)
    if not stays and (present != new or (mark is not None and not mark.at and not mark.stays)):
        values[at] = _value(row.cells.get(key))
        texts[key] = new
        if not new:
            del texts[key]
        if (link := row.links.get(key)) or present != new:
            links[at] = link or ""
    if mark is None:
        return
    if (mark.stays and not stays) or not mark.said or _over(mark, today):
        notes[at] = ""
        return
    marks[key] = mark
    if not mark.at:
        notes[at] = mark.said[:_NOTE]
        marks[key] = dc.replace(mark, at=today.isoformat())


def _over(mark: Mark, today: date) -> bool:
    return bool(mark.at) and not mark.stays and today - date.fromisoformat(mark.at) > _NOTED


def _new(sheet: Sheet, place: Place, row: Row, deleted: bool, lang: Lang, as_of: datetime) -> tuple[RowEdit, Held]:
    values, held = written(row, place.columns)
    for key, number in ((ID, row.id), (REVISION, row.revision)):
        if key in place.columns:
            values[place.columns[key]] = number
    links = {place.columns[k]: target for k, target in row.links.items() if k in place.columns and target}
    notes: Mapping[int, str] = {}
    if deleted and sheet.form and (first := place.columns.get(sheet.columns[0].key)):
        number = row.id.partition("/")[2]
        problem = Problem("workbook_row_deleted", place.title, sheet.columns[0].key, {"number": number})
        notes = {first: f"{as_of:%Y-%m-%d %H:%M} {say(problem, lang)}"[:_NOTE]}
    return RowEdit(values, links, notes), held


def _value(value: Cell) -> Value:
    return clean(value) or None if isinstance(value, str) else value

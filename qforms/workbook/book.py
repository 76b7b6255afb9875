"""The present master.xlsx as it lies there: sheets, columns and rows found again whatever people did to them.

A sheet is found by a defined name (it follows renaming and moving), else by its title in either language; a column by
its heading, and one that was renamed by what stands below it and beside it. What is not ours is never looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from qforms.model import EMPTY, QformsError
from qforms.office.book import OfficeFault
from qforms.problems import say, told
from qforms.sheetpatch import Reader
from qforms.workbook.rows import Known
from qforms.workbook.view import Sheet

ID, REVISION = "qf_id", "qf_rev"  # headings of the two hidden columns
LISTS: Final = "_lists"  # the hidden sheet of the drop-downs; its first cell holds the number of the publication
HEAD_ROW = 3
_SEARCH_ROWS = 12  # the heading stands in one of these
_ALIKE = 0.6  # a column is one that was renamed if so much of it is what it held


class Busy(Exception):
    """The book cannot be read just now: a program is writing it, or it is gone for a moment. Try again later."""


class Damaged(Busy):
    """What lies there is no workbook, or only half of one: busy for a while, then to be made anew."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sheet of ours stands in the book. `columns`: key -> column number; `last`: the last row of the list that
    holds anything; `shown`: whether we last left it visible (sheets that come and go)."""

    title: str
    head: int
    last: int
    columns: Mapping[str, int]
    shown: bool = True
    width: int = 0  # the last column that has a heading


@dataclass(frozen=True, slots=True)
class Seen:
    """A row of the book. `faults`: key -> "formula" or "error" where a cell holds one instead of a value."""

    at: int
    id: str
    revision: int
    texts: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Picture:
    """The book as read: who saved it last, of which publication it is, and our sheets by key."""

    by: str
    serial: int
    sheets: Mapping[str, tuple[Place, tuple[Seen, ...]]]
    anchors: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)  # name -> (title, row, column)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A Reader of the book. Raises Damaged for one that is half written or none at all, QformsError for one that is
    shared (P21) or locked by a password."""
    try:
        with Reader(path) as reader:
            yield reader
    except OfficeFault as fault:
        if fault.problem.code in ("book_shared", "book_encrypted"):
            raise QformsError(told(fault.problem)) from fault
        raise Damaged(f"{path.name}: {say(fault.problem, 'zh')}") from fault
    except OSError as fault:
        raise Busy(f"{path.name}: {fault.strerror}") from fault


def picture(path: Path, sheets: tuple[Sheet, ...], known: Known, before: Mapping[str, Place]) -> Picture:
    """Everything of ours in the book. `sheets` are those that may be there, `known` and `before` what they held and
    where they stood when last seen. Raises as `opened`."""
    with opened(path) as reader:
        found: dict[str, tuple[Place, tuple[Seen, ...]]] = {}
        by_sheet = _by_sheet(known)
        for sheet in sheets:
            title = _title(reader, sheet)
            if title and (read := _read(reader, title, sheet, by_sheet.get(sheet.key, {}), before.get(sheet.key))):
                found[sheet.key] = read
        return Picture(reader.modified_by, _serial(reader), found, _anchors(reader))


def sheet_name(key: str) -> str:
    """The defined name that marks the head of a sheet."""
    return f"qf_sheet_{key}"


def sheet_of(id_: str) -> str:
    """The key of the sheet that a row id belongs to."""
    kind, _, rest = id_.partition("/")
    return rest.partition("/")[0] if kind in ("new", "reserved") else _SHEETS.get(kind, kind)


_SHEETS: Final = {  # what a row is -> the sheet it stands on; a record stands on the sheet of its form
    "task": "todo",
    "clock": "todo",
    "deadline": "clocks",
    "document": "documents",
    "measure": "measures",
    "cost": "costs",
    "signature": "signatures",
    "mail": "mails",
    "letter": "letters",
    "conflict": "conflicts",
}


# ---------------------------------------------------------------- finding


def _by_sheet(known: Known) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for id_, held in known.items():
        found.setdefault(sheet_of(id_), {})[id_] = held
    return found


def _title(reader: Any, sheet: Sheet) -> str:
    place = _reference(reader.names.get(sheet_name(sheet.key), ""))
    titles = (place[0] if place else "", sheet.title.zh, sheet.title.en)
    return next((t for t in titles if t and t in reader.titles), "")


def _reference(text: str) -> tuple[str, int, int] | None:
    """'待办'!$A$3 as (title, row, column); None where the cell is gone."""
    from openpyxl.utils.cell import column_index_from_string, coordinate_from_string

    title, _, cell = text.rpartition("!")
    try:
        letters, row = coordinate_from_string(cell.replace("$", "").partition(":")[0])
        return title.strip("'").replace("''", "'"), row, column_index_from_string(letters)
    except Exception:
        return None


def _anchors(reader: Any) -> dict[str, tuple[str, int, int]]:
    pairs = ((name, _reference(text)) for name, text in reader.names.items() if name.startswith("qf_board_"))
    return {name: place for name, place in pairs if place and place[0] in reader.titles}


def _serial(reader: Any) -> int:
    text = reader.cells(LISTS).text(1, 1) if LISTS in reader.titles else ""
    return int(text) if text.isdigit() else 0


def _read(
    reader: Any, title: str, sheet: Sheet, known: Known, before: Place | None
) -> tuple[Place, tuple[Seen, ...]] | None:
    cells = reader.cells(title)
    head, columns = _head(cells, sheet)
    if len(columns) < 2:
        return None
    rows = _rows(cells, head, columns)
    lost = {c.key for c in sheet.columns} - columns.keys()
    if lost and before is not None and (renamed := _renamed(cells, head, columns, rows, lost, known, before)):
        columns |= renamed
        rows = _rows(cells, head, columns)
    last = max((r.at for r in rows), default=head)
    width = max(_filled(cells, head))
    shown = before.shown if before is not None else True
    return Place(title, head, last, columns, shown, width), rows


def _head(cells: Any, sheet: Sheet) -> tuple[int, dict[str, int]]:
    """The row of the headings and the columns found in it."""
    wanted = {_heading(word): c.key for c in sheet.columns for word in (c.label.zh, c.label.en) if word}
    wanted |= {ID: ID, REVISION: REVISION}
    best: tuple[int, dict[str, int]] = (0, {})
    for row in range(1, min(_SEARCH_ROWS, cells.last) + 1):
        columns: dict[str, int] = {}
        for column in _filled(cells, row):
            key = wanted.get(_heading(cells.text(row, column)))
            if key:
                columns.setdefault(key, column)
        if len(columns) > len(best[1]):
            best = row, columns
    return best


def _filled(cells: Any, row: int) -> list[int]:
    """The columns of a row that hold anything."""
    return [c for c in range(1, len(cells.values[row - 1]) + 1) if cells.text(row, c)]


def _heading(text: str) -> str:
    return "".join(text.split()).casefold()


def _rows(cells: Any, head: int, columns: Mapping[str, int]) -> tuple[Seen, ...]:
    """The rows below the head that hold anything of ours."""
    own = [(k, c) for k, c in columns.items() if k not in (ID, REVISION)]
    id_column, revision_column = columns.get(ID, 0), columns.get(REVISION, 0)
    found = []
    for at in range(head + 1, cells.last + 1):
        texts = {k: t for k, c in own if (t := cells.text(at, c))}
        id_ = cells.text(at, id_column) if id_column else ""
        if not texts and not id_:
            continue
        faults = {k: f for k, c in own if k in texts and (f := cells.fault(at, c))}
        revision = cells.text(at, revision_column) if revision_column else ""
        found.append(Seen(at, id_, int(revision) if revision.isdigit() else 0, texts, faults or EMPTY))
    return tuple(found)


def _renamed(
    cells: Any,
    head: int,
    columns: Mapping[str, int],
    rows: tuple[Seen, ...],
    lost: set[str],
    known: Known,
    before: Place,
) -> dict[str, int]:
    """Columns whose heading somebody rewrote: those that hold what the lost one held; of an empty one, the column that
    still stands right of the same neighbour."""
    free = [c for c in _filled(cells, head) if c not in columns.values()]
    order = [k for k, _ in sorted(before.columns.items(), key=lambda pair: pair[1])]
    found: dict[str, int] = {}
    for key in sorted(lost & before.columns.keys(), key=order.index):
        held = [(r.at, known[r.id].texts.get(key, "")) for r in rows if r.id in known]
        said = [(at, text) for at, text in held if text]
        alike = {c: sum(cells.text(at, c) == text for at, text in said) for c in free}
        best = max(alike, key=lambda c: alike[c], default=0)
        if said and best and alike[best] >= _ALIKE * len(said):
            found[key] = best
        elif not said:
            neighbours = order[: order.index(key)]
            left = next((c for k in reversed(neighbours) if (c := {**columns, **found}.get(k))), 0)
            if left + 1 in free and not any(cells.text(at, left + 1) for at, _ in held):
                found[key] = left + 1
        free = [c for c in free if c not in found.values()]
    return found

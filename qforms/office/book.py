"""One neutral shape for Excel and Word: grids of cells, names, properties, pictures, running text.

Rows and columns count from 0 here; addresses, which people read, count from 1: 「反馈表!B7」, 「表2第3行第2格」."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Any, Literal, NamedTuple

from qforms.model import Problem

Kind = Literal["text", "number", "date", "bool", "error"]
Place = tuple[int, int, int]  # grid, row, column
NOTE = "qf_note"  # defined names and bookmarks that begin so are our own notes: never read, replaced when marked again
OWN_SHEET = "_qf"  # the hidden sheet of our forms: stamp and field map
STAMP = re.compile(r"qf1(?:\.[^.\s]*){4}\.[0-9a-f]{20}")
EPOCH = datetime.fromisoformat(
    "1899-12-30"
)  # naive, like Excel's dates; serial number 0, the Excel leap year of 1900 counted in
_TALL = 400  # rows of one merged range that are looked up by row


class OfficeFault(Exception):
    """A file that cannot be read or marked; `problem` says why and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def fault(code: str, where: str = "", **context: Any) -> OfficeFault:
    """An OfficeFault of one problem of the catalogue."""
    return OfficeFault(Problem(code, where, context=context))


class Cell(NamedTuple):
    """One cell that holds something. A date is its serial number of days (1900 system); an error its code (#REF!)."""

    value: str | float | bool
    kind: Kind = "text"
    formula: bool = False

    @property
    def raw(self) -> str | int | float | bool | datetime | date | time:
        """What the cell says: text, whole numbers as int, a date as date, time or datetime, an error as code."""
        if self.kind == "date" and isinstance(self.value, float):
            return moment(self.value)
        if self.kind == "number" and isinstance(self.value, float) and self.value.is_integer():
            return int(self.value)
        return self.value

    @property
    def text(self) -> str:
        return self.value if isinstance(self.value, str) else ""


def moment(serial: float) -> datetime | date | time | float:
    """The date, time (serial below 1) or datetime of a serial number, to the second; the number when it is none."""
    if not 0 <= serial < 2_958_466:  # 9999-12-31
        return serial
    at = EPOCH + timedelta(seconds=round(serial * 86_400))
    if serial < 1:
        return at.time()
    return at.date() if at.time() == time() else at


@dataclass(frozen=True)
class Grid:
    """A worksheet, or a table of a Word document.

    `cells` holds filled cells by (row, column); `spans` merged ranges as (first row, first column, last row, last
    column), inclusive. `nth` (Word tables) numbers the boxes of a row as drawn: (row, column) -> (row, box), from 1.
    `lines`: the paragraphs outside tables, one a row, the texts of its bookmarks from column 1 on."""

    name: str
    cells: Mapping[tuple[int, int], Cell]
    spans: tuple[tuple[int, int, int, int], ...] = ()
    hidden: bool = False
    nth: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    lines: bool = False

    def address(self, row: int, col: int) -> str:
        """Where a cell stands, as people read it: 「反馈表!B7」, 「表2第3行第2格」, 「正文第3段」."""
        if self.lines:
            return f"{self.name}第{row + 1}段"
        if not self.nth:
            return f"{self.name}!{letters(col)}{row + 1}"
        drawn_row, box = self.nth.get((row, col), (row + 1, col + 1))
        return f"{self.name}第{drawn_row}行第{box}格"

    def span(self, row: int, col: int) -> tuple[int, int, int, int]:
        """The merged range that covers a cell; the cell itself when there is none."""
        for s in self._by_row.get(row, ()):
            if s[1] <= col <= s[3]:
                return s
        for s in self._tall:
            if s[0] <= row <= s[2] and s[1] <= col <= s[3]:
                return s
        return row, col, row, col

    def at(self, row: int, col: int) -> Cell | None:
        """The cell, or the one that the merged range covering it shows."""
        found = self.cells.get((row, col))
        return found or self.cells.get(self.span(row, col)[:2])

    @cached_property
    def width(self) -> int:
        """Columns in use, merged ranges counted."""
        return max((c + 1 for _, c in self.cells), default=0)

    @cached_property
    def height(self) -> int:
        return max((r + 1 for r, _ in self.cells), default=0)

    @cached_property
    def _by_row(self) -> Mapping[int, list[tuple[int, int, int, int]]]:
        rows: dict[int, list[tuple[int, int, int, int]]] = {}
        for s in self.spans:
            if s[2] - s[0] < _TALL:
                for row in range(s[0], s[2] + 1):
                    rows.setdefault(row, []).append(s)
        return rows

    @cached_property
    def _tall(self) -> tuple[tuple[int, int, int, int], ...]:
        return tuple(s for s in self.spans if s[2] - s[0] >= _TALL)


@dataclass(frozen=True)
class Book:
    """An Office file as read. `names` are defined names or bookmarks (`qf_lot_no`) that point to a cell; `stamps` are
    texts that look like our stamp, to be checked by `stamp.read`; `text` is Word's running text, a line a paragraph."""

    kind: Literal["excel", "word"]
    grids: tuple[Grid, ...]
    names: Mapping[str, Place] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    stamps: tuple[str, ...] = ()
    pictures: tuple[tuple[str, bytes], ...] = ()
    text: str = ""
    last_modified_by: str = ""
    macros: bool = False
    form: str = "xlsx"  # the file format found: xlsx, xls, xlsb, ods, docx, doc, pdf

    def address(self, place: Place) -> str:
        return self.grids[place[0]].address(place[1], place[2])


def letters(col: int) -> str:
    """The letters of a column counted from 0: 0 is A, 26 is AA."""
    text = ""
    col += 1
    while col:
        col, rest = divmod(col - 1, 26)
        text = chr(65 + rest) + text
    return text


_REF = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})$")


@lru_cache(maxsize=8192)  # the same few hundred in all files of one form
def place_of(ref: str) -> tuple[int, int] | None:
    """(row, column) of "B7" or "$B$7"; None for what is no cell of a sheet (XFD1048576 is the last)."""
    found = _REF.match(ref)
    if not found:
        return None
    row, col = int(found[2]), _column(found[1])
    return (row - 1, col - 1) if 1 <= row <= 1_048_576 and col <= 16_384 else None


@lru_cache(maxsize=1024)
def _column(name: str) -> int:
    """The number of a column from 1: AA is 27."""
    col = 0
    for letter in name.upper():
        col = col * 26 + ord(letter) - 64
    return col


@lru_cache(maxsize=4096)
def range_of(ref: str) -> tuple[int, int, int, int] | None:
    """(first row, first column, last row, last column) of "B7:D9" or "B7"."""
    first, _, last = ref.partition(":")
    start, end = place_of(first), place_of(last or first)
    if start is None or end is None or end < start or end[1] < start[1]:
        return None
    return *start, *end

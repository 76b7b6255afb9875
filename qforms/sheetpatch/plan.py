"""What is to be changed in a workbook, and what was: frozen values. Rows and columns are the source's, from 1."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Value = str | int | float | Decimal | bool | datetime | date | None  # naive times; a text is never a formula or a link
# How a cell looks: "fault" in the colours of a fault, "withdrawn" struck through and grey, "plain" without either.
Look = Literal["fault", "withdrawn", "plain"]


@dataclass(frozen=True, slots=True)
class RowEdit:
    """Cells of one row, by column. What is not named stays; a value of None empties the cell, its format stays.

    `links`: an address relative to the book, or "#'sheet'!A1"; "" takes the link away. `notes`: the text of our comment
    on the cell; "" takes ours away; comments of others stay. `looks`: how cells are to look from now on."""

    values: Mapping[int, Value] = field(default_factory=dict)
    links: Mapping[int, str] = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)
    looks: Mapping[int, Look] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SheetEdit:
    """The changes of one worksheet, known by its title as the file has it.

    `rows`: present row -> what changes in it (a row that is not there yet is made). `new`: rows that follow the list,
    in order; they take the look and the calculated columns of the row above. `gone`: rows taken out; those below move
    up whole.

    `head` is the row of the headings of the list that grows and shrinks (0: only `rows` are changed), `last` its last
    row that holds anything (0: the end of its table or filter, else of the sheet; `head` for an empty list). Empty rows
    after it, inside the table, are used first. The table, its filter, formats by condition, drop-downs, protected
    ranges, print area, names and chart ranges that end where the list ends go with it; what stands below moves.

    `below`: what stands under the list moves down for new rows even where empty rows would hold them.

    `charts`: pieces of the XML of the sheet's charts -> what stands there from now on; a piece that is not found, since
    somebody changed the chart, is left. `hidden` hides or shows the sheet; None leaves it."""

    sheet: str
    rows: Mapping[int, RowEdit] = field(default_factory=dict)
    new: tuple[RowEdit, ...] = ()
    gone: frozenset[int] = frozenset()
    head: int = 0
    last: int = 0
    charts: Mapping[str, str] = field(default_factory=dict)
    hidden: bool | None = None
    below: bool = False


@dataclass(frozen=True, slots=True)
class Graft:
    """A whole sheet taken from another workbook, `donor` (its bytes), with its formats, tables, charts and names.

    Put in front of the sheet `before` ("": at the end), or in the place of the sheet that has its title already: that
    one goes, with the parts that only it used."""

    sheet: str
    donor: bytes
    before: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes of a book. `names`: defined names of the whole book -> what they refer to ("'_lists'!$A$1:$A$9")."""

    sheets: tuple[SheetEdit, ...] = ()
    grafts: tuple[Graft, ...] = ()
    dropped: tuple[str, ...] = ()  # titles of sheets that are taken out
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What was done. `new`: sheet -> the rows where its new rows stand now; `gone`: sheet -> rows taken out, ascending.

    `changed`, `added`, `removed`: names of parts; all others are byte for byte what they were."""

    new: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    gone: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()

    def now(self, sheet: str, row: int) -> int | None:
        """Where a row of the list stands now; None when it was taken out."""
        gone = self.gone.get(sheet, ())
        at = bisect_left(gone, row)
        return None if at < len(gone) and gone[at] == row else row - at

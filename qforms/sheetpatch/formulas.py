"""Formulas of a sheet while its rows change: references that move, shared formulas that lose their first cell, and what
a new row takes over from the rows above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qforms.office.book import fault
from qforms.sheetpatch import cells
from qforms.sheetpatch.cells import Cell, Row
from qforms.sheetpatch.job import Again, Job
from qforms.sheetpatch.refs import corners, filled_down, letters, moved, moved_formula, range_of

_Master = tuple[str, int, int, str]  # a shared formula's text, its first cell's row and column, the range it fills


class Formulas:
    """What has to be known of the formulas above to change those below."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._masters: dict[bytes, _Master] = {}
        self._orphans: dict[bytes, _Master] = {}

    def wanted(self, number: int) -> bool:
        """Whether the formulas of a row may change, or have to be remembered."""
        moves = self._job.moves
        return bool(self._orphans or self._job.masters or (moves and moves.any) or self.outside(number))

    def pending(self, data: bytes) -> bool:
        """Whether rows that nobody named may change for the sake of a formula above them."""
        return bool(self._orphans) or (self._job.masters and b"shared" in data)

    def outside(self, number: int) -> bool:
        """Whether a row stands above or below the list: its formulas may speak of the list, which has changed."""
        moves = self._job.moves
        return moves is not None and not moves.first <= number <= moves.end

    def remember(self, row: Row) -> None:
        """Keeps the shared formulas that begin in a row, where they are asked for."""
        for c in row.cells if self._job.masters else ():
            about, text = c.formula or ({}, "")
            if about.get(b"t") == b"shared" and text:
                self._masters[about.get(b"si", b"")] = (text, row.number, c.column, about.get(b"ref", b"").decode())

    def adjust(self, row: Row) -> None:
        """References of a row's formulas to rows that move; a shared formula whose first cell is gone begins here."""
        for i, c in enumerate(row.cells):
            formula = c.formula
            if formula is None:
                continue
            about, text = self._adopted(row.number, c, *formula)
            if (moves := self._job.moves) is not None:
                title, grow = self._job.title, self.outside(row.number)
                text = moved_formula(text, title, title, moves, grow=grow)
                if b"ref" in about:
                    about = {**about, b"ref": moved(about[b"ref"].decode(), moves, grow=False).encode()}
            if (about, text) != formula:
                row.cells[i] = cells.with_formula(c, about, text)
                self._job.calculated = True

    def _adopted(self, row: int, c: Cell, about: dict[bytes, bytes], text: str) -> tuple[dict[bytes, bytes], str]:
        user = about.get(b"t") == b"shared" and not text
        orphan = self._orphans.pop(about.get(b"si", b""), None) if user else None
        if orphan is None:
            return about, text
        box = corners(orphan[3])
        assert box is not None
        ref = range_of(row, box[1], max(box[2], row), box[3])
        return {**about, b"ref": ref.encode()}, filled_down(orphan[0], row - orphan[1], c.column - orphan[2])

    def lose(self, number: int, lost: list[Cell]) -> None:
        """Cells that are overwritten or taken out. Raises OfficeFault for a formula that fills several cells."""
        for c in lost:
            formula = c.formula
            if formula is None:
                continue
            self._job.calculated = self._job.formulas = True
            about, text = formula
            ref = about.get(b"ref", b"").decode()
            box = corners(ref)
            if box is None or box[:2] == box[2:]:
                continue
            if about.get(b"t") != b"shared" or box[1] != box[3]:
                raise fault("book_formula", f"{self._job.title}!{letters(c.column)}{number}")
            self._orphans[about.get(b"si", b"")] = (text, number, c.column, ref)

    def of_new(self, above: Sequence[Row]) -> tuple[Mapping[int, str], Mapping[int, str]]:
        """Column -> formula of new rows: calculated columns of the table; and, as they stand in the last row, formulas
        that it has from the row before it. Raises Again when a shared formula has to be known first."""
        calculated = self._job.listed.formulas if self._job.listed else {}
        if len(above) < 2:
            return calculated, {}
        before, model = above
        known = {c.column: c for c in before.cells}
        copied = {}
        for c in model.cells:
            if c.column in calculated or c.formula is None or c.column not in known:
                continue
            text = self._text(c, model.number, model.number)
            if text and self._text(known[c.column], before.number, model.number) == text:
                copied[c.column] = text
        return calculated, copied

    def _text(self, c: Cell, stands: int, row: int) -> str:
        """The formula of a cell that stands in one row as it would stand in another; "" for none, and for one that
        fills several cells."""
        about, text = c.formula or ({}, "")
        if about.get(b"t") in (b"array", b"dataTable"):
            return ""
        if about.get(b"t") == b"shared" and not text:
            master = self._masters.get(about.get(b"si", b""))
            if master is None:
                raise Again(masters=True)
            return filled_down(master[0], row - master[1], c.column - master[2])
        return filled_down(text, row - stands) if text else ""

    def down(self, text: str, source: int, number: int) -> str:
        """The formula of row `source` as it stands in the new row `number`."""
        moves, title = self._job.moves, self._job.title
        now = moves.row(source) if moves else source
        if moves is None or now is None:
            return filled_down(text, number - source)
        return filled_down(moved_formula(text, title, title, moves, grow=False), number - now)

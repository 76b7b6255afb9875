"""What the new rows of a list take from the row above them: its formats, its calculated columns, its own looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from qforms.sheetpatch import cells
from qforms.sheetpatch.cells import Cell, Marks, Row
from qforms.sheetpatch.formats import FORMULA_STARTS
from qforms.sheetpatch.formulas import Formulas
from qforms.sheetpatch.job import Job
from qforms.sheetpatch.plan import Value

_ROW_ONLY = (b"r", b"spans", b"hidden", b"collapsed", b"outlineLevel")  # of a row, not taken over by the one below


@dataclass(slots=True)
class _Slot:
    """A column of new rows. `begin`: a cell of it up to the number of its row; `empty`: what follows the number in one
    that holds nothing, b"" where then there is none; `styled`: what follows it in one that does, once it is known."""

    column: int
    begin: bytes
    style: int
    empty: bytes
    calculated: bool
    styled: bytes = b""


class Pattern:
    """Made once for all new rows of a sheet. `above`: the last rows of the list, at most two; none in an empty one.

    Raises Again when a shared formula has to be known first."""

    def __init__(
        self, job: Job, marks: Marks, formulas: Formulas, above: Sequence[Row], column_style: Callable[[int], int]
    ) -> None:
        model = above[-1] if above else None
        self._job, self._m, self._formulas, self._column_style = job, marks, formulas, column_style
        self._from = model.number if model else 0
        self.about = {k: v for k, v in model.about.items() if k not in _ROW_ONLY} if model else {}
        self.styles = {c.column: job.formats.look(c.style, "plain") for c in model.cells} if model else {}
        self._all_styles: dict[int, int] = {}  # those of columns that the row above has no cell in, too
        self._calculated, self._copied = formulas.of_new(above)
        self._columns = {*self.styles, *self._calculated, *self._copied}
        self._slots: dict[int, _Slot] = {}
        self._order: dict[tuple[int, ...], list[_Slot]] = {}
        told = b"".join(b' %b="%b"' % pair for pair in self._kept(self.about).items())
        self._begin, self._end = b'<%brow r="' % marks.prefix, b'"%b>' % told

    @staticmethod
    def _kept(about: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        """The attributes of a row without what is as old as its cells."""
        row = Row(0, dict(about), [])
        row.rewritten()
        return row.about

    def line(self, row: int, values: Mapping[int, Value]) -> bytes:
        """A row that is not there yet as bytes: `values`, and what the row above has beside them; b"" for nothing."""
        number, made = b"%d" % row, []
        prefix, base, of = self._m.prefix, self._job.base, self._job.formats.of
        for slot in self._slots_of(tuple(values)):
            value = values.get(slot.column)
            if value is None or value == "":
                if slot.calculated:
                    made.append(self._calculated_cell(slot, row))
                elif slot.empty:
                    made.append(slot.begin + number + slot.empty)
                continue
            if isinstance(value, str) and value.startswith(FORMULA_STARTS):
                styled = cells.styled(of(slot.style, value))
            elif not (styled := slot.styled):
                styled = slot.styled = cells.styled(of(slot.style, value))
            made.append(slot.begin + number + styled + cells.told(prefix, value, base))
        if not made:
            return b""
        return b"%b%b%b%b</%brow>" % (self._begin, number, self._end, b"".join(made), prefix)

    def _slots_of(self, columns: tuple[int, ...]) -> list[_Slot]:
        """The columns of a new row that holds `columns`, in order."""
        order = self._order.get(columns)
        if order is None:
            order = self._order[columns] = [self._slot(c) for c in sorted(self._columns.union(columns))]
        return order

    def _slot(self, column: int) -> _Slot:
        if column not in self._slots:
            style = self._style(column)
            own = column in self._columns
            calculated = bool(self._copied.get(column) or self._calculated.get(column))
            empty = cells.styled(style) + b"/>" if style and own else b""
            self._slots[column] = _Slot(column, cells.begun(self._m.prefix, column), style, empty, calculated)
        return self._slots[column]

    def _calculated_cell(self, slot: _Slot, row: int) -> bytes:
        made = self._cell(slot.column, row, None, None)
        return made.raw if made is not None else b""

    def fill(self, row: Row, values: Mapping[int, Value]) -> None:
        """Writes `values`, and what the row above has beside them, into a row that is new or empty."""
        had = {c.column: c for c in row.cells}
        row.rewritten()
        row.cells = [
            made
            for column in sorted(self._columns | values.keys() | had.keys())
            if (made := self._cell(column, row.number, values.get(column), had.get(column))) is not None
        ]

    def _cell(self, column: int, row: int, value: Value, had: Cell | None) -> Cell | None:
        style = (had.style if had else 0) or self._style(column)
        if value is not None and value != "":
            return cells.cell(self._m, row, column, self._job.formats.of(style, value), value, self._job.base)
        if formula := self._formula(column, row):
            self._job.calculated = self._job.formulas = True
            return cells.formula_cell(self._m, row, column, style, formula)
        return cells.cell(self._m, row, column, style, None, self._job.base) if had is None and style else had

    def _style(self, column: int) -> int:
        style = self._all_styles.get(column)
        if style is None:
            style = self._all_styles[column] = self.styles.get(column) or self._column_style(column)
        return style

    def _formula(self, column: int, number: int) -> str:
        if text := self._copied.get(column, ""):
            return self._formulas.down(text, self._from, number)
        return self._calculated.get(column, "")

"""What the new rows of a list take from the row above them: its formats, its calculated columns, its own looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from qforms.sheetpatch import cells
from qforms.sheetpatch.cells import Cell, Marks, Row
from qforms.sheetpatch.formulas import Formulas
from qforms.sheetpatch.job import Job
from qforms.sheetpatch.plan import Value

_ROW_ONLY = (b"r", b"spans", b"hidden", b"collapsed", b"outlineLevel")  # of a row, not taken over by the one below


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

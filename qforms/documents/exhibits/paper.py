"""Exhibits on paper: charts as pictures, two side by side or over the whole width, and tables, each under its message,
as WordprocessingML that stands below the fields of a section."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup

from qforms.documents.charts import Chart, empty
from qforms.documents.exhibits.grids import Grid
from qforms.forms.wml import BAND, LABEL, NOTE, SMALL_NOTE, Cell, Face, Row, em, gap, paragraph, runs, table

Placed = Callable[[Chart, float], Markup]  # a chart and its width on paper (mm) -> the run with its picture, or a note
_WIDTH, _HALF = 174.0, 87.0
_EM, _PAD = 3.05, 3.4  # mm: a full-width character at 8.5 pt, what a cell keeps free
_TITLE = Face(9.5, hei=True, bold=True)
_CELL, _HEAD, _SUM = Face(8.5), Face(8.5, hei=True), Face(8.5, bold=True)


def nothing(item: Chart | Grid) -> bool:
    """Whether there is nothing in it; a trend of noughts is nothing, however much was shipped."""
    if isinstance(item, Grid):
        return not item.rows
    return empty(item) or (item.kind == "trend" and not item.table.total())


def paper(shown: Sequence[Chart | Grid], placed: Placed) -> Markup:
    """The exhibits of one section in their order."""
    out, waiting = [], None
    for item in shown:
        if isinstance(item, Chart) and item.width < 120:
            if waiting is None:
                waiting = item
                continue
            out.append(_pair(waiting, item, placed))
            waiting = None
            continue
        if waiting is not None:
            out.append(_pair(waiting, None, placed))
            waiting = None
        out.append(_alone(item, placed) if isinstance(item, Chart) else _grid(item))
    if waiting is not None:
        out.append(_pair(waiting, None, placed))
    return Markup(gap().join(out) + gap())


def _alone(chart: Chart, placed: Placed) -> str:
    return paragraph(str(placed(chart, _WIDTH)), "center", keep=False)


def _pair(left: Chart, right: Chart | None, placed: Placed) -> str:
    pictures = (str(placed(left, 84.0)), str(placed(right, 84.0)) if right else "")
    cells = tuple(Cell(_HALF, picture, top=True) for picture in pictures)
    return table([Row(cells, 20)], frame=4, colour="D0D5DB", inner="D0D5DB")


def _grid(grid: Grid) -> str:
    return table(list(_rows(grid)), frame=4)


def _rows(grid: Grid) -> Iterator[Row]:
    title = runs(grid.title, _TITLE) + (runs(f"  {grid.note}", NOTE) if grid.note else "")
    yield Row((Cell(_WIDTH, title, BAND),), 6.0, head=True, keep=True)
    if not grid.rows:
        yield Row((Cell(_WIDTH, runs("无数据" if _chinese(grid) else "No data", SMALL_NOTE), align="center"),), 6.0)
        return
    widths = _widths(grid)
    yield Row(
        tuple(Cell(w, runs(h, _HEAD), LABEL, "center") for w, h in zip(widths, grid.head, strict=True)),
        5.8,
        head=True,
        keep=True,
    )
    for row in grid.rows:
        yield Row(tuple(_cell(grid, i, w, t, _CELL) for i, (w, t) in enumerate(zip(widths, row, strict=True))), 5.4)
    if grid.foot:
        first, *rest = grid.foot
        spans = next((i for i, text in enumerate(rest) if text), len(rest))
        lead = Cell(round(sum(widths[: spans + 1]), 1), runs(first, _HEAD), LABEL)
        cells = [_cell(grid, i + 1, widths[i + 1], t, _SUM, LABEL) for i, t in enumerate(rest) if i >= spans]
        yield Row((lead, *cells), 5.4)


def _cell(grid: Grid, column: int, width: float, text: str, face: Face, ground: str = "") -> Cell:
    return Cell(width, runs(text, face), ground, "right" if column in grid.right else "")


def _widths(grid: Grid) -> list[float]:
    """Given shares of the page, else what the longest words of each column need: the widest give way where that is too
    much, and take what is left over. Whole tenths of a millimetre."""
    if len(grid.widths) == len(grid.head):
        wanted = [w * _WIDTH / sum(grid.widths) for w in grid.widths]
    else:
        wanted = [_wanted(grid, i) for i in range(len(grid.head))]
        over = sum(wanted) - _WIDTH
        while over > 0.05:
            at = wanted.index(max(wanted))
            second = max((w for i, w in enumerate(wanted) if i != at), default=0.0)
            less = min(over, max(wanted[at] - second, 1.0))
            wanted[at] -= less
            over -= less
        if over < 0:
            wide = max(range(len(wanted)), key=lambda i: (i not in grid.right, wanted[i]))
            wanted = [w - over / len(wanted) * (0.4 if i != wide else 0) for i, w in enumerate(wanted)]
            wanted[wide] += _WIDTH - sum(wanted)
    widths = [round(w, 1) for w in wanted]
    widths[widths.index(max(widths))] += round(_WIDTH - sum(widths), 1)
    return [round(w, 1) for w in widths]


def _wanted(grid: Grid, column: int) -> float:
    """The room for the longest words of a column on one line; its head may take two."""
    longest = max((em(row[column]) for row in grid.rows[:80]), default=0.0)
    head = em(grid.head[column])
    return max(head / (2 if head > 5 else 1), longest, 2.5) * _EM + _PAD + 1.6


def _chinese(grid: Grid) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in grid.title + "".join(grid.head))

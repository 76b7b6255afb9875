"""Figures in a grid, darker where more: CH3 (Paynter: category by week, with the dates of measures) and CH13 (groups
that were closed, by month after their measure). Every cell that is not 0 says its figure."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from qforms.documents.charts.figures import Chart, Table
from qforms.documents.charts.frame import GREY, PALE, Sheet, cut_to, figure_text, label, percent, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROWS = 10
_ROW_MM, _AROUND_MM, _MARKS_MM = 8.0, 32.0, 4.0  # a row over the whole width; the words around the rows


def height(rows: int, marked: bool) -> float:
    """Of a chart over the whole width, mm: so high that its rows are neither thin nor lost in white."""
    return _AROUND_MM + _ROW_MM * max(2, min(rows, _ROWS + 1)) + _MARKS_MM * marked


def cells(chart: Chart) -> Table:
    """The rows with most first; those beyond the tenth together."""
    table = chart.table
    pairs = sorted(zip(table.rows, table.cells, strict=True), key=lambda p: -sum(v or Decimal(0) for v in p[1]))
    return Table(tuple(n for n, _ in pairs), table.columns, tuple(c for _, c in pairs)).folded(_ROWS, chart.rest)


def message(chart: Chart) -> str:
    """The largest row; of one with a measure, what came before and after it."""
    table, zh = cells(chart), chart.lang == "zh"
    sums = [sum((v or Decimal(0) for v in row), Decimal(0)) for row in table.cells]
    total = sum(sums, Decimal(0))
    unit = f" {chart.unit}" if chart.unit else ""
    first = max(range(len(sums)), key=lambda i: sums[i])
    measure = next((row for row, _ in chart.marks if row in table.columns), "")
    if measure and 0 < table.columns.index(measure) < len(table.columns) - 1:
        at = table.columns.index(measure)
        every = [sum((row[i] or Decimal(0) for row in table.cells), Decimal(0)) for i in range(len(table.columns))]
        before, after = sum(every[:at]) / at, sum(every[at + 1 :]) / (len(every) - at - 1)
        a, b = figure_text(Decimal(before), 1), figure_text(Decimal(after), 1)
        if zh:
            return f"{measure} 采取措施：之前每周 {a}{unit}，之后 {b}{unit}"
        return f"Measure in {measure}: {a}{unit} a week before, {b}{unit} after"
    again = sum(bool(s) for s in sums)
    if zh:
        return f"{table.rows[first]}最多：{sums[first]}{unit}，占 {percent(sums[first], total)}（共 {again} 类）"
    return f"Most: {table.rows[first]}, {sums[first]}{unit}, {percent(sums[first], total)} of {again} kinds"


def draw(sheet: Sheet) -> None:
    chart, table = sheet.chart, cells(sheet.chart)
    size = sheet.words
    names = [cut_to(n, 42 if not sheet.small else 24, size) for n in table.rows]
    ax = sheet.axes(left=max(width_of(n, size) for n in names) + 3, right=12, below=1, above=5 + 4 * bool(chart.marks))
    highest = max(float(v or 0) for row in table.cells for v in row) or 1.0
    across, down = len(table.columns), len(names)
    lines = max(down, 6 if sheet.small else 2)
    ax.set_xlim(0, across)
    ax.set_ylim(lines, 0)
    wide = sheet.inner_width(ax) / across
    for y, row in enumerate(table.cells):
        for x, value in enumerate(row):
            _cell(ax, x, y, value, highest, wide)
        total = sum((v or Decimal(0) for v in row), Decimal(0))
        ax.text(
            across + 0.4 * across / max(across, 12), y + 0.5, figure_text(total), size=size, weight="bold", va="center"
        )
    ax.set_yticks([i + 0.5 for i in range(down)], names, size=size)
    every = max(1, -(-8 // max(1, int(wide))))
    shown = [i for i in range(across) if (across - 1 - i) % every == 0]
    ax.set_xticks([i + 0.5 for i in shown], [label(table.columns[i], wide * every, 7) for i in shown], size=7)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    below = 1.4 / (sheet.inner_height(ax) / lines)
    word = "合计" if chart.lang == "zh" else "Total"
    ax.text(across + 0.4 * across / max(across, 12), -below, word, size=7, va="bottom", ha="left", clip_on=False)
    _marks(sheet, ax, table, lines)


def _cell(ax: Axes, x: int, y: int, value: Decimal | None, highest: float, wide: float) -> None:
    from matplotlib.patches import Rectangle

    share = float(value or 0) / highest
    # white to navy
    ground = tuple(1 - share * (1 - c) for c in (0x1F / 255, 0x3A / 255, 0x5F / 255)) if value else (1.0, 1.0, 1.0)
    ax.add_patch(Rectangle((x, y + 0.04), 1, 0.92, facecolor=ground, edgecolor=PALE, lw=0.6, clip_on=False))
    if value and wide > width_of(figure_text(value), 7) * 0.95:
        ax.text(x + 0.5, y + 0.5, figure_text(value), size=7, ha="center", va="center",
                color="white" if share > 0.5 else "#222222")  # fmt: skip


def _marks(sheet: Sheet, ax: Axes, table: Table, down: int) -> None:
    ends: list[float] = []
    per = len(table.columns) / sheet.inner_width(ax)
    row_mm = sheet.inner_height(ax) / down
    for column, words in sheet.chart.marks:
        if column not in table.columns:
            continue
        at = table.columns.index(column) + 1
        ax.plot([at, at], [-4.5 / row_mm, len(table.rows)], color=GREY, lw=1.1, ls=(0, (1, 1.5)), clip_on=False)
        half = width_of(words, 7) * per / 2
        middle = min(max(at, half), len(table.columns) - half)
        level = next((n for n, end in enumerate(ends) if end < middle - half), len(ends))
        if level > 1:
            continue
        ends[level : level + 1] = [middle + half]
        ax.text(middle, -(4.6 + 3.0 * level) / row_mm, words, size=7, color=GREY, ha="center", va="bottom")

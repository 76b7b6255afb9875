"""How long things take, as bars over spans of time: CH5 (days to closing, by class) and CH12 (months in service). The
median and the 90 % stand as lines at their place: `marks` are (place in rows from the left, words)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from qforms.documents.charts.figures import Chart
from qforms.documents.charts.frame import AMBER, NAVY, STYLES, Sheet, ceiling, figure_text, label, percent, width_of
from qforms.documents.charts.stacked import legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def message(chart: Chart) -> str:
    """The most frequent span, and how much of all it holds."""
    table, zh = chart.table, chart.lang == "zh"
    sums = [sum((v or Decimal(0) for v in row), Decimal(0)) for row in table.cells]
    total = sum(sums, Decimal(0))
    at = max(range(len(sums)), key=lambda i: sums[i])
    words = ("，" if zh else ", ").join(w for _, w in chart.marks[:2])
    if words:
        return (
            f"{words}（{table.rows[at]}最多，占 {percent(sums[at], total)}）"
            if zh
            else (f"{words} (most: {table.rows[at]}, {percent(sums[at], total)})")
        )
    if zh:
        return f"{table.rows[at]}最多，占 {percent(sums[at], total)}"
    return f"Most: {table.rows[at]}, {percent(sums[at], total)}"


def draw(sheet: Sheet) -> None:
    chart, table = sheet.chart, sheet.chart.table
    several = len(table.columns) > 1
    marked = [(float(place), words) for place, words in chart.marks]
    ax = sheet.axes(left=11, right=4, below=7.5, above=(6.5 if several else 1) + (4 if marked else 0))
    sums = [float(sum((v or Decimal(0) for v in row), Decimal(0))) for row in table.cells]
    top = ceiling(max(sums))
    ax.set_ylim(0, top)
    ax.set_xlim(-0.5, len(sums) - 0.5)
    base = [0.0] * len(sums)
    for column, (ground, hatch) in zip(range(len(table.columns)), STYLES, strict=False):
        values = [float(v) for v in table.column(column)]
        ax.bar(range(len(sums)), values, bottom=base, width=0.92, color=ground, hatch=hatch, edgecolor=NAVY, lw=0.5)
        base = [b + v for b, v in zip(base, values, strict=True)]
    slot = sheet.inner_width(ax) / len(sums)
    for i, value in enumerate(sums):
        if value:
            text = figure_text(Decimal(f"{value:.2f}"))
            ax.text(i, value + top * 0.012, text, ha="center", va="bottom", size=7.5 if not sheet.small else 6.5)
    size = 7.5 if not sheet.small else 6.5
    ax.set_xticks(range(len(sums)), [label(n, slot - 0.4, size) for n in table.rows], size=size)
    ax.tick_params(axis="x", length=0)
    sheet.whole(ax)
    _lines(sheet, ax, marked, top)
    if several:
        legend(sheet, ax, table.columns, STYLES, 4.0 if marked else 0.0)


def _lines(sheet: Sheet, ax: Axes, marked: list[tuple[float, str]], top: float) -> None:
    """The words in one line above the axes, never over each other."""
    end = -1.0
    per = (ax.get_xlim()[1] - ax.get_xlim()[0]) / sheet.inner_width(ax)
    rise = 1.4 * top / sheet.inner_height(ax)
    for place, words in sorted(marked):
        ax.plot([place, place], [0, top + rise], color=AMBER, lw=1.3, ls=(0, (5, 2)), clip_on=False, zorder=4)
        half = width_of(words, 7.5) * per / 2
        middle = max(min(max(place, -0.5 + half), ax.get_xlim()[1] - half), end + half + 1.5 * per)
        ax.text(middle, top + rise, words, size=7.5, color=AMBER, ha="center", va="bottom", clip_on=False)
        end = middle + half

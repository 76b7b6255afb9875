"""CH8: what came in, what was closed, what is left at the end of each month. Columns: opened, closed, open."""

from __future__ import annotations

from decimal import Decimal

from qforms.documents.charts.figures import Chart
from qforms.documents.charts.frame import AMBER, NAVY, Sheet, ceiling, width_of
from qforms.documents.charts.stacked import legend


def message(chart: Chart) -> str:
    table, zh = chart.table, chart.lang == "zh"
    name, (opened, closed, left) = table.rows[-1], (v or Decimal(0) for v in table.cells[-1])
    before = table.cells[-2][2] if len(table.rows) > 1 else None
    said = f"{name} 收 {opened}、结 {closed}" if zh else f"{name}: {opened} in, {closed} closed"
    said += f"，月末未结 {left}" if zh else f", {left} open at its end"
    if before is not None and before != left:
        more = left - before
        said += f"（{'多' if more > 0 else '少'}了 {abs(more)}）" if zh else f" ({more:+})"
    return said


def draw(sheet: Sheet) -> None:
    table = sheet.chart.table
    ax = sheet.axes(left=11, right=4, below=6.5, above=7)
    count = len(table.rows)
    top = ceiling(max(float(v or 0) for row in table.cells for v in row))
    ax.set_ylim(0, top)
    ax.set_xlim(-0.6, max(count, 4) - 0.4)
    for column, (x, ground, hatch) in enumerate(((-0.19, NAVY, ""), (0.19, "white", "////"))):
        values = [float(v) for v in table.column(column)]
        ax.bar([i + x for i in range(count)], values, width=0.36, color=ground, hatch=hatch, edgecolor=NAVY, lw=0.6)
    left = [float(v) for v in table.column(2)]
    ax.plot(range(count), left, color=AMBER, lw=1.6, marker="o", ms=4, clip_on=False, zorder=4)
    slot = sheet.inner_width(ax) / max(count, 4)
    size = 7.5 if not sheet.small else 6.5
    for i, value in enumerate(left):
        if i in (0, count - 1) or slot > width_of(f"{value:g}", size) + 3:
            ax.text(i, value + top * 0.02, f"{value:g}", color=AMBER, size=size, ha="center", va="bottom", zorder=5,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.85})  # fmt: skip
    every = max(1, -(-count * 9 // max(1, int(sheet.inner_width(ax)))))
    shown = [i for i in range(count) if (count - 1 - i) % every == 0]
    ax.set_xticks(shown, [table.rows[i] for i in shown], size=size)
    ax.tick_params(axis="x", length=0)
    sheet.whole(ax)
    legend(sheet, ax, table.columns, ((NAVY, ""), ("white", "//"), (AMBER, "")))

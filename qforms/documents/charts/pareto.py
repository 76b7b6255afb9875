"""CH1: what makes up most of it. Bars falling, 其他 last, the cumulative share above them; 80 % is marked."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qforms.documents.charts.figures import Chart, Table
from qforms.documents.charts.frame import AMBER, BLUE, GREY, LIGHT, NAVY, Sheet, figure_text, label, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 8  # bars with a name of their own


def bars(chart: Chart) -> Table:
    """The rows in falling order, what is beyond the eighth and what has no name in 其他."""
    pairs = sorted(zip(chart.table.rows, chart.table.cells, strict=True), key=lambda p: -(p[1][0] or 0))
    known = [(name, cells) for name, cells in pairs if cells[0]]
    return Table(tuple(n for n, _ in known), chart.table.columns, tuple(c for _, c in known)).folded(MOST, chart.rest)


def shares(table: Table) -> list[Decimal]:
    """Cumulative percent, 100 at the end exactly."""
    total, run, found = table.total(), Decimal(0), []
    for value in table.column(0):
        run += value
        found.append(100 * run / total)
    return found


def message(chart: Chart) -> str:
    table = bars(chart)
    total, first = table.total(), table.column(0)[0]
    one = (
        f"{table.rows[0]}占 {percent(first, total)}"
        if chart.lang == "zh"
        else f"{table.rows[0]}: {percent(first, total)}"
    )
    top = next((n for n, share in enumerate(shares(table), 1) if share >= 80), 1)
    if top <= 1 or top >= len(table.rows):
        return one
    reached = percent(shares(table)[top - 1], Decimal(100))
    return f"{one}，前 {top} 类占 {reached}" if chart.lang == "zh" else f"{one}, the first {top} make {reached}"


def draw(sheet: Sheet) -> None:
    chart, table = sheet.chart, bars(sheet.chart)
    values, names = table.column(0), table.rows
    total = float(table.total())
    ax = sheet.axes(left=13 if not sheet.small else 10, right=13 if not sheet.small else 10, below=9.5, above=3)
    slot = sheet.inner_width(ax) / max(len(names), 4)
    colours = [LIGHT if n == chart.rest else NAVY if not i else BLUE for i, n in enumerate(names)]
    places = range(len(names))
    ax.bar(places, [float(v) for v in values], width=0.66, color=colours)
    edge = max(len(names), 4) - 0.45
    ax.set_xlim(-0.55, edge)
    ax.set_ylim(0, total)
    size = sheet.words if slot > 15 else 7.0
    ax.set_xticks(list(places), [label(n, slot - 0.8, size) for n in names], size=size)
    ax.tick_params(axis="x", length=0)
    sheet.whole(ax)
    right = ax.twinx()
    for side in ("top", "left", "bottom"):
        right.spines[side].set_visible(False)
    right.spines["right"].set_color("#7F7F7F")
    right.tick_params(colors="#333333", labelsize=sheet.words, length=3, color="#7F7F7F", pad=2.5)
    right.set_ylim(0, 100)
    right.set_yticks([0, 20, 40, 60, 80, 100])
    right.set_ylabel("累计 %" if chart.lang == "zh" else "Cumulative %", size=sheet.words)
    share = [float(s) for s in shares(table)]
    right.axhline(80, color=GREY, lw=0.9, ls=(0, (4, 3)), zorder=1)
    right.text(edge - 0.05, 77, "80 %", size=7.5, color=GREY, ha="right", va="top")
    right.plot(places, share, color=AMBER, lw=1.4, marker="o", ms=4, clip_on=False, zorder=5)
    _figures(sheet, ax, values, total)
    _cumulative(right, share)


def _figures(sheet: Sheet, ax: Axes, values: tuple[Decimal, ...], total: float) -> None:
    for i, value in enumerate(values):
        inside = i == 0 and float(value) > 0.14 * total
        y = float(value) - 0.025 * total if inside else float(value) + 0.015 * total
        style: dict[str, Any] = (
            {"color": "white", "weight": "bold", "va": "top"} if inside else {"color": "#222222", "va": "bottom"}
        )
        ax.text(i, y, figure_text(value), ha="center", size=sheet.words, **style)


def _cumulative(right: Axes, share: list[float]) -> None:
    """Only the first, the one that passes 80, and the last."""
    last = len(share) - 1
    passing = next(i for i, s in enumerate(share) if s >= 79.9999)
    for i in {0, passing, last}:
        if i == 0 and last == 0:
            continue
        above = i in (0, last)
        y = share[i] + (3.5 if above else -4.5)
        text = "100" if i == last else f"{share[i]:.1f}"
        x = i if i == last else i + (0.0 if above else 0.14)
        right.text(x, y, text, color=AMBER, size=8, ha="center", va="bottom" if above else "top", clip_on=False)

"""CH2: a rate week by week against its limits. Columns of its table: units, shipped. Rates are in ‰."""

from __future__ import annotations

from decimal import Decimal
from math import sqrt
from typing import TYPE_CHECKING

from qforms.documents.charts.figures import Chart
from qforms.documents.charts.frame import AMBER, GREY, LIGHT, NAVY, RED, Sheet, ceiling, figure_text, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN = 14  # names of weeks under the axis, at most


def rates(chart: Chart) -> list[Decimal | None]:
    """‰ of each week; None where nothing was shipped."""
    return [1000 * (row[0] or 0) / row[1] if row[1] else None for row in chart.table.cells]


def mean(chart: Chart) -> Decimal | None:
    shipped = sum((row[1] or Decimal(0) for row in chart.table.cells), Decimal(0))
    return 1000 * chart.table.total(0) / shipped if shipped else None


def message(chart: Chart) -> str:
    """The highest week against the lowest limit, and where it stands now."""
    known = [(name, rate) for name, rate in zip(chart.table.rows, rates(chart), strict=True) if rate is not None]
    if not known:
        return "没有出货数，算不出不良率" if chart.lang == "zh" else "No shipments: no rate can be told"
    name, highest = max(known, key=lambda pair: pair[1])
    limits = sorted(chart.limits, key=lambda pair: pair[1])
    over = [limit for limit in limits if highest > limit[1]]
    zh = chart.lang == "zh"
    said = f"{name} 最高 {figure_text(highest, 2)}‰" if zh else f"Highest in {name}: {figure_text(highest, 2)}‰"
    if over:
        said += f"，超过 {_bare(over[-1])}" if zh else f", above {_bare(over[-1])}"
    elif limits:
        said += f"，未超过 {_bare(limits[0])}" if zh else f", not above {_bare(limits[0])}"
    last, now = next((pair for pair in reversed(known) if pair[0] not in chart.hollow), known[-1])
    if last != name:
        said += f"；{last} 为 {figure_text(now, 2)}‰" if zh else f"; {figure_text(now, 2)}‰ in {last}"
    return said


def _bare(limit: tuple[str, Decimal]) -> str:
    """The limit itself, without what it leads to: 3‰ → 8001."""
    return limit[0].partition(" →")[0]


def draw(sheet: Sheet) -> None:
    chart, table = sheet.chart, sheet.chart.table
    found = rates(chart)
    highest = max((float(r) for r in found if r is not None), default=0.0)
    ax = sheet.axes(left=12, right=19 if not sheet.small else 16, below=8, above=2)
    shown = [limit for limit in chart.limits if float(limit[1]) <= max(12.0, highest * 1.6)]
    top = ceiling(max([highest, *(float(v) for _, v in shown)]))
    ax.set_ylim(0, top)
    count = len(table.rows)
    ax.set_xlim(-0.6, max(count - 0.4, 1))
    sheet.whole(ax)
    right: list[tuple[float, str, str]] = []
    for n, (name, value) in enumerate(sorted(shown, key=lambda pair: pair[1])):
        colour = (AMBER, RED)[min(n, 1)]
        ax.axhline(float(value), color=colour, lw=1.4, ls=(0, (6, 2.5)) if not n else (0, (12, 3)), zorder=2)
        right.append((float(value), name, colour))
    middle = mean(chart)
    if middle is not None:
        _control(sheet, ax, float(middle), right)
    line = [float("nan") if r is None else float(r) for r in found]
    ax.plot(range(count), line, color=NAVY, lw=1.5, zorder=4)
    hollow = set(chart.hollow)
    for i, name in enumerate(table.rows):
        if found[i] is not None:
            ground = "white" if name in hollow else NAVY
            ax.plot([i], [line[i]], "o", ms=4.5, mec=NAVY, mfc=ground, mew=1.1, clip_on=False, zorder=5)
    _highest(ax, line)
    _weeks(sheet, ax)
    _marks(sheet, ax, top)
    _at_the_right(sheet, ax, right, top)


def _control(sheet: Sheet, ax: Axes, middle: float, right: list[tuple[float, str, str]]) -> None:
    """p-chart: mean and upper limit for what was shipped that week."""
    zh = sheet.chart.lang == "zh"
    share = middle / 1000
    upper = [
        1000 * (share + 3 * sqrt(share * (1 - share) / float(row[1]))) if row[1] and 0 < share < 1 else float("nan")
        for row in sheet.chart.table.cells
    ]
    ax.axhline(middle, color=LIGHT, lw=1, ls=(0, (1, 2)), zorder=1)
    right.append((middle, f"均值 {middle:.1f}" if zh else f"mean {middle:.1f}", GREY))
    ax.plot(range(len(upper)), upper, color=LIGHT, lw=1, drawstyle="steps-mid", zorder=1)
    known = [u for u in upper if u == u]
    if known and known[-1] < ax.get_ylim()[1]:
        right.append((known[-1], f"控制上限 {known[-1]:.1f}" if zh else f"UCL {known[-1]:.1f}", GREY))


def _highest(ax: Axes, line: list[float]) -> None:
    known = [(v, i) for i, v in enumerate(line) if v == v and v > 0]
    if known:
        value, at = max(known)
        side = "right" if at > len(line) / 2 else "left"
        ax.annotate(
            f"{value:.2f}‰", (at, value), xytext=(-4 if side == "right" else 4, 4), textcoords="offset points",
            ha=side, va="bottom", size=9, weight="bold", color=NAVY, zorder=6,
        )  # fmt: skip


def _weeks(sheet: Sheet, ax: Axes) -> None:
    names = sheet.chart.table.rows
    every = max(1, -(-len(names) * 9 // int(sheet.inner_width(ax))))
    every = max(every, -(-len(names) // _SHOWN) if sheet.small else every)
    places = [i for i in range(len(names)) if (len(names) - 1 - i) % every == 0]
    ax.set_xticks(places, [names[i].replace(" ", "\n") for i in places], size=7.5 if not sheet.small else 6.5)


def _marks(sheet: Sheet, ax: Axes, top: float) -> None:
    """A dotted line for each measure, its words in the highest free line."""
    rows = list(sheet.chart.table.rows)
    per_mm = (ax.get_xlim()[1] - ax.get_xlim()[0]) / sheet.inner_width(ax)
    ends: list[float] = []
    step = top * 3.4 / sheet.inner_height(ax)
    for row, words in sheet.chart.marks:
        if row not in rows:
            continue
        at = rows.index(row)
        half = width_of(words, 7.5) * per_mm / 2
        level = next((n for n, end in enumerate(ends) if end < at - half), len(ends))
        ends[level : level + 1] = [at + half]
        ax.plot([at, at], [0, top - step * (level + 0.6)], color=GREY, lw=0.9, ls=(0, (1, 2)), zorder=1)
        middle = min(max(at, ax.get_xlim()[0] + half), ax.get_xlim()[1] - half)
        ax.text(middle, top - step * level, words, size=7.5, color=GREY, ha="center", va="top",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip


def _at_the_right(sheet: Sheet, ax: Axes, words: list[tuple[float, str, str]], top: float) -> None:
    """Names at the ends of their lines; grey ones give way to those of limits."""
    step = top * 3.6 / sheet.inner_height(ax)
    taken: list[float] = []
    for value, text, colour in sorted(words, key=lambda w: (w[2] == GREY, w[0])):
        y = value
        while any(abs(y - t) < step * 0.98 for t in taken):
            y = min(t for t in taken if abs(y - t) < step * 0.98) - step if colour == GREY else y + step
        taken.append(y)
        if y > -step:
            ax.text(1.008, y / top, text, size=7.5, color=colour, va="center", transform=ax.transAxes)

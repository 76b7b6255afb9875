"""A few measures month by month against a target: CH7 (on time, %) and CH10 (satisfaction). A column named in `hollow`
is not drawn but said under each month (how many it rests on)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from qforms.documents.charts.figures import Chart, Table
from qforms.documents.charts.frame import AMBER, BLUE, GREY, NAVY, RED, Sheet, figure_text, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LOOKS = (
    (NAVY, "-", "o"),
    (BLUE, (0, (5, 2)), "s"),
    (GREY, (0, (1, 1.5)), "^"),
    (AMBER, (0, (6, 2, 1, 2)), "D"),
    (RED, "-", "v"),
)


def drawn(chart: Chart) -> list[int]:
    return [i for i, name in enumerate(chart.table.columns) if name not in chart.hollow]


def message(chart: Chart) -> str:
    """The last month's figures against the target; the worst one first."""
    table, zh = chart.table, chart.lang == "zh"
    last = [(table.columns[i], table.cells[-1][i]) for i in drawn(chart)]
    known = sorted(((v, n) for n, v in last if v is not None))
    if not known:
        return f"{table.rows[-1]} 没有到期的事项" if zh else f"Nothing was due in {table.rows[-1]}"
    said = ("，" if zh else ", ").join(f"{n} {figure_text(v)}{_unit(chart)}" for v, n in known[:3])
    if chart.limits:
        name, target = chart.limits[0]
        below = sum(v < target for v, _ in known)
        if zh:
            said += f"；{'都达到' if not below else f'{below} 项未达'}{name}"
        else:
            said += f"; {'all reach' if not below else f'{below} below'} {name}"
    return f"{table.rows[-1]}：{said}" if zh else f"{table.rows[-1]}: {said}"


def _unit(chart: Chart) -> str:
    return f" {chart.unit}" if chart.unit else ""


def draw(sheet: Sheet) -> None:
    chart, table = sheet.chart, sheet.chart.table
    noted = [i for i, name in enumerate(table.columns) if name in chart.hollow]
    size = 7.5 if not sheet.small else 6.5
    names = [table.columns[i] for i in drawn(chart)]
    right = max([width_of(f"{n} 100", 7.5) for n in names] + [width_of(n, 7.5) for n, _ in chart.limits]) + 3
    ax = sheet.axes(left=11, right=min(right, 40), below=6.5 + 3.6 * bool(noted), above=2)
    values = [float(v) for row in table.cells for i, v in enumerate(row) if v is not None and i in drawn(chart)]
    low, high = _range(values, [float(v) for _, v in chart.limits], chart.unit)
    ax.set_ylim(low, high)
    count = len(table.rows)
    ax.set_xlim(-0.4, max(count - 0.6, 0.6))
    ends: list[tuple[float, str, str]] = []
    for (colour, dash, sign), i in zip(_LOOKS * 3, drawn(chart), strict=False):
        line = [float("nan") if row[i] is None else float(row[i] or 0) for row in table.cells]
        ax.plot(range(count), line, color=colour, ls=dash, marker=sign, ms=3.6, lw=1.5, clip_on=False, zorder=3)
        last = next((v for v in reversed(line) if v == v), None)
        if last is not None:
            ends.append((last, f"{table.columns[i]} {figure_text(Decimal(f'{last:.4f}'))}", colour))
    for name, value in chart.limits:
        ax.axhline(float(value), color=AMBER, lw=1.2, ls=(0, (6, 2.5)), zorder=1)
        ends.append((float(value), name, AMBER))
    _at_the_right(sheet, ax, ends, low, high)
    every = max(1, -(-count * 10 // max(1, int(sheet.inner_width(ax)))))
    shown = [i for i in range(count) if (count - 1 - i) % every == 0]
    ax.set_xticks(shown, [_under(table, i, noted) for i in shown], size=size)
    sheet.whole(ax)


def _under(table: Table, i: int, noted: list[int]) -> str:
    more = [figure_text(table.cells[i][n] or Decimal(0)) for n in noted]
    return "\n".join([table.rows[i], *(f"n={m}" for m in more)])


def _range(values: list[float], limits: list[float], unit: str) -> tuple[float, float]:
    """Percent end at 100 and begin at a round figure below the lowest; ratings span 1 to 5."""
    lowest = min([*values, *limits], default=0.0)
    if unit == "%":
        return (max(0.0, (lowest - 5) // 10 * 10), 100.0)
    highest = max([*values, *limits], default=1.0)
    return (1.0, 5.0) if highest <= 5 else (0.0, highest * 1.08)


def _at_the_right(sheet: Sheet, ax: Axes, words: list[tuple[float, str, str]], low: float, high: float) -> None:
    """The lines' names at their ends, spread so that none covers another."""
    step = (high - low) * 3.4 / sheet.inner_height(ax)
    at: list[float] = []
    for value, _, _ in sorted(words, key=lambda w: -w[0]):
        at.append(min(value, at[-1] - step) if at else value)
    short = low - at[-1] if at else 0.0  # pushed below the axis: all move up
    if short > 0:
        at = [y + short for y in at]
    for y, (_, text, colour) in zip(at, sorted(words, key=lambda w: -w[0]), strict=True):
        ax.text(1.012, (y - low) / (high - low), text, size=7.5, color=colour, va="center", transform=ax.transAxes)

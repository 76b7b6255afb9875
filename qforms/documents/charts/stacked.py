"""Bars made of parts. CH4: what is open by department, how old it is (`ageing`, lying). CH9: losses by month and kind
(`stacked`, standing). The parts differ by ground and hatch, so that they are told apart in grey print."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from qforms.documents.charts.figures import Chart, Table
from qforms.documents.charts.frame import (
    BLUE,
    GREY,
    LIGHT,
    NAVY,
    RED,
    STYLES,
    Sheet,
    ceiling,
    cut_to,
    figure_text,
    label,
    percent,
    width_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AGES = (("#FFFFFF", ""), ("#DCE3EB", ""), (LIGHT, ""), (BLUE, ""), (NAVY, ""), (RED, "////"))  # not due … over 30 days
_DEPARTMENTS, _KINDS = 10, 6


# ---------------------------------------------------------------- CH4


def aged(chart: Chart) -> Table:
    """Departments with the oldest first; those beyond the tenth together."""

    def age(pair: tuple[str, tuple[Decimal | None, ...]]) -> tuple[Decimal, ...]:
        return tuple(-(v or Decimal(0)) for v in reversed(pair[1]))

    pairs = sorted(zip(chart.table.rows, chart.table.cells, strict=True), key=age)
    pairs = [p for p in pairs if any(p[1])]
    table = Table(tuple(n for n, _ in pairs), chart.table.columns, tuple(c for _, c in pairs))
    return table.folded(_DEPARTMENTS, chart.rest)


def ageing_message(chart: Chart) -> str:
    table, zh = aged(chart), chart.lang == "zh"
    late = [sum((v or Decimal(0) for v in row[1:]), Decimal(0)) for row in table.cells]
    total = sum(late, Decimal(0))
    if not total:
        every = sum((v or Decimal(0) for row in table.cells for v in row), Decimal(0))
        return f"{every} 项在办，没有逾期" if zh else f"{every} open, none overdue"
    first = max(range(len(late)), key=lambda i: late[i])
    oldest = next(n for n in range(len(table.columns) - 1, 0, -1) if any(row[n] for row in table.cells))
    count = sum((row[oldest] or Decimal(0) for row in table.cells), Decimal(0))
    if zh:
        return f"逾期 {total} 项，{table.rows[first]}占 {late[first]} 项；{table.columns[oldest]} {count} 项"
    return f"{total} overdue, {late[first]} of them {table.rows[first]}; {table.columns[oldest]}: {count}"


def draw_ageing(sheet: Sheet) -> None:
    table = aged(sheet.chart)
    names = [cut_to(n, 30, sheet.words) for n in table.rows]
    left = max(width_of(n, sheet.words) for n in names) + 4
    ax = sheet.axes(left=max(left, 14), right=10, below=4.5, above=6.5)
    places = list(range(len(names)))
    reach = max(sum(float(v or 0) for v in row) for row in table.cells)
    ax.set_xlim(0, reach * 1.02)
    ax.set_ylim(max(len(names), 4) - 0.5, -0.5)
    at = [0.0] * len(names)
    per = sheet.inner_width(ax) / (reach * 1.02)
    for column, (ground, hatch) in zip(range(len(table.columns)), AGES, strict=False):
        values = [float(v) for v in table.column(column)]
        ax.barh(places, values, left=at, height=0.62, color=ground, hatch=hatch, edgecolor=NAVY, lw=0.6)
        for y, value in enumerate(values):
            if value and value * per > width_of(f"{value:g}", 7.5) + 1:
                dark = ground in (NAVY, BLUE)
                box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8} if hatch else None
                ax.text(at[y] + value / 2, y, f"{value:g}", size=7.5, ha="center", va="center", bbox=box,
                        color="white" if dark else "#222222")  # fmt: skip
        at = [a + v for a, v in zip(at, values, strict=True)]
    for y, end in enumerate(at):
        ax.text(end + reach * 0.01, y, f"{end:g}", size=sheet.words, va="center", weight="bold")
    ax.set_yticks(places, names, size=sheet.words)
    ax.tick_params(axis="y", length=0)
    ax.spines["bottom"].set_visible(False)
    ax.set_xticks([])
    legend(sheet, ax, table.columns, AGES)


def legend(
    sheet: Sheet, ax: Axes, names: tuple[str, ...], styles: tuple[tuple[str, str], ...], lift: float = 0.0
) -> None:
    """Squares and words above the axes, in one line or two; `lift` mm higher than usual."""
    from matplotlib.patches import Rectangle

    box, room, size = ax.get_position(), sheet.width - 6, 7.5 if not sheet.small else 6.5
    lines: list[list[int]] = [[]]
    used = 0.0
    for n, name in enumerate(names):
        wide = width_of(name, size) + 6.5
        if used + wide > room and lines[-1]:
            lines, used = [*lines, []], 0.0
        lines[-1].append(n)
        used += wide
    for k, line in enumerate(reversed(lines)):
        x = max(2.0, min(box.x0 * sheet.width, room - sum(width_of(names[n], size) + 6.5 for n in line)))
        y = (1 - box.y1) * sheet.height - 4.6 - lift - 3.6 * k
        for n in line:
            ground, hatch = styles[n % len(styles)]
            patch = Rectangle(
                (x / sheet.width, 1 - (y + 2.9) / sheet.height),
                3.4 / sheet.width,
                2.4 / sheet.height,
                facecolor=ground,
                hatch=hatch * 2 if hatch else None,
                edgecolor=NAVY,
                lw=0.6,
                transform=sheet.figure.transFigure,
            )
            sheet.figure.add_artist(patch)
            sheet.text(x + 4.3, y + 0.2, names[n], size, colour="#333333")
            x += width_of(names[n], size) + 6.5


# ---------------------------------------------------------------- CH9


def kinds(chart: Chart) -> Table:
    """Months with the six largest kinds; the others together."""
    turned = chart.table.turned()
    pairs = sorted(zip(turned.rows, turned.cells, strict=True), key=lambda p: -sum(v or Decimal(0) for v in p[1]))
    pairs = [p for p in pairs if any(p[1])]
    return (
        Table(tuple(n for n, _ in pairs), turned.columns, tuple(c for _, c in pairs))
        .folded(_KINDS, chart.rest)
        .turned()
    )


def stacked_message(chart: Chart) -> str:
    """The last month against the one before, and the largest kind."""
    table, zh = kinds(chart), chart.lang == "zh"
    sums = [sum((v or Decimal(0) for v in row), Decimal(0)) for row in table.cells]
    now, before = sums[-1], sums[-2] if len(sums) > 1 else Decimal(0)
    name, unit = table.rows[-1], f" {chart.unit}" if chart.unit else ""
    said = f"{name} {figure_text(now, 0)}{unit}" if zh else f"{name}: {figure_text(now, 0)}{unit}"
    if now and before:
        change = 100 * (now - before) / before
        more = (
            f"比上月{'增' if change > 0 else '减'} {abs(change):.0f} %"
            if zh
            else f"{change:+.0f} % on the month before"
        )
        said += ("，" if zh else ", ") + (more if abs(change) >= 1 else "与上月持平" if zh else "as the month before")
    if now:
        last = table.cells[-1]
        first = max(range(len(last)), key=lambda i: (table.columns[i] != chart.rest, last[i] or 0))
        share = percent(last[first] or Decimal(0), now)
        said += f"；{table.columns[first]}占 {share}" if zh else f"; {table.columns[first]} {share}"
    return said


def draw_stacked(sheet: Sheet) -> None:
    table = kinds(sheet.chart)
    sums = [float(sum((v or Decimal(0) for v in row), Decimal(0))) for row in table.cells]
    top = ceiling(max(sums))
    ax = sheet.axes(left=17, right=3, below=6.5, above=7)
    ax.set_ylim(0, top)
    ax.set_xlim(-0.6, max(len(sums), 4) - 0.4)
    sheet.whole(ax)
    base = [0.0] * len(sums)
    for column, (ground, hatch) in zip(range(len(table.columns)), STYLES, strict=False):
        values = [float(v) for v in table.column(column)]
        ax.bar(range(len(sums)), values, bottom=base, width=0.64, color=ground, hatch=hatch, edgecolor=NAVY, lw=0.5)
        base = [b + v for b, v in zip(base, values, strict=True)]
    slot = sheet.inner_width(ax) / max(len(sums), 4)
    size = 7.5 if not sheet.small else 6.0
    for i, value in enumerate(sums):
        text = figure_text(Decimal(f"{value:.2f}"), 0)
        if value and width_of(text, size) <= slot + 0.5:
            ax.text(i, value + top * 0.012, text, ha="center", va="bottom", size=size)
    every = max(1, -(-len(sums) * 9 // max(1, int(sheet.inner_width(ax)))))
    shown = [i for i in range(len(sums)) if (len(sums) - 1 - i) % every == 0]
    ax.set_xticks(shown, [label(table.rows[i], slot * every, 7.5) for i in shown], size=7.5 if not sheet.small else 6.5)
    ax.tick_params(axis="x", length=0)
    legend(sheet, ax, table.columns, STYLES)


__all__ = ["GREY", "ageing_message", "draw_ageing", "draw_stacked", "legend", "stacked_message"]

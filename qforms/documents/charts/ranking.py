"""CH11 and CH16: who or what has most, lying bars with their figures; a second column is said behind the first."""

from __future__ import annotations

from decimal import Decimal

from qforms.documents.charts.figures import Chart, Table
from qforms.documents.charts.frame import BLUE, LIGHT, NAVY, Sheet, cut_to, figure_text, percent, width_of

_MOST = 10


def ranked(chart: Chart) -> Table:
    """The ten largest; what is beyond them together, its second figure unknown."""
    pairs = sorted(
        zip(chart.table.rows, chart.table.cells, strict=True), key=lambda p: (p[0] == chart.rest, -(p[1][0] or 0))
    )
    pairs = [p for p in pairs if p[1][0]]
    table = Table(tuple(n for n, _ in pairs), chart.table.columns, tuple(c for _, c in pairs)).folded(_MOST, chart.rest)
    cells = [
        (row[0], *(None for _ in row[1:])) if name == chart.rest else row
        for name, row in zip(table.rows, table.cells, strict=True)
    ]
    return Table(table.rows, table.columns, tuple(cells))


def message(chart: Chart) -> str:
    table, zh = ranked(chart), chart.lang == "zh"
    total, first = table.total(), table.cells[0][0] or Decimal(0)
    share = percent(first, total)
    return f"{table.rows[0]}占 {share}" if zh else f"{table.rows[0]}: {share}"


def draw(sheet: Sheet) -> None:
    chart, table = sheet.chart, ranked(sheet.chart)
    size = sheet.words
    names = [cut_to(n, sheet.width * 0.34, size) for n in table.rows]
    total = table.total()
    texts = [_said(chart, table, i, total) for i in range(len(names))]
    most = float(max(v or 0 for v in table.column(0)))
    ax = sheet.axes(left=max(width_of(n, size) for n in names) + 3, right=3, below=1.5, above=1)
    room = sheet.inner_width(ax)
    words = max(width_of(t, size) for t in texts) + 2
    ax.set_xlim(0, most * room / max(room - words, room * 0.35))
    ax.set_ylim(max(len(names), 4) - 0.5, -0.5)
    rest = [n == chart.rest for n in table.rows]
    colours = [LIGHT if r else NAVY if not i else BLUE for i, r in enumerate(rest)]
    ax.barh(range(len(names)), [float(v) for v in table.column(0)], height=0.62, color=colours)
    for y, text in enumerate(texts):
        ax.text(float(table.cells[y][0] or 0), y, f" {text}", size=size, va="center")
    ax.set_yticks(range(len(names)), names, size=size)
    ax.tick_params(axis="y", length=0)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)


def _said(chart: Chart, table: Table, i: int, total: Decimal) -> str:
    value, *more = table.cells[i]
    said = f"{figure_text(value or Decimal(0))}{f' {chart.unit}' if chart.unit else ''}"
    known = [f"{figure_text(v)} {name}" for v, name in zip(more, table.columns[1:], strict=True) if v is not None]
    return "　".join([said, *known]) if more else f"{said}　{percent(value or Decimal(0), total)}"

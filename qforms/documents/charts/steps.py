"""CH6: how long the steps of an 8D take. Columns of its table, by step: planned and actual days (medians), done on
time, done, open at this step."""

from __future__ import annotations

from qforms.documents.charts.figures import Chart
from qforms.documents.charts.frame import LIGHT, NAVY, Sheet, ceiling, figure_text, percent


def message(chart: Chart) -> str:
    table, zh = chart.table, chart.lang == "zh"
    kept, done = table.total(2), table.total(3)
    said = ""
    if done:
        said = (
            f"各步按期 {percent(kept, done)}（{kept} / {done}）"
            if zh
            else f"Steps on time: {percent(kept, done)} ({kept} / {done})"
        )
    slow = max(
        ((a - p, n) for n, (p, a, *_) in zip(table.rows, table.cells, strict=True) if p is not None and a is not None),
        default=None,
    )
    if slow and slow[0] > 0:
        days = figure_text(slow[0])
        said += f"；{slow[1]} 比计划慢 {days} 天" if zh else f"; {slow[1]} {days} days behind its plan"
    elif done:
        said += "；没有一步比计划慢" if zh else "; no step is behind its plan"
    if not said:
        said = f"{table.total(4)} 份 8D 在办" if zh else f"{table.total(4)} 8D reports open"
    return said


def draw(sheet: Sheet) -> None:
    table, zh = sheet.chart.table, sheet.chart.lang == "zh"
    longest = max(float(v or 0) for row in table.cells for v in row[:2])
    top = ceiling(longest)
    ax = sheet.axes(left=11, right=34 if not sheet.small else 25, below=8, above=4.5)
    ax.set_xlim(0, top)
    ax.set_ylim(len(table.rows) - 0.45, -0.55)
    size = 7.5 if not sheet.small else 6.5
    inner = sheet.inner_width(ax)
    columns = (1 + 10 / inner, 1 + 26 / inner) if not sheet.small else (1 + 8 / inner, 1 + 20 / inner)
    for y, row in enumerate(table.cells):
        planned, actual, kept, done, open_ = row
        if planned is not None:
            ax.barh(y - 0.18, float(planned), height=0.3, color="white", edgecolor=NAVY, lw=0.7, hatch="////")
        if actual is not None:
            late = planned is not None and actual > planned
            ax.barh(y + 0.18, float(actual), height=0.32, color=NAVY)
            ax.text(float(actual) + top * 0.008, y + 0.2, figure_text(actual), size=size - 0.5, va="center",
                    weight="bold" if late else "normal")  # fmt: skip
        words = (f"{kept or 0} / {done}", f"{open_ or ''}")
        for x, text in zip(columns, words, strict=True):
            if done or text == words[1]:
                ax.text(x, y, text, size=size, va="center", ha="center", transform=ax.get_yaxis_transform())
    heads = ("按期 / 完成", "停在此步") if zh else ("on time / done", "open here")
    for x, text in zip(columns, heads, strict=True):
        ax.text(x, 1.01, text, size=size - 0.5, ha="center", va="bottom", transform=ax.transAxes, color="#595959")
    ax.set_yticks(range(len(table.rows)), table.rows, size=sheet.words)
    ax.tick_params(axis="y", length=0)
    about = (
        "自立项起天数（中位数）：斜线为计划，实心为实际"
        if zh
        else "Days since start, median: hatched plan, full actual"
    )
    ax.set_xlabel(about, size=size)
    ax.grid(axis="x", color=LIGHT, lw=0.4, alpha=0.5)

"""Charts (extra [charts]): a frozen `Chart` -> a picture. The same chart gives the same bytes, and is drawn once.

matplotlib is imported when the first one is drawn. Kinds are named after what they show; each has its message, the
sentence above it, and its drawing."""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable
from typing import Literal

from qforms.documents.charts import (
    backlog,
    fishbone,
    frame,
    ladder,
    lines,
    matrix,
    pareto,
    ranking,
    spread,
    stacked,
    steps,
    trend,
)
from qforms.documents.charts.figures import Answer, Cause, Chart, Fishbone, Kind, Ladder, Table
from qforms.documents.charts.font import ChartsUnavailable, family
from qforms.documents.charts.frame import Sheet

__all__ = [
    "Answer",
    "Cause",
    "Chart",
    "ChartsUnavailable",
    "Fishbone",
    "Ladder",
    "Table",
    "available",
    "empty",
    "message",
    "picture",
    "said",
]

DPI = 180  # on paper; letters take less
_SAID = 12  # rows that are said in full
_KINDS: dict[Kind, tuple[Callable[[Chart], str], Callable[[Sheet], None]]] = {
    "pareto": (pareto.message, pareto.draw),
    "trend": (trend.message, trend.draw),
    "matrix": (matrix.message, matrix.draw),
    "ageing": (stacked.ageing_message, stacked.draw_ageing),
    "stacked": (stacked.stacked_message, stacked.draw_stacked),
    "spread": (spread.message, spread.draw),
    "steps": (steps.message, steps.draw),
    "lines": (lines.message, lines.draw),
    "backlog": (backlog.message, backlog.draw),
    "ranking": (ranking.message, ranking.draw),
    "fishbone": (fishbone.message, fishbone.draw),
    "ladder": (ladder.message, ladder.draw),
}
_one_at_a_time = threading.RLock()  # matplotlib's settings and fonts are the process's


def said(chart: Chart) -> str:
    """The chart in words, for those who see no picture: its message, its name and its figures; of a long row of weeks
    or months the last ones."""
    parts = [f"{message(chart)}（{chart.name}）" if chart.lang == "zh" else f"{message(chart)} ({chart.name})"]
    if isinstance(chart.figures, Table) and not empty(chart):
        pairs = list(zip(chart.table.rows, chart.table.cells, strict=True))
        for name, row in pairs if len(pairs) <= _SAID else pairs[-4:]:
            cells = [
                f"{c} {frame.figure_text(v, 2)}" if len(row) > 1 else frame.figure_text(v, 2)
                for c, v in zip(chart.table.columns, row, strict=True)
                if v
            ]
            if cells:
                parts.append(f"{name} {'、'.join(cells) if chart.lang == 'zh' else ', '.join(cells)}")
    return ("；" if chart.lang == "zh" else "; ").join(parts)


def available() -> None:
    """Raises ChartsUnavailable where no chart can be drawn: no matplotlib, no Chinese font."""
    family()


def empty(chart: Chart) -> bool:
    """Whether there is nothing to draw."""
    figures = chart.figures
    if isinstance(figures, Fishbone):
        return not any(causes for _, causes in figures.bones)
    if isinstance(figures, Ladder):
        return not any(answers or root for _, answers, root in figures.columns)
    return figures.empty


def message(chart: Chart) -> str:
    """The chart's one sentence, with its figure: 「功能失效占 43 %，前 4 类占 81 %」; 「无数据」 where none."""
    if empty(chart):
        return chart.name + ("：无数据" if chart.lang == "zh" else ": no data")
    return chart.title or _KINDS[chart.kind][0](chart)


@functools.lru_cache(maxsize=128)
def picture(chart: Chart, kind: Literal["png", "svg"] = "png", dpi: int = DPI) -> bytes:
    """The chart as PNG or SVG (words as outlines). Raises ChartsUnavailable without matplotlib or a Chinese font."""
    with _one_at_a_time, warnings.catch_warnings():
        settings = frame.rc()
        import matplotlib

        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a customer's rare sign stops no report
        with matplotlib.rc_context(settings):
            sheet = Sheet(chart, message(chart))
            if empty(chart):
                sheet.nothing()
            else:
                _KINDS[chart.kind][1](sheet)
            return frame.png(sheet.figure, dpi) if kind == "png" else frame.svg(sheet.figure)

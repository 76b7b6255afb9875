"""CH15: the 5-why ladder of an 8D: occurrence, escape and system side by side, each answer below the last, √ where it
has been verified, the root cause in a frame at the foot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qforms.documents.charts.figures import Answer, Chart, Ladder
from qforms.documents.charts.frame import GREY, INK, NAVY, PALE, RED, TINT, Sheet, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GAP = 4.0
_LINE = 0.3528 * 1.34  # mm of line height for a point


def ladder(chart: Chart) -> Ladder:
    assert isinstance(chart.figures, Ladder)
    return chart.figures


def message(chart: Chart) -> str:
    columns = [c for c in ladder(chart).columns if c[1]]
    found = [f"{name}：{root}" if chart.lang == "zh" else f"{name}: {root}" for name, _, root in columns if root]
    if found:
        return ("；" if chart.lang == "zh" else "; ").join(found)
    deep = max((len(answers) for _, answers, _ in columns), default=0)
    return f"问了 {deep} 层，根本原因待定" if chart.lang == "zh" else f"{deep} whys asked, root cause open"


def height(figures: Ladder, width: float) -> float:
    """What the ladder needs below its title at the common size, mm."""
    column = (width - 4 - _GAP * (len(figures.columns) - 1)) / max(1, len(figures.columns))
    return max((_column_height(answers, root, column, 8.0) for _, answers, root in figures.columns), default=20) + 8


def _column_height(answers: tuple[Answer, ...], root: str, width: float, size: float) -> float:
    boxes = sum(_box_height(a, width, size) + 4.2 for a in answers)
    return boxes + (len(wrapped(root or "？", width - 5, size, 4)) * size * _LINE + 4.5)


def _said(answer: Answer, width: float, size: float) -> tuple[list[str], list[str]]:
    proof = f"【{answer.evidence}】" if answer.evidence else ""
    return wrapped(answer.why, width - 5, size - 0.8, 2), wrapped(f"{answer.because}{proof}", width - 9, size, 3)


def _box_height(answer: Answer, width: float, size: float) -> float:
    why, because = _said(answer, width, size)
    return len(why) * (size - 0.8) * _LINE + len(because) * size * _LINE + 2.6


def draw(sheet: Sheet) -> None:
    figures = ladder(sheet.chart)
    columns = [c for c in figures.columns if c[1] or c[2]]
    ax = sheet.figure.add_axes((0, 0, 1, 1))
    ax.set_xlim(0, sheet.width)
    ax.set_ylim(sheet.height, 0)
    ax.axis("off")
    width = (sheet.width - 4 - _GAP * (len(columns) - 1)) / len(columns)
    room = sheet.height - sheet.bottom - sheet.top - 8
    size = 8.0
    while size > 5.4 and max(_column_height(a, r, width, size) for _, a, r in columns) > room:
        size -= 0.2
    for n, (name, answers, root) in enumerate(columns):
        _column(sheet, ax, name, answers, root, 2 + n * (width + _GAP), width, size)


def _column(
    sheet: Sheet, ax: Axes, name: str, answers: tuple[Answer, ...], root: str, x: float, width: float, size: float
) -> None:
    from matplotlib.patches import Rectangle

    y = sheet.top + 1
    ax.add_patch(Rectangle((x, y), width, 5.6, facecolor=NAVY, edgecolor=NAVY))
    ax.text(x + width / 2, y + 2.9, name, size=9, weight="bold", color="white", ha="center", va="center")
    y += 5.6
    for answer in answers:
        why, because = _said(answer, width, size)
        high = _box_height(answer, width, size)
        _arrow(ax, x + width / 2, y, y + 4.0)
        y += 4.2
        ax.add_patch(Rectangle((x, y), width, high, facecolor="white", edgecolor=PALE, lw=0.8))
        _lines(ax, why, x + 2, y + 1.1, size - 0.8, GREY)
        down = y + 1.1 + len(why) * (size - 0.8) * _LINE
        _lines(ax, because, x + 2, down, size, INK)
        if answer.verified:
            ax.text(x + width - 1.4, down, "√", size=size + 1, weight="bold", color=NAVY, ha="right", va="top")
        y += high
    _arrow(ax, x + width / 2, y, y + 4.0)
    y += 4.2
    unknown = "根本原因待定" if sheet.chart.lang == "zh" else "Root cause open"
    lines = wrapped(root or unknown, width - 5, size, 4)
    high = len(lines) * size * _LINE + 2.8
    ax.add_patch(Rectangle((x, y), width, high, facecolor=TINT if root else "white", edgecolor=RED if root else GREY,
                           lw=1.8 if root else 0.9, ls="-" if root else "--"))  # fmt: skip
    for i, line in enumerate(lines):
        ax.text(x + width / 2, y + 1.3 + i * size * _LINE, line, size=size, weight="bold" if root else "normal",
                ha="center", va="top", color=INK if root else GREY)  # fmt: skip


def _arrow(ax: Axes, x: float, start: float, end: float) -> None:
    ax.annotate(
        "", (x, end), (x, start), arrowprops={"arrowstyle": "-|>", "color": NAVY, "lw": 1.1, "shrinkA": 0, "shrinkB": 0}
    )


def _lines(ax: Axes, lines: list[str], x: float, y: float, size: float, colour: str) -> None:
    for i, line in enumerate(lines):
        ax.text(x, y + i * size * _LINE, line, size=size, color=colour, va="top", ha="left")

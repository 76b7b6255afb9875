"""CH14: the fishbone of an 8D. Named bones, three up and three down, causes on them, twigs behind each: a confirmed
cause red and bold with ■, an excluded one struck through and grey, each with its evidence. Made for A4 across."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qforms.documents.charts.figures import Cause, Chart, Fishbone
from qforms.documents.charts.frame import GREY, INK, NAVY, PT, RED, TINT, Sheet, width_of, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CAUSES = 6  # of one bone
_HEAD, _TAIL, _SLANT, _BOX = (
    36.0,
    2.0,
    13.0,
    6.0,
)  # mm: the box of the problem, the spine's tail, a bone's slant, its name
_SIZE, _TWIG = 7.5, 6.5  # points
_AIR = 1.6  # mm between two causes


def bone(chart: Chart) -> Fishbone:
    assert isinstance(chart.figures, Fishbone)
    return chart.figures


def message(chart: Chart) -> str:
    causes = [c for _, of in bone(chart).bones for c in of]
    sure = [c.text for c in causes if c.state == "confirmed"]
    out = sum(c.state == "excluded" for c in causes)
    if chart.lang == "zh":
        said = f"查了 {len(causes)} 个原因，排除 {out} 个"
        return said + (f"，确认：{'、'.join(sure)}" if sure else "，还没有确认")
    said = f"{len(causes)} causes looked into, {out} excluded"
    return said + (f", confirmed: {', '.join(sure)}" if sure else ", none confirmed yet")


def height(figures: Fishbone, width: float) -> float:
    """What the fishbone needs below its title, mm."""
    room = _room(figures, width)
    across = -(-len(figures.bones) // 2)
    tall = [sum(_high(c, room) for c in causes[:CAUSES]) + _BOX + 7 for _, causes in figures.bones]
    return max(max(tall[:across], default=0) + max(tall[across:], default=0), 70.0)


def _room(figures: Fishbone, width: float) -> float:
    """The width of a bone's causes, mm."""
    across = max(-(-len(figures.bones) // 2), 1)
    return (width - _HEAD - 6 - _TAIL - _SLANT) / across


def draw(sheet: Sheet) -> None:
    fish = bone(sheet.chart)
    ax = sheet.figure.add_axes((0, 0, 1, 1))
    ax.set_xlim(0, sheet.width)
    ax.set_ylim(sheet.height, 0)
    ax.axis("off")
    above, below = sheet.top + 1, sheet.height - sheet.bottom - 1
    room, across = _room(fish, sheet.width), -(-len(fish.bones) // 2)
    tall = [sum(_high(c, room) for c in causes[:CAUSES]) + _BOX + 7 for _, causes in fish.bones]
    up, down = max(tall[:across], default=1.0), max(tall[across:], default=1.0)
    middle = above + (below - above) * up / (up + down)
    end = sheet.width - _HEAD - 4
    ax.plot([_TAIL, end], [middle, middle], color=NAVY, lw=3, solid_capstyle="butt")
    ax.fill([end, end - 4, end - 4], [middle, middle - 2.2, middle + 2.2], color=NAVY)
    _problem(ax, fish.problem, end, middle)
    for n, (name, causes) in enumerate(fish.bones):
        right = _TAIL + _SLANT + room * (n % across + 1)
        upper = n < across
        _bone(sheet, ax, name, causes[:CAUSES], right, room, middle, above if upper else below, upper)


def _problem(ax: Axes, problem: str, end: float, middle: float) -> None:
    from matplotlib.patches import Rectangle

    lines = wrapped(problem, _HEAD - 4, 9, 8)
    high = max(14.0, 4.4 * len(lines) + 5)
    ax.add_patch(Rectangle((end, middle - high / 2), _HEAD, high, facecolor=TINT, edgecolor=NAVY, lw=1.6))
    for i, line in enumerate(lines):
        y = middle + (i - (len(lines) - 1) / 2) * 4.4
        ax.text(end + _HEAD / 2, y, line, size=9, weight="bold", ha="center", va="center")


def _bone(
    sheet: Sheet,
    ax: Axes,
    name: str,
    causes: tuple[Cause, ...],
    right: float,
    room: float,
    middle: float,
    edge: float,
    upper: bool,
) -> None:
    """A bone that meets the spine at `right`; its causes lie to its left, between its name and the spine."""
    tip = edge + _BOX if upper else edge - _BOX
    ax.plot([right - _SLANT, right], [tip, middle], color=NAVY, lw=1.6)
    ax.text(
        right - _SLANT,
        edge + (_BOX / 2 if upper else -_BOX / 2),
        name,
        size=9.5,
        weight="bold",
        color="white",
        ha="center",
        va="center",
        bbox={"facecolor": NAVY, "edgecolor": NAVY, "pad": 3.2},
    )
    used = sum(_high(c, room) for c in causes)
    spare = max(0.0, abs(middle - tip) - 4 - used) / (len(causes) + 1)
    y = (tip + 0.5 if upper else middle + 3) + spare
    for cause in causes:
        y = _cause(ax, cause, room, y, lambda at: right - _SLANT * abs(middle - at) / abs(middle - tip)) + spare


def _words(cause: Cause, room: float) -> tuple[list[str], list[str]]:
    """The lines of a cause with its evidence, and of its twigs."""
    proof = f"（{cause.evidence}）" if cause.evidence else ""
    text = f"{'■ ' if cause.state == 'confirmed' else ''}{cause.text}{proof}"
    twigs = [line for twig in cause.twigs[:3] for line in wrapped(f"· {twig}", room - 5, _TWIG, 2)]
    return wrapped(text, room - 4, _SIZE, 3), twigs


def _high(cause: Cause, room: float) -> float:
    lines, twigs = _words(cause, room)
    return (len(lines) * _SIZE + len(twigs) * _TWIG) * PT * 1.25 + 0.9 + _AIR


def _cause(ax: Axes, cause: Cause, room: float, y: float, bone_at: Callable[[float], float]) -> float:
    """The words above a line that meets the bone, twigs below it; gives where they end."""
    sure, out = cause.state == "confirmed", cause.state == "excluded"
    colour = RED if sure else GREY if out else INK
    lines, twigs = _words(cause, room)
    line_at = y + len(lines) * _SIZE * PT * 1.25 + 0.6
    x = bone_at(line_at)
    wide = max(width_of(line, _SIZE) for line in lines)
    for i, line in enumerate(lines):
        top = y + i * _SIZE * PT * 1.25
        ax.text(x - 1.8, top, line, size=_SIZE, ha="right", va="top", color=colour, weight="bold" if sure else "normal")
        if out:
            through = top + _SIZE * PT * 0.62
            ax.plot([x - 1.8 - width_of(line, _SIZE) * 0.96, x - 1.8], [through, through], color=GREY, lw=0.8)
    ax.plot([x - wide - 2, x], [line_at, line_at], color=colour, lw=1.4 if sure else 0.7)
    for i, line in enumerate(twigs):
        ax.text(x - 1.8, line_at + 0.5 + i * _TWIG * PT * 1.25, line, size=_TWIG, ha="right", va="top", color=GREY)
    return y + _high(cause, room)

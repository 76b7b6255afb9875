"""What all charts share: the sheet with its message, name, basis and source; fonts, colours, room for words.

A chart is laid out in millimetres, so that nothing depends on what matplotlib would rather do: words get the room that
they need, are broken into lines, and are cut with … where even that does not do."""

from __future__ import annotations

import functools
import io
import re
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qforms.documents.charts.figures import Chart
from qforms.documents.charts.font import family
from qforms.forms.wml import NBSP, clean, em

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, GREY, PALE, NAVY, BLUE, LIGHT = "#000000", "#595959", "#D0D5DB", "#1F3A5F", "#4A6FA5", "#A6B4C4"
AMBER, RED, TINT = "#B4500F", "#B3261E", "#E8F1FA"
# Ground, hatch: told apart in grey print, too.
STYLES = (
    *((NAVY, ""), (LIGHT, ""), ("#FFFFFF", "////"), (BLUE, ""), ("#D9E2EC", "...."), ("#FFFFFF", "xxxx")),
    *(("#7F7F7F", ""), ("#FFFFFF", "----")),
)
TITLE, TITLE_SMALL, WORDS, SMALL, NOTE = 13.0, 10.5, 8.5, 7.5, 7.5
PT = 0.3528  # mm
_UNIT = re.compile(r"(?<=\d) (?=[^\d\s])")  # between a figure and its unit
_SHADES = 20  # of each colour


class Sheet:
    """A chart in the making: the figure, the axes in what is left between head and foot, and where those end (mm)."""

    def __init__(self, chart: Chart, title: str) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.chart = chart
        self.width, self.height = chart.width, chart.height
        self.small = chart.width < 120
        self.figure: Figure = Figure(figsize=(self.width / 25.4, self.height / 25.4), facecolor="white")
        FigureCanvasAgg(self.figure)
        self.top = self._head(title)
        self.bottom = self._foot()

    # ------------------------------------------------------------ words around the figures

    def _head(self, title: str) -> float:
        """The message and, below it, name and basis; gives the room above the axes."""
        chart, at = self.chart, 2.2
        size = TITLE_SMALL if self.small else TITLE
        for line in wrapped(title, self.width - 4, size, 2):
            self.text(2, at, line, size, weight="bold")
            at += size * PT * 1.32
        at += 0.6
        about = "　".join(x for x in (chart.name, chart.basis, self._unit()) if x)
        for line in wrapped(about, self.width - 4, WORDS if not self.small else SMALL, 2):
            self.text(2, at, line, WORDS if not self.small else SMALL, colour=GREY)
            at += WORDS * PT * 1.35
        return at + 1.5

    def _unit(self) -> str:
        """The unit of the figures, said once instead of beside every axis."""
        unit = "‰" if self.chart.kind == "trend" else "" if self.chart.kind == "ranking" else self.chart.unit
        if not unit:
            return ""
        return f"单位{NBSP}{unit}" if self.chart.lang == "zh" else f"in {unit}"

    def _foot(self) -> float:
        """Source and code at the lower edge; gives the room below the axes."""
        chart = self.chart
        said = (f"图{NBSP}{chart.code}" if chart.lang == "zh" else f"Fig.{NBSP}{chart.code}") if chart.code else ""
        stop = "。" if chart.lang == "zh" else ". "
        whole = stop.join(x for x in (chart.source.rstrip("。. "), said) if x)
        size = NOTE if not self.small else 6.5
        lines = wrapped(whole, self.width - 4, size, 3)
        for n, line in enumerate(reversed(lines)):
            self.text(2, self.height - 1.4 - (n + 1) * size * PT * 1.3, line, size, colour=GREY)
        return 2.2 + len(lines) * size * PT * 1.3 + 1.0

    def text(self, x: float, y: float, text: str, size: float = WORDS, **more: Any) -> None:
        """Words at a place in mm from the upper left corner, their top there."""
        colour = more.pop("colour", INK)
        place = {"ha": "left", "va": "top"} | more
        self.figure.text(x / self.width, 1 - y / self.height, fit(text), size=size, color=colour, **place)

    def axes(self, left: float, right: float = 4.0, below: float = 8.0, above: float = 1.0) -> Axes:
        """Axes with so much room (mm) for words around them; left and bottom line only."""
        bottom = self.bottom + below
        height = max(8.0, self.height - self.top - above - bottom)
        box = (left / self.width, bottom / self.height, (self.width - left - right) / self.width, height / self.height)
        ax = self.figure.add_axes(box)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            ax.spines[side].set_color("#7F7F7F")
        ax.tick_params(colors="#333333", labelsize=self.words, length=3, color="#7F7F7F", pad=2.5)
        ax.set_axisbelow(True)
        return ax

    def whole(self, ax: Axes) -> None:
        """Counts on the upright axis: whole numbers, a few of them."""
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: figure_text(Decimal(f"{v:.2f}"))))

    @property
    def words(self) -> float:
        return WORDS if not self.small else 7.0

    def inner_width(self, ax: Axes) -> float:
        return float(ax.get_position().width) * self.width

    def inner_height(self, ax: Axes) -> float:
        return float(ax.get_position().height) * self.height

    def nothing(self) -> None:
        """无数据, in a frame where the figures would stand."""
        ax = self.axes(4, 4, 2, 1)
        for spine in ax.spines.values():
            spine.set_visible(True)
            spine.set_color(PALE)
        ax.set_xticks([])
        ax.set_yticks([])
        word = "无数据" if self.chart.lang == "zh" else "No data"
        ax.text(0.5, 0.5, word, ha="center", va="center", size=14, color=GREY, transform=ax.transAxes)


def rc() -> Any:
    """matplotlib's settings for all charts. Raises ChartsUnavailable."""
    return {
        "font.family": [family()],
        "axes.unicode_minus": False,
        "svg.hashsalt": "qforms",
        "hatch.linewidth": 0.6,
        "hatch.color": NAVY,
        "text.parse_math": False,
    }


def png(figure: Figure, dpi: int) -> bytes:
    """The picture, its colours counted down so that it stays small; the same figure gives the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    figure.set_dpi(dpi)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba(), "raw", "RGBA", 0, 1)
    flat = image.convert("RGB").quantize(palette=_palette(), dither=Image.Dither.NONE)
    ground: Any = flat.getpixel((0, 0))
    colours = flat.getpalette() or []
    colours[3 * ground : 3 * ground + 3] = [255, 255, 255]  # Pillow takes a near one for white; white it stays
    flat.putpalette(colours)
    out = io.BytesIO()
    flat.save(out, "PNG", compress_level=6, dpi=(dpi, dpi))
    return out.getvalue()


@functools.lru_cache(maxsize=1)
def _palette() -> Any:
    """Our few colours on their way to white, as the edges of letters and lines need them; white stays white."""
    from PIL import Image

    colours = [tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in (INK, NAVY, BLUE, LIGHT, AMBER, RED)]
    ramp = [
        round(255 - (255 - part) * (_SHADES - n) / _SHADES) for c in colours for n in range(_SHADES) for part in c
    ] + [255, 255, 255]
    made = Image.new("P", (1, 1))
    made.putpalette(ramp)
    return made


def svg(figure: Figure) -> bytes:
    """The picture as outlines, so that it needs no font where it is looked at."""
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


# ---------------------------------------------------------------- words


def fit(text: str) -> str:
    """One line that the font can show: no control characters, no emoji."""
    flat = " ".join(clean(text).split("\n")).replace("\t", " ")
    return "".join(c for c in flat if ord(c) < 0x10000 and unicodedata.category(c) not in ("Co", "Cn", "Cs"))


def width_of(text: str, size: float) -> float:
    """The width of a text in mm, on the safe side."""
    return em(text) * size * PT * 1.04


def wrapped(text: str, width: float, size: float, most: int) -> list[str]:
    """The text in at most so many lines of so many mm; cut with … where it is longer."""
    lines: list[str] = []
    rest = _UNIT.sub(NBSP, fit(text).strip())
    while rest and len(lines) < most:
        cut = _breaks(rest, width, size)
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest and lines:
        lines[-1] = cut_to(lines[-1] + rest, width, size)
    return lines


def _breaks(text: str, width: float, size: float) -> int:
    """Where the first line ends: not inside a Latin word or number, no stop at a line's beginning."""
    if width_of(text, size) <= width:
        return len(text)
    end = next(n for n in range(1, len(text) + 1) if width_of(text[:n], size) > width) - 1
    end = max(end, 1)
    while end > 1 and text[end] in "，。；：、）」％%‰":
        end -= 1
    back = end
    while back > 1 and _one_word(text[back - 1], text[back]):
        back -= 1
    return back if back > end // 2 else end


def _one_word(left: str, right: str) -> bool:
    if NBSP in (left, right):
        return True
    return left.isascii() and right.isascii() and not (left.isspace() or right.isspace()) and left not in "/-_,;"


def cut_to(text: str, width: float, size: float) -> str:
    """The text, or its beginning and …"""
    flat = fit(text)
    if width_of(flat, size) <= width:
        return flat
    while flat and width_of(flat + "…", size) > width:
        flat = flat[:-1]
    return flat + "…"


def label(text: str, width: float, size: float, most: int = 2) -> str:
    """A name under a bar, in lines."""
    return "\n".join(wrapped(text, width, size, most))


def figure_text(value: Decimal, places: int = 1) -> str:
    """41, 3.97, 12,400: no noughts at the end."""
    shown = f"{value:,.{places}f}" if value >= 10_000 or value <= -10_000 else f"{value:.{places}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def percent(part: Decimal, whole: Decimal, places: int = 0) -> str:
    """43 %; one decimal below ten."""
    value = 100 * part / whole if whole else Decimal(0)
    return f"{value:.{1 if places == 0 and 0 < value < 10 else places}f} %"


def ceiling(value: float) -> float:
    """A round number above the largest figure, for the end of an axis."""
    if value <= 0:
        return 1.0
    from math import floor, log10

    unit = 10 ** floor(log10(value))
    return next(float(unit * step) for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12) if unit * step >= value * 1.04)

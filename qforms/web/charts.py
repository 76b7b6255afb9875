"""The charts of the board as SVG: the same figures as on the sheet 看板. Each has its figures as a table beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import escape

from markupsafe import Markup

from qforms.workbook.figures import Week

NAVY, SECOND, PAST, TOTAL, LIMIT, GREY = "#1F3A5F", "#4A6FA5", "#A6B4C4", "#B4500F", "#B3261E", "#595959"
_W, _H = 560, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 46, 20, 44
_FONT = "font-family=\"'Microsoft YaHei','PingFang SC','Noto Sans CJK SC','WenQuanYi Zen Hei',Arial,sans-serif\""
_SHORT = 7  # characters of a category's name below its bar


def pareto(rows: Sequence[tuple[str, Decimal, Decimal]], t: Mapping[str, str]) -> Markup:
    """CH1: units by category, the largest first, and the cumulative percentage with its line of 80 %."""
    if not rows:
        return _empty(t["chart_pareto"], t)
    whole = float(sum(n for _, n, _ in rows))
    plot = _Plot(whole)
    out = [plot.axes([0, whole / 2, whole], [0, 50, 100], "%")]
    step = plot.width / len(rows)
    points = []
    for n, (name, units, percent) in enumerate(rows):
        x, y = plot.x0 + step * (n + 0.15), plot.y(float(units))
        colour = NAVY if n == 0 else PAST if name in ("其他", "Other") else SECOND
        out.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{step * 0.7:.1f}" height="{plot.bottom - y:.1f}" fill="{colour}"/>'
        )
        middle = plot.x0 + step * (n + 0.5)
        out.append(_text(middle, y - 5 if n else y + 14, f"{units:f}", "middle", "#fff" if n == 0 else "#000"))
        out.append(_text(middle, plot.bottom + 16, name[:_SHORT], "middle"))
        points.append((middle, plot.bottom - float(percent) / 100 * plot.height))
    eighty = plot.bottom - 0.8 * plot.height
    out.append(f'<path d="M{plot.x0} {eighty:.1f}H{plot.x1}" stroke="{GREY}" stroke-dasharray="4 4" fill="none"/>')
    out.append(_line(points, TOTAL))
    return _svg(t["chart_pareto"], out)


def weeks(rows: Sequence[Week], limits: tuple[Decimal, Decimal], t: Mapping[str, str]) -> Markup:
    """CH2: defective units a week over the mean weekly shipment, in per mille, with the limits of the two reports."""
    known = [w for w in rows if w.permille is not None]
    if not known:
        return _empty(t["chart_weeks"], t)
    top = max([float(w.permille or 0) for w in known] + [float(limit) * 1.15 for limit in limits])
    plot = _Plot(top)
    out = [plot.axes([0, top / 2, top], (), "")]
    for limit, colour, word in ((limits[0], TOTAL, f"{limits[0]:g}‰"), (limits[1], LIMIT, f"{limits[1] / 10:g} %")):
        y = plot.y(float(limit))
        out.append(f'<path d="M{plot.x0} {y:.1f}H{plot.x1}" stroke="{colour}" stroke-dasharray="6 3" fill="none"/>')
        out.append(_text(plot.x1 + 4, y + 4, word, "start", colour))
    step = plot.width / len(rows)
    points = [
        (plot.x0 + step * (n + 0.5), plot.y(float(w.permille))) for n, w in enumerate(rows) if w.permille is not None
    ]
    out.append(_line(points, NAVY))
    out += [_text(plot.x0 + step * (n + 0.5), plot.bottom + 16, w.name, "middle") for n, w in enumerate(rows)]
    return _svg(t["chart_weeks"], out)


class _Plot:
    """Where values lie: 0 at the bottom, `most` at the top."""

    def __init__(self, most: float) -> None:
        self.x0, self.x1 = _LEFT, _W - _RIGHT
        self.bottom, self.top = _H - _BOTTOM, _TOP
        self.width, self.height = self.x1 - self.x0, self.bottom - self.top
        self._most = most or 1.0

    def y(self, value: float) -> float:
        return self.bottom - value / self._most * self.height

    def axes(self, left: Sequence[float], right: Sequence[float], unit: str) -> str:
        out = [f'<path d="M{self.x0} {self.top}V{self.bottom}H{self.x1}" stroke="{GREY}" fill="none"/>']
        out += [_text(self.x0 - 6, self.y(v) + 4, f"{v:.3g}" if v < 1000 else f"{v:.0f}", "end", GREY) for v in left]
        out += [
            _text(self.x1 + 6, self.bottom - v / 100 * self.height + 4, f"{v:g} {unit}", "start", GREY) for v in right
        ]
        return "".join(out)


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#000") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="12">{escape(text)}</text>'


def _svg(title: str, parts: Sequence[str]) -> Markup:
    size = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_W} {_H}"'
    head = f'<svg {size} role="img" aria-label="{escape(title)}" {_FONT}>'
    return Markup(f"{head}{''.join(parts)}</svg>")  # every text in it is escaped above


def _empty(title: str, t: Mapping[str, str]) -> Markup:
    frame = f'<rect x="1" y="1" width="{_W - 2}" height="{_H - 2}" fill="none" stroke="{PAST}"/>'
    return _svg(title, [frame, _text(_W / 2, _H / 2, t["no_data"], "middle", GREY)])

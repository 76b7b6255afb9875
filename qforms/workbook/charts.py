"""The two native charts of 看板: units by category with the cumulative share, and the weekly rate with its limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from xml.sax.saxutils import escape

from qforms.forms import sheet_style as look
from qforms.model import Lang
from qforms.workbook.figures import Figures

SECOND, CUMULATIVE = "4A6FA5", "B4500F"
_WIDTH, _HEIGHT = 552 / 96 * 2.54, 316 / 96 * 2.54  # cm


@dataclass(frozen=True, slots=True)
class Told:
    """What the charts say beside their figures, which they take from the cells: titles, the axis of the units, how many
    categories there are. When it changes, these texts are exchanged in the charts' own parts."""

    pareto: str
    units: str
    share: str
    total: int
    categories: int
    weekly: str


def told(figures: Figures, lang: Lang) -> Told:
    """The message of each chart, with its figure."""
    zh = lang == "zh"
    total = int(sum(n for _, n, _ in figures.categories))
    pareto = "近 31 天没有投诉" if zh else "No complaints in 31 days"
    if figures.categories:
        name, units, share = figures.categories[0]
        pareto = (
            f"{name} {units} 台，占 {share:.0f} %，先抓这一类" if zh else f"{name}: {units} units, {share:.0f} % of all"
        )
    axes = (f"台（N = {total}）", "累计 %") if zh else (f"units (N = {total})", "cumulative %")
    return Told(pareto, *axes, max(total, 1), max(len(figures.categories), 1), _weekly_title(figures, zh))


def plain(told: Told) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(told).items()}


def revive(texts: Mapping[str, str]) -> Told:
    known = {**texts, "total": int(texts["total"]), "categories": int(texts["categories"])}
    return Told(**known)  # type: ignore[arg-type]


def pieces(old: Told, new: Told, first: int) -> dict[str, str]:
    """What has to be exchanged in the charts' XML; `first`: the row where the categories begin now."""
    found = {}
    for name in ("pareto", "units", "weekly"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            found[f">{escape(was)}<"] = f">{escape(now)}<"
    if old.total != new.total:
        found[f'max val="{old.total}"'] = f'max val="{new.total}"'
    if old.categories != new.categories:
        for letter in "BDE":
            found[_reference(letter, first, old.categories)] = _reference(letter, first, new.categories)
    return found


def _reference(letter: str, first: int, count: int) -> str:
    """The end of a reference to the cells of the categories; one cell is no range."""
    return f"${letter}${first}:${letter}${first + count - 1}<" if count > 1 else f"${letter}${first}<"


def _weekly_title(figures: Figures, zh: bool) -> str:
    known = [w for w in figures.weeks if w.permille is not None]
    if not known:
        return "没有出货数据，周不良率算不出" if zh else "No shipments: no weekly rate"
    week = max(known, key=lambda w: w.permille or 0)
    limit = figures.limits[0]
    above = (week.permille or 0) > limit
    word = ("超过" if above else "没有超过") if zh else ("above" if above else "not above")
    rate, line = f"{week.permille:.1f}‰", f"{limit.normalize():f}‰"
    return f"最高 {week.name} {rate}，{word} {line}" if zh else f"Peak {week.name} {rate}, {word} {line}"


def pareto(ws: Any, told: Told, at: tuple[int, int]) -> Any:
    """Units as bars (the first navy) and the cumulative share as a line, over the table whose first row and column are
    `at`: name, (merged), units, share."""
    from openpyxl.chart import BarChart, LineChart, Reference
    from openpyxl.chart.label import DataLabel
    from openpyxl.chart.marker import DataPoint

    first, names = at
    last = first + told.categories - 1
    category = Reference(ws, min_col=names, min_row=first, max_row=last)
    bars = BarChart()
    bars.type, bars.gapWidth = "col", 40
    bars.add_data(Reference(ws, min_col=names + 2, min_row=first, max_row=last))
    bars.set_categories(category)
    series = bars.series[0]
    series.graphicalProperties.solidFill = SECOND
    point = DataPoint(idx=0)
    point.graphicalProperties.solidFill = look.NAVY
    series.dPt.append(point)
    series.dLbls = _labels(9)
    series.dLbls.dLbl = [DataLabel(idx=0, showVal=False, showSerName=False, showCatName=False, showLegendKey=False)]
    line = LineChart()
    line.add_data(Reference(ws, min_col=names + 3, min_row=first, max_row=last))
    line.set_categories(category)
    share = line.series[0]
    share.graphicalProperties.line.solidFill, share.graphicalProperties.line.width = CUMULATIVE, 19050
    share.marker.symbol, share.marker.size, share.smooth = "circle", 5, False
    share.marker.graphicalProperties.solidFill = share.marker.graphicalProperties.line.solidFill = CUMULATIVE
    bars.y_axis.scaling.min, bars.y_axis.scaling.max = 0, told.total
    line.y_axis.axId = 200
    line.y_axis.scaling.min, line.y_axis.scaling.max, line.y_axis.majorUnit = 0, 100, 20
    line.y_axis.crosses = "max"
    _axis(bars.x_axis)
    _axis(bars.y_axis, told.units)
    _axis(line.y_axis, told.share)
    line.y_axis.number_format = bars.y_axis.number_format = "0"
    bars.legend = None
    _finish(bars, told.pareto)
    bars += line
    return bars


def weekly(ws: Any, told: Told, at: tuple[int, int], weeks: int) -> Any:
    """The weekly rate and the two limits, over the table whose first row and column are `at`; the head above gives
    their names."""
    from openpyxl.chart import LineChart, Reference

    first, names = at
    last = first + weeks - 1
    chart: Any = LineChart()
    for offset, color, dash, width in (
        (3, look.NAVY, None, 22225),
        (4, CUMULATIVE, "dash", 12700),
        (5, look.FAULT_LINE, "lgDash", 19050),
    ):
        chart.add_data(Reference(ws, min_col=names + offset, min_row=first - 1, max_row=last), titles_from_data=True)
        series = chart.series[-1]
        line = series.graphicalProperties.line
        line.solidFill, line.width, series.smooth = color, width, False
        if dash:
            line.dashStyle, series.marker.symbol = dash, "none"
        else:
            series.marker.symbol, series.marker.size = "circle", 5
            series.marker.graphicalProperties.solidFill = series.marker.graphicalProperties.line.solidFill = color
    chart.set_categories(Reference(ws, min_col=names, min_row=first, max_row=last))
    chart.y_axis.scaling.min = 0
    _axis(chart.x_axis)
    _axis(chart.y_axis, "‰")
    chart.y_axis.majorGridlines = _grid()
    chart.legend.position = "b"
    chart.legend.txPr = _rich(8)
    _finish(chart, told.weekly)
    return chart


def _finish(chart: Any, title: str) -> None:
    from openpyxl.chart.layout import Layout, ManualLayout
    from openpyxl.chart.shapes import GraphicalProperties
    from openpyxl.chart.title import Title

    chart.width, chart.height = _WIDTH, _HEIGHT
    chart.title = Title(tx=_text(title, 11, bold=True), overlay=False)
    chart.title.layout = Layout(manualLayout=ManualLayout(xMode="edge", yMode="edge", x=0.02, y=0.02))
    chart.graphical_properties = GraphicalProperties(solidFill="FFFFFF")
    chart.graphical_properties.line.solidFill = look.LIST_LINE


def _axis(axis: Any, title: str = "") -> None:
    from openpyxl.chart.shapes import GraphicalProperties
    from openpyxl.chart.title import Title

    axis.delete = False
    axis.majorGridlines = None
    axis.majorTickMark = "none"
    axis.txPr = _rich(8)
    axis.spPr = GraphicalProperties()
    axis.spPr.line.solidFill = look.LINE
    if title:
        axis.title = Title(tx=_text(title, 8), overlay=False)


def _grid() -> Any:
    from openpyxl.chart.axis import ChartLines
    from openpyxl.chart.shapes import GraphicalProperties

    lines: Any = ChartLines(spPr=GraphicalProperties())
    lines.spPr.line.solidFill = "E8EBEE"
    return lines


def _labels(size: float) -> Any:
    from openpyxl.chart.label import DataLabelList

    labels = DataLabelList()
    labels.showVal = True
    labels.showSerName = labels.showCatName = labels.showLegendKey = labels.showPercent = False
    labels.txPr = _rich(size)
    return labels


def _properties(size: float, bold: bool = False) -> Any:
    from openpyxl.drawing.text import CharacterProperties, Font

    face = Font(typeface=look.FONT)
    return CharacterProperties(sz=int(size * 100), b=bold, solidFill="333333", latin=face, ea=face)


def _rich(size: float) -> Any:
    from openpyxl.chart.text import RichText
    from openpyxl.drawing.text import Paragraph, ParagraphProperties

    return RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=_properties(size)), endParaRPr=_properties(size))])


def _text(words: str, size: float, *, bold: bool = False) -> Any:
    from openpyxl.chart.text import RichText, Text
    from openpyxl.drawing.text import Paragraph, ParagraphProperties, RegularTextRun

    style = _properties(size, bold)
    run = RegularTextRun(rPr=style, t=words)
    return Text(rich=RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=style), r=[run])]))

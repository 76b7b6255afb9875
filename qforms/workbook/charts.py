"""The two native charts of 看板: units by category with the cumulative share, and the weekly rate with its limits."""

from __future__ import annotations

from typing import Any

from qforms.forms import sheet_style as look

SECOND, CUMULATIVE = "4A6FA5", "B4500F"
_WIDTH, _HEIGHT = 552 / 96 * 2.54, 316 / 96 * 2.54  # cm


def pareto(ws: Any, title: str, axes: tuple[str, str], rows: tuple[int, int], names: int, total: float) -> Any:
    """Bars in columns `names`+2 (the first navy) and a cumulative line in `names`+3 over `rows` (first, last)."""
    from openpyxl.chart import BarChart, LineChart, Reference
    from openpyxl.chart.label import DataLabel
    from openpyxl.chart.marker import DataPoint

    first, last = rows
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
    bars.y_axis.scaling.min, bars.y_axis.scaling.max = 0, max(total, 1)
    line.y_axis.axId = 200
    line.y_axis.scaling.min, line.y_axis.scaling.max, line.y_axis.majorUnit = 0, 100, 20
    line.y_axis.crosses = "max"
    _axis(bars.x_axis)
    _axis(bars.y_axis, axes[0])
    _axis(line.y_axis, axes[1])
    line.y_axis.number_format = bars.y_axis.number_format = "0"
    bars.legend = None
    _finish(bars, title)
    bars += line
    return bars


def weekly(ws: Any, title: str, unit: str, rows: tuple[int, int], names: int) -> Any:
    """The rate in column `names`+3 and the two limits after it, over `rows`; the head above gives their names."""
    from openpyxl.chart import LineChart, Reference

    first, last = rows
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
    _axis(chart.y_axis, unit)
    chart.y_axis.majorGridlines = _grid()
    chart.legend.position = "b"
    chart.legend.txPr = _rich(8)
    _finish(chart, title)
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

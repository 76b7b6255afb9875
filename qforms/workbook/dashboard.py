"""The sheet 看板: six tiles, two charts over their tables of figures, the most urgent lines. One page."""

from __future__ import annotations

from typing import Any

from qforms.forms import sheet_style as look
from qforms.forms.cells import put
from qforms.model import Lang, Text
from qforms.workbook import charts, draw
from qforms.workbook.book import sheet_name
from qforms.workbook.figures import TOP, Figures, cells
from qforms.workbook.spans import OVERDUE
from qforms.workbook.view import View

TITLE = Text("看板", "Board")
KEY = "board"
_WIDTH = 12.0
_TABLE = 24  # the row of the tables' headings
_CHART_AT = ("B7", "H7")
_URGENT = 4


def write(book: Any, view: View, figures: Figures, lang: Lang) -> None:
    """Writes the sheet, which is made when there is none. Charts of others on it stay."""
    ws = _sheet(book, view, lang)
    _title(ws, view, lang)
    _tiles(ws, figures)
    _tables(ws, figures, lang)
    _urgent(ws, figures, lang)
    _charts(ws, figures, lang)


def _sheet(book: Any, view: View, lang: Lang) -> Any:
    from openpyxl.workbook.defined_name import DefinedName

    known = book.defined_names.get(sheet_name(KEY))
    titles = [t for t, _ in known.destinations] if known else []
    present = next((t for t in (*titles, TITLE.zh, TITLE.en) if t in book.sheetnames), None)
    if present:
        return book[present]
    ws = book.create_sheet(draw.free_title(book, TITLE[lang]), 0)
    ws.column_dimensions["A"].width = 2.3
    for i in range(2, 14):
        ws.column_dimensions[draw._letter(i)].width = _WIDTH + 0.71
    ws.sheet_view.showGridLines = False
    ws.page_setup.paperSize, ws.page_setup.orientation = 9, "landscape"
    ws.page_setup.fitToWidth = ws.page_setup.fitToHeight = 1
    ws.sheet_properties.pageSetUpPr.fitToPage = True
    for side, mm in {"left": 10, "right": 10, "top": 10, "bottom": 15, "header": 7, "footer": 7}.items():
        setattr(ws.page_margins, side, mm / 25.4)
    ws.print_area = f"A1:M{_TABLE + 13}"
    draw.footer(ws, f"{view.company}  {TITLE[lang]}", lang)
    quoted = ws.title.replace("'", "''")
    book.defined_names[sheet_name(KEY)] = DefinedName(sheet_name(KEY), attr_text=f"'{quoted}'!$B$1")
    return ws


def _put(ws: Any, row: int, first: int, last: int, value: Any, **style: Any) -> None:
    """Writes one value over columns first to last of a row, merged; `style`: size, bold, color, fill, align, line."""
    area = f"{draw._letter(first)}{row}:{draw._letter(last)}{row}"
    if last > first and area not in {str(m) for m in ws.merged_cells.ranges}:
        ws.merge_cells(area)
    cell = ws.cell(row, first)
    put(cell, value)
    cell.font = look.font(style.get("size", 9.5), bold=style.get("bold", False), color=style.get("color", look.INK))
    cell.alignment = look.align(style.get("align", "left"), indent=1 if style.get("indent") else 0, wrap=False)
    cell.number_format = style.get("format", "General")
    for column in range(first, last + 1):
        part = ws.cell(row, column)
        part.fill = look.fill(style["fill"]) if style.get("fill") else look.fill("FFFFFF")
        part.border = look.lines(look.LIST_LINE) if style.get("line") else look.lines(look.LIST_LINE, sides="")


def _title(ws: Any, view: View, lang: Lang) -> None:
    ws.row_dimensions[1].height, ws.row_dimensions[2].height, ws.row_dimensions[6].height = 30, 6, 7.5
    _put(ws, 1, 2, 6, "质量看板" if lang == "zh" else "Quality board", size=18, bold=True)
    at = view.local(view.as_of)
    when = f"截至 {at:%Y-%m-%d %H:%M}" if lang == "zh" else f"as of {at:%Y-%m-%d %H:%M}"
    _put(ws, 1, 8, 13, f"{view.company}　{when}", color=look.GREY, align="right")


def _tiles(ws: Any, figures: Figures) -> None:
    for row, height in ((3, 20), (4, 36), (5, 18)):
        ws.row_dimensions[row].height = height
    paint = {"overdue": (look.FAULT, look.FAULT_TEXT), "due": (look.DUE, look.DUE_TEXT)}
    for i, tile in enumerate(figures.tiles):
        fill, ink = paint.get(tile.urgency, (look.LABEL, look.INK))
        first, last, quiet = 2 + 2 * i, 3 + 2 * i, ink if tile.urgency else look.GREY
        _put(ws, 3, first, last, tile.what, color=ink, fill=fill, align="center")
        _put(ws, 4, first, last, tile.figure, size=22, bold=True, color=ink, fill=fill, align="center")
        _put(ws, 5, first, last, tile.basis, size=8.5, color=quiet, fill=fill, align="center")
        _gap(ws, first, fill)


def _gap(ws: Any, first: int, fill: str) -> None:
    """A white line at the left of a tile parts it from its neighbour."""
    from openpyxl.styles import Border, Side

    if first > 2:
        for row in (3, 4, 5):
            ws.cell(row, first).border = Border(left=Side(style="thick", color="FFFFFF"))


def _tables(ws: Any, figures: Figures, lang: Lang) -> None:
    zh = lang == "zh"
    for row in range(7, 23):
        ws.row_dimensions[row].height = 15.2
    total = sum(n for _, n, _ in figures.categories)
    told = f"图 1 数据：缺陷分类（计入台数 {total}，{figures.since:%m-%d} 起）"
    if not zh:
        told = f"Data 1: units by category ({total} units since {figures.since:%m-%d})"
    _put(ws, _TABLE - 1, 2, 6, told, size=8.5, color=look.GREY)
    head = ("分类", "台数", "累计 %") if zh else ("Category", "Units", "Cumulative %")
    for (first, last), word in zip(((2, 3), (4, 4), (5, 5)), head, strict=True):
        _put(ws, _TABLE, first, last, word, bold=True, fill=look.BAND, align="center", line=True, size=9)
    for i in range(TOP + 1):
        row, known = _TABLE + 1 + i, i < len(figures.categories)
        name, units, share = figures.categories[i] if known else ("", None, None)
        _put(ws, row, 2, 3, name or None, line=known, indent=True, size=9)
        _put(ws, row, 4, 4, units, line=known, align="center", size=9)
        _put(ws, row, 5, 5, share, line=known, align="center", format="0.0", size=9)
    _weekly_table(ws, figures, zh)


def _weekly_table(ws: Any, figures: Figures, zh: bool) -> None:
    told = "图 2 数据：周不良率 = 当周不良台数 / 近 13 周周均出货，‰（* 本周未完）"
    if not zh:
        told = "Data 2: weekly rate = units of the week / mean weekly shipment of 13 weeks, ‰ (* unfinished)"
    _put(ws, _TABLE - 1, 8, 13, told, size=8.5, color=look.GREY)
    low, high = (f"{limit.normalize():f}" for limit in figures.limits)
    head = ("周", "不良", "周均出货", "周不良率 ‰", f"限 {low}‰", f"限 {high}‰")
    if not zh:
        head = ("Week", "Units", "Shipped", "Rate ‰", f"{low}‰", f"{high}‰")
    for i, word in enumerate(head):
        _put(ws, _TABLE, 8 + i, 8 + i, word, bold=True, fill=look.BAND, align="center", line=True, size=9)
    for k, week in enumerate(figures.weeks):
        for i, value in enumerate(cells(week, figures.limits)):
            form = "0.000" if i == 3 else "General"
            _put(ws, _TABLE + 1 + k, 8 + i, 8 + i, value, line=True, align="center", format=form, size=9)


def _urgent(ws: Any, figures: Figures, lang: Lang) -> None:
    zh, top = lang == "zh", _TABLE + TOP + 3
    rows = figures.urgent[:_URGENT]
    told = (
        (f"最急的 {len(rows)} 项" if zh else f"The {len(rows)} most urgent")
        if rows
        else "没有待办"
        if zh
        else "Nothing to do"
    )
    _put(ws, top, 2, 6, told, size=8.5, color=look.GREY)
    for (first, last), word in zip(((2, 3), (4, 6)), ("谁", "要做什么") if zh else ("Who", "What to do"), strict=True):
        _put(ws, top + 1, first, last, word, bold=True, fill=look.BAND, align="center", line=True, size=9)
    for i in range(_URGENT):
        row = rows[i].cells if i < len(rows) else {}
        left = str(row.get("left") or "")
        late, soon = left.startswith(OVERDUE[lang]), row.get("mark") == "▲"
        fill, ink = (look.FAULT, look.FAULT_TEXT) if late else (look.DUE, look.DUE_TEXT) if soon else ("", look.INK)
        who = f"{row.get('who') or ''}  {left}".strip() or None
        _put(ws, top + 2 + i, 2, 3, who, fill=fill, color=ink, line=bool(row), indent=True, size=9)
        _put(ws, top + 2 + i, 4, 6, row.get("what"), line=bool(row), indent=True, size=9)


def _charts(ws: Any, figures: Figures, lang: Lang) -> None:
    zh = lang == "zh"
    ws._charts = [c for c in ws._charts if _place(c) not in _CHART_AT]
    first = _TABLE + 1
    if figures.categories:
        name, units, share = figures.categories[0]
        total = sum(n for _, n, _ in figures.categories)
        title = (
            f"{name} {units} 台，占 {share:.0f} %，先抓这一类" if zh else f"{name}: {units} units, {share:.0f} % of all"
        )
        axes = (f"台（N = {total}）", "累计 %") if zh else (f"units (N = {total})", "cumulative %")
        last = _TABLE + len(figures.categories)
        ws.add_chart(charts.pareto(ws, title, axes, (first, last), 2, float(total)), _CHART_AT[0])
    else:
        _put(ws, 12, 2, 6, "近 31 天没有投诉" if zh else "No complaints in 31 days", color=look.GREY, align="center")
    known = [w for w in figures.weeks if w.permille is not None]
    title = "没有出货数据，周不良率算不出" if zh else "No shipments: no weekly rate"
    if known:
        week = max(known, key=lambda w: w.permille or 0)
        limit = figures.limits[0]
        above = (week.permille or 0) > limit
        word = ("超过" if above else "低于") if zh else ("above" if above else "below")
        rate, line = f"{week.permille:.1f}‰", f"{limit.normalize():f}‰"
        title = f"最高 {week.name} {rate}，{word} {line}" if zh else f"Peak {week.name} {rate}, {word} {line}"
    chart = charts.weekly(ws, title, "‰", (first, _TABLE + len(figures.weeks)), 8)
    ws.add_chart(chart, _CHART_AT[1])


def _place(chart: Any) -> str:
    anchor = chart.anchor
    if isinstance(anchor, str):
        return anchor
    start = getattr(anchor, "_from", None)
    return f"{draw._letter(start.col + 1)}{start.row + 1}" if start is not None else ""

"""The sheet 看板: six tiles, two charts over their tables of figures, the most urgent lines. One page.

It is drawn once; afterwards only what its cells and charts say is written. Three names (`qf_board_…`) mark its parts,
so that rows and columns which the office puts in between do no harm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from qforms.forms import sheet_style as look
from qforms.forms.cells import put
from qforms.model import Lang, Text
from qforms.workbook import charts, draw
from qforms.workbook.book import sheet_name
from qforms.workbook.figures import TOP, Figures, cells
from qforms.workbook.spans import LEFT, OVERDUE
from qforms.workbook.view import Cell, View

TITLE = Text("看板", "Board")
KEY = "board"
PARTS: Final[Mapping[str, tuple[int, int]]] = {"top": (1, 2), "left": (23, 2), "right": (23, 8)}  # their first cells
_WIDTH = 12.0
_TABLE = 24  # the row of the tables' headings
FIRST: Final = _TABLE + 1  # the row where the categories begin
_URGENT = 4
_URGENT_AT = _TABLE + TOP + 3  # the row that names them


@dataclass(frozen=True, slots=True)
class Spot:
    """A value over columns `first` to `last` of a row, as the sheet is drawn, and its style."""

    part: str
    row: int
    first: int
    last: int
    value: Cell
    style: Mapping[str, Any]


def anchor(part: str) -> str:
    """The defined name of a part of the sheet."""
    return f"qf_board_{part}"


def spots(view: View, figures: Figures, lang: Lang) -> tuple[Spot, ...]:
    """All that stands on the sheet beside its charts."""
    return (*_title(view, lang), *_tiles(figures), *_tables(figures, lang), *_urgent(figures, lang))


def draw_sheet(book: Any, view: View, figures: Figures, lang: Lang) -> Any:
    """A new sheet in front of the book."""
    ws = _sheet(book, view, lang)
    for spot in spots(view, figures, lang):
        _put(ws, spot)
    for i in range(1, 6):  # a white line at the left of a tile parts it from its neighbour
        _gap(ws, 2 + 2 * i)
    _colours(ws, lang)
    told = charts.told(figures, lang)
    ws.add_chart(charts.pareto(ws, told, (_TABLE + 1, 2)), "B7")
    ws.add_chart(charts.weekly(ws, told, (_TABLE + 1, 8), len(figures.weeks)), "H7")
    return ws


def _sheet(book: Any, view: View, lang: Lang) -> Any:
    from openpyxl.workbook.defined_name import DefinedName

    ws = book.create_sheet(draw.free_title(book, TITLE[lang]), 0)
    ws.column_dimensions["A"].width = 2.3
    for i in range(2, 14):
        ws.column_dimensions[draw.letter(i)].width = _WIDTH + 0.71
    for row, height in {1: 30, 2: 6, 3: 20, 4: 36, 5: 18, 6: 7.5, **dict.fromkeys(range(7, 23), 15.2)}.items():
        ws.row_dimensions[row].height = height
    ws.sheet_view.showGridLines = False
    ws.page_setup.paperSize, ws.page_setup.orientation = 9, "landscape"
    ws.page_setup.fitToWidth = ws.page_setup.fitToHeight = 1
    ws.sheet_properties.pageSetUpPr.fitToPage = True
    for side, mm in {"left": 10, "right": 10, "top": 10, "bottom": 15, "header": 7, "footer": 7}.items():
        setattr(ws.page_margins, side, mm / 25.4)
    ws.print_area = f"A1:M{_TABLE + 13}"
    draw.footer(ws, f"{view.company}  {TITLE[lang]}", lang)
    quoted = ws.title.replace("'", "''")
    names = {sheet_name(KEY): "$B$1"}
    names |= {anchor(part): f"${draw.letter(c)}${r}" for part, (r, c) in PARTS.items()}
    for name, cell in names.items():
        book.defined_names[name] = DefinedName(name, attr_text=f"'{quoted}'!{cell}")
    return ws


def _put(ws: Any, spot: Spot) -> None:
    style, first, last = spot.style, spot.first, spot.last
    if last > first:
        ws.merge_cells(start_row=spot.row, end_row=spot.row, start_column=first, end_column=last)
    cell = ws.cell(spot.row, first)
    put(cell, spot.value)
    cell.font = look.font(style.get("size", 9.5), bold=style.get("bold", False), color=style.get("color", look.INK))
    cell.alignment = look.align(style.get("align", "left"), indent=1 if style.get("indent") else 0, wrap=False)
    cell.number_format = style.get("format", "General")
    for column in range(first, last + 1):
        part = ws.cell(spot.row, column)
        part.fill = look.fill(style.get("fill") or "FFFFFF")
        part.border = look.lines(look.LIST_LINE) if style.get("line") else look.lines(look.LIST_LINE, sides="")


def _gap(ws: Any, first: int) -> None:
    from openpyxl.styles import Border, Side

    for row in (3, 4, 5):
        ws.cell(row, first).border = Border(left=Side(style="thick", color="FFFFFF"))


def _colours(ws: Any, lang: Lang) -> None:
    """Red and orange follow the figures and words, as on the other sheets; lines come with what stands in them."""
    late, soon = (look.FAULT, look.FAULT_TEXT), (look.DUE, look.DUE_TEXT)
    for area, cell, paint in (("B3:C5", "$B$4", late), ("D3:E5", "$D$4", soon)):
        draw.paint(ws, area, f"{cell}>0", *paint)
    first, last = _URGENT_AT + 2, _URGENT_AT + 1 + _URGENT
    area = f"B{first}:C{last}"
    draw.paint(ws, area, f'ISNUMBER(FIND("{OVERDUE[lang]}",$B{first}))', *late)
    days = "天" if lang == "zh" else " d"
    draw.paint(ws, area, f'AND(ISNUMBER(FIND("{LEFT[lang]}",$B{first})),ISERROR(FIND("{days}",$B{first})))', *soon)
    categories = f"B{_TABLE + 1}:E{_TABLE + 1 + TOP}"
    for area, test in ((categories, f'$B{_TABLE + 1}<>""'), (f"B{first}:F{last}", f'$B{first}<>""')):
        draw.ruled(ws, area, test)


# ---------------------------------------------------------------- what stands where


def _title(view: View, lang: Lang) -> Iterator[Spot]:
    yield Spot("top", 1, 2, 6, "质量看板" if lang == "zh" else "Quality board", {"size": 18, "bold": True})
    at = view.local(view.as_of)
    when = f"截至 {at:%Y-%m-%d %H:%M}" if lang == "zh" else f"as of {at:%Y-%m-%d %H:%M}"
    yield Spot("top", 1, 8, 13, f"{view.company}　{when}", {"color": look.GREY, "align": "right"})


def _tiles(figures: Figures) -> Iterator[Spot]:
    for i, tile in enumerate(figures.tiles):
        first, last, common = 2 + 2 * i, 3 + 2 * i, {"fill": look.LABEL, "align": "center"}
        figure = int(tile.figure) if tile.figure.isdigit() else tile.figure
        yield Spot("top", 3, first, last, tile.what, common)
        yield Spot("top", 4, first, last, figure, {**common, "size": 22, "bold": True})
        yield Spot("top", 5, first, last, tile.basis or None, {**common, "size": 8.5, "color": look.GREY})


def _tables(figures: Figures, lang: Lang) -> Iterator[Spot]:
    zh = lang == "zh"
    total = sum(n for _, n, _ in figures.categories)
    told = f"图 1 数据：缺陷分类（计入台数 {total}，{figures.since:%Y-%m-%d} 起）"
    if not zh:
        told = f"Data 1: units by category ({total} units since {figures.since:%Y-%m-%d})"
    yield Spot("left", _TABLE - 1, 2, 6, told, {"size": 8.5, "color": look.GREY})
    head = ("分类", "台数", "累计 %") if zh else ("Category", "Units", "Cumulative %")
    for (first, last), word in zip(((2, 3), (4, 4), (5, 5)), head, strict=True):
        yield _head("left", first, last, word)
    for i in range(TOP + 1):
        row = _TABLE + 1 + i
        name, units, share = figures.categories[i] if i < len(figures.categories) else (None, None, None)
        yield Spot("left", row, 2, 3, name, {"indent": True, "size": 9})
        yield Spot("left", row, 4, 4, units, {"align": "center", "size": 9})
        yield Spot("left", row, 5, 5, share, {"align": "center", "format": "0.0", "size": 9})
    yield from _weekly_table(figures, zh)


def _head(part: str, first: int, last: int, word: str, row: int = _TABLE) -> Spot:
    style = {"bold": True, "fill": look.BAND, "align": "center", "line": True, "size": 9}
    return Spot(part, row, first, last, word, style)


def _weekly_table(figures: Figures, zh: bool) -> Iterator[Spot]:
    told = "图 2 数据：周不良率 = 当周不良台数 / 近 13 周周均出货，‰（* 本周未完）"
    if not zh:
        told = "Data 2: weekly rate = units of the week / mean weekly shipment of 13 weeks, ‰ (* unfinished)"
    yield Spot("right", _TABLE - 1, 8, 13, told, {"size": 8.5, "color": look.GREY})
    low, high = (f"{limit.normalize():f}" for limit in figures.limits)
    head = ("周", "不良", "周均出货", "周不良率 ‰", f"限 {low}‰", f"限 {high}‰")
    if not zh:
        head = ("Week", "Units", "Shipped", "Rate ‰", f"{low}‰", f"{high}‰")
    for i, word in enumerate(head):
        yield _head("right", 8 + i, 8 + i, word)
    for k, week in enumerate(figures.weeks):
        for i, value in enumerate(cells(week, figures.limits)):
            form = "0.000" if i == 3 else "General"
            style = {"line": True, "align": "center", "format": form, "size": 9}
            yield Spot("right", _TABLE + 1 + k, 8 + i, 8 + i, value, style)


def _urgent(figures: Figures, lang: Lang) -> Iterator[Spot]:
    zh, top = lang == "zh", _URGENT_AT
    rows = figures.urgent[:_URGENT]
    told = f"最急的 {len(rows)} 项" if zh else f"The {len(rows)} most urgent"
    nothing = "没有待办" if zh else "Nothing to do"
    yield Spot("left", top, 2, 6, told if rows else nothing, {"size": 8.5, "color": look.GREY})
    for (first, last), word in zip(((2, 3), (4, 6)), ("谁", "要做什么") if zh else ("Who", "What to do"), strict=True):
        yield _head("left", first, last, word, top + 1)
    for i in range(_URGENT):
        row = rows[i].cells if i < len(rows) else {}
        who = f"{row.get('who') or ''}  {row.get('left') or ''}".strip() or None
        yield Spot("left", top + 2 + i, 2, 3, who, {"indent": True, "size": 9})
        yield Spot("left", top + 2 + i, 4, 6, str(row.get("what") or "") or None, {"indent": True, "size": 9})

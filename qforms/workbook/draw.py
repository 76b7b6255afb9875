"""How a new sheet looks (look.md 5): head, widths, formats, drop-downs, colours by the words of 剩余, print set-up.

All of it is cell formats: LibreOffice draws no table style. What people change later stays theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from qforms.forms import sheet_style as look
from qforms.forms.cells import put
from qforms.model import UNCONFIRMED, Lang
from qforms.workbook.book import HEAD_ROW, ID, REVISION, Place, sheet_name
from qforms.workbook.changes import written
from qforms.workbook.rows import Held, Known
from qforms.workbook.spans import LEFT, OVERDUE
from qforms.workbook.view import Column, Kind, Row, Sheet

SPARE = 20  # formatted rows below the data, for people who type at the end
_REACH = 20_000  # drop-downs and colours reach down to this row
FORMATS: Final[dict[Kind, str]] = {
    "dt": "yyyy-mm-dd hh:mm",
    "date": "yyyy-mm-dd",
    "count": "General",
    "money": "#,##0.00",
    "permille": "0.000",
}
_CENTRED = frozenset({"mark", "code", "person", "dt", "date", "left", "link"})
_RIGHT = frozenset({"count", "money", "permille"})


def create(book: Any, sheet: Sheet, lang: Lang, company: str, as_of: datetime, title: str = "") -> tuple[Place, Known]:
    """A new sheet at the end of the book, with its rows; gives where it stands and what its rows hold. `as_of` (naive,
    local) is told in row 2; `title` where it is not the sheet's own."""
    ws = _blank(book, sheet, lang, company, title)
    put(ws.cell(2, 1), told(sheet, lang, as_of))
    columns = {c.key: i for i, c in enumerate(sheet.columns, start=1)}
    columns |= {ID: len(columns) + 1, REVISION: len(columns) + 2}
    known: dict[str, Held] = {}
    for at, row in enumerate(sheet.rows, start=HEAD_ROW + 1):
        _row(ws, at, sheet, row, columns)
        known[row.id] = written(row, columns, at)[1]
    end = HEAD_ROW + len(sheet.rows)
    for at in range(end + 1, end + 1 + SPARE):
        format_row(ws, at, sheet)
    _table(ws, sheet, max(end, HEAD_ROW + 1))
    return Place(ws.title, HEAD_ROW, end, columns, width=len(columns)), known


def told(sheet: Sheet, lang: Lang, as_of: datetime) -> str:
    """Row 2: as of when, and how many."""
    when = f"截至 {as_of:%Y-%m-%d %H:%M}　" if lang == "zh" else f"As of {as_of:%Y-%m-%d %H:%M}   "
    return when + sheet.summary[lang]


def _row(ws: Any, at: int, sheet: Sheet, row: Row, columns: Mapping[str, int]) -> None:
    from openpyxl.worksheet.hyperlink import Hyperlink

    format_row(ws, at, sheet)
    for column in sheet.columns:
        cell = ws.cell(at, columns[column.key])
        form = cell.number_format
        put(cell, row.cells.get(column.key))
        cell.number_format = form
        if target := row.links.get(column.key):
            inside = target.startswith("#")
            cell._hyperlink = Hyperlink(
                ref=cell.coordinate, location=target[1:] if inside else None, target=None if inside else target
            )
    ws.cell(at, columns[ID], row.id)
    ws.cell(at, columns[REVISION], row.revision)


def _table(ws: Any, sheet: Sheet, end: int) -> None:
    """The list as a table without a style of its own (LibreOffice draws none), with its filter and print area."""
    from openpyxl.worksheet.table import Table, TableStyleInfo

    last = letter(len(sheet.columns) + 2)
    table = Table(displayName=f"qf_{sheet.key}", ref=f"A{HEAD_ROW}:{last}{end}")
    table.tableStyleInfo = TableStyleInfo(name=None, showRowStripes=False)
    ws.add_table(table)
    ws.print_area = f"A1:{letter(len(sheet.columns))}{end}"


def _blank(book: Any, sheet: Sheet, lang: Lang, company: str, title: str) -> Any:
    """A new sheet without rows."""
    from openpyxl.workbook.defined_name import DefinedName

    ws = book.create_sheet(title or free_title(book, sheet.title[lang]))
    width = len(sheet.columns)
    ws.row_dimensions[1].height, ws.row_dimensions[2].height, ws.row_dimensions[HEAD_ROW].height = 27, 15, 33
    put(ws.cell(1, 1), sheet.title[lang])
    ws.cell(1, 1).font = look.font(14, bold=True)
    ws.cell(2, 1).font = look.font(9, color=look.GREY)
    _legend(ws, sheet, lang)
    for i, column in enumerate(sheet.columns, start=1):
        _head(ws, i, column, lang)
    for i, key in enumerate((ID, REVISION), start=width + 1):
        ws.cell(HEAD_ROW, i, key).font = look.font(9)
        ws.column_dimensions[letter(i)].hidden = True
    for column in sheet.columns:
        if column.words:
            offer(ws, sheet, column, list_name(sheet.key, column.key))
    _colours(ws, sheet, lang)
    frozen = next((i for i, c in enumerate(sheet.columns, start=1) if c.key == sheet.freeze), 1)
    ws.freeze_panes = ws.cell(HEAD_ROW + 1, frozen + 1)
    ws.sheet_view.showGridLines = False
    ws.sheet_view.selection[-1].activeCell = ws.sheet_view.selection[-1].sqref = f"A{HEAD_ROW + 1}"
    _print(ws, sheet, lang, company)
    quoted = ws.title.replace("'", "''")
    name = sheet_name(sheet.key)
    book.defined_names[name] = DefinedName(name, attr_text=f"'{quoted}'!$A${HEAD_ROW}")
    return ws


def free_title(book: Any, title: str) -> str:
    """A title that Excel takes and the book does not have yet."""
    return free(title, {t.casefold() for t in book.sheetnames})


def free(title: str, taken: Collection[str]) -> str:
    """A title that Excel takes and that is not among those taken, in small letters."""
    base = "".join("_" if c in "[]:*?/\\'" else c for c in title)[:28] or "sheet"
    names = [base, *(f"{base} {i}" for i in range(2, 99))]
    return next(n for n in names if n.casefold() not in taken)


def letter(column: int) -> str:
    """The letters of a column: 28 is AB."""
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(column))


def _head(ws: Any, i: int, column: Column, lang: Lang) -> None:
    cell = ws.cell(HEAD_ROW, i)
    put(cell, column.label[lang])
    cell.font = look.font(9.5, bold=True, color=look.NAVY if column.office else "FFFFFF")
    cell.fill = look.fill(look.INPUT_HEAD if column.office else look.NAVY)
    cell.alignment = look.align("center")
    cell.border = look.lines(look.LIST_LINE)
    ws.column_dimensions[letter(i)].width = column.width + 0.71


def format_row(ws: Any, row: int, sheet: Sheet) -> None:
    """The formats of a data row; an office's column is light blue."""
    ws.row_dimensions[row].height = 20.25
    for i, column in enumerate(sheet.columns, start=1):
        cell = ws.cell(row, i)
        cell.font = _font(column)
        side = "right" if column.kind in _RIGHT else "center" if column.kind in _CENTRED else "left"
        cell.alignment = look.align(side, indent=1 if side != "center" else 0, wrap=False)
        cell.border = look.lines(look.LIST_LINE, sides="tb")
        cell.number_format = FORMATS.get(column.kind, "@")
        if column.office:
            cell.fill = look.fill(look.INPUT)
    for i in (len(sheet.columns) + 1, len(sheet.columns) + 2):
        ws.cell(row, i).number_format = "@" if i == len(sheet.columns) + 1 else "0"


def _font(column: Column) -> Any:
    if column.kind == "link":
        return look.font(9.5, color=look.NAVY, underline=True)
    return look.font(9.5, bold=column.key == "what")


def _legend(ws: Any, sheet: Sheet, lang: Lang) -> None:
    """What colours and signs mean, beside the title."""
    zh = lang == "zh"
    items: list[tuple[str, str, str]] = []
    if any(c.kind == "left" for c in sheet.columns):
        items.append(("● 逾期" if zh else "● overdue", look.FAULT, look.FAULT_TEXT))
        items.append(("▲ 24 h 内到期" if zh else "▲ due in 24 h", look.DUE, look.DUE_TEXT))
    if any(c.office for c in sheet.columns):
        items.append(("浅蓝 = 办公室填写" if zh else "blue = the office's", look.INPUT, look.NAVY))
    first = 3 if sheet.columns[0].width < 10 else 2
    wide = [i for i, c in enumerate(sheet.columns, start=1) if i >= first and c.width >= 17]
    for (text, color, ink), i in zip(items, wide, strict=False):
        cell = ws.cell(1, i)
        put(cell, text)
        cell.font, cell.fill = look.font(9, color=ink), look.fill(color)
        cell.alignment = look.align("center")


def _colours(ws: Any, sheet: Sheet, lang: Lang) -> None:
    """Red and orange follow the words in the 剩余 column, so that colour and word never disagree."""
    row = HEAD_ROW + 1
    texts = [i for i, c in enumerate(sheet.columns, start=1) if c.kind == "left"]
    by_word = {i: i for i in texts}
    if len(texts) == 1:  # then the sign and the time follow it
        by_word |= {i: texts[0] for i, c in enumerate(sheet.columns, start=1) if c.key in ("mark", "due", "planned_on")}
    over, rest, days = OVERDUE[lang], LEFT[lang], "天" if lang == "zh" else " d"
    for target, source in by_word.items():
        cell = f"${letter(source)}{row}"
        late = f'LEFT({cell},{len(over)})="{over}"'
        soon = f'AND(LEFT({cell},{len(rest)})="{rest}",ISERROR(FIND("{days}",{cell})))'
        area = f"{letter(target)}{row}:{letter(target)}{_REACH}"
        paint(ws, area, late, look.FAULT, look.FAULT_TEXT)
        paint(ws, area, soon, look.DUE, look.DUE_TEXT)
    for n in (i for i, c in enumerate(sheet.columns, start=1) if c.key == "what"):  # what nobody has confirmed (P17)
        test = f'ISNUMBER(FIND("{UNCONFIRMED[lang]}",${letter(n)}{row}))'
        paint(ws, f"{letter(n)}{row}:{letter(n)}{_REACH}", test, look.PROPOSED, look.PROPOSED_TEXT)


def paint(ws: Any, area: str, test: str, fill: str, ink: str) -> None:
    """Colours an area while the formula holds."""
    from openpyxl.formatting import rule as rules
    from openpyxl.styles import Font, PatternFill

    rule: Any = rules.FormulaRule
    solid = PatternFill("solid", start_color=fill, end_color=fill, fill_type="solid")
    ws.conditional_formatting.add(area, rule([test], font=Font(color=ink), fill=solid))


def ruled(ws: Any, area: str, test: str) -> None:
    """Thin lines round the cells of an area while the formula holds."""
    from openpyxl.formatting import rule as rules

    rule: Any = rules.FormulaRule
    ws.conditional_formatting.add(area, rule([test], border=look.lines(look.LIST_LINE)))


def list_name(sheet: str, column: str) -> str:
    """The defined name of the words that a column offers."""
    return f"qf_list_{sheet}_{column.strip('@').replace(':', '_').replace('|', '_')}"


def offer(ws: Any, sheet: Sheet, column: Column, source: str) -> None:
    """A drop-down for an office's column. It warns and does not stop, except 处理."""
    from openpyxl.worksheet.datavalidation import DataValidation

    i = sheet.columns.index(column) + 1
    validation = DataValidation(type="list", formula1=source, allow_blank=True)
    validation.errorStyle = "stop" if column.strict else "warning"
    validation.showErrorMessage = True
    validation.errorTitle, validation.error = (
        column.label.zh[:30],
        "请从列表中选一项。 Please choose one from the list.",
    )
    validation.add(f"{letter(i)}{HEAD_ROW + 1}:{letter(i)}{_REACH}")
    ws.add_data_validation(validation)


def _print(ws: Any, sheet: Sheet, lang: Lang, company: str) -> None:
    ws.page_setup.paperSize, ws.page_setup.orientation = 9, "landscape"
    ws.page_setup.fitToWidth, ws.page_setup.fitToHeight = sheet.pages, 0
    ws.page_setup.pageOrder = "overThenDown"
    ws.sheet_properties.pageSetUpPr.fitToPage = True
    for side, mm in {"left": 10, "right": 10, "top": 13, "bottom": 15, "header": 7, "footer": 7}.items():
        setattr(ws.page_margins, side, mm / 25.4)
    ws.print_title_rows = f"1:{HEAD_ROW}"
    if sheet.pages > 1:
        ws.print_title_cols = "A:A"
    footer(ws, f"{company}  {sheet.title[lang]}", lang)


def footer(ws: Any, text: str, lang: Lang) -> None:
    pages = "第 &P 页 共 &N 页" if lang == "zh" else "Page &P of &N"
    for part, words in (("left", text.replace("&", "&&")), ("right", pages)):
        piece = getattr(ws.oddFooter, part)
        piece.text, piece.size, piece.font = words, 8, look.FONT

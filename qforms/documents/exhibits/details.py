"""明细: the lines behind a report as a workbook, a sheet for each kind, so that every figure can be made again.

Written as SpreadsheetML directly (ECMA-376-1 18.3): a year's lines are a hundred thousand cells, for which openpyxl
takes longer than for all the rest of a report."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from qforms.documents.exhibits.lines import Book, Column, Lines
from qforms.forms.wml import clean, em
from qforms.model import Lang

_WIDEST, _LOOKED_AT = 44.0, 200
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same lines give the same bytes
_DAY_0 = date(1899, 12, 30)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TITLE, _NAME, _DATE, _MOMENT = 1, 2, 3, 4  # cell formats of _STYLES


def details(book: Book, lang: Lang, title: str, as_of: datetime) -> bytes:
    """The workbook's bytes. Texts can be no formulas; figures stay figures, days days."""
    sheets = [lines for lines in book.values() if lines.columns]
    parts = {
        "[Content_Types].xml": _types(len(sheets)),
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": _workbook(sheets, lang),
        "xl/_rels/workbook.xml.rels": _relations(
            {f"rId{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)}
            | {"rIdStyles": ("styles", "styles.xml")}
        ),
        "xl/styles.xml": _STYLES,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as target:
        for name, text in parts.items():
            target.writestr(_info(name), text)
        for n, lines in enumerate(sheets, 1):
            with target.open(_info(f"xl/worksheets/sheet{n}.xml"), "w") as part:
                for piece in _sheet(lines, lang, title, as_of):
                    part.write(piece.encode("utf-8"))
    return out.getvalue()


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _sheet(lines: Lines, lang: Lang, title: str, as_of: datetime) -> Iterator[str]:
    last = f"{_letter(len(lines.columns))}{len(lines.rows) + 2}"
    widths = "".join(
        f'<col min="{i}" max="{i}" width="{_width(lines, c, lang):.1f}" customWidth="1"/>'
        for i, c in enumerate(lines.columns, 1)
    )
    words = f"{len(lines.rows)} 行　截至" if lang == "zh" else f"{len(lines.rows)} rows, as of"
    said = f"{title}　{lines.title[lang]}　{words} {as_of:%Y-%m-%d %H:%M}"
    yield (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        '<sheetViews><sheetView workbookViewId="0" showGridLines="0"><pane xSplit="1" ySplit="2" topLeftCell="B3" '
        'activePane="bottomRight" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
        f'<cols>{widths}</cols><sheetData><row r="1">{_text("A1", said, _TITLE)}</row>'
        '<row r="2" ht="20" customHeight="1">'
        + "".join(_text(f"{_letter(i)}2", c.label[lang], _NAME) for i, c in enumerate(lines.columns, 1))
        + "</row>"
    )
    letters = [_letter(i) for i in range(1, len(lines.columns) + 1)]
    for number, row in enumerate(lines.rows, 3):
        cells = "".join(
            _cell(f"{letter}{number}", c, row.get(c.name), lang)
            for letter, c in zip(letters, lines.columns, strict=True)
        )
        yield f'<row r="{number}">{cells}</row>'
    yield (
        f'</sheetData><autoFilter ref="A2:{last}"/><pageMargins left="0.4" right="0.4" top="0.4" bottom="0.5" '
        'header="0.3" footer="0.3"/><pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
    )


def _cell(place: str, column: Column, value: Any, lang: Lang) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, datetime):
        days = (value.date() - _DAY_0).days + (value.hour * 60 + value.minute) / 1440
        return f'<c r="{place}" s="{_MOMENT}"><v>{days:.12g}</v></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="{_DATE}"><v>{(value - _DAY_0).days}</v></c>'
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and not column.words:
        return (
            f'<c r="{place}"><v>{value:f}</v></c>'
            if isinstance(value, Decimal)
            else f'<c r="{place}"><v>{value}</v></c>'
        )
    return _text(place, column.say(value, lang))


def _text(place: str, text: str, style: int = 0) -> str:
    """An inline text: it can be no formula."""
    shown = escape(clean(text)[:32_000])
    return f'<c r="{place}" t="inlineStr" s="{style}"><is><t xml:space="preserve">{shown}</t></is></c>' if shown else ""


def _width(lines: Lines, column: Column, lang: Lang) -> float:
    words = (em(column.say(r.get(column.name), lang)) for r in lines.rows[:_LOOKED_AT])
    return min(max([em(column.label[lang]) + 1, *words]) * 2.1 + 2.5, _WIDEST)


def _letter(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _workbook(sheets: list[Lines], lang: Lang) -> str:
    rows = "".join(
        f'<sheet name={quoteattr(lines.title[lang][:31])} sheetId="{n}" r:id="rId{n}"/>'
        for n, lines in enumerate(sheets, 1)
    )
    names = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{n}" hidden="1">'
        f"{escape(_quoted(lines.title[lang][:31]))}!$A$2:"
        f"${_letter(len(lines.columns))}${len(lines.rows) + 2}</definedName>"
        f'<definedName name="_xlnm.Print_Titles" localSheetId="{n}">{escape(_quoted(lines.title[lang][:31]))}!$2:$2'
        "</definedName>"
        for n, lines in enumerate(sheets)
    )
    return (
        f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>{rows}</sheets>'
        f"<definedNames>{names}</definedNames></workbook>"
    )


def _quoted(title: str) -> str:
    return "'" + title.replace("'", "''") + "'"


def _types(sheets: int) -> str:
    rows = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for n in range(1, sheets + 1)
    )
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{rows}</Types>'
    )


def _relations(rows: Mapping[str, tuple[str, str]]) -> str:
    inner = "".join(
        f'<Relationship Id="{name}" Type="{_DOCUMENT}/{kind}" Target="{target}"/>'
        for name, (kind, target) in rows.items()
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'


_FACE = '<name val="Microsoft YaHei"/><family val="2"/><charset val="134"/>'
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
    f'<fonts count="3"><font><sz val="9.5"/>{_FACE}</font><font><b/><sz val="11"/>{_FACE}</font>'
    f'<font><b/><sz val="9.5"/><color rgb="FFFFFFFF"/>{_FACE}</font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FF1F3A5F"/></patternFill></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="5">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="0" fontId="2" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1" applyAlignment="1">'
    '<alignment horizontal="center" vertical="center"/></xf>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)

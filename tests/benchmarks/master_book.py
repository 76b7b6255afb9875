"""A master workbook of any length for the benchmark: 30 columns (a number, five unique texts, nine from a pool of 200,
ten figures, five days), one table with a filter, a format by condition, a drop-down, shared strings."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml."
SHEET = "主表"
LETTERS = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "AA", "AB", "AC", "AD"]
HEADS = ["记录号", *(f"文本{i}" for i in range(1, 6)), *(f"枚举{i}" for i in range(1, 10))]
HEADS += [*(f"数值{i}" for i in range(1, 11)), *(f"日期{i}" for i in range(1, 6))]


def make(path: Path, rows: int) -> None:
    """Writes the book; the same for the same number of rows."""
    texts = _Texts(rows)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in _small(rows).items():
            book.writestr(name, _HEAD + content)
        with book.open("xl/worksheets/sheet1.xml", "w") as out:
            for piece in _sheet(rows, texts):
                out.write(piece.encode())
        with book.open("xl/sharedStrings.xml", "w") as out:
            for piece in texts.part():
                out.write(piece.encode())


class _Texts:
    """The shared strings: headings, the pool, then six texts a row that stand once only."""

    def __init__(self, rows: int) -> None:
        self._random = random.Random(7)
        self._han = [chr(c) for c in range(0x4E00, 0x4E00 + 3000)]
        self.rows = rows
        self.fixed = [*HEADS, *(self.text() for _ in range(200))]

    def text(self) -> str:
        return "".join(self._random.choices(self._han, k=20))

    def part(self) -> Iterator[str]:
        unique = len(self.fixed) + 6 * self.rows
        yield f'{_HEAD}<sst xmlns="{_MAIN}" count="{len(HEADS) + 15 * self.rows}" uniqueCount="{unique}">'
        yield "".join(f"<si><t>{t}</t></si>" for t in self.fixed)
        for row in range(1, self.rows + 1):
            yield f"<si><t>QF-{row:08d}</t></si>" + "".join(f"<si><t>{self.text()}</t></si>" for _ in range(5))
        yield "</sst>"


def _sheet(rows: int, texts: _Texts) -> Iterator[str]:
    yield (
        f'{_HEAD}<worksheet xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><dimension ref="A1:AD{rows + 1}"/><sheetViews>'
        '<sheetView tabSelected="1" workbookViewId="0"><pane xSplit="1" ySplit="1" topLeftCell="B2" '
        'activePane="bottomRight" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
        '<sheetData><row r="1" spans="1:30">'
    )
    yield "".join(f'<c r="{letter}1" t="s"><v>{i}</v></c>' for i, letter in enumerate(LETTERS)) + "</row>"
    chance, pool, unique = random.Random(11), len(HEADS), len(texts.fixed)
    for n in range(rows):
        r = n + 2
        cells = [f'<c r="{LETTERS[c]}{r}"{" s=" + chr(34) + "2" + chr(34) if c == 1 else ""} t="s">'
                 f"<v>{unique + 6 * n + c}</v></c>" for c in range(6)]  # fmt: skip
        cells += [f'<c r="{x}{r}" t="s"><v>{pool + chance.randrange(200)}</v></c>' for x in LETTERS[6:15]]
        cells += [f'<c r="{x}{r}"><v>{chance.randint(0, 10000)}</v></c>' for x in LETTERS[15:20]]
        cells += [f'<c r="{x}{r}"><v>{round(chance.random() * 1e4, 3)}</v></c>' for x in LETTERS[20:25]]
        cells += [f'<c r="{x}{r}" s="1"><v>{44927 + chance.randint(0, 1000)}</v></c>' for x in LETTERS[25:]]
        yield f'<row r="{r}" spans="1:30">{"".join(cells)}</row>'
    last = rows + 1
    yield (
        f'</sheetData><conditionalFormatting sqref="P2:P{last}"><cfRule type="cellIs" dxfId="0" priority="1" '
        f'operator="greaterThan"><formula>9000</formula></cfRule></conditionalFormatting><dataValidations count="1">'
        f'<dataValidation type="list" allowBlank="1" showInputMessage="1" showErrorMessage="1" sqref="G2:G{last}">'
        '<formula1>"甲,乙,丙"</formula1></dataValidation></dataValidations><pageMargins left="0.7" right="0.7" '
        'top="0.75" bottom="0.75" header="0.3" footer="0.3"/><tableParts count="1"><tablePart r:id="rId1"/>'
        "</tableParts></worksheet>"
    )


def _small(rows: int) -> dict[str, str]:
    rels = "http://schemas.openxmlformats.org/package/2006/relationships"
    columns = "".join(f'<tableColumn id="{i}" name="{name}"/>' for i, name in enumerate(HEADS, 1))
    overrides = {
        "workbook.xml": "sheet.main", "worksheets/sheet1.xml": "worksheet", "styles.xml": "styles",
        "sharedStrings.xml": "sharedStrings", "tables/table1.xml": "table",
    }  # fmt: skip
    related = [("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")]
    types = "".join(f'<Override PartName="/xl/{k}" ContentType="{_TYPE}{v}+xml"/>' for k, v in overrides.items())
    return {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
        'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default '
        f'Extension="xml" ContentType="application/xml"/>{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{rels}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="{SHEET}" sheetId="1" '
        'r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{rels}">'
        + "".join(
            f'<Relationship Id="rId{i}" Type="{_OFFICE}/{k}" Target="{t}"/>' for i, (k, t) in enumerate(related, 1)
        )
        + "</Relationships>",
        "xl/worksheets/_rels/sheet1.xml.rels": f'<Relationships xmlns="{rels}"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/table" Target="../tables/table1.xml"/></Relationships>',
        "xl/tables/table1.xml": f'<table xmlns="{_MAIN}" id="1" name="{SHEET}" displayName="{SHEET}" '
        f'ref="A1:AD{rows + 1}" totalsRowShown="0"><autoFilter ref="A1:AD{rows + 1}"/>'
        f'<tableColumns count="30">{columns}</tableColumns>'
        '<tableStyleInfo name="TableStyleMedium9" showFirstColumn="0" showLastColumn="0" '
        'showRowStripes="1" showColumnStripes="0"/></table>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name '
        'val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill '
        'patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/>'
        '</border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        "</cellStyleXfs>"
        '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="14" fontId="0" '
        'fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="0" fontId="0" fillId="0" borderId="0" '
        'xfId="0" applyAlignment="1"><alignment wrapText="1"/></xf></cellXfs><cellStyles count="1"><cellStyle '
        'name="Normal" xfId="0" builtinId="0"/></cellStyles><dxfs count="1"><dxf><fill><patternFill><bgColor '
        'rgb="FFFFC7CE"/></patternFill></fill></dxf></dxfs></styleSheet>',
    }

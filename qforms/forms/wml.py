"""WordprocessingML in small pieces: runs, paragraphs, cells, rows and tables as text, children in schema order
(ECMA-376-1 17.3–17.4). Lengths are millimetres, font sizes points."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from xml.sax.saxutils import escape

TEXT_WIDTH = 174.0  # A4 less 20 mm (binding) and 16 mm
INK, GREY, WHITE = "000000", "595959", "FFFFFF"
NAVY, BAND, LABEL, INPUT = "1F3A5F", "D9E2EC", "F2F2F2", "E8F1FA"
RED, LINE, REPLY_LINE = "B3261E", "7F7F7F", "8FA3B8"
# Signs that Word would take from the Western font, at another size: they get the East Asian one in all slots.
_SIGNS = re.compile("([□■●▲○√→…“”‘’—①-⑳]+)")
# What XML 1.0 cannot hold, what turns text round, and surrogates.
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
NBSP = "\u00a0"


def dxa(mm: float) -> int:
    """Twentieths of a point."""
    return round(mm * 1440 / 25.4)


def clean(text: str) -> str:
    """`text` without characters that XML or a reader cannot bear; line ends as \\n."""
    return _UNFIT.sub("", re.sub("\r\n?|\x85|\u2028|\u2029", "\n", text))


@dataclass(frozen=True, slots=True)
class Face:
    """How a run looks. `hei`: SimHei with Arial, else SimSun with Times New Roman (the document's default, 9 pt)."""

    size: float = 9.0
    hei: bool = False
    bold: bool = False
    colour: str = ""

    def xml(self, sign: bool = False) -> str:
        """Its rPr; `sign` takes the East Asian font for all characters."""
        east, west = ("SimHei", "Arial") if self.hei else ("SimSun", "Times New Roman")
        fonts = ""
        if sign:
            fonts = f'<w:rFonts w:hint="eastAsia" w:ascii="{east}" w:hAnsi="{east}" w:eastAsia="{east}" w:cs="{east}"/>'
        elif self.hei:
            fonts = f'<w:rFonts w:ascii="{west}" w:hAnsi="{west}" w:eastAsia="{east}" w:cs="{west}"/>'
        bold = "<w:b/>" if self.bold else ""
        colour = f'<w:color w:val="{self.colour}"/>' if self.colour else ""
        half = round(self.size * 2)
        size = f'<w:sz w:val="{half}"/><w:szCs w:val="{half}"/>' if half != 18 else ""
        inner = fonts + bold + colour + size
        return f"<w:rPr>{inner}</w:rPr>" if inner else ""


VALUE = Face()
LABEL_FACE = Face(hei=True)
SMALL_LABEL = Face(8, hei=True)
BAND_FACE = Face(10.5, hei=True, bold=True)
NOTE = Face(9, colour=GREY)
SMALL_NOTE = Face(8.5, colour=GREY)


def runs(text: str, face: Face = VALUE) -> str:
    """Runs of a text: signs in runs of their own, line ends as breaks. Control characters are dropped."""
    out = []
    for piece in _SIGNS.split(clean(text)):
        if piece:
            lines = (f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in piece.split("\n"))
            out.append(f"<w:r>{face.xml(bool(_SIGNS.match(piece)))}{'<w:br/>'.join(lines)}</w:r>")
    return "".join(out)


def tag(expression: str, face: Face = VALUE) -> str:
    """A run of one docxtpl tag: `{{ head.number }}` is filled with text, `{{r f.cause }}` with runs."""
    return f'<w:r>{face.xml()}<w:t xml:space="preserve">{escape(expression)}</w:t></w:r>'


def bookmark(number: int, name: str, inner: str) -> str:
    return f'<w:bookmarkStart w:id="{number}" w:name="{name}"/>{inner}<w:bookmarkEnd w:id="{number}"/>'


def paragraph(
    inner: str = "",
    align: str = "",
    *,
    keep: bool = False,
    exact: float = 0,
    page: bool = False,
    border: str = "",
    inset: float = 0,
) -> str:
    """A paragraph. `keep` with the next; `exact` line height in points; `page`: a new page begins with it; `inset` from
    both edges in mm."""
    before = ("<w:keepNext/>" if keep else "") + ("<w:pageBreakBefore/>" if page else "") + border
    spacing = f'<w:spacing w:line="{round(exact * 20)}" w:lineRule="exact"/>' if exact else ""
    jc = f'<w:jc w:val="{align}"/>' if align else ""
    indent = f'<w:ind w:left="{dxa(inset)}" w:right="{dxa(inset)}"/>' if inset else ""
    properties = before + spacing + indent + jc
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{inner}</w:p>"


def gap(page: bool = False, keep: bool = False) -> str:
    """The space between two blocks: 4 pt; with `page`, the top of a new page."""
    return paragraph(exact=4, page=page, keep=keep)


def control(expression: str) -> str:
    """A paragraph that holds nothing but a `{%p … %}`: docxtpl takes the whole paragraph away."""
    return paragraph(tag(f"{{%p {expression} %}}"), exact=4)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its width, its runs (of one paragraph, or a tuple: of several), its ground and padding."""

    width: float
    inner: str | tuple[str, ...] = ""
    fill: str = ""
    align: str = ""
    merge: str = ""  # "restart" or "continue": one cell over several rows
    tight: bool = False
    top: bool = False
    borders: str = ""
    aside: bool = False  # shares its place with the next: docxtpl takes one of them away

    def xml(self, span: int, keep: bool) -> str:
        properties = [f'<w:tcW w:w="{dxa(self.width)}" w:type="dxa"/>']
        if span > 1:
            properties.append(f'<w:gridSpan w:val="{span}"/>')
        if self.merge:
            properties.append('<w:vMerge w:val="restart"/>' if self.merge == "restart" else "<w:vMerge/>")
        if self.borders:
            properties.append(self.borders)
        if self.fill:
            properties.append(f'<w:shd w:val="clear" w:color="auto" w:fill="{self.fill}"/>')
        if self.tight:
            properties.append('<w:tcMar><w:left w:w="57" w:type="dxa"/><w:right w:w="28" w:type="dxa"/></w:tcMar>')
        if not self.top:
            properties.append('<w:vAlign w:val="center"/>')
        lines = (self.inner,) if isinstance(self.inner, str) else self.inner
        inner = "".join(paragraph(line, self.align, keep=keep) for line in lines)
        return f"<w:tc><w:tcPr>{''.join(properties)}</w:tcPr>{inner}</w:tc>"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of cells, or (with `control`) a row that docxtpl takes away: `{%tr … %}`."""

    cells: tuple[Cell, ...] = ()
    height: float = 6.0  # at least, never exact
    head: bool = False  # repeated on every page (the first rows of a table only)
    split: bool = False  # may run over a page: free text
    keep: bool = False  # with the next row, or with what follows the table
    control: str = ""

    def xml(self, edges: Sequence[int]) -> str:
        cells = self.cells
        if self.control:
            cells = (Cell(TEXT_WIDTH, tag(f"{{%tr {self.control} %}}")),)
        height = f'<w:trHeight w:val="{dxa(self.height)}" w:hRule="atLeast"/>'
        properties = ("" if self.split else "<w:cantSplit/>") + height + ("<w:tblHeader/>" if self.head else "")
        out, at, left = [], 0.0, 0
        for cell in cells:
            right = edges.index(_edge(at + cell.width))
            out.append(cell.xml(right - left, self.keep))
            if not cell.aside:
                at, left = at + cell.width, right
        return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(out)}</w:tr>"


def _edge(mm: float) -> int:
    return round(mm * 10)


def control_row(expression: str) -> Row:
    return Row(control=expression)


def table(rows: Sequence[Row], frame: int = 8, colour: str = INK, inner: str = LINE) -> str:
    """A fixed table over the text width; its grid is the union of the cells' edges. `frame` in eighths of a point."""
    edges = sorted({0, _edge(TEXT_WIDTH)} | {e for row in rows for e in _edges(row)})
    outer = "".join(_border(side, frame, colour) for side in ("top", "left", "bottom", "right"))
    inside = _border("insideH", 4, inner) + _border("insideV", 4, inner)
    margins = "".join(
        f'<w:{side} w:w="{width}" w:type="dxa"/>'
        for side, width in (("top", 28), ("left", 85), ("bottom", 28), ("right", 85))
    )
    grid = "".join(f'<w:gridCol w:w="{dxa((b - a) / 10)}"/>' for a, b in pairwise(edges))
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{dxa(TEXT_WIDTH)}" w:type="dxa"/><w:jc w:val="center"/>'
        f"<w:tblBorders>{outer}{inside}</w:tblBorders>"
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(row.xml(edges) for row in rows)}</w:tbl>"
    )


def _edges(row: Row) -> list[int]:
    at, out = 0.0, []
    for cell in row.cells:
        if not cell.aside:
            at += cell.width
            out.append(_edge(at))
    return out


def _border(side: str, size: int, colour: str) -> str:
    return f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="{colour}"/>'


def cell_borders(**sides: tuple[int, str]) -> str:
    """tcBorders of some sides: `cell_borders(left=(18, NAVY))`."""
    order = ("top", "left", "bottom", "right")
    return "<w:tcBorders>" + "".join(_border(s, *sides[s]) for s in order if s in sides) + "</w:tcBorders>"


def label_cell(width: float, text: str, *, star: bool = False, small: bool = False) -> Cell:
    """A grey cell with a label; `star` marks what must be filled in."""
    face = SMALL_LABEL if small else LABEL_FACE
    mark = runs("*", replace(face, colour=RED)) if star else ""
    return Cell(width, mark + runs(text, face), LABEL, tight=small)


def em(text: str) -> float:
    """The width of a text in full-width characters."""
    return sum(1.0 if ord(c) > 0x2E7F or c in "“”…→‰■□●▲" else 0.52 for c in text)

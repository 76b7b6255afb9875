"""The colours, fonts and lines of everything we make in Excel: grey = label, white = ours, light blue = yours."""

from __future__ import annotations

from functools import cache
from typing import Any

FONT = "Microsoft YaHei"
INK, GREY = "000000", "595959"
NAVY, BAND, LABEL, INPUT, INPUT_HEAD = "1F3A5F", "D9E2EC", "F2F2F2", "E8F1FA", "BFD7EE"
FAULT, FAULT_TEXT, FAULT_LINE = "F8D0CC", "8C1D18", "B3261E"
DUE, DUE_TEXT = "FCE4C8", "7A4100"
PROPOSED, PROPOSED_TEXT = "FFF2CC", "5C4400"  # what was recognised and nobody has confirmed
LINE, LIST_LINE, REPLY_LINE = "7F7F7F", "D0D5DB", "8FA3B8"
FORMATS = {
    "str": "@",
    "text": "@",
    "ref": "@",
    "user": "@",
    "dept": "@",
    "int": "0",
    "dec": "General",
    "money": "#,##0.00",
    "date": "yyyy-mm-dd",
    "dt": "yyyy-mm-dd hh:mm",
}


@cache
def font(size: float = 10, *, bold: bool = False, color: str = INK, underline: bool = False) -> Any:
    from openpyxl.styles import Font

    return Font(name=FONT, size=size, bold=bold, color=color, underline="single" if underline else None)


@cache
def fill(color: str) -> Any:
    from openpyxl.styles import PatternFill

    return PatternFill("solid", start_color=color, end_color=color)


@cache
def lines(color: str = LINE, *, sides: str = "lrtb") -> Any:
    """Thin lines on the sides named: left, right, top, bottom."""
    from openpyxl import styles

    side: Any = styles.Side(style="thin", color=color)
    border: Any = styles.Border
    names = {"l": "left", "r": "right", "t": "top", "b": "bottom"}
    return border(**{names[s]: side for s in sides})


@cache
def align(horizontal: str = "left", vertical: str = "center", *, indent: int = 0, wrap: bool = True) -> Any:
    from openpyxl.styles import Alignment

    return Alignment(horizontal=horizontal, vertical=vertical, indent=indent, wrap_text=wrap)


@cache
def shrunk(horizontal: str) -> Any:
    from openpyxl.styles import Alignment

    return Alignment(horizontal=horizontal, vertical="center", shrink_to_fit=True)


def workbook() -> Any:
    """An empty workbook whose Normal style is Arial 10: column widths are counted in its digits on every machine."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book: Any = Workbook()
    book.remove(book.active)
    book._named_styles["Normal"].font = Font(name="Arial", size=10)
    book._fonts[0] = Font(name="Arial", size=10)
    return book


def text_width(text: str) -> float:
    """How wide a text is, in digits of the Normal font: a Chinese character takes two."""
    return sum(2.0 if ord(c) > 0x2E7F or c in "“”…→‰■□●▲" else 1.0 for c in text)


def lines_of(text: str, width: float) -> int:
    """How many lines a text takes in a cell of that width."""
    return sum(max(1, -(-int(text_width(line) * 10) // max(1, int(width * 10)))) for line in text.split("\n"))

"""The text layer of a PDF as a Book (P17), by pdftotext (poppler) where it is installed: a scan has none."""

from __future__ import annotations

import re
import shutil

from qforms.office import programs
from qforms.office.book import STAMP, Book, Cell, Grid, fault

MAGIC = b"%PDF-"
_MOST = 4 << 20  # bytes of text
_LINES = 5_000
_GAP = re.compile(r" {2,}|\t")


def pdftotext() -> str | None:
    """The path of pdftotext, or None where it is not installed."""
    return shutil.which("pdftotext")


def read(data: bytes, seconds: float, most: int) -> Book:
    """Each line a row, its columns where the page leaves a gap. Raises OfficeFault: `not_office` where there is no text
    or no program, `too_many_cells`, `took_too_long`."""
    program = pdftotext()
    if program is None:
        raise fault("not_office", found="PDF")
    code, printed = programs.output([program, "-layout", "-enc", "UTF-8", "-", "-"], data, seconds, _MOST)
    text = printed.decode("utf-8", "replace").replace("\f", "\n")
    lines = [line for line in text.splitlines() if line.strip()][:_LINES]
    if code or not lines:
        raise fault("not_office", found="PDF")
    cells = {
        (row, col): Cell(word)
        for row, line in enumerate(lines)
        for col, word in enumerate(w for piece in _GAP.split(line) for w in halves(piece.strip()) if w)
    }
    if len(cells) > most:
        raise fault("too_many_cells", cells=most)
    words = "\n".join(" ".join(line.split()) for line in lines)
    grid = Grid("PDF", cells)
    return Book("excel", (grid,), {}, {}, tuple(dict.fromkeys(STAMP.findall(text))), (), words, form="pdf")


def halves(piece: str) -> tuple[str, ...]:
    """标签：值 as two columns; other text as it is."""
    label, colon, value = piece.partition("：") if "：" in piece else piece.partition(":")
    short = colon and 0 < len(label.strip()) <= 40 and not re.search(r"\d$", label)
    return (label.strip(), value.strip()) if short and value.strip() else (piece,)

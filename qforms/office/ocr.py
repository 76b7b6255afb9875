"""The text of a photo or a scan as a Book (P17), where the extra `ocr` is installed.

What is recognised is never a fact: whoever asks for it makes proposals of it. A picture is opened in a process of its
own, whose memory and time are bounded."""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from qforms.office import pdf, programs
from qforms.office.book import Book, Cell, Grid, OfficeFault, fault
from qforms.office.recognise import Piece

_ROOT = str(Path(__file__).resolve().parents[2])
_CODE = "import sys; sys.path.insert(0, sys.argv[1]); from qforms.office.recognise import main; main()"
_MOST = 4 << 20  # bytes of an answer
_PAGES, _DPI, _PAGE_BYTES = 3, 150, 60 << 20
_SURE = 0.6  # what was read less surely is no proposal


@lru_cache(1)
def available() -> bool:
    """Whether pictures can be read: the extra `ocr` is installed."""
    return find_spec("rapidocr_onnxruntime") is not None


def read(data: bytes, seconds: float) -> Book:
    """The texts of a picture, or of the first pages of a scanned PDF, row by row; `seconds` for each of them.

    Raises OfficeFault: `not_office` where nothing is read, `took_too_long`, `inflates_too_much`."""
    pages = _pages(data, seconds) if data.startswith(pdf.MAGIC) else (data,)
    rows: list[list[str]] = []
    for page in pages:
        rows += rows_of(_recognised(page, seconds))
    if not rows:
        raise fault("not_office", found="picture")
    cells = {(r, c): Cell(word) for r, row in enumerate(rows) for c, word in enumerate(row)}
    return Book("excel", (Grid("图片", cells),), text="\n".join(" ".join(row) for row in rows), form="ocr")


def _recognised(page: bytes, seconds: float) -> list[Piece]:
    command = [sys.executable, "-I", "-c", _CODE, _ROOT]
    code, printed = programs.output(command, page, seconds, _MOST)
    if code:
        return []
    try:
        return [(box, str(text), float(sure)) for box, text, sure in json.loads(printed)]
    except (ValueError, TypeError):
        return []


def _pages(data: bytes, seconds: float) -> Iterator[bytes]:
    """The first pages of a PDF as pictures; none where pdftoppm (poppler) is not installed."""
    program = shutil.which("pdftoppm")
    for number in range(1, _PAGES + 1 if program else 1):
        page = ["-f", str(number), "-l", str(number), "-singlefile", "-r", str(_DPI), "-scale-to", "1800", "-png", "-"]
        try:
            code, printed = programs.output([str(program), *page], data, seconds, _PAGE_BYTES)
        except OfficeFault:
            return
        if code or not printed:
            return
        yield printed


def rows_of(found: Sequence[Piece]) -> list[list[str]]:
    """Pieces of text as rows from top to bottom, each from left to right; 标签：值 as two columns. The slant of a page
    that was not photographed straight is taken out first."""
    sure = [(box, text.strip()) for box, text, how in found if how >= _SURE and text.strip()]
    if not sure:
        return []
    slants = sorted(math.atan2(b[1][1] - b[0][1], b[1][0] - b[0][0]) for b, _ in sure)
    slant = slants[len(slants) // 2]
    placed = sorted(_placed(box, text, slant) for box, text in sure)
    rows: list[list[tuple[float, float, str]]] = []
    for y, x, height, text in placed:
        if rows and y - rows[-1][-1][0] < height / 2:
            rows[-1].append((y, x, text))
        else:
            rows.append([(y, x, text)])
    ordered = (sorted(row, key=lambda piece: piece[1]) for row in rows)
    return [[word for _, _, text in row for word in pdf.halves(text) if word] for row in ordered]


def _placed(box: list[list[float]], text: str, slant: float) -> tuple[float, float, float, str]:
    """(y, x, height, text) of a piece's middle and left edge, with the slant taken out."""
    x, y = (sum(point[i] for point in box) / len(box) for i in (0, 1))
    left = min(point[0] for point in box)
    height = math.dist(box[0], box[-1])
    return y * math.cos(slant) - x * math.sin(slant), left, height, text

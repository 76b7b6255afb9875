"""A customer's own .xlsx filled in: the cells with placeholders are written, rows put in where a list needs more than
stand ready, photos laid over their cells; all else of the file stays byte for byte what it was."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from qforms.documents.own import anchors
from qforms.documents.own.anchors import Spot
from qforms.documents.own.tags import TAG, Tag, parse, tags
from qforms.documents.own.words import Typed, Words
from qforms.forms.wml import em
from qforms.office import parts, reader
from qforms.office.book import Book, Grid, fault
from qforms.office.excel import is_date
from qforms.office.sheet import Sheet, Span
from qforms.office.workbook import Workbook
from qforms.sheetpatch import Plan, RowEdit, SheetEdit, patch

INFLATED, CELLS = 200 << 20, 200_000  # a form is small; what is larger is none
_LINE = 15.0  # points of a line


def read(data: bytes) -> Book:
    """The cells of a template. Raises OfficeFault."""
    return reader.read(data, INFLATED, CELLS)


@dataclass(frozen=True, slots=True)
class _List:
    """A row that stands for the rows of a list: `ready` empty ones of its kind follow, `lacking` are to be put in."""

    row: int
    ready: int
    lacking: int


def fill(data: bytes, words: Words, photos: Mapping[str, bytes]) -> bytes:
    """The workbook with what `words` know; `photos` by digest. Raises OfficeFault where the file does not allow it."""
    book = read(data)
    with tempfile.TemporaryDirectory(prefix="qforms-") as folder:
        files = _Files(Path(folder), data)
        for grid in _with_tags(book):
            for one in reversed(list(_lists(files.sheet(grid.name), grid, words))):
                if one.lacking:
                    files.insert(grid.name, one)
        book = read(files.data)
        spots = [*_tagged(book, words), *_named(book, words)]
        edits = tuple(_edit(grid, files.formats(grid.name), words) for grid in _with_tags(book))
        if edits:
            files.patch(Plan(edits))
            files.grow(edits)
        return anchors.place(files.data, spots, photos)


def _tagged(book: Book, words: Words) -> Iterator[Spot]:
    """The photos that placeholders stand for."""
    for grid in _with_tags(book):
        for (row, col), cell in grid.cells.items():
            for tag in tags(cell.text):
                yield from _spots(grid, row, col, tag, words)


def _named(book: Book, words: Words) -> Iterator[Spot]:
    """The photos of cells that are named after their field: `qf_d2_photos`, and `qf_d2_photos_2` for the second."""
    for name, (grid, row, col) in book.names.items():
        stem, _, number = name.removeprefix("qf_").rpartition("_")
        tag = Tag(stem, int(number)) if stem and number.isdecimal() else Tag(name.removeprefix("qf_"))
        if name.startswith("qf_"):
            yield from _spots(book.grids[grid], row, col, tag, words)


def _spots(grid: Grid, row: int, col: int, tag: Tag, words: Words) -> Iterator[Spot]:
    for photo in (words.pictures(tag) or ())[:1]:
        yield Spot(
            grid.name, row, col, str(photo.get("digest", "")), str(photo.get("caption") or photo.get("name") or "")
        )


def _with_tags(book: Book) -> Iterator[Grid]:
    """The worksheets that hold placeholders."""
    return (g for g in book.grids if any("{{" in cell.text for cell in g.cells.values()))


def _repeats(grid: Grid, row: int) -> tuple[str, ...]:
    """The lists whose rows a row of the sheet stands for."""
    texts = (cell.text for (r, _), cell in grid.cells.items() if r == row)
    return tuple(dict.fromkeys(tag.repeats for text in texts for tag in tags(text) if tag.repeats))


def _count(grid: Grid, row: int, words: Words) -> int:
    """How often a row stands: once for each row of its list, and once where there is none."""
    return max([1, *(len(words.rows(name)) for name in _repeats(grid, row))])


def _lists(sheet: Sheet, grid: Grid, words: Words) -> Iterator[_List]:
    for row in sorted({row for row, _ in grid.cells}):
        if not _repeats(grid, row):
            continue
        if row == 0:
            raise fault("own_form_first_row", grid.address(0, 0))
        wanted = _count(grid, row, words) - 1
        ready = 0
        while ready < wanted and _alike(sheet, grid, row, row + ready + 1):
            ready += 1
        yield _List(row, ready, wanted - ready)


def _alike(sheet: Sheet, grid: Grid, row: int, other: int) -> bool:
    """Whether another row stands ready for a list: empty, merged and formatted like the one with the placeholders."""
    columns = [c for (r, c), cell in grid.cells.items() if r == row and any(t.repeats for t in tags(cell.text))]
    empty = not any(r == other for r, _ in grid.cells)
    looks = all(sheet.style(other, c) == sheet.style(row, c) for c in columns)
    return empty and looks and [s[1::2] for s in _flat(sheet, row)] == [s[1::2] for s in _flat(sheet, other)]


def _flat(sheet: Sheet, row: int) -> list[Span]:
    """The merged ranges of one row alone."""
    return sorted(s for s in sheet.spans if s[0] == s[2] == row)


@dataclass
class _Files:
    """The workbook on its way: `sheetpatch` goes from file to file."""

    folder: Path
    data: bytes
    count: int = 0
    _book: Workbook | None = field(default=None, repr=False)

    @property
    def book(self) -> Workbook:
        if self._book is None:
            self._book = Workbook(parts.names(self.data), lambda name: parts.read(self.data, (name,))[name])
        return self._book

    def part(self, title: str) -> str:
        return next(p.part for p in self.book.places if p.title == title)

    def sheet(self, title: str) -> Sheet:
        part = self.part(title)
        return Sheet(self.book.part(part) or b"", part)

    def formats(self, title: str) -> _Formats:
        styles = next((t for kind, t in self.book.links.values() if kind == "styles"), "")
        return _Formats(self.sheet(title), self.book.part(styles) if styles else None)

    def patch(self, plan: Plan) -> None:
        self.count += 1
        source, target = self.folder / f"{self.count}.xlsx", self.folder / f"{self.count}-.xlsx"
        source.write_bytes(self.data)
        patch(source, target, plan)
        self.set(target.read_bytes())

    def set(self, data: bytes) -> None:
        self.data, self._book = data, None

    def grow(self, edits: Iterable[SheetEdit]) -> None:
        """Makes rows as high as what was written into them needs: no program does that for merged cells."""
        for edit in edits:
            sheet, higher = self.sheet(edit.sheet), False
            for row, change in edit.rows.items():
                texts = [(col, value) for col, value in change.values.items() if isinstance(value, str)]
                lacking = max((_lacking(sheet, row - 1, col - 1, text) for col, text in texts), default=0.0)
                if lacking > 0:
                    sheet.set_height(row - 1, sheet.height(row - 1) + lacking)
                    higher = True
            if higher:
                self.set(parts.rewrite(self.data, {sheet.part: sheet.dump()}))

    def insert(self, title: str, one: _List) -> None:
        """Puts rows in below those that stand ready; they are merged like the row with the placeholders, and a label
        that is merged down to the list's last row reaches to its new one."""
        last = one.row + one.ready
        new = (RowEdit(),) * one.lacking
        self.patch(Plan((SheetEdit(title, new=new, head=one.row, last=last + 1, below=True),)))
        sheet = self.sheet(title)
        flat = _flat(sheet, one.row)
        for n in range(last + 1, last + 1 + one.lacking):
            for _, left, _, right in flat:
                sheet.merge((n, left, n, right))
        for span in sheet.spans:
            if span[0] <= one.row < last + 1 == span[2] + 1 and span[0] < span[2]:
                sheet.stretch(span, last + one.lacking)
        self.set(parts.rewrite(self.data, {sheet.part: sheet.dump()}))


def _lacking(sheet: Sheet, row: int, col: int, text: str) -> float:
    """How many points a text needs beyond its cells; a Chinese character takes two digits' width."""
    top, left, bottom, right = sheet.span(row, col)
    wide = max(1.0, sheet.width(left, right) - 1)
    lines = sum(max(1, math.ceil(2 * em(line) / wide)) for line in text.split("\n"))
    return lines * _LINE + 2 - sum(sheet.height(r) for r in range(top, bottom + 1)) if lines > 1 else 0.0


@dataclass(frozen=True)
class _Formats:
    """What the cells of a sheet are made to show."""

    sheet: Sheet
    styles: bytes | None

    def fit(self, value: Typed, row: int, col: int) -> Typed:
        """A day as text where the cell is not made for one; a share in hundredths where it shows per cents."""
        if not isinstance(value, date | int | Decimal):
            return value
        number, code = self._format(row, col)
        if isinstance(value, date):
            return value if is_date(number, code) else value.isoformat()
        return Decimal(value) / 100 if number in (9, 10) or "%" in (code or "") else value

    def _format(self, row: int, col: int) -> tuple[int, str | None]:
        if self.styles is None:
            return 0, None
        root = parts.load(self.styles)
        space = parts.space(root)
        formats = root.find(space + "cellXfs")
        at = self.sheet.style(row, col)
        number = formats[at].get("numFmtId", "0") if formats is not None and at < len(formats) else "0"
        code = next((f.get("formatCode") for f in root.iter(space + "numFmt") if f.get("numFmtId") == number), None)
        return int(number) if number.isdecimal() else 0, code


def _edit(grid: Grid, formats: _Formats, words: Words) -> SheetEdit:
    rows: dict[int, dict[int, Typed | None]] = {}
    for (row, col), cell in grid.cells.items():
        if "{{" not in cell.text or cell.formula:
            continue
        times = _count(grid, row, words) if any(t.repeats for t in tags(cell.text)) else 1
        for n in range(times):
            value = formats.fit(written(cell.text, words, n), row, col)
            rows.setdefault(row + n + 1, {})[col + 1] = None if value == "" else value
    return SheetEdit(grid.name, {row: RowEdit(values) for row, values in rows.items()})


def written(text: str, words: Words, row: int) -> Typed:
    """What stands in place of a text with placeholders: of one that is nothing else, the value as such."""
    whole = TAG.fullmatch(text.strip())
    tag = parse(whole[1]) if whole else None
    if tag is not None:
        return "" if words.pictures(tag) is not None else words.typed(tag, row)
    return TAG.sub(lambda found: shown(parse(found[1]), words, row), text)


def shown(tag: Tag | None, words: Words, row: int) -> str:
    """A placeholder amid other text; photos have no text."""
    return "" if tag is None or words.pictures(tag) is not None else words.text(tag, row)

"""Cells and rows of a sheet part as bytes: taken apart, and written anew. Texts are inline strings, so that they are
never formulas and the shared strings stay as they are."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from qforms.forms.cells import clean, escape
from qforms.office.book import EPOCH, fault
from qforms.sheetpatch.plan import Value
from qforms.sheetpatch.refs import letters, number

_1904 = 1462  # days between the two date systems
_FORMULA = re.compile(rb"<(?:[\w.-]+:)?f(?=[\s/>])([^>]*?)(?:/>|>([^<]*)</)")
_RESULT = re.compile(rb"<((?:[\w.-]+:)?)v(?:\s[^>]*)?(?:/>|>[^<]*</\1v\s*>)")
_REF = re.compile(rb"([A-Za-z]{1,3})(\d+)$")
_QUICK = re.compile(rb' r="([A-Z]{1,3})\d+"(?: s="(\d+)")?(?: t="\w+")?\Z')  # as the common programs write a cell
_ATTRIBUTES = re.compile(rb"""([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_LEAP = 60  # serial number of the day that 1900 did not have

Choose = Callable[[int, Value], int]  # (format of a cell, what is written into it) -> its format from now on


@dataclass(frozen=True, slots=True)
class Marks:
    """The patterns of a part whose elements have one prefix ("" or "x:")."""

    prefix: bytes
    row: re.Pattern[bytes]
    cell: re.Pattern[bytes]


@lru_cache(maxsize=64)
def marks(prefix: bytes) -> Marks:
    p = re.escape(prefix)
    row = re.compile(rb"<%brow(?=[\s/>])([^>]*?)(/?)>" % p)
    cell = re.compile(rb"<%bc(?=[\s/>])([^>]*?)(?:/>|>(.*?)</%bc\s*>)" % (p, p), re.S)
    return Marks(prefix, row, cell)


def rows_of(data: bytes, m: Marks) -> Iterator[tuple[bytes, re.Match[bytes]]]:
    """The rows of a block with what follows each, and their start tags."""
    starts = [found.start() for found in m.row.finditer(data)]
    for i, start in enumerate(starts):
        raw = data[start : starts[i + 1] if i + 1 < len(starts) else len(data)]
        found = m.row.match(raw)
        assert found is not None
        yield raw, found


def attributes(data: bytes) -> dict[bytes, bytes]:
    """The attributes of a start tag, as written."""
    return {k: a or b for k, a, b in _ATTRIBUTES.findall(data)}


@dataclass(slots=True)
class Cell:
    """A cell as it stands: its column, format, and bytes of the whole element."""

    column: int
    style: int
    raw: bytes
    body: bytes

    @property
    def formula(self) -> tuple[dict[bytes, bytes], str] | None:
        """Attributes and text of its formula."""
        found = _FORMULA.search(self.body) if b"f" in self.body else None
        return (attributes(found[1]), plain(found[2] or b"")) if found else None

    @property
    def filled(self) -> bool:
        return bool(re.search(rb"<(?:[\w.-]+:)?(?:v|is|f)[\s/>]", self.body))


def plain(data: bytes) -> str:
    """Character data of a part as text."""
    text = data.decode("utf-8", "replace")
    if "&" in text:
        from html import unescape

        text = unescape(text)
    return text


def quoted(text: str) -> bytes:
    """Text as character data of a part."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()


@dataclass(slots=True)
class Row:
    """One row element: number, start tag's attributes, its cells in order."""

    number: int
    about: dict[bytes, bytes]
    cells: list[Cell]

    @property
    def style(self) -> int:
        """The format of cells that are not there; 0 when the row has none of its own."""
        return _int(self.about.get(b"s")) if self.about.get(b"customFormat") in (b"1", b"true") else 0

    @property
    def filled(self) -> bool:
        return any(c.filled for c in self.cells)

    def rewritten(self) -> None:
        """Forgets what is as old as its cells: the extent of the row, and a height that was made to fit."""
        self.about.pop(b"spans", None)
        if self.about.get(b"customHeight") not in (b"1", b"true"):
            self.about.pop(b"ht", None)


def parse(raw: bytes, found: re.Match[bytes], number_: int, m: Marks) -> Row:
    """A row of `raw`, the bytes from its start tag (`found`) to the next row. Raises OfficeFault for a bad address."""
    cells: list[Cell] = []
    column = 0
    if not found[2]:
        for c in m.cell.finditer(raw, found.end()):
            quick = _QUICK.match(c[1])
            style: bytes | None
            if quick:
                at, style = _column(quick[1]), quick[2]
            else:
                about = attributes(c[1])
                place = _REF.match(about.get(b"r", b""))
                at, style = _column(place[1]) if place else column + 1, about.get(b"s")
                if b"r" in about and place is None:
                    raise fault("hostile_file", reason=plain(about[b"r"])[:40])
            if at <= column:
                raise fault("book_disorder", f"{letters(at)}{number_}")
            column = at
            cells.append(Cell(column, _int(style), c[0], c[2] or b""))
    return Row(number_, attributes(found[1]), cells)


@lru_cache(maxsize=2048)
def _column(name: bytes) -> int:
    return number(name.decode())


def _int(value: bytes | None) -> int:
    return int(value) if value and value.isdigit() else 0


def place_of_row(found: re.Match[bytes], after: int, raw: bytes, m: Marks) -> int:
    """The number of a row: its own, else that of its first cell, else the one after the row before."""
    about = attributes(found[1])
    if (own := about.get(b"r")) is not None:
        if not own.isdigit():
            raise fault("hostile_file", reason=plain(own)[:40])
        return int(own)
    first = None if found[2] else m.cell.search(raw, found.end())
    ref = _REF.match(attributes(first[1]).get(b"r", b"")) if first else None
    return int(ref[2]) if ref else after + 1


def written(m: Marks, row: Row) -> bytes:
    """A row as bytes."""
    p = m.prefix
    about = b"".join(b' %b="%b"' % (k, v) for k, v in row.about.items())
    if not row.cells:
        return b"<%brow%b/>" % (p, about)
    return b"<%brow%b>%b</%brow>" % (p, about, b"".join(c.raw for c in row.cells), p)


def cell(m: Marks, row: int, column: int, style: int, value: Value, base: bool) -> Cell:
    """A new cell; `base`: the workbook counts days from 1904."""
    rest = told(m.prefix, value, base)
    raw = begun(m.prefix, column) + b"%d" % row + styled(style) + rest
    return Cell(column, style, raw, rest[rest.index(b">") + 1 : -len(b"</%bc>" % m.prefix)])


@lru_cache(maxsize=4096)
def begun(p: bytes, column: int) -> bytes:
    """The start tag of a cell up to the number of its row."""
    return b'<%bc r="%b' % (p, letters(column).encode())


@lru_cache(maxsize=4096)
def styled(style: int) -> bytes:
    """The start tag of a cell from the number of its row up to what its content is."""
    return b'" s="%d"' % style if style else b'"'


def formula_cell(m: Marks, row: int, column: int, style: int, formula: str) -> Cell:
    """A cell of a calculated column, without a value: it is calculated when the book is opened."""
    p = m.prefix
    body = b"<%bf>%b</%bf>" % (p, quoted(formula), p)
    raw = b"%b%d%b>%b</%bc>" % (begun(p, column), row, styled(style), body, p)
    return Cell(column, style, raw, body)


def told(p: bytes, value: Value, base: bool) -> bytes:
    """A cell from its style to its end: what it is and holds."""
    if isinstance(value, str):
        return _text(p, value)
    if isinstance(value, bool):
        return b' t="b"><%bv>%d</%bv></%bc>' % (p, value, p, p)
    number = serial(value, base) if isinstance(value, date) else value
    if isinstance(number, int | float | Decimal) and math.isfinite(number):
        shown = repr(number) if isinstance(number, float) else str(number)
        return b"><%bv>%b</%bv></%bc>" % (p, shown.encode(), p, p)
    return _text(p, "" if number is None else str(number))


@lru_cache(maxsize=4096)  # the same names, models and words stand in row after row
def _text(p: bytes, value: str) -> bytes:
    text = clean(value)
    if not text:
        return b"/>"
    kept = b' xml:space="preserve"' if text != text.strip() or "\n" in text else b""
    return b' t="inlineStr"><%bis><%bt%b>%b</%bt></%bis></%bc>' % (p, p, kept, quoted(escape(text)), p, p, p)


@lru_cache(maxsize=4096)
def serial(value: date, base: bool) -> float | int | str:
    """The number of days that stands for a date or naive time; its text for one before the calendar begins."""
    at = value.replace(tzinfo=None) if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
    days = (at - EPOCH) / timedelta(days=1)
    days = days - 1 if days <= _LEAP else days
    days = days - _1904 if base else days
    if days < 0:
        return f"{value}"
    return int(days) if days == int(days) else days


def with_values(
    m: Marks, row: Row, values: Mapping[int, Value], styles: Mapping[int, int], choose: Choose, base: bool
) -> None:
    """Puts values into a row's cells. `styles` are those of cells that are not there yet."""
    made = {c.column: c for c in row.cells}
    if values:
        row.rewritten()
    for column, value in values.items():
        was = made.get(column)
        if was is not None or value not in (None, ""):
            style = was.style if was else styles.get(column, 0)
            made[column] = cell(m, row.number, column, choose(style, value), value, base)
    row.cells = [made[c] for c in sorted(made)]


def restyled(m: Marks, c: Cell, style: int) -> Cell:
    """A cell with another format, its content untouched."""
    start = c.raw[: c.raw.index(b">")]
    rest = c.raw[len(start) :]
    start = re.sub(rb"""\ss\s*=\s*(?:"[^"]*"|'[^']*')""", b"", start)
    at = len(b"<%bc" % m.prefix)
    return Cell(c.column, style, start[:at] + b' s="%d"' % style + start[at:] + rest, c.body)


def renumbered(m: Marks, row: Row, number_: int) -> Row:
    """A row, and the addresses of its cells, at another place."""
    about = {**row.about, b"r": b"%d" % number_}
    cells = []
    for c in row.cells:
        end = c.raw.index(b">")
        ref = b' r="%b%d"' % (letters(c.column).encode(), number_)
        start, n = re.subn(rb"""\sr\s*=\s*(?:"[^"]*"|'[^']*')""", ref, c.raw[:end], count=1)
        if not n:
            at = len(b"<%bc" % m.prefix)
            start = start[:at] + ref + start[at:]
        cells.append(Cell(c.column, c.style, start + c.raw[end:], c.body))
    return Row(number_, about, cells)


def with_formula(c: Cell, about: Mapping[bytes, bytes], text: str) -> Cell:
    """A cell with its formula's attributes and text replaced."""
    found = _FORMULA.search(c.body)
    if found is None:
        return c
    name = found[0][: found[0].index(b"f") + 1]
    shown = b"".join(b' %b="%b"' % (k, v) for k, v in about.items())
    end = b"</" + name[1:] + b">"
    new = name + shown + b">" + quoted(text) + end if text else name + shown + b"/>"
    stop = c.body.index(b">", found.end()) + 1 if found[2] is not None else found.end()
    body = c.body[: found.start()] + new + c.body[stop:]
    return Cell(c.column, c.style, c.raw.replace(c.body, body, 1), body)


def uncalculated(c: Cell) -> Cell:
    """A formula's cell without the result that is stored with it: programs that trust it would show what was."""
    if b"<" not in c.body or c.formula is None:
        return c
    body = _RESULT.sub(b"", c.body)
    end = c.raw.index(b">")
    start = re.sub(rb"""\st\s*=\s*(?:"[^"]*"|'[^']*')""", b"", c.raw[:end])
    return Cell(c.column, c.style, start + c.raw[end:].replace(c.body, body, 1), body)


def columns_of(head: bytes) -> Iterator[tuple[int, int, int]]:
    """(first, last, format) of the columns of a sheet that have one."""
    for found in re.finditer(rb"<(?:[\w.-]+:)?col(?=\s)([^>]*?)/?>", head):
        about = attributes(found[1])
        if style := _int(about.get(b"style")):
            yield _int(about.get(b"min")), _int(about.get(b"max")), style

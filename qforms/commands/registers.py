"""Tables that somebody kept by hand -> rows of raw values for a form: which line is the heading, which column is what.

Reads xlsx, xls, csv, tsv and HTML that calls itself .xls. Pure but for opening the file."""

from __future__ import annotations

import csv
import io
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from qforms.forms.labels import Labels, normal
from qforms.model import Catalogue, Form
from qforms.office.book import Cell, Grid

if TYPE_CHECKING:
    from qforms.office.child import OfficeReader

_HEADING = 30  # lines in which a heading is looked for
_TOTAL = re.compile(r"^\s*(合\s*计|小\s*计|总\s*计|累\s*计|total|subtotal|sum)(?![a-z])", re.I)
_YEAR = re.compile(r"(20\d{2})")
_MONTH_DAY = re.compile(r"^\s*(\d{1,2})\s*[.\-/月]\s*(\d{1,2})\s*[日号]?\s*$")
_PACKED = re.compile(r"^\s*(20\d{2})(\d{2})(\d{2})\s*$")
_SERIAL = range(20_000, 80_000)  # days of Excel that are dates of our time: 1954 to 2119
_PIECES = re.compile(r"[(（]\s*(\d+)\s*(?:只|个|台|件|套|pcs?|pieces?|units?)\s*[)）]", re.I)

How = Literal["given", "exact", "similar", "kept", ""]
_HOWS: tuple[How, ...] = ("given", "exact", "similar", "kept", "")
KEEP = "*"  # said of a heading: its column is kept as it is
OTHERS = "old_columns"  # the field that holds the columns that are no field of the form


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its heading, the field that it is taken for ("" for none), and why; `kept`: it is no
    field, and stands as it is in OTHERS."""

    at: int
    heading: str
    field: str
    how: How


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: field -> (raw value, address of its cell), and where the row begins."""

    where: str
    cells: Mapping[str, tuple[Any, str]]


@dataclass(frozen=True, slots=True)
class Register:
    """One sheet as a table for a form."""

    sheet: str
    heading: int  # the line of the heading, from 1
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    totals: int  # lines of sums that were left out


def grids(data: bytes, name: str, office: OfficeReader) -> tuple[Grid, ...]:
    """The visible sheets of a file with something in them. Raises OfficeFault."""
    head = data[:512].lstrip().lower()
    if head.startswith((b"<html", b"<!doctype", b"<table", b"<meta")) or b"<table" in head:
        found: tuple[Grid, ...] = tuple(_html(data, name))
    elif name.lower().endswith((".csv", ".tsv", ".txt")) or (
        data[:2] != b"PK" and data[:4] != b"\xd0\xcf\x11\xe0" and b"\0" not in data[:4096]
    ):
        found = (_text(data, name),)
    else:
        found = office.read(data, name).grids
    return tuple(g for g in found if g.cells and not g.hidden and not g.lines)


def read(grid: Grid, form: Form, catalogue: Catalogue, given: Mapping[str, str]) -> Register | None:
    """The sheet as a table for `form`; None when no line of it looks like the heading. `given`: heading -> field."""
    labels = Labels(form, catalogue)
    candidates = [(_columns(grid, row, form, labels, given), row) for row in range(min(grid.height, _HEADING))]
    columns, row = max(candidates, key=lambda c: (_known(c[0]), -c[1]), default=((), 0))
    if _known(columns) < min(2, len(form.fields)):
        return None
    start, totals = row + 1, 0
    needed = {f.name for f in form.fields if f.required}
    if two := _two_rows(grid, row, form, labels, given, columns):
        columns, start = two, row + 2
    if needed and not needed & {c.field for c in columns}:
        return None
    lines = []
    for at in range(start, grid.height):
        first = next((str(c.raw) for col in range(grid.width) if (c := grid.cells.get((at, col)))), "")
        if not first:
            continue
        if _TOTAL.match(first):
            totals += 1
        elif line := _line(grid, at, columns, form):
            lines.append(line)
    return Register(grid.name, row + 1, columns, tuple(lines), totals)


def _known(columns: tuple[Column, ...]) -> int:
    return sum(2 if c.how in ("given", "exact") else 1 for c in columns if c.field)


def _columns(
    grid: Grid, row: int, form: Form, labels: Labels, given: Mapping[str, str], above: int | None = None
) -> tuple[Column, ...]:
    found: list[Column] = []
    taken: set[str] = set()
    usual = {normal(w): f for f, words in _words().get(form.name, {}).items() for w in words if writable(form, f)}
    told = {normal(heading): field for heading, field in given.items()}
    for col in range(grid.width):
        own, over = _text_at(grid, row, col), "" if above is None else _text_at(grid, above, col)
        heading = own if over in ("", own) else f"{over}{own}"
        if not heading or len(heading) > 60:
            continue
        tries = [_field(h, form, labels, told, usual) for h in dict.fromkeys((heading, own)) if h]
        field, how = min(tries, key=lambda t: _HOWS.index(t[1]))
        if field in taken:
            field, how = "", "kept"
        taken.add(field)
        found.append(Column(col, heading, field, how))
    return tuple(found)


def _text_at(grid: Grid, row: int, col: int) -> str:
    cell = grid.at(row, col)
    return str(cell.raw).strip() if cell and cell.kind == "text" else ""


@lru_cache(1)
def _words() -> Mapping[str, Any]:
    return tomllib.loads(files("qforms.commands").joinpath("registers.toml").read_text("utf-8"))


def _field(
    heading: str, form: Form, labels: Labels, told: Mapping[str, str], usual: Mapping[str, str]
) -> tuple[str, How]:
    if normal(heading) in told:
        said = told[normal(heading)]
        return ("", "kept") if said == KEEP else (said, "given")
    if normal(heading) in {normal(word) for word in _words()["ignored"]}:
        return "", ""
    if known := usual.get(normal(heading)):
        return known, "exact"
    if (exact := labels.find(heading)) and writable(form, exact):
        return exact, "exact"
    near = labels.suggest(heading) if len(normal(heading)) > 1 else None
    return (near, "similar") if near and writable(form, near) else ("", "kept")


def writable(form: Form, name: str) -> bool:
    """Whether a register may fill in that field."""
    field = next((f for f in form.fields if f.name == name), None)
    return (
        field is not None
        and name != OTHERS
        and not field.calc
        and not field.fields
        and field.type not in ("file", "img", "sig")
    )


def _two_rows(
    grid: Grid, row: int, form: Form, labels: Labels, given: Mapping[str, str], one: tuple[Column, ...]
) -> tuple[Column, ...] | None:
    """The heading when it has two lines, the upper merged over several columns."""
    merged = any(s[0] == row and (s[3] > s[1] or s[2] > row) for s in grid.spans)
    if not merged or row + 1 >= grid.height:
        return None
    two = _columns(grid, row + 1, form, labels, given, above=row)
    return two if _known(two) >= _known(one) else None


def _line(grid: Grid, row: int, columns: tuple[Column, ...], form: Form) -> Line | None:
    cells: dict[str, tuple[Any, str]] = {}
    others: list[str] = []
    types = {f.name: f.type for f in form.fields}
    year = _YEAR.search(grid.name)
    for column in columns:
        cell = grid.at(row, column.at)  # a merged cell holds for all rows that it covers
        if column.field and cell is not None and cell.kind != "error" and str(cell.raw).strip():
            raw = _plain(cell.raw, types[column.field], int(year[1]) if year else None)
            cells[column.field] = (raw, grid.address(row, column.at))
        elif column.how == "kept" and cell is not None and (said := str(cell.raw).strip()):
            others.append(f"{' '.join(column.heading.split())}：{said}")
    if cells and others and OTHERS in types:
        cells[OTHERS] = ("\n".join(others), grid.address(row, 0))
    return Line(f"{grid.name}!{row + 1}" if not grid.nth else grid.address(row, 0), cells) if cells else None


def _plain(raw: Any, kind: str, year: int | None) -> Any:
    """What people write in registers, as the forms read it: 5.6, 20260506 and 46148 are days, 3箱(36只) are 36."""
    if kind in ("date", "dt"):
        return _day(raw, year)
    if kind == "int" and isinstance(raw, str) and (pieces := _PIECES.search(raw)):
        return pieces[1]
    if isinstance(raw, (datetime, date)):
        return raw.isoformat()
    return raw if kind in ("int", "dec", "money", "bool") else str(raw).strip()


def _day(raw: Any, year: int | None) -> Any:
    if isinstance(raw, (datetime, date)):
        return raw.isoformat()
    text = unicodedata.normalize("NFKC", str(raw)).strip()
    if packed := _PACKED.match(text):
        return "-".join(packed.groups())
    if isinstance(raw, (int, float)) or text.replace(".", "", 1).isdigit():
        from qforms.office.book import moment

        number = float(text)
        if int(number) in _SERIAL:
            found = moment(number)
            return found.isoformat() if isinstance(found, (datetime, date)) else text
    if year and (day := _MONTH_DAY.match(text)):
        return f"{year}-{int(day[1]):02d}-{int(day[2]):02d}"
    return text


# ---------------------------------------------------------------- files that are no workbooks


def _text(data: bytes, name: str) -> Grid:
    """A CSV or TSV, whatever its encoding and separator."""
    text = _decoded(data)
    sample = "\n".join(text.splitlines()[:20])
    separator = max("\t,;|", key=sample.count)
    return _grid(name, csv.reader(io.StringIO(text), delimiter=separator))


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "replace")


def _html(data: bytes, name: str) -> Iterator[Grid]:
    """The tables of a page, as ERP programs export them under the name of .xls."""
    from lxml import html

    try:
        page = html.fromstring(_decoded(data).encode(), parser=html.HTMLParser(encoding="utf-8", no_network=True))
    except (ValueError, html.etree.ParserError):
        return
    for table in page.iter("table"):
        rows = ([(c.text_content() or "").strip() for c in r.iter("td", "th")] for r in table.iter("tr"))
        yield _grid(name, rows)


def _grid(name: str, rows: Any) -> Grid:
    cells = {(r, c): Cell(value.strip()) for r, row in enumerate(rows) for c, value in enumerate(row) if value.strip()}
    return Grid(name, cells)

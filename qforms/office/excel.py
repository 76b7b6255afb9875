"""An .xlsx or .xlsm as a Book, from its XML: no cell that is not there, no library in between.

Of hidden sheets only our own (`_qf`) is read: nobody fills in what is not seen, and lists of choices are long."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from xml.etree.ElementTree import Element

from qforms.office import properties
from qforms.office.book import EPOCH, NOTE, OWN_SHEET, Book, Cell, Grid, Place, fault, place_of, range_of
from qforms.office.package import Package, rooted, tree

_TEXT_LIMIT = 1_000_000  # characters of one cell; Excel itself allows 32,767
_MERGES = 100_000
_SHEETS = 500
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_BUILTIN_DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])  # ECMA-376 18.8.30
_LITERAL = re.compile(r'"[^"]*"|\\.|[_*].|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.I)
_TARGET = re.compile(r"(?:'((?:[^']|'')+)'|([^'!]+))!(\$?[A-Za-z]{1,3}\$?\d+(?::\$?[A-Za-z]{1,3}\$?\d+)?)$")
_1904 = 1462.0  # days between the two date systems


def read(package: Package, max_cells: int) -> Book:
    """The workbook of a package. Raises OfficeFault for a damaged one or one with more than `max_cells` cells."""
    main = next((t for _, kind, t in package.relations("") if kind == "officeDocument"), "xl/workbook.xml")
    sheets, names, notes, shift = _declared(package.read(main), main)
    links = {key: (kind, target) for key, kind, target in package.relations(main)}
    part = dict(links.values())
    texts = shared_strings(package, part.get("sharedStrings", ""), max_cells)
    dates = date_styles(package, part.get("styles", ""))
    grids: list[Grid] = []
    for name, link, hidden in sheets:
        kind, target = links.get(link, ("", ""))
        wanted = not hidden or name.casefold().startswith(OWN_SHEET)
        if kind == "worksheet" and target in package and wanted:
            reader = _Sheet(texts, dates, shift, max_cells - sum(len(g.cells) for g in grids))
            grids.append(reader.read(package, target, name, hidden))
        else:
            grids.append(Grid(name, {}, (), hidden))
    props = properties.custom(package)
    grids = _without(grids, notes)
    return Book(
        "excel",
        tuple(grids),
        names,
        props,
        properties.stamps(props, grids),
        properties.pictures(package, "xl/media/"),
        "",
        properties.last_modified_by(package),
        any("vbaproject" in n or "/macrosheets/" in n for n in package.names),
        "xlsx",
    )


_Declared = tuple[tuple[tuple[str, str, bool], ...], Mapping[str, Place], list[tuple[int, int, int, int, int]], float]


@lru_cache(maxsize=8)  # forms from one blank declare the same
def _declared(data: bytes, part: str) -> _Declared:
    """What the workbook part says: its sheets (name, link, hidden), the names of cells, our notes, the date system."""
    root = tree(data, part)
    about = [
        (sheet.get("name", ""), sheet.get("id", ""), sheet.get("state", "visible") != "visible")
        for sheet in islice(root.iter("sheet"), _SHEETS)
    ]
    defined = [(d.get("name", ""), d.get("localSheetId"), d.text or "") for d in root.iter("definedName")]
    names, notes = _names(defined, {name.casefold(): i for i, (name, _, _) in enumerate(about)})
    settings = root.find("workbookPr")
    shift = _1904 if settings is not None and settings.get("date1904") in ("1", "true") else 0.0
    return tuple(about), names, notes, shift


def unescape(text: str) -> str:
    """`_x000D_` and its like decoded (ECMA-376 22.9.2.19), line ends as newlines."""
    if "_x" in text:
        text = _ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def shared_strings(package: Package, part: str, most: int) -> list[str]:
    """The shared strings, rich text joined, phonetic readings left out."""
    texts: list[str] = []
    if part not in package:
        return texts
    for _, space, item in package.finished(part, "si"):
        texts.append(_rich(item, space))
        item.clear()
        if len(texts) > most:
            raise fault("too_many_cells", part, cells=most)
    return texts


def _rich(item: Element, space: str) -> str:
    """The text of a string item: its own, or that of its runs."""
    if len(item) == 1 and item[0].tag == space + "t":
        return unescape(item[0].text or "")
    runs = (t.text or "" for child in item if child.tag != space + "rPh" for t in child.iter(space + "t"))
    return unescape("".join(runs))


def date_styles(package: Package, part: str) -> list[bool]:
    """For each cell format (cellXfs) whether it shows a date or time."""
    return _dates(package.read(part), part) if part in package else []


@lru_cache(maxsize=8)
def _dates(data: bytes, part: str) -> list[bool]:
    root, space = rooted(data, part)
    custom = {f.get("numFmtId", ""): f.get("formatCode", "") for f in root.iter(space + "numFmt")}
    group = root.find(space + "cellXfs")
    formats = [xf.get("numFmtId", "0") for xf in group if xf.tag == space + "xf"] if group is not None else []
    known = {number: is_date(int(number) if number.isdecimal() else 0, custom.get(number)) for number in set(formats)}
    return [known[number] for number in formats]


def is_date(number: int, code: str | None) -> bool:
    """Whether a number format shows a date or time: by its code, else by its built-in number."""
    if code is None:
        return number in _BUILTIN_DATES
    shown = _LITERAL.sub("", code.split(";")[0]).lower()
    return "general" not in shown and any(letter in shown for letter in "ymdhs")


@dataclass
class _Sheet:
    """Reads one worksheet part."""

    texts: list[str]
    dates: list[bool]
    shift: float
    left: int  # cells that may still be read

    def read(self, package: Package, part: str, name: str, hidden: bool) -> Grid:
        cells: dict[tuple[int, int], Cell] = {}
        spans: list[tuple[int, int, int, int]] = []
        at = -1
        for kind, space, element in package.finished(part, "row", "mergeCell"):
            if kind == "row":
                number = element.get("r", "")
                at = int(number) - 1 if number.isdecimal() else at + 1
                self.row(element, space, at, name, cells)
                element.clear()
                if len(cells) > self.left:
                    raise fault("too_many_cells", name, cells=self.left)
            elif span := range_of(element.get("ref", "")):
                spans.append(span)
                if len(spans) > _MERGES:
                    raise fault("too_many_cells", name, cells=_MERGES)
        return Grid(name, cells, tuple(spans), hidden)

    def row(self, row: Element, space: str, at: int, sheet: str, cells: dict[tuple[int, int], Cell]) -> None:
        """The filled cells of one row; the last of several with one address wins, as in Excel."""
        value, formula, inline = space + "v", space + "f", space + "is"
        col, last = -1, ""  # last: the address of an empty cell, asked only when the next cell has none
        for c in row:
            ref = c.get("r")
            if ref is not None:
                if not len(c):  # a format without a value
                    last = ref
                    continue
                place = place_of(ref)
                if place is None:
                    raise fault("hostile_file", f"{sheet}!{ref}"[:80], reason=ref[:40])
                at, col = place
            else:
                at, col = (place_of(last) or (at, col)) if last else (at, col)
                col += 1
            last = ""
            text, calculated = None, False
            for child in c:
                if child.tag == value:
                    text = child.text
                elif child.tag == inline:
                    text = _rich(child, space)
                elif child.tag == formula:
                    calculated = True
            if text:
                if len(text) > _TEXT_LIMIT:
                    raise fault("inflates_too_much", sheet, mb=1)
                found = self.cell(text, c.get("t", "n"), c.get("s", ""), calculated)
                if found.value != "":
                    cells[at, col] = found

    def cell(self, text: str, kind: str, style: str, formula: bool) -> Cell:
        """One cell's value; what is no number although it should be stays a text."""
        if kind == "s":
            number = int(text) if text.strip().isdecimal() else -1
            return Cell(self.texts[number] if 0 <= number < len(self.texts) else "", "text", formula)
        if kind in ("str", "inlineStr"):
            return Cell(unescape(text), "text", formula)
        if kind == "b":
            return Cell(text.strip() in ("1", "true"), "bool", formula)
        if kind == "e":
            return Cell(text, "error", formula)
        if kind == "d":
            return _iso(text, formula)
        return self._number(text, style, formula)

    def _number(self, text: str, style: str, formula: bool) -> Cell:
        try:
            value = float(text)
        except ValueError:
            return Cell(text, "text", formula)
        if value - value != 0:  # infinite, or no number
            return Cell(text, "text", formula)
        index = int(style) if style.isdecimal() else 0
        if index < len(self.dates) and self.dates[index]:
            return Cell(value + self.shift, "date", formula)
        return Cell(value, "number", formula)


def _iso(text: str, formula: bool) -> Cell:
    """A cell of type d (ISO 8601, strict documents)."""
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return Cell(text, "text", formula)
    return Cell((at - EPOCH).total_seconds() / 86_400, "date", formula)


def _names(
    defined: list[tuple[str, str | None, str]], sheets: dict[str, int]
) -> tuple[dict[str, Place], list[tuple[int, int, int, int, int]]]:
    """Names that point to a cell of this workbook (a global name before a local one), and the ranges of our notes."""
    names: dict[str, Place] = {}
    notes: list[tuple[int, int, int, int, int]] = []
    for name, _, target in sorted(defined, key=lambda d: d[1] is not None):
        found = _TARGET.match(target.strip())
        if not found:
            continue
        sheet = sheets.get((found[1] or found[2]).replace("''", "'").casefold())
        span = range_of(found[3])
        if sheet is None or span is None:
            continue
        if name.startswith(NOTE):
            notes.append((sheet, *span))
        else:
            names.setdefault(name, (sheet, span[0], span[1]))
    return names, notes


def _without(grids: list[Grid], notes: list[tuple[int, int, int, int, int]]) -> list[Grid]:
    """The grids without what our notes say."""
    for sheet, top, left, bottom, right in notes:
        grid = grids[sheet]
        kept = {(r, c): cell for (r, c), cell in grid.cells.items() if not (top <= r <= bottom and left <= c <= right)}
        grids[sheet] = Grid(grid.name, kept, grid.spans, grid.hidden)
    return grids

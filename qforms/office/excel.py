"""An .xlsx or .xlsm as a Book: its XML streamed through expat, no cell that is not there, no library in between."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from qforms.office import properties
from qforms.office.book import NOTE, Book, Cell, Grid, Kind, Place, fault, place_of, range_of
from qforms.office.package import Package, parse, parser

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
    root = package.tree(main)
    links = {key: (kind, target) for key, kind, target in package.relations(main)}
    part = {kind: target for kind, target in links.values()}
    texts = shared_strings(package, part["sharedStrings"], max_cells) if part.get("sharedStrings", "") in package else []
    dates = date_styles(package, part["styles"]) if part.get("styles", "") in package else []
    settings = root.find("workbookPr")
    shift = _1904 if settings is not None and settings.get("date1904") in ("1", "true") else 0.0
    grids: list[Grid] = []
    for sheet in list(root.iter("sheet"))[:_SHEETS]:
        kind, target = links.get(sheet.get("id", ""), ("", ""))
        hidden = sheet.get("state", "visible") != "visible"
        name = sheet.get("name", "")
        if kind == "worksheet" and target in package:
            reader = _Sheet(texts, dates, shift, max_cells - sum(len(g.cells) for g in grids))
            grids.append(reader.read(package.read(target), target, name, hidden))
        else:
            grids.append(Grid(name, {}, (), hidden))
    defined = [(d.get("name", ""), d.get("localSheetId"), d.text or "") for d in root.iter("definedName")]
    names, notes = _names(defined, {g.name.casefold(): i for i, g in enumerate(grids)})
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


def unescape(text: str) -> str:
    """`_x000D_` and its like decoded (ECMA-376 22.9.2.19), line ends as newlines."""
    if "_x" in text:
        text = _ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def shared_strings(package: Package, part: str, most: int) -> list[str]:
    """The shared strings, rich text joined, phonetic readings left out."""
    made, texts, buffer = parser(part), list[str](), list[str]()
    phonetic = False

    def start(tag: str, _: object) -> None:
        nonlocal phonetic
        tag = tag[tag.find(":") + 1 :]
        if tag == "t" and not phonetic:
            made.CharacterDataHandler = buffer.append
        elif tag == "rPh":
            phonetic = True

    def end(tag: str) -> None:
        nonlocal phonetic
        tag = tag[tag.find(":") + 1 :]
        if tag == "t":
            made.CharacterDataHandler = None
        elif tag == "si":
            texts.append(unescape("".join(buffer)))
            buffer.clear()
            if len(texts) > most:
                raise fault("too_many_cells", part, cells=most)
        elif tag == "rPh":
            phonetic = False

    made.StartElementHandler, made.EndElementHandler = start, end
    parse(made, package.read(part), part)
    return texts


def date_styles(package: Package, part: str) -> list[bool]:
    """For each cell format (cellXfs) whether it shows a date or time."""
    made, custom, formats = parser(part), dict[str, str](), list[str]()
    inside = False

    def start(tag: str, attrs: dict[str, str]) -> None:
        nonlocal inside
        tag = tag[tag.find(":") + 1 :]
        if tag == "xf":
            if inside:
                formats.append(attrs.get("numFmtId", "0"))
        elif tag == "numFmt":
            custom[attrs.get("numFmtId", "")] = attrs.get("formatCode", "")
        elif tag == "cellXfs":
            inside = True
        elif tag == "cellStyles":
            inside = False

    made.StartElementHandler = start
    parse(made, package.read(part), part)
    known = {number: is_date(int(number) if number.isdecimal() else 0, custom.get(number)) for number in set(formats)}
    return [known[number] for number in formats]


def is_date(number: int, code: str | None) -> bool:
    """Whether a number format shows a date or time: by its code, else by its built-in number."""
    if code is None:
        return number in _BUILTIN_DATES
    return re.search("[ymdhs]", _LITERAL.sub("", code.split(";")[0]), re.I) is not None and "general" not in code.lower()


@dataclass
class _Sheet:
    """Reads one worksheet part."""

    texts: list[str]
    dates: list[bool]
    shift: float
    left: int  # cells that may still be read

    def read(self, data: bytes, part: str, name: str, hidden: bool) -> Grid:
        made = parser(part)
        cells: dict[tuple[int, int], Cell] = {}
        spans: list[tuple[int, int, int, int]] = []
        buffer: list[str] = []
        row = col = -1
        kind = style = ""
        inside = formula = phonetic = False

        def start(tag: str, attrs: dict[str, str]) -> None:
            nonlocal row, col, kind, style, inside, formula, phonetic
            if ":" in tag:
                tag = tag[tag.find(":") + 1 :]
            if tag == "c":
                ref = attrs.get("r")
                place = place_of(ref) if ref else (max(row, 0), col + 1)
                if place is None:
                    raise fault("unreadable_file", f"{name}!{ref}"[:80], reason=f"{ref}"[:40])
                row, col = place
                kind, style = attrs.get("t", "n"), attrs.get("s", "")
                inside, formula = True, False
            elif tag == "v" or tag == "t":
                if inside and not phonetic:
                    made.CharacterDataHandler = buffer.append
            elif tag == "row":
                number = attrs.get("r", "")
                row = int(number) - 1 if number.isdecimal() else row + 1
                col = -1
            elif tag == "f":
                formula = inside
            elif tag == "rPh":
                phonetic = True
            elif tag == "mergeCell" and (span := range_of(attrs.get("ref", ""))):
                spans.append(span)
                if len(spans) > _MERGES:
                    raise fault("too_many_cells", name, cells=_MERGES)

        def end(tag: str) -> None:
            nonlocal inside, phonetic
            if ":" in tag:
                tag = tag[tag.find(":") + 1 :]
            if tag == "v" or tag == "t":
                made.CharacterDataHandler = None
            elif tag == "c":
                inside = False
                if buffer:
                    text = buffer[0] if len(buffer) == 1 else "".join(buffer)
                    buffer.clear()
                    if len(text) > _TEXT_LIMIT:
                        raise fault("inflates_too_much", name, mb=_TEXT_LIMIT >> 20 or 1)
                    found = self.cell(text, kind, style, formula)
                    if found.value != "":
                        cells[row, col] = found
                        if len(cells) > self.left:
                            raise fault("too_many_cells", name, cells=self.left)
            elif tag == "rPh":
                phonetic = False

        made.StartElementHandler, made.EndElementHandler = start, end
        parse(made, data, part)
        return Grid(name, cells, tuple(spans), hidden)

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
    return Cell((at - datetime(1899, 12, 30)).total_seconds() / 86_400, "date", formula)


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
        kept = {
            (r, c): cell for (r, c), cell in grid.cells.items() if not (top <= r <= bottom and left <= c <= right)
        }
        grids[sheet] = Grid(grid.name, kept, grid.spans, grid.hidden)
    return grids

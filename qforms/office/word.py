"""A .docx or .docm as a Book: each table is a grid, the paragraphs outside tables are one grid of lines.

What counts is what a reader sees: inserted text is read, deleted text is not; placeholders of content controls are
empty; checkboxes are ☑ or ☐; our own notes (bookmarks `qf_note…`) are left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from qforms.office import properties
from qforms.office.book import NOTE, Book, Cell, Grid, Place, fault
from qforms.office.package import Package

_SKIP = frozenset(
    ("del", "moveFrom", "delText", "instrText", "delInstrText", "rt", "Fallback", "pPr", "rPr", "sdtPr", "sdtEndPr")
)
_BREAKS = {"br": "\n", "cr": "\n", "tab": "\t", "ptab": "\t", "noBreakHyphen": "-"}
_TICKED = frozenset(("F0FE", "F052", "F0FD", "F051", "F078", "F0FC"))  # Wingdings: ticked or crossed boxes, a tick
_COLUMNS = 1_000  # Word allows 63
_TEXT_LIMIT = 1_000_000
LINES = "正文"


def read(package: Package, max_cells: int) -> Book:
    """The document of a package. Raises OfficeFault for a damaged one or one with more than `max_cells` cells."""
    main = next((t for _, kind, t in package.relations("") if kind == "officeDocument"), "word/document.xml")
    root = package.tree(main)
    body = root.find("body")
    reader = _Reader(max_cells)
    try:
        reader.body(body if body is not None else root)
    except RecursionError:
        raise fault("hostile_file", reason="XML") from None
    margins = [t for _, kind, t in package.relations(main) if kind in ("header", "footer") and t in package]
    text = "\n".join([*reader.paragraphs, *(line for part in margins for line in _plain(package.tree(part)))])
    props = properties.custom(package)
    grids = (Grid(LINES, reader.lines, lines=True), *reader.tables)
    return Book(
        "word",
        grids,
        reader.names,
        props,
        properties.stamps(props, (), text),
        properties.pictures(package, "word/media/"),
        text,
        properties.last_modified_by(package),
        any("vbaproject" in n for n in package.names),
        "docx",
    )


def _plain(root: Element) -> Iterator[str]:
    for p in root.iter("p"):
        if line := "".join(t.text or "" for t in p.iter("t")).strip():
            yield line


@dataclass
class _Reader:
    """Walks the body in document order; numbers tables and paragraphs as `word_mark` does."""

    max_cells: int
    lines: dict[tuple[int, int], Cell] = field(default_factory=dict)
    paragraphs: list[str] = field(default_factory=list)
    tables: list[Grid] = field(default_factory=list)
    names: dict[str, Place] = field(default_factory=dict)
    count: int = 0
    places: dict[str, Element] | None = None  # address -> cell or paragraph, when somebody wants to know

    def body(self, body: Element) -> None:
        row = 0
        for block in blocks(body):
            if block.tag == "tbl":
                self.table(block)
                continue
            if is_note(block):
                continue
            text, marks, boxes = paragraph(block)
            self.paragraphs.append(text)
            if text.strip():
                self._put(self.lines, (row, 0), text)
            for n, (name, inner) in enumerate(marks, start=1):
                if inner.strip():
                    self._put(self.lines, (row, n), inner)
                self.names.setdefault(name, (0, row, n))
            if self.places is not None:
                self.places[f"{LINES}第{row + 1}段"] = block
            row += 1
            for box in boxes:
                self.body_in_box(box)

    def body_in_box(self, box: Element) -> None:
        """Text boxes: their paragraphs are text, their tables are tables."""
        for block in blocks(box):
            if block.tag == "tbl":
                self.table(block)
            else:
                self.paragraphs.append(paragraph(block)[0])

    def table(self, table: Element) -> None:
        index = len(self.tables)
        self.tables.append(Grid("", {}))  # its place, before those of nested tables
        cells: dict[tuple[int, int], Cell] = {}
        spans: list[tuple[int, int, int, int]] = []
        nth: dict[tuple[int, int], tuple[int, int]] = {}
        open_: dict[int, int] = {}  # column -> index of the span that a vMerge continues
        for r, tr in enumerate(rows(table)):
            col = _number(tr, "trPr/gridBefore", 0)
            below: dict[int, int] = {}
            for box, tc in enumerate(boxes_of(tr), start=1):
                wide = max(1, _number(tc, "tcPr/gridSpan", 1))
                if col + wide > _COLUMNS:
                    raise fault("hostile_file", f"表{index + 1}", reason="gridSpan")
                merge = tc.find("tcPr/vMerge")
                if merge is not None and merge.get("val", "continue") == "continue" and col in open_:
                    n = below[col] = open_[col]
                    spans[n] = (spans[n][0], spans[n][1], r, spans[n][3])
                    self.content(tc, index, (spans[n][0], spans[n][1]), cells)
                else:
                    nth[r, col] = (r + 1, box)
                    if self.places is not None:
                        self.places[f"表{index + 1}第{r + 1}行第{box}格"] = tc
                    self.content(tc, index, (r, col), cells)
                    if merge is not None or wide > 1:
                        spans.append((r, col, r, col + wide - 1))
                    if merge is not None:
                        below[col] = len(spans) - 1
                col += wide
            open_ = below
        spans = [s for s in spans if s[:2] != s[2:]]
        self.tables[index] = Grid(f"表{index + 1}", cells, tuple(spans), nth=nth or {(0, 0): (1, 1)})

    def content(self, tc: Element, table: int, at: tuple[int, int], cells: dict[tuple[int, int], Cell]) -> None:
        parts: list[str] = []
        for block in blocks(tc):
            if block.tag == "tbl":
                self.table(block)
            elif not is_note(block):
                text, marks, inner = paragraph(block)
                parts += [text, *(paragraph(p)[0] for box in inner for p in blocks(box) if p.tag == "p")]
                for name, _ in marks:
                    self.names.setdefault(name, (table + 1, *at))
        for mark in tc.findall("bookmarkStart"):
            self.names.setdefault(mark.get("name", ""), (table + 1, *at))
        if text := "\n".join(parts).strip():
            known = cells.get(at)
            self._put(cells, at, f"{known.value}\n{text}" if known else text)

    def _put(self, cells: dict[tuple[int, int], Cell], at: tuple[int, int], text: str) -> None:
        self.count += 1
        if self.count > self.max_cells:
            raise fault("too_many_cells", cells=self.max_cells)
        if len(text) > _TEXT_LIMIT:
            raise fault("inflates_too_much", mb=1)
        cells[at] = Cell(text)


def places(root: Element) -> dict[str, Element]:
    """Address -> cell (tc) or paragraph (p) of a document, as `find` gives addresses."""
    body = root.find("body")
    reader = _Reader(10_000_000, places={})
    reader.body(body if body is not None else root)
    return reader.places or {}


def blocks(parent: Element) -> Iterator[Element]:
    """The paragraphs and tables of a body, cell or box, in order, content controls and insertions opened."""
    for child in parent:
        if child.tag in ("p", "tbl"):
            yield child
        elif child.tag == "sdt":
            if (inner := child.find("sdtContent")) is not None:
                yield from blocks(inner)
        elif child.tag in ("ins", "moveTo", "customXml", "smartTag", "AlternateContent", "Choice"):
            yield from blocks(child)


def rows(table: Element) -> Iterator[Element]:
    """The rows of a table that are not deleted."""
    for child in table:
        if child.tag == "tr":
            if child.find("trPr/del") is None:
                yield child
        elif child.tag in ("sdt", "sdtContent", "ins", "customXml"):
            yield from rows(child)


def boxes_of(row: Element) -> Iterator[Element]:
    """The cells of a row as drawn."""
    for child in row:
        if child.tag == "tc":
            yield child
        elif child.tag in ("sdt", "sdtContent", "ins", "customXml"):
            yield from boxes_of(child)


def is_note(p: Element) -> bool:
    """A paragraph that holds nothing but a note of ours."""
    if not any(m.get("name", "").startswith(NOTE) for m in p.iter("bookmarkStart")):
        return False
    return not paragraph(p)[0].strip()


def paragraph(p: Element) -> tuple[str, list[tuple[str, str]], list[Element]]:
    """A paragraph's text, its bookmarks with the text each encloses, and the text boxes anchored in it."""
    out: list[str] = []
    ends = {m.get("id") for m in p.iter("bookmarkEnd")}
    marks: list[tuple[str, str]] = []
    open_: dict[str | None, tuple[str, int]] = {}
    notes: set[str | None] = set()
    boxes: list[Element] = []

    def walk(node: Element) -> None:
        for child in node:
            tag = child.tag
            if tag in _SKIP:
                continue
            if tag == "t":
                if not notes:
                    out.append(child.text or "")
            elif tag in _BREAKS:
                if not notes:
                    out.append(_BREAKS[tag])
            elif tag == "bookmarkStart":
                name, key = child.get("name", ""), child.get("id")
                if name.startswith(NOTE) and key in ends:
                    notes.add(key)
                elif name.startswith("qf_"):
                    open_[key] = (name, len(out))
            elif tag == "bookmarkEnd":
                notes.discard(child.get("id"))
                if ended := open_.pop(child.get("id"), None):
                    marks.append((ended[0], "".join(out[ended[1] :])))
            elif tag == "sdt":
                _control(child)
            elif tag == "r":
                if child.find("rPr/vanish") is None:
                    walk(child)
            elif tag == "sym":
                out.append(_symbol(child))
            elif tag == "fldChar":
                out.append(_form_field(child))
            elif tag == "txbxContent":
                boxes.append(child)
            else:
                walk(child)

    def _control(control: Element) -> None:
        inner = control.find("sdtContent")
        about = control.find("sdtPr")
        if about is not None and (box := about.find("checkbox")) is not None:
            checked = box.find("checked")
            out.append("☑" if checked is not None and checked.get("val", "1") in ("1", "true", "on") else "☐")
        elif about is not None and about.find("showingPlcHdr") is not None:
            return
        elif inner is not None:
            walk(inner)

    walk(p)
    marks += [(name, "".join(out[at:])) for name, at in open_.values()]
    return "".join(out).replace("\r", ""), marks, boxes


def _symbol(sym: Element) -> str:
    code = sym.get("char", "").upper()
    if "WINGDINGS" in sym.get("font", "").upper():
        return "☑" if code in _TICKED else "☐"
    return chr(int(code, 16)) if len(code) == 4 and all(c in "0123456789ABCDEF" for c in code) else ""


def _form_field(char: Element) -> str:
    """What a legacy form field shows that is not text: the tick of a checkbox, the choice of a list."""
    if (box := char.find("ffData/checkBox")) is not None:
        state = box.find("checked")
        state = state if state is not None else box.find("default")
        return "☑" if state is not None and state.get("val", "1") in ("1", "true", "on") else "☐"
    if (choices := char.find("ffData/ddList")) is not None:
        entries = [e.get("val", "") for e in choices.findall("listEntry")]
        chosen = _number(choices, "result", 0)
        return entries[chosen] if chosen < len(entries) else ""
    return ""


def _number(element: Element, path: str, otherwise: int) -> int:
    found = element.find(path)
    text = found.get("val", "") if found is not None else ""
    return int(text) if text.isdecimal() and len(text) < 12 else otherwise

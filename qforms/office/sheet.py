"""One worksheet part, edited in place: cells found or made, styles set, texts written, rows measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qforms.office import parts
from qforms.office.book import letters, place_of, range_of

_DEFAULT_HEIGHT, _DEFAULT_WIDTH = 15.0, 8.43
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
# What may follow <legacyDrawing> (ECMA-376 18.3.1.99): it is inserted before the first of these.
_AFTER_LEGACY = frozenset(
    ["legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst"]
)

Span = tuple[int, int, int, int]


def _ref(span: Span) -> str:
    return f"{letters(span[1])}{span[0] + 1}:{letters(span[3])}{span[2] + 1}"


class Sheet:
    """A worksheet. Rows and columns count from 0."""

    def __init__(self, data: bytes, part: str) -> None:
        self.part = part
        self.root = parts.load(data, part)
        self._ns = parts.space(self.root)
        self._data = self.root.find(self._ns + "sheetData")
        self._rows: dict[int, Any] = {}
        self._cells: dict[tuple[int, int], Any] = {}
        self._number()
        merged = (range_of(m.get("ref", "")) for m in self.root.iter(self._ns + "mergeCell"))
        self.spans: tuple[Span, ...] = tuple(s for s in merged if s)

    def _number(self) -> None:
        """Indexes rows and cells; those without an address get the one they have by order."""
        row = -1
        for element in self._data if self._data is not None else ():
            if parts.local(element) != "row":
                continue
            row = int(element.get("r", row + 2)) - 1
            element.set("r", str(row + 1))
            self._rows[row] = element
            col = -1
            for c in element:
                if parts.local(c) == "c":
                    place = place_of(c.get("r", ""))
                    col = place[1] if place else col + 1
                    c.set("r", f"{letters(col)}{row + 1}")
                    self._cells[row, col] = c

    def span(self, row: int, col: int) -> Span:
        """The merged range that covers a cell, or the cell itself."""
        for s in self.spans:
            if s[0] <= row <= s[2] and s[1] <= col <= s[3]:
                return s
        return row, col, row, col

    @property
    def last_col(self) -> int:
        """The last column in use, merged ranges on rows in use counted."""
        last = max((c for _, c in self._cells), default=0)
        return max([last, *(s[3] for s in self.spans if s[0] in self._rows and s[3] - s[1] < 200)])

    # ------------------------------------------------------------ cells

    def style(self, row: int, col: int) -> int:
        """The format of a cell: its own, else its row's, else its column's."""
        cell = self._cells.get((row, col))
        if cell is not None:
            return int(cell.get("s", "0"))
        found = self._rows.get(row)
        if found is not None and found.get("customFormat") in ("1", "true"):
            return int(found.get("s", "0"))
        return int(next((c.get("style", "0") for c in self._columns(col)), "0"))

    def set_style(self, row: int, col: int, style: int) -> None:
        self._cell(row, col).set("s", str(style))

    def styled(self) -> Iterator[tuple[int, int, int]]:
        """(row, column, format) of every cell of the part."""
        for (row, col), cell in list(self._cells.items()):
            yield row, col, int(cell.get("s", "0"))

    def filled(self, row: int) -> list[int]:
        """The columns of a row whose cells hold something."""
        return sorted(c for (r, c), cell in self._cells.items() if r == row and len(cell))

    def write(self, row: int, col: int, text: str) -> None:
        """A text as an inline string: it is never a formula, and the shared strings stay as they are."""
        cell = self._cell(row, col)
        for child in list(cell):
            cell.remove(child)
        for name in ("cm", "vm", "ph"):
            cell.attrib.pop(name, None)
        cell.set("t", "inlineStr")
        inner = self._sub(self._sub(cell, "is"), "t")
        inner.text = text
        inner.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")

    def _cell(self, row: int, col: int) -> Any:
        if (row, col) not in self._cells:
            parent = self._row(row)
            cell = parent.makeelement(self._ns + "c", {"r": f"{letters(col)}{row + 1}", "s": str(self.style(row, col))})
            before = [c for (r, c) in self._cells if r == row and c < col]
            at = parent.index(self._cells[row, max(before)]) + 1 if before else 0
            parent.insert(at, cell)
            self._cells[row, col] = cell
        return self._cells[row, col]

    def _row(self, row: int) -> Any:
        if row not in self._rows:
            made = self._data.makeelement(self._ns + "row", {"r": str(row + 1)})
            before = [r for r in self._rows if r < row]
            at = self._data.index(self._rows[max(before)]) + 1 if before else 0
            self._data.insert(at, made)
            self._rows[row] = made
        return self._rows[row]

    def _sub(self, parent: Any, name: str) -> Any:
        made = parent.makeelement(self._ns + name, {})
        parent.append(made)
        return made

    # ------------------------------------------------------------ measures

    def set_height(self, row: int, points: float) -> None:
        element = self._row(row)
        element.set("ht", f"{points:g}")
        element.set("customHeight", "1")

    def height(self, row: int) -> float:
        """Points."""
        element = self._rows.get(row)
        if element is not None:
            if element.get("hidden") in ("1", "true"):
                return 0.0
            if element.get("ht"):
                return float(element.get("ht"))
        about = self.root.find(self._ns + "sheetFormatPr")
        return float(about.get("defaultRowHeight", _DEFAULT_HEIGHT)) if about is not None else _DEFAULT_HEIGHT

    def width(self, first: int, last: int) -> float:
        """Characters of a digit's width that the columns take."""
        widths = (
            next((float(c.get("width", _DEFAULT_WIDTH)) for c in self._columns(n)), _DEFAULT_WIDTH)
            for n in range(first, last + 1)
        )
        return sum(widths)

    def _columns(self, col: int) -> Iterator[Any]:
        for c in self.root.iter(self._ns + "col"):
            if int(c.get("min", "0")) <= col + 1 <= int(c.get("max", "0")):
                yield c

    # ------------------------------------------------------------ the rest of the part

    def legacy_drawing(self) -> str:
        """The relationship of the part that draws the comments; "" when there is none."""
        found = self.root.find(self._ns + "legacyDrawing")
        return str(found.get(f"{{{self._relation}}}id", "")) if found is not None else ""

    def set_legacy_drawing(self, key: str) -> None:
        made = self.root.makeelement(
            self._ns + "legacyDrawing", {f"{{{self._relation}}}id": key}, nsmap={"r": self._relation}
        )
        at = next((i for i, e in enumerate(self.root) if parts.local(e) in _AFTER_LEGACY), len(self.root))
        self.root.insert(at, made)

    @property
    def _relation(self) -> str:
        """The namespace of relationship ids: strict documents have another one."""
        strict = "purl.oclc.org" in self._ns
        return "http://purl.oclc.org/ooxml/officeDocument/relationships" if strict else _RELATION

    def set_drawing(self, key: str) -> None:
        """The relationship of the part that draws on the sheet, which had none."""
        made = self.root.makeelement(
            self._ns + "drawing", {f"{{{self._relation}}}id": key}, nsmap={"r": self._relation}
        )
        after = _AFTER_LEGACY | {"legacyDrawing"}
        at = next((i for i, e in enumerate(self.root) if parts.local(e) in after), len(self.root))
        self.root.insert(at, made)

    def merge(self, span: Span) -> None:
        """One more merged range."""
        group = self.root.find(self._ns + "mergeCells")
        assert group is not None, "a range is merged like another one"
        group.append(group.makeelement(self._ns + "mergeCell", {"ref": _ref(span)}))
        group.set("count", str(len(group)))

    def stretch(self, span: Span, bottom: int) -> None:
        """A merged range reaches down to another row."""
        for element in self.root.iter(self._ns + "mergeCell"):
            if range_of(element.get("ref", "")) == span:
                element.set("ref", _ref((*span[:2], bottom, span[3])))

    def deselect(self) -> None:
        """Takes the sheet out of the selected group: what is typed into one selected sheet goes into all of them."""
        for view in self.root.iter(self._ns + "sheetView"):
            view.attrib.pop("tabSelected", None)

    def dump(self) -> bytes:
        return parts.dump(self.root)

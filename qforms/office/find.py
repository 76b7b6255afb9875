"""A form's fields in a Book: by defined name or bookmark, by the label beside the cell, by the map on the hidden sheet.

Labels make it robust: fields may be moved, rows and columns inserted, sheets renamed, names deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from qforms.model import Form
from qforms.office.book import OWN_SHEET, Book, Cell, Grid, Place, place_of
from qforms.office.lists import find_lists
from qforms.office.values import Labels, Raw, raw_of

_LABEL_LENGTH = 60
_PAIR = re.compile(r"\s*([^:：\n]{1,60})[:：]\s*(.*)", re.S)
_GAP = re.compile(r"\t+|[ \u3000]{3,}(?=[^:：]{1,30}[:：])")
_UNKNOWN = 20  # unknown labels that are reported


@dataclass(frozen=True)
class Found:
    """What stands in a file. Every value comes with its address; an empty cell gives no value, but a target.

    `values`: field -> (raw, address). `rows`: list field -> rows of column -> (raw, address). `targets`: where a field
    is to be marked, "lot_no" or "cost_lines[0].amount" -> address. `unknown_labels`: (label, address of its value,
    the field it may mean). `record`: number, revision, status, case_no as printed."""

    values: Mapping[str, tuple[Raw, str]]
    rows: Mapping[str, tuple[Mapping[str, tuple[Raw, str]], ...]] = field(default_factory=dict)
    unknown_labels: tuple[tuple[str, str, str | None], ...] = ()
    targets: Mapping[str, str] = field(default_factory=dict)
    record: Mapping[str, tuple[Raw, str]] = field(default_factory=dict)


def find(book: Book, form: Form, labels: Labels) -> Found:
    """The fields of `form` in `book`."""
    lists = find_lists(book, form, labels)
    scan = _Scan(book, labels, set(lists.claimed), _choices_of(form))
    scan.run()
    named = _named(book, form, scan)
    values: dict[str, tuple[Raw, str]] = {}
    targets = dict(lists.targets)
    for fld in form.fields:
        if fld.fields:
            continue
        place = named.get(fld.name)
        raw = _raw(book, place) if place else None
        if place and isinstance(raw, str):
            raw = _own_value(raw, fld.name, labels)
        if raw is None and fld.name in scan.inline:
            place, raw = scan.inline[fld.name]
        if place:
            targets[fld.name] = book.address(place)
            if raw is not None and raw != "":
                values[fld.name] = (raw, targets[fld.name])
        elif fld.name in scan.bare:
            targets[fld.name] = book.address(scan.bare[fld.name])
    return Found(values, lists.rows, scan.unknown(form), targets, scan.record)


_choices: dict[int, tuple[Form, Mapping[str, frozenset[str]]]] = {}


def _choices_of(form: Form) -> Mapping[str, frozenset[str]]:
    """The words that a field may hold: one of them beside its label is its value, though it be a label elsewhere. Made
    once for a form."""
    known = _choices.get(id(form))
    if known is None or known[0] is not form:
        words = {
            f.name: frozenset(w for c in f.choices for w in (c.label.zh, c.label.en, *c.aliases)) for f in form.fields
        }
        known = _choices[id(form)] = (form, words)
    return known[1]


def _raw(book: Book, place: Place) -> Raw | None:
    cell = book.grids[place[0]].at(place[1], place[2])
    return raw_of(cell) if cell else None


def _own_value(text: str, name: str, labels: Labels) -> str:
    """The value in a cell that repeats its own label: 「批号：A65-2603C」 is A65-2603C."""
    pair = _PAIR.match(text)
    return pair[2].strip() if pair and labels.find(pair[1]) == name else text


def _named(book: Book, form: Form, scan: _Scan) -> dict[str, Place]:
    """Where each field stands. A name that has come to lie on another field's cell is not believed."""
    owner = {place: name for name, place in scan.places.items()}
    mapped: Mapping[str, Place] | None = None  # looked at when a field is found in no other way
    places: dict[str, Place] = {}
    for fld in form.fields:
        place = _visible(book, book.names.get("qf_" + fld.name))
        if place and (scan.label_at(place, fld.name) or owner.get(place, fld.name) != fld.name):
            place = None
        place = place or scan.places.get(fld.name)
        if not place and fld.name not in scan.inline and not fld.fields:
            mapped = _hidden_map(book) if mapped is None else mapped
            place = _visible(book, mapped.get(fld.name))
            if place and (scan.label_at(place, fld.name) or place in owner):
                place = None
        if place:
            places[fld.name] = place
    return places


def _visible(book: Book, place: Place | None) -> Place | None:
    """The first cell of the merged range at a place; None on a hidden sheet, where nobody writes."""
    if place is None or book.grids[place[0]].hidden:
        return None
    return place[0], *book.grids[place[0]].span(place[1], place[2])[:2]


def _hidden_map(book: Book) -> dict[str, Place]:
    """The map that our blank forms carry on the hidden sheet `_qf`: field:lot_no | 反馈表!F8."""
    sheets = {g.name.casefold(): i for i, g in enumerate(book.grids)}
    first = next((i for i, g in enumerate(book.grids) if not g.hidden), 0)
    found: dict[str, Place] = {}
    for grid in book.grids:
        if not (grid.hidden and grid.name.casefold().startswith(OWN_SHEET)):
            continue
        for (row, col), cell in grid.cells.items():
            if col == 0 and cell.text.startswith("field:"):
                address = grid.cells.get((row, 1), Cell("")).text
                sheet, _, ref = address.rpartition("!")
                if place := place_of(ref):
                    found[cell.text[6:]] = (sheets.get(sheet.casefold(), first), *place)
    return found


@dataclass
class _Scan:
    """Reads the visible grids in order and gives each label the cell that holds its value."""

    book: Book
    labels: Labels
    claimed: set[Place]  # cells that are part of a list
    choices: Mapping[str, frozenset[str]] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    inline: dict[str, tuple[Place, Raw | None]] = field(default_factory=dict)
    bare: dict[str, Place] = field(default_factory=dict)  # labels with no cell for a value: only to be marked
    record: dict[str, tuple[Raw, str]] = field(default_factory=dict)
    _strange: list[tuple[str, Place]] = field(default_factory=list)
    _known: dict[str, str | None] = field(default_factory=dict)
    _below: set[Place] = field(default_factory=set)  # labels whose value stands below them

    def run(self) -> None:
        for g, grid in enumerate(self.book.grids):
            if grid.hidden:
                continue
            if grid.lines:
                for (row, col), cell in grid.cells.items():
                    if col == 0:
                        self._pairs((g, row, 0), cell.text)
                continue
            for row, col in sorted(grid.cells):
                place = (g, row, col)
                if place not in self.claimed:
                    self._cell(grid, place, grid.cells[row, col].text.strip())

    def name_of(self, text: str) -> str | None:
        """The field that a text is the label of."""
        if not text or len(text) > _LABEL_LENGTH:
            return None
        if text not in self._known:
            self._known[text] = self.labels.find(text)
        return self._known[text]

    def label_at(self, place: Place, beside: str = "") -> str | None:
        """The field whose label stands at a place, unless it holds another field's value, or may: that of `beside`."""
        if place in self.claimed:
            return None
        cell = self.book.grids[place[0]].at(place[1], place[2])
        text = cell.text.strip() if cell else ""
        return None if text in self.choices.get(beside, ()) else self.name_of(text)

    def _cell(self, grid: Grid, place: Place, text: str) -> None:
        name = self.name_of(text)
        if name is not None:
            value = self._value_place(grid, place, name)
            known = self.places.get(name)
            if value is None:  # a heading over a part of the form, or a label with no room beside it: no value
                self.bare.setdefault(name, place)
            elif known is None or (_raw(self.book, known) is None and _raw(self.book, value) is not None):
                self._claim(name, value)
        elif text and len(text) <= _LABEL_LENGTH and (about := self.labels.record(text)):
            value = self._value_place(grid, place)
            if value and (raw := _raw(self.book, value)) is not None:
                self.claimed.add(value)
                self.record.setdefault(about, (raw, self.book.address(value)))
        elif text and not self._pairs(place, text):
            self._strange.append((text, place))

    def _claim(self, name: str, value: Place) -> None:
        self.places[name] = value
        self.claimed.add(value)

    def _value_place(self, grid: Grid, place: Place, name: str = "") -> Place | None:
        """The cell right of a label's merged range, else the one below: where the right one is a label, too, or lies
        outside the form, or stands in a row of labels over a row of values."""
        g, row, col = place
        top, _, bottom, last = grid.span(row, col)
        if self.book.form == "xlsb":  # merged ranges are not known: the cell may begin further right
            last = next((c for c in range(last + 1, grid.width) if (row, c) in grid.cells), last + 1) - 1
        right, below = self._anchor(g, top, last + 1), self._anchor(g, bottom + 1, col)
        labelled = self.label_at(right, name)
        fits_right = last + 1 < _width(grid, top) and not labelled
        fits_below = right != below and not self.label_at(below, name) and not _band(grid, below)
        left = self._anchor(g, top, col - 1) if col else None
        full_right, full_below = _raw(self.book, right) is not None, _raw(self.book, below) is not None
        in_head = left in self._below and fits_below and (full_below or not full_right)
        if fits_right and not in_head:
            return right
        if fits_below and (full_below or in_head or labelled) and below[1] < grid.height + 1:
            self._below.add(place)
            return below
        return None if labelled else right if last + 1 <= _width(grid, top) else None

    def _anchor(self, g: int, row: int, col: int) -> Place:
        return (g, *self.book.grids[g].span(row, col)[:2])

    def _pairs(self, place: Place, text: str) -> bool:
        """Labels with their value in the same cell or line: 「批号：A65-2603C」. True when there was one."""
        last: str | None = None
        found = False
        for piece in (p for line in text.split("\n") for p in _GAP.split(line)):
            pair = _PAIR.match(piece)
            name = self.name_of(pair[1].strip()) if pair else None
            if pair and name:
                last, found = name, True
                if not self.inline.get(name, (None, ""))[1]:
                    self.inline[name] = (place, pair[2].strip())
            elif pair and (about := self.labels.record(pair[1].strip())) and pair[2].strip():
                self.record.setdefault(about, (pair[2].strip(), self.book.address(place)))
                last = None
            elif last and piece.strip():
                before = self.inline[last][1] or ""
                self.inline[last] = (place, f"{before}\n{piece.strip()}".strip())
        return found

    def unknown(self, form: Form) -> tuple[tuple[str, str, str | None], ...]:
        """Texts that stand like labels beside a filled cell and mean no field."""
        titles = {t for text in (form.title, *(s.title for s in form.sections)) for t in (text.zh, text.en)}
        return tuple(self._unknown(titles))[:_UNKNOWN]

    def _unknown(self, titles: set[str]) -> Iterator[tuple[str, str, str | None]]:
        for text, place in self._strange:
            if place in self.claimed or text in titles or len(text) > 30 or text.isdecimal():
                continue
            grid = self.book.grids[place[0]]
            value = self._anchor(place[0], place[1], grid.span(place[1], place[2])[3] + 1)
            if value in self.claimed or self.label_at(value) or _raw(self.book, value) is None:
                continue
            self.claimed.add(value)
            yield text, self.book.address(value), self.labels.suggest(text)


def _width(grid: Grid, row: int) -> int:
    """Columns of the form, as far as anything stands or is drawn."""
    if grid.nth:  # a Word table: the boxes of this row
        return max((c for r, c in grid.nth if r == row), default=-1) + 1 or grid.width
    return grid.width


def _band(grid: Grid, place: Place) -> bool:
    """A heading across the form: a filled range more than half as wide as the form."""
    span = grid.span(place[1], place[2])
    return (span[3] - span[1] + 1) * 2 > grid.width > 2 and grid.at(place[1], place[2]) is not None and span[1] <= 1

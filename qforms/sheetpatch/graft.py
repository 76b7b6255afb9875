"""Whole sheets put in or replaced: their parts, relationships, content types, formats and names."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import Any

from qforms.office import parts
from qforms.office.book import fault
from qforms.office.styles import Styles
from qforms.office.workbook import Place, Workbook
from qforms.sheetpatch.adopt import Adopted
from qforms.sheetpatch.plan import Graft
from qforms.sheetpatch.tabs import remove, renumber

_LOOSE = re.compile(rb"http://schemas\.openxmlformats\.org/(spreadsheetml|drawingml|officeDocument)/2006/")
_STRICT = rb"http://purl.oclc.org/ooxml/\1/"
_STEM = re.compile(r"\d*$")


def insert(book: Workbook, graft: Graft, styles: Styles | None) -> None:
    """Puts a sheet in. Raises OfficeFault when the donor has none of that title."""
    strict = "purl.oclc.org" in book.ns
    names = parts.names(graft.donor)

    def read(name: str) -> bytes:
        data = parts.read(graft.donor, (name,))[name]
        return _LOOSE.sub(_STRICT, data) if strict and name.endswith((".xml", ".rels")) else data

    donor = Workbook(names, read)
    place = next((p for p in donor.places if p.title == graft.sheet), None)
    if place is None or styles is None:
        raise fault("book_no_sheet", graft.sheet, name=graft.sheet)
    titles = [p.title for p in book.places]
    number = max(int(p.entry.get("sheetId", "0")) for p in book.places) + 1
    if graft.sheet in titles:
        at = titles.index(graft.sheet)
        number = int(book.places[at].entry.get("sheetId", "0"))
        for name in book.defined:
            if name.get("localSheetId") == str(at):
                name.getparent().remove(name)
        remove(book, book.places[at])
    else:
        at = titles.index(graft.before) if graft.before in titles else len(titles)
        renumber(book, at, 1)
    part = _Copy(book, donor, styles).sheet(place)
    key = book.relate(book.main, "worksheet", part)
    book.links[key] = ("worksheet", part)
    _enter(book, place, at, number, key)
    _names(book, donor, place, at)


def _enter(book: Workbook, place: Place, at: int, number: int, key: str) -> None:
    group = book.root.find(book.ns + "sheets")
    attribute = "{" + book.relation("").rstrip("/") + "}id"
    made = group.makeelement(book.ns + "sheet", {"name": place.title, "sheetId": str(number)})
    if not place.visible:
        made.set("state", place.entry.get("state"))
    made.set(attribute, key)
    group.insert(at, made)
    book.dirty = True


def _names(book: Workbook, donor: Workbook, place: Place, at: int) -> None:
    """The names of the sheet itself, and those of the whole book that the donor brings along."""
    own = str([p.title for p in donor.places].index(place.title))
    for name in donor.defined:
        local = name.get("localSheetId")
        if local == own:
            book.define(name.get("name", ""), name.text or "", at)
        elif local is None:
            book.define(name.get("name", ""), name.text or "")


@dataclass
class _Copy:
    """Copies a sheet's parts from one workbook into another, under free names."""

    book: Workbook
    donor: Workbook
    styles: Styles
    made: dict[str, str] = field(default_factory=dict)  # part of the donor -> part of the book

    def __post_init__(self) -> None:
        data = next((self.donor.part(t) for kind, t in self.donor.links.values() if kind == "styles"), None)
        self.formats = Adopted(self.styles, parts.load(data)) if data else None
        texts = next((self.donor.part(t) for kind, t in self.donor.links.values() if kind == "sharedStrings"), None)
        root = parts.load(texts) if texts else None
        self.texts = [si for si in root if parts.local(si) == "si"] if root is not None else []

    def sheet(self, place: Place) -> str:
        return self._part(place.part)

    def _part(self, part: str) -> str:
        """A part and those that it refers to; its new name."""
        if part in self.made:
            return self.made[part]
        folder, name = posixpath.split(part)
        stem, _, suffix = name.rpartition(".")
        new = self.book.free(posixpath.join(folder.removeprefix("xl").lstrip("/"), _STEM.sub("", stem)), suffix)
        self.made[part] = new
        self.book.changes[new] = b""  # the name is taken
        data = self.donor.part(part) or b""
        self._relate(part, new)
        kind = self._declare(part, new, suffix)
        if kind.endswith("worksheet+xml"):
            data = self._worksheet(data)
        elif kind.endswith("table+xml"):
            data = self._table(data)
        self.book.changes[new] = data
        return new

    def _relate(self, part: str, new: str) -> None:
        """The relationships of a part under the same ids."""
        rels = self.donor.actual(parts.rels_of(part))
        data = self.donor.part(rels)
        if data is None:
            return
        root = parts.load(data, rels)
        targets = self.donor.relations(part)
        for element in root:
            if element.get("Id") in targets:
                element.set("Target", "/" + self._part(targets[element.get("Id")][1]))
        self.book.changes[parts.rels_of(new)] = parts.dump(root)

    def _declare(self, part: str, new: str, suffix: str) -> str:
        """The content type of the copy: that of the original."""
        types = parts.load(self.donor.part(self.donor.actual(parts.CONTENT_TYPES)) or b"")
        own = next((e for e in types if e.get("PartName", "").lstrip("/").casefold() == part.casefold()), None)
        general = next((e for e in types if e.get("Extension", "").casefold() == suffix.casefold()), None)
        told = own if own is not None else general
        kind = str(told.get("ContentType", "")) if told is not None else ""
        name = self.book.actual(parts.CONTENT_TYPES)
        now = self.book.part(name) or b""
        if own is not None:
            self.book.changes[name] = parts.declare(now, new, kind)
        elif kind:
            self.book.changes[name] = parts.declare(now, kind=kind, extension=suffix)
        return kind

    def _worksheet(self, data: bytes) -> bytes:
        """Formats by their new numbers, shared strings as strings of the cells, not the selected sheet."""
        root = parts.load(data)
        ns = parts.space(root)
        for element in root.iter(ns + "c", ns + "row", ns + "col"):
            attribute = "style" if parts.local(element) == "col" else "s"
            if self.formats and element.get(attribute):
                element.set(attribute, str(self.formats.format(int(element.get(attribute)))))
            if element.get("t") == "s":
                self._inline(element, ns)
        for view in root.iter(ns + "sheetView"):
            view.attrib.pop("tabSelected", None)
        self._differences(root)
        return parts.dump(root)

    def _inline(self, cell: Any, ns: str) -> None:
        value = cell.find(ns + "v")
        text = self.texts[int(value.text)]
        cell.remove(value)
        text = parts.load(parts.dump(text))
        text.tag = ns + "is"
        cell.append(text)
        cell.set("t", "inlineStr")

    def _table(self, data: bytes) -> bytes:
        root = parts.load(data)
        taken, names = {0}, set()
        for place in self.book.places:
            for kind, part in self.book.relations(place.part).values():
                other = self.book.part(part) if kind == "table" else None
                if other:
                    about = parts.load(other)
                    taken.add(int(about.get("id", "0")))
                    names.add(about.get("displayName", "").casefold())
        for part in self.made.values():
            if part.rpartition("/")[0].endswith("tables") and (other := self.book.changes.get(part)):
                about = parts.load(other)
                taken.add(int(about.get("id", "0")))
                names.add(about.get("displayName", "").casefold())
        root.set("id", str(max(taken) + 1))
        name = root.get("displayName", "")
        free = next(n for i in range(len(names) + 1) if (n := f"{name}_{i}" if i else name).casefold() not in names)
        root.set("displayName", free)
        root.set("name", free)
        self._differences(root)
        return parts.dump(root)

    def _differences(self, root: Any) -> None:
        for element in root.iter():
            for name, value in element.attrib.items():
                if self.formats and name.casefold().endswith("dxfid") and value.isdigit():
                    element.set(name, str(self.formats.difference(int(value))))

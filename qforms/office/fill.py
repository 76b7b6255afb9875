"""An Excel form that the office drew itself, stamped and filled in: cells and properties change, all else is copied."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from qforms.office import parts
from qforms.office.book import place_of
from qforms.office.sheet import Sheet
from qforms.office.workbook import Workbook

_CUSTOM = "docProps/custom.xml"
_CUSTOM_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_CUSTOM_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_TEXTS = f"{{{_OFFICE}/docPropsVTypes}}lpwstr"
_USER = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"  # the set of properties that people define ([MS-OSHARED] 2.3.3.2.3.1)
_REFERS = re.compile(r"(?:'((?:[^']|'')*)'|([^'!]*))!\$?([A-Z]+)\$?(\d+)(?::.*)?$")


def fill(data: bytes, values: Mapping[str, str], properties: Mapping[str, str]) -> bytes:
    """The workbook with `values` in the cells of their defined names (`qf_<field>`) and with these custom properties.

    A value whose name is gone is left out: the reader of the form knows it from the ledger. Raises OfficeFault for
    what is no workbook."""
    book = Workbook(parts.names(data), lambda name: parts.read(data, (name,))[name])
    by_title = {p.title: p.part for p in book.places if p.kind == "worksheet"}
    sheets: dict[str, Sheet] = {}
    for name in book.defined:
        text = values.get(name.get("name", "").removeprefix("qf_"))
        refers = _REFERS.match(name.text or "")
        if text is None or not refers or (title := (refers[1] or refers[2]).replace("''", "'")) not in by_title:
            continue
        part = by_title[title]
        if part not in sheets:
            sheets[part] = Sheet(book.part(part) or b"", part)
        if place := place_of(refers[3] + refers[4]):
            sheets[part].write(*place, text)
    if (
        "_qf" in by_title and "qf_stamp" in properties
    ):  # where the stamp stands again: not every program keeps properties
        sheets[by_title["_qf"]] = hidden = Sheet(book.part(by_title["_qf"]) or b"", by_title["_qf"])
        hidden.write(0, 1, properties["qf_stamp"])
    for part, sheet in sheets.items():
        book.changes[part] = sheet.dump()
    _properties(book, properties)
    return parts.rewrite(data, book.changes)


def _properties(book: Workbook, properties: Mapping[str, str]) -> None:
    part = book.actual(_CUSTOM)
    before = book.part(part)
    root = parts.load(before or f'<Properties xmlns="{_OFFICE}/custom-properties"/>'.encode(), part)
    for name, text in properties.items():
        _set(root, name, text)
    book.changes[part] = parts.dump(root)
    if before is None:
        types, rels = book.actual(parts.CONTENT_TYPES), book.actual("_rels/.rels")
        book.changes[types] = parts.declare(book.part(types) or b"", part, _CUSTOM_TYPE)
        book.changes[rels], _ = parts.relate(book.part(rels), _CUSTOM_KIND, part)


def _set(root: Any, name: str, text: str) -> None:
    """Sets one text property; pid counts from 2."""
    entry = next((p for p in root if p.get("name") == name), None)
    if entry is None:
        taken = [int(p.get("pid", "1")) for p in root]
        made = {"fmtid": _USER, "pid": str(max(taken, default=1) + 1), "name": name}
        entry = root.makeelement(f"{{{_OFFICE}/custom-properties}}property", made)
        root.append(entry)
    for child in list(entry):
        entry.remove(child)
    value = entry.makeelement(_TEXTS, {})
    value.text = text
    entry.append(value)

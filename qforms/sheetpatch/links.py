"""The links of cells: their relationships, and the attributes by which the sheet names them."""

from __future__ import annotations

from collections.abc import Mapping
from html import unescape
from xml.sax.saxutils import escape, quoteattr

from qforms.office import parts
from qforms.office.workbook import Workbook
from qforms.sheetpatch.cells import attributes

_RELS = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'


def of(book: Workbook, sheet: str, wanted: Mapping[str, str]) -> dict[str, str]:
    """Address -> attributes of its hyperlink element ("" for a link that is taken away). A place that the sheet has a
    relationship to already gets no second one: the part, which may be long, is added to as text."""
    outside = {t for t in wanted.values() if t and not t.startswith("#")}
    known = _relate(book, sheet, outside) if outside else {}
    return {address: _attributes(target, known) for address, target in wanted.items()}


def _attributes(target: str, known: Mapping[str, str]) -> str:
    if not target:
        return ""
    if target.startswith("#"):
        return f"location={quoteattr(target[1:])}"
    return f'r:id="{known[target]}"'


def _relate(book: Workbook, sheet: str, targets: set[str]) -> dict[str, str]:
    """Target -> id of its relationship."""
    name = book.actual(parts.rels_of(sheet))
    data = book.part(name) or _RELS
    found: dict[str, str] = {}
    taken = set()
    for piece in data.split(b"<")[1:]:
        about = attributes(piece)
        key = about.get(b"Id", b"").decode()
        taken.add(key)
        if about.get(b"TargetMode") == b"External":
            found[unescape(about.get(b"Target", b"").decode())] = key
    kind = book.relation("hyperlink")
    made = []
    number = len(taken)
    for target in sorted(targets):
        shown = target.replace(" ", "%20")
        if shown not in found:
            while f"rId{number}" in taken:
                number += 1
            taken.add(f"rId{number}")
            found[shown] = f"rId{number}"
            made.append(
                f'<Relationship Id="rId{number}" Type="{kind}" Target="{escape(shown, {chr(34): "&quot;"})}"'
                ' TargetMode="External"/>'
            )
        found[target] = found[shown]
    if made:
        at = data.rindex(b"</") if b"</" in data else -1
        if at < 0:
            data, at = _RELS, _RELS.rindex(b"</")
        book.changes[name] = data[:at] + "".join(made).encode() + data[at:]
    return found

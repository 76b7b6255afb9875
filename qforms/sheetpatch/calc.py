"""Calculation: the chain of formulas, which the program leaves to the spreadsheet, and formulas that would go wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import unescape

from qforms.office import parts
from qforms.office.book import fault
from qforms.office.workbook import Place, Workbook
from qforms.sheetpatch.job import Job
from qforms.sheetpatch.refs import ROWS, Moves, corners, in_formula, number

_F = re.compile(rb"<(?:[\w.-]+:)?f(?=[\s>])[^>]*>([^<]+)")
_KEPT = 40_000  # bytes of a piece that are looked at again with the next: no formula is longer


def has_chain(names: Iterable[str]) -> bool:
    """Whether a workbook keeps a chain of its formulas: whether it has any."""
    return any(n.casefold().endswith("/calcchain.xml") for n in names)


def forget(book: Workbook, work: Sequence[tuple[Place, Job]]) -> None:
    """Takes the chain out when formulas come, go or move: one that names a cell without a formula is a fault to Excel,
    which makes a new one by itself."""
    key, part = next(((k, t) for k, (kind, t) in book.links.items() if kind == "calcChain"), ("", ""))
    chain = book.part(part) if part else None
    if chain is None or not any(_concerned(chain, place, job) for place, job in work):
        return
    book.changes[part] = None
    for name, gone in ((book.actual(parts.rels_of(book.main)), key), (book.actual(parts.CONTENT_TYPES), part)):
        root = parts.load(book.part(name) or b"", name)
        for element in list(root):
            if element.get("Id") == gone or element.get("PartName", "").lstrip("/").casefold() == gone.casefold():
                root.remove(element)
        book.changes[name] = parts.dump(root)


def _concerned(chain: bytes, place: Place, job: Job) -> bool:
    """Whether the work touches a formula: the chain names cells by sheet, which it repeats only when it changes."""
    sheet, mine = b"", place.entry.get("sheetId", "").encode()
    edited = {(row, column) for row, edit in job.rows.items() for column in edit.values}
    moving = job.moves is not None and (job.moves.any or bool(job.new))
    for about in re.finditer(rb"<(?:[\w.-]+:)?c\s([^>]*)", chain):
        found = re.search(rb'\bi="(\d+)"', about[1])
        sheet = found[1] if found else sheet
        ref = re.search(rb'\br="([A-Z]+)(\d+)"', about[1])
        if sheet == mine and ref and (moving or (int(ref[2]), number(ref[1].decode())) in edited):
            return True
    return False


def on_opening(book: Workbook) -> None:
    """Asks for a calculation when the book is opened: what formulas show is as old as the cells that were changed."""
    found = next(iter(book.root.iter(book.ns + "calcPr")), None)
    if found is None:
        found = book.root.makeelement(book.ns + "calcPr", {})
        before = ("sheets", "functionGroups", "externalReferences", "definedNames")
        at = max(i for i, e in enumerate(book.root) if parts.local(e) in before)
        book.root.insert(at + 1, found)
    if found.get("fullCalcOnLoad") not in ("1", "true"):
        found.set("fullCalcOnLoad", "1")
        book.dirty = True


def check(pieces: Iterable[bytes], home: str, title: str, moves: Moves) -> None:
    """Refuses when a formula of the sheet `home` speaks of a cell of `title` that moves below its list."""
    wanted = title.encode()
    before = b""
    for piece in pieces:
        text = before + piece
        if wanted in text:
            for found in _F.finditer(text):
                if wanted in found[1] or b"&" in found[1]:
                    in_formula(
                        unescape(found[1].decode("utf-8", "replace")), lambda s, r: _look(s, r, home, title, moves)
                    )
        before = text[-_KEPT:]


def _look(sheet: str, ref: str, home: str, title: str, moves: Moves) -> str:
    box = corners(ref.replace("$", ""))
    if sheet.casefold() == title.casefold() and box and moves.end < box[2] < ROWS:
        raise fault("book_formula_below", home, formula=f"{sheet}!{ref}", sheet=title)
    return ref

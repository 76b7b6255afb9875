"""Older years move to archive-YYYY.xlsx beside the book, with the columns that the office added to their rows.

An archive only grows: what stands in it is never written again."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from pathlib import Path

from qforms.model import Later, Text
from qforms.settings import Procedures
from qforms.sheetpatch import fingerprint
from qforms.workbook.book import Busy, Place, opened, picture
from qforms.workbook.publish import publish
from qforms.workbook.rows import Held
from qforms.workbook.sheets import build
from qforms.workbook.standing import Standing
from qforms.workbook.view import Column, Row, Sheet, Shown, View

_LISTS = ("measures", "costs", "signatures")  # shared sheets whose rows go with their record
_WIDTH = 18.0


def move(file: Path, book: Path, view: View, standing: Standing, procedures: Procedures) -> Later | None:
    """Adds to `file` the rows of `view` that still stand in `book`; says why it has to wait, then nothing is moved."""
    lang = procedures.settings.lang
    made = build(view, procedures.catalogue, lang)
    sheets = [s for s in made if (s.form and not procedures.catalogue.form(s.form).named_by) or s.key in _LISTS]
    there = {i: h for i, h in standing.known.items() if h.at}
    leaving = [dc.replace(s, rows=tuple(r for r in s.rows if r.id in there)) for s in sheets]
    if not any(s.rows for s in leaving):
        return None
    try:
        old = _standing(file, tuple(sheets))
        known = {i for i, h in old.known.items() if h.at}
        full = [_with_own(s, known, book, standing) for s in leaving if s.rows]
    except Busy as fault:
        return Later(str(fault))
    shown = Shown(view, tuple(s for s in full if s.rows), None, lang)
    added = dc.replace(old, known={i: h for i, h in old.known.items() if i.startswith("list/")})
    done = publish(file, shown, added, procedures.settings)
    return done if isinstance(done, Later) else None


def _standing(file: Path, sheets: tuple[Sheet, ...]) -> Standing:
    """The archive as it lies there."""
    if not file.exists():
        return Standing()
    seen = picture(file, sheets, {}, {})
    known = {r.id: Held(r.revision, r.texts, r.at) for _, rows in seen.sheets.values() for r in rows if r.id}
    return Standing(fingerprint(file), seen.serial, {k: p for k, (p, _) in seen.sheets.items()}, known)


def _with_own(sheet: Sheet, known: set[str], book: Path, standing: Standing) -> Sheet:
    """The rows that the archive does not have yet, with what stands in the office's own columns of the book."""
    place = standing.places[sheet.key]
    rows = [r for r in sheet.rows if r.id not in known]
    own = _own(book, place, {r.id: standing.known[r.id].at for r in rows})
    headings = dict.fromkeys(h for cells in own.values() for h in cells)
    columns = tuple(Column(f"own:{h}", Text(h, h), "text", _WIDTH) for h in headings)
    more = tuple(dc.replace(r, cells={**r.cells, **{f"own:{h}": t for h, t in own[r.id].items()}}) for r in rows)
    return dc.replace(sheet, columns=(*sheet.columns, *columns), rows=_free(more))


def _free(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Without links: they are relative to the book."""
    return tuple(dc.replace(r, links={}) for r in rows)


def _own(book: Path, place: Place, rows: Mapping[str, int]) -> dict[str, dict[str, str]]:
    """Row id -> heading -> text of the columns that are not ours."""
    with opened(book) as reader:
        cells = reader.cells(place.title)
        ours = set(place.columns.values())
        free = {c: h for c in range(1, place.width + 1) if c not in ours and (h := cells.text(place.head, c))}
        return {i: {h: t for c, h in free.items() if (t := cells.text(at, c))} for i, at in rows.items()}

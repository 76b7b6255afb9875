"""A plan carried out: the sheet parts stream through, a few small parts are rewritten, the rest is copied as it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from zipfile import ZipInfo

from qforms.model import Problem
from qforms.office import parts
from qforms.office.archive import Archive, Writer
from qforms.office.book import OfficeFault, fault
from qforms.office.workbook import Place, Workbook
from qforms.sheetpatch import beside, calc, graft, links, lists, tabs
from qforms.sheetpatch.blocks import blocks
from qforms.sheetpatch.cells import place_of_row, rows_of
from qforms.sheetpatch.formats import Formats
from qforms.sheetpatch.job import Again, Job
from qforms.sheetpatch.plan import Plan, Report, RowEdit, SheetEdit
from qforms.sheetpatch.refs import letters
from qforms.sheetpatch.sheet import spliced

_ROUNDS = 8  # each round moves what stands below one more list, or reads shared formulas


def patch(source: Path, target: Path, plan: Plan) -> Report:
    """Writes `target`: `source` with the plan carried out, flushed to the disk.

    Raises OfficeFault when something is not understood, has no room or changed meanwhile (then there is no target),
    OSError when a file cannot be read or written."""
    if target.exists() and target.samefile(source):
        raise ValueError(f"{source}: a workbook cannot be written over itself")
    before = _stamp(source)
    try:
        return _patched(source, target, plan, before)
    except OfficeFault as why:
        raise ours(why) from None


def _patched(source: Path, target: Path, plan: Plan, before: tuple[int, int, int]) -> Report:
    with source.open("rb") as file:
        archive = Archive(file)
        below: frozenset[str] = frozenset()
        masters: frozenset[str] = frozenset()
        for _ in range(_ROUNDS):
            try:
                with target.open("wb") as out:
                    report = _Patch(archive, plan, below, masters).write(out)
                    out.flush()
                    os.fsync(out.fileno())
                if _stamp(source) != before:
                    raise fault("book_changed", source.name)
                return report
            except _Round as again:
                below |= again.below
                masters |= again.masters
            except BaseException:
                target.unlink(missing_ok=True)
                raise
    target.unlink(missing_ok=True)
    raise fault("book_no_room", source.name)


_OURS = {"unreadable_file": "book_damaged", "hostile_file": "book_damaged", "encrypted": "book_encrypted"}
_OURS |= {"inflates_too_much": "book_too_large"}


def ours(why: OfficeFault) -> OfficeFault:
    """A fault of any Office file, as one of the workbook: what to do about it is another thing."""
    problem = why.problem
    code = _OURS.get(problem.code, problem.code)
    return OfficeFault(Problem(code, problem.where, problem.field, problem.context))


def _stamp(path: Path) -> tuple[int, int, int]:
    about = path.stat()
    return about.st_size, about.st_mtime_ns, about.st_ino


class _Round(Exception):
    """Once more, with these sheets in another way."""

    def __init__(self, title: str, why: Again) -> None:
        super().__init__()
        self.below = frozenset([title] if why.below else [])
        self.masters = frozenset([title] if why.masters else [])


@dataclass
class _Work:
    """A sheet that is being changed: where it stands, its edit, what is to be done to its part."""

    place: Place
    edit: SheetEdit
    job: Job


class _Patch:
    """One round over one archive."""

    def __init__(self, archive: Archive, plan: Plan, below: frozenset[str], masters: frozenset[str]) -> None:
        self._archive, self._plan, self._below, self._masters = archive, plan, below, masters
        self._book = Workbook(archive.names, archive.read)
        _understood(archive, self._book)
        self._styles = next((t for kind, t in self._book.links.values() if kind == "styles"), "")
        self._formats = Formats(self._book.part(self._styles) if self._styles else None)
        self._work: dict[str, _Work] = {}
        self._new: dict[str, tuple[int, ...]] = {}
        self._gone: dict[str, tuple[int, ...]] = {}

    def write(self, out: IO[bytes]) -> Report:
        book = self._book
        tabs.drop(book, self._plan.dropped)
        for given in self._plan.grafts:
            graft.insert(book, given, self._formats.opened())
        for edit in self._plan.sheets:
            self._prepare(edit)
        for name, refers_to in self._plan.names.items():
            book.define(name, refers_to)
        calc.forget(book, [(w.place, w.job) for w in self._work.values()])
        self._check_others()
        for name in [n for n, c in book.changes.items() if n in self._archive and c == self._archive.read(n)]:
            del book.changes[name]
        with Writer(out) as writer:
            for info in self._archive.infos:
                self._member(writer, info)
            self._late(writer)
        return self._report()

    def _member(self, writer: Writer, info: ZipInfo) -> None:
        """One member of the source in its place, unless it has to wait until the sheets are through."""
        name, book = info.filename, self._book
        if work := self._work.get(name):
            try:
                writer.stream(info, spliced(self._archive.chunks(name), work.job))
            except Again as why:
                raise _Round(work.place.title, why) from None
        elif name in (book.main, self._styles):
            pass
        elif name not in book.changes:
            writer.copy(self._archive, info)
        elif (content := book.changes[name]) is not None:
            writer.put(name, content, info)

    # ------------------------------------------------------------ preparing

    def _prepare(self, edit: SheetEdit) -> None:
        book = self._book
        place = next((p for p in book.places if p.title == edit.sheet and p.kind == "worksheet"), None)
        if place is None or place.part not in self._archive:
            raise fault("book_no_sheet", edit.sheet, name=edit.sheet)
        if edit.hidden is not None:
            tabs.show(book, place, not edit.hidden)
        beside.exchange(book, place.part, edit.charts)
        if not (edit.rows or edit.new or edit.gone):
            return
        known = lists.tables(book, place.part)
        lists.headings(edit, known)
        listed = lists.listed(edit, known, edit.below or edit.sheet in self._below, lambda: self._last_row(place))
        rows, new = _placed(edit, listed)
        job = Job(edit.sheet, rows, frozenset(new), listed, self._formats, book.from_1904)
        job.masters = edit.sheet in self._masters
        if listed:
            moves = listed.moves
            if moves.any:
                beside.move(book, place.part, moves)
            lists.stretch(book, known, moves)
            if listed.grows or moves.any:
                lists.follow(book, edit.sheet, moves)
            self._gone[edit.sheet] = moves.gone
        self._new[edit.sheet] = tuple(new)
        cells = {f"{letters(c)}{row}": (e, c) for row, e in rows.items() for c in (*e.notes, *e.links)}
        job.links = links.of(book, place.part, {a: e.links[c] for a, (e, c) in cells.items() if c in e.links})
        notes = {a: e.notes[c] for a, (e, c) in cells.items() if c in e.notes}
        if notes:
            job.drawing = beside.annotate(book, place.part, notes)
        self._work[place.part] = _Work(place, edit, job)

    def _last_row(self, place: Place) -> int:
        """The number of the last row of a sheet that holds anything."""
        last = filled = 0
        for m, data in blocks(self._archive.chunks(place.part), place.title):
            for raw, found in rows_of(data, m):
                last = place_of_row(found, last, raw, m)
                filled = last if any(b"<%b%b" % (m.prefix, tag) in raw for tag in (b"v", b"is", b"f")) else filled
        return filled

    def _check_others(self) -> None:
        """Formulas on other sheets that speak of cells which move below a list: the plan is refused."""
        for work in self._work.values():
            moves = work.job.moves
            if moves is not None and moves.by:
                for other in self._book.places:
                    if other.part != work.place.part and other.kind == "worksheet" and other.part in self._archive:
                        calc.check(self._archive.chunks(other.part), other.title, work.place.title, moves)

    # ------------------------------------------------------------ finishing

    def _late(self, writer: Writer) -> None:
        """Parts that depend on what was found on the way, then those that are new."""
        book = self._book
        if any(w.job.formulas for w in self._work.values()) or calc.has_chain(self._archive.names):
            calc.on_opening(book)
        if (styles := self._formats.changed()) is not None:
            book.changes[self._styles] = styles
        if book.dirty:
            book.changes[book.main] = parts.dump(book.root)
        for name in (book.main, self._styles):
            if name in self._archive:
                content = book.changes.get(name)
                if content is None:
                    writer.copy(self._archive, self._archive.info(name))
                else:
                    writer.put(name, content, self._archive.info(name))
        for name, content in book.changes.items():
            if name not in self._archive and content is not None:
                writer.put(name, content)

    def _report(self) -> Report:
        changes, there = self._book.changes, set(self._archive.names)
        changed = {n for n, c in changes.items() if n in there and c is not None} | set(self._work)
        added = {n for n, c in changes.items() if n not in there and c is not None}
        removed = {n for n, c in changes.items() if n in there and c is None}
        return Report(self._new, self._gone, frozenset(changed), frozenset(added), frozenset(removed))


def _placed(edit: SheetEdit, listed: Any) -> tuple[dict[int, RowEdit], list[int]]:
    """Rows by where they stand afterwards, and which of them are new."""
    rows: dict[int, RowEdit] = {}
    for row, change in edit.rows.items():
        now = listed.moves.row(row) if listed else row
        if now is not None:
            rows[now] = change
    if not edit.new:
        return rows, []
    if listed is None:
        raise ValueError(f"{edit.sheet}: new rows without the head of their list")
    first = listed.last - len(listed.moves.gone) + 1
    new = list(range(first, first + len(edit.new)))
    if twice := rows.keys() & set(new):
        raise fault("book_no_room", f"{edit.sheet}!{min(twice)}")
    return rows | dict(zip(new, edit.new, strict=True)), new


def _understood(archive: Archive, book: Workbook) -> None:
    """Refuses what must not be changed by a program: shared workbooks, signed ones, other formats."""
    if any("/revisions/" in n for n in archive.names):
        raise fault("book_shared")
    if any(n.casefold().startswith("_xmlsignatures/") for n in archive.names):
        raise fault("book_signed")
    if parts.local(book.root) != "workbook":
        raise fault("book_unknown", book.main, reason=parts.local(book.root))

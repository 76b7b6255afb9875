"""What was written, read back from the file: fingerprint, and the cells of a plan."""

from __future__ import annotations

import hashlib
import math
import os
import re
import shutil
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from qforms.forms.cells import clean, unescape
from qforms.office.archive import Archive
from qforms.office.book import OfficeFault, fault
from qforms.office.workbook import Workbook
from qforms.sheetpatch import cells
from qforms.sheetpatch.blocks import blocks
from qforms.sheetpatch.plan import Plan, Report, RowEdit, Value
from qforms.sheetpatch.refs import letters
from qforms.sheetpatch.run import ours

_FRESH = 2_000_000_000  # nanoseconds: no disk measures times more coarsely
_MANY = 64  # digests that are remembered
_digests: dict[tuple[int, int, int, int], str] = {}
_Read = tuple[int, bytes, cells.Marks]  # a row's number, its bytes, how its part is written
# Column and text of a cell as this program writes it; others are taken apart with care.
_TOLD = re.compile(r'<c r="([A-Z]{1,3})\d+"[^>]*>(?:<is><t[^>]*>|<v>)([^<&]*)</')
_SHOWN = re.compile(rb"<(?:[\w.-]+:)?[vt](?:\s[^>]*)?>([^<]*)<")


def fingerprint(path: Path) -> str:
    """Size, time, inode and digest of a file: "" when it is not there.

    A file that had stood unchanged for a while when its digest was taken is not read again as long as its size, times
    and inode are the same."""
    try:
        about = path.stat()
        place = (about.st_size, about.st_mtime_ns, about.st_ino, about.st_ctime_ns)
        if place not in _digests:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if time.time_ns() - max(place[1], place[3]) < _FRESH:  # another save could have the same time
                return _printed(place, digest)
            if len(_digests) > _MANY:
                _digests.clear()
            _digests[place] = digest
        return _printed(place, _digests[place])
    except OSError:
        return ""


def _printed(place: tuple[int, int, int, int], digest: str) -> str:
    return ".".join(map(str, (*place[:3], digest)))


def keep(path: Path, copy: Path) -> None:
    """Keeps a file that is about to be replaced: under a second name where the disk can, else as a copy."""
    try:
        os.link(path, copy)
    except FileExistsError:
        raise
    except OSError:
        shutil.copy2(path, copy)


def verify(path: Path, plan: Plan, report: Report) -> None:
    """Proves that a file holds what `plan` has written into it. Raises OfficeFault (book_not_written) where not."""
    try:
        with path.open("rb") as file:
            archive = Archive(file)
            book = Workbook(archive.names, archive.read)
            base = book.from_1904
            for edit in plan.sheets:
                place = next((p for p in book.places if p.title == edit.sheet), None)
                if place is None:
                    raise fault("book_not_written", edit.sheet)
                wanted = {at: row for n, row in edit.rows.items() if (at := report.now(edit.sheet, n)) and row.values}
                wanted |= dict(zip(report.new.get(edit.sheet, ()), edit.new, strict=True))
                if wanted:
                    _prove(archive.chunks(place.part), edit.sheet, wanted, base)
    except OfficeFault as why:
        raise ours(why) from None


def _prove(pieces: Iterable[bytes], title: str, wanted: Mapping[int, RowEdit], base: bool) -> None:
    left = {number for number, edit in wanted.items() if any(v not in (None, "") for v in edit.values.values())}
    for number, raw, m in _rows(pieces, title, sorted(wanted)):
        left.discard(number)
        there = dict(_TOLD.findall(raw.decode("utf-8", "replace")))
        values = wanted[number].values
        doubtful = {c: v for c, v in values.items() if there.get(letters(c), "") != v and not _said(there, c, v, base)}
        if doubtful and (column := _wrong(raw, number, m, doubtful, base)):
            raise fault("book_not_written", f"{title}!{letters(column)}{number}")
    if left:
        raise fault("book_not_written", f"{title}!{min(left)}")


def _rows(pieces: Iterable[bytes], title: str, wanted: list[int]) -> Iterator[_Read]:
    """The wanted rows of a part; the others are passed over."""
    last = 0
    for m, data in blocks(pieces, title):
        found, last = _block(data, wanted, last, m)
        yield from found


def _block(data: bytes, wanted: list[int], last: int, m: cells.Marks) -> tuple[list[_Read], int]:
    """The wanted rows of a block, and the number of its last one."""
    tag = b"<%brow" % m.prefix
    final = m.row.match(data, data.rfind(tag))
    told = cells.attributes(final[1]).get(b"r", b"") if final else b"0"
    found: list[_Read] = []
    at = 0
    if told.isdigit():
        for number in wanted[bisect_left(wanted, last + 1) : bisect_left(wanted, int(told) + 1)]:
            at = data.find(b'%b r="%d"' % (tag, number), at)
            if at < 0:
                break
            end = data.find(tag, at + 4)
            found.append((number, data[at : end if end >= 0 else len(data)], m))
        else:
            return found, max(int(told), last)
    found = []
    for raw, start in cells.rows_of(data, m):
        last = cells.place_of_row(start, last, raw, m)
        if last in wanted:
            found.append((last, raw, m))
    return found, last


def _said(there: Mapping[str, str], column: int, value: Value, base: bool) -> bool:
    """Whether a cell says what stands in a file for `value`, where nothing needs to be escaped."""
    if isinstance(value, date):
        value = cells.serial(value, base)
    told = "" if value is None else str(int(value) if isinstance(value, bool) else value)
    return there.get(letters(column), "") == (clean(told) if isinstance(value, str) else told)


def _wrong(raw: bytes, number: int, m: cells.Marks, doubtful: Mapping[int, Value], base: bool) -> int:
    """The first column whose cell does not hold its value, all ways of writing it understood; 0 when all do."""
    start = m.row.match(raw)
    assert start is not None
    there = {c.column: c for c in cells.parse(raw, start, number, m).cells}
    return next((c for c, value in doubtful.items() if not _same(there.get(c), value, base)), 0)


def _same(cell: cells.Cell | None, value: Value, base: bool) -> bool:
    shown = cells.plain(b"".join(_SHOWN.findall(cell.body))) if cell else ""
    if isinstance(value, date):
        value = cells.serial(value, base)
    if isinstance(value, bool) or value is None or isinstance(value, str):
        text = str(int(value)) if isinstance(value, bool) else clean(value or "")
        return unescape(shown) == text or (not text and cell is not None and cell.formula is not None)
    if not math.isfinite(value):
        return shown == str(value)
    try:
        return float(shown) == float(value)
    except ValueError:
        return False

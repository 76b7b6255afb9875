"""What stands in a workbook: values read by calamine, and beside them, from the parts themselves, which cells hold a
formula or an error, which calamine does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

from qforms.forms.cells import text_of
from qforms.office.archive import Archive
from qforms.office.book import OfficeFault, fault
from qforms.office.workbook import Workbook
from qforms.sheetpatch.blocks import blocks
from qforms.sheetpatch.cells import Marks, attributes, parse, place_of_row, plain, rows_of
from qforms.sheetpatch.refs import ROWS, letters, number
from qforms.sheetpatch.run import ours

_DENSE = 40_000_000  # cells of the rectangle that calamine allocates
_WIDE = re.compile(rb'\sr="([A-Z]{3})\d')
_COUNT = re.compile(rb'\buniqueCount="(\d+)"')
_STRINGS = 512 << 20  # bytes of all shared strings
_TEXT = 9  # bytes of the shortest shared string
_ROW = re.compile(rb"<(?:[\w.-]+:)?row(?=[\s/>])([^>]*?)(/?)>")
_PLACE = re.compile(r"([A-Za-z]{1,3})(\d+)$")


@dataclass(frozen=True)
class Cells:
    """The cells of a sheet. `values[row - 1][column - 1]`: text, float, bool, date, datetime, time; "" where there is
    nothing. `faults`: (row, column) -> the code of an error, or a formula from its "=" on. The value of
    a formula is its last result."""

    title: str
    values: Sequence[Sequence[Any]]
    faults: Mapping[tuple[int, int], str] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The number of the last row that holds anything."""
        return len(self.values)

    def value(self, row: int, column: int) -> Any:
        """What a cell shows; None for an empty one or an error."""
        cells = self.values[row - 1] if 0 < row <= len(self.values) else ()
        found = cells[column - 1] if 0 < column <= len(cells) else ""
        return None if found == "" else found

    def text(self, row: int, column: int) -> str:
        """A cell as a person would type it: a formula begins with "=", an error is its code."""
        told = self.faults.get((row, column))
        return told if told is not None else shown(self.value(row, column))

    def fault(self, row: int, column: int) -> Literal["formula", "error", ""]:
        """What a cell holds instead of a value."""
        told = self.faults.get((row, column))
        return "" if told is None else "formula" if told.startswith("=") else "error"

    def address(self, row: int, column: int) -> str:
        return f"{self.title}!{letters(column)}{row}"


def shown(value: Any) -> str:
    """A value of calamine's as text: escapes are decoded already, a time of more than a day is in hours."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    return text_of(value.replace(tzinfo=None) if isinstance(value, time) else value)


class Reader:
    """An open workbook. Raises OfficeFault for one that is damaged, hostile or shared, OSError when it is not there."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            self._archive = Archive(self._file)
            self._book = Workbook(self._archive.names, self._archive.read)
        except OfficeFault as why:
            self._file.close()
            raise ours(why) from None
        except BaseException:
            self._file.close()
            raise
        if any("/revisions/" in n for n in self._archive.names):
            self._file.close()
            raise fault("book_shared")

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @cached_property
    def titles(self) -> Mapping[str, bool]:
        """The worksheets in the order of their tabs -> whether they are seen."""
        return {p.title: p.visible for p in self._book.places if p.kind == "worksheet"}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The defined names of the whole book -> what they refer to ("台账!$A$3")."""
        return {n.get("name", ""): n.text or "" for n in self._book.defined if n.get("localSheetId") is None}

    @cached_property
    def modified_by(self) -> str:
        """Who saved it last, "" when it does not say."""
        data = self._book.part("docProps/core.xml")
        try:
            root = ElementTree.fromstring(data) if data and b"<!" not in data else None
        except ElementTree.ParseError:
            root = None
        found = (e.text or "" for e in (root if root is not None else ()) if e.tag.endswith("}lastModifiedBy"))
        return next(found, "")

    def cells(self, title: str) -> Cells:
        """The cells of a worksheet. Raises OfficeFault when there is none, or it is damaged or too large."""
        place = next((p for p in self._book.places if p.title == title and p.kind == "worksheet"), None)
        if place is None or place.part not in self._archive:
            raise fault("book_no_sheet", title, name=title)
        try:
            faults = _Faults(title)
            faults.read(self._archive.chunks(place.part))
            self._safe()
            return Cells(title, self._values(title), faults.found)
        except OfficeFault as why:
            raise ours(why) from None

    def _safe(self) -> None:
        """Refuses shared strings that promise more than there can be: memory is reserved for as many as they say."""
        part = next((t for kind, t in self._book.links.values() if kind == "sharedStrings"), "")
        if part in self._archive:
            size = self._archive.info(part).file_size
            told = _COUNT.search(next(self._archive.chunks(part, 4096), b""))
            if size > _STRINGS:
                raise fault("inflates_too_much", part, mb=_STRINGS >> 20)
            if told and int(told[1]) > size // _TEXT + 1:
                raise fault("hostile_file", part, reason=f"uniqueCount {told[1].decode()}")

    @cached_property
    def _calamine(self) -> Any:
        from python_calamine import CalamineWorkbook

        self._file.seek(0)  # the same file: another may stand at its place by now
        return CalamineWorkbook.from_filelike(self._file)

    def _values(self, title: str) -> Sequence[Sequence[Any]]:
        try:
            values: list[list[Any]] = self._calamine.get_sheet_by_name(title).to_python(skip_empty_area=False)
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as why:  # calamine's panics are no Exceptions
            raise fault("unreadable_file", title, reason=str(why)[:200]) from None
        while values and not any(v != "" for v in values[-1]):
            values.pop()
        return values


class _Faults:
    """Finds formulas and errors of a sheet part, and how far it reaches."""

    def __init__(self, title: str) -> None:
        self._title = title
        self.found: dict[tuple[int, int], str] = {}
        self._row = 0  # number of the row before
        self._wide = 0

    def read(self, pieces: Iterator[bytes]) -> None:
        """Raises OfficeFault for a part that calamine would need too much memory for."""
        pattern: re.Pattern[bytes] | None = None
        for m, data in blocks(pieces, self._title):
            if pattern is None:
                prefix = (re.escape(m.prefix),) * 3
                pattern = re.compile(
                    rb"<%bc\s([^>/]*)>\s*(?:<%bf(?=[\s/>])[^>]*?(?:/>|>([^<]*)<)|<%bv>(#[^<]*)<)" % prefix
                )
            self._block(data, m, pattern)
            if self._row > ROWS or self._row * self._wide > _DENSE:
                raise fault("inflates_too_much", f"{self._title}!{letters(self._wide)}{self._row}")

    def _block(self, data: bytes, m: Marks, pattern: re.Pattern[bytes]) -> None:
        if wide := _WIDE.findall(data):
            self._wide = max(self._wide, *(number(w.decode()) for w in wide))
        last = _ROW.match(data, data.rfind(b"<%brow" % m.prefix))
        about = attributes(last[1]) if last else {}
        if last and not about.get(b"r", b"").isdigit():
            self._slowly(data, m)
            return
        if b"<%bf" % m.prefix in data or b't="e"' in data:
            self._quickly(data, m, pattern)
        if last:
            self._row = int(about[b"r"])

    def _quickly(self, data: bytes, m: Marks, pattern: re.Pattern[bytes]) -> None:
        for c in pattern.finditer(data):
            about = attributes(c[1])
            if c[3] is not None and about.get(b"t") != b"e":
                continue
            place = _PLACE.match(about.get(b"r", b"").decode())
            if place is None:
                self._slowly(data, m)
                return
            told = "=" + plain(c[2] or b"") if c[3] is None else plain(c[3])
            self.found[int(place[2]), number(place[1])] = told

    def _slowly(self, data: bytes, m: Marks) -> None:
        """Rows or cells without addresses: counted one by one."""
        for raw, found in rows_of(data, m):
            self._row = place_of_row(found, self._row, raw, m)
            for c in parse(raw, found, self._row, m).cells:
                if (formula := c.formula) is not None:
                    self.found[self._row, c.column] = "=" + formula[1]
                elif error := re.search(rb">(#[^<]*)<", c.body if b't="e"' in c.raw[: c.raw.index(b">")] else b""):
                    self.found[self._row, c.column] = plain(error[1])

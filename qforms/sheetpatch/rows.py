"""The rows of a sheet part, changed while they stream by."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping

from qforms.office.book import fault
from qforms.sheetpatch import cells
from qforms.sheetpatch.cells import Marks, Row
from qforms.sheetpatch.formulas import Formulas
from qforms.sheetpatch.job import Again, Job
from qforms.sheetpatch.pattern import Pattern
from qforms.sheetpatch.plan import RowEdit
from qforms.sheetpatch.refs import COLUMNS, ROWS


class Rows:
    """Takes blocks of whole rows in order (`block`, then `rest`) and gives them back changed."""

    def __init__(self, job: Job, marks: Marks, columns: list[tuple[int, int, int]]) -> None:
        self._job, self._m, self._columns = job, marks, columns
        self._todo = sorted(job.rows)
        self._at = 0  # index into _todo
        self._last = 0  # number of the row before, in the source
        self._formulas = Formulas(job)
        self._above: tuple[Row, ...] = ()  # the last rows of the list, at most two
        self._pattern: Pattern | None = None  # what new rows take from them
        listed, moves = job.listed, job.moves
        self._models = _models(job) if listed and job.new else []
        self._from = min([*moves.gone, moves.end + 1 if moves.by else ROWS + 1]) if moves else ROWS + 1

    # ------------------------------------------------------------ blocks

    def block(self, data: bytes) -> bytes:
        """A block of whole rows. Raises Again, or OfficeFault for rows out of order or no room for what is new."""
        row, tag = self._m.row, b"<%brow" % self._m.prefix
        first = row.search(data)
        if first is None:
            return data
        at = data.rfind(tag)
        while not (final := row.match(data, at)):
            at = data.rfind(tag, 0, at)
        if b"r=" not in first[1] or b"r=" not in final[1]:
            return b"".join(self._each(data))
        begin = cells.place_of_row(first, self._last, data, self._m)
        end = cells.place_of_row(final, self._last, data, self._m)
        if begin <= self._last or end < begin or (end == begin and at != first.start()):
            raise fault("book_disorder", f"{self._job.title}!{begin}")
        if self._concerned(begin, end, data):
            return b"".join(self._each(data))
        return b"".join(self._some(data, end))

    def _concerned(self, begin: int, end: int, data: bytes) -> bool:
        """Whether rows may change that nobody named: they move, or their formulas speak of what moves."""
        moves = self._job.moves
        if end >= self._from or self._formulas.pending(data):
            return True
        outside = moves is not None and (begin < moves.first or end > moves.end)
        return outside and b"<%bf" % self._m.prefix in data

    def _some(self, data: bytes, end: int) -> Iterator[bytes]:
        """The rows that are named, and between them the others as they are."""
        at = 0
        while (wanted := self._next(end)) is not None:
            here = data.find(b'<%brow r="%d"' % (self._m.prefix, wanted), at)
            if here < 0:  # it is not there, or written in another way
                yield from self._each(data[at:])
                return
            yield data[at:here]
            at = data.find(b"<%brow" % self._m.prefix, here + 4)
            at = len(data) if at < 0 else at
            yield from self._one(data[here:at], wanted)
        yield data[at:] if at else data
        self._last = end

    def _next(self, end: int) -> int | None:
        """The next row up to `end` that is changed, or that new rows take their looks from."""
        wanted = [self._todo[self._at]] if self._at < len(self._todo) else []
        wanted += [m for m in self._models if m > self._last]
        return min((w for w in wanted if w <= end), default=None)

    def _each(self, data: bytes) -> Iterator[bytes]:
        """All rows, one by one."""
        first = self._m.row.search(data)
        yield data[: first.start()] if first else data
        for raw, _ in cells.rows_of(data, self._m):
            yield from self._one(raw)

    def _one(self, raw: bytes, number: int = 0) -> Iterator[bytes]:
        found = self._m.row.match(raw)
        assert found is not None
        number = number or cells.place_of_row(found, self._last, raw, self._m)
        if not self._last < number <= ROWS:
            raise fault("book_disorder", f"{self._job.title}!{number}")
        self._last = number
        yield from self._row(raw, found, number)

    def rest(self) -> bytes:
        """The rows that are still to come after the last one."""
        return b"".join(self._made(sys.maxsize))

    # ------------------------------------------------------------ one row

    def _row(self, raw: bytes, found: re.Match[bytes], number: int) -> Iterator[bytes]:
        moves = self._job.moves
        now = moves.row(number) if moves else number
        if now is not None:
            yield from self._made(now)
        edit = self._edit(now)
        has_formula = b"<%bf" % self._m.prefix in raw
        self._job.formulas = self._job.formulas or has_formula
        placed = now == number and (moves is None or b"r=" in found[1])  # without an address it goes by its order
        calls = number in self._models or (has_formula and self._formulas.wanted(number))
        if edit is None and placed and not calls:
            yield raw
            return
        row = cells.parse(raw, found, number, self._m)
        self._formulas.remember(row)
        if number in self._models:
            self._above = (*self._above[-1:], Row(number, row.about, list(row.cells)))
        if now is None:
            self._formulas.lose(number, row.cells)
        elif now > ROWS:
            if row.filled:
                raise fault("book_no_room", f"{self._job.title}!{number}")
        else:
            yield self._changed(row, now, edit, raw, placed)

    def _changed(self, row: Row, now: int, edit: RowEdit | None, raw: bytes, placed: bool) -> bytes:
        """A row with its formulas adjusted, its number changed, and what was wanted written into it."""
        source, number = list(row.cells), row.number
        formulas = any(c.formula for c in source)
        if formulas:
            self._formulas.adjust(row)
        if not placed:
            self._job.calculated = self._job.calculated or formulas
            row = cells.renumbered(self._m, row, now)
        if formulas and (edit is not None or self._formulas.outside(number)):
            row.cells = [cells.uncalculated(c) for c in row.cells]
        if edit is not None:
            self._formulas.lose(number, [c for c in source if c.column in edit.values])
            self._fill(row, edit, number)
        elif placed and [c.raw for c in row.cells] == [c.raw for c in source]:
            return raw
        return cells.written(self._m, row)

    def _edit(self, now: int | None) -> RowEdit | None:
        if now is None or self._at >= len(self._todo) or self._todo[self._at] != now:
            return None
        self._at += 1
        return self._job.rows[now]

    def _fill(self, row: Row, edit: RowEdit, source: int) -> None:
        """Writes into a row that is there; a new row of the list takes it only if it is empty."""
        job, listed = self._job, self._job.listed
        if row.number not in job.new or listed is None:
            styles = {c: self._column_style(c) or row.style for c in {*edit.values, *edit.looks}}
            cells.with_values(self._m, row, edit.values, styles, job.formats.of, job.base)
            self._show(row, edit, styles)
            return
        left, right = (1, COLUMNS) if listed.alone else (listed.left, listed.right)
        if any(c.filled for c in row.cells if left <= c.column <= right):
            if source > listed.moves.end and not listed.moves.below and listed.alone:
                raise Again(below=True)
            raise fault("book_no_room", f"{job.title}!{source}")
        self._compose(row, edit)

    def _made(self, before: int) -> Iterator[bytes]:
        """Rows that are not in the source, in front of row `before`."""
        while self._at < len(self._todo) and self._todo[self._at] < before:
            number = self._todo[self._at]
            edit = self._job.rows[number]
            self._at += 1
            if number in self._job.new:
                if number > ROWS:
                    raise fault("book_no_room", f"{self._job.title}!{number}")
                if not edit.looks:
                    yield self._of_above().line(number, edit.values)
                    continue
            row = Row(number, {b"r": b"%d" % number}, [])
            if number in self._job.new:
                row.about |= self._of_above().about
                self._compose(row, edit)
            else:
                styles = {c: self._column_style(c) for c in {*edit.values, *edit.looks}}
                cells.with_values(self._m, row, edit.values, styles, self._job.formats.of, self._job.base)
                self._show(row, edit, styles)
            if row.cells:
                yield cells.written(self._m, row)

    def _compose(self, row: Row, edit: RowEdit) -> None:
        """Fills a new row of the list: its values, the formats and formulas of the row above."""
        pattern = self._of_above()
        pattern.fill(row, edit.values)
        self._show(row, edit, pattern.styles)

    def _of_above(self) -> Pattern:
        if self._pattern is None:
            self._pattern = Pattern(self._job, self._m, self._formulas, self._above, self._column_style)
        return self._pattern

    def _show(self, row: Row, edit: RowEdit, styles: Mapping[int, int]) -> None:
        for column, look in edit.looks.items():
            at = next((i for i, c in enumerate(row.cells) if c.column == column), None)
            if at is None:
                style = self._job.formats.look(styles.get(column, 0), look)
                row.cells.append(cells.cell(self._m, row.number, column, style, None, self._job.base))
                row.cells.sort(key=lambda c: c.column)
                row.about.pop(b"spans", None)
            else:
                old = row.cells[at]
                row.cells[at] = cells.restyled(self._m, old, self._job.formats.look(old.style, look))

    def _column_style(self, column: int) -> int:
        return next((s for first, last, s in self._columns if first <= column <= last), 0)


def _models(job: Job) -> list[int]:
    """The rows that new ones are made after: the last of the list, at most two; of an empty list the empty row that
    the first of them takes."""
    assert job.listed is not None
    first, last = job.listed.moves.first, job.listed.last
    return [r for r in (last - 1, last) if r >= first] or [first]

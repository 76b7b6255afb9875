"""The rows of a sheet part, changed while they stream by."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping

from qforms.office.book import fault
from qforms.sheetpatch import cells
from qforms.sheetpatch.cells import Cell, Marks, Row
from qforms.sheetpatch.job import Again, Job
from qforms.sheetpatch.plan import RowEdit
from qforms.sheetpatch.refs import COLUMNS, ROWS, corners, filled_down, letters, moved, moved_formula, range_of

_ROW_ONLY = (b"r", b"spans", b"hidden", b"collapsed", b"outlineLevel")  # of a row, not taken over by the one below
Master = tuple[str, int, int, str]  # a shared formula's text, its first cell's row and column, the range it fills


class Rows:
    """Takes blocks of whole rows in order (`block`, then `rest`) and gives them back changed."""

    def __init__(self, job: Job, marks: Marks, columns: list[tuple[int, int, int]]) -> None:
        self._job, self._m, self._columns = job, marks, columns
        self._todo = sorted(job.rows)
        self._at = 0  # index into _todo
        self._last = 0  # number of the row before, in the source
        self._model: Row | None = None
        self._masters: dict[bytes, Master] = {}
        self._orphans: dict[bytes, Master] = {}
        moves = job.moves
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
        if self._orphans or end >= self._from or (self._job.masters and b"shared" in data):
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
        listed = self._job.listed
        wanted = [self._todo[self._at]] if self._at < len(self._todo) else []
        if self._job.new and listed and listed.last > self._last:
            wanted.append(listed.last)
        return min((w for w in wanted if w <= end), default=None)

    def _each(self, data: bytes) -> Iterator[bytes]:
        """All rows, one by one."""
        starts = [found.start() for found in self._m.row.finditer(data)]
        yield data[: starts[0]] if starts else data
        for start, stop in zip(starts, [*starts[1:], len(data)], strict=True):
            yield from self._one(data[start:stop])

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
        job, moves = self._job, self._job.moves
        now = moves.row(number) if moves else number
        if now is not None:
            yield from self._made(now)
        edit = self._edit(now)
        has_formula = b"<%bf" % self._m.prefix in raw
        job.formulas = job.formulas or has_formula
        if (
            edit is None
            and now == number
            and not self._is_model(number)
            and not (has_formula and self._formulas(number))
        ):
            yield raw
            return
        row = cells.parse(raw, found, number, self._m)
        source = list(row.cells)
        if has_formula and job.masters:
            self._remember(row)
        if self._is_model(number):
            self._model = Row(number, row.about, source)
        if now is None:
            self._lose(number, source)
        elif now > ROWS:
            if row.filled:
                raise fault("book_no_room", f"{job.title}!{number}")
        else:
            if has_formula:
                self._adjust(row)
            if now != number:
                job.calculated = job.calculated or has_formula
                row = cells.renumbered(self._m, row, now)
            if has_formula and (edit is not None or self._outside(number)):
                row.cells = [cells.uncalculated(c) for c in row.cells]
            if edit is not None:
                self._lose(number, [c for c in source if c.column in edit.values])
                self._fill(row, edit, number)
            changed = edit is not None or now != number or [c.raw for c in row.cells] != [c.raw for c in source]
            yield cells.written(self._m, row) if changed else raw

    def _is_model(self, number: int) -> bool:
        """Whether new rows of the list look like this one."""
        return bool(self._job.new and self._job.listed and number == self._job.listed.last)

    def _formulas(self, number: int) -> bool:
        """Whether the formulas of a row may change or have to be remembered."""
        moves = self._job.moves
        return bool(self._orphans or self._job.masters or (moves and moves.any) or self._outside(number))

    def _outside(self, number: int) -> bool:
        """Whether a row stands above or below the list: its formulas may speak of the list, which has changed."""
        moves = self._job.moves
        return moves is not None and not moves.first <= number <= moves.end

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
            row = Row(number, {b"r": b"%d" % number}, [])
            if number in self._job.new:
                if number > ROWS:
                    raise fault("book_no_room", f"{self._job.title}!{number}")
                if self._model is not None:
                    row.about |= {k: v for k, v in self._model.about.items() if k not in _ROW_ONLY}
                self._compose(row, edit)
            else:
                styles = {c: self._column_style(c) for c in {*edit.values, *edit.looks}}
                cells.with_values(self._m, row, edit.values, styles, self._job.formats.of, self._job.base)
                self._show(row, edit, styles)
            if row.cells:
                yield cells.written(self._m, row)

    def _compose(self, row: Row, edit: RowEdit) -> None:
        """Fills a new row of the list: its values, the formats and formulas of the row above."""
        job, m = self._job, self._m
        have = {c.column: c.style for c in row.cells}
        styles = self._model_styles()
        formulas = self._model_formulas(row.number)
        made: dict[int, Cell] = {c.column: c for c in row.cells}
        for column in {*styles, *formulas, *edit.values}:
            style = have.get(column) or styles.get(column) or self._column_style(column)
            value = edit.values.get(column)
            if value not in (None, ""):
                made[column] = cells.cell(m, row.number, column, job.formats.of(style, value), value, job.base)
            elif column in formulas:
                made[column] = cells.formula_cell(m, row.number, column, style, formulas[column])
                job.calculated = job.formulas = True
            elif column not in have and style:
                made[column] = cells.cell(m, row.number, column, style, None, job.base)
        row.about.pop(b"spans", None)
        row.cells = [made[c] for c in sorted(made)]
        self._show(row, edit, styles)

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

    # ------------------------------------------------------------ what a new row takes from the one above

    def _model_styles(self) -> dict[int, int]:
        if self._model is None:
            return {}
        return {c.column: self._job.formats.look(c.style, "plain") for c in self._model.cells}

    def _model_formulas(self, number: int) -> dict[int, str]:
        found = dict(self._job.listed.formulas) if self._job.listed else {}
        for c in self._model.cells if self._model else ():
            if (formula := c.formula) is None:
                continue
            about, text = formula
            assert self._model is not None
            if about.get(b"t") == b"shared" and not text:
                master = self._masters.get(about.get(b"si", b""))
                if master is None:
                    raise Again(masters=True)
                text = filled_down(master[0], number - master[1], c.column - master[2])
            elif about.get(b"t") in (b"array", b"dataTable"):
                continue
            else:
                text = filled_down(text, number - self._model.number)
            found.setdefault(c.column, text)
        return found

    def _column_style(self, column: int) -> int:
        return next((s for first, last, s in self._columns if first <= column <= last), 0)

    # ------------------------------------------------------------ formulas

    def _remember(self, row: Row) -> None:
        for c in row.cells:
            formula = c.formula
            if formula and formula[0].get(b"t") == b"shared" and formula[1]:
                about, text = formula
                self._masters[about.get(b"si", b"")] = (text, row.number, c.column, about.get(b"ref", b"").decode())

    def _adjust(self, row: Row) -> None:
        """References of a row's formulas to rows that move, and shared formulas whose first cell is gone."""
        moves, title, grow = self._job.moves, self._job.title, self._outside(row.number)
        for i, c in enumerate(row.cells):
            formula = c.formula
            if formula is None:
                continue
            about, text = formula
            user = about.get(b"t") == b"shared" and not text
            orphan = self._orphans.pop(about.get(b"si", b""), None) if user else None
            if orphan is not None:
                box = corners(orphan[3])
                assert box is not None
                text = filled_down(orphan[0], row.number - orphan[1], c.column - orphan[2])
                about = {**about, b"ref": range_of(row.number, box[1], max(box[2], row.number), box[3]).encode()}
            if moves is not None:
                text = moved_formula(text, title, title, moves, grow=grow)
                if b"ref" in about:
                    about = {**about, b"ref": moved(about[b"ref"].decode(), moves, grow=False).encode()}
            if (about, text) != formula:
                row.cells[i] = cells.with_formulas(c, lambda _a, _t, new=(about, text): new)  # type: ignore[misc]
                self._job.calculated = True

    def _lose(self, number: int, lost: list[Cell]) -> None:
        """Formulas that are overwritten or taken out: a shared one goes on in the next cell that uses it."""
        for c in lost:
            formula = c.formula
            if formula is None:
                continue
            self._job.calculated = self._job.formulas = True
            about, text = formula
            ref = about.get(b"ref", b"").decode()
            box = corners(ref)
            if box is None or box[:2] == box[2:]:
                continue
            if about.get(b"t") != b"shared" or box[1] != box[3]:
                raise fault("book_formula", f"{self._job.title}!{letters(c.column)}{number}")
            self._orphans[about.get(b"si", b"")] = (text, number, c.column, ref)

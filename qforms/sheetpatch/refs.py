"""Where rows go when a list grows or shrinks, and references rewritten accordingly: ranges, and those in formulas."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

ROWS, COLUMNS = 1_048_576, 16_384
_RANGE = re.compile(r"(\$?)([A-Za-z]{1,3})(\$?)(\d+)(?::(\$?)([A-Za-z]{1,3})(\$?)(\d+))?")
# Of a formula: what is skipped (texts, structured references, other books), else a reference with its sheet.
_TOKEN = re.compile(
    r"""(?P<skip>"(?:[^"]|"")*"|'[^']*\[(?:[^']|'')*'![\w$:.]+|\[\d+\][^\s!'"(),]*![\w$:.]+|\[(?:[^\[\]]|\[[^\]]*\])*\])
    |(?<![\w.$!'\]])(?P<sheet>(?:'(?:[^']|'')+'|[^\W\d][\w.]*(?::[^\W\d][\w.]*)?)!)?
    (?P<ref>\$?[A-Za-z]{1,3}\$?\d+(?::\$?[A-Za-z]{1,3}\$?\d+)?)(?![\w.(!])""",
    re.X,
)


def number(letters: str) -> int:
    """Column number of "A", "AB": 1, 28."""
    n = 0
    for c in letters.upper():
        n = n * 26 + ord(c) - 64
    return n


@lru_cache(maxsize=1024)
def letters(column: int) -> str:
    """ "A" of 1, "AB" of 28."""
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def corners(ref: str) -> tuple[int, int, int, int] | None:
    """(first row, first column, last row, last column) of "B7" or "A4:K21"; None for what is no range of cells."""
    found = _RANGE.fullmatch(ref)
    if found is None:
        return None
    top, left = int(found[4]), number(found[2])
    if found[8] is None:
        return top, left, top, left
    return top, left, int(found[8]), number(found[6])


def range_of(top: int, left: int, bottom: int, right: int) -> str:
    """The reverse of `corners`."""
    first = f"{letters(left)}{top}"
    return first if (top, left) == (bottom, right) else f"{first}:{letters(right)}{bottom}"


@dataclass(frozen=True, slots=True)
class Moves:
    """What happens to the rows of a sheet whose list ends at `end` and will end at `new_end`.

    `first` is the list's first row; `ends` rows that count as its end for ranges that go with it; `gone` the rows taken
    out, ascending. Rows below the list move by the difference if `below`, else they stay."""

    first: int
    end: int
    new_end: int
    ends: frozenset[int] = frozenset()
    gone: tuple[int, ...] = ()
    below: bool = False

    @property
    def by(self) -> int:
        """How far rows below the list move."""
        return self.new_end - self.end if self.below else 0

    @property
    def any(self) -> bool:
        """Whether any row that is there gets another number."""
        return bool(self.gone or self.by)

    def row(self, row: int) -> int | None:
        """Where a row goes; None when it is taken out."""
        if row > self.end:
            return row + self.by
        at = bisect_left(self.gone, row)
        return None if at < len(self.gone) and self.gone[at] == row else row - at

    def span(self, top: int, bottom: int, *, grow: bool = True) -> tuple[int, int] | None:
        """Where rows from `top` to `bottom` go; None when all are taken out.

        A range of several rows that ends where the list ends, or one that is its only row, grows with it."""
        whole = top < bottom or top == self.first
        if grow and whole and bottom in self.ends and top <= self.end:
            first = top - bisect_left(self.gone, top)
            return first, max(self.new_end, first)
        first, last = self._from(top), self._to(bottom)
        return (first, last) if first <= last else None

    def _from(self, row: int) -> int:
        """Where the first row goes that is left of those from `row` on."""
        at = bisect_left(self.gone, row)
        if row > self.end or len(self.gone) - at > self.end - row:
            return max(row, self.end + 1) + self.by
        return row - at

    def _to(self, row: int) -> int:
        if row >= ROWS:
            return ROWS
        return row + self.by if row > self.end else row - bisect_right(self.gone, row)


def moved(ref: str, moves: Moves, *, grow: bool = True, single: bool = False) -> str:
    """A range ("A4:$K$21"), its $ kept; "" when all of its rows are taken out. `single`: one cell may grow as well."""
    found = _RANGE.fullmatch(ref)
    if found is None:
        return ref
    top, bottom = int(found[4]), int(found[8] or found[4])
    now = moves.span(top, bottom, grow=grow and (single or found[8] is not None))
    if now is None:
        return ""
    if now == (top, bottom):
        return ref
    first = f"{found[1]}{found[2]}{found[3]}{now[0]}"
    if found[8] is None and now[0] == now[1]:
        return first
    return f"{first}:{found[5] or found[1]}{found[6] or found[2]}{found[7] or found[3]}{now[1]}"


def moved_all(refs: str, moves: Moves) -> str:
    """A list of ranges, separated by blanks."""
    return " ".join(filter(None, (moved(r, moves, single=True) for r in refs.split())))


def in_formula(formula: str, change: Callable[[str, str], str]) -> str:
    """A formula with each reference replaced by `change(sheet, reference)`; sheet is "" where none is written."""

    def replace(found: re.Match[str]) -> str:
        ref = found["ref"]
        if ref is None:
            return found[0]
        prefix = found["sheet"] or ""
        title = prefix[:-1]
        if title.startswith("'"):
            title = title[1:-1].replace("''", "'")
        return prefix + change(title, ref)

    return _TOKEN.sub(replace, formula)


def moved_formula(formula: str, home: str, sheet: str, moves: Moves, *, grow: bool = True, single: bool = False) -> str:
    """A formula that stands on the sheet `home`, after the rows of `sheet` have moved. Lost cells become #REF!."""

    def change(title: str, ref: str) -> str:
        if (title or home).casefold() != sheet.casefold():
            return ref
        return moved(ref, moves, grow=grow, single=single) or "#REF!"

    return in_formula(formula, change)


def filled_down(formula: str, rows: int, columns: int = 0) -> str:
    """A formula as it stands `rows` further down (and `columns` to the right): what has no $ goes along."""

    def cell(found: re.Match[str], at: int) -> str:
        column, row = number(found[at + 1]), int(found[at + 3])
        column += 0 if found[at] else columns
        row += 0 if found[at + 2] else rows
        if not (1 <= row <= ROWS and 1 <= column <= COLUMNS):
            return "#REF!"
        return f"{found[at]}{letters(column)}{found[at + 2]}{row}"

    def change(_: str, ref: str) -> str:
        found = _RANGE.fullmatch(ref)
        assert found is not None, ref
        return cell(found, 1) + (":" + cell(found, 5) if found[8] else "")

    return in_formula(formula, change)

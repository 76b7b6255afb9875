"""What a chart shows, as frozen values: the same chart gives the same picture, so a picture is drawn once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from qforms.model import Lang

Cells = tuple[tuple[Decimal | None, ...], ...]
Kind = Literal[
    "pareto", "trend", "matrix", "ageing", "spread", "steps", "lines", "backlog", "stacked", "ranking", "fishbone",
    "ladder",
]  # fmt: skip
REST = {"zh": "其他", "en": "Other"}


@dataclass(frozen=True, slots=True)
class Table:
    """Figures by row and column; None where there is no figure."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Cells

    @classmethod
    def of(cls, rows: Iterable[tuple[str, Iterable[Decimal | int | str | None]]], columns: Iterable[str]) -> Table:
        """A table of (name, figures) pairs."""
        given = [(name, tuple(None if v is None else Decimal(v) for v in values)) for name, values in rows]
        return cls(tuple(name for name, _ in given), tuple(columns), tuple(values for _, values in given))

    @property
    def empty(self) -> bool:
        """Whether nothing is known but noughts."""
        return not any(value for row in self.cells for value in row)

    def column(self, at: int) -> tuple[Decimal, ...]:
        """The figures of a column, unknown ones as 0."""
        return tuple(row[at] or Decimal(0) for row in self.cells)

    def total(self, at: int = 0) -> Decimal:
        return sum(self.column(at), Decimal(0))

    def folded(self, most: int, rest: str) -> Table:
        """At most so many rows: what is beyond them is summed into a last row `rest`, which one of that name joins."""
        named = [(n, c) for n, c in zip(self.rows, self.cells, strict=True) if n != rest]
        beyond = [c for n, c in zip(self.rows, self.cells, strict=True) if n == rest]
        beyond += [c for _, c in named[most:]]
        named = named[:most]
        if beyond:
            named.append(
                (
                    rest,
                    tuple(sum((v or Decimal(0) for v in values), Decimal(0)) for values in zip(*beyond, strict=True)),
                )
            )
        return Table(tuple(n for n, _ in named), self.columns, tuple(c for _, c in named))

    def turned(self) -> Table:
        """Rows as columns."""
        return Table(self.columns, self.rows, tuple(zip(*self.cells, strict=True)) if self.cells else ())


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause on a bone of the fishbone. `state`: confirmed, excluded or "" (not checked yet)."""

    text: str
    twigs: tuple[str, ...] = ()
    state: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Fishbone:
    """The problem at the head, the named bones with their causes."""

    problem: str
    bones: tuple[tuple[str, tuple[Cause, ...]], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One step of a ladder: the question, what was found, its evidence, whether that has been verified."""

    why: str
    because: str
    evidence: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Ladder:
    """Columns of answers, each leading to a root cause ("": not known yet)."""

    columns: tuple[tuple[str, tuple[Answer, ...], str], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: its kind, its figures and its words. Lengths in mm.

    `title` "": the message is made from the figures. `limits` are lines with their names; `marks` are words at a row
    (measures at a week) or a place on the scale (P50 of a histogram); `hollow` rows rest on too little, or are not over
    yet; `code` names the chart in the foot."""

    kind: Kind
    figures: Table | Fishbone | Ladder
    name: str = ""
    basis: str = ""
    source: str = ""
    code: str = ""
    unit: str = ""
    title: str = ""
    lang: Lang = "zh"
    limits: tuple[tuple[str, Decimal], ...] = ()
    marks: tuple[tuple[str, str], ...] = ()
    hollow: tuple[str, ...] = ()
    width: float = 174.0
    height: float = 92.0

    @property
    def table(self) -> Table:
        assert isinstance(self.figures, Table)
        return self.figures

    @property
    def rest(self) -> str:
        return REST[self.lang]

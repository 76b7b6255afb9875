"""What is to be done to one sheet part, and what was found while doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from qforms.sheetpatch.plan import Look, RowEdit, Value
from qforms.sheetpatch.refs import Moves


class Formats(Protocol):
    """The formats of a workbook, by their number in its style sheet."""

    def of(self, style: int, value: Value) -> int:
        """The format for a value where `style` stands now: a text like a formula stays one when edited."""

    def look(self, style: int, look: Look) -> int:
        """The format that shows a look."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The list of a sheet: its last filled row, its columns, the formulas of its calculated columns, how rows move.

    `alone`: no other table shares its rows, so that whole rows may be moved."""

    last: int
    left: int
    right: int
    moves: Moves
    formulas: Mapping[int, str] = field(default_factory=dict)
    alone: bool = True

    @property
    def grows(self) -> bool:
        """Whether ranges that end with the list end elsewhere afterwards."""
        return any(end != self.moves.new_end for end in self.moves.ends)


@dataclass(slots=True)
class Job:
    """The work on one sheet part. `rows`: where a row stands afterwards -> what changes in it; `new`: those of them
    that are new rows of the list. `base`: the workbook counts days from 1904."""

    title: str
    rows: Mapping[int, RowEdit]
    new: frozenset[int]
    listed: Listed | None
    formats: Formats
    base: bool = False
    links: Mapping[str, str] = field(default_factory=dict)  # address -> attributes of its hyperlink, "" for none
    drawing: str = ""  # relationship of the drawing that shows comments, when it is new
    masters: bool = False  # the first cells of shared formulas are remembered on the way
    calculated: bool = False  # found: formulas came, went or moved
    formulas: bool = False  # found: there are formulas

    @property
    def moves(self) -> Moves | None:
        return self.listed.moves if self.listed else None


class Again(Exception):
    """The part has to be gone through once more: with what stands below the list moved, or shared formulas known."""

    def __init__(self, *, below: bool = False, masters: bool = False) -> None:
        super().__init__()
        self.below, self.masters = below, masters

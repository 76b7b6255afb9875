"""How a list stands on paper: as many rows as it draws, one for each choice of a column (`rows_of`), or, when it has
but one row, as label and value side by side like any other fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qforms.model import Choice, Field

BLANK_ROWS = 3


def row_names(fld: Field) -> tuple[Choice, ...]:
    """The choices that are the rows of a list; empty when its rows are free."""
    column = next((c for c in fld.fields if c.name == fld.rows_of), None)
    return column.choices if column else ()


def single(fld: Field) -> bool:
    """Whether a list is one set of values: its columns stand as labels, not as a table."""
    return fld.type == "list" and fld.rows == 1


def drawn(fld: Field, given: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows to be filled in: those given, in the order of the choices where these are the rows, and empty ones."""
    if not fld.rows_of:
        return [*given, *([{}] * max(0, (fld.rows or BLANK_ROWS) - len(given)))]
    out: list[Mapping[str, Any]] = []
    for choice in row_names(fld):
        mine = [r for r in given if r.get(fld.rows_of) == choice.code]
        out += mine or [{fld.rows_of: choice.code}]
    return out + [r for r in given if r not in out]

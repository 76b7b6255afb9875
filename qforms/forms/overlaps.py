"""Rows of one list that exclude each other: nobody is in two places at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from qforms.model import Catalogue, Field, Form, Problem, Values


def overlaps(form: Form, values: Values, catalogue: Catalogue) -> Iterator[Problem]:
    """A problem for each two rows of a list (`apart: [who, from, to]`) that put the same one to work at the same time.
    Where one ends as the other begins, they do not overlap; a row without its time is not looked at."""
    for fld in form.fields:
        if fld.apart and (rows := values.get(fld.name)):
            for first, second in _clashes(fld, rows):
                yield _problem(fld, rows, first, second, catalogue)


def _clashes(fld: Field, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    who, since, until = fld.apart
    timed = [
        n for n, row in enumerate(rows) if row.get(who) and row.get(since) is not None and row.get(until) is not None
    ]
    last: dict[str, int] = {}  # by name, the row that ends latest so far
    for n in sorted(timed, key=lambda n: (_order(rows[n][since]), n)):
        name = str(rows[n][who]).strip().casefold()
        before = last.get(name)
        if before is not None and _order(rows[n][since]) < _order(rows[before][until]):
            yield before, n
        if before is None or _order(rows[n][until]) > _order(rows[before][until]):
            last[name] = n


def _order(value: date) -> float:
    return value.timestamp() if isinstance(value, datetime) else float(value.toordinal())


def _problem(fld: Field, rows: Sequence[Mapping[str, Any]], first: int, second: int, catalogue: Catalogue) -> Problem:
    who, since, until = fld.apart
    columns = {f.name: f for f in fld.fields}

    def shown(n: int, name: str) -> str:
        return catalogue.show(columns[name], rows[n].get(name), "zh")

    about = next((f.name for f in fld.fields if f.type == "ref"), fld.fields[0].name)
    context = {
        "who": shown(second, who),
        "day": shown(second, since),
        "row": second + 1,
        "other": shown(first, about) or str(first + 1),
        "time": f"{shown(first, since)}–{shown(first, until)[-5:]}",
    }
    return Problem("rows_overlap", f"{fld.name}[{second + 1}].{who}", fld.name, context)

"""A Book over a pipe: one line of JSON, then the pictures' bytes. Nothing that could be executed when it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from qforms.model import Problem
from qforms.office.book import Book, Cell, Grid, OfficeFault


def pack(answer: Book | Problem) -> bytes:
    """The bytes of an answer."""
    if isinstance(answer, Problem):
        head: dict[str, Any] = {
            "problem": answer.code,
            "where": answer.where,
            "context": {k: str(v) for k, v in answer.context.items()},
        }
        return json.dumps(head).encode() + b"\n"
    head = {
        "kind": answer.kind,
        "grids": [_grid(g) for g in answer.grids],
        "names": answer.names,
        "properties": answer.properties,
        "stamps": answer.stamps,
        "pictures": [(name, len(data)) for name, data in answer.pictures],
        "text": answer.text,
        "by": answer.last_modified_by,
        "macros": answer.macros,
        "form": answer.form,
    }
    return json.dumps(head).encode() + b"\n" + b"".join(data for _, data in answer.pictures)


def unpack(data: bytes) -> Book:
    """The Book of `pack`. Raises OfficeFault when the answer is a problem, ValueError when it is neither."""
    line, _, rest = data.partition(b"\n")
    head = json.loads(line)
    if "problem" in head:
        raise OfficeFault(Problem(head["problem"], head["where"], context=head["context"]))
    pictures, at = [], 0
    for name, size in head["pictures"]:
        pictures.append((str(name), rest[at : at + size]))
        at += size
    return Book(
        head["kind"],
        tuple(_revived(g) for g in head["grids"]),
        {name: (g, r, c) for name, (g, r, c) in head["names"].items()},
        head["properties"],
        tuple(head["stamps"]),
        tuple(pictures),
        head["text"],
        head["by"],
        head["macros"],
        head["form"],
    )


def _grid(grid: Grid) -> dict[str, Any]:
    nth = [(*at, *box) for at, box in grid.nth.items()]
    cells = [(*at, *cell) for at, cell in grid.cells.items()]
    return {"n": grid.name, "c": cells, "s": grid.spans, "h": grid.hidden, "b": nth, "l": grid.lines}


def _revived(plain: Mapping[str, Any]) -> Grid:
    return Grid(
        plain["n"],
        {(r, c): Cell(value, kind, formula) for r, c, value, kind, formula in plain["c"]},
        tuple((top, left, bottom, right) for top, left, bottom, right in plain["s"]),
        plain["h"],
        {(r, c): (row, box) for r, c, row, box in plain["b"]},
        plain["l"],
    )

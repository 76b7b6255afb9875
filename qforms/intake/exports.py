"""The list that a platform or an authority's site gives out, as rows for our forms (P15). Which headings tell it, and
which column is which field, stand in the rules (`export:`)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from qforms.forms.labels import normal
from qforms.model import ExportRule
from qforms.office.book import Grid, OfficeFault

if TYPE_CHECKING:
    from qforms.intake.sheets import Office

SUFFIXES = (".xlsx", ".xls", ".csv", ".tsv")
_HEADING = 12  # lines in which a heading is looked for
_LEAST = 3  # headings that tell a list
_MOST = 5000  # rows of one list

Cells = dict[tuple[int, int], str]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what it says by field as text, when it came to the platform, whether it is over there."""

    where: str
    key: str
    texts: Mapping[str, str]
    received: str
    ended: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that was recognised."""

    rule: ExportRule
    rows: tuple[Row, ...]


def read(data: bytes, name: str, rules: Sequence[ExportRule], office: Office) -> Listing | None:
    """The list in a file, by the rule of which it has most headings; None where it is none."""
    if not rules or not name.lower().endswith(SUFFIXES):
        return None
    try:
        tables = list(_tables(data, name, office))
    except OfficeFault:
        return None
    found = [(hits, n, rule, head, cells) for cells in tables for n, rule in enumerate(rules)
             for hits, head in [_heading(cells, rule)] if hits >= _LEAST]  # fmt: skip
    if not found:
        return None
    _, _, rule, head, cells = max(found, key=lambda f: (f[0], -f[1]))
    return Listing(rule, tuple(_rows(cells, head, rule))[:_MOST])


def _tables(data: bytes, name: str, office: Office) -> Iterator[Cells]:
    if name.lower().endswith((".csv", ".tsv")):
        text = _decoded(data)
        lines = text.splitlines()
        separator = max("\t,;", key="\n".join(lines[:_HEADING]).count)
        rows = csv.reader(io.StringIO(text), delimiter=separator)
        yield {(r, c): v.strip("\t ='\"") for r, row in enumerate(rows) for c, v in enumerate(row) if v.strip()}
        return
    for grid in office.read(data, name).grids:
        if grid.cells and not grid.hidden:
            yield _texts(grid)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def _texts(grid: Grid) -> Cells:
    return {at: text for at, cell in grid.cells.items() if (text := _text(cell.raw))}


def _text(raw: object) -> str:
    """A cell as text: a ticket's number that Excel made a number of stands without its fraction."""
    if isinstance(raw, (datetime, date)):
        return raw.isoformat()
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return str(raw).strip().lstrip("'")


def _heading(cells: Cells, rule: ExportRule) -> tuple[int, dict[str, int]]:
    """How many of the rule's headings stand in one line, the key's among them; and heading -> column, with the line
    itself under ""."""
    wanted = {normal(h): h for h in (*rule.columns, *rule.ended)}
    best: tuple[int, dict[str, int]] = (0, {})
    for line in range(_HEADING):
        head: dict[str, int] = {}
        for (row, column), text in cells.items():
            if row == line and (heading := wanted.get(normal(text))):
                head.setdefault(heading, column)
        keyed = any(rule.columns.get(h) == rule.key for h in head)
        if keyed and len(head) > best[0]:
            best = len(head), head | {"": line}
    return best


def _rows(cells: Cells, head: Mapping[str, int], rule: ExportRule) -> Iterator[Row]:
    last = max(row for row, _ in cells)
    for line in range(head[""] + 1, last + 1):
        said = {h: cells[line, column] for h, column in head.items() if h and (line, column) in cells}
        texts = {field: said[h] for h, field in reversed([*rule.columns.items()]) if h in said}
        if not (key := texts.get(rule.key, "")):
            continue  # a sum, or an empty line
        ended = any(said.get(h) in words for h, words in rule.ended.items())
        yield Row(f"{line + 1}", key, texts, said.get(rule.received, ""), ended)

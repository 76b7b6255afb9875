"""What a document shows beyond its fields: charts and tables, declared in `form_templates/<form>/exhibits.yaml`, made
from frozen lines (docs/reports.md). The same lines give the same figures, pictures and bytes."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from qforms.documents.charts import Chart, message
from qforms.documents.exhibits import grids
from qforms.documents.exhibits.declared import NONE, Exhibit, Exhibits, LineRule, Source, faults, load
from qforms.documents.exhibits.details import details
from qforms.documents.exhibits.drawn import BUILDERS
from qforms.documents.exhibits.grids import Grid
from qforms.documents.exhibits.lines import Book, Column, Correction, Lines, corrections, from_json, standing, to_json
from qforms.documents.exhibits.periods import Sight, week_of
from qforms.model import Record

__all__ = [
    "NONE",
    "Book",
    "Column",
    "Correction",
    "Exhibits",
    "Grid",
    "LineRule",
    "Lines",
    "Sight",
    "Source",
    "corrections",
    "details",
    "faults",
    "figures",
    "from_json",
    "load",
    "own_lists",
    "shown",
    "standing",
    "to_json",
    "week_of",
    "with_corrections",
]


def shown(exhibit: Exhibit, book: Book, sight: Sight, record: Record | None = None) -> Chart | Grid:
    """An exhibit, made from its lines. `record`: whose texts it may take over (the problem at a fishbone's head)."""
    if record is not None:
        exhibit = dc.replace(exhibit, more=_with_texts(exhibit.more, record))
    if exhibit.draw == "summary":
        return grids.summary(exhibit, book, sight)
    if exhibit.draw == "grid":
        return grids.grid(exhibit, book, sight)
    if exhibit.draw == "list":
        return grids.listed(exhibit, book, sight)
    return BUILDERS[exhibit.draw](exhibit, book, sight)


def _with_texts(more: Mapping[str, Any], record: Record) -> dict[str, Any]:
    """`head: d2_statement` becomes `head_text`, the record's own words; so do the roots of a ladder."""
    found = dict(more)
    if "head" in more:
        found["head_text"] = str(record.values.get(str(more["head"])) or "")
    if "ladders" in more:
        found["ladders"] = tuple(
            {**spec, "root_text": str(record.values.get(str(spec.get("root"))) or "")} for spec in more["ladders"]
        )
    return found


def own_lists(exhibits: Exhibits, record: Record) -> dict[str, Lines]:
    """The lines that are lists of the record itself."""
    found = {}
    for name, rule in exhibits.lines.items():
        if rule.list:
            rows = tuple(dict(r) for r in record.values.get(rule.list) or () if isinstance(r, Mapping))
            found[name] = dc.replace(rule.blank, rows=rows)
    return found


def with_corrections(declared: Exhibits, book: Book, found: Iterable[Correction]) -> dict[str, Lines]:
    """The book with the lines that tell what is known otherwise now."""
    rows = tuple({"number": c.key, "was": c.was, "now": c.now} for c in found)
    return {n: dc.replace(lines, rows=rows) if declared.lines[n].later else lines for n, lines in book.items()}


def figures(item: Chart | Grid) -> dict[str, Any]:
    """An exhibit's figures as plain values, for JSON."""
    if isinstance(item, Grid):
        return {
            "title": item.title,
            "head": list(item.head),
            "rows": [list(r) for r in item.rows],
            "total": list(item.foot),
        }
    plain: dict[str, Any] = {"title": message(item), "name": item.name, "basis": item.basis, "unit": item.unit}
    if hasattr(item.figures, "rows"):
        plain["columns"] = list(item.table.columns)
        plain["rows"] = {n: [_number(v) for v in row] for n, row in zip(item.table.rows, item.table.cells, strict=True)}
    return plain


def _number(value: Decimal | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)

"""The shared sheets, in which the list fields of all forms stand (P30): measures, costs, signatures. Pure.

No form is named here: a list with a planned date holds measures, one with an amount of money costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Final

from qforms.model import Field, Form, Record, Text
from qforms.workbook import layout
from qforms.workbook.maker import Maker
from qforms.workbook.spans import OVERDUE, left
from qforms.workbook.view import Cell, Row, Sheet

COSTS, SIGNATURES = "costs", "signatures"
_PLANNED: Final = "planned_on"


def measures(make: Maker) -> Sheet:
    """The measures of all forms."""
    rows = tuple(_measure(make, *place) for place in _lines(make, _is_measure))
    columns = make.spec_columns(layout.MEASURES)
    late = sum(str(r.cells.get("left") or "").startswith(OVERDUE[make.lang]) for r in rows)
    said = Text(f"{len(rows)} 条，逾期 {late}", f"{len(rows)} measures, {late} overdue")
    return Sheet("measures", Text("措施跟踪", "Measures"), columns, rows, "", "number", 1, True, said)


def costs(make: Maker) -> Sheet:
    """The lines with an amount of all forms."""
    rows = tuple(row for place in _lines(make, _is_cost) if (row := _cost(make, *place)) is not None)
    columns = make.spec_columns(layout.COSTS)
    said = Text(f"{len(rows)} 条", f"{len(rows)} lines")
    return Sheet(COSTS, Text("费用明细", "Cost lines"), columns, rows, "", "number", 1, False, said)


def signatures(make: Maker) -> Sheet:
    """Opinions and signatures on documents of all forms; decisions by letter stand on 审批."""
    rows = tuple(_signatures(make))
    columns = make.spec_columns(layout.SIGNATURES)
    said = Text(f"{len(rows)} 条", f"{len(rows)} signatures")
    return Sheet(SIGNATURES, Text("会签", "Signatures"), columns, rows, "", "number", 1, False, said)


# ---------------------------------------------------------------- lines


def _is_measure(fld: Field) -> bool:
    return any(c.name == _PLANNED for c in fld.fields)


def _is_cost(fld: Field) -> bool:
    return any(c.type == "money" for c in fld.fields) and not _is_measure(fld)


def _lines(make: Maker, wanted: Any) -> Iterator[tuple[Form, Record, Field, int, Mapping[str, Any]]]:
    for form in make.catalogue.forms.values():
        fields = [f for f in form.fields if f.type == "list" and wanted(f)]
        for record in make.view.records.get(form.name, ()) if fields else ():
            for fld in fields:
                for i, line in enumerate(record.values.get(fld.name) or ()):
                    yield form, record, fld, i, line


def _measure(make: Maker, form: Form, record: Record, fld: Field, i: int, line: Mapping[str, Any]) -> Row:
    shown = {c.name: c for c in fld.fields}
    cells = {name: make.cell(shown[name], line.get(name)) for name, *_ in layout.MEASURES if name in shown}
    planned, done = line.get(_PLANNED), line.get("done_on")
    due = datetime.combine(planned, time(23, 59, 59), make.view.zone) if planned and not done else None
    cells |= {"number": record.number, "case": record.case_no or None}
    cells["left"] = left(due, make.view.as_of, make.lang) or None
    if due is not None and due < make.view.as_of and "state" in shown:  # what time brings about stands nowhere else
        cells["state"] = make.cell(shown["state"], "overdue")
    return Row(f"measure/{record.number}/{fld.name}/{i}", 0, cells)


def _cost(make: Maker, form: Form, record: Record, fld: Field, i: int, line: Mapping[str, Any]) -> Row | None:
    """A line of a list as what, how many, at what price, how much: found by the columns' types and their order."""
    money = [c for c in fld.fields if c.type == "money"]
    amount = next((c for c in money if c.name == "amount"), money[-1])
    counts = [c for c in fld.fields if c.type in ("int", "dec") and c.name.startswith("qty")]
    texts = [c for c in fld.fields if c.type in ("str", "text") and c.name != "unit"]
    kinds = [c for c in fld.fields if c.type == "enum"]
    if not any(isinstance(line.get(c.name), int | Decimal) for c in money):
        return None
    picked: dict[str, Field | None] = {
        "category": next(iter(kinds), None),
        "subject": next(iter(texts), None),
        "qty": next(iter(counts), None),
        "unit": next((c for c in fld.fields if c.name == "unit"), None),
        "price": next((c for c in money if c is not amount and c.name.startswith("unit")), None),
        "amount": amount,
        "estimate": next((c for c in money if c is not amount and not c.name.startswith("unit")), None),
    }
    cells: dict[str, Cell] = {k: make.cell(c, line.get(c.name)) for k, c in picked.items() if c is not None}
    cells |= {"number": record.number, "case": record.case_no or None}
    cells |= {"form": form.title[make.lang], "list": fld.label[make.lang]}
    return Row(f"cost/{record.number}/{fld.name}/{i}", 0, cells)


def _signatures(make: Maker) -> Iterator[Row]:
    for form in make.catalogue.forms.values():
        fields = [f for f in form.fields if f.type == "sig"]
        for record in make.view.records.get(form.name, ()) if fields else ():
            for fld in fields:
                value = record.values.get(fld.name)
                given = value if isinstance(value, tuple | list) else (value,)
                for i, sig in enumerate(given):
                    if isinstance(sig, Mapping) and sig.get("name"):
                        yield _signature(make, form, record, fld, i, sig)


def _signature(make: Maker, form: Form, record: Record, fld: Field, i: int, sig: Mapping[str, Any]) -> Row:
    at = sig.get("at")
    words = {"agree": ("同意", "agreed"), "refuse": ("不同意", "refused"), "object": ("异议", "objected")}
    decision = str(sig.get("decision") or "")
    cells: dict[str, Cell] = {
        "number": record.number,
        "case": record.case_no or None,
        "form": form.title[make.lang],
        "what": fld.label[make.lang],
        "who": str(sig["name"]),
        "for": str(sig.get("for_name") or "") or None,
        "decision": words.get(decision, (decision, decision))[make.lang == "en"] or None,
        "opinion": str(sig.get("opinion") or "") or None,
        "at": make.view.local(at) if isinstance(at, datetime) else str(at or "") or None,
    }
    return Row(f"signature/{record.number}/{fld.name}/{i}", 0, cells)

"""`qforms import`: what an office kept in Excel before, read into the ledger (P8-P11).

First it only looks: which line is the heading, which column is which field, which rows would be taken and what is wrong
with the others, by cell. With --write the rows go the way of everything that arrives, each a delivery of its own under
a key that the same row has again, so that nothing comes in twice."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any

from qforms import house, tongue
from qforms.commands import checking, look, registers
from qforms.model import Delivery, Form, QformsError, Record, Told, Value
from qforms.office.book import OfficeFault
from qforms.problems import say as problem_text
from qforms.problems import told
from qforms.tongue import say

KINDS = ("complaint", "shipment", "customer", "product", "price", "person")
_SAME = {  # what tells that a row is one that is on record already, beyond forms that are named by a field: the first
    # of these of which the last field is known
    "complaint": (("old_numbers",), ("customer_name", "customer_complaint_no")),
    "shipment": (("erp_document", "erp_line"),),
    "price": (("part_no", "product_model", "valid_from"),),
}
_HISTORY = "complaint"  # what is long dealt with: it counts, and nobody is written to


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the register: what was read of it, what is doubtful (kept) and what is wrong (the row is left out)."""

    where: str
    values: Mapping[str, Value]
    doubts: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    registers: tuple[registers.Register, ...]
    rows: tuple[Row, ...]  # in the order of the registers' lines

    @property
    def good(self) -> list[Row]:
        return [r for r in self.rows if not r.faults]


def preview(h: house.House, file: Path, kind: str, given: Mapping[str, str]) -> Preview:
    """What the file would bring. Raises QformsError when it cannot be read or no sheet has a heading for `kind`."""
    catalogue = h.procedures.catalogue
    look.known(catalogue, kind)
    form = catalogue.form(kind)
    given = {**checking.confirmed(h.settings.root, file, kind, form), **given}
    if unknown := [f for f in given.values() if f not in ("", registers.KEEP) and catalogue.field(kind, f) is None]:
        raise QformsError(Told(f"{kind} 没有字段 {unknown[0]}", f"{kind} has no field {unknown[0]}"))
    try:
        grids = registers.grids(file.read_bytes(), file.name, h.office)
    except OSError as fault:
        raise QformsError(f"{file}: {fault.strerror}") from None
    except OfficeFault as fault:
        raise QformsError(told(fault.problem)) from None
    found = tuple(r for g in grids if (r := registers.read(g, form, catalogue, given)))
    if not found:
        wanted = "、".join(f.label[tongue.lang()] for f in form.fields if f.required)
        raise QformsError(
            Told(
                f"{file.name}：没有找到表头（至少要有 {wanted} 中的两列；可用 --map 列名=字段 指定）",
                f"{file.name}: no heading found (columns such as {wanted}; --map HEADING=FIELD names one)",
            )
        )
    return Preview(found, tuple(_row(h, form, line) for r in found for line in r.lines))


def _row(h: house.House, form: Form, line: registers.Line) -> Row:
    catalogue, lang = h.procedures.catalogue, tongue.lang()
    values: dict[str, Value] = {}
    doubts: list[str] = []
    faults: list[str] = []
    for name, (raw, where) in line.cells.items():
        field = catalogue.field(form.name, name)
        assert field is not None
        value, problem = catalogue.parse(field, raw, where)
        if value is not None:
            values[name] = value
        if problem is not None and problem.code != "time_missing":  # a register has days
            text = f"{where}: {problem_text(problem, lang, field.label[lang])}"
            wrong = problem.severity == "error" and (field.required or field.all_or_nothing)
            (faults if wrong else doubts).append(text)
    for field in catalogue.missing(form.name, values):
        if field.required and field.name not in line.cells:
            faults.append(f"{line.where}: " + say(f"缺少{field.label.zh}", f"{field.label['en']} is missing"))
    return Row(line.where, values, tuple(doubts), tuple(faults))


def write(h: house.House, kind: str, rows: list[Row], now: datetime, step: Callable[[str], None]) -> Counter[str]:
    """Takes the rows in; counts what became of them: new, changed, again, refused."""
    known = _known(h, kind)
    seen: Counter[str] = Counter()
    result: Counter[str] = Counter()
    for row in rows:
        step(row.where)
        plain = h.procedures.catalogue.plain(kind, row.values)
        number, stands = known.get(_identity(kind, plain), ("", {}))
        if number and all(stands.get(name) == value for name, value in plain.items()):
            result["again"] += 1
            continue
        given = {"form": kind, "values": plain, **({"number": number} if number else {})}
        raw = json.dumps(given, ensure_ascii=False, sort_keys=True, default=str).encode()
        digest = hashlib.sha256(raw).hexdigest()
        seen[digest] += 1
        at = _when(h, kind, row.values, now)
        name = f"import {kind} {seen[digest]}"
        row_of_it = Delivery("folder", "import", at, raw, name=f"{name}.json", digest=digest)
        taken = h.desk.take_history(row_of_it, now) if kind == _HISTORY else h.handle([row_of_it], now)
        for t in taken:
            result[_fate(t.outcome, bool(number))] += 1
    return result


def _fate(outcome: str, known: bool) -> str:
    if outcome in ("duplicate", "ignored"):
        return "again"
    if outcome in ("accepted", "partial"):
        return "changed" if known else "new"
    return "refused"


def _when(h: house.House, kind: str, values: Mapping[str, Value], now: datetime) -> datetime:
    """Old complaints bear the number of the month in which they came; all else comes now."""
    at = values.get("received_at") if kind == _HISTORY else None
    if at is None:
        return now
    moment = at if isinstance(at, datetime) else datetime.combine(at, time(), h.settings.zone)
    return min(moment if moment.tzinfo else moment.replace(tzinfo=h.settings.zone), now)


def _known(h: house.House, kind: str) -> dict[tuple[str, ...], tuple[str, Mapping[str, Any]]]:
    """The records that rows may mean, number and values, by what identifies them."""
    found = ((r.number, h.procedures.catalogue.plain(kind, r.values)) for r in h.ledger.records(kind))
    return {identity: (number, values) for number, values in found if (identity := _identity(kind, values))}


def _identity(kind: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    """() where a row cannot be told from others."""
    for names in _SAME.get(kind, ()):
        said = tuple(unicodedata.normalize("NFKC", _said(values.get(n))).strip().casefold() for n in names)
        if said[-1]:
            return (names[-1], *said)
    return ()


def _said(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value or "")


def gone(h: house.House, kind: str, found: Preview) -> list[Record]:
    """Shipments on record in the days of an export that the export no longer has: what ERP has taken back."""
    days = [d for r in found.good if (d := r.values.get("shipped_on"))]
    if kind != "shipment" or not days:
        return []
    plain = h.procedures.catalogue.plain
    there = {identity for r in found.good if (identity := _identity(kind, plain(kind, r.values)))}
    records = (r for r in h.ledger.records(kind) if r.status == "booked" and "shipped_on" in r.values)
    inside = (r for r in records if min(days) <= r.values["shipped_on"] <= max(days))
    return [r for r in inside if (i := _identity(kind, plain(kind, r.values))) and i not in there]


# ---------------------------------------------------------------- what people read


def checked(h: house.House, file: Path, kind: str, found: Preview, keep: bool) -> Path:
    """The copy that the office checks; `keep`: the columns stand confirmed for later files. Raises QformsError."""
    try:
        if keep:
            checking.keep(h.settings.root, kind, found)
        return checking.write(h.settings.root, file, h.procedures.catalogue.form(kind), found, tongue.lang())
    except OSError as fault:
        copy = checking.path(h.settings.root, file)
        zh = f"{copy} 写不进去，可能开着：请关掉再试（{fault.strerror}）"
        raise QformsError(Told(zh, f"{copy} cannot be written, perhaps it is open: {fault.strerror}")) from None


def lines(h: house.House, kind: str, found: Preview) -> Iterator[str]:
    """The preview as lines: columns, counts, doubts and faults by cell."""
    form, lang = h.procedures.catalogue.form(kind), tongue.lang()
    labels = {f.name: f.label[lang] for f in form.fields}
    how = {
        "given": say("您指定", "as you said"),
        "exact": say("栏目名", "by its label"),
        "similar": say("相近，请核对", "similar, please check"),
        "kept": say("没有对应栏目，原样保留", "no such field, kept as it is"),
        "": say("不收", "left out"),
    }
    for register in found.registers:
        yield say(
            f"{register.sheet}：表头在第 {register.heading} 行，{len(register.lines)} 行"
            + (f"，略过合计 {register.totals} 行" if register.totals else ""),
            f"{register.sheet}: heading in line {register.heading}, {len(register.lines)} rows"
            + (f", {register.totals} totals left out" if register.totals else ""),
        )
        for column in register.columns:
            yield f"  {column.heading.replace(chr(10), ' ')} → {labels.get(column.field, '—')}  ({how[column.how]})"
    for row in found.rows:
        yield from (f"  × {text}" for text in row.faults)
        yield from (f"  ▲ {text}" for text in row.doubts if not row.faults)
    for record in gone(h, kind, found):
        yield say(
            f"  ▲ {record.number}：账上有，这份文件里没有了；ERP 里撤销的，请在总台账里作废",
            f"  ▲ {record.number}: on record, and no longer in this file; if ERP took it back, void it in the workbook",
        )
    good, doubtful = len(found.good), sum(bool(r.doubts) for r in found.good)
    left = len(found.rows) - good
    yield say(
        f"可收 {good} 行（其中存疑 {doubtful} 行），不收 {left} 行。",
        f"{good} rows can be taken in ({doubtful} with doubts), {left} cannot.",
    )


def data(found: Preview) -> dict[str, Any]:
    """The preview as plain values."""
    return {
        "sheets": [
            {
                "sheet": r.sheet,
                "heading": r.heading,
                "rows": len(r.lines),
                "totals": r.totals,
                "columns": [{"heading": c.heading, "field": c.field, "how": c.how} for c in r.columns],
            }
            for r in found.registers
        ],
        "good": len(found.good),
        "faults": [text for r in found.rows for text in r.faults],
        "doubts": [text for r in found.good for text in r.doubts],
    }

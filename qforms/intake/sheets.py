"""Filled Excel and Word parts -> forms: told by stamp, property, code, title or labels; every value with its cell."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from qforms import stamp
from qforms.forms import types
from qforms.intake import numbers
from qforms.intake.freetext import labels_of
from qforms.model import Field, Filled, Form, Part, Problem, Stamp, Value
from qforms.office.book import Book, OfficeFault
from qforms.office.find import Found, find
from qforms.office.identify import Candidate, identify
from qforms.office.values import Labels, Raw
from qforms.settings import Procedures

_ATTACHED = frozenset({"file", "img", "sig"})  # pictures and signatures come as parts, never out of a cell's text


class Office(Protocol):
    """What opens Office files (`office.child.OfficeReader`)."""

    def read(self, data: bytes, name: str = "") -> Book: ...


class _Forms:
    """The catalogue as identification asks for it."""

    def __init__(self, procedures: Procedures) -> None:
        self.forms: Mapping[str, Form] = procedures.catalogue.forms

    def labels(self, form: str) -> Labels:
        return labels_of(self.forms[form])


def read_office(part: Part, procedures: Procedures, office: Office) -> tuple[list[Filled], list[Problem]]:
    """The forms in one Office file, and why it could not be read. A file that is none of our forms gives neither."""
    try:
        book = office.read(part.data, part.name)
    except OfficeFault as fault:
        return [], [fault.problem]
    if book.macros and procedures.settings.limits.macros == "refuse":
        return [], [Problem("macros_refused", part.name)]
    return [_filled(book, c, part, procedures) for c in _chosen(identify(book, _Forms(procedures)))], []


def read_pdf(part: Part, procedures: Procedures, office: Office) -> list[Filled]:
    """A form that customers may open, filled in and saved as PDF: its text layer as label and value (P17). What our own
    people print, sign and scan is for somebody to transcribe (P16); so is a PDF without words."""
    try:
        book = office.read(part.data, part.name)
    except OfficeFault:
        return []
    forms = procedures.catalogue.forms
    sure = (c for c in identify(book, _Forms(procedures)) if c.how != "labels" and "customer" in forms[c.form].open_by)
    return [_filled(book, c, part, procedures) for c in _chosen(tuple(sure))]


def _chosen(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Every form that is stamped, for a file may hold several; else only the likeliest."""
    stamped = tuple(c for c in candidates if c.how == "stamp")
    return stamped or candidates[:1]


def _filled(book: Book, candidate: Candidate, part: Part, procedures: Procedures) -> Filled:
    form = procedures.catalogue.form(candidate.form)
    found = find(book, form, labels_of(form))
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for name, (raw, address) in found.values.items():
        fld = form.field(name)
        if fld is not None and fld.type not in _ATTACHED:
            _take(fld, raw, f"{part.name} {address}", values, problems, procedures)
    for name, rows in found.rows.items():
        fld = form.field(name)
        if fld is not None and rows:
            values[name] = tuple(
                r for r in (_row(fld, n, row, part, problems, procedures) for n, row in enumerate(rows)) if r
            )
    problems += _remarks(found, candidate, part, form, book)
    how: Literal["excel", "word"] = "word" if book.kind == "word" else "excel"
    return Filled(
        form.name,
        values,
        where=dict(found.targets),
        raw={name: str(raw) for name, (raw, _) in found.values.items()},
        problems=tuple(problems),
        how=how,
        part=part.path,
        stamp=_stamp(candidate, procedures),
        number=_printed(found, "number", form.name, procedures),
        case_no=_printed(found, "case_no", "", procedures),
    )


def _take(
    fld: Field,
    raw: Raw,
    where: str,
    values: dict[str, Value],
    problems: list[Problem],
    procedures: Procedures,
    path: str = "",
) -> None:
    value, wrong = types.parse_all(fld, raw, where, procedures.settings.zone)
    problems += [dc.replace(p, field=path) for p in wrong] if path else wrong
    if value is not None:
        values[fld.name] = value


def _row(
    fld: Field,
    number: int,
    row: Mapping[str, tuple[Raw, str]],
    part: Part,
    problems: list[Problem],
    procedures: Procedures,
) -> dict[str, Value]:
    """One row of a list field; a fault is addressed as cost_lines[0].amount, as marking wants it."""
    columns = {f.name: f for f in fld.fields}
    values: dict[str, Value] = {}
    for name, (raw, address) in row.items():
        if name in columns:
            path = f"{fld.name}[{number}].{name}"
            _take(columns[name], raw, f"{part.name} {address}", values, problems, procedures, path)
    return values


def _remarks(found: Found, candidate: Candidate, part: Part, form: Form, book: Book) -> list[Problem]:
    """Labels that mean nothing here, and that the form was told by its labels only. Of a Word document that we issued
    ourselves most cells are print, not fields: nothing is said of them."""
    remarks: list[Problem] = []
    issued = candidate.how == "stamp" and book.kind == "word"
    for label, address, near in found.unknown_labels if not issued else ():
        fld = form.field(near) if near else None
        context = {"label": label, "near": fld.label.zh if fld else ""}
        remarks.append(Problem("unknown_label", f"{part.name} {address}", context=context, severity="warning"))
    if candidate.how == "labels":
        context = {"form": form.title.zh, "form_en": form.title["en"]}
        remarks.append(Problem("form_guessed", part.name, context=context, severity="warning"))
    return remarks


def _stamp(candidate: Candidate, procedures: Procedures) -> Stamp | None:
    return stamp.read(candidate.stamp, procedures.keys) if candidate.stamp else None


def _printed(found: Found, name: str, form: str, procedures: Procedures) -> str:
    """A number as printed on the form, if it is one of ours (of that form)."""
    raw: Any = found.record.get(name, ("", ""))[0]
    number = next(iter(numbers.find(str(raw), procedures.catalogue)), "")
    return number if number and form in ("", numbers.form_of(number, procedures.catalogue)) else ""

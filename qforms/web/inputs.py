"""The questions of the page, from the declaration of the form: what the customer fills in, and how. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from qforms import problems
from qforms.forms import types
from qforms.intake.json_form import typed_values
from qforms.intake.reading import COMPLAINT
from qforms.model import Field, Form, Lang, Problem, Text
from qforms.settings import Procedures

Kind = Literal["text", "area", "number", "date", "datetime-local", "email", "tel", "choice", "several", "files"]
OUTSIDE = frozenset({"customer", "anyone"})
REACH = ("contact_phone", "contact_email")  # one of them must be given, or nobody could answer
_CONTACT = ("contact_name", *REACH)
_YES_NO = (("yes", Text("是", "Yes")), ("no", Text("否", "No")))
_KINDS: Mapping[str, Kind] = {
    "text": "area", "int": "number", "date": "date", "dt": "datetime-local", "img": "files", "file": "files",
}  # fmt: skip
_BY_NAME: Mapping[str, tuple[Kind, str]] = {  # what the browser may fill in by itself (WCAG 2.1, 1.3.5)
    "customer_name": ("text", "organization"),
    "contact_name": ("text", "name"),
    "contact_phone": ("tel", "tel"),
    "contact_email": ("email", "email"),
    "address": ("text", "street-address"),
}


@dataclass(frozen=True, slots=True)
class Input:
    """One question. `main`: asked of everybody; the others stand below 「更多」."""

    name: str
    label: str
    kind: Kind
    required: bool = False
    main: bool = True
    unit: str = ""
    example: str = ""
    help: str = ""
    most: int = 0  # characters
    rows: int = 1
    least: str = ""
    complete: str = ""
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Questions under one heading."""

    name: str
    title: str
    inputs: tuple[Input, ...]

    @property
    def main(self) -> tuple[Input, ...]:
        return tuple(i for i in self.inputs if i.main)

    @property
    def more(self) -> tuple[Input, ...]:
        return tuple(i for i in self.inputs if not i.main)


@dataclass(frozen=True, slots=True)
class Given:
    """What came back: as typed, and what is wrong with it by question ("": with the whole)."""

    raw: Mapping[str, Any]
    faults: Mapping[str, str] = field(default_factory=dict)


def groups(form: Form, lang: Lang) -> tuple[Group, ...]:
    """The questions that the form leaves to its customer, in its order."""
    found = []
    for section in form.sections:
        asked = [f for f in section.fields if _asked(f, f.filled_by or section.filled_by or form.open_by)]
        if asked:
            found.append(Group(section.name, section.title[lang], tuple(_input(f, form, lang) for f in asked)))
    return tuple(found)


def _asked(fld: Field, writers: Sequence[str]) -> bool:
    return bool(OUTSIDE & set(writers)) and fld.blank and not fld.calc and fld.type not in ("list", "sig", "ref")


def _input(fld: Field, form: Form, lang: Lang) -> Input:
    kind, complete = _BY_NAME.get(fld.name, (_KINDS.get(fld.type, "text"), ""))
    choices = tuple((c.code, c.label[lang]) for c in fld.choices)
    if fld.type == "bool":
        choices = tuple((code, text[lang]) for code, text in _YES_NO)
    if choices:
        kind = "several" if fld.many else "choice"
    weighty = bool(fld.required or fld.required_when) or fld.name in (*form.facts, *_CONTACT) or kind == "files"
    return Input(
        fld.name,
        fld.label[lang],
        kind,
        fld.required,
        weighty,
        fld.unit[lang],
        "" if choices else fld.example[lang],
        fld.help[lang],
        fld.max_length or types.MAX_LENGTH.get(fld.type, 0),
        fld.rows or 1,
        str(fld.min) if fld.min is not None else "",
        complete,
        choices,
    )


def read(given: Mapping[str, list[str]], asked: Sequence[Group], procedures: Procedures, lang: Lang) -> Given:
    """What was typed, checked as any form is (`forms.types`), and for what the page itself asks for."""
    raw: dict[str, Any] = {}
    for one in (i for g in asked for i in g.inputs if i.kind != "files"):
        said = [text for v in given.get(one.name, ()) if (text := v.strip())]
        if said:
            raw[one.name] = said if one.kind == "several" else said[0]
    typed, wrong = typed_values(COMPLAINT, raw, procedures)
    names = {i.name: i.label for g in asked for i in g.inputs}
    faults = {p.field: problems.say(p, lang, names.get(p.field, "")) for p in wrong if p.severity == "error"}
    for fld in procedures.catalogue.missing(COMPLAINT, typed):
        if fld.name in names and fld.name not in faults:
            faults[fld.name] = _empty(fld.label[lang], lang)
    if not any(typed.get(name) for name in REACH):
        faults.setdefault(REACH[0], problems.say(Problem("web_no_contact"), lang))
    mail = str(typed.get("contact_email") or "")
    if mail and "contact_email" not in faults and not _is_address(mail):
        faults["contact_email"] = problems.say(Problem("web_no_address", context={"raw": mail[:60]}), lang)
    return Given(raw, faults)


def _empty(label: str, lang: Lang) -> str:
    return problems.say(Problem("web_empty", context={"label": label}), lang)


def _is_address(text: str) -> bool:
    """As strict as a mail server needs it: one @, a domain with a dot, no blanks or signs that end a header."""
    local, at, domain = text.partition("@")
    plain = text.isascii() and text.isprintable() and not set(text) & set(' <>()[]\\,;:"')
    return bool(at and local and plain) and "." in domain.strip(".") and "@" not in domain and len(text) <= 254

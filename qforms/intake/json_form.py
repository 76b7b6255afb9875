"""Forms as JSON: an object {form, values, number, case_no, by, event}, or a list of such objects."""

from __future__ import annotations

import codecs
import dataclasses as dc
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from qforms.forms import types
from qforms.forms.choices import guess
from qforms.forms.source import nearest
from qforms.intake import charset, numbers
from qforms.model import Filled, Problem, Value
from qforms.settings import Procedures

_KEYS = ("form", "values", "number", "case_no", "by", "event")
_MOST = 1000  # objects in one file


class NotJson(Exception):
    """The file can't be read as forms at all; `problem` says where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def load(data: bytes, where: str) -> Any:
    """What the JSON says, numbers as Decimal, whatever its encoding (UTF-8, with BOM, UTF-16, GBK). Raises NotJson."""
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text, _ = charset.decode(data, "utf-16" if utf16 else "utf-8")
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_unique)
    except json.JSONDecodeError as fault:
        context = {"line": fault.lineno, "column": fault.colno, "reason": fault.msg}
        raise NotJson(Problem("json_unreadable", where, context=context)) from None
    except (ValueError, RecursionError) as fault:
        reason = "too deep" if isinstance(fault, RecursionError) else str(fault)[:120]
        raise NotJson(Problem("json_unreadable", where, context={"line": 1, "column": 1, "reason": reason})) from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON (RFC 8259 section 6)")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for at, (name, _) in enumerate(pairs) if name in {n for n, _ in pairs[:at]})
        raise ValueError(f'"{twice}" stands twice')
    return found


def read(data: bytes, name: str, part: str, procedures: Procedures) -> tuple[Filled, ...]:
    """The forms in a JSON file. What is wrong with one object is a problem of that one alone. Raises NotJson."""
    given = load(data, name)
    objects = given if isinstance(given, list) else [given]
    if not objects:
        raise NotJson(Problem("json_no_form", name))
    if len(objects) > _MOST:
        raise NotJson(Problem("json_too_many", name, context={"most": _MOST}))
    several = len(objects) > 1
    return tuple(_form(o, f"{name}[{i}]" if several else name, part, procedures) for i, o in enumerate(objects))


def _form(given: Any, where: str, part: str, procedures: Procedures) -> Filled:
    if not isinstance(given, Mapping):
        return Filled("", {}, problems=(Problem("json_no_form", where),), part=part)
    problems = [
        Problem("json_unknown_key", where, context={"name": key, **guess(nearest(key, _KEYS))})
        for key in given
        if key not in _KEYS
    ]
    texts = {key: given.get(key) or "" for key in _KEYS if key != "values"}
    for key, value in texts.items():
        if not isinstance(value, str):
            problems.append(Problem("json_wrong_type", where, context={"name": key, "wanted": "text"}))
            texts[key] = ""
    form = texts["form"] or numbers.form_of(texts["number"], procedures.catalogue)
    if form not in procedures.catalogue.forms:
        code = "unknown_form" if form else "json_no_form"
        context = {"name": form, **guess(nearest(form, procedures.catalogue.forms))}
        return Filled("", {}, problems=(Problem(code, where, context=context),), part=part, number=texts["number"])
    values = given.get("values", {})
    if not isinstance(values, Mapping):
        problems.append(Problem("json_wrong_type", where, context={"name": "values", "wanted": "object"}))
        values = {}
    typed, wrong = typed_values(form, values, procedures)
    return Filled(
        form,
        typed,
        where={name: name for name in typed},
        raw={name: _shown(value) for name, value in values.items()},
        problems=(*problems, *wrong),
        part=part,
        number=texts["number"],
        case_no=texts["case_no"],
        by=texts["by"],
        event=texts["event"],
    )


def typed_values(
    form: str, given: Mapping[str, Any], procedures: Procedures, where: Mapping[str, str] = {}
) -> tuple[dict[str, Value], tuple[Problem, ...]]:
    """Raw values by field name -> typed ones, and every problem, an unknown field with the nearest known one.

    A value of null, or one that says 无, is None: the field is to be empty."""
    fields = {f.name: f for f in procedures.catalogue.form(form).fields}
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for name, raw in given.items():
        at = where.get(name, name)
        fld = fields.get(name)
        if fld is None:
            problems.append(Problem("unknown_field", at, name, {"name": name, **guess(nearest(name, fields))}))
            continue
        value, wrong = types.parse_all(fld, raw, at, procedures.settings.zone)
        problems += [p if p.field == name else dc.replace(p, field=f"{name}.{p.field}") for p in wrong]
        if value is not None or not wrong:
            values[name] = value
    return values, tuple(problems)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)

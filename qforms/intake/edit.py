"""Edits of the workbook, which its stage hands over as JSON: what a row holds now, and what it held when written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from qforms.intake import json_form
from qforms.intake.json_form import NotJson
from qforms.model import Delivery, Filled, Problem
from qforms.settings import Procedures


def read(delivery: Delivery, procedures: Procedures) -> Filled:
    """{form, number, values, base, base_revision, new, by, where, event} -> a form filled in by "edit".

    Raises NotJson when it is none, which only a fault of the program can bring about."""
    where = delivery.name or delivery.locator
    given = json_form.load(delivery.raw, where)
    if not isinstance(given, Mapping) or given.get("form") not in procedures.catalogue.forms:
        raise NotJson(Problem("json_no_form", where))
    form = str(given["form"])
    cells: Mapping[str, str] = given.get("where") or {}
    values, problems = json_form.typed_values(form, given.get("values") or {}, procedures, cells)
    base, _ = json_form.typed_values(form, given.get("base") or {}, procedures)
    revision = given.get("base_revision")
    refused = tuple(_problem(p) for p in given.get("problems") or ())
    return Filled(
        form,
        values,
        where={name: cells.get(name, where) for name in values},
        raw={name: str(value) for name, value in (given.get("values") or {}).items()},
        problems=(*refused, *problems),
        how="edit",
        number=str(given.get("number") or ""),
        case_no=str(given.get("case_no") or ""),
        by=str(given.get("by") or delivery.by),
        event=str(given.get("event") or ""),
        base=None if given.get("new") else base,
        base_revision=None if revision is None else int(revision),
    )


def _problem(said: Mapping[str, Any]) -> Problem:
    """What the workbook itself could not take: a formula, an error value."""
    context = said.get("context")
    return Problem(
        str(said.get("code") or ""),
        str(said.get("where") or ""),
        str(said.get("field") or ""),
        context if isinstance(context, Mapping) else {},
    )


def identity(raw: bytes) -> str:
    """What makes an edit the same edit: everything but who saved the file."""
    try:
        given: Any = json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")
    if isinstance(given, dict):
        given.pop("by", None)
    return json.dumps(given, sort_keys=True, ensure_ascii=False)

"""How high the photos may be, so that what is signed above the reply part fits on one page with 12 mm to spare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from qforms.documents.plan import Plan
from qforms.forms.wml import em
from qforms.forms.word_panels import EM_MM, WIDE
from qforms.model import Form

PHOTO, LEAST = 35.0, 22.0  # mm
PAGE = 297.0 - 15 - 16 - 12
_HEAD, _GAP, _BAND, _ROW, _LINE, _SIGNED, _CAPTION, _TRIGGER = 25.0, 1.5, 6.7, 6.15, 3.9, 12.0, 6.7, 17.5


def photo_height(
    form: Form,
    plan: Plan,
    facts: Mapping[str, Sequence[SimpleNamespace]],
    lists: Mapping[str, int],
    rest: Mapping[str, Any],
) -> float:
    """`lists`: rows of each list; `rest`: lines of the request, linked complaints, pairs of photos, by name."""
    used = _HEAD + 2 * _GAP + 2 * _ROW + 10 + _LINE * rest["request"] + _SIGNED
    pairs = 0
    for section in form.sections:
        if section.name == plan.first:
            break
        if plan.modes[section.name] == "hide" or section.panel in ("head", "approvals"):
            continue
        used += _BAND + _GAP + sum(_fact(row) for row in facts[section.name])
        if section.panel == "trigger":
            used += _TRIGGER + _ROW * (1 + rest["complaints"])
        for fld in section.fields:
            used += (lists[fld.name] + 2) * _ROW if lists.get(fld.name) else 0
            pairs += rest["pairs"].get(fld.name, 0)
    if not pairs:
        return PHOTO
    room = (PAGE - used) / pairs - _CAPTION - 1.5
    return PHOTO if room >= PHOTO or room < LEAST else room


def _fact(row: SimpleNamespace) -> float:
    lines = (
        sum(max(1, -(-em(line) * EM_MM // (WIDE - 3.4))) for line in str(row.a.text).split("\n")) if not row.b else 1
    )
    return _ROW + _LINE * (lines - 1)

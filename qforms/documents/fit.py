"""What is signed above the reply part should fit on one page with 12 mm to spare: photos are made lower for it, and if
that is not enough, the last section goes to the next page together with the signatures, which never stand alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

from qforms.documents.plan import Plan
from qforms.forms.wml import em
from qforms.forms.word_cells import EM_MM, LABEL_MM, NARROW, PADDING, WIDE
from qforms.model import Form, Section

PHOTO, LEAST = 35.0, 20.0  # mm
PAGE = 297.0 - 15 - 16 - 12
_HEAD, _REQUEST, _GAP, _BAND, _ROW, _LINE = 24.0, 9.3, 1.4, 6.7, 6.1, 3.9
_SIGNED, _CAPTION, _TRIGGER = 12.0, 7.3, 16.5
_FREE, _FLOW = 12.0, 297.0 - 15 - 16 - 4  # kept free at the end; a page on which rows flow, less what a break wastes


@dataclass(frozen=True, slots=True)
class Content:
    """What a page has to hold: facts by section; heights of lists (mm) and pairs of photos by field."""

    facts: Mapping[str, Sequence[SimpleNamespace]]
    lists: Mapping[str, float]
    pairs: Mapping[str, int]
    request_lines: int
    address_rows: int
    complaints: int


@dataclass(frozen=True, slots=True)
class Fit:
    """The height of photos in mm, and the section that begins a new page ("": none)."""

    photo: float = PHOTO
    break_before: str = ""


def fit(form: Form, plan: Plan, content: Content) -> Fit:
    """How the part above the first cells to fill in is laid out; heights are estimated from the text's widths."""
    used = _HEAD + _GAP + _ROW * content.address_rows + _SIGNED
    used += _REQUEST + _LINE * content.request_lines if plan.first else 0.0
    shown: list[str] = []
    pairs = 0
    for section in form.sections:
        if section.name == plan.first:
            break
        if plan.modes[section.name] == "hide" or section.panel in ("head", "approvals"):
            continue
        shown.append(section.name)
        used += _height(section, content)
        pairs += sum(content.pairs.get(f.name, 0) for f in section.fields)
    if not plan.first:
        return _flowing(used + pairs * _CAPTION, pairs)
    free = PAGE - used - pairs * _CAPTION
    if free >= pairs * PHOTO:
        return Fit()
    if pairs and free >= pairs * LEAST:
        return Fit(free / pairs)
    over = pairs * PHOTO - free
    return Fit(break_before=shown[-1] if plan.page and len(shown) > 1 and over < PAGE / 2 else "")


def _flowing(used: float, pairs: int) -> Fit:
    """Facts from the first page to the last: photos are made lower where that saves a page."""
    pages = -(-(used + pairs * LEAST + _FREE) // _FLOW)
    return Fit(min(PHOTO, (pages * _FLOW - _FREE - used) / pairs)) if pairs else Fit()


def _height(section: Section, content: Content) -> float:
    height = _GAP + sum(_fact(row) for row in content.facts[section.name])
    height += 3 * _ROW if section.panel == "d_strip" else _BAND
    if section.panel == "trigger":
        height += _TRIGGER + _ROW * (1 + content.complaints)
    return height + sum(content.lists.get(f.name, 0.0) for f in section.fields)


def _fact(row: SimpleNamespace) -> float:
    cells = ((row.a, NARROW), (row.b, NARROW)) if row.b else ((row.a, WIDE),)
    lines = max(n for side, width in cells for n in (_lines(side.label, LABEL_MM), _lines(side.text, width)))
    return _ROW + _LINE * (lines - 1)


def _lines(text: str, width: float) -> int:
    return sum(max(1, int(-(-em(line) * EM_MM // (width - PADDING)))) for line in text.split("\n"))

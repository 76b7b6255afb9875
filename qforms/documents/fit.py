"""How a document falls onto pages. What stands above the reply parts, signatures included, should fit on one page with
12 mm to spare: photos are made lower for it, and if that is not enough, the last section goes to the next page together
with the signatures, which never stand alone. The reply parts begin a page, unless the whole fits on one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

from qforms.documents.plan import Plan
from qforms.forms.wml import em
from qforms.forms.word_cells import EM_MM, LABEL_MM, NARROW, PADDING, WIDE
from qforms.model import Form, Section

PHOTO, LEAST = 35.0, 20.0  # mm
FREE = 12.0  # mm, kept free at the end of a page
PAGE = 297.0 - 15 - 16 - FREE
_FLOW = 297.0 - 15 - 16 - 4  # a page on which rows flow, less what a break wastes
_HEAD, _REQUEST, _GAP, _BAND, _ROW, _LINE = 24.0, 9.3, 1.4, 6.7, 6.0, 4.35
_LATIN_LINE = 3.7
_SIGNED, _CAPTION, _TRIGGER = 12.0, 7.3, 18.5


@dataclass(frozen=True, slots=True)
class Content:
    """What a page has to hold: facts and heights of cells to fill in by section; heights of lists and pairs of photos
    by field; lines of the request and of the address; linked complaints. Heights in mm."""

    facts: Mapping[str, Sequence[SimpleNamespace]]
    lists: Mapping[str, float]
    pairs: Mapping[str, int]
    filled: Mapping[str, float]
    request_lines: int
    address_rows: int
    complaints: int


@dataclass(frozen=True, slots=True)
class Fit:
    """The height of photos in mm, and the sections that begin a new page."""

    photo: float = PHOTO
    breaks: frozenset[str] = frozenset()


def fit(form: Form, plan: Plan, content: Content) -> Fit:
    """The layout; heights are estimated from the text's widths."""
    shown = [s for s in form.sections if plan.modes[s.name] != "hide" and s.panel not in ("head", "approvals")]
    names = [s.name for s in shown]
    turn = names.index(plan.turn) if plan.turn else len(names)
    top = _HEAD + _GAP + _ROW * content.address_rows + _SIGNED
    top += _REQUEST + _LINE * content.request_lines if plan.first else 0.0
    above, below = (sum(_height(s, plan, content) for s in part) for part in (shown[:turn], shown[turn:]))
    pairs = sum(content.pairs.get(f.name, 0) for s in shown for f in s.fields)
    if not plan.turn:
        return _flowing(top + above + pairs * _CAPTION, pairs)
    free = PAGE - top - above - pairs * _CAPTION
    if free >= pairs * PHOTO + below:
        return Fit()
    breaks = frozenset([plan.turn])
    if free >= pairs * PHOTO:
        return Fit(breaks=breaks)
    if pairs and free >= pairs * LEAST:
        return Fit(free / pairs, breaks)
    if turn > 1 and pairs * PHOTO - free < PAGE / 2:
        breaks |= {names[turn - 1]}
    return Fit(breaks=breaks)


def _flowing(used: float, pairs: int) -> Fit:
    """One part after the other, from the first page to the last: photos are made lower where that saves a page."""
    pages = -(-(used + pairs * LEAST + FREE) // _FLOW)
    return Fit(min(PHOTO, (pages * _FLOW - FREE - used) / pairs)) if pairs else Fit()


def _height(section: Section, plan: Plan, content: Content) -> float:
    height = _GAP + _facts(content.facts[section.name])
    if plan.modes[section.name] == "fill":
        return height + content.filled[section.name]
    height += 3 * _ROW if section.panel == "d_strip" else _BAND
    if section.panel == "trigger":
        height += _TRIGGER + _ROW * (1 + content.complaints)
    return height + sum(content.lists.get(f.name, 0.0) for f in section.fields)


def _facts(rows: Iterable[SimpleNamespace]) -> float:
    return sum(_fact(row) for row in rows)


def _fact(row: SimpleNamespace) -> float:
    cells = ((row.a, NARROW), (row.b, NARROW)) if row.b else ((row.a, WIDE),)
    return max(_ROW, *(1.0 + h for s, width in cells for h in (_text(s.label, LABEL_MM), _text(s.text, width))))


def _text(text: str, width: float) -> float:
    return _lines(text, width) * (_LATIN_LINE if text.isascii() else _LINE)


def _lines(text: str, width: float) -> int:
    """Lines of a text; `em` is on the safe side, so a line that is a little too long still counts as one."""
    return sum(max(1, int(-(-em(line) * EM_MM * 0.88 // (width - PADDING)))) for line in text.split("\n"))

"""How a document falls onto pages. What stands above the reply parts, signatures included, should fit on one page with
12 mm to spare: photos are made lower for it, and if that is not enough, the last section goes to the next page together
with the signatures, which never stand alone. The reply parts begin a page, unless the whole fits on one or flows onto
fewer pages. A few lines that would need a page of their own are spared it: all rows are made a little lower."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

from qforms.documents.plan import Plan
from qforms.forms.wml import em
from qforms.forms.word_cells import EM_MM, LABEL_MM, NARROW, PADDING, WIDE
from qforms.model import Form, Section

PHOTO, LEAST = 35.0, 20.0  # mm
LOWEST = 0.89  # of a row's height: a line of 9 pt still stands in it with air above and below
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
    """The height of photos in mm, the sections that begin a new page, and how high rows are, of their full height."""

    photo: float = PHOTO
    breaks: frozenset[str] = frozenset()
    rows: float = 1.0


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
    used = top + above + below + pairs * _CAPTION
    if _pages(used + pairs * PHOTO) < _pages(used - below + pairs * PHOTO) + _pages(below):
        return _flowing(used, pairs)
    breaks = frozenset([plan.turn])
    if free >= pairs * PHOTO:
        return Fit(breaks=breaks, rows=_lower(below))
    if pairs and free >= pairs * LEAST:
        return Fit(free / pairs, breaks)
    if turn > 1 and pairs * PHOTO - free < PAGE / 2:
        breaks |= {names[turn - 1]}
    return Fit(breaks=breaks)


def _flowing(used: float, pairs: int) -> Fit:
    """One part after the other, from the first page to the last: photos are made lower where that saves a page."""
    rows = _lower(used + pairs * LEAST)
    pages = _pages(used * rows + pairs * LEAST)
    return Fit(min(PHOTO, (pages * _FLOW - FREE - used * rows) / pairs) if pairs else PHOTO, rows=rows)


def _pages(used: float) -> int:
    return int(-(-(used + FREE) // _FLOW))


def _lower(used: float) -> float:
    """How much of their height rows keep: less where that spares a page."""
    return LOWEST if _pages(LOWEST * used) < _pages(used) else 1.0


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

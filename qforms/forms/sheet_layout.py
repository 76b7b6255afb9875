"""Where the fields of a form stand on its Excel sheet: a list of strips from top to bottom. Pure; knows no Excel.

One set of verticals runs through the page: label, value, label, value. A label is three narrow columns wide and a value
six; a list shares the eighteen out among its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as part
from itertools import pairwise
from typing import Literal

from qforms.forms.parts import own_number
from qforms.forms.rows import drawn, single
from qforms.forms.sheet_style import lines_of, text_width
from qforms.model import Field, Form, Lang, Record, Section, Text, Value

# Widths in digits: column A is the margin, B the first label.
LABEL_WIDTH, VALUE_WIDTH = 16.5, 29.0
WIDTHS = 2 * ((LABEL_WIDTH / 3,) * 3 + (VALUE_WIDTH / 6,) * 6)
LABELS, VALUES, END = ((1, 3), (10, 12)), ((4, 9), (13, 18)), 18
PAGE_HEIGHT = 742.0  # points between the margins of A4 portrait (297 - 15 - 18 mm), a line kept free
_LOWER = (1.0, 0.93, 0.86)  # rows are made lower where that saves a page
_SHRINK = 1.1  # a form is shrunk by so much rather than given a second page
BAND, FIELD, LINE_HEIGHT, TEXT_MIN, TEXT_MAX = 24.75, 29.25, 15.5, 58.0, 116.0
_LIST_MOST = 10  # columns of a list that stay readable on A4
_ENGLISH = re.compile(r"[A-Za-z']+")
_ZH_NUMBERS = "一二三四五六七八九十"

# How wide a list's column wants to be, and how wide it must be (a date that does not fit is shown as ###).
_LEAST = {"date": 9.5, "dt": 14.0, "money": 9.5, "text": 14.0}
_WISH = {"text": 3.2, "str": 2.0, "int": 1.0, "dec": 1.1, "money": 1.4, "bool": 1.0, "date": 1.5, "dt": 2.2, "ref": 2.2}


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell (or merged cells) for one value: columns are numbered from 1 within the grid. `label`: its value is the
    printed name of a list's row."""

    field: Field
    first: int
    last: int
    input: bool
    value: Value = None
    row: int = -1  # the row of a list
    list: str = ""
    label: bool = False


@dataclass(frozen=True, slots=True)
class Strip:
    """One row of the sheet. `labels` are (first, last column, field, text)."""

    kind: Literal["band", "reply", "fields", "box", "list", "head", "line"]
    height: float
    text: str = ""
    labels: tuple[tuple[int, int, Field | None, str], ...] = ()
    spots: tuple[Spot, ...] = ()
    stretch: bool = False
    start: bool = part(default=False)  # a page may begin here


def fillable(form: Form, section: Section, fld: Field, roles: frozenset[str] | None) -> bool:
    """Whether a reader with these roles (None: any person) writes the field."""
    may = fld.filled_by or section.filled_by or form.open_by
    if fld.calc or may == ("system",):
        return False
    return roles is None or not may or "anyone" in may or bool(roles & set(may))


def strips(
    form: Form, lang: Lang, roles: frozenset[str] | None = None, record: Record | None = None
) -> tuple[Strip, ...]:
    """The whole form. What the reader does not write stands there white, if it is known or filled in by the system."""
    values: Mapping[str, Value] = record.values if record else {}
    found: list[Strip] = []
    count, ours = 0, False
    own = any(own_number(s, lang) for s in form.sections)  # the headings bring their numbers: D3 …, 二至四、…
    for section in form.sections:
        shown = [(f, fillable(form, section, f, roles)) for f in section.fields if f.blank]
        shown = [(f, mine) for f, mine in shown if _stands(form, section, f, mine, values)]
        if not shown:
            continue
        ours = not any(mine for _, mine in shown)
        kind: Literal["band", "reply"] = "reply" if section.reply and not ours else "band"
        title = _title(section.title, None if own else count, lang, ours and not values)
        count += 1
        found.append(Strip(kind, BAND, title, start=True))
        found += _body(form, section, shown, values, lang, roles)
    if record is None:
        found += _reception(None if own else count, lang, band=not ours)
    return tuple(found)


def _stands(form: Form, section: Section, fld: Field, mine: bool, values: Mapping[str, Value]) -> bool:
    if mine or fld.name in values:
        return True
    may = fld.filled_by or section.filled_by or form.open_by
    return fld.type != "list" and (bool(fld.calc) or may == ("system",))


def _title(title: Text, count: int | None, lang: Lang, ours: bool) -> str:
    """A heading with its number; None: without one."""
    if lang == "en":
        number = "" if count is None else f"{count + 1}  "
        return f"{number}{title.en or title.zh}" + (" (filled in by us)" if ours and "by us" not in title.en else "")
    number = "" if count is None else f"{_ZH_NUMBERS[count] if count < 10 else count + 1}、"
    return f"{number}{title.zh}" + ("（本公司填写）" if ours and "本公司" not in title.zh else "")


def _reception(count: int | None, lang: Lang, *, band: bool) -> list[Strip]:
    """The strip in which a blank form is registered by us, on paper too; without a band of its own after our part."""
    title = _title(Text("受理", "Reception"), count, lang, ours=True)
    texts = ("单据编号", "登记人 / 时间") if lang == "zh" else ("Document no.", "Registered by / at")
    labels = tuple((*place, None, text) for place, text in zip(LABELS, texts, strict=True))
    return [*([Strip("band", BAND, title, start=True)] if band else []), Strip("fields", FIELD, labels=labels)]


def _body(
    form: Form,
    section: Section,
    shown: Sequence[tuple[Field, bool]],
    values: Mapping[str, Value],
    lang: Lang,
    roles: frozenset[str] | None,
) -> list[Strip]:
    found: list[Strip] = []
    pair: list[tuple[Field, bool]] = []
    for fld, mine in _paired(shown):
        narrow = _narrow(fld)
        if narrow:
            pair.append((fld, mine))
        if pair and (len(pair) == 2 or not narrow):
            found.append(_pair(pair, values, lang))
            pair = []
        if fld.type == "list":
            found += _list(form, section, fld, mine, values.get(fld.name) or (), lang, roles)
        elif not narrow:
            found.append(_wide(section, fld, mine, values, lang))
    return [*found, _pair(pair, values, lang)] if pair else found


def _narrow(fld: Field) -> bool:
    return fld.type not in ("list", "text") and not fld.wide and fld.rows < 2


def _paired(shown: Sequence[tuple[Field, bool]]) -> list[tuple[Field, bool]]:
    """The fields in order, but a narrow one that stands alone before a wide one is joined by the next narrow one."""
    rest, found = list(shown), list[tuple[Field, bool]]()
    while rest:
        first = rest.pop(0)
        found.append(first)
        if _narrow(first[0]):
            partner = next((i for i, (fld, _) in enumerate(rest) if _narrow(fld)), None)
            if partner is not None:
                found.append(rest.pop(partner))
    return found


def _pair(pair: Sequence[tuple[Field, bool]], values: Mapping[str, Value], lang: Lang) -> Strip:
    labels = tuple((*at, f, _beside(f, lang)) for (f, _), at in zip(pair, LABELS, strict=False))
    ends = (VALUES[0][1], END) if len(pair) == 2 else (END,)  # a field without a neighbour takes the whole width
    spots = tuple(
        Spot(f, first, end, mine, values.get(f.name))
        for (f, mine), (first, _), end in zip(pair, VALUES, ends, strict=False)
    )
    height = max(_height(text, LABEL_WIDTH - 2.5) for _, _, _, text in labels)
    height = max(height, *(_height(str(values.get(f.name, "")), 27) for f, _ in pair))
    return Strip("fields", height, labels=labels, spots=spots)


def _wide(section: Section, fld: Field, mine: bool, values: Mapping[str, Value], lang: Lang) -> Strip:
    free = fld.type == "text" or fld.rows > 1 or (fld.type == "img" and section.panel == "photos")
    text = _beside(fld, lang)
    value = values.get(fld.name)
    height = max(TEXT_MIN if free and mine else FIELD, fld.rows * 19.0 + 1, _height(text, LABEL_WIDTH - 2.5))
    height = min(400.0, max(height, _height(str(value or ""), 70)))
    spot = Spot(fld, VALUES[0][0], END, mine, value)
    return Strip(
        "box" if free else "fields", height, labels=((*LABELS[0], fld, text),), spots=(spot,), stretch=free and mine
    )


def _list(
    form: Form,
    section: Section,
    fld: Field,
    mine: bool,
    rows: Sequence[Mapping[str, Value]],
    lang: Lang,
    roles: frozenset[str] | None,
) -> list[Strip]:
    columns = sorted((c for c in fld.fields if c.blank), key=lambda c: c.name != fld.rows_of)
    if fld.rows_of:  # printed, so that nobody has to write it
        columns[0] = replace(columns[0], required=False)
    own = Section(section.name, section.title, (), fld.filled_by or section.filled_by)
    lines = drawn(fld, rows) if mine else rows
    if single(fld):
        pairs = [(c, mine and fillable(form, own, c, roles)) for c in columns]
        return [Strip("list", 21.0, label(fld, lang), start=True), *_single(fld, pairs, lines, lang)]
    if len(columns) > _LIST_MOST:  # the rest is entered in the workbook: what must be there comes first
        keep = sorted(columns, key=lambda c: not c.required)[:_LIST_MOST]
        columns = [c for c in columns if c in keep]
    wishes = [(2.6 if c.wide else _WISH.get(c.type, 1.6)) for c in columns]
    spans = share(wishes, [max(_LEAST.get(c.type, 9.0), _longest(c, fld, lang)) for c in columns])
    width = [sum(WIDTHS[a - 1 : b]) for a, b in spans]
    texts = [_folded(label(c, lang), w - (2 if c.required else 1)) for c, w in zip(columns, width, strict=True)]
    head = max(_height(text, w - 1) for text, w in zip(texts, width, strict=True))
    writes = [mine and fillable(form, own, c, roles) and c.name != fld.rows_of for c in columns]
    found = [
        Strip("list", 21.0, label(fld, lang), start=True),
        Strip("head", head, labels=tuple((*s, c, t) for s, c, t in zip(spans, columns, texts, strict=True))),
    ]
    for i, row in enumerate(lines):
        spots = tuple(
            Spot(c, a, b, w, row.get(c.name), i, fld.name, label=c.name == fld.rows_of)
            for c, (a, b), w in zip(columns, spans, writes, strict=True)
        )
        tall = max(_height(_words(c, row.get(c.name), lang), w - 1) for c, w in zip(columns, width, strict=True))
        found.append(Strip("line", max(24.0, min(tall, 200.0)), spots=spots))
    return found


def _longest(column: Field, fld: Field, lang: Lang) -> float:
    """The width of the longest English word in a column's head, and in its cells where they are printed: no program
    breaks such a word where it reads well."""
    said = [label(column, lang), *(c.label[lang] for c in column.choices if column.name == fld.rows_of)]
    words = [word for text in said for word in _ENGLISH.findall(text)]
    return max(map(text_width, words), default=0.0) + (2.5 if column.required else 1.5)


def _words(fld: Field, value: Value, lang: Lang) -> str:
    """About what stands in the cell: enough to know its lines."""
    chosen = next((c.label[lang] for c in fld.choices if c.code == str(value)), None)
    return chosen or ("" if value is None else str(value))


def _single(
    fld: Field, columns: Sequence[tuple[Field, bool]], rows: Sequence[Mapping[str, Value]], lang: Lang
) -> list[Strip]:
    """A list of one row: its columns as label and value, two by two."""
    row = rows[0] if rows else {}
    pairs = [columns[i : i + 2] for i in range(0, len(columns), 2)]
    strips = (_pair(pair, row, lang) for pair in pairs)
    return [replace(s, spots=tuple(replace(x, row=0, list=fld.name) for x in s.spots)) for s in strips]


def _beside(fld: Field, lang: Lang) -> str:
    """The label left of a value; a required one shares its cell with the asterisk."""
    return _folded(label(fld, lang), LABEL_WIDTH - (2.5 if fld.required else 1.5))


def _folded(text: str, width: float) -> str:
    """A heading broken where it reads well: before the unit, else in the middle of a Chinese word."""
    if text_width(text) <= width:
        return text
    words, bracket, unit = text.partition("（")
    if len(words) > 3 and text_width(words) > width and words.isalpha() and ord(words[0]) > 0x2E7F:
        half = -(-len(words) // 2)
        words = f"{words[:half]}\n{words[half:]}"
    return f"{words}\n{bracket}{unit}" if bracket else words


def _height(text: str, width: float) -> float:
    return max(FIELD, lines_of(text, width) * LINE_HEIGHT + 6)


def label(fld: Field, lang: Lang) -> str:
    """A field's label with its unit, in full-width brackets in Chinese: 不良数量（台）."""
    text, unit = fld.label[lang], fld.unit[lang]
    if not unit or unit in text:
        return text
    return f"{text}（{unit}）" if lang == "zh" else f"{text} ({unit})"


def share(wishes: Sequence[float], least: Sequence[float]) -> tuple[tuple[int, int], ...]:
    """Shares the columns out among at most as many wishes, in order: (first, last) of each, counted from 1. Each gets a
    column at least; the widths come as near to the wishes as the grid allows, and what is `least` weighs most."""
    n, total = len(wishes), sum(WIDTHS)
    goal = [w * total / sum(wishes) for w in wishes]
    best: dict[tuple[int, int], tuple[float, tuple[int, ...]]] = {(0, 0): (0.0, (0,))}
    for i in range(n):
        for end in range(i + 1, len(WIDTHS) - (n - i - 1) + 1):
            options = [
                (best[i, s][0] + _misfit(sum(WIDTHS[s:end]), goal[i], least[i]), (*best[i, s][1], end))
                for s in range(i, end)
                if (i, s) in best
            ]
            if options:
                best[i + 1, end] = min(options)
    cuts = best[n, len(WIDTHS)][1]
    return tuple((a + 1, b) for a, b in pairwise(cuts))


def _misfit(width: float, goal: float, least: float) -> float:
    return (width - goal) ** 2 / goal + 50 * max(0.0, least - width)


def fit(found: Sequence[Strip], above: float, again: float) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Heights that fill the page, and before which strips a new page begins (none: all of it stands on one page).

    `above` is the height of the title, `again` of what is repeated on each further page. Free text is stretched up to
    what look and page allow."""
    tries = [_breaks(found, _lowered(found, above, by), above, again) for by in _LOWER]
    heights, breaks = min(tries, key=lambda t: len(t[1]))  # the first of those with fewest pages
    edges = [0, *breaks, len(found)]
    for first, last in pairwise(edges):
        boxes = [i for i in range(first, last) if found[i].stretch and heights[i] < TEXT_MAX]
        spare = PAGE_HEIGHT - sum(heights[first:last]) - (above if first == 0 else again)
        for k, i in enumerate(boxes):
            more = min(TEXT_MAX - heights[i], max(0.0, spare) / (len(boxes) - k))
            heights[i] += more
            spare -= more
    return tuple(heights), tuple(breaks)


def _lowered(found: Sequence[Strip], above: float, by: float) -> list[float]:
    heights = [h * by for h in _squeezed(found, above)]
    return [h if s.kind in ("fields", "box", "line") else s.height for s, h in zip(found, heights, strict=True)]


def _breaks(found: Sequence[Strip], heights: list[float], above: float, again: float) -> tuple[list[float], list[int]]:
    """The heights, and the strips before which a new page begins."""
    breaks: list[int] = []
    fits = above + sum(heights) <= PAGE_HEIGHT * _SHRINK
    reply = next((i for i, s in enumerate(found) if s.kind == "reply"), 0)  # it is printed and signed by itself
    used, start = above, 0
    for i, strip in enumerate(found if not fits else ()):
        if i == reply and used > PAGE_HEIGHT / 2:
            breaks.append(i)
            used, start = again, i
        elif used + _block(found, i) > PAGE_HEIGHT and i > start and (strip.start or used + heights[i] > PAGE_HEIGHT):
            at = i if strip.start or i - 1 <= start or not found[i - 1].start else i - 1
            breaks.append(at)
            used, start = again + sum(heights[at:i]), at
        used += heights[i]
    return heights, breaks


def _squeezed(found: Sequence[Strip], above: float) -> list[float]:
    """Heights with free text made smaller where that keeps the form on one page."""
    heights = [s.height for s in found]
    over = above + sum(heights) - PAGE_HEIGHT
    slack = [max(0.0, h - TEXT_MIN) if s.stretch else 0.0 for s, h in zip(found, heights, strict=True)]
    if over <= 0 or over > sum(slack):
        return heights
    return [h - over * free / sum(slack) for h, free in zip(heights, slack, strict=True)]


def _block(found: Sequence[Strip], i: int) -> float:
    """The height of what should not be parted from strip i: a band with its first row, a list with its lines."""
    if not found[i].start:
        return found[i].height
    end = i + 1
    if found[i].kind == "list":
        while end < len(found) and found[end].kind in ("head", "line"):
            end += 1
        whole = sum(s.height for s in found[i:end])
        return whole if whole < PAGE_HEIGHT / 2 else sum(s.height for s in found[i : i + 4])
    return found[i].height + (_block(found, end) if end < len(found) else 0.0)

"""How a section is drawn: `facts` (the default: whatever its fields are), `trigger` (the arithmetic that opened the
form, with the complaints it rests on) and `d_strip` (planned and actual dates of the steps).

A panel gives the rows of one table on the grid 24 | 63 | 24 | 63 mm. It takes the section's declared fields: no panel
knows a form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qforms.forms.wml import (
    GREY,
    INPUT,
    LABEL,
    LABEL_FACE,
    NAVY,
    NBSP,
    RED,
    VALUE,
    WHITE,
    Cell,
    Face,
    Row,
    control_row,
    em,
    label_cell,
    runs,
    tag,
)
from qforms.model import Field, Form, Lang, Section

NARROW, WIDE, LABEL_MM = 63.0, 150.0, 24.0
EM_MM = 3.175  # a full-width character at 9 pt
PADDING = 3.4
MAX_CHOICES = 12
# Columns of a list: least width in mm and how eagerly they take what is left over.
_COLUMN: Mapping[str, tuple[float, float]] = {
    "text": (22, 3),
    "str": (20, 1.2),
    "int": (15, 0.1),
    "dec": (16, 0.1),
    "money": (21, 0.1),
    "bool": (16, 0.1),
    "enum": (20, 0.3),
    "date": (21, 0),
    "dt": (33, 0),
    "ref": (31, 0),
    "user": (18, 0.4),
    "dept": (22, 0.4),
}
_NUMBER_MM = 9.0
_MAIN_TEXT = 46.0  # what the first text column of a list should get
TRIGGER_FIELDS = frozenset(
    [
        "trigger_text",
        "denom_basis",
        "n_defect",
        "n_shipped",
        "rate_permille",
        "rate_ppm",
        "triggers",
        "trigger_at",
        "trigger_complaint",
        "complaints",
    ]
)
_STEP = re.compile(r"(\w+)_(due|done)")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a panel draws: a section of a form; `fill`: its cells are for the reader to fill in."""

    form: Form
    section: Section
    fields: tuple[Field, ...]
    lang: Lang
    fill: bool
    blank: bool = False


def fillable(form: Form, section: Section, fld: Field, blank: bool = False) -> bool:
    """Whether a person writes the field on paper; on a `blank` form that customers may send in: a customer."""
    may = fld.filled_by or section.filled_by or form.open_by
    if not fld.blank or fld.calc or may == ("system",):
        return False
    return not blank or "customer" not in form.open_by or bool({"customer", "anyone"} & set(may))


# ---------------------------------------------------------------- facts


def facts(sheet: Sheet) -> Iterator[Row]:
    """Single values on the grid (to be filled in: cell by cell; else: what is known), then lists, then photos."""
    single = [f for f in sheet.fields if f.type not in ("list", "img")]
    if sheet.fill:
        yield from _cells(
            sheet, [f for f in single if fillable(sheet.form, sheet.section, f, sheet.blank) and f.type != "file"]
        )
    if single:
        yield from _known(sheet.section.name)
    for fld in sheet.fields:
        if fld.type == "list" and (not sheet.blank or fillable(sheet.form, sheet.section, fld, True)):
            yield from _list(sheet, fld, alone=not single and fld is sheet.fields[0])
    for fld in sheet.fields:
        if fld.type == "img" and not sheet.blank:
            yield from _photos(fld)
        elif fld.type == "img" and fillable(sheet.form, sheet.section, fld, True):
            yield Row(_input(sheet, fld, WIDE), 18)


def _known(section: str) -> Iterator[Row]:
    """A loop over the known facts of a section, packed two by two."""
    yield control_row(f"for row in facts.{section}")
    yield control_row("if row.b")
    cells = tuple(
        cell
        for side in ("a", "b")
        for cell in (
            Cell(LABEL_MM, tag(f"{{{{ row.{side}.label }}}}", LABEL_FACE), LABEL),
            Cell(NARROW, tag(f"{{{{r row.{side}.value }}}}")),
        )
    )
    yield Row(cells)
    yield control_row("else")
    label = Cell(LABEL_MM, tag("{{ row.a.label }}", LABEL_FACE), LABEL)
    yield Row((label, Cell(WIDE, tag("{{r row.a.value }}"))), split=True)
    yield control_row("endif")
    yield control_row("endfor")


def _cells(sheet: Sheet, fields: Sequence[Field]) -> Iterator[Row]:
    """Cells to fill in: narrow ones two by two, in order as far as they pair up."""
    waiting: Field | None = None
    for fld in fields:
        if is_wide(fld, sheet.lang):
            if waiting is not None:
                yield _wide(sheet, waiting)
                waiting = None
            yield _wide(sheet, fld)
        elif waiting is None:
            waiting = fld
        else:
            yield Row((*_input(sheet, waiting, NARROW), *_input(sheet, fld, NARROW)), 8)
            waiting = None
    if waiting is not None:
        yield _wide(sheet, waiting)


def _wide(sheet: Sheet, fld: Field) -> Row:
    free = fld.type == "text"
    line = 6.2 if sheet.blank else 8.0
    height = max(8.0, fld.rows * line or (3 * line if free else 8.0))
    return Row(_input(sheet, fld, WIDE, top=free), height, split=free)


def _input(sheet: Sheet, fld: Field, width: float, top: bool = False) -> tuple[Cell, Cell]:
    name = label_text(fld, sheet.lang)
    label = label_cell(LABEL_MM, name, star=fld.required or bool(fld.required_when))
    return label, Cell(width, tag(f"{{{{r f.{fld.name} }}}}"), INPUT, top=top)


def label_text(fld: Field, lang: Lang) -> str:
    """The label of a cell to fill in, with its unit: 不良数量（台）."""
    unit = fld.unit[lang]
    if not unit:
        return fld.label[lang]
    return f"{fld.label[lang]}（{unit}）" if lang == "zh" else f"{fld.label[lang]} ({unit})"


def is_wide(fld: Field, lang: Lang) -> bool:
    """Whether a cell to fill in takes the whole width: free text, several lines, or choices that need the room."""
    if fld.wide or fld.type in ("text", "sig") or fld.rows > 1:
        return True
    return options_width(fld, lang) > NARROW - PADDING


def options(fld: Field, lang: Lang) -> tuple[tuple[str, str], ...]:
    """(code, label) of the boxes to tick; empty for a field that is written. Yes and no count as choices."""
    if fld.type == "bool":
        return (("true", "是"), ("false", "否")) if lang == "zh" else (("true", "Yes"), ("false", "No"))
    if fld.choices and len(fld.choices) <= MAX_CHOICES:
        return tuple((c.code, c.label[lang]) for c in fld.choices)
    return ()


def options_text(fld: Field, lang: Lang, chosen: frozenset[str] = frozenset(), width: float = 0) -> str:
    """□ 个别  ■ 批量  □ 严重: box and word never part; in lines of at most `width` mm at 9 pt (0: one line)."""
    lines = [""]
    for code, label in options(fld, lang):
        word = f"{'■' if code in chosen else '□'}{NBSP}{label.replace(' ', NBSP)}"
        longer = f"{lines[-1]}  {word}" if lines[-1] else word
        if lines[-1] and width and em(longer) * EM_MM > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def input_width(fld: Field, lang: Lang) -> float:
    """The room for a value in its cell to be filled in, mm."""
    return (WIDE if is_wide(fld, lang) else NARROW) - PADDING


def boxes_width(column: Field, lang: Lang) -> float:
    """The room for the boxes of a list's cell, mm at 9 pt: two side by side if they are short, else one."""
    words = sorted(em(label) + 1.52 for _, label in options(column, lang))
    two = (sum(words[-2:]) + 1.04) * EM_MM + 0.1
    short = (sum(words[:2]) + 1.04) * EM_MM + 0.1
    return two if two <= 30 else max(words[-1] * EM_MM + 0.1, short if short <= 30 else 0)


def options_width(fld: Field, lang: Lang) -> float:
    return em(options_text(fld, lang)) * EM_MM


# ---------------------------------------------------------------- lists


def _list(sheet: Sheet, fld: Field, alone: bool) -> Iterator[Row]:
    """A list: head row, then one row for each; to be filled in, as many as the form draws. `alone` under its band:
    the head is repeated on every page."""
    columns = list_columns(fld, sheet.fill, sheet.lang)
    if not columns:
        return
    widths = _widths(columns, sheet)
    if not sheet.fill:
        yield control_row(f"if rows.{fld.name}")
    if not alone:
        yield Row((Cell(174, runs(fld.label[sheet.lang], LABEL_FACE), LABEL),), 5.6, keep=True)
    number = "序" if sheet.lang == "zh" else "No."
    heads = [Cell(_NUMBER_MM, runs(number, LABEL_FACE), LABEL, "center")]
    for column, width in zip(columns, widths, strict=True):
        star = sheet.fill and column.required
        cell = label_cell(width, label_text(column, sheet.lang), star=star)
        heads.append(replace(cell, align="center"))
    yield Row(tuple(heads), 8 if sheet.fill else 6, head=alone, keep=True)
    yield control_row(f"for row in rows.{fld.name}")
    cells = [Cell(_NUMBER_MM, tag("{{ loop.index }}"), align="center")]
    for column, width in zip(columns, widths, strict=True):
        boxes = sheet.fill and _boxed(column, sheet.lang)
        face = Face(8.5) if boxes else VALUE
        fill = INPUT if sheet.fill else ""
        cells.append(Cell(width, tag(f"{{{{r row.{column.name} }}}}", face), fill, _align(column) if not boxes else ""))
    yield Row(tuple(cells), 10 if sheet.fill else 6, split=not sheet.fill)
    yield control_row("endfor")
    if not sheet.fill:
        yield control_row("endif")


def list_columns(fld: Field, fill: bool, lang: Lang) -> tuple[Field, ...]:
    """The columns that the page has room for: required ones first, in declared order."""
    possible = [c for c in fld.fields if c.type not in ("file", "img", "sig", "list")]
    if fill:
        possible = [c for c in possible if c.blank and not c.calc and c.filled_by != ("system",)]
    room, kept = 174 - _NUMBER_MM, set()
    texts = [c for c in possible if c.type == "text"]
    for column in sorted(possible, key=lambda c: not (c.required or bool(c.required_when))):
        need = _least(column, fill, lang)
        if texts and column is texts[0] and len(texts) < 4:
            need = max(need, _MAIN_TEXT)
        if need <= room or column.required:
            kept.add(column.name)
            room -= need
    return tuple(c for c in possible if c.name in kept)


def _boxed(column: Field, lang: Lang) -> bool:
    """Whether the cell of a list holds boxes to tick: few choices with short words."""
    found = options(column, lang)
    return 0 < len(found) <= 6 and max(em(label) for _, label in found) <= 9.5


def _least(column: Field, fill: bool, lang: Lang) -> float:
    least = _COLUMN.get(column.type, (20.0, 0.5))[0]
    if fill and _boxed(column, lang):
        return max(14.0, boxes_width(column, lang) * 8.5 / 9 + PADDING + 0.8)
    head = min(em(label_text(column, lang)), 6) * EM_MM / (2 if em(label_text(column, lang)) > 4 else 1) + PADDING
    if column.choices:
        widest_word = max(em(c.label[lang]) for c in column.choices)
        least = min(max(widest_word * EM_MM + PADDING, 14), 30)
    return max(least, head)


def _widths(columns: Sequence[Field], sheet: Sheet) -> list[float]:
    """Least widths, and the rest of the line to those that can use it; whole tenths of a millimetre."""
    least = [_least(c, sheet.fill, sheet.lang) for c in columns]
    least = [w * min(1, (174 - _NUMBER_MM) / sum(least)) for w in least]
    keen = [_COLUMN.get(c.type, (20.0, 0.5))[1] or 0.01 for c in columns]
    rest = 174 - _NUMBER_MM - sum(least)
    widths = [round(a + rest * k / sum(keen), 1) for a, k in zip(least, keen, strict=True)]
    widths[keen.index(max(keen))] += round(174 - _NUMBER_MM - sum(widths), 1)
    return [round(w, 1) for w in widths]


def _align(column: Field) -> str:
    if column.many or column.type in ("text", "str", "user", "dept"):
        return ""
    return "right" if column.type in ("int", "dec", "money") and not column.choices else "center"


# ---------------------------------------------------------------- photos


def _photos(fld: Field) -> Iterator[Row]:
    """Pairs of photos, the bad one left, the good one right; each pair stays with its captions."""
    yield control_row(f"for pair in photos.{fld.name}")
    sides = ("left", "right")
    yield Row(tuple(Cell(87, tag(f"{{{{r pair.{s} }}}}"), align="center") for s in sides), 20, keep=True)
    yield Row(
        tuple(Cell(87, tag(f"{{{{ pair.{s}_caption }}}}", Face(8.5)), align="center") for s in sides), 5.6, keep=True
    )
    yield control_row("endfor")


# ---------------------------------------------------------------- trigger


def trigger(sheet: Sheet) -> Iterator[Row]:
    """The arithmetic large, the test in integers beside it, and the complaints whose units add up to it."""
    if sheet.fill:
        yield from facts(sheet)
        return
    big, red = Face(12, hei=True), Face(15, hei=True, bold=True, colour=RED)
    lines = tuple(
        x
        for name in ("test", "since", "limit")
        for x in (
            tag(f"{{%p if trigger.{name} %}}"),
            tag(f"{{{{ trigger.{name}_label }}}}", LABEL_FACE) + runs("  ") + tag(f"{{{{ trigger.{name} }}}}"),
            tag("{%p endif %}"),
        )
    )
    sum_cell = (tag("{{ trigger.sum }}", big) + tag("{{ trigger.rate }}", red), tag("{{ trigger.note }}"))
    yield control_row("if trigger.rate")
    yield Row((Cell(64, sum_cell, align="center"), Cell(110, lines)), 16, keep=True)
    yield control_row("endif")
    yield control_row("if trigger.complaints")
    zh = sheet.lang == "zh"
    heads = (
        ("投诉编号", "收到时间", "客户单号", "本次台数", "累计台数", "累计 ‰")
        if zh
        else ("Complaint", "Received at", "Customer's no.", "Units", "Total units", "Total ‰")
    )
    widths = (33, 33, 32, 17, 17, 18, 24)
    over = tag("{{ trigger.over }}", LABEL_FACE)
    inner = [*(runs(h, LABEL_FACE) for h in heads), over]
    yield Row(tuple(Cell(w, x, LABEL, "center") for w, x in zip(widths, inner, strict=True)), keep=True)
    yield control_row("for line in trigger.complaints")
    names = ("number", "at", "customer_no", "units", "total", "rate")
    aligns = ("center", "center", "center", "right", "right", "right")
    cells = [Cell(w, tag(f"{{{{ line.{n} }}}}"), align=a) for w, n, a in zip(widths, names, aligns, strict=False)]
    yield Row((*cells, Cell(24, tag("{{r line.over }}"), align="center")))
    yield control_row("endfor")
    yield control_row("endif")
    yield from facts(replace(sheet, fields=tuple(f for f in sheet.fields if f.name not in TRIGGER_FIELDS)))


# ---------------------------------------------------------------- steps


def d_strip(sheet: Sheet) -> Iterator[Row]:
    """D0 … D8 in a row with planned and actual dates; steps that are done stand on navy."""
    steps = strip_steps(sheet.fields)
    if steps:
        width = round((174 - 21) / len(steps), 1)
        first = round(174 - width * len(steps), 1)
        yield Row((Cell(first, tag("{{ strip.year }}", LABEL_FACE), LABEL), *_step_heads(steps, width)), keep=True)
        for name, label in (("due", ("计划", "Planned")), ("done", ("实际", "Actual"))):
            cells = [Cell(width, tag(f"{{{{ strip.{s}.{name} }}}}", Face(8.5)), align="center") for s in steps]
            yield Row((label_cell(first, label[0 if sheet.lang == "zh" else 1]), *cells), keep=name == "due")
    rest = tuple(f for f in sheet.fields if not _STEP.fullmatch(f.name))
    if rest:
        yield from facts(replace(sheet, fields=rest))


def strip_steps(fields: Sequence[Field]) -> tuple[str, ...]:
    """The steps that have a planned or an actual date: d0 … d8."""
    return tuple(dict.fromkeys(m[1] for f in fields if (m := _STEP.fullmatch(f.name))))


def steps(form: Form) -> tuple[str, ...]:
    """The steps of a form that is filled in step by step: sections that have a planned or actual date (d0 … d8)."""
    dated = strip_steps(form.fields)
    return tuple(s.name for s in form.sections if s.reply and s.name in dated)


def _step_heads(steps: Sequence[str], width: float) -> Iterator[Cell]:
    """Two cells for each step, of which docxtpl keeps one: `{%tc if … %}`."""
    for step in steps:
        word = step.upper()
        yield Cell(0, tag(f"{{%tc if strip.{step}.done %}}"), aside=True)
        yield Cell(width, runs(word, Face(9, hei=True, bold=True, colour=WHITE)), NAVY, "center", aside=True)
        yield Cell(0, tag("{%tc else %}"), aside=True)
        yield Cell(width, runs(word, Face(9, hei=True, bold=True)), LABEL, "center")
        yield Cell(0, tag("{%tc endif %}"), aside=True)


def letter(sheet: Sheet) -> Iterator[Row]:
    """The text of a letter: a small heading, and below it what is said, over the whole width."""
    if sheet.fill:
        yield from facts(sheet)
        return
    yield control_row(f"for row in facts.{sheet.section.name}")
    lines = (tag("{{ row.a.label }}", Face(9, hei=True, colour=GREY)), tag("{{r row.a.value }}"))
    yield Row((Cell(174, lines),), 10, split=True)
    yield control_row("endfor")


PANELS: Mapping[str, Callable[[Sheet], Iterator[Row]]] = {"trigger": trigger, "d_strip": d_strip, "letter": letter}

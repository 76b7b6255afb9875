"""How a section is drawn: `facts` (the default: whatever its fields are), `trigger` (the arithmetic that opened the
form, with the complaints it rests on) and `d_strip` (planned and actual dates of the steps).

A panel gives the rows of one table on the grid 24 | 63 | 24 | 63 mm. It takes the section's declared fields: no panel
knows a form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from qforms.forms.parts import STEP, dated_steps
from qforms.forms.wml import (
    GREY,
    INPUT,
    LABEL,
    LABEL_FACE,
    NAVY,
    RED,
    WHITE,
    Cell,
    Face,
    Row,
    control_row,
    label_cell,
    runs,
    tag,
)
from qforms.forms.word_cells import (
    LABEL_MM,
    NARROW,
    WIDE,
    Sheet,
    fillable,
    is_wide,
    label_text,
)
from qforms.forms.word_lists import list_rows
from qforms.model import Field

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
FIELD_MM, TEXT_MM, LINE_MM = 8.0, 10.5, 7.0  # a cell to fill in, one for a sentence or two, a line of free text


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
        mine = fillable(sheet.form, sheet.section, fld, sheet.blank)
        if fld.type == "list" and (mine or not sheet.blank):
            yield from list_rows(replace(sheet, fill=sheet.fill and mine), fld, not single and fld is sheet.fields[0])
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
            height = TEXT_MM if "text" in (waiting.type, fld.type) else FIELD_MM
            yield Row((*_input(sheet, waiting, NARROW), *_input(sheet, fld, NARROW)), height)
            waiting = None
    if waiting is not None:
        yield _wide(sheet, waiting)


def _wide(sheet: Sheet, fld: Field) -> Row:
    free = fld.type == "text" and (fld.wide or fld.rows > 1)
    height = max(TEXT_MM if fld.type == "text" else FIELD_MM, fld.rows * LINE_MM)
    return Row(_input(sheet, fld, WIDE, top=free), height, split=free)


def _input(sheet: Sheet, fld: Field, width: float, top: bool = False) -> tuple[Cell, Cell]:
    name = label_text(fld, sheet.lang)
    label = label_cell(LABEL_MM, name, star=fld.required or bool(fld.required_when and not sheet.blank))
    return label, Cell(width, tag(f"{{{{r f.{fld.name} }}}}"), INPUT, top=top)


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
    steps = dated_steps(sheet.fields)
    if steps:
        width = round((174 - 21) / len(steps), 1)
        first = round(174 - width * len(steps), 1)
        yield Row((Cell(first, tag("{{ strip.year }}", LABEL_FACE), LABEL), *_step_heads(steps, width)), keep=True)
        for name, label in (("due", ("计划", "Planned")), ("done", ("实际", "Actual"))):
            cells = [Cell(width, tag(f"{{{{ strip.{s}.{name} }}}}", Face(8.5)), align="center") for s in steps]
            yield Row((label_cell(first, label[0 if sheet.lang == "zh" else 1]), *cells), keep=name == "due")
    rest = tuple(f for f in sheet.fields if not STEP.fullmatch(f.name))
    if rest:
        yield from facts(replace(sheet, fields=rest))


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


def exhibits(sheet: Sheet) -> Iterator[Row]:
    """Nothing of its fields: what they hold is shown by the section's charts and tables."""
    return iter(())


PANELS: Mapping[str, Callable[[Sheet], Iterator[Row]]] = {
    "trigger": trigger,
    "d_strip": d_strip,
    "letter": letter,
    "exhibits": exhibits,
}

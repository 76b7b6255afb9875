"""What a cell holds that people fill in: boxes to tick or room to write, and how much room that takes (mm)."""

from __future__ import annotations

from dataclasses import dataclass

from qforms.forms.wml import NBSP, em
from qforms.model import Field, Form, Lang, Section

NARROW, WIDE, LABEL_MM = 63.0, 150.0, 24.0
EM_MM = 3.175  # a full-width character at 9 pt
PADDING = 3.4
MAX_CHOICES = 12
BOXES_MM = 27.0  # boxes in a list's cell


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


def label_text(fld: Field, lang: Lang) -> str:
    """The label of a cell to fill in, with its unit: 不良数量（台）."""
    unit = fld.unit[lang]
    if not unit:
        return fld.label[lang]
    return f"{fld.label[lang]}（{unit}）" if lang == "zh" else f"{fld.label[lang]} ({unit})"


def is_wide(fld: Field, lang: Lang) -> bool:
    """Whether a cell to fill in takes the whole width: several lines, a signature, or choices that need the room."""
    if fld.wide or fld.type == "sig" or fld.rows > 1:
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


def options_width(fld: Field, lang: Lang) -> float:
    return em(options_text(fld, lang)) * EM_MM


def boxed(column: Field, lang: Lang) -> bool:
    """Whether the cells of a list's column hold boxes to tick: at most three, on one line. Else the choices are printed
    once, above the list."""
    return 0 < len(options(column, lang)) <= 3 and boxes_width(column, lang) <= BOXES_MM


def boxes_width(column: Field, lang: Lang) -> float:
    """The width of the boxes of a list's cell, mm at 8.5 pt."""
    return options_width(column, lang) * 8.5 / 9 + 0.1

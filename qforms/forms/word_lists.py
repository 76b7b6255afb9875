"""A list as rows of a table: which of its columns the page has room for, and how wide they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from qforms.forms.wml import INPUT, LABEL, LABEL_FACE, VALUE, Cell, Face, Row, control_row, em, label_cell, runs, tag
from qforms.forms.word_cells import EM_MM, PADDING, Sheet, boxes_width, label_text, options
from qforms.model import Field, Lang

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


def list_rows(sheet: Sheet, fld: Field, alone: bool) -> Iterator[Row]:
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

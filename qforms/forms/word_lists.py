"""A list as rows of a table: which of its columns the page has room for, and how wide they are. Choices that do not fit
into a row as boxes are printed once, above the list; a list of one row stands as label and value side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from qforms.forms.rows import single
from qforms.forms.wml import (
    INPUT,
    LABEL,
    LABEL_FACE,
    SMALL_NOTE,
    VALUE,
    Cell,
    Face,
    Row,
    bookmark,
    control_row,
    em,
    label_cell,
    runs,
    tag,
)
from qforms.forms.word_cells import EM_MM, LABEL_MM, NARROW, PADDING, WIDE, Sheet, boxed, boxes_width, label_text
from qforms.model import Field, Form, Lang

# Columns of a list: least width in mm and how eagerly they take what is left over.
_COLUMN: Mapping[str, tuple[float, float]] = {
    "text": (22, 3),
    "str": (20, 0.5),
    "int": (15, 0.1),
    "dec": (16, 0.1),
    "money": (20, 0.1),
    "bool": (13, 0.05),
    "enum": (20, 0.1),
    "date": (19.3, 0),
    "dt": (33, 0),
    "ref": (31, 0),
    "user": (16.2, 0.1),
    "dept": (20, 0.2),
}
_NUMBER_MM = 9.0
_MAIN_TEXT, _MAIN_WORDS = 46.0, 31.0  # what the first text column of a list should get; without one, the first words
# Rows to fill in: of a list by itself, of a list of its section, of a long list. Rows of facts, and a further line.
_ALONE_MM, _FILL_MM, _LONG_MM, _FACT_MM, _LINE_MM = 10.5, 8.4, 7.0, 6.1, 3.9
_LONG = 5  # rows
_STATIC = 9000  # bookmarks of the template itself are numbered from here


def list_rows(sheet: Sheet, fld: Field, alone: bool) -> Iterator[Row]:
    """A list: head row, then one row for each; to be filled in, as many as the form draws. `alone` under its band:
    the head is repeated on every page."""
    columns = list_columns(sheet.form, fld, sheet.fill, sheet.lang)
    if not columns:
        return
    if not sheet.fill:
        yield control_row(f"if rows.{fld.name}")
    if sheet.fill or not fld.rows_of:
        yield from _title(sheet, fld, columns, alone)
    yield from _pairs(sheet, fld, columns) if single(fld) else _table(sheet, fld, columns, alone)
    if not sheet.fill:
        yield control_row("endif")


def list_height(form: Form, fld: Field, rows: Sequence[Mapping[str, str]], lang: Lang) -> float:
    """How high a list of facts with these texts will be (mm), with its label and head; 0 for none."""
    columns = list_columns(form, fld, False, lang)
    if not rows or not columns:
        return 0.0
    if single(fld):
        return _FACT_MM * (1 + -(-len(columns) // 2))
    titles = 0 if fld.rows_of else 1
    widths = _widths(columns, False, lang, 174 - titles * _NUMBER_MM)
    head = [label_text(c, lang) for c in columns]
    lines = [max(map(_lines_of, head, widths))]
    lines += [max(map(_lines_of, (row.get(c.name, "") for c in columns), widths)) for row in rows]
    return _FACT_MM * (len(lines) + titles) + _LINE_MM * sum(n - 1 for n in lines)


def _lines_of(text: str, width: float) -> int:
    return max(1, int(-(-em(text) * EM_MM // (width - PADDING))))


def list_columns(form: Form, fld: Field, fill: bool, lang: Lang) -> tuple[Field, ...]:
    """The columns that the page has room for: required ones first, in declared order. What is private has no column
    on a document that may leave the company."""
    possible = [c for c in fld.fields if c.type not in ("file", "img", "sig", "list")]
    if fill:
        possible = [c for c in possible if c.blank and not c.calc and c.filled_by != ("system",)]
    elif form.audience != "internal":
        possible = [c for c in possible if not c.private]
    possible.sort(key=lambda c: c.name != fld.rows_of)
    if fld.rows_of and not fill:  # the list's label is the head of its first column
        possible[0] = replace(possible[0], label=fld.label)
    if single(fld):
        return tuple(possible)
    room, kept = 174 - (0 if fld.rows_of else _NUMBER_MM), set()
    texts = [c for c in possible if c.type == "text"]
    words = next((c for c in possible if c.type == "str"), None) if not texts else None
    for column in sorted(possible, key=lambda c: (not (c.required or c.required_when), not c.blank)):
        need = _least(column, fill, lang)
        if texts and column is texts[0] and len(texts) < 4:
            need = max(need, _MAIN_TEXT)
        elif column is words:
            need = max(need, _MAIN_WORDS)
        if need <= room or column.required:
            kept.add(column.name)
            room -= need
    return tuple(c for c in possible if c.name in kept)


def _title(sheet: Sheet, fld: Field, columns: Sequence[Field], alone: bool) -> Iterator[Row]:
    """The list's label and, to be filled in, what may be written: a note, which the reader leaves out."""
    label, hint = fld.label[sheet.lang], _hint(fld, columns, sheet.lang) if sheet.fill else ""
    note = runs(hint, SMALL_NOTE)
    if hint:
        number = _STATIC + [f.name for f in sheet.form.fields].index(fld.name)
        note = bookmark(number, f"qf_note_{fld.name}"[:40], note)
    if alone:
        if hint:
            yield Row((Cell(174, note),), 5.6, keep=True)
        return
    width = 174.0 if not hint else max(LABEL_MM, round(em(label) * EM_MM + PADDING + 1, 1))
    first = Cell(width, runs(label, LABEL_FACE), LABEL)
    rest = (Cell(round(174 - width, 1), note),) if hint else ()
    yield Row((first, *rest), 5.6, keep=True)


def _hint(fld: Field, columns: Sequence[Field], lang: Lang) -> str:
    """What the list is about, and the words that its columns take."""
    said = [fld.help[lang]] if fld.help else []
    for column in columns:
        if column.choices and column.name != fld.rows_of and not boxed(column, lang) and not single(fld):
            words = " / ".join(c.label[lang] for c in column.choices)
            said.append(
                f"{column.label[lang]}可填 {words}" if lang == "zh" else f"{column.label[lang]}, one of {words}"
            )
    return ("；" if lang == "zh" else "; ").join(said)


# ---------------------------------------------------------------- a table


def _table(sheet: Sheet, fld: Field, columns: Sequence[Field], alone: bool) -> Iterator[Row]:
    lead = 0.0 if fld.rows_of else _NUMBER_MM
    widths = _widths(columns, sheet.fill, sheet.lang, 174 - lead)
    number = "序" if sheet.lang == "zh" else "No."
    heads = [Cell(lead, runs(number, LABEL_FACE), LABEL, "center")] if lead else []
    for column, width in zip(columns, widths, strict=True):
        star = sheet.fill and column.required and column.name != fld.rows_of
        heads.append(replace(label_cell(width, label_text(column, sheet.lang), star=star), align="center"))
    yield Row(tuple(heads), 7 if sheet.fill else 6, head=alone, keep=True)
    yield control_row(f"for row in rows.{fld.name}")
    cells = [Cell(lead, tag("{{ loop.index }}"), align="center")] if lead else []
    cells += [_cell(sheet, fld, c, w) for c, w in zip(columns, widths, strict=True)]
    long = fld.rows_of or fld.rows >= _LONG
    height = _FACT_MM if not sheet.fill else _ALONE_MM if alone else _LONG_MM if long else _FILL_MM
    yield Row(tuple(cells), height)
    yield control_row("endfor")


def _cell(sheet: Sheet, fld: Field, column: Field, width: float) -> Cell:
    inner = tag(f"{{{{r row.{column.name} }}}}", VALUE)
    if column.name == fld.rows_of:
        return Cell(width, inner, LABEL, "center")
    boxes = sheet.fill and boxed(column, sheet.lang)
    if boxes:
        inner = tag(f"{{{{r row.{column.name} }}}}", Face(8.5))
    return Cell(width, inner, INPUT if sheet.fill else "", "" if boxes else _align(column))


def _least(column: Field, fill: bool, lang: Lang) -> float:
    least = _COLUMN.get(column.type, (20.0, 0.5))[0]
    if fill and boxed(column, lang):
        return max(14.0, boxes_width(column, lang) + PADDING + 0.8)
    label = em(label_text(column, lang))
    lines = 2 if label > 4 and (fill or not column.choices) else 1  # that the head may take
    word = max((em(w) for w in label_text(column, lang).split() if w.isascii()), default=0.0)  # never broken
    head = max(min(label, 6) * EM_MM / lines, min(word, 5) * EM_MM) + PADDING
    if column.choices:
        widest_word = max(em(c.label[lang]) for c in column.choices)
        least = min(max(widest_word * EM_MM + PADDING, 14), 30)
    return max(least, head)


def _widths(columns: Sequence[Field], fill: bool, lang: Lang, room: float) -> list[float]:
    """Least widths, and the rest of the line to those that can use it; whole tenths of a millimetre."""
    least = [_least(c, fill, lang) for c in columns]
    least = [w * min(1, room / sum(least)) for w in least]
    keen = [_COLUMN.get(c.type, (20.0, 0.5))[1] or 0.01 for c in columns]
    kinds = [c.type for c in columns]
    if "text" not in kinds and "str" in kinds:  # the first words take what a text would
        keen[kinds.index("str")] = 3.0
    rest = room - sum(least)
    widths = [round(a + rest * k / sum(keen), 1) for a, k in zip(least, keen, strict=True)]
    widths[keen.index(max(keen))] += round(room - sum(widths), 1)
    return [round(w, 1) for w in widths]


def _align(column: Field) -> str:
    if column.many or column.type in ("text", "str", "user", "dept"):
        return ""
    return "right" if column.type in ("int", "dec", "money") and not column.choices else "center"


# ---------------------------------------------------------------- one row: label and value


def _pairs(sheet: Sheet, fld: Field, columns: Sequence[Field]) -> Iterator[Row]:
    yield control_row(f"for row in rows.{fld.name}")
    for i in range(0, len(columns), 2):
        pair = columns[i : i + 2]
        width = NARROW if len(pair) == 2 else WIDE
        cells = (cell for column in pair for cell in _pair(sheet, column, width))
        yield Row(tuple(cells), _FILL_MM if sheet.fill else _FACT_MM)
    yield control_row("endfor")


def _pair(sheet: Sheet, column: Field, width: float) -> tuple[Cell, Cell]:
    star = sheet.fill and column.required
    value = Cell(width, tag(f"{{{{r row.{column.name} }}}}"), INPUT if sheet.fill else "")
    return label_cell(LABEL_MM, label_text(column, sheet.lang), star=star), value

"""The copy of a register that the office checks before it is taken in (P8): every row with what becomes of it and why,
and the columns with the fields that they are taken for, to be changed in Excel. What was confirmed once holds for
later files of that kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qforms.commands import registers
from qforms.forms.cells import clean, put
from qforms.model import Form, Text
from qforms.tongue import say

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from qforms.commands.importing import Preview, Row

FOLDER = "imports"
COLUMNS = Text("栏目", "Columns")
_OUT = Text("（不收）", "(left out)")
_KEEP = Text("（原样保留）", "(kept as it is)")
_RESULTS = (
    (Text("收", "taken"), ""),
    (Text("收，存疑", "taken, doubtful"), "FFF6CC"),
    (Text("不收", "not taken"), "F8D0CC"),
)
_HEAD = "1F3A5F"


def path(root: Path, file: Path) -> Path:
    """Where the copy of a register stands."""
    return root / FOLDER / f"{file.stem} {say('核对', 'check')}.xlsx"


def confirmed(root: Path, file: Path, kind: str, form: Form) -> dict[str, str]:
    """Heading -> field, KEEP, or "" (left out): as confirmed for earlier files of this kind, and in this one's copy."""
    try:
        found: dict[str, str] = json.loads(_kept(root, kind).read_text("utf-8"))
    except (OSError, ValueError):
        found = {}
    return found | _of_copy(path(root, file), form)


def keep(root: Path, kind: str, found: Preview) -> None:
    """What the columns were taken for, for the next file of this kind."""
    known = {c.heading: _code(c) for r in found.registers for c in r.columns if c.how in ("given", "kept", "similar")}
    _kept(root, kind).parent.mkdir(exist_ok=True)
    text = json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True)
    _kept(root, kind).write_text(text + "\n", "utf-8")


def write(root: Path, file: Path, form: Form, found: Preview, lang: str) -> Path:
    """Writes the copy; gives its place. Raises OSError when it is open in Excel or cannot be written."""
    from openpyxl import Workbook

    book = Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    _columns(book, form, found, lang)
    rows = iter(found.rows)
    for register in found.registers:
        sheet = book.create_sheet(clean(register.sheet)[:25].translate({ord(c): " " for c in "[]:*?/\\"}) or "1")
        _rows(sheet, register, rows, lang, {f.name: f.label[lang] for f in form.fields})
    target = path(root, file)
    target.parent.mkdir(exist_ok=True)
    book.save(target)
    return target


def _kept(root: Path, kind: str) -> Path:
    return root / FOLDER / f"{kind}.json"


def _code(column: registers.Column) -> str:
    return registers.KEEP if column.how == "kept" else column.field


def _of_copy(file: Path, form: Form) -> dict[str, str]:
    """What the sheet of columns says; nothing where there is none, or it cannot be read."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(file, read_only=True, data_only=True)
    except (OSError, ValueError, KeyError):
        return {}
    names = {f.label[lang]: f.name for f in form.fields for lang in ("en", "zh")}
    names |= {_OUT[lang]: "" for lang in ("zh", "en")} | {_KEEP[lang]: registers.KEEP for lang in ("zh", "en")}
    sheet = next((s for s in book.worksheets if s.title in (COLUMNS.zh, COLUMNS.en)), None)
    rows = sheet.iter_rows(min_row=2, max_col=2, values_only=True) if sheet is not None else ()
    said = {str(a): names[str(b).strip()] for a, b in rows if a and str(b).strip() in names}
    book.close()
    return said


def _columns(book: Workbook, form: Form, found: Preview, lang: str) -> None:
    """The columns of all sheets, each heading once; the second column chooses among the form's fields."""
    from openpyxl.worksheet.datavalidation import DataValidation

    sheet = book.create_sheet(COLUMNS[lang])
    labels = [f.label[lang] for f in form.fields if registers.writable(form, f.name)]
    how = {
        "given": say("已确认", "confirmed"),
        "exact": say("栏目名", "by its label"),
        "similar": say("相近，请核对", "similar, please check"),
        "kept": say("没有对应栏目", "no such field"),
        "": "",
    }
    head = (say("原表列名", "Heading"), say("收到哪一栏（可改）", "Taken for (may be changed)"), say("依据", "Why"))
    _head(sheet, head, (34, 34, 26))
    columns = {c.heading: c for r in found.registers for c in r.columns}
    for n, (heading, column) in enumerate(columns.items(), 2):
        field = form.field(column.field) if column.field else None
        said = field.label[lang] if field else (_KEEP if column.how == "kept" else _OUT)[lang]
        for at, text in enumerate((heading, said, how[column.how]), 1):
            put(sheet.cell(n, at), text)
    for n, text in enumerate((_KEEP[lang], _OUT[lang], *labels), 1):
        sheet.cell(n, 26, text)
    sheet.column_dimensions["Z"].hidden = True
    choice = DataValidation("list", formula1=f"$Z$1:$Z${len(labels) + 2}", allow_blank=False)
    choice.add(f"B2:B{len(columns) + 1}")
    sheet.add_data_validation(choice)


def _rows(sheet: Worksheet, register: registers.Register, rows: Any, lang: str, labels: Mapping[str, str]) -> None:
    """The rows of one sheet, each with what becomes of it and why."""
    from openpyxl.styles import Alignment, PatternFill

    shown = [c for c in register.columns if c.field]
    others = registers.OTHERS in {name for line in register.lines for name in line.cells}
    names = [c.field for c in shown] + ([registers.OTHERS] if others else [])
    head = [" ".join(c.heading.split()) for c in shown] + ([labels[registers.OTHERS]] if others else [])
    where, what, why = say("原表行", "Row"), say("结果", "Result"), say("说明", "Why")
    _head(sheet, (where, what, why, *head), (16, 12, 52, *(18 for _ in head)))
    for n, line in enumerate(register.lines, 2):
        row: Row = next(rows)
        word, ground = _RESULTS[2 if row.faults else 1 if row.doubts else 0]
        said = "\n".join((*row.faults, *row.doubts))
        texts = [line.where, word[lang], said, *(str(line.cells.get(name, ("",))[0]) for name in names)]
        for at, text in enumerate(texts, 1):
            put(cell := sheet.cell(n, at), text)
            cell.alignment = Alignment(vertical="top", wrap_text=at == 3)
            if ground and at <= 3:
                cell.fill = PatternFill("solid", fgColor=ground)


def _head(sheet: Worksheet, words: tuple[str, ...], widths: tuple[float, ...]) -> None:
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    for at, (word, width) in enumerate(zip(words, widths, strict=True), 1):
        put(cell := sheet.cell(1, at), word)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor=_HEAD)
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.freeze_panes = "A2"

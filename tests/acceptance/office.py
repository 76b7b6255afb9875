"""Word and Excel files filled in as a person does it: the cell beside its label, the box before its word."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any


class Impossible(Exception):
    """What a person was to do cannot be done: there is no such label, row, box or letter."""


_UNIT = re.compile(r"[（(][^（）()]*[）)]$")


def fill(data: bytes, name: str, values: Mapping[str, Any]) -> bytes:
    """The file with the values written beside their labels; a list is rows of {column: value}. Raises Impossible for a
    label that the form does not have."""
    out = io.BytesIO()
    if name.endswith(".docx"):
        import docx

        document = docx.Document(io.BytesIO(data))
        _fill_word(document, values)
        document.save(out)
    else:
        import openpyxl

        book = openpyxl.load_workbook(io.BytesIO(data), rich_text=True)
        _fill_excel(book, values)
        book.save(out)
    return out.getvalue()


def edit(path: Path, title: str, number: str, cells: Mapping[str, Any], at: datetime) -> None:
    """Writes cells of a record's row on a sheet, or of a new row (number ""), under their column's heading, and saves
    the book at that time."""
    import openpyxl

    book = openpyxl.load_workbook(path)
    sheet = book[title]
    row, columns = _row_of(sheet, number, cells)
    for label, value in cells.items():
        sheet.cell(row, columns[label]).value = value
    book.properties.lastModifiedBy = "林晓岚"
    book.save(path)
    os.utime(path, (at.timestamp(), at.timestamp()))


def _row_of(sheet: Any, number: str, cells: Iterable[str]) -> tuple[int, dict[str, int]]:
    for head in range(1, min(12, sheet.max_row) + 1):
        columns = {str(c.value): c.column for c in sheet[head] if c.value is not None}
        rows = range(head + 1, sheet.max_row + 1) if set(cells) <= set(columns) else ()
        if rows and not number:  # a new one, below the last
            used = (r for r in rows if any(c.value is not None for c in sheet[r]))
            return max(used, default=head) + 1, columns
        if row := next((r for r in rows if sheet.cell(r, 1).value == number), 0):
            return row, columns
    raise Impossible(f"{sheet.title} has no row {number} with the columns {list(cells)}")


def label(text: Any) -> str:
    """A label without its star, its unit and its colon."""
    return _UNIT.sub("", str(text or "").strip().lstrip("*＊").rstrip("*＊：:").strip()).strip()


# ---------------------------------------------------------------- Word


def _fill_word(document: Any, values: Mapping[str, Any]) -> None:
    rows = [list(_cells(row)) for table in document.tables for row in table.rows]
    for name, value in values.items():
        if isinstance(value, list):
            _word_list(rows, name, value)
        else:
            _write(_beside(rows, name), value)


def _cells(row: Any) -> Iterator[Any]:
    """The cells of a row, each once however many columns it spans."""
    seen: list[Any] = []
    for cell in row.cells:
        if not any(cell._tc is s._tc for s in seen):
            seen.append(cell)
            yield cell


def _beside(rows: Sequence[Sequence[Any]], name: str) -> Any:
    """The cell to the right of a label; of two labels alike the first whose cell is empty or has boxes."""
    found = [row[n + 1] for row in rows for n, cell in enumerate(row[:-1]) if label(cell.text) == name]
    if not found:
        raise Impossible(f"the form has no {name}")
    return next((c for c in found if not c.text.strip() or "□" in c.text), found[-1])


def _word_list(rows: Sequence[Sequence[Any]], name: str, values: Sequence[Mapping[str, Any]]) -> None:
    wanted = {column for line in values for column in line}
    heads = [n for n, row in enumerate(rows) if wanted <= {label(c.text) for c in row}]
    named = [n for n in heads if any(label(c.text) == name for row in rows[max(0, n - 2) : n] for c in row)]
    if not heads and len(values) == 1:  # a list of one row may stand as cells beside their labels
        for column, value in values[0].items():
            _write(_beside(rows, column), value)
        return
    if not heads:
        raise Impossible(f"the form has no list {name} with the columns {sorted(wanted)}")
    head = (named or heads)[-1]
    columns = {label(cell.text): n for n, cell in enumerate(rows[head])}
    free = [row for row in rows[head + 1 :] if len(row) == len(rows[head])]
    for line in values:
        row = next((r for r in free if _is_for(r, columns, line)), None)
        if row is None:
            raise Impossible(f"no row is left in {name} for {line}")
        free.remove(row)
        for column, value in line.items():
            if label(row[columns[column]].text) != value:
                _write(row[columns[column]], value)


def _is_for(row: Sequence[Any], columns: Mapping[str, int], line: Mapping[str, Any]) -> bool:
    """Whether a row is empty where the line has something to say, or says the same already (客户仓 is printed)."""
    texts = {column: row[columns[column]].text.strip() for column in line}
    return all(not t or "□" in t or t == line[c] for c, t in texts.items())


def _write(cell: Any, value: Any) -> None:
    """Ticks the box before its word, where there are boxes; else writes the text."""
    text = cell.text
    if "□" in text or "■" in text:
        for word in str(value).split("、"):
            _tick(cell, word)
        return
    paragraph = cell.paragraphs[0]
    if paragraph.runs:
        paragraph.runs[0].text = str(value)
        for run in paragraph.runs[1:]:
            run.text = ""
    else:
        paragraph.add_run(str(value))


def _tick(cell: Any, word: str) -> None:
    """Fills the box before a word; the two may stand in different runs."""
    for paragraph in cell.paragraphs:
        found = re.search(rf"□ {re.escape(word)}(?=\s|$)", paragraph.text.replace("\u00a0", " "))
        at = found.start() if found else -1
        for run in paragraph.runs:
            if 0 <= at < len(run.text):
                run.text = f"{run.text[:at]}■{run.text[at + 1 :]}"
                return
            at -= len(run.text)
    raise Impossible(f"no box {word!r} in {cell.text!r}")


# ---------------------------------------------------------------- Excel


def _fill_excel(book: Any, values: Mapping[str, Any]) -> None:
    sheet = book.worksheets[0]
    for name, value in values.items():
        if isinstance(value, list):
            _excel_list(sheet, name, value)
        else:
            at = _label_cell(sheet, name)
            _right_of(sheet, at.row, at.column).value = value


def _label_cell(sheet: Any, name: str) -> Any:
    found = [c for row in sheet.iter_rows() for c in row if c.value is not None and label(c.value) == name]
    if not found:
        raise Impossible(f"the form has no {name}")
    return found[0]


def _right_of(sheet: Any, row: int, column: int) -> Any:
    merged = next((m for m in sheet.merged_cells.ranges if (row, column) in m.top), None)
    merged = merged or next(
        (m for m in sheet.merged_cells.ranges if m.min_row <= row <= m.max_row and m.min_col <= column <= m.max_col),
        None,
    )
    return sheet.cell(row, (merged.max_col if merged else column) + 1)


def _excel_list(sheet: Any, name: str, values: Sequence[Mapping[str, Any]]) -> None:
    start = _label_cell(sheet, name).row
    wanted = {column for line in values for column in line}
    for row in range(start, start + 4):
        columns = {label(c.value): c.column for c in sheet[row] if c.value is not None}
        if wanted <= set(columns):
            for n, line in enumerate(values, start=1):
                for column, value in line.items():
                    sheet.cell(row + n, columns[column]).value = value
            return
    raise Impossible(f"the form has no list {name} with the columns {sorted(wanted)}")

"""The present master.xlsx as it lies there: sheets, columns and rows found again whatever people did to them.

A sheet is found by a defined name (it follows renaming and moving), else by its title in either language; a column by
its heading; a row by the hidden id beside it. What is not ours is never looked at."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qforms.forms.cells import text_of
from qforms.model import QformsError
from qforms.workbook.view import Sheet

ID, REVISION = "qf_id", "qf_rev"  # headings of the two hidden columns
HEAD_ROW = 3
_SEARCH_ROWS = 12  # the heading stands in one of these


class Busy(Exception):
    """The book cannot be read just now: a program is writing it, or it is gone for a moment. Try again later."""


@dataclass(slots=True)
class Found:
    """One of our sheets in the book. `columns`: key -> column number; `rows`: rows that hold anything of ours."""

    ws: Any
    head: int
    columns: dict[str, int]
    rows: list[int]

    def text(self, row: int, key: str) -> str:
        """A cell as a person would type it; "" where the column is gone."""
        column = self.columns.get(key)
        return text_of(self.ws.cell(row, column).value) if column else ""

    def fault(self, row: int, key: str) -> str:
        """ "formula" or "error" where the cell holds one instead of a value."""
        column = self.columns.get(key)
        kind = self.ws.cell(row, column).data_type if column else ""
        return {"f": "formula", "e": "error"}.get(kind, "")

    def address(self, row: int, key: str) -> str:
        column = self.columns.get(key)
        return f"{self.ws.title}!{self.ws.cell(row, column).coordinate}" if column else f"{self.ws.title}!{row}"

    def id(self, row: int) -> str:
        return self.text(row, ID)

    def revision(self, row: int) -> int:
        text = self.text(row, REVISION)
        return int(text) if text.isdigit() else 0


def load(path: Path) -> Any:
    """The book, by openpyxl. Raises Busy while it is half written, QformsError for a shared workbook (P21)."""
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(path) as package:
            names = set(package.namelist())
        if any(n.startswith("xl/revisions/") for n in names):
            raise QformsError(
                f"{path.name}: 是共享工作簿，不能由程序更新；请在「审阅」里取消共享后存盘"
                " (a shared workbook: stop sharing it under Review, then save)"
            )
        return load_workbook(path, rich_text=True, keep_vba=path.suffix.lower() == ".xlsm")
    except QformsError:
        raise
    except Exception as fault:  # a torn zip, a missing part, a sharing violation: all pass when the writer is done
        raise Busy(f"{path.name}: {type(fault).__name__}: {fault}") from fault


def find(book: Any, sheet: Sheet) -> Found | None:
    """The sheet in the book, or None if it is not there (any more)."""
    ws = _worksheet(book, sheet)
    if ws is None:
        return None
    wanted = {_heading(word): c.key for c in sheet.columns for word in (c.label.zh, c.label.en) if word}
    wanted |= {ID: ID, REVISION: REVISION}
    best: tuple[int, dict[str, int]] = (0, {})
    for row in range(1, min(_SEARCH_ROWS, ws.max_row) + 1):
        columns: dict[str, int] = {}
        for cell in ws[row]:
            key = wanted.get(_heading(text_of(cell.value))) if cell.value is not None else None
            if key:
                columns.setdefault(key, cell.column)
        if len(columns) > len(best[1]):
            best = row, columns
    head, columns = best
    if len(columns) < 2:
        return None
    last = max((r for r in range(ws.max_row, head, -1) if _holds(ws, r, columns.values())), default=head)
    rows = [r for r in range(head + 1, last + 1) if _holds(ws, r, columns.values())]
    return Found(ws, head, columns, rows)


def _worksheet(book: Any, sheet: Sheet) -> Any:
    name = book.defined_names.get(sheet_name(sheet.key))
    if name is not None:
        for title, _ in name.destinations:
            if title in book.sheetnames:
                return book[title]
    return next((book[t] for t in (sheet.title.zh, sheet.title.en) if t in book.sheetnames), None)


def sheet_name(key: str) -> str:
    """The defined name that marks the head of a sheet."""
    return f"qf_sheet_{key}"


def _heading(text: str) -> str:
    return "".join(text.split()).casefold()


def _holds(ws: Any, row: int, columns: Any) -> bool:
    return any(ws.cell(row, c).value not in (None, "") for c in columns)


def texts(found: Found, row: int, keys: Sequence[str]) -> Mapping[str, str]:
    """The texts of some columns of a row."""
    return {key: found.text(row, key) for key in keys}

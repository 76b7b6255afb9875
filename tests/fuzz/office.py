"""Excel and Word files: whatever the bytes, a Book or a problem that is known, in time, and never a crash.

Guided by coverage the reader runs here; blind, it runs in its child process, as it does at work."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.fuzz.harness import Target, main

FORESEEN = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    ArithmeticError,
    AttributeError,
    LookupError,
    EOFError,
    OSError,
)


def seeds_of(kind: str) -> list[bytes]:
    if kind == "excel":
        import openpyxl

        book = openpyxl.Workbook()
        rows = (("客户名称", "禾木", None), ("数量", 9, 1.5), ("日期", "2026-05-06", True), ("费用", "=1+1", "#N/A"))
        for row in rows:
            book.active.append(row)
        book.active.merge_cells("A6:C7")
        book.create_sheet("第二页")["B2"] = "x"
    else:
        import docx

        book = docx.Document()
        book.add_heading("8D 报告")
        book.add_paragraph("客户名称：禾木 ☐是 ☑否")
        table = book.add_table(3, 3)
        table.cell(0, 0).merge(table.cell(0, 2)).text = "原因"
        table.cell(1, 1).text = "电容漏液"
    out = io.BytesIO()
    book.save(out)
    return [out.getvalue()]


def made(kind: str) -> tuple[Sequence[bytes], Target]:
    from qforms.office.book import OfficeFault
    from qforms.office.reader import read

    def target(data: bytes) -> None:
        try:
            read(data, 20 << 20, 100_000)
        except OfficeFault:
            return
        except FORESEEN:  # the child says of these that the file cannot be read
            return

    return seeds_of(kind), target


def in_child(kind: str) -> tuple[Sequence[bytes], Target]:
    """As at work: a child that dies, or gives no answer in time, is a finding."""
    from qforms.office.book import OfficeFault
    from qforms.office.child import OfficeReader
    from qforms.settings import Limits

    reader = OfficeReader(Limits(file_mb=4, inflated_mb=20, memory_mb=512, seconds=8, cells=100_000))

    def target(data: bytes) -> None:
        try:
            reader.read(data, f"x.{kind}")
        except OfficeFault as known:
            said = str(known.problem.context.get("reason", ""))
            if known.problem.code == "took_too_long" or said.startswith("reader ended"):
                raise AssertionError(f"{known.problem.code} {said}") from None

    return seeds_of(kind), target


def start(kind: str) -> None:
    main(kind, lambda: in_child(kind) if "--blind" in sys.argv or find_spec("atheris") is None else made(kind))

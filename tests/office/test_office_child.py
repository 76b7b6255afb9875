"""The child process: started when needed, replaced when it is killed, too slow or out of memory; passwords; formats."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator

import openpyxl
import pytest
from support_office import read

from qforms.office import wire
from qforms.office.book import Book, Cell, Grid
from qforms.office.child import OfficeFault, OfficeReader
from qforms.settings import Limits

MB = 1 << 20


def workbook(text: str = "批号") -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"] = text
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def slow() -> bytes:
    """Half a million cells: seconds of work."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if "sheet1" not in name:
                new.writestr(name, old.read(name))
        with new.open("xl/worksheets/sheet1.xml", "w") as part:
            part.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            for _ in range(50):
                part.write(b"<row><c><v>1</v></c></row>" * 10_000)
            part.write(b"</sheetData></worksheet>")
    return out.getvalue()


@pytest.fixture
def reader() -> Iterator[OfficeReader]:
    with OfficeReader(Limits()) as made:
        yield made


def child_of(reader: OfficeReader) -> subprocess.Popen[bytes]:
    process = reader._process
    assert process is not None
    return process


def test_no_child_before_the_first_file_and_one_for_all_files(reader: OfficeReader) -> None:
    assert reader._process is None
    children: set[int] = set()
    for n in range(3):
        cell = reader.read(workbook(str(n)), "a.xlsx").grids[0].cells[0, 0]
        assert cell.raw == str(n)
        children.add(child_of(reader).pid)
    assert len(children) == 1


def test_what_the_child_reads_is_what_is_read_here(reader: OfficeReader) -> None:
    assert reader.read(workbook()) == read(workbook())


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_child_is_replaced(reader: OfficeReader) -> None:
    reader.read(workbook())
    os.kill(child_of(reader).pid, signal.SIGKILL)
    child_of(reader).wait(60)
    with pytest.raises(OfficeFault) as told:
        reader.read(workbook(), "a.xlsx")
    assert told.value.problem.code == "unreadable_file"
    assert reader.read(workbook()).kind == "excel"


def test_a_file_that_takes_too_long_is_given_up_and_the_next_one_read() -> None:
    with OfficeReader(Limits(seconds=0.4)) as reader:
        reader.read(workbook())
        with pytest.raises(OfficeFault) as told:
            reader.read(slow(), "langsam.xlsx")
        assert told.value.problem.code == "took_too_long" and told.value.problem.where == "langsam.xlsx"
        assert reader.read(workbook()).kind == "excel"


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS")
def test_a_file_that_takes_too_much_memory_is_given_up_and_the_next_one_read() -> None:
    with OfficeReader(Limits(memory_mb=110)) as reader:
        with pytest.raises(OfficeFault) as told:
            reader.read(slow(), "gross.xlsx")
        assert told.value.problem.code == "inflates_too_much"
        assert reader.read(workbook()).kind == "excel"


def test_the_child_knows_no_secret_and_imports_nothing_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QFORMS_MAIL_PASSWORD", "geheim")
    with OfficeReader(Limits()) as reader:
        reader.read(workbook())
        if sys.platform == "linux":
            with open(f"/proc/{child_of(reader).pid}/environ", "rb") as environ:  # noqa: PTH123
                assert b"geheim" not in environ.read()
    code = (
        "import sys, qforms.office.serve, qforms.office.excel, qforms.office.word;"
        "print([m for m in ('openpyxl', 'lxml', 'pydantic', 'docx', 'numpy', 'python_calamine') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


def test_closing_ends_the_child() -> None:
    reader = OfficeReader(Limits())
    reader.read(workbook())
    process = child_of(reader)
    reader.close()
    assert process.poll() is not None


def encrypted(password: str) -> bytes:
    from msoffcrypto.format.ooxml import OOXMLFile

    out = io.BytesIO()
    OOXMLFile(io.BytesIO(workbook("秘密"))).encrypt(password, out)
    return out.getvalue()


def test_a_password_is_asked_for_and_known_ones_are_tried() -> None:
    data = encrypted("2026")
    with OfficeReader(Limits()) as reader, pytest.raises(OfficeFault) as told:
        reader.read(data, "表.xlsx")
    assert told.value.problem.code == "encrypted"
    with OfficeReader(Limits(), passwords=("falsch", "2026")) as reader:
        assert reader.read(data, "表.xlsx").grids[0].cells[0, 0].raw == "秘密"


def test_a_book_survives_the_pipe() -> None:
    cells = {(0, 1): Cell("a\ud800\n", "text", True), (2, 3): Cell(1.5, "number")}
    book = Book(
        "word",
        (Grid("表1", cells, ((0, 0, 1, 1),), True, {(0, 1): (1, 2)}),),
        {"qf_a": (0, 0, 1)},
        {"p": "q"},
        ("qf1.x",),
        (("a.png", b"\0\n\xff"), ("b", b"")),
        "text",
        "张三",
        True,
        "docx",
    )  # fmt: skip
    assert wire.unpack(wire.pack(book)) == book

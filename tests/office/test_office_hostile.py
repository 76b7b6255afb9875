"""Files made to hurt: each is told by a clear problem or read rightly, in time, and the next file is read."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable, Iterator

import docx
import openpyxl
import pytest
from support_office import repacked

from qforms.office.child import OfficeFault, OfficeReader
from qforms.problems import CATALOGUE, say
from qforms.settings import Limits

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
LIMITS = Limits(file_mb=4, inflated_mb=40, memory_mb=512, seconds=10, cells=200_000)
MB = 1 << 20


def _saved(book: object) -> bytes:
    out = io.BytesIO()
    book.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


GOOD = _saved(openpyxl.Workbook())
GOOD_WORD = _saved(docx.Document())


def excel(rows: str = "", *, head: str = "", tail: str = "", **parts: str) -> bytes:
    sheet = f"{head}<worksheet {MAIN}><sheetData>{rows}</sheetData>{tail}</worksheet>"
    return repacked(
        GOOD, {"xl/worksheets/sheet1.xml": sheet, **{k.replace("__", "/") + ".xml": v for k, v in parts.items()}}
    )


def word(body: str, head: str = "") -> bytes:
    return repacked(GOOD_WORD, {"word/document.xml": f"{head}<w:document {WORD}><w:body>{body}</w:body></w:document>"})


def streamed(package: bytes, part: str, pieces: Iterator[bytes]) -> bytes:
    """A package with a part that is never whole in memory while it is made."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
        with new.open(part, "w", force_zip64=True) as target:
            for piece in pieces:
                target.write(piece)
    return out.getvalue()


def cell(ref: str, text: str = "x") -> str:
    row = ref.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return f'<row r="{row}"><c r="{ref}" t="inlineStr"><is><t>{text}</t></is></c></row>'


def entities() -> str:
    nested = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{nested}]>'


def external() -> str:
    return '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'


def text_bomb(size: int) -> bytes:
    def pieces() -> Iterator[bytes]:
        yield f'<worksheet {MAIN}><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>'.encode()
        for _ in range(size):
            yield b"A" * MB
        yield b"</t></is></c></row></sheetData></worksheet>"

    return streamed(GOOD, "xl/worksheets/sheet1.xml", pieces())


def string_bomb() -> bytes:
    texts = "".join(f"<si><t>{n}</t></si>" for n in range(250_000))
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/>'
        '<Relationship Id="rId2" Type="http://x/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    )
    made = f'<sst {MAIN} uniqueCount="4294967295">{texts}</sst>'
    return repacked(GOOD, {"xl/sharedStrings.xml": made, "xl/_rels/workbook.xml.rels": rels})


def many_rows() -> bytes:
    def pieces() -> Iterator[bytes]:
        yield f"<worksheet {MAIN}><sheetData>".encode()
        for _ in range(25):
            yield b'<row><c t="inlineStr"><is><t>AAAA</t></is></c></row>' * 10_000
        yield b"</sheetData></worksheet>"

    return streamed(GOOD, "xl/worksheets/sheet1.xml", pieces())


def shared_strings(count: int) -> bytes:
    """A workbook with that many shared strings, made in pieces of 100 000."""

    def pieces() -> Iterator[bytes]:
        yield f'<sst {MAIN} count="{count}" uniqueCount="{count}">'.encode()
        for _ in range(count // 100_000):
            yield b"<si><t>x</t></si>" * 100_000
        yield b"</sst>"

    return streamed(string_bomb(), "xl/sharedStrings.xml", pieces())


def sized(dimension: str, rows: str) -> bytes:
    """A sheet whose <dimension> says something else than its rows."""
    sheet = f'<worksheet {MAIN}><dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>'
    return repacked(GOOD, {"xl/worksheets/sheet1.xml": sheet})


def many_members() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for n in range(21_000):
            made.writestr(f"xl/{n}", b"")
    return out.getvalue()


def biff_corner() -> bytes:
    """An .xls whose one cell lies in the last corner of the grid."""
    bof = b"\x09\x08\x10\x00\x00\x05\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    number = b"\x03\x02\x0e\x00" + b"\xff\xff\xff\x00\x00\x00" + b"\0" * 8
    return bof + number + b"\x0a\x00\x00\x00"


UTF16 = f'<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x><worksheet {MAIN}/>'.encode("utf-16")
LINKED = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://x/y" Target="http://127.0.0.1:9/x" TargetMode="External"/></Relationships>'
)
MERGED = "".join(f'<mergeCell ref="A{n}:XFD{n + 1000}"/>' for n in range(2, 202))
DEEP = "<a>" * 200_000 + "</a>" * 200_000
NO_STRING = '<row r="1"><c r="A1" t="s"><v>99999999</v></c></row>'
CUT = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600

OTHER = dict.fromkeys(zipfile.ZipFile(io.BytesIO(GOOD)).namelist()) | {"a.txt": b"x"}

REFUSED: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "inflates to 60 MB": (lambda: text_bomb(60), {"inflates_too_much"}),
    "one text of 30 MB": (lambda: text_bomb(30), {"inflates_too_much"}),
    "250 000 shared strings": (string_bomb, {"too_many_cells"}),
    "10 million shared strings": (lambda: shared_strings(10_000_000), {"too_many_cells", "inflates_too_much"}),
    "250 000 cells": (many_rows, {"too_many_cells"}),
    "a cell outside the grid": (lambda: excel(cell("ZZZZ4000000000")), {"hostile_file"}),
    "billion laughs in the sheet": (lambda: excel(cell("A1", "&l9;"), head=entities()), {"hostile_file"}),
    "an external entity in the sheet": (lambda: excel(cell("A1", "&f;"), head=external()), {"hostile_file"}),
    "billion laughs in the workbook": (
        lambda: excel(xl__workbook=entities() + f"<workbook {MAIN}><sheets/></workbook>"),
        {"hostile_file"},
    ),
    "billion laughs in the document": (lambda: word("<w:p/>", entities()), {"hostile_file"}),
    "an external entity in the document": (lambda: word("<w:p/>", external()), {"hostile_file"}),
    "a document type behind 100 kB of blanks": (
        lambda: excel(head="<?xml version='1.0'?>" + " " * 100_000 + "<!DOCTYPE x>"),
        {"unreadable_file", "hostile_file"},
    ),
    "a document type in another encoding": (
        lambda: repacked(GOOD, {"xl/worksheets/sheet1.xml": UTF16}),
        {"hostile_file"},
    ),
    "a span of 200 million columns": (
        lambda: word('<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="200000000"/></w:tcPr><w:p/></w:tc></w:tr></w:tbl>'),
        {"hostile_file"},
    ),
    "50 000 nested controls": (
        lambda: word("<w:sdt><w:sdtContent>" * 50_000 + "<w:p/>" + "</w:sdtContent></w:sdt>" * 50_000),
        {"hostile_file"},
    ),
    "a name that leads out": (lambda: repacked(GOOD, {"../../tmp/evil.txt": b"x"}), {"hostile_file"}),
    "a truncated zip": (lambda: GOOD[: len(GOOD) // 2], {"unreadable_file"}),
    "21 000 members": (many_members, {"inflates_too_much"}),
    "a table in HTML": (lambda: b"<html><table><tr><td>x</td></tr></table></html>", {"not_office"}),
    "a text table": (lambda: "型号,批号\nYL-A65,A65-2603C\n".encode("gb18030"), {"not_office"}),
    "a zip of something else": (
        lambda: repacked(GOOD, OTHER),
        {"not_office"},
    ),
    "nothing": (lambda: b"", {"unreadable_file"}),
    "too large a file": (lambda: b"PK" + b"\0" * (5 * MB), {"file_too_large"}),
    "broken XML": (lambda: repacked(GOOD, {"xl/workbook.xml": b"<workbook"}), {"unreadable_file"}),
    "damaged bytes": (lambda: GOOD.replace(b"PK\x05\x06", b"PK\x05\x07"), {"unreadable_file"}),
    "an OLE file cut short": (lambda: CUT, {"unreadable_file", "not_office"}),
}

READ: dict[str, tuple[Callable[[], bytes], dict[str, str]]] = {
    "both corners of the grid": (
        lambda: excel(cell("A1", "甲") + cell("XFD1048576", "乙")),
        {"Sheet!A1": "甲", "Sheet!XFD1048576": "乙"},
    ),
    "200 merged ranges over everything": (
        lambda: excel(
            cell("A1", "甲"),
            tail=f"<mergeCells>{MERGED}</mergeCells>",
        ),
        {"Sheet!A1": "甲"},
    ),
    "a dimension that says all": (lambda: sized("A1:XFD1048576", cell("B2", "甲")), {"Sheet!B2": "甲"}),
    "a dimension that says nothing": (lambda: sized("A1", cell("C3", "乙")), {"Sheet!C3": "乙"}),
    "a dimension that is none": (lambda: sized("ZZZ0:A9999999999", cell("A2", "丙")), {"Sheet!A2": "丙"}),
    "200 000 nested elements": (lambda: excel(cell("A1", "甲"), tail=DEEP), {"Sheet!A1": "甲"}),
    "an index of no shared string": (lambda: excel(NO_STRING + cell("A2", "乙")), {"Sheet!A2": "乙"}),
    "links to other files": (
        lambda: repacked(excel(cell("A1", "甲")), {"xl/worksheets/_rels/sheet1.xml.rels": LINKED}),
        {"Sheet!A1": "甲"},
    ),
    "numbers that are none": (lambda: excel('<row r="1"><c r="A1"><v>abc</v></c></row>'), {"Sheet!A1": "abc"}),
}


@pytest.fixture(scope="module")
def reader() -> Iterator[OfficeReader]:
    with OfficeReader(LIMITS) as made:
        yield made


def after(reader: OfficeReader) -> None:
    """The next file is read as if nothing had been."""
    assert reader.read(excel(cell("A1", "好")), "next.xlsx").grids[0].cells[0, 0].raw == "好"


@pytest.mark.parametrize("name", REFUSED)
def test_refused(reader: OfficeReader, name: str) -> None:
    make, codes = REFUSED[name]
    data, began = make(), time.monotonic()
    with pytest.raises(OfficeFault) as told:
        reader.read(data, "坏.xlsx")
    assert told.value.problem.code in codes and told.value.problem.code in CATALOGUE
    assert "坏.xlsx" in say(told.value.problem, "zh") and "坏.xlsx" in say(told.value.problem, "en")
    assert time.monotonic() - began < 60
    after(reader)


@pytest.mark.parametrize("name", READ)
def test_read_rightly(reader: OfficeReader, name: str) -> None:
    make, wanted = READ[name]
    book = reader.read(make(), "odd.xlsx")
    assert {g.address(*at): c.raw for g in book.grids for at, c in g.cells.items()} == wanted
    assert all(g.span(5, 5) for g in book.grids)
    after(reader)


def test_a_reader_that_dies_is_replaced(reader: OfficeReader) -> None:
    with pytest.raises(OfficeFault):
        reader.read(biff_corner(), "corner.xls")
    after(reader)

"""What is not understood is refused whole: a reason, no target, the source untouched. And zips of all kinds."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support_package import HEAD, MAIN, TITLE, checksums, compressed, grid, listing, package, part, row, text, worksheet

from qforms.office.book import OfficeFault
from qforms.problems import CATALOGUE, say
from qforms.sheetpatch import Plan, Reader, RowEdit, SheetEdit, fingerprint, keep, patch, verify

SHEET = "xl/worksheets/sheet1.xml"
PLAN = Plan((SheetEdit(TITLE, {2: RowEdit({1: "改"})}, (RowEdit({1: "A4"}),), head=1, last=3),))
Damage = Callable[[Path], None]


def rewritten(change: Callable[[str, bytes], bytes | None], add: dict[str, bytes] | None = None) -> Damage:
    def damage(path: Path) -> None:
        with zipfile.ZipFile(path) as old:
            members = [(n, change(n, old.read(n))) for n in old.namelist()]
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name, data in [*members, *(add or {}).items()]:
                if data is not None:
                    new.writestr(name, data)

    return damage


def in_sheet(old: str, new: str) -> Damage:
    return rewritten(lambda n, d: d.replace(old.encode(), new.encode()) if n == SHEET else d)


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def flipped(path: Path) -> None:
    """One bit of the sheet's compressed bytes."""
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as book:
        info = book.getinfo(SHEET)
    data[info.header_offset + 30 + len(SHEET) + info.compress_size // 2] ^= 4
    path.write_bytes(data)


def locked(path: Path) -> None:
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)


BAD: dict[str, tuple[Damage, str]] = {
    "torn": (torn, "book_damaged"),
    "flipped": (flipped, "book_damaged"),
    "locked": (locked, "book_encrypted"),
    "not a zip": (lambda p: p.write_bytes(b"text") and None, "book_damaged"),
    "no workbook": (rewritten(lambda n, d: None if n == "xl/workbook.xml" else d), "book_damaged"),
    "shared": (rewritten(lambda _, d: d, {"xl/revisions/revisionLog1.xml": b"<x/>"}), "book_shared"),
    "signed": (rewritten(lambda _, d: d, {"_xmlsignatures/sig1.xml": b"<x/>"}), "book_signed"),
    "twice": (rewritten(lambda _, d: d, {"XL/Workbook.xml": b"<x/>"}), "book_damaged"),
    "doctype": (in_sheet(HEAD, HEAD + '<!DOCTYPE x [<!ENTITY a "b">]>'), "book_unknown"),
    "comment": (in_sheet("</row>", "</row><!-- x -->"), "book_unknown"),
    "encoding": (in_sheet("UTF-8", "GB18030"), "book_unknown"),
    "rows out of order": (in_sheet('<row r="3">', '<row r="1">'), "book_disorder"),
    "cells out of order": (in_sheet('r="A2"', 'r="D2"'), "book_disorder"),
    "bad cell": (in_sheet('r="A2"', 'r="2A"'), "book_damaged"),
    "bad row": (in_sheet('<row r="2">', '<row r="x">'), "book_damaged"),
    "row beyond the grid": (in_sheet('<row r="3">', '<row r="4000000000">'), "book_disorder"),
    "unclosed": (in_sheet("</sheetData>", ""), "book_damaged"),
    "array": (in_sheet('r="A2" s="2" t="inlineStr">', 'r="A2"><f t="array" ref="A2:A3">B2:B3</f>'), "book_formula"),
    "other kind": (rewritten(lambda n, d: b"<x/>" if n == "xl/workbook.xml" else d), "book_unknown"),
    "no sheet": (rewritten(lambda n, d: d.replace(TITLE.encode(), b"Z")), "book_no_sheet"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_refused_with_a_reason_and_nothing_written(tmp_path: Path, name: str) -> None:
    damage, code = BAD[name]
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(listing(2))})
    damage(source)
    before = source.read_bytes()
    with pytest.raises(OfficeFault) as told:
        patch(source, tmp_path / "target.xlsx", PLAN)
    assert told.value.problem.code == code
    assert code in CATALOGUE
    for lang in ("zh", "en"):
        assert "{" not in say(told.value.problem, lang)  # type: ignore[arg-type]
    assert [p.name for p in tmp_path.iterdir()] == ["book.xlsx"]
    assert source.read_bytes() == before


def test_a_source_that_is_saved_meanwhile_is_not_overtaken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(listing(2))})
    from qforms.sheetpatch.run import spliced

    def slow(pieces: object, job: object) -> object:
        yield from spliced(pieces, job)  # type: ignore[arg-type, misc]
        package(source, {TITLE: worksheet(listing(5))})

    monkeypatch.setattr("qforms.sheetpatch.run.spliced", slow)
    with pytest.raises(OfficeFault, match="book_changed"):
        patch(source, tmp_path / "target.xlsx", PLAN)
    assert not (tmp_path / "target.xlsx").exists()
    with pytest.raises(ValueError, match="over itself"):
        patch(source, source, PLAN)


def test_what_is_read_back_is_proved(tmp_path: Path) -> None:
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(listing(2))})
    target = tmp_path / "target.xlsx"
    report = patch(source, target, PLAN)
    verify(target, PLAN, report)
    in_sheet("改", "变")(target)
    with pytest.raises(OfficeFault, match="book_not_written"):
        verify(target, PLAN, report)
    with pytest.raises(OfficeFault, match="book_not_written"):
        verify(source, PLAN, report)


def test_members_are_copied_as_they_are(tmp_path: Path) -> None:
    """Stored, with data descriptors, with 64-bit sizes, with extra fields: the bytes stay, the headers are right."""
    plain = package(tmp_path / "plain.xlsx", {TITLE: worksheet(listing(2))})
    source = tmp_path / "book.xlsx"
    with zipfile.ZipFile(plain) as old, source.open("wb") as raw:
        out = _Unseekable(raw)
        with zipfile.ZipFile(out, "w") as new:  # type: ignore[call-overload]
            for i, name in enumerate(old.namelist()):
                info = zipfile.ZipInfo(name, (2026, 5, 6, 14, 20, 0))
                info.compress_type = zipfile.ZIP_STORED if i % 2 else zipfile.ZIP_DEFLATED
                with new.open(info, "w", force_zip64=i % 3 == 0) as member:
                    member.write(old.read(name))
            new.writestr("xl/media/大.bin", bytes(range(256)) * 40)
    target = tmp_path / "target.xlsx"
    report = patch(source, target, PLAN)
    before, after = compressed(source), compressed(target)
    assert {n for n in before if before[n] != after[n]} == report.changed
    checksums(target)
    assert grid(target)[1][0] == "改"
    with zipfile.ZipFile(target) as book:
        info = book.getinfo("xl/styles.xml")
        assert info.date_time == (2026, 5, 6, 14, 20, 0)
        assert not any(i.flag_bits & 8 or i.extra for i in book.infolist())


class _Unseekable:
    """A stream to which a zip is written with data descriptors."""

    def __init__(self, raw: object) -> None:
        self._raw = raw

    def write(self, data: bytes) -> int:
        return int(self._raw.write(data))  # type: ignore[attr-defined]

    def flush(self) -> None:
        self._raw.flush()  # type: ignore[attr-defined]


def test_a_huge_text_without_end_is_refused_and_not_held(tmp_path: Path) -> None:
    source = package(tmp_path / "book.xlsx", {TITLE: worksheet(row(1, text("A1", "x" * (20 << 20))))})
    with pytest.raises(OfficeFault, match="book_too_large"):
        patch(source, tmp_path / "target.xlsx", PLAN)
    with Reader(source) as book, pytest.raises(OfficeFault, match="book_too_large"):
        book.cells(TITLE)


def test_fingerprint_and_kept_version(tmp_path: Path) -> None:
    file = tmp_path / "a"
    assert fingerprint(file) == ""
    file.write_bytes(b"one")
    first = fingerprint(file)
    assert first == fingerprint(file)
    about = file.stat()
    file.write_bytes(b"two")  # of the same length, and in the same moment
    import os

    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert fingerprint(file) != first
    keep(file, tmp_path / "kept")
    beside = tmp_path / "b"
    beside.write_bytes(b"three")
    beside.replace(file)
    assert (tmp_path / "kept").read_bytes() == b"two"


def test_reading_tells_formulas_and_errors_apart(tmp_path: Path) -> None:
    data = row(2, '<c r="B2"><f>1+1</f><v>2</v></c>', '<c r="C2" t="e"><v>#N/A</v></c>', text("D2", "#N/A"))
    data += row(
        3, '<c r="B3" t="str"><f t="shared" si="0"/><v>x</v></c>', '<c r="C3" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
    )
    data += '<row><c/><c><f>B2</f><v>2</v></c><c t="e"><v>#REF!</v></c></row>'
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties">'
        "<cp:lastModifiedBy>王芳</cp:lastModifiedBy></cp:coreProperties>"
    )
    source = package(
        tmp_path / "book.xlsx",
        {TITLE: worksheet(data), "空": worksheet("")},
        names=f"<definedName name=\"qf\">'{TITLE}'!$A$3</definedName>",
        extra={"docProps/core.xml": core},
    )
    with Reader(source) as book:
        assert book.titles == {TITLE: True, "空": True}
        assert book.names == {"qf": f"'{TITLE}'!$A$3"}
        assert book.modified_by == "王芳"
        cells, empty = book.cells(TITLE), book.cells("空")
    assert (empty.last, empty.text(1, 1), empty.value(5, 5)) == (0, "", None)
    told = {(r, c): (cells.fault(r, c), cells.text(r, c)) for r in range(1, 5) for c in range(1, 5) if cells.text(r, c)}
    assert told == {
        (2, 2): ("formula", "=1+1"), (2, 3): ("error", "#N/A"), (2, 4): ("", "#N/A"),
        (3, 2): ("formula", "="), (3, 3): ("formula", "=1/0"),
        (4, 2): ("formula", "=B2"), (4, 3): ("error", "#REF!"),
    }  # fmt: skip
    assert (cells.value(2, 2), cells.value(2, 3), cells.last) == (2.0, None, 4)
    assert cells.address(2, 28) == f"{TITLE}!AB2"


@pytest.mark.parametrize(
    ("part_name", "content"),
    [
        (SHEET, worksheet(row(1, text("A1", "x")) + row(1_048_576, text("XFD1048576", "y")))),
        ("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}" uniqueCount="4294967295"><si><t>x</t></si></sst>'),
    ],
)
def test_reading_reserves_no_memory_for_what_a_file_merely_promises(
    tmp_path: Path, part_name: str, content: str
) -> None:
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    strings = [("rIdSST", f"{office}/sharedStrings", "sharedStrings.xml")]
    sheet = content if part_name == SHEET else worksheet(row(1, '<c r="A1" t="s"><v>0</v></c>'))
    source = package(
        tmp_path / "book.xlsx",
        {TITLE: sheet},
        extra={"xl/sharedStrings.xml": content if part_name != SHEET else f'<sst xmlns="{MAIN}"/>'},
        workbook_rels=strings,
    )
    with Reader(source) as book, pytest.raises(OfficeFault) as told:
        book.cells(TITLE)
    assert told.value.problem.code in ("book_too_large", "book_damaged")
    assert part(source, SHEET)

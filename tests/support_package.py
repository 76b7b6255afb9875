"""Workbooks put together from written parts, for tests of changes in place; and what stands in them afterwards."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml."
TITLE = "台账"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def text(ref: str, words: str, style: int = 0) -> str:
    shown = f' s="{style}"' if style else ""
    return f'<c r="{ref}"{shown} t="inlineStr"><is><t xml:space="preserve">{escape(words)}</t></is></c>'


def figure(ref: str, value: float, style: int = 0) -> str:
    shown = f' s="{style}"' if style else ""
    return f'<c r="{ref}"{shown}><v>{value}</v></c>'


def row(number: int, *cells: str, about: str = "") -> str:
    return f'<row r="{number}"{about}>{"".join(cells)}</row>'


def listing(rows: int, head: int = 1) -> str:
    """Headings 编号, 数量, 日期 in row `head`, and rows below with A<n>, n, a day."""
    shown = [row(head, text(f"A{head}", "编号"), text(f"B{head}", "数量"), text(f"C{head}", "日期"))]
    for n in range(1, rows + 1):
        at = head + n
        shown.append(row(at, text(f"A{at}", f"A{n}", 2), figure(f"B{at}", n), figure(f"C{at}", 46000 + n, 1)))
    return "".join(shown)


def worksheet(data: str, tail: str = "", head: str = "", dimension: str = "") -> str:
    dim = f'<dimension ref="{dimension}"/>' if dimension else ""
    start = f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}">{dim}{head}'
    return f"{start}<sheetData>{data}</sheetData>{tail}</worksheet>"


def table(number: int, ref: str, columns: Sequence[str], more: str = "", about: str = "") -> str:
    """A table part; `more` are its columns where they say more than their names."""
    shown = "".join(f'<tableColumn id="{i}" name="{c}"/>' for i, c in enumerate(columns, 1))
    name = f"List{number}_"
    body = ref if 'totalsRowCount="1"' not in about else re.sub(r"\d+$", lambda m: str(int(m[0]) - 1), ref)
    return (
        f'{HEAD}<table xmlns="{MAIN}" id="{number}" name="{name}" displayName="{name}" ref="{ref}"{about}>'
        f'<autoFilter ref="{body}"/>'
        + (more or f'<tableColumns count="{len(columns)}">{shown}</tableColumns>')
        + '<tableStyleInfo name="TableStyleMedium2" showRowStripes="1"/></table>'
    )


def package(
    path: Path,
    sheets: Mapping[str, str],
    *,
    tables: Mapping[str, Sequence[str]] | None = None,
    names: str = "",
    before_names: str = "",
    extra: Mapping[str, str | bytes] | None = None,
    overrides: Mapping[str, str] | None = None,
    rels: Mapping[str, Sequence[tuple[str, str, str]]] | None = None,
    workbook_rels: Sequence[tuple[str, str, str]] = (),
    workbook: str = "",
) -> Path:
    """Writes a workbook: `sheets` title -> part; `tables` title -> table parts; `rels` title -> (id, type, target)."""
    parts: dict[str, str | bytes] = {"xl/styles.xml": HEAD + STYLES}
    types = {"xl/workbook.xml": TYPE + "sheet.main+xml", "xl/styles.xml": TYPE + "styles+xml", **(overrides or {})}
    entries, links, count = [], [*workbook_rels, ("rIdStyles", OFFICE + "/styles", "styles.xml")], 0
    for i, (title, content) in enumerate(sheets.items(), 1):
        name = f"xl/worksheets/sheet{i}.xml"
        own = list((rels or {}).get(title, ()))
        for t in (tables or {}).get(title, ()):
            count += 1
            parts[f"xl/tables/table{count}.xml"] = t
            types[f"xl/tables/table{count}.xml"] = TYPE + "table+xml"
            own.append((f"rIdT{count}", OFFICE + "/table", f"../tables/table{count}.xml"))
        parts[name], types[name] = content, TYPE + "worksheet+xml"
        if own:
            parts[f"xl/worksheets/_rels/sheet{i}.xml.rels"] = relations(own)
        entries.append(f'<sheet name="{escape(title)}" sheetId="{i}" r:id="rIdS{i}"/>')
        links.append((f"rIdS{i}", OFFICE + "/worksheet", f"worksheets/sheet{i}.xml"))
    defined = f"<definedNames>{names}</definedNames>" if names else ""
    parts["xl/workbook.xml"] = (
        f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{"".join(entries)}</sheets>'
        f"{before_names}{defined}{workbook}</workbook>"
    )
    parts["xl/_rels/workbook.xml.rels"] = relations(links)
    parts["_rels/.rels"] = relations([("rId1", OFFICE + "/officeDocument", "xl/workbook.xml")])
    declared = "".join(f'<Override PartName="/{n}" ContentType="{t}"/>' for n, t in types.items())
    parts["[Content_Types].xml"] = (
        f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        'ContentType="application/xml"/><Default Extension="vml" ContentType="application/vnd.openxmlformats-'
        'officedocument.vmlDrawing"/><Default Extension="png" ContentType="image/png"/><Default Extension="bin" '
        f'ContentType="application/octet-stream"/>{declared}</Types>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name in ("[Content_Types].xml", *(n for n in parts if n[0] != "["), *(extra or {})):
            out.writestr(name, parts[name] if name in parts else (extra or {})[name])
    return path


def relations(links: Sequence[tuple[str, str, str]]) -> str:
    shown = "".join(
        f'<Relationship Id="{key}" Type="{kind}" Target="{target}"'
        f"{' TargetMode=' + chr(34) + 'External' + chr(34) if '://' in target else ''}/>"
        for key, kind, target in links
    )
    return f'{HEAD}<Relationships xmlns="{RELS}">{shown}</Relationships>'


def part(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as book:
        return book.read(name).decode()


def checksums(path: Path) -> dict[str, int]:
    """CRC of each member as inflated now: a wrong one raises."""
    with zipfile.ZipFile(path) as book:
        assert book.testzip() is None
        return {i.filename: i.CRC for i in book.infolist()}


def compressed(path: Path) -> dict[str, bytes]:
    """The bytes of each member as they stand in the file."""
    data, found = path.read_bytes(), {}
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        for i in book.infolist():
            at = i.header_offset
            at += (
                30
                + int.from_bytes(data[at + 26 : at + 28], "little")
                + int.from_bytes(data[at + 28 : at + 30], "little")
            )
            found[i.filename] = data[at : at + i.compress_size]
    return found


def grid(path: Path, title: str = TITLE, rows: int | None = None) -> list[list[object]]:
    """What openpyxl reads of a sheet, or of its first rows."""
    from openpyxl import load_workbook

    return [list(r) for r in load_workbook(path)[title].iter_rows(values_only=True, max_row=rows)]


_SHEET_ORDER = (
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios "
    "autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting dataValidations "
    "hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches "
    "ignoredErrors smartTags drawing legacyDrawing legacyDrawingHF drawingHF picture oleObjects controls "
    "webPublishItems tableParts extLst"
)
_BOOK_ORDER = (
    "fileVersion fileSharing workbookPr workbookProtection bookViews sheets functionGroups externalReferences "
    "definedNames calcPr oleSize customWorkbookViews pivotCaches smartTagPr smartTagTypes webPublishing fileRecoveryPr "
    "webPublishObjects extLst"
)


def sound(path: Path) -> None:
    """Nothing that Excel repairs: elements, rows, cells out of order, empty groups, wrong counts, relationships and
    content types without a part, formats that are not there."""
    from lxml import etree

    with zipfile.ZipFile(path) as book:
        names = set(book.namelist())
        assert len(names) == len(book.namelist())
        for name in names:
            if name.endswith(".rels"):
                _related(name, etree.fromstring(book.read(name)), names)
        types = etree.fromstring(book.read("[Content_Types].xml"))
        declared = [e.get("PartName", "").lstrip("/") for e in types if e.get("PartName")]
        assert set(declared) <= names, set(declared) - names
        assert len(set(declared)) == len(declared)
        styles = etree.fromstring(book.read("xl/styles.xml"))
        formats = len(next(e for e in styles if etree.QName(e).localname == "cellXfs"))
        _in_order(etree.fromstring(book.read("xl/workbook.xml")), _BOOK_ORDER)
        for name in names:
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                root = etree.fromstring(book.read(name))
                _in_order(root, _SHEET_ORDER)
                _rows_in_order(root, formats)


def _related(name: str, root: Iterable[Element], names: set[str]) -> None:
    folder = posixpath.dirname(posixpath.dirname(name))
    for r in root:
        if r.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/" + folder, r.get("Target", ""))).lstrip("/")
            assert target in names, (name, target)


def _in_order(root: Iterable[Element], order: str) -> None:
    found = [str(e.tag).rpartition("}")[2] for e in root]
    places = [order.split(" ").index(n) for n in found if n != "AlternateContent"]
    assert places == sorted(places), found
    for e in root:
        if str(e.tag).rpartition("}")[2] in (
            "mergeCells",
            "dataValidations",
            "hyperlinks",
            "tableParts",
            "definedNames",
        ):
            assert len(e), e.tag
            assert e.get("count") in (None, str(len(e))), e.tag


def _rows_in_order(root: Element, formats: int) -> None:
    last = 0
    for r in root.iter("{*}row"):
        number = int(r.get("r", last + 1))
        assert last < number <= 1_048_576
        last, column = number, 0
        for c in r:
            assert int(c.get("s", "0")) < formats
            if ref := c.get("r"):
                letters = ref.rstrip("0123456789")
                assert ref[len(letters) :] == str(number), ref
                at = sum((ord(x) - 64) * 26**i for i, x in enumerate(reversed(letters)))
                assert at > column
                column = at

"""Photos laid over cells of a workbook. They keep their shape and stay inside their cell, merged ones counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from qforms.forms import pictures
from qforms.forms.wml import clean
from qforms.office import parts
from qforms.office.sheet import Sheet, Span
from qforms.office.workbook import Workbook

_MAIN = "http://schemas.openxmlformats.org/drawingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.drawing+xml"
_PIXEL, _POINT = 9_525, 12_700  # in EMU
_MARGIN = 3 * _PIXEL
_EMPTY = f'<xdr:wsDr xmlns:xdr="{_SHEET}" xmlns:a="{_MAIN}"/>'.encode()


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a photo is to stand (rows and columns from 0), which one, and what it is called."""

    title: str
    row: int
    col: int
    digest: str
    name: str


def place(data: bytes, spots: Sequence[Spot], photos: Mapping[str, bytes]) -> bytes:
    """The workbook with the photos that can be shown; what stood there before stays. Raises OfficeFault."""
    shown = [(s, photo) for s in spots if s.digest in photos and (photo := pictures.prepare(photos[s.digest]))]
    if not shown:
        return data
    book = Workbook(parts.names(data), lambda name: parts.read(data, (name,))[name])
    files: dict[str, str] = {}
    for digest, photo in {s.digest: photo for s, photo in shown}.items():
        files[digest] = book.free("media/qf_photo", "jpeg")
        book.changes[files[digest]] = photo.data
    types = book.actual(parts.CONTENT_TYPES)
    book.changes[types] = parts.declare(book.part(types) or b"", kind="image/jpeg", extension="jpeg")
    for title in dict.fromkeys(s.title for s, _ in shown):
        part = next(p.part for p in book.places if p.title == title)
        sheet = Sheet(book.part(part) or b"", part)
        drawing = _drawing(book, sheet)
        root = parts.load(book.part(drawing) or _EMPTY, drawing)
        number = max([0, *(int(e.get("id", "0")) for e in root.iter(f"{{{_SHEET}}}cNvPr"))])
        for n, (spot, photo) in enumerate(((s, p) for s, p in shown if s.title == title), start=number + 1):
            key = book.relate(drawing, "image", files[spot.digest])
            root.append(parts.load(_anchor(sheet, spot, photo, key, n).encode()))
        book.changes[drawing] = parts.dump(root)
    return parts.rewrite(data, book.changes)


def _drawing(book: Workbook, sheet: Sheet) -> str:
    """The part that draws on a sheet: its own, else a new one."""
    known = next((t for kind, t in book.relations(sheet.part).values() if kind == "drawing"), "")
    if known:
        return known
    part = book.free("drawings/drawing", "xml")
    book.changes[part] = _EMPTY
    types = book.actual(parts.CONTENT_TYPES)
    book.changes[types] = parts.declare(book.part(types) or b"", part, _KIND)
    sheet.set_drawing(book.relate(sheet.part, "drawing", part))
    book.changes[sheet.part] = sheet.dump()
    return part


def _anchor(sheet: Sheet, spot: Spot, photo: pictures.Photo, key: str, number: int) -> str:
    """The photo as large as its cells allow, in their middle."""
    span = sheet.span(spot.row, spot.col)
    widths, heights = list(_widths(sheet, span)), [round(sheet.height(r) * _POINT) for r in range(span[0], span[2] + 1)]
    wide, high = sum(widths) - 2 * _MARGIN, sum(heights) - 2 * _MARGIN
    scale = min(wide / photo.width, high / photo.height)
    cx, cy = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
    col, left = _from(widths, _MARGIN + (wide - cx) // 2)
    row, top = _from(heights, _MARGIN + (high - cy) // 2)
    alt = quoteattr(clean(spot.name).replace("\n", " ")[:200])
    return (
        f'<xdr:oneCellAnchor xmlns:xdr="{_SHEET}" xmlns:a="{_MAIN}" xmlns:r="{_RELATIONS}"><xdr:from>'
        f"<xdr:col>{span[1] + col}</xdr:col><xdr:colOff>{left}</xdr:colOff>"
        f"<xdr:row>{span[0] + row}</xdr:row><xdr:rowOff>{top}</xdr:rowOff></xdr:from>"
        f'<xdr:ext cx="{cx}" cy="{cy}"/><xdr:pic><xdr:nvPicPr>'
        f'<xdr:cNvPr id="{number}" name="photo{number}" descr={alt}/>'
        '<xdr:cNvPicPr><a:picLocks noChangeAspect="1"/></xdr:cNvPicPr></xdr:nvPicPr>'
        f'<xdr:blipFill><a:blip r:embed="{key}"/><a:stretch><a:fillRect/></a:stretch></xdr:blipFill>'
        f'<xdr:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{cx}" cy="{cy}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr></xdr:pic><xdr:clientData/></xdr:oneCellAnchor>'
    )


def _widths(sheet: Sheet, span: Span) -> Iterator[int]:
    """A column so many digits wide takes 7 pixels for each and 5 for its edges, in the usual font."""
    yield from (round(sheet.width(col, col) * 7 + 5) * _PIXEL for col in range(span[1], span[3] + 1))


def _from(lengths: Sequence[int], at: int) -> tuple[int, int]:
    """The column or row in which a point lies, counted from the first, and how far in it."""
    for n, length in enumerate(lengths):
        if at < length:
            return n, max(0, at)
        at -= length
    return 0, 0

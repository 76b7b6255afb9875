"""One sheet part, changed while it streams: its beginning, its rows, its end. No more than a few pieces of it are in
memory, apart from its end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from qforms.office.book import fault
from qforms.sheetpatch.blocks import LONGEST
from qforms.sheetpatch.cells import columns_of, marks
from qforms.sheetpatch.job import Job
from qforms.sheetpatch.refs import corners, range_of
from qforms.sheetpatch.rows import Rows
from qforms.sheetpatch.tail import changed as changed_tail

_DATA = re.compile(rb"<((?:[\w.-]+:)?)sheetData(?=[\s/>])[^>]*?(/?)>")
_DIMENSION = re.compile(rb"(<(?:[\w.-]+:)?dimension\b[^>]*?\bref=[\"'])([^\"']*)")
_ENCODING = re.compile(rb"\s*<\?xml[^>]*?encoding=[\"']([^\"']+)")
_END = 64 << 20  # bytes of the part's end, held as a whole


def spliced(pieces: Iterable[bytes], job: Job) -> Iterator[bytes]:
    """The part with `job` done. Raises Again, or OfficeFault for what is not understood."""
    source = iter(pieces)
    head, prefix, rest, empty = _head(source, job)
    m = marks(prefix)
    rows = Rows(job, m, list(columns_of(head)))
    shown = _measured(head, job)
    if empty:
        made = rows.rest()
        yield re.sub(rb"\s*/>$", b">", shown) + made + b"</%bsheetData>" % prefix if made else shown
        buffer = rest
    else:
        yield shown
        end_row, end = b"</%brow>" % prefix, b"</%bsheetData" % prefix
        buffer = rest
        stop = -1
        while True:
            cut = buffer.rfind(end_row) + len(end_row)
            stop = buffer.find(end, cut if cut >= len(end_row) else 0)
            if stop >= 0:
                break
            if cut >= len(end_row):
                yield rows.block(buffer[:cut])
                buffer = buffer[cut:]
            piece = next(source, None)
            if piece is None:
                raise fault("unreadable_file", job.title, reason="sheetData")
            _check(piece, buffer, job)
            buffer += piece
        yield rows.block(buffer[:stop])
        yield rows.rest()
        buffer = buffer[stop:]
    tail = [buffer]
    size = len(buffer)
    for piece in source:
        tail.append(piece)
        size += len(piece)
        if size > _END:
            raise fault("inflates_too_much", job.title, mb=_END >> 20)
    yield changed_tail(b"".join(tail), head, job)


def _head(source: Iterator[bytes], job: Job) -> tuple[bytes, bytes, bytes, bool]:
    """Everything up to the rows, the prefix of the elements, what was read beyond, and whether there are no rows."""
    buffer = b""
    for piece in source:
        buffer += piece
        if found := _DATA.search(buffer):
            head = buffer[: found.end()]
            encoding = _ENCODING.match(head.removeprefix(b"\xef\xbb\xbf"))
            if encoding and encoding[1].lower() not in (b"utf-8", b"ascii", b"us-ascii"):
                raise fault("book_unknown", job.title, reason=encoding[1].decode("ascii", "replace"))
            _check(buffer, b"", job)
            return head, found[1], buffer[found.end() :], bool(found[2])
        if len(buffer) > LONGEST:
            break
    raise fault("unreadable_file", job.title, reason="sheetData")


def _check(piece: bytes, before: bytes, job: Job) -> None:
    if b"!" in piece and (b"<!" in piece or (piece[:1] == b"!" and before[-1:] == b"<")):
        raise fault("book_unknown", job.title, reason="<!")
    if len(before) > LONGEST:
        raise fault("inflates_too_much", job.title, mb=LONGEST >> 20)


def _measured(head: bytes, job: Job) -> bytes:
    """The beginning with the extent of the sheet grown to hold all that is written."""
    found = _DIMENSION.search(head)
    box = corners(found[2].decode()) if found else None
    if found is None or box is None:
        return head
    top, left, bottom, right = box
    if job.moves:
        bottom = max(bottom + job.moves.by if bottom > job.moves.end else min(bottom, job.moves.new_end), top)
    columns = [c for edit in job.rows.values() for c in edit.values]
    now = (
        min([top, *job.rows]),
        min([left, *columns]),
        max([bottom, *job.rows]),
        max([right, *columns]),
    )
    return head[: found.start(2)] + range_of(*now).encode() + head[found.end(2) :] if now != box else head

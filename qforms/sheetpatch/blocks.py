"""A sheet part in blocks of whole rows, for those who only read it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from qforms.office.book import fault
from qforms.sheetpatch.cells import Marks, marks

LONGEST = 16 << 20  # bytes between the ends of two rows, and of what stands before the first
_DATA = re.compile(rb"<((?:[\w.-]+:)?)sheetData(?=[\s/>])")


def blocks(pieces: Iterable[bytes], title: str) -> Iterator[tuple[Marks, bytes]]:
    """Each block ends where a row begins; the first has what stands before the rows, the last what stands after them.

    All pieces are read, so that their checksum is proved. Raises OfficeFault for a row that never ends."""
    m: Marks | None = None
    rest = b""
    for piece in pieces:
        rest += piece
        if len(rest) > LONGEST:
            raise fault("inflates_too_much", title, mb=LONGEST >> 20)
        if m is None and (start := _DATA.search(rest)):
            m = marks(start[1])
        stop = rest.rfind(b"<%brow" % m.prefix) if m else -1
        if m and stop > 0:
            yield m, rest[:stop]
            rest = rest[stop:]
    if m:
        yield m, rest

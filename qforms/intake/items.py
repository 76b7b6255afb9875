"""A mail that numbers its failures (1、YL-A65 … 2、KX-300 …), each of another product or lot, is as many complaints:
each counts for its own group, and none is asked for what another one says."""

from __future__ import annotations

import re

from qforms.intake import freetext, phenomenon

_ITEM = re.compile(r"^[ \t]*(?:(\d{1,2})[.、)）](?!\d)|[(（](\d{1,2})[)）])[ \t]*(?=\S)", re.M)
_MOST, _LONGEST = 10, 500


def apart(text: str) -> tuple[str, ...]:
    """The mail's text as each failure would have it alone, with what stands before and after them all; () for a mail
    that tells of one, or where any of them lacks its own product or lot, its fault or its number of units."""
    marks = list(_ITEM.finditer(text[:20_000]))
    if not 2 <= len(marks) <= _MOST or [int(m[1] or m[2]) for m in marks] != list(range(1, len(marks) + 1)):
        return ()
    line = text.find("\n", marks[-1].end())
    end = len(text) if line < 0 else line
    bounds = [*(m.start() for m in marks), end]
    items = [text[m.end() : stop].strip() for m, stop in zip(marks, bounds[1:], strict=True)]
    if len({_product(item) for item in items} - {""}) < len(items) or not all(map(_whole, items)):
        return ()
    head, tail = text[: marks[0].start()].strip(), text[end:].strip()
    return tuple("\n".join(filter(None, (head, item, tail))) for item in items)


def _product(item: str) -> str:
    return freetext.running("", item).get("lot_no") or next(iter(freetext.tokens(item)), "")


def _whole(item: str) -> bool:
    return len(item) <= _LONGEST and freetext.failed(item) and phenomenon.names_fault(item)

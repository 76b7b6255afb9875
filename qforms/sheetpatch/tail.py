"""The end of a sheet part, after its rows: ranges that go with the list, links, the drawing that shows comments."""

from __future__ import annotations

import re
from html import unescape
from xml.sax.saxutils import escape

from qforms.office.book import fault
from qforms.sheetpatch.frame import TAG, children, drawn, linked
from qforms.sheetpatch.job import Again, Job
from qforms.sheetpatch.refs import Moves, corners, filled_down, in_formula, moved, moved_all, moved_formula


def changed(tail: bytes, head: bytes, job: Job) -> bytes:
    """The end of the part, from `</sheetData>` on; `head` is its beginning. Raises Again, or OfficeFault."""
    moves = job.moves
    if not job.links and not job.drawing and not (job.listed and (job.listed.grows or (moves and moves.any))):
        return tail
    text = tail.decode("utf-8")
    close = TAG.match(text)
    if close is None:
        raise fault("unreadable_file", job.title, reason="sheetData")
    if re.search(r"\b(?:sq)?ref='", text):
        raise fault("book_unknown", job.title, reason="ref='")
    start = close.end() if close[3] == "sheetData" else 0  # a part without rows has its sheetData closed already
    end = text.rfind("</")
    found = list(children(text[start:end], job))
    if job.listed:
        found = [(name, _ranges(name, child, job)) for name, child in found]
    beginning = head.decode("utf-8", "replace")
    if job.links:
        found = linked(found, beginning, job)
    if job.drawing:
        found = drawn(found, beginning, job.drawing)
    return (text[:start] + "".join(c for _, c in found) + text[end:]).encode()


# ---------------------------------------------------------------- ranges


def _ranges(name: str, child: str, job: Job) -> str:
    assert job.listed is not None
    moves = job.listed.moves
    if name in ("conditionalFormatting", "dataValidations", "protectedRanges", "ignoredErrors"):
        return _ruled(child, job)
    if name == "extLst":
        return _extension(child, job)
    if name in ("autoFilter", "sortState"):
        return _filter(name, child, job)
    if name == "mergeCells":
        return _merged(child, job)
    if name == "hyperlinks" and moves.any:
        return _emptied(_LINK.sub(lambda m: _one(m[0], moves), child), "hyperlink")
    if name == "rowBreaks" and moves.any:
        return re.sub(
            r'(<(?:[\w.-]+:)?brk\b[^>]*?\bid=")(\d+)', lambda m: f"{m[1]}{moves.row(int(m[2])) or m[2]}", child
        )
    return child


def _one(element: str, moves: Moves) -> str:
    """An element with the attribute `ref`; "" when its cells are taken out."""
    found = re.search(r'\bref="([^"]*)"', element)
    if found is None:
        return element
    now = moved(found[1], moves, grow=False)
    return element[: found.start(1)] + now + element[found.end(1) :] if now else ""


def _emptied(child: str, item: str) -> str:
    """A group with its count set right; "" when it has lost all of its items."""
    count = len(re.findall(rf"<(?:[\w.-]+:)?{item}(?=[\s/>])", child))
    return re.sub(r'(<[^>]*?\bcount=")\d+', rf"\g<1>{count}", child, count=1) if count else ""


def _merged(child: str, job: Job) -> str:
    assert job.listed is not None
    listed, moves = job.listed, job.listed.moves
    for found in re.finditer(r'\bref="([^"]*)"', child):
        box = corners(found[1])
        if box is None:
            continue
        torn = any(box[0] <= row <= box[2] and box[0] < box[2] for row in moves.gone)
        written = [r for r in job.new if r > moves.end] if not moves.below else []
        hit = any(box[0] <= r <= box[2] for r in written) and box[1] <= listed.right and box[3] >= listed.left
        if hit and box[0] > moves.end and listed.alone:
            raise Again(below=True)
        if torn or hit:
            raise fault("book_no_room", f"{job.title}!{found[1]}")
    if not moves.any:
        return child
    return _emptied(re.sub(r"<(?:[\w.-]+:)?mergeCell\b[^>]*?/>", lambda m: _one(m[0], moves), child), "mergeCell")


def _filter(name: str, child: str, job: Job) -> str:
    """The filter of the list reaches to its end, wherever it ended before."""
    assert job.listed is not None
    moves = job.listed.moves

    def change(found: re.Match[str]) -> str:
        box = corners(found[2])
        if box and name == "autoFilter" and box[0] == moves.first - 1:
            bottom = max(moves.new_end, moves.first)
            return found[1] + re.sub(r"\d+$", str(bottom), found[2])
        return found[1] + (moved(found[2], moves) or found[2])

    return re.sub(r'(\bref=")([^"]*)', change, child)


_LINK = re.compile(r"<(?:[\w.-]+:)?hyperlink(?=\s)[^>]*?/>")
_BREAK = re.compile(r'(<(?:[\w.-]+:)?brk\b[^>]*?\bid=")(\d+)')
_SQREF = re.compile(r'(\bsqref=")([^"]*)')
_RULE = re.compile(r"(<(?:[\w.-]+:)?formula[12]?(?=[\s>])[^>]*>)([^<]*)")
_RULED = re.compile(
    r"<((?:[\w.-]+:)?(?:conditionalFormatting|dataValidation|protectedRange|ignoredError))(?=\s)"
    r"(?:[^>]*?/>|.*?</\1>)",
    re.S,
)


def _ruled(child: str, job: Job) -> str:
    """Rules for ranges: the ranges move, and with them the formulas, which are written for the first cell of them."""
    assert job.listed is not None
    moves = job.listed.moves

    def rule(found: re.Match[str]) -> str:
        text = found[0]
        place = _SQREF.search(text)
        if place is None:
            return text
        now = moved_all(place[2], moves)
        if not now:
            return ""
        by = _first(now) - _first(place[2])
        text = text[: place.start(2)] + now + text[place.end(2) :]
        return _RULE.sub(lambda f: f[1] + escape(_formula(unescape(f[2]), by, job)), text)

    new = _RULED.sub(rule, child)
    group = re.match(r"\s*<(?:[\w.-]+:)?(dataValidations|protectedRanges|ignoredErrors)\b", child)
    if group is None or new == child:
        return new
    return _emptied(new, group[1][:-1])


def _first(ranges: str) -> int:
    box = corners(ranges.split()[0])
    return box[0] if box else 0


def _formula(formula: str, by: int, job: Job) -> str:
    """A rule's formula: what has $ before its row follows the rows, the rest goes along with the rule's first cell."""
    assert job.listed is not None
    moves, title = job.listed.moves, job.title
    fixed = re.compile(r"\$?[A-Za-z]{1,3}\$\d+(?::\$?[A-Za-z]{1,3}\$\d+)?")

    def change(sheet: str, ref: str) -> str:
        if (sheet or title).casefold() != title.casefold():
            return ref
        if fixed.fullmatch(ref):
            return moved(ref, moves) or "#REF!"
        return filled_down(ref, by) if by and not sheet else ref

    return in_formula(formula, change)


_BLOCK = re.compile(
    r"<((?:[\w.-]+:)?(?:conditionalFormatting|dataValidation|sparkline))(?=[\s>])[^>]*>(?:(?!<\1[\s>]).)*?</\1>", re.S
)
_XM = re.compile(r"(<(?:[\w.-]+:)?(f|sqref)>)([^<]*)")


def _extension(child: str, job: Job) -> str:
    """Rules and sparklines of Excel 2010 and later: ranges and formulas are elements there."""
    assert job.listed is not None
    moves = job.listed.moves

    def block(found: re.Match[str]) -> str:
        place = next((x for x in _XM.finditer(found[0]) if x[2] == "sqref"), None)
        if place is None:
            return found[0]
        spark = found[1].endswith("sparkline")
        now = moved(place[3], moves, grow=False) if spark else moved_all(place[3], moves)
        if not now:
            return ""
        by = _first(now) - _first(place[3])

        def change(x: re.Match[str]) -> str:
            if x[2] == "sqref":
                return x[1] + now
            text = unescape(x[3])
            shown = moved_formula(text, job.title, job.title, moves, grow=False) if spark else _formula(text, by, job)
            return x[1] + escape(shown)

        return _XM.sub(change, found[0])

    new = _BLOCK.sub(block, child)
    return _pruned(new) if len(_BLOCK.findall(new)) < len(_BLOCK.findall(child)) else new


_GROUPS = ("sparklines", "sparklineGroup", "sparklineGroups", "dataValidations", "conditionalFormattings", "ext")
_LONE = re.compile(r"<((?:[\w.-]+:)?sparklineGroup)(?=[\s>])[^>]*>(?:(?!</\1>|sparklines).)*</\1>", re.S)


def _pruned(child: str) -> str:
    """Without groups that have lost all of their members; the count of those that have lost some is set right."""
    for name in _GROUPS:
        if name == "sparklineGroup":
            child = _LONE.sub("", child)
        child = re.sub(rf"<((?:[\w.-]+:)?{name})(?=[\s>])[^>]*>\s*</\1>", "", child)
    count = len(re.findall(r"<(?:[\w.-]+:)?dataValidation(?=[\s>])", child))
    child = re.sub(r'(<(?:[\w.-]+:)?dataValidations\b[^>]*?\bcount=")\d+', rf"\g<1>{count}", child)
    return child if re.search(r"<(?:[\w.-]+:)?ext[\s>]", child) else ""

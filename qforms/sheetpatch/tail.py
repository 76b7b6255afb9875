"""The end of a sheet part, after its rows: ranges that go with the list, links, the drawing that shows comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from xml.sax.saxutils import escape

from qforms.office.book import fault
from qforms.sheetpatch.job import Again, Job
from qforms.sheetpatch.refs import Moves, corners, filled_down, in_formula, moved, moved_all, moved_formula

# The parts of a worksheet from its links on, in their order (ECMA-376 18.3.1.99).
_ORDER = ["hyperlinks", "printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks"]
_ORDER += ["customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing"]
_ORDER += ["legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts"]
_ORDER += ["extLst"]
_TAG = re.compile(r"""\s*<(/?)((?:[\w.-]+:)?)([\w.-]+)((?:[^<>"']|"[^"]*"|'[^']*')*?)(/?)>""")
_RELATIONS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)


def changed(tail: bytes, head: bytes, job: Job) -> bytes:
    """The end of the part, from `</sheetData>` on; `head` is its beginning. Raises Again, or OfficeFault."""
    moves = job.moves
    if not job.links and not job.drawing and not (job.listed and (job.listed.grows or (moves and moves.any))):
        return tail
    text = tail.decode("utf-8")
    close = _TAG.match(text)
    if close is None:
        raise fault("unreadable_file", job.title, reason="sheetData")
    if re.search(r"\b(?:sq)?ref='", text):
        raise fault("book_unknown", job.title, reason="ref='")
    start = close.end() if close[3] == "sheetData" else 0  # a part without rows has its sheetData closed already
    end = text.rfind("</")
    children = list(_children(text[start:end], job))
    if job.listed:
        children = [(name, _ranges(name, child, job)) for name, child in children]
    if job.links:
        children = _linked(children, head.decode("utf-8", "replace"), job)
    if job.drawing:
        relation = _prefix(head.decode("utf-8", "replace"))
        children = _placed(
            children, "legacyDrawing", f'<{_own(head)}legacyDrawing {relation[1]}{relation[0]}id="{job.drawing}"/>'
        )
    return (text[:start] + "".join(c for _, c in children) + text[end:]).encode()


def _children(text: str, job: Job) -> Iterator[tuple[str, str]]:
    """(local name, text) of each element, with the blanks before it."""
    at = 0
    while found := _TAG.match(text, at):
        name, qualified = found[3], found[2] + found[3]
        stop = found.end()
        if found[1]:
            raise fault("unreadable_file", job.title, reason=qualified)
        if not found[5]:
            stop = _close(text, qualified, found.end()) if name == "AlternateContent" else -1
            if stop < 0:
                close = f"</{qualified}>"
                place = text.rfind(close) if name == "extLst" else text.find(close, found.end())
                stop = place + len(close)
                if place < 0:
                    raise fault("unreadable_file", job.title, reason=qualified)
        yield name, text[at:stop]
        at = stop
    if text[at:].strip():
        raise fault("book_unknown", job.title, reason=text[at : at + 40])


def _close(text: str, qualified: str, at: int) -> int:
    """Where an element that may hold others of its name ends."""
    depth = 1
    for found in re.finditer(rf"<(/?){re.escape(qualified)}(?=[\s/>])[^>]*?(/?)>", text[at:]):
        depth += -1 if found[1] else 0 if found[2] else 1
        if not depth:
            return at + found.end()
    return -1


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
        return re.sub(r"<(?:[\w.-]+:)?hyperlink\b[^>]*?/>", lambda m: _one(m[0], moves), child)
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

    return _BLOCK.sub(block, child)


# ---------------------------------------------------------------- links and drawing


def _prefix(head: str) -> tuple[str, str]:
    """The prefix of relationship ids, and its declaration where the part has none."""
    for space in _RELATIONS:
        if found := re.search(rf'xmlns:([\w.-]+)="{re.escape(space)}"', head):
            return found[1] + ":", ""
    strict = "purl.oclc.org" in head
    return "r:", f'xmlns:r="{_RELATIONS[strict]}" '


def _own(head: bytes) -> str:
    """The prefix of the part's own elements."""
    at = head.rindex(b"<")
    found = re.match(rb"<((?:[\w.-]+:)?)sheetData", head[at:])
    return found[1].decode() if found else ""


def _linked(children: list[tuple[str, str]], head: str, job: Job) -> list[tuple[str, str]]:
    """Links of cells: those of `job.links` in the place of what was there."""
    own = _own(head.encode())
    prefix, declared = _prefix(head)
    old = next((c for n, c in children if n == "hyperlinks"), "")
    kept = []
    for found in re.finditer(r"<(?:[\w.-]+:)?hyperlink\b[^>]*?/>", old):
        ref = re.search(r'\bref="([^"]*)"', found[0])
        if ref is None or ref[1] not in job.links:
            kept.append(found[0])
    for address, about in job.links.items():
        if about:
            kept.append(f'<{own}hyperlink {declared}ref="{address}" {about.replace("r:id=", prefix + "id=")}/>')
    rest = [(n, c) for n, c in children if n != "hyperlinks"]
    return _placed(rest, "hyperlinks", f"<{own}hyperlinks>{''.join(kept)}</{own}hyperlinks>") if kept else rest


def _placed(children: list[tuple[str, str]], name: str, text: str) -> list[tuple[str, str]]:
    """The children with one more, where the schema wants it."""
    later = set(_ORDER[_ORDER.index(name) + 1 :])
    names = [n if n != "AlternateContent" else "controls" for n, _ in children]
    at = next((i for i, n in enumerate(names) if n in later), len(children))
    return [*children[:at], (name, text), *children[at:]]

"""The elements that follow the rows in a sheet part: told apart, and new ones for links and for the drawing of comments
put in where the schema wants them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qforms.office.book import fault
from qforms.sheetpatch.job import Job

Child = tuple[str, str]  # local name, text of the element with the blanks before it
# The parts of a worksheet from its links on, in their order (ECMA-376 18.3.1.99).
_ORDER = ["hyperlinks", "printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks"]
_ORDER += ["customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing"]
_ORDER += ["legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts"]
_ORDER += ["extLst"]
TAG = re.compile(r"""\s*<(/?)((?:[\w.-]+:)?)([\w.-]+)((?:[^<>"']|"[^"]*"|'[^']*')*?)(/?)>""")
_RELATIONS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)


def children(text: str, job: Job) -> Iterator[Child]:
    """The elements in order. Raises OfficeFault for what is not well-formed."""
    at = 0
    while found := TAG.match(text, at):
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


def _prefix(head: str) -> tuple[str, str]:
    """The prefix of relationship ids, and its declaration where the part has none."""
    for space in _RELATIONS:
        if found := re.search(rf'xmlns:([\w.-]+)="{re.escape(space)}"', head):
            return found[1] + ":", ""
    strict = "purl.oclc.org" in head
    return "r:", f'xmlns:r="{_RELATIONS[strict]}" '


def _own(head: str) -> str:
    """The prefix of the part's own elements."""
    found = re.match(r"<((?:[\w.-]+:)?)sheetData", head[head.rindex("<") :])
    return found[1] if found else ""


def drawn(children: list[Child], head: str, relation: str) -> list[Child]:
    """With the drawing that shows comments."""
    prefix, declared = _prefix(head)
    return _placed(children, "legacyDrawing", f'<{_own(head)}legacyDrawing {declared}{prefix}id="{relation}"/>')


def linked(children: list[Child], head: str, job: Job) -> list[Child]:
    """Links of cells: those of `job.links` in the place of what was there."""
    own = _own(head)
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


def _placed(children: list[Child], name: str, text: str) -> list[Child]:
    """The children with one more, where the schema wants it."""
    later = set(_ORDER[_ORDER.index(name) + 1 :])
    names = [n if n != "AlternateContent" else "controls" for n, _ in children]
    at = next((i for i, n in enumerate(names) if n in later), len(children))
    return [*children[:at], (name, text), *children[at:]]

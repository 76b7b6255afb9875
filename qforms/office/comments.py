"""The comments of a worksheet and the legacy drawing that shows them: added to those there are, ours taken away.

Comments are edited as XML; the drawing (VML), which Excel itself writes not well-formed, is edited as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any
from xml.sax.saxutils import escape

from qforms.office import parts

AUTHOR = "qforms"
COLOR = "#fff6cc"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_EMPTY = f'<comments xmlns="{_MAIN}"><authors/><commentList/></comments>'
_BELOW = f"\n—— {AUTHOR} ——\n"  # what we add to the comment of another begins so
_EMPTY_VML = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/>'
    '</o:shapelayout><v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" '
    'path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
    '<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype></xml>'
)
_SHAPE = re.compile(r"<v:shape\b(?:(?!</v:shape>).)*?</v:shape>", re.S)

Ref = tuple[int, int]  # row, column


def edit_comments(data: bytes | None, notes: Mapping[str, str], gone: Collection[str]) -> tuple[bytes, dict[str, str]]:
    """The comments part with `notes` (address -> text) instead of ours; other people's stay, below ours in one cell.

    `gone` are cells whose mark is taken away. Gives the part, and the addresses whose comment is new or is removed
    ("" for removed)."""
    root = parts.load(data or _EMPTY.encode())
    ns = parts.space(root)
    authors, listed = _child(root, ns, "authors", 0), _child(root, ns, "commentList", 1)
    ours = _author(authors, ns)
    changed: dict[str, str] = {}
    others: dict[str, str] = {}
    for comment in list(listed):
        ref = comment.get("ref", "")
        threaded = _name(authors, comment).startswith("tc=")
        mine = comment.get("authorId") == ours or (ref in gone and not threaded)
        if not mine and ref in notes and not threaded:
            others[ref] = "".join(t.text or "" for t in comment.iter(ns + "t"))
        if mine or (ref in notes and not threaded):
            listed.remove(comment)
            changed[ref] = ""
    kept = {c.get("ref", "") for c in listed}
    for ref, text in notes.items():
        if ref in kept:  # a conversation of Excel's own: it stays, the red box says what is wrong
            continue
        text = f"{text}\n——\n{others[ref]}" if others.get(ref) else text
        _comment(listed, ns, ref, ours, text)
        changed[ref] = text
    listed[:] = sorted(listed, key=lambda c: _by_row(c.get("ref", "")))
    return parts.dump(root), changed


def set_notes(data: bytes | None, notes: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """The comments part with notes of ours on some cells ("" takes ours away), everything else as it is.

    Where somebody else has written a comment, ours follows below it and goes without it. Gives the part, and the
    addresses whose comment is new or is removed ("" for removed)."""
    root = parts.load(data or _EMPTY.encode())
    ns = parts.space(root)
    authors, listed = _child(root, ns, "authors", 0), _child(root, ns, "commentList", 1)
    there = {c.get("ref", ""): c for c in listed}
    changed: dict[str, str] = {}
    for ref, text in notes.items():
        comment = there.get(ref)
        if comment is None:
            if text:
                _comment(listed, ns, ref, _author(authors, ns), text)
                changed[ref] = text
        elif _name(authors, comment) == AUTHOR:
            listed.remove(comment)
            changed[ref] = text
            if text:
                _comment(listed, ns, ref, _author(authors, ns), text)
        elif not _name(authors, comment).startswith("tc="):  # the shadow of a conversation is Excel's own
            _below(comment, ns, text)
    listed[:] = sorted(listed, key=lambda c: _by_row(c.get("ref", "")))
    return parts.dump(root), changed


def _below(comment: Any, ns: str, text: str) -> None:
    """Our words below those of another in one comment, in the place of what we said before."""
    body = next(iter(comment.iter(ns + "text")), None)
    if body is None:
        return
    for run in list(body):
        if (run.findtext(ns + "t") or "").startswith(_BELOW):
            body.remove(run)
    if text:
        first = body.find(ns + "t")
        if first is not None:  # plain text: runs take its place
            body.remove(first)
            made = body.makeelement(ns + "r", {})
            made.append(first)
            body.insert(0, made)
        _run(body, ns, _BELOW + text)


def _by_row(ref: str) -> tuple[int, int, str]:
    name = ref.rstrip("0123456789")
    return int(ref[len(name) :] or 0), len(name), name


def _child(root: Any, ns: str, name: str, at: int) -> Any:
    found = root.find(ns + name)
    if found is None:
        found = root.makeelement(ns + name, {})
        root.insert(at, found)
    return found


def _author(authors: Any, ns: str) -> str:
    for number, author in enumerate(authors):
        if (author.text or "") == AUTHOR:
            return str(number)
    made = authors.makeelement(ns + "author", {})
    made.text = AUTHOR
    authors.append(made)
    return str(len(authors) - 1)


def _name(authors: Any, comment: Any) -> str:
    number = int(comment.get("authorId", "0"))
    return (authors[number].text or "") if number < len(authors) else ""


def _comment(listed: Any, ns: str, ref: str, author: str, text: str) -> None:
    made = listed.makeelement(ns + "comment", {"ref": ref, "authorId": author})
    listed.append(made)
    body = made.makeelement(ns + "text", {})
    made.append(body)
    _run(body, ns, text)


def _run(body: Any, ns: str, text: str) -> None:
    def sub(parent: Any, name: str, **attributes: str) -> Any:
        made = parent.makeelement(ns + name, attributes)
        parent.append(made)
        return made

    run = sub(body, "r")
    about = sub(run, "rPr")
    sub(about, "sz", val="9")
    sub(about, "color", rgb="FF000000")
    sub(about, "rFont", val="Microsoft YaHei")
    sub(about, "family", val="2")
    inner = sub(run, "t")
    inner.text = text
    inner.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def edit_drawing(
    data: bytes | None, changed: Mapping[Ref, str], anchor: Callable[[Ref, str], str], *, visible: bool = True
) -> bytes:
    """The drawing with a note for each changed cell, and without those of removed ones; `anchor` places one.

    A note that is not `visible` is shown while the mouse rests on its cell."""
    text = data.decode("utf-8", "replace") if data else _EMPTY_VML
    text = _SHAPE.sub(lambda found: "" if _cell_of(found[0]) in changed else found[0], text)
    number = max((int(n) for n in re.findall(r"_x0000_s(\d+)", text)), default=1024)
    shapes = []
    for ref, note in sorted(changed.items()):
        if note:
            number += 1
            shapes.append(_shape(number, ref, anchor(ref, note), visible))
    if "_x0000_t202" not in text and shapes:
        kind = _EMPTY_VML[_EMPTY_VML.index("<v:shapetype") : _EMPTY_VML.index("</xml>")]
        shapes.insert(0, kind)
    at = text.rindex("</xml>") if "</xml>" in text else len(text)
    return (text[:at] + "".join(shapes) + text[at:]).encode()


def _cell_of(shape: str) -> Ref | None:
    """The cell that a note shape belongs to."""
    row, column = re.search(r"<x:Row>(\d+)<", shape), re.search(r"<x:Column>(\d+)<", shape)
    return (int(row[1]), int(column[1])) if row and column and 'ObjectType="Note"' in shape else None


def _shape(number: int, ref: Ref, anchor: str, visible: bool) -> str:
    row, col = ref
    state, shown = ("visible", "<x:Visible/>") if visible else ("hidden", "")
    return (
        f'<v:shape id="_x0000_s{number}" type="#_x0000_t202" '
        f'style="position:absolute;margin-left:80pt;margin-top:5pt;width:160pt;height:48pt;z-index:{number - 1024};'
        f'visibility:{state}" fillcolor="{COLOR}" o:insetmode="auto"><v:fill color2="{COLOR}"/>'
        '<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
        f'<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{escape(anchor)}</x:Anchor>'
        f"<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{col}</x:Column>{shown}</x:ClientData></v:shape>"
    )

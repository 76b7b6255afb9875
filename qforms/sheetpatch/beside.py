"""What hangs on the cells of a sheet in parts of its own: comments and their drawing, conversations, pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping

from qforms.office import parts
from qforms.office.comments import edit_drawing, set_notes
from qforms.office.workbook import Workbook
from qforms.sheetpatch.refs import Moves, corners, moved

_REF = re.compile(rb"""(<(?:[\w.-]+:)?threadedComment\b[^>]*?\bref=")([^"]*)""")
_ROW = re.compile(rb"(<(?:[\w.-]+:)?row>)(\d+)(?=</)")
_SHAPE = re.compile(r"<v:shape\b(?:(?!</v:shape>).)*?</v:shape>", re.S)
_ANCHOR = re.compile(r"(<x:Anchor>\s*)([\d\s,]+)(?=</)")


def move(book: Workbook, sheet: str, moves: Moves) -> None:
    """Comments, conversations and anchors of a sheet part follow the rows that move."""
    for kind, part in set(book.relations(sheet).values()):
        data = book.part(part)
        if data is None:
            continue
        if kind == "comments":
            book.changes[part] = _comments(data, moves)
        elif kind == "threadedComment":
            book.changes[part] = _REF.sub(lambda m: m[1] + _moved(m[2].decode(), moves).encode(), data)
        elif kind == "vmlDrawing":
            book.changes[part] = _shapes(data, moves)
        elif kind == "drawing":
            book.changes[part] = _ROW.sub(lambda m: m[1] + b"%d" % _row(int(m[2]), moves), data)


def exchange(book: Workbook, sheet: str, pieces: Mapping[str, str]) -> None:
    """Pieces of the XML of a sheet's charts, each by what is to stand in its place."""
    drawings = [part for kind, part in book.relations(sheet).values() if kind == "drawing"] if pieces else []
    for part in {p for drawing in drawings for kind, p in book.relations(drawing).values() if kind == "chart"}:
        data = book.part(part) or b""
        now = _any_of(pieces).sub(lambda m: pieces[m[0].decode()].encode(), data)
        if now != data:
            book.changes[part] = now


def _any_of(pieces: Mapping[str, str]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(re.escape(p.encode()) for p in sorted(pieces, key=len, reverse=True)))


def _moved(ref: str, moves: Moves) -> str:
    return moved(ref, moves, grow=False) or ref


def _row(row: int, moves: Moves) -> int:
    """A row counted from 0; for one that is taken out, the one that takes its place."""
    span = moves.span(row + 1, row + 1, grow=False)
    while span is None:
        row += 1
        span = moves.span(row + 1, row + 1, grow=False)
    return span[0] - 1


def _comments(data: bytes, moves: Moves) -> bytes:
    root = parts.load(data)
    for comment in list(root.iter(parts.space(root) + "comment")):
        now = moved(comment.get("ref", ""), moves, grow=False)
        if now:
            comment.set("ref", now)
        else:
            comment.getparent().remove(comment)
    return parts.dump(root)


def _shapes(data: bytes, moves: Moves) -> bytes:
    """The notes of a VML drawing, which is not always well-formed, as text."""

    def change(found: re.Match[str]) -> str:
        shape = found[0]
        row = re.search(r"<x:Row>\s*(\d+)", shape)
        if row is None or 'ObjectType="Note"' not in shape:
            return shape
        now = moves.row(int(row[1]) + 1)
        if now is None:
            return ""
        by = now - 1 - int(row[1])
        shape = shape[: row.start(1)] + str(now - 1) + shape[row.end(1) :]

        def anchor(place: re.Match[str]) -> str:
            numbers = [int(n) for n in place[2].split(",")]
            for i in (2, 6):
                if i < len(numbers):
                    numbers[i] = max(0, numbers[i] + by)
            return place[1] + ", ".join(map(str, numbers))

        return _ANCHOR.sub(anchor, shape)

    return _SHAPE.sub(change, data.decode("utf-8", "replace")).encode()


def annotate(book: Workbook, sheet: str, notes: Mapping[str, str]) -> str:
    """Sets our comments on cells ("" takes ours away). Gives the relationship of the drawing if it is a new one."""
    links = book.relations(sheet)
    part = next((t for kind, t in links.values() if kind == "comments"), "")
    if not part and not any(notes.values()):
        return ""
    empty = f'<comments xmlns="{book.ns.strip("{}")}"><authors/><commentList/></comments>'.encode()
    content, changed = set_notes(book.part(part) if part else empty, notes)
    if part:
        book.changes[part] = content
    else:
        book.attach(sheet, "comments", "comments", content)
    drawing = next((t for kind, t in links.values() if kind == "vmlDrawing" and _notes(book.part(t))), "")
    places = {(box[0] - 1, box[1] - 1): text for ref, text in changed.items() if (box := corners(ref))}
    if not places:
        return ""
    shown = edit_drawing(book.part(drawing) if drawing else None, places, _anchor, visible=False)
    if drawing:
        book.changes[drawing] = shown
        return ""
    return book.attach(sheet, "vmlDrawing", "drawings/vmlDrawing", shown)


def _notes(data: bytes | None) -> bool:
    """Whether a drawing is that of comments, and not that of the pictures in header and footer."""
    return bool(data and (b'ObjectType="' in data or b"x:ClientData" in data or b"_x0000_t202" in data))


def _anchor(place: tuple[int, int], text: str) -> str:
    """Where a note is shown: beside its cell, as high as its text needs; columns, rows and pixels."""
    row, column = place
    lines = sum(1 + len(line) // 24 for line in text.split("\n"))
    return f"{column + 1}, 12, {max(row - 1, 0)}, 6, {column + 4}, 20, {max(row - 1, 0) + lines + 1}, 6"

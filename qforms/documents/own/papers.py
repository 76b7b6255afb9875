"""A customer's own .docx filled in: placeholders become text of the same look, also where Word has split them; a
table's row with a list's placeholders stands once for each row. Parts without placeholders stay byte for byte."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from qforms.documents.own.tags import TAG, Tag, parse, tags
from qforms.documents.own.words import Words
from qforms.forms import pictures
from qforms.forms.wml import clean
from qforms.office import parts

_FILLED = re.compile(r"word/(?:document|header\d*|footer\d*|footnotes|endnotes)\.xml")
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_IMAGE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
_WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_HEIGHT, _WIDTH = 45.0, 75.0  # mm: the largest a photo gets amid text


def filled_parts(data: bytes) -> dict[str, Any]:
    """The parts with placeholders, parsed. Raises OfficeFault."""
    found = parts.read(data, tuple(n for n in parts.names(data) if _FILLED.fullmatch(n)))
    loaded = {name: parts.load(part, name) for name, part in found.items() if b"{" in part}
    return {name: root for name, root in loaded.items() if any("{{" in text for text in texts(root))}


def texts(root: Any) -> Iterator[str]:
    """The text of each paragraph of a part."""
    yield from ("".join(t.text or "" for t in _pieces(p)) for p in root.iter(f"{{{_W}}}p"))


def fill(data: bytes, words: Words, photos: Mapping[str, bytes]) -> bytes:
    """The document with what `words` know; `photos` by digest. Raises OfficeFault for a damaged file."""
    loaded = filled_parts(data)
    changes: dict[str, bytes | None] = {}
    album = _Album(data, words, photos, changes)
    for name, root in loaded.items():
        means = _rows(root, words)
        for paragraph in list(root.iter(f"{{{_W}}}p")):
            _paragraph(paragraph, words, means.get(paragraph, 0), album.of(name))
        changes[name] = parts.dump(root)
    return parts.rewrite(data, changes)


# ---------------------------------------------------------------- rows of tables


def _rows(root: Any, words: Words) -> dict[Any, int]:
    """Each row of a table with placeholders of a list stands once for each row of it; empty rows of its kind below are
    used up. Which row the paragraphs in them mean, from 0."""
    means: dict[Any, int] = {}
    for row in list(root.iter(f"{{{_W}}}tr")):
        if any(row.iter(f"{{{_W}}}tbl")):
            continue
        own = [tag for p in row.iter(f"{{{_W}}}p") for tag in tags(_text(p)) if tag.repeats]
        if not own:
            continue
        count = max(1, *(len(words.rows(tag.repeats)) for tag in own))
        for spare in _ready(row)[: count - 1]:
            spare.getparent().remove(spare)
        copies = [row, *(copy.deepcopy(row) for _ in range(count - 1))]
        for n, one in enumerate(copies):
            if n:
                copies[n - 1].addnext(one)
                _once(one)
            means |= dict.fromkeys(one.iter(f"{{{_W}}}p"), n)
    return means


def _ready(row: Any) -> list[Any]:
    """The empty rows with as many cells that follow."""
    found, cells = [], len(row.findall(f"{{{_W}}}tc"))
    for other in row.itersiblings(f"{{{_W}}}tr"):
        if len(other.findall(f"{{{_W}}}tc")) != cells or any(
            t.text and t.text.strip() for t in other.iter(f"{{{_W}}}t")
        ):
            break
        found.append(other)
    return found


def _once(row: Any) -> None:
    """What a copy must not have a second time: bookmarks, and the ids that Word gives to paragraphs."""
    for element in [e for e in row.iter() if parts.local(e) in ("bookmarkStart", "bookmarkEnd")]:
        element.getparent().remove(element)
    for element in row.iter():
        for key in [k for k in element.attrib if k.endswith(("}paraId", "}textId"))]:
            del element.attrib[key]


# ---------------------------------------------------------------- paragraphs


def _pieces(paragraph: Any) -> list[Any]:
    """The texts of a paragraph, without those of paragraphs inside it (text boxes)."""
    tag = f"{{{_W}}}p"
    return [t for t in paragraph.iter(f"{{{_W}}}t") if next(t.iterancestors(tag)) is paragraph]


def _text(paragraph: Any) -> str:
    return "".join(t.text or "" for t in _pieces(paragraph))


def _paragraph(paragraph: Any, words: Words, row: int, picture: Callable[[Any, Tag], None]) -> None:
    """Fills in the placeholders, each once: what a value says is never taken for one."""
    pieces = _pieces(paragraph)
    text = "".join(t.text or "" for t in pieces)
    for found in reversed(list(TAG.finditer(text))):
        tag = parse(found[1])
        if tag is None:
            continue
        is_photo = words.pictures(tag) is not None
        first = _replaced(pieces, found.start(), found.end(), "" if is_photo else words.text(tag, row))
        if is_photo:
            picture(first, tag)
    for piece in pieces:
        _broken(piece)


def _replaced(pieces: list[Any], start: int, end: int, text: str) -> Any:
    """Puts `text` where the characters from start to end of all pieces stood; the piece that holds it now."""
    at, first = 0, None
    for piece in pieces:
        own = piece.text or ""
        left, right = max(start - at, 0), min(end - at, len(own))
        at += len(own)
        if left >= right:
            continue
        piece.text = own[:left] + (text if first is None else "") + own[right:]
        piece.set(_SPACE, "preserve")
        first = piece if first is None else first
    return first


def _broken(piece: Any) -> None:
    """Line ends of a text as breaks of its run."""
    lines = clean(piece.text or "").split("\n")
    if len(lines) == 1:
        return
    piece.text = lines[0]
    after = piece
    for line in lines[1:]:
        for made in (piece.makeelement(f"{{{_W}}}br", {}), piece.makeelement(f"{{{_W}}}t", {_SPACE: "preserve"})):
            after.addnext(made)
            after = made
        after.text = line


# ---------------------------------------------------------------- photos


class _Album:
    """Puts photos into a document: parts, relationships, content types."""

    def __init__(
        self, data: bytes, words: Words, photos: Mapping[str, bytes], changes: dict[str, bytes | None]
    ) -> None:
        self._data, self._words, self._photos, self._changes = data, words, photos, changes
        self._names = set(parts.names(data))
        self._count = 1_000  # ids of drawings: far beyond those of a form

    def of(self, part: str) -> Callable[[Any, Tag], None]:
        """Places the photos of a tag after the text piece that held it, in that part."""

        def place(piece: Any, tag: Tag) -> None:
            for row in reversed(self._words.pictures(tag) or ()):
                raw = self._photos.get(str(row.get("digest", "")))
                photo = pictures.prepare(raw) if raw else None
                if photo is not None:
                    self._put(part, piece, photo, str(row.get("caption") or row.get("name") or ""))

        return place

    def _put(self, part: str, piece: Any, photo: pictures.Photo, name: str) -> None:
        self._count += 1
        media = f"word/media/qf_photo{self._count}.jpeg"
        self._changes[media] = photo.data
        rels = parts.rels_of(part)
        self._changes[rels], key = parts.relate(self._part(rels), _IMAGE, media.removeprefix("word/"))
        types = parts.CONTENT_TYPES
        self._changes[types] = parts.declare(self._part(types) or b"", kind="image/jpeg", extension="jpeg")
        drawn = pictures.drawing(photo, key, self._count, name, _HEIGHT, _WIDTH)
        wrapped = parts.load(f'<x xmlns:w="{_W}" xmlns:wp="{_WP}">{drawn}</x>'.encode())
        next(piece.iterancestors(f"{{{_W}}}r")).addnext(wrapped[0])

    def _part(self, name: str) -> bytes | None:
        if name in self._changes:
            return self._changes[name]
        return parts.read(self._data, (name,))[name] if name in self._names else None

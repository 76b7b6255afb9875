"""Marks in a .docx or .docm: the faulty cell shaded, under its text a note in red, a red box as the first paragraph.

Notes and box stand in bookmarks `qf_note_<n>_<shading before>`: the reader leaves them out, the next return takes them
away and gives the cell its shading back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from qforms.office import parts
from qforms.office.book import NOTE, fault
from qforms.office.package import tree
from qforms.office.word import places

if TYPE_CHECKING:
    from qforms.office.mark import Mark

_FAULT, _FRAME, _BOX = "F8D0CC", "B3261E", "FDECEA"
_NONE = "none"
_MARK = re.compile(rf"{NOTE}_\d+_\w+")  # number, and the shading that the cell had before
# What may follow <w:shd> in tcPr (ECMA-376 17.4.66).
_AFTER_SHADING = frozenset(["noWrap", "tcMar", "textDirection", "tcFitText", "vAlign", "hideMark", "headers"])


def mark(data: bytes, marks: Sequence[Mark], lines: Sequence[str]) -> bytes:
    """The document with `marks` and a box of `lines`. Raises OfficeFault for an address that is not in it."""
    top = parts.relations(parts.read(data, ("_rels/.rels",)).get("_rels/.rels"), "")
    main = next((t for kind, t in top.values() if kind == "officeDocument"), "word/document.xml")
    content = parts.read(data, (main,)).get(main)
    if content is None:
        raise fault("unreadable_file", reason=main)
    document = _Document(content, main)
    document.clear()
    found = document.located()
    texts: dict[str, str] = {}
    for m in marks:
        if m.where not in found:
            raise fault("cannot_mark", m.where, format="docx")
        texts[m.where] = f"{texts[m.where]}\n{m.text}" if m.where in texts else m.text
    for where, text in texts.items():
        document.note(found[where], text)
    if lines:
        document.box(lines)
    return parts.rewrite(data, {main: parts.dump(document.root)})


class _Document:
    """word/document.xml, edited in place."""

    def __init__(self, content: bytes, part: str) -> None:
        self.root = parts.load(content, part)
        self._w = parts.space(self.root)
        self._part = part
        ids = [e.get(self._w + "id", "") for e in self.root.iter(self._w + "bookmarkStart")]
        self._number = max((int(i) for i in ids if i.isdecimal()), default=0)

    def located(self) -> dict[str, Any]:
        """Address -> the cell or paragraph, as the reader numbers them."""
        read: Element = tree(parts.dump(self.root), self._part)
        same = dict(zip(read.iter(), self.root.iter("{*}*"), strict=True))
        return {where: same[element] for where, element in places(read).items()}

    # ------------------------------------------------------------ taking away

    def clear(self) -> None:
        """Takes earlier notes and the earlier box away."""
        w = self._w
        for start in list(self.root.iter(w + "bookmarkStart")):
            name = start.get(w + "name", "")
            if not _MARK.fullmatch(name):  # other notes of ours belong to the document itself
                continue
            paragraph, cell = start.getparent(), self._cell_of(start)
            if cell is not None:
                before = name.rpartition("_")[2]
                self._shade(cell, "" if before == _NONE else before)
            self._cut(paragraph, start)
            rest = [e for e in paragraph if parts.local(e) not in ("pPr", "bookmarkStart", "bookmarkEnd", "proofErr")]
            home = paragraph.getparent()
            others = [e for e in home if parts.local(e) == "p" and e is not paragraph]
            if not rest and (others or cell is None):
                home.remove(paragraph)

    def _cut(self, paragraph: Any, start: Any) -> None:
        """Removes what stands between a bookmark's start and end."""
        key = start.get(self._w + "id")
        following = list(start.itersiblings())
        end = next((e for e in following if parts.local(e) == "bookmarkEnd" and e.get(self._w + "id") == key), None)
        if end is not None:
            for element in following[: following.index(end) + 1]:
                paragraph.remove(element)
        paragraph.remove(start)

    def _cell_of(self, element: Any) -> Any:
        return next((e for e in element.iterancestors() if e.tag == self._w + "tc"), None)

    # ------------------------------------------------------------ adding

    def note(self, target: Any, text: str) -> None:
        """A red note at the end of a cell (which is shaded) or of a paragraph."""
        before = self._shade(target, _FAULT) if parts.local(target) == "tc" else _NONE
        paragraph = target
        if parts.local(target) == "tc":
            paragraph = self._sub(target, "p")
            self._sub(self._sub(paragraph, "pPr"), "spacing", before="20", after="0")
        self._bookmarked(
            paragraph, ["▲ " + " ".join(line.split()) for line in text.split("\n")], before or _NONE, size=17
        )

    def box(self, lines: Sequence[str]) -> None:
        """The red box, before everything else."""
        body = self.root.find(self._w + "body")
        paragraph = body.makeelement(self._w + "p", {})
        body.insert(0, paragraph)
        about = self._sub(paragraph, "pPr")
        frame = self._sub(about, "pBdr")
        for side in ("top", "left", "bottom", "right"):
            self._sub(frame, side, val="single", sz="12", space="4", color=_FRAME)
        self._sub(about, "shd", val="clear", color="auto", fill=_BOX)
        self._sub(about, "spacing", before="0", after="120")
        self._sub(about, "ind", left="100", right="100")
        self._bookmarked(paragraph, lines, _NONE, size=19)

    def _bookmarked(self, paragraph: Any, lines: Sequence[str], before: str, size: int) -> None:
        self._number += 1
        name = f"{NOTE}_{self._number}_{before}"
        self._sub(paragraph, "bookmarkStart", id=str(self._number), name=name)
        run = self._sub(paragraph, "r")
        about = self._sub(run, "rPr")
        fonts = {"ascii": "Arial", "hAnsi": "Arial", "eastAsia": "Microsoft YaHei", "cs": "Arial"}
        self._sub(about, "rFonts", **fonts)
        self._sub(about, "b", val="0")
        self._sub(about, "color", val=_FRAME)
        self._sub(about, "sz", val=str(size))
        self._sub(about, "szCs", val=str(size))
        for n, line in enumerate(lines):
            if n:
                self._sub(run, "br")
            text = self._sub(run, "t")
            text.text = line
            text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        self._sub(paragraph, "bookmarkEnd", id=str(self._number))

    def _shade(self, cell: Any, fill: str) -> str:
        """Sets (or, "", takes away) the shading of a cell; the fill that it had."""
        w = self._w
        about = cell.find(w + "tcPr")
        if about is None:
            about = cell.makeelement(w + "tcPr", {})
            cell.insert(0, about)
        shading = about.find(w + "shd")
        had = str(shading.get(w + "fill", "")) if shading is not None else ""
        if shading is not None:
            about.remove(shading)
        if fill:
            made = about.makeelement(w + "shd", {w + "val": "clear", w + "color": "auto", w + "fill": fill})
            at = next((i for i, e in enumerate(about) if parts.local(e) in _AFTER_SHADING), len(about))
            about.insert(at, made)
        return had if had.isalnum() else ""

    def _sub(self, parent: Any, tag: str, **attributes: str) -> Any:
        made = parent.makeelement(self._w + tag, {self._w + key: value for key, value in attributes.items()})
        parent.append(made)
        return made

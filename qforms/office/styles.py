"""styles.xml with cell formats added: the format of a faulty cell, of the red box, and the way back from them.

What a cell looked like before stands in a hidden cell style (`qf_was_…`) that the marked format is based on: Excel
and LibreOffice keep it, so a form that comes back can be cleaned and marked again."""

from __future__ import annotations

import copy
from typing import Any

from qforms.office import parts

FAULT, FRAME, BOX = "FFF8D0CC", "FFB3261E", "FFFDECEA"
_INPUT, _LINE, _QUIET = "FFE8F1FA", "FF7F7F7F", "FF8C8C8C"
WAS = "qf_was_"
_SIDES = ("left", "right", "top", "bottom")
# The order of the parts of a style sheet (ECMA-376 18.8.39).
_ORDER = ["numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles"]
_ORDER += ["dxfs", "tableStyles", "colors", "extLst"]


class Styles:
    """The cell formats of a workbook; indexes are those of cellXfs."""

    def __init__(self, data: bytes) -> None:
        self.root = parts.load(data, "styles.xml")
        self._ns = parts.space(self.root)
        self._made: dict[tuple[str, int, frozenset[str]], int] = {}
        self._fills, self._borders = self.group("fills"), self.group("borders")
        self._xfs, self._style_xfs, self._styles = (
            self.group("cellXfs"),
            self.group("cellStyleXfs"),
            self.group("cellStyles"),
        )
        if not len(self._xfs):
            self._add(self._xfs, "xf", numFmtId="0", fontId="0", fillId="0", borderId="0")

    def group(self, name: str) -> Any:
        """The fonts, fills, …: the element that holds them, made if it is missing."""
        found = self.root.find(self._ns + name)
        if found is None:
            found = self.root.makeelement(self._ns + name, {"count": "0"})
            later = _ORDER[_ORDER.index(name) + 1 :]
            at = next((i for i, e in enumerate(self.root) if parts.local(e) in later), len(self.root))
            self.root.insert(at, found)
        return found

    def _add(self, group: Any, tag: str, **attributes: str) -> Any:
        made = group.makeelement(self._ns + tag, attributes)
        return self.append(group, made)

    def append(self, group: Any, element: Any) -> Any:
        """Puts an element at the end of its group."""
        group.append(element)
        group.set("count", str(len(group)))
        return element

    def _sub(self, parent: Any, tag: str, **attributes: str) -> Any:
        made = parent.makeelement(self._ns + tag, attributes)
        parent.append(made)
        return made

    # ------------------------------------------------------------ what there is

    def is_mark(self, index: int) -> bool:
        """Whether a format is that of a cell we marked: our fill and our frame."""
        xf = self._xf(index)
        return _ends(self._fill_of(xf), FAULT) and any(
            _ends(color, FRAME) for color in self._colors(self._borders, xf.get("borderId"))
        )

    def has_marks(self) -> bool:
        return any(self.is_mark(i) for i in range(len(self._xfs)))

    def _xf(self, index: int) -> Any:
        return self._xfs[index if 0 <= index < len(self._xfs) else 0]

    def _fill_of(self, xf: Any) -> str:
        return next(iter(self._colors(self._fills, xf.get("fillId"))), "")

    def _colors(self, group: Any, index: str | None) -> list[str]:
        number = int(index or 0)
        if not 0 <= number < len(group):
            return []
        return [e.get("rgb", "") for e in group[number].iter() if parts.local(e) in ("fgColor", "color")]

    def is_withdrawn(self, index: int) -> bool:
        """Whether a format is that of a cell of a withdrawn record: struck through, with a way back."""
        xf = self._xf(index)
        if self._was(xf) is None:
            return False
        font = int(xf.get("fontId", "0"))
        fonts = self.group("fonts")
        return font < len(fonts) and fonts[font].find(self._ns + "strike") is not None

    def original(self, index: int) -> int:
        """The format that a marked or withdrawn cell had before; `index` itself when it is neither."""
        if not self.is_mark(index) and not self.is_withdrawn(index):
            return index
        key = ("original", index, frozenset[str]())
        if key not in self._made:
            xf = self._xf(index)
            was = self._was(xf)
            made = copy.deepcopy(was if was is not None else xf)
            made.set("xfId", "0")
            if was is None:  # the style was lost on the way: our blank input cell
                made.set("fillId", str(self._fill(_INPUT)))
                made.set("borderId", str(self._border("thin", _LINE, frozenset(_SIDES))))
            self._made[key] = self._new(made)
        return self._made[key]

    def _was(self, xf: Any) -> Any:
        number = xf.get("xfId", "0")
        named = any(s.get("xfId") == number and s.get("name", "").startswith(WAS) for s in self._styles)
        return self._style_xfs[int(number)] if named and int(number) < len(self._style_xfs) else None

    # ------------------------------------------------------------ what is added

    def marked(self, index: int, sides: frozenset[str]) -> int:
        """A copy of a format in the colours of a fault, framed on `sides`; number format, font, alignment are kept."""
        index = self.original(index)
        key = ("marked", index, sides)
        if key not in self._made:
            made = copy.deepcopy(self._xf(index))
            made.set("xfId", str(self._remember(index)))
            made.set("fillId", str(self._fill(FAULT)))
            made.set("borderId", str(self._border("medium", FRAME, sides)))
            self._made[key] = self._new(made)
        return self._made[key]

    def withdrawn(self, index: int) -> int:
        """A copy of a format in grey, struck through: the record stays to be read and counts no more."""
        index = self.original(index)
        key = ("withdrawn", index, frozenset[str]())
        if key not in self._made:
            made = copy.deepcopy(self._xf(index))
            made.set("xfId", str(self._remember(index)))
            made.set("fontId", str(self._struck(int(made.get("fontId", "0")))))
            self._made[key] = self._new(made)
        return self._made[key]

    def quoted(self, index: int, on: bool) -> int:
        """A copy of a format whose text stays a text when somebody edits it, as after a leading apostrophe; or not."""
        if (self._xf(index).get("quotePrefix") in ("1", "true")) == on:
            return index
        key = ("quoted" if on else "unquoted", index, frozenset[str]())
        if key not in self._made:
            made = copy.deepcopy(self._xf(index))
            made.set("quotePrefix", "1" if on else "0")
            self.append(self._xfs, made)
            self._made[key] = len(self._xfs) - 1
        return self._made[key]

    def box(self, index: int, sides: frozenset[str]) -> int:
        """The format of the red box: small red text, wrapped, framed."""
        key = ("box", index, sides)
        if key not in self._made:
            made = copy.deepcopy(self._xf(index))
            for child in list(made):
                made.remove(child)
            self._sub(made, "alignment", horizontal="left", vertical="center", wrapText="1", indent="1")
            made.set("numFmtId", "49")
            made.set("fontId", str(self._font()))
            made.set("fillId", str(self._fill(BOX)))
            made.set("borderId", str(self._border("thin", FRAME, sides)))
            self._made[key] = self._new(made)
        return self._made[key]

    def _new(self, xf: Any) -> int:
        for name in ("NumberFormat", "Font", "Fill", "Border", "Alignment"):
            xf.set(f"apply{name}", "1")
        self.append(self._xfs, xf)
        return len(self._xfs) - 1

    def _remember(self, index: int) -> int:
        """The hidden cell style that looks like a format; its number in cellStyleXfs."""
        key = ("was", index, frozenset[str]())
        if key not in self._made:
            if not len(self._style_xfs):
                self._add(self._style_xfs, "xf", numFmtId="0", fontId="0", fillId="0", borderId="0")
            style = copy.deepcopy(self._xf(index))
            style.attrib.pop("xfId", None)
            self.append(self._style_xfs, style)
            number = len(self._style_xfs) - 1
            taken = {s.get("name", "") for s in self._styles}
            name = next(f"{WAS}{n}" for n in range(1, len(taken) + 2) if f"{WAS}{n}" not in taken)
            if not any(s.get("xfId") == "0" for s in self._styles):
                self._add(self._styles, "cellStyle", name="Normal", xfId="0", builtinId="0")
            self._add(self._styles, "cellStyle", name=name, xfId=str(number), hidden="1")
            self._made[key] = number
        return self._made[key]

    def _fill(self, color: str) -> int:
        for number in range(2, len(self._fills)):
            if self._colors(self._fills, str(number)) == [color]:
                return number
        pattern = self._sub(self._add(self._fills, "fill"), "patternFill", patternType="solid")
        self._sub(pattern, "fgColor", rgb=color)
        self._sub(pattern, "bgColor", indexed="64")
        return len(self._fills) - 1

    def _border(self, style: str, color: str, sides: frozenset[str]) -> int:
        key = (f"border {style} {color}", 0, sides)
        if key not in self._made:
            border = self._add(self._borders, "border")
            for side in _SIDES:
                edge = self._sub(border, side, **({"style": style} if side in sides else {}))
                if side in sides:
                    self._sub(edge, "color", rgb=color)
            self._sub(border, "diagonal")
            self._made[key] = len(self._borders) - 1
        return self._made[key]

    def _font(self) -> int:
        fonts = self.group("fonts")
        key = ("font", 0, frozenset[str]())
        if key not in self._made:
            font = self._add(fonts, "font")
            self._sub(font, "sz", val="9.5")
            self._sub(font, "color", rgb=FRAME)
            self._sub(font, "name", val="Microsoft YaHei")
            self._sub(font, "family", val="2")
            self._made[key] = len(fonts) - 1
        return self._made[key]

    def _struck(self, index: int) -> int:
        """A copy of a font, grey and struck through; the parts of a font stand in any order (ECMA-376 18.8.22)."""
        fonts = self.group("fonts")
        key = ("struck", index, frozenset[str]())
        if key not in self._made:
            made = copy.deepcopy(fonts[index]) if index < len(fonts) else fonts.makeelement(self._ns + "font", {})
            for name in ("strike", "color"):
                for old in made.findall(self._ns + name):
                    made.remove(old)
            color = made.makeelement(self._ns + "color", {"rgb": _QUIET})
            at = next(
                (i for i, e in enumerate(made) if parts.local(e) in ("sz", "u", "vertAlign", "name", "family")), 0
            )
            made.insert(at, made.makeelement(self._ns + "strike", {}))
            after = next((i + 1 for i, e in enumerate(made) if parts.local(e) == "sz"), at + 1)
            made.insert(after, color)
            self.append(fonts, made)
            self._made[key] = len(fonts) - 1
        return self._made[key]

    def dump(self) -> bytes:
        return parts.dump(self.root)


def _ends(color: str, wanted: str) -> bool:
    return color.upper()[-6:] == wanted[-6:]

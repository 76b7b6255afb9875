"""The formats of cells, asked for one by one while a sheet streams; the style sheet is read when one is wanted."""

from __future__ import annotations

from qforms.office.styles import FAULT, WAS, Styles
from qforms.sheetpatch.plan import Look, Value

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")  # a text that begins so becomes a formula when it is edited
_SIDES = frozenset(("left", "right", "top", "bottom"))


class Formats:
    """The formats of one workbook; `data` is its style sheet. Without one, cells keep the format that they have."""

    def __init__(self, data: bytes | None) -> None:
        self._data = data
        self._styles: Styles | None = None
        self._quotes = bool(data and b"quotePrefix" in data)
        self._before = b""
        self._known: dict[tuple[int, str], int] = {}

    def of(self, style: int, value: Value) -> int:
        """The format for a value where `style` stands now: a text like a formula stays one when it is edited."""
        like_formula = isinstance(value, str) and value.startswith(FORMULA_STARTS)
        if self._data is None or not (like_formula or self._quotes):
            return style
        return self._once(style, "quoted" if like_formula else "unquoted")

    def look(self, style: int, look: Look) -> int:
        """The format that shows a look."""
        unmarked = look == "plain" and self._styles is None and FAULT.encode() not in (self._data or b"").upper()
        if self._data is None or (unmarked and WAS.encode() not in self._data):
            return style
        return self._once(style, look)

    def _once(self, style: int, what: str) -> int:
        key = (style, what)
        if key not in self._known:
            self._known[key] = self._made(style, what)
        return self._known[key]

    def _made(self, style: int, what: str) -> int:
        styles = self._open()
        if what in ("quoted", "unquoted"):
            self._quotes = self._quotes or what == "quoted"
            return styles.quoted(style, what == "quoted")
        if what == "fault":
            return styles.marked(style, _SIDES)
        return styles.withdrawn(style) if what == "withdrawn" else styles.original(style)

    def _open(self) -> Styles:
        if self._styles is None:
            self._styles = Styles(self._data or b"")
            self._before = self._styles.dump()
        return self._styles

    def opened(self) -> Styles | None:
        """The style sheet, for formats that come from elsewhere; None when the workbook has none."""
        return None if self._data is None else self._open()

    def changed(self) -> bytes | None:
        """The style sheet, when formats were added to it."""
        now = self._styles.dump() if self._styles is not None else self._before
        return now if now != self._before else None

"""Values of a record as runs of a Word cell: text with its unit, boxes to tick, each in a bookmark by which a
returned file is read back (`qf_<field>`, `qf_<list>__<row>__<column>`, rows from 0)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup

from qforms.documents.wording import count, say
from qforms.forms.rows import drawn, single
from qforms.forms.wml import VALUE, Face, bookmark, clean, runs
from qforms.forms.word_cells import boxed, input_width, options, options_text
from qforms.model import Catalogue, Field, Lang, Value

MAX_BOOKMARK = 40  # characters, by Word
_TIGHT_UNITS = ("‰", "%", "℃", "°")


class Shower:
    """Makes the runs of one document: numbers its bookmarks from 1."""

    def __init__(self, catalogue: Catalogue, lang: Lang) -> None:
        self.catalogue = catalogue
        self.lang = lang
        self._marks = 0

    def text(self, fld: Field, value: Value, unit: bool = True) -> str:
        """The value for people: 5000 台, 3.200‰, 2 一般, 是; "" when unknown."""
        if value is None or value == "":
            return ""
        if isinstance(value, int) and not isinstance(value, bool) and not fld.choices:
            shown = count(value)
        else:
            shown = clean(self.catalogue.show(fld, value, self.lang)).strip()
        if fld.choices and not fld.many and str(value).isdigit() and shown != str(value):
            shown = f"{value} {shown}"
        return shown + self._unit(fld) if unit and shown else shown

    def _unit(self, fld: Field) -> str:
        unit = fld.unit[self.lang]
        if fld.type == "money" and not unit:
            unit = "元" if self.lang == "zh" else "CNY"
        if not unit or fld.type not in ("int", "dec", "money"):
            return ""
        return unit if unit in _TIGHT_UNITS else f" {unit}"

    def known(self, fld: Field, value: Value, mark: bool, size: float = 9) -> Markup:
        """A fact: its text, in a bookmark when a person may change it."""
        inner = runs(self.text(fld, value), Face(size))
        return self.marked(f"qf_{fld.name}", inner) if mark else Markup(inner)

    def cell(self, fld: Field, value: Value, name: str) -> Markup:
        """A cell to be filled in: boxes (the chosen ones full), else what is known, else nothing."""
        return self.marked(name, runs(self.filled(fld, value)))

    def row_cell(self, column: Field, value: Value, name: str) -> Markup:
        """A cell of a list to be filled in: boxes where few fit on a line, else the word that was chosen."""
        if boxed(column, self.lang):
            return self.marked(name, runs(options_text(column, self.lang, _chosen(value)), Face(8.5)))
        return self.marked(name, runs(self.text(column, value, unit=False)))

    def filled(self, fld: Field, value: Value) -> str:
        """What stands in the cell of a single value to be filled in."""
        if fld.type == "sig":
            return self.text(fld, value) or _signature(self.lang)
        if not options(fld, self.lang):
            return self.text(fld, value, unit=False)
        chosen = _chosen(value)
        text = options_text(fld, self.lang, chosen, input_width(fld, self.lang))
        odd = [c for c in chosen if c not in {code for code, _ in options(fld, self.lang)}]
        return text if not odd else f"{text}  {self.text(fld, value)}"

    def note(self, text: str, face: Face = VALUE) -> Markup:
        """Words that are no part of the value: whoever reads the returned file leaves them out (`qf_note…`)."""
        return self.marked(f"qf_note_{self._marks + 1}", runs(text, face)) if text else Markup("")

    def marked(self, name: str, inner: str) -> Markup:
        """`inner` in a bookmark; without one when the name is longer than Word allows (it is then found by label)."""
        if len(name) > MAX_BOOKMARK:
            return Markup(inner)
        self._marks += 1
        return Markup(bookmark(self._marks, name, inner or "<w:r><w:t></w:t></w:r>"))


def _chosen(value: Value) -> frozenset[str]:
    if value is None:
        return frozenset()
    several = value if isinstance(value, (list, tuple)) else (value,)
    return frozenset(str(v).lower() if isinstance(v, bool) else str(v) for v in several)


def _signature(lang: Lang) -> str:
    words = ("同意", "异议，理由：") if lang == "zh" else ("agree", "object, reason:")
    return "  ".join(f"□\u00a0{w}" for w in words)


def rows(shower: Shower, fld: Field, value: Value, fill: bool, hidden: frozenset[str]) -> list[dict[str, Any]]:
    """The rows of a list as column -> runs; to be filled in: with the empty ones. `hidden` columns stay empty."""
    given: list[Mapping[str, Any]] = [r for r in (value or ()) if isinstance(r, Mapping)]
    shown = drawn(fld, given) if fill else given
    return [
        {c.name: _row_cell(shower, fld, c, None if c.name in hidden else row.get(c.name), i, fill) for c in fld.fields}
        for i, row in enumerate(shown)
    ]


def _row_cell(shower: Shower, fld: Field, column: Field, value: Value, row: int, fill: bool) -> Markup:
    name = f"qf_{fld.name}__{row}__{column.name}"
    if fill and column.name != fld.rows_of:
        return shower.cell(column, value, name) if single(fld) else shower.row_cell(column, value, name)
    inner = runs(shower.text(column, value, unit=False))
    return shower.marked(name, inner) if inner else Markup("")


def local(value: Any, zone: Any) -> datetime | None:
    """A time in the company's zone, or None when it is none."""
    return value.astimezone(zone) if isinstance(value, datetime) else None


def caption(lang: Lang, number: int, row: Mapping[str, Any]) -> str:
    """图 1  C7 鼓起: the caption, else the file's name without its ending."""
    text = str(row.get("caption") or row.get("name") or "").rsplit("/", 1)[-1]
    stem, dot, ending = text.rpartition(".")
    return say("photo", lang, n=number, caption=clean(stem if dot and len(ending) <= 5 else text)).strip()

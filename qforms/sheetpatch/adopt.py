"""Formats of one workbook taken over into another: equal ones once, with their fonts, fills, borders and numbers."""

from __future__ import annotations

import copy
from typing import Any

from qforms.office import parts
from qforms.office.styles import Styles

_OWN_NUMBERS = 164  # number formats below are built in (ECMA-376 18.8.30)


class Adopted:
    """The formats of `donor` (the root of a style sheet) by their numbers in `styles`."""

    def __init__(self, styles: Styles, donor: Any) -> None:
        self._styles, self._donor = styles, donor
        self._ns = parts.space(donor)
        self._known: dict[tuple[str, int], int] = {}
        self._index: dict[str, dict[bytes, int]] = {}
        self._codes = {f.get("numFmtId"): f.get("formatCode", "") for f in donor.iter(self._ns + "numFmt")}

    def format(self, number: int) -> int:
        """A format of cells (cellXfs)."""
        key = ("cellXfs", number)
        if key not in self._known:
            found = self._item("cellXfs", number)
            if found is None:
                return 0
            made = copy.deepcopy(found)
            for name, group in (("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders")):
                made.set(name, str(self._same(group, int(made.get(name, "0")))))
            made.set("numFmtId", self._number(made.get("numFmtId", "0")))
            made.set("xfId", "0")
            self._known[key] = self._put("cellXfs", made)
        return self._known[key]

    def difference(self, number: int) -> int:
        """A format by condition or of a table (dxfs)."""
        return self._same("dxfs", number)

    def _same(self, group: str, number: int) -> int:
        key = (group, number)
        if key not in self._known:
            found = self._item(group, number)
            self._known[key] = 0 if found is None else self._put(group, copy.deepcopy(found))
        return self._known[key]

    def _item(self, group: str, number: int) -> Any:
        found = self._donor.find(self._ns + group)
        return found[number] if found is not None and 0 <= number < len(found) else None

    def _put(self, group: str, element: Any) -> int:
        """Its number in the group, which has each element once."""
        there = self._styles.group(group)
        if group not in self._index:
            self._index[group] = {}
            for i, e in enumerate(there):
                self._index[group].setdefault(_canonical(e), i)
        index = self._index[group]
        text = _canonical(element)
        if text not in index:
            index[text] = len(there)
            self._styles.append(there, element)
        return index[text]

    def _number(self, key: str) -> str:
        """A number format: built-in ones have the same number everywhere."""
        code = self._codes.get(key)
        if code is None:
            return key
        there = self._styles.group("numFmts")
        for f in there:
            if f.get("formatCode") == code:
                return str(f.get("numFmtId"))
        free = max([_OWN_NUMBERS - 1, *(int(f.get("numFmtId", "0")) for f in there)]) + 1
        self._styles.append(there, there.makeelement(self._ns + "numFmt", {"numFmtId": str(free), "formatCode": code}))
        return str(free)


def _canonical(element: Any) -> bytes:
    from lxml import etree

    return bytes(etree.tostring(element, method="c14n", exclusive=True, with_tail=False))

"""The placeholders that the office writes into a customer's own form: {{字段}} and no more than that.

`{{ name }}` a field; `{{ list.column }}` in a row, which then stands once for each row of the list;
`{{ list[2].column }}` the second row's only; `{{ photos[2] }}` the second picture. `|zh` or `|en` behind the name asks
for a language, `!` says that the customer wants it filled. Nothing is ever evaluated: there are no expressions, calls
or loops to write, so a template can do nothing but show what a record says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qforms.model import Lang

TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_SAID = re.compile(r"\s*(\w+)(?:\[(\d{1,3})\])?(?:\.(\w+))?\s*(?:\|\s*(zh|en))?\s*(!?)\s*")
_LOOSE = re.compile(r"\{%.*?%\}|\{\{|\}\}|\{%|%\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tag:
    """One placeholder. `at` counts rows and pictures from 1; 0: none was named."""

    name: str
    at: int = 0
    column: str = ""
    lang: Lang | None = None
    wanted: bool = False

    @property
    def repeats(self) -> str:
        """The list of which its row is to stand once for each row; "" when it does not."""
        return self.name if self.column and not self.at else ""


def parse(inner: str) -> Tag | None:
    """What stands between the braces as a tag; None for anything that is none."""
    found = _SAID.fullmatch(inner)
    if found is None:
        return None
    lang: Lang | None = "zh" if found[4] == "zh" else "en" if found[4] == "en" else None
    return Tag(found[1], int(found[2] or 0), found[3] or "", lang, bool(found[5]))


def tags(text: str) -> Iterator[Tag]:
    """The tags of a text that can be read."""
    yield from (tag for found in TAG.finditer(text) if (tag := parse(found[1])) is not None)


def unreadable(text: str) -> Iterator[str]:
    """Pieces of a text that look like placeholders and are none: {{a + b}}, {% if %}, a lone {{."""
    rest = TAG.sub("", text)
    yield from (found[0] for found in TAG.finditer(text) if parse(found[1]) is None)
    yield from (found[0] for found in _LOOSE.finditer(rest))

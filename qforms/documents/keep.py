"""Signatures never stand alone on a page: the last rows before them are kept with them."""

from __future__ import annotations

import re

from qforms.forms.word import SIGNATURES

_ROWS = 2
_PARAGRAPH = re.compile(r"<w:p>(?:<w:pPr>(?!<w:keepNext/>)|(?!<w:pPr>))")


def kept_with_signatures(xml: str) -> str:
    """A filled document part in which the two rows before the signatures, and the gap, keep with what follows.

    Left as it is where there are no signatures as `forms.word` draws them."""
    end = xml.find(SIGNATURES)
    start = end
    for _ in range(_ROWS):
        start = xml.rfind("<w:tr>", 0, max(start, 0))
    if start < 0:
        return xml
    return xml[:start] + _PARAGRAPH.sub(_keep, xml[start:end]) + xml[end:]


def _keep(paragraph: re.Match[str]) -> str:
    opened = paragraph[0].endswith("<w:pPr>")
    return "<w:p><w:pPr><w:keepNext/>" + ("" if opened else "</w:pPr>")

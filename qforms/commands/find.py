"""`qforms search`: what holds all the words, among records, mails and the files in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qforms import house
from qforms.commands import printing
from qforms.search.index import Hit
from qforms.settings import Settings

Plain = dict[str, Any]


def search(root: Path, words: str, most: int, progress: Callable[[int], None] = lambda _: None) -> list[Plain]:
    """The newest `most` hits, records first. The index is brought up before; `progress` hears of how many texts."""
    with house.opened(root) as h:
        h.finder.catch_up(progress)
        return [_plain(hit, h.settings) for hit in h.finder.find(words, most)]


def _plain(hit: Hit, settings: Settings) -> Plain:
    p = hit.passage
    return {
        "kind": p.kind,
        "number": p.number,
        "case_no": p.case_no,
        "title": p.title,
        "at": printing.iso(p.when, settings),
        "text": f"{hit.before}{hit.word}{hit.after}",
        "word": hit.word,
    }

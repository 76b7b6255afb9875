"""Texts as short pieces that an index can hold, and words as what to ask it for. Pure.

Chinese has no blanks between words, so each place of a text gives the two characters that begin there; of letters and
digits it is three. A word is in a text only where all its pieces are; a word that is shorter than a piece is asked for
as the beginning of one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_CJK = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_RUN = re.compile(rf"([{_CJK}]+)|([^\W_{_CJK}]+)")
_GAP = re.compile(rf"(?<=[{_CJK}])\s+(?=[{_CJK}])")
_BLANK = re.compile(r"\s+")
_LENGTHS = (2, 3)  # of a piece: Chinese, other letters and digits


@dataclass(frozen=True, slots=True)
class Asked:
    """What to ask an index for: pieces that must be there, beginnings of pieces, and the words themselves."""

    pieces: frozenset[str]
    beginnings: frozenset[str]
    words: tuple[str, ...]


def normal(text: str) -> str:
    """A text as it is compared: full-width as half-width, small letters, no line breaks inside Chinese."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _BLANK.sub(" ", _GAP.sub("", folded)).strip()


def _runs(text: str) -> Iterator[tuple[str, int]]:
    """The stretches of letters in a normal text, with the length of their pieces."""
    for found in _RUN.finditer(text):
        yield found[0], _LENGTHS[0] if found[1] else _LENGTHS[1]


def grams(text: str) -> list[str]:
    """The pieces of a normal text, each once."""
    return list(dict.fromkeys(run[at : at + size] for run, size in _runs(text) for at in range(len(run))))


def code(piece: str) -> str:
    """A piece as letters and digits that any index takes for a word; the beginning of a piece is that of its code."""
    return "".join(_code(char) for char in piece)


@lru_cache(maxsize=8192)
def _code(char: str) -> str:
    return f"{ord(char):05x}"


def asked(words: str) -> Asked:
    """What a search means: every word, separated by blanks, must stand in the text as it is written."""
    wanted = tuple(w for w in dict.fromkeys(map(normal, words.split())) if _RUN.search(w))
    pieces: set[str] = set()
    beginnings: set[str] = set()
    for run, size in (pair for word in wanted for pair in _runs(word)):
        pieces.update(run[at : at + size] for at in range(len(run) - size + 1))
        if len(run) < size:
            beginnings.add(run)
    return Asked(frozenset(pieces), frozenset(beginnings), wanted)


def place(text: str, word: str) -> tuple[int, int] | None:
    """Where a normal word without blanks stands in a text as it is written; None when it cannot be told."""
    chars: list[str] = []
    at: list[int] = []
    for n, char in enumerate(text):
        for plain in normal(char):
            chars.append(plain)
            at.append(n)
    start = "".join(chars).find(word)
    return (at[start], at[start + len(word) - 1] + 1) if word and start >= 0 else None

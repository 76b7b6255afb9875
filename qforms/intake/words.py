"""The vocabulary (`words.toml`) and how it is looked for: whole words, negation understood (P61)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from operator import add
from typing import Any

from qforms.traditional import simplified

_CLAUSE_ENDS = "。！？!?\n;；，,."
_LONGEST = 50_000  # characters of a mail that are searched


@dataclass(frozen=True, slots=True)
class Words:
    """Words that are looked for: the expressions of each by its needle, a piece of it that must stand in the text. Only
    those are tried, which is many times as fast as one expression of them all."""

    expressions: Mapping[str, tuple[str, ...]]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the words stand, in order; of words that lie in one another the longest."""
        near = self.expressions.keys() & _standing(text, len(_NEEDLES))
        if not near:
            return []
        words = (word for needle in near for word in self.expressions[needle])
        found = [m.span() for word in words for m in _compiled(word).finditer(text)]
        found.sort(key=lambda span: (span[0], -span[1]))
        out: list[tuple[int, int]] = []
        for span in found:
            if not out or span[1] > out[-1][1]:
                out.append(span)
        return out

    def masked(self, text: str) -> str:
        """The text with these words blotted out, its length kept."""
        for start, end in self.spans(text):
            text = f"{text[:start]}{'·' * (end - start)}{text[end:]}"
        return text


@lru_cache(4096)
def _compiled(expression: str) -> re.Pattern[str]:
    """Compiled when a text first holds the word's needle: of hundreds of words few ever stand in a mail."""
    return re.compile(expression)


_NEEDLES: set[str] = set()  # those of all words …
_BEGINNING: dict[str, list[str]] = {}  # … and by what they begin with, one letter or two


@lru_cache(64)
def _standing(text: str, _known: int) -> frozenset[str]:
    """The needles that stand in a text, asked once for all finders."""
    near = _BEGINNING.keys() & {*text, *map(add, text, text[1:])}
    return frozenset(needle for pair in near for needle in _BEGINNING[pair] if needle in text)


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds words that are not negated. `harmless` words and `question` words are taken out of the text first."""

    words: Words
    no: re.Pattern[str]  # any word of negation: one must stand before
    before: str  # expressions, compiled when they are needed
    after: str
    harmless: Words
    question: Words

    def __call__(self, text: str) -> tuple[str, ...]:
        """The words found, each once, in order. `text` as `plain` gives it."""
        return tuple(dict.fromkeys(text[a:b] for a, b in self.places(text)))

    def places(self, text: str) -> list[tuple[int, int]]:
        """Where the words stand that are not denied, in order."""
        spans = self.words.spans(text)
        if not spans:
            return spans
        masked = self.question.masked(self.harmless.masked(text))
        if masked is not text:
            spans = self.words.spans(masked)
        return [(a, b) for a, b in spans if not self._denied(masked, a, b)]

    def _denied(self, text: str, start: int, end: int) -> bool:
        before = text[max(0, start - 60) : start]
        if self.no.search(before) and _compiled(self.before).search(before):
            return True
        return bool(_compiled(self.after).match(text[end : end + 60]))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    danger: Finder
    wants_8d: Finder
    verbs: re.Pattern[str]
    line_stopped: Finder
    strong: Finder
    weak: Finder
    business_strong: Finder
    business_weak: Finder
    ask: tuple[str, ...]


def plain(text: str) -> str:
    """Text as it is searched: NFKC (full width made half), simplified characters, lower case, its first 50 000."""
    return simplified(unicodedata.normalize("NFKC", text[:_LONGEST]).lower())


@lru_cache(1)
def vocabulary() -> Vocabulary:
    """The shipped words, compiled once."""
    data = vocabulary_file()
    danger = (*data["danger"]["zh"], *data["danger"]["en"])

    return Vocabulary(
        danger=finder(danger, data["danger"]["harmless"]),
        wants_8d=finder(data["wants_8d"]["words"]),
        verbs=any_of(data["wants_8d"]["verbs"]),
        line_stopped=finder(data["line_stopped"]["words"]),
        strong=finder(data["complaint"]["strong"]),
        weak=finder(data["complaint"]["weak"]),
        business_strong=finder(data["business"]["strong"]),
        business_weak=finder(data["business"]["weak"]),
        ask=tuple(data["ask"]),
    )


def demands(text: str) -> tuple[str, ...]:
    """The codes of what clauses ask for (请安排换货, could you replace it), not denied. `text` as of `plain`."""
    asks, wanted = _demands()
    found: dict[str, None] = {}
    for code, finder in wanted.items():
        for start, end in finder.places(text):
            begin = max(text.rfind(mark, 0, start) for mark in _CLAUSE_ENDS) + 1
            stop = min((at for mark in _CLAUSE_ENDS if (at := text.find(mark, end)) >= 0), default=len(text))
            if asks.search(text, begin, stop):
                found[code] = None
    return tuple(found)


@lru_cache(1)
def _demands() -> tuple[re.Pattern[str], dict[str, Finder]]:
    data = vocabulary_file()["demand"]
    harmless = data["harmless"]
    return any_of(data["asks"]), {code: finder(some, harmless) for code, some in data["wanted"].items()}


@lru_cache(1)
def vocabulary_file() -> dict[str, Any]:
    """`words.toml` as it stands."""
    return tomllib.loads(files("qforms.intake").joinpath("words.toml").read_text("utf-8"))


@lru_cache(8)
def _any(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of these words, wherever it stands: one that begins with another is not needed."""
    return re.compile("|".join(re.escape(w) for w in words))


def _one(word: str) -> str:
    """A word as an expression: English ones stand alone, Chinese ones anywhere; blanks may be any run of blanks."""
    expression = re.escape(plain(word)).replace(r"\ ", r"\s+")
    if not word.isascii():
        return expression
    left = r"(?<![a-z0-9])" if word[0].isalnum() else ""
    return left + expression + (r"(?![a-z0-9])" if word[-1].isalnum() else "")


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    """`either`, compiled."""
    return re.compile(either(words))


def either(words: Iterable[str]) -> str:
    """One expression of all these words, the longest first."""
    return "|".join(_one(w) for w in sorted(set(words), key=len, reverse=True))


def _words(words: Iterable[str], tail: str = "") -> Words:
    """`tail` is an expression that may follow each word and then belongs to it."""
    found: dict[str, tuple[str, ...]] = {}
    for word in dict.fromkeys(words):
        needle = plain(word).split()[0]
        found[needle] = (*found.get(needle, ()), _one(word) + tail)
    for needle in found.keys() - _NEEDLES:
        _BEGINNING.setdefault(needle[:2], []).append(needle)
    _NEEDLES.update(found)
    return Words(found)


def finder(words: Sequence[str], harmless: Sequence[str] = ()) -> Finder:
    """Finds these words where they are not denied; `harmless` are expressions in which they mean nothing."""
    negation: Mapping[str, Sequence[str]] = vocabulary_file()["negation"]
    word, no, filler = (either(given) for given in (words, (*negation["zh"], *negation["en"]), negation["filler"]))
    between = rf"(?:(?:{filler}|{word}|[、/]|,(?={word}))\s*|\s+|和|或|及|与)"
    listed = rf"(?:\s*(?:[、/,]|和|或|及|\bor\b|\band\b)\s*(?:{word}))*"
    denial = rf"(?:{either(negation['after'])})(?![^\W\d_a-z])"
    unanswered = r"(?:[^\n:?]{0,30}:[ \t]*(?=\n[ \t]*\n|\n[^\n]*:|\n?$))?"
    return Finder(
        _words(words),
        _any((*negation["zh"], *negation["en"])),
        rf"(?:{no})\s*{between}{{0,8}}$",
        rf"{listed}\s*(?:现象|情况|痕迹)?\s*[:?(\[]+\s*{denial}|{listed}\s+{denial}",
        _words(harmless),
        _words(negation["question"], unanswered),
    )

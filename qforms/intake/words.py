"""The vocabulary (`words.toml`) and how it is looked for: whole words, negation understood (P61)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

_LONGEST = 50_000  # characters of a mail that are searched


@dataclass(frozen=True, slots=True)
class Words:
    """Words that are looked for. `needles`: a piece of each word as it must stand in the text, and its expression; only
    those whose piece is there are tried, which is ten times as fast as one expression of them all."""

    needles: tuple[tuple[str, re.Pattern[str]], ...]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the words stand, in order; of words that lie in one another the longest."""
        found = [m.span() for needle, word in self.needles if needle in text for m in word.finditer(text)]
        found.sort(key=lambda span: (span[0], -span[1]))
        out: list[tuple[int, int]] = []
        for span in found:
            if not out or span[1] > out[-1][1]:
                out.append(span)
        return out

    def masked(self, text: str) -> str:
        """The text without these words."""
        for start, end in reversed(self.spans(text)):
            text = f"{text[:start]}·{text[end:]}"
        return text


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds words that are not negated. `harmless` words and `question` words are taken out of the text first."""

    words: Words
    no: tuple[str, ...]  # words of negation, of which one must stand before
    before: re.Pattern[str]
    after: re.Pattern[str]
    harmless: Words
    question: Words

    def __call__(self, text: str) -> tuple[str, ...]:
        """The words found, each once, in order. `text` as `plain` gives it."""
        if not self.words.spans(text):
            return ()
        text = self.question.masked(self.harmless.masked(text))
        return tuple(dict.fromkeys(text[a:b] for a, b in self.words.spans(text) if not self._denied(text, a, b)))

    def _denied(self, text: str, start: int, end: int) -> bool:
        before = text[max(0, start - 60) : start]
        if any(word in before for word in self.no) and self.before.search(before):
            return True
        return bool(self.after.match(text[end : end + 60]))


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
    """Text as it is searched: NFKC (full width made half), lower case, its first 50 000 characters."""
    return unicodedata.normalize("NFKC", text[:_LONGEST]).lower()


@lru_cache(1)
def vocabulary() -> Vocabulary:
    """The shipped words, compiled once."""
    data = tomllib.loads(files("qforms.intake").joinpath("words.toml").read_text("utf-8"))
    negation = data["negation"]
    danger = (*data["danger"]["zh"], *data["danger"]["en"])

    def finder(words: Sequence[str], harmless: Sequence[str] = ()) -> Finder:
        return _finder(words, negation, harmless)

    return Vocabulary(
        danger=finder(danger, data["danger"]["harmless"]),
        wants_8d=finder(data["wants_8d"]["words"]),
        verbs=_any(data["wants_8d"]["verbs"]),
        line_stopped=finder(data["line_stopped"]["words"]),
        strong=finder(data["complaint"]["strong"]),
        weak=finder(data["complaint"]["weak"]),
        business_strong=finder(data["business"]["strong"]),
        business_weak=finder(data["business"]["weak"]),
        ask=tuple(data["ask"]),
    )


def _one(word: str) -> str:
    """A word as an expression: English ones stand alone, Chinese ones anywhere; blanks may be any run of blanks."""
    expression = re.escape(plain(word)).replace(r"\ ", r"\s+")
    if not word.isascii():
        return expression
    left = r"(?<![a-z0-9])" if word[0].isalnum() else ""
    return left + expression + (r"(?![a-z0-9])" if word[-1].isalnum() else "")


def _any(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(_one(w) for w in sorted(set(words), key=len, reverse=True)))


def _words(words: Iterable[str], tail: str = "") -> Words:
    """`tail` is an expression that may follow each word and then belongs to it."""
    return Words(tuple((plain(w).split()[0], re.compile(_one(w) + tail)) for w in dict.fromkeys(words)))


def _finder(words: Sequence[str], negation: dict[str, list[str]], harmless: Sequence[str]) -> Finder:
    word = _any(words).pattern
    no = _any((*negation["zh"], *negation["en"])).pattern
    filler = _any(negation["filler"]).pattern
    between = rf"(?:(?:{filler}|{word}|[、/]|,(?={word}))\s*|\s+|和|或|及|与)"
    listed = rf"(?:\s*(?:[、/,]|和|或|及|\bor\b|\band\b)\s*(?:{word}))*"
    denial = rf"(?:{_any(negation['after']).pattern})(?![^\W\d_a-z])"
    unanswered = r"(?:[^\n:?]{0,30}:[ \t]*(?=\n[ \t]*\n|\n[^\n]*:|\n?$))?"
    return Finder(
        _words(words),
        (*negation["zh"], *negation["en"]),
        re.compile(rf"(?:{no})\s*{between}{{0,8}}$"),
        re.compile(rf"{listed}\s*(?:现象|情况|痕迹)?\s*[:?(\[]+\s*{denial}|{listed}\s+{denial}"),
        _words(harmless),
        _words(negation["question"], unanswered),
    )

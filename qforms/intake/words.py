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
class Finder:
    """Finds words that are not negated. `harmless` and `question` expressions are taken out of the text first."""

    word: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    harmless: re.Pattern[str] | None
    question: re.Pattern[str]

    def __call__(self, text: str) -> tuple[str, ...]:
        """The words found, each once, in order. `text` as `plain` gives it."""
        if self.harmless:
            text = self.harmless.sub("·", text)
        text = self.question.sub("·", text)
        return tuple(dict.fromkeys(m.group() for m in self.word.finditer(text) if not self._denied(text, m)))

    def _denied(self, text: str, found: re.Match[str]) -> bool:
        before = text[max(0, found.start() - 60) : found.start()]
        return bool(self.before.search(before) or self.after.match(text[found.end() : found.end() + 60]))


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


def _finder(words: Sequence[str], negation: dict[str, list[str]], harmless: Sequence[str]) -> Finder:
    word = _any(words)
    no = _any((*negation["zh"], *negation["en"])).pattern
    filler = _any(negation["filler"]).pattern
    between = rf"(?:(?:{filler}|{word.pattern}|[、/]|,(?={word.pattern}))\s*|\s+|和|或|及|与)"
    listed = rf"(?:\s*(?:[、/,]|和|或|及|\bor\b|\band\b)\s*(?:{word.pattern}))*"
    denial = rf"(?:{_any(negation['after']).pattern})(?![^\W\d_a-z])"
    question = _any(negation["question"]).pattern
    return Finder(
        word,
        re.compile(rf"(?:{no})\s*{between}{{0,8}}$"),
        re.compile(rf"{listed}\s*(?:现象|情况|痕迹)?\s*[:?(\[]+\s*{denial}|{listed}\s+{denial}"),
        _any(harmless) if harmless else None,
        re.compile(rf"(?:{question})[^\n:?]{{0,30}}:[ \t]*(?=\n[ \t]*\n|\n[^\n]*:|\n?$)|{question}"),
    )

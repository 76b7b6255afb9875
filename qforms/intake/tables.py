"""An answer to several letters that went out as one (P35): each line of it is an answer to the letter it stands for.

A line is named by its number in the table (「2 转给 李四」) or by what it is about (「TS-202605-0003：转给 李四」).
What names none is asked for, unless the table has only one line."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Iterator

from qforms.intake import approvals, decision, identify, numbers
from qforms.intake.matter import Matter, answerable
from qforms.intake.quotes import without_signature
from qforms.model import Letter, Outcome, Problem, Record

_LINE = re.compile(r"\s*[#(（\[]?(\d{1,3})(?:\s*[)）\]]\s*[.、:：\-–]?|\s*[.、:：)）\-–]|\s)\s*(\S.*)")
_AFTER_NUMBER = re.compile(r"^[\s:：,，.。、\-–]+")

Answer = tuple[Matter, Letter, Record | None]


def answers(matter: Matter, table: Letter) -> list[Answer]:
    """The answers in a mail, each as if its words alone had been sent in reply to the letter of its line; empty when no
    line can be told."""
    letters = lines(matter, table)
    said: dict[str, list[str]] = {}
    key = next(iter(letters)) if len(letters) == 1 else _one(matter, letters, matter.reading.subject)
    for text in without_signature(matter.reading.text).split("\n"):
        named, rest = _named(matter, letters, text)
        key = named or key
        if key and rest.strip():
            said.setdefault(key, []).append(rest)
    found = []
    for key, words in said.items():
        letter, text = letters[key], "\n".join(words)
        decided = tuple(dc.replace(d, line=1) for d in decision.decide(text))
        reading = dc.replace(matter.reading, text=text, decisions=decided)
        record = matter.facts.record(letter.intent.number)
        found.append((dc.replace(matter, reading=reading), letter, record))
    return found


def lines(matter: Matter, table: Letter) -> dict[str, Letter]:
    """The letters for which the lines stand, by key, in the order of the lines."""
    found = ((key, matter.facts.letter_by_key(key)) for key in table.intent.gathered)
    return {key: letter for key, letter in found if letter is not None}


def asking(matter: Matter, table: Letter) -> Iterator[Letter]:
    """Those of a table's letters that ask for a decision."""
    return (
        letter for letter in lines(matter, table).values() if approvals.asks(letter) and letter.intent.facts.get("ask")
    )


def which(matter: Matter, table: Letter) -> Outcome:
    """The question which line an answer is for."""
    known = "、".join(dict.fromkeys(x.intent.number for x in lines(matter, table).values()))
    return Outcome(
        "refused",
        how="decision",
        reason=Problem("which_line", context={"text": matter.reading.text.strip()[:80], "numbers": known[:400]}),
        speaker=matter.speaker,
        answer="question" if answerable(matter) else "",
        letter_key=table.intent.key,
    )


def _named(matter: Matter, letters: dict[str, Letter], text: str) -> tuple[str, str]:
    """The letter that a line of the answer names ("": none), and what it says besides."""
    if found := _LINE.fullmatch(text):
        nth = int(found[1])
        if 1 <= nth <= len(letters):
            return [*letters][nth - 1], found[2]
    said = numbers.find(text[:60], matter.procedures.catalogue)
    if said and text.strip().upper().startswith(said[0]) and (key := _one(matter, letters, said[0])):
        return key, _AFTER_NUMBER.sub("", text.strip()[len(said[0]) :])
    return "", text


def _one(matter: Matter, letters: dict[str, Letter], text: str) -> str:
    """The one letter that is about a number in `text`, or about its case."""
    said = set(numbers.find(text, matter.procedures.catalogue))
    for about in ("number", "case_no"):
        keys = [key for key, letter in letters.items() if getattr(letter.intent, about) in said]
        if len(keys) == 1:
            return keys[0]
    return ""


def table_of(matter: Matter) -> Letter | None:
    """The table that a mail of our people answers."""
    if matter.reading.into or matter.speaker.kind != "person":
        return None
    letter = identify.letter_of(matter)
    return letter if letter is not None and letter.intent.gathered else None

"""One-line answers: the first unquoted line agrees, refuses, objects, asks for something, or is unclear (P42)."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from qforms.intake.quotes import without_signature
from qforms.intake.words import plain
from qforms.model import Decision

_NUMBERED = re.compile(r"\s*[#(（\[]?(\d{1,2})[)）\]]?\s*[.、:：\-–)）]?\s*(\D.*)")
_SEPARATOR = " \t,.;:!。,、~-–—·…()\"'"
_LONGEST = 300
_Verdict = Literal[
    "agree", "refuse", "object", "unclear", "pass_on", "extend", "file", "not_a_complaint", "send",
    "retry", "ignore", "vouch",
]  # fmt: skip
_ORDER: tuple[_Verdict, ...] = (
    "pass_on", "extend", "not_a_complaint", "file", "refuse", "object", "agree", "send", "retry", "ignore", "vouch",
    "unclear",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Words:
    starts: tuple[tuple[_Verdict, re.Pattern[str]], ...]  # verdict -> words at the start of the line, in order of trial
    harmless: re.Pattern[str]
    condition: re.Pattern[str]
    greeting: re.Pattern[str]
    alone: dict[str, _Verdict]  # words that are an answer only when nothing else stands in the line


@lru_cache(1)
def _words() -> _Words:
    data = tomllib.loads(files("qforms.intake").joinpath("words.toml").read_text("utf-8"))["decision"]

    def either(name: str) -> str:
        ends = (f"{re.escape(w)}(?![a-z])" if w.isascii() and w[-1].isalpha() else re.escape(w) for w in data[name])
        return "|".join(sorted(ends, key=len, reverse=True))

    return _Words(
        tuple((name, re.compile(either(name))) for name in _ORDER),
        re.compile(rf"(?:{either('harmless')}|[\s,.;:!。、~\-–—])*"),
        re.compile(either("condition")),
        re.compile(rf"(?:{either('greeting')}).{{0,20}}|.{{1,16}}[:,]"),
        data["alone"],
    )


def decide(text: str) -> tuple[Decision, ...]:
    """The decisions in the sender's own text: of its first line, or one for each numbered line."""
    lines = [line.strip() for line in without_signature(text).split("\n") if line.strip()]
    numbered = [(int(m[1]), m[2]) for m in map(_NUMBERED.fullmatch, lines[:50]) if m]
    found = [d for n, said in numbered if (d := _one(said, n))]
    if found:
        return tuple(found)
    while lines and not _starts(plain(lines[0])) and _words().greeting.fullmatch(plain(lines[0])):
        lines.pop(0)
    decision = _one(lines[0], 0, "\n".join(lines[1:])) if lines else None
    return (decision,) if decision else ()


def _starts(line: str) -> tuple[_Verdict, str] | None:
    """The verdict whose word the line begins with (the longest such word), and the rest of the line."""
    words = _words()
    if line in words.alone:
        return words.alone[line], ""
    ends = [(match.end(), verdict) for verdict, starts in words.starts if (match := starts.match(line))]
    if not ends:
        return None
    end, verdict = max(ends, key=lambda found: found[0])
    return verdict, line[end:]


def _one(said: str, number: int, more: str = "") -> Decision | None:
    """The decision in one line; `more` are the lines below, in which a condition may stand."""
    said = said.strip()[:_LONGEST]
    line = plain(said).strip(_SEPARATOR)
    found = _starts(line)
    if not found:
        return (
            Decision("unclear", said, line=number)
            if re.match(r"请.{0,16}(跟进|处理|核实|确认|看|落实|安排)", line)
            else None
        )
    verdict, rest = found
    reason = said[len(said) - len(rest.strip()) :].strip(_SEPARATOR + "：，；！") if rest.strip() else ""
    if verdict == "agree":
        return Decision(_certainty(rest, more), said, line=number)
    if verdict in {"file", "not_a_complaint", "send", "retry", "ignore"} and not _words().harmless.fullmatch(rest):
        return None
    if verdict == "unclear":
        return Decision("unclear", said, line=number)
    if verdict in {"refuse", "object"} and not reason and more:
        reason = more.split("\n")[0].strip()[:_LONGEST]
    return Decision(verdict, said, reason, number)


def _certainty(rest: str, more: str) -> Literal["agree", "unclear"]:
    """ "agree" when nothing but thanks and urging follows; anything else might be a condition."""
    words = _words()
    conditional = words.condition.search(plain(more))
    return "agree" if words.harmless.fullmatch(rest) and not conditional else "unclear"

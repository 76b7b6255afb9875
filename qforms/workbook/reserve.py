"""Numbers that stand ready in the workbook, so that a clerk on the telephone can name one (P4). Pure.

They lie a little ahead of the series, which steps over them; those whose period is over are void and stay listed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

NOTE: Final = "reserved numbers"
FORMS: Final = ("complaint",)  # whose sheets have rows that stand ready
_AHEAD = 20  # numbers that the series may still give before it comes to those reserved
_SEQ = re.compile(r"\{seq[^}]*\}")
_LISTED = 200  # void numbers that stay listed


@dataclass(frozen=True, slots=True)
class Kept:
    """The numbers of a form that stand ready, and those that will never be used."""

    ready: tuple[str, ...] = ()
    void: tuple[str, ...] = ()


def kept(note: Any) -> dict[str, Kept]:
    """What the ledger's note says, by form."""
    found = note if isinstance(note, Mapping) else {}
    return {form: Kept(tuple(k["ready"]), tuple(k["void"])) for form, k in found.items()}


def plain(kept: Mapping[str, Kept]) -> dict[str, dict[str, list[str]]]:
    return {form: {"ready": list(k.ready), "void": list(k.void)} for form, k in kept.items()}


def series(pattern: str, day: date) -> str:
    """The series of a number on a day: the pattern without its running number."""
    parts = {"yyyymm": f"{day:%Y%m}", "yyyy": f"{day:%Y}", "yy": f"{day:%y}", "mm": f"{day:%m}", "dd": f"{day:%d}"}
    return _SEQ.sub("", pattern).format(**parts)


def renewed(old: Kept, pattern: str, day: date, last: int, wanted: int, used: Callable[[str], bool]) -> Kept:
    """The numbers on this day: those in use are no longer listed, those of another period are void, and there are
    `wanted` ready ones, beyond `last`, the number that the series gave last."""
    before, _, after = series(_SEQ.sub("\0", pattern), day).partition("\0")
    present = re.compile(rf"{re.escape(before)}(\d+){re.escape(after)}")
    live = [n for n in old.ready if not used(n)]
    ready = [n for n in live if present.fullmatch(n)]
    void = [*old.void, *(n for n in live if n not in ready)]
    highest = max((int(m[1]) for n in old.ready if (m := present.fullmatch(n))), default=last + _AHEAD)
    while len(ready) < wanted:
        highest += 1
        number = _format(pattern, day, highest)
        if not used(number):
            ready.append(number)
    return Kept(tuple(ready), tuple(n for n in void if not used(n))[-_LISTED:])


def _format(pattern: str, day: date, number: int) -> str:
    found = _SEQ.search(pattern)
    seq = found[0].format(seq=number) if found else ""
    return series(_SEQ.sub("\0", pattern), day).replace("\0", seq)

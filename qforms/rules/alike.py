"""How much two complaints are alike: whether one may be told twice, or both may have one mechanism. Pure.

What comes of it is offered to the office and never done by itself: a false hit costs a look, a false merger a case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

from qforms.model import Record, Text

SUGGESTIONS = frozenset({"same_case", "alike", "alike_mechanism"})  # kinds of tasks: offered at admission, and here
TWICE_WITHIN = timedelta(days=30)  # a complaint that is told again comes soon
MECHANISM_WITHIN = timedelta(days=365)  # the window of the figures (A08)
_ALIKE, _NEARLY_SAME = 72.0, 88.0  # of 100: how like the words must be
_LONGEST = 300  # characters that are compared
_SHORTEST = 4  # below it a piece of a text says nothing
_PART = 0.9  # what a text that stands in a longer one is worth
_MARKS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Likeness:
    """`other` is the complaint that it may be told of twice, or the mechanism group that it may belong to; `score` of
    100; `why` for people."""

    kind: Literal["twice", "mechanism"]
    other: str
    score: float
    why: Text


def likely(mine: Record, candidates: Iterable[Record], known: dict[str, Told] | None = None) -> tuple[Likeness, ...]:
    """At most one complaint that may be the same, and one other group that may be the same mechanism, with the reasons.
    `candidates` are complaints that share a model, a customer, a lot or a number with it; only those that were opened
    before it are looked at, so that of two the later one is asked about. `known`: what complaints say, remembered by
    whoever asks about many at once."""
    known = {} if known is None else known
    own = known.get(mine.number) or _told(mine, known)
    before = (r for r in candidates if r.number < mine.number and not r.values.get("duplicate_of"))
    earlier = [known.get(r.number) or _told(r, known) for r in before]
    twice = {r.number: found for r in earlier if (found := _twice(own, r))}
    groups = [(r.group, found) for r in earlier if r.number not in twice and (found := _mechanism(own, r))]
    best = max(twice.items(), key=_score, default=None), max(groups, key=_score, default=None)
    kinds: tuple[Literal["twice", "mechanism"], ...] = ("twice", "mechanism")
    return tuple(Likeness(kind, x[0], x[1].score, _why(x[1])) for kind, x in zip(kinds, best, strict=True) if x)


class _Found(NamedTuple):
    """How like two complaints are, of 100; the values they share that say so; how like their words are (0: unasked)."""

    score: float
    same: Sequence[str]
    words: float = 0.0


def _score(found: tuple[str, _Found]) -> float:
    return found[1].score


_NUMBERS = ("customer_complaint_no", "serial_nos", "ticket_no", "platform_order_no")
_TOLD = ("customer_name", "product_model", "lot_no", "order_no", "defect_qty")


def _twice(mine: Told, other: Told) -> _Found | None:
    if not _within(mine, other, TWICE_WITHIN):
        return None
    if numbers := _same(mine, other, _NUMBERS):
        return _Found(100.0, numbers)
    same = set(_same(mine, other, _TOLD))
    if {"customer_name", "order_no"} <= same and not (mine.serials or other.serials):
        return _Found(95.0, ("customer_name", "order_no"))  # P48: one delivery, and nothing tells the units apart
    known = {"customer_name", "product_model"} <= same
    least = _ALIKE if known else _NEARLY_SAME
    if not known and not {"product_model", "lot_no", "defect_qty"} <= same:
        return None
    score = _words(mine, other, least)
    return _Found(min(99.0, score + 2.0 * len(same)), sorted(same), score) if score >= least else None


def _mechanism(mine: Told, other: Told) -> _Found | None:
    """Another group of the same model or family whose complaints say nearly the same."""
    if not mine.group or not other.group or mine.group == other.group or not _within(mine, other, MECHANISM_WITHIN):
        return None
    same = _same(mine, other, ("product_model", "product_family"))
    if not same or (score := _words(mine, other, _ALIKE)) < _ALIKE:
        return None
    return _Found(score, same[:1], score)


_LABELS = {
    "customer_complaint_no": Text("客户单号", "customer's no."),
    "serial_nos": Text("序列号", "serial no."),
    "ticket_no": Text("工单号", "ticket no."),
    "platform_order_no": Text("平台订单号", "order on the platform"),
    "customer_name": Text("客户", "customer"),
    "product_model": Text("型号", "model"),
    "product_family": Text("系列", "family"),
    "lot_no": Text("批号", "lot"),
    "order_no": Text("订单号", "order"),
    "defect_qty": Text("数量", "quantity"),
}


def _why(found: _Found) -> Text:
    told = [_LABELS[name] for name in found.same]
    zh, en = "、".join(t.zh for t in told), ", ".join(t.en for t in told)
    if found.words:
        return Text(f"{zh}相同，现象 {found.words:.0f} % 相近", f"same {en}, phenomenon {found.words:.0f} % alike")
    return Text(f"{zh}相同", f"same {en}")


# ---------------------------------------------------------------- what is compared


class Told(NamedTuple):
    """What a complaint says, as it is compared: values without marks and blanks, texts cut."""

    number: str
    at: datetime | None
    group: str
    serials: bool
    values: Mapping[str, str | frozenset[str]]
    words: str


def _told(record: Record, known: dict[str, Told]) -> Told:
    values = record.values
    said = {name: v for name in _LABELS if (v := _compared(values.get(name)))}  # a mere dash says nothing
    words = _plain(values.get("defect_symptom") or "")[:_LONGEST]
    group, at = str(values.get("mechanism_group") or ""), record.received_at
    told = known[record.number] = Told(record.number, at, group, bool(values.get("serial_nos")), said, words)
    return told


def _compared(value: object) -> str | frozenset[str]:
    if isinstance(value, tuple):
        return frozenset(map(_plain, value)) - {""}
    return "" if value is None else _plain(value)


def _same(mine: Told, other: Told, names: Sequence[str]) -> list[str]:
    """Which of these values both have."""
    ours, theirs = mine.values, other.values
    return [n for n in names if n in ours and n in theirs and _equal(ours[n], theirs[n])]


def _equal(ours: str | frozenset[str], theirs: str | frozenset[str]) -> bool:
    """Of several values one is enough."""
    if isinstance(ours, str) and isinstance(theirs, str):
        return ours == theirs
    return not (ours if isinstance(ours, frozenset) else {ours}).isdisjoint(
        {theirs} if isinstance(theirs, str) else theirs
    )


def _plain(value: object) -> str:
    """A value without marks, blanks, and the difference of full and half width: A65-2603C is ａ65 2603c."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", str(value)).casefold())


def _within(mine: Told, other: Told, span: timedelta) -> bool:
    return mine.at is not None and other.at is not None and abs(mine.at - other.at) <= span


def _words(mine: Told, other: Told, least: float) -> float:
    """How like the phenomena are, of 100; what one adds to the other counts little. Below `least` it is not exact."""
    ours, theirs = mine.words, other.words
    if not ours or not theirs:
        return 0.0
    return 100.0 if ours == theirs else _compared_words(ours, theirs, least)


@lru_cache(maxsize=4096)
def _compared_words(ours: str, theirs: str, least: float) -> float:
    from rapidfuzz import fuzz

    whole = fuzz.ratio(ours, theirs, score_cutoff=least)
    if min(len(ours), len(theirs)) < _SHORTEST:
        return whole
    return max(whole, _PART * fuzz.partial_ratio(ours, theirs, score_cutoff=least / _PART - 1e-9))

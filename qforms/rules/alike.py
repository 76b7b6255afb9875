"""How much two complaints are alike: whether one may be told twice, or both may have one mechanism. Pure.

What comes of it is offered to the office and never done by itself: a false hit costs a look, a false merger a case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from qforms.model import Record, Text

SUGGESTIONS = frozenset({"same_case", "alike", "alike_mechanism"})  # kinds of tasks: offered at admission, and here
TWICE_WITHIN = timedelta(days=30)  # a complaint that is told again comes soon
MECHANISM_WITHIN = timedelta(days=365)  # the window of the figures (A08)
_ALIKE, _NEARLY_SAME = 72.0, 88.0  # of 100: how like the words must be
_LONGEST = 300  # characters that are compared
_SHORTEST = 4  # below it a piece of a text says nothing
_MARKS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Likeness:
    """`other` is the complaint that it may be told of twice, or the mechanism group that it may belong to; `score` of
    100; `why` for people."""

    kind: Literal["twice", "mechanism"]
    other: str
    score: float
    why: Text


def likely(mine: Record, candidates: Iterable[Record]) -> tuple[Likeness, ...]:
    """At most one complaint that may be the same, and one other group that may be the same mechanism, with the reasons.
    `candidates` are complaints that share a model, a customer, a lot or a number with it; only those that were opened
    before it are looked at, so that of two the later one is asked about."""
    earlier = [r for r in candidates if r.number < mine.number and not r.values.get("duplicate_of")]
    twice = [found for r in earlier if (found := _twice(mine, r))]
    named = {found.other for found in twice}
    groups = [found for r in earlier if r.number not in named and (found := _mechanism(mine, r))]
    best = (max(found, key=lambda x: x.score, default=None) for found in (twice, groups))
    return tuple(x for x in best if x is not None)


def _twice(mine: Record, other: Record) -> Likeness | None:
    if not _within(mine, other, TWICE_WITHIN):
        return None
    why = [*_same(mine, other, ("customer_complaint_no", "serial_nos", "ticket_no", "platform_order_no"))]
    if why:
        return _told("twice", other.number, 100.0, why)
    same = {
        name
        for name in ("customer_name", "product_model", "lot_no", "order_no", "defect_qty")
        if _equal(mine, other, name)
    }
    serials = mine.values.get("serial_nos") or other.values.get("serial_nos")
    if {"customer_name", "order_no"} <= same and not serials:  # P48: one delivery, and nothing tells the units apart
        return _told("twice", other.number, 95.0, _same(mine, other, ("customer_name", "order_no")))
    score = _words(mine, other)
    enough = {"customer_name", "product_model"} <= same and score >= _ALIKE
    enough = enough or ({"product_model", "lot_no", "defect_qty"} <= same and score >= _NEARLY_SAME)
    if not enough:
        return None
    bonus = 2.0 * len(same)
    return _told("twice", other.number, min(99.0, score + bonus), _same(mine, other, tuple(sorted(same))), score)


def _mechanism(mine: Record, other: Record) -> Likeness | None:
    """Another group of the same model or family whose complaints say nearly the same."""
    ours, theirs = mine.values.get("mechanism_group"), other.values.get("mechanism_group")
    if not ours or not theirs or ours == theirs or not _within(mine, other, MECHANISM_WITHIN):
        return None
    same = [name for name in ("product_model", "product_family") if _equal(mine, other, name)]
    score = _words(mine, other)
    if not same or score < _ALIKE:
        return None
    return _told("mechanism", str(theirs), score, _same(mine, other, same[:1]), score)


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


def _same(mine: Record, other: Record, names: Sequence[str]) -> list[Text]:
    return [_LABELS[name] for name in names if _equal(mine, other, name)]


def _told(
    kind: Literal["twice", "mechanism"], other: str, score: float, same: Sequence[Text], words: float = 0.0
) -> Likeness:
    zh, en = "、".join(t.zh for t in same), ", ".join(t.en for t in same)
    if words:
        zh, en = f"{zh}相同，现象 {words:.0f} % 相近", f"same {en}, phenomenon {words:.0f} % alike"
    else:
        zh, en = f"{zh}相同", f"same {en}"
    return Likeness(kind, other, score, Text(zh, en))


def _equal(mine: Record, other: Record, name: str) -> bool:
    ours, theirs = mine.values.get(name), other.values.get(name)
    if isinstance(ours, tuple) and isinstance(theirs, tuple):
        return bool({_plain(v) for v in ours} & {_plain(v) for v in theirs} - {""})
    return ours not in (None, "") and _plain(ours) == _plain(theirs)


def _plain(value: object) -> str:
    """A value without marks, blanks, and the difference of full and half width: A65-2603C is ａ65 2603c."""
    return _plain_text(str(value))


@lru_cache(maxsize=4096)  # each value is compared with those of many others
def _plain_text(text: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold())


def _within(mine: Record, other: Record, span: timedelta) -> bool:
    ours, theirs = mine.received_at, other.received_at
    return isinstance(ours, datetime) and isinstance(theirs, datetime) and abs(ours - theirs) <= span


def _words(mine: Record, other: Record) -> float:
    """How like the phenomena are, of 100; what one adds to the other counts little."""
    from rapidfuzz import fuzz

    ours, theirs = (_plain(r.values.get("defect_symptom") or "")[:_LONGEST] for r in (mine, other))
    if not ours or not theirs:
        return 0.0
    whole = fuzz.ratio(ours, theirs)
    if min(len(ours), len(theirs)) < _SHORTEST:
        return whole
    return max(whole, 0.9 * fuzz.partial_ratio(ours, theirs))

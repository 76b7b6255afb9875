"""Rows that were sent out: whatever list is given, the old rows stay in front, and the net is what was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qforms.model import Field, Reversing, Text
from qforms.rules.reversing import rows

SHARES = Field(
    "shares",
    Text("分摊"),
    "list",
    fields=(
        Field("bearer", Text("承担方"), "str"),
        Field("pct", Text("比例"), "dec"),
        Field("amount", Text("金额"), "money", calc=("total * pct / 100",)),
        Field("reversal", Text("冲销"), "bool", filled_by=("system",)),
    ),
    reversing=Reversing("known(issued_at)", ("pct", "amount"), "reversal"),
)
ROW = st.fixed_dictionaries({"bearer": st.sampled_from("甲乙丙"), "pct": st.integers(1, 100).map(Decimal)})


def net(found: Sequence[Mapping[str, Any]]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for row in found:
        total[row["bearer"]] = total.get(row["bearer"], Decimal(0)) + row["pct"]
    return {bearer: pct for bearer, pct in total.items() if pct}


@given(st.lists(ROW, max_size=4), st.lists(ROW, max_size=4), st.lists(ROW, max_size=4))
def test_nothing_is_rewritten_and_the_net_is_what_was_given(old: list[Any], new: list[Any], last: list[Any]) -> None:
    once = rows(SHARES, old, new)
    assert once[: len(old)] == tuple(old) and net(once) == net(new)
    again = rows(SHARES, once, last)
    assert again[: len(once)] == once and net(again) == net(last)


@given(st.lists(ROW, max_size=4), st.lists(ROW, max_size=4))
def test_the_same_list_again_adds_nothing_neither_as_shown_nor_net(old: list[Any], new: list[Any]) -> None:
    once = rows(SHARES, old, new)
    assert rows(SHARES, once, once) == once
    assert rows(SHARES, once, new) == once


def test_a_changed_share_is_the_old_row_reversed_and_a_new_one() -> None:
    old = ({"bearer": "甲", "pct": Decimal(70), "amount": Decimal("70.00")}, {"bearer": "乙", "pct": Decimal(30)})
    new = (
        {"bearer": "甲", "pct": Decimal(60)},
        {"bearer": "乙", "pct": Decimal(30)},
        {"bearer": "丙", "pct": Decimal(10)},
    )
    turned = {"bearer": "甲", "pct": Decimal(-70), "amount": Decimal("-70.00"), "reversal": True}
    assert rows(SHARES, old, new) == (*old, turned, new[0], new[2])

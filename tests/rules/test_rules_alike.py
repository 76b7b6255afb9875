"""Which complaints are offered as the same, or as the same mechanism, and which are not."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qforms.model import Record
from qforms.rules.alike import likely

DAY = datetime(2026, 5, 6, 6, 0, tzinfo=UTC)


def complaint(number: str, days: float = 0.0, **values: Any) -> Record:
    at = DAY + timedelta(days=days)
    known = {
        "customer_name": "启远",
        "product_model": "YL-A65",
        "defect_symptom": "通电后无输出",
        "mechanism_group": "MG-1",
    }
    return Record("complaint", number, 0, "open", number, {**known, **values}, received_at=at)


def offered(mine: Record, *others: Record) -> list[tuple[str, str]]:
    return [(x.kind, x.other) for x in likely(mine, others)]


MINE = complaint("TS-9", lot_no="A65-2603C", defect_qty=9)


@pytest.mark.parametrize(
    "other",
    [
        complaint("TS-1", -3, defect_symptom="通电后没有输出"),
        complaint("TS-1", -3, defect_symptom="客户来电：通电后无输出，要求换货", lot_no="Ａ65 2603C"),
        complaint("TS-1", -3, customer_name="启远深圳公司", lot_no="A65-2603C", defect_qty=9),
        complaint("TS-1", 3),  # the later of both was entered first
    ],
)
def test_told_twice(other: Record) -> None:
    [(kind, number)] = [x for x in offered(MINE, other) if x[0] == "twice"]
    assert (kind, number) == ("twice", "TS-1")


@pytest.mark.parametrize(
    "other",
    [
        complaint("TS-1", -40),  # too long ago
        complaint("TS-1", -3, defect_symptom="外壳划伤", lot_no="A65-2601A"),
        complaint("TS-1", -3, customer_name="禾木", lot_no="A65-2601A", defect_qty=2),
        complaint("TS-1", -3, product_model="YL-H18", product_family="H"),
        complaint("TS-1", -3, duplicate_of="TS-0"),  # its original is offered, not the copy
        complaint("TS-9", -3),  # itself
    ],
)
def test_not_told_twice(other: Record) -> None:
    assert not [x for x in offered(MINE, other) if x[0] == "twice"]


def test_one_serial_number_or_customer_s_number_is_enough() -> None:
    mine = complaint("TS-9", serial_nos=("C212", "C213"), defect_symptom="异响")
    assert offered(mine, complaint("TS-1", -20, serial_nos=("c213",), defect_symptom="不制冷", customer_name="x")) == [
        ("twice", "TS-1")
    ]
    mine = complaint("TS-9", customer_complaint_no="QY-1", defect_symptom="异响")
    assert ("twice", "TS-1") in offered(mine, complaint("TS-1", -1, customer_complaint_no="QY 1", defect_symptom="x"))


def test_one_delivery_note_and_no_serials() -> None:
    """P48."""
    mine, other = (
        complaint("TS-9", order_no="PO-1", defect_symptom="裂"),
        complaint("TS-1", -5, order_no="PO-1", defect_symptom="脏"),
    )
    assert ("twice", "TS-1") in offered(mine, other)
    told = complaint("TS-1", -5, order_no="PO-1", defect_symptom="脏", serial_nos=("1",))
    assert ("twice", "TS-1") not in offered(mine, told)


def test_another_group_that_says_the_same_may_be_the_same_mechanism() -> None:
    other = complaint("TS-1", -200, customer_name="禾木", mechanism_group="MG-2", defect_symptom="通电以后无输出")
    assert offered(MINE, other) == [("mechanism", "MG-2")]
    [found] = likely(MINE, [other])
    assert found.why.zh.startswith("型号相同，现象 ") and "phenomenon" in found.why.en
    assert offered(MINE, complaint("TS-1", -200, customer_name="禾木", mechanism_group="MG-1")) == []
    assert offered(MINE, complaint("TS-1", -400, customer_name="禾木", mechanism_group="MG-2")) == []


def test_of_several_the_likeliest_one_is_offered() -> None:
    some = [complaint(f"TS-{n}", -n, defect_symptom=f"通电后无输出{'了' * n}") for n in range(1, 6)]
    random.Random(1).shuffle(some)
    assert offered(MINE, *some)[0] == ("twice", "TS-1")


@given(st.text(max_size=40), st.text(max_size=40))
def test_of_two_only_the_later_one_is_asked_about(one: str, two: str) -> None:
    a = complaint("TS-1", defect_symptom=one, mechanism_group="MG-1")
    b = complaint("TS-2", defect_symptom=two, mechanism_group="MG-2")
    assert offered(a, b) == [] and offered(b, a) in ([], [("twice", "TS-1")], [("mechanism", "MG-1")])
    same = complaint("TS-3", defect_symptom=one, mechanism_group="MG-3")
    assert not one.strip() or not any(c.isalnum() for c in one) or offered(same, a) == [("twice", "TS-1")]

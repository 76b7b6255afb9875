"""Likely duplicates and likely same mechanisms: offered to the office, told in the notice of the new case, never merged
alone; 「并入」 does it, 「忽略」 leaves it."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from support_endtoend import Workspace, mail

from qforms import answers, house
from qforms.model import Delivery
from qforms.workbook.edits import Answer

NOW = datetime.fromisoformat("2026-05-06T15:00:00+08:00")
FIRST, SECOND, THIRD = "TS-202605-0001", "TS-202605-0002", "TS-202605-0003"


def choose(ws: Workspace, kind: str, action: str, at: datetime) -> None:
    """What the clerk chooses in 处理."""
    with house.opened(ws.root) as h:
        task = next(t for t in h.ledger.tasks() if t.kind == kind)
        answer = Answer("task", task.key, action, action, "", "林晓岚", "待办!I4")
        answers._KINDS["task"](answer, Delivery("workbook", "x", at, b"{}"), h.ledger, h.desk, at)


def tasks(ws: Workspace, *kinds: str) -> list[Any]:
    with house.opened(ws.root) as h:
        return [t for t in h.ledger.tasks() if t.kind in kinds]


@pytest.fixture
def two(ws: Workspace) -> Workspace:
    """A complaint, and two days later nearly the same; then another customer's with the same failure in other words."""
    ws.drop("customers.json", [{"form": "customer", "by": "office", "values": {"name": n, "domains": [d]}}
                               for n, d in (("启远", "qiyuan.example"), ("禾木", "hemu.example"))])  # fmt: skip
    for days, subject, text in (
        (0, "投诉 YL-A65", "电源适配器 YL-A65 通电后无输出，批号 A65-2603C，9 台。"),
        (2, "投诉：又收到 YL-A65 不良", "电源适配器 YL-A65 通电后没有输出，批号 A65-2603C。"),
    ):
        ws.receive(mail(subject, text))
        came = (NOW + timedelta(days=days)).timestamp()
        os.utime(max((ws.root / "mail/new").iterdir()), (came, came))
    ws.once(NOW + timedelta(days=2))
    return ws


@pytest.mark.both_ledgers
def test_the_same_told_again_is_offered_told_and_merged_by_a_word(two: Workspace) -> None:
    assert len(two.records()) == 2
    [task] = tasks(two, "alike")
    assert task.number == SECOND and task.context["other"] == FIRST and task.actions == ("并入", "忽略")
    assert task.text.zh.startswith(f"与 {FIRST} 是否同一投诉？") and "型号" in task.text.zh and task.owner != "office"
    assert any("是否同一投诉" in str(row) for row in two.rows("待办"))
    notices = [raw for raw in map(bytes.decode, two.sent()) if SECOND in raw]
    with house.opened(two.root) as h:
        letter = next(x for x in h.ledger.letters(number=SECOND) if x.intent.rule == "new_case")
        assert "suggested" not in letter.intent.facts  # found when the letter is made
        sent = h.store.get(letter.digest)
    from email import message_from_bytes, policy

    body = message_from_bytes(sent, policy=policy.default).get_body(("plain",))
    assert notices and body is not None and f"与 {FIRST} 是否同一投诉？" in body.get_content()
    assert not any("duplicate_of" in r["values"] for r in two.records())  # never alone
    later = NOW + timedelta(days=2, hours=1)
    choose(two, "alike", "merge", later)
    merged = next(r for r in two.records() if r["number"] == SECOND)
    assert merged["values"]["duplicate_of"] == FIRST
    two.once(later)
    assert not tasks(two, "alike")  # nor is it asked again


def test_what_is_ignored_is_not_asked_again(two: Workspace) -> None:
    choose(two, "alike", "ignore", NOW + timedelta(days=2, hours=1))
    two.drop("note.json", {"form": "complaint", "number": SECOND, "by": "office", "values": {"remarks": "看过"}})
    two.once(NOW + timedelta(days=2, hours=2))
    assert not tasks(two, "alike") and "duplicate_of" not in two.records()[1]["values"]


def test_another_group_that_says_the_same_is_offered_and_taken_over_by_a_word(two: Workspace) -> None:
    """The category tells the groups apart; the words are the same."""
    other = {"customer_name": "禾木", "product_model": "YL-A65", "lot_no": "A65-2604A", "defect_qty": 1,
             "defect_symptom": "通电后无输出", "defect_category": "performance"}  # fmt: skip
    two.drop("hotline.json", {"form": "complaint", "by": "intake", "values": other})
    two.once(NOW + timedelta(days=3))
    groups = {r["number"]: r["values"]["mechanism_group"] for r in two.records()}
    assert groups[THIRD] not in (groups[FIRST], groups[SECOND])
    [task] = tasks(two, "alike_mechanism")
    assert task.number == THIRD and task.context["other"] == groups[FIRST]
    choose(two, "alike_mechanism", "merge", NOW + timedelta(days=3, hours=1))
    assert two.records()[2]["values"]["mechanism_group"] == groups[FIRST]
    assert "duplicate_of" not in two.records()[2]["values"]

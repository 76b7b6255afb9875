"""What is owed to the same people at the same time goes out as one table, each line answered by itself (P35)."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import support_endtoend as e2e

from qforms import house

SALES = "sales@company.example"
LATER = e2e.NOW + timedelta(minutes=10)


def complaints(count: int) -> list[bytes]:
    return [
        e2e.mail(
            f"投诉 YL-A65 无输出 {n}",
            f"电源适配器 YL-A65 无输出，批号 A65-2603C，{n + 3} 台。",
            f"a{n}@kunde{n}.example",
        )
        for n in range(count)
    ]


def sent_to(ws: e2e.Workspace, address: str, word: str) -> list[EmailMessage]:
    mails: list[Any] = [email.message_from_bytes(raw, policy=email.policy.default) for raw in ws.sent()]
    return [m for m in mails if address in str(m["To"]) and str(m["Subject"]).startswith(word)]


def plain(message: EmailMessage) -> str:
    body: Any = message.get_body(("plain",))
    return str(body.get_content())


def reply(table: EmailMessage, text: str, n: int) -> bytes:
    own, answered = f"<answer-{n}@company.example>", str(table["Message-ID"])
    return e2e.mail(f"Re: {table['Subject']}", text, SALES, In_Reply_To=answered, Message_ID=own)


@pytest.fixture(scope="module")
def heap(made: e2e.Workspace, tmp_path_factory: pytest.TempPathFactory) -> e2e.Workspace:
    """Five new cases at once, told in one table, and answered."""
    ws = e2e.copy(made, tmp_path_factory.mktemp("heap") / "ws")
    ws.receive(*complaints(5))
    ws.once()
    [table] = sent_to(ws, SALES, "【质量】新投诉")
    four, five = (f"TS-202605-000{n}" for n in (4, 5))
    ws.receive(
        reply(table, f"2 转给 梁海\n3. 并入 TS-202605-0001\n{four}：转给 周启文\n", 1),
        reply(table, "客户已经联系过了，明天寄样品回来。\n", 2),
        reply(table, f"{five}\n订单号：PO-7788\n", 3),
    )
    ws.once(LATER)
    return ws


def test_a_heap_of_mails_is_one_letter_and_each_case_has_its_own_answer(heap: e2e.Workspace) -> None:
    numbers = [f"TS-202605-000{n}" for n in range(1, 6)]
    told = [x for x in heap.letters("stage") if x["number"]]
    [table] = [x for x in heap.letters("stage") if not x["number"]]
    assert sorted(x["number"] for x in told) == numbers
    assert {(x["state"], x["subject"]) for x in told} == {("sent", table["subject"])}
    [letter] = sent_to(heap, SALES, "【质量】新投诉")
    assert all(number in plain(letter) for number in numbers)
    for n in range(5):  # every customer hears for himself, and of nobody else
        [own] = sent_to(heap, f"a{n}@kunde{n}.example", "")
        assert [x for x in numbers if x in f"{own['Subject']}{plain(own)}"] == [numbers[n]]


def test_a_line_is_answered_by_its_place_or_its_number_and_no_other_moves(heap: e2e.Workspace) -> None:
    with house.opened(heap.root) as h:
        tasks = [(t.number, t.owner) for t in h.ledger.tasks() if t.kind == "pass_on"]
    assert sorted(tasks) == [("TS-202605-0002", "梁海"), ("TS-202605-0004", "周启文")]
    records = {r["number"]: r for r in heap.records()}
    assert records["TS-202605-0003"]["values"]["duplicate_of"] == "TS-202605-0001"
    assert [n for n, r in records.items() if r["values"].get("order_no") == "PO-7788"] == ["TS-202605-0005"]


def test_what_names_no_line_is_asked_for_and_changes_nothing(heap: e2e.Workspace) -> None:
    [question] = [x for x in heap.letters("question") if x["to"] == [SALES]]
    assert question["state"] == "sent" and not question["number"]
    [asked] = [m for m in sent_to(heap, SALES, "Re:") if "哪一行" in plain(m)]
    assert "TS-202605-0005" in plain(asked) and "明天寄样品" in plain(asked)


REPORT = """\
From: MAILER-DAEMON@company.example
To: quality@company.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-1@company.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.company.example

Final-Recipient: rfc822; sales@company.example
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Message-ID: {table}

--b--
"""


def test_a_bounce_fails_all_lines(heap: e2e.Workspace, tmp_path: Path) -> None:
    ws = e2e.copy(heap, tmp_path / "ws")
    [table] = sent_to(ws, SALES, "【质量】新投诉")
    ws.receive(REPORT.format(table=table["Message-ID"]).encode())
    ws.once(LATER + timedelta(minutes=5))
    assert {x["state"] for x in ws.letters("stage")} == {"bounced"}
    assert ws.tasks().count("bounced") == 1


def test_killed_between_the_steps_a_table_goes_once_with_the_same_bytes(
    made: e2e.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = e2e.copy(made, tmp_path / "ws")
    ws.receive(*complaints(3))
    with house.opened(ws.root) as h, monkeypatch.context() as patch:
        patch.setattr(h.mailroom, "_handle", lambda group, now: 1 / 0)  # the table is written, nothing has left
        waiting = [d for s in h.sources(e2e.NOW, once=True) for d in s.waiting()]
        h.handle(waiting, e2e.NOW)
        with pytest.raises(ZeroDivisionError):
            h.mailroom.post(e2e.NOW)
    states = [x["state"] for x in ws.letters("stage")]
    assert sorted(states) == ["gathered"] * 3 + ["owed"]
    with house.opened(ws.root) as h:  # rendered, its bytes in the store, and killed again before it leaves
        with monkeypatch.context() as patch:
            patch.setattr(h.mailroom, "_sent", lambda letter, raw, now: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                h.mailroom.post(e2e.NOW)
        [table] = [x for x in h.ledger.letters() if x.intent.gathered]
        kept = h.store.get(table.digest)
    assert not ws.sent()
    ws.once(LATER)
    assert [raw for raw in ws.sent() if b"Subject" in raw and table.message_id.encode() in raw] == [kept]
    assert {x["state"] for x in ws.letters("stage")} == {"sent"}

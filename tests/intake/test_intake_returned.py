"""A form that comes back faulty, from the returned mail to the marked file: real Word and Excel, a real workspace."""

from __future__ import annotations

import email
import email.policy
import io
from datetime import timedelta
from email.message import EmailMessage

import docx
import openpyxl
import pytest
import support_endtoend as e

from qforms import house
from qforms.demo import hands

FACTS = [
    {"form": "product", "values": {"model": "YL-A65", "name": "电源适配器", "family": "A65"}},
    {"form": "shipment", "values": {"product_model": "YL-A65", "lot_no": "A65-2603C", "quantity": 1000,
                                      "shipped_on": "2026-03-05"}},
    {"form": "customer", "values": {"name": "客户甲", "emails": ["wang@qiyuan.example"]}},
    {"form": "person", "values": {"name": "严工", "email": "yan@company.example", "department": "工程部"}},
]  # fmt: skip


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    made = e.make(tmp_path_factory.mktemp("returned") / "ws")
    made.drop("0.json", FACTS)
    made.once(e.NOW - timedelta(hours=1))
    return made


def letters(ws, kind):
    """Sent letters of a kind, parsed."""
    subjects = {x["subject"] for x in ws.letters(kind)}
    found = [email.message_from_bytes(raw, policy=email.policy.default) for raw in ws.sent()]
    return [m for m in found if str(m["subject"]) in subjects]


def attached(letter: EmailMessage) -> bytes:
    return next(iter(letter.iter_attachments())).get_payload(decode=True)  # type: ignore[return-value]


def test_a_returned_report_has_its_wrong_and_its_empty_cells_marked(ws):
    ws.receive(e.mail(text="YL-A65 无输出，批号 A65-2603C，9 台"))
    ws.once(e.NOW)
    ws.once(e.NOW + timedelta(minutes=90))
    (issued,) = [m for m in letters(ws, "issue") if "8001-" in str(m["subject"])]
    file = hands.fill_word(
        attached(issued), {"原因分析": "C7 电解电容漏液"}, [{"措施内容": "更换 C7", "计划完成": "尽快"}]
    )
    back = e.mail(f"Re: {issued['subject']}", "已填，见附件。", "yan@company.example", [("8001.docx", file)],
                  In_Reply_To=str(issued["message-id"]), References=str(issued["message-id"]))  # fmt: skip
    ws.receive(back)
    ws.once(e.NOW + timedelta(minutes=100))
    (letter,) = letters(ws, "rejection")
    text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "尽快" in text
    marked = docx.Document(io.BytesIO(attached(letter)))
    xml = marked.element.xml
    problems = next(x for x in _rows(ws) if x.intent.kind == "rejection").intent.facts["problems"]
    assert len(problems) >= 2 and all(where for where, _ in problems), problems
    assert all(where in xml for where, _ in problems)  # the box at the top names every cell that is marked
    assert xml != docx.Document(io.BytesIO(file)).element.xml


def test_a_customer_s_sheet_comes_back_marked(ws):
    sheet = ws.filled("complaint", product_model="YL-A65", defect_qty="很多", defect_symptom="外壳开裂")
    ws.receive(e.mail("投诉单", "见附件", files=[("投诉.xlsx", sheet)]))
    ws.once(e.NOW + timedelta(minutes=110))
    (letter,) = letters(ws, "question")
    book = openpyxl.load_workbook(io.BytesIO(attached(letter)))
    notes = {c.comment.text for page in book for row in page.iter_rows() for c in row if c.comment}
    assert any("很多" in note for note in notes), notes
    assert any("生产批号" in note for note in notes), notes
    assert "生产批号" in letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_what_waits_in_several_places_is_taken_in_one_order_of_time(ws):
    facts = {"form": "customer", "values": {"name": "客户乙", "emails": ["li@other.example"]}}
    ws.drop("1.json", facts)  # at the same moment as the mail, once both are later than the time of the run
    ws.receive(e.mail("无输出", "YL-A65 无输出 1 台，批号 A65-2603C", "li@other.example"))
    ws.once(e.NOW - timedelta(hours=2))
    (record,) = [r for r in ws.records() if r["values"].get("contact_email") == "li@other.example"]
    assert record["values"]["customer"] == "客户乙"


def _rows(ws):
    with house.opened(ws.root) as h:
        return list(h.ledger.letters())

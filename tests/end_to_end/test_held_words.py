"""What could not be taken in reaches the office by mail, and one line of an answer deals with it; so do returns from
addresses that nobody knows: the office says whose they are."""

from __future__ import annotations

import email
import email.policy
import json
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from support_endtoend import NOW, Workspace

from qforms import answers, house
from qforms.commands import held
from qforms.workbook.edits import answer_of

OFFICE = "quality@company.example"
REPORT = "8001-202605-0001"


def listed(ws: Workspace) -> list[EmailMessage]:
    mails = [email.message_from_bytes(raw, policy=email.policy.default) for raw in ws.sent()]
    return [m for m in mails if "没有收进来" in m["Subject"]]  # type: ignore[misc]


def reply(to: EmailMessage, text: str, sender: str = OFFICE, *, code: bool = True) -> bytes:
    """An answer to a list, as a mail program quotes it; without `code` nothing of it is quoted."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, OFFICE, f"回复：{to['Subject']}"
    made["Message-ID"], made["In-Reply-To"] = f"<{abs(hash((text, sender)))}@company.example>", to["Message-ID"]
    body = to.get_body(("plain",))
    assert body is not None
    quoted = "\n".join(f"> {line}" for line in body.get_content().splitlines()) if code else ""
    made.set_content(f"{text}\n\n{quoted}\n")
    return made.as_bytes()


def states(ws: Workspace) -> list[tuple[str, str, str]]:
    return [(d["name"], d["outcome"], d["state"]) for d in ws.deliveries() if d["name"].endswith(".json")]


@pytest.fixture
def waiting(ws: Workspace) -> Workspace:
    """Two files that could not be read wait, and the office has been told."""
    ws.drop("a.json", b"{")
    ws.drop("b.json", b"[")
    ws.once()
    return ws


def test_the_office_gets_a_list_with_reasons_and_raw_files_once_a_day(waiting: Workspace) -> None:
    [first] = listed(waiting)
    assert first["To"] == OFFICE and "2 件" in first["Subject"]
    text = first.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "1 a.json" in text and "2 b.json" in text and "答复码" in text and "JSON" in text
    assert sorted(bytes(a.get_payload(decode=True)) for a in first.iter_attachments()) == [b"[", b"{"]
    waiting.once(NOW + timedelta(hours=2))
    assert len(listed(waiting)) == 1
    waiting.once(NOW + timedelta(days=1))
    assert len(listed(waiting)) == 2


@pytest.mark.both_ledgers
def test_one_line_each_deals_with_them(waiting: Workspace) -> None:
    [letter] = listed(waiting)
    waiting.receive(reply(letter, "1 重试\n2 忽略"))
    waiting.once(NOW + timedelta(hours=1))
    assert states(waiting) == [
        ("a.json", "held", "retried"),
        ("b.json", "held", "dismissed"),
        ("a.json", "held", "done"),
    ]
    assert "word" not in waiting.tasks()


@pytest.mark.parametrize(
    ("text", "sender", "code"),
    [
        ("1 重试", "wang@qiyuan.example", True),  # a customer who got hold of the letter
        ("1 重试", "production@company.example", True),  # one of us, but not the office
        ("1 重试", OFFICE, False),  # without the code
        ("重试", OFFICE, True),  # which of the two?
        ("3 忽略", OFFICE, True),
    ],
)
def test_nobody_else_s_word_counts_nor_an_unclear_one(waiting: Workspace, text: str, sender: str, code: bool) -> None:
    [letter] = listed(waiting)
    waiting.receive(reply(letter, text, sender, code=code))
    waiting.once(NOW + timedelta(hours=1))
    assert states(waiting) == [("a.json", "held", "done"), ("b.json", "held", "done")]


@pytest.mark.both_ledgers
def test_a_word_is_carried_out_after_a_crash_in_between(waiting: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    [letter] = listed(waiting)
    waiting.receive(reply(letter, "1 忽略"))
    with monkeypatch.context() as m:
        m.setattr(answers, "carry_out_words", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            waiting.once(NOW + timedelta(hours=1))
    assert states(waiting)[0] == ("a.json", "held", "done")
    waiting.once(NOW + timedelta(hours=1))
    assert states(waiting)[0] == ("a.json", "held", "dismissed")


def test_retry_says_what_came_of_it(waiting: Workspace) -> None:
    digest = next(d["digest"] for d in waiting.deliveries() if d["name"] == "a.json")
    [line] = held.retry(waiting.root, digest, NOW)
    assert line["outcome"] == "held" and "JSON" in line["reason"]


def test_the_words_of_the_row(waiting: Workspace) -> None:
    """重试 and 忽略 chosen on 待处理邮件, as the workbook hands them over."""
    digests = [d["digest"] for d in waiting.deliveries() if d["name"].endswith(".json")]
    with house.opened(waiting.root) as h:
        for digest, action in zip(digests, ("retry", "ignore"), strict=True):
            word(h, "mail", digest, action, NOW)
    assert states(waiting)[:2] == [("a.json", "held", "retried"), ("b.json", "held", "dismissed")]


def word(h: house.House, kind: str, key: str, action: str, now: datetime, note: str = "") -> None:
    from qforms.model import Delivery

    said = {kind: key, "action": action, "word": action, "note": note, "by": "质量部", "where": "待办!I2"}
    raw = json.dumps(said, sort_keys=True).encode()
    delivery = Delivery("workbook", "待办!I2", now, raw)
    assert answer_of(delivery) is not None
    answers.carry_out(delivery, h.ledger, h.desk, now)


# ---------------------------------------------------------------- returns from addresses that nobody knows


def serious(ws: Workspace) -> None:
    """A report is on the desk of engineering."""
    ws.set("issue", mode="auto", after_minutes=0)
    values = {"customer_name": "禾木", "product_model": "YL-X1", "lot_no": "X1", "defect_qty": 1}
    values |= {"defect_symptom": "打火", "defect_category": "electrical_breakdown", "severity": 3}
    ws.drop("k.json", {"form": "complaint", "values": values})
    ws.once()
    ws.once(NOW + timedelta(hours=1))


def from_private(ws: Workspace, sender: str = "qin@qq.example", **values: Any) -> bytes:
    """The report, filled in and sent back from an address that is on no sheet."""
    from support_endtoend import mail

    with house.opened(ws.root) as h:
        with h.ledger.facts() as facts:
            record = facts.record(REPORT)
        assert record is not None
        data = h.mailroom.enclosures.blank("market_abnormality", "excel", "zh", record).data
    return mail("8001 回复", "已填，请查收。\n", sender, files=[("8001.xlsx", filled(data, **values))])


def filled(data: bytes, **values: Any) -> bytes:
    import io

    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data))
    for name, value in values.items():
        [(sheet, cell)] = book.defined_names[f"qf_{name}"].destinations
        book[sheet][cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def returned(ws: Workspace) -> Workspace:
    serious(ws)
    ws.receive(from_private(ws, cause_analysis="电容 C7 漏液", tech_class="批量"))
    ws.once(NOW + timedelta(hours=2))
    return ws


def report(ws: Workspace) -> dict[str, Any]:
    [found] = ws.records("market_abnormality")
    return dict(found["values"])


def test_a_return_from_an_unknown_address_waits_and_the_office_is_asked_at_once(returned: Workspace) -> None:
    assert "cause_analysis" not in report(returned)
    assert returned.deliveries()[-1]["codes"] == ["sender_unproven"]
    assert "confirm_sender" in returned.tasks()
    assert "qin@qq.example" in listed(returned)[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert not [x for x in returned.letters() if "qin@qq.example" in x["to"]]  # nothing is told to whoever wrote


@pytest.mark.both_ledgers
def test_one_line_of_the_office_takes_it_in_as_from_the_department(returned: Workspace) -> None:
    returned.receive(reply(listed(returned)[-1], "1 是本人 工程部"))
    returned.once(NOW + timedelta(hours=3))
    assert report(returned)["cause_analysis"] == "电容 C7 漏液"
    assert "confirm_sender" not in returned.tasks()


def test_one_click_takes_it_in_and_the_address_is_remembered_until_the_day_that_was_named(returned: Workspace) -> None:
    person = {"name": "秦牧", "email": "qin@company.example", "department": "工程部"}
    returned.drop("p.json", {"form": "person", "values": person, "by": "office"})
    returned.once(NOW + timedelta(hours=3))
    with house.opened(returned.root) as h:
        task = next(t for t in h.ledger.tasks() if t.kind == "confirm_sender")
        word(h, "task", task.key, "vouch", NOW + timedelta(hours=4), "秦牧 2026-05-31")
    assert report(returned)["cause_analysis"] == "电容 C7 漏液"
    [known] = returned.records("person")
    assert (known["values"]["private_email"], known["values"]["private_until"]) == ("qin@qq.example", "2026-05-31")
    returned.receive(from_private(returned, cause_analysis="电容 C7 漏液，来料", tech_class="批量"))
    returned.once(NOW + timedelta(hours=5))
    assert report(returned)["cause_analysis"] == "电容 C7 漏液，来料"


def test_after_that_day_it_waits_again(returned: Workspace) -> None:
    values = {"name": "秦牧", "email": "qin@company.example", "department": "工程部",
              "private_email": "qin@qq.example", "private_until": "2026-05-05"}  # fmt: skip
    returned.drop("p.json", {"form": "person", "values": values, "by": "office"})
    returned.once(NOW + timedelta(hours=3))
    returned.receive(from_private(returned, cause_analysis="别的原因", tech_class="批量"))
    returned.once(NOW + timedelta(hours=5))
    assert "cause_analysis" not in report(returned)


def test_a_name_that_nobody_has_changes_nothing(returned: Workspace) -> None:
    returned.receive(reply(listed(returned)[-1], "1 是本人 不认识"))
    returned.once(NOW + timedelta(hours=3))
    assert "cause_analysis" not in report(returned) and "confirm_sender" in returned.tasks()

"""What the office chooses in 处理: 申请延期 with date and reason, 并入 with a case (P38, P7)."""

import json
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from qforms import answers, house
from qforms.commands import look, start
from qforms.house import House
from qforms.model import Delivery
from qforms.workbook.edits import Answer

MORNING = datetime.fromisoformat("2026-05-11T10:00+08:00")
FIRST, SECOND = "TS-202605-0001", "TS-202605-0002"
PEOPLE = [
    {"form": "customer", "by": "office", "values": {"name": "启远", "domains": ["qiyuan.example"]}},
    {"form": "product", "by": "office", "values": {"model": "YL-A65", "family": "电源"}},
]


def mail(number: int, subject: str, text: str, **more: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "wang@qiyuan.example", "quality@company.example", subject
    message["Message-ID"] = f"<m{number}@qiyuan.example>"
    for name, value in more.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


class Office:
    def __init__(self, h: House) -> None:
        self.house, self.root = h, h.mailroom.settings.root

    def take(self, message: EmailMessage, at: datetime = MORNING) -> None:
        raw = message.as_bytes()
        self.house.desk.take([Delivery("maildir", message["Message-ID"], at, raw, digest=_digest(raw))], at)

    def choose(self, kind: str, key: str, action: str, note: str, at: datetime = MORNING) -> None:
        answer = Answer(kind, key, action, action, note, "林晓岚", "待办!I4")
        answers._KINDS[kind](answer, Delivery("workbook", "x", at, b"{}"), self.house.ledger, self.house.desk, at)

    def records(self, form: str) -> list[dict[str, Any]]:
        return look.records(self.root, form)

    def task(self, kind: str) -> Any:
        return next(t for t in self.house.ledger.tasks() if t.kind == kind)


def _digest(raw: bytes) -> str:
    import hashlib

    return hashlib.sha256(raw).hexdigest()


@pytest.fixture
def office(tmp_path: Path) -> Any:
    root = tmp_path / "ws"
    start.init(root, "云岭", "zh", datetime.fromisoformat("2026-05-11T08:00+08:00"))
    with house.opened(root) as h:
        for n, given in enumerate(PEOPLE):
            raw = json.dumps(given, ensure_ascii=False).encode()
            h.desk.take([Delivery("folder", f"p{n}", MORNING, raw, name=f"p{n}.json", digest=_digest(raw))], MORNING)
        own = Office(h)
        own.take(mail(1, "投诉 YL-A65", "电源 YL-A65 无输出，批号 A65-2603C，2 台，请处理。"))
        yield own


def test_more_time_for_a_deadline(office: Office) -> None:
    office.choose("clock", f"recontact/{FIRST}", "extend", "5/14 12:00 联系人出差")
    [asked] = office.records("extension")
    values = asked["values"]
    assert (values["target"], values["clock"], values["reason"]) == (FIRST, "recontact", "联系人出差")
    assert values["until"].startswith("2026-05-14T12:00") and values["asked_by"] and values["approver"]
    office.choose("clock", f"recontact/{FIRST}", "extend", "过几天")
    assert len(office.records("extension")) == 1, "no date, no application"
    assert "总表里有内容没有收下" in office.task("read").text.zh


def test_what_a_mail_added_is_moved_to_another_case(office: Office) -> None:
    office.take(mail(2, "投诉 YL-A65 异响", "电源 YL-A65 异响，批号 A65-2604D，1 台。"))
    office.take(mail(3, f"回复：{FIRST}", "另外那台异响的照片稍后发来。"))
    [contact] = office.records("contact")
    assert contact["case_no"] == FIRST
    key = next(t.key for t in office.house.ledger.tasks() if t.kind == "read" and t.number == FIRST)
    office.choose("task", key, "merge", SECOND)
    [contact] = office.records("contact")
    assert (contact["case_no"], contact["values"]["case_no"]) == (SECOND, SECOND)


def test_a_case_that_was_opened_twice_becomes_one(office: Office) -> None:
    office.take(mail(2, "投诉 YL-A65", "电源 YL-A65 无输出，批号 A65-2603C，2 台，催一下。"))
    task = office.task("same_case")
    office.choose("task", task.key, "merge", "")
    second = next(r for r in office.records("complaint") if r["number"] == SECOND)
    assert (second["status"], second["values"]["duplicate_of"]) == ("closed", FIRST)


def test_a_mail_that_nobody_knew_is_taken_into_a_case(office: Office) -> None:
    stranger = mail(4, "你好", "上次说的事怎么样了？")
    stranger.replace_header("From", "who@elsewhere.example")
    office.take(stranger)
    assert not office.records("contact")
    office.choose("task", office.task("unsure").key, "merge", FIRST)
    [contact] = office.records("contact")
    assert contact["case_no"] == FIRST and "上次说的事" in contact["values"]["summary"]

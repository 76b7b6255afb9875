"""The managers' digest: once a working day, charts inside the mail, each line answered by its number."""

from __future__ import annotations

import email
import email.policy
import html
import re
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from support_endtoend import Workspace, mail, make
from support_year import ZONE, fill

from qforms import house
from qforms.digests import MAX_BYTES

MONDAY = datetime(2026, 6, 1, 9, tzinfo=ZONE)


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = make(tmp_path_factory.mktemp("digest") / "ws")
    with house.opened(made.root) as h:
        fill(h.ledger, 60, date(2026, 5, 29))
        for early in (MONDAY - timedelta(days=1), MONDAY.replace(hour=7)):  # Sunday; before quiet hours end
            assert h.digests.tell(early) == 0
        assert h.digests.tell(MONDAY) > 1
        assert h.digests.tell(MONDAY + timedelta(hours=2)) == 0
    with house.opened(made.root) as h:  # nor after a restart
        assert h.digests.tell(MONDAY + timedelta(hours=3)) == 0
        h.mailroom.post(MONDAY)
    return made


def sent(root: Path, to: str) -> EmailMessage:
    found = []
    for file in root.glob("sent/*/*"):
        read: Any = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        if to in str(read["To"]) and "逾期" in str(read["Subject"]):
            found.append(read)
    [one] = found
    return one


def test_the_manager_sees_all_departments_and_two_charts_in_the_mail(ws: Workspace) -> None:
    letter = sent(ws.root, "gm@company.example")
    pictures = {p["Content-ID"].strip("<>"): p.get_payload(decode=True) for p in letter.walk() if p["Content-ID"]}
    shown: Any = next(p for p in letter.walk() if p.get_content_type() == "text/html")
    markup = shown.get_content()
    assert set(re.findall('src="cid:([^"]+)"', markup)) == set(pictures) and len(pictures) == 2
    assert all(data.startswith(b"\x89PNG") and len(data) <= MAX_BYTES for data in pictures.values())
    assert letter.get_content_type() == "multipart/alternative" and "multipart/related" in letter.as_string()
    plain: Any = letter.get_body(("plain",))
    words = html.unescape(re.sub("<[^>]+>", " ", markup))
    for line in plain.get_content().splitlines():
        for piece in re.split(r"[\s，：/]+", line):
            assert piece in words, piece
    assert "销售部" in words and "质保部" in words


def test_lines_stand_by_department_the_oldest_first(ws: Workspace) -> None:
    with house.opened(ws.root) as h:
        [letter] = [x for x in h.ledger.letters() if x.intent.kind == "digest" and "gm@company.example" in x.intent.to]
    lines = letter.intent.facts["lines"]
    departments = [line["department"] for line in lines]
    assert departments == sorted(departments, key=departments.index)  # each stands together
    for name in set(departments):
        due = [line["due"] for line in lines if line["department"] == name]
        assert due == sorted(due)
    firsts = [next(line["due"] for line in lines if line["department"] == name) for name in dict.fromkeys(departments)]
    assert firsts == sorted(firsts)


def test_a_head_sees_his_own_department_only(ws: Workspace) -> None:
    with house.opened(ws.root) as h:
        [letter] = [
            x for x in h.ledger.letters() if x.intent.kind == "digest" and "quality@company.example" in x.intent.to
        ]
    assert {line["department"] for line in letter.intent.facts["lines"]} == {"质保部"}


def test_a_line_is_answered_by_its_number(ws: Workspace) -> None:
    with house.opened(ws.root) as h:
        [letter] = [x for x in h.ledger.letters() if x.intent.kind == "digest" and "gm@company.example" in x.intent.to]
    line = letter.intent.facts["lines"][1]
    text = f"2 转给 生产部\n答复码 {letter.intent.code}\n"
    ws.receive(mail("Re: 逾期", text, sender="gm@company.example", In_Reply_To=letter.message_id))
    ws.once(MONDAY + timedelta(hours=4))
    with house.opened(ws.root) as h:
        assert [(t.kind, t.number) for t in h.ledger.tasks() if t.kind == "pass_on"] == [("pass_on", line["number"])]

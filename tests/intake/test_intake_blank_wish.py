"""A mail that asks for a form and nothing else gets the blank back; every other mail is what it was."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import support_endtoend as e2e
from support_endtoend import mail

NOW = datetime.fromisoformat("2026-05-06T14:20:00+08:00")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> e2e.Workspace:
    return e2e.make(tmp_path_factory.mktemp("wish") / "ws")


def asked(made: e2e.Workspace, tmp_path: Path, *said: tuple[str, str]) -> e2e.Workspace:
    ws = e2e.copy(made, tmp_path / "ws")
    ws.receive(*(mail(subject, text) for subject, text in said))
    ws.once(NOW)
    return ws


WISHES = [
    ("表格", "", "complaint"),
    ("form", "form", "complaint"),
    ("你好", "请发一份空白投诉表，谢谢！\n\n--\n启元电器 王先生", "complaint"),
    ("Re: form", "Hello, could you please send me the blank form? Thanks", "complaint"),
    ("退换货申请", "麻烦发一下退货申请表", "return_application"),
    ("", "请发一份8D报告表", "eight_d"),
]


def test_the_right_blank_comes_back_and_nothing_else_happens(made: e2e.Workspace, tmp_path: Path) -> None:
    ws = asked(made, tmp_path, *((s, t) for s, t, _ in WISHES))
    letters = [x for x in ws.letters() if x["kind"] == "forms"]
    assert len(letters) == len(WISHES) and all(x["state"] == "sent" for x in letters)
    for (_, _, form), letter in zip(WISHES, letters, strict=True):
        assert letter["to"] == ["wang@qiyuan.example"]
        assert letter["attach"] == [f"blank:{form}"], letter
    assert ws.records() == [] and not ws.tasks()
    assert {d["outcome"] for d in ws.deliveries()} == {"ignored"}
    [first, *_] = ws.sent()
    assert b"spreadsheetml" in first


def test_a_complaint_that_mentions_a_form_is_a_complaint(made: e2e.Workspace, tmp_path: Path) -> None:
    text = "YL-A65 无输出，批号 A65-2603C，9 台，投诉表格见附件。"
    ws = asked(made, tmp_path, ("投诉", text), ("表格", "起火了，请发表格"))
    assert not ws.letters("forms") and len(ws.records()) >= 1


def test_so_many_a_day_and_no_more(made: e2e.Workspace, tmp_path: Path) -> None:
    ws = e2e.copy(made, tmp_path / "ws")
    ws.set("trust", replies_a_day=2)
    ws.receive(*(mail("表格", f"表格{' ' * n}", Message_ID=f"<{n}@qiyuan.example>") for n in range(4)))
    ws.once(NOW)
    assert len(ws.letters("forms")) == 2


def test_an_internal_form_is_not_for_outsiders(made: e2e.Workspace, tmp_path: Path) -> None:
    ws = asked(made, tmp_path, ("8002", "请发8002表"))
    [letter] = ws.letters("forms")
    assert letter["attach"] == ["blank:complaint"]

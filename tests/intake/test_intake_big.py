"""A mail above the limit: its text is taken in, its files stay in the mailbox and somebody is asked to look (P2)."""

from __future__ import annotations

import pytest
from support_intake import PNG, mail, multi, part, reading, taken, world

TEXT = "YL-A65 无输出，批号 A65-2603C，9 台，现场视频见附件。\n"


def start(whole: bytes, size: int = 4000) -> bytes:
    """What a source gives of a mail that is too big."""
    return b"X-Qforms-Truncated: 48000000\r\n" + whole[:size]


def big(*before: bytes, **more: str) -> bytes:
    film = part(bytes(60_000), "video/mp4", name="现场.mp4")
    return mail(multi("mixed", *before, part(TEXT), film), "投诉 YL-A65", **more)  # type: ignore[arg-type]


def test_its_text_opens_the_case_and_a_task_asks_for_the_files() -> None:
    found = reading(start(big()))
    assert found.held is None and "无输出" in found.text and found.subject == "投诉 YL-A65"
    assert [p.name for p in found.parts if p.name] == [], "what was cut off is no file"
    [outcome] = taken(start(big()))
    assert outcome.form == "complaint" and outcome.values["lot_no"] == "A65-2603C" and outcome.values["defect_qty"] == 9
    [task] = [t for t in outcome.tasks if t.kind == "fetch_mail"]
    assert "48 MB" in task.text.zh and "邮箱" in task.text.zh


def test_the_customer_is_not_asked_for_what_lies_in_our_mailbox() -> None:
    [outcome] = taken(start(big()))
    assert outcome.state == "accepted" and outcome.answer == "acknowledgement"


def test_an_answer_on_a_case_is_noted_and_the_files_asked_for() -> None:
    w = world()
    w.wrote("a1", "TS-202604-0001", ["wang@kehu.cn"])
    outcomes = taken(start(big(more={"In-Reply-To": "<a1@womai.cn>"})), w)  # type: ignore[arg-type]
    assert "fetch_mail" in {t.kind for o in outcomes for t in o.tasks}


@pytest.mark.parametrize("cut", [262_144, 262_145, 262_146, 262_147, 262_148])
def test_of_a_text_longer_than_what_was_read_the_whole_lines_are_taken(cut: int) -> None:
    """Wherever it is cut: within a letter of utf-8, within four signs of base64."""
    found = reading(start(mail(part(TEXT + "测试记录：12.1 V，正常。\n" * 20_000), "投诉 YL-A65"), cut))
    assert found.held is None and found.text.startswith("YL-A65 无输出") and found.text.endswith("12.1 V，正常。")
    assert [p.code for p in found.problems] == ["mail_cut"]


def test_without_its_text_it_is_held() -> None:
    film_first = part(bytes(60_000), "video/mp4", name="现场.mp4")
    for raw in (start(big(film_first)), start(big(), 300), b"X-Qforms-Truncated: 48000000\r\n"):
        found = reading(raw)
        assert found.held is not None and found.held.code == "mail_too_big"


def test_it_is_the_same_mail_whatever_is_read_of_it_twice() -> None:
    photo = part(PNG, "image/png", name="a.png")
    assert reading(start(big(photo), 40_000)).key == reading(start(big(photo), 40_000)).key

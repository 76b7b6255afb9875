"""What one line does to a case, through mail and the daemon: 并入, 拆分, 撤回, 作废, 关闭, 申请延期 (P7, P38).

The three cases were told in one letter, so an answer says which it means, by its number or its place (P35)."""

import email
import json
from datetime import datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from qforms import daemon
from qforms.commands import look, start

FIRST, SECOND, THIRD = (f"TS-202605-000{n}" for n in (1, 2, 3))
FACTS = {"customer_name": "禾木", "contact_phone": "0574-1", "product_model": "YL-X1", "defect_symptom": "无输出",
         "defect_category": "function", "severity": 2, "prelim_class": "single_defect"}  # fmt: skip


class Desk:
    """A new workspace with three complaints, and mails that answer its letters."""

    def __init__(self, root: Path) -> None:
        self.root, self.count = root, 0
        start.init(root, "云岭", "zh", datetime.fromisoformat("2026-05-11T08:00+08:00"))
        toml = root / "qforms.toml"
        toml.write_text(toml.read_text("utf-8").replace('mode = "auto"', 'mode = "manual"'), "utf-8")
        forms = [{"form": "complaint", "values": {**FACTS, "defect_qty": n}} for n in (1, 2, 3)]
        (root / "inbox" / "k.json").write_text(json.dumps(forms, ensure_ascii=False), "utf-8")
        self.run("10:00")

    def run(self, when: str) -> None:
        at = when if " " in when else f"2026-05-11 {when}"
        daemon.once(self.root, datetime.fromisoformat(f"{at.replace(' ', 'T')}:00+08:00"))

    def sent(self, number: str, words: str) -> Any:
        """The last letter of a kind about a number, as it lies in the outgoing folder."""
        letters = {x["message_id"]: x for x in look.letters(self.root) if x["number"] == number}
        files = (self.root / "sent" / "new").iterdir()
        mails = [email.message_from_bytes(f.read_bytes(), policy=policy.default) for f in files]
        found = [m for m in mails if m["Message-ID"] in letters and words in letters[m["Message-ID"]]["kind"]]
        return max(found, key=lambda m: letters[m["Message-ID"]]["sent_at"])

    def answer(self, asked: Any, text: str, when: str) -> None:
        self.count += 1
        reply = EmailMessage()
        reply["From"], reply["To"], reply["Subject"] = (
            asked["To"].split(",")[0],
            asked["From"],
            f"回复：{asked['Subject']}",
        )
        reply["Message-ID"], reply["In-Reply-To"] = f"<a{self.count}@company.example>", asked["Message-ID"]
        body = asked.get_body(("plain",)).get_content()
        reply.set_content(text + "\n\n" + "\n".join(f"> {line}" for line in body.splitlines()) + "\n")
        (self.root / "mail" / "new" / f"{self.count}.mail").write_bytes(reply.as_bytes())
        self.run(when)

    def record(self, number: str) -> dict[str, Any]:
        return next(r for r in look.records(self.root) if r["number"] == number)

    def clock(self, name: str, number: str) -> dict[str, Any]:
        return next(c for c in look.clocks(self.root) if (c["clock"], c["number"]) == (name, number))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "ws")


def test_merged_split_and_voided_in_one_line(desk: Desk) -> None:
    told = desk.sent(SECOND, "stage")
    desk.answer(told, f"{SECOND} 并入 {FIRST}", "10:30")
    second = desk.record(SECOND)
    assert (second["status"], second["values"]["duplicate_of"]) == ("closed", FIRST)
    assert second["values"]["counts"] is False and desk.clock("recontact", SECOND)["state"] == "cancelled"

    desk.answer(desk.sent(FIRST, "stage"), f"1 并入 {SECOND}", "10:40")
    assert desk.record(FIRST)["status"] == "open", "not into a case that was merged itself"
    rejected = desk.sent(FIRST, "rejection").get_body(("plain",)).get_content()
    assert SECOND in rejected

    desk.answer(desk.sent(FIRST, "stage"), f"{FIRST}：拆分：产品型号：YL-X2\n现象：异响，2 台", "10:50")
    split = desk.record("TS-202605-0004")
    assert split["values"]["split_from"] == FIRST and split["values"]["customer_name"] == "禾木"
    assert split["received_at"] == desk.record(FIRST)["received_at"]

    desk.answer(desk.sent(THIRD, "stage"), "3. 作废", "11:00")
    assert desk.record(THIRD)["status"] == "open", "without a reason it is not void"
    desk.answer(desk.sent(THIRD, "stage"), "3 客户撤回：客户自己修好了", "11:10")
    third = desk.record(THIRD)
    assert (third["status"], third["values"]["void_reason"]) == ("closed", "客户自己修好了")
    assert third["values"]["close_reason"] == "withdrawn"

    desk.answer(desk.sent(FIRST, "stage"), f"{FIRST} 关闭", "11:20")
    assert desk.record(FIRST)["status"] == "open"
    missing = desk.sent(FIRST, "rejection").get_body(("plain",)).get_content()
    assert "还没有答复客户" in missing and "缺处理结果" in missing


def test_more_time_is_asked_for_and_agreed_by_mail(desk: Desk) -> None:
    desk.run("22:30")
    desk.run("2026-05-12 08:30")
    desk.answer(desk.sent(FIRST, "reminder"), f"{FIRST} 申请延期 5/15 17:00 样品在途", "2026-05-12 09:00")
    [asked] = look.records(desk.root, "extension")
    assert (asked["status"], asked["values"]["target"], asked["values"]["reason"]) == ("asked", FIRST, "样品在途")
    name = asked["values"]["clock"]
    desk.answer(desk.sent(asked["number"], "decision_request"), "同意", "2026-05-12 09:20")
    [asked] = look.records(desk.root, "extension")
    clock = desk.clock(name, FIRST)
    assert (asked["status"], clock["agreed_at"]) == ("agreed", "2026-05-15T17:00:00+08:00")
    assert clock["due_at"] < "2026-05-14"

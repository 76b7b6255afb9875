"""Whatever comes in: the one who can act is told, the next mail is dealt with in the same run, nothing is lost."""

from __future__ import annotations

import errno
import io
import os
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from support_endtoend import Workspace, command, mail

from qforms.ledger import FileStore

GOOD = mail("投诉：YL-A66 有异响", "电源适配器 YL-A66 有异响，批号 A66-2604B，2 台。\n", sender="li@kehu.example")
XLSX = "客户投诉记录表.xlsx"


def taken(ws: Workspace, *mails: bytes) -> list[dict[str, Any]]:
    """Runs once over these mails and a good one after them; gives the lines of the bad ones."""
    ws.receive(*mails, GOOD)
    ws.once()
    assert_good_taken(ws)
    lines = [d for d in ws.deliveries() if "YL-A66" not in d["subject"]]
    store = FileStore(ws.root / "store")
    assert all(store.has(d["digest"]) for d in lines)
    return lines


def assert_good_taken(ws: Workspace) -> None:
    [good] = [d for d in ws.deliveries() if "YL-A66" in d["subject"]]
    assert good["outcome"] == "partial" and len(good["numbers"]) == 1
    [letter] = [x for x in ws.letters() if x["to"] == ["li@kehu.example"]]
    assert letter["state"] == "sent"
    assert any(good["numbers"][0] in row for row in ws.rows("投诉台账"))


def letter_text(ws: Workspace, address: str) -> str:
    """The text of the one letter to an address."""
    import email
    import email.policy

    found = [email.message_from_bytes(raw, policy=email.policy.default) for raw in ws.sent()]
    [mine] = [m for m in found if address in m["To"]]
    body = mine.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


# ---------------------------------------------------------------- mails


def test_broken_mime(ws: Workspace) -> None:
    raw = (
        b"From: wang@qiyuan.example\nSubject: =?utf-8?B?5oqV6K+J?= =?x-none?Q?=ZZ?=\nno header at all\n"
        b"Content-Type: multipart/mixed; boundary=\"x\"\nContent-Transfer-Encoding: base64\n\n"
        b"--x\nContent-Type: text/plain; charset=utf-8\n\n" + "投诉：YL-A65 无输出，批号 A65-2603C，9 台\n".encode()
        + b"--x\nContent-Type: image/jpeg; name=\"a.jpg\"\nContent-Transfer-Encoding: base64\n\n/9j/4AAQ=Sk*ZJ"
    )  # fmt: skip
    [line] = taken(ws, raw)
    assert line["outcome"] in ("partial", "ignored")
    assert line["numbers"] or "unsure" in ws.tasks()


def test_bytes_that_are_no_mail(ws: Workspace) -> None:
    [line] = taken(ws, bytes(range(256)) * 200)
    assert line["outcome"] in ("ignored", "held")


def test_a_wrong_charset_label(ws: Workspace) -> None:
    head = "From: wang@qiyuan.example\nSubject: 投诉\nContent-Type: text/plain; charset=us-ascii\n\n"
    raw = (head + "产品 YL-A65 无输出，批号 A65-2603C，9 台\n").encode("gb18030")
    [line] = taken(ws, raw)
    [record] = [r for r in ws.records() if r["number"] in line["numbers"]]
    assert "无输出" in record["values"]["defect_symptom"] and record["values"]["defect_qty"] == 9


def test_a_mail_that_is_too_big(ws: Workspace) -> None:
    big = mail("投诉 YL-A65", "见附件", files=[("video.mp4", os.urandom(46_000_000))])
    assert len(big) > 60_000_000
    ws.receive(big)
    [name] = ws.files("mail/new")
    [line] = taken(ws)
    assert (line["outcome"], line["subject"]) == ("partial", "投诉 YL-A65") and len(line["numbers"]) == 1
    assert "mail_cut" in line["codes"], line  # its text opens the case, somebody fetches the file …
    assert ws.files("mail/new") == [name]  # … from where the whole of it stays


# ---------------------------------------------------------------- workbooks


def test_a_zip_bomb(ws: Workspace) -> None:
    bomb = io.BytesIO(ws.filled("complaint", product_model="YL-A65"))
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as package, package.open("xl/media/image9.xml", "w") as part:
        for _ in range(450):
            part.write(bytes(1_000_000))
    [line] = taken(ws, mail(files=[(XLSX, bomb.getvalue())]))
    assert line["outcome"] == "partial" and len(line["numbers"]) == 1  # a customer's complaint is never refused (P2)
    assert "展开后超过" in letter_text(ws, "wang@qiyuan.example")


def test_a_workbook_with_a_password(ws: Workspace) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    locked = io.BytesIO()
    OOXMLFile(io.BytesIO(ws.filled("complaint", product_model="YL-A65"))).encrypt("geheim", locked)
    [line] = taken(ws, mail(files=[(XLSX, locked.getvalue())]))
    assert line["outcome"] == "partial" and len(line["numbers"]) == 1
    assert "密码" in letter_text(ws, "wang@qiyuan.example")


def test_a_workbook_saved_half_way(ws: Workspace) -> None:
    whole = ws.filled("complaint", product_model="YL-A65")
    [line] = taken(ws, mail(files=[(XLSX, whole[: len(whole) // 2])]))
    assert line["outcome"] == "partial" and len(line["numbers"]) == 1
    assert "打不开" in letter_text(ws, "wang@qiyuan.example")


def test_impossible_values_in_a_form(ws: Workspace) -> None:
    given = ws.filled(
        "complaint", customer_name="启元", product_model="YL-A65", defect_symptom="无输出",
        defect_qty=-3, bought_on="2026-02-31",
    )  # fmt: skip
    [line] = taken(ws, mail("投诉", "见附表", files=[(XLSX, given)]))
    assert line["outcome"] == "partial"
    [record] = [r for r in ws.records() if r["number"] in line["numbers"]]
    assert record["values"]["product_model"] == "YL-A65" and record["values"]["customer_name"] == "启元"
    assert "defect_qty" not in record["values"] and "bought_on" not in record["values"]
    assert set(line["codes"]) >= {"impossible_date", "negative"}
    text = letter_text(ws, "wang@qiyuan.example")
    assert "2026-02-31" in text and "-3" in text


# ---------------------------------------------------------------- files


def test_a_json_file_that_is_none(ws: Workspace) -> None:
    ws.drop("a.json", b'{"form": "complaint", "values": {"defect_qty": 3,}}')
    [line] = taken(ws)
    assert (line["outcome"], line["codes"]) == ("held", ["json_unreadable"])
    assert "第 1 行" in line["reason"]


def test_a_form_for_an_unknown_case(ws: Workspace) -> None:
    ws.drop("a.json", {"form": "contact", "case_no": "TS-202601-0099", "values": {"summary": "电话"}, "by": "sales"})
    [line] = taken(ws)
    assert (line["outcome"], line["codes"]) == ("refused", ["number_unknown"])
    assert "TS-202601-0099" in line["reason"]


def test_a_form_from_the_wrong_department(ws: Workspace) -> None:
    ws.drop("1.json", {"form": "market_abnormality", "by": "sales", "values": {"product_model": "YL-A65"}})
    ws.once()
    [report] = ws.records("market_abnormality")
    answer = {"form": "market_abnormality", "number": report["number"], "by": "hr", "values": {"tech_class": "batch"}}
    ws.drop("2.json", answer)
    line = taken(ws)[-1]
    assert (line["outcome"], line["codes"]) == ("refused", ["not_your_part"])
    assert ws.records("market_abnormality") == [report]


def test_a_deciding_role_is_nobody_s_claim(ws: Workspace) -> None:
    ws.drop("a.json", {"form": "approval", "by": "gm", "values": {"verdict": "agree"}})
    [line] = taken(ws)
    assert (line["outcome"], line["codes"]) == ("refused", ["role_not_granted"])


# ---------------------------------------------------------------- the operator's part


def test_a_mistake_in_a_rule(ws: Workspace) -> None:
    file = ws.root / "inbox_rules" / "triggers.yaml"
    text = file.read_text("utf-8")
    line = 1 + text[: text.index("defective_units")].count("\n")
    before = ws.snapshot()
    file.write_text(text.replace("defective_units", "defective_unit", 1), "utf-8")
    ws.receive(GOOD)
    status, out, said = command("run", str(ws.root), "--once")
    assert (status, out) == (1, "") and "Traceback" not in said
    assert f"triggers.yaml:{line}" in said and "defective_units" in said
    assert len(ws.files("mail/new")) == 1
    file.write_text(text, "utf-8")
    assert ws.snapshot() == before
    ws.once()
    assert_good_taken(ws)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[mailbox]\nkind = "maildir"\nfolders = "a"\n', "mailbox.folders"),
        ("[company]\nname = \n", "qforms.toml"),
        ('[outgoing]\ntimeout = "long"\n', "outgoing.timeout"),
        ('[company]\ntimezone = "Asia/Nowhere"\n', "company.timezone"),
    ],
)
def test_a_wrong_setting(ws: Workspace, text: str, said: str) -> None:
    (ws.root / "qforms.toml").write_text(text, "utf-8")
    ws.receive(GOOD)
    for name in (["run", str(ws.root), "--once"], ["check", str(ws.root)], ["records", str(ws.root)]):
        status, out, err = command(*name)
        assert status == 1 and said in out + err and "Traceback" not in err
    assert len(ws.files("mail/new")) == 1


def test_the_sending_server_is_down(ws: Workspace) -> None:
    ws.set("outgoing", kind="smtp", host="127.0.0.1", port=1, user="", sender="quality@company.example")
    ws.receive(GOOD)
    ws.once()
    [letter] = [x for x in ws.letters() if x["to"] == ["li@kehu.example"]]
    assert letter["state"] == "later" and "127.0.0.1:1" in letter["last_error"] and letter["attempts"] == 0
    assert [d["outcome"] for d in ws.deliveries()] == ["partial"] and not ws.files("mail/new")


def test_the_mailbox_refuses_the_password(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QFORMS_MAIL_PASSWORD", raising=False)
    ws.set("mailbox", kind="imap", host="127.0.0.1", port=1, user="quality@company.example")
    ws.drop("a.json", {"form": "complaint", "by": "intake", "values": {"defect_symptom": "无输出"}})
    ws.once()
    assert len(ws.records()) == 1
    [told] = ws.letters("operator")
    assert told["to"] == ["operator@company.example"] and told["state"] == "sent"
    assert "QFORMS_MAIL_PASSWORD" in letter_text(ws, "operator@company.example")


def test_the_disk_is_full(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    ws.receive(GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(FileStore, "put_all", full)
        status, _, said = command("run", str(ws.root), "--once")
    assert status == 1 and "No space left on device" in said and "Traceback" not in said
    assert len(ws.files("mail/new")) == 1 and not ws.deliveries()
    ws.once()
    assert_good_taken(ws)


def test_a_bug_holds_one_mail_and_the_next_goes_on(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from qforms import intake

    admit = intake.admit

    def wrong(reading: Any, *rest: Any) -> Any:
        if "YL-A65" in reading.subject:
            raise ZeroDivisionError
        return admit(reading, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(intake, "admit", wrong)
        [line] = taken(ws, mail())
    assert (line["outcome"], line["codes"]) == ("held", ["bug"])
    assert any("ZeroDivisionError" in str(entry) for entry in ws.logged("delivery failed"))
    status, out, _ = command("held", "retry", str(ws.root), line["digest"][:12])
    assert status == 0 and "部分收下" in out
    assert len(ws.records()) == 2


# ---------------------------------------------------------------- the master workbook


def test_the_workbook_is_held_open_and_released(ws: Workspace) -> None:
    owner = ws.root / "~$master.xlsx"
    name = "林晓岚"
    owner.write_bytes(bytes([len(name)]) + name.encode("gbk").ljust(54, b" ") + bytes([len(name), 0]) + name.encode("utf-16-le").ljust(108, b" "))  # fmt: skip  # noqa: E501
    before = (ws.root / "master.xlsx").read_bytes()
    ws.receive(GOOD)
    ws.once()
    assert (ws.root / "master.xlsx").read_bytes() == before
    assert "正打开 master.xlsx" in ws.logged("workbook waits")[-1]["reason"]
    assert "A66-2604B" in (ws.root / "看板.html").read_text("utf-8")  # the board has no lock
    owner.unlink()
    ws.once()
    assert_good_taken(ws)


def test_the_workbook_is_half_saved(ws: Workspace) -> None:
    file = ws.root / "master.xlsx"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    os.utime(file, (time.time(),) * 2)
    ws.receive(GOOD)
    ws.once()
    assert file.read_bytes() == whole[: len(whole) // 2]  # never overwritten: somebody is saving it
    assert [d["outcome"] for d in ws.deliveries()] == ["partial"]
    file.write_bytes(whole)
    ws.once()
    assert_good_taken(ws)


def test_a_shared_workbook_stops_nothing_else(ws: Workspace) -> None:
    with zipfile.ZipFile(ws.root / "master.xlsx", "a") as package:
        package.writestr("xl/revisions/revisionHeaders.xml", "<headers/>")
    ws.receive(GOOD)
    ws.once()
    assert [d["outcome"] for d in ws.deliveries()] == ["partial"]
    assert [x["state"] for x in ws.letters("question")] == ["sent"]
    assert "共享工作簿" in letter_text(ws, "operator@company.example")
    before = Path(ws.root / "master.xlsx").stat().st_mtime_ns
    ws.once()
    assert Path(ws.root / "master.xlsx").stat().st_mtime_ns == before and len(ws.letters("operator")) == 1

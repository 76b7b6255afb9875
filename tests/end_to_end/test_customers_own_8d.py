"""The 8D on its way to those outside, through mail and the daemon: the customer's own form (P44), his portal (P45), the
supplier's 8D (P46), English (P47)."""

from __future__ import annotations

import email
import io
import json
from datetime import datetime
from email import policy
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from typing import Any

import docx
from openpyxl import load_workbook
from support_documents import photo
from support_own_forms import TITLE, workbook

from qforms import daemon
from qforms.commands import look, own_forms, start

D0_D3: dict[str, Any] = {
    "d0_symptom": "无输出", "leader": "秦牧", "d2_statement": "{{number}} & 16 台 =1+1",
    "members": [{"user": u, "dept": d} for u, d in (("甲", "工程部"), ("乙", "质保部"), ("丙", "生产部"))],
    "suspect_stock": [{"place": "fg", "qty_suspect": 0}], "qty_complained": 16,
    "ica": [{"action": "全检", "kind": "containment", "owner_dept": "质保部", "owner": "乙",
             "planned_on": "2026-05-13"}],
}  # fmt: skip
CUSTOMER = {"name": "禾木", "emails": ["qa@hemu.example"], "domains": ["hemu.example"]}
NUMBER = "8003-202605-0001"


class Desk:
    def __init__(self, root: Path, **customer: Any) -> None:
        self.root, self.count = root, 0
        start.init(root, "云岭", "zh", datetime.fromisoformat("2026-05-11T08:00+08:00"))
        toml = root / "qforms.toml"
        text = toml.read_text("utf-8").replace('mode = "auto"', 'mode = "manual"')
        text = text.replace("grant = [", 'grant = ["engineering", "purchasing", "quality", ', 1)
        toml.write_text(text, "utf-8")
        self.give("08:30", {"form": "customer", "values": {**CUSTOMER, **customer}})

    def give(self, when: str, *forms: dict[str, Any]) -> None:
        self.count += 1
        (self.root / "inbox" / f"{self.count}.json").write_text(json.dumps(forms, ensure_ascii=False), "utf-8")
        self.run(when)

    def run(self, when: str) -> None:
        daemon.once(self.root, datetime.fromisoformat(f"2026-05-11T{when}:00+08:00"))

    def mail(
        self, when: str, sender: str, subject: str, text: str, files: tuple[tuple[str, bytes], ...] = (), to: Any = None
    ) -> None:
        self.count += 1
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = sender, "zhiliang@company.example", subject
        made["Message-ID"] = f"<m{self.count}@hemu.example>"
        if to is not None:
            made["In-Reply-To"] = to["Message-ID"]
        made.set_content(text)
        for name, data in files:
            kind = ("image", "jpeg") if name.endswith("jpg") else ("application", "octet-stream")
            made.add_attachment(data, maintype=kind[0], subtype=kind[1], filename=name)
        (self.root / "mail" / "new" / f"{self.count}.mail").write_bytes(made.as_bytes())
        self.run(when)

    def sent(self, rule: str) -> Any:
        """The newest letter of a rule, as it lies in the outgoing folder."""
        keys = [x for x in look.letters(self.root) if rule in x["key"]]
        assert keys, [x["key"] for x in look.letters(self.root)]
        assert keys[-1]["state"] == "sent", keys[-1]
        mails = [
            email.message_from_bytes(f.read_bytes(), policy=policy.default) for f in (self.root / "sent/new").iterdir()
        ]
        return next(m for m in mails if m["Message-ID"] == keys[-1]["message_id"])

    def record(self, number: str) -> dict[str, Any]:
        return next(r for r in look.records(self.root) if r["number"] == number)

    def complain(self, when: str, *more: dict[str, Any]) -> None:
        facts = {"customer_name": "禾木", "customer": "禾木", "product_model": "YL-A65", "defect_symptom": "无输出",
                 "customer_complaint_no": "HM-31", "d8_requested_at": "2026-05-11 09:00"}  # fmt: skip
        self.give(when, *more, {"form": "complaint", "values": facts})


def files(mail: Any) -> dict[str, bytes]:
    return {p.get_filename(): p.get_payload(decode=True) for p in mail.iter_attachments()}


def put(root: Path, name: str, cells: dict[str, str] | None = None) -> None:
    folder = root / "form_templates" / "eight_d" / "customers"
    folder.mkdir(exist_ok=True)
    workbook(folder / name, cells)


def test_the_letter_encloses_the_customers_own_form_and_a_broken_one_loses_no_letter(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "ws", own_forms=["禾木8D.xlsx", "坏.xlsx"], lang="en", print_lang="both")
    put(desk.root, "禾木8D.xlsx")
    put(desk.root, "坏.xlsx", {"G7": "{{nosuch}}"})
    terms = {"无输出": "No output", "全检": "100 % inspection"}
    desk.complain("09:10", *({"form": "term", "values": {"zh": zh, "en": en}} for zh, en in terms.items()))
    desk.give("09:30", {"form": "eight_d", "number": NUMBER, "by": "engineering", "values": D0_D3})
    assert desk.record(NUMBER)["values"]["english_missing"] == ["问题陈述"]
    notes = own_forms.notes(desk.root)
    assert any("禾木8D.xlsx" in line and "没有放这些必填项" in line for line in notes)
    desk.give("09:40", {"form": "eight_d", "number": NUMBER, "by": "sales", "event": "issue", "values": {"english": [
        {"what": "问题陈述", "zh": D0_D3["d2_statement"], "en": "=1+1 {{number}} & 16 pcs"}]}})  # fmt: skip
    letter = desk.sent("eight_d_to_customer")
    enclosed = files(letter)
    assert sorted(name.rpartition(".")[2] for name in enclosed) == ["docx", "xlsx"]
    sheet = load_workbook(io.BytesIO(enclosed[f"{NUMBER} 禾木8D.xlsx"]))[TITLE]
    assert (sheet["C7"].value, sheet["C5"].value, sheet["C4"].data_type) == ("全检", 16, "s")
    [told] = [t for t in look_tasks(desk.root) if t["kind"] == "own_form"]
    assert "坏.xlsx" in told["text"] and "8D!G7" in told["text"] and "nosuch" in told["text"]
    ours = next(data for name, data in enclosed.items() if name.endswith("docx"))
    words = "\n".join(c.text for t in docx.Document(io.BytesIO(ours)).tables for r in t.rows for c in r.cells)
    for text in ("无输出\nNo output", "问题陈述 Problem statement", "=1+1 {{number}} & 16 pcs"):
        assert text in words, words
    assert "英文文字" not in words, "the list of texts is ours"


def look_tasks(root: Path) -> list[dict[str, Any]]:
    from qforms import house

    with house.opened(root) as h:
        return [{"kind": t.kind, "text": t.text.zh, "state": t.state, "number": t.number} for t in h.ledger.tasks()]


def test_a_portals_notice_is_a_case_and_its_upload_ends_with_a_screenshot(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path / "ws", portal="https://srm.hemu.example", portal_senders=["noreply@portal.example"],
        portal_subject=["新质量通知 {customer_complaint_no} {product_model}"],
        portal_rejected=["8D {customer_complaint_no} {step} 退回"],
    )  # fmt: skip
    notice = ("noreply@portal.example", "【SRM】新质量通知 HM-77 YL-A65", "批号 A65-2603C 无输出 9 台，请提供8D报告")
    desk.mail("09:00", *notice)
    desk.mail("09:05", *notice[:2], "提醒：请尽快处理")
    [case] = look.records(desk.root, "complaint")
    assert (case["values"]["customer"], case["values"]["customer_complaint_no"]) == ("禾木", "HM-77")
    assert case["values"]["product_model"] == "YL-A65" and "contact_email" not in case["values"]
    assert not [x for x in look.letters(desk.root) if "portal.example" in str(x["to"])], "a machine is not answered"
    desk.give("09:30", {"form": "eight_d", "number": NUMBER, "by": "engineering",
                        "values": {**D0_D3, "ica_effectiveness_pct": 90}})  # fmt: skip
    desk.give("09:40", {"form": "eight_d", "number": NUMBER, "event": "issue", "values": {}})
    asked = desk.sent("to_upload")
    assert sorted(name.rpartition(".")[2] for name in files(asked)) == ["docx", "txt"]
    pasted = files(asked)[f"{NUMBER} 粘贴文本.txt"].decode("utf-8-sig")
    assert "问题陈述：{{number}} & 16 台 =1+1" in pasted
    assert any("粘贴文本" in f.name for f in (desk.root / "cases").rglob("*.txt")), "it lies in the case's folder"
    desk.mail(
        "10:00",
        str(asked["To"]),
        f"回复：{asked['Subject']}",
        "已上传",
        (("截图.jpg", photo(True, (400, 300))),),
        asked,
    )
    [upload] = look.records(desk.root, "portal_upload")
    assert upload["status"] == "done" and upload["values"]["proof"][0]["name"] == "截图.jpg"
    desk.mail("11:00", "noreply@portal.example", "【SRM】8D HM-77 D3 退回", "客户库存未清查")
    report = desk.record(NUMBER)
    assert (report["status"], report["values"]["rejected_step"]) == ("draft", "D3")
    assert report["values"]["reject_reason"] == "客户库存未清查"
    clock = next(c for c in look.clocks(desk.root) if c["clock"] == "rejected_d3")
    assert clock["due_at"] == "2026-05-12T11:00:00+08:00"


def test_the_suppliers_8d_names_no_customer_and_comes_back_from_his_address(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "ws")
    supplier = {"name": "恒泰电子", "emails": ["qa@hengtai.example"], "contact_name": "罗工"}
    desk.complain("09:10", {"form": "supplier", "values": supplier})
    found = {"d2_statement": "禾木反馈电容鼓起 16 台", "d0_symptom": "禾木产线无输出", "blamed_supplier": "恒泰电子"}
    asks = {"number": "8003-202605-0002", "by": "purchasing", "event": "ask_supplier", "values": {}}
    desk.give("09:30", {"form": "eight_d", "number": NUMBER, "by": "quality", "values": found})
    desk.give("09:40", {"form": "eight_d", **asks})
    letter = desk.sent("supplier_8d_asked")
    assert "qa@hengtai.example" in letter["To"]
    [(name, data)] = files(letter).items()
    paper = docx.Document(io.BytesIO(data))
    words = "\n".join(
        [*(p.text for p in paper.paragraphs), *(c.text for t in paper.tables for r in t.rows for c in r.cells)]
    )
    assert "客户反馈电容鼓起 16 台" in words and "禾木" not in words + letter.as_string() and "HM-31" not in words
    cells = [c for t in paper.tables for r in t.rows for c in r.cells]
    next(after for cell, after in pairwise(cells) if cell.text == "*断点批号" != after.text).text = "HT-2605"
    out = io.BytesIO()
    paper.save(out)
    desk.mail("10:30", "qa@hengtai.example", f"回复：{letter['Subject']}", "请查收", ((name, out.getvalue()),), letter)
    assert desk.record("8003-202605-0002")["values"].get("clean_point_lot") == "HT-2605"

"""A new workspace knows departments only: their mailboxes decide and answer, and a faulty answer is no answer (P2)."""

import email
import json
from datetime import datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from qforms import daemon
from qforms.commands import look, start

BOSS = {"customer_name": "禾木", "product_model": "YL-X1", "lot_no": "X1", "defect_qty": 1, "defect_symptom": "打火"}
REPORT = "8001-202605-0001"


def _drop(root: Path, name: str, form: dict[str, Any], at: str) -> None:
    (root / "inbox" / name).write_text(json.dumps(form, ensure_ascii=False), "utf-8")
    daemon.once(root, datetime.fromisoformat(at))


def _report(root: Path) -> dict[str, Any]:
    [report] = look.records(root, "market_abnormality")
    return report


def _answer(root: Path, text: str) -> bytes:
    """The department's answer to the letter that asks it for a decision, as its mail program quotes it."""
    sent = [email.message_from_bytes(f.read_bytes(), policy=policy.default) for f in (root / "sent" / "new").iterdir()]
    asked = next(m for m in sent if "请决定" in m["Subject"])
    body = asked.get_body(("plain",))
    assert body is not None
    reply = EmailMessage()
    reply["From"], reply["To"], reply["Subject"] = asked["To"], asked["From"], f"回复：{asked['Subject']}"
    reply["Message-ID"], reply["In-Reply-To"] = "<answer@company.example>", asked["Message-ID"]
    quoted = "\n".join(f"> {line}" for line in body.get_content().splitlines())
    reply.set_content(f"{text}\n\n{quoted}\n")
    return reply.as_bytes()


def test_a_department_decides_and_answers_from_its_mailbox(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    start.init(root, "云岭", "zh", datetime.fromisoformat("2026-05-11T08:00+08:00"))
    toml = root / "qforms.toml"
    toml.write_text(toml.read_text("utf-8").replace('mode = "auto"', 'mode = "manual"'), "utf-8")
    serious = {**BOSS, "defect_category": "electrical_breakdown", "severity": 3}
    _drop(root, "k.json", {"form": "complaint", "values": serious}, "2026-05-11T10:00+08:00")
    assert _report(root)["status"] == "draft"

    (root / "mail" / "new" / "1.mail").write_bytes(_answer(root, "同意，请尽快"))
    daemon.once(root, datetime.fromisoformat("2026-05-11T11:00+08:00"))
    assert (_report(root)["status"], _report(root)["issued_at"]) == ("issued", "2026-05-11T11:00:00+08:00")

    measure = {"action": "全检", "kind": "containment", "owner_dept": "质保部", "owner": "沈若川"}
    answer = {"tech_class": "batch", "mechanism_confirmed": True, "cause_analysis": "C7 漏液", "recall_to_judge": False}
    form = {"form": "market_abnormality", "number": REPORT, "by": "engineering"}
    faulty = {**answer, "actions": [{**measure, "planned_on": "2026-02-31"}]}
    _drop(root, "r1.json", {**form, "values": faulty}, "2026-05-11T13:00+08:00")
    assert _report(root)["status"] == "issued"
    assert [c["state"] for c in look.clocks(root) if c["clock"] == "engineering_reply"] == ["running"]

    right = {**answer, "actions": [{**measure, "planned_on": "2026-05-20"}]}
    _drop(root, "r2.json", {**form, "values": right}, "2026-05-11T14:00+08:00")
    assert _report(root)["status"] == "replied"
    [clock] = [c for c in look.clocks(root) if c["clock"] == "engineering_reply"]
    assert (clock["state"], clock["met_at"]) == ("met", "2026-05-11T14:00:00+08:00")

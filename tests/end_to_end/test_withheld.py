"""In trial and on hold nothing leaves, and the office gets one list a day (P1)."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from qforms import daemon
from qforms.commands import look, start

DAY = "2026-05-11T10:00+08:00"


def _complaint(root: Path, name: str) -> None:
    values = {
        "customer_name": "禾木",
        "contact_email": "qc@hemu.example",
        "product_model": "YL-H18",
        "defect_symptom": name,
    }
    (root / "inbox" / f"{name}.json").write_text(json.dumps({"form": "complaint", "values": values}), "utf-8")


def _letters(root: Path, state: str) -> list[dict[str, Any]]:
    return [x for x in look.letters(root) if x["state"] == state]


def test_withheld_letters_are_listed_once_a_day(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    start.init(root, "云岭", "zh", datetime.fromisoformat("2026-05-11T08:00+08:00"))
    toml = root / "qforms.toml"
    text = toml.read_text("utf-8").replace('department = "send"', 'department = "trial"')
    toml.write_text(text.replace('manager = "send"', 'manager = "hold"'), "utf-8")
    for name, at in (("异响", DAY), ("风小", "2026-05-11T11:00+08:00"), ("漏电", "2026-05-12T11:00+08:00")):
        _complaint(root, name)
        daemon.once(root, datetime.fromisoformat(at))
    withheld = [*_letters(root, "trial"), *_letters(root, "held")]
    assert {x["audience"] for x in withheld} <= {"department", "manager"}
    assert withheld
    sent = _letters(root, "sent")
    assert not [x for x in sent if x["audience"] in ("department", "manager")]
    lists = [x for x in look.letters(root) if x["key"].startswith("withheld:")]
    assert [x["key"] for x in lists] == ["withheld:2026-05-11", "withheld:2026-05-12"]
    assert lists[0]["to"] == ["quality@company.example"]

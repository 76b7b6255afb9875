"""A group robot hears of an alarm beside the letters; one that is dead or has no key stops none of them (P37)."""

from __future__ import annotations

import pytest
import support_endtoend as e2e
from servers.robots import KEY, webhooks

TABLE = """
[robots.quality]
url = "{url}"
[robots.gone]
url = "http://127.0.0.1:9/send?key={{key}}"
timeout = 1.0
[robots.nokey]
kind = "feishu"
"""
TEXT = "电源适配器 YL-A65 冒烟起火，批号 A65-2603C，1 台，请回电 138 0013 8000，王小二。"


def test_an_alarm_is_told_and_no_letter_waits_for_a_robot(ws: e2e.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QFORMS_ROBOT_QUALITY", KEY)
    monkeypatch.setenv("QFORMS_ROBOT_GONE", KEY)
    monkeypatch.delenv("QFORMS_ROBOT_NOKEY", raising=False)
    with webhooks() as server:
        with (ws.root / "qforms.toml").open("a", encoding="utf-8") as file:
            file.write(TABLE.format(url=server.url("wecom")))
        ws.receive(e2e.mail("YL-A65 冒烟起火", TEXT, "wang@qiyuan.example"))
        ws.once()
        ws.once()  # nothing is told twice
    [(vendor, told)] = server.said
    assert vendor == "wecom" and told.startswith("【质量·警报】TS-202605-0001") and "冒烟" in told
    assert not any(word in told for word in ("138", "wang@", "王先生", "王小二"))
    fates = {x["to"][0]: x["state"] for x in ws.letters("alarm") if x["audience"] == "robot"}
    assert fates == {"quality": "sent", "gone": "later", "nokey": "dead"}
    assert {x["state"] for x in ws.letters() if x["audience"] != "robot"} == {"sent"}
    assert KEY not in (ws.root / "logs/qforms.log").read_text("utf-8")
    assert not [x for x in ws.letters() if KEY in str(x)]

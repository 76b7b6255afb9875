"""Heartbeat, health, the day's seal and report, figures for Prometheus: what somebody sees who only watches."""

from __future__ import annotations

import json
import threading
import urllib.request
from datetime import datetime, timedelta

import pytest
from servers import ports
from support_endtoend import NOW, Workspace, command, mail, qforms, running, wait_for

from qforms import house, pulse, settings
from qforms.ledger import tables


def test_a_running_daemon_is_healthy_and_a_killed_one_is_not(ws: Workspace) -> None:
    assert command("health", str(ws.root))[0] == 1  # never ran
    [port] = ports.free(1)
    ws.set("watch", metrics_port=port)
    ws.receive(mail())
    with running(ws) as daemon:
        wait_for((ws.root / pulse.HEARTBEAT).exists)
        wait_for(ws.records)
        assert command("health", str(ws.root)) == (0, "正常。\n", "")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=120) as answer:
            told = answer.read().decode()
        assert 'qforms_deliveries{outcome="partial"} 1.0' in told
        assert 'qforms_clocks{state="running"}' in told and "qforms_disk_free_bytes" in told
        daemon.kill()
    said = json.loads((ws.root / pulse.HEARTBEAT).read_text("utf-8"))
    later = datetime.fromisoformat(said["at"]) + timedelta(minutes=4)
    [line] = pulse.health(settings.load(ws.root), later, 180)
    assert "240" in line
    assert "不在了" in line.zh and "is gone" in line.en
    gone = qforms("health", str(ws.root))
    assert gone.returncode == 1 and "不在了" in gone.stdout, "at once, not when the heartbeat is old"
    with running(ws):
        wait_for(lambda: command("health", str(ws.root))[0] == 0)
    stopped = qforms("health", str(ws.root))
    assert stopped.returncode == 1 and "停下了" in stopped.stdout


def test_a_full_disk_and_a_dead_mailbox_show(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    s = settings.load(ws.root)
    source = {"looked": "", "down_since": (NOW - timedelta(hours=3)).isoformat(), "reason": "拒绝连接"}
    said = {"at": NOW.isoformat(), "pid": 1, "free_mb": 9, "sources": {"imap": source}}
    (ws.root / pulse.HEARTBEAT).write_text(json.dumps(said, ensure_ascii=False), "utf-8")
    monkeypatch.setattr(pulse, "_free", lambda root: 12)
    disk, box = pulse.health(s, NOW, 180)
    assert "12 MB" in disk and "imap" in box and "拒绝连接" in box


@pytest.mark.both_ledgers
def test_each_day_is_sealed_and_reported_once(ws: Workspace) -> None:
    ws.set("company", operator="it@company.example")
    ws.receive(mail())
    for hours in (0, 1, 24, 25, 48):  # three days, the first without a day before it
        ws.once(NOW + timedelta(hours=hours))
    reports = [x for x in ws.letters("operator") if x["key"].startswith("operator:daily_report")]
    assert len(reports) == 2 and all(x["to"] == ["it@company.example"] for x in reports)
    with house.opened(ws.root) as h:
        days = [r["day"] for r in h.ledger._rows(tables.seal.select())]
    assert days == ["2026-05-05", "2026-05-06", "2026-05-07"]
    text = "\n".join(raw.decode("utf-8", "replace") for raw in ws.sent())
    assert "daily_report" in text
    assert command("ledger", "verify", str(ws.root))[0] == 0


def test_nothing_is_served_unless_asked_for(ws: Workspace) -> None:
    with house.opened(ws.root) as h:
        before = threading.active_count()
        pulse.serve(h.ledger, h.settings)
        assert threading.active_count() == before

"""A full disk, a database that goes away, a clock that jumps: the daemon stays, loses nothing and goes on by itself."""

from __future__ import annotations

import errno
import json
import os
import resource
import time
from datetime import datetime, timedelta

import pytest
import support_postgres
from openpyxl import load_workbook
from sqlalchemy import event
from support_endtoend import NOW, Workspace, command, mail, running, wait_for

from qforms import daemon, house
from qforms.commands import look


def test_a_full_disk(ws: Workspace) -> None:
    """No file may grow (as with a quota): nothing is taken, everything waits; then all of it is taken."""
    ws.set("folders", rest_seconds=0.2, scan_seconds=0.5)
    with running(ws) as daemon:
        full, free = (0, resource.RLIM_INFINITY), (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, full)
        ws.receive(mail(), mail("又一封"))
        ws.drop("a.json", {"form": "complaint", "by": "intake", "values": {"defect_symptom": "无输出"}})
        time.sleep(4)  # it cannot even say so: its log does not grow
        assert daemon.alive and not ws.records()
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, free)
        wait_for(lambda: len(ws.records()) == 3)
        assert daemon.alive
    assert all(d["outcome"] in ("accepted", "partial") for d in ws.deliveries())
    assert command("ledger", "verify", str(ws.root))[0] == 0


@pytest.mark.parametrize("part", ["store", "ledger"])
def test_a_disk_becomes_read_only(ws: Workspace, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """As after a fault of the file system: nothing is taken, everything waits where it is and is taken later."""

    def refused(draft: str, data: bytes, folder: str) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), draft)

    ws.receive(mail(), mail("又一封"))
    with house.opened(ws.root) as h, monkeypatch.context() as disk:
        if part == "store":
            disk.setattr("qforms.ledger.store._write", refused)
        else:
            h.ledger._engine.dispose()
            event.listen(h.ledger._engine, "connect", lambda to, _: to.execute("PRAGMA query_only=ON"))
        sources = [*h.sources(NOW, once=True)]
        with pytest.raises(OSError, match=r"readonly|Read-only"):
            daemon._drain(h, sources, NOW, lambda _: None)
        for source in sources:
            source.close()
    assert not ws.records() and len(ws.files("mail/new")) == 2
    ws.once()
    assert len(ws.records()) == 2 and command("ledger", "verify", str(ws.root))[0] == 0


@pytest.mark.both_ledgers
def test_the_clock_jumps(ws: Workspace) -> None:
    """A day ahead and back again: no mail is lost, nothing is numbered twice, no deadline counted from the future."""
    for n, jump in enumerate((timedelta(0), timedelta(days=1), timedelta(hours=-3), timedelta(minutes=5))):
        ws.receive(mail(f"投诉 {n}"))
        ws.once(NOW + jump)
    records = ws.records()
    assert len({r["number"] for r in records}) == len(records) == 4
    received = {r["number"]: r["received_at"] for r in records}
    assert all(datetime.fromisoformat(at) <= NOW + timedelta(days=1) for at in received.values())
    clocks = [c for c in look.clocks(ws.root) if c["number"] in received]
    assert clocks and all(c["started_at"] >= received[c["number"]] for c in clocks)
    keys = [x["key"] for x in ws.letters()]
    assert len(keys) == len(set(keys))
    assert command("ledger", "verify", str(ws.root))[0] == 0


def test_the_database_server_goes_and_comes_back(ws: Workspace) -> None:
    with support_postgres.restartable() as server:
        file = ws.root / "qforms.toml"
        file.write_text(f"ledger = {json.dumps(server.url)}\n" + file.read_text("utf-8"), "utf-8")
        with running(ws) as daemon:
            ws.receive(mail())
            wait_for(ws.records)
            server.stop()
            ws.receive(mail("又一封"))
            wait_for(lambda: ws.logged("disk"))
            assert daemon.alive
            server.start()
            wait_for(lambda: len(ws.records()) == 2)
            assert daemon.alive
        assert command("ledger", "verify", str(ws.root))[0] == 0


def test_names_are_not_resolved(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS gone: files are taken in, letters wait, and the reason names the server that is not found."""
    monkeypatch.setenv("QFORMS_MAIL_PASSWORD", "secret")
    nowhere = {"host": "mail.nowhere.invalid", "user": "quality@company.example"}
    ws.set("mailbox", kind="imap", **nowhere)
    ws.set("outgoing", kind="smtp", **nowhere)
    ws.set("folders", rest_seconds=0.2, scan_seconds=0.5)
    with running(ws) as daemon:
        down = wait_for(lambda: ws.logged("source down"))
        assert "mail.nowhere.invalid" in down[0]["reason"]
        ws.drop("a.json", {"form": "complaint", "by": "intake", "values": {"defect_symptom": "无输出"}})
        wait_for(ws.records)
        wait_for(lambda: [x for x in ws.letters() if "mail.nowhere.invalid" in (x["last_error"] or "")])
        assert daemon.alive
    assert all(x["state"] in ("owed", "later") for x in ws.letters() if x["kind"] != "operator")


def test_the_share_with_the_workbook_goes_and_comes_back(ws: Workspace) -> None:
    """Mail is taken in and answered meanwhile; afterwards the workbook holds what happened."""
    share = ws.root.parent / "share"
    share.mkdir()
    ws.set("folders", workbook=str(share / "master.xlsx"))
    ws.receive(mail())
    ws.once()
    away = share.rename(ws.root.parent / "away")
    share.write_text("no folder any more")
    ws.receive(mail("又一封"))
    ws.once(NOW + timedelta(minutes=5))
    first, second = (r["number"] for r in ws.records())
    assert all(d["outcome"] in ("accepted", "partial") for d in ws.deliveries())
    assert [x for x in ws.letters("question") if x["number"] == second and x["state"] == "sent"]
    share.unlink()
    away.rename(share)
    ws.once(NOW + timedelta(minutes=10))
    rows = [str(row) for row in load_workbook(share / "master.xlsx")["投诉台账"].values]
    assert [sum(n in row for row in rows) for n in (first, second)] == [1, 1]

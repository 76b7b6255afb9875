"""A backup made while the daemon works, restored elsewhere, goes on there; tampering and damage are told."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from support_endtoend import NOW, Workspace, command, mail, running, wait_for


def numbers(ws: Workspace) -> list[str]:
    return [r["number"] for r in ws.records()]


def test_made_at_work_restored_elsewhere_it_goes_on(
    ws: Workspace, tmp_path: Path, vacated: Callable[[], object]
) -> None:
    ws.receive(*(mail(f"投诉 YL-A65 {n}") for n in range(4)))
    with running(ws):
        wait_for(lambda: len(ws.records()) >= 1)
        ws.receive(*(mail(f"投诉 YL-A65 后来 {n}") for n in range(4)))
        status, said, fault = command("backup", str(ws.root), str(tmp_path / "b.zip"))
        assert (status, fault) == (0, "") and "b.zip.key" in said
        wait_for(lambda: len(ws.records()) == 8)
    elsewhere = Workspace(tmp_path / "elsewhere")
    vacated()
    status, said, fault = command("restore", str(elsewhere.root), str(tmp_path / "b.zip"))
    assert (status, fault) == (0, "") and "qforms-done" in said
    assert command("ledger", "verify", str(elsewhere.root))[0] == 0
    assert all((elsewhere.root / "mail" / name).is_dir() for name in ("new", "cur", "tmp")), "empty ones, too"
    had = numbers(elsewhere)
    assert 1 <= len(had) <= 8
    elsewhere.once(NOW + timedelta(minutes=5))  # whatever had not been taken stands in its mailbox
    assert len(elsewhere.records()) == 8 and numbers(elsewhere)[: len(had)] == had
    assert command("ledger", "verify", str(elsewhere.root))[0] == 0
    assert any(had[0] in row for row in elsewhere.rows("投诉台账"))


@pytest.mark.both_ledgers
def test_the_keys_lie_apart(ws: Workspace, tmp_path: Path, ledger_kind: str, vacated: Callable[[], object]) -> None:
    file = tmp_path / "b.zip"
    assert command("backup", str(ws.root), str(file))[0] == 0
    with zipfile.ZipFile(file) as packed:
        assert not [n for n in packed.namelist() if "stamp.key" in n]
    keys = tmp_path / "b.zip.key"
    assert keys.read_bytes() == (ws.root / "stamp.key").read_bytes()
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    keys.unlink()
    if ledger_kind == "postgresql":  # a ledger that holds something is left as it is, and no half of a workspace stands
        status, _, said = command("restore", str(tmp_path / "r"), str(file))
        assert status == 1 and "账本不是空的" in said and not (tmp_path / "r").exists()
    vacated()
    status, said, _ = command("restore", str(tmp_path / "r"), str(file))
    assert status == 0 and "b.zip.key" in said and "▲" in said
    status, _, said = command("restore", str(tmp_path / "r"), str(file))
    assert status == 1 and "不是空文件夹" in said
    assert command("backup", str(tmp_path / "r"), str(file))[0] == 1  # it never writes over one


def test_a_damaged_backup_leaves_nothing(ws: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    assert command("backup", str(ws.root), str(file))[0] == 0
    whole = file.read_bytes()
    for part in (0.3, 0.6, 0.98, 1.0):
        at = int(len(whole) * part) - 40
        file.write_bytes(whole[:at] + bytes(40) + whole[at + 40 :])
        status, _, said = command("restore", str(tmp_path / "r"), str(file))
        assert status == 1 and said.count("\n") == 1, said
        assert not (tmp_path / "r").exists() and not list(tmp_path.glob(".*restoring"))


def test_verify_names_what_somebody_changed(ws: Workspace) -> None:
    ws.receive(mail())
    ws.once()
    assert command("ledger", "verify", str(ws.root)) == (0, "相符。\n", "")
    [number] = numbers(ws)
    ws.change(f"UPDATE record SET received_at = '2026-05-06T00:00:00.000000+00:00' WHERE number = '{number}'")
    status, said, _ = command("ledger", "verify", str(ws.root))
    assert status == 1 and f"record_changed: {number}" in said and said.count("\n") == 1

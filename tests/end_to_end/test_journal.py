"""The program's own log: whole lines of JSON, turned over when the file is full, and no reason to stop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qforms import journal


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_each_line_says_what_when_and_how_bad(tmp_path: Path) -> None:
    log = journal.opened(tmp_path)
    log.debug("not told")
    log.info("delivery", numbers=("TS-202605-0001",), place=tmp_path)
    try:
        raise ValueError("中文\udc80")  # bytes of a mail that are no text
    except ValueError:
        log.exception("bug")
    told, bug = lines(tmp_path / "logs/qforms.log")
    assert (told["event"], told["level"], told["numbers"]) == ("delivery", "info", ["TS-202605-0001"])
    assert told["place"] == str(tmp_path)
    assert told["timestamp"].endswith("Z")
    assert (bug["level"], "ValueError: 中文" in bug["exception"]) == ("error", True)


def test_a_full_file_is_turned_over_and_five_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_MOST", 400)
    log = journal.opened(tmp_path)
    for n in range(100):
        log.info("line", n=n)
    files = sorted(f.name for f in (tmp_path / "logs").iterdir())
    assert files == ["qforms.log", *(f"qforms.log.{n}" for n in range(1, 6))]
    kept = [told["n"] for name in reversed(files) for told in lines(tmp_path / "logs" / name)]
    assert kept == list(range(kept[0], 100))
    assert all((tmp_path / "logs" / name).stat().st_size <= 400 for name in files)


def test_opened_again_it_goes_on_in_the_same_file(tmp_path: Path) -> None:
    journal.opened(tmp_path).info("one")
    journal.opened(tmp_path).info("two")
    assert [told["event"] for told in lines(tmp_path / "logs/qforms.log")] == ["one", "two"]


def test_a_full_disk_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/qforms.log").symlink_to("/dev/full")
    journal.opened(tmp_path).info("lost")

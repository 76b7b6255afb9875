"""What `qforms doctor` says of the page and the board."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import support_endtoend as e2e

from qforms import settings
from qforms.commands import webcheck
from qforms.web import users

FINE = {"url": "https://feedback.yunling.example"}


@pytest.fixture(scope="module")
def ws(made_for_web: e2e.Workspace, tmp_path_factory: pytest.TempPathFactory) -> e2e.Workspace:
    return e2e.copy(made_for_web, tmp_path_factory.mktemp("check") / "ws")


def told(ws: e2e.Workspace, **web: Any) -> dict[str, tuple[bool, str]]:
    given = settings.load(ws.root)
    changed = given.model_copy(update={"web": given.web.model_copy(update=FINE | web)})
    return {what.en: (ok, text.zh) for what, ok, text, _ in webcheck.looked(changed)}


def test_where_there_is_no_page_nothing_is_said(ws: e2e.Workspace) -> None:
    assert told(ws, url="") == {}


def test_an_address_with_tls_behind_a_proxy_is_fine(ws: e2e.Workspace) -> None:
    found = told(ws)
    assert all(ok for what, (ok, _) in found.items() if what != "login to the board")
    assert set(found) == {"packages", "address", "listens at", "key", "spool", "login to the board"}


@pytest.mark.parametrize(
    ("web", "what", "word"),
    [
        ({"url": "feedback.example"}, "address", "不是网址"),
        ({"url": "https://yunling.example/feedback"}, "address", "不带路径"),
        ({"url": "http://feedback.yunling.example"}, "address", "没有 TLS"),
        ({"host": "0.0.0.0"}, "listens at", "绕过 TLS"),
        ({"spool": "qforms.toml/web"}, "spool", "不可写"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(ws: e2e.Workspace, web: dict[str, Any], what: str, word: str) -> None:
    ok, text = told(ws, **web)[what]
    assert not ok and word in text


def test_a_proxy_elsewhere_that_is_named_and_a_page_to_try_are_fine(ws: e2e.Workspace) -> None:
    assert told(ws, host="0.0.0.0", proxies=("10.0.0.5",))["listens at"][0]
    assert told(ws, url="http://127.0.0.1:8080")["address"][0]


def test_who_can_log_in_to_the_board(ws: e2e.Workspace) -> None:
    assert not told(ws)["login to the board"][0]  # departments of a new workspace have no address that is one
    users.set_password(ws.root, "sales@company.example", "correct horse battery")
    assert told(ws)["login to the board"] == (True, "密码 1 人，邮件链接 0 人或部门")
    assert "login to the board" not in told(ws, board=False)


def test_a_package_that_is_missing_is_named(ws: e2e.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webcheck, "find_spec", lambda name: None if name == "uvicorn" else object())
    ok, text = told(ws)["packages"]
    assert not ok and "uvicorn" in text and "qforms[web]" in text


def test_a_key_that_is_too_short_is_told(ws: e2e.Workspace, tmp_path: Path) -> None:
    copy = e2e.copy(ws, tmp_path / "ws")
    (copy.root / "stamp.key").write_text("k1 00ff\n", "ascii")
    assert "newkey" in told(copy, board=False)["key"][1]

"""`qforms init`: asked on a terminal or told by options; whole or not at all."""

from __future__ import annotations

import json
import os
import pty
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from servers.mailstack import PASSWORD, MailStack
from support_endtoend import ROOT, command, environ, wait_for

from qforms import settings
from qforms.commands import people, providers, start

PEOPLE = [
    ["周启文", "zhou@yunling.example", "质保部", "是"],
    ["李工", "li@yunling.example", "研发中心", ""],
]


def listed(file: Path, *more: list[str]) -> Path:
    people.template(file)
    book = openpyxl.load_workbook(file)
    for row in (*PEOPLE, *more):
        book["人员"].append(row)
    book.save(file)
    return file


def rows_of(*arguments: str) -> list[dict[str, Any]]:
    status, out, said = command(*arguments, "--json")
    assert (status, said) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def test_people_and_departments_come_from_the_list(tmp_path: Path) -> None:
    file, root = listed(tmp_path / "名单.xlsx"), tmp_path / "质量"
    status, out, said = command("init", str(root), "--company", "云岭", "--people", str(file))
    assert (status, said) == (0, "") and str(root) in out
    persons = {r["values"]["name"]: r["values"] for r in rows_of("records", str(root), "--form", "person")}
    assert persons["周启文"]["is_head"] is True and persons["李工"]["department"] == "研发中心"
    departments = {r["number"]: r["values"] for r in rows_of("records", str(root), "--form", "department")}
    assert departments["质保部"]["email"] == "zhou@yunling.example", "the head's address"
    assert departments["研发中心"]["email"] == "li@yunling.example"
    assert {"intake", "gm", "finance"} <= {role for v in departments.values() for role in v.get("roles", ())}
    [letter] = [x for x in rows_of("letters", str(root)) if x["kind"] == "welcome"]
    assert letter["state"] == "sent" and letter["attach"][0] == "blank:complaint"


def test_faults_of_the_list_are_told_by_cell_and_nothing_is_left(tmp_path: Path) -> None:
    file = listed(tmp_path / "名单.xlsx", ["王五", "无邮箱", "销售部", "也许"], ["", "x@y.example", "", ""])
    status, _, said = command("init", str(tmp_path / "质量"), "--people", str(file))
    assert status == 1 and "人员!B4" in said and "人员!D4" in said and "「无邮箱」" in said
    assert not (tmp_path / "质量").exists()


def test_a_blank_list_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "名单.xlsx"
    assert command("init", "--people-template", str(file))[0] == 0 and file.exists()
    assert command("init", "--people-template", str(file))[0] == 1
    assert command("init")[0] == 2


@pytest.mark.parametrize(
    ("address", "exchangers", "key"),
    [("a@qq.com", (), "qq"), ("a@163.com", (), "163"), ("a@foxmail.com", (), "qq"), ("a@gmail.com", (), "gmail"),
     ("a@yunling.cn", ("mxbiz1.qq.com",), "exmail"), ("a@yunling.cn", ("mxn.mxhichina.com",), "aliyun"),
     ("a@yunling.cn", ("yunling-cn.mail.protection.outlook.com",), "m365"),
     ("a@yunling.cn", ("qiye163mx01.mxmail.netease.com",), "netease"), ("a@yunling.cn", ("mx.yunling.cn",), "")],
)  # fmt: skip
def test_the_provider_is_known_by_the_domain(address: str, exchangers: tuple[str, ...], key: str) -> None:
    found = providers.of(address, exchangers)
    assert (found.key if found else "") == key


def test_every_provider_is_complete() -> None:
    for p in providers.known():
        s = settings.Settings.model_validate({"root": ROOT, "mailbox": p.imap, "outgoing": p.smtp})
        assert s.mailbox.host and s.outgoing.host and p.note_zh and p.note_en and p.source.startswith("https://")
        assert p.auth == ("oauth" if p.key.startswith("m365") else "password")


def test_an_unknown_domain_needs_a_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "_exchangers", lambda domain: ())
    status, _, said = command("init", str(tmp_path / "ws"), "--mailbox", "a@yunling.example")
    assert status == 1 and "--provider" in said and not (tmp_path / "ws").exists()


def test_a_failed_login_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QFORMS_MAIL_PASSWORD", "x")
    options = ("--mailbox", "a@yunling.example", "--imap", "127.0.0.1:1", "--smtp", "127.0.0.1:1")
    status, _, said = command("init", str(tmp_path / "ws"), *options)
    assert status == 1 and "IMAP 127.0.0.1" in said and "SMTP 127.0.0.1" in said
    assert not (tmp_path / "ws").exists()


def test_a_real_mailbox_begins_in_trial_and_the_office_gets_its_first_letter(
    tmp_path: Path, mailstack: MailStack
) -> None:
    address, ca = mailstack.new_user(), {"ca_file": str(mailstack.ca)}
    at = mailstack.ports
    imap = {"host": "localhost", "port": at["imaps"], "security": "tls", **ca}
    smtp = {"host": "localhost", "port": at["submission"], "security": "starttls", **ca}
    mail = start.Mail(address, imap, smtp, PASSWORD)
    assert start.try_logins(mail) == []
    wrong = start.try_logins(start.Mail(address, imap, smtp, "no"))
    assert len(wrong) == 2
    root = tmp_path / "ws"
    start.make(root, start.Plan("云岭", mail=mail, welcome=True))
    loaded = settings.load(root)
    assert (loaded.mailbox.kind, loaded.outgoing.kind, loaded.outgoing.customer) == ("imap", "smtp", "trial")
    private = root / settings.PASSWORDS
    if private.exists():  # no keyring on this machine
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert settings.secret("QFORMS_NONE", "qforms-mail", address, root) == PASSWORD
    [letter] = [x for x in rows_of("letters", str(root)) if x["kind"] == "welcome"]
    assert letter["state"] == "sent" and letter["to"] == [address]


def test_asked_on_a_terminal(tmp_path: Path) -> None:
    """Enter to every question makes a workspace; Ctrl-D at any makes none."""
    for answers, made in (("\n" * 12, True), ("\n\n\x04", False)):
        root = tmp_path / str(made)
        master, terminal = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "qforms.cli", "init", str(root)],
            stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT, env=environ(LANG="zh_CN.UTF-8"),
        )  # fmt: skip
        os.close(terminal)
        os.write(master, answers.encode())
        out = process.communicate(timeout=120)[0].decode()
        os.close(master)
        assert (process.returncode == 0) == made, out
        assert "公司名称" in out and (root / "qforms.toml").exists() == made
        assert made or ("已中止" in out and not root.exists())


def test_a_plain_init_asks_nothing_and_sends_nothing(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    assert command("init", str(root), "--company", "云岭")[0] == 0
    assert rows_of("letters", str(root)) == []
    assert wait_for(lambda: (root / "master.xlsx").exists())


def test_the_batch_file_is_one_that_windows_reads() -> None:
    """CRLF, UTF-8 without a mark, the code page before the first Chinese; names of folders in quotation marks, no
    bracket that would end a block, every jump of the extras known."""
    raw = (ROOT / "deploy/windows/start.bat").read_bytes()
    lines = raw.decode("utf-8").split("\r\n")
    assert raw.startswith(b"@echo off\r\n") and raw.count(b"\n") == raw.count(b"\r\n")
    chinese = next(n for n, line in enumerate(lines) if not line.isascii())
    assert "chcp 65001 >nul" in lines[:chinese] and not any("goto" in line or line.startswith(":") for line in lines)
    assert 'pushd "%~dp0"' in raw.decode() and max(map(len, lines)) < 250
    depth = 0
    for line in lines:
        said = line.strip().startswith("echo ")
        assert not (said and depth and set("()") & set(line)), line
        bare = re.sub(r'"[^"]*"', "", line)
        depth += 0 if said else bare.count("(") - bare.count(")")
    assert depth == 0
    wanted = re.search(r"%%w\[([\w,]+)\]", raw.decode())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert wanted and set(wanted[1].split(",")) <= set(project["project"]["optional-dependencies"])

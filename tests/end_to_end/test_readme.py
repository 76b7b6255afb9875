"""The two README files name what there is: every command, every table of the settings, every page of the docs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel

from qforms.cli import app
from qforms.settings import Robot, Settings

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "README.zh-CN.md")


def commands(group: object, before: str = "qforms") -> Iterator[str]:
    """`qforms run`, `qforms held list`, …: what may be typed."""
    for name, command in getattr(group, "commands", {}).items():
        if getattr(command, "commands", None):
            yield from commands(command, f"{before} {name}")
        else:
            yield f"{before} {name}"


def spelled_out(text: str) -> set[str]:
    """`qforms held list|show DIR` stands for `qforms held list` and `qforms held show`."""
    found = set()
    for words in re.findall(r"`(qforms [^`]+)`", text.replace(r"\|", "|")):
        first, *rest = words.split()
        known = [first]
        for word in rest:
            if not re.fullmatch(r"[a-z][a-z|-]*", word):
                break
            known = [f"{k} {w}" for k in known for w in word.split("|")]
        found.update(known)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_named_and_no_other(page: str) -> None:
    told = spelled_out((ROOT / page).read_text("utf-8"))
    assert told == set(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("page", PAGES)
def test_every_table_of_the_settings_is_named_and_no_other(page: str) -> None:
    told = set(re.findall(r"^\| `\[(\w+)(?:\.<\S+>)?\]` \|", (ROOT / page).read_text("utf-8"), re.MULTILINE))
    plain = {"root", "ledger", "store"}
    assert told == Settings.model_fields.keys() - plain


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_that_is_named_exists(page: str) -> None:
    rows = re.findall(r"^\| `\[(\w+)(?:\.<\S+>)?\]` \| (.+) \|$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    defaults = Settings(root=ROOT)
    for table, said in rows:
        shape = {"mailboxes": defaults.mailbox, "robots": Robot()}.get(table) or getattr(defaults, table)
        assert isinstance(shape, BaseModel)
        for name in re.findall(r"`(\w+) = ", said):
            assert name in type(shape).model_fields, f"{page}: [{table}] {name}"


def test_every_page_of_the_docs_is_linked() -> None:
    """In one of both languages; where a page is there in Chinese, the Chinese README links that one."""
    pages = {p.relative_to(ROOT).as_posix() for p in (ROOT / "docs").rglob("*.md")}
    english, chinese = (set(re.findall(r"\((docs/[^)]+\.md)\)", (ROOT / p).read_text("utf-8"))) for p in PAGES)
    assert english == {p for p in pages if not p.endswith(".zh.md")}
    assert {p for p in pages if p.endswith(".zh.md")} <= chinese <= pages

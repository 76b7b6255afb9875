"""docs/settings.md and docs/settings.zh.md: every setting with default, unit and what it does, written from settings.py
and docs/settings.toml: `python -m qforms.commands.settings_page`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from qforms.model import Lang
from qforms.settings import Mailbox, Robot, Settings

_DOCS = Path(__file__).parents[2] / "docs"
FILES: dict[Lang, str] = {"en": "settings.md", "zh": "settings.zh.md"}
TOP = "<top>"
_BY = "python -m qforms.commands.settings_page"
_HEAD = {
    "zh": "# 设置\n\n`qforms.toml` 里的每一项：默认值、单位、管什么。没写的就是默认值；写错了，"
    f"`qforms check` 指出哪一行、可能想写什么。本文由 `{_BY}` 生成。",
    "en": "# Settings\n\nEverything that may stand in `qforms.toml`: default, unit, what it does. What is left out has "
    f"its default; of what is wrong `qforms check` tells the line and what was probably meant. Written by `{_BY}`.",
}
_COLUMNS = {
    "zh": "| 设置 | 默认 | 单位 | 管什么 |\n|---|---|---|---|",
    "en": "| setting | default | unit | does |\n|---|---|---|---|",
}


def tables() -> dict[str, dict[str, FieldInfo]]:
    """Every table with its settings; those above all tables under `<top>`."""
    found: dict[str, dict[str, FieldInfo]] = {TOP: {}}
    for name, info in Settings.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found[name] = dict(kind.model_fields)
        elif name == "mailboxes":
            found[name] = {}
        elif name == "robots":
            found[name] = dict(Robot.model_fields)
        elif name != "root":
            found[TOP][name] = info
    return found


def told() -> Mapping[str, Mapping[str, list[str]]]:
    """What docs/settings.toml says of each."""
    return tomllib.loads((_DOCS / "settings.toml").read_text("utf-8"))


def page(lang: Lang) -> str:
    words = told()
    column = 0 if lang == "zh" else 1
    parts = [_HEAD[lang]]
    for table, settings in tables().items():
        about = words[table]
        title = about[""][column] if table == TOP else f"[{table}] {about[''][column]}"
        parts.append(f"## {title}")
        if rows := [_row(name, info, about[name], column) for name, info in settings.items()]:
            parts.append("\n".join([_COLUMNS[lang], *rows]))
    return "\n\n".join(parts) + "\n"


def _row(name: str, info: FieldInfo, about: list[str], column: int) -> str:
    unit = about[2] if len(about) > 2 else ""
    return f"| `{name}` | `{_shown(info.default)}` | {unit} | {about[column]} |".replace("``", "—")


def _shown(value: Any) -> str:
    """A default as qforms.toml has it; "" for none."""
    if value is None or value == "":
        return ""
    if isinstance(value, (bool, int, float, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return json.dumps(list(value), ensure_ascii=False)
    return str(value)


def write() -> None:
    assert set(Mailbox.model_fields) == set(tables()["mailbox"])
    for lang, name in FILES.items():
        (_DOCS / name).write_text(page(lang), "utf-8")


if __name__ == "__main__":
    write()

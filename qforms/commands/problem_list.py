"""docs/problems.md and docs/problems.zh.md, written from the catalogue: `python -m qforms.commands.problem_list`."""

from __future__ import annotations

from pathlib import Path

from qforms.model import Lang
from qforms.problems import ACTORS, CATALOGUE

_DOCS = Path(__file__).parents[2] / "docs"
_FILES: dict[Lang, str] = {"en": "problems.md", "zh": "problems.zh.md"}
_BY = "python -m qforms.commands.problem_list"
_HEAD = {
    "zh": "# 问题代码\n\n程序能指出的每一种问题：代码、说法（{花括号} 里是当时的内容）、由谁处理。"
    f"本文由 `{_BY}` 生成。",
    "en": "# Problem codes\n\nEverything that the program can find wrong: its code, what is said ({braces} stand for "
    f"what it was), and who must act. Written by `{_BY}`.",
}
_COLUMNS = {"zh": "| 代码 | 说法 |", "en": "| code | what is said |"}


def page(lang: Lang) -> str:
    """The whole list in one language: a table for each of those who must act, codes in alphabetical order."""
    parts = [_HEAD[lang]]
    for actor, names in ACTORS.items():
        rows = [
            f"| `{code}` | {_cell(kind.text[lang])} |"
            for code, kind in sorted(CATALOGUE.items())
            if kind.actor == actor
        ]
        parts.append("\n".join([f"## {names[lang]}\n", _COLUMNS[lang], "|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def write() -> None:
    for lang, name in _FILES.items():
        (_DOCS / name).write_text(page(lang), "utf-8")


if __name__ == "__main__":
    write()

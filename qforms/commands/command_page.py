"""docs/commands.md and docs/commands.zh.md: every command with its arguments, options and examples, written from the
command line itself: `python -m qforms.commands.command_page`."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qforms import tongue
from qforms.commands import about
from qforms.model import Lang

_DOCS = Path(__file__).parents[2] / "docs"
FILES: dict[Lang, str] = {"en": "commands.md", "zh": "commands.zh.md"}
_BY = "python -m qforms.commands.command_page"


def page(lang: Lang) -> str:
    """The whole list in one language."""
    tongue.visit(None)
    tongue.ask(lang)
    try:
        return "\n\n".join(_parts()) + "\n"
    finally:
        tongue.ask(None)


def commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command under its whole name, as it is typed."""
    for name, command in getattr(group, "commands", {}).items():
        whole = f"{before} {name}".strip()
        if getattr(command, "commands", None):
            yield from commands(command, whole)
        else:
            yield whole, command


def _parts() -> Iterator[str]:
    say = tongue.say
    yield say("# 命令", "# Commands")
    yield say(
        f"每个命令的参数、选项和例子，和 `qforms 命令 --help` 说的一样。本文由 `{_BY}` 生成。",
        f"Every command with its arguments, options and examples, as `qforms COMMAND --help` has them. By `{_BY}`.",
    )
    yield say(
        "退出码：0 办好了；1 输入或设置有错，一行说明错在哪里；2 用法不对；3 程序出错。"
        "命令说中文还是英文：先看 `qforms --lang en …`，再看工作区的语言，再看系统语言（LANG）。"
        "`qforms --install-completion` 装上命令补全（bash、zsh、fish、PowerShell）；装好后新开一个窗口。",
        "Exit status: 0 done, 1 the user's input or settings are at fault (one line says what and where), 2 wrong "
        "usage, 3 a bug. Commands speak the language of `qforms --lang en …`, else of the workspace, else of the "
        "locale (LANG). `qforms --install-completion` installs completion for bash, zsh, fish or PowerShell; then open "
        "a new window.",
    )
    for name, command in commands(_fresh()):
        yield "\n\n".join(_command(name, command))


def _command(name: str, command: Any) -> Iterator[str]:
    told = about.ABOUT[name]
    yield f"## {name}"
    yield tongue.say(told.zh, told.en) + (" " + more if (more := tongue.say(told.more_zh, told.more_en)) else "")
    rows = [row for p in command.params if p.name != "help" and (row := _parameter(p))]
    if rows:
        head = tongue.say("| 参数 | 说明 | 默认 |", "| argument | is | default |")
        yield "\n".join([head, "|---|---|---|", *rows])
    yield "\n".join(["```sh", *(f"{line}    # {note}" for line, note in about.examples(name)), "```"])


def _parameter(p: Any) -> str:
    shown = (
        ", ".join(f"`{o}`" for o in (*p.opts, *p.secondary_opts))
        if p.param_type_name == "option"
        else f"`{p.metavar or p.name.upper()}`"
    )
    default = p.default if p.default not in (None, "", False) and not callable(p.default) else ""
    needed = tongue.say("必填", "needed") if p.required else ""
    value = f"`{default}`" if default != "" and "Sentinel" not in repr(default) else needed
    return f"| {shown} | {(p.help or '').replace('|', chr(92) + '|')} | {value} |"


def _fresh() -> Any:
    """The command line made anew, in the language that is spoken now: its help is written when it is made."""
    import typer

    spec = importlib.util.find_spec("qforms.cli")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return typer.main.get_command(module.app)


def write() -> None:
    for lang, name in FILES.items():
        (_DOCS / name).write_text(page(lang), "utf-8")


if __name__ == "__main__":
    write()

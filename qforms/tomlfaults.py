"""What is wrong in qforms.toml, told as `file:line: key: what, and what was probably meant`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from qforms.model.texts import Told

Where = tuple[str, ...]
_TABLE = re.compile(r"\s*\[([^\[\]]+)\]")
_KEY = re.compile(r"\s*([\w.\-\"']+)\s*=")
_AT = re.compile(r"\s*\(at line (\d+), column \d+\)$|\s*\(at end of document\)$")
_PLACE = re.compile(r"^qforms\.toml: ([\w.]+)")

# pydantic's kind of error -> what the value must be; {…} are of its context
_MUST: dict[str, tuple[str, str]] = {
    "bool": ("应为 true 或 false", "must be true or false"),
    "int": ("应为整数，如 25", "must be a whole number such as 25"),
    "float": ("应为数字，如 2.5", "must be a number such as 2.5"),
    "string": ("应为引号里的文字", "must be a text in quotes"),
    "date": ("应为日期，如 2026-05-06", "must be a date such as 2026-05-06"),
    "time": ('应为时刻，如 "20:00"', 'must be a time of day such as "20:00"'),
    "tuple": ('应为列表，如 ["a", "b"]', 'must be a list such as ["a", "b"]'),
    "model": ("应为一个表：[{table}]", "must be a table: [{table}]"),
    "dict": ("应为一个表：[{table}]", "must be a table: [{table}]"),
    "greater_than_equal": ("不能小于 {ge}", "must be at least {ge}"),
    "less_than_equal": ("不能大于 {le}", "must be at most {le}"),
}


def near(word: str, known: Iterable[str]) -> tuple[str, str]:
    """What was probably meant, to be put behind a fault in Chinese and English; ("", "") when nothing is near."""
    meant = difflib.get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.55)
    return (f"；是否指 {meant[0]}？", f"; did you mean {meant[0]}?") if meant else ("", "")


def lines(
    file: Path, text: str, errors: Sequence[Mapping[str, Any]], known: Callable[[Where], Iterable[str]]
) -> tuple[Told, ...]:
    """A line for each of pydantic's errors. `known` gives the keys that a table may have, `()` being the whole file."""
    found: list[Told] = []
    for error in errors:
        where = tuple(str(part) for part in error["loc"])
        zh, en = _reason(error, where, known)
        found.append(Told(zh, en, f"{file}:{line_of(text, where)}: {'.'.join(where)}: "))
    return tuple(found)


def unreadable(file: Path, fault: Exception) -> Told:
    """A file that is no TOML: tomllib says where."""
    at = _AT.search(str(fault))
    line = f"{file}:{at[1] if at and at[1] else 1}: "
    what = _AT.sub("", str(fault))
    return Told(f"不是正确的 TOML（文字要加引号，一行一项）：{what}", f"no valid TOML: {what}", line)


def placed(line: str, root: Path) -> str:
    """A line that begins with `qforms.toml: key` with file and line number in its place."""
    if not (found := _PLACE.match(line)):
        return line
    file = root / "qforms.toml"
    where = f"{file}:{line_of(file.read_text('utf-8'), tuple(found[1].split('.')))}"
    return line.moved("qforms.toml", where) if isinstance(line, Told) else line.replace("qforms.toml", where, 1)


def line_of(text: str, where: Where) -> int:
    """The line on which a key stands; that of its table, else 1, when it stands nowhere."""
    best, deep = 1, 0
    table: Where = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = _parts(header[1])
            here: Where = table
        elif key := _KEY.match(line):
            here = (*table, *_parts(key[1]))
        else:
            continue
        if len(here) > deep and where[: len(here)] == here:
            best, deep = number, len(here)
    return best


def _parts(name: str) -> Where:
    return tuple(part.strip().strip("\"'") for part in name.split("."))


def _reason(error: Mapping[str, Any], where: Where, known: Callable[[Where], Iterable[str]]) -> tuple[str, str]:
    kind, given, context = error["type"], error.get("input"), error.get("ctx", {})
    if kind == "extra_forbidden":
        zh, en = near(where[-1], known(where[:-1]))
        return f"没有这个设置{zh}", f"unknown setting{en}"
    if kind == "missing":
        return "缺少这个设置", "this setting is missing"
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", context["expected"])
        zh, en = near(str(given), choices)
        return (
            f"「{given}」不在可选之列：{'、'.join(choices)}{zh}",
            f"{given!r} is none of {', '.join(choices)}{en}",
        )
    found = next((must for name, must in _MUST.items() if kind == name or kind.startswith(f"{name}_")), None)
    if found is None:
        return str(error["msg"]), str(error["msg"])
    zh, en = (text.format(table=".".join(where), **context) for text in found)
    return f"{zh}，写的是 {given!r}", f"{en}, not {given!r}"

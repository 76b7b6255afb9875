"""How a fault names kinds and parts of an expression, in Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence

from qforms.expression.kinds import Kind, near
from qforms.expression.source import Fault
from qforms.expression.tree import Tree

ZH = {
    "text": "文字",
    "number": "数字",
    "bool": "是/否",
    "date": "日期",
    "datetime": "时刻",
    "row": "行",
    "limits": "限值",
    "moment": "日期或时刻",
}


def type_of(kind: Kind) -> str:
    return f"list of {kind.type}s" if kind.many else kind.type


def shown(kind: Kind) -> str:
    if kind.many:
        return "清单" if kind.type == "row" else f"多个{ZH[kind.type]}"
    return ZH[kind.type]


def unknown(what: str, en: str, word: str, options: Sequence[str]) -> Fault:
    meant = near(word, options)
    hint, hint_en = (f"；是否指 {meant}？", f"; did you mean {meant}?") if meant else ("", "")
    if not meant and len(options) <= 12:
        hint, hint_en = f"；可用：{'、'.join(options)}", f"; known: {', '.join(options)}"
    return Fault(f"没有{what}「{word}」{hint}", f"unknown {en} {word!r}{hint_en}")


def told(tree: Tree) -> str:
    """How a message names a part."""
    match tree:
        case ["name", name] | ["limit", name, _]:
            return f"「{name}」"
        case ["column" | "each", name, column]:
            return f"「{name}.{column}」"
        case ["value", value]:
            return f"「{value}」"
        case ["number", text]:
            return f"「{text}」"
    return "这一部分"


def told_en(tree: Tree) -> str:
    text = told(tree).strip("「」")
    return "this part" if text == "这一部分" else text

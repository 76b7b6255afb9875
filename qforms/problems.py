"""The catalogue of what can be wrong in what people send: code -> text in Chinese and English, and who must act.

A text says what is wrong and what to do, in one tone: 没有批号 A65-2603。近似：A65-2603B。请看铭牌后改正。
`{where}`, `{field}` and the names of `Problem.context` may stand in it. Codes are stable: tests and docs name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qforms.model import Lang, Problem, Text

Actor = Literal["sender", "office", "operator"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its text and who must act on it."""

    text: Text
    actor: Actor = "sender"


def _kind(zh: str, en: str, actor: Actor = "sender") -> Kind:
    return Kind(Text(zh, en), actor)


CATALOGUE: dict[str, Kind] = {
    # ---- values (forms/types.py)
    # ---- forms as a whole (forms/catalogue.py)
    # ---- Office files (office/)
    # ---- mails, deliveries, identity (intake/)
    # ---- rules, lifecycle, rights (rules/)
    # ---- workbook (workbook/)
    # ---- letters and servers (outbox/, sources/)
    # ---- bugs
    "bug": _kind(
        "程序出错，原件已保存；排除后用 qforms held retry 重新处理。",
        "The program failed on this item; its raw bytes are kept. After the repair: qforms held retry.",
        "operator",
    ),
}


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def say(problem: Problem, lang: Lang, label: str = "") -> str:
    """The problem's text in `lang`; an unknown code is shown as itself, so that nothing is hidden.

    `label` is the field's label in that language, used for `{field}`."""
    kind = CATALOGUE.get(problem.code)
    if kind is None:
        return problem.code
    values: Mapping[str, Any] = {"where": problem.where, "field": label or problem.field, **problem.context}
    return kind.text[lang].format_map(_Blank(values))


def actor(problem: Problem) -> Actor:
    kind = CATALOGUE.get(problem.code)
    return kind.actor if kind else "operator"

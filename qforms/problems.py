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
    "file_too_large": _kind(
        "{where} 大于 {mb} MB，没有打开。请把照片缩小或分开发，再发一次。",
        "{where} is larger than {mb} MB and was not opened. Please send smaller photos, or several mails.",
    ),
    "inflates_too_much": _kind(
        "{where} 展开后超过 {mb} MB，没有读。请用我们的空白表重新填写后发来。",
        "{where} unpacks to more than {mb} MB and was not read. Please fill in a fresh blank form of ours.",
    ),
    "too_many_cells": _kind(
        "{where} 的单元格超过 {cells} 个，没有读。请删去多余的行列，或用我们的空白表重新填写。",
        "{where} has more than {cells} cells and was not read. Please delete surplus rows and columns, "
        "or fill in a fresh blank form.",
    ),
    "hostile_file": _kind(
        "{where} 的内部结构不正常（{reason}），没有读。请在 Excel、WPS 或 Word 中打开，另存为新文件后再发。",
        "{where} is built in a way that no Office program writes ({reason}) and was not read. "
        "Please open it in Excel or Word, save it as a new file and send that.",
    ),
    "unreadable_file": _kind(
        "{where} 打不开，文件可能已损坏。请在自己电脑上打开看一下，另存为新文件后再发。",
        "{where} cannot be opened; it may be damaged. Please open it on your computer, save it as a new file and "
        "send that.",
    ),
    "encrypted": _kind(
        "{where} 有打开密码，读不出来。请去掉密码后再发，或来电告诉密码。",
        "{where} is protected by a password and cannot be read. Please send it without one, or tell us the password.",
    ),
    "took_too_long": _kind(
        "{where} 读了 {seconds} 秒还没有读完，已停止。请用我们的空白表重新填写后发来。",
        "{where} could not be read within {seconds} s. Please fill in a fresh blank form of ours.",
    ),
    "not_office": _kind(
        "{where} 不是 Excel 或 Word 文件（内容是 {found}）。请另存为 .xlsx 或 .docx 后再发。",
        "{where} is no Excel or Word file (it contains {found}). Please save it as .xlsx or .docx and send that.",
    ),
    "needs_libreoffice": _kind(
        "{where} 是旧格式（.{format}），这里读不了。请另存为 .docx 后再发。",
        "{where} is in an old format (.{format}) that cannot be read here. Please save it as .docx and send that.",
    ),
    "cannot_mark": _kind(
        "{where} 这种格式（.{format}）不能在原件上标出；请改用随信所附的表。",
        "Cells cannot be marked in {where} (.{format}); please use the form attached to the letter.",
    ),
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

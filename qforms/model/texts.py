"""Texts in two languages, problems of what people send, errors of what the operator set up."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Lang = Literal["zh", "en"]
# A value of a field: str, int, Decimal, bool, date, datetime, a tuple of these, or (list fields) a tuple of row dicts.
Value = Any
Values = Mapping[str, Value]
EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Text:
    """A text in Chinese and English; `text["zh"]` picks one."""

    zh: str
    en: str = ""

    def __getitem__(self, lang: str) -> str:
        return (self.en or self.zh) if lang == "en" else (self.zh or self.en)

    def __bool__(self) -> bool:
        return bool(self.zh or self.en)


NO_TEXT = Text("")
UNCONFIRMED = Text("待确认", "to be confirmed")  # said of what a program recognised and nobody has looked at


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a person's document: a code of the catalogue (`problems.py`), where, and values for its text."""

    code: str
    where: str = ""  # 「反馈表!B7」, 「正文第 3 行」, a field name for JSON
    field: str = ""
    context: Mapping[str, Any] = dc.field(default_factory=dict)
    severity: Literal["error", "warning", "question"] = "error"


class Told(str):
    """A line for people in both languages. As a text it is `where中文 (English)`, as logs have it; `said` picks one."""

    __slots__ = ("en", "where", "zh")
    zh: str
    en: str
    where: str

    def __new__(cls, zh: str, en: str, where: str = "") -> Told:
        told = super().__new__(cls, f"{where}{zh} ({en})")
        told.zh, told.en, told.where = zh, en, where
        return told

    def moved(self, old: str, new: str) -> Told:
        """The same of another place."""
        return Told(self.zh.replace(old, new), self.en.replace(old, new), self.where.replace(old, new))


def said(line: str, lang: Lang) -> str:
    """A line in `lang` where it is known in both, else as it is."""
    return line.where + (line.en if lang == "en" else line.zh) if isinstance(line, Told) else line


class QformsError(Exception):
    """The operator's settings, rules, forms or servers are at fault: one line, no traceback.

    `problems` lists every fault found, each with its file and line. Text and lines are `Told` where both languages are
    known."""

    def __init__(self, text: str, problems: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.text = text
        self.problems = tuple(problems)

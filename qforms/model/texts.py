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


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a person's document: a code of the catalogue (`problems.py`), where, and values for its text."""

    code: str
    where: str = ""  # 「反馈表!B7」, 「正文第 3 行」, a field name for JSON
    field: str = ""
    context: Mapping[str, Any] = dc.field(default_factory=dict)
    severity: Literal["error", "warning", "question"] = "error"


class QformsError(Exception):
    """The operator's settings, rules, forms or servers are at fault: one line, no traceback.

    `problems` lists every fault found, each with its file and line."""

    def __init__(self, text: str, problems: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.problems = tuple(problems)

"""What a mail is about: a complaint, other business, or unsure (P6). Danger always makes it a complaint (P61)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from qforms.intake import freetext
from qforms.intake.words import plain, vocabulary

_CHINESE, _LETTERS = re.compile("[\u4e00-\u9fff]+"), re.compile("[A-Za-z]+")
_SENTENCE = "。！？!?\n;；"


@dataclass(frozen=True, slots=True)
class Nature:
    kind: Literal["complaint", "business", "unsure"]
    danger: tuple[str, ...] = ()
    wants_8d: bool = False
    line_stopped: bool = False


@lru_cache(128)
def nature(subject: str, text: str) -> Nature:
    """Judged by words of the subject and the sender's own text; the subject counts double."""
    words = vocabulary()
    head, whole = plain(subject), plain(f"{subject}\n{text}")
    danger = words.danger(whole)
    complaint = 2 * len(words.strong(whole)) + len(words.weak(whole)) + 2 * len(words.strong(head))
    business = (
        2 * len(words.business_strong(whole)) + len(words.business_weak(whole)) + 2 * len(words.business_strong(head))
    )
    found = _weigh(complaint, business, bool(danger))
    if found == "unsure" and complaint + 2 > business and freetext.failed(text):
        found = "complaint"  # so many units failed, whatever else the mail is about
    return Nature(
        found,
        danger,
        wants_8d(whole),
        bool(words.line_stopped(whole)),
    )


def _weigh(complaint: int, business: int, danger: bool) -> Literal["complaint", "business", "unsure"]:
    if danger or (complaint >= 2 and complaint >= business + 2):
        return "complaint"
    if business >= 2 and complaint <= 1:
        return "business"
    return "unsure"


def wants_8d(text: str) -> bool:
    """Somebody asks for an 8D: the word with a verb of asking in the same sentence, not negated (请提供8D报告)."""
    words = vocabulary()
    if not words.wants_8d(text):  # for most mails the end of it
        return False
    for mark in _SENTENCE:
        text = text.replace(mark, "\n")
    return any(words.wants_8d(s) and words.verbs.search(s) for s in text.split("\n"))


def language(text: str) -> Literal["zh", "en"]:
    """zh unless a text of some length holds almost no Chinese characters."""
    chinese, letters = (sum(map(len, some.findall(text[:5000]))) for some in (_CHINESE, _LETTERS))
    return "en" if letters >= 12 and chinese * 8 < letters else "zh"

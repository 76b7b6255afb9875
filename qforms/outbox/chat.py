"""What a group robot is told of a letter (P37): what it is about, who acts and by when; of no customer and no person.

A chat is seen by more people than a letter, and keeps what it was told."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from qforms.model import Lang, LetterIntent
from qforms.settings import Robot

BYTES = 2048
_SHOWN = ("number", "title", "model", "phenomenon", "rate", "request", "due", "words", "count", "more")
_OF_LINES = ("number", "decide", "what", "due", "over", "who", "department", "model", "phenomenon")
_STAGES: Mapping[str, Mapping[Lang, str]] = {
    "alarm": {"zh": "警报", "en": "alarm"},
    "escalation": {"zh": "逾期上报", "en": "overdue"},
    "digest": {"zh": "逾期汇总", "en": "digest"},
}
_REST: Mapping[Lang, str] = {"zh": "…… 其余见邮件", "en": "… the rest stands in the mail"}
_REACHED = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # addresses, mobile and fixed telephones
    r"|(?<![\w-])(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?![\w-])"
    r"|(?<![\w-])0\d{2,3}[- ]\d{7,8}(?![\w-])"
)
_SHORTEST = 2  # characters of a name that is hidden


def message(letter: LetterIntent, name: str, robot: Robot) -> LetterIntent | None:
    """What the robot is owed for a letter; None where it is not told of such. Of the day's digests only that of all
    departments, once."""
    if letter.kind not in robot.kinds or letter.audience in ("customer", "supplier", "robot"):
        return None
    about = letter.key
    if letter.kind == "digest":
        if letter.facts.get("department"):
            return None
        about = f"digest:{letter.at:%Y-%m-%d}" if letter.at else letter.key
    lang: Lang = robot.lang or letter.lang
    facts: dict[str, Any] = {n: letter.facts[n] for n in _SHOWN if letter.facts.get(n)}
    if lines := letter.facts.get("lines"):
        facts["lines"] = [{n: line[n] for n in _OF_LINES if line.get(n)} for line in lines]
    return LetterIntent(
        key=f"robot:{name}:{hashlib.sha256(about.encode()).hexdigest()[:32]}",
        kind=letter.kind,
        audience="robot",
        to=(name,),
        cc=(),
        lang=lang,
        number=letter.number,
        revision=letter.revision,
        case_no=letter.case_no,
        subject="",
        facts={**facts, "stage": _STAGES[letter.kind][lang], "text": "robot"},
        urgent=letter.urgent,
        rule=letter.rule,
        at=letter.at,
    )


def text(subject: str, words: str, hidden: Iterable[str], lang: Lang) -> str:
    """The message: without addresses, telephone numbers and the words `hidden`, and of 2,048 bytes at most, cut between
    two lines."""
    whole = _REACHED.sub("***", f"{subject}\n{words}".strip())
    for word in sorted({w.strip() for w in hidden}, key=len, reverse=True):
        if len(word) >= _SHORTEST:
            whole = whole.replace(word, "***")
    if len(whole.encode()) <= BYTES:
        return whole
    kept, room = [], BYTES - len(_REST[lang].encode()) - 1
    for line in whole.split("\n"):
        room -= len(line.encode()) + 1
        if room < 0:
            break
        kept.append(line)
    if not kept:
        kept = [whole.encode()[: BYTES - len(_REST[lang].encode()) - 1].decode(errors="ignore")]
    return "\n".join([*kept, _REST[lang]])

"""Times and what is left of them, in words: `剩余 6 h`, `逾期 21 h 40 min`, `迟 25 min`, `√ 05-11 14:30`."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Literal

from qforms.model import Clock, Lang

DAY = timedelta(days=1)
Urgency = Literal["overdue", "due", "later", ""]
MARK = {"overdue": "●", "due": "▲", "later": "○", "": ""}
OVERDUE = {"zh": "逾期", "en": "overdue"}
LEFT = {"zh": "剩余", "en": "due in"}
_LATE = {"zh": "迟", "en": "late"}


def span(time: timedelta, lang: Lang) -> str:
    """The two largest units of a span that are not zero: 1 天 8 h, 21 h 40 min, 25 min; nothing is 0 min."""
    minutes = int(time.total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{days} {'天' if lang == 'zh' else 'd'}"] if days else []
    parts += [f"{hours} h"] if hours else []
    parts += [f"{rest} min"] if rest and len(parts) < 2 else []
    return " ".join(parts) or "0 min"


def urgency(due: datetime | None, now: datetime) -> Urgency:
    """Overdue, due within 24 hours, or later; "" without a time."""
    if due is None:
        return ""
    return "overdue" if due <= now else "due" if due - now < DAY else "later"


def left(due: datetime | None, now: datetime, lang: Lang) -> str:
    """What is left until `due`, or how long it is overdue."""
    if due is None:
        return ""
    return f"{OVERDUE[lang]} {span(now - due, lang)}" if due <= now else f"{LEFT[lang]} {span(due - now, lang)}"


def clock_text(clock: Clock, now: datetime, lang: Lang, zone: tzinfo) -> str:
    """How a clock stands: met and when, met how late, overdue since, or what is left; "" when it was cancelled."""
    if clock.state == "cancelled":
        return ""
    if clock.met_at is not None:
        if clock.met_at > clock.due_at:
            return f"{_LATE[lang]} {span(clock.met_at - clock.due_at, lang)}"
        return f"√ {clock.met_at.astimezone(zone):%m-%d %H:%M}"
    return left(clock.due_at, now, lang)

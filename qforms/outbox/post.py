"""When a letter goes, and what becomes of it: pure, `now` is an argument."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from qforms.model import Dead, Later, Letter, Sent
from qforms.settings import Mode, Settings

Step = Literal["send", "trial", "hold", "wait"]

_FIRST, _LONGEST = timedelta(minutes=1), timedelta(hours=4)
_SOONEST = 1.0  # seconds: the transport paces itself where its server is down, and says when it asks again
_UNKNOWN = timedelta(minutes=30)  # long enough for a server that took it after all to have delivered it
OPEN = ("owed", "rendered", "sending", "resending", "later", "unknown")
_DOUBTFUL = ("sending", "unknown")  # handed over once, nobody knows whether it was taken
_TWICE = "两次送出都没有回音，对方可能已收到两封；请先问收件人，再决定是否「发」 (handed over twice without an answer)"


def next_step(letter: Letter, settings: Settings, now: datetime) -> Step:
    """What is to be done with the letter now.

    "trial": render and list it, nothing leaves. "hold": it waits for 「发」, which makes it `rendered`. "wait": not
    yet, or nothing is to be done any more. A letter in state `sending` was cut off by a crash at the last dot: it goes
    again, with the same bytes and Message-ID, as `resending`; cut off there too, it is held for somebody to ask."""
    mode: Mode = getattr(settings.outgoing, letter.intent.audience)
    if letter.state in ("held", "resending"):
        return "hold"
    if letter.state == "trial" or (letter.state in OPEN and mode == "trial"):
        return "trial"
    if letter.state not in OPEN or now < _not_before(letter, settings):
        return "wait"
    return "hold" if mode == "hold" and letter.state == "owed" else "send"


def _not_before(letter: Letter, settings: Settings) -> datetime:
    """The latest of: when it is wanted, the time in which a letter to a department can be stopped, the next try."""
    intent = letter.intent
    times = [t for t in (intent.not_before, letter.next_try) if t]
    if intent.audience == "department" and intent.at and not intent.urgent:
        times.append(intent.at + timedelta(minutes=settings.outgoing.delay_minutes))
    return max(times, default=datetime.min.replace(tzinfo=settings.zone))


def under_way(letter: Letter, repeatable: bool) -> Letter:
    """The letter as it stands while the other side may be taking it."""
    return replace(letter, state="resending" if letter.state in _DOUBTFUL and not repeatable else "sending")


def withheld(letter: Letter, step: Step) -> Letter:
    """The letter that a trial keeps back, or that waits for 「发」."""
    error = _TWICE if letter.state == "resending" else letter.last_error
    return replace(letter, state="trial" if step == "trial" else "held", last_error=error, next_try=None)


def pause(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts: 1, 2, 4 … minutes, at most 4 hours."""
    return min(_LONGEST, _FIRST * (1 << min(max(attempts - 1, 0), 8)))


def after(letter: Letter, result: Sent | Later | Dead, now: datetime, attempts: int = 12) -> Letter:
    """The letter after one try; it is dead after `attempts` of its own. A server that is down costs none.

    A letter whose fate is unknown goes again after half an hour, with the same Message-ID: an order that arrives twice
    is a nuisance, one that never arrives a fault. Unknown once more, it is held: nobody gets it three times."""
    match result:
        case Sent(refused):
            error = f"被拒收：{', '.join(refused)}" if refused else ""
            tried = letter.attempts + 1
            return replace(
                letter, state="sent", sent_at=now, refused=refused, last_error=error, next_try=None, attempts=tried
            )
        case Dead(reason, refused):
            tried = letter.attempts + 1
            return replace(letter, state="dead", refused=refused, last_error=reason, next_try=None, attempts=tried)
        case Later(reason, unknown, down, pace):
            tried = letter.attempts + (not down)
            if tried >= attempts and not down:
                return replace(letter, state="dead", attempts=tried, last_error=reason, next_try=None)
            if unknown and letter.state in _DOUBTFUL:
                return withheld(replace(letter, state="resending", attempts=tried), "hold")
            rest = timedelta(seconds=max(pace, _SOONEST)) if down else pause(tried)
            if unknown:
                rest = max(rest, _UNKNOWN)
            state: Literal["later", "unknown"] = "unknown" if unknown or letter.state in _DOUBTFUL else "later"
            return replace(letter, state=state, attempts=tried, last_error=reason, next_try=now + rest)

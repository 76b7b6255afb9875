"""Letters that go out as one (P35): which may, and the table that is made of them.

A table is a letter of its own; each of its lines names the letter that it stands for, with that letter's number, clock
and one-time code, so that an answer to a line is an answer to that letter."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from qforms.model import Lang, Letter, LetterIntent, TogetherRule

MOST = 60  # lines of one table
People = tuple[str, str, tuple[str, ...], tuple[str, ...], str]

_OURS = ("department", "manager", "office")
_SHOWN = ("number", "title", "model", "phenomenon", "rate", "due", "left", "overdue", "who", "stage", "department")
_VERDICTS: Mapping[Lang, Mapping[str, str]] = {
    "zh": {"agree": "同意", "refuse": "不同意", "object": "异议"},
    "en": {"agree": "approve", "refuse": "reject", "object": "object"},
}


def rule_of(intent: LetterIntent, rules: Iterable[TogetherRule]) -> TogetherRule | None:
    """The rule by which a letter may go with others: it is to our own people, encloses nothing, and is not urgent."""
    if intent.urgent or intent.attach or intent.audience not in _OURS or intent.gathered:
        return None
    return next((r for r in rules if intent.rule in r.letters or intent.kind in r.letters), None)


def people(letter: Letter) -> People:
    """What letters of one table have in common: kind, audience, recipients, language."""
    i = letter.intent
    return i.kind, i.audience, i.to, i.cc, i.lang


def named(common: People) -> str:
    """A short name of what letters have in common."""
    return hashlib.sha256(repr(common).encode()).hexdigest()[:16]


def latest(letter: Letter) -> datetime | None:
    """Until when a letter can't wait for others: the limit that it speaks of, where it reminds of one."""
    due = letter.intent.facts.get("due") if letter.intent.kind == "reminder" else None
    return datetime.fromisoformat(str(due)) if due else None


def table(letters: Sequence[Letter], rule: TogetherRule, more: Mapping[str, Mapping[str, Any]]) -> LetterIntent:
    """The table of letters that have their `people` in common, in the order given; `more`: what is to stand in a line
    besides, by the letter's key. The same letters give the same table."""
    first, intents = letters[0].intent, [x.intent for x in letters]
    cases = {i.case_no for i in intents}
    dates = [at for i in intents for at in (i.at, i.not_before) if at is not None]
    said = [str(at) for i in intents if (at := i.facts.get("at"))]
    own = hashlib.sha256("\n".join(i.key for i in intents).encode()).hexdigest()[:32]
    facts = {name: first.facts[name] for name in ("name", "department") if first.facts.get(name)}
    lines = [{**line(i), **more.get(i.key, {})} for i in intents]
    return LetterIntent(
        key=f"{rule.name}:{own}",
        kind=first.kind,
        audience=first.audience,
        to=first.to,
        cc=first.cc,
        lang=first.lang,
        number="",
        revision=0,
        case_no=first.case_no if len(cases) == 1 else "",
        subject="",
        facts={**facts, "text": rule.text, "lines": lines, **({"at": max(said)} if said else {})},
        rule=rule.name,
        at=max(dates, default=None),
    )


def line(intent: LetterIntent) -> dict[str, Any]:
    """The line that stands for a letter: what an escalation says in its own, else the letter's facts."""
    facts = intent.facts
    own = dict(facts["lines"][0]) if facts.get("lines") else {n: facts[n] for n in _SHOWN if facts.get(n)}
    if not facts.get("lines"):
        own |= {"decide": facts.get("request", ""), "facts": [[a, b] for a, b in facts.get("facts", ())]}
        own |= {"clock": intent.rule} if intent.kind == "reminder" else {}
    if ask := facts.get("ask"):
        words = _VERDICTS[intent.lang]
        own |= {"ask": dict(ask), "answers": [words[v] for v in words if v in ask], "code": intent.code}
    return {**own, "letter": intent.key}

"""Of the letters that are due: which go as one (P35), which wait for others to the same people, which go as they are.

A table is written down with its lines in one transaction, before anything is rendered: killed at any moment, each
letter either still goes by itself or stands in one table, whose bytes come from what is written there."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from qforms.ledger import Ledger, Overtaken, Transaction
from qforms.model import Letter, TogetherRule
from qforms.outbox import together
from qforms.outbox.post import Step
from qforms.rules.alike import SUGGESTIONS
from qforms.settings import Procedures

_GONE = "together "  # with a rule's name: when the last of its letters went, by people
_SUGGESTED_IN = frozenset({"stage", "alarm"})  # kinds of letters that tell our people of a new case

Due = tuple[Letter, Step]


class Together:
    """Makes tables of what the ledger owes."""

    def __init__(self, ledger: Ledger, procedures: Procedures) -> None:
        self._ledger = ledger
        self._rules = procedures.rulebook.together

    def alone(self, due: Sequence[Due], now: datetime) -> list[Due]:
        """The letters of `due` that go by themselves now. The others wait, or stand in tables, which are owed."""
        groups: dict[tuple[TogetherRule, together.People, Step], list[Letter]] = {}
        alone: list[Due] = []
        for letter, step in due:
            rule = together.rule_of(letter.intent, self._rules) if letter.state == "owed" else None
            if rule is None or letter.digest:
                alone.append((letter, step))
            else:
                groups.setdefault((rule, together.people(letter), step), []).append(letter)
        if not groups:
            return alone
        waiting: list[Letter] = []
        for (rule, people, step), letters in groups.items():
            going, held = self._going(rule, people, letters, now)
            waiting += held
            for some in _tables(going):
                if len(some) < rule.least:
                    alone += [(letter, step) for letter in some]
                else:
                    self._write(rule, some, now)
        if waiting:
            self._ledger.set_letters(waiting)
        return alone

    def _going(
        self, rule: TogetherRule, people: together.People, letters: list[Letter], now: datetime
    ) -> tuple[list[Letter], list[Letter]]:
        """Which go now, and which wait because others to the same people have gone a moment ago. None waits twice, nor
        past the limit of which it reminds."""
        if rule.within is None:
            return letters, []
        name = f"{_GONE}{rule.name}"
        gone = {who: datetime.fromisoformat(at) for who, at in (self._ledger.note(name) or {}).items()}
        who = together.named(people)
        going, held = letters, []
        if who in gone and now < (until := gone[who] + rule.within) and not any(x.next_try for x in letters):
            going = [x for x in letters if (last := together.latest(x)) is not None and last <= until]
            held = [dc.replace(x, next_try=until) for x in letters if x not in going]
        if going:
            recent = {k: at.isoformat() for k, at in gone.items() if now < at + rule.within}
            self._ledger.set_note(name, {**recent, who: now.isoformat()})
        return going, held

    def _write(self, rule: TogetherRule, letters: Sequence[Letter], now: datetime) -> None:
        with self._ledger.facts() as facts:
            more = {x.intent.key: said for x in letters if (said := _suggested(x, facts))}
        try:
            with self._ledger.begin() as tx:
                tx.gather(together.table(letters, rule, more), now)
        except Overtaken:  # one of them was stopped just now: all are looked at again
            return


def suggestions(letter: Letter, facts: Transaction) -> list[str]:
    """What is suggested about a new case by the time its letter is made: likely duplicates, the same mechanism."""
    intent = letter.intent
    if intent.kind not in _SUGGESTED_IN or not intent.number or intent.number != intent.case_no:
        return []
    return [t.text[intent.lang] for t in facts.tasks(intent.number) if t.kind in SUGGESTIONS]


def _suggested(letter: Letter, facts: Transaction) -> Mapping[str, Any]:
    said = suggestions(letter, facts)
    return {"suggested": said} if said else {}


def _tables(letters: list[Letter]) -> Iterator[list[Letter]]:
    """In tables of nearly the same length, what falls due first at the top."""
    ordered = sorted(letters, key=lambda x: (str(x.intent.facts.get("due") or "~"), x.intent.number))
    count = -(-len(ordered) // together.MOST)
    ends = [len(ordered) * n // count for n in range(count + 1)] if count else []
    yield from (ordered[a:b] for a, b in pairwise(ends))

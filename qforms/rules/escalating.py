"""Escalations to the same people within an hour are one letter: a table whose lines can be answered one by one (P35).

The first goes at once. What comes while it has not left joins it; what comes later waits for the end of the hour and
goes together. What is urgent by its severity waits for nobody."""

from __future__ import annotations

import dataclasses as dc
import hashlib
from datetime import UTC, timedelta
from typing import Any

from qforms.model import LetterIntent
from qforms.rules import letters
from qforms.rules.letters import Draft
from qforms.rules.people import Addressee
from qforms.rules.work import Work

TABLES = 60  # in one hour, to the same people; more would mean that each leaves before the next line comes
LINES = 40  # of one table


def gathered(work: Work, draft: Draft, key: str, to: list[Addressee], facts: dict[str, Any]) -> None:
    """Adds an escalation to the table of the hour that has not left yet, else begins one."""
    hour = work.now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    people = hashlib.sha256(",".join(a.address for a in to).encode()).hexdigest()[:16]
    for number in range(TABLES):
        table = f"escalation:{people}:{hour:%Y%m%d%H}:{number}"
        open_, there = _table(work, table)
        if open_ is not None and len(open_.facts["lines"]) < LINES:
            _joined(work, open_, facts)
            return
        if not there:
            letters.send(work, draft, table, to, [], facts, letters.code_for(work, table))
            if number:
                work.view.letters[table] = dc.replace(work.view.letters[table], not_before=hour + timedelta(hours=1))
            return
    letters.send(work, draft, key, to, [], facts, letters.code_for(work, key))


def _table(work: Work, key: str) -> tuple[LetterIntent | None, bool]:
    """The table under a key, if lines may still be added to it; and whether there is one at all."""
    own = work.view.letters.get(key)
    letter = work.view.facts.letter_by_key(key) if own is None else None
    if letter is None:
        return own, own is not None
    return (letter.intent if letter.untouched else None), True


def _joined(work: Work, table: LetterIntent, facts: dict[str, Any]) -> None:
    lines = [*table.facts["lines"], *facts["lines"]]
    work.view.letters[table.key] = dc.replace(table, facts={**table.facts, "lines": lines, "at": facts["at"]})

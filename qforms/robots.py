"""Group robots hear of alarms, escalations and the day's digest (P37), by the same outbox as letters.

What a robot is told is a letter of its own in the ledger, written before the letter that it speaks of is made; so each
message has its state, its retries and its trial, and what becomes of it never touches the letter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from qforms.documents.letters import Composed
from qforms.ledger import Ledger, Transaction
from qforms.model import Judgement, Letter, LetterIntent
from qforms.outbox import chat
from qforms.outbox.post import Step
from qforms.settings import Procedures

STALE = timedelta(hours=24)  # what could not be said for so long is news no more
_NAMES = ("customer_name", "contact_name")  # of whom a case tells, whoever he is


class Told:
    """What robots are owed."""

    def __init__(self, ledger: Ledger, procedures: Procedures) -> None:
        self._ledger = ledger
        self._catalogue = procedures.catalogue
        self._robots = procedures.settings.robots

    def owe(self, due: Sequence[tuple[Letter, Step]], now: datetime) -> None:
        """Writes down what robots are told of letters that are about to be made; once, however often it is asked."""
        if not self._robots:
            return
        fresh = [x.intent for x, _ in due if x.state == "owed" and not x.digest]
        found = [m for i in fresh for name, robot in self._robots.items() if (m := chat.message(i, name, robot))]
        if found:
            with self._ledger.begin() as tx:
                tx.write(None, Judgement(letters=tuple(found)), now)

    def words(self, intent: LetterIntent, composed: Composed, facts: Transaction) -> bytes:
        """The message as it is sent, of nobody outside."""
        return chat.text(composed.subject, composed.text, self._hidden(intent, facts), intent.lang).encode()

    def _hidden(self, intent: LetterIntent, facts: Transaction) -> Iterator[str]:
        """What the cases spoken of tell of persons and customers."""
        numbers = {intent.number, intent.case_no, *(str(x.get("number", "")) for x in intent.facts.get("lines") or ())}
        facts.fetch_records(numbers - {""})
        records = {n: r for n in numbers if n and (r := facts.record(n)) is not None}
        cases = (facts.record(r.case_no) for r in [*records.values()] if r.case_no and r.case_no not in records)
        for record in (*records.values(), *(c for c in cases if c is not None)):
            for field in self._catalogue.form(record.form).fields:
                value = record.values.get(field.name)
                if isinstance(value, str) and (field.personal or field.name in _NAMES):
                    yield value


def stale(letter: Letter, now: datetime) -> bool:
    """Whether what a robot was to say is too old to be said."""
    return letter.intent.audience == "robot" and letter.intent.at is not None and now - letter.intent.at > STALE

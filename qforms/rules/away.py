"""An approver is away, as his mailbox says: the request goes to his deputy, or gmo is asked who decides (P39)."""

from __future__ import annotations

import dataclasses as dc

from qforms.model import LetterIntent, Outcome, Record, Task, Text
from qforms.rules import entitled, letters
from qforms.rules import wording as w
from qforms.rules.people import Addressee
from qforms.rules.work import Work


def asked(work: Work, outcome: Outcome) -> None:
    """What becomes of a decision that an automatic answer of its addressee left open."""
    letter = work.view.facts.letter_by_code(outcome.token) if outcome.token else None
    record = work.view.record(outcome.number)
    if letter is None or record is None or work.final(record) or len(letter.intent.to) != 1:
        return
    intent = letter.intent
    name, deputy = work.people.deputy_of(intent.to[0])
    for_name = str(intent.facts.get("for_name") or name)  # a deputy who is away himself names nobody: no chains
    may = deputy is not None and not intent.facts.get("for_name")
    words, amount = entitled.words(work, record), entitled.amount(work, record)
    if may and deputy is not None and work.people.may_decide(name, words, amount):
        _redirected(work, intent, deputy, for_name)
    else:
        _who_decides(work, record, intent, for_name or intent.to[0])


def _redirected(work: Work, intent: LetterIntent, deputy: Addressee, for_name: str) -> None:
    """The same request to the deputy, with a code of his own."""
    key = f"{intent.key}:for:{deputy.address}"
    named = {"name": w.standing_in(deputy.name, for_name, deputy.lang), "for_name": for_name}
    again = dc.replace(
        intent,
        key=key,
        to=(deputy.address,),
        cc=(),
        lang=deputy.lang,
        subject="",
        facts={**intent.facts, **named},
        code=letters.code_for(work, key),
        at=work.at,
    )
    work.view.letters.setdefault(key, again)
    work.note(intent.number, "passed to the deputy", intent.rule, to=deputy.name, away=for_name)


def _who_decides(work: Work, record: Record, intent: LetterIntent, name: str) -> None:
    text = Text(
        f"{name} 外出（自动回复），没有可代为决定的代理人：请指定谁决定 {record.number}，或取得本人答复。",
        f"{name} is away (automatic answer) and left nobody to decide: name who decides on {record.number}.",
    )
    owner = letters.in_charge(work, "gmo", record)
    key = f"approver_away:{intent.key}"[:200]
    work.view.put_task(
        Task(key, "approver_away", record.case_no, record.number, text, owner, work.at, actions=("转给", "已办"),
             delivery=work.delivery)
    )  # fmt: skip

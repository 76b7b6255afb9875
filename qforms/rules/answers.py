"""What a sender is owed at once: an acknowledgement, one question, or his form back with the cells marked.

Nothing is ever sent to a machine, and no address gets more than a few automatic letters a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from qforms import problems
from qforms.model import LetterIntent, Outcome, Record
from qforms.rules import letters
from qforms.rules import wording as w
from qforms.rules.letters import Draft
from qforms.rules.work import Work

ANSWER_WITHIN = timedelta(hours=24)


def owed(work: Work, outcome: Outcome) -> None:
    """Writes the letter that an outcome owes its sender."""
    reading = work.reading
    if not outcome.answer or reading is None or reading.machine or not reading.address or _enough(work):
        return
    record = work.view.record(outcome.number)
    to = letters.speaker(work)
    subject = outcome.number or reading.key[:16]
    key = f"{outcome.answer}:{subject}:{reading.delivery.digest[:16]}:{outcome.part}:{to.address}"
    facts = _facts(work, outcome, record)
    attach = _attach(work, outcome)
    outside = work.speaker.kind in ("customer", "stranger")
    draft = Draft(outcome.answer, record, "customer" if outside else "department", attach=attach, reply=True)
    letters.send(work, draft, key, [to], [], facts)


def _enough(work: Work) -> bool:
    assert work.reading is not None
    address, cap = work.reading.address, work.settings.trust.replies_a_day
    mine = sum(address in i.to for i in work.view.letters.values() if _automatic(i))
    return work.view.facts.replies_today(address, work.now) + mine >= cap


def _automatic(intent: LetterIntent) -> bool:
    return intent.kind in ("acknowledgement", "question", "rejection")


def _facts(work: Work, outcome: Outcome, record: Record | None) -> dict[str, Any]:
    assert work.reading is not None
    lang = work.reading.lang
    outside = work.speaker.kind in ("customer", "stranger")
    facts: dict[str, Any] = w.facts_of(work, record, lang, outside) if record else {}
    facts |= {"name": work.speaker.name or work.reading.sender_name, "original": w.original(work)}
    form = work.catalogue.form(outcome.form) if outcome.form else None
    labels = [f.label[lang] for n in outcome.missing if form and (f := work.catalogue.field(form.name, n))]
    wrong = [p for p in (outcome.reason, *outcome.problems) if p is not None]
    facts["problems"] = [[p.where, problems.say(p, lang, _label(work, outcome, p.field, lang))] for p in wrong]
    match outcome.answer:
        case "acknowledgement":
            facts["missing"] = labels
            facts["who"] = str(record.values.get("owner") or "") if record else ""
            facts.pop("problems")
        case "question":
            facts["ask_labels"] = labels[:6]
            facts["request"] = w.request_of(labels, lang)
            facts["due"] = facts.get("due") or w.iso(work, work.at + ANSWER_WITHIN)
        case "rejection":
            facts["kept"] = len(outcome.values)
            facts["problems"] += [[label, w.missing(lang)] for label in labels]
    return facts


def _label(work: Work, outcome: Outcome, field: str, lang: Any) -> str:
    found = work.catalogue.field(outcome.form, field) if outcome.form and field else None
    return found.label[lang] if found else field


def _attach(work: Work, outcome: Outcome) -> tuple[str, ...]:
    assert work.reading is not None
    if outcome.answer == "rejection" and outcome.part and outcome.how in ("excel", "word"):
        return (f"marked:{work.reading.delivery.digest}/{outcome.part}",)
    if outcome.answer == "acknowledgement" and outcome.missing and outcome.how in ("body", "free"):
        return (f"blank:{outcome.form}",)
    return ()

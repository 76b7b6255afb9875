"""What a sender is owed at once: an acknowledgement, one question, or his form back with the cells marked.

Nothing is ever sent to a machine, and no address gets more than a few automatic letters a day."""

from __future__ import annotations

import dataclasses as dc
import re
from datetime import timedelta
from typing import Any

from qforms import problems, stamp
from qforms.model import AUTOMATIC, Lang, LetterIntent, Outcome, Record
from qforms.rules import away, letters
from qforms.rules import wording as w
from qforms.rules.letters import Draft
from qforms.rules.work import Work

ANSWER_WITHIN = timedelta(hours=24)
_COLUMN = re.compile(r"(\w+)\[(\d+)\]\.(\w+)")


def owed(work: Work, outcome: Outcome) -> None:
    """Writes the letter that an outcome owes its sender."""
    reading = work.reading
    if outcome.answer == "deputy":
        away.asked(work, outcome)
        return
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
    return intent.kind in AUTOMATIC


def _facts(work: Work, outcome: Outcome, record: Record | None) -> dict[str, Any]:
    assert work.reading is not None
    lang = work.reading.lang
    outside = work.speaker.kind in ("customer", "stranger")
    facts: dict[str, Any] = w.facts_of(work, record, lang, "customer" if outside else "") if record else {}
    facts |= {"name": work.speaker.name or work.reading.sender_name, "original": w.original(work)}
    form = work.catalogue.form(outcome.form) if outcome.form else None
    wrong = [p for p in (outcome.reason, *outcome.problems) if p is not None and p.severity != "warning"]
    if outside:  # what is ours to mend is nothing to ask a customer for
        wrong = [p for p in wrong if problems.actor(p) == "sender"]
    blamed = {p.field.partition("[")[0] for p in wrong}
    empty = [n for n in outcome.missing if n not in blamed and form and work.catalogue.field(form.name, n)]
    labels = [_label(work, outcome, n, lang) for n in empty]
    if outside:
        contact = record.values.get("contact_name") if record else ""
        facts["name"] = work.reading.sender_name or contact or facts["name"]
    told = [dc.replace(p, where=_cell(work, outcome, p.where)) for p in wrong]
    if outcome.answer == "forms" and outcome.reason is not None:
        facts["forms"] = [work.catalogue.form(name).title[lang] for name in outcome.reason.context["forms"]]
    facts["problems"] = [[p.where, problems.say(p, lang, _label(work, outcome, p.field, lang))] for p in told]
    empties = [
        [_cell(work, outcome, outcome.where.get(n, "")), f"{said} {w.missing(lang)}"]
        for n, said in zip(empty, labels, strict=True)
    ]
    match outcome.answer:
        case "acknowledgement":
            facts["missing"] = labels
            facts["who"] = str(record.values.get("owner") or "") if record else ""
            facts.pop("problems")
        case "question":
            facts["ask_labels"] = labels[:6]
            facts["request"] = w.request_of(labels, lang)
            facts["choices"] = _yes_or_no(work, outcome, lang)
            facts["problems"] += empties if _returned(outcome) else []
            facts["due"] = facts.get("due") or w.iso(work, work.at + ANSWER_WITHIN)
        case "rejection":
            facts["kept"] = len(outcome.values)
            facts["problems"] += empties
    if outside and record is not None and record.number == record.case_no:
        link = stamp.status_link(work.settings.web.url, work.procedures.keys, record.number)
        facts["status_link"] = link
    return facts


def _yes_or_no(work: Work, outcome: Outcome, lang: Lang) -> list[str]:
    """Where a single yes or no is asked for: the two lines that answer it."""
    asked = [f for n in outcome.missing if (f := work.catalogue.field(outcome.form, n))]
    if len(asked) != 1 or asked[0].type != "bool":
        return []
    colon, words = ("：", ("是", "否")) if lang == "zh" else (": ", ("yes", "no"))
    return [f"{asked[0].label[lang]}{colon}{word}" for word in words]


def _cell(work: Work, outcome: Outcome, where: str) -> str:
    """The cell alone: a letter that brings one file back need not name it."""
    assert work.reading is not None
    name = next((p.name for p in work.reading.parts if p.path == outcome.part), "")
    return where.removeprefix(f"{name} ") if name else where


def _label(work: Work, outcome: Outcome, field: str, lang: Any) -> str:
    """A field's label; of a list's column its own, after the list's and the row: 措施 1 计划完成."""
    inside = _COLUMN.fullmatch(field)
    top, row, column = inside.groups() if inside else (field, "", "")
    found = work.catalogue.field(outcome.form, top) if outcome.form and top else None
    if found is None:
        return field
    below = next((f for f in found.fields if f.name == column), None)
    return f"{found.label[lang]} {int(row) + 1} {below.label[lang]}" if below else found.label[lang]


def _returned(outcome: Outcome) -> bool:
    """Whether the sender gets his own file back with the cells marked."""
    return outcome.answer in ("rejection", "question") and bool(outcome.part) and outcome.how in ("excel", "word")


def _attach(work: Work, outcome: Outcome) -> tuple[str, ...]:
    assert work.reading is not None
    if _returned(outcome):
        return (f"marked:{work.reading.delivery.digest}/{outcome.part}",)
    if outcome.answer == "forms" and outcome.reason is not None:
        ours = outcome.speaker.kind == "person" and outcome.speaker.trusted
        forms = [work.catalogue.form(name) for name in outcome.reason.context["forms"]]
        own = (f"blank:{f.name}:ours" for f in forms if ours and "customer" in f.open_by)  # a clerk on the telephone
        return (*(f"blank:{f.name}" for f in forms), *own)
    if outcome.answer == "acknowledgement" and outcome.missing and outcome.how in ("body", "free"):
        return (f"blank:{outcome.form}",)
    return ()

"""Decisions entered for somebody (代录, P41): with evidence they count at once, and he may revoke them within 24
hours; without, or where money is at stake, they wait for his own word.

A decision that is revoked is taken back: the record returns to the state before, and whoever was told is told so."""

from __future__ import annotations

import dataclasses as dc
import json

from qforms.model import Event, Form, Origin, Record, Speaker, Task, Text
from qforms.rules import letters
from qforms.rules import wording as w
from qforms.rules.letters import Draft
from qforms.rules.people import unique
from qforms.rules.work import Work

REVOKE = "revoke"  # the event of an approval that takes its decision back


def decider(work: Work, approval: Record, target: Record) -> Speaker | None:
    """The person for whom a decision was entered, where it counts at once; None where it waits for his own word."""
    name = str(approval.values.get("entered_for") or "")
    if not approval.values.get("evidence") or _moves_money(work.form(target)):
        return None
    roles, departments = work.people.speaks_for(name)
    return Speaker("person", "", name, roles, departments, trusted=True)


def _moves_money(form: Form) -> bool:
    """Does a form decide about money: amounts that stand or fall together?"""
    together = (f for f in form.fields if f.all_or_nothing)
    return any(f.type == "money" or any(c.type == "money" for c in f.fields) for f in together)


def in_force(work: Work, approval: Record, before: Record, event: Event) -> None:
    """Writes down what stood before the decision, so that it can be taken back."""
    after = work.view.record(before.number) or before
    names = [n for n in event.set if n in before.values]
    values = work.catalogue.plain(before.form, {n: before.values[n] for n in names})
    kept = {
        "status": before.status,
        "after": after.status,
        "event": event.name,
        "set": list(event.set),
        "values": values,
    }
    told = {"before": json.dumps(kept, ensure_ascii=False, sort_keys=True), "in_force_at": work.at}
    work.revise(approval.number, told, Origin("", by="entered"), content=False)


def taken_back(work: Work, approval: Record) -> None:
    """The record returns to the state before the decision, if it still is where the decision brought it."""
    kept = json.loads(str(approval.values.get("before") or "{}"))
    target = work.view.record(str(approval.values.get("target") or ""))
    if target is None or not kept:
        return
    if target.status != kept["after"]:
        _moved_on(work, approval, target)
        return
    work.view.put(dc.replace(target, status=kept["status"]))
    values = {**dict.fromkeys(kept["set"]), **work.catalogue.revive(target.form, kept["values"])}
    work.revise(target.number, values, Origin("", by=REVOKE), content=False)
    work.touch(target.number)
    work.note(
        target.number,
        "taken back",
        "approval.lifecycle",
        event=kept["event"],
        status=kept["status"],
        by=work.speaker.name,
    )
    _tell(work, approval, target.number, kept["event"])


def _tell(work: Work, approval: Record, number: str, event: str) -> None:
    """Whoever had been written to because of the decision hears that it counts no more."""
    record = work.view.record(number)
    assert record is not None
    form = work.form(record)
    told = work.book.letters.get(f"{record.form}.{event}", ())
    found = [a for r in told for names in (r.to, r.cc) for a in letters.addressees(work, names, record)]
    declared = form.lifecycle.event(event)
    for one in unique(found):
        lang = one.lang
        what = declared.label[lang] if declared else event
        who = approval.values.get("entered_for") or approval.values.get("decided_by") or ""
        request = f"停止执行“{what}”：{who} 已撤销该决定" if lang == "zh" else f"stop: {who} has revoked “{what}”"
        facts = w.facts_of(work, record, lang, outside="")
        facts |= {"name": one.name, "department": one.department, "request": request, "due": ""}
        draft = Draft("stage", record, letters.audience(("gmo",), work), rule="taken_back", urgent=True)
        letters.send(work, draft, f"taken_back:{approval.number}:{one.address}", [one], [], facts)


def _moved_on(work: Work, approval: Record, target: Record) -> None:
    who = approval.values.get("entered_for") or ""
    text = Text(
        f"{who} 撤销了对 {target.number} 的决定，但单据已往下走，不能自动退回：请处理。",
        f"{who} revoked the decision on {target.number}, which has moved on meanwhile: see to it.",
    )
    owner = letters.in_charge(work, "gmo", target)
    key = f"revoked_late:{approval.number}"
    work.view.put_task(Task(key, "read", target.case_no, target.number, text, owner, work.at, actions=("已办",)))

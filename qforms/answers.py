"""Words that the office chose in 处理 or on 冲突, 待发 and 待处理邮件, carried out and noted in the history."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from qforms import intake
from qforms.intake import proposals
from qforms.ledger import Ledger
from qforms.model import Conflict, Delivery, Entry, Judgement, Record, Task
from qforms.workbook.edits import Answer, answer_of

if TYPE_CHECKING:
    from qforms.desk import Desk


_DAY = re.compile(r"(20\d\d)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?")


def carry_out(delivery: Delivery, ledger: Ledger, desk: Desk, now: datetime) -> None:
    """Does what the word of a delivery of the workbook asks for; a word that does not fit changes nothing."""
    if (answer := answer_of(delivery)) is not None:
        _KINDS[answer.kind](answer, delivery, ledger, desk, now)


def _task(answer: Answer, delivery: Delivery, ledger: Ledger, desk: Desk, now: datetime) -> None:
    with ledger.begin() as tx:
        task = tx.task(answer.key)
        if task is None or task.state != "open":
            return
        changed = task if answer.action in ("vouch", "adopt") else _answered(task, answer)
        note = Entry(task.number, now, f"task {answer.action}", "", delivery.digest, answer.by, {"note": answer.note})
        tx.write(None, Judgement(tasks=(changed,), entries=(note,)), now)
    if answer.action == "merge":
        _merge(task, answer, ledger, desk, now)
    if answer.action == "adopt":
        _adopt(task, answer, ledger, desk, now)
    if task.delivery and (answer.action in ("file", "not_a_complaint", "vouch") or _ignored(task, answer)):
        _mail(dataclasses.replace(answer, kind="mail", key=task.delivery), delivery, ledger, desk, now)
    if answer.action in ("agree", "refuse") and task.number:
        _decide(task, answer, desk, now)
    if answer.action == "extend":
        _extend(task.number, "", task.owner, answer, desk, now)


def _adopt(task: Task, answer: Answer, ledger: Ledger, desk: Desk, now: datetime) -> None:
    """「采用」: what was recognised in a picture, put right by the note, is written down: an answer that was to be
    typed in as its sender's, from when it came (P16); what photos of a case show as the office's."""
    with ledger.facts() as facts:
        record = facts.record(task.number) if task.number else None
    row = next(iter(ledger.deliveries(digest=task.delivery)), None) if task.delivery else None
    if record is None or row is None:
        return
    told = proposals.adopted(task, answer.note, desk.procedures.catalogue.form(record.form))
    if not told:
        return
    with ledger.begin() as tx:
        tx.write(None, Judgement(tasks=(dataclasses.replace(task, state="done"),)), now)
    if task.kind == proposals.PROPOSAL:
        base = ledger.plain(record.form, {n: record.values.get(n) for n in told})
        edit = {"form": record.form, "number": record.number, "base": base, "base_revision": record.revision,
                "values": {n: raw for n, (raw, _) in told.items()}, "by": answer.by,
                "where": {n: where for n, (_, where) in told.items()}}  # fmt: skip
        desk.take([_edit(edit, answer.where, now)], now)
    else:
        desk.take_told(_anew(row, ledger, desk), record, told, now)


def _ignored(task: Task, answer: Answer) -> bool:
    return answer.action == "ignore" and bool({"立案", "是本人"}.intersection(task.actions))


def _answered(task: Task, answer: Answer) -> Task:
    if answer.action == "pass_on" and answer.note:
        return dataclasses.replace(task, owner=answer.note)
    if answer.action == "ignore":
        return dataclasses.replace(task, state="dropped")
    if answer.action in ("", "pass_on", "extend"):
        return task
    return dataclasses.replace(task, state="done")


def _decide(task: Task, answer: Answer, desk: Desk, now: datetime) -> None:
    """A decision that the office enters for somebody: an approval that waits for his own word (section 7)."""
    values = {
        "target": task.number,
        "verdict": answer.action,
        "event": str(task.context.get(answer.action, "")),
        "reason": answer.note,
        "entered_for": task.owner,
        "decided_at": now.isoformat(),
        "means": "workbook",
    }
    desk.take([_edit({"form": "approval", "new": True, "values": values, "by": answer.by}, answer.where, now)], now)


def _extend(number: str, clock: str, owner: str, answer: Answer, desk: Desk, now: datetime) -> None:
    """申请延期 with date and reason in 说明: an extension on record, decided by whoever the deadline escalates to."""
    until, reason = intake.more_time(answer.note, now, desk.procedures.settings.zone)
    values = {"target": number, "clock": clock, "reason": reason, "asked_by": owner or answer.by}
    values["until"] = until.isoformat() if until else ""
    known = {name: value for name, value in values.items() if value}
    desk.take([_edit({"form": "extension", "new": True, "values": known, "by": answer.by}, answer.where, now)], now)


def _clock(answer: Answer, delivery: Delivery, ledger: Ledger, desk: Desk, now: datetime) -> None:
    """A deadline is met by what it waits for, never by a word: more time is asked for, all else only noted."""
    rule, _, number = answer.key.rpartition("/")
    if answer.action == "extend":
        with ledger.facts() as facts:
            owner = next((c.owner for c in facts.clocks(number) if c.rule == rule), "")
        _extend(number, rule, owner, answer, desk, now)
        return
    note = Entry(number, now, f"clock {answer.action}", "", delivery.digest, answer.by, {"note": answer.note})
    with ledger.begin() as tx:
        tx.write(None, Judgement(entries=(note,)), now)


def _letter(answer: Answer, delivery: Delivery, ledger: Ledger, desk: Desk, now: datetime) -> None:
    """「发」 lets a letter on hold go; 「不发」 stops it."""
    with ledger.begin() as tx:
        letter = tx.letter_by_key(answer.key)
        if letter is None or letter.state not in ("held", "trial"):
            return
        if answer.action == "send" and letter.state == "held":
            tx.set_letter(dataclasses.replace(letter, state="rendered"))
        elif answer.action == "stop":
            tx.set_letter(dataclasses.replace(letter, state="stopped", last_error=answer.note))


def _mail(answer: Answer, delivery: Delivery, ledger: Ledger, desk: Desk, now: datetime) -> None:
    """「立案」 takes a mail in as a complaint, at the time at which it came; 「重试」 as what it is; 「是本人」 as
    what one of us sent; 「不是投诉」 and 「忽略」 leave it."""
    held = ledger.deliveries(outcome="held", state="done", digest=answer.key)
    row = next(iter(held or ledger.deliveries(digest=answer.key)), None)
    if row is None:
        return
    if answer.action == "file":
        desk.take_as_complaint(_anew(row, ledger, desk), now)
    elif answer.action == "retry" and held:
        desk.take([_anew(row, ledger, desk)], now)
    elif answer.action == "vouch" and held:
        _vouch(row, answer, ledger, desk, now)
    elif answer.action in ("not_a_complaint", "ignore", "done"):
        with ledger.begin() as tx:
            tx.set_delivery_state(row["key"], "dismissed")


def _anew(row: Mapping[str, Any], ledger: Ledger, desk: Desk) -> Delivery:
    """A delivery from the bytes in the store, to be taken in once more; what it came to before counts no longer."""
    with ledger.begin() as tx:
        tx.forget_delivery(row["key"])
    kept = {f.name: row[f.name] for f in dataclasses.fields(Delivery) if f.name in row}
    return Delivery(**kept, raw=desk.store.get(row["digest"]), again=True)


def _vouch(row: Mapping[str, Any], answer: Answer, ledger: Ledger, desk: Desk, now: datetime) -> None:
    """「是本人」: the return counts as sent by whom the note names, else by whom it was expected from. With a date the
    address is remembered as that person's own until then (P23). Where nobody is named it goes on waiting."""
    task = next((t for t in ledger.tasks() if t.kind == "confirm_sender" and t.delivery == row["digest"]), None)
    if task is None:
        return
    day = _DAY.search(answer.note)
    said = _DAY.sub("", answer.note).strip(" ，,。.：:至到")
    name = said or str(task.context.get("whose") or "")
    with ledger.facts() as facts:
        person = next(iter(facts.find("person", "name", name) or facts.find("person", "email", name.lower())), None)
        known = person or any(name in (d.number, d.values.get("email")) for d in facts.all("department"))
    if not known:
        return
    with ledger.begin() as tx:
        note = Entry(task.number, now, "task vouch", "", row["digest"], answer.by, {"note": name})
        tx.write(None, Judgement(tasks=(dataclasses.replace(task, state="done"),), entries=(note,)), now)
    desk.take_vouched(_anew(row, ledger, desk), name, now)
    if person is not None and day and row["sender"] != person.values.get("email"):
        until = "-".join(f"{int(part):02d}" for part in day.groups())
        values = {"private_email": row["sender"], "private_until": until}
        base = {n: ledger.plain("person", person.values).get(n) for n in values}
        edit = {"form": "person", "number": person.number, "values": values, "base": base,
                "base_revision": person.revision, "by": answer.by}  # fmt: skip
        desk.take([_edit(edit, answer.where, now)], now)


def carry_out_words(ledger: Ledger, desk: Desk, now: datetime) -> None:
    """What the office answered by mail to the list of what waits; each word once, also after a crash in between."""
    for task in (t for t in ledger.tasks() if t.kind == intake.WORD):
        said = task.context
        mail, action, word, note, by = (str(said[n]) for n in ("mail", "action", "word", "note", "by"))
        answer = Answer("mail", mail, action, word, note, by, "mail")
        _mail(answer, Delivery("workbook", "mail", now, b"", digest=task.delivery), ledger, desk, now)
        with ledger.begin() as tx:
            tx.write(None, Judgement(tasks=(dataclasses.replace(task, state="done"),)), now)


def _merge(task: Task, answer: Answer, ledger: Ledger, desk: Desk, now: datetime) -> None:
    """「并入」 with a case in 说明: a case that this mail opened becomes part of that one; what it added to another
    case is moved there; a mail that was not taken in is taken in there (P7)."""
    with ledger.facts() as facts:
        words = [*re.findall(r"[A-Za-z0-9]+-[A-Za-z0-9-]+", answer.note), str(task.context.get("other") or "")]
        target = next((r for w in words if w and (r := facts.record(w.upper()))), None)
        own = facts.record(task.number) if task.number else None
        mine = [r for r in facts.case(own.case_no or own.number) if _brought(r, task)] if own else []
    if target is None:
        return
    if own is not None and (field := str(task.context.get("field") or "")):  # what was suggested is written down
        desk.take([_edit(_said(own, field, target.number, answer), answer.where, now)], now)
    elif own is not None and own.form == target.form and own in mine:
        desk.take([_edit(_said(own, "duplicate_of", target.number, answer), answer.where, now)], now)
    elif contact := next((r for r in mine if r.form == "contact"), None):
        desk.take([_edit(_said(contact, "case_no", target.number, answer), answer.where, now)], now)
    elif row := next(iter(ledger.deliveries(digest=task.delivery)), None):
        desk.take_into(_anew(row, ledger, desk), target.number, now)


def _brought(record: Record, task: Task) -> bool:
    """Was a record opened by the mail that the task is about?"""
    return bool(task.delivery) and any(o.delivery == task.delivery for o in record.origin.values())


def _said(record: Record, field: str, value: str, answer: Answer) -> dict[str, Any]:
    """One field of a record, as the office sets it."""
    base = {field: record.values.get(field)}
    return {"form": record.form, "number": record.number, "values": {field: value}, "base": base,
            "base_revision": record.revision, "by": answer.by}  # fmt: skip


def _conflict(answer: Answer, delivery: Delivery, ledger: Ledger, desk: Desk, now: datetime) -> None:
    """One of both values is chosen. When the last field of a row is decided, what was chosen and what waited with it is
    one edit of the office against what stands: the row is taken whole."""
    number, _, field = answer.key.partition("/")
    found = next((c for c in ledger.conflicts() if (c.number, c.field) == (number, field) and not c.waits), None)
    if found is None or answer.action not in ("keep", "take"):
        return
    with ledger.begin() as tx:
        tx.close_conflict(number, field, "ours" if answer.action == "keep" else "theirs")
    rest = ledger.conflicts(delivery=found.delivery)
    if all(c.waits for c in rest):
        row = (*ledger.conflicts("theirs", found.delivery), *rest)
        if row:
            desk.take([_edit(_chosen(row, answer, ledger), answer.where, now)], now)
        with ledger.begin() as tx:
            for conflict in rest:
                tx.close_conflict(conflict.number, conflict.field, "theirs")


def _chosen(row: Sequence[Conflict], answer: Answer, ledger: Ledger) -> dict[str, Any]:
    with ledger.facts() as facts:
        record = facts.record(row[0].number)
    assert record is not None
    stands = {c.field: c.base if c.waits else record.values.get(c.field) for c in row}
    return {
        "form": record.form,
        "number": record.number,
        "values": ledger.plain(record.form, {c.field: c.theirs for c in row}),
        "base": ledger.plain(record.form, stands),
        "base_revision": record.revision,
        "by": answer.by,
    }


def _edit(given: Mapping[str, Any], where: str, now: datetime) -> Delivery:
    raw = json.dumps({"where": {}, **given}, ensure_ascii=False, sort_keys=True, default=str).encode()
    return Delivery("workbook", where, now, raw, name=where, digest=hashlib.sha256(raw).hexdigest())


_KINDS: Mapping[str, Callable[[Answer, Delivery, Ledger, Desk, datetime], None]] = {
    "task": _task,
    "clock": _clock,
    "letter": _letter,
    "mail": _mail,
    "conflict": _conflict,
}

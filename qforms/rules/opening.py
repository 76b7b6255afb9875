"""What a trigger does: opens a form, attaches a further complaint to the open one, links a recurrence (A12, B23, B24).

A form that can be opened by triggers declares the fields in which the trigger is told: `triggers` (codes), `trigger_at`
(T0), `trigger_complaint`, `complaints`, `customers`, `denom_basis`, `retrigger_at` (a new kind of trigger after it was
issued), `to_depts`, `cc_depts`, `merged_into` (the form that took its place). Those that it does not have are left
out."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from qforms.model import FOUND_MOST, FigureRule, Form, Origin, Record, TriggerRule, Value
from qforms.rules import addressing
from qforms.rules.names import Names
from qforms.rules.view import index_of, newest_first, values_at
from qforms.rules.work import Work, by_rule

MERGED = "merged_into"
MERGES = 8  # merged, and merged again


def open_or_revise(work: Work, rule: TriggerRule, names: Names) -> None:
    subject = names.record
    current = _kept_into(work, rule, subject)
    if current is not None:
        _attach(work, rule, names, current)
        return
    key = {k: v for k in rule.key if (v := _key_value(rule, names, k)) not in (None, "", ())}
    if len(key) < len(rule.key):
        return
    open_, closed = _existing(work, rule, key, subject)
    open_ = open_ or _alone(work, rule, subject)
    if open_ is None and closed is not None and not _anew(work, rule, subject, closed):
        return
    if open_ is not None:
        _into(work, rule, subject, open_.number)
        _attach(work, rule, names, open_)
    elif rule.if_none == "open":
        _open(work, rule, names, key, closed)


def no_longer(work: Work, rule: TriggerRule, subject: Record, basis: Any) -> None:
    """The condition does not hold (any more): figures on the form it opened are brought up to date all the same."""
    names = work.names(subject, basis=basis)
    key = {k: v for k in rule.key if (v := _key_value(rule, names, k)) not in (None, "", ())}
    if not rule.code or len(key) < len(rule.key):
        return
    open_, _ = _existing(work, rule, key, subject)
    if open_ is not None and rule.code in (open_.values.get("triggers") or ()):
        _write(work, rule, open_, _fills(work, rule, names, open_))


# ---------------------------------------------------------------- which one


def _key_value(rule: TriggerRule, names: Names, key: str) -> Value:
    """What a key field of the form to be opened has to be: as filled in, else the subject itself or its field."""
    if key in rule.fill:
        return rule.fill[key](names)
    return names.record.number if key == names.record.form else names.get(key)


def _existing(
    work: Work, rule: TriggerRule, key: Mapping[str, Value], subject: Record
) -> tuple[Record | None, Record | None]:
    """The open form under that key, and the newest closed one."""
    if indexed := [k for k in key if _indexed(work, rule.open, k)]:
        found = _under(work, rule.open, {k: key[k] for k in indexed})
    else:
        found = newest_first(r for r in work.view.case(subject.case_no) if r.form == rule.open)
    same = [r for r in found if r.number != subject.number and all(_is(r, k, v) for k, v in key.items())]
    open_ = next((r for r in (_stands_for(work, r) for r in same) if not work.final(r)), None)
    return open_, next((r for r in same if work.final(r)), None)


def _under(work: Work, form: str, keys: Mapping[str, Value]) -> tuple[Record, ...]:
    """All records under one of the keys: the first under which there are few, so that a customer with many visits costs
    no more than another."""
    for name, value in keys.items():
        found = work.view.find(form, name, value)
        if len(found) < FOUND_MOST:
            return found
    return work.view.members(form, *next(iter(keys.items())))


def _stands_for(work: Work, record: Record) -> Record:
    """The record itself, or that into which it was merged."""
    for _ in range(MERGES):
        number = str(record.values.get(MERGED) or "") if work.final(record) else ""
        target = work.view.record(number) if number else None
        if target is None or target.form != record.form:
            return record
        record = target
    return record


def _indexed(work: Work, form: str, name: str) -> bool:
    field = work.catalogue.field(form, name)
    return field is not None and (field.key or field.type == "ref")


def _is(record: Record, key: str, value: Value) -> bool:
    if key == "case_no" and key not in record.values:
        return bool(record.case_no == value)
    return bool(index_of(value) in values_at(record, key))


def _kept_into(work: Work, rule: TriggerRule, subject: Record) -> Record | None:
    """The form that the subject already belongs to, if a person said so or it has been confirmed."""
    current = work.view.record(str(subject.values.get(rule.into) or "")) if rule.into else None
    if current is None or current.form != rule.open:
        return None
    stays = not by_rule(subject, rule.into) or current.status != work.form(current).lifecycle.start
    return current if stays and not work.final(current) else None


def _alone(work: Work, rule: TriggerRule, subject: Record) -> Record | None:
    """The provisional form of which the subject is the only member: it is described anew, not opened again."""
    current = (
        work.view.record(str(subject.values.get(rule.into) or "")) if rule.into and rule.if_open == "attach" else None
    )
    if current is None or work.final(current):
        return None
    members = work.view.find(subject.form, rule.into, current.number)
    return current if [r.number for r in members] == [subject.number] else None


def _anew(work: Work, rule: TriggerRule, subject: Record, closed: Record) -> bool:
    """Does a closed form call for a new one? By a new complaint, or by a kind of trigger that it did not have."""
    if rule.if_closed == "nothing":
        return False
    cause = cause_of(work, subject)
    if cause is not None and (work.view.base(cause.number) is None or _moved(work, cause, subject)):
        return True
    return rule.code not in (closed.values.get("triggers") or (rule.code,))


def _moved(work: Work, cause: Record, subject: Record) -> bool:
    """Has the cause been put under the subject by this delivery?"""
    field = work.book.reference(cause.form, subject.form)
    return bool(field) and work.changed(cause.number, field)


# ---------------------------------------------------------------- opening and attaching


def cause_of(work: Work, subject: Record) -> Record | None:
    """The record whose change made the subject be looked at: itself, where it is a case."""
    if subject.number == subject.case_no:
        return subject
    return work.view.record(work.causes.get(subject.number) or subject.number)


def complaint_of(work: Work, subject: Record) -> Record | None:
    """The complaint that the trigger speaks of: the cause, else the newest record counted under the subject."""
    cause = cause_of(work, subject)
    if cause is not None and cause.case_no and cause.case_no == cause.number:
        return cause
    counted = (f.over for f in work.book.rulebook.figures if f.of == subject.form and f.over != subject.form)
    for form in dict.fromkeys(counted):
        field = work.book.reference(form, subject.form)
        found = work.view.find(form, field, subject.number) if field else ()
        if found:
            return found[0]
    return work.view.record(subject.case_no) if subject.case_no else None


def newest_case(work: Work, subject: Record) -> str:
    complaint = complaint_of(work, subject)
    return complaint.case_no if complaint else ""


def moment(work: Work, subject: Record) -> datetime:
    """T0: arrival of the complaint that makes it true; else the moment of the change, for nobody knew before (A06)."""
    cause = cause_of(work, subject)
    if cause is None or cause.number in work.corrected or cause.received_at is None:
        return work.at
    return cause.received_at if cause.case_no == cause.number and work.starts_case(work.form(cause)) else work.at


def _open(work: Work, rule: TriggerRule, names: Names, key: Mapping[str, Value], closed: Record | None) -> None:
    subject, form = names.record, work.catalogue.form(rule.open)
    complaint, t0 = complaint_of(work, subject), moment(work, subject)
    alike = complaint is not None and bool(rule.code) and complaint.form != rule.open
    values = _taken_over(work, form, complaint) if complaint is not None and alike else {}
    values |= {**_fills(work, rule, names, None), **_told(work, rule, form, None, complaint, t0, names)}
    values |= _added(work, rule, names, None)
    values |= {k: as_kept(work, form.name, k, v) for k, v in key.items() if work.catalogue.field(form.name, k)}
    if closed is not None and rule.link and work.catalogue.field(form.name, rule.link):
        values[rule.link] = closed.number
    origin = dict.fromkeys(values, Origin("", by=rule.name))
    case_no = complaint.case_no if complaint else subject.case_no
    case_no = case_no if _of_one_case(work, form) else ""
    if work.catalogue.field(form.name, "received_at"):
        values.setdefault("received_at", t0)
    record = work.open(rule.open, values, origin, case_no, t0, t0, rule.name)
    if work.starts_case(form):
        record = work.view.put(dc.replace(record, case_no=record.number))
    work.note(record.number, "triggered", rule.name, t0, code=rule.code, subject=subject.number, clause=rule.clause)
    _into(work, rule, subject, record.number)
    addressing.readdress(work, record.number)
    if complaint is not None:
        work.touch(complaint.number)  # its priority may rest on the report


def _of_one_case(work: Work, form: Form) -> bool:
    """What is named by a customer or a week, and refers to nothing that belongs to a case, belongs to no one case."""
    refs = (f.ref for f in form.fields if f.type == "ref" and f.ref in work.catalogue.forms)
    return "{seq" in form.number or any(not work.catalogue.form(ref).named_by for ref in refs)


def _into(work: Work, rule: TriggerRule, subject: Record, number: str) -> None:
    old = subject.values.get(rule.into) if rule.into else None
    field = work.catalogue.field(subject.form, rule.into) if rule.into else None
    known = tuple(old) if isinstance(old, tuple) else (old,)
    if field is not None and number not in known:
        value = (*(old or ()), number) if field.many else number
        work.revise(subject.number, {rule.into: value}, Origin("", by=rule.name), content=False)


def _attach(work: Work, rule: TriggerRule, names: Names, record: Record) -> None:
    """Tells an open form of what has come to it: one revision a delivery, with a letter if it was issued before."""
    if rule.if_open == "nothing":
        return
    form = work.form(record)
    subject = work.view.record(names.record.number) or names.record
    complaint = complaint_of(work, subject)
    names = Names(names.book, names.view, subject, names.today, names.extra, names.basis)
    changes = {**_fills(work, rule, names, record), **_told(work, rule, form, record, complaint, None, names)}
    changes |= _added(work, rule, names, record)
    new_kind = (
        bool(rule.code)
        and work.catalogue.field(form.name, "triggers")
        and rule.code not in (record.values.get("triggers") or ())
    )
    if new_kind and work.catalogue.field(form.name, "retrigger_at") and record.values.get("issued_at"):
        changes["retrigger_at"] = moment(work, subject)
    if _write(work, rule, record, changes) and new_kind:
        work.note(record.number, "triggered", rule.name, moment(work, subject), code=rule.code, clause=rule.clause)


def _write(work: Work, rule: TriggerRule, record: Record, changes: Mapping[str, Value]) -> bool:
    if not work.revise(record.number, changes, Origin("", by=rule.name), content=rule.if_open == "revise"):
        return False
    work.revised(record.number)
    return True


# ---------------------------------------------------------------- what is written into it


def _fills(work: Work, rule: TriggerRule, names: Names, record: Record | None) -> dict[str, Value]:
    """The rule's `fill`, but for what a person wrote."""
    found: dict[str, Value] = {}
    for name, expression in rule.fill.items():
        if record is None or by_rule(record, name):
            value = expression.value(names)
            if value is not None:
                found[name] = as_kept(work, rule.open, name, value)
    return found


def _added(work: Work, rule: TriggerRule, names: Names, record: Record | None) -> dict[str, Value]:
    """The rule's `add`: what a field with several values gets besides what it holds, or a list as a row. The row whose
    first column says the same as that of a new one is brought up to date instead."""
    found: dict[str, Value] = {}
    for name, part in rule.add.items():
        old = tuple(record.values.get(name) or ()) if record else ()
        if isinstance(part, Mapping):
            row = {column: v for column, e in part.items() if (v := e(names)) is not None}
            found[name] = _with_row(old, next(iter(part)), row)
        elif (value := part(names)) is not None:
            found[name] = tuple(dict.fromkeys([*old, *(value if isinstance(value, tuple) else (value,))]))
    return {name: value for name, value in found.items() if value}


def _with_row(rows: tuple[Any, ...], key: str, row: dict[str, Value]) -> tuple[Any, ...]:
    if key not in row:
        return rows
    if any(r.get(key) == row[key] for r in rows):
        return tuple({**r, **row} if r.get(key) == row[key] else r for r in rows)
    return (*rows, row)


def _taken_over(work: Work, form: Form, complaint: Record) -> dict[str, Value]:
    """What the complaint says, in the fields that bear the same name there: model, lot, symptom, demand, photos …"""
    same = work.book.alike(form.name, complaint.form)
    return {name: complaint.values[name] for name in same if name in complaint.values}


def _told(
    work: Work, rule: TriggerRule, form: Form, record: Record | None, complaint: Record | None,
    t0: datetime | None, names: Names,
) -> dict[str, Value]:  # fmt: skip
    """What the trigger itself has to say, in the fields that the form declares for it."""
    number = complaint.number if complaint else None
    linked = _linked(work, rule, names, complaint) if complaint and record is None else [complaint] if complaint else []
    said: dict[str, Value] = {"trigger_at": t0, "trigger_complaint": number if record is None else None}
    said["denom_basis"] = names.basis.per.name if names.basis else None
    said["trigger_text"] = _arithmetic(work, rule, names, str(record.values.get("trigger_text", "")) if record else "")
    listed = {"triggers": [rule.code], "complaints": [c.number for c in linked], "customers": map(_customer, linked)}
    listed["source_docs"] = [names.record.number] if record is None else []
    for name, values in listed.items():
        old = tuple(record.values.get(name) or ()) if record else ()
        if new := [v for v in dict.fromkeys(values) if v and v not in old]:
            said[name] = (*old, *new)
    return {k: v for k, v in said.items() if v is not None and work.catalogue.field(form.name, k)}


def _linked(work: Work, rule: TriggerRule, names: Names, complaint: Record) -> list[Record]:
    """The complaints that a new form is about: all counted under what it is keyed by, oldest first, and its own."""
    subject = names.record
    for key in rule.key:
        group = subject if key == subject.form else work.view.record(str(_key_value(rule, names, key) or ""))
        figures = work.book.rulebook.figures if group else ()
        figure = next((f for f in figures if group and (f.of, f.over) == (group.form, complaint.form)), None)
        if group is None or figure is None or group.form == complaint.form:
            continue
        members = work.view.members(complaint.form, work.book.reference(complaint.form, group.form), group.number)
        counted = [m for m in members if figure.where is None or figure.where(work.names(m)) is True]
        found = {m.number: m for m in [*counted, complaint]}
        return sorted(found.values(), key=lambda m: (m.received_at is None, m.received_at, m.number))
    return [complaint]


def _arithmetic(work: Work, rule: TriggerRule, names: Names, before: str) -> str | None:
    """How the trigger was reckoned, one part a code: TR1 16/5000 = 3.200‰."""
    own, other = figures_of(work, rule)
    n, whole = (names.figure(own), names.figure(other)) if own and other else (None, None)
    text = f"{n}/{whole} = {Decimal(n) * 1000 / Decimal(whole):.3f}‰" if n and whole else rule.say.zh
    if not rule.code or not text:
        return before or None
    parts = {p.partition(" ")[0]: p for p in before.split("；") if p} | {rule.code: f"{rule.code} {text}"}
    return "；".join(parts[k] for k in sorted(parts))


def figures_of(work: Work, rule: TriggerRule) -> tuple[FigureRule | None, FigureRule | None]:
    """Numerator and denominator of a trigger's rate: the figures kept by lot or model that its condition names."""
    scoped = work.book.scoped[rule.name]
    own = next((f for f in scoped if f.of == rule.on), None)
    return own, next((f for f in scoped if f.of != rule.on), None)


def _customer(complaint: Record) -> Value:
    return complaint.values.get("customer") or complaint.values.get("customer_name")


def as_kept(work: Work, form: str, name: str, value: Value) -> Value:
    """A value as the field keeps it."""
    field = work.catalogue.field(form, name)
    if field is None or value is None:
        return value
    if field.type == "date" and isinstance(value, datetime):
        value = work.day(value)
    if field.type == "int" and isinstance(value, Decimal):
        value = int(value)
    return (value,) if field.many and not isinstance(value, tuple) else value

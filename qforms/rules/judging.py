"""Judging a delivery: the outcomes of admission are written into records, then the rules run to their rest.

Each outcome goes in whole or is refused with a problem; what one form is refused for does not touch the next."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from datetime import datetime

from qforms import problems
from qforms.forms.overlaps import overlaps
from qforms.model import Facts, Form, Judgement, Origin, Outcome, Problem, Reading, Record, Task, Text, Value
from qforms.rules import (
    answers,
    calc,
    engine,
    extending,
    letters,
    lifecycle,
    lookups,
    reversing,
    transcribing,
    translating,
)
from qforms.rules.work import Refusal, Work, by_rule
from qforms.settings import Procedures

WRITTEN = ("accepted", "partial")


def judge(
    outcomes: Sequence[Outcome], reading: Reading, facts: Facts, procedures: Procedures, now: datetime
) -> Judgement:
    """All that a delivery changes. Pure: the same facts, outcomes and times give the same judgement.

    An outcome that a lifecycle or a right forbids comes back refused, with its reason. Raises QformsError when the
    rules of the office trigger each other without end."""
    work = Work(facts, procedures, now, min(reading.delivery.received_at, now), reading)
    done = []
    for outcome in outcomes:
        work.speaker = outcome.speaker
        work.answering, work.answering_for = _answering(facts, outcome)
        done.append(_admitted(work, outcome))
    engine.settle(work)
    transcribing.settle(work)
    judged = engine.finish(work, tuple(done))
    if work.history:
        return judged
    for outcome in done:
        work.speaker = outcome.speaker
        answers.owed(work, outcome)
    view = work.view
    letters_, tasks = tuple(view.letters.values()), tuple(view.tasks.values())
    return dc.replace(judged, outcomes=tuple(done), entries=tuple(view.entries), letters=letters_, tasks=tasks)


def _answering(facts: Facts, outcome: Outcome) -> tuple[frozenset[str], str]:
    """The department and the person that the answered letter had asked for a decision, and for whom."""
    letter = facts.letter_by_code(outcome.token) if outcome.token else None
    asked = letter.intent.facts if letter else {}
    named = frozenset(str(asked[k]) for k in ("department", "name", "for_name") if asked.get(k))
    return named, str(asked.get("for_name", ""))


def _admitted(work: Work, outcome: Outcome) -> Outcome:
    done = _taken(work, outcome)
    about = work.view.record(done.number) if done.number else None
    for task in outcome.tasks:
        record = work.view.record(task.number) or about
        case = task.case_no or (record.case_no if record else "")
        owner = letters.in_charge(work, task.owner, record)
        work.view.put_task(dc.replace(task, number=record.number if record else "", case_no=case, owner=owner))
    return done


def _taken(work: Work, outcome: Outcome) -> Outcome:
    if outcome.state not in WRITTEN or not outcome.form:
        return outcome
    snapshot = work.snapshot()
    try:
        number = _written(work, outcome)
    except Refusal as refusal:
        work.restore(snapshot)
        _told_office(work, outcome, refusal.problem)
        answer = outcome.answer or ("rejection" if work.reading and work.reading.address else "")
        return dc.replace(outcome, state="refused", reason=refusal.problem, answer=answer)
    record = work.view.record(number)
    return dc.replace(outcome, number=number, case_no=record.case_no if record else "")


def _told_office(work: Work, outcome: Outcome, problem: Problem) -> None:
    """What was typed in the workbook and the rules refuse is no mail that could be answered: the clerk gets a task."""
    reading = work.reading
    if reading is None or reading.delivery.channel != "workbook":
        return
    record = work.view.record(outcome.number)
    form = work.catalogue.form(outcome.form)
    field = work.catalogue.field(form.name, problem.field) if problem.field else None
    said = [problems.say(problem, lang, field.label[lang] if field else problem.field) for lang in ("zh", "en")]
    text = Text(f"总表里有内容没有收下：{said[0]}", f"Not taken from the workbook: {said[1]}")
    number, case = (record.number, record.case_no) if record else ("", outcome.case_no)
    owner = letters.in_charge(work, "office", record)
    key = f"read:{reading.key[:24]}:{number}"
    context = {"form": form.name, "code": problem.code}
    work.view.put_task(
        Task(key, "read", case, number, text, owner, work.at, None, "open", ("已办",), work.delivery, context)
    )


def _written(work: Work, outcome: Outcome) -> str:
    form = work.catalogue.form(outcome.form)
    number = outcome.number or work.standing(form, outcome.values)
    existing = work.view.record(number) if number else None
    new = existing is None
    if existing is None:
        number = _opened(work, form, outcome).number
    else:
        _revised(work, existing, outcome)
        if any(p.severity == "error" for p in outcome.problems):
            work.faulty.add(number)
    record = work.view.record(number)
    assert record is not None
    lookups.settle(work, number)
    translating.settle(work, number)
    calc.settle(work, number)
    _check(work, number, outcome)
    if new and form.name == extending.EXTENSION:
        extending.opened(work, record)
    if new:
        lifecycle.opened(work, number)
    authorised = bool(outcome.token)
    if form.name == lifecycle.APPROVAL and (new or work.changed(number, "entered_for")):
        lifecycle.decided(work, record, outcome.speaker, authorised)
    if outcome.event:
        lifecycle.asked(work, number, outcome.event, outcome.speaker, authorised, outcome.why)
    return number


def _check(work: Work, number: str, outcome: Outcome) -> None:
    """Raises Refusal for a check of the form that fails now that all is known which it rests on: computed fields,
    figures, the records referred to. Admission has held back what it could judge by the given values alone."""
    record = work.view.record(number)
    assert record is not None
    form, names, conditions = work.form(record), work.names(record), work.procedures.rulebook.conditions
    for n, check in enumerate(form.checks):
        that, when = conditions.get(f"{form.name}:check:{n}"), conditions.get(f"{form.name}:check_when:{n}")
        if that is None or (check.when and not (when and when(names))) or that(names) is not False:
            continue
        rest = {name.partition(".")[0] for c in (that, when) if c for name in c.names}
        if not rest.isdisjoint(outcome.values) or rest.isdisjoint(f.name for f in form.fields if not f.calc):
            said = {"zh": check.say.zh, "en": check.say["en"]}
            raise Refusal(Problem("check_failed", outcome.where.get(check.at, ""), check.at, said))
    for problem in overlaps(form, record.values, work.catalogue):
        if problem.field in outcome.values:
            raise Refusal(problem)


def _opened(work: Work, form: Form, outcome: Outcome) -> Record:
    assert work.reading is not None
    received = outcome.values.get("received_at") if work.catalogue.field(form.name, "received_at") else None
    received = min(received, work.now) if isinstance(received, datetime) else work.at
    values = dict(outcome.values)
    if work.catalogue.field(form.name, "received_at"):
        values["received_at"] = received
    if outcome.alarm and work.catalogue.field(form.name, "danger_words"):
        values["danger_words"] = outcome.alarm
    if work.catalogue.field(form.name, "registered_by") and outcome.speaker.kind not in ("customer", "stranger"):
        values.setdefault("registered_by", outcome.speaker.name or "、".join(sorted(outcome.speaker.roles)) or "-")
    outside = outcome.speaker.kind in ("customer", "stranger")
    reserved = "" if outside else outcome.number
    record = work.open(form.name, values, _origins(work, outcome, values), "", received, received, "", reserved)
    case = outcome.case_no or str(values.get("case_no") or "") or _own_case(work, form, record)
    record = work.view.put(dc.replace(record, case_no=case))
    if outcome.alarm:
        work.note(record.number, "alarm", words=list(outcome.alarm))
    return record


def _own_case(work: Work, form: Form, record: Record) -> str:
    """A form that a customer may open starts a case of its own; others belong to that of what they refer to. What an
    employee found, and refers to nothing, is a case too."""
    if work.starts_case(form):
        return record.number
    for field in (f for f in form.fields if f.type == "ref"):
        value = record.values.get(field.name)
        target = work.view.record(str(value[0] if isinstance(value, tuple) and value else value or ""))
        if target is not None and target.case_no:
            return target.case_no
    return record.number if "employee" in form.open_by else ""


def _revised(work: Work, record: Record, outcome: Outcome) -> None:
    values = reversing.kept(work, record, outcome.values)
    if outcome.alarm and work.catalogue.field(record.form, "danger_words"):
        old = tuple(record.values.get("danger_words") or ())
        values["danger_words"] = tuple(dict.fromkeys([*old, *outcome.alarm]))
    before = {k: record.values.get(k) for k in values}
    if any(before[k] is not None and before[k] != v and _stood(work, record, k) for k, v in values.items()):
        work.corrected.add(record.number)
    origins = _origins(work, outcome, values)
    if typed := transcribing.begin(work, record, outcome.speaker):
        origins = {name: transcribing.origin(typed, name, own) for name, own in origins.items()}
    changed = {k: v for k, v in values.items() if v != before[k]}
    for name, value in changed.items():
        work.revise(record.number, {name: value}, origins[name])
    if changed.get("case_no"):  # a contact that belongs to another case
        moved = work.view.records[record.number]
        work.view.put(dc.replace(moved, case_no=str(changed["case_no"])))
    if changed:
        labels: Mapping[str, Value] = {k: _plain(work, record, k, v) for k, v in changed.items()}
        work.note(record.number, "revised", fields=labels)
    work.touch(record.number)


def _stood(work: Work, record: Record, name: str) -> bool:
    """Was it so until now: said by a person, or where the record belonged (A06)? A suggestion is neither."""
    field = work.catalogue.field(record.form, name)
    return not by_rule(record, name) or (field is not None and field.type == "ref")


def _plain(work: Work, record: Record, name: str, value: Value) -> str:
    field = work.catalogue.field(record.form, name)
    return work.catalogue.show(field, value, work.settings.lang) if field and value is not None else ""


def _origins(work: Work, outcome: Outcome, values: Mapping[str, Value]) -> dict[str, Origin]:
    by = outcome.speaker.address or outcome.speaker.name or "、".join(sorted(outcome.speaker.roles))
    return {k: Origin(work.delivery or "-", outcome.where.get(k, ""), by, outcome.part) for k in values}

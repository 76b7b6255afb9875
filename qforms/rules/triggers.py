"""Triggers: a condition that comes true opens a form, or a new revision of the one that is open, or a task.

Where the condition names figures kept by lot and by model, each lot and the model's window is judged by itself, and the
largest rate decides (A07). A lot or window whose denominator is unknown is left out; if all are, rates are unknown."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from qforms.forms.shown import filled
from qforms.model import FigureRule, Lang, Record, Task, Text, TriggerRule
from qforms.rules import basis as b
from qforms.rules import letters, opening
from qforms.rules.work import Work

Bases = dict[str, list[b.Basis | None]]  # by the key of their scale


def judge(work: Work, number: str, asleep: bool = False) -> None:
    """Judges the triggers on a record; on one that is `asleep` (its life is over), only which tasks are done."""
    record = work.view.record(number)
    if record is None or record.form not in work.book.triggers:
        return
    known: Bases = {}  # rules on the same figures have the same bases
    open_ = work.agenda(record)
    for bit, rule in open_.due("triggers"):
        if (asleep and not rule.at_end) or (work.history and not rule.in_history):
            continue
        if _judge_each(work, rule, record) if rule.each or rule.series else _judge(work, rule, record, known):
            record = work.view.record(number) or record
            open_.look(work.view, record)
            known.clear()
        else:
            open_.settle(bit)
    settle_tasks(work, number, known)


def _judge_each(work: Work, rule: TriggerRule, record: Record) -> bool:
    """Judges a trigger for each row of a list, each value of a field with several, or each step of its series; had it
    anything to say?"""
    steps = _steps(work, rule, record)
    for row in steps:
        names = work.names(work.view.record(record.number) or record, {k: v for k, v in row.items() if v is not None})
        if rule.when.holds(names):
            opening.open_or_revise(work, rule, names)
    return bool(steps)


def _steps(work: Work, rule: TriggerRule, record: Record) -> list[Mapping[str, Any]]:
    names = work.names(record)
    if rule.series:
        days = ((step, day(names)) for step, day in rule.series.items()) if rule.when(names) is not False else ()
        return [{"step": step, "day": day} for step, day in days if day is not None]
    values = record.values.get(rule.each) or ()
    return [value if isinstance(value, Mapping) else {"each": value} for value in values]


def _judge(work: Work, rule: TriggerRule, record: Record, known: Bases) -> bool:
    """Judges a trigger; had it anything to say?"""
    if not work.book.scoped[rule.name]:
        if not rule.when.holds(names := work.names(record)):
            return False
    else:
        choices = _bases(work, rule, record, known)
        holding = [c for c in choices if rule.when.holds(work.names(record, basis=c))]
        if not holding:
            if rule.open:
                opening.no_longer(work, rule, record, _largest(work, rule, record, choices))
            return False
        names = work.names(record, basis=_largest(work, rule, record, holding))
    if rule.task:
        _task(work, rule, record)
    elif not work.stands(rule, record):
        opening.open_or_revise(work, rule, names)
        work.carried_out(rule, record.number)
    return True


def _bases(work: Work, rule: TriggerRule, record: Record, known: Bases) -> list[b.Basis | None]:
    """What the condition is judged on; [None] when it names no such figure, or nothing is known to divide by."""
    scale = work.book.scales[rule.name]
    if scale.key not in known:
        found: list[b.Basis] = []
        for figure, kinds in scale.own:
            scopes = work.view.scopes(figure.name, work.names(record).key_of(figure))
            found += [b.Basis(kind, s, work.today) for kind in kinds for s in scopes if s.startswith(kind.prefix)]
        if len(scale.own) > 1:
            found = [*dict.fromkeys(found)]
        divided = [basis for basis in found if all(_value(work, record, f, basis) for f in scale.others)]
        known[scale.key] = [*divided] or [None]
    return known[scale.key]


def _value(work: Work, record: Record, figure: FigureRule, basis: b.Basis | None) -> Decimal:
    value = work.names(record).figure(figure, basis=basis)
    return max(Decimal(value), Decimal(0)) if value is not None else Decimal(0)


def _largest(work: Work, rule: TriggerRule, record: Record, bases: list[b.Basis | None]) -> b.Basis | None:
    """The basis with the largest rate: the subject's figure over the other's."""
    over, under = opening.figures_of(work, rule)
    if over is None or under is None or len(bases) == 1:
        return bases[0]

    def rate(basis: b.Basis | None) -> Fraction:
        whole = _value(work, record, under, basis)
        return Fraction(_value(work, record, over, basis)) / Fraction(whole) if whole else Fraction(0)

    return max(bases, key=rate)


def _task(work: Work, rule: TriggerRule, record: Record) -> None:
    """Opens the rule's task for the record, once for each that it is for."""
    owed = [(key, role) for key, role in _owners(rule, record.number) if work.view.task(key) is None]
    if not owed:
        return
    due = work.at + rule.within if rule.within else None
    context = {"rule": rule.name, "form": record.form, "clause": rule.clause}
    case = record.case_no or opening.newest_case(work, record)
    text = _said(work, rule, record)
    for key, role in owed:
        owner = letters.in_charge(work, role, record)
        task = Task(
            key, rule.task, case, record.number, text, owner, work.at, due, delivery=work.delivery, context=context
        )
        if work.view.put_task(task):
            work.note(record.number, "task", rule.name, task=key)


def _owners(rule: TriggerRule, number: str) -> list[tuple[str, str]]:
    """Key and owner of each of the rule's tasks on a record: one for each that it is for."""
    owners = rule.to.names or ("office",)
    return [(f"{rule.task}:{number}" + (f":{owner}" if i else ""), owner) for i, owner in enumerate(owners)]


def _said(work: Work, rule: TriggerRule, record: Record) -> Text:
    """What a task says, with the record's values where the rule names their fields: {n_defect}/{n_shipped}."""

    def shown(lang: Lang) -> str:
        return filled(rule.say[lang], work.form(record), record.values, work.catalogue, lang)

    return Text(shown("zh"), shown("en")) if rule.say else Text(rule.name)


def settle_tasks(work: Work, number: str, known: Bases) -> None:
    """Closes the tasks of a record whose rule holds no longer (the shipped quantity has come)."""
    record = work.view.record(number)
    for rule in work.book.tasks.get(record.form, ()) if record else ():
        if record is None:
            return
        open_ = [key for key, _ in _owners(rule, number) if (k := work.view.task(key)) and k.state == "open"]
        if open_ and not any(rule.when.holds(work.names(record, basis=c)) for c in _bases(work, rule, record, known)):
            for key in open_:
                work.view.close_task(key)


def watchers(work: Work, figure: str, of: str) -> Mapping[str, None]:
    """Open records of other forms whose triggers name a figure that changed (an N entered later, B06)."""
    rule = work.book.figures[figure]
    found: dict[str, None] = {}
    for trigger in work.book.watching.get(figure, ()):
        field = rule.subject[0] if rule.subject else rule.of
        declared = work.catalogue.field(trigger.on, field)
        if declared is None or not (declared.key or declared.type == "ref"):
            continue
        for record in work.view.members(trigger.on, field, of.split("|")[0]):
            if not work.final(record):
                found[record.number] = None
    return found


def rate(work: Work, record: Record) -> tuple[Decimal, Decimal] | None:
    """(units, shipped) of the basis that decides for a record, as its first rate trigger counts them; None where the
    shipped quantity is unknown or no trigger on the form compares two figures."""
    for rule in work.book.triggers.get(record.form, ()):
        over, under = opening.figures_of(work, rule)
        if over is not None and under is not None:
            basis = _largest(work, rule, record, _bases(work, rule, record, {}))
            shipped = _value(work, record, under, basis)
            return (_value(work, record, over, basis), shipped) if shipped else None
    return None

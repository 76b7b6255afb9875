"""A form that comes back, an edit, a reply's label lines: a patch against the revision its sender saw (P2, P18)."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable
from typing import Any

from qforms.forms.parts import steps
from qforms.intake import identify, kind, photos, rights
from qforms.intake.matter import Matter, answerable, asked, concerns, errors, failed_checks, refused, top
from qforms.merge import Clash, Merged, merge
from qforms.model import EMPTY, Conflict, Filled, Form, Outcome, Part, Problem, Record, Speaker, Values


def revise(
    matter: Matter,
    filled: Filled,
    record: Record,
    base: Record | None = None,
    evidence: tuple[Part, ...] = (),
    letter_key: str = "",
) -> Outcome:
    """What is right is kept and the rest asked for again; money, shares and decisions stand or fall together."""
    form = matter.form(record.form)
    if identify.is_final(matter, record) and matter.speaker.kind != "office":
        return refused(matter, Problem("record_closed", context={"number": record.number}), filled, record)
    wrong_event = _event_problem(matter, filled, form, record)
    if wrong_event:
        return refused(matter, wrong_event, filled, record)
    may = rights.writable(form, matter.speaker, record)
    seen = filled.base if filled.base is not None else base.values if base else record.values
    given, then, now = (_said(form, values) for values in (_given(filled), seen, record.values))
    merged = _own_word(merge(then, given, now, may), record, matter.speaker)
    problems = [p for p in filled.problems if concerns(matter, form, may, p)]
    problems += _refusals(filled, merged)
    brought = photos.placed(form, evidence, record.values, may)
    values, checks = whole(matter, form, record.values, {**merged.values, **brought}, problems)
    problems += checks
    if merged.refused and not merged.values and not merged.conflicts and not any(map(may, _given(filled))):
        names = ", ".join(merged.refused[:6])
        return refused(
            matter, Problem("not_your_part", context={"number": record.number, "names": names}), filled, record
        )
    waiting: Values = {}
    if filled.how == "edit" and (merged.conflicts or errors(problems)):  # a row of the workbook is taken or held whole
        waiting, values = (EMPTY if errors(problems) else values), {}
    if filled.how == "edit" and errors(problems):  # once it is put right, what clashes is found again
        merged = dc.replace(merged, conflicts={})
    missing = _missing(matter, form, {**record.values, **values}, record, filled)
    conflicts = _conflicts(matter, merged, record, waiting)
    problems += [
        Problem("changed_since", filled.where.get(c.field, ""), c.field, severity="question") for c in conflicts
    ]
    blamed = bool(asked(problems)) or (bool(missing) and filled.how != "edit")
    kept = bool(values or evidence or filled.event) or not blamed
    reason = None if kept else next(iter(asked(problems)), None)
    return Outcome(
        "accepted" if not blamed else "partial" if kept else "refused",
        form.name,
        record.number,
        record.case_no,
        values,
        dict(filled.where),
        filled.part,
        filled.how,
        filled.event,
        tuple(p for p in problems if p is not reason),
        missing if filled.how != "edit" else (),
        conflicts,
        matter.speaker,
        reason=reason,
        evidence=evidence,
        alarm=danger(matter, form, values) if record.status == form.lifecycle.start else (),
        answer="rejection" if blamed and answerable(matter) else "",
        letter_key=letter_key,
    )


def danger(matter: Matter, form: Form, values: Values) -> tuple[str, ...]:
    """Danger that somebody writes of in a form that knows danger, whatever file it came as (P61)."""
    if not matter.has(form.name, "danger_words"):
        return ()
    return kind.nature("", "\n".join(v for v in values.values() if isinstance(v, str))).danger


def _own_word(merged: Merged, record: Record, speaker: Speaker) -> Merged:
    """A field that changed since, but by the speaker's own hand, is in no conflict: the latest word counts. So the file
    that came back marked can be corrected and sent again."""
    hands = {speaker.name, speaker.address} - {""}
    own = {n for n in merged.conflicts if (o := record.origin.get(n)) and o.delivery and o.by in hands}
    values = {**merged.values, **{n: merged.conflicts[n].theirs for n in own}}
    return dc.replace(merged, values=values, conflicts={n: c for n, c in merged.conflicts.items() if n not in own})


def _given(filled: Filled) -> Values:
    """What the sender gave. On a returned form an empty cell says nothing; in an edit or JSON it empties the field."""
    if filled.how in {"edit", "json"}:
        return filled.values
    return {name: value for name, value in filled.values.items() if value is not None}


def _said(form: Form, values: Values) -> Values:
    """Values without the columns that only the program computes: nobody says them, so nobody changes them."""
    computed = {f.name: {c.name for c in f.fields if c.calc and c.filled_by == (rights.SYSTEM,)} for f in form.fields}
    lists = {n: v for n, v in values.items() if v and computed.get(n)}
    bare = {n: tuple({k: v for k, v in r.items() if k not in computed[n]} for r in rows) for n, rows in lists.items()}
    return {**values, **bare} if bare else values


def _refusals(filled: Filled, merged: Merged) -> Iterable[Problem]:
    """Fields changed by one who may not write them: in a cell of the workbook a fault, on a returned form a remark."""
    for name in merged.refused:
        severity = "error" if filled.how in {"edit", "json"} else "warning"
        yield Problem("not_yours", filled.where.get(name, ""), name, severity=severity)  # type: ignore[arg-type]


def whole(
    matter: Matter, form: Form, before: Values, values: Values, problems: list[Problem]
) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The values without those that must wait: a check's own field when it fails, and all of money, shares and
    decisions together when one of them is wrong."""
    checks = failed_checks(matter, form, {**before, **values}) if values else ()
    checks += _unexplained(form, before, values)
    bad = {top(p.field) for p in (*errors(problems), *checks)}
    together = {f.name for f in form.fields if rights.is_money(f)} if bad else set()
    held = {top(p.field) for p in checks} | (together if bad & together else set())
    kept = {name: value for name, value in values.items() if name not in held}
    waiting = [n for n in values if n in held and n not in bad]
    more = tuple(Problem("held_together", "", n, severity="question") for n in waiting)
    return kept, (*checks, *more)


def _unexplained(form: Form, before: Values, values: Values) -> tuple[Problem, ...]:
    """Fields that need a reason when what is known is changed, where none came with the change (A18)."""
    changed = [f for f in form.fields if f.needs_reason and f.name in values and before.get(f.name) is not None]
    if not changed:
        return ()
    bare = (f for f in changed if values[f.name] != before[f.name] and values.get(f.needs_reason) in (None, ""))
    labels = {f.name: f.label for f in form.fields}
    reasons = ((f.name, labels[f.needs_reason]) for f in bare)
    return tuple(
        Problem("change_reason_missing", name, name, {"reason": reason.zh, "reason_en": reason["en"]})
        for name, reason in reasons
    )


def _missing(matter: Matter, form: Form, values: Values, record: Record, filled: Filled) -> tuple[str, ...]:
    """The required fields that this speaker is to fill in and that are still empty, of the parts that are asked for."""
    may = rights.writable(form, matter.speaker, record)
    asked_for = _asked_for(form, record, filled)
    found: dict[str, None] = {}
    for section in rights.reply_sections(form, matter.speaker, record):
        if section.name in asked_for:
            lacking = matter.procedures.catalogue.missing(form.name, values, section.name)
            found.update(dict.fromkeys(f.name for f in lacking if may(f.name)))
    return tuple(found)


def _asked_for(form: Form, record: Record, filled: Filled) -> set[str]:
    """The parts that a return has to hold. Of a form that is filled in step by step (8D) none beyond the last step that
    the sender filled in (P25); of a draft those that he filled in, for nobody has been asked for his part yet."""
    given = [s.name for s in form.sections if any(_given(filled).get(f.name) for f in s.fields)]
    names = steps(form)
    if reached := [n for n in names if n in given]:
        return {s.name for s in form.sections} - set(names[names.index(reached[-1]) + 1 :])
    return set(given) if record.status == form.lifecycle.start else {s.name for s in form.sections}


def _conflicts(matter: Matter, merged: Merged, record: Record, waiting: Values) -> tuple[Conflict, ...]:
    """The fields that both sides changed; with them what was written in the same row, which nobody else changed (so its
    base is what stands) and which waits until somebody has chosen."""
    by = matter.speaker.name or matter.speaker.address
    digest = matter.reading.delivery.digest
    clashes = dict(merged.conflicts)
    clashes |= {name: Clash(record.values.get(name), record.values.get(name), v) for name, v in waiting.items()}
    return tuple(
        Conflict(record.number, name, clash.base, clash.ours, clash.theirs, by, matter.now, digest)
        for name, clash in clashes.items()
    )


def _event_problem(matter: Matter, filled: Filled, form: Form, record: Record) -> Problem | None:
    """Why the lifecycle event that is asked for can't be: unknown, not in this state, not by this speaker."""
    if not filled.event:
        return None
    event = form.lifecycle.event(filled.event)
    context: dict[str, Any] = {"event": filled.event, "status": record.status, "number": record.number}
    if event is None:
        return Problem("event_unknown", context=context)
    context["event"] = {"zh": event.label.zh, "en": event.label.en}
    if record.status not in event.from_:
        return Problem("event_not_now", context=context)
    if not rights.may_ask(event, matter.speaker, form, record):
        return Problem("event_not_yours", context=context)
    return None

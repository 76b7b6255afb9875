"""Lifecycles: what moves a record from one state to another, who may, and what that moves in turn."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from qforms.forms.shown import filled
from qforms.model import SYSTEM, Event, Origin, Problem, Record, Speaker, Text
from qforms.rules import entitled, extending, letters, proxy, signing
from qforms.rules.work import Refusal, Work

APPROVAL = "approval"
VERDICTS = {"agree": "approve", "refuse": "refuse", "object": "object"}  # what each fires: `on: approval.approve`


def by_itself(work: Work, number: str) -> None:
    """Fires the events that happen once their condition holds (`on: filled`)."""
    record = work.view.record(number)
    if record is None or number in work.faulty:  # a return with faults does not meet its clock (P2)
        return
    open_ = work.agenda(record)
    for bit, event in open_.due("filled"):
        if not _open_to(work, record, event):
            open_.settle(bit)
        elif not _again(work, record, event) and (event.sign is None or signing.in_form(work, record, event)):
            fire(work, work.view.record(number) or record, event, SYSTEM)
            return


def opened(work: Work, number: str) -> None:
    """What the opening of a record fires, on itself and on those that it refers to."""
    record = work.view.record(number)
    if record is None:
        return
    for event in work.book.events(record.form, "opened"):
        if _open_to(work, record, event):
            fire(work, record, event, SYSTEM)
            break
    record = work.view.record(number)
    assert record is not None
    _tell(work, record, "opened", strictly=True)


def asked(work: Work, number: str, name: str, speaker: Speaker, authorised: bool = False, reason: str = "") -> None:
    """A person asks for an event, with his reason. Raises Refusal with what stands against it.

    `authorised`: the letter's one-time code was given, so the letter's addressee may."""
    record = work.view.record(number)
    if record is None:
        raise Refusal(Problem("event_no_record", context={"number": number}))
    event = work.form(record).lifecycle.event(name)
    if event is None or not any(o == "person" or o.startswith(f"{APPROVAL}.") for o in event.on):
        raise Refusal(Problem("event_unknown", context={"number": number, "event": name}))
    for_name = entitled.acting(work, speaker, event, record, authorised) if event.sign is None else ""
    if signing.late(work, record, event, speaker, None):
        return
    check(work, record, event)
    unsaid = [f for f, v in event.set.items() if v == "reason" and not reason and not record.values.get(f)]
    if unsaid:
        raise Refusal(Problem("event_reason", field=unsaid[0], context=_context(work, record, event)))
    if event.sign is None or signing.sign(work, record, event, speaker):
        fire(work, record, event, entitled.speaking_for(speaker, for_name), reason)


def rung(work: Work, number: str, clock: str, at: datetime | None = None) -> bool:
    """A clock has run out: fires what waits for it, if it still may, as of `at`. Was there something?"""
    record = work.view.record(number)
    if record is None:
        return False
    for event in work.book.events(record.form, f"clock.{clock}"):
        if _open_to(work, record, event):
            work.at = at or work.at
            if event.sign is not None:
                signing.by_silence(work, record, event)
            fire(work, record, event, SYSTEM)
            return True
    return False


def check(work: Work, record: Record, event: Event, by: Record | None = None) -> None:
    """Raises Refusal unless the record's state, fields and recipients allow the event. `by` is the record whose own
    event fires it."""
    told = _against(work, record, event, by)
    if told is not None:
        problem = told()
        raise Refusal(dc.replace(problem, context={**_context(work, record, event), **problem.context}))


def _against(work: Work, record: Record, event: Event, by: Record | None) -> Callable[[], Problem] | None:
    """What stands against an event, in words for whoever asked for it; None when nothing does."""
    if event.from_ and record.status not in event.from_:
        return lambda: Problem("event_state")
    names = work.names(record)
    empty = [f for f in event.needs if names.get(f) in (None, "", ())]
    lacking = [gate.say for n, gate in enumerate(event.gate) if not _holds(work, record, event, n)]
    if event.gate and (empty or lacking):
        return lambda: Problem("event_gate", context=_listed(work, record, empty, lacking))
    if empty:
        return lambda: Problem("event_needs", field=empty[0], context={"fields": _labels(work, record, empty)})
    condition = work.book.event(record.form, event.name)
    if condition is not None and not condition.holds(names if by is None else work.names(record, firing(by))):
        return lambda: Problem("event_refused" if event.refuse else "event_when")
    return (lambda: Problem("event_nobody")) if letters.to_nobody(work, record, event.name) else None


def _labels(work: Work, record: Record, names: list[str]) -> str:
    lang = work.settings.lang
    return "、".join(f.label[lang] if (f := work.catalogue.field(record.form, n)) else n for n in names)


def _holds(work: Work, record: Record, event: Event, n: int) -> bool:
    """Does what an event's gate asks for hold, or not concern this record?"""
    conditions, names = work.procedures.rulebook.conditions, work.names(record)
    when = conditions.get(f"{record.form}:gate_when:{event.name}:{n}")
    that = conditions.get(f"{record.form}:gate:{event.name}:{n}")
    return (when is not None and not when.holds(names)) or (that is not None and that.holds(names))


def _listed(work: Work, record: Record, empty: list[str], lacking: list[Text]) -> dict[str, str]:
    """All that is missing, in both languages."""
    labels = [fld.label if (fld := work.catalogue.field(record.form, f)) else Text(f) for f in empty]
    form, values = work.form(record), record.values
    zh, en = ([filled(t[lang], form, values, work.catalogue, lang) for t in lacking] for lang in ("zh", "en"))
    return {
        "missing_zh": "；".join([*(f"缺{t.zh}" for t in labels), *zh]),
        "missing_en": "; ".join([*(f"{t['en']} is empty" for t in labels), *en]),
    }


def firing(by: Record | None) -> dict[str, Any]:
    """What an event may name of the record that fires it: objection.target_rev."""
    if by is None:
        return {}
    head = {"number": by.number, "status": by.status, "revision": by.revision, "received_at": by.received_at}
    return {f"{by.form}.{name}": value for name, value in {**by.values, **head}.items() if value is not None}


def fire(
    work: Work, record: Record, event: Event, speaker: Speaker, reason: str = "", by: Record | None = None
) -> None:
    """Moves the record, sets what the event sets, and tells those that the record refers to."""
    now = work.moments.get(record.number, work.at)
    values = {"now": now, "speaker": speaker.name or speaker.address, "reason": reason or None}
    values |= {"revision": record.revision, **firing(by)}
    left = {f for f, v in event.set.items() if v == "reason" and not reason}  # said in the field itself
    changes = {f: values.get(v, v) if isinstance(v, str) else v for f, v in event.set.items() if f not in left}
    origin = Origin(work.delivery if speaker is not SYSTEM else "", by=speaker.name or speaker.address or event.name)
    changes = {f: work.dated(record.form, f, v) for f, v in changes.items()}
    work.move(record.number, event)
    changes |= {name: _longer(record, name, row, values) for name, row in event.add.items()}
    work.revise(record.number, changes, origin, content=False)
    work.note(
        record.number, event.name, f"{record.form}.lifecycle", status=event.to or record.status, before=record.status
    )
    after = work.view.record(record.number)
    if after is not None:
        if after.status != record.status:
            signing.anew(work, after)
        if (effect := _EFFECTS.get((record.form, event.name))) is not None:
            effect(work, after)
        _tell(work, after, event.name)


# What the events of the program's own forms do beyond their record.
_EFFECTS: Mapping[tuple[str, str], Callable[[Work, Record], None]] = {
    (APPROVAL, proxy.REVOKE): proxy.taken_back,
    (extending.EXTENSION, "agree"): extending.agreed,
}


def _longer(record: Record, name: str, row: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[Any, ...]:
    """A list with one row more: what the event adds, told by words (now, speaker), by fields, or as it stands."""
    told = {**record.values, **values}
    added = {c: told.get(v, None if v in values else v) if isinstance(v, str) else v for c, v in row.items()}
    return (*(record.values.get(name) or ()), {c: v for c, v in added.items() if v is not None})


def _tell(work: Work, record: Record, event: str, strictly: bool = False) -> None:
    """Fires `<form>.<event>` on the records that this one refers to, and on its case. `strictly`: raises Refusal where
    such an event says that it refuses, and none can be.

    A decision has fired its event already, when the right to it was asked (`decided`)."""
    happened = f"{record.form}.{event}"
    if record.form == APPROVAL or happened not in work.book.reacted:
        return
    refs = [v for name in work.book.refs(record.form) for v in _many(record.values.get(name))]
    for number in dict.fromkeys([*refs, record.case_no]):
        target = work.view.record(number) if number and number != record.number else None
        if target is None:
            continue
        reactions = work.book.events(target.form, happened)
        possible = next((e for e in reactions if _open_to(work, target, e, record)), None)
        if possible is not None:
            fire(work, target, possible, SYSTEM, by=record)
        elif strictly and (refusing := [e for e in reactions if e.refuse]):
            check(work, target, next((e for e in refusing if target.status in e.from_), refusing[-1]), record)


def decided(work: Work, record: Record, speaker: Speaker, authorised: bool) -> None:
    """A decision on record fires its event on the target. One entered for somebody else waits for that person (P41).

    The event is the one that the decision names, else the one that such a verdict fires. Raises Refusal."""
    values = record.values
    number, verdict = str(values.get("target") or ""), str(values.get("verdict") or "")
    if not number or not verdict:
        return
    target = work.view.record(number)
    if target is None:
        raise Refusal(Problem("event_no_record", context={"number": number}))
    entered = bool(values.get("entered_for") and not values.get("confirmed_at"))
    if entered:
        himself = proxy.decider(work, record, target)
        if himself is None:
            return
        speaker, authorised = himself, False
    events = [e for e in work.form(target).lifecycle.events if f"{APPROVAL}.{VERDICTS[verdict]}" in e.on]
    named = work.form(target).lifecycle.event(str(values.get("event") or ""))
    if named is not None and signing.late(work, target, named, speaker, record):
        return
    events = [e for e in events if target.status in e.from_]
    event = named if named in events or (named and "person" in named.on) else next(iter(events), None)
    if event is None and named is not None and named.refuse:
        event = named  # to say why it can't be
    if event is None:
        return
    for_name = entitled.acting(work, speaker, event, target, authorised) if event.sign is None else ""
    check(work, target, event, record)
    if event.sign is not None and not signing.sign(work, target, event, speaker, record):
        return
    if for_name:
        work.revise(record.number, {"decided_for": for_name}, Origin("", by="deputy"), content=False)
    fire(work, target, event, entitled.speaking_for(speaker, for_name), str(values.get("reason") or ""), record)
    if entered:
        proxy.in_force(work, record, target, event)
    after = work.view.record(number)
    if after is not None and after.form == APPROVAL and after.values.get("confirmed_at"):
        decided(work, after, speaker, authorised=False)  # his own word now: he must have the right to it himself


def _open_to(work: Work, record: Record, event: Event, by: Record | None = None) -> bool:
    return (not event.from_ or record.status in event.from_) and _against(work, record, event, by) is None


def _again(work: Work, record: Record, event: Event) -> bool:
    """An event that leaves the state as it is happens by itself once for a delivery."""
    return any(h.number == record.number and h.event == event.name for h in work.happened)


def _context(work: Work, record: Record, event: Event) -> dict[str, str]:
    lang, lifecycle = work.settings.lang, work.form(record).lifecycle
    return {
        "number": record.number,
        "event": event.label[lang] or event.name,
        "state": lifecycle.state(record.status).label[lang],
        "zh": event.refuse.zh,
        "en": event.refuse["en"],
    }


def _many(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple) else (str(value),) if value not in (None, "") else ()

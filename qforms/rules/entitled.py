"""Who may decide what (1.17): by his own roles, or for somebody who is away and whose deputy he is (P39)."""

from __future__ import annotations

import dataclasses as dc
from decimal import Decimal

from qforms.model import Event, Problem, Record, Speaker
from qforms.rules.work import Refusal, Work

APPROVAL = "approval"
MANAGERS = frozenset({"gm", "gmo", "chief_engineer", "finance", "line_manager"})


def acting(work: Work, speaker: Speaker, event: Event, record: Record, authorised: bool = False) -> str:
    """For whom a speaker decides: "" for himself, else the name of the person whose deputy he is.

    `authorised`: the letter's one-time code was given, so whom it was sent to may. Raises Refusal."""
    who = _acting(work, speaker, event, record, authorised)
    if _his_own(work, speaker, who, event, record):
        raise Refusal(Problem("own_proposal", context=_context(work, record, event)))
    return who


def _acting(work: Work, speaker: Speaker, event: Event, record: Record, authorised: bool) -> str:
    if may(work, speaker, event.by, record):
        return ""
    limited = ""
    for absent in speaker.stands_in:
        if may(work, absent.who, event.by, record):
            if absent.covers(words(work, record), amount(work, record)):
                return absent.who.name
            limited = absent.who.name
    if limited:
        raise Refusal(Problem("deputy_limit", context={**_context(work, record, event), "name": limited}))
    if authorised:
        return work.answering_for
    raise Refusal(Problem("event_right", context=_context(work, record, event)))


def may(work: Work, speaker: Speaker, roles: tuple[str, ...], record: Record) -> bool:
    """Does a speaker hold one of the roles, or stand in one of the fields? The responsible unit is whoever the record
    names."""
    if speaker.kind == "system":
        return True
    if speaker.kind in ("stranger", "customer"):
        return speaker.kind in roles or "anyone" in roles
    if not roles or {"anyone", "employee"}.intersection(roles) or speaker.roles.intersection(roles):
        return True
    if speaker.kind == "office" and "office" in roles:
        return True
    mine = {*speaker.departments, speaker.name} - {""}
    units = {*_many(record.values.get("responsible_dept")), *_many(record.values.get("to_depts"))}
    if "responsible_unit" in roles and units.intersection(speaker.departments):
        return True
    if any(mine.intersection(_many(record.values.get(name))) for name in roles):
        return True
    case = work.view.record(record.case_no)
    return "owner" in roles and case is not None and case.values.get("owner") == speaker.name != ""


def words(work: Work, record: Record) -> frozenset[str]:
    """What a deputy's field may call the decisions on a record: the form's name, code or title."""
    form = work.form(record)
    short = form.number.partition("-")[0]
    return frozenset(w for w in (form.name, form.code, short, form.title.zh, form.title.en) if w)


def amount(work: Work, record: Record) -> Decimal:
    """The largest sum of money that a record names, in CNY; 0 where it names none."""
    sums = (record.values.get(f.name) for f in work.form(record).fields if f.type == "money")
    return max((Decimal(v) for v in sums if v is not None), default=Decimal(0))


def _his_own(work: Work, speaker: Speaker, acting_for: str, event: Event, record: Record) -> bool:
    """Is it the approval of what he himself proposed? No manager gives it, and no deputy does."""
    approval = f"{APPROVAL}.approve" in event.on and record.form != APPROVAL and event.sign is None
    managers = bool(event.by) and all(r in MANAGERS or r.endswith(".head") for r in event.by)
    if speaker.kind != "person" or not approval or not (managers or acting_for):
        return False
    first = record if record.revision == 0 else work.view.facts.revision(record.number, 0) or record
    by_hand = any(o.delivery for o in first.origin.values())
    proposed = {str(record.values.get("prepared_by") or ""), first.by if by_hand else ""} - {""}
    return bool(proposed & {speaker.name, speaker.address, acting_for})


def _context(work: Work, record: Record, event: Event) -> dict[str, str]:
    return {"number": record.number, "event": event.label[work.settings.lang] or event.name}


def _many(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple) else (str(value),) if value not in (None, "") else ()


def speaking_for(speaker: Speaker, name: str) -> Speaker:
    """The speaker as he signs for somebody: 「李四代王五」."""
    between = "代" if speaker.lang == "zh" else " for "
    return dc.replace(speaker, name=f"{speaker.name}{between}{name}") if name else speaker

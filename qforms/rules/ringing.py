"""Ringing a clock: what its next rung does when its time has come."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator
from datetime import datetime

from qforms.model import Clock, ClockRule, Facts, Judgement, Lang, Record
from qforms.rules import clocks, engine, ladder, letters, lifecycle
from qforms.rules import wording as w
from qforms.rules.ladder import Rung
from qforms.rules.letters import Draft
from qforms.rules.people import Addressee, unique
from qforms.rules.signing import SIGNERS
from qforms.rules.transcribing import HERE
from qforms.rules.work import Work
from qforms.settings import Procedures


def ring(clock: Clock, facts: Facts, procedures: Procedures, now: datetime) -> Judgement:
    """What a clock that is due at `now` changes: its highest due rung's letter, its state, when it rings next.

    After a standstill there is one letter, not one for each rung that was missed. The times written are the exact due
    times of the rungs. A timer fires the events that wait for it."""
    work = Work(facts, procedures, now, min(clock.next_at or now, now), None)
    record = work.view.record(clock.subject)
    rule = procedures.rulebook.clock(clock.rule, record.form) if record else None
    if rule is None or record is None:
        work.view.put_clock(dc.replace(clock, state="cancelled", next_at=None, reason="no such rule or record"))
        return engine.finish(work)
    if rule.timer:
        _timer(work, rule, clock)
    else:
        _ladder(work, rule, clock, record)
    return engine.finish(work)


def _timer(work: Work, rule: ClockRule, clock: Clock) -> None:
    due = clock.due_at
    if work.now < due or clock.state != "running":
        return
    work.at = due
    work.view.put_clock(dc.replace(clock, state="met", met_at=due, next_at=None))
    lifecycle.rung(work, clock.subject, rule.name)
    engine.settle(work)


def _ladder(work: Work, rule: ClockRule, clock: Clock, record: Record) -> None:
    """The clock may have been met meanwhile: it is judged anew before anybody is written to."""
    mine = next((v for v in clocks.views(work, rule, record) if v[0] == clock.rule), None)
    if mine is None:  # its row is gone
        work.view.put_clock(dc.replace(clock, state="cancelled", next_at=None, reason="no such row"))
        return
    _, record, names = mine
    fresh = clocks.judged(work, rule, record, clock, clock.rule, names)
    if fresh is None or fresh.state in ("met", "met_late", "cancelled"):
        if fresh is not None:
            work.view.put_clock(dc.replace(fresh, next_at=None))
        return
    if fresh.state == "overdue" and clock.state != "overdue":
        work.note(clock.subject, "clock overdue", rule.name, clock.due_at)
    rung = ladder.due_rung(work, rule, fresh)
    if rung is not None:
        escalation = rung.step.kind == "escalation" and not _with_office(work, clock.subject)
        fresh = dc.replace(
            fresh, steps=(*fresh.steps, rung.name), escalations=fresh.escalations + (1 if escalation else 0)
        )
        if waits := _with_office(work, clock.subject):
            work.note(clock.subject, f"{rung.step.kind} skipped", rule.name, rung.at, rung=rung.name, task=waits)
        else:
            work.note(clock.subject, rung.step.kind, rule.name, rung.at, rung=rung.name)
            _letter(work, rule, fresh, record, rung)
    over = fresh.state == "overdue" and clock.state != "overdue"
    if over and lifecycle.rung(work, clock.subject, rule.name, clock.due_at):
        fresh = dc.replace(fresh, escalations=fresh.escalations + 1)
    work.view.put_clock(dc.replace(fresh, next_at=ladder.next_at(work, rule, fresh)))
    engine.settle(work)


def _with_office(work: Work, number: str) -> str:
    """The answer that is here and waits for the office, to be typed in or for a word on who sent it: its owner has done
    his part, so nobody is reminded."""
    return next((k.key for k in work.view.tasks_on(number) if k.kind in HERE), "")


def _letter(work: Work, rule: ClockRule, clock: Clock, record: Record, rung: Rung) -> None:
    to = unique(_people(work, rule, clock, record, rung))
    if rung.step.kind == "reminder" and SIGNERS in rule.owner.names:
        for one in to:  # each is reminded by himself, and can answer at once
            _written(work, rule, clock, record, rung, [one])
    else:
        _written(work, rule, clock, record, rung, to)


def _written(work: Work, rule: ClockRule, clock: Clock, record: Record, rung: Rung, to: list[Addressee]) -> None:
    names = work.names(record)
    kind = rung.step.kind
    held = kind == "reminder" and not clocks.urgent(rule, names)
    read_at = ladder.quiet_ends(work, work.now) if held else work.now
    if not to or (held and _superseded(work, rule, clock, rung, read_at)):
        return
    key = f"{kind}:{record.number}:{clock.rule}:{rung.name}:{clock.started_at.isoformat()}"
    draft = Draft(
        kind,
        record,
        "department" if kind == "reminder" else letters.audience(rung.step.to.names, work),
        rule=rule.name,
        urgent=clocks.urgent(rule, names),
        at=rung.at,
    )
    lang = to[0].lang
    facts = w.facts_of(work, record, lang, outside="")
    facts |= {"name": to[0].name, "department": to[0].department, "due": w.iso(work, clock.limit)}
    facts |= {"request": w.asked(work, rule, record, lang), "links": True}
    if kind == "reminder":
        facts |= {"left": w.span(clock.limit - read_at, lang), "overdue": read_at > clock.limit}
    else:
        facts["name"] = ("、" if lang == "zh" else ", ").join(dict.fromkeys(a.name or a.department for a in to))
        facts |= {"lines": [_line(work, rule, clock, record, facts, lang)], "at": w.iso(work, work.now), "due": ""}
    code = letters.code_for(work, key) if kind == "escalation" else ""
    if kind == "reminder" and SIGNERS in rule.owner.names and (ask := letters.asking(work, record)):
        key += f":{to[0].address}"
        facts |= {"agree": True, "ask": ask}
        code = letters.code_for(work, key)
    letters.send(work, draft, key, to, [], facts, code)


def _superseded(work: Work, rule: ClockRule, clock: Clock, rung: Rung, read_at: datetime) -> bool:
    """Would a later rung's letter be there by the time at which this one is let out of quiet hours?"""
    return any(rung.at < r.at <= read_at for r in ladder.rungs(work, rule, clock, clock.limit))


def _line(
    work: Work, rule: ClockRule, clock: Clock, record: Record, facts: dict[str, object], lang: Lang
) -> dict[str, object]:
    """A row of an escalation: what is late, since when, who has it."""
    what = " ".join(str(facts[k]) for k in ("model", "phenomenon") if facts.get(k))
    return {
        "decide": w.asked(work, rule, record, lang),
        "situation": f"{clock.subject} {rule.title[lang]} {what}".strip(),
        "due": w.iso(work, clock.limit),
        "over": w.span(work.now - clock.limit, lang),
        "who": _owner(work, rule, clock, record),
        "answers": [],
        "number": clock.subject,
        "clock": clock.rule,
    }


def _people(work: Work, rule: ClockRule, clock: Clock, record: Record, rung: Rung) -> Iterator[Addressee]:
    """Who a rung writes to: "owner" is the clock's owner, "head" the head of its department."""
    people = work.people
    for name in rung.step.to.names:
        if name == "owner" and SIGNERS in rule.owner.names:
            yield from letters.addressees(work, rule.owner, record)
        elif name == "owner":
            own = _owner(work, rule, clock, record)
            yield from [found] if (found := people.reach(own)) else people.fallback()
        elif name == "head":
            head = people.head_of(_owner(work, rule, clock, record))
            yield from [head] if head else people.fallback()
        else:
            yield from letters.addressees(work, type(rule.owner)((name,)), record)


def _owner(work: Work, rule: ClockRule, clock: Clock, record: Record) -> str:
    """Who has to act: the colleague to whom it was passed on; else the person who owns the case, where the clock is his
    department's; else the department."""
    if colleague := _passed_to(work, clock):
        return colleague
    person = letters.owner(work, record)
    head = people_department(work, person)
    return person if head and head == clock.owner else clock.owner


def _passed_to(work: Work, clock: Clock) -> str:
    """The colleague to whom whoever had it passed it on (转给 张三, P23), until that task is done: he is reminded, the
    deadline stays."""
    passed = [k for k in work.view.tasks_on(clock.subject) if k.kind == "pass_on"]
    for task in sorted(passed, key=lambda k: k.opened_at, reverse=True):
        giver, to = str(task.context.get("by") or ""), str(task.context.get("to") or "")
        before = {clock.owner, *(str(k.context.get("to")) for k in passed)}
        if {giver, people_department(work, giver)} & before and work.people.reach(to):
            return to
    return ""


def people_department(work: Work, name: str) -> str:
    """The department of a person, or the department itself."""
    found = work.people.reach(name) if name else None
    return found.department if found else ""

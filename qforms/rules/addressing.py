"""To and cc of the forms that triggers open (A15): the responsible unit once it is known, else who stands in for it."""

from __future__ import annotations

from qforms.model import Origin, Recipients, Record, TriggerRule, Value
from qforms.rules.work import Work, by_rule


def readdress(work: Work, number: str) -> None:
    """To and cc of a form that triggers opened: the responsible unit once it is known, else who stands in for it."""
    record = work.view.record(number)
    rules = [r for r in work.book.opening.get(record.form, ()) if r.to.names or r.cc.names] if record else []
    if record is None or not rules or work.catalogue.field(record.form, "to_depts") is None:
        return
    codes = record.values.get("triggers") or ()
    by = {origin.by for origin in record.origin.values()}
    first = [*(r for r in rules if r.name in by), *(r for r in rules if r.code), *rules][:1]
    rules = [r for r in rules if r.code in codes] or first
    to = _departments(work, rules[0].to, record)
    cc = dict.fromkeys(d for r in rules if _still(work, r, record) for d in _departments(work, r.cc, record))
    changes: dict[str, Value] = {}
    if by_rule(record, "to_depts") and to:
        changes["to_depts"] = to
    if by_rule(record, "cc_depts") and work.catalogue.field(record.form, "cc_depts"):
        changes["cc_depts"] = tuple(d for d in cc if d not in (to or record.values.get("to_depts") or ()))
    known = "to_depts" in record.values
    if work.revise(number, changes, Origin("", by="A15"), content=known) and known:
        work.revised(number)


def _still(work: Work, rule: TriggerRule, record: Record) -> bool:
    """Does a rule's cc count? One that rests on a complaint's own fields (gm from severity 4): if it holds for one."""
    if work.book.named(rule.when):
        return True
    linked = (work.view.record(str(n)) for n in record.values.get("complaints") or ())
    own = False
    for one in linked:
        if one is not None and one.form == rule.on:
            own = True
            if _holds(work, rule, one):
                return True
    return not own


def _holds(work: Work, rule: TriggerRule, record: Record) -> bool:
    """Does a rule hold for a record? Of one that has not changed since it was last asked this is known: a report may
    name hundreds."""
    known = work.book.held(rule)
    if known is None:
        return rule.when.holds(work.names(record))
    before = known.get(record.number)
    if before is None or before[0] is not record:
        before = known[record.number] = record, rule.when.holds(work.names(record))
    return before[1]


def _departments(work: Work, recipients: Recipients, record: Record) -> tuple[str, ...]:
    """Departments (else persons) that roles and fields stand for, by name, each once."""
    found = named(work, recipients.names, record, recipients.else_)
    if not found and not any(_by_name(work, name, record) for name in recipients.names):
        found = named(work, recipients.else_, record)
    return tuple(dict.fromkeys(found))


def named(work: Work, names: tuple[str, ...], record: Record, else_: tuple[str, ...] = ()) -> list[str]:
    """Who the names stand for. Where a field holds just a name, `else_` stands for whoever is none of ours: a supplier
    is written to through purchasing."""
    found: list[str] = []
    for name in names:
        field = work.catalogue.field(record.form, name)
        if _by_name(work, name, record):
            for who in _values(record, name):
                found += [who] if work.people.known(who) else named(work, else_, record)
        elif field is not None:
            value = record.values.get(name) or ()
            found += [str(v) for v in (value if isinstance(value, tuple) else (value,))]
        else:
            found += work.people.holders(name)
    return found


def _by_name(work: Work, name: str, record: Record) -> bool:
    """Is it a field, or a list's column, in which anybody's name may stand: a department's or a supplier's?"""
    top, _, column = name.partition(".")
    field = work.catalogue.field(record.form, top)
    return field is not None and (bool(column) or field.type == "str")


def _values(record: Record, name: str) -> list[str]:
    top, _, column = name.partition(".")
    value = record.values.get(top) or ()
    rows = value if isinstance(value, tuple) else (value,)
    return [str(v) for v in ([row.get(column) for row in rows] if column else rows) if v]

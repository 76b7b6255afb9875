"""The plans by which the rules on a form are asked (`agenda`): what each rests on, and what it needs to have anything
to say. Read from the rules once for each form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from qforms.expression.sieve import POSSIBLE, Sieve, both, either
from qforms.model import ClockRule, Condition, DecideRule, Event, Field, FigureRule, LookUpRule, TriggerRule
from qforms.rules import basis as b
from qforms.rules import rests
from qforms.rules.agenda import Asked, Plan
from qforms.rules.rests import Rests

if TYPE_CHECKING:
    from qforms.rules.book import Book

Making = Callable[[Sieve], list[Asked]]
TOLD = ("customer", "customer_name")  # what a trigger's form is told of the complaint beside what the rule fills in


def agenda(book: Book, form: str) -> Plan:
    """What may happen to a record of the form while the rules run: "look_ups", "calc" (its computed fields), "decide",
    "filled" (the events that happen by themselves), "triggers"."""
    made: Mapping[str, Making] = {
        "look_ups": lambda sieve: [_look_up(book, sieve, r) for r in book.look_ups.get(form, ())],
        "calc": lambda sieve: [_calc(book, sieve, form, f) for f in book.computed(form)],
        "decide": lambda sieve: [_decide(book, sieve, r) for r in book.decide.get(form, ())],
        "filled": lambda sieve: [_event(book, sieve, form, e) for e in book.events(form, "filled")],
        "triggers": lambda sieve: [_trigger(book, sieve, r) for r in book.triggers.get(form, ())],
    }
    return _sieved(book, form, made)


def counting(book: Book, form: str) -> Plan:
    """The figures that count records of the form, as the kind "over"."""
    return _sieved(book, form, {"over": lambda sieve: [_figure(book, sieve, f) for f in book.over.get(form, ())]})


def running(book: Book, form: str) -> Plan:
    """The clocks of the form, as the kind "clocks": of them only what is possible is asked."""
    return _sieved(book, form, {"clocks": lambda sieve: [_clock(sieve, r) for r in book.clocks.get(form, ())]})


def act(book: Book, rule: TriggerRule) -> Plan | None:
    """What carrying out a trigger that opens a form rests on, as a plan of one rule; None where it goes by figures or
    rows, or that can't be told."""
    if not rule.open or rule.each or rule.series or book.scoped[rule.name]:
        return None
    parts = (p for add in rule.add.values() for p in (add.values() if isinstance(add, Mapping) else (add,)))
    names = (n for n in (*rule.key, rule.into, *TOLD) if book.catalogue.field(rule.on, n) is not None)
    on = rests_on(book, rule.on, (rule.when, *rule.fill.values(), *parts), {*names, *rests.HEAD})
    return Plan({"act": [Asked(rule, on)]}) if on is not None and not on.figures else None


def rests_on(book: Book, form: str, conditions: Iterable[Condition | None], names: Iterable[str] = ()) -> Rests | None:
    """What expressions, and `names` beside them, rest on when they are asked about a record of the form; None when that
    can't be told."""
    every = {*(n for c in conditions if c for n in c.names), *names}
    figures = {n: f for n in every if (f := book.figure(n)) is not None}
    refers = {f.of: book.reference(form, f.of) for f in figures.values()}
    return rests.of(every, form, book.catalogue, figures, refers)


def _sieved(book: Book, form: str, made: Mapping[str, Making]) -> Plan:
    """A plan in which each kind of rules has a sieve of its own, for it is asked by itself."""

    def own(name: str) -> bool:
        return book.catalogue.field(form, name) is not None and book.own(name)

    sieves = {kind: Sieve(own) for kind in made}
    return Plan({kind: make(sieves[kind]) for kind, make in made.items()}, sieves)


def _holding(sieve: Sieve, condition: Condition | None) -> str:
    return POSSIBLE if condition is None else sieve.can_hold(condition.tree)


def _telling(sieve: Sieve, condition: Condition | None) -> str:
    return POSSIBLE if condition is None else sieve.can_tell(condition.tree)


def _decide(book: Book, sieve: Sieve, rule: DecideRule) -> Asked:
    """A suggestion rests on the field that it fills, too."""
    on = rests_on(book, rule.on, (c for case in rule.cases for c in case), (rule.field,))
    return Asked(rule, on, either([_holding(sieve, when) for when, _ in rule.cases]))


def _trigger(book: Book, sieve: Sieve, rule: TriggerRule) -> Asked:
    """One by a rate keeps what it has opened up to date while it does not hold, so it is asked whatever the record
    says. One for each row of a list is always asked, where there are any."""
    if rule.series:
        return Asked(rule, None)
    if rule.each:
        return Asked(rule, None, sieve.filled(rule.each))
    rated = bool(book.scoped[rule.name])
    filled = rule.fill.values() if rule.open and rated else ()
    keys = (k for k in (rule.key if filled else ()) if k != rule.on)
    on = rests_on(book, rule.on, (rule.when, *filled), keys)
    return Asked(rule, on, POSSIBLE if rated else _holding(sieve, rule.when))


def _event(book: Book, sieve: Sieve, form: str, event: Event) -> Asked:
    """An event that happens by itself. Who signs, and whether anybody would be written to, can't be told."""
    conditions = book.rulebook.conditions
    gates = [f"{form}:{kind}:{event.name}:{n}" for n in range(len(event.gate)) for kind in ("gate", "gate_when")]
    when = book.event(form, event.name)
    on = rests_on(book, form, (when, *(conditions.get(place) for place in gates)), {*event.needs, *rests.HEAD})
    told = any(letter.kind == "issue" for letter in book.letters.get(f"{form}.{event.name}", ()))
    possible = both([sieve.state(event.from_), sieve.known(event.needs), _holding(sieve, when)])
    return Asked(event, None if event.sign or told else on, possible)


def _look_up(book: Book, sieve: Sieve, rule: LookUpRule) -> Asked:
    """A look-up rests on the sheet that it looks in, too. One for each row of a list is always asked."""
    names = (*rule.match.values(), *rule.fill, *([rule.until] if rule.until else ()))
    on = None if rule.list else rests_on(book, rule.on, (rule.when,), names)
    return Asked(rule, on, _holding(sieve, rule.when))


def _figure(book: Book, sieve: Sieve, rule: FigureRule) -> Asked:
    """What a record adds to a figure. Where other records come into it, that can't be told."""
    subject = rule.subject or (rule.of,)
    names = [*subject, rule.value, rule.distinct, rule.day, "received_at"]
    names += [f for kind in b.kinds(rule.per) for f in kind.fields]
    on = rests_on(book, rule.over, (rule.where, rule.amount), filter(None, names))
    on = None if on is None or on.refs or on.figures else on
    taken = [rule.value] if rule.value and rule.amount is None else []
    amount = _telling(sieve, rule.amount)
    return Asked(rule, on, both([sieve.known([*subject, *taken]), _holding(sieve, rule.where), amount]))


def _clock(sieve: Sieve, rule: ClockRule) -> Asked:
    if rule.each:
        return Asked(rule, None, sieve.filled(rule.each))
    return Asked(rule, None, both([_holding(sieve, rule.when), _telling(sieve, rule.from_)]))


def _calc(book: Book, sieve: Sieve, form: str, field: Field) -> Asked:
    """A computed field rests on itself, too: where it can't be told any more it is taken away. A sentence names fields
    that no expression does."""
    if field.text:
        return Asked(field, None)
    conditions = [c for place, count in places(field) for c in book.calcs(form, place, count)]
    columns = {c.name for c in field.fields}
    on = rests_on(book, form, (), {field.name, *(n for c in conditions for n in c.names if n not in columns)})
    if not field.calc:
        return Asked(field, on, sieve.filled(field.name))
    return Asked(field, on, either([sieve.known([field.name]), *(_telling(sieve, c) for c in conditions)]))


def places(field: Field) -> list[tuple[str, int]]:
    """Where a field's `calc` stand, its columns' too ("cost_lines.amount"), and how many there are."""
    own = [(field.name, field.calc), *((f"{field.name}.{c.name}", c.calc) for c in field.fields)]
    return [(place, len(calc)) for place, calc in own if calc]

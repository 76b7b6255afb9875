"""The rules by what they are asked for: by form, by figure, by event. Made once for a rulebook."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from qforms.model import (
    Catalogue,
    ClockRule,
    Condition,
    DecideRule,
    Event,
    Field,
    FigureRule,
    GatherRule,
    LetterRule,
    LookUpRule,
    Record,
    Rulebook,
    TranslateRule,
    TriggerRule,
    Value,
)
from qforms.rules import basis as b
from qforms.rules import plans
from qforms.rules.agenda import Plan

T = TypeVar("T")
_HELD_MOST = 20_000  # records of which it is known whether a rule holds
HEAD = frozenset({"number", "status", "case_no", "received_at", "revision", "opened_at"})  # what a record's head tells


@dataclass(frozen=True, slots=True)
class Scale:
    """What the rate of a trigger is judged on: the figures of its form with the bases that all of its figures know, and
    the other figures, by which they are divided."""

    key: str = ""  # rules with the same key have the same bases
    own: tuple[tuple[FigureRule, tuple[b.Per, ...]], ...] = ()
    others: tuple[FigureRule, ...] = ()


class Book:
    """A rulebook's indexes. `triggers` of a form also hold those that name a figure of another form."""

    def __init__(self, rulebook: Rulebook, catalogue: Catalogue) -> None:
        self.rulebook = rulebook
        self.catalogue = catalogue
        self.figures: Mapping[str, FigureRule] = {f.name: f for f in rulebook.figures}
        self.over: Mapping[str, list[FigureRule]] = _by(rulebook.figures, lambda f: f.over)
        self.decide: Mapping[str, list[DecideRule]] = _by(rulebook.decide, lambda d: d.on)
        self.triggers: Mapping[str, list[TriggerRule]] = _by(rulebook.triggers, lambda t: t.on)
        self.tasks: Mapping[str, list[TriggerRule]] = _by((t for t in rulebook.triggers if t.task), lambda t: t.on)
        self.opening: Mapping[str, list[TriggerRule]] = _by(rulebook.triggers, lambda t: t.open)
        self.clocks: Mapping[str, list[ClockRule]] = _by(rulebook.clocks, lambda c: c.on)
        self.limits: Mapping[str, ClockRule] = {c.name: c for c in rulebook.clocks if not c.timer or c.owner.names}
        self.letters: Mapping[str, list[LetterRule]] = _by(rulebook.letters, lambda r: r.on)
        self.look_ups: Mapping[str, list[LookUpRule]] = _by(rulebook.look_ups, lambda r: r.on)
        self.gathers: Mapping[str, list[GatherRule]] = _by(rulebook.gathers, lambda r: r.on)
        self.translations: Mapping[str, list[TranslateRule]] = _by(rulebook.translations, lambda r: r.on)
        self.watching: Mapping[str, list[TriggerRule]] = self._watching()
        self.naming: Mapping[str, frozenset[str]] = self._naming()
        self.scoped: Mapping[str, list[FigureRule]] = {
            t.name: [f for f in self.named(t.when) if by_place(f)] for t in rulebook.triggers
        }
        self.scales: Mapping[str, Scale] = {t.name: self._scale(t) for t in rulebook.triggers}
        self.telling: dict[tuple[str, str], Any] = {}  # which fields letters tell, by form and circle (`wording`)
        self._names: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        self.final: Mapping[str, frozenset[str]] = {
            name: frozenset(s.name for s in form.lifecycle.states if s.final) for name, form in catalogue.forms.items()
        }
        self._computed: dict[str, list[Field]] = {}
        self._held: dict[str, dict[str, tuple[Record, bool]] | None] = {}
        self._acts: dict[str, Plan | None] = {}
        self._plans: dict[tuple[Callable[[Book, str], Plan], str], Plan] = {}
        self._alike: dict[tuple[str, str], tuple[str, ...]] = {}
        self._dues: dict[str, tuple[str, ...]] = {}
        self._series: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._events: dict[tuple[str, str], tuple[Event, ...]] = {}
        self.reacted = frozenset(on for f in catalogue.forms.values() for e in f.lifecycle.events for on in e.on)
        self._defaults: dict[str, dict[str, Value]] = {}
        self._refs: dict[str, tuple[str, ...]] = {}
        self._starting: dict[str, bool] = {}
        self._case_refs: dict[str, tuple[str, ...]] = {}
        self._followers: dict[str, list[tuple[str, str, str]]] = {}
        self._watched: dict[str, tuple[str, ...]] = {}
        self._calcs: dict[tuple[str, str], list[Condition]] = {}
        self._references: dict[tuple[str, str], str] = {}

    def _watching(self) -> Mapping[str, list[TriggerRule]]:
        """Figure -> the triggers on another form than the figure's own that name it."""
        found: dict[str, list[TriggerRule]] = defaultdict(list)
        for rule in self.rulebook.triggers:
            for figure in self.named(rule.when):
                if figure.of != rule.on:
                    found[figure.name].append(rule)
        return found

    def _scale(self, rule: TriggerRule) -> Scale:
        figures = self.scoped[rule.name]
        if not figures:
            return Scale()
        mine = [f for f in self.rulebook.figures if f.of == rule.on and by_place(f)]
        own = [f for f in figures if f.of == rule.on] or mine
        shared = [tuple(kind for kind in b.kinds(f.per) if all(kind.name in o.per for o in figures)) for f in own]
        others = tuple(f for f in figures if f.of != rule.on)
        key = repr(([f.name for f in own], shared, [f.name for f in others]))
        return Scale(key, tuple(zip(own, shared, strict=True)), others)

    def _naming(self) -> Mapping[str, frozenset[str]]:
        """Figure -> the other forms than the figure's own whose suggestions, computed fields or events name it."""
        found: dict[str, set[str]] = defaultdict(set)
        own = ((d.on, c) for d in self.rulebook.decide for case in d.cases for c in case)
        declared = ((place.partition(":")[0], c) for place, c in self.rulebook.conditions.items())
        for form, condition in (*own, *declared):
            for figure in self.named(condition):
                if figure.of != form:
                    found[figure.name].add(form)
        return {name: frozenset(forms) for name, forms in found.items()}

    def names_of(self, form: str) -> tuple[dict[str, Any], dict[str, None]]:
        """Name -> where its value is found, filled as names are asked for; and the form's fields, of which nothing is
        known, but for those that a record's head or a figure may tell in their place."""
        if form not in self._names:
            fields = (f.name for f in self.catalogue.form(form).fields)
            blank = {n: None for n in fields if self.own(n)}
            self._names[form] = {}, blank
        return self._names[form]

    def figure(self, name: str) -> FigureRule | None:
        """The figure that a name stands for, itself or as complaints_first."""
        return self.figures.get(name) or self.figures.get(bare(name))

    def own(self, field: str) -> bool:
        """Does the record's value alone tell a field, and no head or figure of that name in its place?"""
        return field not in HEAD and self.figure(field) is None

    def plan(self, make: Callable[[Book, str], Plan], form: str) -> Plan:
        """One of the form's plans (`plans.agenda`, `counting`, `running`)."""
        plan = self._plans.get((make, form))
        if plan is None:
            plan = self._plans[make, form] = make(self, form)
        return plan

    def held(self, rule: TriggerRule) -> dict[str, tuple[Record, bool]] | None:
        """Of which records a rule was asked, and whether it held; None where it rests on more than the record says."""
        if rule.name not in self._held:
            on = plans.rests_on(self, rule.on, (rule.when,))
            self._held[rule.name] = None if on is None or on.refs or on.figures else {}
        known = self._held[rule.name]
        if known is not None and len(known) > _HELD_MOST:
            known.clear()
        return known

    def act(self, rule: TriggerRule) -> Plan | None:
        """What carrying out a trigger rests on; None where that can't be told."""
        if rule.name not in self._acts:
            self._acts[rule.name] = plans.act(self, rule)
        return self._acts[rule.name]

    def named(self, condition: Condition | None) -> list[FigureRule]:
        """The figures that an expression names."""
        names = condition.names if condition else frozenset()
        return [self.figures[n] for n in sorted({bare(n) for n in names}) if n in self.figures]

    def computed(self, form: str) -> list[Field]:
        """The fields of a form that are computed, or have computed columns: each after those that it names."""
        if form not in self._computed:
            fields = self.catalogue.form(form).fields
            left = [f for f in fields if f.calc or f.text or any(c.calc for c in f.fields)]
            named = {f.name: self._named_by(form, f) for f in left}
            made = self._computed[form] = []
            while left:
                waiting = {f.name for f in left}
                first = next((f for f in left if named[f.name].isdisjoint(waiting - {f.name})), left[0])
                made.append(first)
                left.remove(first)
        return self._computed[form]

    def _named_by(self, form: str, field: Field) -> frozenset[str]:
        """What a computed field's expressions name, or its sentence."""
        if field.text:
            return frozenset(re.findall(r"\w+", field.text.zh + field.text["en"]))
        conditions = (c for place, count in plans.places(field) for c in self.calcs(form, place, count))
        return frozenset(n.partition(".")[0] for c in conditions for n in c.names)

    def alike(self, form: str, other: str) -> tuple[str, ...]:
        """The fields that two forms both have, under the same name and of the same type."""
        if (form, other) not in self._alike:
            kinds = {f.name: (f.type, f.many) for f in self.catalogue.form(other).fields}
            same = (f.name for f in self.catalogue.form(form).fields if kinds.get(f.name) == (f.type, f.many))
            self._alike[form, other] = tuple(same)
        return self._alike[form, other]

    def dues(self, form: str) -> tuple[str, ...]:
        """The fields of a form that show a limit of their own: d4_due."""
        if form not in self._dues:
            fields = self.catalogue.form(form).fields
            self._dues[form] = tuple(f.name for f in fields if f.type == "dt" and f.name.endswith("_due"))
        return self._dues[form]

    def series(self, form: str) -> tuple[str, tuple[str, ...]]:
        """A form's number without its running number, and the fields that it names."""
        if form not in self._series:
            declared = self.catalogue.form(form)
            named = tuple(f.name for f in declared.fields if f"{{{f.name}}}" in declared.number)
            self._series[form] = re.sub(r"\{seq[^}]*\}", "", declared.number), named
        return self._series[form]

    def starts_case(self, form: str) -> bool:
        """May a customer open it, and does it refer to no other such form?"""
        if form not in self._starting:
            forms = self.catalogue.forms
            opened = {name for name, f in forms.items() if "customer" in f.open_by and not f.named_by}
            others = {f.ref for f in self.catalogue.form(form).fields if f.type == "ref"} - {form}
            self._starting[form] = form in opened and not others & opened
        return self._starting[form]

    def case_refs(self, form: str) -> tuple[str, ...]:
        """The fields of a form, with one value, that name the case it belongs to."""
        if form not in self._case_refs:
            others = self.catalogue.forms.keys() - {form}
            fields = (f for f in self.catalogue.form(form).fields if f.type == "ref" and not f.many and f.ref in others)
            self._case_refs[form] = tuple(f.name for f in fields if self.starts_case(f.ref))
        return self._case_refs[form]

    def defaults(self, form: str) -> dict[str, Value]:
        if form not in self._defaults:
            fields = self.catalogue.form(form).fields
            self._defaults[form] = {f.name: f.default for f in fields if f.default is not None}
        return self._defaults[form]

    def refs(self, form: str) -> tuple[str, ...]:
        """The fields of a form that refer to records."""
        if form not in self._refs:
            self._refs[form] = tuple(f.name for f in self.catalogue.form(form).fields if f.type == "ref")
        return self._refs[form]

    def followers(self, form: str) -> list[tuple[str, str, str]]:
        """(form, reference, attribute): the references that follow what the referred record says of itself, because a
        suggestion fills a reference from a name through it."""
        if form not in self._followers:
            found = (
                (d.on, d.field, n.partition(".")[2])
                for d in self.rulebook.decide
                if (f := self.catalogue.field(d.on, d.field)) and f.ref == form
                for case in d.cases
                for c in case
                for n in (c.names if c else ())
                if n.startswith(f"{d.field}.")
            )
            self._followers[form] = list(dict.fromkeys(found))
        return self._followers[form]

    def watched(self, form: str) -> tuple[str, ...]:
        """The fields of a form whose change a letter may be owed for."""
        if form not in self._watched:
            named = (on.partition(".")[::2] for on in self.letters)
            self._watched[form] = tuple(what for f, what in named if f == form and self.catalogue.field(form, what))
        return self._watched[form]

    def events(self, form: str, on: str) -> tuple[Event, ...]:
        """The events of a form's lifecycle that this fires: "filled", "opened", "clock.auto_issue"."""
        if (form, on) not in self._events:
            found = self.catalogue.form(form).lifecycle.events
            self._events[form, on] = tuple(e for e in found if on in e.on)
        return self._events[form, on]

    def event(self, form: str, name: str) -> Condition | None:
        """The condition of a lifecycle's event."""
        return self.rulebook.conditions.get(f"{form}:event:{name}")

    def calcs(self, form: str, field: str, count: int) -> list[Condition]:
        """The `calc` expressions of a field, or of a column: "cost_lines.amount"."""
        if (form, field) not in self._calcs:
            found = (self.rulebook.conditions.get(f"{form}:calc:{field}:{i}") for i in range(count))
            self._calcs[form, field] = [c for c in found if c is not None]
        return self._calcs[form, field]

    def reference(self, form: str, to: str) -> str:
        """The one field of `form` that points to records of the form `to`; "" when there is none or more."""
        if (form, to) not in self._references:
            fields = [f.name for f in self.catalogue.form(form).fields if f.ref == to and not f.many]
            self._references[form, to] = fields[0] if len(fields) == 1 else ""
        return self._references[form, to]


def by_place(figure: FigureRule) -> bool:
    """Is a figure kept by lot or by model?"""
    return any(b.per(p).word for p in figure.per)


def bare(name: str) -> str:
    """The figure of a derived name: complaints_first -> complaints."""
    for ending in ("_first", "_last"):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def _by(rules: Iterable[T], key: Callable[[T], str]) -> Mapping[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for rule in rules:
        found[key(rule)].append(rule)
    return dict(found)


_last: list[Book] = []


def book_of(rulebook: Rulebook, catalogue: Catalogue) -> Book:
    """The indexes of a rulebook; the last one asked for is kept."""
    if not _last or _last[0].rulebook is not rulebook or _last[0].catalogue is not catalogue:
        _last[:] = [Book(rulebook, catalogue)]
    return _last[0]

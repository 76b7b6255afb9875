"""The rules by what they are asked for: by form, by figure, by event. Made once for a rulebook."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from qforms.model import (
    Catalogue,
    ClockRule,
    Condition,
    DecideRule,
    Field,
    FigureRule,
    LetterRule,
    Rulebook,
    TriggerRule,
)
from qforms.rules import basis as b

T = TypeVar("T")


class Book:
    """A rulebook's indexes. `triggers` of a form also hold those that name a figure of another form."""

    def __init__(self, rulebook: Rulebook, catalogue: Catalogue) -> None:
        self.rulebook = rulebook
        self.catalogue = catalogue
        self.figures: Mapping[str, FigureRule] = {f.name: f for f in rulebook.figures}
        self.over: Mapping[str, list[FigureRule]] = _by(rulebook.figures, lambda f: f.over)
        self.decide: Mapping[str, list[DecideRule]] = _by(rulebook.decide, lambda d: d.on)
        self.triggers: Mapping[str, list[TriggerRule]] = _by(rulebook.triggers, lambda t: t.on)
        self.opening: Mapping[str, list[TriggerRule]] = _by(rulebook.triggers, lambda t: t.open)
        self.clocks: Mapping[str, list[ClockRule]] = _by(rulebook.clocks, lambda c: c.on)
        self.letters: Mapping[str, list[LetterRule]] = _by(rulebook.letters, lambda r: r.on)
        self.watching: Mapping[str, list[TriggerRule]] = self._watching()
        self.scoped: Mapping[str, list[FigureRule]] = {
            t.name: [f for f in self.named(t.when) if by_place(f)] for t in rulebook.triggers
        }
        self._computed: dict[str, list[Field]] = {}

    def _watching(self) -> Mapping[str, list[TriggerRule]]:
        """Figure -> the triggers on another form than the figure's own that name it."""
        found: dict[str, list[TriggerRule]] = defaultdict(list)
        for rule in self.rulebook.triggers:
            for figure in self.named(rule.when):
                if figure.of != rule.on:
                    found[figure.name].append(rule)
        return found

    def named(self, condition: Condition | None) -> list[FigureRule]:
        """The figures that an expression names."""
        names = condition.names if condition else frozenset()
        return [self.figures[n] for n in sorted({bare(n) for n in names}) if n in self.figures]

    def computed(self, form: str) -> list[Field]:
        """The fields of a form that are computed, or have computed columns."""
        if form not in self._computed:
            fields = self.catalogue.form(form).fields
            self._computed[form] = [f for f in fields if f.calc or any(c.calc for c in f.fields)]
        return self._computed[form]

    def event(self, form: str, name: str) -> Condition | None:
        """The condition of a lifecycle's event."""
        return self.rulebook.conditions.get(f"{form}:event:{name}")

    def calcs(self, form: str, field: str, count: int) -> list[Condition]:
        """The `calc` expressions of a field, or of a column: "cost_lines.amount"."""
        found = (self.rulebook.conditions.get(f"{form}:calc:{field}:{i}") for i in range(count))
        return [c for c in found if c is not None]

    def reference(self, form: str, to: str) -> str:
        """The one field of `form` that points to records of the form `to`; "" when there is none or more."""
        fields = [f.name for f in self.catalogue.form(form).fields if f.ref == to and not f.many]
        return fields[0] if len(fields) == 1 else ""


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

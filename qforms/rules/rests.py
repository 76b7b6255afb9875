"""What an expression's value rests on, so that it is asked again only when one of these things has changed.

Read from its names, once for a rule and form: fields of the record itself, its head, records that its fields refer to,
figures. A name that is none of these (a row's own column) may come from anywhere: such a rule is always asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qforms.model import Catalogue, FigureRule, Record
from qforms.rules import basis as b
from qforms.rules.view import View

_GIVEN = frozenset({"number", "opened_at"})  # of a record's head: never another within one judgement
_HEAD = frozenset({"status", "case_no", "received_at", "revision"})


@dataclass(frozen=True, slots=True)
class Rests:
    """`own` fields, `refs` among them, the record's `head`, and whether it rests on `figures`."""

    own: frozenset[str]
    refs: frozenset[str] = frozenset()
    head: bool = False
    figures: bool = False

    def with_own(self, names: Iterable[str]) -> Rests:
        return Rests(self.own.union(names), self.refs, self.head, self.figures)


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as a rule last saw it, the records it referred to, and how often figures had moved by then."""

    record: Record
    referred: tuple[Record | None, ...]
    moves: int


def look(view: View, record: Record, rests: Rests) -> Seen:
    """What a rule sees now of all that it rests on."""
    return Seen(record, tuple(_referred(view, record, name) for name in rests.refs), view.moves)


def same(old: Seen, view: View, record: Record, rests: Rests) -> bool:
    """Is everything still as the rule saw it?"""
    before = old.record
    if rests.figures and old.moves != view.moves:
        return False
    if before is not record:
        values, now = before.values, record.values
        if any(values.get(name) != now.get(name) for name in rests.own):
            return False
        if rests.head and any(getattr(before, name) != getattr(record, name) for name in _HEAD):
            return False
    referred = zip(rests.refs, old.referred, strict=True)
    return all(_referred(view, record, name) is was for name, was in referred)


def _referred(view: View, record: Record, name: str) -> Record | None:
    number = record.values.get(name)
    return view.record(str(number)) if number else None


def of(
    names: Iterable[str], form: str, catalogue: Catalogue, figures: Mapping[str, FigureRule], refers: Mapping[str, str]
) -> Rests | None:
    """What expressions with these names rest on, asked about records of a form; None when that can't be told.

    `figures` by name, `refers`: form -> the field of `form` that points to it."""
    own: set[str] = set()
    refs: set[str] = set()
    head = moving = False
    for name in names:
        top, dot, attribute = name.partition(".")
        field = catalogue.field(form, top)
        if field is not None:
            own.add(top)
            if dot and field.type == "ref":
                refs.add(top)
                plain = attribute in _HEAD | _GIVEN or (
                    field.ref in catalogue.forms and catalogue.field(field.ref, attribute) is not None
                )
                moving = moving or not plain
        elif name in _HEAD:
            head = True
        elif name in figures:
            rule, moving = figures[name], True
            asked = [*rule.subject, rule.of, refers.get(rule.of, "")]
            asked += [f for per in rule.per for f in b.per(per).fields]
            own.update(f for f in asked if catalogue.field(form, f) is not None)
            head = head or not _HEAD.isdisjoint(asked)
        elif name not in _GIVEN:
            return None
    return Rests(frozenset(own), frozenset(refs), head, moving)

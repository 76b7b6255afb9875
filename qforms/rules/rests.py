"""What an expression's value rests on, so that it is asked again only when one of these things has changed.

Read from its names, once for a rule and form: fields of the record itself, its head, records that its fields refer to,
figures. A name that is none of these (a row's own column) may come from anywhere: such a rule is always asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qforms.model import Catalogue, FigureRule
from qforms.rules import basis as b

_GIVEN = frozenset({"number", "opened_at"})  # of a record's head: never another within one judgement
HEAD = frozenset({"status", "case_no", "received_at", "revision"})


@dataclass(frozen=True, slots=True)
class Rests:
    """`own` fields, `refs` among them, the record's `head`, and whether it rests on `figures`."""

    own: frozenset[str]
    refs: frozenset[str] = frozenset()
    head: bool = False
    figures: bool = False


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
                plain = attribute in HEAD | _GIVEN or (
                    field.ref in catalogue.forms and catalogue.field(field.ref, attribute) is not None
                )
                moving = moving or not plain
        elif name in HEAD:
            head = True
        elif name in figures:
            rule, moving = figures[name], True
            asked = [*rule.subject, rule.of, refers.get(rule.of, "")]
            asked += [f for per in rule.per for f in b.per(per).fields]
            own.update(f for f in asked if catalogue.field(form, f) is not None)
            head = head or not HEAD.isdisjoint(asked)
        elif name not in _GIVEN:
            return None
    return Rests(frozenset(own), frozenset(refs), head, moving)

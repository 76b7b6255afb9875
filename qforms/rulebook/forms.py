"""The expressions that the forms themselves hold, compiled: `model.Rulebook.conditions` says how they are named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qforms.expression import Compiled
from qforms.expression.kinds import BOOL, Kind, kind_of
from qforms.model import Field, Form
from qforms.rulebook.scope import Scopes


@dataclass(frozen=True, slots=True)
class Place:
    """An expression where it stands: its name among the conditions, what it must give, and its line."""

    name: str
    text: str
    want: Kind
    origin: str
    row: Field | None = None
    firing: tuple[str, ...] = ()


def conditions(scopes: Scopes) -> dict[str, Compiled]:
    """All expressions of all forms."""
    return {
        place.name: scopes.compile(
            place.text, place.origin or form.name, form.name, place.want, place.row, place.firing
        )
        for form in scopes.forms.values()
        for place in _places(form)
    }


def _places(form: Form) -> Iterator[Place]:
    for field in form.fields:
        yield from _of_field(form.name, field, field.name)
        for column in field.fields:
            yield from _of_field(form.name, column, f"{field.name}.{column.name}", field)
    for n, check in enumerate(form.checks):
        yield Place(f"{form.name}:check:{n}", check.that, BOOL, check.origin)
        if check.when:
            yield Place(f"{form.name}:check_when:{n}", check.when, BOOL, check.origin)
    for event in form.lifecycle.events:
        if event.when:
            firing = tuple(
                dict.fromkeys(form_name for on in event.on if (form_name := on.partition(".")[0]) != "clock")
            )
            yield Place(f"{form.name}:event:{event.name}", event.when, BOOL, event.origin, firing=firing)
        for n, gate in enumerate(event.gate):
            yield Place(f"{form.name}:gate:{event.name}:{n}", gate.that, BOOL, gate.origin)
            if gate.when:
                yield Place(f"{form.name}:gate_when:{event.name}:{n}", gate.when, BOOL, gate.origin)


def _of_field(form: str, field: Field, path: str, row: Field | None = None) -> Iterator[Place]:
    for n, text in enumerate(field.calc):
        yield Place(f"{form}:calc:{path}:{n}", text, kind_of(field), field.origin, row)
    if field.reversing:
        yield Place(f"{form}:reversing:{path}", field.reversing.when, BOOL, field.origin, row)
    if field.required_when:
        yield Place(f"{form}:required_when:{path}", field.required_when, BOOL, field.origin, row)

"""What can only be checked once every form is known: references between forms, and labels that must be unambiguous."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qforms.forms import types
from qforms.forms.labels import names_of, normal
from qforms.forms.source import Faults
from qforms.model import Event, Field, Form

SPECIAL = {"now": ("dt", "date"), "speaker": ("user", "str", "sig"), "revision": ("int",)}
SELF_FIRED = ("person", "filled", "opened")
ANY_FORM = "any"  # a reference that may point to a record of any form


def check(forms: Mapping[str, Form], faults: Faults) -> None:
    for form in forms.values():
        for fld in form.fields:
            _references(fld, forms, faults)
        _labels(form.fields, faults)
        for event in form.lifecycle.events:
            for cause in event.on:
                _cause(cause, event, forms, faults)
            for name, value in event.set.items():
                _setting(form, event, name, value, forms, faults)
            _signing(form, event, faults)


def _references(fld: Field, forms: Mapping[str, Form], faults: Faults) -> None:
    if fld.ref and fld.ref not in forms and fld.ref != ANY_FORM:
        faults.unknown(fld.origin, ("表单", "form"), fld.ref, [*forms, ANY_FORM])
    for inner in fld.fields:
        _references(inner, forms, faults)


def _labels(fields: Iterable[Field], faults: Faults) -> None:
    """No two fields of a form, and no two columns of a list, may be called the same; but what is computed may bear the
    name of what it is computed from: whoever writes that name means the field that can be written."""
    seen: dict[str, str] = {}
    for fld in (f for f in fields if not f.calc):
        for word in {normal(name): name for name in names_of(fld)}.items():
            other = seen.setdefault(word[0], fld.name)
            if other != fld.name:
                zh = f"名称「{word[1]}」同时指 {other} 和 {fld.name}"
                faults.add(fld.origin, zh, f"'{word[1]}' means both {other} and {fld.name}")
        _labels(fld.fields, faults)


def _setting(form: Form, event: Event, name: str, value: object, forms: Mapping[str, Form], faults: Faults) -> None:
    """What an event sets must fit its field: now a time, speaker a person, a field of the record that fires it one of
    the same type, anything else a value of its type."""
    fld = form.field(name)
    assert fld is not None  # the declaration has checked the name
    if value is None:
        return  # taken away
    if value in SPECIAL:
        fits = fld.type in SPECIAL[str(value)]
    elif (firing := _firing(event, str(value), forms)) is not None:
        fits = (firing.type, firing.many) == (fld.type, fld.many)
    else:
        found, problem = types.parse(fld, value)
        fits = problem is None and found is not None
    if not fits:
        zh = f"事件 {event.name}：{name} 不能设为 {value}"
        faults.add(event.origin, zh, f"event {event.name}: {name} cannot be set to {value}")


def _firing(event: Event, name: str, forms: Mapping[str, Form]) -> Field | None:
    """The field that is meant by objection.target_rev, where a record of that form may fire the event."""
    head, _, tail = name.partition(".")
    fires = tail and any(cause.startswith(f"{head}.") for cause in event.on)
    return forms[head].field(tail) if fires and head in forms else None


def _cause(cause: str, event: Event, forms: Mapping[str, Form], faults: Faults) -> None:
    head, _, tail = cause.partition(".")
    if cause in SELF_FIRED or (head == "clock" and tail):  # clocks are known to the rulebook, which checks them
        return
    known = [*SELF_FIRED, *(f"{f.name}.opened" for f in forms.values())]
    known += [f"{f.name}.{e.name}" for f in forms.values() for e in f.lifecycle.events]
    if cause not in known:
        faults.unknown(event.origin, ("起因", "cause"), cause, known)


def _signing(form: Form, event: Event, faults: Faults) -> None:
    """Silence is consent only where a form says so, and never where money is at stake (P40)."""
    silent = event.sign and any(cause.startswith("clock.") for cause in event.on)
    if silent and any(f.type == "money" or any(c.type == "money" for c in f.fields) for f in form.fields):
        zh = f"事件 {event.name}：涉及金额的表单不能逾期视为同意"
        faults.add(event.origin, zh, f"event {event.name}: silence is no consent where money is at stake")

"""An item of a rule file -> a figure that is kept, or a field that is filled in."""

from __future__ import annotations

import re
from typing import Any, cast

from qforms.expression import Compiled
from qforms.expression.kinds import NUMBER, Kind, filled_kind
from qforms.model import DecideRule, FigureRule, Form, LookUpRule
from qforms.rulebook.parts import Reader, names_of
from qforms.rulebook.scope import NEVER
from qforms.rulebook.source import Item

_SCOPE = re.compile(r"(lot|model)(_[1-9]\d*d)?|[1-9]\d*d")  # A07: a lot, a model, a window of days


def figure(r: Reader, item: Item) -> FigureRule:
    over = r.form(item, "over")
    item.need("of")
    kinds = [k for k in ("sum", "count", "first", "last") if item.has(k)]
    if len(kinds) != 1:
        item.faults.add(item.origin, "sum、count、first、last 须有且只有一个", "give one of sum, count, first, last")
    kind = kinds[0] if kinds else "count"
    value = "" if kind == "count" else item.word(kind)
    if kind == "count":
        item.raw("count")
    amount = r.expression(item, kind, over, NUMBER if kind == "sum" else None) if value else None
    if kind in ("first", "last") and over:
        r.field(item, kind, over, value)
        if (declared := over.field(value)) and declared.type != "dt":
            item.wrong(kind, "应为时刻字段（type: dt）", "must be a field with a time (type: dt)")
    return FigureRule(
        name=item.word("figure"),
        over=over.name if over else "",
        of=_subject_form(r, item, over),
        subject=_subject(r, item, over),
        kind=cast(Any, kind),
        value=value,
        where=r.condition(item, "where", over),
        per=_per(r, item),
        distinct=r.own_field(item, "distinct", over),
        clause=item.word("clause"),
        origin=item.origin,
        amount=amount,
        day=r.own_field(item, "day", over),
    )


def _subject_form(r: Reader, item: Item, over: Form | None) -> str:
    of = item.word("of")
    if of and of not in r.scopes.forms and (over is None or over.field(of) is None):
        r.faults.unknown(item.at("of"), ("表单或字段", "form or field"), of, [*r.scopes.forms, *names_of(over)])
    return of


def _subject(r: Reader, item: Item, over: Form | None) -> tuple[str, ...]:
    """The fields that give the subject: as written, else the one reference to `of`."""
    given = item.words("subject")
    for name in given:
        r.field(item, "subject", over, name)
    of = str(item.node.get("of", ""))
    if given or over is None or not of:
        return given
    if of == over.name:
        return ("number",)
    refs = [f.name for f in over.fields if f.ref == of or f.name == of]
    if len(refs) != 1 and of in r.scopes.forms:
        item.faults.add(
            item.origin,
            f"{over.name} 有 {len(refs)} 个字段指向 {of}：写明 subject",
            f"{over.name} has {len(refs)} references to {of}: give subject",
        )
    return tuple(refs[:1])


def _per(r: Reader, item: Item) -> tuple[str, ...]:
    per = item.words("per")
    for scope in per:
        if not scope or not _SCOPE.fullmatch(scope):
            r.faults.unknown(item.at("per"), ("范围", "scope"), scope, ["lot", "model_365d", "365d"])
    return per


def decide(r: Reader, item: Item) -> DecideRule:
    on = r.form(item, "on")
    field = r.own_field(item, "decide", on)
    item.need("cases")
    cases = []
    for case in item.items("cases"):
        case.need("value")
        declared = on.field(field) if on else None
        value = _literal(r, case, "value", on, filled_kind(declared) if declared else None)
        cases.append((r.condition(case, "when", on), value or NEVER))
        case.done()
    _reachable(r, item, [when for when, _ in cases])
    return DecideRule(
        name=f"{on.name if on else ''}.{field}",
        on=on.name if on else "",
        field=field,
        cases=tuple(cases),
        keep_persons=item.flag("keep_persons", True),
        clause=item.word("clause"),
        origin=item.origin,
    )


def look_up(r: Reader, item: Item) -> LookUpRule:
    on, within = r.form(item, "on"), r.form(item, "from")
    listed = r.own_field(item, "list", on)
    item.need("match", "fill")
    if not item.has("least"):
        item.need("latest", "until")
    rows = on.field(listed).fields if on and listed else ()  # type: ignore[union-attr]
    ours = [f.name for f in rows] or names_of(on)
    match = {theirs: str(own) for theirs, own, _ in item.pairs("match")}
    fill = {own: str(theirs) for own, theirs, _ in item.pairs("fill")}
    for name in (*match, *(t for t in fill.values() if t != "number")):
        r.field(item, "match" if name in match else "fill", within, name)
    if within and match and not any((f := within.field(n)) and (f.key or f.type == "ref") for n in match):
        item.wrong("match", "须有一个 key: true 的字段", "needs a field with key: true")
    for name in fill:
        if name not in ours:
            r.faults.unknown(item.at("fill"), ("字段", "field"), name, ours)
    for name in match.values():
        if name not in (*ours, *names_of(on)):
            r.faults.unknown(item.at("match"), ("字段", "field"), name, ours)
    return LookUpRule(
        name=item.word("look_up"),
        on=on.name if on else "",
        list=listed,
        from_=within.name if within else "",
        match=match,
        latest=r.own_field(item, "latest", within),
        until=r.own_field(item, "until", on),
        fill=fill,
        when=r.condition(item, "when", on),
        clause=item.word("clause"),
        origin=item.origin,
        least=r.own_field(item, "least", within),
        at_end=item.flag("at_end"),
    )


def _literal(r: Reader, item: Item, key: str, form: Form | None, want: Kind | None) -> Compiled | None:
    """A value: an expression, or a bare number or true/false."""
    value = item.node.get(key)
    if isinstance(value, bool) and form:
        item.asked.add(key)
        return r.scopes.compile(str(value).lower(), item.at(key), form.name, want)
    return r.expression(item, key, form, want)


def _reachable(r: Reader, item: Item, conditions: list[Compiled | None]) -> None:
    if None in conditions[:-1]:
        item.wrong("cases", "里没有 when 的一项须放在最后", "the case without when must come last")

"""An item of a rule file -> a list that is gathered from the records of another form."""

from __future__ import annotations

from collections.abc import Sequence

from qforms.model import Field, GatherRule
from qforms.rulebook.parts import Reader, names_of
from qforms.rulebook.source import Item

STATES = ("met", "late", "overdue", "running")  # what a column of `clocks` says
CORRECTION = ("was", "now", "by", "at")


def gather(r: Reader, item: Item) -> GatherRule:
    on, over = r.form(item, "on"), r.form(item, "over")
    item.need("list", "match", "fill")
    columns = _columns(on.field(r.own_field(item, "list", on)) if on else None)
    pairs = [(theirs, str(ours)) for theirs, ours, _ in item.pairs("match")]
    if len(pairs) != 1:
        item.wrong("match", "须有且只有一对字段", "must be one pair of fields")
        pairs = [("", "")]
    [(key, ours)] = pairs
    r.field(item, "match", over, key)
    r.field(item, "match", on, ours)
    if over and (declared := over.field(key)) and not (declared.key or declared.type == "ref"):
        item.wrong("match", "须是 key: true 的字段", "needs a field with key: true")
    fill = {}
    for name, value, at in item.pairs("fill"):
        _known(r, at, name, columns)
        if over:
            fill[name] = r.scopes.compile(str(value), at, over.name)
    clocks = {}
    for name, value, at in item.pairs("clocks"):
        _known(r, at, name, columns)
        clocks[name] = (value,) if isinstance(value, str) else tuple(map(str, value))
    corrections = r.own_field(item, "corrections", on)
    groups = {name: str(column) for name, column, _ in item.pairs("groups")}
    for name, column in groups.items():
        r.field(item, "groups", on, name)
        _known(r, item.at("groups"), column, columns)
    compare = item.words("compare")
    for name in compare:
        _known(r, item.at("compare"), name, columns)
    if on and corrections and (missing := set(CORRECTION) - set(_columns(on.field(corrections)))):
        item.wrong("corrections", f"缺少列 {sorted(missing)}", f"lacks the columns {sorted(missing)}")
    return GatherRule(
        name=item.word("gather"),
        on=on.name if on else "",
        list=item.word("list"),
        over=over.name if over else "",
        match=(key, ours),
        fill=fill,
        clocks=clocks,
        when=r.condition(item, "when", on),
        where=r.condition(item, "where", over),
        previous=r.own_field(item, "previous", on),
        corrections=corrections,
        compare=compare,
        groups=groups,
        clause=item.word("clause"),
        origin=item.origin,
    )


def _columns(field: Field | None) -> list[str]:
    return names_of(field) if field else []  # type: ignore[arg-type]


def _known(r: Reader, at: str, name: str, columns: Sequence[str]) -> None:
    if columns and name not in columns:
        r.faults.unknown(at, ("列", "column"), name, columns)

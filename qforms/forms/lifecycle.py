"""The end of a form.yaml: checks across fields, states and events."""

from __future__ import annotations

from collections.abc import Collection

from qforms.forms.source import Table
from qforms.forms.texts import words
from qforms.model import Check, Event, Lifecycle, Sign, State, Text

ROLES = words(
    "intake sales aftersales repair engineering quality production purchasing gmo gm chief_engineer "
    "finance line_manager hq legal hr responsible_unit review_board team customer supplier owner head "
    "office operator system anyone employee"
)
HEADS = frozenset(f"{role}.head" for role in ROLES)  # who heads the department that holds the role
PRINT = words("draft submitted in_review approved issued replied effective closed withdrawn")
EVENT_KEYS = words("zh en from to on by when needs set add refuse sign gate")


def known(table: Table, key: str, what: tuple[str, str], words: tuple[str, ...], options: Collection[str]) -> None:
    for word in words:
        if word not in options:
            table.faults.unknown(table.at(key), what, word, options)


def roles(table: Table, key: str, fields: Collection[str] = ()) -> tuple[str, ...]:
    """Roles, or names of `fields` that hold departments or persons."""
    words = table.words(key)
    known(table, key, ("角色", "role"), words, {*ROLES, *HEADS, *fields})
    return words


def check(table: Table, names: frozenset[str], needs: tuple[str, ...] = ("that", "at", "say")) -> Check:
    table.allow("that", "at", "when", "say")
    for key in needs:
        table.need(key)
    at = table.word("at")
    known(table, "at", ("字段", "field"), (at,) if at else (), names)
    return Check(table.word("that"), at, table.text("say"), table.word("when"), table.here)


def lifecycle(table: Table, names: frozenset[str]) -> Lifecycle:
    table.allow("start", "states", "events")
    states = tuple(_state(name, t) for name, t in table.named("states"))
    names_of_states = [s.name for s in states]
    start = table.word("start", names_of_states[0] if names_of_states else "")
    known(table, "start", ("状态", "state"), (start,) if names_of_states else (), names_of_states)
    if not names_of_states and table.node:
        table.faults.add(table.here, "lifecycle 没有 states", "the lifecycle has no states")
    return Lifecycle(start, states, tuple(_event(n, t, names_of_states, names) for n, t in table.named("events")))


def _state(name: str, table: Table) -> State:
    table.allow("zh", "en", "print", "final")
    table.need("zh")
    word = table.word("print", name if name in PRINT else "draft")
    known(table, "print", ("打印状态", "print state"), (word,), PRINT)
    return State(name, Text(table.word("zh"), table.word("en")), word, table.flag("final"))


def _event(name: str, table: Table, states: list[str], names: frozenset[str]) -> Event:
    table.allow(*EVENT_KEYS)
    for key in ("zh", "from"):
        table.need(key)
    event = Event(
        name=name,
        label=Text(table.word("zh"), table.word("en")),
        from_=table.words("from"),
        to=table.word("to"),
        on=table.words("on") or ("person",),
        by=roles(table, "by", names),
        when=table.word("when"),
        needs=table.words("needs"),
        set=dict(table.table("set").node),
        add={name: dict(row.node) for name, row in table.named("add")},
        origin=table.here,
        sign=_sign(table.table("sign"), names) if "sign" in table else None,
        gate=tuple(check(t, names, ("that", "say")) for t in table.tables("gate")),
        refuse=table.text("refuse"),
    )
    known(table, "from", ("状态", "state"), event.from_, states)
    known(table, "to", ("状态", "state"), (event.to,) if event.to else (), states)
    known(table, "needs", ("字段", "field"), event.needs, names)
    known(table, "set", ("字段", "field"), tuple(event.set), names)
    known(table, "add", ("字段", "field"), tuple(event.add), names)
    return event


def _sign(table: Table, names: frozenset[str]) -> Sign:
    """{by: [to_depts, quality], need: all | 2, order: together | in_turn}"""
    table.allow("by", "need", "order")
    table.need("by")
    need, order = table.word("need", "all"), table.word("order", "together")
    if need != "all" and not need.isdecimal():
        table.wrong("need", " all 或人数", "all, or how many")
    known(table, "order", ("会签顺序", "order of signing"), (order,), ("together", "in_turn"))
    columns = {word for word in table.words("by") if word.partition(".")[0] in names}
    return Sign(roles(table, "by", {*names, *columns}), int(need) if need.isdecimal() else 0, order == "in_turn")

"""What can only be seen when all rules are known: names given twice, rules that overlap, clocks that nobody winds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from qforms.model import Condition, Form, Rulebook
from qforms.rulebook.source import Faults
from qforms.rulebook.together import OF_CLOCKS


def check(book: Rulebook, forms: Mapping[str, Form], faults: Faults) -> None:
    _double(book.figures, "figure", faults)
    _double(book.decide, "decide", faults)
    _double(book.triggers, "trigger", faults)
    for form in forms:
        _double((c for c in book.clocks if c.on == form), "clock", faults)
    _double(book.letters, "letter", faults)
    _double(book.look_ups, "look_up", faults)
    _double(book.gathers, "gather", faults)
    _double(book.together, "together", faults)
    _double(book.exports, "export", faults)
    _joined(book, faults)
    _overlap(book.triggers, lambda t: (t.on, t.open, t.task, t.key, _tree(t.when)), faults)
    _overlap(book.letters, lambda r: (r.on, r.kind, _tree(r.when), r.to.names), faults)
    _overlap(book.clocks, lambda c: (c.on, _tree(c.when), _tree(c.from_), _tree(c.until), _length(c)), faults)
    _wound(book, forms, faults)


def _double(rules: Iterable[Any], kind: str, faults: Faults) -> None:
    seen: dict[str, str] = {}
    for rule in rules:
        first = seen.setdefault(rule.name, rule.origin)
        if first != rule.origin:
            faults.add(rule.origin, f"{kind} {rule.name} 已在 {first}", f"{kind} {rule.name} stands at {first} already")


def _overlap(rules: Iterable[Any], same: Any, faults: Faults) -> None:
    """Two rules that would do the same at the same moment: one of them is a mistake."""
    seen: dict[str, Any] = {}
    for rule in rules:
        first = seen.setdefault(repr(same(rule)), rule)
        if first is not rule and first.name != rule.name:
            faults.add(
                rule.origin,
                f"{rule.name} 与 {first.name}（{first.origin}）条件和结果相同",
                f"{rule.name} does the same on the same condition as {first.name}",
            )


def _joined(book: Rulebook, faults: Faults) -> None:
    """What goes together is known, goes with one table only, and is to our own people."""
    rules = {r.name: r for r in book.letters}
    table: dict[str, str] = {}
    for rule in book.together:
        for name in rule.letters:
            if name not in OF_CLOCKS and name not in rules:
                faults.unknown(rule.origin, ("信件规则", "letter rule"), name, [*rules, *OF_CLOCKS])
            elif {"customer", "supplier"} & set(rules[name].to.names if name in rules else ()):
                faults.add(rule.origin, f"{name} 发给外部，不能合并", f"{name} goes outside: not together with others")
            if (first := table.setdefault(name, rule.name)) != rule.name:
                faults.add(rule.origin, f"{name} 已并入 {first}", f"{name} goes with {first} already")


def _tree(condition: Condition | None) -> Any:
    return getattr(condition, "tree", None)


def _length(clock: Any) -> Any:
    return clock.within, _tree(clock.hours), clock.months, clock.working_days, _tree(clock.by)


def _wound(book: Rulebook, forms: Mapping[str, Form], faults: Faults) -> None:
    """An event fired by a clock needs that clock, on the same form; a timer needs an event that it fires."""
    clocks = {c.name: c for c in book.clocks} | {c.name: c for c in book.clocks if c.timer}
    fired: set[str] = set()
    for form in forms.values():
        for event in form.lifecycle.events:
            for cause in event.on:
                head, _, name = cause.partition(".")
                if head != "clock":
                    continue
                fired.add(name)
                if name not in clocks:
                    faults.unknown(event.origin, ("时钟", "clock"), name, clocks)
                elif clocks[name].on != form.name:
                    faults.add(
                        event.origin,
                        f"时钟 {name} 属于 {clocks[name].on}，不属于 {form.name}",
                        f"clock {name} runs on {clocks[name].on}, not on {form.name}",
                    )
    for clock in book.clocks:
        if clock.timer and clock.name not in fired:
            faults.add(
                clock.origin,
                f"timer {clock.name} 不触发任何事件（表单里没有 on: clock.{clock.name}）",
                f"timer {clock.name} fires no event",
            )

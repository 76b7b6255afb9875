"""A checked tree -> a Python function. Nothing can come to stand in it but what this file writes: of the tree only
names and texts, as literals; every other value is bound to the function and never written.

None is "unknown" everywhere. A comparison or sum with an unknown operand is None, as is its negation; `and`, `or` are
Kleene's: false and unknown = false, true or unknown = true. Three questions are always decided, because they ask what
is said and not what is so: `known(x)`, `x in […]` (false when nothing is said), `x not in […]` (then true)."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from qforms import amount_cn
from qforms.expression import run
from qforms.expression.run import Known
from qforms.expression.tree import Tree

COMPARE = {"eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_SIGNS = {"add": "+", "sub": "-", "mul": "*"}
_OF_ONE: dict[str, Callable[[Any], Any]] = {
    "total": run.total, "week": run.week, "week_days": run.week_days, "text": run.text, "lower": str.lower,
    "capitals": amount_cn.capitals,
}  # fmt: skip
_OF_TWO: dict[str, Callable[[Any, Any], Any]] = {
    "days": run.days, "hours": run.hours, "month": run.month, "dates": run.dates,
}  # fmt: skip
_PICKS: dict[str, Callable[[list[Any]], Any]] = {"larger": max, "smaller": min, "first": run.first}
_CONSTANT = ("number", "value", "limit")
_NOTHING_SAID = '(None, "", ())'
_DEEP = 20  # beyond it a part becomes a function of its own: Python reads no more than 200 brackets in each other


def value(tree: Tree) -> Callable[[Known], Any]:
    """The function that gives an expression's value."""
    made: Callable[[Known], Any] = Writer("v", "v").function("v", tree)
    return made


def told(tree: Tree) -> Callable[[Known, Known], Any]:
    """The same for values that tell what is missing, and the same values asked in silence: for what need not be told
    when it is missing."""
    made: Callable[[Known, Known], Any] = Writer("v", "u").function("v, u", tree)
    return made


def holds(tree: Tree) -> Callable[[Known], bool]:
    """The function that says whether an expression is true. It asks no further than that."""
    made: Callable[[Known], bool] = Writer("v", "v").function("v", tree, whether=True)
    return made


class Writer:
    """Writes one function: every method gives the Python of a part. `values` is the name of what is asked, `silent` of
    the same where nobody is told what is missing."""

    def __init__(self, values: str, silent: str) -> None:
        self.values, self.silent = values, silent
        self.bound: dict[str, Any] = {}
        self.temps = self.depth = 0

    def function(self, arguments: str, tree: Tree, whether: bool = False) -> Any:
        body = self.true(tree) if whether else self.value(tree)
        return self.run(f"def made({arguments}): return {body}")

    def run(self, source: str) -> Any:
        """The function `made` of a source in which what was bound is known."""
        exec(compile(source, "<expression>", "exec"), self.bound)
        return self.bound["made"]

    def bind(self, thing: Any) -> str:
        name = f"b{len(self.bound)}"
        self.bound[name] = thing
        return name

    def temp(self) -> str:
        self.temps += 1
        return f"t{self.temps}"

    # ---- is it so?

    def true(self, tree: Tree) -> str:
        """Whether a part is true: unknown is not."""
        match tree:
            case ["and", *_]:
                return f"({' and '.join(map(self.true, _chain(tree)))})"
            case ["or", *_]:
                return f"({' or '.join(map(self.true, _chain(tree)))})"
            case ["not", part]:
                return self.false(part)
            case ["compare", op, a, b]:
                x, y, known = self._both(a, b)
                return f"({known} and {x} {COMPARE[op]} {y})"
            case ["known" | "in" | "not in", *_]:
                return self.value(tree)
        return f"({self.value(tree)} is True)"

    def false(self, tree: Tree) -> str:
        """Whether a part is false: unknown is not either."""
        match tree:
            case ["and", *_]:
                return f"({' or '.join(map(self.false, _chain(tree)))})"
            case ["or", *_]:
                return f"({' and '.join(map(self.false, _chain(tree)))})"
            case ["not", part]:
                return self.true(part)
            case ["compare", op, a, b]:
                x, y, known = self._both(a, b)
                return f"({known} and not {x} {COMPARE[op]} {y})"
            case ["known" | "in" | "not in", *_]:
                return f"(not {self.value(tree)})"
        return f"({self.value(tree)} is False)"

    def _both(self, a: Tree, b: Tree) -> tuple[str, str, str]:
        """Two values, and whether both are known: neither is left out, so that both missing names are told."""
        x, known = self._one(a)
        y, also = self._one(b)
        told = " & " if self.values != self.silent else " and "
        return x, y, told.join(k for k in (known, also) if k) or "True"

    def _one(self, tree: Tree) -> tuple[str, str]:
        """A value, and whether it is known; "" where that is no question."""
        if tree[0] in _CONSTANT:
            return self.value(tree), ""
        x = self.temp()
        return x, f"(({x} := {self.value(tree)}) is not None)"

    # ---- what is it?

    def value(self, tree: Tree, values: str = "") -> str:
        """The value of a part; None when it can't be told."""
        kind, *parts = tree
        if self.depth >= _DEEP:
            return f"{self.bind(told(tree))}({values or self.values}, {self.silent})"
        self.depth += 1
        before, self.values = self.values, values or self.values
        try:
            return self._value(kind, parts)
        finally:
            self.depth -= 1
            self.values = before

    def _value(self, kind: str, parts: list[Any]) -> str:
        if kind in _OF_ONE:
            return self._of(self.bind(_OF_ONE[kind]), parts[0])
        if kind in _OF_TWO:
            return self._of(self.bind(_OF_TWO[kind]), *parts)
        if kind in _PICKS:
            return self._picked(_PICKS[kind], parts)
        return _WRITTEN[kind](self, *parts)

    def _of(self, function: str, *trees: Tree, more: str = "") -> str:
        """A function of values that all have to be known."""
        x, known = self._one(trees[0])
        if len(trees) == 1:
            return f"({function}({x}{more}) if {known or 'True'} else None)"
        x, y, known = self._both(*trees)
        return f"({function}({x}, {y}{more}) if {known} else None)"

    def _number(self, text: str) -> str:
        return self.bind(Decimal(text))

    def _constant(self, constant: Any) -> str:
        return repr(constant) if isinstance(constant, (str, bool)) else self.bind(constant)

    def _limit(self, _: str, tree: Tree) -> str:
        return self.value(tree)

    def _name(self, name: str) -> str:
        return f"{self.values}[{str(name)!r}]"

    def _column(self, name: str, below: str) -> str:
        return f"{self.bind(run.column)}({self.values}, {self.silent}, {str(name)!r}, {str(below)!r})"

    def _each(self, name: str, below: str) -> str:
        return f"{self.bind(run.each)}({self.values}, {self.silent}, {str(name)!r}, {str(below)!r})"

    def _and(self, *parts: Tree) -> str:
        return self._kleene(_chain(["and", *parts]), "False", "True")

    def _or(self, *parts: Tree) -> str:
        return self._kleene(_chain(["or", *parts]), "True", "False")

    def _kleene(self, parts: list[Tree], decided: str, else_: str) -> str:
        asked, open_ = [], []
        for part in parts:
            x = self.temp()
            asked.append(f"({x} := {self.value(part)}) is {decided}")
            open_.append(f"{x} is None")
        return f"({decided} if {' or '.join(asked)} else None if {' or '.join(open_)} else {else_})"

    def _not(self, part: Tree) -> str:
        x, known = self._one(part)
        return f"((not {x}) if {known or 'True'} else None)"

    def _minus(self, part: Tree) -> str:
        x, known = self._one(part)
        return f"(-{x} if {known or 'True'} else None)"

    def _compare(self, op: str, a: Tree, b: Tree) -> str:
        x, y, known = self._both(a, b)
        return f"({x} {COMPARE[op]} {y} if {known} else None)"

    def _compute(self, op: str, a: Tree, b: Tree) -> str:
        if op not in _SIGNS:
            return self._of(self.bind(run.COMPUTE[op]), a, b)
        x, y, known = self._both(a, b)
        return f"({x} {_SIGNS[op]} {y} if {known} else None)"

    def _in(self, member: Tree, box: Tree) -> str:
        if box[0] != "list":
            x, y, known = self._both(member, box)
            return f"({known} and {x} in {y})"
        x, known = self._one(member)
        if all(item[0] in ("number", "value") for item in box[1]):
            among = self.bind(frozenset(Decimal(item[1]) if item[0] == "number" else item[1] for item in box[1]))
            return f"({known or 'True'} and {x} in {among})"
        same = " or ".join(f"{x} == {self.value(item)}" for item in box[1])
        return f"({known or 'True'} and ({same}))"

    def _not_in(self, member: Tree, box: Tree) -> str:
        return f"(not {self.value(['in', member, box], self.silent)})"  # true although unknown: nothing is to be told

    def _like(self, whole: bool, want: bool, tree: Tree, pattern: str, cap: int) -> str:
        compiled = re.compile(pattern)
        find = self.bind(compiled.match if whole else compiled.search)
        x, known = self._one(tree)
        found = f"{find}({x}[:{int(cap)}]) is {'not ' if want else ''}None"
        return f"(({found}) if {known or 'True'} else None)"

    def _if(self, condition: Tree, yes: Tree, no: Tree) -> str:
        x, known = self._one(condition)
        return f"(({self.value(yes)} if {x} else {self.value(no)}) if {known or 'True'} else None)"

    def _known(self, part: Tree) -> str:
        return f"({self.value(part, self.silent)} not in {_NOTHING_SAID})"

    def _count(self, name: str) -> str:
        return f"len({self.silent}[{str(name)!r}] or ())"

    def _filled(self, part: Tree) -> str:
        return f"len({self.value(part, self.silent)} or ())"

    def _picked(self, pick: Callable[[list[Any]], Any], parts: list[Tree]) -> str:
        """Of those that are known; what is missing is told only when none is."""
        x, asked = self.temp(), ", ".join(self.value(p, self.silent) for p in parts)
        found = f"({x} := {self.bind(run.picked)}({self.bind(pick)}, {asked}))"
        if self.values == self.silent:
            return found
        missing = ", ".join(map(self.value, parts))
        return f"({x} if {found} is not None else {self.bind(run.nothing)}({missing}))"

    def _after(self, day: Tree, length: Tree, unit: str = "") -> str:
        return self._shifted(1, day, length, unit)

    def _before(self, day: Tree, length: Tree, unit: str = "") -> str:
        return self._shifted(-1, day, length, unit)

    def _shifted(self, sign: int, day: Tree, length: Tree, unit: str) -> str:
        x, y, known = self._both(day, length)
        long = f"{self.bind(run.counted)}({y}, {str(unit)!r})" if unit else y
        return f"({self.bind(run.shifted)}({x}, {long}, {sign}) if {known} else None)"

    def _last(self, part: Tree) -> str:
        x = self.temp()
        return f"({x}[-1] if ({x} := {self.value(part)}) else None)"

    def _besides(self, every: Tree, those: Tree) -> str:
        x, known = self._one(every)
        besides = f"{self.bind(run.besides)}({x}, {self.value(those, self.silent)})"
        return f"({besides} if {known or 'True'} else None)"

    def _rounded(self, part: Tree, places: int) -> str:
        return self._of(self.bind(run.rounded), part, more=f", {self.bind(Decimal(1).scaleb(-int(places)))}")


def _chain(tree: Tree) -> list[Tree]:
    """The parts of a and b and c, which stand as (a and b) and c."""
    kind, left, right = tree
    return [*(_chain(left) if left[0] == kind else [left]), *(_chain(right) if right[0] == kind else [right])]


_WRITTEN: dict[str, Callable[..., str]] = {
    "number": Writer._number, "value": Writer._constant, "limit": Writer._limit, "name": Writer._name,
    "column": Writer._column, "each": Writer._each, "and": Writer._and, "or": Writer._or, "not": Writer._not,
    "minus": Writer._minus, "compare": Writer._compare, "compute": Writer._compute, "in": Writer._in,
    "not in": Writer._not_in, "like": Writer._like, "if": Writer._if, "known": Writer._known,
    "count": Writer._count, "filled": Writer._filled, "after": Writer._after, "before": Writer._before,
    "last": Writer._last, "rounded": Writer._rounded, "besides": Writer._besides,
}  # fmt: skip

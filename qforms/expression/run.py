"""A checked tree -> Python closures over (values, unknown). Knows no types: the check has seen to them.

None is "unknown" everywhere. A comparison or sum with an unknown operand is None, as is its negation; `and`, `or` are
Kleene's: false and unknown = false, true or unknown = true. Three questions are always decided, because they ask what
is said and not what is so: `known(x)`, `x in […]` (false when nothing is said), `x not in […]` (then true)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from qforms import amount_cn
from qforms.expression.tree import Tree
from qforms.months import add_months

Values = Mapping[str, Any]
Run = Callable[[Values, list[str]], Any]
OFFSET = re.compile(r"(\d{1,4})(d|m)")  # what after() and before() go by: days, calendar months

COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def _safe(op: Callable[[Decimal, Decimal], Any]) -> Callable[[Any, Any], Any]:
    # int / int would be a float; what has no result (division by zero, overflow) is unknown
    def compute(a: Any, b: Any) -> Any:
        try:
            return op(Decimal(a), Decimal(b))
        except ArithmeticError:
            return None

    return compute


COMPUTE: Mapping[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "tdiv": _safe(operator.truediv),
    "fdiv": _safe(operator.floordiv),
    "mod": _safe(operator.mod),
    "pow": _safe(operator.pow),
}


def closure(tree: Tree) -> Run:
    """The function of a tree. Its first element says what it is; the rest are its parts."""
    kind, *parts = tree
    return _MAKERS[kind](*parts)


def _constant(value: Any) -> Run:
    return lambda values, unknown: value


def _number(text: str) -> Run:
    return _constant(Decimal(text))


def _limit(_: str, tree: Tree) -> Run:
    return closure(tree)


def _name(name: str) -> Run:
    def run(values: Values, unknown: list[str]) -> Any:
        value = values.get(name)
        if value is None:
            unknown.append(name)
        return value

    return run


def _column(name: str, column: str) -> Run:
    path = f"{name}.{column}"

    def run(values: Values, unknown: list[str]) -> Any:
        row = values.get(name)
        value = None if row is None else row.get(column)
        if value is None:
            unknown.append(path)
        return value

    return run


def _each(name: str, column: str) -> Run:
    def run(values: Values, unknown: list[str]) -> Any:
        rows = values.get(name)
        if rows is not None:
            found = tuple(v for row in rows if (v := row.get(column)) is not None)
            if found or not rows:  # a list said to be empty has a total of 0
                return found
        unknown.append(f"{name}.{column}")
        return None

    return run


def _and(left: Tree, right: Tree) -> Run:
    a, b = closure(left), closure(right)

    def run(values: Values, unknown: list[str]) -> Any:
        x = a(values, unknown)
        if x is False:
            return False
        y = b(values, unknown)
        return y if x or y is False else None

    return run


def _or(left: Tree, right: Tree) -> Run:
    a, b = closure(left), closure(right)

    def run(values: Values, unknown: list[str]) -> Any:
        x = a(values, unknown)
        if x:
            return True
        y = b(values, unknown)
        return y if x is False or y else None

    return run


def _not(tree: Tree) -> Run:
    a = closure(tree)
    return lambda values, unknown: None if (x := a(values, unknown)) is None else not x


def _minus(tree: Tree) -> Run:
    a = closure(tree)
    return lambda values, unknown: None if (x := a(values, unknown)) is None else -x


def _binary(op: Callable[[Any, Any], Any], left: Tree, right: Tree) -> Run:
    a, b = closure(left), closure(right)

    def run(values: Values, unknown: list[str]) -> Any:
        x, y = a(values, unknown), b(values, unknown)  # both are asked, so that both missing names are told
        return None if x is None or y is None else op(x, y)

    return run


def _within(member: Tree, box: Tree) -> Callable[[Values, list[str]], bool]:
    a = closure(member)
    if box[0] == "list":
        parts = [closure(b) for b in box[1]]
        if all(b[0] in ("value", "number") for b in box[1]):
            items = frozenset(p({}, []) for p in parts)
            return lambda values, unknown: (x := a(values, unknown)) is not None and x in items
        return lambda values, unknown: (
            (x := a(values, unknown)) is not None and any(x == p(values, unknown) for p in parts)
        )
    b = closure(box)

    def run(values: Values, unknown: list[str]) -> bool:
        x, y = a(values, unknown), b(values, unknown)
        return x is not None and y is not None and x in y

    return run


def _not_in(member: Tree, box: Tree) -> Run:
    inside = _within(member, box)
    return lambda values, unknown: not inside(values, [])  # true although unknown: there is nothing to tell


def _like(whole: bool, want: bool, tree: Tree, pattern: str, cap: int) -> Run:
    a, compiled = closure(tree), re.compile(pattern)
    find = compiled.match if whole else compiled.search
    return lambda values, unknown: None if (x := a(values, unknown)) is None else (find(x[:cap]) is not None) is want


def _if(condition: Tree, yes: Tree, no: Tree) -> Run:
    c, a, b = closure(condition), closure(yes), closure(no)

    def run(values: Values, unknown: list[str]) -> Any:
        x = c(values, unknown)
        return None if x is None else a(values, unknown) if x else b(values, unknown)

    return run


def _known(tree: Tree) -> Run:
    a = closure(tree)
    return lambda values, unknown: a(values, []) not in (None, "", ())


def _count(name: str) -> Run:
    return lambda values, unknown: len(values.get(name) or ())


def _filled(tree: Tree) -> Run:
    a = closure(tree)
    return lambda values, unknown: len(a(values, []) or ())


def _total(tree: Tree) -> Run:
    a = closure(tree)
    return lambda values, unknown: None if (x := a(values, unknown)) is None else sum(x, Decimal(0))


def _extreme(pick: Callable[[list[Any]], Any], *trees: Tree) -> Run:
    parts = [closure(t) for t in trees]

    def run(values: Values, unknown: list[str]) -> Any:
        missing: list[str] = []
        found = [x for p in parts if (x := p(values, missing)) is not None]
        if found:
            return pick(found)
        unknown.extend(missing)
        return None

    return run


def _days(start: Tree, end: Tree) -> Run:
    return _binary(days_between, start, end)


def days_between(start: date, end: date) -> int:
    """Whole days from start to end: of 24 h between two times, else calendar days. Negative when end is earlier."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        return int((end - start).total_seconds() / 86400)
    return (_day(end) - _day(start)).days


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _hours(start: Tree, end: Tree) -> Run:
    return _binary(lambda a, b: Decimal(str((b - a).total_seconds())) / 3600, start, end)


def _shift(sign: int, day: Tree, length: Tree, unit: str = "") -> Run:
    a, b = closure(day), closure(length)

    def run(values: Values, unknown: list[str]) -> Any:
        x, y = a(values, unknown), b(values, unknown)
        if x is None or y is None:
            return None
        return shifted(x, f"{max(0, min(int(y), 9999))}{unit}" if unit else y, sign)

    return run


def shifted(day: date, length: str, sign: int = 1) -> date:
    """The day that lies so many days ("7d") or calendar months ("1m") after a day, or before it: in months the same
    day of the month, else the month's last (A30: 08-31 + 6m = 02-28)."""
    day = _day(day)
    found = OFFSET.fullmatch(length)
    assert found is not None, length
    number = sign * int(found[1])
    return day + timedelta(days=number) if found[2] == "d" else add_months(day, number)


def _last(tree: Tree) -> Run:
    a = closure(tree)
    return lambda values, unknown: x[-1] if (x := a(values, unknown)) else None


def _week(tree: Tree) -> Run:
    a = closure(tree)

    def run(values: Values, unknown: list[str]) -> Any:
        x = a(values, unknown)
        return None if x is None else "{0.year}W{0.week:02d}".format(_day(x).isocalendar())

    return run


def _month(day: Tree, ends: Tree) -> Run:
    """The statistical month: with 25 as its last day, 26 April to 25 May is 202605 (P51)."""
    a, b = closure(day), closure(ends)

    def run(values: Values, unknown: list[str]) -> Any:
        x, last = a(values, unknown), b(values, unknown)
        if x is None or last is None:
            return None
        first = _day(x).replace(day=1)
        return f"{add_months(first, 1) if _day(x).day > last else first:%Y%m}"

    return run


def _rounded(tree: Tree, places: int) -> Run:
    a, unit = closure(tree), Decimal(1).scaleb(-places)

    def run(values: Values, unknown: list[str]) -> Any:
        x = a(values, unknown)
        return None if x is None else Decimal(x).quantize(unit, ROUND_HALF_UP)

    return run


def _text(tree: Tree) -> Run:
    a = closure(tree)

    def run(values: Values, unknown: list[str]) -> Any:
        x = a(values, unknown)
        return None if x is None else f"{x:f}" if isinstance(x, Decimal) else str(x)

    return run


def _lower(tree: Tree) -> Run:
    a = closure(tree)
    return lambda values, unknown: None if (x := a(values, unknown)) is None else x.lower()


def _capitals(tree: Tree) -> Run:
    a = closure(tree)
    return lambda values, unknown: None if (x := a(values, unknown)) is None else amount_cn.capitals(x)


_MAKERS: dict[str, Callable[..., Run]] = {
    "number": _number,
    "value": _constant,
    "limit": _limit,
    "name": _name,
    "column": _column,
    "each": _each,
    "and": _and,
    "or": _or,
    "not": _not,
    "minus": _minus,
    "compare": lambda op, a, b: _binary(COMPARE[op], a, b),
    "compute": lambda op, a, b: _binary(COMPUTE[op], a, b),
    "in": _within,
    "not in": _not_in,
    "like": _like,
    "if": _if,
    "known": _known,
    "count": _count,
    "filled": _filled,
    "total": _total,
    "larger": lambda *parts: _extreme(max, *parts),
    "smaller": lambda *parts: _extreme(min, *parts),
    "first": lambda *parts: _extreme(lambda found: found[0], *parts),
    "days": _days,
    "hours": _hours,
    "lower": _lower,
    "text": _text,
    "capitals": _capitals,
    "after": lambda day, *length: _shift(1, day, *length),
    "before": lambda day, *length: _shift(-1, day, *length),
    "last": _last,
    "week": _week,
    "month": _month,
    "rounded": _rounded,
}

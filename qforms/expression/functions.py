"""The functions of the rule language: what they take, and their trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from qforms.expression.kinds import BOOL, DATE, NUMBER, TEXT, Kind
from qforms.expression.run import OFFSET
from qforms.expression.source import Fault
from qforms.expression.told import ZH, shown, told, type_of
from qforms.expression.tree import Tree

ORDERED = frozenset({"number", "date", "datetime"})
Checked = tuple[Tree, Kind]


class Checker(Protocol):
    """What a function needs of the check that meets it."""

    def visit(self, node: Any) -> Checked: ...
    def of(self, node: Any, type_: str) -> Tree: ...
    def same(self, sign: str, parts: Sequence[Checked]) -> Kind: ...


Call = Callable[[Checker, str, Sequence[Any]], Checked]


def _known(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    tree, _ = c.visit(args[0])
    if tree[0] not in ("name", "column", "each"):
        raise Fault("known() 里只能是一个名称", "known() takes a name")
    return ["known", tree], BOOL


def _total(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    tree, kind = c.visit(args[0])
    if kind.type != "number" or not kind.many:
        raise Fault("total() 里写 清单.数字列，如 total(shares.pct)", "total() takes list.column of numbers")
    return ["total", tree], NUMBER


def _count(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    tree, kind = c.visit(args[0])
    if tree[0] == "each":
        return ["filled", tree], NUMBER
    if tree[0] != "name" or not kind.many:
        raise Fault("count() 里只能是清单或 清单.列 的名称", "count() takes the name of a list, or list.column")
    return ["count", tree[1]], NUMBER


def _choose(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    parts = [c.visit(a) for a in args]
    kind = c.same(f"{name}()", parts)
    if name != "first" and (kind.many or kind.type not in ORDERED):
        raise Fault(f"{name}() 不能用于{shown(kind)}", f"{name}() of a {type_of(kind)}")
    return [name, *(tree for tree, _ in parts)], kind


def _between(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    parts = [c.visit(a) for a in args]
    allowed = ("datetime",) if name == "hours" else ("date", "datetime")
    for tree, kind in parts:
        if kind.many or kind.type not in allowed:
            raise Fault(f"{name}() 需要{ZH[allowed[0]]}，{told(tree)}是{shown(kind)}", f"{name}() of a {type_of(kind)}")
    return [name, *(tree for tree, _ in parts)], NUMBER


def _lower(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    return ["lower", c.of(args[0], "text")], TEXT


def _shifted(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    """after(day, "1m"), before(day, "3d"): the length as it is written in rules, checked once and for all;
    or after(day, number, "m")."""
    tree, kind = c.visit(args[0])
    if kind.many or kind.type not in ("date", "datetime"):
        raise Fault(f"{name}() 需要{ZH['date']}，{told(tree)}是{shown(kind)}", f"{name}() of a {type_of(kind)}")
    if len(args) == 3:  # after(day, months, "m"): a number from a field
        unit, _ = c.visit(args[2])
        if unit not in (["value", "d"], ["value", "m"]):
            raise Fault(f'{name}() 的第三项写 "d"（天）或 "m"（月）', f'the third part of {name}() is "d" or "m"')
        return [name, tree, c.of(args[1], "number"), unit[1]], DATE
    length, _ = c.visit(args[1])
    written = length[1] if length[0] == "value" else length[2][1] if length[0] == "limit" else None
    if not isinstance(written, str) or not OFFSET.fullmatch(written):
        raise Fault(f'{name}() 的第二项写 "7d" 或 "1m"（天或月）', f'the second part of {name}() is "7d" or "1m"')
    return [name, tree, length], DATE


def _last(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    tree, kind = c.visit(args[0])
    if tree[0] != "each":
        raise Fault("last() 里写 清单.列，如 last(attempts.at)", "last() takes list.column")
    return ["last", tree], Kind(kind.type, False, kind.choices)


def _week(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    tree, kind = c.visit(args[0])
    if kind.many or kind.type not in ("date", "datetime"):
        raise Fault(f"week() 需要{ZH['date']}，{told(tree)}是{shown(kind)}", f"week() of a {type_of(kind)}")
    return ["week", tree], TEXT


def _month(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    tree, kind = c.visit(args[0])
    if kind.many or kind.type not in ("date", "datetime"):
        raise Fault(f"month() 需要{ZH['date']}，{told(tree)}是{shown(kind)}", f"month() of a {type_of(kind)}")
    return ["month", tree, c.of(args[1], "number")], TEXT


def _dates(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    """dates("2026W11"): the days of a week; dates(from, to): each day from one to the other."""
    if len(args) == 1:
        return ["week_days", c.of(args[0], "text")], Kind("date", True)
    parts = [c.visit(a) for a in args]
    for tree, kind in parts:
        if kind.many or kind.type not in ("date", "datetime"):
            raise Fault(f"dates() 需要{ZH['date']}，{told(tree)}是{shown(kind)}", f"dates() of a {type_of(kind)}")
    return ["dates", *(tree for tree, _ in parts)], Kind("date", True)


def _besides(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    parts = [c.visit(a) for a in args]
    for tree, kind in parts:
        if not kind.many or kind.type == "row":
            raise Fault(
                f"besides() 需要列表，{told(tree)}是{shown(kind)}", f"besides() takes lists, not a {type_of(kind)}"
            )
    return ["besides", *(tree for tree, _ in parts)], c.same("besides()", parts)


def _rounded(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    places, _ = c.visit(args[1])
    if places[0] != "number" or places[1] not in ("0", "1", "2", "3", "4"):
        raise Fault("rounded() 的第二项写小数位数 0–4", "rounded() takes 0 to 4 decimals")
    return ["rounded", c.of(args[0], "number"), int(places[1])], NUMBER


def _text(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    tree, kind = c.visit(args[0])
    if kind.many or kind.type not in ("number", "date", "text"):
        raise Fault(f"text() 不能用于{shown(kind)}", f"text() of a {type_of(kind)}")
    return ["text", tree], TEXT


def _capitals(c: Checker, name: str, args: Sequence[Any]) -> Checked:
    return ["capitals", c.of(args[0], "number")], TEXT


# name -> fewest and most arguments, check
FUNCTIONS: Mapping[str, tuple[int, int, Call]] = {
    "known": (1, 1, _known),
    "total": (1, 1, _total),
    "count": (1, 1, _count),
    "larger": (2, 9, _choose),
    "smaller": (2, 9, _choose),
    "first": (2, 9, _choose),
    "days": (2, 2, _between),
    "hours": (2, 2, _between),
    "lower": (1, 1, _lower),
    "capitals": (1, 1, _capitals),
    "text": (1, 1, _text),
    "after": (2, 3, _shifted),
    "before": (2, 3, _shifted),
    "last": (1, 1, _last),
    "week": (1, 1, _week),
    "month": (2, 2, _month),
    "dates": (1, 2, _dates),
    "besides": (2, 2, _besides),
    "rounded": (2, 2, _rounded),
}

"""rule-engine's tree, checked against the names, as a plain tree for `python.py`: lists, texts, numbers as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from qforms.expression.functions import FUNCTIONS, ORDERED, Checked
from qforms.expression.kinds import BOOL, MOMENT, NUMBER, TEXT, Kind
from qforms.expression.python import COMPARE
from qforms.expression.regex import cap
from qforms.expression.source import Fault, parse
from qforms.expression.told import ZH, shown, told, told_en, type_of, unknown
from qforms.expression.tree import Tree
from qforms.model import QformsError, Told

_EQUALS = {"number", "date", "datetime", "text", "bool"}


def check(text: str, names: Mapping[str, Kind], where: str = "", want: Kind | None = None) -> Tree:
    """The tree of `text`. Raises QformsError with one line, beginning with `where`, when it is not sound."""
    try:
        tree, kind = _Checker(names).visit(parse(text))
        if want:
            _fits(tree, kind, want)
    except Fault as fault:
        line = Told(fault.zh, fault.en, f"{where}: " if where else "")
        raise QformsError(line, (line,)) from None
    return tree


def _fits(tree: Tree, kind: Kind, want: Kind) -> None:
    """A fault unless an expression of `kind` gives what is wanted."""
    types = ("date", "datetime") if want == MOMENT else (want.type,)
    if kind.type not in types or (want.many is not None and kind.many != want.many):
        raise Fault(
            f"这里需要{shown(want)}，得到{shown(kind)}", f"a {type_of(want)} is needed, this is a {type_of(kind)}"
        )
    for literal in _results(tree):
        if want.choices and kind.type == "text" and literal not in want.choices:
            raise unknown("代码", "code", str(literal), sorted(want.choices))


def _results(tree: Tree) -> Iterator[Any]:
    """The literals that an expression may give as they stand, limits among them."""
    match tree:
        case ["value", value] | ["limit", _, ["value", value]]:
            yield value
        case ["if", _, yes, no]:
            yield from (*_results(yes), *_results(no))
        case ["first", *parts]:
            for part in parts:
                yield from _results(part)


class _Checker:
    """Walks the tree once; every visit gives the node's own tree and kind, or raises Fault."""

    def __init__(self, names: Mapping[str, Kind]) -> None:
        self.names = names

    def visit(self, node: Any) -> Checked:
        visitor = getattr(self, f"_{type(node).__name__}", None)
        if visitor is None:
            name = type(node).__name__.removesuffix("Expression")
            raise Fault(f"规则语言里没有这种写法（{name}）", f"{name} is not part of the rule language")
        checked: Checked = visitor(node)
        return checked

    def of(self, node: Any, type_: str) -> Tree:
        """The tree of a part that has to be of a type, and a single value."""
        tree, kind = self.visit(node)
        if kind.type != type_ or kind.many:
            raise Fault(
                f"{told(tree)}是{shown(kind)}，这里需要{ZH[type_]}",
                f"{told_en(tree)} is a {type_of(kind)}, a {type_} is needed",
            )
        return tree

    # ---- literals

    def _StringExpression(self, node: Any) -> Checked:
        return ["value", node.value], TEXT

    def _BooleanExpression(self, node: Any) -> Checked:
        return ["value", node.value], BOOL

    def _FloatExpression(self, node: Any) -> Checked:
        if not node.value.is_finite():
            raise Fault("不能用 inf 或 nan", "inf and nan are no numbers here")
        return ["number", str(node.value)], NUMBER

    def _NullExpression(self, node: Any) -> Checked:
        raise Fault("不能用 null；写 known(名称) 或 not known(名称)", "null: write known(name) or not known(name)")

    def _DatetimeExpression(self, node: Any) -> Checked:
        raise Fault("不能写死日期", "no literal dates: use a field")

    def _CoalesceExpression(self, node: Any) -> Checked:
        raise Fault("?? 写作 first(a, b)", "?? is written first(a, b)")

    # ---- names

    def _SymbolExpression(self, node: Any) -> Checked:
        if node.scope:
            raise Fault(
                f"不能用 ${node.name}：同样的数据必须得出同样的结果", f"${node.name}: nothing with $ exists here"
            )
        kind = self.names.get(node.name)
        if kind is None:
            raise unknown("名称", "name", node.name, sorted(self.names))
        if kind.type == "limits":
            raise Fault("limits 后面要写名称：limits.min_units", "limits needs a name: limits.min_units")
        return ["name", node.name], kind

    def _GetAttributeExpression(self, node: Any) -> Checked:
        base = node.object
        if type(base).__name__ != "SymbolExpression" or base.scope:
            raise Fault(f"只能跨一级引用，.{node.name} 多了", f"only one step through a reference: .{node.name}")
        kind = self.names.get(base.name)
        if kind is None:
            raise unknown("名称", "name", base.name, sorted(self.names))
        if not kind.fields:
            raise Fault(f"{base.name} 下面没有字段", f"{base.name} has nothing below it")
        below = kind.fields.get(node.name)
        if below is None:
            raise unknown(f" {base.name} 的字段", f"field of {base.name}", node.name, sorted(kind.fields))
        return self._below(kind, base.name, node.name, below)

    def _below(self, kind: Kind, name: str, field: str, below: Kind) -> Checked:
        if kind.type == "limits":
            return ["limit", f"{name}.{field}", _literal(below.value)], below
        if kind.type == "row" and kind.many:
            return ["each", name, field], Kind(below.type, True, below.choices)
        if kind.type == "row":
            return ["column", name, field], below
        return ["name", f"{name}.{field}"], below

    # ---- logic

    def _LogicExpression(self, node: Any) -> Checked:
        return [node.type, self.of(node.left, "bool"), self.of(node.right, "bool")], BOOL

    def _UnaryExpression(self, node: Any) -> Checked:
        if node.type == "uminus":
            return ["minus", self.of(node.right, "number")], NUMBER
        tree = self.of(node.right, "bool")
        return (["not in", *tree[1:]] if tree[0] == "in" else ["not", tree]), BOOL

    def _TernaryExpression(self, node: Any) -> Checked:
        condition = self.of(node.condition, "bool")
        (yes, kind), (no, other) = self.visit(node.case_true), self.visit(node.case_false)
        return ["if", condition, yes, no], self.same("? :", [(yes, kind), (no, other)])

    # ---- comparisons

    def _ComparisonExpression(self, node: Any) -> Checked:
        return self._compare(node, _EQUALS)

    def _ArithmeticComparisonExpression(self, node: Any) -> Checked:
        return self._compare(node, ORDERED)

    def _compare(self, node: Any, types: Set[str]) -> Checked:
        (left, a), (right, b) = self.visit(node.left), self.visit(node.right)
        sign = {"eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}[node.type]
        self.same(sign, [(left, a), (right, b)])
        if a.many or a.type not in types:
            raise Fault(f"{shown(a)}不能用 {sign} 比较", f"a {type_of(a)} can't be compared by {sign}")
        return ["compare", node.type if node.type in COMPARE else "eq", left, right], BOOL

    def same(self, sign: str, parts: Sequence[Checked]) -> Kind:
        """The common kind of what is compared or chosen from; codes that can't occur are a fault."""
        (first, kind), *rest = parts
        for tree, other in rest:
            if {kind.type, other.type} == {"date", "datetime"}:
                raise Fault(
                    f"{sign} 两边一个是日期、一个是时刻；写 days({told(first)}, {told(tree)})",
                    f"{sign} between a date and a time: use days(a, b)",
                )
            if (kind.type, kind.many) != (other.type, other.many):
                raise Fault(
                    f"{sign} 两边类型不同：{told(first)}是{shown(kind)}，{told(tree)}是{shown(other)}",
                    f"{sign} between a {type_of(kind)} and a {type_of(other)}",
                )
            self._code(kind, first, tree)
            self._code(other, tree, first)
        return kind

    def _code(self, kind: Kind, named: Tree, literal: Tree) -> None:
        if kind.choices and literal[0] == "value" and literal[1] not in kind.choices:
            raise unknown(f"{told(named)}的代码", f"code of {told_en(named)}", str(literal[1]), sorted(kind.choices))

    def _ContainsExpression(self, node: Any) -> Checked:
        member, kind = self.visit(node.member)
        if type(node.container).__name__ == "ArrayExpression":
            items = [self.visit(item) for item in node.container.value]
            if not items:
                raise Fault("in 后面的列表是空的", "the list after in is empty")
            for item in items:
                self.same("in", [(member, kind), item])
            return ["in", member, ["list", [tree for tree, _ in items]]], BOOL
        box, among = self.visit(node.container)
        if not among.many:
            raise Fault(f"in 后面需要列表，{told(box)}是{shown(among)}", f"in needs a list, not a {type_of(among)}")
        self.same("in", [(box, Kind(among.type, False, among.choices)), (member, kind)])
        return ["in", member, box], BOOL

    def _FuzzyComparisonExpression(self, node: Any) -> Checked:
        if type(node.right).__name__ != "StringExpression":
            raise Fault("=~ 右边只能是写明的正则表达式", "the right side of =~ must be a literal pattern")
        tree = self.of(node.left, "text")
        return [
            "like",
            node.type.endswith("m"),
            node.type.startswith("eq"),
            tree,
            node.right.value,
            cap(node.right.value),
        ], BOOL

    # ---- computing

    def _ArithmeticExpression(self, node: Any) -> Checked:
        return ["compute", node.type, self.of(node.left, "number"), self.of(node.right, "number")], NUMBER

    def _AddExpression(self, node: Any) -> Checked:
        left, kind = self.visit(node.left)
        if kind.type == "text" and not kind.many:
            return ["compute", "add", left, self.of(node.right, "text")], TEXT
        self._no_times(kind)
        return self._ArithmeticExpression(node)

    def _SubtractExpression(self, node: Any) -> Checked:
        self._no_times(self.visit(node.left)[1])
        return self._ArithmeticExpression(node)

    def _no_times(self, kind: Kind) -> None:
        if kind.type in ("date", "datetime"):
            raise Fault(
                "日期不能加减；间隔写 days(a, b) 或 hours(a, b)，期限写在 within",
                "dates: use days(a, b), hours(a, b) or within",
            )

    # ---- functions

    def _FunctionCallExpression(self, node: Any) -> Checked:
        name = getattr(node.function, "name", "?")
        if getattr(node.function, "scope", None):
            raise Fault(f"没有函数 ${name}：带 $ 的都不能用", f"${name}: nothing with $ exists here")
        if name not in FUNCTIONS:
            raise unknown("函数", "function", name, sorted(FUNCTIONS))
        least, most, call = FUNCTIONS[name]
        given = len(node.arguments)
        if not least <= given <= most:
            need = str(least) if least == most else f"{least}+"
            raise Fault(
                f"{name}() 需要 {need} 个参数，写了 {given} 个", f"{name}() takes {need} arguments, not {given}"
            )
        return call(self, name, node.arguments)


def _literal(value: Any) -> Tree:
    return ["value", value] if isinstance(value, (bool, str)) else ["number", str(value)]

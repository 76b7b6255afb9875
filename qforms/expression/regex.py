"""Patterns after =~ that can't run away: what may repeat, and how much text is looked at."""

from __future__ import annotations

from typing import Any

from qforms.expression.source import Fault

# Characters looked at, by the number of open repeats (*, +, {n,}): the work grows with that power, plus one for search.
_CAPS = (100_000, 2_000, 300)
_MANY = 50  # a repeat with at least so many turns counts as open


def cap(pattern: str) -> int:
    """How many characters of a text may be searched for `pattern`. Raises Fault when it could run away."""
    try:
        from re import _parser  # type: ignore[attr-defined]  # no public name since 3.11; the tree is what we need

        tree = _parser.parse(pattern)
    except (ValueError, RecursionError, OverflowError) as fault:
        raise Fault(f"正则表达式有误：{fault}", f"bad regular expression: {fault}") from None
    repeats = _repeats(tree, inside=False)
    if repeats >= len(_CAPS):
        raise Fault(
            f"正则表达式里的 * 和 + 最多 {len(_CAPS) - 1} 个", f"at most {len(_CAPS) - 1} open repeats in a pattern"
        )
    return _CAPS[repeats]


def _repeats(tree: Any, inside: bool) -> int:
    """The number of open repeats in a parsed pattern."""
    total = 0
    for op, arg in tree:
        name = str(op)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _, most, body = arg
            if inside and most > 1:
                raise _runaway()
            total += (most >= _MANY) + _repeats(body, inside=most > 1)
        elif name == "BRANCH":
            if inside:
                raise _runaway()
            total += sum(_repeats(branch, inside) for branch in arg[1])
        elif name == "SUBPATTERN":
            total += _repeats(arg[-1], inside)
        elif name in ("GROUPREF", "GROUPREF_EXISTS", "ASSERT", "ASSERT_NOT", "ATOMIC_GROUP"):
            raise Fault("正则表达式里不能用反向引用和环视", "no back references or look-around in a pattern")
    return total


def _runaway() -> Fault:
    return Fault("正则表达式里重复不能套重复（会卡死）", "a repeat inside a repeat in a pattern could run for ever")

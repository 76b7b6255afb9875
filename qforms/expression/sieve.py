"""Many expressions passed over at once: one Python function that says, by what a record itself holds, which of them can
possibly hold. What rests on anything else (figures, other records, rows) counts as possible, so nothing is passed over
that would hold; what remains is asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from qforms.expression.python import Writer
from qforms.expression.tree import Tree

Possible = Callable[[Mapping[str, Any], str], int]
POSSIBLE = "True"
_STATUS = "status"
_ROWS = frozenset(("column", "each", "count", "filled", "last"))  # what asks for more than a field's value
_OF_TWO = frozenset(("compare", "compute", "days", "hours", "month", "dates", "after", "before"))
_OF_ALL = _OF_TWO.union(("not", "minus", "total", "week", "week_days", "text", "lower", "capitals", "rounded"))
_OF_ANY = frozenset(("larger", "smaller", "first"))  # unknown where all of their parts are, not where one is
_DEEP = 8  # a longer part is not looked into


class Sieve(Writer):
    """Writes the function. `own` says of a name whether the record's own values tell it."""

    def __init__(self, own: Callable[[str], bool]) -> None:
        super().__init__("v", "v")
        self._own = own
        self._fields: dict[str, str] = {}  # name -> the variable that holds its value

    def function_of(self, always: int, parts: Sequence[tuple[int, str]]) -> Possible:
        """(values, status) -> the bits of those parts that are possible, and `always`."""
        lines = [f" {variable} = v.get({name!r})" for name, variable in self._fields.items() if name != _STATUS]
        lines += [f" bits = {always}", *(f" if {text}: bits |= {bit}" for bit, text in parts), " return bits"]
        made: Possible = self.run("\n".join(["def made(v, status):", *lines]))
        return made

    # ---- each gives the Python of a part

    def known(self, names: Collection[str]) -> str:
        """Are these fields known? Of those that others may tell, too, that is possible."""
        return both(f"{self._variable(n)} is not None" for n in sorted(names) if self._own(n))

    def filled(self, name: str) -> str:
        """Is there anything in a field?"""
        return self._variable(name) if self._own(name) else POSSIBLE

    def state(self, states: Collection[str]) -> str:
        """Is the record in one of these states, where any are named?"""
        return f"{_STATUS} in {self.bind(frozenset(states))}" if states else POSSIBLE

    def can_hold(self, tree: Tree) -> str:
        """Can a part be true?"""
        match tree:
            case ["and", *parts]:
                return both(map(self.can_hold, parts))
            case ["or", *parts]:
                return either(map(self.can_hold, parts))
            case ["not", part]:
                return self.can_fail(part)
        return self.true(tree) if self._plain(tree) else self._pieces(tree)

    def can_fail(self, tree: Tree) -> str:
        """Can a part be false?"""
        match tree:
            case ["and", *parts]:
                return either(map(self.can_fail, parts))
            case ["or", *parts]:
                return both(map(self.can_fail, parts))
            case ["not", part]:
                return self.can_hold(part)
        return self.false(tree) if self._plain(tree) else POSSIBLE

    def can_tell(self, tree: Tree) -> str:
        """Can a part have a value?"""
        match tree:
            case ["name", name]:
                return self.known([name.partition(".")[0]])
            case ["column" | "each", name, _]:
                return self.known([name])
            case ["if", condition, yes, no]:
                return both([self.can_tell(condition), either(map(self.can_tell, (yes, no)))])
            case [kind, *parts] if kind in _OF_ALL:
                return both(self.can_tell(part) for part in parts if isinstance(part, list))
            case [kind, *parts] if kind in _OF_ANY:
                return either(map(self.can_tell, parts))
        return POSSIBLE

    def _pieces(self, tree: Tree) -> str:
        """What asks for more than the record says needs at least what of it the record says."""
        match tree:
            case ["compare", _, a, b]:
                return both(map(self.can_tell, (a, b)))
            case ["known", part] | ["in", part, ["list", _]]:
                return self.can_tell(part)
            case ["name", _]:
                return self.can_tell(tree)
        return POSSIBLE

    # ---- inside

    def _plain(self, tree: Tree, deep: int = 0) -> bool:
        """Does a part rest on the record's own fields alone?"""
        if deep > _DEEP or tree[0] in _ROWS or (tree[0] == "name" and tree[1] != _STATUS and not self._own(tree[1])):
            return False
        parts = [part for part in tree[1:] if isinstance(part, list) and part]
        below = [p for part in parts for p in (part if isinstance(part[0], list) else [part])]
        return all(self._plain(part, deep + 1) for part in below)

    def _variable(self, name: str) -> str:
        return _STATUS if name == _STATUS else self._fields.setdefault(name, f"f{len(self._fields)}")

    def _value(self, kind: str, parts: list[Any]) -> str:
        return self._variable(parts[0]) if kind == "name" else super()._value(kind, parts)


def both(parts: Iterable[str]) -> str:
    """All of these are asked for."""
    asked = [part for part in parts if part != POSSIBLE]
    return f"({' and '.join(asked)})" if asked else POSSIBLE


def either(parts: Iterable[str]) -> str:
    """One of these is enough."""
    asked = list(parts)
    return POSSIBLE if POSSIBLE in asked else f"({' or '.join(asked)})"

"""The rule language: an expression is checked against declared names when loaded, and runs as a Python function.

rule-engine reads the grammar; `check.py` checks names, types and codes and gives a plain tree, which is kept as JSON
so that a warm start needs no parser; `python.py` writes a function of it. An unknown value is None throughout: a
comparison with one is undecided (None, which is no truth), so it can open nothing. docs/rules.md lays down the
language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qforms.expression import python
from qforms.expression.kinds import Kind, kinds_of
from qforms.expression.run import Known, Telling
from qforms.expression.tree import Tree, constants_of, names_of

__all__ = ["Compiled", "Kind", "Known", "compile", "from_json", "kinds_of"]


class Compiled:
    """A checked expression (`model.Condition`).

    `names` are the names that its value rests on ("severity", "mechanism_group.status"); `constants` the limits that
    were put in their place ("limits.report_8001"). `value(values)` gives the value of values that are `Known`, and
    `holds(values)` whether it is true: it stops where that is decided. Each is made when it is first asked for."""

    __slots__ = ("_told", "constants", "holds", "names", "text", "tree", "value")

    def __init__(self, text: str, tree: Tree) -> None:
        self.text = text
        self.tree = tree
        self.names = names_of(tree)
        self.constants = constants_of(tree)
        self.value: Callable[[Known], Any] = self._first_value  # of most expressions a run asks nothing
        self.holds: Callable[[Known], bool] = self._first_held
        self._told: Callable[[Known, Known], Any] | None = None

    def _first_value(self, values: Known) -> Any:
        self.value = python.value(self.tree)
        return self.value(values)

    def _first_held(self, values: Known) -> bool:
        self.holds = python.holds(self.tree)
        return self.holds(values)

    def __call__(self, values: Mapping[str, Any], unknown: list[str] | None = None) -> Any:
        """The value for `values`, None when it can't be told; the names that were missing are added to `unknown`.

        An attribute of a reference is asked for by its path, "mechanism_group.status"."""
        known = values if isinstance(values, Known) else Known(values)
        if unknown is None:
            return self.value(known)
        if self._told is None:
            self._told = python.told(self.tree)
        return self._told(Telling(known, unknown), known)

    def __repr__(self) -> str:
        return f"Compiled({self.text!r})"

    def to_json(self) -> list[Any]:
        return [self.text, self.tree]


def from_json(data: list[Any]) -> Compiled:
    """What `Compiled.to_json` gave; imports no parser."""
    return Compiled(data[0], data[1])


def compile(text: str, names: Mapping[str, Kind], where: str = "", want: Kind | None = None) -> Compiled:
    """Checks `text` against `names` and makes it callable. `want` is the kind of value that it has to give.

    Raises QformsError with `where` ("triggers.yaml:12"), what is wrong and what may have been meant."""
    from qforms.expression.check import check

    return Compiled(text, check(text, names, where, want))

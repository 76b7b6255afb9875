"""The rule language: an expression is checked against declared names when loaded, and runs as a Python function.

rule-engine reads the grammar; `check.py` checks names, types and codes and gives a plain tree, which is kept as JSON
so that a warm start needs no parser; `python.py` writes a function of it. An unknown value is None throughout: a
comparison with one is undecided (None, which is no truth), so it can open nothing. docs/rules.md lays down the
language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qforms.expression.kinds import Kind, kinds_of
from qforms.expression.python import Holds, Value, holds, value
from qforms.expression.run import Known, Telling
from qforms.expression.tree import Tree, constants_of, names_of

__all__ = ["Compiled", "Kind", "Known", "compile", "from_json", "kinds_of"]


class Compiled:
    """A checked expression (`model.Condition`).

    `names` are the names that its value rests on ("severity", "mechanism_group.status"); `constants` the limits that
    were put in their place ("limits.report_8001"). `holds(values)` says whether it is true, at a tenth of the cost: it
    stops where that is decided, and asks its values, which have to be `Known`, as they stand."""

    __slots__ = ("_value", "constants", "holds", "names", "text", "tree")

    def __init__(self, text: str, tree: Tree) -> None:
        self.text = text
        self.tree = tree
        self.names = names_of(tree)
        self.constants = constants_of(tree)
        self._value: Value | None = None
        self.holds: Holds = self._first_held  # made when it is first asked: of most, a run asks nothing

    def _first_held(self, values: Known) -> bool:
        self.holds = holds(self.tree)
        return self.holds(values)

    def __call__(self, values: Mapping[str, Any], unknown: list[str] | None = None) -> Any:
        """The value for `values`, None when it can't be told; the names that were missing are added to `unknown`.

        An attribute of a reference is asked for by its path, "mechanism_group.status"."""
        silent = values if isinstance(values, Known) else Known(values)
        if self._value is None:
            self._value = value(self.tree)
        return self._value(silent if unknown is None else Telling(silent, unknown), silent)

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

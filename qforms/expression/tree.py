"""The tree of an expression, as plain as JSON: the first element says what a node is, the rest are its parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Tree = list[Any]


def _nodes(tree: Tree) -> Iterator[Tree]:
    yield tree
    for part in tree[1:]:
        if isinstance(part, list):
            if part and isinstance(part[0], list):  # the items of a list
                for item in part:
                    yield from _nodes(item)
            elif part:
                yield from _nodes(part)


def names_of(tree: Tree) -> frozenset[str]:
    """The names that must be known: a reference's attribute by its path, rows by the name of their list."""
    return frozenset(n[1] for n in _nodes(tree) if n[0] in ("name", "column", "each", "count"))


def constants_of(tree: Tree) -> frozenset[str]:
    return frozenset(n[1] for n in _nodes(tree) if n[0] == "limit")

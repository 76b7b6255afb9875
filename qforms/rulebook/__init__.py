"""inbox_rules/: the company's procedures as data, checked when loaded."""

from qforms.rulebook.load import load, make

__all__ = ["load", "make"]

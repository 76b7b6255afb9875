"""inbox_rules/: the company's procedures as data, checked when loaded.

`check` finds everything that is wrong for `qforms check`; `testing` reads and runs the rules' own tests."""

from qforms.rulebook.load import load, make

__all__ = ["load", "make"]

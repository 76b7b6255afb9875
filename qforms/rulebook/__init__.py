"""inbox_rules/: the company's procedures as data, checked when loaded.

`check` finds everything that is wrong for `qforms check`; `cases` and `testing` read and run the tests of the rules."""

from qforms.rulebook.load import load, make

__all__ = ["load", "make"]

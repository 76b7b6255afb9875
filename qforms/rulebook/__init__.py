"""inbox_rules/: the company's procedures as data, checked when loaded."""

from qforms.rulebook.check import check, run_tests
from qforms.rulebook.load import load, make
from qforms.rulebook.testing import Case, Given, Observed, RunCase, load_cases

__all__ = ["Case", "Given", "Observed", "RunCase", "check", "load", "load_cases", "make", "run_tests"]

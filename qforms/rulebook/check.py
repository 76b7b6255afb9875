"""Everything that `qforms check` finds in the rules: faults of the rules, of their tests, and tests that fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

from qforms.model import Catalogue, QformsError, Rulebook
from qforms.rulebook.load import load
from qforms.rulebook.testing import RunCase, load_cases, run


def check(
    root: Path, catalogue: Catalogue, zone: tzinfo, judge: Callable[[Rulebook], RunCase] | None = None
) -> list[str]:
    """Each fault as `file:line: …`, none when all is well. With `judge` the tests beside the rules are run too."""
    try:
        book = load(root, catalogue)
        cases = load_cases(root, catalogue, book, zone)
        return run(cases, judge(book)) if judge else []
    except QformsError as fault:
        return list(fault.problems) or [str(fault)]


def run_tests(
    root: Path, catalogue: Catalogue, book: Rulebook, zone: tzinfo, run_case: RunCase
) -> tuple[int, list[str]]:
    """How many tests stand beside the rules, and what failed. Raises QformsError when one can't be read."""
    cases = load_cases(root, catalogue, book, zone)
    return len(cases), run(cases, run_case)

"""docs/mail-complaints.md names tests: each of them exists, and both languages name the same."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("docs/mail-complaints.md", "docs/mail-complaints.zh.md")


def named(file: str) -> list[tuple[str, ...]]:
    """The tests of each line of the table."""
    lines = (ROOT / file).read_text("utf-8").splitlines()
    return [tuple(re.findall(r"`(tests/[^`]+::\w+)`", x)) for x in lines if re.match(r"\| \d+ \|", x)]


@cache
def functions_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))


@pytest.mark.parametrize("file", FILES)
def test_every_complaint_has_tests_that_exist(file: str) -> None:
    lines = named(file)
    assert len(lines) == 24 and all(lines)
    missing = [t for line in lines for t in line if t.partition("::")[2] not in functions_of(t.partition("::")[0])]
    assert not missing


def test_both_languages_name_the_same() -> None:
    assert named(FILES[0]) == named(FILES[1])

"""Every problem code is documented, and the pages are those of the present catalogue."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from qforms.commands import problem_list
from qforms.model import Lang
from qforms.problems import CATALOGUE

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("lang", get_args(Lang))
def test_the_pages_are_those_of_the_catalogue(lang: Lang) -> None:
    file = ROOT / "docs" / problem_list._FILES[lang]
    assert file.read_text("utf-8") == problem_list.page(lang), "run: python -m qforms.commands.problem_list"
    assert all(f"`{code}`" in file.read_text("utf-8") for code in CATALOGUE)


def test_every_code_that_the_program_names_is_in_the_catalogue() -> None:
    named = {
        code
        for file in (ROOT / "qforms").rglob("*.py")
        for code in re.findall(r'\bProblem\(\s*"(\w+)"', file.read_text("utf-8"))
    }
    assert len(named) > 50 and named <= CATALOGUE.keys()

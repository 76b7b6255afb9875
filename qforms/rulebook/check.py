"""All that `qforms check` finds in forms and rules: faults of both, faults of the rule tests, tests that fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any, Protocol

from qforms.model import Catalogue, Condition, QformsError
from qforms.rulebook.cases import load_cases
from qforms.rulebook.load import load
from qforms.rulebook.testing import Given, Observed, RunCase, run
from qforms.settings import Procedures, Settings
from qforms.worktime import WorkTime

Judge = Callable[[Sequence[Given], datetime, Procedures], Observed]  # rules.trial.run_case


class Forms(Protocol):
    """Who loads the forms: the module `qforms.forms.catalogue`."""

    def load(self, root: Path, cache: Path | None = None) -> Any: ...
    def with_conditions(self, catalogue: Any, conditions: Mapping[str, Condition]) -> Catalogue: ...


def everything(settings: Settings, judge: Judge, forms: Forms, cache: Path | None = None) -> list[str]:
    """The faults of a workspace's forms, rules and rule tests, and what `judge` makes differently from a test.

    Each is `file:line: …`. Forms come first: with a fault in them the rules can't be judged. `cache` is the private
    folder of what was parsed before."""
    try:
        catalogue = forms.load(settings.path("form_templates"), cache=cache / "forms.json" if cache else None)
        root = settings.path("inbox_rules")
        book = load(root, catalogue, cache / "rules.json" if cache else None)
        cases = load_cases(root, catalogue, book, settings.zone)
        work = WorkTime(settings.calendar, settings.zone)
        work.is_workday(date(2026, 1, 1))  # any day will do: an unknown country is told here
        ready = forms.with_conditions(catalogue, book.conditions)
        chinese = settings.company.model_copy(update={"lang": "zh"})  # as the tests are, wherever they are run
        judged = settings.model_copy(update={"company": chinese})
        procedures = Procedures(ready, book, work, judged, {"test": bytes(32)})  # no real key signs a test's letters
        return run(cases, lambda given, at: judge(given, at, procedures))
    except QformsError as fault:
        return list(fault.problems) or [fault.text]


def rules(root: Path, catalogue: Catalogue, zone: tzinfo, run_case: RunCase | None = None) -> list[str]:
    """The faults of a folder of rules and of the tests in it; with `run_case` the tests are run too."""
    try:
        book = load(root, catalogue)
        cases = load_cases(root, catalogue, book, zone)
        return run(cases, run_case) if run_case else []
    except QformsError as fault:
        return list(fault.problems) or [fault.text]

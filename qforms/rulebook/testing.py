"""The rules' own tests, `*.test.yaml`: run by whoever can judge (`RunCase`), compared with what is expected.

```yaml
- test: exactly 3.000 per mille opens nothing
  given:
    - {form: shipment, product_model: YL-A65, lot_no: A65-2603C, quantity: 5000}
    - {form: complaint, product_model: YL-A65, lot_no: A65-2603C, defect_qty: 15, at: 2026-05-06 14:20}
  at: 2026-05-06 14:20
  expect: {opened: [], clocks: {defect_answer: 2026-05-08 14:20}}
```"""

from __future__ import annotations

import dataclasses as dc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qforms.model import EMPTY, Told, Values


@dataclass(frozen=True, slots=True)
class Given:
    """A document that arrives: values of a form, when, for which record, with which event, spoken by which role."""

    form: str
    values: Values
    at: datetime
    number: str = ""
    event: str = ""
    by: str = "office"


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come of it; None: nothing is said about it. `clocks`: due time or state; `values`: "form.field"."""

    opened: tuple[str, ...] | None = None
    clocks: Mapping[str, datetime | str | None] = dc.field(default_factory=dict)
    letters: tuple[str, ...] | None = None
    tasks: tuple[str, ...] | None = None
    values: Mapping[str, Any] = dc.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    given: tuple[Given, ...]
    at: datetime  # everything is judged by this moment
    expect: Expected
    origin: str
    lines: Mapping[str, str] = dc.field(default_factory=dict)  # "opened", "clocks.defect_answer" -> file:line


@dataclass(frozen=True, slots=True)
class Observed:
    """What came of it. `opened`: forms opened by rules; `clocks`: name -> (due, state); `letters`: names of letter
    rules, and kinds of letters without one; `tasks`: kinds; `values`: form -> values of its newest record."""

    opened: tuple[str, ...] = ()
    clocks: Mapping[str, tuple[datetime, str]] = dc.field(default_factory=dict)
    letters: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    values: Mapping[str, Values] = dc.field(default_factory=dict)


RunCase = Callable[[Sequence[Given], datetime], Observed]


def run(cases: Iterable[Case], run_case: RunCase) -> list[str]:
    """Runs the cases; each line tells one difference: `file:line: test「…」: expected … got …`."""
    return [line for case in cases for line in compare(case, run_case(case.given, case.at))]


# ---------------------------------------------------------------- comparing


def compare(case: Case, seen: Observed) -> list[str]:
    """What differs from what is expected, a line each; nothing when all is as expected."""
    want = case.expect
    found = [
        *_lists(case, "opened", want.opened, seen.opened),
        *_lists(case, "letters", want.letters, seen.letters),
        *_lists(case, "tasks", want.tasks, seen.tasks),
    ]
    for name, due in want.clocks.items():
        found += _one(case, f"clocks.{name}", due, _clock(due, seen.clocks.get(name)))
    for path, value in want.values.items():
        form, _, field = path.partition(".")
        found += _one(case, f"values.{path}", value, seen.values.get(form, EMPTY).get(field))
    return found


def _clock(want: Any, got: tuple[datetime, str] | None) -> Any:
    if got is None:
        return None
    return got[1] if isinstance(want, str) else got[0]


def _lists(case: Case, key: str, want: tuple[str, ...] | None, got: tuple[str, ...]) -> Iterator[str]:
    if want is not None and Counter(want) != Counter(got):
        yield from _one(case, key, sorted(want), sorted(got))


def _one(case: Case, key: str, want: Any, got: Any) -> list[str]:
    if want == got:
        return []
    at = case.lines.get(key, case.origin)
    zh = f"测试「{case.name}」{key}：应为 {_show(want)}，得到 {_show(got)}"
    en = f"test {case.name!r} {key}: expected {_show(want, 'none')}, got {_show(got, 'none')}"
    return [Told(zh, en, f"{at}: ")]


def _show(value: Any, nothing: str = "无") -> str:
    match value:
        case None:
            return nothing
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M" + (":%S" if value.second else ""))
        case list() | tuple():
            return f"[{', '.join(_show(v, nothing) for v in value)}]"
    return str(value)

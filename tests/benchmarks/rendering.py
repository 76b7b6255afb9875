# ruff: noqa: E402 (the path comes first: a module finds the helpers of the tests there)
"""A report with a table of 12,000 rows as Word (target: 10 s), beside one of 120 rows: `python -m
tests.benchmarks.rendering`. Rows cost the same however many there are."""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from support_bench import report
from support_documents import RELATED, STAMP, procedures, record

from qforms.documents import render

FEW, MANY, TARGET = 120, 12_000, 10.0


def main() -> None:
    seconds(1)  # the template is prepared once
    few, many = seconds(FEW), seconds(MANY)
    ratio = many / MANY / (few / FEW)
    report(
        "rendering",
        rows=MANY,
        seconds=round(many, 2),
        target=TARGET,
        few_seconds=round(few, 3),
        per_row_ratio=round(ratio, 2),
    )


def seconds(count: int) -> float:
    row = {
        "action": "复检 & 隔离 <C7>",
        "owner_dept": "质保部",
        "owner": "沈若川",
        "done_on": date(2026, 5, 12),
        "result": "NG 0",
    }
    about = record(interim_actions=tuple({**row, "action": f"{row['action']} {n}"} for n in range(count)))
    began = time.perf_counter()
    data = render(about, RELATED, procedures(), stamp=STAMP)
    assert len(data) > 5_000
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

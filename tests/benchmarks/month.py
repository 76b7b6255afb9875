# ruff: noqa: E402 (the path comes first: a module finds the helpers of the tests there)
"""The report of a month in a year of 3,000 complaints, with its charts, tables and lines (target: 10 s), and of a month
that alone has 10,000: `python -m tests.benchmarks.month`."""

from __future__ import annotations

import sys
import time
from datetime import date, datetime
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from support_bench import report, scratch
from support_endtoend import make
from support_year import ZONE, fill

from qforms import house
from qforms.commands import report as reports
from qforms.documents import charts

TARGET = 10.0
NOW = datetime(2026, 6, 1, 8, tzinfo=ZONE)


def main() -> None:
    year, alone = seconds(3_000, 12), seconds(10_000, 1)
    report("month", complaints=3_000, seconds=year[0], cpu=year[1], target=TARGET, full_month_seconds=alone[0])


def seconds(count: int, months: int) -> tuple[float, float]:
    """Seconds by the clock and of the processor, from the open ledger to the written files; nothing is drawn yet."""
    with scratch() as folder:
        root = make(folder / "ws").root
        with house.opened(root) as h:
            fill(h.ledger, count, date(2026, 5, 31), months=months)
        charts.picture.cache_clear()
        begun, worked = time.perf_counter(), time.process_time()
        made = reports.report(root, "202605", lang="zh", now=NOW)
        assert made.figures["values"]["n_complaints"] > count // 20
        return time.perf_counter() - begun, time.process_time() - worked


if __name__ == "__main__":
    main()

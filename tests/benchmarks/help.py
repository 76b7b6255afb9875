# ruff: noqa: E402 (the path comes first: a script finds the helpers of the tests there)
"""`qforms --help` against `import typer`, alternating: the ratio of their median times (target at most 2.5)."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from support_bench import report
from support_endtoend import environ

ROUNDS = 15
HELP = ["-c", "import sys; sys.argv = ['qforms', '--help']; from qforms.cli import main; main()"]
TYPER = ["-c", "import typer"]


def timed(arguments: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        check=True, capture_output=True, env=environ(), cwd=Path(__file__).parents[2], timeout=30,
    )  # fmt: skip
    return time.perf_counter() - begun


def main() -> None:
    timed(HELP), timed(TYPER)  # compiled modules are written
    pairs = [(timed(HELP), timed(TYPER)) for _ in range(ROUNDS)]
    help_, typer = (statistics.median(times) for times in zip(*pairs, strict=True))
    report("help", seconds=help_, typer_seconds=typer, ratio=help_ / typer, target=2.5, n=ROUNDS)


if __name__ == "__main__":
    main()

"""What it costs that Office files are opened in a child process, over reading them alone: filled forms, by the warm
child and in this process in turn. `python -m tests.benchmarks.child`."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from support_bench import report, scratch  # noqa: E402
from support_endtoend import NOW, make  # noqa: E402

from qforms.commands import look  # noqa: E402
from qforms.intake import mime  # noqa: E402
from qforms.office import reader  # noqa: E402
from qforms.office.child import OfficeReader  # noqa: E402
from qforms.settings import Limits  # noqa: E402
from tests.benchmarks.mails import mails  # noqa: E402

TARGET = 30.0  # milliseconds a file over reading it alone
FILES = int(os.environ.get("BENCH_FILES", "100"))


def main() -> None:
    with scratch() as folder, OfficeReader(Limits()) as office:
        blank = look.blank(make(folder / "ws").root, "complaint", "excel", folder / "blank.xlsx", "zh").read_bytes()
        made = mails(FILES, blank, NOW, every=1)
        files = [leaf.data for mail in made for leaf in mime.parse(mail.raw).leaves if leaf.name]
        first = timed(office.read, files[0])  # its process starts
        pairs = [(timed(alone, file), timed(office.read, file)) for file in files]
    report(
        "child",
        first_ms=first,
        alone_ms=statistics.median(alone for alone, _ in pairs),
        child_ms=statistics.median(child for _, child in pairs),
        over_ms=statistics.median(child - alone for alone, child in pairs),
        target_ms=TARGET,
        n=len(files),
    )


def alone(data: bytes) -> object:
    return reader.read(data, 200 << 20, 1_000_000)


def timed(read: Callable[[bytes], object], data: bytes) -> float:
    """Milliseconds on the clock."""
    begun = time.perf_counter()
    read(data)
    return 1000 * (time.perf_counter() - begun)


if __name__ == "__main__":
    main()

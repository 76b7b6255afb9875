"""What the benchmarks share: each prints one line of JSON."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def report(name: str, **figures: Any) -> None:
    shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in figures.items()}
    print(json.dumps({"bench": name, **shown}, ensure_ascii=False), flush=True)


def tree_cpu(*pids: int) -> float:
    """CPU seconds that these processes and all below them have used up to now."""
    stats: dict[int, tuple[int, float]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                stats[int(entry.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    wanted, used = [*pids], 0.0
    while wanted:
        pid = wanted.pop()
        used += stats.get(pid, (0, 0.0))[1]
        wanted += [child for child, (parent, _) in stats.items() if parent == pid]
    return used / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def scratch(where: Path | None = None) -> Iterator[Path]:
    """An empty folder below `where`; left out, below BENCH_FOLDER, else in memory if there is such a place."""
    memory = Path(os.environ.get("BENCH_FOLDER", "/dev/shm"))
    folder = Path(tempfile.mkdtemp(prefix="qforms-bench-", dir=where or (memory if memory.is_dir() else None)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

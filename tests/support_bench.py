"""What the benchmarks share: each prints one line of JSON."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def report(name: str, **figures: Any) -> None:
    shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in figures.items()}
    print(json.dumps({"bench": name, **shown}, ensure_ascii=False), flush=True)


@contextlib.contextmanager
def scratch(where: Path | None = None) -> Iterator[Path]:
    """An empty folder below `where`; left out, in memory if there is such a place."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="qforms-bench-", dir=where or (memory if memory.is_dir() else None)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

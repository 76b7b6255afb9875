"""The program's own log: one JSON object a line, with delivery and case numbers, never a secret."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from pathlib import Path
from typing import IO, Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger

_MOST, _KEPT = 10_000_000, 5  # bytes of a file, and full ones that are kept
_opened: dict[Path, _Lines] = {}


def opened(root: Path, name: str = "qforms.log") -> FilteringBoundLogger:
    """JSON lines in `logs/<name>` (10 MB, five kept), and on stderr where QFORMS_LOG=stderr. Each program has a file
    of its own: two could not turn it over."""

    path = root / "logs" / name
    path.parent.mkdir(exist_ok=True)
    if (before := _opened.pop(path, None)) is not None:
        before.close()
    lines = _opened[path] = _Lines(path, sys.stderr if os.environ.get("QFORMS_LOG") == "stderr" else None)
    log: FilteringBoundLogger = structlog.wrap_logger(
        lines,
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            _written,
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
    return log


_as_json = json.JSONEncoder(ensure_ascii=False, default=str).encode


def _written(_log: Any, _level: str, event: EventDict) -> str:
    return _as_json(event)


class _Lines:
    """A file of lines, turned over when it is full: `name.1` is the newest of the full ones. A line that cannot be
    written is lost: a full disk stops no more than it has to."""

    def __init__(self, path: Path, also: IO[str] | None) -> None:
        self._path, self._also, self._lock = path, also, threading.Lock()
        self._file = path.open("ab", buffering=0)

    def info(self, line: str) -> None:
        data = f"{line}\n".encode("utf-8", "backslashreplace")
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._file.tell() and self._file.tell() + len(data) > _MOST:
                self._turn_over()
            self._file.write(data)
        if self._also is not None:
            print(line, file=self._also, flush=True)

    warning = error = critical = info

    def close(self) -> None:
        self._file.close()

    def _turn_over(self) -> None:
        self._file.close()
        try:
            for n in range(_KEPT - 1, -1, -1):
                with contextlib.suppress(FileNotFoundError):
                    self._numbered(n).replace(self._numbered(n + 1))
        finally:
            self._file = self._path.open("ab", buffering=0)

    def _numbered(self, n: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{n}") if n else self._path

"""The program's own log: one JSON object a line, with delivery and case numbers, never a secret."""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
from pathlib import Path

import structlog
from structlog.typing import FilteringBoundLogger


def opened(root: Path, name: str = "qforms.log") -> FilteringBoundLogger:
    """JSON lines in `logs/<name>` (10 MB, five kept), and on stderr where QFORMS_LOG=stderr. Each program has a file
    of its own: two could not turn it over."""

    folder = root / "logs"
    folder.mkdir(exist_ok=True)
    out = logging.handlers.RotatingFileHandler(
        folder / name, maxBytes=10_000_000, backupCount=5, encoding="utf-8"
    )
    handlers: list[logging.Handler] = [out]
    if os.environ.get("QFORMS_LOG") == "stderr":
        handlers.append(logging.StreamHandler(sys.stderr))
    std = logging.getLogger(f"qforms.{root}.{name}")
    for old in list(std.handlers):
        std.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(message)s"))
        std.addHandler(handler)
    std.setLevel(logging.INFO)
    std.propagate = False
    log: FilteringBoundLogger = structlog.wrap_logger(
        std,
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    return log

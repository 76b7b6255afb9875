"""Tells early that something changed in a folder. A hint only: shares give no events, so whoever waits also looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SLICE = 0.25  # seconds between two looks at `stop`


class Hint:
    """Watches folders with watchdog, where that works; where not, `wait` is a pause."""

    def __init__(self, *folders: Path, recursive: bool = False) -> None:
        self._folders = folders
        self._recursive = recursive
        self._changed = threading.Event()
        self._observer: Any = None
        self._tried = False

    def start(self) -> None:
        """Begins to watch; harmless when repeated. What changes from here on is not missed."""
        if self._tried or not all(folder.is_dir() for folder in self._folders):
            return
        self._tried = True
        try:
            from watchdog.events import FileSystemEventHandler
            from watchdog.observers import Observer

            changed = self._changed

            class Handler(FileSystemEventHandler):
                def on_any_event(self, event: Any) -> None:
                    if event.event_type not in ("opened", "closed_no_write"):  # our own reading
                        changed.set()

            observer = Observer()
            observer.daemon = True
            for folder in self._folders:
                observer.schedule(Handler(), str(folder), recursive=self._recursive)
            observer.start()
            self._observer = observer
        except (ImportError, OSError, RuntimeError):  # no watches left, or a file system without them
            self._observer = None

    def wait(self, seconds: float, stop: Callable[[], bool]) -> None:
        """Returns at a change, at `stop`, or after `seconds`."""
        until = time.monotonic() + seconds
        while not stop() and (left := until - time.monotonic()) > 0:
            if self._changed.wait(min(_SLICE, left)):
                self._changed.clear()
                return

    def close(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(5)
            self._observer = None

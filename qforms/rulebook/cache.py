"""What the parsers gave, kept as JSON in a private folder under the digest of all sources and versions."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from qforms.model import Catalogue
from qforms.rulebook.source import freeze, thaw


class Cache:
    """`files` (read YAML) and `trees` (checked expressions) of an earlier start on the same sources, or None and {}."""

    def __init__(self, folder: Path | None, root: Path, catalogue: Catalogue, files: Iterable[Path]) -> None:
        self.digest = _digest(catalogue, files)
        self.folder = folder
        self.files: dict[str, Any] | None = None
        self.trees: dict[str, Any] = {}
        if folder is None:
            return
        try:
            data = json.loads(self._path(folder).read_text("utf-8"))
            self.files = {name: thaw(node) for name, node in data["files"].items()}
            self.trees = data["trees"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self.files, self.trees = None, {}  # none yet, or damaged: it is made anew

    def _path(self, folder: Path) -> Path:
        return folder / f"rules-{self.digest[:16]}.json"

    def save(self, files: dict[str, Any], trees: dict[str, Any]) -> None:
        """Writes the cache unless it stands; older ones go. A folder that can't be written only costs time."""
        if self.folder is None or self.files is not None:
            return
        path = self._path(self.folder)
        data = {"files": {name: freeze(node) for name, node in files.items()}, "trees": trees}
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = path.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")), "utf-8")
            part.replace(path)
            for old in self.folder.glob("rules-*.json"):
                if old != path:
                    old.unlink(missing_ok=True)
        except OSError:
            return


def _digest(catalogue: Catalogue, files: Iterable[Path]) -> str:
    made = hashlib.sha256()
    for package in ("qforms", "rule-engine", "ruamel.yaml"):
        made.update(f"{package} {version(package)}\n".encode())
    for name in sorted(catalogue.forms):
        made.update(repr(catalogue.forms[name]).encode())
    for file in files:
        made.update(f"{file.name} {file.stat().st_size}\n".encode())
        made.update(file.read_bytes())
    return made.hexdigest()

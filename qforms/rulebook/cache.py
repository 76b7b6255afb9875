"""What the parsers gave, kept as JSON in a private file under the digest of all sources and of the loader."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from qforms import expression
from qforms.model import Catalogue
from qforms.rulebook.source import freeze, thaw


class Cache:
    """`files` (YAML as read) and `trees` (checked expressions) of an earlier start on the same sources, or None and {}.

    A file that is missing, stale or damaged is none; one that can't be written only costs time."""

    def __init__(self, file: Path | None, catalogue: Catalogue, sources: Iterable[Path]) -> None:
        self.file = file
        self.digest = _digest(catalogue, sources)
        self.files: dict[str, Any] | None = None
        self.trees: dict[str, Any] = {}
        if file is None:
            return
        try:
            kept = json.loads(file.read_text("utf-8"))
            if kept["digest"] == self.digest:
                self.files, self.trees = {n: thaw(node) for n, node in kept["files"].items()}, kept["trees"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self.files = None

    def save(self, files: Mapping[str, Any], trees: Mapping[str, Any]) -> None:
        if self.file is None or self.files is not None:
            return
        kept = {"digest": self.digest, "files": {n: freeze(node) for n, node in files.items()}, "trees": trees}
        part = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_text(json.dumps(kept, ensure_ascii=False, separators=(",", ":")), "utf-8")
            part.replace(self.file)
        except OSError:
            part.unlink(missing_ok=True)


def _digest(catalogue: Catalogue, sources: Iterable[Path]) -> str:
    """SHA-256 of the rule files, the declared forms and the code that reads them."""
    code = [*Path(__file__).parent.glob("*.py"), *Path(expression.__file__).parent.glob("*.py")]
    total = hashlib.sha256()
    for file in [*sources, *sorted(code)]:
        data = file.read_bytes()
        total.update(f"\0{file.name}\0{len(data)}\0".encode())
        total.update(data)
    forms = getattr(catalogue, "digest", "") or repr(sorted(catalogue.forms.items()))
    total.update(str(forms).encode())
    return total.hexdigest()

"""Which state of a workspace was found faultless, so that `check` and `doctor` need not judge the same again."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from qforms.house import CACHE

_FILE = "faultless"
_WRITTEN = ("form_templates", "inbox_rules")  # what people write, beside qforms.toml
_KEPT = 8  # states remembered: whoever goes back to an earlier one need not wait either


def state(root: Path) -> str:
    """SHA-256 of all that `check` looks at: settings, forms, texts, templates, rules, their tests, and this program."""
    total = hashlib.sha256()
    for file in [root / "qforms.toml", *(f for name in _WRITTEN for f in sorted((root / name).rglob("*")))]:
        if file.is_file():
            data = file.read_bytes()
            total.update(f"\0{file.relative_to(root).as_posix()}\0{len(data)}\0".encode())
            total.update(data)
    for code in sorted(Path(__file__).parents[1].rglob("*.py")):
        about = code.stat()
        total.update(f"\0{code.name}\0{about.st_size}\0{about.st_mtime_ns}".encode())
    return total.hexdigest()


def faultless(root: Path, wanted: str) -> bool:
    return wanted in _known(root)


def remember(root: Path, found: str) -> None:
    """A file that cannot be written only costs time."""
    known = [found, *(k for k in _known(root) if k != found)][:_KEPT]
    with contextlib.suppress(OSError):
        (root / CACHE).mkdir(exist_ok=True, mode=0o700)
        (root / CACHE / _FILE).write_text("\n".join(known), "ascii")


def _known(root: Path) -> list[str]:
    try:
        return (root / CACHE / _FILE).read_text("ascii").split()
    except (OSError, UnicodeDecodeError):
        return []

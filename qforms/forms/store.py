"""The checked forms as JSON, so that a warm start needs neither ruamel.yaml nor rapidfuzz.

The file stands under the digest of all sources and of this program's own declaration code; when it does not fit or
cannot be read, the forms are simply loaded from their YAML again."""

from __future__ import annotations

import dataclasses as dc
import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from qforms.model import (
    ByMail,
    Check,
    Choice,
    Depth,
    Event,
    Field,
    Form,
    Lifecycle,
    Reversing,
    Section,
    Sign,
    State,
    Text,
)

LAYOUT = 1
LOADER = ("cross.py", "declaration.py", "depths.py", "labels.py", "lifecycle.py", "source.py", "store.py", "types.py")
_CLASSES: dict[str, type[Any]] = {
    c.__name__: c
    for c in (ByMail, Check, Choice, Depth, Event, Field, Form, Lifecycle, Reversing, Section, Sign, State, Text)
}


def digest(sources: list[Path], root: Path) -> str:
    """SHA-256 of the names and bytes of all sources, the layout, the model and this program's loader."""
    code = [*(Path(__file__).with_name(name) for name in LOADER), Path(__file__).parent.parent / "model" / "forms.py"]
    total = hashlib.sha256(f"{LAYOUT}".encode())
    for name, path in [(p.relative_to(root).as_posix(), p) for p in sources] + [(p.name, p) for p in code]:
        data = path.read_bytes()
        total.update(f"\0{name}\0{len(data)}\0".encode())
        total.update(data)
    return total.hexdigest()


def read(file: Path, wanted: str) -> dict[str, Form] | None:
    """The forms kept in `file`, or None when there are none under this digest."""
    try:
        text = file.read_text("utf-8")
        if f'"digest": "{wanted}"' not in text[:200]:
            return None
        kept: dict[str, Form] = json.loads(text, object_hook=_thaw)["forms"]
        return kept
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write(file: Path, wanted: str, forms: Mapping[str, Form]) -> None:
    """Keeps the forms. A cache that cannot be written is no fault: the next start is only slower."""
    text = json.dumps({"digest": wanted, "forms": {n: _freeze(f) for n, f in forms.items()}}, ensure_ascii=False)
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, "utf-8")
        beside.replace(file)
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _freeze(value: Any) -> Any:
    if dc.is_dataclass(value):
        kept = {f.name: _freeze(v) for f in dc.fields(value) if (v := getattr(value, f.name)) != f.default or v is True}
        return {"=": type(value).__name__, **kept}
    if isinstance(value, Decimal):
        return {"=": "Decimal", "is": str(value)}
    if isinstance(value, Mapping):
        return {"=": "map", "is": {str(k): _freeze(v) for k, v in value.items()}}
    if isinstance(value, (tuple, list)):
        return [_freeze(v) for v in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, str)):  # ruamel.yaml has its own kinds of both
        return int(value) if isinstance(value, int) else str(value)
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _thaw(kept: dict[str, Any]) -> Any:
    """What an object of the JSON stands for; what lies in it has been thawed before."""
    for name, value in kept.items():
        if type(value) is list:
            kept[name] = _tuple(value)
    kind = kept.pop("=", "")
    if not kind:
        return kept
    return kept["is"] if kind == "map" else Decimal(kept["is"]) if kind == "Decimal" else _CLASSES[kind](**kept)


def _tuple(values: list[Any]) -> tuple[Any, ...]:
    return tuple([_tuple(v) if type(v) is list else v for v in values])

"""Photos and files that come with a form or with words about a case, as values of its fields.

A file whose name says what a field for files is called belongs there (协议.pdf); any other picture belongs into the
first field for pictures. What remains is only kept with the case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from qforms.forms.labels import names_of, normal
from qforms.model import Field, Form, Part

_KINDS = ("image/", "video/", "application/pdf")


def placed(
    form: Form, found: Sequence[Part], before: Mapping[str, Any], may: Callable[[str], bool]
) -> dict[str, tuple[Mapping[str, str], ...]]:
    """Field -> its rows with the new ones added; nothing for what is there already, or not the sender's to write."""
    fields = [f for f in form.fields if f.type in ("img", "file") and f.many and may(f.name)]
    values: dict[str, tuple[Mapping[str, str], ...]] = {}
    for part in (p for p in found if p.kind.startswith(_KINDS)):
        field = _named(fields, part.name) or (_pictures(fields) if not part.kind.endswith("pdf") else None)
        if field is None:
            continue
        rows = values.get(field.name) or tuple(before.get(field.name) or ())
        if all(row.get("digest") != part.digest for row in rows):
            values[field.name] = (*rows, {"digest": part.digest, "name": part.name, "kind": part.kind})
    return values


def _pictures(fields: Sequence[Field]) -> Field | None:
    return next((f for f in fields if f.type == "img"), None)


def _named(fields: Sequence[Field], name: str) -> Field | None:
    """The field for files whose label or other name begins the file's name, or is in it."""
    stem = normal(PurePath(name).stem)
    files = ((f, word) for f in fields if f.type == "file" for word in map(normal, names_of(f)) if len(word) > 1)
    return next((f for f, word in files if word in stem), None)

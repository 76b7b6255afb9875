"""Values as JSON holds them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from qforms.model import Field, Value

_AS_IT_IS = (str, int, bool)


def plain(fld: Field, value: Value) -> Any:
    """A value as JSON holds it: decimals as text, dates and times in ISO 8601 (times with their offset)."""
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, (list, tuple)):
        return [plain(fld, v) for v in value]
    if isinstance(value, Mapping):
        columns = {f.name: f for f in fld.fields}
        return {k: plain(columns.get(k, fld), v) for k, v in value.items()}
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def revive(fld: Field, value: Any) -> Value:
    """The value that `plain` was given; rows of columns no longer declared keep what they held."""
    if isinstance(value, list):
        return tuple(revive(fld, v) for v in value)
    if isinstance(value, Mapping):
        columns = {f.name: f for f in fld.fields}
        return {k: _revive_cell(fld, columns.get(k), k, v) for k, v in value.items()}
    if not isinstance(value, str):
        return value
    if fld.type in ("dec", "money"):
        return Decimal(value)
    if fld.type == "date":
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if fld.type == "dt" else value


def _revive_cell(fld: Field, column: Field | None, name: str, value: Any) -> Value:
    if column is not None:
        return revive(column, value)
    return datetime.fromisoformat(value) if fld.type == "sig" and name == "at" and isinstance(value, str) else value

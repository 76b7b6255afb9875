"""What a cell says, as it is handed on, and what finding needs to know of a form's labels."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Protocol

from qforms.office.book import Cell

Raw = str | int | float | bool | date | time | datetime


def raw_of(cell: Cell) -> Raw | None:
    """The value of a cell, texts without blanks around them; None for an empty one."""
    raw = cell.raw
    if isinstance(raw, str):
        return raw.strip().strip("\u200b\ufeff\u00a0") or None
    return raw


class Labels(Protocol):
    """From the words beside a cell to the field that is meant (`forms.labels.Labels`)."""

    def find(self, label: str, within: str = "") -> str | None: ...
    def lists(self, label: str) -> tuple[str, ...]: ...
    def record(self, label: str) -> str | None: ...
    def suggest(self, label: str, within: str = "") -> str | None: ...

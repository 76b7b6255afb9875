"""What a figure is kept by: a production lot, a model over 365 days, a span of days (A07).

A basis is a word and days: "lot", "model_365d", "365d". Its place in the ledger is a scope: "lot:YL-A65 · A65-2603C"
for a running sum, "day:2026-05-11" for one that is asked over a window."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache

# The two bases of A07 and the fields that tell them apart: a lot number means something with its model only.
FIELDS: Mapping[str, tuple[str, ...]] = {"lot": ("product_model", "lot_no"), "model": ("product_model",), "": ()}
_SPEC = re.compile(r"(?P<word>[a-z]*?)_?(?:(?P<days>\d+)d)?")


@dataclass(frozen=True)
class Per:
    """One entry of a figure's `per`."""

    name: str
    word: str
    days: int  # length of the window; 0 = everything ever

    @property
    def fields(self) -> tuple[str, ...]:
        return FIELDS[self.word]

    @cached_property
    def prefix(self) -> str:
        """What its scopes begin with."""
        return f"{self.word}:"


@lru_cache(maxsize=256)
def per(name: str) -> Per:
    """Reads "lot", "model_365d", "365d". Raises ValueError for anything else."""
    match = _SPEC.fullmatch(name)
    if match is None or match["word"] not in FIELDS or not (match["word"] or match["days"]):
        raise ValueError(name)
    return Per(name, match["word"], int(match["days"] or 0))


@lru_cache(maxsize=256)
def kinds(names: tuple[str, ...]) -> tuple[Per, ...]:
    """All entries of a figure's `per`."""
    return tuple(map(per, names))


_SEPARATOR = " · "


def plain(value: object) -> str:
    """A lot number as figures are kept by it, however a person wrote it."""
    return re.sub(r"\s+", "", str(value)).upper()


def scope_of(kind: Per, values: Mapping[str, object]) -> str | None:
    """The scope that a record belongs to ("lot:YL-A65 · A65-2603C"); None when a field is unknown."""
    found = [values.get(f) for f in kind.fields]
    if any(v in (None, "") for v in found):
        return None
    # a model is a reference and stands as the product has it; a lot number is what somebody typed
    parts = [str(v).strip() if f == "product_model" else plain(v) for f, v in zip(kind.fields, found, strict=True)]
    return f"{kind.word}:{_SEPARATOR.join(parts)}" if kind.word else ""


def day_scope(day: date) -> str:
    return f"day:{day.isoformat()}"


def windowed(of: str, scope: str) -> str:
    """The subject under which a scope's days are kept."""
    return f"{of}|{scope}" if scope else of


@dataclass(frozen=True, slots=True)
class Basis:
    """One basis on which a condition is judged: a lot, or the model's window that ends on `until`."""

    per: Per
    scope: str
    until: date

    @property
    def since(self) -> date:
        return self.until - timedelta(days=self.per.days)

    @property
    def values(self) -> Mapping[str, str]:
        """The basis' own fields: product_model, lot_no."""
        parts = self.scope.partition(":")[2].split(_SEPARATOR) if self.scope else []
        return dict(zip(self.per.fields, parts, strict=False))

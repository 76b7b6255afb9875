"""A country's holidays in a year, and the weekend days worked for them: asked of the package that knows them once, and
kept in the private folder under that package's version. To import it takes half a second."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import date
from importlib import metadata
from pathlib import Path

from qforms.model import QformsError, Told

Days = frozenset[date]


def of(country: str, year: int, cache: Path | None = None) -> tuple[Days, Days]:
    """The holidays, and the weekend days worked. Raises QformsError when nothing is known of the country."""
    file = cache / f"holidays-{country}-{year}.json" if cache and country.isalnum() else None
    kept = _read(file) if file else None
    if kept is None:
        kept = _asked(country, year)
        if file:
            _write(file, kept)
    return kept


def _asked(country: str, year: int) -> tuple[Days, Days]:
    import holidays

    try:
        found = holidays.country_holidays(country, years=year)
    except NotImplementedError:
        zh, en = f"没有国家或地区「{country}」的节假日", f"no holidays are known of {country!r}"
        raise QformsError(Told(zh, en, "qforms.toml: calendar.country: ")) from None
    return frozenset(found), frozenset(d for d in found.weekend_workdays if d.year == year)


def _read(file: Path) -> tuple[Days, Days] | None:
    """What was kept, if the package is still the same; a damaged file is none."""
    try:
        kept = json.loads(file.read_text("utf-8"))
        if kept["holidays"] == metadata.version("holidays"):
            return frozenset(map(date.fromisoformat, kept["closed"])), frozenset(
                map(date.fromisoformat, kept["worked"])
            )
    except (OSError, ValueError, KeyError, TypeError, metadata.PackageNotFoundError):
        pass
    return None


def _write(file: Path, found: tuple[Days, Days]) -> None:
    """Keeps them. What cannot be written is no fault: the next start is only slower."""
    closed, worked = (sorted(d.isoformat() for d in days) for days in found)
    kept = {"holidays": metadata.version("holidays"), "closed": closed, "worked": worked}
    part = file.with_name(f"{file.name}.{os.getpid()}")
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.write_text(json.dumps(kept), "utf-8")
        part.replace(file)

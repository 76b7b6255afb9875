"""Figures from lines: rows chosen, grouped, summed. Everything that a report says is counted here, so that its sums can
be made again from the lines alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from qforms.documents.exhibits.lines import Book, Lines, Row
from qforms.documents.exhibits.periods import Sight
from qforms.model import Lang

Spec = Mapping[str, Any]


def chosen(lines: Lines, spec: Spec, sight: Sight, period: str | None = None) -> list[Row]:
    """The rows of `in: period` (the default where there is one), of the one before it (`in: before`) or `in: all` that
    `only` lets through."""
    where = spec.get("in", "period")
    wanted = sight.before if where == "before" else sight.period if period is None else period
    rows: Iterable[Row] = lines.rows
    if wanted and where != "all":
        column = spec.get("month") or ("week" if "W" in wanted else "month")
        rows = (r for r in rows if r.get(column) == wanted)
    only = {name: _texts(values) for name, values in (spec.get("only") or {}).items()}
    return [r for r in rows if all(_text(r.get(name)) in values for name, values in only.items())]


def _texts(values: Any) -> frozenset[str]:
    return frozenset(_text(v) for v in (values if isinstance(values, tuple) else (values,)))


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def number(value: Any) -> Decimal:
    return Decimal(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else Decimal(0)


def total(rows: Iterable[Row], column: str) -> Decimal:
    """The sum of a column; without one how many rows there are."""
    return sum((number(r.get(column)) for r in rows), Decimal(0)) if column else Decimal(sum(1 for _ in rows))


def measure(book: Book, of: str, spec: Spec, sight: Sight, period: str | None = None) -> Decimal | None:
    """One figure: `sum`, `mean`, `percent` (of rows whose column is one of `good`, among those in `all`), else a count.
    With `per: {of, sum, times}` it is divided by that. None where it can't be told."""
    lines = book.get(spec.get("of") or of)
    if lines is None:
        return None
    if period is not None and period != sight.period and not _reaches(lines, spec, period):
        return None
    rows = chosen(lines, spec, sight, period)
    if "percent" in spec:
        good, every = (_texts(spec[k]) for k in ("good", "all"))
        due = [r for r in rows if _text(r.get(spec["percent"])) in every]
        kept = sum(_text(r.get(spec["percent"])) in good for r in due)
        return rounded(Decimal(100 * kept) / len(due), 1) if due else None
    if "mean" in spec:
        values = [number(r[spec["mean"]]) for r in rows if r.get(spec["mean"]) is not None]
        return rounded(sum(values, Decimal(0)) / len(values), 2) if values else None
    value = total(rows, str(spec.get("sum") or ""))
    if per := spec.get("per"):
        below = measure(book, of, per, sight, period)
        return rounded(value * Decimal(str(per.get("times", 1))) / below, int(per.get("places", 3))) if below else None
    return value


def _reaches(lines: Lines, spec: Spec, period: str) -> bool:
    """Whether the lines know anything of another period: what stands open now says nothing of it."""
    column = spec.get("month") or ("week" if "W" in period else "month")
    return spec.get("in", "period") == "period" and any(r.get(column) == period for r in lines.rows)


def rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def grouped(rows: Iterable[Row], by: str, column: str = "") -> dict[Any, Decimal]:
    """The sum (or count) for each value of a column; of several values in one cell each counts. None: not said."""
    found: dict[Any, Decimal] = defaultdict(Decimal)
    for row in rows:
        value = row.get(by)
        for one in value if isinstance(value, tuple) and value else (value if not isinstance(value, tuple) else None,):
            found[one] += number(row.get(column)) if column else 1
    return dict(found)


def named(lines: Lines, column: str, groups: Mapping[Any, Decimal], lang: Lang) -> list[tuple[str, Decimal]]:
    """Groups by the words of their codes, the largest first; what nobody has said is 未填."""
    unknown = "未填" if lang == "zh" else "not given"
    about = lines.column(column)
    found: dict[str, Decimal] = defaultdict(Decimal)
    for value, units in groups.items():
        found[about.say(value, lang) or unknown] += units
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def quantile(values: Sequence[Decimal], share: Decimal) -> Decimal:
    """The value below which that share lies, between two of them in proportion."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

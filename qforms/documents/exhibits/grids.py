"""Tables of a report, as frozen texts: the summary, groups, and lists of rows, bounded, with the rest summed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from qforms.documents.charts.frame import figure_text
from qforms.documents.exhibits.counting import chosen, grouped, measure, named, number, rounded, total
from qforms.documents.exhibits.declared import Exhibit
from qforms.documents.exhibits.lines import Book, Lines, Row
from qforms.documents.exhibits.periods import Sight
from qforms.model import Lang

MOST = 12  # rows of a list unless it says otherwise
UNKNOWN = "—"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table for people. `right` columns hold figures; `widths` are shares of the page; `foot` sums up what is listed
    and what is not."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    widths: tuple[float, ...] = ()
    foot: tuple[str, ...] = ()
    note: str = ""


def summary(exhibit: Exhibit, book: Book, sight: Sight) -> Grid:
    """Each figure with the period before, the same month a year ago, its target and where it moves (↑ → ↓)."""
    zh = sight.lang == "zh"
    head = ["指标", "本期", "上期", *(["去年同月"] if sight.year_before else []), "目标", "变化"]
    if not zh:
        head = ["Figure", "This", "Before", *(["A year ago"] if sight.year_before else []), "Target", "Change"]
    rows = []
    for spec in exhibit.more["figures"]:
        name = text(spec["label"], sight.lang)
        now, before = (measure(book, exhibit.of, spec, sight, p) for p in (sight.period, sight.before))
        unit = text(spec.get("unit", ""), sight.lang)
        cells = [name, said(now, unit), said(before, unit)]
        if sight.year_before:
            cells.append(said(measure(book, exhibit.of, spec, sight, sight.year_before), unit))
        cells += [_target(spec, unit), _change(now, before)]
        rows.append(tuple(cells))
    return Grid(exhibit.title[sight.lang], tuple(head), tuple(rows), frozenset(range(1, len(head) - 1)))


def _target(spec: Mapping[str, Any], unit: str) -> str:
    if "target" not in spec:
        return ""
    sign = "≥ " if spec.get("better") == "high" else "≤ "
    return sign + said(Decimal(str(spec["target"])), unit)


def _change(now: Decimal | None, before: Decimal | None) -> str:
    if now is None or before is None:
        return ""
    if now == before:
        return "→"
    moved = f"{'↑' if now > before else '↓'} {figure_text(abs(now - before), 3)}"
    return moved + (f"（{100 * (now - before) / before:+.0f} %）" if before else "")


def said(value: Decimal | None, unit: str = "") -> str:
    """1,234.50 元, 3.200‰, 43 %; — when it is not known."""
    if value is None:
        return UNKNOWN
    shown = f"{value:,.2f}" if unit in ("元", "CNY") else figure_text(value, 3)
    return shown + ("" if not unit else unit if unit in ("‰", "%") and unit == "‰" else f" {unit}")


def text(value: Any, lang: Lang) -> str:
    """A {zh, en} of YAML."""
    return str(value.get(lang) or value.get("zh")) if isinstance(value, Mapping) else str(value)


def grid(exhibit: Exhibit, book: Book, sight: Sight) -> Grid:
    """A row for each value of `by`, a column for each of `measures`, the largest first, the rest summed."""
    lines, more = book[exhibit.of], exhibit.more
    rows = chosen(lines, more, sight)
    by, most = str(more["by"]), int(more.get("most", MOST))
    measures = more.get("measures") or ({"label": {"zh": "件数", "en": "Number"}},)
    ranked = named(lines, by, grouped(rows, by, str(measures[0].get("sum") or "")), sight.lang)
    about, unknown = lines.column(by), "未填" if sight.lang == "zh" else "not given"
    groups: dict[str, list[Row]] = {}
    for row in rows:
        value = row.get(by)
        for one in value if isinstance(value, tuple) and value else (value,):
            groups.setdefault(about.say(one, sight.lang) or unknown, []).append(row)
    shown = [name for name, _ in ranked[:most]]
    head = (about.label[sight.lang], *(text(m["label"], sight.lang) for m in measures))

    def cells(name: str, of: list[Row]) -> tuple[str, ...]:
        return (name, *(_cell(m, of) for m in measures))

    body = [cells(name, groups[name]) for name in shown]
    if len(ranked) > most:
        rest = [r for name, _ in ranked[most:] for r in groups[name]]
        body.append(
            cells(f"其余 {len(ranked) - most} 项" if sight.lang == "zh" else f"{len(ranked) - most} more", rest)
        )
    foot = cells("合计" if sight.lang == "zh" else "Total", rows) if rows else ()
    return Grid(exhibit.title[sight.lang], head, tuple(body), frozenset(range(1, len(head))), (), foot)


def _cell(spec: Mapping[str, Any], rows: list[Row]) -> str:
    if "percent" in spec:
        due = [r for r in rows if str(r.get(spec["percent"])) in spec["all"]]
        kept = sum(str(r.get(spec["percent"])) in _tuple(spec["good"]) for r in due)
        return f"{figure_text(rounded(Decimal(100 * kept) / len(due), 1))} %（{kept}/{len(due)}）" if due else UNKNOWN
    if "mean" in spec:
        values = [number(r[spec["mean"]]) for r in rows if r.get(spec["mean"]) is not None]
        return figure_text(rounded(sum(values, Decimal(0)) / len(values), 2), 2) if values else UNKNOWN
    only = spec.get("only") or {}
    some = [r for r in rows if all(str(r.get(k)) in _tuple(v) for k, v in only.items())]
    value = total(some, str(spec.get("sum") or ""))
    return f"{value:,.2f}" if spec.get("money") else figure_text(value, 3)


def _tuple(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, (tuple, list)) else (str(value),)


def listed(exhibit: Exhibit, book: Book, sight: Sight) -> Grid:
    """Rows themselves: the columns that are named, in the order of `order` (- before it: the largest first), at most
    `most` of them; how many more there are, and what they sum up to, stands in the last row."""
    lines, more = book[exhibit.of], exhibit.more
    rows = chosen(lines, more, sight)
    order = str(more.get("order") or lines.columns[0].name)
    down, order = order.startswith("-"), order.lstrip("-")
    known = [r for r in rows if r.get(order) is not None]
    rows = sorted(known, key=lambda r: r[order], reverse=down) + [r for r in rows if r.get(order) is None]
    most = int(more.get("most", MOST))
    names = [str(n) for n in more["columns"]]
    numeric = {
        i for i, n in enumerate(names) if all(isinstance(r.get(n), (int, Decimal)) or r.get(n) is None for r in rows)
    }
    numeric &= {i for i, n in enumerate(names) if any(r.get(n) is not None for r in rows) and not lines.column(n).words}
    body = [tuple(_shown(lines, n, row, sight) for n in names) for row in rows[:most]]
    sums = [str(n) for n in _tuple(more.get("sums", ()))]
    foot = _foot(lines, names, rows, most, sums, sight.lang) if rows and (len(rows) > most or sums) else ()
    head = tuple(lines.column(n).label[sight.lang] for n in names)
    widths = tuple(float(w) for w in more.get("widths", ()))
    return Grid(exhibit.title[sight.lang], head, tuple(body), frozenset(numeric), widths, foot)


def _shown(lines: Lines, name: str, row: Row, sight: Sight) -> str:
    value = row.get(name)
    if isinstance(value, Decimal):
        return f"{value:,.2f}" if value.as_tuple().exponent == -2 else figure_text(value, 3)
    return lines.column(name).say(value, sight.lang)


def _foot(lines: Lines, names: list[str], rows: list[Row], most: int, sums: list[str], lang: Lang) -> tuple[str, ...]:
    left = max(0, len(rows) - most)
    if lang == "zh":
        words = f"共 {len(rows)} 行" + (f"，其余 {left} 行见明细" if left else "")
    else:
        words = f"{len(rows)} in all" + (f", {left} more in the details" if left else "")
    values = {n: total(rows, n) for n in sums}
    cells = [("" if n not in values else figure_text(values[n], 2)) for n in names]
    return (words, *cells[1:])

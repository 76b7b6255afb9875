"""Exhibits as charts: for each way of drawing the function that makes its frozen chart from lines."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from qforms.documents.charts import Chart, Table, empty
from qforms.documents.charts.figures import Answer, Cause, Fishbone, Ladder
from qforms.documents.charts.matrix import height as matrix_height
from qforms.documents.exhibits.counting import chosen, grouped, measure, named, number, quantile, rounded, total
from qforms.documents.exhibits.declared import Exhibit
from qforms.documents.exhibits.grids import text
from qforms.documents.exhibits.lines import Book, Lines, Row
from qforms.documents.exhibits.periods import Sight, short, week_of

BASE_WEEKS = 13
NOTHING = 36.0  # mm: the height of a chart that says 无数据
FEW = 50  # fewer shipped than this: a hollow point
AGES = ((0, 24), (24, 72), (72, 168), (168, 720), (720, None))  # hours late
AGE_WORDS = {
    "zh": ("未到期", "≤ 24 h", "24–72 h", "3–7 天", "8–30 天", "> 30 天"),
    "en": ("not due", "≤ 24 h", "24–72 h", "3–7 d", "8–30 d", "> 30 d"),
}


def _chart(exhibit: Exhibit, figures: Any, sight: Sight, basis: str, **more: Any) -> Chart:
    spec = exhibit.more
    made = Chart(
        kind=more.pop("kind", exhibit.draw),
        figures=figures,
        name=exhibit.title[sight.lang],
        basis=basis,
        source=more.pop("source", _source(exhibit, sight)),
        code=exhibit.code,
        unit=text(spec.get("unit", ""), sight.lang),
        lang=sight.lang,
        **{"width": 174.0 if exhibit.wide else 86.0, "height": 84.0 if exhibit.wide else 62.0} | more,
    )
    return dc.replace(made, height=NOTHING) if empty(made) else made


def _source(exhibit: Exhibit, sight: Sight) -> str:
    about = exhibit.about[sight.lang]
    if sight.lang == "zh":
        return f"来源：明细「{exhibit.counted.zh}」，截至 {sight.as_of:%Y-%m-%d %H:%M}" + (
            f"；{about}" if about else ""
        )
    return f"Source: details, {exhibit.counted['en']}, as of {sight.as_of:%Y-%m-%d %H:%M}" + (
        f"; {about}" if about else ""
    )


def _basis(sight: Sight, n: Decimal | int, unit: str, said: str = "") -> str:
    return f"{said or sight.said}　N = {n:,}{f' {unit}' if unit else ''}"


def _unit(exhibit: Exhibit, sight: Sight) -> str:
    return text(exhibit.more.get("unit", ""), sight.lang)


# ---------------------------------------------------------------- shares


def shares(exhibit: Exhibit, book: Book, sight: Sight) -> Chart:
    """`pareto` and `ranking`: the sum by a column; with `per` a second figure for each, as ppm of what was shipped."""
    lines, spec = book[exhibit.of], exhibit.more
    rows = chosen(lines, spec, sight)
    pairs = named(lines, str(spec["by"]), grouped(rows, str(spec["by"]), str(spec.get("sum") or "")), sight.lang)
    pairs = [(name, value) for name, value in pairs if value]
    unit = _unit(exhibit, sight)
    if "per" not in spec:
        table = Table.of(((name, (value,)) for name, value in pairs), (unit,))
        return _chart(exhibit, table, sight, _basis(sight, total(rows, str(spec.get("sum") or "")), unit))
    per = spec["per"]
    below = grouped(chosen(book[per["of"]], per, sight), str(per["by"]), str(per["sum"]))
    rates = {str(k): v for k, v in below.items()}
    found = [(n, (v, rounded(v * 1_000_000 / rates[n], 0) if rates.get(n) else None)) for n, v in pairs]
    table = Table.of(found, (unit, "ppm"))
    return _chart(exhibit, table, sight, _basis(sight, total(rows, str(spec.get("sum") or "")), unit))


# ---------------------------------------------------------------- weeks


def trend(exhibit: Exhibit, book: Book, sight: Sight) -> Chart:
    """Units of each week over the mean weekly shipment of the 13 weeks up to it, with the limits it is held against."""
    spec, lines = exhibit.more, book[exhibit.of]
    weeks = sight.weeks(int(spec.get("weeks", 26)))
    units = grouped(lines.rows, "week", str(spec.get("sum") or ""))
    over = spec["per"]
    shipped = grouped(book[over["of"]].rows, "week", str(over["sum"]))
    rows, hollow = [], []
    for week in weeks:
        back = [week_of(_monday(week) - timedelta(weeks=n)) for n in range(BASE_WEEKS)]
        base = rounded(sum((shipped.get(w, Decimal(0)) for w in back), Decimal(0)) / BASE_WEEKS, 0)
        rows.append((short(week), (units.get(week, Decimal(0)), base)))
        if base < FEW or _monday(week) + timedelta(days=7) > sight.as_of.date():
            hollow.append(short(week))
    limits = tuple((text(entry["say"], sight.lang), Decimal(str(entry["at"]))) for entry in spec.get("limits", ()))
    count = sum((c[0] for _, c in rows), Decimal(0))
    zh = sight.lang == "zh"
    said = f"{weeks[0][:4]}-{weeks[0][4:]} 至 {weeks[-1][:4]}-{weeks[-1][4:]}" if zh else f"{weeks[0]} to {weeks[-1]}"
    told = f"{said}　{'分母：近 13 周周均出货' if zh else 'over the mean weekly shipment of 13 weeks'}"
    note = f"空心点：周均出货不足 {FEW} 台或本周未完。灰线：p 图上限、均值" if zh else (
        f"Hollow: fewer than {FEW} shipped, or unfinished. Grey: p-chart limit, mean"
    )  # fmt: skip
    # a week without any shipment behind it has no rate
    table = Table.of(
        ((n, (u, b or None)) for n, (u, b) in rows), ("台", "周均出货") if zh else ("units", "shipped a week")
    )
    marks = _marks(spec, book, sight, {short(w) for w in weeks})
    unit = _unit(exhibit, sight)
    basis = f"{told}　N = {count:,}{f' {unit}' if unit else ''}"
    return _chart(
        exhibit, table, sight, basis, limits=limits, marks=marks, hollow=tuple(hollow),
        source=f"{_source(exhibit, sight)}。{note}" if zh else f"{_source(exhibit, sight)}. {note}",
    )  # fmt: skip


def _monday(week: str) -> date:
    return date.fromisocalendar(int(week[:4]), int(week[5:]), 1)


def _marks(spec: Mapping[str, Any], book: Book, sight: Sight, shown: set[str]) -> tuple[tuple[str, str], ...]:
    """The days on which measures were done, at their week: `marks: {of, day, say}`; the last three."""
    if "marks" not in spec:
        return ()
    marks = spec["marks"]
    lines = book[marks["of"]]
    found = []
    for row in lines.rows:
        day = row.get(marks["day"])
        day = day.date() if isinstance(day, datetime) else day
        if isinstance(day, date) and short(week_of(day)) in shown:
            found.append((day, lines.column(marks["say"]).say(row.get(marks["say"]), sight.lang)))
    unique = dict.fromkeys((day, word[:8]) for day, word in sorted(found))
    return tuple((short(week_of(day)), f"{day:%m-%d} {word}") for day, word in list(unique)[-3:])


def matrix(exhibit: Exhibit, book: Book, sight: Sight) -> Chart:
    """A column by week (`across: week`), or by any other column."""
    spec, lines = exhibit.more, book[exhibit.of]
    across, by, column = str(spec["across"]), str(spec["by"]), str(spec.get("sum") or "")
    rows = chosen(lines, {"in": "all", **spec}, sight)
    if across == "week":
        keys: list[Any] = list(sight.weeks(int(spec.get("weeks", 13))))
    else:
        keys = [str(k) for k in spec["keys"]]
    inside = [r for r in rows if str(r.get(across)) in keys]
    every = rows if across != "week" else inside
    names = [n for n, _ in named(lines, by, grouped(every, by, column), sight.lang)]
    unknown = "未填" if sight.lang == "zh" else "not given"
    cells: dict[tuple[str, str], Decimal] = {}
    for row in inside:
        place = lines.column(by).say(row.get(by), sight.lang) or unknown, str(row[across])
        cells[place] = cells.get(place, Decimal(0)) + (number(row.get(column)) if column else 1)
    table = Table.of(
        ((n, tuple(cells.get((n, k), 0) for k in keys)) for n in names),
        tuple(short(k) if across == "week" else lines.column(across).say(k, sight.lang) for k in keys),
    )
    unit = _unit(exhibit, sight)
    said = f"{short(keys[0])}–{short(keys[-1])}" if across == "week" else sight.said
    marks = _marks(spec, book, sight, set(table.columns)) if across == "week" else ()
    title = ""
    if across != "week":
        again = [n for n in names if any(cells.get((n, k)) for k in keys)]
        count = sum(cells.values(), Decimal(0))
        title = f"{len(names)} 组有永久措施，{len(again)} 组再发，共 {count} {unit}" if sight.lang == "zh" else (
            f"{len(names)} groups with a measure, {len(again)} came back, {count} {unit}"
        )  # fmt: skip
    basis = _basis(sight, total(inside, column), unit, said)
    more = {"height": min(84.0, matrix_height(len(names), bool(marks)))} if exhibit.wide and names else {}
    return _chart(exhibit, table, sight, basis, marks=marks, title=title, kind="matrix", **more)


# ---------------------------------------------------------------- months


def months(exhibit: Exhibit, book: Book, sight: Sight) -> Chart:
    """Measures month by month against a target; a measure with `noted: true` is said under each month."""
    spec = exhibit.more
    names = [text(m["label"], sight.lang) for m in spec["measures"]]
    rows = [(short(m), [measure(book, exhibit.of, s, sight, m) for s in spec["measures"]]) for m in sight.months]
    limits = tuple((text(entry["say"], sight.lang), Decimal(str(entry["at"]))) for entry in spec.get("limits", ()))
    hollow = tuple(n for n, m in zip(names, spec["measures"], strict=True) if m.get("noted"))
    basis = f"{short(sight.months[0])}–{short(sight.months[-1])}"
    return _chart(exhibit, Table.of(rows, names), sight, basis, kind="lines", limits=limits, hollow=hollow)


def backlog(exhibit: Exhibit, book: Book, sight: Sight) -> Chart:
    """What came (`month`), what was closed (`closed_month`), what was open at the end of each month."""
    lines = book[exhibit.of]
    opened, closed = (grouped(lines.rows, c) for c in ("month", "closed_month"))
    rows = []
    for month in sight.months:
        left = sum(1 for r in lines.rows if _until(r, "month", month) and not _until(r, "closed_month", month))
        rows.append((short(month), (opened.get(month, 0), closed.get(month, 0), left)))
    words = ("收到", "关闭", "月末未结") if sight.lang == "zh" else ("in", "closed", "open at its end")
    basis = f"{short(sight.months[0])}–{short(sight.months[-1])}"
    return _chart(exhibit, Table.of(rows, words), sight, basis)


def _until(row: Row, column: str, month: str) -> bool:
    value = row.get(column)
    return value is not None and str(value) <= month


def stacked(exhibit: Exhibit, book: Book, sight: Sight) -> Chart:
    """Sums by month, each made of the values of a column."""
    spec, lines = exhibit.more, book[exhibit.of]
    rows = [r for r in lines.rows if r.get("month") in sight.months]
    rows = chosen(Lines(lines.name, lines.title, lines.columns, tuple(rows)), {**spec, "in": "all"}, sight)
    column, by = str(spec.get("sum") or ""), str(spec["by"])
    names = [n for n, _ in named(lines, by, grouped(rows, by, column), sight.lang)]
    unknown = "未填" if sight.lang == "zh" else "not given"
    cells: dict[tuple[str, str], Decimal] = {}
    for row in rows:
        place = str(row["month"]), lines.column(by).say(row.get(by), sight.lang) or unknown
        cells[place] = cells.get(place, Decimal(0)) + (number(row.get(column)) if column else 1)
    table = Table.of(((short(m), tuple(cells.get((m, n), 0) for n in names)) for m in sight.months), names)
    basis = f"{short(sight.months[0])}–{short(sight.months[-1])}"
    return _chart(exhibit, table, sight, basis)


# ---------------------------------------------------------------- how late, how long


def ageing(exhibit: Exhibit, book: Book, sight: Sight) -> Chart:
    """What is open, by department and by how late it is; one obligation counts for each of its departments."""
    lines = book[exhibit.of]
    open_ = [r for r in lines.rows if r.get("state") in ("running", "overdue")]
    unknown = "未定" if sight.lang == "zh" else "nobody"
    cells: dict[str, list[int]] = {}
    for row in open_:
        cells.setdefault(str(row.get("department") or unknown), [0] * 6)[_age(row)] += 1
    table = Table.of(sorted(cells.items()), AGE_WORDS[sight.lang])
    unit = "项" if sight.lang == "zh" else "open"
    return _chart(exhibit, table, sight, _basis(sight, len(open_), unit))


def _age(row: Row) -> int:
    late = number(row.get("late_hours"))
    if row.get("state") != "overdue" or late <= 0:
        return 0
    return next(n for n, (_, end) in enumerate(AGES, 1) if end is None or late <= end)


def spread(exhibit: Exhibit, book: Book, sight: Sight) -> Chart:
    """How a figure (`value`) is spread over spans (`spans`: their upper ends), by a column; median and nine tenths."""
    spec, lines = exhibit.more, book[exhibit.of]
    rows = chosen(lines, spec, sight)
    value, weight = str(spec["value"]), str(spec.get("sum") or "")
    known = [r for r in rows if r.get(value) is not None]
    ends = [Decimal(str(e)) for e in spec["spans"]]
    unit = text(spec.get("of_what", ""), sight.lang)
    names = [f"≤ {ends[0]} {unit}", *(f"{a}–{b} {unit}" for a, b in pairwise(ends)), f"> {ends[-1]} {unit}"]
    by = str(spec.get("by") or "")
    parts = [n for n, _ in named(lines, by, grouped(known, by), sight.lang)] if by else [_unit(exhibit, sight)]
    cells = [[Decimal(0)] * len(parts) for _ in names]
    for row in known:
        place = next((n for n, end in enumerate(ends) if number(row[value]) <= end), len(ends))
        part = parts.index(lines.column(by).say(row.get(by), sight.lang) or "未填") if by and row.get(by) else (
            parts.index("未填" if sight.lang == "zh" else "not given") if by else 0
        )  # fmt: skip
        cells[place][part] += number(row.get(weight)) if weight else 1
    marks = []
    if known and spec.get("quantiles", True):
        values = [number(r[value]) for r in known]
        for share, zh, en in ((Decimal("0.5"), "中位", "median"), (Decimal("0.9"), "九成在", "nine tenths within")):
            q = rounded(quantile(values, share), 1)
            words = f"{zh} {q.normalize():f} {unit}" + ("内" if share > Decimal("0.5") else "")
            marks.append((f"{_place(q, ends):.2f}", words if sight.lang == "zh" else f"{en} {q.normalize():f} {unit}"))
    left = len(rows) - len(known)
    word = _unit(exhibit, sight)
    basis = _basis(sight, total(known, weight), word)
    if left and not spec.get("silent"):
        basis += f"，另有 {left} 件不知" if sight.lang == "zh" else f", {left} not known"
    return _chart(exhibit, Table.of(zip(names, cells, strict=True), parts), sight, basis, marks=tuple(marks))


def _place(value: Decimal, ends: list[Decimal]) -> Decimal:
    """Where a value lies on the scale of the spans, bars being 1 apart."""
    low = Decimal(0)
    for n, end in enumerate(ends):
        if value <= end:
            return n - Decimal("0.5") + ((value - low) / (end - low) if end > low else 0)
        low = end
    return len(ends) - Decimal("0.2")


def steps(exhibit: Exhibit, book: Book, sight: Sight) -> Chart:
    """Steps with planned and actual dates: `steps` names them, `<step>_due` and `<step>_done` are columns, `start` the
    column from which days are counted."""
    spec, lines = exhibit.more, book[exhibit.of]
    rows = chosen(lines, {"in": "all", **spec}, sight)
    names = [str(s) for s in spec["steps"]]
    at = [next((n for n, s in enumerate(names) if r.get(f"{s}_done") is None), None) for r in rows]
    found = []
    for n, step in enumerate(names):
        planned, actual, kept = [], [], 0
        for row in rows:
            start, due, done = (_moment(row.get(c)) for c in (str(spec["start"]), f"{step}_due", f"{step}_done"))
            if start and due:
                planned.append(_days(start, due))
            if start and done:
                actual.append(_days(start, done))
                kept += due is None or done <= due
        median = [rounded(quantile(v, Decimal("0.5")), 1) if v else None for v in (planned, actual)]
        stopped = sum(a == n and row.get("open") not in (False, None) for a, row in zip(at, rows, strict=True))
        found.append((step.upper(), (*median, kept, len(actual), stopped)))
    words = (
        ("计划", "实际", "按期", "完成", "停在此步")
        if sight.lang == "zh"
        else ("plan", "actual", "on time", "done", "open")
    )
    return _chart(
        exhibit, Table.of(found, words), sight, _basis(sight, len(rows), "份" if sight.lang == "zh" else "reports")
    )


def _moment(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _days(start: datetime, end: datetime) -> Decimal:
    return Decimal(max(0, int((end - start).total_seconds()))) / 86400


# ---------------------------------------------------------------- pictures of a record's own lists


def fishbone(exhibit: Exhibit, book: Book, sight: Sight) -> Chart:
    """The record's own list of causes: columns branch, cause, sub_cause, result, evidence; the head is `head`."""
    from qforms.documents.charts.fishbone import height

    lines, spec = book[exhibit.of], exhibit.more
    bones: dict[str, dict[str, Cause]] = {code: {} for code in lines.column("branch").words}
    for row in lines.rows:
        known = bones.setdefault(str(row.get("branch") or ""), {})
        name = str(row.get("cause") or "")
        old = known.get(name, Cause(name))
        twig = str(row.get("sub_cause") or "")
        known[name] = Cause(
            name, (*old.twigs, twig) if twig else old.twigs, str(row.get("result") or old.state),
            str(row.get("evidence") or old.evidence),
        )  # fmt: skip
    about = lines.column("branch")
    shown = tuple((about.say(code, sight.lang), tuple(c.values())) for code, c in bones.items())
    figures = Fishbone(str(spec.get("head_text") or sight.number), shown)
    mark = "■ 已确认，划线为已排除" if sight.lang == "zh" else "■ confirmed, struck through: excluded"
    source = f"来源：{sight.number} D4" if sight.lang == "zh" else f"Source: {sight.number} D4"
    high = height(figures, 174.0) + 26
    return _chart(
        exhibit, figures, sight, f"{sight.number}　{mark}", source=source, width=174.0, height=min(high, 235.0)
    )


def ladder(exhibit: Exhibit, book: Book, sight: Sight) -> Chart:
    """The record's own lists of whys side by side: `columns`: {title, of, root}."""
    from qforms.documents.charts.ladder import height

    columns = []
    for spec in exhibit.more["ladders"]:
        answers = tuple(
            Answer(
                str(row.get("why") or ""),
                str(row.get("because") or ""),
                str(row.get("evidence") or ""),
                bool(row.get("verified")),
            )
            for row in book[spec["of"]].rows
        )
        columns.append((text(spec["title"], sight.lang), answers, str(spec.get("root_text") or "")))
    figures = Ladder(tuple(columns))
    mark = "√ 已验证" if sight.lang == "zh" else "√ verified"
    source = f"来源：{sight.number} D4" if sight.lang == "zh" else f"Source: {sight.number} D4"
    high = height(figures, 174.0) + 30
    return _chart(
        exhibit, figures, sight, f"{sight.number}　{mark}", source=source, width=174.0, height=min(high, 235.0)
    )


BUILDERS: Mapping[str, Callable[[Exhibit, Book, Sight], Chart]] = {
    "pareto": shares,
    "ranking": shares,
    "trend": trend,
    "matrix": matrix,
    "months": months,
    "backlog": backlog,
    "stacked": stacked,
    "ageing": ageing,
    "spread": spread,
    "steps": steps,
    "fishbone": fishbone,
    "ladder": ladder,
}

"""The figures of the board, counted from a view. Pure: the sheet 看板 and the page 看板.html show the same ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from qforms.model import Catalogue, Lang, Record
from qforms.workbook.sheets import build
from qforms.workbook.spans import MARK, Urgency
from qforms.workbook.view import Cell, Row, Sheet, View

WEEKS, BASE_WEEKS = 12, 13
TOP = 5  # categories shown by name; the rest is 其他


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure with a word on each side: what it is, what it rests on."""

    what: str
    figure: str
    basis: str
    urgency: Urgency = ""


@dataclass(frozen=True, slots=True)
class Week:
    """Defective units received in a week, over the mean weekly shipment of the 13 weeks up to it."""

    name: str
    units: Decimal
    shipped: Decimal
    permille: Decimal | None


@dataclass(frozen=True, slots=True)
class Figures:
    tiles: tuple[Tile, ...]
    categories: tuple[tuple[str, Decimal, Decimal], ...]  # name, units, cumulative percent
    weeks: tuple[Week, ...]
    urgent: tuple[Row, ...]  # rows of 待办, most urgent first
    new: tuple[Row, ...]  # rows of 投诉台账, newest first
    since: date
    limits: tuple[Decimal, Decimal]  # per mille: report, topical report


def figures(view: View, catalogue: Catalogue, lang: Lang, sheets: tuple[Sheet, ...] | None = None) -> Figures:
    """All figures of the board as of the view's moment."""
    made = {s.key: s for s in (sheets if sheets is not None else build(view, catalogue, lang))}
    complaints = view.records.get("complaint", ())
    since = (view.as_of - timedelta(days=31)).astimezone(view.zone).date()
    ledger = made.get("complaint")
    limits = view.rulebook.limits
    return Figures(
        _tiles(view, catalogue, lang, made),
        _categories(view, catalogue, lang, since),
        _weeks(view, complaints),
        made["todo"].rows[:8],
        tuple(reversed([r for r in ledger.rows if r.id.startswith("complaint/")][-8:])) if ledger else (),
        since,
        (Decimal(str(limits.get("report_8001", 3))), Decimal(str(limits.get("topical_percent", 1))) * 10),
    )


def _tiles(view: View, catalogue: Catalogue, lang: Lang, made: dict[str, Sheet]) -> tuple[Tile, ...]:
    zh = lang == "zh"
    todo = made["todo"].rows
    late = [r for r in todo if r.cells["mark"] == MARK["overdue"]]
    soon = [r for r in todo if r.cells["mark"] == MARK["due"]]
    complaints = view.records.get("complaint", ())
    form = catalogue.forms.get("complaint")
    final = {s.name for s in form.lifecycle.states if s.final} if form else set()
    running = [r for r in complaints if r.status not in final]
    this_month = [r for r in complaints if _month(view, r) == _local_month(view)]
    units = sum((_units(r) for r in this_month), Decimal(0))
    claimed = sum((Decimal(r.values.get("defect_qty") or 0) for r in this_month), Decimal(0))
    ended = [c for c in view.recent_clocks if (c.met_at or c.due_at) <= view.as_of]
    kept = sum(c.met_at is not None and c.met_at <= c.due_at for c in ended)
    documents = made["documents"].rows
    unmet = {c.subject for c in view.shown_clocks if c.met_at is None and c.due_at <= view.as_of}
    behind = sum(r.cells["number"] in unmet for r in documents)
    rate = f"{100 * kept / len(ended):.0f} %" if ended else "—"
    return (
        Tile("逾期" if zh else "Overdue", str(len(late)), _first(late), "overdue" if late else ""),
        Tile("24 h 内到期" if zh else "Due within 24 h", str(len(soon)), _first(soon), "due" if soon else ""),
        Tile(
            "在办投诉" if zh else "Open complaints",
            str(len(running)),
            f"本月新增 {len(this_month)}" if zh else f"{len(this_month)} new this month",
        ),
        Tile(
            "本月不良台数" if zh else "Defective units",
            f"{units:f}",
            f"客户报 {claimed:f}" if zh else f"this month; claimed {claimed:f}",
        ),
        Tile(
            "按时完成率" if zh else "On time",
            rate,
            f"{kept} / {len(ended)}，目标 95 %" if zh else f"{kept} / {len(ended)}, target 95 %",
        ),
        Tile(
            "在办单据" if zh else "Open documents",
            str(len(documents)),
            f"其中逾期 {behind}" if zh else f"{behind} of them overdue",
        ),
    )


def _first(rows: list[Row]) -> str:
    return f"{rows[0].cells['left'] or ''}  {rows[0].cells['who'] or ''}".strip() if rows else ""


def _local_month(view: View) -> tuple[int, int]:
    at = view.as_of.astimezone(view.zone)
    return at.year, at.month


def _received(view: View, record: Record) -> datetime | None:
    at = record.values.get("received_at") or record.received_at
    return at.astimezone(view.zone) if isinstance(at, datetime) else None


def _month(view: View, record: Record) -> tuple[int, int] | None:
    at = _received(view, record)
    return (at.year, at.month) if at else None


def _units(record: Record) -> Decimal:
    units = record.values.get("units")
    return Decimal(units if units is not None else record.values.get("defect_qty") or 0)


def _categories(view: View, catalogue: Catalogue, lang: Lang, since: date) -> tuple[tuple[str, Decimal, Decimal], ...]:
    fld = catalogue.field("complaint", "defect_category")
    counted: Counter[str] = Counter()
    for record in view.records.get("complaint", ()):
        at, category = _received(view, record), record.values.get("defect_category")
        if fld and category and at and at.date() >= since:
            counted[catalogue.show(fld, category, lang)] += int(_units(record))
    ranked = [(name, Decimal(n)) for name, n in counted.most_common() if n]
    if len(ranked) > TOP + 1:
        rest = sum((n for _, n in ranked[TOP:]), Decimal(0))
        ranked = [*ranked[:TOP], ("其他" if lang == "zh" else "Other", rest)]
    total, sofar = sum((n for _, n in ranked), Decimal(0)), Decimal(0)
    found = []
    for name, n in ranked:
        sofar += n
        found.append((name, n, round(100 * sofar / total, 1)))
    return tuple(found)


def _weeks(view: View, complaints: tuple[Record, ...]) -> tuple[Week, ...]:
    today = view.as_of.astimezone(view.zone).date()
    monday = today - timedelta(days=today.weekday())
    defective: Counter[date] = Counter()
    for record in complaints:
        if at := _received(view, record):
            defective[at.date() - timedelta(days=at.weekday())] += int(_units(record))
    shipped: Counter[date] = Counter()
    for record in view.records.get("shipment", ()):
        day, quantity = record.values.get("shipped_on"), record.values.get("quantity")
        if isinstance(day, date) and quantity:
            shipped[day - timedelta(days=day.weekday())] += int(quantity)
    found = []
    for back in range(WEEKS - 1, -1, -1):
        start = monday - timedelta(weeks=back)
        base = sum(shipped[start - timedelta(weeks=k)] for k in range(BASE_WEEKS))
        mean = Decimal(base) / BASE_WEEKS
        rate = round(Decimal(defective[start]) * 1000 / mean, 3) if mean else None
        name = f"W{start.isocalendar().week:02d}" + ("*" if back == 0 else "")
        found.append(Week(name, Decimal(defective[start]), Decimal(round(mean)), rate))
    return tuple(found)


def cells(week: Week, limits: tuple[Decimal, Decimal]) -> tuple[Cell, ...]:
    """A week as a line of the table under its chart."""
    return week.name, week.units, week.shipped, week.permille, *limits

"""Lines and what is counted from them: kept and counted again, issued periods that stand, bounded tables."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_rules import procedures

from qforms.documents import exhibits
from qforms.documents.exhibits import Column, Grid, Lines, Sight, counting, declared, drawn
from qforms.model import QformsError, Text

AT = datetime(2026, 6, 1, 8, tzinfo=UTC)
SIGHT = Sight("202605", AT)
COLUMNS = tuple(
    Column(name, Text(label))
    for name, label in (("number", "编号"), ("month", "月"), ("category", "分类"), ("units", "台数"), ("week", "周"))
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-1000, 1000), st.text(max_size=8), st.dates(),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1000, max_value=1000),
    st.datetimes(timezones=st.just(UTC)), st.lists(st.text(max_size=4), max_size=3).map(tuple),
)  # fmt: skip


def lines(*rows: dict[str, Any]) -> Lines:
    return Lines("complaints", Text("投诉"), COLUMNS, rows)


def exhibit(draw: str, **more: Any) -> declared.Exhibit:
    return declared.Exhibit("x", draw, "complaints", Text("表"), more=more)


@given(st.lists(st.dictionaries(st.sampled_from([c.name for c in COLUMNS]), VALUES, max_size=5), max_size=8))
@settings(max_examples=60, deadline=None)
def test_kept_lines_are_the_same_lines(rows: list[dict[str, Any]]) -> None:
    book = {"complaints": lines(*rows)}
    data = exhibits.to_json(book)
    assert exhibits.from_json(data, {"complaints": lines()}) == book
    assert exhibits.to_json(exhibits.from_json(data, {"complaints": lines()})) == data


def test_an_issued_month_stands_and_what_changed_is_told() -> None:
    issued = lines({"number": "TS-1", "month": "202604", "units": 4}, {"number": "TS-2", "month": "202604"})
    now = lines(
        {"number": "TS-1", "month": "202604", "units": 3},
        {"number": "TS-2", "month": "202604", "units": 7},
        {"number": "TS-3", "month": "202605", "units": 1},
    )
    stands = exhibits.standing(now, issued, "month", "202604")
    assert [(r["number"], r.get("units")) for r in stands.rows] == [("TS-1", 4), ("TS-2", None), ("TS-3", 1)]
    told = exhibits.corrections(now, issued, ["units"], "month", "202604", "zh")
    assert [(c.key, c.was, c.now) for c in told] == [("TS-1", "台数 4", "台数 3")]  # what was unknown is no correction


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(0, 99)), max_size=60))
@settings(max_examples=60, deadline=None)
def test_a_table_is_bounded_and_its_foot_is_the_sum_of_all(rows: list[tuple[str | None, int]]) -> None:
    given_ = [{"number": f"TS-{n}", "month": "202605", "category": c, "units": u} for n, (c, u) in enumerate(rows)]
    book = {"complaints": lines(*given_, {"number": "TS-x", "month": "202604", "units": 50})}
    listed = exhibits.shown(
        exhibit("list", columns=("number", "category", "units"), sums=("units",), most=5), book, SIGHT
    )
    assert isinstance(listed, Grid) and len(listed.rows) == min(5, len(rows))
    if rows:
        assert listed.foot[-1] == str(sum(u for _, u in rows)) and f"共 {len(rows)} 行" in listed.foot[0]
    grouped = exhibits.shown(
        exhibit("grid", by="category", most=2, measures=({"label": "台数", "sum": "units"},)), book, SIGHT
    )
    assert isinstance(grouped, Grid) and len(grouped.rows) <= 3
    assert sum(int(r[1]) for r in grouped.rows) == sum(u for _, u in rows)


def test_a_rate_without_its_denominator_is_not_told() -> None:
    book = {"complaints": lines({"number": "TS-1", "month": "202605", "units": 3})}
    per = {"sum": "units", "per": {"of": "nothing", "sum": "quantity", "times": 1000}}
    assert counting.measure(book, "complaints", per, SIGHT) is None
    percent = {"percent": "category", "good": ("met",), "all": ("met", "late")}
    assert counting.measure(book, "complaints", percent, SIGHT) is None


def test_the_median_is_the_one_in_the_middle() -> None:
    assert counting.quantile([Decimal(n) for n in (1, 2, 3, 4)], Decimal("0.5")) == Decimal("2.5")
    assert counting.quantile([Decimal(7)], Decimal("0.9")) == 7


def test_periods_reach_over_the_years() -> None:
    assert SIGHT.months[0] == "202506" and SIGHT.months[-1] == "202605" and SIGHT.before == "202604"
    assert Sight("202601", AT).before == "202512" and Sight("202601", AT).year_before == "202501"
    assert Sight("2026W01", AT).before == "2025W52" and Sight("2026W01", AT).last_day == date(2026, 1, 4)
    assert Sight("202512", AT).last_day == date(2025, 12, 31) and len(SIGHT.weeks(26)) == 26
    assert exhibits.week_of(date(2027, 1, 1)) == "2026W53"


def test_a_trend_has_no_rate_where_nothing_was_shipped() -> None:
    book = {
        "complaints": lines({"number": "TS-1", "week": "2026W20", "units": 3}),
        "shipments": Lines("shipments", Text("出货"), (Column("week", Text("周")), Column("quantity", Text("数量")))),
    }
    chart = drawn.trend(exhibit("trend", sum="units", per={"of": "shipments", "sum": "quantity"}), book, SIGHT)
    assert all(row[1] is None for row in chart.table.cells)


FORMS = Path(__file__).parents[2] / "form_templates"


@pytest.mark.parametrize("form", ["quality_information", "eight_d", "topical_report"])
def test_what_is_shipped_is_declared_without_fault(form: str) -> None:
    p = procedures()
    assert declared.faults(p.catalogue.form(form), FORMS, p.catalogue, p.rulebook) == []
    found = exhibits.load(p.catalogue.form(form), FORMS, p.catalogue, p.rulebook)
    shows = {name for s in p.catalogue.form(form).sections for name in s.shows}
    assert shows and shows <= set(found.shown)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("by: category", "by: categry", "是否指 category"),
        ("draw: pareto", "draw: paretto", "是否指 pareto"),
        ("units: units", "units: unitz", "units"),
        ("of: shipments, sum", "of: shipmints, sum", "是否指 shipments"),
        ("form: return_visit", "form: return_visitt", "是否指 return_visit"),
    ],
)
def test_a_slip_is_told_with_its_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    text = (FORMS / "quality_information" / "exhibits.yaml").read_text("utf-8")
    assert old in text
    folder = tmp_path / "form_templates" / "quality_information"
    folder.mkdir(parents=True)
    (folder / "exhibits.yaml").write_text(text.replace(old, new), "utf-8")
    p = procedures()
    with pytest.raises(QformsError) as raised:
        exhibits.load(p.catalogue.form("quality_information"), folder.parent, p.catalogue, p.rulebook)
    line = next(n for n, row in enumerate(text.splitlines(), 1) if old in row)
    assert any(fault in said and f"exhibits.yaml:{line}" in said for said in raised.value.problems), (
        raised.value.problems
    )

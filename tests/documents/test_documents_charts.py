"""Charts: what they say, that all of it can be read, that the same figures give the same picture."""

from __future__ import annotations

import dataclasses as dc
import io
import warnings
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support_charts import examples

from qforms.documents import charts
from qforms.documents.charts import Chart, Table, font, frame, pareto
from qforms.model import QformsError

ALL = {f"{c.code}.{c.kind}": c for c in examples()}
WIDE = {"pareto", "ranking", "matrix", "stacked", "ageing", "trend", "backlog", "months", "lines"}


def drawn(chart: Chart) -> Any:
    """The chart's figure, laid out; a sign that the font does not have is an error here."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with warnings.catch_warnings(), matplotlib.rc_context(frame.rc()):
        warnings.simplefilter("error")
        sheet = frame.Sheet(chart, charts.message(chart))
        charts._KINDS[chart.kind][1](sheet)
        canvas: Any = FigureCanvasAgg(sheet.figure)
        canvas.draw()
        return sheet.figure


def faults(figure: Any) -> list[str]:
    """Words that are cut off by the edge, and names of one axis that stand over each other."""
    from matplotlib.text import Text

    found = []
    edge = figure.bbox
    for text in figure.findobj(Text):
        if not text.get_text().strip() or not text.get_visible():
            continue
        box = text.get_window_extent()
        if box.x0 < -1 or box.y0 < -1 or box.x1 > edge.x1 + 1 or box.y1 > edge.y1 + 1:
            found.append(f"cut off: {text.get_text()!r}")
    for ax in figure.axes:
        for names in (ax.get_xticklabels(), ax.get_yticklabels()):
            shown = [(n.get_text(), n.get_window_extent()) for n in names if n.get_text().strip() and n.get_visible()]
            found += [f"{a} over {b}" for (a, one), (b, two) in combinations(shown, 2) if one.overlaps(two)]
    return found


@pytest.mark.parametrize("name", sorted(ALL))
def test_nothing_is_cut_off_or_stands_over_another(name: str) -> None:
    chart = ALL[name]
    assert faults(drawn(chart)) == []
    if chart.kind not in ("fishbone", "ladder", "trend"):
        assert faults(drawn(dc.replace(chart, width=86.0, height=62.0))) == []


@pytest.mark.parametrize("count", [1, 12, 40])
@pytest.mark.parametrize("kind", ["pareto", "ranking", "matrix", "stacked", "ageing", "backlog", "lines", "trend"])
def test_one_and_twelve_and_forty_categories_can_be_read(kind: str, count: int) -> None:
    columns = {"ageing": 6, "backlog": 3, "trend": 2, "lines": 2, "matrix": 13, "stacked": 9}.get(kind, 1)
    rows = [
        (f"很长的分类名称之{n}号 W{n:02}", [(n * 7 + c * 3) % 29 + 1 for c in range(columns)]) for n in range(count)
    ]
    if kind in ("backlog", "lines", "trend", "stacked"):
        rows = [(f"W{n:02}", cells) for n, (_, cells) in enumerate(rows)]
    table = Table.of(rows, [f"第 {c} 列" for c in range(columns)])
    chart = Chart(kind, table, "名称", "N = 100 台", "来源", "CH", "台")  # type: ignore[arg-type]
    assert faults(drawn(chart)) == []


def test_the_same_figures_give_the_same_bytes_and_a_small_picture() -> None:
    chart = ALL["CH1.pareto"]
    first = charts.picture(chart)
    charts.picture.cache_clear()
    assert charts.picture(chart) == first and len(first) < 60_000
    image = Image.open(io.BytesIO(first)).convert("RGB")
    assert image.getpixel((2, 2)) == (255, 255, 255)
    assert abs(image.width - 174 / 25.4 * charts.DPI) < 3
    vector = charts.picture(chart, "svg")
    assert vector.startswith(b"<?xml") and b"<text" not in vector and b"<path" in vector
    charts.picture.cache_clear()
    assert charts.picture(chart, "svg") == vector


def test_a_chart_without_figures_says_so() -> None:
    empty = Chart("pareto", Table.of([("a", [0])], ["台"]), "缺陷分类柏拉图")
    assert charts.message(empty) == "缺陷分类柏拉图：无数据"
    assert charts.picture(empty) and charts.empty(empty)
    assert charts.message(dc.replace(empty, lang="en", name="Pareto")) == "Pareto: no data"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("CH1.pareto", "功能失效占 43 %，前 4 类占 81 %"),
        ("CH4.ageing", "逾期 20 项，工程部占 9 项；> 30 天 1 项"),
        ("CH8.backlog", "26-05 收 271、结 280，月末未结 66（少了 9）"),
        ("CH6.steps", "各步按期 85 %（53 / 62）；D6 比计划慢 7 天"),
    ],
)
def test_the_message_tells_the_figure(name: str, said: str) -> None:
    assert charts.message(ALL[name]) == said


def test_the_trend_is_held_against_its_limits() -> None:
    def told(units: int) -> str:
        table = Table.of([("W19", [units, 5000]), ("W20", [1, 5000])], ["台", "出货"])
        limits = (("3‰ → 8001", Decimal(3)), ("1 % → 专题", Decimal(10)))
        return charts.message(Chart("trend", table, limits=limits))

    assert told(15) == "W19 最高 3‰，未超过 3‰；W20 为 0.2‰"  # exactly 3.000‰ is not more
    assert told(16).startswith("W19 最高 3.2‰，超过 3‰")
    assert told(51).startswith("W19 最高 10.2‰，超过 1 %")


@given(st.lists(st.integers(0, 500), min_size=1, max_size=60).filter(any))
@settings(max_examples=60, deadline=None)
def test_a_pareto_falls_ends_at_a_hundred_and_loses_nothing(values: list[int]) -> None:
    chart = Chart("pareto", Table.of(((f"类{n}", [v]) for n, v in enumerate(values)), ["台"]))
    table = pareto.bars(chart)
    assert table.total() == sum(values) and len(table.rows) <= pareto.MOST + 1
    named = [v for n, v in zip(table.rows, table.column(0), strict=True) if n != "其他"]
    assert named == sorted(named, reverse=True) and "其他" not in table.rows[:-1]
    assert pareto.shares(table)[-1] == 100


def test_a_missing_font_or_extra_is_said_where_the_person_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(font, "FAMILIES", ("No Such Font",))
    font.family.cache_clear()
    try:
        with pytest.raises(QformsError, match="fonts-noto-cjk") as fault:
            charts.picture(dc.replace(ALL["CH1.pareto"], name="另一张"))
        assert fault.value.problem.code == "chart_font_missing"  # type: ignore[attr-defined]
    finally:
        font.family.cache_clear()


def test_a_sign_that_no_font_has_stops_no_chart() -> None:
    table = Table.of([("🔥 起火 \U0010ffff\x00", [3]), ("", [1])], ["台"])
    assert charts.picture(Chart("ranking", table, "名称 🙂"))

"""The report of a month, from end to end: its sums counted again by pandas from the lines that go along with it."""

from __future__ import annotations

import dataclasses as dc
import io
import json
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support_endtoend import command, copy, make
from support_year import ZONE, fill

from qforms import house, reporting
from qforms.commands import report
from qforms.documents import charts
from qforms.model import Judgement, Record

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c63f80f00010101001b0a2df40000000049454e44ae426082"
)
LAST, NOW = date(2026, 5, 31), datetime(2026, 6, 1, 8, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def _one_picture_for_all(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts are looked at elsewhere; drawing them costs most of the time. The report of `made` is drawn."""
    if "made" not in request.fixturenames:
        monkeypatch.setattr(charts, "picture", lambda chart, *_, **__: DOT)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make(tmp_path_factory.mktemp("year") / "ws").root
    with house.opened(root) as h:
        fill(h.ledger, 240, LAST)
    return root


@pytest.fixture(scope="module")
def made(year: Path) -> report.Made:
    return report.report(year, "202605", lang="zh", now=NOW)


def words(document: Path) -> str:
    with zipfile.ZipFile(document) as package:
        assert package.testzip() is None
        return package.read("word/document.xml").decode()


def sheet(made: report.Made, name: str) -> pd.DataFrame:
    return pd.read_excel(
        made.details,
        sheet_name=name,
        header=1,
        engine="openpyxl",
        dtype={"统计月": str, "到期月份": str, "关闭月份": str},
    )


def test_every_sum_follows_from_the_lines(made: report.Made) -> None:
    """Pareto, backlog, cost, on-time rates and the summary, each counted anew from the workbook."""
    complaints, deadlines, costs = (sheet(made, n) for n in ("投诉", "时限", "费用明细"))
    month = complaints[complaints["统计月"] == "202605"]
    shown: dict[str, Any] = made.figures["exhibits"]
    assert 0 < len(month) == made.figures["values"]["n_complaints"]
    assert made.figures["values"]["n_units"] == month["计数台数"].sum()

    by = month.groupby(month["分类"])["计数台数"].sum()
    pareto = {name: row[0] for name, row in shown["CH1"]["rows"].items()}
    assert pareto == {name: units for name, units in by.items() if units}

    backlog = shown["CH8"]["rows"]["26-05"]
    closed = complaints[complaints["关闭月份"] == "202605"]
    left = complaints[(complaints["统计月"] <= "202605") & ~(complaints["关闭月份"].fillna("999999") <= "202605")]
    assert backlog == [len(month), len(closed), len(left)]

    spent = costs[costs["统计月"] == "202605"]["金额"].sum()
    assert abs(sum(shown["CH9"]["rows"]["26-05"]) - spent) < 0.005

    due = deadlines[(deadlines["到期月份"] == "202605") & deadlines["时限"].isin(["defect_answer"])]
    ended = due[due["状态"] != "在办"]
    rate = 100 * (ended["状态"] == "达成").sum() / len(ended)
    assert shown["CH7"]["rows"]["26-05"][1] == pytest.approx(rate, abs=0.051)
    table = {row[0]: row for row in shown["on_time"]["rows"]}
    assert table["48 h 答复"][1] == str(len(due))

    customers = month.groupby("客户")["计数台数"].sum()
    assert {n: r[0] for n, r in shown["CH11a"]["rows"].items()} == {n: u for n, u in customers.items() if u}
    classes = month["判定"].value_counts()
    assert {n: r[0] for n, r in shown["CH16b"]["rows"].items()} == dict(classes)


def test_the_document_holds_charts_tables_and_the_bounded_list(made: report.Made) -> None:
    xml = words(made.document)
    with zipfile.ZipFile(made.document) as package:
        pictures = [n for n in package.namelist() if n.startswith("word/media/chart")]
        assert b'Extension="png"' in package.read("[Content_Types].xml")
    assert len(pictures) >= 15 and all(f"media/{Path(p).name}" for p in pictures)
    for said in ("一页摘要", "未达成的时限", "在办的 8D", "附表：本期收到的投诉", "功能失效", "收到投诉"):
        assert said in xml
    assert xml.count("TS-202605-") >= 20
    assert "预览" in made.notes[0]


def test_a_text_that_begins_like_a_formula_stays_a_text(made: report.Made) -> None:
    import openpyxl

    book = openpyxl.load_workbook(made.details)
    cells = [c for row in book["投诉"].iter_rows(min_row=3) for c in row if str(c.value).startswith("=")]
    assert cells and all(c.data_type in ("s", "inlineStr") for c in cells)


def test_a_week_and_an_empty_month(year: Path, tmp_path: Path) -> None:
    status, out, err = command("report", str(year), "--week", "2026-W20", "--out", str(tmp_path), "--json",
                               "--now", NOW.isoformat())  # fmt: skip
    assert status == 0 and "…" in err
    figures = json.loads(out)
    assert figures["number"] == "BB-2026W20" and "CH1" not in figures["exhibits"] and "CH7" in figures["exhibits"]
    empty = report.report(year, "202401", tmp_path, "zh", NOW)
    assert "本期无数据" in empty.notes and "无数据" in words(empty.document)
    assert empty.figures["exhibits"]["CH1"]["title"].endswith("无数据")
    for wrong in (("--month", "2026-13"), ("--month", "2026-05", "--week", "2026-W20"), ("--week", "20")):
        assert command("report", str(year), *wrong)[0] == 2


def test_a_frozen_month_stands_and_the_correction_is_shown(year: Path, tmp_path: Path) -> None:
    root = copy_of(year, tmp_path)
    with house.opened(root) as h:
        at = datetime(2026, 5, 1, 8, tzinfo=ZONE)
        values = {"period": "202604", "frozen_at": at, "edition": "month"}
        frozen = Record("quality_information", "BB-202604", 0, "issued", "", values, received_at=at)
        with h.ledger.begin() as tx:
            tx.write(None, Judgement(records=(frozen,)), at)
    first = report.report(root, "202604", tmp_path / "a", "zh", NOW)
    with house.opened(root) as h:
        one = next(
            r for r in h.ledger.records("complaint") if r.values["received_in"] == "BB-202604" and r.values["units"]
        )
        changed = Record(one.form, one.number, 1, one.status, one.case_no, {**one.values, "units": 77},
                         received_at=one.received_at)  # fmt: skip
        with h.ledger.begin() as tx:
            tx.write(None, Judgement(records=(changed,)), NOW)
        later = {"period": "202605", "previous": "BB-202604", "frozen_at": NOW}
        with h.ledger.begin() as tx:
            may = Record("quality_information", "BB-202605", 0, "draft", "", later, received_at=NOW)
            tx.write(None, Judgement(records=(may,)), NOW)
    again = report.report(root, "202604", tmp_path / "b", "zh", NOW)
    told = again.figures["exhibits"].pop("later")
    assert first.figures["exhibits"].pop("later")["rows"] == [] and [row[0] for row in told["rows"]] == [one.number]
    assert again.figures["exhibits"] == first.figures["exhibits"]
    assert again.figures["corrections"] == [
        {"key": one.number, "was": f"计数台数 {one.values['units']}", "now": "计数台数 77"}
    ]
    assert f"计数台数 {one.values['units']}" in words(again.document) and "计数台数 77" in words(again.document)
    may_made = report.report(root, "202605", tmp_path / "c", "zh", NOW)
    rows = sheet(may_made, "投诉").set_index("投诉编号")
    assert rows.loc[one.number, "计数台数"] == one.values["units"]  # the next month takes April as it was issued


def copy_of(year: Path, tmp_path: Path) -> Path:
    from support_endtoend import Workspace

    return copy(Workspace(year), tmp_path / "copy").root


def test_a_topical_report_shows_its_groups_weeks_and_lots(year: Path, tmp_path: Path) -> None:
    """Trend and Pareto of the complaints of its mechanism group alone; a group without complaints shows nothing."""
    root = copy_of(year, tmp_path)
    with house.opened(root) as h:
        some = [r for r in h.ledger.records("complaint") if r.values["product_model"] == "YL-A65" and r.values["units"]]
        known = [dc.replace(r, revision=1, values={**r.values, "mechanism_group": "MG-1"}) for r in some[:9]]
        values = {"mechanism_group": "MG-1", "product_model": "YL-A65", "title": "专题", "stage": "first"}
        topical = Record("topical_report", "ZT-1", 0, "draft", "", values, received_at=NOW, at=NOW)
        other = Record(
            "topical_report", "ZT-2", 0, "draft", "", {**values, "mechanism_group": "MG-2"}, received_at=NOW, at=NOW
        )
        with h.ledger.begin() as tx:
            tx.write(None, Judgement(records=(*known, topical, other)), NOW)
        with h.ledger.facts() as facts:
            work = reporting.Reporting(h.ledger, h.store, h.procedures)
            gathered = work.of(topical, facts, "zh")
            assert gathered is not None
            assert [r["number"] for r in gathered.book["complaints"].rows] == sorted(r.number for r in known)
            assert {r["lot"][:3] for r in gathered.book["shipments"].rows} == {"A65"}
            made, bare = (h.mailroom.enclosures.document(n, -1, "zh", facts) for n in ("ZT-1", "ZT-2"))
    pictures = [zipfile.ZipFile(io.BytesIO(e.data)).namelist() for e in (made, bare)]
    assert [sum("media/chart" in name for name in names) for names in pictures] == [3, 0]

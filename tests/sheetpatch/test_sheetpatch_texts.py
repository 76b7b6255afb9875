"""A text stays the text that it is, whatever it says; values come back as they went in."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_package import TITLE, listing, package, part, worksheet

from qforms.forms.cells import clean
from qforms.sheetpatch import Plan, Reader, RowEdit, SheetEdit, patch, verify
from qforms.sheetpatch.read import shown

NASTY = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", '=HYPERLINK("http://x","y")', "http://x.example", "mailto:a@b.c",
    "a\x07b", "_x0007_", "_x005F_x0007_", "_X0041_", "_x0041", "\ud800", "\udfff x", "\ufffe\uffff", "😀" * 3, "é",
    "e\u0301", "a\r\nb", "a\rb", "a\nb", "  两端空格  ", "<&>\"'", "]]>", "&#13;", "&amp;", "1e999", "00123", "TRUE",
    "2026-05-06", "#N/A", "\x85\u2028\u200b\ufeff", "中" * 40_000, "😀" * 20_000,
]  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(tmp_path_factory.mktemp("texts") / "book.xlsx", {TITLE: worksheet(listing(1))})


def read_back(book: Path, values: list[object]) -> tuple[list[str], dict[tuple[int, int], str]]:
    target = book.with_name("target.xlsx")
    rows = {n: RowEdit({4: value}) for n, value in enumerate(values, 1)}  # type: ignore[dict-item]
    plan = Plan((SheetEdit(TITLE, rows),))
    verify(target, plan, patch(book, target, plan))
    with Reader(target) as opened:
        cells = opened.cells(TITLE)
    return [cells.text(n, 4) for n in range(1, len(values) + 1)], dict(cells.faults)


def test_nasty_texts(book: Path) -> None:
    texts, faults = read_back(book, list(NASTY))
    assert texts == [shown(clean(t)) for t in NASTY]
    assert not faults
    target = book.with_name("target.xlsx")
    content = part(target, "xl/worksheets/sheet1.xml")
    assert "<f" not in content
    assert "<hyperlink" not in content
    assert not any("rels" in n and "sheet1" in n for n in zipfile.ZipFile(target).namelist())
    assert max(len(t.encode("utf-16-le")) // 2 for t in texts) == 32_767


def test_a_text_like_a_formula_stays_one_when_it_is_edited(book: Path) -> None:
    """Excel turns it into a formula when somebody presses F2 and Enter, unless its format says that it is a text."""
    from openpyxl import load_workbook

    read_back(book, ["=1+1", "plain"])
    once = book.with_name("once.xlsx")
    book.with_name("target.xlsx").rename(once)
    sheet = load_workbook(once)[TITLE]
    assert (sheet["D1"].quotePrefix, sheet["D2"].quotePrefix) == (True, False)
    assert sheet["D1"].data_type == "s"
    patch(once, book.with_name("twice.xlsx"), Plan((SheetEdit(TITLE, {1: RowEdit({4: "plain"})}),)))
    assert load_workbook(book.with_name("twice.xlsx"))[TITLE]["D1"].quotePrefix is False


@settings(max_examples=120, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=8))
def test_any_text_comes_back_as_it_was_cleaned(book: Path, texts: list[str]) -> None:
    back, faults = read_back(book, list(texts))
    assert back == [shown(clean(t)) for t in texts]
    assert not faults


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.integers(-(10**14), 10**14),
        st.floats(allow_nan=False, allow_infinity=False, width=32).map(float),
        st.decimals(-(10**9), 10**9, places=2).map(Decimal),
        st.booleans(),
    )
)
def test_figures(book: Path, value: object) -> None:
    target = book.with_name("figures.xlsx")
    patch(book, target, Plan((SheetEdit(TITLE, {2: RowEdit({2: value})}),)))  # type: ignore[dict-item]
    with Reader(target) as opened:
        back = opened.cells(TITLE).value(2, 2)
    assert float(back) == float(value)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.datetimes(datetime(1900, 3, 1), datetime(9999, 12, 31)), st.booleans())  # noqa: DTZ001
def test_days_and_times_in_both_calendars(tmp_path_factory: pytest.TempPathFactory, at: datetime, base: bool) -> None:
    at = at.replace(microsecond=0, second=0)
    workbook = '<workbookPr date1904="1"/>' if base else ""
    source = package(tmp_path_factory.mktemp("t") / "b.xlsx", {TITLE: worksheet(listing(1))}, workbook=workbook)
    target = source.with_name("t.xlsx")
    if base and at.year < 1905:
        at = at.replace(year=1905, day=min(at.day, 28))
    plan = Plan((SheetEdit(TITLE, {2: RowEdit({3: at})}),))
    verify(target, plan, patch(source, target, plan))
    with Reader(target) as opened:
        back = opened.cells(TITLE).value(2, 3)
    back = datetime(back.year, back.month, back.day) if type(back) is date else back  # noqa: DTZ001
    assert abs(back - at) < timedelta(seconds=1)


def test_no_number_is_written_as_text(book: Path) -> None:
    texts, _ = read_back(book, [float("nan"), float("inf"), Decimal("NaN")])
    assert texts == ["nan", "inf", "NaN"]

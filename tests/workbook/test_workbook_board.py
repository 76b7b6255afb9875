"""看板.html and the figures: what they count, and that no text of a stranger becomes markup."""

from __future__ import annotations

import dataclasses as dc
import html.parser
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import support_workbook as sample

from qforms.model import Lang
from qforms.workbook import board
from qforms.workbook.figures import figures
from qforms.workbook.sheets import build
from qforms.workbook.spans import left, span, urgency
from qforms.workbook.view import Shown, View


def shown(view: View, lang: Lang = "zh") -> Shown:
    made = build(view, sample.CATALOGUE, lang)
    return Shown(view, made, figures(view, sample.CATALOGUE, lang, made), lang)


class Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


def test_the_figures_of_case_3() -> None:
    counted = figures(sample.view(), sample.CATALOGUE, "zh")
    assert [(t.what, t.figure) for t in counted.tiles[:4]] == [
        ("逾期", "2"), ("24 h 内到期", "2"), ("在办投诉", "6"), ("本月不良台数", "14"),
    ]  # fmt: skip
    assert counted.tiles[4].basis == "5 / 9，目标 95 %"
    assert counted.categories[0] == ("功能失效", Decimal(18), Decimal("90.0"))
    assert counted.categories[-1][2] == 100
    assert len(counted.weeks) == 12 and counted.weeks[-1].name == "W20*"
    assert counted.weeks[-2].units == 10


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_shows_what_is_due_and_loads_nothing(lang: str) -> None:
    page = board.page(shown(sample.view(), lang))  # type: ignore[arg-type]
    tags = parsed(page)
    assert {"script", "img", "a", "link", "iframe"}.isdisjoint(tags.seen)
    words = " ".join(tags.text)
    assert "2026-05-14 10:00" in words and "TS-202605-0005" in words
    assert ("逾期 23 h" if lang == "zh" else "overdue 23 h") in words


def test_reserved_numbers_are_no_new_complaints() -> None:
    view = dc.replace(sample.view(), ready={"complaint": ("TS-202605-0901", "TS-202605-0902")})
    assert "TS-202605-090" not in board.page(shown(view))


def test_markup_in_a_complaint_is_text() -> None:
    evil = "<script>alert(1)</script>\"'&"
    view = sample.view()
    record = sample.complaint("TS-202605-0099", sample.NOW, evil, defect_symptom=evil, product_model=evil)
    page = board.page(shown(dc.replace(view, company=evil, records={"complaint": (record,)})))
    tags = parsed(page)
    assert "script" not in tags.seen and any(evil in t for t in tags.text)


def test_an_empty_company(tmp_path: Path) -> None:
    view = dc.replace(sample.view(), records={}, clocks=(), tasks=(), mails=())
    counted = figures(view, sample.CATALOGUE, "zh")
    assert counted.categories == () and counted.tiles[0].figure == "0" and counted.tiles[4].figure == "—"
    file = tmp_path / "看板.html"
    board.write(file, shown(view))
    assert "没有" in file.read_text("utf-8")
    assert [f.name for f in tmp_path.iterdir()] == ["看板.html"]


def test_spans_in_words() -> None:
    now = sample.NOW
    assert span(timedelta(hours=21, minutes=40), "zh") == "21 h 40 min"
    assert span(timedelta(days=1, hours=8, minutes=59), "zh") == "1 天 8 h"
    assert span(timedelta(days=4, minutes=5), "en") == "4 d 5 min"
    assert span(timedelta(seconds=30), "zh") == "0 min"
    assert left(now, now, "zh") == "逾期 0 min" and left(None, now, "zh") == ""
    assert [urgency(now + timedelta(hours=h), now) for h in (-1, 0, 23, 24)] == ["overdue", "overdue", "due", "later"]

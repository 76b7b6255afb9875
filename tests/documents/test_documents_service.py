"""The documents of service (F02, F03, F04, F18, F24, the card, the price row) say what their golden texts say."""

from __future__ import annotations

from pathlib import Path

import pytest
import support_documents as case
from support_service import RECORDS, record, service

from qforms.documents import Related, blank, render

GOLDEN = Path(__file__).parent / "golden"
RELATED = Related(roles={"aftersales": "售后服务部"})


@pytest.mark.parametrize("form", sorted(RECORDS))
def test_says_what_the_golden_text_says(form: str) -> None:
    said = case.text(render(record(form), RELATED, service(), stamp=""))
    assert said == (GOLDEN / f"{form}.zh.txt").read_text("utf-8")


@pytest.mark.parametrize("form", sorted(RECORDS))
def test_the_blank_says_what_its_golden_text_says(form: str) -> None:
    said = case.text(blank(form, service(), stamp=""))
    assert said == (GOLDEN / f"{form}.blank.txt").read_text("utf-8")


@pytest.mark.parametrize("form", sorted(RECORDS))
def test_in_english_no_label_is_chinese(form: str) -> None:
    said = case.text(blank(form, service(), stamp="", lang="en"))
    own = (service().catalogue.form(form).title.zh, case.COMPANY.name)
    rest = said.replace(own[0], "").replace(own[1], "")
    assert not [c for c in rest if "\u4e00" <= c <= "\u9fff"]


def test_the_bill_prints_the_price_row_and_its_date() -> None:
    said = case.text(render(record("charge_bill"), RELATED, service(), stamp=""))
    assert "C21-PANEL/2026-01-01" in said and "2026-01-01 | 168.00" in said and "人民币贰佰贰拾捌元整" in said


def test_the_bill_tells_nobody_outside_the_customers_telephone() -> None:
    assert "0571" not in case.text(render(record("charge_bill"), RELATED, service(), stamp="", outside=True))

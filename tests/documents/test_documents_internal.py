"""The papers of internal findings, of the public notice and of technical changes: blank, and filled in."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import support_documents as papers
import support_rules as s

from qforms.documents import Related, blank, render
from qforms.forms import blank_excel
from qforms.model import Record

GOLDEN = Path(__file__).parent / "golden"
FORMS = (
    *("nonconformity_review", "quality_problem_report", "objection", "technical_change", "review_minutes"),
    *("product_dossier", "training_record"),
)
MEASURE = {
    "action": "老化由 2 h 改 48 h",
    "kind": "corrective",
    "owner_dept": "生产一车间",
    "owner": "田广志",
    "planned_on": date(2026, 5, 30),
}
SHEET: dict[str, Any] = {
    "proposed_dept": "生产一车间",
    "proposed_by": "田广志",
    "proposed_at": s.at("2026-05-12 09:00"),
    "place": "生产一车间成品库",
    "nonconformity": "同批 380 台全检，2 台上电无输出",
    "product_model": "YL-A65",
    "lot_no": "A65-2603C",
    "inspected_qty": 380,
    "ng_qty": 2,
    "follower": "沈若川",
    "disposition": "sort",
    "disp_rows": ({"way": "sort", "qty": 380, "by": "田广志"},),
    "cause": "C7 电解电容受潮失效，终检老化时间不足",
    "cause_6m": ("material",),
    "responsible_dept": ("生产一车间",),
    "responsible_person": "田广志",
    "required_on": date(2026, 5, 30),
    "investigated_by": "沈若川",
    "actions": (MEASURE,),
    "sent_depts": ("生产一车间", "采购部"),
    "round": 1,
    "notice_rev": 3,
    "notice_from": s.at("2026-05-18 10:00"),
    "notice_to": s.at("2026-05-25 10:00"),
}
NOTICE: dict[str, Any] = {
    "target_doc": "BHG-202605-0001",
    "target_rev": 3,
    "round": 1,
    "departments": ("生产一车间", "采购部"),
    "nonconformity": SHEET["nonconformity"],
    "cause": SHEET["cause"],
    "responsible_dept": ("生产一车间",),
    "actions": ({k: v for k, v in MEASURE.items() if k != "owner"},),
}
OBJECTION: dict[str, Any] = {
    "target_doc": "BHG-202605-0001",
    "target_rev": 4,
    "round": 2,
    "obj_dept": "生产一车间",
    "obj_by": "田广志",
    "obj_at": s.at("2026-05-25 09:30"),
    "obj_text": "责任人一栏，来料湿度测试不属本车间",
    "ce_ruling": "maintained",
    "ce_reason": "老化由车间执行",
    "ce_at": s.at("2026-05-26 15:00"),
}
FILLED = {
    "nonconformity_review": ("BHG-202605-0001", "posted", SHEET),
    "public_notice": ("GS-202605-0001", "to_post", NOTICE),
    "objection": ("YY-202605-0002", "ruled", OBJECTION),
}


def said(form: str, lang: Any = "zh") -> str:
    number, status, values = FILLED[form]
    record = Record(form, number, 3, status, "BHG-202605-0001", values, received_at=s.at("2026-05-12 09:00"))
    return papers.text(render(record, Related(), s.procedures(), stamp=papers.STAMP, lang=lang))


@pytest.mark.parametrize("form", FORMS)
def test_the_blank_word_form_says_what_the_golden_text_says(form: str) -> None:
    words = papers.text(blank(form, s.procedures(), stamp=papers.STAMP))
    assert words == (GOLDEN / f"{form}.blank.txt").read_text("utf-8")


@pytest.mark.parametrize("form", FILLED)
def test_the_document_says_what_the_golden_text_says(form: str) -> None:
    assert said(form) == (GOLDEN / f"{form}.zh.txt").read_text("utf-8")


def test_in_english() -> None:
    words = said("nonconformity_review", "en")
    assert "Nonconforming Product Disposition and Review" in words and "on notice" in words
    assert "Responsible unit" in words and "Corrective action" in words


def test_a_public_notice_names_the_unit_and_no_person() -> None:
    words = said("public_notice")
    assert "生产一车间" in words
    assert "田广志" not in words and "责任人" not in words


def test_a_ruling_shows_its_reason() -> None:
    assert "维持原结论" in said("objection") and "老化由车间执行" in said("objection")


@pytest.mark.parametrize("form", FORMS)
def test_the_blank_excel_form_has_every_label(form: str) -> None:
    import openpyxl

    forms, _ = s.shipped()
    made = blank_excel.blank(forms.form(form), forms, "云岭电器", "zh")
    cells = [str(c.value) for row in openpyxl.load_workbook(io.BytesIO(made)).worksheets[0].iter_rows() for c in row]
    words = "\n".join(c for c in cells if c != "None")
    asked = [f for f in forms.form(form).fields if f.blank and f.type != "img" and f.filled_by != ("system",)]
    lacking = [f.label.zh for f in asked if f.label.zh not in words]
    assert lacking == []

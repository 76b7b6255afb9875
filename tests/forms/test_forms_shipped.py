"""The forms that are shipped: complete, in two languages, understood by the words people use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support_forms import ROOT, shipped

from qforms.forms.labels import normal
from qforms.forms.reference import reference
from qforms.model import Field, Text

CATALOGUE = shipped()
FORMS = sorted(CATALOGUE.forms)
REFERENCE = {
    "product": ("model",),
    "department": ("name",),
    "person": ("email",),
    "customer": ("name",),
    "warranty_rule": ("family",),
    "price": ("part_no", "valid_from"),
    "supplier": ("name",),
    "term": ("zh",),
}
NUMBERS = {
    "complaint": "TS-{yyyymm}-{seq:04d}",
    "market_abnormality": "8001-{yyyymm}-{seq:04d}",
    "cost_transfer": "8002-{yyyymm}-{seq:04d}",
    "eight_d": "8003-{yyyymm}-{seq:04d}",
    "deduction_notice": "8004-{yyyymm}-{seq:04d}",
    "topical_report": "ZT-{yyyymm}-{seq:04d}",
    "quality_information": "BB-{period}",
    "customer_reply": "DF-{yyyymm}-{seq:04d}",
    "mechanism_group": "MG-{yyyymm}-{seq:04d}",
    "contact": "LX-{yyyymm}-{seq:04d}",
    "approval": "SP-{yyyymm}-{seq:04d}",
    "shipment": "CH-{yyyymm}-{seq:04d}",
    "work_order": "GD-{yyyymm}-{seq:04d}",
    "return_application": "FX-{yyyymm}-{seq:04d}",
    "return_repair": "{return_application}-R",
    "nonconformity_review": "BHG-{yyyymm}-{seq:04d}",
    "quality_problem_report": "QTAB-{yyyymm}-{seq:04d}",
    "public_notice": "GS-{yyyymm}-{seq:04d}",
    "posting": "TG-{yyyymm}-{seq:04d}",
    "objection": "YY-{yyyymm}-{seq:04d}",
    "technical_change": "JG-{yyyymm}-{seq:04d}",
    "write_off": "HX-{yyyymm}-{seq:04d}",
    "recall_analysis": "ZH-{yyyymm}-{seq:04d}",
    "field_investigation": "DC-{yyyymm}-{seq:04d}",
    "stop_ship": "TF-{yyyymm}-{seq:04d}",
    "review_minutes": "PS-{yyyymm}-{seq:04d}",
    "product_dossier": "CP-{yyyymm}-{seq:04d}",
    "training_record": "PX-{yyyymm}-{seq:04d}",
    "customer_file": "DA-{customer_name}",
    "repair_acceptance": "WX-{yyyymm}-{seq:04d}",
    "repair_roster": "PB-{week_no}",
    "charge_bill": "SF-{yyyymm}-{seq:04d}",
    "service_card": "FK-{yyyymm}-{seq:04d}",
    "return_visit": "HF-{yyyymm}-{seq:04d}",
    "extension": "YQ-{yyyymm}-{seq:04d}",
    "external_limit": "WX-{seq:04d}",
    "portal_upload": "UP-{yyyymm}-{seq:04d}",
}
AUDIENCE = {
    "complaint": "customer",
    "eight_d": "customer",
    "customer_reply": "customer",
    "return_application": "customer",
    "charge_bill": "customer",
    "deduction_notice": "supplier",
}


def _all_fields(fields: tuple[Field, ...]) -> Iterator[Field]:
    for fld in fields:
        yield fld
        yield from _all_fields(fld.fields)


def test_the_forms_of_the_first_release() -> None:
    assert set(FORMS) == set(NUMBERS) | set(REFERENCE)
    assert {n: CATALOGUE.form(n).number for n in NUMBERS} == NUMBERS
    assert {n: CATALOGUE.form(n).named_by for n in REFERENCE} == REFERENCE
    assert {n: f.audience for n, f in CATALOGUE.forms.items() if f.audience != "internal"} == AUDIENCE


@pytest.mark.parametrize("name", FORMS)
def test_every_text_is_there_in_both_languages(name: str) -> None:
    form = CATALOGUE.form(name)
    texts: list[tuple[str, Text]] = [("title", form.title), ("sheet", form.sheet)]
    texts += [(s.name, s.title) for s in form.sections]
    texts += [(s.name, s.label) for s in form.lifecycle.states] + [(e.name, e.label) for e in form.lifecycle.events]
    for fld in _all_fields(form.fields):
        texts += [(fld.name, fld.label), *((f"{fld.name}.{c.code}", c.label) for c in fld.choices)]
        texts += [(fld.name, t) for t in (fld.example, fld.help, fld.unit) if t]
    codes = {"trigger"}
    lacking = [n for n, t in texts if not t.zh or (not t.en and n not in codes and t.zh.isascii() is False)]
    assert lacking == []


@pytest.mark.parametrize("name", FORMS)
def test_everything_a_person_does_has_somebody_who_may(name: str) -> None:
    form = CATALOGUE.form(name)
    assert form.open_by
    for event in form.lifecycle.events:
        decided = {c for c in event.on if c == "person" or c.startswith("approval.")}
        assert bool(event.by or event.sign) or not decided, event.name
        assert event.when or event.needs or "filled" not in event.on, event.name
    for section in form.sections:
        for fld in section.fields:
            assert fld.filled_by or section.filled_by or form.open_by, fld.name


@pytest.mark.parametrize("name", FORMS)
def test_every_state_can_be_reached_and_left(name: str) -> None:
    life = CATALOGUE.form(name).lifecycle
    reached = {life.start, *(e.to for e in life.events if e.to)}
    assert reached == {s.name for s in life.states}
    left = {state for e in life.events for state in e.from_}
    assert {s.name for s in life.states if not s.final} <= left


@pytest.mark.parametrize("name", FORMS)
def test_labels_are_short_enough_for_paper(name: str) -> None:
    form = CATALOGUE.form(name)
    asked = [f for f in form.fields if f.blank and f.type != "list"]
    assert [f.label.zh for f in asked if len(f.label.zh.replace("-", "")) > 8] == []


def _required(form: str, section: str) -> set[str]:
    return {f.name for f in CATALOGUE.missing(form, {}, section)}


def test_reception_asks_for_little() -> None:
    assert {f.name for f in CATALOGUE.missing("complaint", {})} == {"customer_name", "received_at"}
    assert _required("market_abnormality", "facts") == set()


def test_replies_ask_for_what_their_procedures_demand() -> None:
    engineering = {"tech_class", "mechanism_confirmed", "cause_6m", "cause_analysis", "recall_to_judge"}
    assert _required("market_abnormality", "engineering") == engineering
    assert _required("market_abnormality", "measures") == {"actions"}
    assert _required("market_abnormality", "gmo") == {"responsibility"}
    assert _required("eight_d", "d1") == {"champion", "leader", "members", "formed_on"}
    assert {"suspect_stock", "ica", "ica_effectiveness_pct", "clean_point_lot"} <= _required("eight_d", "d3")


def test_block_m_stands_in_every_list_of_measures() -> None:
    for form, name in (("market_abnormality", "actions"), ("topical_report", "actions"), ("eight_d", "ica")):
        fld = CATALOGUE.field(form, name)
        assert fld is not None
        required = [f.name for f in fld.fields if f.required]
        assert required == ["action", "kind", "owner_dept", "owner", "planned_on"]


CALLED = {
    "product_model": [
        "型号",
        "产品型号",
        "机型",
        "规格型号",
        "型号规格",
        "Model",
        "P/N",
        "＊产品型号：",
        "产品型号(必填)",
        "Part\xa0no.",
    ],
    "lot_no": ["批号", "生产批号", "批次", "Lot", "LOT", "Lot-No.", "Batch"],
    "defect_qty": ["数量", "不良数量", "不良数", "Qty", "不良数量（台）", "quantity"],
    "defect_symptom": ["现象", "问题描述", "故障现象", "不良现象", "3、问题现象", "Problem", "Symptom"],
    "contact_name": ["联系人", "姓名", "Contact"],
    "contact_phone": ["电话", "手机", "Tel", "联系方式", "TEL."],
    "customer_name": ["客户", "公司名称", "客户名称", "Company"],
    "safety_risk": ["是否危及人身安全", "有无冒烟、起火、触电、受伤"],
}


@pytest.mark.parametrize("name", CALLED)
def test_the_words_that_people_use(name: str) -> None:
    labels = CATALOGUE.labels("complaint")
    assert {word: labels.find(word) for word in CALLED[name]} == dict.fromkeys(CALLED[name], name)


def test_a_label_in_both_languages_means_its_field_when_both_agree() -> None:
    labels = CATALOGUE.labels("complaint")
    assert labels.find("产品型号 Model") == "product_model"
    assert labels.find("*生产批号 / Lot No.：") == "lot_no"
    assert labels.find("客户 Model") is None


def test_a_near_label_is_suggested_and_never_taken() -> None:
    labels = CATALOGUE.labels("complaint")
    assert labels.find("生产批次号码") is None
    assert labels.suggest("生产批次号码") == "lot_no"
    assert labels.suggest("zzzz") is None


def test_columns_of_lists_and_what_belongs_to_the_record() -> None:
    labels = CATALOGUE.labels("cost_transfer")
    assert labels.find("金额（元）", within="cost_lines") == "cost_lines.amount"
    assert labels.find("金额", within="shares") == "shares.amount"
    assert set(labels.lists("金额")) == {"cost_lines.amount", "shares.amount"}
    assert labels.find("金额", within="nothing") is None
    assert labels.record("单据编号：") == "number"
    assert labels.record("案件编号") == "case_no"
    assert labels.record("型号") is None


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("*不良数量（台）：", "不良数量"),
        ("１．产品 型号", "产品型号"),
        ("(2) Lot No.", "lotno"),
        ("二、客户名称", "客户名称"),
        ("【客户名称】", "客户名称"),
        ("P/N", "p/n"),
        ("5W2H", "5w2h"),
        ("：", ""),
    ],
)
def test_how_labels_are_compared(written: str, compared: str) -> None:
    assert normal(written) == compared


def test_the_reference_is_current() -> None:
    written = (ROOT.parent / "docs" / "forms.md").read_text("utf-8")
    assert written == reference(CATALOGUE), "run python -m qforms.forms.reference"


def test_a_label_counts_for_more_than_the_name_of_another_field() -> None:
    assert CATALOGUE.labels("complaint").find("Customer") == "customer_name"

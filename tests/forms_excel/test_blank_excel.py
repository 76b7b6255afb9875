"""The blank Excel form: what it holds, that every field is found again, that it fits its paper and runs nothing."""

from __future__ import annotations

import io
import subprocess
import zipfile
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
import support_workbook as sample
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from qforms.forms import catalogue, sheet_layout
from qforms.forms.blank_excel import blank
from qforms.forms.cells import clean, put, text_of, unescape
from qforms.model import Form, Record
from qforms.office.find import find
from qforms.office.reader import read

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = catalogue.load(ROOT / "form_templates")
STAMP = "qf1.complaint..0.k1.0123456789abcdef0123"
CUSTOMER = frozenset({"customer"})


def book(form: Form = sample.COMPLAINT, lang: str = "zh", **more: object):
    data = blank(form, sample.CATALOGUE, "江苏云岭电器有限公司", lang, stamp=STAMP, **more)  # type: ignore[arg-type]
    return load_workbook(io.BytesIO(data), rich_text=True)


def cells(ws) -> dict[str, str]:
    return {str(c.value): c.coordinate for row in ws.iter_rows() for c in row if c.value is not None}


def test_stamp_form_and_every_field_by_name_map_and_properties() -> None:
    wb = book(for_roles=CUSTOMER)
    assert {p.name: p.value for p in wb.custom_doc_props} == {"qf_stamp": STAMP, "qf_form": "complaint"}
    assert wb["_qf"].sheet_state == "veryHidden"
    hidden = {r[0].value: r[1].value for r in wb["_qf"].iter_rows()}
    assert hidden["stamp"] == STAMP
    wanted = {f.name for f in sample.COMPLAINT.fields if f.blank}
    assert {k[6:] for k in hidden if k.startswith("field:")} == wanted
    for name in wanted:
        sheet, _, address = hidden[f"field:{name}"].rpartition("!")
        assert wb.defined_names[f"qf_{name}"].attr_text.replace("$", "") == f"'{sheet}'!{address}"


def test_formats_lists_prompts_and_errors() -> None:
    wb = book(for_roles=CUSTOMER)
    ws = wb.worksheets[0]
    at = {n[3:]: d.attr_text.split("!")[1].replace("$", "") for n, d in wb.defined_names.items() if n.startswith("qf_")}
    assert [ws[at[n]].number_format for n in ("contact_phone", "lot_no", "defect_qty", "bought_on", "occurred_at")] == [
        "@", "@", "0", "yyyy-mm-dd", "yyyy-mm-dd hh:mm",
    ]  # fmt: skip
    rules = {str(d.sqref): d for d in ws.data_validations.dataValidation}
    kind = rules[at["customer_type"]]
    words = wb.defined_names[kind.formula1].attr_text.replace("$", "").replace("'", "")
    sheet, _, area = words.partition("!")
    assert [c.value for row in wb[sheet][area] for c in row] == ["终端用户", "经销商", "整机厂/B2B"]
    assert wb[sheet].sheet_state == "hidden"
    assert kind.errorStyle == "warning"  # a person who writes 无 is not stopped (P58)
    assert set(at.values()) == set(" ".join(rules).split())  # every input says something
    assert all(0 < len(d.prompt) <= 255 and 0 < len(d.promptTitle) <= 32 for d in rules.values())
    assert "0512-68880000" in rules[at["contact_phone"]].prompt
    assert "整数" in rules[at["defect_qty"]].error


def test_looks_labels_stars_and_tints() -> None:
    wb = book(for_roles=CUSTOMER)
    ws = wb.worksheets[0]
    texts = cells(ws)
    assert "*客户名称" in texts and "客户类型" in texts
    assert "*不良数量（台）" in texts
    assert texts["一、客户"] and texts["五、受理（本公司填写）"]
    assert ws[texts["*客户名称"]].value[0].font.color.rgb == "00B3261E"
    assert ws["E4"].fill.start_color.rgb.endswith("E8F1FA")
    number = ws[texts["单据编号"]]
    assert not ws.cell(number.row, 5).fill.fill_type  # ours stays white
    assert "浅蓝格请填写" in ws["B2"].value
    assert (ws.page_setup.fitToWidth, ws.page_setup.fitToHeight, ws.page_setup.paperSize) == (1, 1, 9)


def test_only_what_the_reader_may_fill_is_asked() -> None:
    ws = book(sample.REPORT, for_roles=frozenset({"engineering"})).worksheets[0]
    texts = cells(ws)
    assert "*技术判定" in texts and "*产品型号" not in texts  # sales' facts are unknown and not engineering's
    facts = {"product_model": "YL-A65", "n_defect": 16}
    record = Record("market_abnormality", "8001-202605-0001", 2, "issued", "TS-202605-0007", facts)
    wb = book(sample.REPORT, for_roles=frozenset({"engineering"}), record=record)
    ws = wb.worksheets[0]
    texts = cells(ws)
    assert texts["YL-A65"] and not ws[texts["YL-A65"]].fill.fill_type
    assert ws[texts["16"]].value == 16
    assert "8001-202605-0001" in ws["K1"].value and "2" in ws["K1"].value
    assert "qf_product_model" in wb.defined_names


def test_a_returned_form_is_read_back_whole() -> None:
    lines = (
        {"kind": "corrective", "action": "改用 105 ℃ 电容\n更新规范", "owner": "苏曼", "planned_on": date(2026, 5, 12)},
    )
    facts = {"product_model": "YL-A65", "tech_class": "batch", "direct_cause": "电解液干涸", "actions": lines}
    record = Record("market_abnormality", "8001-202605-0001", 2, "issued", "", facts)
    data = blank(sample.REPORT, sample.CATALOGUE, "云岭", "zh", record=record, stamp=STAMP)
    found = find(read(data, 10**8, 10**6), sample.REPORT, sample.CATALOGUE.labels("market_abnormality"))
    assert {k: v for k, (v, _) in found.values.items()} == {
        "product_model": "YL-A65", "tech_class": "批量", "direct_cause": "电解液干涸",
    }  # fmt: skip
    assert [{k: v for k, (v, _) in row.items()} for row in found.rows["actions"]] == [
        {"kind": "纠正措施", "action": "改用 105 ℃ 电容\n更新规范", "owner": "苏曼", "planned_on": date(2026, 5, 12)}
    ]
    assert not found.unknown_labels


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", sorted(SHIPPED.forms))
def test_every_shipped_form_makes_a_sheet_whose_fields_are_all_found(name: str, lang: str) -> None:
    form = SHIPPED.form(name)
    data = blank(form, SHIPPED, "云岭 Yunling", lang, stamp=STAMP)  # type: ignore[arg-type]
    assert data == blank(form, SHIPPED, "云岭 Yunling", lang, stamp=STAMP)  # type: ignore[arg-type]
    labels = SHIPPED.labels(name)
    found = find(read(data, 10**8, 10**6), form, labels)
    shown = {f.name for f in form.fields if f.blank and f.type != "list" and labels.find(f.label[lang]) == f.name}
    assert not shown - set(found.targets)
    assert not found.unknown_labels


def test_no_page_is_overfull_and_lists_have_room_for_dates() -> None:
    for form in SHIPPED.forms.values():
        found = sheet_layout.strips(form, "zh")
        heights, breaks = sheet_layout.fit(found, 54, 33.75)
        edges = [0, *breaks, len(found)]
        for i, (a, b) in enumerate(pairwise(edges)):
            most = sheet_layout.PAGE_HEIGHT * (1 if breaks else 1.1) - (33.75 if i else 54)
            assert sum(heights[a:b]) <= most + 0.01, (form.name, i)
        for strip in found:
            if strip.kind == "line":
                assert strip.spots[0].first == 1 and strip.spots[-1].last == sheet_layout.END
                assert all(a.last + 1 == b.first for a, b in pairwise(strip.spots))


NASTY = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "'=1",
    "a\x00\x07b￾",
    "_x0041_",
    "\ud800x",
]


@pytest.mark.parametrize("text", NASTY)
def test_a_text_never_becomes_a_formula_and_never_breaks_the_file(text: str) -> None:
    record = Record("complaint", "TS-202605-0001", 0, "open", "", {"customer_name": text, "defect_symptom": text})
    data = blank(sample.COMPLAINT, sample.CATALOGUE, text, "zh", record=record, contact=text)
    ws = load_workbook(io.BytesIO(data)).worksheets[0]
    assert all(c.data_type != "f" for row in ws.iter_rows() for c in row)
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    assert str(rows[3][4]).strip() == clean(text).strip()


@given(st.text(max_size=40))
def test_what_is_put_into_a_cell_is_read_back(text: str) -> None:
    from openpyxl import Workbook

    cell = Workbook().active["A1"]  # type: ignore[index]
    put(cell, text)
    assert cell.data_type != "f"
    assert text_of(cell.value) == clean(text).replace("\r\n", "\n").strip()
    assert unescape(str(cell.value or "")) == clean(text)


@pytest.mark.office
def test_libreoffice_keeps_values_names_and_lists(tmp_path: Path) -> None:
    record = Record("complaint", "TS-202605-0001", 0, "open", "", {"customer_name": "=1+1", "contact_phone": "0755-1"})
    file = tmp_path / "form.xlsx"
    file.write_bytes(blank(sample.COMPLAINT, sample.CATALOGUE, "云岭", "zh", record=record, stamp=STAMP))
    out = tmp_path / "out"
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out)]
    subprocess.run([*command, str(file)], check=True, capture_output=True, timeout=120)
    data = (out / "form.xlsx").read_bytes()
    found = find(read(data, 10**8, 10**6), sample.COMPLAINT, sample.CATALOGUE.labels("complaint"))
    assert {k: v for k, (v, _) in found.values.items()} == {"customer_name": "=1+1", "contact_phone": "0755-1"}
    wb = load_workbook(io.BytesIO(data))
    assert {p.name: p.value for p in wb.custom_doc_props}["qf_stamp"] == STAMP
    assert "qf_lot_no" in wb.defined_names

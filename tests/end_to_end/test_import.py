"""Registers that an office kept before, read into the ledger (P8-P11): looked at first, taken in once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from support_endtoend import Workspace, command, mail

from qforms.commands import registers


def imported(ws: Workspace, file: Path, kind: str, *options: str) -> tuple[dict[str, Any], str]:
    status, out, said = command("import", str(ws.root), str(file), "--as", kind, *options, "--json")
    assert status == 0, said
    return json.loads(out), said


@pytest.fixture
def complaints(tmp_path: Path) -> Path:
    """A register as offices keep them: a title, a heading of two lines, short dates, a sum at the end."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "2025年"
    for row in (
        ["2025年客户投诉登记表"],
        ["序号", "客户", None, "产品", None, "投诉日期", "故障现象", "不良数"],
        [None, "名称", "单号", "型号", "批号", None, None, None],
        [1, "启元", "Q1", "YL-A65", "A65-1", "3.5", "无输出", 4],
        [2, "启元", "Q2", "YL-A65", "A65-1", "5月6日", "无输出", "3箱(36只)"],
        [3, "北辰", "B1", "YL-A66", "A66-1", 45800, "异响", "若干"],
        [4, None, "B2", "YL-A66", "A66-1", "6.1", "异响", 1],
        ["合计", None, None, None, None, None, None, 41],
    ):
        sheet.append(row)
    for merged in ("A1:H1", "B2:C2", "D2:E2"):
        sheet.merge_cells(merged)
    book.save(file := tmp_path / "投诉.xlsx")
    return file


def test_looking_changes_nothing_and_names_every_fault(ws: Workspace, complaints: Path) -> None:
    before = ws.snapshot()
    found, said = imported(ws, complaints, "complaint")
    [sheet] = found["sheets"]
    taken = {c["heading"]: c["field"] for c in sheet["columns"]}
    assert sheet["heading"] == 2 and sheet["totals"] == 1
    assert taken["客户名称"] == "customer_name" and taken["客户单号"] == "customer_complaint_no"
    assert taken["投诉日期"] == "received_at" and taken["序号"] == ""
    assert found["good"] == 3 and [f.split(":")[0] for f in found["faults"]] == ["2025年!7"]
    assert any("2025年!H6" in d for d in found["doubts"])
    assert "--write" in said and ws.snapshot() == before


def test_history_counts_and_writes_to_nobody_and_comes_in_once(ws: Workspace, complaints: Path) -> None:
    _, said = imported(ws, complaints, "complaint", "--write")
    assert "新 3" in said
    cases = ws.records()
    assert {c["number"] for c in cases} == {"TS-202503-0001", "TS-202505-0001", "TS-202505-0002"}
    assert {c["status"] for c in cases} == {"closed"} and cases[1]["values"]["defect_qty"] == 36
    assert not ws.letters() and not [t for t in ws.tasks() if t != "confirm_group"]
    assert command("clocks", str(ws.root), "--json")[1] == ""
    assert len(ws.records("mechanism_group")) == 2
    _, said = imported(ws, complaints, "complaint", "--write")
    assert "新 0，改 0，已有 3" in said and len(ws.records()) == 3
    assert command("ledger", "verify", str(ws.root))[0] == 0
    ws.receive(mail())
    ws.once()
    assert len(ws.records()) == 4 and ws.letters(), "what comes now is answered as ever"


def test_a_changed_line_revises_its_record(ws: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "出货.csv"
    head = "物料编码,批号,发货日期,发货数量,出库单号,行号\n"
    for quantity, wanted in ((5000, "新 2，改 0，已有 0"), (4000, "新 0，改 1，已有 1")):
        rows = f"YL-A65,A65-1,20260403,{quantity},CK1,1\nYL-A66,A66-1,2026/4/5,约30,CK1,2\n小计,,,{quantity},,\n"
        file.write_bytes((head + rows).encode("gbk"))
        _, said = imported(ws, file, "shipment", "--write")
        assert wanted in said
    assert {r["values"]["quantity"] for r in ws.records("shipment")} == {4000, 30}


def test_a_page_that_calls_itself_xls(ws: Workspace, tmp_path: Path) -> None:
    rows = "<tr><td>料号</td><td>客户名称</td></tr><tr><td>YL-A65</td><td>启元</td></tr>"
    file = tmp_path / "erp.xls"
    file.write_text(f"<html><table>{rows}</table></html>", "utf-8")
    found, _ = imported(ws, file, "product", "--map", "料号=model", "--map", "客户名称=name", "--write")
    assert found["good"] == 1 and ws.records("product")[0]["values"]["name"] == "启元"


@pytest.mark.parametrize(
    ("options", "said"),
    [(("--as", "letter"), "--as letter"), (("--as", "shipment", "--map", "x"), "--map"),
     (("--as", "shipment", "--map", "x=nothing"), "nothing"), (("--as", "price"), "表头")],
)  # fmt: skip
def test_what_cannot_be_meant_is_told(ws: Workspace, complaints: Path, options: tuple[str, ...], said: str) -> None:
    status, _, told = command("import", str(ws.root), str(complaints), *options)
    assert status in (1, 2) and said in told and "Traceback" not in told


@pytest.mark.parametrize(
    ("raw", "day"),
    [("5.6", "2026-05-06"), ("5月6日", "2026-05-06"), ("20260506", "2026-05-06"), (46148, "2026-05-06"),
     ("46148", "2026-05-06"), ("2026.5.6", "2026.5.6"), ("3/4", "2026-03-04")],
)  # fmt: skip
def test_days_as_people_write_them(raw: Any, day: str) -> None:
    assert registers._plain(raw, "date", 2026) == day


# ---------------------------------------------------------------- checked in Excel, and what is no field


def test_the_copy_says_what_becomes_of_each_row_and_its_columns_can_be_changed(ws: Workspace, tmp_path: Path) -> None:
    """Confirmed once, the columns hold for the next file of the kind; what is no field is kept and found."""
    known = {"name": "启元", "emails": ["li@qiyuan.example"]}
    ws.drop("启元.json", {"form": "customer", "by": "office", "values": known})
    ws.once()
    register = tmp_path / "2025 客诉.csv"
    head, row = (
        "投诉编号,客户名称,投诉日期,现象说明,处理班组,=恶意\n",
        "KS-25-017,启元,2025-03-05,无输出,维修二班,=1+1\n",
    )
    register.write_text(f"{head}{row}KS-25-018,,2025-03-06,异响,维修一班,x\n", "gb18030")
    found, _ = imported(ws, register, "complaint")
    taken = {c["heading"]: (c["field"], c["how"]) for c in found["sheets"][0]["columns"]}
    assert taken["投诉编号"] == ("old_numbers", "exact") and taken["处理班组"] == ("", "kept")
    copy = openpyxl.load_workbook(ws.root / "imports" / "2025 客诉 核对.xlsx")
    results = [[c.value for c in r][:3] for r in copy.worksheets[1].iter_rows(min_row=2)]
    assert [r[1] for r in results] == ["收", "不收"] and "客户名称" in results[1][2]
    columns = copy["栏目"]
    assert columns.data_validations.dataValidation and all(c.data_type != "f" for r in columns for c in r)
    line = next(r for r in columns.iter_rows(min_row=2) if r[0].value == "现象说明")
    line[1].value = "问题现象"
    copy.save(ws.root / "imports" / "2025 客诉 核对.xlsx")
    found, _ = imported(ws, register, "complaint", "--write")
    assert ("现象说明", "defect_symptom", "given") in {
        (c["heading"], c["field"], c["how"]) for c in found["sheets"][0]["columns"]
    }
    [case] = ws.records("complaint")
    assert case["values"]["defect_symptom"] == "无输出" and case["values"]["old_numbers"] == ["KS-25-017"]
    assert "处理班组：维修二班" in case["values"]["old_columns"]
    later = tmp_path / "2026.csv"
    later.write_text("投诉编号,客户名称,投诉日期,现象说明\nKS-26-001,启元,2026-01-05,漏水\n", "utf-8")
    found, said = imported(ws, later, "complaint", "--write")
    assert {c["field"] for c in found["sheets"][0]["columns"]} >= {"defect_symptom"} and "新 1" in said
    assert "已有 1" in imported(ws, register, "complaint", "--write")[1]  # by its old number
    _old_number_is_known(ws, case["number"])


def _old_number_is_known(ws: Workspace, number: str) -> None:
    status, out, _ = command("search", str(ws.root), "KS-25-017", "--json")
    assert status == 0 and json.loads(out.splitlines()[0])["number"] == number
    ws.receive(mail("Re: KS-25-017 的进展", "请问这个投诉处理得怎样了？\n", "li@qiyuan.example"))
    ws.once()
    [arrived] = [d for d in ws.deliveries() if d["subject"].startswith("Re: KS-25-017")]
    assert f"{number} 已经结束" in arrived["reason"]  # known by its old number, and closed: a case of its own


def test_shipments_that_an_export_no_longer_has_are_told(ws: Workspace, tmp_path: Path) -> None:
    export = tmp_path / "出货.csv"
    head = "产品型号,批号,出货日期,出货数量,ERP单号,ERP行号\n"
    lines = [f"YL-A65,A65-2603C,2026-03-{day:02d},100,XS-1,{day}\n" for day in (3, 4, 5)]
    export.write_text(head + "".join(lines), "utf-8")
    imported(ws, export, "shipment", "--write")
    export.write_text(head + lines[0] + lines[2].replace(",100,", ",90,"), "utf-8")
    _, text, said = command("import", str(ws.root), str(export), "--as", "shipment", "--write")
    assert text.count("这份文件里没有了") == 1 and "改 1" in said and "已有 1" in said

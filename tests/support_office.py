"""Forms, files and a reader for the tests of office/."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qforms.forms.catalogue import Catalogue
from qforms.model import Field, Form, Lifecycle, Section, State, Text
from qforms.office import reader
from qforms.office.book import Book

STAMP = "qf1.complaint.TS-202605-0007.2.k1.0123456789abcdef0123"


def text_field(name: str, zh: str, kind: str = "str", **more: Any) -> Field:
    return Field(name, Text(zh, name.replace("_", " ").capitalize()), kind, **more)


COST_LINES = Field(
    "cost_lines",
    Text("费用明细", "Cost lines"),
    "list",
    rows=4,
    fields=(
        text_field("category", "费用类别", example=Text("返工")),
        text_field("description", "说明", example=Text("换变压器")),
        text_field("cost_qty", "费用数量", "dec", example=Text("3")),
        text_field("amount", "金额", "money", example=Text("120")),
    ),
)
MEASURES = Field(
    "measures",
    Text("纠正措施", "Measures"),
    "list",
    rows=3,
    fields=(
        text_field("measure", "措施内容"),
        text_field("doer", "责任人"),
        text_field("planned_on", "计划完成", "date"),
    ),
)
FIELDS = tuple(
    text_field(name, zh, kind)
    for name, zh, kind in (
        ("customer_name", "客户名称", "str"),
        ("customer_type", "客户类型", "str"),
        ("contact_name", "联系人", "str"),
        ("contact_phone", "联系电话", "str"),
        ("contact_email", "邮箱", "str"),
        ("customer_complaint_no", "客户单号", "str"),
        ("product_model", "产品型号", "str"),
        ("lot_no", "生产批号", "str"),
        ("serial_nos", "序列号", "str"),
        ("bought_on", "购买日期", "date"),
        ("occurred_at", "发生时间", "dt"),
        ("defect_qty", "不良数量", "int"),
        ("defect_category", "问题分类", "str"),
        ("found_stage", "发现阶段", "str"),
        ("defect_symptom", "问题现象", "text"),
        ("usage_conditions", "使用情况", "text"),
        ("safety_risk", "有无冒烟", "str"),
        ("evidence", "照片", "str"),
        ("customer_demand", "客户要求", "str"),
        ("customer_wants_by", "希望答复时间", "dt"),
        ("demand_text", "要求说明", "text"),
        ("filled_by", "填表人", "str"),
        ("filled_at", "填表时间", "dt"),
    )
)


def form(*fields: Field, name: str = "complaint", title: str = "客户投诉记录表", code: str = "F01") -> Form:
    half = max(1, len(fields) // 2)
    sections = (Section("one", Text("一般"), fields[:half]), Section("two", Text("其他"), fields[half:]))
    life = Lifecycle("open", (State("open", Text("已开"), "issued"),), ())
    return Form(name, "2026-A", code, Text(title, name), "customer", "T-{seq:04d}", sections, life)


COMPLAINT = form(*FIELDS, COST_LINES, MEASURES)
OTHER = form(
    *FIELDS[:4], text_field("refund", "退款金额", "money"), name="refund_form", title="退款单", code="Q/SPT-RGS-8888"
)
CATALOGUE = Catalogue({"complaint": COMPLAINT, "refund_form": OTHER})


def read(data: bytes, cells: int = 1_000_000, passwords: tuple[str, ...] = ()) -> Book:
    """A Book read in this process: for files that the tests made themselves."""
    return reader.read(data, 200 << 20, cells, passwords)


def repacked(data: bytes, changes: Mapping[str, bytes | str | None]) -> bytes:
    """A zip with some members replaced, added or (None) left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, content in changes.items():
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def libreoffice(data: bytes, suffix: str, target: str, folder: Path) -> bytes:
    """The file, opened and saved by LibreOffice in another format."""
    program = shutil.which("soffice")
    assert program, "LibreOffice is needed for this test"
    source = folder / f"in.{suffix}"
    source.write_bytes(data)
    out = folder / "out"
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [program, profile, "--headless", "--norestore", "--convert-to", target, "--outdir", str(out), str(source)]
    subprocess.run(command, check=True, timeout=300, capture_output=True)
    made = out / f"in.{target.partition(':')[0]}"
    assert made.exists(), "LibreOffice could not open the file"
    return made.read_bytes()

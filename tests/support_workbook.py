"""A small catalogue and a view of a few days' cases, for the tests of the workbook and of the Excel forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from qforms.model import (
    Choice,
    Event,
    Field,
    Form,
    Lifecycle,
    Problem,
    Section,
    State,
    Text,
    Value,
    Values,
)

ZONE = ZoneInfo("Asia/Shanghai")


def text(zh: str, en: str = "") -> Text:
    return Text(zh, en)


def fld(name: str, zh: str, en: str, kind: str = "str", **more: Any) -> Field:
    return Field(name, Text(zh, en), kind, **more)


def choices(**words: tuple[str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(code, Text(*pair)) for code, pair in words.items())


SYSTEM = ("system",)
CATEGORY = choices(
    appearance=("外观", "Appearance"), function=("功能失效", "Function"), noise=("异响振动", "Noise"), other=("其他", "Other")
)
CLASS = choices(
    misuse=("使用不当", "misuse"), single_defect=("个别缺陷", "single defect"), batch=("批量问题", "batch"),
    serious=("严重问题", "serious"), undecided=("待定", "undecided"),
)  # fmt: skip
VALID = choices(valid=("有效", "valid"), invalid=("无效", "invalid"), undecided=("待定", "undecided"))
CHANNEL = choices(hotline=("服务热线", "hotline"), email=("电子邮件", "e-mail"), web=("官网反馈", "web site"))
TYPES = choices(end_user=("终端用户", "end user"), dealer=("经销商", "dealer"), oem=("整机厂/B2B", "OEM / B2B"))
DEMAND = choices(repair=("维修", "repair"), exchange=("换货", "exchange"), report_8d=("8D报告", "8D report"))
LIFE = Lifecycle(
    "open",
    (State("open", Text("处理中", "open"), "submitted"), State("closed", Text("已关闭", "closed"), "closed", final=True)),
    (Event("close", Text("关闭", "close"), ("open",), "closed"),),
)

COMPLAINT = Form(
    name="complaint",
    version="2026-A",
    code="F01",
    title=Text("客户投诉记录表", "Customer Complaint Record"),
    audience="customer",
    number="TS-{yyyymm}-{seq:04d}",
    open_by=("customer", "sales", "office", "anyone"),
    retention=Text("5 年", "5 years"),
    lifecycle=LIFE,
    sheet=Text("投诉台账", "Complaints"),
    columns=("number", "status", "customer_name", "product_model"),
    office_columns=("prelim_class", "valid_complaint", "responsible_dept", "owner", "remark"),
    sections=(
        Section("customer", Text("客户", "Customer"), (
            fld("customer_name", "客户名称", "Customer", required=True, help=Text("公司全称；个人写姓名。", "")),
            fld("customer_type", "客户类型", "Customer type", "enum", choices=TYPES),
            fld("contact_name", "联系人", "Contact", required=True),
            fld("contact_phone", "联系电话", "Telephone", required=True, example=Text("0512-68880000", "0512-68880000")),
            fld("contact_email", "邮箱", "E-mail"),
            fld("customer_complaint_no", "客户单号", "Customer's no."),
        )),
        Section("product", Text("产品", "Product"), (
            fld("product_model", "产品型号", "Model", required=True, example=Text("YL-A65", "YL-A65")),
            fld("lot_no", "生产批号", "Production lot", example=Text("A65-2603C", "A65-2603C")),
            fld("serial_nos", "序列号", "Serial no.", many=True),
            fld("bought_on", "购买 / 收货日期", "Bought / received on", "date"),
        )),
        Section("defect", Text("问题", "Problem"), (
            fld("occurred_at", "发生时间", "Occurred at", "dt", required=True),
            fld("defect_qty", "不良数量", "Defective units", "int", required=True, unit=Text("台", "pcs"), min=Decimal(1)),
            fld("defect_category", "问题分类", "Category", "enum", required=True, choices=CATEGORY),
            fld("defect_position", "问题部位", "Position"),
            fld("defect_symptom", "问题现象", "Phenomenon", "text", required=True, rows=6),
            fld("usage_conditions", "使用情况", "Use conditions", "text"),
            fld("safety_risk", "有无冒烟、起火、触电、受伤", "Smoke, fire, shock, injury", "bool", required=True),
            fld("evidence", "照片 / 视频", "Photos / video", "img", many=True),
        )),
        Section("demand", Text("要求", "Demand"), (
            fld("customer_demand", "客户要求", "Customer's demand", "enum", required=True, many=True, choices=DEMAND),
            fld("customer_wants_by", "希望答复时间", "Answer wanted by", "dt"),
            fld("demand_note", "要求说明", "Notes", "text"),
        )),
        Section("handling", Text("处理", "Handling"), (
            fld("received_at", "反馈时间", "Received at", "dt", blank=False),
            fld("channel", "反馈来源", "Channel", "enum", choices=CHANNEL, blank=False),
            fld("severity", "严重程度", "Severity", "int", blank=False),
            fld("prelim_class", "初步判定", "Preliminary class", "enum", choices=CLASS, blank=False),
            fld("valid_complaint", "有效投诉", "Valid", "enum", choices=VALID, blank=False),
            fld("responsible_dept", "责任部门", "Responsible unit", "dept", many=True, blank=False),
            fld("owner", "负责人", "Owner", "user", blank=False),
            fld("qty_returned", "实退数量", "Returned", "int", blank=False),
            fld("qty_confirmed", "确认不良", "Confirmed", "int", blank=False),
            fld("units", "计入数量", "Units", "int", blank=False, filled_by=SYSTEM),
            fld("mechanism_group", "机理组", "Mechanism group", "ref", ref="mechanism_group", blank=False),
            fld("loss_estimate", "费用", "Loss", "money", blank=False),
            fld("closed_at", "关闭时间", "Closed at", "dt", blank=False, filled_by=SYSTEM),
            fld("remark", "备注", "Remark", "text", blank=False),
        ), filled_by=("sales", "office")),
    ),
)  # fmt: skip

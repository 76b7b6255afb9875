"""A small catalogue and a view of a few days' cases, for the tests of the workbook and of the Excel forms."""

from __future__ import annotations

import dataclasses as dc
import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from qforms.forms.catalogue import Catalogue
from qforms.merge import merge
from qforms.model import (
    Choice,
    Clock,
    ClockRule,
    Event,
    Field,
    Form,
    Later,
    Lifecycle,
    Record,
    Rulebook,
    Section,
    State,
    Task,
    Text,
)
from qforms.settings import Company, Settings
from qforms.sheetpatch import fingerprint
from qforms.workbook.edits import Edits, Result, look, row_of, settled
from qforms.workbook.figures import figures
from qforms.workbook.publish import kept, publish
from qforms.workbook.rows import Held
from qforms.workbook.sheets import build
from qforms.workbook.standing import Published, Standing
from qforms.workbook.view import Mail, Shown, View

NOTHING: Any = None
ZONE = ZoneInfo("Asia/Shanghai")


def fld(name: str, zh: str, en: str, kind: str = "str", **more: Any) -> Field:
    return Field(name, Text(zh, en), kind, **more)


def choices(**words: tuple[str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(code, Text(*pair)) for code, pair in words.items())


SYSTEM = ("system",)
CATEGORY = choices(
    appearance=("外观", "Appearance"),
    function=("功能失效", "Function"),
    noise=("异响振动", "Noise"),
    other=("其他", "Other"),
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
    (
        State("open", Text("处理中", "open"), "submitted"),
        State("closed", Text("已关闭", "closed"), "closed", final=True),
    ),
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
    office_columns=("prelim_class", "valid_complaint", "responsible_dept", "owner", "remarks"),
    sections=(
        Section("customer", Text("客户", "Customer"), (
            fld("customer_name", "客户名称", "Customer", required=True, help=Text("公司全称；个人写姓名。", "")),
            fld("customer_type", "客户类型", "Customer type", "enum", choices=TYPES),
            fld("contact_name", "联系人", "Contact", required=True),
            fld("contact_phone", "联系电话", "Telephone", required=True, example=Text("0512-68880000", "0512-68880000")),  # noqa: E501
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
            fld("defect_qty", "不良数量", "Defective units", "int", required=True, unit=Text("台", "pcs"), min=Decimal(1)),  # noqa: E501
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
            fld("remarks", "备注", "Remark", "text", blank=False),
        ), filled_by=("sales", "office")),
    ),
)  # fmt: skip


REPORT = Form(
    name="market_abnormality",
    version="2026-A",
    code="Q/SPT-RGS-8001",
    title=Text("市场质量异常反馈单", "Market Quality Abnormality Report"),
    audience="internal",
    number="8001-{yyyymm}-{seq:04d}",
    open_by=("sales", "quality", "office"),
    lifecycle=Lifecycle(
        "draft",
        (State("draft", Text("草稿", "draft"), "draft"), State("issued", Text("已发出", "issued"), "issued"),
         State("closed", Text("已关闭", "closed"), "closed", final=True)),
        (),
    ),
    sheet=Text("8001", "8001"),
    columns=("number", "status", "product_model", "lot_no", "issued_at"),
    office_columns=("to_depts",),
    sections=(
        Section("facts", Text("事实", "Facts"), (
            fld("product_model", "产品型号", "Model", required=True),
            fld("lot_no", "生产批号", "Lot"),
            fld("n_defect", "不良数量", "Defective units", "int", unit=Text("台", "pcs"), filled_by=SYSTEM),
            fld("to_depts", "主送", "To", "dept", many=True),
            fld("issued_at", "发出时间", "Issued at", "dt", filled_by=SYSTEM),
        ), filled_by=("sales", "office")),
        Section("engineering", Text("由工程部填写", "To be filled in by engineering"), (
            fld("tech_class", "技术判定", "Technical judgement", "enum", required=True, choices=choices(
                individual=("个别", "individual"), batch=("批量", "batch"), serious=("严重", "serious"))),
            fld("mechanism_confirmed", "同种机理", "Same mechanism", "bool", required=True),
            fld("direct_cause", "直接原因", "Direct cause", "text", required=True, rows=4),
            fld("actions", "措施", "Measures", "list", rows=5, fields=(
                fld("kind", "类型", "Kind", "enum", required=True, choices=choices(
                    containment=("围堵", "containment"), corrective=("纠正措施", "corrective"))),
                fld("action", "措施内容", "Action", "text", required=True),
                fld("owner_dept", "责任部门", "Department", "dept", required=True),
                fld("owner", "责任人", "Person", "user", required=True),
                fld("planned_on", "计划完成", "Planned", "date", required=True),
                fld("done_on", "实际完成", "Done", "date"),
            )),
        ), filled_by=("engineering",), reply=True),
    ),
)  # fmt: skip
CONTACT = Form(
    name="contact",
    version="2026-A",
    code="LX",
    title=Text("联系记录", "Contact"),
    audience="internal",
    number="LX-{yyyymm}-{seq:04d}",
    lifecycle=LIFE,
    sheet=Text("联系记录", "Contacts"),
    columns=("number", "case_no", "at", "direction", "person", "summary", "is_answer"),
    office_columns=("at", "direction", "person", "summary", "is_answer"),
    sections=(
        Section("contact", Text("联系", "Contact"), (
            fld("at", "时间", "At", "dt", required=True),
            fld("direction", "方向", "Direction", "enum", choices=choices(**{"in": ("来", "in"), "out": ("去", "out")})),  # noqa: E501
            fld("person", "谁", "Person"),
            fld("summary", "内容", "Summary", "text"),
            fld("is_answer", "是答复", "Is the answer", "bool"),
        ), filled_by=("office", "sales")),
    ),
)  # fmt: skip


def reference(name: str, zh: str, en: str, *fields: Field) -> Form:
    return Form(
        name=name, version="2026-A", code="", title=Text(zh, en), audience="internal", number="",
        lifecycle=LIFE, sheet=Text(zh, en), columns=tuple(f.name for f in fields),
        office_columns=tuple(f.name for f in fields), named_by=(fields[0].name,),
        sections=(Section("all", Text(zh, en), fields, filled_by=("office",)),),
    )  # fmt: skip


DEPARTMENT = reference(
    "department", "部门", "Departments", fld("name", "部门", "Department"), fld("head", "负责人", "Head", "user")
)
PERSON = reference("person", "人员", "Persons", fld("name", "姓名", "Name"), fld("email", "邮箱", "E-mail"))
SHIPMENT = reference(
    "shipment", "出货", "Shipments", fld("lot_no", "批号", "Lot"), fld("product_model", "型号", "Model"),
    fld("shipped_on", "出货日期", "Shipped on", "date"), fld("quantity", "数量", "Quantity", "int"),
)  # fmt: skip
CATALOGUE = Catalogue({f.name: f for f in (COMPLAINT, REPORT, CONTACT, DEPARTMENT, PERSON, SHIPMENT)})


def at(day: str, hour: str = "00:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=ZONE)


NOW = at("2026-05-14", "10:00")
RULES = Rulebook(
    {"report_8001": 3},
    clocks=tuple(
        ClockRule(name, "complaint", None, NOTHING, NOTHING, title=Text(*title), ask=Text(*ask))
        for name, title, ask in (
            ("recontact", ("24 h 再次联系", "Contact again within 24 h"), ("联系客户，确认数量和照片", "Contact the customer")),  # noqa: E501
            ("defect_answer", ("48 h 答复", "Answer within 48 h"), ("答复客户", "Answer the customer")),
            ("treatment_plan", ("72 h 处理方案", "Plan within 72 h"), ("发处理方案给客户", "Send the plan to the customer")),  # noqa: E501
            ("engineering_reply", ("工程部回复", "Reply of engineering"), ("回复 8001：填第二部分", "Reply to the 8001: part 2")),  # noqa: E501
        )
    ),
)  # fmt: skip


def complaint(number: str, received: datetime, customer: str, **values: Any) -> Record:
    known = {"customer_name": customer, "received_at": received, "units": values.get("defect_qty", 1), **values}
    return Record("complaint", number, 1, values.pop("status", "open"), number, known, received_at=received)


def clock(rule: str, subject: str, start: datetime, hours: float, met: datetime | None = None, **more: Any) -> Clock:
    due = start + timedelta(hours=hours)
    state = ("met" if met <= due else "met_late") if met else "running" if due > NOW else "overdue"
    return Clock(rule, subject, more.pop("case", subject), start, due, state, met, **more)


def view(as_of: datetime = NOW) -> View:
    """Case 3 and some that are overdue: a complaint at exactly 3.000 per mille, the next over it, the 8001 open."""
    k1 = complaint(
        "TS-202604-0017",
        at("2026-04-20", "09:30"),
        "深圳启远智能科技有限公司",
        product_model="YL-A65",
        lot_no="A65-2603C",
        defect_symptom="无输出",
        defect_qty=6,
        channel="email",
        severity=2,
        prelim_class="batch",
        valid_complaint="valid",
        responsible_dept=("供应商",),
        owner="周启文",
        defect_category="function",
        mechanism_group="MG-202604-0003",
        qty_returned=6,
        qty_confirmed=6,
        customer_complaint_no="QY-2604-1182",
    )
    k2 = complaint(
        "TS-202605-0003",
        at("2026-05-06", "14:20"),
        "深圳启远智能科技有限公司",
        product_model="YL-A65",
        lot_no="A65-2603C",
        defect_symptom="无输出",
        defect_qty=9,
        channel="email",
        severity=2,
        prelim_class="batch",
        valid_complaint="valid",
        owner="周启文",
        defect_category="function",
        mechanism_group="MG-202604-0003",
    )
    k3 = complaint(
        "TS-202605-0007",
        at("2026-05-11", "10:05"),
        "深圳启远智能科技有限公司",
        product_model="YL-A65",
        lot_no="A65-2603C",
        defect_symptom="无输出",
        defect_qty=1,
        channel="email",
        severity=2,
        prelim_class="batch",
        valid_complaint="valid",
        owner="周启文",
        defect_category="function",
        mechanism_group="MG-202604-0003",
        loss_estimate=Decimal("9044.80"),
        remarks="客户要 8D",
    )
    k4 = complaint(
        "TS-202605-0005",
        at("2026-05-10", "11:00"),
        "宁波禾木百货有限公司",
        product_model="YL-H18",
        lot_no="H18-2602B",
        defect_symptom="开机异响",
        defect_qty=1,
        channel="hotline",
        severity=2,
        defect_category="noise",
        owner="周启文",
        loss_estimate=Decimal("129"),
    )
    k5 = complaint(
        "TS-202605-0008",
        at("2026-05-11", "12:20"),
        "周先生",
        product_model="YL-C21",
        lot_no="C21-2602A",
        defect_symptom='=HYPERLINK("http://x","显示 E1")',
        defect_qty=1,
        channel="web",
        severity=1,
        defect_category="appearance",
        owner="林晓岚",
    )
    k6 = complaint(
        "TS-202605-0009",
        at("2026-05-13", "16:00"),
        "苏州嘉联科技有限公司",
        product_model="YL-A65",
        lot_no="A65-2603C",
        defect_symptom="无输出",
        defect_qty=2,
        channel="email",
        severity=2,
        defect_category="function",
        owner="周启文",
    )
    report = Record("market_abnormality", "8001-202605-0001", 1, "issued", "TS-202605-0007", {
        "product_model": "YL-A65", "lot_no": "A65-2603C", "n_defect": 16, "to_depts": ("工程部", "总经办"),
        "issued_at": at("2026-05-13", "17:20"),
        "actions": ({"kind": "containment", "action": "客户库存 1850 只全检，在途停发", "owner_dept": "质保部", "owner": "沈若川",  # noqa: E501
                     "planned_on": date(2026, 5, 13), "done_on": date(2026, 5, 13)},
                    {"kind": "corrective", "action": "改用 105 ℃ 长寿命电容，更新来料检验规范", "owner_dept": "采购部", "owner": "苏曼",  # noqa: E501
                     "planned_on": date(2026, 5, 12)}),
    })  # fmt: skip
    contact = Record(
        "contact",
        "LX-202605-0001",
        0,
        "open",
        "TS-202605-0007",
        {
            "at": at("2026-05-11", "14:30"),
            "direction": "out",
            "person": "陈志远",
            "summary": "确认 1 台，照片已收",
            "is_answer": False,
        },
    )
    shipped = tuple(
        Record(
            "shipment",
            f"CH-202604-{i:04d}",
            0,
            "open",
            "",
            {
                "lot_no": lot,
                "product_model": "YL-A65",
                "shipped_on": date(2026, 2, 20) + timedelta(days=7 * i),
                "quantity": quantity,
            },
        )
        for i, (lot, quantity) in enumerate([("A65-2603A", 4200), ("A65-2603B", 4600), ("A65-2603C", 5000)] * 4)
    )
    departments = tuple(
        Record("department", n, 0, "open", "", {"name": n, "head": h})
        for n, h in (
            ("工程部", "秦牧"),
            ("质保部", "沈若川"),
            ("销售部", "梁海"),
            ("总经办", "汪敏"),
            ("采购部", "苏曼"),
        )
    )
    persons = tuple(
        Record("person", n, 0, "open", "", {"name": n, "email": f"p{i}@yunling.example"})
        for i, n in enumerate(("周启文", "林晓岚", "邓伟", "秦牧", "汪敏"))
    )
    clocks = (
        clock("recontact", k3.number, at("2026-05-11", "10:05"), 24, at("2026-05-11", "14:30"), owner="周启文"),
        clock("defect_answer", k3.number, at("2026-05-11", "10:05"), 48, at("2026-05-12", "11:00"), owner="周启文"),
        clock("recontact", k1.number, at("2026-04-20", "09:30"), 24, at("2026-04-20", "14:00"), owner="周启文"),
        clock("defect_answer", k1.number, at("2026-04-20", "09:30"), 48, at("2026-04-22", "09:55"), owner="周启文"),
        clock("recontact", k2.number, at("2026-05-06", "14:20"), 24, at("2026-05-06", "16:00"), owner="周启文"),
        clock("defect_answer", k2.number, at("2026-05-06", "14:20"), 48, at("2026-05-08", "11:00"), owner="周启文"),
        clock("treatment_plan", k4.number, at("2026-05-10", "11:00"), 72, owner="周启文", escalations=1),
        clock("defect_answer", k5.number, at("2026-05-11", "12:20"), 48, owner="林晓岚", escalations=1),
        clock("recontact", k5.number, at("2026-05-11", "12:20"), 24, at("2026-05-12", "13:00"), owner="林晓岚"),
        clock("recontact", k6.number, at("2026-05-13", "16:00"), 24, owner="周启文"),
        clock("defect_answer", k6.number, at("2026-05-13", "16:00"), 48, owner="周启文"),
        clock("engineering_reply", report.number, at("2026-05-13", "17:20"), 24, owner="秦牧", case=k3.number),
    )
    tasks = (
        Task(
            "approve-17",
            "approve",
            k4.number,
            k4.number,
            Text("同意或不同意：赔偿 129.00 元（较小）", "Agree or disagree: CNY 129.00"),
            "邓伟",
            at("2026-05-12"),
            at("2026-05-16", "15:00"),
            actions=("同意", "不同意", "转给"),
        ),
        Task(
            "responsible-7",
            "decide",
            k3.number,
            k3.number,
            Text("界定责任单位", "Decide on the responsible unit"),
            "汪敏",
            at("2026-05-12"),
            at("2026-05-15", "18:00"),
        ),
    )
    return View(
        company="江苏云岭电器有限公司",
        as_of=as_of,
        zone=ZONE,
        records={"complaint": (k1, k2, k3, k4, k5, k6), "market_abnormality": (report,), "contact": (contact,),
                 "shipment": shipped, "department": departments, "person": persons},
        clocks=clocks,
        tasks=tasks,
        mails=(Mail("d" * 64, at("2026-05-14", "08:12"), "li@newcustomer.example", "关于上周到货的几个问题",
                    Text("看不出是不是投诉", "Unsure whether it is a complaint")),),
        rulebook=RULES,
        rates={"MG-202604-0003": (Decimal(16), Decimal(5000))},
        links={k3.number: "cases/TS-202605-0007", report.number: "cases/TS-202605-0007/8001.docx", "approve": "x"},
    )  # fmt: skip


# ---------------------------------------------------------------- the book itself, without a ledger


class Book:
    """A book in a folder with all that is known of it: published and read as the register does."""

    def __init__(self, path: Path, lang: Any = "zh", history: Path | None = None) -> None:
        self.path, self.history = path, history
        self.settings = Settings(root=Path("/nowhere"), company=Company(lang=lang))
        self.standing = Standing()
        self.restored: tuple[str, ...] = ()

    def shown(self, of: View) -> Shown:
        lang = self.settings.lang
        made = build(of, CATALOGUE, lang, present=self.standing.places)
        return Shown(of, made, figures(of, CATALOGUE, lang, made), lang)

    def try_to_publish(self, of: View | None = None) -> Published | Later:
        done = publish(self.path, self.shown(of or view()), self.standing, self.settings, history=self.history)
        if isinstance(done, Published):
            self.standing, self.restored = done.standing, done.restored
        return done

    def publish(self, of: View | None = None) -> Published:
        done = self.try_to_publish(of)
        assert isinstance(done, Published), done
        return done

    def look(self, now: datetime | None = None) -> Edits:
        """What people wrote; nothing is taken."""
        stands, history = self.standing, self.history
        return look(
            self.path,
            stands.known,
            CATALOGUE,
            now or NOW + timedelta(days=400),
            places=stands.places,
            serial=stands.serial,
            older=lambda serial: kept(self.path, history, serial) if history else (),
        )

    def read(self, results: Mapping[str, Result] | None = None) -> list[dict[str, Any]]:
        """What people wrote, taken in as `results` (by row) say; all is taken where they say nothing."""
        found = self.look()
        known = dict(found.known)
        for delivery in found.deliveries:
            id_ = row_of(delivery)
            was = self.standing.known.get(id_, Held())
            known[id_] = settled(was, known[id_], delivery, (results or {}).get(id_, Result()))
        known |= {i: Held() for i in known if i.startswith("board/") and i != "board/charts"}
        self.standing = dc.replace(
            self.standing,
            fingerprint=fingerprint(self.path),
            places=found.places,
            known=known,
            anchors=found.anchors,
            shown={},
        )
        return [json.loads(d.raw) for d in found.deliveries]


@lru_cache(maxsize=1)
def _first() -> tuple[bytes, Standing]:
    with tempfile.TemporaryDirectory() as folder:
        book = Book(Path(folder) / "master.xlsx")
        book.publish()
        return book.path.read_bytes(), book.standing


def first_book(path: Path, history: Path | None = None) -> Book:
    """The book of `view()` as first written, drawn once for all tests."""
    data, standing = _first()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    book = Book(path, history=history)
    book.standing = dc.replace(standing, fingerprint=fingerprint(path))
    return book


BOTH = ("owner", "remarks")  # what the office and the program both write, in the tests of their meeting


class Ledger:
    """Records in memory, and what became of each edit: `applied` counts (number, field, text) that an edit brought,
    `kept` holds the texts that stand on the list of conflicts."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.count = 0
        self.applied: Counter[tuple[str, str, str]] = Counter()
        self.kept: set[str] = set()

    def text(self, what: str) -> str:
        self.count += 1
        return f"{what}{self.count}"

    def open(self) -> str:
        number = f"TS-202606-{len(self.records) + 1:04d}"
        self.records[number] = complaint(number, NOW, self.text("客户"))
        return number

    def revise(self, which: int, field: str) -> None:
        number = sorted(self.records)[which % len(self.records)]
        self.set(number, {field: self.text("程")})

    def set(self, number: str, values: dict[str, Any]) -> None:
        old = self.records[number]
        now = {k: v for k, v in {**old.values, **values}.items() if v is not None}
        self.records[number] = dc.replace(old, values=now, revision=old.revision + 1)

    def take(self, said: dict[str, Any]) -> Result:
        """A row of the book meets the ledger: whole or not at all."""
        values = {k: v for k, v in said["values"].items() if k in BOTH or said["new"]}
        if said["new"]:
            number = self.open()
            self.set(number, {"customer_name": None, **values})
            self.note(number, values)
            return Result(number, self.records[number].revision)
        number = said["number"]
        merged = merge(said["base"], values, self.records[number].values, lambda _: True)
        if merged.conflicts:
            self.kept |= {str(v) for v in values.values()}
            waits = dict.fromkeys(merged.values, "")
            return Result(number, self.records[number].revision, not waits, waits, frozenset(merged.conflicts))
        self.set(number, dict(merged.values))
        self.note(number, dict(merged.values))
        return Result(number, self.records[number].revision)

    def note(self, number: str, values: dict[str, Any]) -> None:
        for field, value in values.items():
            if value is not None:
                self.applied[number, field, str(value)] += 1

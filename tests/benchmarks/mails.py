"""Mails of our own kind for the benchmarks: seeded, so that everybody who is measured gets the very same bytes.

Four in five are plain: twelve of our labels, one a line, between a greeting and a farewell. Every fifth holds our blank
complaint form, filled in. Every sender is another one; thirty companies, six models and thirty-five failures recur."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from xml.sax.saxutils import escape

MODELS = ("YL-A65", "YL-A90", "YL-B120", "KX-300", "KX-450", "QT-18")
SYMPTOMS = ("无输出", "输出电压偏低", "上电后不启动", "外壳开裂", "噪音大", "指示灯不亮", "接口松动")
POSITIONS = ("电源板", "外壳", "风扇", "接插件", "主控板")
COMPANIES = ("华东电子", "南方电器", "北辰设备", "东海仪表", "西部照明")
CITIES = ("苏州", "宁波", "东莞", "青岛", "成都", "合肥")
DEMANDS = ("换货", "维修", "退货")
SURNAMES = "王李张刘陈杨黄赵周吴"
LABELS = {
    "customer_name": "客户名称", "contact_name": "联系人", "contact_phone": "联系电话", "address": "使用地点",
    "product_model": "产品型号", "lot_no": "生产批号", "order_no": "订单号", "defect_symptom": "问题现象",
    "defect_position": "问题部位", "defect_qty": "不良数量", "occurred_at": "发生时间", "customer_demand": "客户要求",
}  # fmt: skip
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NUMBER = 987_654_321  # what stands in the quantity's cell of the pattern


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, who wrote it, and what the record of it has to say."""

    raw: bytes
    sender: str
    values: Mapping[str, str]
    filled: bool  # with a workbook


def mails(count: int, blank: bytes, now: datetime, *, every: int = 5, seed: int = 7) -> Iterator[Mail]:
    """`count` mails, the last of them a minute before `now`. `blank`: our complaint form in Chinese, as Excel; with
    `every` 0 none is asked for."""
    rng, pattern = random.Random(seed), _Pattern(blank) if every else None
    for n in range(count):
        values = _values(rng, n, now)
        at = now - timedelta(seconds=60 + (count - n) // 4)
        form = pattern.filled(values) if pattern and n % every == every - 1 else b""
        told = {name: value for name, value in values.items() if not form or not pattern or name in pattern.names}
        yield Mail(_mail(rng, n, values, at, form), f"qa{n}@kehu{n % 97}.example", told, bool(form))


def _values(rng: random.Random, n: int, now: datetime) -> dict[str, str]:
    model = rng.choice(MODELS)
    return {
        "customer_name": f"{rng.choice(COMPANIES)}有限公司{n % 6}",
        "contact_name": f"{rng.choice(SURNAMES)}小明",
        "contact_phone": f"139{n:08d}",
        "address": f"{rng.choice(CITIES)}市工业园区星湖街 {1 + n % 300} 号",
        "product_model": model,
        "lot_no": f"{model[3:]}-26{rng.randrange(1, 5):02d}{rng.choice('ABCD')}",
        "order_no": f"PO-26{rng.randrange(10**6):06d}",
        "defect_symptom": f"{rng.choice(SYMPTOMS)}，更换输入电源后仍然如此",
        "defect_position": rng.choice(POSITIONS),
        "defect_qty": str(rng.randrange(1, 12)),
        "occurred_at": f"{now - timedelta(days=rng.randrange(1, 9)):%Y-%m-%d} 09:20",
        "customer_demand": rng.choice(DEMANDS),
    }


def _mail(rng: random.Random, n: int, values: Mapping[str, str], at: datetime, form: bytes) -> bytes:
    made = EmailMessage()
    domain = f"kehu{n % 97}.example"
    made["Received"] = (
        f"from mx{n % 7}.{domain} (mx{n % 7}.{domain} [203.0.113.{n % 250}]) by mail.company.example with ESMTPS "
        f"id {rng.randrange(16**12):012x}; {format_datetime(at)}"
    )
    made["From"], made["To"] = f"{values['contact_name']} <qa{n}@{domain}>", "质量售后 <quality@company.example>"
    made["Subject"] = f"质量投诉：{values['product_model']} {values['defect_symptom'][:6]} 批号 {values['lot_no']}"
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{rng.randrange(16**16):016x}.{n}@{domain}>"
    made["X-Mailer"] = "Foxmail 7.2.25.375[cn]"
    lines = (
        "您好，附件是客户投诉记录表，请查收。" if form else "\n".join(f"{LABELS[k]}：{v}" for k, v in values.items())
    )
    head = "您好：\n\n我司在使用贵司产品时发现以下问题，请尽快处理并回复：\n\n"
    text = f"{head}{lines}\n\n照片稍后补发。\n\n此致\n敬礼\n{values['contact_name']}\n"
    made.set_content(text, cte="base64" if n % 2 else "quoted-printable")
    if form:
        main, _, sub = XLSX.partition("/")
        made.add_attachment(form, maintype=main, subtype=sub, filename=f"客户投诉记录表_{n:05d}.xlsx")
    return made.as_bytes()


class _Pattern:
    """The blank form with a mark in each cell to be filled in: openpyxl writes it once, then text is exchanged."""

    def __init__(self, blank: bytes) -> None:
        import openpyxl

        book = openpyxl.load_workbook(io.BytesIO(blank))
        self.names = [name for name in LABELS if f"qf_{name}" in book.defined_names]  # some are not asked for in it
        for name in self.names:
            [(sheet, cell)] = book.defined_names[f"qf_{name}"].destinations
            book[sheet][cell] = _NUMBER if name == "defect_qty" else f"[[{name}]]"
        saved = io.BytesIO()
        book.save(saved)
        with zipfile.ZipFile(saved) as package:
            self._parts = {name: package.read(name) for name in package.namelist()}

    def filled(self, values: Mapping[str, str]) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
            for part, data in self._parts.items():
                if b"[[" in data or str(_NUMBER).encode() in data:
                    text = data.decode().replace(str(_NUMBER), values["defect_qty"])
                    for name, value in values.items():
                        text = text.replace(f"[[{name}]]", escape(value))
                    data = text.encode()
                package.writestr(part, data)
        return out.getvalue()

"""Case 3 (16 of 5000 YL-A65 without output, 3.200‰) as records, and the forms of tests/documents/forms."""

from __future__ import annotations

import functools
import hashlib
import io
import zipfile
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from qforms.documents import Related
from qforms.forms import catalogue
from qforms.model import Clock, Record, Rulebook, TriggerRule
from qforms.settings import Company, Procedures, Settings

HERE = Path(__file__).parent / "documents"
ROOT = Path(__file__).parent.parent
ZONE = timezone(timedelta(hours=8))
COMPANY = Company(
    name="江苏云岭电器有限公司", name_en="Jiangsu Yunling Electric Co., Ltd.", address="zhiliang@yunling.example"
)
SETTINGS = Settings(root=ROOT, company=COMPANY)
STAMP = "qf1.market_abnormality.8001-202605-0001.0.k1.0123456789abcdef0123"


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


class Text:
    """A condition that is only looked at."""

    names: frozenset[str] = frozenset()

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, values: Any, unknown: list[str] | None = None) -> Any:
        return None


RULEBOOK = Rulebook(
    {"report_8001": 3, "topical_pct": 1},
    triggers=(
        TriggerRule(
            "rate_above_3_per_mille",
            "mechanism_group",
            Text("defective_units * 1000 > limits.report_8001 * shipped_units and defective_units >= limits.min_units"),
            "market_abnormality",
            ("mechanism_group",),
            code="TR1",
        ),
    ),
)


@functools.lru_cache(maxsize=1)
def procedures() -> Procedures:
    forms = catalogue.load(HERE / "forms")
    return Procedures(forms, RULEBOOK, None, SETTINGS, {})  # type: ignore[arg-type]


def complaint(number: str, when: datetime, units: int, theirs: str) -> Record:
    values = {"customer_complaint_no": theirs, "units": units, "defect_qty": units}
    return Record("complaint", number, 0, "open", number, values, received_at=when)


COMPLAINTS = (
    complaint("TS-202604-0017", at(4, 20, 9, 30), 6, "QY-2604-1182"),
    complaint("TS-202605-0003", at(5, 6, 14, 20), 9, "QY-2605-0214"),
    complaint("TS-202605-0007", at(5, 11, 10, 5), 1, "QY-2605-0389"),
)
VALUES: dict[str, Any] = {
    "to_depts": ("工程部", "总经办"),
    "cc_depts": ("质保部", "销售部"),
    "prepared_dept": "销售部",
    "prepared_by": "周启文",
    "prepared_at": at(5, 13, 16, 40),
    "issued_at": at(5, 13, 17, 20),
    "customers": ("深圳启远智能科技有限公司",),
    "product_model": "YL-A65",
    "lot_no": "A65-2603C",
    "mechanism_text": "MG-A65-CAP 电解电容失效",
    "severity": 2,
    "first_at": at(4, 20, 9, 30),
    "last_at": at(5, 11, 10, 5),
    "p_what": "客户产线通电 5 min 内无输出，输出端 0 V（标称 20 V）；输入端电流正常，保险丝完好。"
    "拆机见 C7 电解电容顶部鼓起。",
    "defect_effect": "整机不能开机，客户产线停线复检 2 次，共 16 台隔离。",
    "customer_demand": "换货 16 台；8D 报告",
    "stock_plant": 380,
    "stock_customer": 1850,
    "triggers": ("TR1",),
    "trigger_at": at(5, 11, 10, 5),
    "trigger_complaint": "TS-202605-0007",
    "complaints": tuple(c.number for c in COMPLAINTS),
    "n_defect": 16,
    "n_shipped": 5000,
    "rate_ppm": 3200,
    "sample_waybill": "SF1390 0000 0017，3 台",
    "reply_due_at": at(5, 14, 17, 20),
    "interim_actions": (
        {
            "action": "成品库同批 380 台全检，隔离 2 台",
            "owner_dept": "质保部",
            "owner": "沈若川",
            "done_on": date(2026, 5, 12),
            "result": "NG 2 台",
        },
        {
            "action": "客户库存 1850 台派人挑选",
            "owner_dept": "销售部",
            "owner": "周启文",
            "done_on": date(2026, 5, 12),
            "result": "NG 0 台",
        },
        {
            "action": "同批电容停用，在制 120 台换用另一批次",
            "owner_dept": "生产一车间",
            "owner": "田广志",
            "done_on": date(2026, 5, 12),
            "result": "NG 0 台",
        },
    ),
}


def record(**values: Any) -> Record:
    return Record("market_abnormality", "8001-202605-0001", 0, "issued", "TS-202605-0007", {**VALUES, **values})


def approval(event: str, name: str, when: datetime) -> Record:
    values = {"event": event, "verdict": "同意", "decided_by": name, "decided_at": when, "means": "邮件"}
    return Record("approval", f"SP-{event}", 0, "open", "TS-202605-0007", values)


RELATED = Related(
    complaints=COMPLAINTS,
    clocks=(Clock("report_8001", "8001-202605-0001", "TS-202605-0007", at(5, 11, 10, 5), at(5, 14, 10, 5), "met"),),
    approvals=(approval("review", "梁海", at(5, 13, 17, 5)), approval("approve", "汪敏", at(5, 13, 17, 18))),
    heads={"工程部": "秦牧", "总经办": "汪敏", "质保部": "沈若川", "销售部": "梁海"},
    people={"梁海": "销售部", "汪敏": "总经办", "周启文": "销售部"},
    roles={"engineering": "工程部", "gmo": "总经办"},
)


@functools.lru_cache(maxsize=4)
def photo(bad: bool = True, size: tuple[int, int] = (1600, 1200)) -> bytes:
    """A drawn circuit board with two capacitors, one bulged."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", size, "#1d5a3c")
    draw = ImageDraw.Draw(image)
    w, h = size
    for y in range(0, h, h // 9):
        draw.line((0, y, w, y + h // 20), fill="#2f7a55", width=max(1, h // 90))
    for x, r in ((w // 3, h // 5), (2 * w // 3, h // 7)):
        draw.ellipse((x - r, h // 2 - r, x + r, h // 2 + r), fill="#b9bec6", outline="#20242a", width=max(1, h // 60))
    if bad:
        draw.ellipse((w // 3 - h // 20, h // 2 - h // 30, w // 3 + h // 14, h // 2 + h // 30), fill="#6b4a2b")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def evidence() -> tuple[tuple[dict[str, Any], ...], dict[str, bytes]]:
    """Two photo rows and their bytes by digest."""
    files = {hashlib.sha256(raw).hexdigest(): raw for raw in (photo(True), photo(False))}
    names = ("不良：C7 鼓起、漏液（TS-202605-0003）.png", "良品：同型号 A65-2601B.png")
    rows = ({"digest": d, "name": n, "kind": "image/png"} for d, n in zip(files, names, strict=True))
    return tuple(rows), files


def part(docx: bytes, name: str = "word/document.xml") -> str:
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        return package.read(name).decode("utf-8")


def text(docx: bytes) -> str:
    """The words of a document: one line a paragraph outside tables, one a row with cells parted by ' | '."""
    import docx as reader

    document = reader.Document(io.BytesIO(docx))
    lines: list[str] = []
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            for row in block.rows:
                cells = []
                for tc in row._tr.tc_lst:
                    words = [
                        "".join(
                            t.text or ("\n" if t.tag.endswith("}br") else "")
                            for t in p.iter()
                            if t.tag.endswith(("}t", "}br"))
                        )
                        for p in tc.p_lst
                    ]
                    cells.append("⏎".join(w.replace("\n", "⏎") for w in words))
                lines.append(" | ".join(cells))
            lines.append("")
        elif block.text.strip():
            lines.append(block.text)
    return "\n".join(lines).strip() + "\n"

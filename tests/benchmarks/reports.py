# ruff: noqa: E402 (the path comes first: a module finds the helpers of the tests there)
"""500 different 8D reports, each with a picture, rendered by us and by plain docxtpl (one DocxTemplate a render), in
turns; the same template, text and picture (target: 8 times as fast): `python -m tests.benchmarks.reports` (docxtpl
takes minutes; BENCH_REPORTS=50 makes fewer).

Ours is timed from the record and the raw photo; docxtpl is given its context ready-made and the photo already small."""

from __future__ import annotations

import io
import os
import statistics
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import docxtpl
import jinja2
from markupsafe import Markup
from PIL import Image
from support_bench import report
from support_rules import at, procedures

from qforms.documents import Related, render
from qforms.documents.context import Paper
from qforms.documents.template import _plain
from qforms.forms import pictures, word
from qforms.model import Record

REPORTS, TARGET, WARM = int(os.environ.get("BENCH_REPORTS", "500")), 8.0, 5
PICTURE = "rIdPicture"


def main() -> None:
    form = procedures().catalogue.form("eight_d")
    company = procedures().settings.company
    template = word.template(form, "zh", company.name, company_en=company.name_en)
    env = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, finalize=_plain)
    ours: list[float] = []
    theirs: list[float] = []
    for n in range(-WARM, REPORTS):
        record, photo = eight_d(n), photo_of(n)
        begun = time.perf_counter()
        mine = render(record, Related(), procedures(), stamp="", photos={f"p{n}": photo}, lang="zh")
        own = time.perf_counter() - begun
        ready = pictures.prepare(photo)
        assert ready is not None
        context = context_of(record, ready)
        begun = time.perf_counter()
        plain = with_docxtpl(template, context, ready.data, env)
        other = time.perf_counter() - begun
        if n < 0:
            same(mine, plain, n)
            continue
        ours.append(own)
        theirs.append(other)
    same(mine, plain, n)
    report(
        "reports",
        reports=REPORTS,
        ours_seconds=sum(ours),
        docxtpl_seconds=sum(theirs),
        ours_ms=1000 * statistics.median(ours),
        docxtpl_ms=1000 * statistics.median(theirs),
        ratio=statistics.median(t / o for t, o in zip(theirs, ours, strict=True)),
        target=TARGET,
    )


def with_docxtpl(template: bytes, context: Mapping[str, Any], picture: bytes, env: jinja2.Environment) -> bytes:
    """One report as docxtpl's users make it."""
    made = docxtpl.DocxTemplate(io.BytesIO(template))
    made.init_docx()
    relation, _ = made.docx.part.get_or_add_image(io.BytesIO(picture))
    photos = context["photos"]
    for pair in photos.d2_photos:
        pair.left = Markup(str(pair.left).replace(PICTURE, relation))
    made.render(dict(context), env, autoescape=True)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def context_of(record: Record, photo: pictures.Photo) -> dict[str, Any]:
    form = procedures().catalogue.form("eight_d")

    def place(row: Mapping[str, Any], height: float) -> Markup:
        return Markup(pictures.drawing(photo, PICTURE, 1, str(row["name"]), height, 82.0))

    return Paper(form, record, Related(), procedures(), "zh", place).context()


def same(mine: bytes, plain: bytes, n: int) -> None:
    """Both hold the same words and a picture."""
    texts, media = [], []
    for data in (mine, plain):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            xml = package.read("word/document.xml").decode()
            texts.append("".join(docxtpl.DocxTemplate(io.BytesIO(data)).get_docx().element.body.itertext()))
            media.append([package.read(name) for name in package.namelist() if "/media/" in name])
            assert f"第 {n} 号样机" in xml
    assert texts[0].split() == texts[1].split(), "the texts differ"
    assert len(media[0]) == len(media[1]) == 1, "a picture is missing"


def photo_of(n: int) -> bytes:
    """A photo as a telephone takes it, each another."""
    image = Image.linear_gradient("L").resize((640, 480)).convert("RGB")
    image.paste((n % 256, n // 256 % 256, 90), (n % 500, n % 300, n % 500 + 120, n % 300 + 120))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()


def eight_d(n: int) -> Record:
    values: dict[str, Any] = {
        "title": f"YL-A65 输出端 0 V（第 {n} 号样机）",
        "customer_name": f"深圳启远智能科技有限公司 {n}",
        "customer_complaint_no": f"QY-2605-{n:04}",
        "d8_requested_at": at("2026-05-11 15:00"),
        "stage": "initial",
        "kind": "customer",
        "product_model": "YL-A65",
        "lot_no": f"A65-26{n % 100:02}C",
        "d0_symptom": f"电源适配器通电几分钟就没输出，灯也不亮，已经 {n} 台。",
        "d0_severity": 2,
        "d0_urgency": "P1",
        "d0_growth": "rising",
        "d0_notified": ("客户", "工程部", "质保部"),
        "champion": "卢正平",
        "leader": "秦牧",
        "members": tuple({"user": f"组员{i}", "dept": "工程部", "function": "电路", "role": "组员"} for i in range(4)),
        "formed_on": at("2026-05-11 16:00").date(),
        "d2_statement": f"YL-A65 批号 A65-2603C，5000 台中 {n} 台通电 5 min 内输出端 0 V（要求 20 V ± 5 %）。",
        "d2_5w2h": ({"what": "输出端 0 V", "where": "客户产线", "when": "2026-04-20 起", "how_many": f"{n} 台"},),
        "detected_at": "zero_km",
        "qty_complained": n % 5000,
        "qty_delivered": 5000,
        "qty_returned": n % 7,
        "effect_customer": "整机不能开机，停线复检 2 次",
        "effect_enduser": "未流到最终用户",
        "d2_history": "近 365 天无同种机理投诉",
        "other_products": "无",
        "d2_risk": "medium",
        "d2_photos": ({"digest": f"p{n}", "name": f"样机 {n}.jpg", "kind": "image/jpeg"},),
        "suspect_stock": tuple(
            {"place": place, "lot": "A65-2603C", "qty_suspect": 100 * i, "qty_checked": 90 * i, "qty_ng": i % 3}
            for i, place in enumerate(("customer_line", "customer_stock", "transit", "fg", "wip"))
        ),
        "ica": tuple(
            {"action": f"成品库同批 {i} 台全检 & 隔离", "owner_dept": "质保部", "owner": "沈若川",
             "planned_on": at("2026-05-12 10:00").date()} for i in range(3)
        ),
        "trc_occur": f"C7 电解电容批次 HF-26{n % 100:02} 漏电流超标",
    }  # fmt: skip
    return Record("eight_d", f"8003-202605-{n % 10000:04}", 0, "issued", "", values)


if __name__ == "__main__":
    main()

"""What photos and scans show is proposed, never taken as a fact (P16, P17)."""

from __future__ import annotations

import hashlib
import io
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support_endtoend import NOW, Workspace, mail, wait_for

from qforms import answers, house
from qforms.model import Delivery, Task
from qforms.office import ocr
from qforms.office.book import Book, Cell, Grid, OfficeFault, fault
from qforms.workbook.edits import Answer

REPORT = "8001-202605-0001"
LATER = NOW + timedelta(hours=5)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20_000)


def picture(*lines: str) -> bytes:
    """A photo with these lines of black print."""
    from PIL import Image, ImageDraw, ImageFont

    fonts = sorted(Path("/usr/share/fonts").rglob("wqy-zenhei.ttc"))
    font = ImageFont.truetype(str(fonts[0]), 34)
    image = Image.new("RGB", (900, 70 + 64 * len(lines)), (205, 208, 210))
    for n, line in enumerate(lines):
        ImageDraw.Draw(image).text((50, 30 + 64 * n), line, font=font, fill=(25, 25, 30))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def shows(*rows: tuple[str, ...]) -> Any:
    """Recognition that finds these rows in whatever picture."""

    def read(data: bytes, seconds: float) -> Book:
        if not rows:
            raise fault("not_office", found="picture")
        cells = {(r, c): Cell(word) for r, row in enumerate(rows) for c, word in enumerate(row)}
        return Book("excel", (Grid("图片", cells),), form="ocr")

    return read


@pytest.fixture
def seen(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(ocr, "available", lambda: True)
    return ws


def tasks(ws: Workspace, kind: str, state: str = "open") -> list[Task]:
    with house.opened(ws.root) as h:
        return [t for t in h.ledger.tasks(state) if t.kind == kind]


def choose(ws: Workspace, task: Task, action: str, note: str = "", at: datetime = LATER) -> None:
    with house.opened(ws.root) as h:
        answer = Answer("task", task.key, action, action, note, "林晓岚", "待办!I4")
        answers._KINDS["task"](answer, Delivery("workbook", "x", at, b"{}"), h.ledger, h.desk, at)
        h.finish(at)


def test_a_nameplate_is_a_proposal_and_a_fact_once_adopted(seen: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        ocr, "read", shows(("电源适配器",), ("型号", "YL-A65"), ("批号", "A65-2603C"), ("输入", "220V"))
    )
    seen.receive(
        mail(
            "投诉：无输出",
            "您好，收到的电源无输出，铭牌见照片，请处理。\n",
            files=[("铭牌.jpg", JPEG)],
        )
    )
    seen.once()
    [case] = seen.records()
    assert "lot_no" not in case["values"], "nothing is believed because a picture says so"
    [task] = tasks(seen, "proposal")
    assert task.number == case["number"] and "待确认" in task.text.zh and "批号＝A65-2603C" in task.text.zh
    [row] = [r for r in seen.rows("待办") if r and "待确认" in str(r)]
    assert "批号＝A65-2603C" in str(row)
    with house.opened(seen.root) as h:  # what it shows is found, whether it was proposed or not
        h.finder.catch_up()
        assert [(x.passage.title, x.passage.number) for x in h.finder.find("输入 220V")] == [("铭牌.jpg", task.number)]
    choose(seen, task, "adopt", "型号：YL-A66")
    [case] = seen.records()
    assert (case["values"]["lot_no"], case["values"]["product_model"]) == ("A65-2603C", "YL-A66")
    with house.opened(seen.root) as h, h.ledger.facts() as facts:
        record = facts.record(case["number"])
        assert record is not None and record.origin["lot_no"].where == "铭牌.jpg"
    assert not tasks(seen, "proposal")


def test_what_shows_nothing_asks_nothing(seen: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "read", shows())
    seen.receive(mail(files=[("外观.jpg", JPEG)]))
    seen.once()
    assert seen.records() and not tasks(seen, "proposal")
    assert [t.kind for t in tasks(seen, "proposal", "dropped")] == ["proposal"]


def test_the_loop_does_not_wait_for_recognition(seen: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the daemon a thread looks at the picture; what it found is written by the loop when it is done."""
    looked = threading.Event()

    def read(data: bytes, seconds: float) -> Book:
        looked.wait(120)
        return shows(("批号", "A65-2603C"))(data, seconds)

    monkeypatch.setattr(ocr, "read", read)
    raw = mail("投诉：无输出", "电源无输出，铭牌见照片，请处理。\n", files=[("铭牌.jpg", JPEG)])
    with house.opened(seen.root) as h:
        h.handle([Delivery("maildir", "1", NOW, raw, digest=hashlib.sha256(raw).hexdigest())], NOW)
        h.finish(NOW, aside=True)
        [task] = [t for t in h.ledger.tasks() if t.kind == "proposal"]
        assert "proposed" not in task.context and h.seconds_to_next(NOW, 60) <= 1
        looked.set()

        def told() -> bool:
            h.recognition.go_on(NOW, aside=True)
            return any("批号＝A65-2603C" in t.text.zh for t in h.ledger.tasks())

        wait_for(told)


@pytest.fixture
def asked(seen: Workspace) -> Workspace:
    """A report that engineering has been asked to answer."""
    seen.set("issue", mode="auto", after_minutes=0)
    values = {"customer_name": "禾木", "product_model": "YL-X1", "lot_no": "X1", "defect_qty": 1}
    values |= {"defect_symptom": "打火", "defect_category": "electrical_breakdown", "severity": 3}
    seen.drop("k.json", {"form": "complaint", "values": values})
    seen.once()
    seen.once(NOW + timedelta(hours=1))
    return seen


def scan_of(ws: Workspace) -> bytes:
    """Engineering's answer: a signed scan."""
    with house.opened(ws.root) as h:
        sent = next(x for x in h.ledger.letters(number=REPORT) if x.intent.kind == "issue")
    return mail(
        "回复：质量反馈单",
        "见附件。\n",
        "engineering@company.example",
        [("签字扫描件.jpg", JPEG)],
        In_Reply_To=sent.message_id,
    )


def test_a_signed_scan_is_typed_in_by_one_word(asked: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    read = (("单据编号", REPORT), ("技术判定", "批量"), ("同种机理", "是"), ("原因分析", "电容漏液"))
    monkeypatch.setattr(ocr, "read", shows(*read))
    asked.receive(scan_of(asked))
    asked.once(NOW + timedelta(hours=2))
    [task] = tasks(asked, "transcribe")
    assert "技术判定＝批量" in task.text.zh and "原因分析＝电容漏液" in task.text.zh
    [report] = asked.records("market_abnormality")
    assert "tech_class" not in report["values"]
    choose(asked, task, "adopt", "原因分析：电解电容漏液")
    [report] = asked.records("market_abnormality")
    assert (report["values"]["tech_class"], report["values"]["cause_analysis"]) == ("batch", "电解电容漏液")
    with house.opened(asked.root) as h, h.ledger.facts() as facts:
        record = facts.record(REPORT)
        assert record is not None and record.origin["tech_class"].where == "签字扫描件.jpg"
        mails = h.ledger.deliveries(digest=record.origin["tech_class"].delivery)
    assert mails and all(m["received_at"] < NOW + timedelta(hours=2) for m in mails), (
        "it counts from the mail that brought it"
    )
    assert not tasks(asked, "transcribe")


def test_without_recognition_the_note_alone_types_it_in(asked: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "available", lambda: False)
    asked.receive(scan_of(asked))
    asked.once(NOW + timedelta(hours=2))
    [task] = tasks(asked, "transcribe")
    assert "认出" not in task.text.zh and "待确认" not in task.text.zh
    choose(asked, task, "adopt", "技术判定：批量；同种机理：是；原因分析：电容漏液")
    [report] = asked.records("market_abnormality")
    assert (report["values"]["tech_class"], report["values"]["cause_analysis"]) == ("batch", "电容漏液")


def test_a_picture_is_really_read() -> None:
    book = ocr.read(picture("电源适配器", "型号：YL-A65", "批号：A65-2603C"), 120)
    assert "型号 YL-A65" in book.text and "批号 A65-2603C" in book.text
    assert book.grids[0].cells[1, 0].raw == "型号" and book.grids[0].cells[1, 1].raw == "YL-A65"


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0" + bytes(500), b"%PDF-1.4\nnothing", b"GIF89a"])
def test_what_is_no_picture_is_not_read(data: bytes) -> None:
    with pytest.raises(OfficeFault):
        ocr.read(data, 120)

"""What is searched in a workspace: records, mails, and the files in them, on either ledger."""

from __future__ import annotations

import io
import json
from datetime import datetime

import openpyxl
import pytest
import support_endtoend as e2e

from qforms import house


def workbook() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["B2"] = "检验记录", "绝缘电阻 0.2 MΩ 击穿"
    book.save(out)
    return out.getvalue()


@pytest.mark.both_ledgers
def test_records_mails_and_the_files_in_them(ws: e2e.Workspace) -> None:
    files = [("检验.xlsx", workbook()), ("说明.txt", "镀层起皮".encode())]
    ws.receive(
        e2e.mail("投诉 YL-A65", "电源适配器 YL-A65 无输出，批号 A65-2603C，9 台。现场在龙岗装配二线。", files=files)
    )
    ws.once()
    status, out, _ = e2e.command("search", str(ws.root), "无输出", "--json")
    hits = [json.loads(line) for line in out.splitlines()]
    assert status == 0 and {h["kind"] for h in hits} >= {"record", "mail"} and hits[0]["number"] == "TS-202605-0001"
    assert datetime.fromisoformat(hits[0]["at"]).utcoffset() is not None
    with house.opened(ws.root) as h:
        finder = h.finder
        assert [(x.passage.kind, x.passage.title) for x in finder.find("绝缘电阻 击穿")] == [("file", "检验.xlsx")]
        assert [x.passage.title for x in finder.find("起皮")] == ["说明.txt"]
        assert [x.passage.kind for x in finder.find("龙岗装配")] == ["mail"]
        left = [x.passage for x in finder.find("wang@qiyuan.example")]
        [letter] = [p for p in left if p.kind == "letter"]
        assert letter.number == "TS-202605-0001" and "YL-A65" in letter.body
        assert finder.catch_up() == 0  # all is read
    ws.drop(
        "more.json", {"form": "complaint", "number": "TS-202605-0001", "by": "office", "values": {"remarks": "转氨酶"}}
    )
    ws.once(e2e.NOW)
    with house.opened(ws.root) as h:
        assert not h.finder.find("转氨酶") and h.finder.catch_up() >= 1
        assert [x.passage.number for x in h.finder.find("转氨酶")] == ["TS-202605-0001"]


def test_a_search_that_may_not_take_long_says_when_it_does_not_know_all(ws: e2e.Workspace) -> None:
    ws.receive(e2e.mail())
    ws.once()
    with house.opened(ws.root) as h:
        assert h.finder.behind()
        assert h.finder.catch_up(seconds=1e-9) == 0 and h.finder.behind()
        assert h.finder.catch_up() > 0 and not h.finder.behind()

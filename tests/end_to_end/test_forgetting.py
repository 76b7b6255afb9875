"""Personal data that is deleted: gone from the ledger, its files, letters and folders; the case stays whole and the
chain of history still proves it (P57, A43)."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest
import support_endtoend as e2e

from qforms import daemon, house
from qforms.commands import look, privacy, safekeeping
from qforms.model import QformsError

SECRETS = ("刘晓燕", "13812345678", "liu.xiaoyan@home.example")
AT = datetime.fromisoformat("2026-05-06T14:20:00+08:00")
LATER = datetime.fromisoformat("2026-05-08T09:00:00+08:00")


def case(ws: e2e.Workspace, at: datetime = AT) -> None:
    """A consumer's mail with a photo, and the work order that follows from it."""
    text = (
        "客户名称：刘晓燕\n客户类型：终端用户\n联系人：刘晓燕\n联系电话：13812345678\n"
        "产品型号：YL-C21\n问题现象：面板开裂，请刘晓燕本人在家时上门\n性质：报修\n"
    )
    ws.receive(
        e2e.mail("投诉 YL-C21 面板开裂", text, "liu.xiaoyan@home.example", [("面板.jpg", b"\xff\xd8\xff" + b"x" * 99)])
    )
    daemon.once(ws.root, at)


def everywhere(root: Path) -> str:
    """All that the ledger says, and the names and texts of all files that are kept."""
    tables = e2e.Workspace(root).tables()
    rows = [json.dumps(row, ensure_ascii=False, default=str) for n in tables if n != "sheet_row" for row in tables[n]]
    files = [f for part in ("store", "cases", "sent", "mail") for f in (root / part).rglob("*") if f.is_file()]
    return "\n".join((*rows, *(f"{f}\n{f.read_bytes().decode('utf-8', 'replace')}" for f in files)))


@pytest.mark.both_ledgers
def test_who_it_was_is_gone_and_the_case_is_whole(ws: e2e.Workspace) -> None:
    case(ws)
    before = {r["number"]: r for r in look.records(ws.root)}
    number = next(n for n in before if n.startswith("TS-"))
    assert [s for s in SECRETS if s not in everywhere(ws.root)] == []
    said = list(privacy.forget(ws.root, number, "汪敏", "客户要求删除", LATER))
    assert number in said[0]
    left = everywhere(ws.root)
    assert [s for s in SECRETS if s in left.replace("DA-刘晓燕", "")] == []
    after = {r["number"]: r for r in look.records(ws.root)}
    assert after.keys() == before.keys()
    was, now = before[number]["values"], after[number]["values"]
    assert now["contact_name"] == now["customer_name"] == now["contact_phone"] == "〔已删除〕"
    assert now["defect_symptom"] == "面板开裂，请〔已删除〕本人在家时上门"
    same = ("product_model", "prelim_class", "severity", "priority", "received_at", "mechanism_group")
    assert all(now.get(k) == was.get(k) for k in same)
    assert list(safekeeping.verify(ws.root)) == []
    [folder] = (ws.root / "cases").iterdir()
    assert folder.name == number and [f.name for f in folder.iterdir()] == ["个人资料已删除.txt"]


@pytest.mark.both_ledgers
def test_what_is_searched_forgets_too_here_and_on_another_machine(ws: e2e.Workspace, tmp_path: Path) -> None:
    """`elsewhere`: another machine's index; it loses what was forgotten within the day, without anybody searching."""
    case(ws)
    elsewhere = tmp_path / "elsewhere.db"
    with house.opened(ws.root) as h:
        assert h.finder.catch_up() > 2 and all(h.finder.find(s) for s in SECRETS)
    shutil.copy(ws.root / "search.db", elsewhere)
    assert [s for s in SECRETS if s not in elsewhere.read_bytes().decode("utf-8", "replace")] == []
    number = next(r["number"] for r in look.records(ws.root) if r["number"].startswith("TS-"))
    list(privacy.forget(ws.root, number, "汪敏", "客户要求删除", LATER))
    forgot = ws.root / "search.db"
    for own in (forgot, elsewhere):
        if own is elsewhere:
            shutil.copy(elsewhere, forgot)
            daemon.once(ws.root, LATER)
        left = b"".join(f.read_bytes() for f in ws.root.glob("search.db*")).decode("utf-8", "replace")
        assert [s for s in SECRETS if s in left] == []
        with house.opened(ws.root) as h:
            assert not any(hit.passage.kind != "record" for s in SECRETS for hit in h.finder.find(s))
            assert [hit.passage.number for hit in h.finder.find("面板开裂")][:1] == [number]


def test_the_daemon_goes_on_with_it(ws: e2e.Workspace) -> None:
    case(ws)
    number = next(r["number"] for r in look.records(ws.root) if r["number"].startswith("TS-"))
    list(privacy.forget(ws.root, number, "汪敏", "客户要求删除", LATER))
    daemon.once(ws.root, datetime.fromisoformat("2026-05-09T16:00:00+08:00"))
    record = next(r for r in look.records(ws.root) if r["number"] == number)
    assert record["values"]["contact_phone"] == "〔已删除〕", (
        "nothing gives it back: no cell of the workbook is an edit"
    )
    assert [s for s in SECRETS if s in everywhere(ws.root).replace("DA-刘晓燕", "")] == []
    assert list(safekeeping.verify(ws.root)) == []


@pytest.mark.both_ledgers
def test_whoever_tampers_after_it_is_found(ws: e2e.Workspace) -> None:
    case(ws)
    number = next(r["number"] for r in look.records(ws.root) if r["number"].startswith("TS-"))
    list(privacy.forget(ws.root, number, "汪敏", "客户要求删除", LATER))
    ws.change(f"UPDATE revision SET \"by\" = 'somebody' WHERE number = '{number}'")
    assert {p["code"] for p in safekeeping.verify(ws.root)} == {"revision_changed"}


def test_what_names_nobody_is_refused(ws: e2e.Workspace) -> None:
    with pytest.raises(QformsError, match="TS-209901-0001"):
        list(privacy.forget(ws.root, "TS-209901-0001", "汪敏", "", LATER))
    with pytest.raises(QformsError, match="没有个人资料"):
        list(privacy.forget(ws.root, "质保部", "汪敏", "", LATER))


def test_a_closed_case_forgets_when_its_years_are_over_and_not_before(ws: e2e.Workspace) -> None:
    ws.set("retention", automatic=True)
    case(ws)
    number = next(r["number"] for r in look.records(ws.root) if r["number"].startswith("TS-"))
    ws.change("UPDATE record SET status = 'closed'")  # the rest of its life, in short
    phone = lambda: next(r for r in look.records(ws.root) if r["number"] == number)["values"]["contact_phone"]  # noqa: E731
    daemon.once(ws.root, datetime.fromisoformat("2031-05-01T08:00:00+08:00"))
    assert phone() == "13812345678"
    daemon.once(ws.root, datetime.fromisoformat("2037-01-01T08:00:00+08:00"))
    assert phone() == "〔已删除〕"


def test_a_customer_s_papers_lie_apart_from_the_case_and_go_with_the_person(ws: e2e.Workspace) -> None:
    case(ws)
    number = next(r["number"] for r in look.records(ws.root) if r["number"].startswith("TS-"))
    deng = {
        "form": "person",
        "by": "office",
        "values": {"name": "邓伟", "email": "deng@yunling.example", "department": "售后服务部"},
    }
    (ws.root / "inbox" / "deng.json").write_text(json.dumps(deng, ensure_ascii=False), "utf-8")
    daemon.once(ws.root, AT.replace(hour=15))
    values = {"complaint": number, "customer_name": "刘晓燕", "customer_type": "end_user", "product_model": "YL-C21"}
    form = json.dumps({"form": "write_off", "case_no": number, "values": values}, ensure_ascii=False).encode()
    files = [
        ("核销.json", form),
        ("身份证.jpg", b"\xff\xd8\xff" + b"id" * 99),
        ("旧面板.jpg", b"\xff\xd8\xff" + b"y" * 99),
    ]
    ws.receive(e2e.mail("核销", "见附件", "deng@yunling.example", files))
    daemon.once(ws.root, AT.replace(hour=16))
    cases = {f.name.split(" ", 3)[-1] for f in (ws.root / "cases").rglob("*") if f.is_file()}
    papers = {f.name.split(" ", 3)[-1] for f in (ws.root / "papers").rglob("*") if f.is_file()}
    assert "身份证.jpg" in papers and "身份证.jpg" not in cases and "核销.eml" in papers, "the mail holds it, too"
    assert "旧面板.jpg" in cases
    list(privacy.forget(ws.root, number, "汪敏", "客户要求删除", LATER))
    assert [f.name for f in (ws.root / "papers").rglob("*") if f.is_file()] == ["个人资料已删除.txt"]
    assert not any(b"idid" in f.read_bytes() for f in (ws.root / "store").rglob("*") if f.is_file())

"""The office at work in its book: what it writes drives the rules, and nothing of it is lost."""

from __future__ import annotations

import email
import email.policy
import os
import shutil
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from support_calc import Calc
from support_endtoend import NOW, Workspace, mail, running, wait_for

from qforms import house, register
from qforms.demo import hands

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def case(ws: Workspace) -> Workspace:
    """A workspace with one complaint on record and in the book."""
    ws.receive(mail())
    ws.once()
    return ws


def number(ws: Workspace) -> str:
    return str(ws.records()[0]["number"])


def write(ws: Workspace, sheet: str, key: str, values: Mapping[str, Any]) -> None:
    """Writes into the row that holds `key` anywhere, by headings, and saves as 林晓岚."""
    hands.edit_book(ws.root / "master.xlsx", sheet, key, values, "林晓岚")


def row(ws: Workspace, sheet: str, key: str) -> dict[str, Any]:
    rows = ws.rows(sheet)
    return next(dict(zip(rows[2], r, strict=True)) for r in rows[3:] if key in r)


def comment(ws: Workspace, sheet: str, key: str, title: str) -> str:
    found = load_workbook(ws.root / "master.xlsx")[sheet]
    column = next(c.column for c in found[3] if c.value == title)
    at = next(r for r in range(4, found.max_row + 1) if any(c.value == key for c in found[r]))
    note = found.cell(at, column).comment
    return note.text if note else ""


def clocks(ws: Workspace) -> dict[str, str]:
    with house.opened(ws.root) as h:
        return {c.rule: c.state for c in h.ledger.clocks()}


@pytest.mark.both_ledgers
def test_an_edit_drives_the_rules_and_names_who_made_it(case: Workspace) -> None:
    assert "defect_answer" not in clocks(case)
    write(case, "投诉台账", number(case), {"初判": "批量问题"})
    case.once(LATER)
    assert clocks(case)["defect_answer"] == "running"
    with house.opened(case.root) as h, h.ledger.facts() as facts:
        record = facts.record(number(case))
    assert record is not None and record.values["prelim_class"] == "batch"
    assert record.origin["prelim_class"].by == "林晓岚" and "投诉台账!" in record.origin["prelim_class"].where
    assert row(case, "投诉台账", number(case))["48h答复"]
    taken = len(case.deliveries())
    case.once(LATER)
    assert len(case.deliveries()) == taken  # and not once more


def test_what_is_wrong_is_kept_marked_and_listed_and_taken_once_it_is_right(case: Workspace) -> None:
    no = number(case)
    write(case, "投诉台账", no, {"确认不良": "很多", "备注": "样品已取回"})
    case.once(LATER)
    assert row(case, "投诉台账", no)["确认不良"] == "很多" and row(case, "投诉台账", no)["备注"] == "样品已取回"
    assert "很多" in comment(case, "投诉台账", no, "确认不良") and "整行" in comment(case, "投诉台账", no, "备注")
    assert "remarks" not in case.records()[0]["values"]
    assert any("很多" in str(r) for r in case.rows("待办"))
    write(case, "投诉台账", no, {"确认不良": 7})
    case.once(LATER + timedelta(minutes=5))
    values = case.records()[0]["values"]
    assert values["qty_confirmed"] == 7 and values["remarks"] == "样品已取回"
    assert comment(case, "投诉台账", no, "确认不良") == ""


@pytest.mark.parametrize("choice", ["用系统现值", "用后来填的"])
def test_both_changed_the_same_field(case: Workspace, choice: str) -> None:
    """The book shows what stands, the whole row waits, and the rules start from what is chosen."""
    no = number(case)
    write(case, "投诉台账", no, {"批号": "A65-2603B", "备注": "看样品"})
    case.drop("a.json", {"form": "complaint", "number": no, "values": {"lot_no": "A65-2604A"}, "by": "quality"})
    case.once(LATER)
    values = case.records()[0]["values"]
    assert values["lot_no"] == "A65-2604A" and "remarks" not in values
    assert row(case, "投诉台账", no)["批号"] == "A65-2604A" and "冲突" in comment(case, "投诉台账", no, "批号")
    line = row(case, "冲突", no)
    assert (line["原来"], line["系统现值"], line["后来填的"]) == ("A65-2603C", "A65-2604A", "A65-2603B")
    assert len([r for r in case.rows("冲突")[3:] if no in r]) == 1  # the remark waits, and is no conflict
    write(case, "冲突", no, {"处理": choice})
    case.once(LATER + timedelta(minutes=5))
    values = case.records()[0]["values"]
    assert values["lot_no"] == ("A65-2604A" if choice == "用系统现值" else "A65-2603B")
    assert values["remarks"] == "看样品"
    assert not [r for r in case.rows("冲突")[3:] if no in r]
    assert comment(case, "投诉台账", no, "备注") == ""


def test_a_complaint_by_telephone_takes_the_number_that_was_named(case: Workspace) -> None:
    ready = [r[0] for r in case.rows("投诉台账")[3:] if r and "预留" in r]
    assert len(ready) == 5 and ready == sorted(ready)
    write(case, "投诉台账", ready[1], {"客户": "宁波禾木百货有限公司", "型号": "YL-H18", "现象": "开机异响"})
    case.once(LATER)
    assert ready[1] in {r["number"] for r in case.records()}
    assert row(case, "投诉台账", ready[1])["状态"] != "预留"
    case.receive(mail("投诉 YL-C21", "电磁炉 YL-C21 显示 E1，批号 C21-2602A，1 台。\n"))
    case.once(LATER)
    assert {r["number"] for r in case.records()}.isdisjoint({*ready} - {ready[1]})
    case.once(datetime.fromisoformat("2026-06-02T09:00:00+08:00"))
    assert row(case, "投诉台账", ready[0])["状态"] == "作废"
    assert len([r for r in case.rows("投诉台账")[3:] if "预留" in r]) == 5


# ---------------------------------------------------------------- the file is not what it was


def letters_to_office(ws: Workspace) -> list[Any]:
    found = [email.message_from_bytes(raw, policy=email.policy.default) for raw in ws.sent()]
    return [m for m in found if str(m["Subject"]).startswith("【qforms】")]


@pytest.mark.both_ledgers
def test_a_missing_book_comes_back_with_what_the_office_had_made_of_it(case: Workspace) -> None:
    book = case.root / "master.xlsx"
    wb = load_workbook(book)
    wb["投诉台账"].cell(3, 40, "我们的列")
    wb["投诉台账"].cell(4, 40, "自己的")
    wb.save(book)
    case.once(LATER)
    case.receive(mail("投诉 YL-C21", "电磁炉 YL-C21 显示 E1，批号 C21-2602A，1 台。\n"))
    case.once(LATER)
    book.unlink()
    case.once(LATER + timedelta(minutes=20))
    assert {r["number"] for r in case.records()} <= {r[0] for r in case.rows("投诉台账")}
    assert load_workbook(book)["投诉台账"].cell(4, 40).value == "自己的"
    assert any("master.xlsx" in str(m["Subject"]) for m in letters_to_office(case))


def test_a_damaged_book_is_kept_aside_and_made_anew(case: Workspace) -> None:
    book = case.root / "master.xlsx"
    book.write_bytes(b"no workbook at all")
    old = time.time() - 3600
    os.utime(book, (old, old))
    shutil.rmtree(case.root / ".history", ignore_errors=True)
    case.once(LATER)
    [kept] = [p for p in case.root.glob("master *") if p.suffix == ".xlsx"]
    assert kept.read_bytes() == b"no workbook at all"
    assert number(case) in {r[0] for r in case.rows("投诉台账")}
    assert any(kept.name in str(m["Subject"]) for m in letters_to_office(case))


def test_an_old_copy_is_noticed_and_brought_up(case: Workspace) -> None:
    book = case.root / "master.xlsx"
    old = book.read_bytes()
    no = number(case)
    write(case, "投诉台账", no, {"初判": "批量问题"})
    case.once(LATER)
    case.receive(mail("投诉 YL-C21", "电磁炉 YL-C21 显示 E1，批号 C21-2602A，1 台。\n"))
    case.once(LATER)
    book.write_bytes(old)
    write(case, "投诉台账", no, {"备注": "写在旧副本上"})
    case.once(LATER + timedelta(minutes=20))
    first = next(r for r in case.records() if r["number"] == no)
    assert first["values"]["remarks"] == "写在旧副本上" and first["values"]["prelim_class"] == "batch"
    assert row(case, "投诉台账", no)["初判"] == "批量问题"
    assert {r["number"] for r in case.records()} <= {r[0] for r in case.rows("投诉台账")}
    assert any("旧副本" in str(m["Subject"]) for m in letters_to_office(case))


# ---------------------------------------------------------------- people first


def test_while_the_book_is_open_edits_are_taken_and_the_office_is_told_how_long_it_waits(case: Workspace) -> None:
    book, no = case.root / "master.xlsx", number(case)
    lock = case.root / ".~lock.master.xlsx#"
    lock.write_text("林晓岚,lin,pc-7,14.05.2026 09:58,file:///home/lin;", "utf-8")
    write(case, "投诉台账", no, {"备注": "开着时写的"})
    saved = book.read_bytes()
    case.once(LATER)
    assert case.records()[0]["values"]["remarks"] == "开着时写的"
    assert book.read_bytes() == saved
    case.once(LATER + timedelta(hours=2, minutes=10))
    page = (case.root / "看板.html").read_text("utf-8")
    assert "已等 2 h 10 min" in page and "林晓岚" in page
    assert letters_to_office(case) == []
    case.receive(mail("投诉 YL-C21", "电磁炉 YL-C21 显示 E1，批号 C21-2602A，1 台。\n"))
    case.once(LATER + timedelta(hours=4, minutes=10))
    case.once(LATER + timedelta(hours=4, minutes=11))
    [told] = letters_to_office(case)
    [copy] = [p for p in told.iter_attachments() if str(p.get_filename()).endswith(".xlsx")]
    (case.root / "copy.xlsx").write_bytes(copy.get_content())
    names = {r["number"] for r in case.records()}
    shown = {c.value for c in load_workbook(case.root / "copy.xlsx")["投诉台账"]["A"]}
    assert "只读" in str(copy.get_filename()) and names <= shown
    case.once(LATER + timedelta(hours=6))
    assert len(letters_to_office(case)) == 1
    assert book.read_bytes() == saved
    lock.unlink()
    case.once(LATER + timedelta(hours=7))
    assert names <= {r[0] for r in case.rows("投诉台账")}
    case.once(LATER + timedelta(hours=8))
    assert "已等" not in (case.root / "看板.html").read_text("utf-8")


def test_a_row_deleted_by_mistake_comes_back_and_says_so(case: Workspace) -> None:
    book: Path = case.root / "master.xlsx"
    wb = load_workbook(book)
    ws = wb["投诉台账"]
    ws.delete_rows(next(r for r in range(4, 20) if ws.cell(r, 1).value == number(case)))
    wb.save(book)
    case.once(LATER)
    assert "恢复" in comment(case, "投诉台账", number(case), "编号")
    assert len(case.records()) == 1


# ---------------------------------------------------------------- LibreOffice has it open


@pytest.mark.office
def test_libreoffice_has_the_book_open_while_the_daemon_runs(case: Workspace, tmp_path: Path) -> None:
    """Each save is taken in; nothing is written under it, so that its second save overwrites nothing either; once it is
    closed, the book says what came meanwhile."""
    book, no = case.root / "master.xlsx", number(case)
    home = tmp_path / "calc"
    home.mkdir()
    with Calc(home) as calc, running(case):
        at = next(i for i, r in enumerate(case.rows("投诉台账"), start=1) if no in r)
        remark = case.rows("投诉台账")[2].index("备注") + 1
        calc.do(f"open\t{book}", f"set\t投诉台账\t{at}\t{remark}\t第一次存", "store")
        wait_for(lambda: case.records()[0]["values"].get("remarks") == "第一次存")
        case.receive(mail("投诉 YL-C21", "电磁炉 YL-C21 显示 E1，批号 C21-2602A，1 台。\n"))
        wait_for(lambda: len(case.records()) == 2)
        wait_for(lambda: "C21-2602A" in (case.root / "看板.html").read_text("utf-8"))
        saved = book.read_bytes()
        assert not any("C21-2602A" in r for r in case.rows("投诉台账"))
        calc.do(f"set\t投诉台账\t{at}\t{remark}\t第二次存", "store")
        wait_for(lambda: case.records()[0]["values"].get("remarks") == "第二次存")
        assert saved != book.read_bytes()
        calc.do("close")
        wait_for(lambda: any("C21-2602A" in r for r in case.rows("投诉台账")))
    assert row(case, "投诉台账", no)["备注"] == "第二次存"
    assert case.logged("workbook waits")


def test_a_book_too_large_to_be_held_is_written_and_read_as_any_other(
    case: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "_HELD", 0)
    with house.opened(case.root) as h:
        for n in (1, 2):
            at, said = NOW + timedelta(minutes=n), f"第 {n} 次"
            write(case, "投诉台账", number(case), {"备注": said})
            assert h.register.take_edits(h.desk, at) == 1
            assert h.register.publish(at)
            assert h.ledger.records("complaint")[0].values["remarks"] == said
            assert h.register.take_edits(h.desk, at) == 0
            assert row(case, "投诉台账", number(case))["备注"] == said
        before = (case.root / "master.xlsx").read_bytes()
        assert h.register.publish(at, force=True)
        assert (case.root / "master.xlsx").read_bytes() == before


def test_a_burst_of_mails_makes_one_write(ws: Workspace) -> None:
    with running(ws):
        wait_for(lambda: ws.logged("workbook"))
        time.sleep(1)
        before = len(ws.logged("workbook"))
        ws.receive(*(mail(f"投诉 {i}", f"电源适配器 YL-A65 无输出，批号 A65-2603C，{i} 台。\n") for i in range(1, 61)))
        wait_for(lambda: len(ws.records()) == 60)
        wait_for(lambda: {r["number"] for r in ws.records()} <= {r[0] for r in ws.rows("投诉台账")})
        assert len(ws.logged("workbook")) - before < 12  # a slow machine takes the burst in several turns


# ---------------------------------------------------------------- older years


def test_older_years_move_to_an_archive_with_the_office_s_own_columns(case: Workspace) -> None:
    book, no = case.root / "master.xlsx", number(case)
    case.drop("a.json", {"form": "complaint", "number": no, "event": "dismiss", "by": "sales"})
    case.once(LATER)
    assert case.records()[0]["status"] in _ended(case)
    wb = load_workbook(book)
    at = next(r for r in range(4, 30) if wb["投诉台账"].cell(r, 1).value == no)
    wb["投诉台账"].cell(3, 40, "我们的列")
    wb["投诉台账"].cell(at, 40, "自己的")
    wb.save(book)
    case.once(LATER + timedelta(days=700))
    assert row(case, "投诉台账", no) and not list(case.root.glob("archive-*"))
    case.once(LATER + timedelta(days=800))
    old = load_workbook(case.root / "archive-2026.xlsx")["投诉台账"]
    head = [c.value for c in old[3]]
    kept = next(
        dict(zip(head, (c.value for c in r), strict=True)) for r in old.iter_rows(min_row=4) if r[0].value == no
    )
    assert kept["我们的列"] == "自己的" and kept["型号"] == "YL-A65"
    assert not any(no in r for r in case.rows("投诉台账"))
    assert len(case.records()) == 1
    case.once(LATER + timedelta(days=801))
    assert sum(no in [c.value for c in r] for r in load_workbook(case.root / "archive-2026.xlsx")["投诉台账"]) == 1


def _ended(ws: Workspace) -> set[str]:
    with house.opened(ws.root) as h:
        return {s.name for s in h.procedures.catalogue.form("complaint").lifecycle.states if s.final}

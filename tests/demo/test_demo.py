"""`qforms demo`: the story's outcomes are as told; played once, looked at by every test."""

from __future__ import annotations

import email
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from email import policy
from pathlib import Path

import pytest

from qforms import house, tongue
from qforms.demo import play, tell
from qforms.model import Letter, QformsError

GM, GMO, ENGINEERING = "gm@yunling.example", "gmo@yunling.example", "engineering@yunling.example"
R8001, R8002, R8003, R8004 = (f"{kind}-202605-0001" for kind in ("8001", "8002", "8003", "8004"))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> play.Told:
    return play.played(tmp_path_factory.mktemp("demo") / "company")


@pytest.fixture(scope="module")
def home(told: play.Told) -> Iterator[house.House]:
    with house.opened(told.root) as opened:
        yield opened


def values(home: house.House, number: str) -> dict[str, object]:
    with home.ledger.facts() as facts:
        record = facts.record(number)
    assert record is not None
    return {"status": record.status, **record.values}


def letters(home: house.House, kind: str, number: str, rule: str = "") -> list[Letter]:
    found = [x for x in home.ledger.letters() if (x.intent.kind, x.intent.number) == (kind, number)]
    return sorted((x for x in found if rule in ("", x.intent.rule)), key=lambda x: str(x.intent.at))


def when(home: house.House, letter: Letter) -> str:
    assert letter.sent_at
    return f"{home.settings.local(letter.sent_at):%m-%d %H:%M}"


# ---------------------------------------------------------------- what came


def test_every_delivery_has_the_outcome_that_the_story_tells(home: house.House) -> None:
    rows = [r for r in home.ledger.deliveries() if r["channel"] != "workbook"]
    outcomes = Counter(r["outcome"] for r in rows)
    assert outcomes["held"] == 1 and outcomes["ignored"] == 3 and "refused" not in outcomes
    [held] = [r for r in rows if r["outcome"] == "held"]
    assert held["name"] == "退货清单（加密）.xlsx" and [p["code"] for p in held["reason"]] == ["encrypted"]
    reasons = {r["reason"][0]["code"] for r in rows if r["outcome"] == "ignored"}
    assert reasons == {"business_mail", "auto_reply", "bounced"}


def test_five_complaints_by_mail_and_two_filled_forms(home: house.House) -> None:
    cases = home.ledger.records("complaint")
    assert [c.number for c in cases] == [f"TS-202605-000{n}" for n in range(1, 6)]
    assert [c.values["defect_qty"] for c in cases] == [1, 6, 3, 9, 1]
    assert [c.values["lot_no"] for c in cases] == ["H18-2602B", "A65-2603C", "V30-2604A", "A65-2603C", "A65-2603C"]
    assert {c.values["owner"] for c in cases} == {"周启文"}


def test_the_gbk_mail_is_gbk_and_is_read(home: house.House) -> None:
    [row] = [r for r in home.ledger.deliveries() if r["subject"] == "YL-A65 又发现1台不良"]
    raw = home.store.get(row["digest"])
    assert b"gb2312" in raw.lower() and b"Foxmail" in raw
    assert values(home, "TS-202605-0005")["defect_symptom"] == "无输出"


def test_the_same_mail_by_another_route_is_one_case(home: house.House, told: play.Told) -> None:
    [again] = [r for r in told.rows if "另一条路" in r.came]
    assert "不重复" in again.did
    assert len([r for r in home.ledger.deliveries() if r["subject"] == "YL-H18 电吹风开机异响"]) == 1


def test_the_order_and_the_machines_get_no_letter(home: house.House) -> None:
    assert not [x for x in home.ledger.letters() if "liuyang@qiyuan.example" in x.intent.to]
    assert len([x for x in home.ledger.letters() if "li@hongze.example" in x.intent.to]) == 1


def test_the_bounce_stands_on_its_letter(home: house.House) -> None:
    [letter] = letters(home, "acknowledgement", "TS-202605-0001")
    assert letter.state == "bounced" and letter.intent.to == ("chen@hemu.example",)


# ---------------------------------------------------------------- acknowledgements


@pytest.mark.parametrize(
    ("number", "name", "due"),
    [("TS-202605-0002", "王工", "5/12（周二）08:45"), ("TS-202605-0003", "Emma Carter", "Tue 12 May 09:10")],
)
def test_the_acknowledgement_says_what_was_understood_and_when_we_call(
    home: house.House, number: str, name: str, due: str
) -> None:
    [letter] = letters(home, "acknowledgement", number)
    text = body(home, letter)
    assert text.startswith(name) and number in text and due in text.split("\n")[0]
    case = values(home, number)
    assert all(str(case[f]) in text for f in ("product_model", "lot_no", "defect_qty"))


def body(home: house.House, letter: Letter) -> str:
    mail = email.message_from_bytes(home.store.get(letter.digest), policy=policy.default)
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


# ---------------------------------------------------------------- 8001


def test_nothing_at_three_per_mille_and_an_8001_above(home: house.House) -> None:
    [report] = home.ledger.records("market_abnormality")
    assert report.number == R8001 and report.case_no == "TS-202605-0005"
    assert (report.values["n_defect"], report.values["n_shipped"]) == (16, 5000)
    assert report.values["rate_permille"] == Decimal("3.2")
    assert report.values["complaints"] == ("TS-202605-0002", "TS-202605-0004", "TS-202605-0005")
    assert f"{home.settings.local(report.values['trigger_at']):%m-%d %H:%M}" == "05-11 10:05"
    [issue] = letters(home, "issue", R8001)
    assert when(home, issue) == "05-11 11:05" and issue.intent.to == (ENGINEERING, GMO)


def test_the_faulty_return_is_marked_and_the_good_one_taken(home: house.House, told: play.Told) -> None:
    [rejection] = letters(home, "rejection", R8001)
    said = [text for _, text in rejection.intent.facts["problems"]]
    assert len(said) == 3
    assert any("大批量" in s for s in said) and any("2月31日" in s for s in said) and any("未填写" in s for s in said)
    assert all(where for where, _ in rejection.intent.facts["problems"]), "each with its cell"
    [marked] = told.root.glob("cases/*0005*/2026-05-12 0940 发出 8001*.docx")
    assert marked.read_bytes() != next(told.root.glob("cases/*0005*/2026-05-12 0940 收到 8001*.docx")).read_bytes()
    report = values(home, R8001)
    assert report["status"] == "confirmed" and report["tech_class"] == "batch" and report["recall_to_judge"] is False
    rows = report["actions"]
    assert isinstance(rows, tuple) and [str(r["planned_on"]) for r in rows] == [
        "2026-05-14",
        "2026-05-20",
        "2026-05-29",
    ]
    assert not home.ledger.conflicts()


# ---------------------------------------------------------------- deadlines


def clock(home: house.House, rule: str, number: str) -> str:
    [found] = [c for c in home.ledger.clocks() if (c.rule, c.subject) == (rule, number)]
    return found.state


def test_contacts_and_answers_meet_their_clocks(home: house.House) -> None:
    assert [clock(home, "recontact", f"TS-202605-000{n}") for n in range(1, 6)] == [
        "met",
        "met",
        "met",
        "met_late",
        "met",
    ]
    assert [clock(home, "defect_answer", f"TS-202605-000{n}") for n in (1, 2, 4, 5)] == ["met"] * 4


def test_the_clerks_rows_are_taken_from_the_workbook(home: house.House) -> None:
    classes = [c.values.get("prelim_class") for c in home.ledger.records("complaint")]
    assert classes == ["single_defect", "batch", None, "batch", "batch"]


def test_the_late_contact_is_reminded_once_in_the_morning_and_escalated(home: house.House) -> None:
    [reminder] = letters(home, "reminder", "TS-202605-0004", "recontact")
    assert when(home, reminder) == "05-12 08:00" and "还剩 1 h" in body(home, reminder)
    [escalation] = letters(home, "escalation", "TS-202605-0004")
    assert when(home, escalation) == "05-12 09:30"
    assert escalation.intent.to == ("zhou.qiwen@yunling.example", "sales@yunling.example", GMO)


def test_the_8d_that_nobody_fills_in_goes_up_to_the_general_manager(home: house.House) -> None:
    assert values(home, R8003)["customer_name"] == "Northlight Controls Ltd"
    assert clock(home, "eight_d_first_issue", R8003) == "overdue"
    first, second = letters(home, "escalation", R8003)
    assert (when(home, first), first.intent.to) == ("05-13 09:10", (ENGINEERING, GMO))
    assert (when(home, second), second.intent.to) == ("05-14 09:10", (ENGINEERING, GMO, GM))
    assert "顾承远" in body(home, second)


# ---------------------------------------------------------------- money


def test_the_cost_transfer(home: house.House) -> None:
    transfer = values(home, R8002)
    assert transfer["total_cost"] == Decimal("9044.80")
    lines, shares = transfer["cost_lines"], transfer["shares"]
    assert isinstance(lines, tuple) and isinstance(shares, tuple)
    assert [str(x["amount"]) for x in lines] == ["748.80", "1440.00", "1216.00", "860.00", "1280.00", "3500.00"]
    assert [str(x["amount"]) for x in shares] == ["6331.36", "2713.44"]
    assert transfer["status"] == "ruled" and str(transfer["unit_reason"]).startswith("老化抽检")
    for rule in ("issue_8002", "ruling_told_in_form"):  # first the proposal, then what 总经办 ruled (P52)
        bearers = [x.intent.to for x in letters(home, "issue", R8002, rule)]
        assert bearers == [("purchasing@yunling.example",), ("workshop1@yunling.example",)]


def test_the_deduction_is_approved_by_the_general_manager_before_it_goes(home: house.House, told: play.Told) -> None:
    notice = values(home, R8004)
    assert notice["status"] == "issued" and notice["amount"] == Decimal("6331.36")
    assert notice["amount_cn"] == "人民币陆仟叁佰叁拾壹元叁角陆分"
    approvals = [a for a in home.ledger.records("approval") if a.values["target"] == R8004]
    assert [(a.values["event"], a.values["decided_by"]) for a in approvals] == [
        ("approve", "顾承远"),
        ("issue", "汪敏"),
    ]
    [asked] = letters(home, "decision_request", R8004, "large_deduction")
    assert asked.intent.to == (GM,) and "人民币陆仟叁佰叁拾壹元叁角陆分" in body(home, asked)
    [issued] = letters(home, "issue", R8004)
    assert when(home, issued) == "05-14 08:50" and issued.intent.to == ("purchasing@yunling.example",)


# ---------------------------------------------------------------- the workspace


def test_nothing_failed(home: house.House, told: play.Told) -> None:
    lines = [json.loads(x) for x in (told.root / "logs" / "qforms.log").read_text("utf-8").splitlines()]
    assert not [x for x in lines if x["level"] in ("error", "critical")]
    assert {x.state for x in home.ledger.letters()} == {"sent", "bounced"}
    mails = {x.message_id for x in home.ledger.letters()}  # several may go as one
    assert len(list((told.root / "sent" / "new").iterdir())) == len(mails)
    assert not list((told.root / "mail" / "new").iterdir())


def test_there_is_something_to_open(told: play.Told, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("master.xlsx", "看板.html"):
        assert (told.root / name).stat().st_size > 2000
    tell.summary(told, "zh")
    out = capsys.readouterr().out.replace("\n", "")
    assert "程序做了什么" in out and "master.xlsx" in out and R8004 in out and "提醒" in out


@pytest.mark.parametrize(("lang", "wanted"), [("en_GB.UTF-8", "en"), ("zh_CN.UTF-8", "zh"), ("C.UTF-8", "zh")])
def test_the_language_is_that_of_the_locale(monkeypatch: pytest.MonkeyPatch, lang: str, wanted: str) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", lang)
    assert tongue.of_locale() == wanted


# ---------------------------------------------------------------- where it may be played


def test_a_folder_with_anything_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(QformsError, match=r"mine|不是空文件夹"):
        play.fresh(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "x"


def test_a_marker_of_another_content_is_no_marker(tmp_path: Path) -> None:
    (tmp_path / play.MARKER).write_text("something else")
    with pytest.raises(QformsError):
        play.fresh(tmp_path)
    assert (tmp_path / play.MARKER).exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("x")
    with pytest.raises(QformsError, match="不是文件夹"):
        play.fresh(tmp_path / "demo")


def test_an_earlier_demo_is_replaced_unless_somebody_is_at_work_in_it(tmp_path: Path) -> None:
    from filelock import FileLock

    (tmp_path / play.MARKER).write_text(play.MARK, "utf-8")
    (tmp_path / "old").mkdir()
    with FileLock(tmp_path / ".qforms.lock"), pytest.raises(QformsError, match="在运行"):
        play.fresh(tmp_path)
    assert (tmp_path / "old").is_dir()
    play.fresh(tmp_path)
    assert not tmp_path.exists()

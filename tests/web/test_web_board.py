"""The board: who may see it, what it shows, and that it finds what the office looks for."""

from __future__ import annotations

import base64
import email
import email.policy
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
import support_endtoend as e2e
from support_web import Browser

from qforms import house
from qforms.house import House
from qforms.model import QformsError
from qforms.web import app, charts, users
from qforms.web.board import ageing, totals
from qforms.workbook.figures import Week
from qforms.workbook.view import View

STAFF, PASSWORD = "sales@company.example", "correct horse battery"
NOW = e2e.NOW


class Time:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def at_work(made_for_web: e2e.Workspace, tmp_path_factory: pytest.TempPathFactory) -> e2e.Workspace:
    """A workspace with two cases of different customers, one of them three days old."""
    ws = e2e.copy(made_for_web, tmp_path_factory.mktemp("board") / "ws")
    ws.receive(
        e2e.mail("投诉 YL-A65", "电源适配器 YL-A65 无输出，批号 A65-2603C，9 台。"),
        e2e.mail(
            "投诉 YL-H18", "加湿器 YL-H18 漏水，批号 H18-2604A，2 台，<script>alert(1)</script>。", "li@hemu.example"
        ),
    )
    ws.once(NOW)
    users.set_password(ws.root, STAFF, PASSWORD)
    return ws


@pytest.fixture(scope="module")
def opened(at_work: e2e.Workspace) -> Iterator[House]:
    with house.opened(at_work.root) as h:
        yield h


@pytest.fixture
def time() -> Time:
    return Time(NOW + timedelta(days=3))


@pytest.fixture
def visitor(opened: House, time: Time) -> Browser:
    return Browser(app.build(opened, time))


def login(visitor: Browser, password: str = PASSWORD, who: str = STAFF, to: str = "/board") -> Any:
    token = visitor.get("/board/login").token
    return visitor.post("/board/login", {"token": token, "email": who, "password": password, "to": to})


@pytest.fixture
def clerk(visitor: Browser) -> Browser:
    assert login(visitor).headers["location"] == "/board"
    return visitor


# ---------------------------------------------------------------- who may see it


@pytest.mark.parametrize("path", ["/board", "/board/search?q=x", "/board/case/TS-202605-0001"])
def test_nobody_sees_it_without_a_login(visitor: Browser, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status == 303 and answer.headers["location"] == f"/board/login?to={path.partition('?')[0]}"
    assert not answer.body


def test_a_login_lasts_for_hours_and_ends_by_a_word(clerk: Browser, time: Time) -> None:
    assert clerk.get("/board").status == 200
    time.now += timedelta(hours=13)
    assert clerk.get("/board").status == 303
    assert login(clerk).status == 303 and clerk.get("/board").status == 200
    clerk.post("/board/logout", {})  # of another site: nothing happens
    assert clerk.get("/board").status == 200
    clerk.post("/board/logout", {"token": clerk.get("/board").token})
    assert clerk.get("/board").status == 303


def test_the_cookie_is_for_this_site_alone(visitor: Browser) -> None:
    [cookie] = [c for c in login(visitor).cookies if c.startswith("qf_board")]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/board" in cookie


@pytest.mark.parametrize("who", [STAFF, "nobody@company.example", ""])
def test_a_wrong_password_and_an_unknown_user_look_the_same(visitor: Browser, who: str) -> None:
    answer = login(visitor, "wrong", who)
    assert answer.status == 401 and "邮箱或密码不对" in answer.words and "qf_board" not in visitor.cookies


def test_a_session_that_was_changed_is_none(clerk: Browser, opened: House) -> None:
    good = clerk.cookies["qf_board"]
    who, until, mac = good.split(".")
    for bad in (f"{who}.{int(until) + 1}.{mac}", f"{who}.{until}.{'0' * 64}", f"x.{until}.{mac}", "..", "é.1.x", ""):
        clerk.cookies["qf_board"] = bad
        assert clerk.get("/board").status == 303, bad
    users.set_password(opened.settings.root, STAFF, PASSWORD)  # again, with another salt: every session ends
    clerk.cookies["qf_board"] = good
    assert clerk.get("/board").status == 303


def test_passwords_cannot_be_tried_for_long(visitor: Browser) -> None:
    assert [login(visitor, f"wrong {n}").status for n in range(11)] == [401] * 10 + [429]
    assert login(visitor).status == 429


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/board//evil", "/board\\evil", "/", "/board/logout", "/board?x=1"]
)
def test_the_login_leads_nowhere_else(visitor: Browser, to: str) -> None:
    assert login(visitor, to=to).headers["location"] == "/board"


def test_passwords_are_kept_as_hashes_for_the_program_alone(opened: House) -> None:
    file = opened.settings.root / users.FILE
    assert PASSWORD not in file.read_text("utf-8") and stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(QformsError, match="10"):
        users.set_password(opened.settings.root, STAFF, "short")


def test_a_password_is_for_our_own_people(at_work: e2e.Workspace) -> None:
    status, _, said = e2e.command("web-password", str(at_work.root), "nobody@evil.example")
    assert status == 1 and "nobody@evil.example" in said


def test_without_a_board_there_is_none(opened: House, monkeypatch: pytest.MonkeyPatch) -> None:
    web = opened.settings.web.model_copy(update={"board": False})
    monkeypatch.setattr(opened, "settings", opened.settings.model_copy(update={"web": web}))
    page = Browser(app.build(opened))
    assert page.get("/board").status == page.get("/board/login").status == 404 and page.get("/").status == 200


# ---------------------------------------------------------------- what it shows


def test_it_shows_what_the_workbook_shows(clerk: Browser, at_work: e2e.Workspace) -> None:
    words = clerk.get("/board").words
    for word in ("待办", "逾期", "正在走的时限", "新投诉", "TS-202605-0001", "TS-202605-0002", "YL-A65", "逾期有多久"):
        assert word in words, word
    assert clerk.get("/board?lang=en").words.count("overdue") > 1


def test_what_customers_wrote_is_text_and_nothing_else(clerk: Browser) -> None:
    for path in (
        "/board",
        "/board/case/TS-202605-0002",
        f"/board/search?q={quote('漏水')}",
        "/board/search?q=%3Cscript%3E",
    ):
        assert "<script" not in clerk.get(path).text


def test_a_case_with_its_values_deadlines_letters_and_history(clerk: Browser) -> None:
    words = clerk.get("/board/case/TS-202605-0001").words
    for word in ("客户投诉记录表", "A65-2603C", "24 h 联系", "wang@qiyuan.example", "经过", "信件", "机理组"):
        assert word in words, word
    assert clerk.get("/board/case/TS-202605-9999").status == 404


def test_it_follows_what_the_daemon_does_meanwhile(clerk: Browser, at_work: e2e.Workspace, time: Time) -> None:
    assert "YL-C90" not in clerk.get("/board").words
    at_work.receive(e2e.mail("投诉 YL-C90", "控制器 YL-C90 死机，批号 C90-2605A，1 台。"))
    at_work.once(time.now)
    time.now += timedelta(seconds=11)
    assert "YL-C90" in clerk.get("/board").words


@pytest.mark.parametrize(
    "words", ["无输出", "无", "A65-2603C", "a65", "qiyuan", "TS-202605-0001", "启元 没有", "漏水 2604A"]
)
def test_searching(clerk: Browser, words: str) -> None:
    found = clerk.get(f"/board/search?q={quote(words)}").words
    assert ("没有找到" in found) == (words == "启元 没有")


# ---------------------------------------------------------------- its figures


def test_overdue_by_age_and_department(opened: House) -> None:
    clocks = opened.ledger.clocks(("running", "overdue"))
    at = max(c.due_at for c in clocks) + timedelta(hours=1)
    view = View("云岭", at, UTC, clocks=clocks, rulebook=opened.procedures.rulebook)
    rows = ageing(view, "zh")
    shown = [c for c in view.shown_clocks if c.met_at is None]
    assert totals(rows)[-1] == len(shown) == sum(row[-1] for _, row in rows)
    assert all(sum(row[:-1]) == row[-1] for _, row in rows)
    youngest = [c for c in shown if at - c.due_at <= timedelta(days=1)]
    assert totals(rows)[0] == len(youngest)


def test_charts_say_when_there_is_nothing() -> None:
    t = {"chart_pareto": "问题分类", "chart_weeks": "每周不良率", "no_data": "无数据"}
    limits = (Decimal(3), Decimal(10))
    assert "无数据" in charts.pareto((), t) and "无数据" in charts.weeks((), limits, t)
    bars = charts.pareto([("<功能>", Decimal(9), Decimal(90)), ("外观", Decimal(1), Decimal(100))], t)
    assert bars.count("<rect") == 2 and "&lt;功能&gt;" in bars and "<功能>" not in bars
    line = charts.weeks(
        [Week("W18", Decimal(1), Decimal(500), Decimal(2)), Week("W19*", Decimal(0), Decimal(0), None)], limits, t
    )
    assert line.count("<circle") == 1 and "3‰" in line and "1 %" in line


# ---------------------------------------------------------------- a link by mail instead of a password


def ask_link(visitor: Browser, who: str) -> Any:
    token = visitor.get("/board/login").token
    return visitor.post("/board/login/mail", {"token": token, "email": who, "password": ""})


def mailed(at_work: e2e.Workspace) -> list[str]:
    """The links in all mails so far, oldest first."""
    found = sorted((at_work.root / "sent/new").iterdir(), key=lambda p: p.stat().st_mtime_ns)
    mails = [email.message_from_bytes(p.read_bytes(), policy=email.policy.default) for p in found]
    said = [m.get_body(("plain",)).get_content() for m in mails if m["X-Qforms-Key"].startswith("login:")]  # type: ignore[union-attr]
    return [re.search(r"/board/link/\S+", text)[0] for text in said]  # type: ignore[index]


def test_a_link_by_mail_logs_in_once(visitor: Browser, at_work: e2e.Workspace, time: Time) -> None:
    before = len(mailed(at_work))
    told = ask_link(visitor, "Quality@company.example")
    assert told.status == 200 and "15 分钟" in told.words
    [link] = mailed(at_work)[before:]
    phone = Browser(visitor.app, client="198.51.100.9")  # where the mail is read
    for _ in range(2):  # a mail program that looks at links first uses nothing up
        page = phone.get(link)
        assert page.status == 200 and "quality@company.example" in page.words and "qf_board" not in phone.cookies
    assert phone.post(link, {}).status == 403 and phone.post(link, {"token": "1.x"}).status == 403  # another site
    assert phone.post(link, {"token": page.token}).headers["location"] == "/board"
    assert phone.get("/board").status == 200
    replay = Browser(visitor.app, client="198.51.100.10")
    assert replay.get(link).status == 403 and "用过" in replay.get(link).words
    again = replay.post(link, {"token": replay.get("/board/login").token})
    assert again.status == 403 and "qf_board" not in replay.cookies
    time.now += timedelta(hours=13)
    assert phone.get("/board").status == 303


def test_a_link_is_good_for_a_quarter_of_an_hour(visitor: Browser, at_work: e2e.Workspace, time: Time) -> None:
    ask_link(visitor, "quality@company.example")
    link = mailed(at_work)[-1]
    time.now += timedelta(minutes=14)
    page = visitor.get(link)
    assert page.status == 200
    time.now += timedelta(minutes=2)
    assert visitor.post(link, {"token": page.token}).status == 403


def test_whoever_has_no_role_or_is_unknown_hears_the_same_and_gets_nothing(
    visitor: Browser, at_work: e2e.Workspace
) -> None:
    before = len(mailed(at_work))
    known = ask_link(visitor, "quality@company.example")
    for who in (
        "nobody@company.example",
        "wang@qiyuan.example",
        "finance@company.example",
        "",
        "x\r\nBcc: y@z.example",
    ):
        answer = ask_link(Browser(visitor.app, client=f"198.51.100.{len(who)}"), who)
        assert (answer.status, answer.words) == (known.status, known.words), who
    assert len(mailed(at_work)) == before + 1


def test_a_link_that_was_changed_is_none(visitor: Browser, at_work: e2e.Workspace) -> None:
    ask_link(visitor, "quality@company.example")
    link = mailed(at_work)[-1]
    who, until, nonce, mac = link.rpartition("/")[2].split(".")
    other = base64.urlsafe_b64encode(b"gm@company.example").decode().rstrip("=")
    forged = (
        f"{other}.{until}.{nonce}.{mac}",
        f"{who}.{int(until) + 60}.{nonce}.{mac}",
        f"{who}.{until}.{nonce}.",
        "x",
    )
    for token in (*forged, f"{who}.{until}.{'0' * 16}.{mac}", f"{who}.{until}.../../etc.{mac}"):
        assert visitor.get(f"/board/link/{token}").status in (403, 404), token


def test_links_are_not_asked_for_without_end(visitor: Browser, at_work: e2e.Workspace) -> None:
    before = len(mailed(at_work))
    others = [Browser(visitor.app, client=f"198.51.100.{n}") for n in range(5)]
    assert [ask_link(b, "gmo@company.example").status for b in others] == [200, 200, 200, 429, 429]
    assert [ask_link(b, "none@company.example").status for b in others] == [200, 200, 200, 429, 429]  # nobody's, too
    assert len(mailed(at_work)) == before + 3
    assert [ask_link(visitor, f"{n}@company.example").status for n in range(11)][-1] == 429
    assert visitor.post("/board/login/mail", {"email": "gmo@company.example"}).status == 403


def test_where_nobody_may_links_are_not_offered(opened: House, time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    web = opened.settings.web.model_copy(update={"login_by_mail": ()})
    monkeypatch.setattr(opened, "settings", opened.settings.model_copy(update={"web": web}))
    visitor = Browser(app.build(opened, time))
    assert "/board/login/mail" not in visitor.get("/board/login").text
    assert ask_link(visitor, "quality@company.example").status == 404

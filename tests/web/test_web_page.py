"""The page for customers: what it asks, what it takes, what it refuses, and that it loses nothing."""

from __future__ import annotations

import asyncio
import email
import email.policy
import itertools
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_endtoend import Workspace
from support_web import MP4, PNG, Browser, form, multipart

from qforms.house import House
from qforms.model import Delivery, Record
from qforms.web import app, guard, inputs, submission, uploads
from qforms.web.pages import Pages
from qforms.web.site import _wished

GOOD = {
    "customer_name": "深圳启远智能科技有限公司",
    "contact_name": "王先生",
    "contact_email": "wang@qiyuan.example",
    "product_model": "YL-A65",
    "lot_no": "A65-2603C",
    "defect_symptom": "通电 5 min 内无输出",
    "defect_qty": "9",
    "customer_demand": ["exchange", "report_8d"],
}
NOW = datetime(2026, 5, 6, 6, 20, tzinfo=UTC)


Own = tuple[Workspace, House]


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def page(opened: House, time: Time) -> Browser:
    return Browser(app.build(opened, time))


def waiting(ws: Workspace) -> list[Path]:
    return sorted((ws.root / "web/new").iterdir())


def sent(ws: Workspace) -> EmailMessage:
    [file] = waiting(ws)
    found = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def send(page: Browser, files: Any = (), **changes: Any) -> Any:
    return page.post("/feedback", {"token": page.get("/").token, **GOOD, **changes}, files)


# ---------------------------------------------------------------- what it asks


def test_it_asks_what_the_form_leaves_to_its_customer(opened: House) -> None:
    form_ = opened.procedures.catalogue.form("complaint")
    asked = {i.name for g in inputs.groups(form_, "zh") for i in g.inputs}
    assert {"customer_name", "contact_phone", "product_model", "lot_no", "defect_symptom", "evidence"} <= asked
    assert not asked & {"severity", "prelim_class", "responsible_dept", "loss_estimate", "mechanism_group", "channel"}


@pytest.mark.parametrize(
    ("header", "path", "word"),
    [("zh-CN,zh;q=0.9", "/", "质量反馈"), ("en-GB,en;q=0.8,zh;q=0.3", "/", "Quality feedback"),
     ("fr", "/", "质量反馈"), ("zh", "/?lang=en", "Quality feedback")],
)  # fmt: skip
def test_its_language_is_the_reader_s(page: Browser, header: str, path: str, word: str) -> None:
    assert word in page.get(path, accept_language=header).words


def test_a_language_that_was_chosen_stays(page: Browser) -> None:
    page.get("/?lang=en")
    assert "Quality feedback" in page.get("/", accept_language="zh-CN").words


@given(st.text(max_size=60))
def test_no_accept_language_is_too_odd(header: str) -> None:
    assert _wished(header) in ("zh", "en", None)


# ---------------------------------------------------------------- what it takes


def test_a_report_is_a_mail_in_the_spool_with_the_form_and_the_files(ws: Workspace, page: Browser) -> None:
    answer = send(page, [("evidence", "照片 1.png", PNG), ("evidence", "video.mp4", MP4)])
    assert answer.status == 303
    mail = sent(ws)
    receipt = answer.headers["location"].split("/")[2]
    assert re.fullmatch(r"R20260506-[2-9A-Z]{8}", receipt)
    assert receipt in mail["Message-ID"] and receipt in mail["Subject"]
    assert mail["From"] == "王先生 <wang@qiyuan.example>"
    body = mail.get_body(("plain",))
    assert body is not None and "问题现象：通电 5 min 内无输出" in body.get_content()
    assert "客户要求：换货、8D报告" in body.get_content()
    parts = {p.get_filename(): p.get_payload(decode=True) for p in mail.iter_attachments()}
    assert parts["照片 1.png"] == PNG and parts["video.mp4"] == MP4
    form_ = json.loads(parts[f"{receipt}.json"])
    assert form_["form"] == "complaint" and form_["values"]["lot_no"] == "A65-2603C"
    assert set(form_["values"]) == set(GOOD)
    assert not list((ws.root / "web/tmp").iterdir())


def test_from_the_page_to_the_case_and_the_state_of_it(own: Own) -> None:
    ws, opened = own
    page = Browser(app.build(opened, lambda: NOW))
    link = send(page, [("evidence", "照片.png", PNG)], defect_symptom="通电后冒烟").headers["location"]
    early = page.get(link)
    assert early.status == 200 and "正在登记" in early.words and "回执号" in early.words
    ws.once(NOW)
    [case] = ws.records()
    values = case["values"]
    assert values["channel"] == "web" and values["defect_qty"] == 9 and values["danger_words"] == ["冒烟"]
    assert [row["name"] for row in values["evidence"]] == ["照片.png"]
    [came] = [d for d in ws.deliveries() if d["channel"] == "web"]
    assert came["outcome"] == "accepted" and came["numbers"] == [case["number"]]
    late = page.get(link)
    assert case["number"] in late.words and "通电后冒烟" in late.words and "发出确认信" in late.words
    assert any(case["number"] in str(row) for row in ws.rows("投诉台账"))
    letter = next(m for m in map(_mail, ws.sent()) if "wang@qiyuan.example" in m["To"])
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None and html is not None
    mailed = re.search(r"http://testserver(/s/\S+)", text.get_content())
    assert mailed and case["number"] in page.get(mailed[1]).words
    assert f'href="http://testserver{mailed[1]}"' in html.get_content()
    _nothing_internal(ws, page, case["number"], link)


def _nothing_internal(ws: Workspace, page: Browser, number: str, link: str) -> None:
    """What the office judges shows to nobody outside; nor does what would tell a stranger who wrote."""
    said = {
        "valid_complaint": "invalid",
        "valid_reason": "内部理由",
        "loss_estimate": "98765.00",
        "prelim_analysis": "内部分析",
    }
    ws.drop("judged.json", {"form": "complaint", "number": number, "by": "quality", "values": said})
    ws.once(NOW + timedelta(minutes=1))
    assert ws.records()[0]["values"]["valid_reason"] == "内部理由"
    shown = page.get(link).words
    for word in ("内部", "98765", "MG-", "工程部", "销售部", "8003-", "wang@qiyuan.example", "王先生"):
        assert word not in shown, word


def _mail(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_whoever_writes_through_the_page_gets_a_case(own: Own) -> None:
    """With a telephone alone, from an address that in a mail would be a machine's, from one of ours, in English."""
    ws, opened = own
    page = Browser(app.build(opened, lambda: NOW))
    send(page, [("evidence", "a.png", PNG)], contact_email="", contact_phone="0755-8123 4567", lot_no="A-1")
    send(page, contact_email="noreply@qiyuan.example", lot_no="A-2")
    # fields that are not the customer's are not even read, and an address of ours proves nothing
    send(page, contact_email="sales@company.example", prelim_class="misuse", responsible_dept="工程部", lot_no="A-3")
    token = page.get("/?lang=en").token
    page.post("/feedback", {"token": token, **GOOD, "defect_symptom": "没有输出", "lot_no": "A-4"})
    assert all(set(json.loads(_form(_mail(f.read_bytes())))["values"]) <= {*GOOD, "contact_phone"} for f in waiting(ws))
    ws.once(NOW)
    cases = {case["values"]["lot_no"]: case["values"] for case in ws.records()}
    assert set(cases) == {"A-1", "A-2", "A-3", "A-4"} and {v["channel"] for v in cases.values()} == {"web"}
    assert cases["A-1"]["contact_phone"] == "0755-8123 4567" and len(cases["A-1"]["evidence"]) == 1
    assert "prelim_class" not in cases["A-3"] and "responsible_dept" not in cases["A-3"]
    letters = [m.get_body(("plain",)) for m in map(_mail, ws.sent()) if "wang@qiyuan.example" in m["To"]]
    assert any(body is not None and "we have received your report" in body.get_content() for body in letters)


def _form(mail: EmailMessage) -> bytes:
    found = next(p for p in mail.iter_attachments() if p.get_content_type() == "application/json")
    data = found.get_payload(decode=True)
    assert isinstance(data, bytes)
    return data


@given(name=st.text(min_size=1, max_size=80), said=st.text(max_size=200))
def test_no_text_breaks_the_head_of_the_mail(name: str, said: str) -> None:
    """Whatever is typed, the head has the lines that we wrote, and the JSON what was typed."""
    values = {"contact_name": name, "contact_email": "a@b.example", "defect_symptom": said}
    made = submission.Submission("R20260506-AAAAAAAA", "zh", NOW, values, [("问题现象", said)])
    from io import BytesIO

    from qforms.settings import Settings

    out = BytesIO()
    submission._write(out, made, Settings(root=Path("/nowhere")))
    mail = _mail(out.getvalue())
    assert [k for k in mail if k in ("Bcc", "Cc")] == [] and len(mail.get_all("Subject", [])) == 1
    assert mail["From"].addresses[0].addr_spec == "a@b.example"
    assert json.loads(_form(mail))["values"] == values


def test_it_waits_a_moment_for_the_number(opened: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon is quick: the number is there when the page comes back."""
    set_web(opened, monkeypatch, number_seconds=60)
    asked: list[str] = []

    def found(self: Pages, receipt: str) -> Record | None:
        asked.append(receipt)
        return Record("complaint", "TS-202605-0001", 0, "open", "TS-202605-0001", {}) if len(asked) > 2 else None

    monkeypatch.setattr(Pages, "_found", found)
    page = Browser(app.build(opened))
    link = send(page).headers["location"]
    assert len(asked) == 3 and {f"/s/{receipt}" for receipt in asked} == {link.rpartition("/")[0]}
    assert "TS-202605-0001" in page.get(link).words


def test_two_hundred_at_once_and_none_is_lost(ws: Workspace, opened: House) -> None:
    site = app.build(opened)
    token_of = Browser(site)
    token = token_of.get("/").token

    async def one(n: int) -> Any:
        visitor = Browser(site, client=f"198.51.100.{n}", cookies=dict(token_of.cookies))
        kind, body = multipart(
            {"token": token, **GOOD, "customer_complaint_no": f"KH-{n:03d}"},
            [("evidence", f"{n}.png", PNG + bytes([n]))],
        )
        return await visitor.asked("POST", "/feedback", [body], content_type=kind, content_length=str(len(body)))

    async def all_() -> list[Any]:
        return await asyncio.gather(*(one(n) for n in range(200)))

    answers = asyncio.run(all_())
    assert [a.status for a in answers] == [303] * 200
    assert len({a.headers["location"] for a in answers}) == 200
    names = {json.loads(_form(_mail(f.read_bytes())))["values"]["customer_complaint_no"] for f in waiting(ws)}
    assert names == {f"KH-{n:03d}" for n in range(200)}
    source = next(s for s in opened.sources(None, once=True) if s.name == "web")
    found = list(source.waiting())
    assert len(found) == 200 and {d.channel for d in found} == {"web"} and isinstance(found[0], Delivery)


# ---------------------------------------------------------------- what it refuses, and gives back


def test_what_is_missing_or_wrong_is_said_at_its_place_and_what_was_typed_comes_back(
    ws: Workspace, page: Browser
) -> None:
    answer = send(
        page, customer_name="", contact_email="", defect_qty="很多", lot_no="A65-2603C", occurred_at="2026-02-31T10:00"
    )
    assert answer.status == 422 and not waiting(ws)
    for name in ("customer_name", "contact_phone", "defect_qty", "occurred_at"):
        assert f'id="{name}-fault"' in answer.text, name
    assert 'value="A65-2603C"' in answer.text and "通电 5 min 内无输出" in answer.text
    assert 'value="exchange" checked' in answer.text


def test_neither_model_nor_symptom_is_no_report(ws: Workspace, page: Browser) -> None:
    assert send(page, product_model="", defect_symptom="").status == 422
    assert not waiting(ws)


@pytest.mark.parametrize(
    "address", ["wang", "wang@", "@x.example", "a b@x.example", "a@b", "a@x.example,b@y.example", "<a@x.example>"]
)
def test_what_is_no_address_is_asked_again(page: Browser, address: str) -> None:
    answer = send(page, contact_email=address)
    assert answer.status == 422 and 'id="contact_email-fault"' in answer.text


@pytest.mark.parametrize(
    ("name", "data"),
    [("photo.jpg", b"MZ" + bytes(2000)), ("photo.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
     ("a.mp4", b"PK\x03\x04" + bytes(100)), ("a.html", b"<html><script>alert(1)</script>"), ("empty.png", b"")],
)  # fmt: skip
def test_a_file_that_is_not_what_it_says_is_refused_by_name(
    ws: Workspace, page: Browser, name: str, data: bytes
) -> None:
    answer = send(page, [("evidence", name, data)])
    assert answer.status == 422 and name in answer.words and not waiting(ws)


def test_a_picture_under_a_wrong_name_is_taken_and_named_as_what_it_is(ws: Workspace, page: Browser) -> None:
    send(page, [("evidence", "../../evil.exe", PNG)])
    names = {p.get_filename() for p in sent(ws).iter_attachments()}
    assert "evil.png" in names


def test_one_file_too_large_or_too_many_files(ws: Workspace, page: Browser) -> None:
    large = send(page, [("evidence", "big.png", PNG + bytes(1_200_000))])
    assert large.status == 422 and "big.png" in large.words and "1 MB" in large.words
    many = send(page, [("evidence", f"{n}.png", PNG) for n in range(5)])
    assert many.status == 400 and "4" in many.words
    assert not waiting(ws)


def endless() -> Iterator[bytes]:
    head = b'--x\r\nContent-Disposition: form-data; name="evidence"; filename="a.png"\r\n\r\n' + PNG
    return itertools.chain([head], itertools.repeat(bytes(65536)))


def test_a_body_without_end_is_cut_off(ws: Workspace, page: Browser) -> None:
    answer = page.ask("POST", "/feedback", endless(), content_type="multipart/form-data; boundary=x")
    assert answer.status == 413 and "3 MB" in answer.words
    assert answer.headers["connection"] == "close" and not waiting(ws)


def test_a_body_that_is_longer_than_it_says_is_cut_off(ws: Workspace, page: Browser) -> None:
    answer = page.ask(
        "POST", "/feedback", endless(), content_type="multipart/form-data; boundary=x", content_length="100"
    )
    assert answer.status == 413 and not waiting(ws)


@pytest.mark.parametrize("length", ["99999999999", "-1", "x", "1e9"])
def test_a_length_that_is_too_much_or_none_is_refused_before_reading(page: Browser, length: str) -> None:
    answer = page.ask("POST", "/feedback", [b""], content_type="multipart/form-data; boundary=x", content_length=length)
    assert answer.status == 413


@pytest.mark.parametrize(
    ("kind", "body"),
    [("multipart/form-data", b"no border"), ("multipart/form-data; boundary=x", b"--y\r\n\r\n"),
     ("application/json", b'{"form":"complaint"}'), ("", b"\x00\xff")],
)  # fmt: skip
def test_what_is_no_form_is_refused_and_nothing_kept(ws: Workspace, page: Browser, kind: str, body: bytes) -> None:
    assert page.ask("POST", "/feedback", [body], content_type=kind).status in (400, 403)
    assert not waiting(ws)


def test_words_alone_may_not_be_endless_either(page: Browser) -> None:
    answer = page.ask(
        "POST", "/feedback", itertools.repeat(b"a" * 65536), content_type="application/x-www-form-urlencoded"
    )
    assert answer.status in (400, 413)


def test_a_form_of_another_site_is_not_taken_and_not_lost(ws: Workspace, page: Browser, time: Time) -> None:
    token = page.get("/").token
    for answer in (
        page.post("/feedback", {**GOOD}),
        page.post("/feedback", {**GOOD, "token": "1.x"}),
        page.post("/feedback", {**GOOD, "token": token}, sec_fetch_site="cross-site"),
        Browser(page.app, cookies={guard.COOKIE: "a" * 32}).post("/feedback", {**GOOD, "token": token}),
        Browser(page.app).post("/feedback", {**GOOD, "token": token}),
    ):
        assert answer.status == 403 and 'value="A65-2603C"' in answer.text
    time.now += timedelta(hours=13)
    stale = page.post("/feedback", {**GOOD, "token": token})
    assert stale.status == 403 and not waiting(ws)
    assert page.post("/feedback", {**GOOD, "token": stale.token}).status == 303  # sent again, it is taken


def test_who_fills_in_the_hidden_field_is_asked_to_clear_it(ws: Workspace, page: Browser) -> None:
    answer = send(page, website="http://spam.example")
    assert answer.status == 403 and 'value="A65-2603C"' in answer.text and "spam.example" not in answer.text
    assert not waiting(ws)


def set_web(opened: House, patch: pytest.MonkeyPatch, **changes: Any) -> None:
    web = opened.settings.web.model_copy(update=changes)
    patch.setattr(opened, "settings", opened.settings.model_copy(update={"web": web}))


def test_one_address_may_not_send_too_often_and_another_may(
    ws: Workspace, opened: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_web(opened, monkeypatch, per_hour=2)
    site = app.build(opened)
    visitor, other = Browser(site), Browser(site, client="203.0.113.8")
    assert [send(visitor).status for _ in range(3)] == [303, 303, 429]
    assert send(other).status == 303 and len(waiting(ws)) == 3


def test_when_the_spool_is_full_the_page_says_where_to_write(
    ws: Workspace, opened: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_web(opened, monkeypatch, waiting=1)
    page = Browser(app.build(opened))
    assert send(page).status == 303
    full = send(page)
    assert full.status == 503 and "quality@company.example" in full.words and 'value="A65-2603C"' in full.text


def test_what_cannot_be_kept_leaves_nothing_behind(ws: Workspace, page: Browser) -> None:
    (ws.root / "web/new").rename(ws.root / "web/away")
    assert send(page).status == 503
    assert not list((ws.root / "web/tmp").iterdir())


# ---------------------------------------------------------------- the state of a case


def test_a_wrong_secret_and_an_unknown_number_look_the_same(ws: Workspace, page: Browser) -> None:
    link = send(page).headers["location"]
    *_, receipt, secret = link.split("/")
    wrong = ("2" if secret[0] != "2" else "3") + secret[1:]
    answers = [
        page.get(f"/s/{receipt}/{wrong}"),
        page.get(f"/s/R20260506-ZZZZZZZZ/{wrong}"),
        page.get(f"/s/TS-202605-0001/{secret}"),
        page.get(f"/s/{receipt}/{secret[:-1]}"),
        page.get(f"/s/{'x' * 200}/{'密' * 26}"),
    ]
    assert {a.status for a in answers} == {404}
    plain = {re.sub(r"/s/[^\"?]*|value=\"[^\"]*\"", "", a.text) for a in answers}
    assert len(plain) == 1 and "没有找到" in plain.pop()


# ---------------------------------------------------------------- every answer


@pytest.mark.parametrize("path", ["/", "/s/x/y", "/static/style.css", "/nowhere", "/board", "/board/login", "/healthz"])
def test_every_answer_has_the_headers_that_keep_it_safe(page: Browser, path: str) -> None:
    answer = page.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script" not in policy and "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in answer.headers
    assert "<script" not in answer.text and "style=" not in answer.text and " onclick" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/texts.toml",
        "/static/texts.toml",
        "/static//etc/passwd",
    ],
)
def test_nothing_but_the_two_files_is_served(page: Browser, path: str) -> None:
    assert page.get(path).status == 404


def test_a_bug_is_told_kindly_and_with_the_same_headers(opened: House, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Browser(app.build(opened))
    monkeypatch.setattr(inputs, "read", lambda *_: 1 / 0)
    token = page.get("/").token
    with pytest.raises(ZeroDivisionError):
        page.post("/feedback", {"token": token, **GOOD})
    # the server logs what is raised after the answer; what the customer saw is in the log of the house
    assert "web page failed" in (opened.settings.root / "logs/qforms.log").read_text("utf-8")


def test_both_languages_have_every_word(opened: House) -> None:
    from qforms.web.site import Site

    texts = Site(opened, lambda: NOW, opened.log).texts
    assert texts["zh"].keys() == texts["en"].keys()


def test_the_logo_is_that_of_the_forms(ws: Workspace, page: Browser) -> None:
    from io import BytesIO

    from PIL import Image

    assert page.get("/static/logo").status == 404
    out = BytesIO()
    Image.new("RGB", (200, 60), "navy").save(out, "PNG")
    (ws.root / "form_templates/logo.png").write_bytes(out.getvalue())
    try:
        assert page.get("/static/logo").headers["content-type"] == "image/jpeg" and "/static/logo" in page.get("/").text
    finally:
        (ws.root / "form_templates/logo.png").unlink()


# ---------------------------------------------------------------- the parts


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 50)), max_size=60))
def test_a_cap_never_lets_more_through_than_it_says(steps: list[tuple[str, float]]) -> None:
    now = [0.0]
    limiter = guard.Limiter(5, 100.0, lambda: now[0])
    let: dict[str, list[float]] = {"a": [], "b": []}
    for who, wait in steps:
        now[0] += wait
        if limiter.allows(who):
            let[who].append(now[0])
    for times in let.values():
        assert all(sum(start <= t < start + 100.0 for t in times) <= 10 for start in times)


def test_ipv6_counts_by_network() -> None:
    from starlette.requests import Request

    def who(host: str) -> str:
        return guard.client(Request({"type": "http", "client": (host, 1), "headers": []}))

    assert who("2001:db8::1") == who("2001:db8::ffff:1") != who("2001:db8:0:1::1") and who("192.0.2.1") != who(
        "192.0.2.2"
    )


@pytest.mark.parametrize(
    ("kind", "taken"),
    [("image/jpeg", True), ("image/heic", True), ("video/quicktime", True), ("application/pdf", True),
     ("image/svg+xml", False), ("text/html", False), ("application/zip", False), ("image/x-psd", False)],
)  # fmt: skip
def test_kinds_that_are_taken(kind: str, taken: bool) -> None:
    assert uploads.allowed(kind) is taken


def test_an_ordinary_form_without_files_is_taken_too(ws: Workspace, page: Browser) -> None:
    body = form({"token": page.get("/").token, **GOOD})
    answer = page.ask("POST", "/feedback", [body], content_type="application/x-www-form-urlencoded")
    assert answer.status == 303 and len(waiting(ws)) == 1


# ---------------------------------------------------------------- photos of a report that came back


def held(answer: Any) -> list[str]:
    return re.findall(r'name="kept" value="([0-9a-f]{32})" checked', answer.text)


def test_photos_need_not_be_chosen_again_when_something_else_was_wrong(ws: Workspace, page: Browser) -> None:
    back = send(page, [("evidence", "照片 1.png", PNG), ("evidence", "v.mp4", MP4)], contact_email="none")
    first, second = held(back)
    assert back.status == 422 and "照片 1.png" in back.words and "重新选择" not in back.words and not waiting(ws)
    again = {**GOOD, "token": back.token, "kept": [first, second], "contact_email": "still none"}
    back = page.post("/feedback", again)
    assert held(back) == [first, second]  # however often
    third = ("evidence", "照片 2.png", PNG + b"2")
    answer = page.post("/feedback", {**GOOD, "token": back.token, "kept": [first]}, [third])  # one unticked, one more
    assert answer.status == 303
    names = {p.get_filename(): p.get_payload(decode=True) for p in sent(ws).iter_attachments()}
    assert names["照片 1.png"] == PNG and names["照片 2.png"] == PNG + b"2" and "v.mp4" not in names
    late = page.post("/feedback", {**GOOD, "token": back.token, "kept": [first], "contact_email": "none"})
    assert held(late) == []  # what was sent is not kept any longer


def test_what_was_kept_is_its_visitor_s_alone_and_for_an_hour(ws: Workspace, page: Browser, time: Time) -> None:
    photo = ("evidence", "a.png", PNG)
    [mine] = held(send(page, [photo], contact_email="none"))
    other = Browser(page.app)
    for ids in ([mine], ["../" * 10 + "etc"], [mine[:-1] + "g"], ["0" * 32]):
        answer = other.post("/feedback", {**GOOD, "token": other.get("/").token, "kept": ids, "contact_email": "none"})
        assert held(answer) == []
    time.now += timedelta(minutes=61)
    assert (
        held(page.post("/feedback", {**GOOD, "token": page.get("/").token, "kept": mine, "contact_email": "x"})) == []
    )
    send(page, [photo], contact_email="none")
    assert len(list((ws.root / "web/.again").rglob("*.bin"))) == 1  # the forgotten one is deleted


def test_what_was_kept_counts_among_what_may_be_sent(page: Browser) -> None:
    photos = [("evidence", f"{n}.png", PNG + bytes([n])) for n in range(3)]
    back = send(page, photos, contact_email="none")
    many = page.post("/feedback", {**GOOD, "token": back.token, "kept": held(back)}, photos[:2])
    assert many.status == 413 and "4" in many.words and len(held(many)) == 3
    big = PNG + bytes(990_000)
    back = send(page, [("evidence", f"{n}.png", big) for n in range(2)], contact_email="none")
    both = page.post(
        "/feedback",
        {**GOOD, "token": back.token, "kept": held(back)},
        [("evidence", f"{n}.png", big) for n in range(2)],
    )
    assert both.status == 413 and len(held(both)) == 2


def test_without_room_the_photos_are_asked_for_again(
    ws: Workspace, opened: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_web(opened, monkeypatch, free_mb=10**9)
    back = send(Browser(app.build(opened)), [("evidence", "a.png", PNG)], contact_email="none")
    assert back.status == 422 and "重新选择照片" in back.words and not held(back)


def test_a_file_that_is_no_photo_is_named_and_the_others_stay(page: Browser) -> None:
    back = send(page, [("evidence", "a.png", PNG), ("evidence", "b.exe", b"MZ" + bytes(500))])
    assert back.status == 422 and "b.exe" in back.words and len(held(back)) == 1

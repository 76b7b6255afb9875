"""Attacks by mail on a whole workspace: whoever is not who he says he is changes nothing and learns nothing."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from support_endtoend import NEVER_QUIET, NOW, Workspace, command, copy, mail

from qforms import house, intake, settings, stamp
from qforms.desk import Taken
from qforms.model import Delivery, Letter, Record

OURS = "mx.company.example"
REPORT, CASE = "8001-202605-0001", "TS-202605-0001"
SECRETS = ("禾木", "YL-X1", "LOT-77", "打火")
VICTIM = {"customer_name": "禾木", "product_model": "YL-X1", "lot_no": "LOT-77", "defect_qty": 1,
          "defect_symptom": "打火", "defect_category": "electrical_breakdown", "severity": 3}  # fmt: skip
ENGINEERING = "engineering@company.example"
LATER = NOW + timedelta(hours=3)


class Attacked:
    """A workspace whose house stays open: deliveries are handed over and letters sent, as the loop does it."""

    def __init__(self, root: Path, h: house.House) -> None:
        self.root, self.h, self.count = root, h, 0

    def give(self, raw: bytes, now: datetime, channel: str = "maildir", name: str = "") -> Taken:
        self.count += 1
        digest = hashlib.sha256(raw).hexdigest()
        given = Delivery(channel, f"{name}{self.count}", now, raw, name, digest, self.count)  # type: ignore[arg-type]
        [taken] = self.h.handle([given], now)
        self.h.mailroom.post(now)
        return taken

    def drop(self, now: datetime, *forms: Mapping[str, Any]) -> Taken:
        return self.give(json.dumps(forms, ensure_ascii=False).encode(), now, "folder", f"{self.count}.json")

    def records(self, form: str = "complaint") -> list[Record]:
        return list(self.h.ledger.records(form))

    def report(self) -> Record:
        [found] = self.records("market_abnormality")
        return found

    def letters(self) -> list[Letter]:
        return [x for x in self.h.ledger.letters(("sent",)) if x.digest]


def strike(at: Attacked, *mails: bytes) -> tuple[list[Taken], list[EmailMessage]]:
    """What became of the mails, and the letters that went out because of them; nothing that stood may have changed."""
    before, sent = state(at), {x.intent.key for x in at.letters()}
    taken = [at.give(raw, LATER) for raw in mails]
    after = {number: now for number, now in state(at).items() if number in before}
    assert after == before, "the attack changed a record"
    new = [at.h.store.get(x.digest) for x in at.letters() if x.intent.key not in sent]
    return taken, [email.message_from_bytes(raw, policy=email.policy.default) for raw in new]  # type: ignore[misc]


def state(at: Attacked) -> dict[str, Any]:
    """What stands in the ledger and no attacker may touch."""
    forms = ("complaint", "market_abnormality", "approval", "person", "department", "customer")
    return {r.number: (r.revision, r.status, dict(r.values)) for form in forms for r in at.records(form)}


@pytest.fixture(scope="module")
def prepared(made: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two customers, a case of the first with a report on the desk of engineering; our server names itself."""
    ws = copy(made, tmp_path_factory.mktemp("attacked") / "ws")
    ws.set("trust", authserv_id=OURS)
    ws.set("issue", mode="auto", after_minutes=0)
    ws.set("outgoing", **NEVER_QUIET)
    customers = [{"name": "禾木", "domains": ["hemu.example"]}, {"name": "乙方", "domains": ["other.example"]}]
    with house.opened(ws.root) as h:
        at = Attacked(ws.root, h)
        at.drop(NOW, *({"form": "customer", "values": c} for c in customers), {"form": "complaint", "values": VICTIM})
        h.handle([], NOW + timedelta(hours=1))
        h.mailroom.post(NOW + timedelta(hours=1))
        assert at.report().number == REPORT
    return ws.root


@pytest.fixture(scope="module")
def target(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """For attacks after which all is as before: one for all of them."""
    root = Path(shutil.copytree(prepared, tmp_path_factory.mktemp("target") / "ws"))
    with house.opened(root) as h:
        yield Attacked(root, h)


@pytest.fixture
def attacked(prepared: Path, tmp_path: Path) -> Iterator[Attacked]:
    root = Path(shutil.copytree(prepared, tmp_path / "ws"))
    with house.opened(root) as h:
        yield Attacked(root, h)


def proven(domain: str) -> dict[str, str]:
    return {"Authentication_Results": f"{OURS}; dmarc=pass header.from={domain}"}


def form(at: Attacked, change: Callable[[str], str] = lambda s: s, **values: Any) -> bytes:
    """The report as engineering got it, filled in; `change` is what the attacker does to its stamp."""
    with at.h.ledger.facts() as facts:
        record = facts.record(REPORT)
    assert record is not None
    book = openpyxl.load_workbook(io.BytesIO(at.h.mailroom.enclosures.blank(record.form, "excel", "zh", record).data))
    for name, value in (values or {"cause_analysis": "假的原因", "tech_class": "批量"}).items():
        [(sheet, cell)] = book.defined_names[f"qf_{name}"].destinations
        book[sheet][cell] = value
    changed = 0
    for prop in book.custom_doc_props.props:
        if str(prop.value).startswith("qf1."):
            prop.value, changed = change(str(prop.value)), changed + 1
    for cell in (c for sheet in book for row in sheet.iter_rows() for c in row):
        if isinstance(cell.value, str) and cell.value.startswith("qf1."):
            cell.value, changed = change(cell.value), changed + 1
    assert changed, "the form bears no stamp"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def returned(at: Attacked, data: bytes, sender: str = ENGINEERING, subject: str = "8001 回复", **headers: str) -> bytes:
    return mail(subject, "已填\n", sender, [("8001.xlsx", data)], **headers)


def told(letters: list[EmailMessage], address: str) -> str:
    """All that went to an address; no document of ours may be enclosed."""
    mine = [x for x in letters if address in " ".join(str(x[h] or "") for h in ("To", "Cc", "Bcc"))]
    assert not [a for x in mine for a in x.iter_attachments() if str(a.get_filename()).endswith(".docx")]
    bodies = [(x["Subject"], x.get_body(("plain",))) for x in mine]
    return "\n".join(f"{subject}\n{body.get_content() if body else ''}" for subject, body in bodies)


# ---------------------------------------------------------------- a forged sender


@pytest.mark.parametrize(
    "results",
    [
        "",
        "mx.evil.example; dmarc=pass header.from=company.example",
        f"{OURS}; dmarc=fail header.from=company.example; spf=pass smtp.mailfrom=evil.example",
        f"{OURS}.evil.example; dmarc=pass header.from=company.example",
        f'{OURS}; spf=pass smtp.mailfrom="; dmarc=pass header.from=company.example"@evil.example',
    ],
    ids=["nothing", "their own server", "failed at ours", "a name like ours", "hidden in a local part"],
)
def test_a_forged_from_fills_in_nothing(target: Attacked, results: str) -> None:
    headers = {"Authentication_Results": results} if results else {}
    [taken], _ = strike(target, returned(target, form(target), subject=f"8001 {results}", **headers))
    assert taken.outcome == "held" and [p.code for p in taken.problems] == ["sender_unproven"]


def test_the_same_form_from_a_proven_sender_is_taken_in(attacked: Attacked) -> None:
    """So that the tests around it fail for the right reason."""
    with pytest.raises(AssertionError, match="changed a record"):
        strike(attacked, returned(attacked, form(attacked), **proven("company.example")))
    assert attacked.report().values["cause_analysis"] == "假的原因"


def test_a_second_result_below_ours_counts_for_nothing(target: Attacked) -> None:
    results = (f"Authentication-Results: {OURS}; dmarc={r} header.from=company.example\r\n" for r in ("fail", "pass"))
    [taken], _ = strike(target, "".join(results).encode() + returned(target, form(target), subject="两个"))
    assert taken.outcome == "held"


@pytest.mark.parametrize(
    ("sender", "domain"),
    [
        ("engineering@companу.example", "companу.example"),  # a Cyrillic letter
        ("engineering@xn--compan-q2f.example", "xn--compan-q2f.example"),
        ("engineering@company.example.evil.example", "company.example.evil.example"),
        ("engineering@cornpany.example", "cornpany.example"),
        ("ENGINEERING@company.example@evil.example", "evil.example"),
    ],
)
def test_an_address_that_only_looks_like_ours_is_a_stranger_s(target: Attacked, sender: str, domain: str) -> None:
    raw = returned(target, form(target), "x@evil.example", f"8001 {domain}", **proven("evil.example"))
    raw = raw.replace(b"header.from=evil.example", f"header.from={domain}".encode())
    [taken], _ = strike(target, raw.replace(b"x@evil.example", sender.encode()))
    assert taken.outcome in ("held", "refused")


def test_a_name_that_is_an_address_and_a_second_from_speak_for_nobody(target: Attacked) -> None:
    raw = returned(target, form(target), "x@evil.example", "名字", **proven("evil.example"))
    named = re.sub(rb"^From: .*$", b'From: "engineering@company.example" <x@evil.example>', raw, flags=re.M)
    other = returned(target, form(target), ENGINEERING, "两个发件人", **proven("evil.example"))
    taken, _ = strike(target, named, b"From: x@evil.example\r\n" + other)
    assert {t.outcome for t in taken} <= {"held", "refused"}


@pytest.mark.parametrize(
    "line",
    [
        "=?utf-8?Q?engineering=40company=2Eexample?= <x@evil.example>",
        "=?utf-8?B?" + base64.b64encode(b"<engineering@company.example>,").decode() + "?= <x@evil.example>",
        "=?utf-8?B?" + base64.b64encode(b"engineering@company.example").decode() + "?=",
        "=?utf-8?B?" + base64.b64encode(b'"x" <engineering@company.example>\r\nX: ').decode() + "?= <x@evil.example>",
        "=?utf-7?Q?engineering+AEA-company.example?= <x@evil.example>",
        "x@evil.example (engineering@company.example)",
        "engineering@company.example <x@evil.example>",
    ],
)
def test_an_address_in_an_encoded_name_is_no_address(target: Attacked, line: str) -> None:
    """A name that decodes to one of our addresses: it neither speaks for it nor is it shown as a name."""
    raw = returned(target, form(target), "x@evil.example", f"名字 {line}", **proven("evil.example"))
    raw = re.sub(rb"^From: .*$", f"From: {line}".encode(), raw, flags=re.M)
    taken, _ = strike(target, raw)
    assert {t.outcome for t in taken} <= {"held", "refused", "ignored"}
    found = intake.read(taken[0].delivery, target.h.procedures, target.h.office, NOW)
    assert found.address in ("x@evil.example", "") and "@" not in found.sender_name


def test_whoever_is_forwarded_speaks_for_nobody(target: Attacked) -> None:
    """A mail of engineering, enclosed in a stranger's (message/rfc822)."""
    inner = returned(target, form(target), **proven("company.example"))
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Subject"] = "x@evil.example", "quality@company.example", "转发: 8001"
    outer["Message-ID"] = "<outer@evil.example>"
    outer.set_content("请录入\n")
    outer.add_attachment(email.message_from_bytes(inner, policy=email.policy.default))
    strike(target, outer.as_bytes())


# ---------------------------------------------------------------- stolen numbers, stamps, codes


@pytest.mark.parametrize("sender", ["x@evil.example", "li@other.example"], ids=["a stranger", "another customer"])
def test_a_stolen_number_opens_a_linked_case_and_tells_nothing(target: Attacked, sender: str) -> None:
    text = f"请把 {CASE} 的 8001 报告和客户资料发给我。我们的 YL-A65 也无输出，批号 A65-2604A，4 台。\n"
    [taken], letters = strike(target, mail(f"Re: [{CASE}] 投诉", text, sender, **proven(sender.rpartition("@")[2])))
    [new] = [r for r in target.records() if r.number in taken.numbers]
    assert new.number != CASE and new.case_no == new.number
    said = told(letters, sender)
    assert new.number in said and not [w for w in SECRETS if w in said]
    assert [p for p in taken.problems if p.code == "number_not_yours" and p.context["number"] == CASE]  # the link


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s[:-1] + ("0" if s[-1] != "0" else "1"),
        lambda s: re.sub(r"\.(\d+)\.(k\d)", r".9.\2", s),
        lambda s: stamp.make("market_abnormality", REPORT, 0, {"k1": bytes(32)}),
        lambda s: s.replace(".k1.", ".k7."),
        lambda s: s.replace("market_abnormality", "cost_transfer"),
        lambda s: s.replace(REPORT, "8001-202605-0002"),
    ],
    ids=["mac", "revision", "another company's key", "a key that is none", "another form", "another number"],
)
def test_a_tampered_stamp_is_refused_and_the_sender_told(target: Attacked, change: Callable[[str], str]) -> None:
    data = form(target, change)
    raw = returned(target, data, subject=hashlib.sha256(data).hexdigest()[:8], **proven("company.example"))
    [taken], letters = strike(target, raw)
    assert taken.outcome == "refused" and "标记不对" in told(letters, ENGINEERING)


def test_a_replayed_form_overwrites_nothing(attacked: Attacked) -> None:
    forms = [form(attacked, cause_analysis=said, tech_class="批量") for said in ("第一次", "第二次")]
    mails = [returned(attacked, data, subject=f"8001 {n}", **proven("company.example")) for n, data in enumerate(forms)]
    for hour, raw in enumerate(mails):
        attacked.give(raw, NOW + timedelta(hours=1, minutes=hour))
    by_another = returned(attacked, forms[0], "x@evil.example", **proven("evil.example"))
    taken, _ = strike(attacked, mails[0], by_another)  # the very same mail, and the same form from somebody else
    assert [t.outcome for t in taken] == ["duplicate", "held"]
    assert attacked.report().values["cause_analysis"] == "第二次"


def test_a_form_of_a_closed_report_is_told_so(attacked: Attacked) -> None:
    data = form(attacked)
    engineering = {"withdraw_engineering": True, "withdraw_reason": "重复"}
    for role, values in (("engineering", engineering), ("quality", {"withdraw_quality": True})):
        said = {"form": "market_abnormality", "number": REPORT, "by": role, "values": values}
        attacked.drop(NOW + timedelta(hours=2), said)
    assert attacked.report().status == "withdrawn"
    [taken], letters = strike(attacked, returned(attacked, data, **proven("company.example")))
    assert taken.outcome == "refused" and "已经结束" in told(letters, ENGINEERING)


def test_a_stolen_code_decides_nothing(target: Attacked) -> None:
    asked = next(x.intent for x in target.letters() if x.intent.code)
    staff = (str(d.values["email"]) for d in target.records("department"))
    colleague = next(address for address in staff if address not in asked.to)
    for n, (sender, domain) in enumerate(
        [("x@evil.example", "evil.example"), ("wang@hemu.example", "hemu.example"),
         (colleague, "company.example"), (asked.to[0], "evil.example")]
    ):  # fmt: skip
        strike(target, mail(f"Re: 请决定 {n}", f"同意\n\n> 答复码 {asked.code}\n", sender, **proven(domain)))
    assert not target.records("approval")


def test_roles_cannot_be_claimed(target: Attacked) -> None:
    given = {"form": "market_abnormality", "number": REPORT, "by": "gm", "values": {"cause_analysis": "假的"}}
    person = {"form": "person", "by": "office", "values": {"name": "假", "email": "x@evil.example", "roles": ["gm"]}}
    forms = (given, {**given, "by": "office"}, {**given, "by": ""}, person)
    files = [(f"{n}.json", json.dumps(f).encode()) for n, f in enumerate(forms)]
    strike(target, mail("资料", "见附件\n", "x@evil.example", files, **proven("evil.example")))
    assert not target.records("person")


# ---------------------------------------------------------------- stamps and their keys


def test_keys_are_changed_and_forms_that_are_out_stay_valid(attacked: Attacked) -> None:
    old = returned(attacked, form(attacked), **proven("company.example"))
    status, said, _ = command("newkey", str(attacked.root))
    assert status == 0 and "k2" in said
    assert ((attacked.root / "stamp.key").stat().st_mode & 0o077) == 0
    with house.opened(attacked.root) as h:
        assert ".k2." in stamp.make("x", "1", 0, h.procedures.keys)
        again = Attacked(attacked.root, h)
        assert again.give(old, LATER).outcome in ("accepted", "partial")
        assert again.report().values["cause_analysis"] == "假的原因"


def test_a_key_that_was_taken_out_counts_no_more(attacked: Attacked) -> None:
    old = returned(attacked, form(attacked), **proven("company.example"))
    settings.new_key(attacked.root)
    file = attacked.root / "stamp.key"
    file.write_text(file.read_text("ascii").splitlines()[1] + "\n", "ascii")
    with house.opened(attacked.root) as h:
        [taken], _ = strike(Attacked(attacked.root, h), old)
    assert taken.outcome == "refused"


# ---------------------------------------------------------------- what goes out


def test_headers_cannot_be_injected(target: Attacked) -> None:
    evil, name = (
        f"=?utf-8?B?{base64.b64encode(s).decode()}?=" for s in (b"X\r\nBcc: injected@evil.example", b"A\r\nBcc: b@x")
    )
    raw = mail("SUBJECT", "投诉：YL-A65 无输出，2 台。\n", "wang@hemu.example", **proven("hemu.example"))
    raw = raw.replace(b"Subject: SUBJECT", f"Subject: {evil}".encode())
    raw = re.sub(rb"^From: .*$", f"From: {name} <wang@hemu.example>".encode(), raw, flags=re.M)
    raw = re.sub(
        rb"^To:", b"Reply-To: injected@evil.example\nReturn-Path: <injected@evil.example>\nTo:", raw, flags=re.M
    )
    _, letters = strike(target, raw)
    assert [x for x in letters if "wang@hemu.example" in x["To"]]
    for letter in letters:
        assert letter["Bcc"] is None and "evil.example" not in str(letter["To"]) + str(letter["Cc"] or "")
        assert len(letter.get_all("Subject", [])) == len(letter.get_all("To", [])) == 1
    assert not [x for x in target.letters() if "injected@evil.example" in (*x.intent.to, *x.intent.cc)]


def test_two_qforms_do_not_talk_to_each_other_for_ever(attacked: Attacked) -> None:
    """Whatever one writes is a machine's mail to the other, which answers nothing: the first answer is the last."""
    attacked.give(mail("投诉 YL-A65 无输出", "批号 A65-2603C，9 台。\n", "quality@two.example"), LATER)
    sent = [x for x in attacked.letters() if "quality@two.example" in x.intent.to]
    assert sent
    cases = len(attacked.records())
    mails = [attacked.h.store.get(x.digest) for x in sent]
    swapped = [re.sub(rb"^From: .*$", b"From: quality@two.example", m, flags=re.M) for m in mails]
    taken, letters = strike(attacked, *mails, *swapped)
    assert {t.outcome for t in taken} == {"ignored"} and not letters and len(attacked.records()) == cases


def test_a_program_that_answers_everything_is_answered_so_often_a_day_only(attacked: Attacked) -> None:
    """Without any header that tells of a machine, and another subject each time."""
    sender, before = "robot@robot.example", len(attacked.records())
    for n in range(13):
        attacked.give(mail(f"投诉 YL-A65 无输出 {n}", f"第 {n} 次：无输出，{n + 1} 台。\n", sender), LATER)
    assert len([x for x in attacked.letters() if sender in x.intent.to]) == 10
    assert len(attacked.records()) == before + 13  # nothing is lost


def test_nothing_is_ever_sent_to_a_null_sender_a_daemon_or_a_list(target: Attacked) -> None:
    text = "投诉：YL-A65 无输出，9 台。\n"
    mails = [
        b"Return-Path: <>\n" + mail("投诉 1", text, "a@robot2.example"),
        mail("投诉 2", text, "MAILER-DAEMON@robot2.example"),
        mail("投诉 3", text, "b@robot2.example", Auto_Submitted="auto-generated"),
        mail("投诉 4", text, "c@robot2.example", Precedence="bulk"),
        mail("投诉 5", text, "d@robot2.example", List_Id="<x.robot2.example>"),
        mail("自动回复：休假", text, "e@robot2.example"),
        mail("投诉 6", text, "no-reply@robot2.example"),
    ]
    _, letters = strike(target, *mails)
    assert not [x for x in letters if "robot2" in str(x["To"])]

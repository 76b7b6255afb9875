# ruff: noqa: E501 (mails as programs make them)
"""Mails as people's programs make them, a small world of people, customers and records, and the real forms."""

from __future__ import annotations

import base64
import hashlib
import io
import quopri
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from qforms import stamp
from qforms.forms import catalogue as forms
from qforms.intake import admit, read
from qforms.model import Conflict, Delivery, Letter, LetterIntent, Outcome, Problem, Reading, Record, Rulebook, Task
from qforms.office.book import OfficeFault
from qforms.settings import Procedures, Settings

ROOT = Path(__file__).resolve().parent.parent
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 5, 6, 14, 20, tzinfo=ZONE)
KEYS = {"k1": bytes(32)}
CODE = "AB3D-7KLM"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big") + b"\x08\x02\0\0\0"
    + bytes(20_000)
)  # fmt: skip
LOGO = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (60).to_bytes(4, "big") + (20).to_bytes(4, "big") + bytes(900)


# ---------------------------------------------------------------- mails


def word(text: str, charset: str = "utf-8", coding: str = "B") -> str:
    """One encoded word, whatever it holds: short lines are not this function's business."""
    data = text.encode(charset)
    if coding == "B":
        return f"=?{charset}?B?{base64.b64encode(data).decode()}?="
    return f"=?{charset}?Q?{''.join(f'={b:02X}' for b in data)}?="


def part(
    text: str | bytes,
    kind: str = "text/plain",
    charset: str = "utf-8",
    encoding: str = "base64",
    label: str | None = None,
    name: str = "",
    disposition: str = "",
    cid: str = "",
) -> bytes:
    """A leaf with its headers. `label` is the charset that it claims, where that is another than the true one."""
    data = text.encode(charset) if isinstance(text, str) else text
    head = f"Content-Type: {kind}"
    if isinstance(text, str) and label != "":
        head += f'; charset="{label or charset}"'
    if name:
        head += f'; name="{word(name, charset)}"'
    if disposition or name:
        head += f"\r\nContent-Disposition: {disposition or 'attachment'}"
        head += f'; filename="{word(name, charset)}"' if name else ""
    if cid:
        head += f"\r\nContent-ID: <{cid}>"
    head += f"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    body = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}.get(encoding, bytes)(data)
    return head.encode() + body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def multi(subtype: str, *pieces: bytes, boundary: str = "") -> bytes:
    boundary = boundary or f"----=_NextPart_{hashlib.sha256(b''.join(pieces)).hexdigest()[:12]}"
    line = f"--{boundary}".encode()
    inner = b"".join(b"\r\n" + line + b"\r\n" + piece for piece in pieces)
    return (
        f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
        + inner
        + b"\r\n"
        + line
        + b"--\r\n"
    )


def mail(
    body: bytes,
    subject: str = "投诉",
    sender: str = "王经理 <wang@kehu.cn>",
    to: str = "support@womai.cn",
    charset: str = "utf-8",
    message_id: str = "<m1@kehu.cn>",
    date_: str = "Wed, 06 May 2026 14:00:00 +0800",
    more: Mapping[str, str] = {},
) -> bytes:
    """A whole mail. Names and subject become encoded words when they need to."""

    def shown(value: str) -> str:
        name, angle, rest = value.partition(" <")
        return value if value.isascii() else f"{word(name, charset)}{angle}{rest}"

    lines = {"Date": date_, "From": shown(sender), "To": to, "Subject": shown(subject), "Message-ID": message_id}
    lines |= {"MIME-Version": "1.0", **more}
    return "".join(f"{k}: {v}\r\n" for k, v in lines.items()).encode("utf-8", "surrogateescape") + body


def foxmail(text: str, **more: Any) -> bytes:
    """Foxmail: GB2312 by name (GB18030 in truth), base64, an HTML twin."""
    html = f"<html><body><div>{text.replace(chr(10), '</div><div>')}</div></body></html>"
    plain = part(text, charset="gb18030", label="GB2312")
    body = multi("alternative", plain, part(html, "text/html", "gb18030", label="GB2312"))
    return mail(body, charset="gb18030", more={"X-Mailer": "Foxmail 7.2.25.331[cn]"}, **more)


def qq(text: str, quoted: str = "", **more: Any) -> bytes:
    """QQ: GBK, its own quote line."""
    tail = f"\n\n------------------ 原始邮件 ------------------\n{quoted}" if quoted else ""
    return mail(multi("alternative", part(text + tail, charset="gb18030", label="gbk")), charset="gb18030", **more)


def outlook(text: str, quoted: str = "", sender_line: str = "质量部 <support@womai.cn>", **more: Any) -> bytes:
    """Outlook: a rule of underscores and 发件人/发送时间/收件人/主题."""
    head = f"\n\n________________________________\n发件人: {sender_line}\n发送时间: 2026年5月6日 10:00\n收件人: 王经理\n主题: 答复\n\n"
    return mail(part(text + (head + quoted if quoted else ""), encoding="quoted-printable"), **more)


def netease(text: str, quoted: str = "", **more: Any) -> bytes:
    """163: HTML first, quotation introduced by 在 … 写道."""
    tail = f'\n\n\n\n\n在 2026-05-06 10:00:00，"质量部" <support@womai.cn> 写道：\n{quoted}' if quoted else ""
    return mail(multi("alternative", part(text + tail, charset="gb18030", label="GBK")), charset="gb18030", **more)


def iphone(text: str, quoted: str = "", **more: Any) -> bytes:
    """Apple Mail on a telephone, in Chinese."""
    tail = "\n\n发自我的 iPhone\n"
    if quoted:
        lines = "\n".join(f"> {line}" for line in quoted.split("\n"))
        tail += f"\n> 在 2026年5月6日，10:00，质量部 <support@womai.cn> 写道：\n> \n{lines}\n"
    return mail(part(text + tail, encoding="quoted-printable"), **more)


def wecom(text: str, quoted: str = "", **more: Any) -> bytes:
    """WeCom mail (exmail): HTML only, a table-like header of the quoted mail."""
    html = "".join(f"<div>{line or '<br>'}</div>" for line in text.split("\n"))
    if quoted:
        rows = (
            "<div>------------------&nbsp;原始邮件&nbsp;------------------</div><div><b>发件人:</b>&nbsp;质量部</div>"
        )
        html += rows + "".join(f"<div>{line}</div>" for line in quoted.split("\n"))
    return mail(part(f"<html><body>{html}</body></html>", "text/html"), **more)


def forwarded(text: str, inner: str, origin: str = "李工 <li@kehu.cn>", **more: Any) -> bytes:
    """A salesman's forward, as Outlook makes it."""
    head = f"\n\n-----邮件原件-----\n发件人: {origin}\n发送时间: 2026年5月5日 9:12\n收件人: 赵销售 <zhao@womai.cn>\n主题: 电源问题\n\n"
    more.setdefault("subject", "转发: 电源问题")
    more.setdefault("sender", "赵销售 <zhao@womai.cn>")
    return mail(part(text + head + inner), **more)


CLIENTS = {"foxmail": foxmail, "qq": qq, "outlook": outlook, "163": netease, "iphone": iphone, "wecom": wecom}
QUOTING = {name: CLIENTS[name] for name in ("qq", "outlook", "163", "iphone", "wecom")}


def bounce(original: str, address: str = "yan@womai.cn", status: str = "5.1.1") -> bytes:
    """A report as Postfix writes it (RFC 3464)."""
    report = f"Reporting-MTA: dns; mx.womai.cn\r\n\r\nFinal-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: {status}\r\nDiagnostic-Code: smtp; 550 user unknown\r\n"
    returned = f"Message-ID: {original}\r\nSubject: x\r\n\r\nbody\r\n"
    pieces = (
        part("Undelivered Mail Returned to Sender", encoding="7bit"),
        b"Content-Type: message/delivery-status\r\n\r\n" + report.encode(),
        b"Content-Type: message/rfc822\r\n\r\n" + returned.encode(),
    )
    body = multi("report; report-type=delivery-status", *pieces, boundary="xyz")
    return mail(body, "Undelivered Mail Returned to Sender", "MAILER-DAEMON@mx.womai.cn", more={"Return-Path": "<>"})


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip as Windows makes it: names in GBK, without the flag that says UTF-8."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for n, (name, data) in enumerate(files.items()):
            archive.writestr(f"{n}".rjust(len(name.encode("gbk")), "~"), data)
    raw = out.getvalue()
    for n, name in enumerate(files):
        raw = raw.replace(f"{n}".rjust(len(name.encode("gbk")), "~").encode(), name.encode("gbk"))
    return raw


# ---------------------------------------------------------------- the world


class NoOffice:
    """For mails without Office files: whoever asks gets told that nothing can be opened."""

    def read(self, data: bytes, name: str = "") -> Any:
        raise OfficeFault(Problem("unreadable_file", name))


@lru_cache(1)
def procedures(**trust: Any) -> Procedures:
    """The shipped forms with their compiled conditions; no rules."""
    import tempfile

    from qforms.rulebook.forms import conditions
    from qforms.rulebook.scope import Scopes
    from qforms.rulebook.source import Faults

    bare = forms.load(ROOT / "form_templates")
    compiled = conditions(Scopes(bare, {}, Faults(), {}))
    whole = forms.Catalogue(bare.forms, compiled, ZONE)
    settings = Settings(
        root=Path(tempfile.gettempdir()),
        company={"name": "沃迈电源", "address": "support@womai.cn"},
        mailboxes={"outer": {"kind": "imap", "authserv_id": "mx.womai.cn"}},
        trust={"replies_a_day": 10},
    )
    return Procedures(whole, Rulebook({}, conditions=compiled), None, settings, KEYS)  # type: ignore[arg-type]


@dataclass
class World:
    """The ledger's facts, held in dictionaries (`model.Facts`)."""

    records: dict[str, Record] = field(default_factory=dict)
    revisions: dict[tuple[str, int], Record] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    replies: int = 0
    digests: set[str] = field(default_factory=set)

    def add(
        self, form: str, number: str, status: str = "active", case_no: str = "", revision: int = 0, **values: Any
    ) -> Record:
        record = Record(form, number, revision, status, case_no, values, received_at=NOW)
        self.records[number] = self.revisions[number, revision] = record
        return record

    def revise(self, number: str, **values: Any) -> Record:
        old = self.records[number]
        new = replace(old, revision=old.revision + 1, values={**old.values, **values})
        self.records[number] = self.revisions[number, new.revision] = new
        return new

    def wrote(self, key: str, number: str, to: Sequence[str], code: str = "", rule: str = "", **facts: Any) -> Letter:
        intent = LetterIntent(
            key, "issue", "department", tuple(to), (), "zh", number, 0, "", "s", facts, code=code, rule=rule
        )
        self.letters.append(Letter(intent, "sent", f"<{key}@womai.cn>"))
        return self.letters[-1]

    def seen(self, key: str) -> bool:
        return False

    def digest_seen(self, digest: str) -> bool:
        return digest in self.digests

    def record(self, number: str) -> Record | None:
        return self.records.get(number)

    def revision(self, number: str, revision: int) -> Record | None:
        return self.revisions.get((number, revision))

    def members(self, form: str, fld: str, value: Any) -> tuple[Record, ...]:
        return self.find(form, fld, value)

    def find(self, form: str, fld: str, value: Any) -> tuple[Record, ...]:
        def has(record: Record) -> bool:
            held = record.values.get(fld)
            return value in held if isinstance(held, tuple) else held == value

        return tuple(r for r in reversed(self.records.values()) if r.form == form and has(r))

    def all(self, form: str) -> tuple[Record, ...]:
        return tuple(r for r in self.records.values() if r.form == form)

    def case(self, case_no: str) -> tuple[Record, ...]:
        return tuple(r for r in self.records.values() if r.case_no == case_no)

    def letter(self, message_id: str) -> Letter | None:
        return next((x for x in self.letters if x.message_id == message_id), None)

    def letter_by_code(self, code: str) -> Letter | None:
        return next((x for x in self.letters if x.intent.code == code), None)

    def replies_today(self, address: str, now: datetime) -> int:
        return self.replies

    def conflicts(self, number: str) -> tuple[Conflict, ...]:
        return ()

    def clocks(self, subject: str) -> tuple[()]:
        return ()

    def task(self, key: str) -> Task | None:
        return None

    def figure(self, name: str, of: str, scope: str = "") -> Decimal | None:
        return None

    def scopes(self, name: str, of: str) -> tuple[str, ...]:
        return ()

    def window(self, name: str, of: str, since: date, until: date) -> None:
        return None

    def token(self, token: str) -> str | None:
        return None

    def counter(self, series: str) -> int:
        return 0


def world() -> World:
    """A customer, four people, two departments, a product with shipments, an open case and an issued 8001."""
    w = World()
    w.add("department", "工程部", name="工程部", roles=("engineering",), email="eng@womai.cn")
    w.add("department", "生产部", name="生产部", roles=("production",))
    w.add("person", "yan@womai.cn", name="严工", email="yan@womai.cn", department="工程部")
    w.add("person", "sun@womai.cn", name="孙主管", email="sun@womai.cn", department="生产部")
    w.add("person", "zhao@womai.cn", name="赵销售", email="zhao@womai.cn", roles=("sales",))
    w.add("person", "gm@womai.cn", name="总经理", email="gm@womai.cn", roles=("gm",))
    w.add("customer", "客户甲", name="客户甲", domains=("kehu.cn",), emails=("wang@kehu.cn",), aliases=("甲公司",))
    w.add("customer", "客户乙", name="客户乙", domains=("other.cn",))
    w.add("product", "YL-A65", model="YL-A65", name="电源适配器", family="A65", aliases=("A65W",))
    for lot in ("A65-2603B", "A65-2603C"):
        w.add("shipment", f"CH-{lot}", product_model="YL-A65", lot_no=lot, quantity=5000)
    w.add("complaint", "TS-202604-0001", "open", "TS-202604-0001", customer="客户甲", product_model="YL-A65")
    w.add(
        "market_abnormality",
        "8001-202605-0003",
        "issued",
        "TS-202604-0001",
        product_model="YL-A65",
        lot_no="A65-2603C",
        n_defect=16,
        responsible_dept=("生产部",),
    )
    return w


def delivered(raw: bytes, channel: str = "maildir", name: str = "", **more: Any) -> Delivery:
    locator = "outer:INBOX/1/1" if channel == "imap" else "1"
    return Delivery(channel, locator, NOW, raw, name, hashlib.sha256(raw).hexdigest(), **more)  # type: ignore[arg-type]


def reading(raw: bytes, channel: str = "maildir", name: str = "", office: Any = None, **more: Any) -> Reading:
    return read(delivered(raw, channel, name, **more), procedures(), office or NoOffice(), NOW)


def outcomes(found: Reading, w: World) -> tuple[Outcome, ...]:
    return admit(found, w, procedures(), NOW)


def taken(raw: bytes, w: World | None = None, channel: str = "maildir", **more: Any) -> tuple[Outcome, ...]:
    """A mail through reading and admission."""
    return outcomes(reading(raw, channel, **more), w or world())


def stamped(number: str, revision: int = 0, form: str = "market_abnormality") -> str:
    return stamp.make(form, number, revision, KEYS)

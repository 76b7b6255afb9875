"""The bytes of a letter, read back with the standard library's two parsers."""

from __future__ import annotations

import email
import email.policy
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qforms import stamp
from qforms.model import LetterIntent
from qforms.outbox import mime

AT = datetime(2026, 5, 6, 14, 20, tzinfo=UTC)
LETTER = LetterIntent(
    key="issue:8001-202605-0003@1",
    kind="issue",
    audience="department",
    to=("li.gong@yilin.example",),
    cc=(),
    lang="zh",
    number="8001-202605-0003",
    revision=1,
    case_no="TS-202605-0003",
    subject="",
    facts={},
)
SUBJECT = "【质量】8001-202605-0003|电源适配器 YL-A65 无输出 3.2‰，三种机理待确认，请隔离库存并回复|工程部 5/9 14:20前"
FILE = "市场质量异常反馈单 8001-202605-0003（工程部填写后回复，勿改表头）最终版本.docx"


def build(letter: LetterIntent = LETTER, subject: str = SUBJECT, **more: Any) -> bytes:
    values: dict[str, Any] = {
        "text": "请工程部在 5/9 14:20 前回复。\n",
        "html": "",
        "attachments": [],
        "sender": "support@yilin.example",
        "message_id": stamp.message_id(letter.key, "yilin.example"),
        "date": AT,
        **more,
    }
    return mime.build(letter, subject, values.pop("text"), values.pop("html"), values.pop("attachments"), **values)


def parsed(raw: bytes) -> EmailMessage:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


class TestHeaders:
    def test_what_programs_look_for(self) -> None:
        mail = parsed(build(reply_to="kefu@yilin.example", sender_name="义林质量部"))
        assert mail["Message-ID"] == stamp.message_id(LETTER.key, "yilin.example")
        assert re.fullmatch(r"<[0-9a-f]{40}@yilin\.example>", str(mail["Message-ID"]))
        assert mail["Date"].datetime == AT
        assert str(mail["From"]) == "义林质量部 <support@yilin.example>"
        assert mail["Reply-To"] == "kefu@yilin.example"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["X-Qforms-Key"] == LETTER.key
        assert "OOF" not in mail["X-Auto-Response-Suppress"], "an out-of-office answer finds the deputy"

    def test_an_acknowledgement_is_an_automatic_answer(self) -> None:
        mail = parsed(build(replace(LETTER, kind="acknowledgement", audience="customer")))
        assert mail["Auto-Submitted"] == "auto-replied"
        assert "OOF" in mail["X-Auto-Response-Suppress"]

    def test_a_long_chinese_subject(self) -> None:
        raw = build()
        assert parsed(raw)["Subject"] == SUBJECT
        assert str(make_header(decode_header(email.message_from_bytes(raw)["Subject"]))) == SUBJECT
        assert all(len(line) <= 76 for line in raw.split(b"\r\n"))

    def test_a_subject_of_300_chinese_characters(self) -> None:
        """Folded between characters, each encoded word by itself, none above 75 (RFC 2047 2)."""
        subject = "电源适配器无输出，请隔离库存并回复分析结果；" * 14
        assert len(subject) > 300
        raw = build(subject=subject)
        assert parsed(raw)["Subject"] == subject
        head = raw.partition(b"\r\n\r\n")[0]
        words = re.findall(rb"=\?utf-8\?[BQ]\?[^?]*\?=", head, re.I)
        assert all(len(word) <= 75 for word in words) and len(words) > 10
        assert all(str(make_header(decode_header(word.decode()))) for word in words)
        assert all(len(line) <= 76 for line in head.split(b"\r\n"))

    def test_a_company_s_chinese_name(self) -> None:
        name = "江苏云岭电器（集团）有限公司 质量部"
        said = email.message_from_bytes(build(sender_name=name))["From"]
        assert str(make_header(decode_header(said))) == f"{name} <support@yilin.example>"

    @given(st.text(max_size=200))
    def test_no_subject_adds_a_line_and_each_comes_back(self, subject: str) -> None:
        raw = build(subject=subject)
        mail = email.message_from_bytes(raw)
        assert mail.keys() == email.message_from_bytes(build()).keys()
        wanted = re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]+", " ", subject).strip()
        assert str(make_header(decode_header(mail["Subject"]))) == wanted or wanted.isascii()
        assert max(map(len, raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 998
        assert str(parsed(raw)["Subject"] or "").split() == wanted.split()

    @pytest.mark.parametrize(
        "bad", ["a@b\r\nBcc: x@y", "a b@c", "a@b,c@d", "", "a@", "@b", "张三@b.cn", "<a@b>", "a@b\n", "a@-b", 'a"@b']
    )
    def test_what_is_no_address_does_not_leave(self, bad: str) -> None:
        for letter in (replace(LETTER, to=(bad,)), replace(LETTER, cc=(bad,))):
            with pytest.raises(ValueError, match="address"):
                build(letter)
        with pytest.raises(ValueError, match="address"):
            build(sender=bad)

    def test_a_name_cannot_add_a_header(self) -> None:
        mail = parsed(
            build(sender_name="x\r\nBcc: a@b", attachments=[("a\r\nX-Evil: 1.txt", b"", "text/plain\r\nY: 1")])
        )
        assert mail["Bcc"] is None
        (part,) = mail.iter_attachments()
        assert part["X-Evil"] is None and part["Y"] is None

    def test_no_recipient(self) -> None:
        with pytest.raises(ValueError, match="recipient"):
            build(replace(LETTER, to=(), cc=()))

    def test_many_recipients_are_folded(self) -> None:
        people = tuple(f"colleague.{n:02}@engineering.yilin.example" for n in range(40))
        raw = build(replace(LETTER, cc=people))
        assert tuple(a.addr_spec for a in parsed(raw)["Cc"].addresses) == people
        assert all(len(line) <= 78 for line in raw.split(b"\r\n"))

    def test_a_thread_is_carried_on_capped_and_clean(self) -> None:
        thread = tuple(f"<{n}.{'x' * 60}@mail.kunde.example>" for n in range(60))
        asked = "<the.question@mail.kunde.example>"
        hostile = ("no id", "<a b@c>", "<x@y>\r\nBcc: <evil@z>")
        mail = parsed(build(replace(LETTER, in_reply_to=asked, references=(*thread, *hostile))))
        references = str(mail["References"]).split()
        assert mail["In-Reply-To"] == asked
        assert (references[0], references[-1], len(references)) == (thread[0], asked, 20)
        assert mail["Bcc"] is None


class TestParts:
    def test_the_same_letter_gives_the_same_bytes(self) -> None:
        letter = {"html": "<p>请回复</p>", "attachments": [(FILE, b"PK\x03\x04", "application/zip")]}
        assert build(**letter) == build(**letter)
        assert build(replace(LETTER, key="other"), **letter) != build(**letter)

    def test_text_and_html_are_alternatives_and_files_stand_beside(self) -> None:
        mail = parsed(build(html="<p>请回复</p>", attachments=[(FILE, b"\x00\xff" * 100, "image/png")]))
        assert [p.get_content_type() for p in mail.walk()] == [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "image/png",
        ]
        text, html = mail.get_body(("plain",)), mail.get_body(("html",))
        assert text and text.get_content() == "请工程部在 5/9 14:20 前回复。\n"
        assert html and html.get_content().strip() == "<p>请回复</p>"
        assert next(iter(mail.iter_attachments())).get_content() == b"\x00\xff" * 100
        assert not any(p.defects for p in mail.walk())

    @pytest.mark.parametrize("name", [FILE, "8D report (D1–D3).xlsx", "plain.txt", 'a "quoted" \\ name.txt', "表.xlsx"])
    def test_names_in_the_forms_that_mail_programs_read(self, name: str) -> None:
        raw = build(attachments=[(name, b"x", "application/octet-stream")])
        wanted = name.replace("\\", "_")
        (part,) = parsed(raw).iter_attachments()
        assert part.get_filename() == wanted  # RFC 2231
        assert str(part["Content-Type"].params["name"]) == wanted  # encoded word: Outlook, Foxmail, QQ
        assert all(len(line) <= 78 for line in raw.split(b"\r\n"))

    @given(st.text(min_size=1, max_size=120).filter(lambda t: t.strip() == t))
    def test_any_name_comes_back(self, name: str) -> None:
        raw = build(attachments=[(name, b"x", "application/octet-stream")])
        (part,) = parsed(raw).iter_attachments()
        wanted = re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]+", " ", name).strip()
        assert part.get_filename() == (wanted.replace("/", "_").replace("\\", "_") or "attachment")

    def test_no_boundary_can_occur_inside(self) -> None:
        raw = build(html="x", text="--=_alt_" + "0" * 32)
        boundary = re.search(rb'boundary="([^"]+)"', raw)
        assert boundary and raw.count(boundary[1]) == 4


def test_a_file_of_25_mb_is_not_held_many_times_over() -> None:
    """Built and handed over in a process of its own: its memory grows by few times the file, not by its lines."""
    code = """
import resource, sys
sys.path[:0] = ["tests", "."]
from outbox.test_outbox_mime import build
from qforms.outbox import smtp

class Sink:
    def ehlo_or_helo_if_needed(self): pass
    def has_extn(self, name): return False
    def mail(self, sender, options): return 250, b""
    def rcpt(self, to): return 250, b""
    def docmd(self, command): return 354, b""
    def send(self, data): pass
    def getreply(self): return 250, b""

small = build(attachments=[("a.bin", b"x", "application/octet-stream")])
smtp._transaction(Sink(), small, "a@b.example", ["c@d.example"], lambda: None)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
big = build(attachments=[("film.mp4", bytes(25_000_000), "video/mp4")])
smtp._transaction(Sink(), big, "a@b.example", ["c@d.example"], lambda: None)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert int(done.stdout) < 8 * 25

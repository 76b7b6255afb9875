"""Mails as people's programs write them: Foxmail, QQ, Outlook, iPhone (clients.yaml), and a mail server's bounce."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.header import Header
from email.message import EmailMessage, Message
from email.mime.application import MIMEApplication
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr, parseaddr
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody with a mail program."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Mail:
    """What somebody writes, before the program makes bytes of it."""

    at: datetime
    writer: Writer
    subject: str
    text: str
    to: str
    cc: tuple[str, ...] = ()
    attachments: tuple[tuple[str, bytes], ...] = ()
    answered: Message | None = None  # our letter that it answers; quoted below
    headers: Mapping[str, str] | None = None  # what an auto-reply, a list or another route adds


def build(mail: Mail, client: Mapping[str, Any], server: str) -> bytes:
    """The mail as it lies in the mailbox: the client's headers, the server's Received line, text (and HTML), files."""
    charset = client["charset"]
    text = mail.text.rstrip("\n") + (_quoted(mail, client) if mail.answered else "")
    body = _body(text, client)
    whole: Message = body
    if mail.attachments:
        whole = MIMEMultipart("mixed", boundary=_boundary(mail, "mixed"))
        whole.attach(body)
        for name, data in mail.attachments:
            whole.attach(_attachment(name, data, charset))
    domain = mail.writer.email.rpartition("@")[2]
    whole["From"] = formataddr((_word(mail.writer.name, charset), mail.writer.email))
    whole["To"] = mail.to
    if mail.cc:
        whole["Cc"] = ", ".join(mail.cc)
    whole["Subject"] = _word(mail.subject, charset if _fits(mail.subject, charset) else "utf-8", folded=True)
    whole["Date"] = format_datetime(mail.at - timedelta(seconds=4))
    seed = hashlib.sha256(f"{mail.at}{mail.writer.email}{mail.subject}".encode()).hexdigest()
    name = client["id"].format(date=mail.at, hex=seed[:32].upper(), digits=str(int(seed[:8], 16)), domain=domain)
    whole["Message-ID"] = f"<{name}>"
    if mail.answered is not None:
        whole["In-Reply-To"] = whole["References"] = str(mail.answered["Message-ID"])
    for key, value in {**client["headers"], **(mail.headers or {})}.items():
        if key not in whole:
            whole[key] = value
    return _arrival(mail, domain, server) + whole.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def bounce(at: datetime, letter: Message, status: str, said: str, server: str) -> bytes:
    """The report of RFC 3464 that our own mail server writes when it could not deliver `letter`."""
    address = parseaddr(str(letter["To"]))[1]
    values = {
        "address": address,
        "sender": parseaddr(str(letter["From"]))[1],
        "id": letter["Message-ID"],
        "date": format_datetime(at),
        "stamp": f"{at:%Y%m%d%H%M%S}",
        "domain": address.rpartition("@")[2],
    }
    text = files("qforms.demo").joinpath("bounce.txt").read_text("ascii")
    return text.format(server=server, status=status, said=said, **values).replace("\n", "\r\n").encode("ascii")


def plain_text(letter: Message) -> str:
    """What a reader sees of a letter, as text."""
    part = next((p for p in letter.walk() if p.get_content_type() == "text/plain" and not p.get_filename()), None)
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n")


def documents(letter: Message) -> Sequence[tuple[str, bytes]]:
    """The files of a letter, by name."""
    parts = (p for p in letter.walk() if p.get_filename())
    return [(str(p.get_filename()), bytes(p.get_payload(decode=True) or b"")) for p in parts]


def _quoted(mail: Mail, client: Mapping[str, Any]) -> str:
    assert mail.answered is not None
    body = plain_text(mail.answered)
    return str(
        client["quote"].format(
            sender=str(mail.answered["From"]).partition("<")[0].strip().strip('"'),
            support=mail.to,
            date=str(mail.answered["Date"]),
            name=mail.writer.name,
            email=mail.writer.email,
            subject=str(mail.answered["Subject"]),
            body=body,
            quoted="\n".join(f"> {line}" for line in body.split("\n")),
        )
    )


def _body(text: str, client: Mapping[str, Any]) -> Message:
    charset = client["charset"]
    plain = MIMEText(text, "plain", charset if _fits(text, charset) else "gb18030")
    if "html" not in client:
        return plain
    both = MIMEMultipart(
        "alternative", boundary=f"----=_001_NextPart{hashlib.sha256(text.encode()).hexdigest()[:12]}_=----"
    )
    shown = client["html"].format(text=html.escape(text).replace("\n", "<br>\n"))
    both.attach(plain)
    both.attach(MIMEText(shown, "html", charset if _fits(shown, charset) else "gb18030"))
    return both


def _fits(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _attachment(name: str, data: bytes, charset: str) -> Message:
    part: Message = MIMEImage(data) if name.lower().endswith((".jpg", ".png")) else MIMEApplication(data)
    word = _word(name, charset)
    part.set_param("name", word)
    part.add_header("Content-Disposition", "attachment", filename=word)
    return part


def _word(text: str, charset: str, folded: bool = False) -> str:
    return text if text.isascii() else Header(text, charset).encode(maxlinelen=76 if folded else 10_000)


def _boundary(mail: Mail, kind: str) -> str:
    return f"----=_NextPart_{hashlib.sha256(f'{kind}{mail.at}{mail.subject}'.encode()).hexdigest()[:24].upper()}"


def _arrival(mail: Mail, domain: str, server: str) -> bytes:
    """What our own mail server writes on top: when it took the mail, and what it found about the sender."""
    return (
        f"Return-Path: <{mail.writer.email}>\r\n"
        f"Received: from mx.{domain} (mx.{domain} [203.0.113.{len(domain)}])\r\n\tby {server} (Postfix) with ESMTPS"
        f"\r\n\tfor <{mail.to}>; {format_datetime(mail.at)}\r\n"
        f"Authentication-Results: {server}; spf=pass smtp.mailfrom={domain}; dkim=pass header.d={domain};"
        f"\r\n\tdmarc=pass header.from={domain}\r\n"
    ).encode()


def another_route(raw: bytes, at: datetime, server: str) -> bytes:
    """The same mail as another server of ours passes it on: other Received lines, nothing else."""
    route = f"Received: from {server} (localhost [127.0.0.1])\r\n\tby {server} (Postfix) with ESMTP"
    return f"{route}; {format_datetime(at)}\r\n".encode() + raw

"""Mails as people write them: new ones, and replies that quote the letter that they answer."""

from __future__ import annotations

import email
import email.policy
import hashlib
import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from xml.etree import ElementTree

from acceptance.office import Impossible

File = tuple[str, bytes]


def mail(
    *,
    sender: str,
    to: str,
    cc: str = "",
    subject: str,
    text: str,
    files: Sequence[File] = (),
    at: datetime,
    **more: str,
) -> bytes:
    """A mail's bytes; its Message-ID follows from its sender, time and text. `more`: headers, `_` for `-`."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject
    if cc:
        made["Cc"] = cc
    own = hashlib.sha256(f"{sender}|{at.isoformat()}|{subject}|{text}".encode()).hexdigest()[:24]
    made["Message-ID"] = f"<{own}@{sender.rpartition('@')[2].strip('>')}>"
    made["Date"] = format_datetime(at)
    for name, value in more.items():
        made[name.replace("_", "-")] = value
    made.set_content(text, cte="base64")
    for name, data in files:
        made.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


def reply(letter: bytes, *, sender: str, text: str, files: Sequence[File] = (), at: datetime) -> bytes:
    """The answer to a letter of ours: its subject, its Message-ID in In-Reply-To, its text quoted below."""
    answered = read(letter)
    body = answered.get_body(("plain",))
    quoted = "\n".join(f"> {line}" for line in (body.get_content() if body else "").splitlines())
    return mail(
        sender=sender,
        to=str(answered["From"]),
        subject=f"回复：{answered['Subject']}",
        text=f"{text}\n\n在 {answered['Date']}，{answered['From']} 写道：\n{quoted}\n",
        files=files,
        at=at,
        In_Reply_To=str(answered["Message-ID"]),
        References=str(answered["Message-ID"]),
    )


def sent(folder: Path, message_id: str) -> bytes:
    """The mail with that Message-ID in a Maildir folder."""
    found = (raw for f in sorted(folder.iterdir()) if message_id.encode() in (raw := f.read_bytes()))
    mine = next((raw for raw in found if str(read(raw)["Message-ID"]) == message_id), None)
    if mine is None:
        raise Impossible(f"{message_id} was not sent")
    return mine


def read(raw: bytes) -> EmailMessage:
    made = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(made, EmailMessage)
    return made


def form_in(letter: bytes) -> File:
    """The Word or Excel file of a letter."""
    found = [(name, data) for name, data in enclosed(letter) if name.endswith((".docx", ".xlsx"))]
    if not found:
        raise Impossible("the letter holds no form")
    return found[0]


def enclosed(letter: bytes) -> list[File]:
    return [(p.get_filename() or "", p.get_payload(decode=True)) for p in read(letter).iter_attachments()]  # type: ignore[misc]


def said(letter: bytes) -> str:
    """Subject, text and Word documents of a letter in one string without spaces, to look for words in."""
    made = read(letter)
    body = made.get_body(("plain",))
    words = [str(made["Subject"]), body.get_content() if body else ""]
    for name, data in enclosed(letter):
        if name.endswith(".docx"):
            with zipfile.ZipFile(io.BytesIO(data)) as package:
                words.append("".join(ElementTree.fromstring(package.read("word/document.xml")).itertext()))
    return "".join("".join(words).split())


def photo(name: str) -> bytes:
    """A picture of its own for each name, large enough to be no logo."""
    from PIL import Image

    out = io.BytesIO()
    colour = tuple(hashlib.sha256(name.encode()).digest()[:3])
    Image.new("RGB", (640, 480), colour).save(out, "PNG")
    return out.getvalue()

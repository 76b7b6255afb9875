"""Outlook's properties (MS-OXPROPS) as a mail: what winmail.dat and .msg files have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from qforms.intake import charset, rtf
from qforms.intake.mime import Leaf, Mail

SUBJECT, HEADERS, SUBMITTED, DELIVERED = 0x0037, 0x007D, 0x0039, 0x0E06
SENDER_NAME, SENDER, SENDER_SMTP, SENT_FOR = 0x0C1A, 0x0C1F, 0x5D01, 0x5D02
TEXT, HTML, RTF, MESSAGE_ID = 0x1000, 0x1013, 0x1009, 0x1035
DATA, SHORT_NAME, LONG_NAME, MEDIA, CONTENT_ID, METHOD, CODEPAGE = (
    0x3701,
    0x3704,
    0x3707,
    0x370E,
    0x3712,
    0x3705,
    0x3FFD,
)
EMBEDDED = 5  # the attach method of a message within the message

Value = str | bytes | int
Props = Mapping[int, Value]
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Attached:
    """One attachment: its properties, its bytes, or the message that it is."""

    props: Props
    data: bytes = b""
    message: Message | None = None


@dataclass(slots=True)
class Message:
    """The properties of a message and its attachments in order."""

    props: Props
    attached: Sequence[Attached] = field(default_factory=tuple)


def mail_of(message: Message) -> Mail:
    """The message as a mail taken apart; enclosed messages are nested as message/rfc822 would be."""
    mail = Mail(_headers(message.props), [], strict=False)
    _leaves(message, mail, "", nested=False)
    return mail


def _leaves(message: Message, mail: Mail, path: str, *, nested: bool) -> None:
    texts = [_text(message.props, TEXT, "text/plain"), _text(message.props, HTML, "text/html")]
    chosen = next((t for t in texts if t), None) or _rich(message.props)
    here = f"{path}.1".lstrip(".")
    if chosen:
        mail.leaves.append(Leaf(here, chosen[0], chosen[1], chosen[2], nested=nested))
    for number, one in enumerate(message.attached, 2):
        at = f"{path}.{number}".lstrip(".")
        if one.message is not None:
            mail.nested[f"{at}.1"] = _headers(one.message.props)
            _leaves(one.message, mail, f"{at}.1", nested=True)
            continue
        name = _string(one.props, LONG_NAME) or _string(one.props, SHORT_NAME)
        media, cid = _string(one.props, MEDIA).lower(), _string(one.props, CONTENT_ID).strip("<>")
        leaf = Leaf(at, media or "application/octet-stream", one.data, "", name, "" if cid else "attachment", cid)
        leaf.nested = nested
        mail.leaves.append(leaf)


def _text(props: Props, tag: int, media: str) -> tuple[str, bytes, str] | None:
    """(type, bytes, charset) of a body; None where there is none."""
    value = props.get(tag)
    if isinstance(value, str) and value.strip():
        return media, value.encode("utf-8", "replace"), "utf-8"
    return (media, value, "") if isinstance(value, bytes) and value.strip(b"\0 \r\n") else None


def _rich(props: Props) -> tuple[str, bytes, str] | None:
    """A body that is there as compressed RTF only."""
    value = props.get(RTF)
    if not isinstance(value, bytes):
        return None
    media, text = rtf.text_of(rtf.decompressed(value))
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # \u says characters beyond U+FFFF in two
    return (media, text.encode(), "utf-8") if text.strip() else None


def _headers(props: Props) -> dict[str, list[str]]:
    """The headers that came with the message, else those that its properties tell."""
    from qforms.intake import mime

    carried = _string(props, HEADERS)
    if ":" in carried:
        whole = mime.parse(carried.strip().encode("utf-8", "surrogateescape") + b"\r\n\r\n").headers
        if "from" in whole:
            return whole
    name = _string(props, SENDER_NAME)
    addresses = (_string(props, tag) for tag in (SENDER_SMTP, SENT_FOR, SENDER))
    address = next((a.removeprefix("SMTP:") for a in addresses if "@" in a), "")
    at = next((v for tag in (SUBMITTED, DELIVERED) if isinstance(v := props.get(tag), int)), 0)
    told = {
        "from": f'"{name.replace(chr(34), "")}" <{address}>' if address else name,
        "subject": _string(props, SUBJECT),
        "message-id": _string(props, MESSAGE_ID),
        "date": _date(at),
    }
    return {key: [value] for key, value in told.items() if value}


def _date(ticks: int) -> str:
    """A FILETIME (100 ns since 1601) as a Date header; "" for none."""
    try:
        return format_datetime(_EPOCH + timedelta(microseconds=ticks // 10)) if ticks else ""
    except (OverflowError, ValueError):
        return ""


def _string(props: Props, tag: int) -> str:
    value = props.get(tag, "")
    if isinstance(value, bytes):
        page = props.get(CODEPAGE)
        value = charset.decode(value, f"cp{page}" if isinstance(page, int) and page else "")[0]
    return value.rstrip("\0").strip() if isinstance(value, str) else ""

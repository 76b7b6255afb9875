"""Which mails a machine wrote, and what delivery reports say. One check a function, named for what it finds."""

from __future__ import annotations

import re
from collections.abc import Callable

from qforms.intake import charset, headers
from qforms.intake.mime import Leaf, Mail
from qforms.model import Bounce

KEY_HEADER = "x-qforms-key"  # stands on every letter of ours
_OUT_OF_OFFICE = re.compile(
    r"^\s*(\[?(自动回复|自动答复|自动应答|外出|休假|出差)(中)?\]?\s*[:：\]]|automatic reply\s*:|"
    r"auto(matic)?[- ]?(reply|response)\b|"
    r"out of (the )?office\b|on (annual )?(leave|vacation)\b|abwesenheit|.{0,40}(自动回复|自动答复)\s*$)",
    re.I,
)
_DAEMON = re.compile(r"^(mailer-daemon|postmaster|mail-daemon|mdaemon|double-bounce)@", re.I)
_NO_REPLY = re.compile(r"^(no-?reply|do-?not-?reply|noreply[\w-]*|notifications?|newsletter|bounces?)[@+-]", re.I)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|delivery (status notification|has failed|failure)|returned mail|mail delivery (failed|system)|"
    r"failure notice|退信|系统退信|投递失败|无法投递|邮件发送失败",
    re.I,
)
_LONGEST_TEXT = 600


def own_mail(mail: Mail) -> bool:
    """A letter of ours that came back to us: a cc, a loop, our Sent folder."""
    return bool(mail.header(KEY_HEADER).strip())


def null_return_path(mail: Mail) -> bool:
    """RFC 5321 4.5.5: notifications are sent with an empty reverse-path, so that nobody answers them."""
    return mail.header("return-path").strip() == "<>"


def from_daemon(mail: Mail) -> bool:
    return any(_DAEMON.match(address) for _, address in headers.addresses(mail.headers.get("from", [])[:1]))


def delivery_report(mail: Mail) -> bool:
    """RFC 3462/3464: multipart/report with a delivery-status part."""
    return any(leaf.type == "message/delivery-status" and not leaf.nested for leaf in mail.leaves)


def free_form_bounce(mail: Mail) -> bool:
    """A report in words only, as some Chinese providers send it: its subject, and a daemon or no return path."""
    subject = headers.decode(mail.header("subject"))[0]
    return bool(_BOUNCE_SUBJECT.search(subject)) and (from_daemon(mail) or null_return_path(mail))


def auto_submitted(mail: Mail) -> bool:
    """RFC 3834 section 5: anything but "no"."""
    value = mail.header("auto-submitted").partition(";")[0].strip().lower()
    return bool(value) and value != "no"


def precedence_bulk(mail: Mail) -> bool:
    return mail.header("precedence").strip().lower() in {"bulk", "junk", "list", "auto_reply"}


def list_mail(mail: Mail) -> bool:
    """RFC 2919, RFC 2369. A List-Unsubscribe alone also stands on what shops and banks send."""
    return any(name in mail.headers for name in ("list-id", "list-post", "list-unsubscribe", "list-help"))


def response_suppressed(mail: Mail) -> bool:
    """X-Auto-Response-Suppress (MS-OXCMAIL) without a return path; alone, Exchange writes it on people's mail."""
    values = {v.strip().lower() for v in mail.header("x-auto-response-suppress").split(",")}
    return bool(values & {"all", "autoreply", "oof"}) and (null_return_path(mail) or out_of_office(mail))


def loop_marked(mail: Mail) -> bool:
    return any(name in mail.headers for name in ("x-loop", "x-autoreply", "x-autorespond", "x-autoresponder"))


def out_of_office(mail: Mail) -> bool:
    return bool(_OUT_OF_OFFICE.search(headers.decode(mail.header("subject"))[0]))


def unanswerable_sender(mail: Mail) -> bool:
    return any(_NO_REPLY.match(address) for _, address in headers.addresses(mail.headers.get("from", [])[:1]))


_CHECKS: tuple[tuple[str, Callable[[Mail], bool]], ...] = (
    ("own", own_mail),
    ("bounce", delivery_report),
    ("bounce", free_form_bounce),
    ("auto_reply", out_of_office),
    ("auto_reply", auto_submitted),
    ("auto_reply", response_suppressed),
    ("auto_reply", from_daemon),
    ("list", list_mail),
    ("list", precedence_bulk),
    ("auto_reply", loop_marked),
    ("auto_reply", null_return_path),
    ("no_reply", unanswerable_sender),
)


def machine(mail: Mail) -> str:
    """Why a machine wrote it: "own", "bounce", "auto_reply", "list", "no_reply"; "" for a person."""
    return next((why for why, check in _CHECKS if check(mail)), "")


# ---------------------------------------------------------------- bounces


def bounce(mail: Mail, text: str) -> Bounce:
    """What the report says. Of several recipients the first that failed; fields that are missing stay empty."""
    report = next((leaf for leaf in mail.leaves if leaf.type == "message/delivery-status"), None)
    groups = _groups(report) if report else []
    failed = [g for g in groups if g.get("action", "").lower() in {"failed", "delayed"}] or [
        g for g in groups if "status" in g
    ]
    fields = failed[0] if failed else {}
    status = fields.get("status", "").split(" ")[0] or _status_in(text)
    address = fields.get("original-recipient") or fields.get("final-recipient") or ""
    address = address.rpartition(";")[2].strip().strip("<>").lower() or _address_in(text)
    final = fields.get("action", "failed").lower() == "failed" and not status.startswith("4")
    said = fields.get("diagnostic-code", "").partition(";")[2].strip() or text
    return Bounce(_original_id(mail), address, status, final, said[:_LONGEST_TEXT])


def _groups(report: Leaf) -> list[dict[str, str]]:
    """The groups of fields of RFC 3464: the message's, then one for each recipient."""
    text = re.sub(r"\r?\n[ \t]+", " ", charset.decode(report.data)[0])
    groups = []
    for block in re.split(r"(?:\r?\n){2,}", text):
        pairs = (line.partition(":") for line in block.splitlines())
        fields = {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}
        if fields:
            groups.append(fields)
    return groups


def _original_id(mail: Mail) -> str:
    """Message-ID of the letter that was not delivered: from the returned mail, its headers, the report's references."""
    for nested in mail.nested.values():
        if found := headers.ids(" ".join(nested.get("message-id", []))):
            return found[0]
    for leaf in mail.leaves:
        if leaf.type in {"text/rfc822-headers", "message/rfc822", "text/plain"}:
            match = re.search(rb"^message-id:\s*(<[^<>\s]{1,900}>)", leaf.data[:200_000], re.I | re.M)
            if match:
                return match[1].decode("ascii", "replace")
    found = headers.ids(mail.header("in-reply-to")) or headers.ids(mail.header("references"))[-1:]
    return found[0] if found else ""


def _status_in(text: str) -> str:
    found = re.search(r"\b([245]\.\d{1,3}\.\d{1,3})\b", text)
    return found[1] if found else ""


def _address_in(text: str) -> str:
    found = re.search(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}", text)
    return found[0].lower() if found else ""

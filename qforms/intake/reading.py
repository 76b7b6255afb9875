"""Delivery -> Reading: all that can be said of it without the ledger. Bad input is held with a reason, never raised."""

from __future__ import annotations

import dataclasses as dc
import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from qforms.intake import (
    archive,
    body,
    decision,
    edit,
    exports,
    filekind,
    freetext,
    gate,
    headers,
    items,
    json_form,
    links,
    mime,
    numbers,
    parts,
    phenomenon,
    quotes,
    trust,
    wrapped,
)
from qforms.intake import kind as kinds
from qforms.intake.json_form import NotJson
from qforms.intake.mime import Mail
from qforms.intake.sheets import Office, read_office, read_pdf
from qforms.model import TRUNCATED, Delivery, Filled, Part, Problem, Reading
from qforms.settings import Procedures

COMPLAINT = "complaint"  # the form that whatever comes from outside opens
_MAIL_FILES = frozenset({"message/rfc822", filekind.MSG, filekind.TNEF})
_LOSSY_SUBJECT = Problem("text_lossy", "主题", context={"charset": ""}, severity="warning")
_ANSWERED = ("re:", "re：", "回复", "答复", "回覆", "aw:")


def read(delivery: Delivery, procedures: Procedures, office: Office, now: datetime) -> Reading:
    """What the delivery holds. `office` opens Office files (`read(data, name) -> Book`, or raises OfficeFault)."""
    if delivery.channel == "workbook":
        return _edit(delivery, procedures)
    if delivery.raw.startswith(f"{TRUNCATED}: ".encode()):
        return _too_big(delivery, procedures, office)
    if delivery.channel == "folder":
        return _file(delivery, procedures, office)
    return _mail(delivery, procedures, office)


def _too_big(delivery: Delivery, procedures: Procedures, office: Office) -> Reading:
    """What stands for a mail or file that was not fetched: its text is taken in where it is there, and somebody asked
    to look at the rest (P2); else it is held."""
    mail = wrapped.parse(delivery.raw)
    size = mail.header(TRUNCATED.lower())
    if delivery.channel != "folder" and any(body.is_body(leaf) and leaf.data.strip() for leaf in mail.leaves):
        rest = Problem("mail_cut", delivery.locator, context={"mb": _megabytes(size)}, severity="question")
        reading = _mail(delivery, procedures, office)
        return dc.replace(reading, key=_digest("big", delivery.digest), problems=(*reading.problems, rest))
    return unopened(delivery, procedures, Problem("mail_too_big", delivery.locator, context={"size": size}))


def _megabytes(size: str) -> int:
    return round(int(size) / 1_000_000) if size.isascii() and size.isdigit() else 0


def unopened(delivery: Delivery, procedures: Procedures, reason: Problem) -> Reading:
    """A delivery that is held without a look into it: who sent it and its subject are known, no more."""
    key = _digest("big", delivery.digest)
    if delivery.channel in ("folder", "workbook") and not delivery.raw.startswith(f"{TRUNCATED}: ".encode()):
        return Reading(delivery, key, held=reason, kind="none")
    mail = mime.parse(delivery.raw)
    subject = headers.decode(mail.header("subject"))[0]
    return dc.replace(_envelope(delivery, mail, procedures, key), subject=subject, held=reason, kind="none")


# ---------------------------------------------------------------- edits and files


def _edit(delivery: Delivery, procedures: Procedures) -> Reading:
    key = _digest("edit", edit.identity(delivery.raw))
    try:
        filled = edit.read(delivery, procedures)
    except NotJson as fault:
        return Reading(delivery, key, held=fault.problem, kind="none")
    return Reading(delivery, key, filled=(filled,), kind="form", lang=procedures.settings.lang)


def _file(delivery: Delivery, procedures: Procedures, office: Office) -> Reading:
    media = filekind.kind(delivery.raw, delivery.name)
    if media in _MAIL_FILES:
        return _mail(delivery, procedures, office)
    key = _digest("file", delivery.digest, delivery.name, str(delivery.modified_ns))
    part = parts.make("1", delivery.raw, delivery.name, "")
    found, archive_problems = _unpacked((part,), procedures)
    filled, problems = _forms(found, procedures, office)
    problems = (*archive_problems, *problems)
    reading = Reading(
        delivery, key, parts=found, filled=filled, kind="form", lang=procedures.settings.lang, problems=problems
    )
    if filled:
        return reading
    if listing := exports.read(delivery.raw, delivery.name, procedures.rulebook.exports, office):
        told = Problem("export_read", part.name, context={"rows": len(listing.rows)}, severity="warning")
        return dc.replace(reading, problems=(told,))
    wrong = sorted(problems, key=lambda p: p.severity != "error")
    reason = next(iter(wrong), None) or Problem("file_not_a_form", part.name)
    return dc.replace(reading, held=reason, kind="none")


def _forms(
    found: Iterable[Part], procedures: Procedures, office: Office
) -> tuple[tuple[Filled, ...], tuple[Problem, ...]]:
    """Every form among the parts: Office files and JSON."""
    filled: list[Filled] = []
    problems: list[Problem] = []
    for part in found:
        if part.kind in filekind.OFFICE:
            forms, wrong = read_office(part, procedures, office)
            filled += forms
            problems += wrong
        elif part.kind == filekind.PDF and not part.nested:
            filled += read_pdf(part, procedures, office)
        elif part.kind == filekind.JSON:
            try:
                filled += json_form.read(part.data, part.name, part.path, procedures)
            except NotJson as fault:
                problems.append(fault.problem)
        elif part.kind in {filekind.TNEF, filekind.MSG}:
            problems.append(Problem("outlook_only", part.name, severity="question"))
    return tuple(filled), tuple(problems)


# ---------------------------------------------------------------- mails


def _mail(delivery: Delivery, procedures: Procedures, office: Office) -> Reading:
    mail = wrapped.parse(delivery.raw)
    subject, lost = headers.decode(mail.header("subject"))
    said = body.read(mail, subject)
    leaves = parts.of_leaves(mail.leaves, said.paths)
    reading = _envelope(delivery, mail, procedures, _mail_key(delivery, mail, leaves))
    chosen = mail.header("content-language")[:2] if delivery.channel == "web" else ""
    text, forwarded = _with_enclosed(mail, said)
    reading = dc.replace(
        reading,
        subject=subject,
        text=text,
        quoted=said.quoted,
        forwarded=forwarded,
        lang="en" if chosen == "en" else "zh" if chosen else kinds.language(f"{subject}\n{text}"),
        parts=leaves,
        problems=(*said.problems, *((_LOSSY_SUBJECT,) if lost else ())),
        machine="" if delivery.channel == "web" else gate.machine(mail),
        numbers=numbers.find(subject, procedures.catalogue),
        codes=numbers.codes((subject, text, said.quoted)),
    )
    if mail.damaged:
        return dc.replace(reading, held=Problem("mail_unreadable"), kind="none")
    if reading.machine == "own":
        return dc.replace(reading, kind="none")
    if reading.machine == "bounce":
        return dc.replace(reading, kind="none", bounce=gate.bounce(mail, text))
    if (closed := wrapped.sealed(mail)) is not None:
        return dc.replace(reading, held=closed, kind="none")
    return _content(reading, mail, procedures, office)


def _envelope(delivery: Delivery, mail: Mail, procedures: Procedures, key: str) -> Reading:
    sender = headers.addresses(mail.headers.get("from", [])[:1]) or [("", "")]
    name, address = sender[0]
    name = "" if "@" in name else name  # somebody's address, written as his name, is no name
    box = procedures.settings.box_of(delivery.locator)
    results = mail.headers.get("authentication-results", [])
    server = box.authserv_id or procedures.settings.trust.authserv_id
    vouched = trust.vouched(results, server, address)
    receivers = headers.addresses([*mail.headers.get("to", []), *mail.headers.get("cc", [])])
    references = [*headers.ids(mail.header("in-reply-to")), *reversed(headers.ids(mail.header("references")))]
    own_id = headers.ids(mail.header("message-id"))
    return Reading(
        delivery,
        key,
        address=address,
        sender_name=name,
        to=tuple(dict.fromkeys(a for _, a in receivers)),
        message_id=own_id[0] if own_id else "",
        references=tuple(dict.fromkeys(references)),
        dkim_domains=vouched.dkim,
        authenticated=(vouched.sender or _local(delivery, server)) and not box.complaints_only,
    )


def _local(delivery: Delivery, server: str) -> bool:
    """Whether only we can have put it there: our own Sent folder, or a Maildir that no named server delivers into."""
    return delivery.channel == "sent" or (delivery.channel == "maildir" and not server)


def _content(reading: Reading, mail: Mail, procedures: Procedures, office: Office) -> Reading:
    """The forms, decisions and running text of a mail that a person (or at least no mail server) wrote."""
    found, archive_problems = _unpacked(reading.parts, procedures)
    filled, problems = _forms(found, procedures, office)
    html = "\n".join(leaf.data.decode("utf-8", "replace") for leaf in mail.leaves if leaf.type == "text/html")
    answers = bool(reading.references or reading.numbers or reading.codes) or reading.subject.lower().startswith(
        _ANSWERED
    )
    decisions = decision.decide(reading.text) if answers else ()
    subject = own_subject(reading)
    nature = kinds.nature(subject, reading.text)
    if not any(f.form == COMPLAINT for f in filled) and COMPLAINT in procedures.catalogue.forms:
        texts = items.apart(reading.text) if not answers else ()
        filled = (
            *filled,
            *(() if answers else _findings(reading, procedures)),
            *(_free(dc.replace(reading, subject=subject, text=text), procedures) for text in texts or (reading.text,)),
        )
    return dc.replace(
        reading,
        parts=found,
        filled=filled,
        decisions=decisions,
        danger=nature.danger,
        kind=_kind(reading, filled, answers, nature),
        problems=(*reading.problems, *archive_problems, *problems, *links.find(f"{reading.text}\n{html}")),
    )


def own_subject(reading: Reading) -> str:
    """The subject as far as it is the sender's: of a reply to a letter of ours it is our own, and tells nothing."""
    ours = reading.numbers and (reading.references or reading.subject.lower().startswith(_ANSWERED))
    return "" if ours else reading.subject


def _findings(reading: Reading, procedures: Procedures) -> tuple[Filled, ...]:
    """The form that the subject names for our own people (`by_mail`); admission asks who the sender is."""
    found = []
    for form in procedures.catalogue.forms.values() if not reading.forwarded else ():
        said = form.by_mail
        if said is None or any(w in reading.subject for w in said.without):
            continue
        if any(word in reading.subject for word in said.subject):
            lines = freetext.label_lines(reading.text, form, procedures.catalogue)
            text = {said.text: reading.text} if reading.text else {}
            where = {said.text: "正文", **lines.where}
            found.append(Filled(form.name, {**text, **lines.values}, where, lines.raw, tuple(lines.problems), "body"))
    return tuple(found[:1])


def _kind(
    reading: Reading, filled: tuple[Filled, ...], answers: bool, nature: kinds.Nature
) -> Literal["complaint", "business", "unsure", "answer", "form", "contact"]:
    if reading.delivery.channel == "sent":
        return "contact"
    if any(f.how not in {"body", "free"} for f in filled):
        return "form"
    return "answer" if answers and not (nature.danger and not reading.references) else nature.kind


def _free(reading: Reading, procedures: Procedures) -> Filled:
    """What a mail's own text says of a complaint: label lines, and what words before values name.

    `raw["product_model"]` of running text holds candidates, one a line: admission looks them up."""
    form = procedures.catalogue.form(COMPLAINT)
    lines = freetext.label_lines(reading.text, form, procedures.catalogue)
    values, raw, where = dict(lines.values), dict(lines.raw), dict(lines.where)
    for name, said in freetext.running(reading.subject, reading.text, raw.keys()).items():
        fld = procedures.catalogue.field(form.name, name)
        if fld is not None:
            value, problem = procedures.catalogue.parse(fld, said, "正文")
            if value is not None and problem is None:
                values[name], raw[name], where[name] = value, said, "正文"
    if "defect_symptom" not in raw and reading.text:
        values["defect_symptom"] = phenomenon.phenomenon(reading.subject, reading.text)
        where["defect_symptom"] = "正文"
    if "product_model" not in raw:
        raw["product_model"] = "\n".join(freetext.tokens(f"{reading.subject}\n{reading.text}"))
    how: Literal["body", "free"] = "body" if lines.raw else "free"
    values = {n: v for n, v in values.items() if procedures.catalogue.field(form.name, n)}
    return Filled(form.name, values, where, raw, tuple(lines.problems), how, number=lines.record.get("number", ""))


def _with_enclosed(mail: Mail, said: body.Body) -> tuple[str, dict[str, str]]:
    """The text and the origin of a forwarded mail; also of one that is forwarded as an attachment (message/rfc822)."""
    if said.forwarded or not mail.nested or gate.delivery_report(mail):
        return said.text, said.forwarded
    path, head = next(iter(mail.nested.items()))
    inner = [
        dc.replace(leaf, nested=False) for leaf in mail.leaves if leaf.nested and f"{leaf.path}.".startswith(f"{path}.")
    ]
    origin = {name: headers.decode(" ".join(head.get(name, [])))[0] for name in ("from", "date", "subject")}
    enclosed = body.read(Mail(head, inner), origin["subject"])
    text = "\n\n".join(t for t in (quotes.without_signature(said.text), enclosed.text) if t)
    return text, {name: value for name, value in origin.items() if value}


def _mail_key(delivery: Delivery, mail: Mail, leaves: tuple[Part, ...]) -> str:
    """Message-ID, From, Date and the decoded parts: the same for one mail that came by two routes. Without a Message-ID
    the subject too: a scanner writes neither it nor anything in the text. A mail as a file in the folder is a file."""
    if delivery.channel == "folder":
        return _digest("file", delivery.digest, delivery.name, str(delivery.modified_ns))
    own = "message-id" if mail.header("message-id").strip() else "subject"
    named = (mail.header(name).strip() for name in (own, "from", "date"))
    return _digest("mail", *named, *(p.digest for p in leaves))


def _digest(*pieces: str) -> str:
    return hashlib.sha256("\x1f".join(pieces).encode("utf-8", "surrogateescape")).hexdigest()


def _unpacked(found: tuple[Part, ...], procedures: Procedures) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    limits = procedures.settings.limits
    return archive.unpack(found, limits.inflated_mb << 20, procedures.passwords, limits.seconds)


def parts_of(delivery: Delivery, procedures: Procedures | None = None) -> tuple[Part, ...]:
    """The parts of a delivery as `read` names them, without reading any form: for filing and for marking. What lies in
    archives is among them where `procedures` says how far these are opened."""
    if delivery.channel in ("folder", "workbook") and filekind.kind(delivery.raw, delivery.name) not in _MAIL_FILES:
        found: tuple[Part, ...] = (parts.make("1", delivery.raw, delivery.name, ""),)
    else:
        mail = wrapped.parse(delivery.raw)
        found = parts.of_leaves(mail.leaves, (leaf.path for leaf in body.leaves(mail)))
    return _unpacked(found, procedures)[0] if procedures else found

"""Notices of customers' portals (P45): who writes them and how their subjects read stands in the customer's sheet.

`portal_subject` opens a case: 「新质量通知 {customer_complaint_no} {product_model}」. `portal_rejected` takes a step of
a report back: 「8D {customer_complaint_no} {step} 退回」 fires the event customer_rejects_<step> in that case."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Iterable, Iterator

from qforms.intake.complaints import open_case, told
from qforms.intake.matter import Matter, ignored, task
from qforms.intake.reading import COMPLAINT
from qforms.model import Outcome, Record, Speaker, Text

NUMBER, STEP = "customer_complaint_no", "step"
_NAME = re.compile(r"\\\{(\w+)\\\}")  # {name}, as re.escape writes it


def notice(matter: Matter) -> tuple[Outcome, ...]:
    """What a portal's notice brings about; nothing for any other mail."""
    customer = _sender(matter)
    if customer is None:
        return ()
    matter = dc.replace(matter, speaker=_speaker(matter, customer))
    if said := _read(matter, customer.values.get("portal_rejected") or ()):
        return _rejected(matter, customer, said)
    said = _read(matter, customer.values.get("portal_subject") or ())
    return (_opened(matter, customer, said),) if said else ()


def senders(address: str) -> Iterator[str]:
    """What of an address a customer's sheet may name: the address itself, its domain and the domain's parents."""
    yield address
    domain = address.rpartition("@")[2]
    while domain.count("."):
        yield domain
        domain = domain.partition(".")[2]


def _sender(matter: Matter) -> Record | None:
    """The customer whose portal writes from that address."""
    address = matter.reading.address
    found = (matter.facts.find("customer", "portal_senders", name) for name in senders(address) if address)
    return next((r[0] for r in found if r), None)


def _speaker(matter: Matter, customer: Record) -> Speaker:
    name = str(customer.values.get("name") or customer.number)
    lang = "en" if customer.values.get("lang") == "en" else "zh"
    trusted = matter.reading.authenticated
    return Speaker("customer", matter.reading.address, name, number=customer.number, trusted=trusted, lang=lang)  # type: ignore[arg-type]


def _read(matter: Matter, patterns: Iterable[str]) -> dict[str, str]:
    """What the subject says by the first pattern that it fits: name -> text."""
    subject = " ".join(matter.reading.subject.split())
    for pattern in patterns:
        text = _NAME.sub(lambda m: rf"(?P<{m[1]}>[^\s，,；;：:]{{1,60}})", re.escape(" ".join(pattern.split())))
        found = re.search(text, subject, re.IGNORECASE)
        if found and found.groupdict():
            return found.groupdict()
    return {}


def _opened(matter: Matter, customer: Record, said: dict[str, str]) -> Outcome:
    """A case with the customer's number; the same number again is no new case. A machine is not answered."""
    known = _case(matter, customer, said.get(NUMBER, ""))
    if known is not None:
        return dc.replace(ignored(matter, "portal_known"), number=known.number, case_no=known.case_no)
    filled = told(matter)
    values, where = dict(filled.values), dict(filled.where)
    for name, text in said.items():
        fld = matter.procedures.catalogue.field(COMPLAINT, name)
        value, problem = matter.procedures.catalogue.parse(fld, text, "主题") if fld else (None, None)
        if value is not None and problem is None:
            values[name], where[name] = value, "主题"
    outcome = open_case(matter, dc.replace(filled, values=values, where=where))
    kept = {n: v for n, v in outcome.values.items() if n not in ("contact_email", "contact_name")}
    return dc.replace(outcome, values=kept, answer="")


def _rejected(matter: Matter, customer: Record, said: dict[str, str]) -> tuple[Outcome, ...]:
    """A step that the customer takes back: its event, on the record of the case that has it."""
    case = _case(matter, customer, said.get(NUMBER, ""))
    name = f"customer_rejects_{said.get(STEP, '').lower()}"
    for record in matter.facts.case(case.number) if case else ():
        event = matter.form(record.form).lifecycle.event(name)
        if event is not None and record.status in event.from_ and matter.reading.authenticated:
            why = matter.reading.text.strip()[:500] or matter.reading.subject
            at = record.form, record.number, record.case_no
            return (Outcome("accepted", *at, speaker=matter.speaker, event=name, why=why),)
    text = Text(f"客户门户退回：{matter.reading.subject[:80]}", f"The portal rejects: {matter.reading.subject[:80]}")
    look = task(matter, "portal_rejected", text, "sales", case, actions=("已办",))
    return (ignored(matter, "portal_unclear", (look,)),)


def _case(matter: Matter, customer: Record, number: str) -> Record | None:
    """The customer's case that has that number of his."""
    found = matter.facts.find(COMPLAINT, NUMBER, number) if number else ()
    return next((r for r in found if r.values.get("customer") == customer.number), None)

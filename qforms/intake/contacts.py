"""Mails that are contacts: what our people write to a case's customer (P3), and what a customer adds to their case."""

from __future__ import annotations

from qforms.intake import identify
from qforms.intake.matter import Matter, answerable, ignored, task
from qforms.intake.reading import COMPLAINT
from qforms.intake.speaker import customer_of
from qforms.model import Outcome, Record, Text

CONTACT = "contact"
_SUMMARY = 300


def to_customer(matter: Matter) -> Record | None:
    """The customer to whom one of our people wrote with this mail; None when it isn't such a mail."""
    speaker = matter.speaker
    if not (speaker.trusted and speaker.kind in {"person", "office"}) or not matter.reading.to:
        return None
    return next((c for address in matter.reading.to if (c := customer_of(address, matter.facts))), None)


def outbound(matter: Matter, customer: Record) -> Outcome:
    """What we wrote on the customer's case: the one that the subject or the letter answered names, else the latest open
    one of that customer. Whether it was the answer, its sender is asked in one line."""
    case = _case(matter, customer)
    if case is None:
        return ignored(matter, "contact_without_case", name=str(customer.values.get("name") or customer.number))
    values = {
        "at": matter.received_at,
        "direction": "out",
        "means": "email",
        "person": matter.speaker.name or matter.speaker.address,
        "summary": _summary(matter),
        "is_recontact": True,
    }
    return _contact(matter, case, values, answer="question" if answerable(matter) else "", missing=("is_answer",))


def inbound(matter: Matter, record: Record, letter_key: str = "") -> Outcome:
    """What the customer adds; it meets no clock of ours."""
    values = {
        "at": matter.received_at,
        "direction": "in",
        "means": "email",
        "person": matter.reading.sender_name or matter.reading.address,
        "summary": _summary(matter),
    }
    text = Text(f"{matter.speaker.name or matter.reading.address} 对 {record.case_no} 有新来信，请看。",
                f"New mail on {record.case_no} from {matter.speaker.name or matter.reading.address}.")  # fmt: skip
    case = identify.case_of(matter, record) or record
    return _contact(matter, case, values, letter_key=letter_key, tasks=(task(matter, "read", text, "owner", case),))


def _contact(matter: Matter, case: Record, values: dict[str, object], **more: object) -> Outcome:
    values["case_no"] = case.case_no or case.number
    known = {n: v for n, v in values.items() if v not in (None, "") and matter.has(CONTACT, n)}
    return Outcome(
        "accepted",
        CONTACT,
        case_no=case.case_no or case.number,
        values=known,
        how="contact",
        speaker=matter.speaker,
        **more,  # type: ignore[arg-type]  # answer, missing, tasks, letter_key
    )


def _case(matter: Matter, customer: Record) -> Record | None:
    found = identify.of_mail(matter)
    if found.record is not None:
        case = identify.case_of(matter, found.record)
        if case is not None and case.values.get("customer") == customer.number:
            return case
    open_ = (c for c in matter.facts.find(COMPLAINT, "customer", customer.number) if not identify.is_final(matter, c))
    return next(open_, None)


def _summary(matter: Matter) -> str:
    lines = [line.strip() for line in matter.reading.text.split("\n") if line.strip()]
    return " ".join(lines)[:_SUMMARY] or matter.reading.subject[:_SUMMARY]

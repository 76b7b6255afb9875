"""Who speaks in a delivery, and as what: the people and customer sheets, and what our own server vouches for."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Iterator
from datetime import date, datetime

from qforms.intake import numbers, rights
from qforms.model import Facts, Filled, Reading, Record, Speaker, StandIn
from qforms.settings import Procedures


def speaker_of(reading: Reading, facts: Facts, procedures: Procedures, now: datetime) -> Speaker:
    """The speaker of a mail, a file in the folder, or an edit of the workbook."""
    delivery = reading.delivery
    if delivery.channel == "workbook":
        name = reading.filled[0].by if reading.filled else delivery.by
        return Speaker(
            "office", name=name, roles=frozenset({rights.OFFICE}), trusted=True, lang=procedures.settings.lang
        )
    if delivery.channel == "folder" and not reading.address:
        granted = frozenset(r for r in procedures.settings.folders.grant if rights.grantable(r))
        name = delivery.by or {"zh": "收件文件夹", "en": "watched folder"}[procedures.settings.lang]
        return Speaker("program", name=name, roles=granted, trusted=True, lang=procedures.settings.lang)
    if reading.vouched and (own := named(reading.vouched, reading, facts, procedures, now)):
        return dc.replace(own, trusted=True)
    return by_address(reading.address, reading, facts, procedures, now)


def named(name: str, reading: Reading, facts: Facts, procedures: Procedures, now: datetime) -> Speaker | None:
    """The person or department of ours that goes by a name or address."""
    people = facts.find("person", "name", name) or facts.find("person", "email", name.lower())
    if people:
        return _person(people[0], reading.address, reading, facts, procedures, now)
    departments = ((d, {d.number, d.values.get("name"), d.values.get("email")}) for d in facts.all("department"))
    found = next((d for d, names in departments if name in names), None)
    return _department(found, reading.address, reading) if found else None


def by_address(address: str, reading: Reading, facts: Facts, procedures: Procedures, now: datetime) -> Speaker:
    """The person or customer with that address. What is not authenticated is known by name, but not trusted."""
    if address:
        if people := facts.find("person", "email", address):
            return _person(people[0], address, reading, facts, procedures, now)
        if private := _by_private_address(address, facts, procedures, now):
            return _person(private, address, reading, facts, procedures, now)
        if department := _department_of(address, facts):
            return _department(department, address, reading)
        if customer := customer_of(address, facts):
            return _customer(customer, address, reading)
        if _is_ours(address, procedures):
            trusted = reading.authenticated and reading.delivery.channel == "sent"
            return Speaker("office", address, reading.sender_name, frozenset({rights.OFFICE}), trusted=trusted)
    return Speaker("stranger", address, reading.sender_name, lang=reading.lang)


def _by_private_address(address: str, facts: Facts, procedures: Procedures, now: datetime) -> Record | None:
    """The person whose private address it is, as the office said, until a date (P23)."""
    today = procedures.settings.local(now).date()
    known = facts.find("person", "private_email", address)
    return next((p for p in known if (until := p.values.get("private_until")) and today <= until), None)


def asks(reading: Reading) -> Iterator[tuple[str, str, str]]:
    """What `speaker_of` and a new case of the same address look up for a reading, as (form, field, value): fetched at
    once for a group of them."""
    if not reading.numbers:
        yield from numbers.asked_of_old(reading.subject)
    if reading.address:
        yield "person", "email", reading.address
        yield "person", "private_email", reading.address
        yield "customer", "emails", reading.address
        yield "complaint", "contact_email", reading.address
        yield from (("customer", "domains", domain) for domain in _domains(reading.address))
        yield from (("customer", "portal_senders", name) for name in (reading.address, *_domains(reading.address)))


def _domains(address: str) -> Iterator[str]:
    """The domain of an address, and its parents but for the last."""
    domain = address.rpartition("@")[2]
    while domain.count("."):
        yield domain
        domain = domain.partition(".")[2]


def customer_of(address: str, facts: Facts) -> Record | None:
    """The customer to whom an address belongs: by the address itself, else by its domain or a parent of it."""
    if found := facts.find("customer", "emails", address):
        return found[0]
    for domain in _domains(address):
        if found := facts.find("customer", "domains", domain):
            return found[0]
    return None


def _customer(record: Record, address: str, reading: Reading) -> Speaker:
    name = str(record.values.get("name") or record.number)
    lang = record.values.get("lang") or reading.lang
    return Speaker(
        "customer",
        address,
        name,
        number=record.number,
        trusted=reading.authenticated,
        lang="en" if lang == "en" else "zh",
    )


def _person(
    record: Record, address: str, reading: Reading, facts: Facts, procedures: Procedures, now: datetime
) -> Speaker:
    """A person with the roles of their own and of their department, and those whose deputy they are today."""
    if _gone(record, procedures):
        return Speaker("stranger", address, str(record.values.get("name") or address), lang=reading.lang)
    today = procedures.settings.local(now).date()
    away = (p for p in facts.all("person") if p.number != record.number and _stands_in(record, p, today))
    own = _himself(record, address, reading, facts, procedures)
    absent = tuple(
        StandIn(
            _himself(p, str(p.values.get("email") or ""), reading, facts, procedures),
            tuple(p.values.get("deputy_for") or ()),
            p.values.get("deputy_up_to"),
        )
        for p in away
        if not _gone(p, procedures)
    )
    return dc.replace(own, stands_in=absent)


def roles_of(record: Record, facts: Facts, procedures: Procedures) -> frozenset[str]:
    """The roles of a person, their department's among them, or of a department; none of who is no longer with us."""
    if _gone(record, procedures):
        return frozenset()
    values = record.values
    own = set(values.get("roles") or ())
    name = values.get("department") if record.form == "person" else None
    department = next((d for d in facts.all("department") if d.values.get("name", d.number) == name), None)
    if department is not None and not _gone(department, procedures):
        roles = department.values.get("roles") or ()
        own.update(roles)
        if _heads(record, department):
            own.update(f"{role}.head" for role in roles)
    return frozenset(own)


def _himself(record: Record, address: str, reading: Reading, facts: Facts, procedures: Procedures) -> Speaker:
    values = record.values
    name = values.get("department")
    return Speaker(
        "person",
        address,
        str(values.get("name") or address),
        roles_of(record, facts, procedures),
        (str(name),) if name else (),
        record.number,
        reading.authenticated,
        "en" if values.get("lang") == "en" else "zh",
    )


def _gone(record: Record, procedures: Procedures) -> bool:
    """A person who left, a department that is no more: they speak for nobody."""
    return procedures.catalogue.form(record.form).lifecycle.state(record.status).final


def _heads(person: Record, department: Record) -> bool:
    """Is a person the head of a department: named there, or marked as its head where nobody is named?"""
    named = department.values.get("head")
    if named:
        return bool(named == person.values.get("name"))
    return bool(person.values.get("is_head")) and person.values.get("department") == department.values.get("name")


def _department_of(address: str, facts: Facts) -> Record | None:
    """The department whose mailbox an address is: letters go there where no person is named."""
    mailboxes = ((str(d.values.get("email") or "").lower(), d) for d in facts.all("department"))
    return next((d for mailbox, d in mailboxes if mailbox == address), None)


def _department(record: Record, address: str, reading: Reading) -> Speaker:
    """Whoever writes from a department's mailbox speaks for the department."""
    name = str(record.values.get("name") or record.number)
    return Speaker(
        "person",
        address,
        str(record.values.get("head") or name),
        frozenset(record.values.get("roles") or ()),
        (name,),
        trusted=reading.authenticated,
        lang=reading.lang,
    )


def _stands_in(deputy: Record, absent: Record, today: date) -> bool:
    named = absent.values.get("deputy")
    if not named or named not in {deputy.number, deputy.values.get("name"), deputy.values.get("email")}:
        return False
    first, last = absent.values.get("deputy_from"), absent.values.get("deputy_to")
    return bool(first and last and first <= today <= last)


def _is_ours(address: str, procedures: Procedures) -> bool:
    settings = procedures.settings
    return address in {
        settings.company.address.lower(),
        settings.outgoing.sender.lower(),
        *(box.user.lower() for box in settings.boxes().values()),
    }


def claiming(speaker: Speaker, filled: Filled) -> Speaker | None:
    """The speaker narrowed to the role that a JSON form claims; None when that role is not granted to them."""
    if not filled.by or filled.how != "json":
        return speaker
    if filled.by not in speaker.roles or (speaker.kind == "program" and not rights.grantable(filled.by)):
        return None
    return Speaker(
        speaker.kind,
        speaker.address,
        filled.by if speaker.kind == "program" else speaker.name or filled.by,
        frozenset({filled.by}),
        speaker.departments,
        speaker.number,
        speaker.trusted,
        speaker.lang,
    )


def first_address(text: str) -> str:
    """The address in a header line as it stands in a forwarded mail: 王经理 <wang@kehu.cn>, or [mailto:…]."""
    found = re.search(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}", text)
    return found[0].lower() if found else ""

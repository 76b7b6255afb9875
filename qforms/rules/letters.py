"""Letters that the rules owe: to whom, with which facts (docs/letters.md), under a key that is written only once."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from qforms import stamp
from qforms.forms.shown import filled
from qforms.model import Lang, LetterIntent, LetterRule, Origin, Recipients, Record, Text
from qforms.rules import addressing, entitled, ladder, signing
from qforms.rules import wording as w
from qforms.rules.people import MANAGERS, Addressee, unique
from qforms.rules.work import Work

Audience = Literal["customer", "supplier", "department", "manager", "office", "operator"]
HELD = frozenset({"reminder", "digest", "stage"})  # what quiet hours hold back (P34)
TELL_CUSTOMER = Text("把这一进展告知客户", "tell the customer of this step")
OFFICE = ("office", "quality", "intake")  # who the office is: the first of these that somebody holds


def owed(work: Work) -> None:
    """The letters for everything that happened."""
    for number, event in _events(work):
        record = work.view.record(number)
        rules = work.book.letters.get(f"{record.form}.{event}", ()) if record else ()
        owing = [r for r in rules if record and (r.when is None or r.when(work.names(record)) is True)]
        if record is not None and any(r.kind == "revision" for r in owing):
            record = _reissued(work, record)
        for rule in owing:
            assert record is not None
            _write(work, rule, record)


def _reissued(work: Work, record: Record) -> Record:
    """A document that goes out again is its next issue: one for a delivery, whatever revisions lie between (A12)."""
    before = work.view.base(record.number) or record
    if work.catalogue.field(record.form, "issue_no") and record.issue == before.issue:
        work.revise(record.number, {"issue_no": before.issue + 1}, Origin("", by="issue"), content=False)
    return work.view.record(record.number) or record


def _events(work: Work) -> Iterator[tuple[str, str]]:
    """Everything that a letter may be owed for, each once: events, then fields that changed."""
    yield from dict.fromkeys((h.number, h.event) for h in work.happened)
    for number, record in work.view.records.items():
        yield from ((number, name) for name in work.book.watched(record.form) if work.changed(number, name))


def _recipients(work: Work, rule: LetterRule, record: Record) -> Recipients:
    """Who a letter is for: its `to`, else its `else`. A customer who gets no messages of progress is nobody (P36)."""
    quiet = rule.kind == "stage" and not _told_of_progress(work, record)
    names = tuple(n for n in rule.to.names if not (quiet and n == "customer"))
    if rule.to.else_ and not addressees(work, Recipients(names), record):
        names = rule.to.else_
    return Recipients(names)


def _told_of_progress(work: Work, record: Record) -> bool:
    """As the customer's file says, else by the kind of customer: outgoing.stages_off."""
    case = work.view.record(record.case_no) or record
    customer = work.view.record(str(case.values.get("customer") or ""))
    said = customer.values.get("stage_letters") if customer else None
    kind = (customer.values.get("customer_type") if customer else None) or case.values.get("customer_type")
    return bool(said) if said is not None else kind not in work.settings.outgoing.stages_off


def to_nobody(work: Work, record: Record, event: str) -> bool:
    """Does the event owe a document to nobody at all (B25)?"""
    rules = work.book.letters.get(f"{record.form}.{event}", ())
    return any(r.kind == "issue" and not addressees(work, r.to, record) for r in rules)


def _write(work: Work, rule: LetterRule, record: Record) -> None:
    to_rule = _recipients(work, rule, record)
    instead = rule.kind == "stage" and "customer" in rule.to.names and "customer" not in to_rule.names
    rule = dc.replace(rule, to=to_rule, say=TELL_CUSTOMER if instead else rule.say)
    found = addressees(work, rule.to, record)
    to = unique(_deciding(work, record, found) if rule.ask else found)
    if not to:
        return
    cc = unique(addressees(work, rule.cc, record), [a.address for a in to])
    key = f"{rule.kind}:{record.number}:{record.revision}:{rule.name}"
    if not rule.once:
        key += f":{work.at.isoformat()}"
    draft = Draft(
        rule.kind,
        record,
        audience(rule.to.names, work),
        rule=rule.name,
        attach=_attach(work, rule, record),
        urgent=rule.urgent,
    )
    # what asks for a decision goes to each by himself: the code in it is his alone
    groups = [([a], []) for a in to] if rule.ask else [(to, cc)]
    for group, copies in groups:
        own = f"{key}:{group[0].address}" if rule.ask else key
        facts = _facts(work, rule, record, group[0])
        code = code_for(work, own) if rule.ask else ""
        send(work, draft, own, group, copies, facts, code)


def _deciding(work: Work, record: Record, found: list[Addressee]) -> list[Addressee]:
    """Who is asked to decide: a deputy only for what was left to him, else the person himself and gmo (P39)."""
    words, amount = entitled.words(work, record), entitled.amount(work, record)
    asked: list[Addressee] = []
    for one in found:
        if not one.for_name or work.people.may_decide(one.for_name, words, amount):
            asked.append(one)
        else:
            himself = work.people.in_person(one.for_name)
            asked += [*([himself] if himself else []), *work.people.role("gmo")]
    return asked


def code_for(work: Work, key: str) -> str:
    """The one-time code of a letter; none in a test of the rules, which has no keys."""
    newest = next(reversed(work.procedures.keys.values()), None)
    return stamp.code_for(newest, key) if newest else ""


def asking(work: Work, record: Record) -> dict[str, str]:
    """How a signature is asked for that a record waits for: verdict -> event, as the letter rule that asks says."""
    events = {e.name for e in work.form(record).lifecycle.events if e.sign and record.status in e.from_}
    asked = (r.ask for on, rules in work.book.letters.items() if on.startswith(f"{record.form}.") for r in rules)
    return next((dict(ask) for ask in asked if ask.get("agree") in events), {})


def _attach(work: Work, rule: LetterRule, record: Record) -> tuple[str, ...]:
    """What is enclosed: the record's own document, that of a record to which a field refers, or a blank form."""
    found = []
    for name in rule.attach:
        kind, _, what = name.partition(":")
        one = record if name == "document" else work.view.record(str(record.values.get(what) or ""))
        if kind in ("own", "paste") and (of := record if not what else one) is not None:
            found += _own(work, of) if kind == "own" else [f"paste:{of.number}@{of.revision}"]
        elif name == "details":
            found.append(f"details:{record.number}@{record.revision}")
        elif kind != "document":
            found.append(name)
        elif one is not None:
            found.append(f"document:{one.number}@{one.revision}")
    return tuple(found)


def _own(work: Work, record: Record) -> list[str]:
    """The customer's own forms as his sheet names them, in the place of our document or beside it (P44)."""
    customer = customer_of(work, record)
    files = customer.values.get("own_forms") or () if customer else ()
    about = f"own:{record.number}@{record.revision}:"
    beside = not files or (customer is not None and customer.values.get("own_form_with") == "beside")
    return [*([about] if beside else []), *(f"{about}{file}" for file in files)]  # without a name: our document


def customer_of(work: Work, record: Record) -> Record | None:
    """The customer's sheet: that which the record names itself, else that of its case."""
    case = work.view.record(record.case_no) or record
    named = record.values.get("customer") or case.values.get("customer")
    return work.view.record(str(named)) if named else None


def _facts(work: Work, rule: LetterRule, record: Record, to: Addressee) -> dict[str, Any]:
    form, lang = work.form(record), to.lang
    reader = audience(rule.to.names, work)
    facts = w.facts_of(work, record, lang, outside=reader if reader in ("customer", "supplier") else "")
    facts |= {
        "name": w.standing_in(to.name, to.for_name, lang),
        "for_name": to.for_name,
        "department": to.department,
        "request": w.request(work, rule, record, lang, to.department),
    }
    if facts["due"] and datetime.fromisoformat(facts["due"]) < work.now:
        facts["due"] = ""  # nobody is asked to do anything by a time that is past
    if rule.say:
        outside = audience(rule.to.names, work) in ("customer", "supplier")
        facts["body" if outside else "request"] = filled(rule.say[lang], form, record.values, work.catalogue, lang)
    facts["ask_labels"] = [f.label[lang] for n in rule.ask_labels if (f := work.catalogue.field(form.name, n))][:6]
    if reader == "supplier":
        facts["asked"] = form.title[lang]
    facts["links"] = bool("agree" in rule.ask or rule.ask_labels)
    if rule.ask:
        facts |= {"agree": "agree" in rule.ask, "ask": dict(rule.ask)}
    if rule.kind == "revision":
        facts["changes"] = w.changes(work, record, lang)
    if rule.kind == "alarm":
        facts["words"] = list(record.values.get("danger_words") or ())
        facts["original"] = w.original(work)
    return facts


# ---------------------------------------------------------------- one letter


@dataclass(frozen=True, slots=True)
class Draft:
    """What a letter is, before anybody is named."""

    kind: str
    record: Record | None
    audience: Audience
    rule: str = ""
    attach: tuple[str, ...] = ()
    urgent: bool = False
    at: datetime | None = None
    reply: bool = False  # an answer to the delivery being judged


def send(
    work: Work, draft: Draft, key: str, to: list[Addressee], cc: list[Addressee], facts: dict[str, Any], code: str = ""
) -> None:
    """Writes a letter intent; the same key again writes nothing."""
    record, at = draft.record, draft.at or work.at
    held = draft.kind in HELD and not draft.urgent and ladder.quiet(work, work.now)
    lang: Lang = to[0].lang
    reading = work.reading if draft.reply else None
    work.view.letters.setdefault(
        key,
        LetterIntent(
            key=key,
            kind=draft.kind,
            audience=draft.audience,
            to=tuple(a.address for a in to),
            cc=tuple(a.address for a in cc),
            lang=lang,
            number=record.number if record else "",
            revision=record.revision if record else 0,
            case_no=record.case_no if record else "",
            subject="",
            facts={k: v for k, v in facts.items() if v not in (None, "", [], {})},
            attach=draft.attach,
            code=code,
            in_reply_to=reading.message_id if reading else "",
            references=reading.references if reading else (),
            not_before=ladder.quiet_ends(work, work.now) if held else None,
            urgent=draft.urgent,
            rule=draft.rule,
            at=at,
        ),
    )


# ---------------------------------------------------------------- recipients


def addressees(work: Work, recipients: Recipients, record: Record) -> list[Addressee]:
    """Who the names stand for; where none of them gives anybody, who `else` names."""
    found = [a for name in recipients.names for a in _who(work, name, record)]
    return found or [a for name in recipients.else_ for a in _who(work, name, record)]


def _who(work: Work, name: str, record: Record) -> list[Addressee]:
    people = work.people
    match name:
        case "operator":
            return [Addressee(people.operator)] if people.operator else []
        case "speaker":
            return [speaker(work)] if work.reading and work.reading.address else []
        case "customer":
            return _customer(work, record)
        case "supplier":
            return _supplier(work, record)
        case "owner":
            return _reach(work, owner(work, record))
        case "head":
            head = people.head_of(owner(work, record))
            return [head] if head else people.fallback()
        case "office":
            return next((found for role in OFFICE if (found := people.role(role))), people.fallback())
        case signing.SIGNERS:
            return [a for who in signing.waiting(work, record) for a in _reach(work, who)]
        case "responsible_unit":
            name = "responsible_dept" if record.values.get("responsible_dept") else "to_depts"
    if name.endswith(".head"):
        heads = [people.head_of(holder) for holder in people.holders(name.removesuffix(".head"))]
        return [a for a in heads if a is not None] or people.fallback()
    if work.catalogue.field(record.form, name.partition(".")[0]) is not None and "." in name:
        return [a for who in addressing.named(work, (name,), record) for a in _reach(work, who)]
    if work.catalogue.field(record.form, name) is not None:
        value = record.values.get(name) or ()
        return [a for v in (value if isinstance(value, tuple) else (value,)) for a in _reach(work, str(v))]
    return people.role(name) or people.fallback()


def _reach(work: Work, name: str) -> list[Addressee]:
    """A department or person by name; one that nobody can write to goes to gmo and the operator."""
    found = work.people.reach(name) if name else None
    return [found] if found else work.people.fallback()


def owner(work: Work, record: Record) -> str:
    """The owner of the case, by name; until one is named, the sales department."""
    case = work.view.record(record.case_no) or record
    named = record.values.get("owner") or case.values.get("owner")
    return str(named or next(iter(work.people.holders("sales")), ""))


def in_charge(work: Work, name: str, record: Record | None) -> str:
    """Who has a task, by name: the person or department that a role stands for. A name that is no role stands."""
    if name == "owner" and record is not None:
        return owner(work, record)
    roles = OFFICE if name == "office" else ("sales",) if name == "owner" else (name,)
    return next((holder for role in roles for holder in work.people.holders(role)), name)


def speaker(work: Work) -> Addressee:
    """Whoever sent the delivery being judged."""
    assert work.reading is not None
    name = work.speaker.name or work.reading.sender_name
    return Addressee(work.reading.address, name, lang=work.reading.lang)


def _customer(work: Work, record: Record) -> list[Addressee]:
    """The customer of the case: the address that it left, else that of its file; nobody where our salesman speaks."""
    case = work.view.record(record.case_no) or record
    if case.values.get("on_behalf_of"):
        return []
    customer = work.view.record(str(case.values.get("customer") or ""))
    known = tuple(customer.values.get("emails") or ()) if customer else ()
    address = str(case.values.get("contact_email") or (known[0] if known else "") or _writer(work, case))
    lang: Lang = "en" if customer and customer.values.get("lang") == "en" else "zh"
    person = case.values.get("contact_name") or (customer.values.get("contact_name") if customer else "")
    name = str(person or case.values.get("customer_name") or "")
    return [Addressee(address.lower(), name, lang=lang)] if address else []


def _supplier(work: Work, record: Record) -> list[Addressee]:
    """The contact of the supplier that a record names (P46)."""
    sheet = work.view.record(str(record.values.get("supplier") or ""))
    known = tuple(sheet.values.get("emails") or ()) if sheet else ()
    if sheet is None or not known:
        return []
    name = str(sheet.values.get("contact_name") or sheet.values.get("name") or "")
    return [Addressee(str(known[0]).lower(), name, lang="en" if sheet.values.get("lang") == "en" else "zh")]


def _writer(work: Work, case: Record) -> str:
    """The address that opened the case, where none of ours registered it."""
    first = case if case.revision == 0 else work.view.facts.revision(case.number, 0)
    return first.by if first and "@" in first.by and not case.values.get("registered_by") else ""


def audience(names: tuple[str, ...], work: Work) -> Audience:
    if "customer" in names or ("speaker" in names and work.speaker.kind in ("customer", "stranger")):
        return "customer"
    if "supplier" in names:
        return "supplier"
    if names and set(names) <= MANAGERS:
        return "manager"
    return "operator" if names == ("operator",) else "office" if names == ("office",) else "department"

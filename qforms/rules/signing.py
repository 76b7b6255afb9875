"""Countersigning (会签, P40): an event to which several agree happens when enough of them have signed.

Each signature is an approval on record (`approval.unit`: for whom it was given), whether it came by mail, in the form
or in the workbook. An objection is an event of its own and stops it at once. A record that comes back to the state in
which it is signed is signed anew."""

from __future__ import annotations

from qforms.model import Event, Origin, Problem, Record, Speaker, Value
from qforms.rules import addressing, entitled
from qforms.rules.work import Happening, Refusal, Work

APPROVAL = "approval"
SIGNERS = "signers"  # recipients: those whose signature is still wanted


def signers(work: Work, record: Record, event: Event) -> list[str]:
    """Who has to agree, by name of department or person, in the order in which the form names them."""
    return list(dict.fromkeys(addressing.named(work, event.sign.by, record))) if event.sign else []


def signed(work: Work, record: Record, event: Event) -> dict[str, Record]:
    """Who has agreed in this round: signer -> approval. Events that lead to the same state are one decision."""
    same = {e.name for e in work.form(record).lifecycle.events if e.sign and e.to == event.to}
    found = {}
    for approval in work.view.members(APPROVAL, "target", record.number):
        values = approval.values
        counts = values.get("verdict") == "agree" and values.get("event") in same and not values.get("superseded")
        if counts and approval.status != "revoked" and values.get("unit"):
            found[str(values["unit"])] = approval
    return found


def waiting(work: Work, record: Record) -> list[str]:
    """Those whose signature is wanted now: all who have not signed, in turn only the next; nobody when none is."""
    event = next((e for e in work.form(record).lifecycle.events if e.sign and record.status in e.from_), None)
    if event is None or event.sign is None or enough(work, record, event):
        return []
    given = signed(work, record, event)
    left = [name for name in signers(work, record, event) if name not in given]
    return left[:1] if event.sign.in_turn else left


def enough(work: Work, record: Record, event: Event) -> bool:
    """Have as many signed as the event needs?"""
    assert event.sign is not None
    wanted, given = signers(work, record, event), signed(work, record, event)
    most = len(wanted)
    return bool(wanted) and sum(name in given for name in wanted) >= min(event.sign.need or most, most)


def whose(work: Work, record: Record, event: Event, speaker: Speaker) -> str:
    """For which of the signers somebody speaks: for whom he was asked, else his department or himself; "": for none."""
    wanted, given = signers(work, record, event), signed(work, record, event)
    own = {*speaker.departments, speaker.name}
    for absent in speaker.stands_in:
        if absent.covers(entitled.words(work, record), entitled.amount(work, record)):
            own |= {*absent.who.departments, absent.who.name}
    mine = [n for n in wanted if n in work.answering] or [n for n in wanted if n in own]
    return next((n for n in mine if n not in given), next(iter(mine), ""))


def sign(
    work: Work, record: Record, event: Event, speaker: Speaker, approval: Record | None = None, reason: str = ""
) -> bool:
    """Writes down that somebody agreed; true when with it enough have. Raises Refusal for whom nobody asked, and for
    whose turn it is not yet."""
    who = whose(work, record, event, speaker)
    form, lang = work.form(record), work.settings.lang
    context = {"number": record.number, "event": event.label[lang], "form": form.title[lang]}
    if not who:
        raise Refusal(Problem("event_right", context=context))
    next_ = waiting(work, record)
    if event.sign and event.sign.in_turn and next_ and who not in next_ and who not in signed(work, record, event):
        raise Refusal(Problem("sign_in_turn", context={**context, "names": "、".join(next_)}))
    _written(work, record, event, who, speaker, approval, reason)
    if enough(work, record, event):
        return True
    left = waiting(work, record)
    work.note(record.number, "signed", f"{record.form}.lifecycle", event=event.name, unit=who, waiting=left)
    work.happened.append(Happening(record.number, "signed"))
    work.touch(record.number)
    return False


def late(work: Work, record: Record, event: Event, speaker: Speaker, approval: Record | None, reason: str = "") -> bool:
    """The word of a signer that comes when the decision has been stopped or taken already: kept on record, moves
    nothing. False when it is no such word."""
    states = [s.name for s in work.form(record).lifecycle.states]
    after = bool(event.from_) and states.index(record.status) > max(map(states.index, event.from_))
    signing = (e for e in work.form(record).lifecycle.events if e.sign and set(e.from_) & set(event.from_))
    asked = next((e for e in signing if whose(work, record, e, speaker)), None)
    if asked is None or not after or work.final(record):
        return False
    _written(work, record, event, whose(work, record, asked, speaker), speaker, approval, reason)
    work.note(record.number, "signed late", f"{record.form}.lifecycle", event=event.name, by=speaker.name)
    return True


def in_form(work: Work, record: Record, event: Event) -> bool:
    """What a signer wrote into the form counts as his signature; true when with it enough have.

    Until then the fields that say so are emptied again: the next signer says it for himself."""
    condition = work.book.event(record.form, event.name)
    names = [n for n in (condition.names if condition else ()) if work.catalogue.field(record.form, n)]
    said = [n for n in names if n in record.values and work.changed(record.number, n)]
    who = whose(work, record, event, work.speaker)
    if not said or not who or who in signed(work, record, event):
        return False
    if sign(work, record, event, work.speaker):
        return True
    gone: dict[str, Value] = dict.fromkeys(said)
    work.revise(record.number, gone, Origin("", by=event.name), content=False)
    return False


def by_silence(work: Work, record: Record, event: Event) -> None:
    """The time is over: those who said nothing agree."""
    for who in waiting_all(work, record, event):
        _written(work, record, event, who, work.speaker, None, "逾期未答复，视为同意", "silence")


def waiting_all(work: Work, record: Record, event: Event) -> list[str]:
    given = signed(work, record, event)
    return [name for name in signers(work, record, event) if name not in given]


def anew(work: Work, record: Record) -> None:
    """A record has come (back) to the state in which it is signed: what was signed before counts no more."""
    for event in work.form(record).lifecycle.events:
        if event.sign and record.status in event.from_:
            for approval in signed(work, record, event).values():
                work.revise(approval.number, {"superseded": True}, Origin("", by=event.name), content=False)


def _written(
    work: Work, record: Record, event: Event, who: str, speaker: Speaker, approval: Record | None,
    reason: str = "", means: str = "",
) -> None:  # fmt: skip
    """The signature, on the approval that brought it, or on one of its own where it came by another way."""
    if approval is not None:
        work.revise(approval.number, {"unit": who, "event": event.name}, Origin("", by=event.name), content=False)
        return
    values: dict[str, Value] = {
        "target": record.number,
        "event": event.name,
        "verdict": "agree",
        "decided_by": speaker.name or who,
        "decided_at": work.at,
        "means": means or _means(work),
        "unit": who,
        "reason": reason or None,
    }
    known = {n: v for n, v in values.items() if work.catalogue.field(APPROVAL, n)}
    work.open(APPROVAL, known, dict.fromkeys(known, Origin(work.delivery, by=speaker.name or who)), record.case_no)


def _means(work: Work) -> str:
    reading = work.reading
    if reading is None or reading.delivery.channel == "workbook":
        return "workbook"
    return "email" if reading.address else "paper"

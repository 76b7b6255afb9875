"""One line about a case itself, in answer to any letter on it (P7): what is to be done with it by its name (关闭,
撤回：理由, 作废：理由), 并入 TS-…, 拆分：…. What splits it may stand in a cell of its row, too.

What needs a letter's one-time code, an approval, can't be said this way."""

from __future__ import annotations

import dataclasses as dc
import re

from qforms.intake.complaints import told
from qforms.intake.matter import Matter, answerable
from qforms.intake.quotes import without_signature
from qforms.intake.reading import COMPLAINT
from qforms.model import Event, Filled, Outcome, Problem, Record

_MERGE = re.compile(
    r"(?:并入|合并到|合并入|merge into|same as)\s*[:：]?\s*([A-Za-z0-9-]{6,40})\s*[。.]?", re.IGNORECASE
)
_SPLIT = re.compile(r"(?:拆分|拆出|另立|split)\s*[:：]\s*(.{2,400})", re.IGNORECASE | re.DOTALL)
_REST = re.compile(r"\s*(?:[:：，,。.;；!！]\s*(.*))?", re.DOTALL)
# what a split case takes over from the one it came out of: who complained, and how to reach them
_KEPT = ("customer", "customer_name", "customer_type", "contact_name", "contact_phone", "contact_email", "address",
         "channel", "sub_channel", "on_behalf_of", "customer_complaint_no", "ticket_no", "owner")  # fmt: skip


def asked(matter: Matter, record: Record, filled: Filled, letter_key: str = "") -> Outcome | None:
    """What the first line asks for; None when it asks for nothing of the kind. `filled` are the label lines below."""
    lines = [line.strip() for line in without_signature(matter.reading.text).split("\n") if line.strip()]
    first = lines[0] if lines else ""
    if record.form == COMPLAINT and (found := _MERGE.fullmatch(first)):
        return _merged(matter, record, found[1].upper(), letter_key)
    if record.form == COMPLAINT and (found := _SPLIT.fullmatch(first)):
        return _split(matter, record, found[1], letter_key)
    named = _named(matter, record, first)
    if named is None:
        return None
    event, reason = named
    return _outcome(matter, record, letter_key, values=dict(filled.values), event=event.name, why=reason)


def in_cell(matter: Matter, filled: Filled) -> tuple[Filled, Outcome | None]:
    """拆分：… typed into a cell of a complaint's row: the row as if nobody had, and the second complaint."""
    record = matter.facts.record(filled.number) if filled.how == "edit" and filled.number else None
    if record is None or record.form != COMPLAINT:
        return filled, None
    for name, value in filled.values.items():
        if isinstance(value, str) and (found := _SPLIT.fullmatch(value.strip())):
            own = {**filled.values, name: record.values.get(name)}
            return dc.replace(filled, values=own), _split(matter, record, found[1], "")
    return filled, None


def _named(matter: Matter, record: Record, line: str) -> tuple[Event, str] | None:
    """The event of the record that a line begins with, by its label, and the reason given after it."""
    found = []
    for event in matter.form(record.form).lifecycle.events:
        if "person" not in event.on or any(on.startswith("approval.") for on in event.on):
            continue
        for label in {event.label.zh, event.label["en"]} - {""}:
            rest = _REST.fullmatch(line[len(label) :]) if line.casefold().startswith(label.casefold()) else None
            if rest is not None:
                here = not event.from_ or record.status in event.from_
                found.append((len(label), here, event, (rest[1] or "").strip()))
    best = max(found, key=lambda f: f[:2], default=None)
    return (best[2], best[3]) if best else None


def _merged(matter: Matter, record: Record, number: str, letter_key: str) -> Outcome:
    """Two complaints are one: this one counts no more and points to the other."""
    other = matter.facts.record(number)
    if other is None or other.form != COMPLAINT:
        return _refused(matter, record, Problem("number_unknown", context={"number": number}), letter_key)
    if other.number == record.number or other.values.get("duplicate_of"):
        return _refused(matter, record, Problem("merge_in_a_circle", context={"number": number}), letter_key)
    return _outcome(matter, record, letter_key, values={"duplicate_of": other.number})


def _split(matter: Matter, record: Record, text: str, letter_key: str) -> Outcome:
    """One complaint was two: a second one of the same customer, as old as the first, with what the line says of it."""
    reading = dc.replace(matter.reading, text=text, subject="", quoted="", parts=(), filled=())
    said = told(dc.replace(matter, reading=reading))
    kept = {n: record.values[n] for n in _KEPT if n in record.values and matter.has(COMPLAINT, n)}
    own = {n: v for n, v in said.values.items() if v not in (None, "", ()) and matter.has(COMPLAINT, n)}
    values = {**kept, "defect_symptom": text.strip(), **own, "split_from": record.number}
    if record.received_at:
        values["received_at"] = record.received_at
    return Outcome("accepted", COMPLAINT, values=values, how="body", speaker=matter.speaker, letter_key=letter_key)


def _outcome(matter: Matter, record: Record, letter_key: str, **more: object) -> Outcome:
    return Outcome(
        "accepted",
        record.form,
        record.number,
        record.case_no,
        how="body",
        speaker=matter.speaker,
        letter_key=letter_key,
        **more,  # type: ignore[arg-type]  # values, event, why
    )


def _refused(matter: Matter, record: Record, problem: Problem, letter_key: str) -> Outcome:
    answer = "rejection" if answerable(matter) else ""
    outcome = _outcome(matter, record, letter_key)
    return dc.replace(outcome, state="refused", reason=problem, answer=answer)

"""「用于 0007?」 (P19): a form or an answer that may belong to another record than it says, or that says none.

Nothing is overwritten; its sender is asked, and the office can settle it with 并入.

What a form is about is told by the product and lot in it, and by the letter that is answered; never by its name."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from typing import Any

from qforms.intake import identify
from qforms.intake.complaints import told
from qforms.intake.matter import Matter, refused, task
from qforms.model import Filled, Outcome, Problem, Record, Text

_ABOUT = ("product_model", "lot_no")
_MOST = 3


def unsettled(matter: Matter, filled: Filled, record: Record | None) -> Outcome | None:
    """The question, when another open record of that form is likelier than `record` (None: the form names none)."""
    form = matter.form(filled.form)
    sent_for = {f.name for s in form.sections if s.reply for f in s.fields}
    if (
        not sent_for
        or identify.said_for(matter, filled.form)
        or matter.speaker.kind not in ("person", "customer")
        or not filled.values
    ):
        return None
    if record is None and not any(filled.values.get(name) not in (None, "", ()) for name in sent_for):
        return None  # nothing that such a form is sent out for is answered in it: it opens a new one
    found = _answered(matter, filled, record)
    if not found and (record is None or identify.is_final(matter, record) or _differs(filled.values, record)):
        found = [r for r in alike(matter, filled.form, filled.values) if r is not record]
    if not found or (record is not None and record.number in {r.number for r in found}):
        return None
    numbers = "、".join(r.number for r in found)
    said = record.number if record else ""
    problem = Problem("which_record" if said else "which_record_none", context={"said": said, "numbers": numbers})
    return dc.replace(refused(matter, problem, filled), tasks=(_task(matter, found, said),))


def alike(matter: Matter, form: str, values: Mapping[str, Any]) -> list[Record]:
    """Open records of a form about the same product (and lot, where both name one) that the speaker may speak of; those
    with the same lot first."""
    model, lot = (values.get(name) for name in _ABOUT)
    name, value = ("product_model", model) if model else ("lot_no", lot)
    found = matter.facts.find(form, name, value) if value else ()
    letter = identify.letter_of(matter)
    fitting = [
        r
        for r in found[:50]
        if not _differs(values, r) and not identify.is_final(matter, r) and identify.may_speak(matter, r, letter)
    ]
    same = [r for r in fitting if lot and r.values.get("lot_no") == lot]
    return (same or fitting)[:_MOST]


def mentioned(matter: Matter) -> list[Record]:
    """What the words of a mail of ours may be an answer to, by the product and lot that they name."""
    if matter.speaker.kind != "person":
        return []
    values = {n: v for n, v in told(matter).values.items() if n in _ABOUT}
    forms = [f.name for f in matter.procedures.catalogue.forms.values() if any(s.reply for s in f.sections)]
    return [r for name in forms for r in (alike(matter, name, values) if values else ())][:_MOST]


def _answered(matter: Matter, filled: Filled, record: Record | None) -> list[Record]:
    """The record of the letter that the mail answers, when the form in it is stamped for another one."""
    letter = identify.letter_of(matter)
    about = matter.facts.record(letter.intent.number) if letter and letter.intent.number else None
    other = record is not None and about is not None and about.number != record.number and about.form == filled.form
    return [about] if about is not None and other and not identify.is_final(matter, about) else []


def _differs(values: Mapping[str, Any], record: Record) -> bool:
    """Whether a form names another product or lot than a record."""
    pairs = ((values.get(name), record.values.get(name)) for name in _ABOUT)
    return any(mine and own and mine != own for mine, own in pairs)


def _task(matter: Matter, found: list[Record], said: str) -> Any:
    numbers = "、".join(r.number for r in found)
    text = Text(
        f"问清 {matter.speaker.name} 发来的表（写的是 {said or '无单号'}）用于 {numbers}？选“并入”，在说明里写单号。",
        f"Which is the form of {matter.speaker.name} (says {said or 'no number'}) for: {numbers}? (add to case)",
    )
    return task(matter, "which_record", text, "office", actions=("并入", "忽略"), other=found[0].number)

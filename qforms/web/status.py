"""What a customer may see of a case: what he wrote, its state, what we told him. Nothing else of the record. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from qforms.model import Lang, Letter, Record
from qforms.settings import Procedures

_TOLD = ("plan_kind", "plan", "result")  # what we did, as the record says it
_KINDS = ("acknowledgement", "question", "stage", "answer")  # of letters, those that a customer gets


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    number: str
    state: str
    final: bool
    said: tuple[tuple[str, str], ...]  # label and value
    told: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]


def of(
    record: Record,
    letters: Sequence[Letter],
    contacts: Sequence[Record],
    asked: Sequence[str],
    procedures: Procedures,
    words: Mapping[str, str],
    lang: Lang,
) -> Status:
    """The state of a complaint. `letters`: those that were sent; `contacts`: what our people wrote or said; `asked`:
    fields that the page asks for. Private ones, telephone and address among them, are left out all the same, since a
    link may be passed on."""
    form = procedures.catalogue.form(record.form)
    state = form.lifecycle.state(record.status)

    def shown(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
        fields = [f for n in names if (f := form.field(n)) and not f.private and n in record.values]
        pairs = [
            (
                f.label[lang],
                str(len(record.values[f.name]))
                if f.type in ("img", "file")
                else _text(record, f.name, procedures, lang),
            )
            for f in fields
        ]
        return tuple(pair for pair in pairs if pair[1])

    return Status(
        record.number,
        words["over"] if state.final else state.label[lang],  # never 「作废」 or 「不是投诉」
        state.final,
        shown(asked),
        shown(_TOLD),
        tuple(sorted(_steps(record, letters, contacts, words), key=lambda s: s.at)),
    )


def _text(record: Record, name: str, procedures: Procedures, lang: Lang) -> str:
    field = procedures.catalogue.field(record.form, name)
    return procedures.catalogue.show(field, record.values[name], lang) if field else ""


def _steps(
    record: Record, letters: Sequence[Letter], contacts: Sequence[Record], words: Mapping[str, str]
) -> list[Step]:
    said = [c.values for c in contacts if c.values.get("direction") == "out" and c.values.get("at")]
    told = [Step(v["at"], words["step_answer" if v.get("is_answer") else "step_contact"]) for v in said]
    found = [Step(at, words["step_received"])] if (at := record.values.get("received_at")) else []
    for letter in letters:
        intent = letter.intent
        if intent.audience == "customer" and intent.kind in _KINDS and letter.sent_at is not None:
            found.append(Step(letter.sent_at, words[f"step_{intent.kind}"], str(intent.facts.get("body") or "")))
    for name, word in (("plan_at", "step_plan"), ("closed_at", "step_closed")):
        at = record.values.get(name)
        if isinstance(at, datetime):
            found.append(Step(at, words[word]))
    return found + told

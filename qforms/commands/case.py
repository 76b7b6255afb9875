"""`qforms show`: one case or document with everything about it: values with their origin, history, clocks, letters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qforms import house, tongue
from qforms.commands import look, printing, words
from qforms.model import QformsError, Record, Text, Told

Plain = dict[str, Any]


def data(root: Path, number: str) -> Plain:
    """The record as the contract names it, with `origin`, `related`, `clocks`, `letters` and `history`. Raises
    QformsError when there is no such number."""
    with house.opened(root) as h:
        record, related = _found(h, number)
        clocks = look.by_subject(printing.listed(h.ledger.clocks(), h.procedures.rulebook))
        catalogue = h.procedures.catalogue
        return {
            **printing.record(record, clocks[number], catalogue, h.settings),
            "origin": {
                name: {"where": o.where, "by": o.by, "delivery": o.delivery} for name, o in record.origin.items()
            },
            "related": [printing.record(r, clocks[r.number], catalogue, h.settings) for r in related],
            "clocks": [printing.clock(c, h.settings) for n in (number, *_numbers(related)) for c in clocks[n]],
            "letters": [printing.letter(x, h.settings) for x in h.ledger.letters(number=number)],
            "history": [printing.entry(e, h.settings) for e in h.ledger.history(number)],
        }


def lines(root: Path, number: str) -> Iterator[str]:
    """The same for people. Raises QformsError when there is no such number."""
    with house.opened(root) as h:
        record, related = _found(h, number)
        yield from _values(h, record)
        if related:
            yield tongue.say("\n相关单据", "\nRelated documents")
            for r in related:
                title = words.form(h.procedures.catalogue, r.form)
                yield f"  {r.number}  {title}  {_status(h, r)}  {_issue(r)}"
        yield from _clocks(h, [number, *_numbers(related)])
        yield tongue.say("\n信件", "\nLetters")
        for x in h.ledger.letters(number=number):
            sent = printing.short(x.sent_at, h.settings) or words.word(words.LETTERS, x.state)
            kind = words.word(words.KINDS, x.intent.kind)
            yield f"  {sent}  {kind}  → {', '.join(x.intent.to)}  {x.intent.subject}"
        yield tongue.say("\n经过", "\nHistory")
        for e in h.ledger.history(number):
            what = words.event(h.procedures.catalogue, record.form, e.what)
            told = tongue.say("；", "; ").join(d for k, v in e.detail.items() if (d := detail(h, record, k, v)))
            yield f"  {printing.short(e.at, h.settings)}  {what}  {whose(h, e.rule) or e.by}  {told}".rstrip()


def _found(h: house.House, number: str) -> tuple[Record, list[Record]]:
    """The record, and the others of its case."""
    with h.ledger.facts() as facts:
        record = facts.record(number)
    if record is None:
        raise QformsError(Told(f"没有 {number}", f"there is no {number}"))
    case_no = record.case_no or number
    return record, [r for r in h.ledger.records(case_no=case_no) if r.number != number]


def _numbers(records: list[Record]) -> list[str]:
    return [r.number for r in records]


def _values(h: house.House, record: Record) -> Iterator[str]:
    catalogue, lang = h.procedures.catalogue, tongue.lang()
    form = catalogue.form(record.form)
    case = tongue.say("案件", "case")
    yield f"{record.number}  {form.title[lang]}  {_status(h, record)}  {_issue(record)}  {case} {record.case_no or '—'}"
    for field in form.fields:
        if field.name not in record.values:
            continue
        origin = record.origin.get(field.name)
        said = (words.place(origin.where), origin.by, origin.delivery[:12]) if origin else ()
        source = " · ".join(x for x in said if x)
        value = catalogue.show(field, record.values[field.name], lang)
        yield f"  {field.label[lang]}{tongue.say('：', ': ')}{value}" + (f"    ← {source}" if source else "")


def _status(h: house.House, record: Record) -> str:
    return words.status(h.procedures.catalogue, record.form, record.status)


def _issue(record: Record) -> str:
    return tongue.say(f"第 {record.issue} 版", f"issue {record.issue}")


def whose(h: house.House, rule: str) -> str:
    """The rule that did it, by its title where it is a clock; "" for what the form itself lays down."""
    return words.clock(h.procedures.rulebook, rule) if rule and not rule.endswith(".lifecycle") else ""


_DETAILS = {  # what of a line of history people read; codes and keys are for JSON
    "due": Text("到期", "due"),
    "until": Text("至", "until"),
    "status": Text("现在", "now"),
    "before": Text("原先", "before"),
    "fields": Text("栏目", "fields"),
    "words": Text("词", "words"),
    "clause": Text("依据", "by"),
    "subject": Text("出自", "from"),
    "note": Text("说明", "note"),
    "to": Text("给", "to"),
    "by": Text("由", "by"),
}


def detail(h: house.House, record: Record, key: str, value: Any) -> str:
    """A detail of a line of history, in words; "" for what only programs read."""
    if key not in _DETAILS or not value:
        return ""
    catalogue, lang = h.procedures.catalogue, tongue.lang()
    if key in ("due", "until"):
        shown = printing.short(value, h.settings)
    elif key in ("status", "before"):
        shown = words.status(catalogue, record.form, str(value))
    elif key == "fields":
        shown = ", ".join(printing.label_of(catalogue, record.form, name, lang) for name in value)
    else:
        shown = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return f"{_DETAILS[key][lang]} {shown}"


def _clocks(h: house.House, numbers: list[str]) -> Iterator[str]:
    yield tongue.say("\n时限", "\nDeadlines")
    by_subject = look.by_subject(printing.listed(h.ledger.clocks(), h.procedures.rulebook))
    for number in numbers:
        for c in by_subject[number]:
            title = words.clock(h.procedures.rulebook, c.rule)
            due = tongue.say("到期 ", "due ") + printing.short(c.due_at, h.settings)
            state, met = words.word(words.CLOCKS, c.state), printing.short(c.met_at, h.settings)
            yield f"  {number}  {title}  {due}  {state}  {met}".rstrip()

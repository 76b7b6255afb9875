"""The facts of a letter, as plain values in the reader's language: what docs/letters.md names."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from qforms.forms.parts import due_now, own_number
from qforms.forms.shown import filled
from qforms.model import ClockRule, Field, Form, Lang, LetterRule, Record, Section, Value
from qforms.rules.work import Work

# What a subject line names, and the fields that may hold it, in order.
SUBJECT = {
    "model": ("product_model",),
    "phenomenon": ("defect_symptom", "mechanism_text", "p_what", "incident", "reason", "title"),
    "rate": ("rate_permille",),
    "amount": ("amount", "total_actual", "total_estimate", "total"),
}
_HEAD = {"number", "status", "revision", "case_no", "to_depts", "cc_depts", "received_at", "owner", "approvals"}
_NO_FACT = {"file", "img", "sig", "list"}
_OWN = {"customer_name", "channel"}  # the customer knows who he is
MOST = 5
Telling = tuple[list[tuple[str, list[Field]]], list[Field]]
LONGEST = {"phenomenon": 24}  # characters in a subject line; elsewhere 60


def iso(work: Work, at: datetime | None) -> str:
    return work.settings.local(at).isoformat() if at else ""


def facts_of(work: Work, record: Record, lang: Lang, outside: str) -> dict[str, Any]:
    """Number, model, phenomenon, rate, due time and five facts of a record; to the outside (a customer, a supplier)
    nothing private, nor what is not for such a reader.

    Told once for a record, a language and a circle: several letters about it say the same."""
    key = (record.number, lang, outside)
    old, told = work.told.get(key, (None, {}))
    if old is not record:
        told = _facts_of(work, record, lang, outside)
        work.told[key] = (record, told)
    return told | {"due": iso(work, next_due(work, record, hard=bool(outside)))}


def _facts_of(work: Work, record: Record, lang: Lang, outside: str) -> dict[str, Any]:
    form, values = work.form(record), record.values
    facts: dict[str, Any] = {"number": record.number, "revision": record.issue, "title": form.title[lang]}
    subject, shown = _telling(work, form, outside)
    for key, fields in subject:
        if first := next((f for f in fields if f.name in values), None):
            facts[key] = _short(work, first, values[first.name], lang, key)
    texts = ([f.label[lang], _short(work, f, values[f.name], lang)] for f in shown if f.name in values)
    facts["facts"] = [*islice((told for told in texts if told[1]), MOST)]
    facts["stage"] = form.lifecycle.state(record.status).label[lang]
    facts["who"] = str(record.values.get("owner") or "")
    return facts


def _telling(work: Work, form: Form, outside: str) -> Telling:
    """The fields of a form that may tell what a subject line names, in order, and those that stand as facts: the same
    for every record."""
    known: dict[tuple[str, str], Telling] = work.book.telling
    if (form.name, outside) not in known:
        open_ = {f.name: f for f in form.fields if not _kept_back(f, outside)}
        subject = [(key, [open_[n] for n in names if n in open_]) for key, names in SUBJECT.items()]
        hidden = _HEAD | _OWN if outside else _HEAD
        named = (open_[n] for n in form.facts or form.columns if n in open_ and n not in hidden)
        facts = [f for f in named if f.type not in _NO_FACT and (form.facts or f.type != "ref")]
        known[form.name, outside] = [(key, fields) for key, fields in subject if fields], facts
    return known[form.name, outside]


def _kept_back(field: Field, outside: str) -> bool:
    return bool(outside) and (field.private or outside in field.not_for)


def _short(work: Work, field: Field, value: Value, lang: Lang, key: str = "") -> str:
    text = " ".join(work.catalogue.show(field, value, lang).split())
    if key == "phenomenon":
        text = re.split(r"[，。；;]|, ", text)[0].strip()
    if key == "rate" and "‰" not in text:
        text = f"{text.rstrip('0').rstrip('.') if '.' in text else text}‰"
    elif field.type in ("int", "dec", "money") and field.unit[lang] and not field.choices:
        text = f"{text}{'' if field.unit[lang] in '‰' else ' '}{field.unit[lang]}"
    most = LONGEST.get(key, 60)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def next_due(work: Work, record: Record, hard: bool = False) -> datetime | None:
    """The earliest limit that still runs on a record; a soft target only where there is no other, and to nobody
    outside: what we aim at is no promise."""
    first = _first_limit(work, record, hard)
    return first[0] if first else None


def _first_limit(work: Work, record: Record, hard: bool = False) -> tuple[datetime, str] | None:
    """The earliest limit and the name of its clock."""
    rules = work.book.limits
    clocks = work.view.clocks(record.number).values()
    running = [c for c in clocks if c.state in ("running", "overdue") and c.rule in rules]
    binding = [(c.limit, c.rule) for c in running if not rules[c.rule].soft]
    return min(binding if binding or hard else [(c.limit, c.rule) for c in running], default=None)


def request(work: Work, rule: LetterRule, record: Record, lang: Lang, department: str = "") -> str:
    """What the reader has to do: decide; fill in the parts that are his department's; else what the clock asks for."""
    form = work.form(record)
    if rule.kind == "decision_request":
        return _decision(work, rule, form, lang)
    if set(rule.ask) == {"object"}:
        return _may_object(lang)
    due = due_now(form, record.values, work.catalogue) if rule.kind in ("issue", "revision") else ()
    if parts := [s for s in due if _theirs(work, s, record, department)]:
        return _fill_in(parts, lang)
    return "" if rule.ask or rule.kind == "alarm" else _first_ask(work, record, lang)


def _may_object(lang: Lang) -> str:
    """Of what is put up on the notice board: silence is consent."""
    if lang == "zh":
        return "阅看附件；有异议的，回复“异议：哪一栏，理由”，没有异议不用回复"
    return "read the attachment; who objects replies “object: which field, why”; silence is consent"


def _fill_in(parts: list[Section], lang: Lang) -> str:
    """The parts by their numbers where all have one, as the document names them; else by their headings."""
    numbers = [n for s in parts if (n := own_number(s, lang))]
    if len(numbers) == len(parts):
        joined = "、".join(numbers) if lang == "zh" else ", ".join(numbers)
        return (
            f"填好附件第 {joined} 部分，回复本邮件"
            if lang == "zh"
            else f"fill in part {joined} of the attachment and reply"
        )
    joined = "、".join(s.title["zh"] for s in parts) if lang == "zh" else ", ".join(s.title["en"] for s in parts)
    return f"填好附件中“{joined}”，回复本邮件" if lang == "zh" else f"fill in “{joined}” in the attachment and reply"


def _first_ask(work: Work, record: Record, lang: Lang) -> str:
    """What the clock with the earliest limit asks for."""
    first = _first_limit(work, record)
    clock = work.procedures.rulebook.clock(first[1], record.form) if first else None
    return filled(clock.ask[lang], work.form(record), record.values, work.catalogue, lang) if clock else ""


def asked(work: Work, rule: ClockRule, record: Record, lang: Lang) -> str:
    """What a clock asks its owner to do; of a row's clock, with what stands in that row."""
    text = rule.ask[lang] or rule.title[lang]
    return filled(text, work.form(record), record.values, work.catalogue, lang, rule.each)


def _theirs(work: Work, section: Section, record: Record, department: str) -> bool:
    """Is the part for that department? Where it is not known who reads, every part is."""
    holders = {d for role in section.filled_by for d in work.people.departments_of(role)}
    if "responsible_unit" in section.filled_by:
        named = record.values.get("responsible_dept") or record.values.get("to_depts") or ()
        holders.update(map(str, named if isinstance(named, tuple) else (named,)))
    return not department or not section.filled_by or department in holders


def _decision(work: Work, rule: LetterRule, form: Form, lang: Lang) -> str:
    """What is to be agreed to, or which lines are to be filled in."""
    event = form.lifecycle.event(rule.ask.get("agree", "")) if rule.ask else None
    if event is not None:
        what = event.label[lang]
        return f"决定是否{what}{form.title['zh']}" if lang == "zh" else f"decide: {what}, {form.title['en']}"
    labels = [f.label[lang] for n in rule.ask_labels if (f := form.field(n))]
    if not labels:
        return ""
    return f"填写{'、'.join(labels)}" if lang == "zh" else f"fill in: {', '.join(labels)}"


def changes(work: Work, record: Record, lang: Lang) -> list[str]:
    """Labels of what differs from the revision before."""
    names = (f for f in work.form(record).fields if f.type not in ("list", "file", "img", "sig"))
    return [f.label[lang] for f in names if work.changed(record.number, f.name)][:8]


def original(work: Work) -> dict[str, str]:
    """The mail that is answered."""
    reading = work.reading
    if reading is None or not reading.address:
        return {}
    return {"subject": reading.subject, "received_at": iso(work, reading.delivery.received_at)}


def span(length: timedelta, lang: Lang) -> str:
    """A length of time in words: 12 h, 3 天 4 h."""
    hours, rest = divmod(int(abs(length).total_seconds()), 3600)
    if hours >= 48:
        days = f"{hours // 24} {'天' if lang == 'zh' else 'd'}"
        return f"{days} {hours % 24} h" if hours % 24 else days
    return f"{hours} h" if hours else f"{rest // 60} min"


def request_of(labels: list[str], lang: Lang) -> str:
    """What a question asks for, from the labels of what is missing."""
    if not labels:
        return "答复下列问题" if lang == "zh" else "answer the following"
    listed = ("、" if lang == "zh" else ", ").join(labels[:6])
    return f"告知{listed}" if lang == "zh" else f"tell us: {listed}"


def missing(lang: Lang) -> str:
    return "未填写" if lang == "zh" else "not filled in"


def standing_in(name: str, for_name: str, lang: Lang) -> str:
    """How a deputy is addressed: 李四（代王五）."""
    if not for_name:
        return name
    return f"{name}（代{for_name}）" if lang == "zh" else f"{name} (for {for_name})"

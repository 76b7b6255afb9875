"""The facts of a letter, as plain values in the reader's language: what docs/letters.md names."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from qforms.model import Field, Lang, LetterRule, Record, Value
from qforms.rules.work import Work

# What a subject line names, and the fields that may hold it, in order.
SUBJECT = {
    "model": ("product_model",),
    "phenomenon": ("defect_symptom", "mechanism_text", "p_what", "incident", "reason", "title"),
    "rate": ("rate_permille",),
    "amount": ("amount", "total_actual", "total_estimate", "total"),
}
_HEAD = {"number", "status", "revision", "case_no", "to_depts", "cc_depts", "received_at", "owner", "approvals"}
MOST = 5


def iso(work: Work, at: datetime | None) -> str:
    return work.settings.local(at).isoformat() if at else ""


def facts_of(work: Work, record: Record, lang: Lang, outside: bool) -> dict[str, Any]:
    """Number, model, phenomenon, rate, due time and five facts of a record; to the outside nothing private."""
    form = work.form(record)
    facts: dict[str, Any] = {"number": record.number, "revision": record.revision, "title": form.title[lang]}
    for key, names in SUBJECT.items():
        fields = [
            f
            for n in names
            if (f := work.catalogue.field(form.name, n)) and n in record.values and not (outside and f.private)
        ]
        if fields:
            facts[key] = _short(work, fields[0], record.values[fields[0].name], lang, key)
    shown = [
        f for n in form.columns if n not in _HEAD and (f := work.catalogue.field(form.name, n)) and n in record.values
    ]
    facts["facts"] = [
        [f.label[lang], text]
        for f in shown
        if not (outside and f.private) and f.type not in ("ref", "file", "img", "sig", "list")
        and (text := _short(work, f, record.values[f.name], lang))
    ][:MOST]  # fmt: skip
    facts["due"] = iso(work, next_due(work, record))
    facts["stage"] = form.lifecycle.state(record.status).label[lang]
    facts["who"] = str(record.values.get("owner") or "")
    return facts


def _short(work: Work, field: Field, value: Value, lang: Lang, key: str = "") -> str:
    text = " ".join(work.catalogue.show(field, value, lang).split())
    if key == "rate" and "‰" not in text:
        text = f"{text.rstrip('0').rstrip('.') if '.' in text else text}‰"
    return text if len(text) <= 60 else f"{text[:59]}…"


def next_due(work: Work, record: Record) -> datetime | None:
    """The earliest limit that still runs on a record; a soft target only where there is no other."""
    rules = {c.name: c for c in work.procedures.rulebook.clocks if not c.timer}
    clocks = work.view.clocks(record.number).values()
    running = [c for c in clocks if c.state in ("running", "overdue") and c.rule in rules]
    hard = [c.due_at for c in running if not rules[c.rule].soft]
    return min(hard or [c.due_at for c in running], default=None)


def request(work: Work, rule: LetterRule, record: Record, lang: Lang) -> str:
    """What the reader has to do: fill in the parts that are his; else what the clock asks for."""
    parts = [s.title[lang] for s in work.form(record).sections if s.reply]
    if rule.kind in ("issue", "revision") and parts:
        joined = "、".join(parts) if lang == "zh" else ", ".join(parts)
        return (
            f"填好附件中“{joined}”，回复本邮件" if lang == "zh" else f"fill in “{joined}” in the attachment and reply"
        )
    running = {c.rule: c for c in work.view.clocks(record.number).values() if c.state in ("running", "overdue")}
    asks = [
        (running[c.name].due_at, c.ask[lang]) for c in work.procedures.rulebook.clocks if c.name in running and c.ask
    ]
    return "" if rule.ask or rule.kind == "alarm" or not asks else min(asks)[1]


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

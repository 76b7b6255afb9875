"""Looking ahead: what a mail or form would do (`try`), and what comes due if nobody does anything (`forecast`).

Both run the real stages inside a transaction that is rolled back: nothing is changed and nothing is sent."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from qforms import house, intake, rules
from qforms.commands import printing
from qforms.daemon import real_now
from qforms.model import Delivery, Judgement, Outcome, QformsError, Reading
from qforms.problems import say


class _RollBack(Exception):
    """Ends a transaction without a trace."""


def forecast(root: Path, until: datetime) -> list[dict[str, Any]]:
    """Every rung of every clock up to `until`: its time, clock, number, what happens, and to whom."""
    found: list[dict[str, Any]] = []
    with house.opened(root) as h, contextlib.suppress(_RollBack), h.ledger.begin() as tx:
        for _ in range(house.MAX_RINGS):
            clock = tx.due(until)
            if clock is None or clock.next_at is None:
                break
            at = clock.next_at
            judgement = rules.ring(clock, tx, h.procedures, at)
            tx.write(None, judgement, at)
            found += _rung(h, clock.rule, clock.subject, at, judgement)
            if all(c.next_at == at for c in judgement.clocks if (c.rule, c.subject) == (clock.rule, clock.subject)):
                tx.postpone(clock, until)
        raise _RollBack
    return found


def _rung(h: house.House, rule: str, number: str, at: datetime, judgement: Judgement) -> Iterator[dict[str, Any]]:
    for letter in judgement.letters:
        yield {
            "at": printing.iso(at, h.settings),
            "clock": rule,
            "number": number,
            "action": letter.kind,
            "to": [*letter.to, *letter.cc],
        }
    if not judgement.letters:
        moved = [f"{r.number} → {r.status}" for r in judgement.records]
        yield {
            "at": printing.iso(at, h.settings),
            "clock": rule,
            "number": number,
            "action": "；".join(moved),
            "to": [],
        }


def try_file(root: Path, file: Path, now: datetime | None) -> Iterator[str]:
    """Lines that say what would happen with a mail or form, and why. Raises QformsError when there is no such file."""
    at = now or real_now()
    try:
        raw = file.read_bytes()
    except OSError as fault:
        raise QformsError(f"{file}: {fault.strerror}") from None
    digest = hashlib.sha256(raw).hexdigest()
    delivery = Delivery(
        "folder", str(file), at, raw, name=file.name, digest=digest, modified_ns=file.stat().st_mtime_ns
    )
    with house.opened(root) as h:
        reading = intake.read(delivery, h.procedures, h.office, at)
        yield from _reading(h, reading)
        with h.ledger.facts() as facts:
            outcomes = intake.admit(reading, facts, h.procedures, at)
            judgement = rules.judge(outcomes, reading, facts, h.procedures, at)
        for outcome in judgement.outcomes:
            yield from _outcome(h, outcome)
        yield from _judgement(h, judgement)


def _reading(h: house.House, reading: Reading) -> Iterator[str]:
    yield f"发件人：{reading.address or '—'}　主题：{reading.subject or reading.delivery.name}　类别：{reading.kind}"
    if reading.machine:
        yield f"机器信：{reading.machine}"
    for filled in reading.filled:
        form = h.procedures.catalogue.form(filled.form) if filled.form else None
        title = form.title[h.settings.lang] if form else filled.form
        yield f"读到：{title}（{filled.how}），{len(filled.values)} 个值" + ("，有效印记" if filled.stamp else "")
        for name, value in filled.values.items():
            label = printing.label_of(h.procedures.catalogue, filled.form, name, h.settings.lang)
            yield f"    {label}：{value}    ← {filled.where.get(name, filled.how)}"


def _outcome(h: house.House, outcome: Outcome) -> Iterator[str]:
    lang = h.settings.lang
    speaker = f"{outcome.speaker.kind} {outcome.speaker.name}".rstrip()
    yield f"结果：{outcome.state}　{outcome.form}　{outcome.number}　身份：{speaker}"
    problems = [*([outcome.reason] if outcome.reason else []), *outcome.problems]
    for p in problems:
        label = printing.label_of(h.procedures.catalogue, outcome.form, p.field, lang)
        yield f"    {p.where or p.field}：{say(p, lang, label)}"
    for name in outcome.missing:
        yield f"    待补：{printing.label_of(h.procedures.catalogue, outcome.form, name, lang)}"


def _judgement(h: house.House, judgement: Judgement) -> Iterator[str]:
    for e in judgement.entries:
        yield f"记录：{e.number}　{e.what}　{e.rule or e.by}"
    for c in judgement.clocks:
        yield f"时限：{c.rule}　{c.subject}　到期 {printing.short(c.due_at, h.settings)}　{c.state}"
    for letter in judgement.letters:
        yield f"信件：{letter.kind}　→ {', '.join([*letter.to, *letter.cc])}　{letter.subject}"
    for task in judgement.tasks:
        yield f"待办：{task.text[h.settings.lang]}（{task.owner}）"

"""Looking ahead: what a mail or form would do (`try`), and what comes due if nobody does anything (`forecast`).

Both run the real stages inside a transaction that is rolled back: nothing is changed and nothing is sent."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from qforms import house, intake, rules, tongue
from qforms.commands import printing, words
from qforms.daemon import real_now
from qforms.model import Catalogue, Delivery, Filled, Judgement, Outcome, QformsError, Reading
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
    with _tried(root, file, now) as (h, reading, judgement):
        yield from _reading(h, reading)
        for outcome in judgement.outcomes:
            yield from _outcome(h, outcome)
        yield from _judgement(h, judgement)


def try_data(root: Path, file: Path, now: datetime | None) -> dict[str, Any]:
    """The same as plain values, with codes for words."""
    with _tried(root, file, now) as (h, reading, judgement):
        catalogue, s = h.procedures.catalogue, h.settings
        return {
            "sender": reading.address,
            "subject": reading.subject or reading.delivery.name,
            "kind": reading.kind,
            "machine": reading.machine,
            "read": [{"form": f.form, "how": f.how, "values": _plain(catalogue, f)} for f in reading.filled],
            "outcomes": [
                {
                    "outcome": o.state,
                    "form": o.form,
                    "number": o.number,
                    "speaker": o.speaker.kind,
                    "codes": [p.code for p in (*([o.reason] if o.reason else []), *o.problems)],
                    "missing": list(o.missing),
                }
                for o in judgement.outcomes
            ],
            "history": [{"number": e.number, **printing.entry(e, s)} for e in judgement.entries],
            "clocks": [printing.clock(c, s) for c in judgement.clocks],
            "letters": [
                {"kind": x.kind, "to": list(x.to), "cc": list(x.cc), "subject": x.subject} for x in judgement.letters
            ],
            "tasks": [{"kind": t.kind, "text": t.text[tongue.lang()], "owner": t.owner} for t in judgement.tasks],
        }


def _plain(catalogue: Catalogue, filled: Filled) -> dict[str, Any]:
    known = filled.form in catalogue.forms
    return catalogue.plain(filled.form, filled.values) if known else dict(filled.values)


@contextlib.contextmanager
def _tried(root: Path, file: Path, now: datetime | None) -> Iterator[tuple[house.House, Reading, Judgement]]:
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
        with h.ledger.facts() as facts:
            outcomes = intake.admit(reading, facts, h.procedures, at)
            judgement = rules.judge(outcomes, reading, facts, h.procedures, at)
        yield h, reading, judgement


def _reading(h: house.House, reading: Reading) -> Iterator[str]:
    subject, kind = reading.subject or reading.delivery.name, words.word(words.READINGS, reading.kind)
    yield tongue.say(
        f"发件人：{reading.address or '—'}　主题：{subject}　类别：{kind}",
        f"from: {reading.address or '—'}  subject: {subject}  kind: {kind}",
    )
    if reading.machine:
        yield tongue.say("机器信：", "automatic mail: ") + reading.machine
    for filled in reading.filled:
        title, how = words.form(h.procedures.catalogue, filled.form), words.word(words.HOW, filled.how)
        values = len(filled.values)
        yield tongue.say(f"读到：{title}（{how}），{values} 个值", f"read: {title} ({how}), {values} values") + (
            tongue.say("，有效印记", ", with a genuine stamp") if filled.stamp else ""
        )
        for name, value in filled.values.items():
            label = printing.label_of(h.procedures.catalogue, filled.form, name, tongue.lang())
            field = h.procedures.catalogue.field(filled.form, name)
            shown = h.procedures.catalogue.show(field, value, tongue.lang()) if field else value
            yield f"    {label}{tongue.say('：', ': ')}{shown}    ← {words.place(filled.where.get(name, how))}"


def _outcome(h: house.House, outcome: Outcome) -> Iterator[str]:
    lang, catalogue = tongue.lang(), h.procedures.catalogue
    speaker = f"{words.word(words.SPEAKERS, outcome.speaker.kind)} {outcome.speaker.name}".rstrip()
    state, title = words.word(words.OUTCOMES, outcome.state), words.form(catalogue, outcome.form)
    yield tongue.say(
        f"结果：{state}　{title}　{outcome.number}　身份：{speaker}",
        f"outcome: {state}  {title}  {outcome.number}  as: {speaker}",
    )
    problems = [*([outcome.reason] if outcome.reason else []), *outcome.problems]
    for p in problems:
        label = printing.label_of(catalogue, outcome.form, p.field, lang)
        yield f"    {p.where or label}{tongue.say('：', ': ')}{say(p, lang, label)}"
    for name in outcome.missing:
        yield tongue.say("    待补：", "    wanting: ") + printing.label_of(catalogue, outcome.form, name, lang)


def _judgement(h: house.House, judgement: Judgement) -> Iterator[str]:
    catalogue, book = h.procedures.catalogue, h.procedures.rulebook
    forms = {r.number: r.form for r in judgement.records}
    for e in judgement.entries:
        what = words.event(catalogue, forms.get(e.number, ""), e.what)
        yield tongue.say("记录：", "history: ") + f"{e.number}  {what}  {words.clock(book, e.rule) or e.by}"
    for c in judgement.clocks:
        title, state = words.clock(book, c.rule), words.word(words.CLOCKS, c.state)
        due = printing.short(c.due_at, h.settings)
        yield tongue.say(
            f"时限：{title}　{c.subject}　到期 {due}　{state}", f"deadline: {title}  {c.subject}  due {due}  {state}"
        )
    for letter in judgement.letters:
        kind = words.word(words.KINDS, letter.kind)
        yield tongue.say("信件：", "letter: ") + f"{kind}  → {words.recipients(letter)}  {letter.subject}"
    for task in judgement.tasks:
        yield tongue.say(f"待办：{task.text.zh}（{task.owner}）", f"task: {task.text['en']} ({task.owner})")


def forecast_words(root: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A forecast for people: clocks by their titles, letters by their kinds."""
    with house.opened(root) as h:
        book = h.procedures.rulebook
        return [
            {**r, "clock": words.clock(book, r["clock"]), "action": words.word(words.KINDS, r["action"])} for r in rows
        ]

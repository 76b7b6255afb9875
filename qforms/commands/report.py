"""`qforms report`: the report of a month or week as Word, its lines as a workbook, its figures as plain values.

A period that the rules have frozen is made from what was kept then; one that has not been opened yet is shown as it
stands, and nothing is kept of it."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from qforms import house, reporting, rules, stamp, tongue
from qforms.commands import printing
from qforms.daemon import real_now
from qforms.documents import charts, exhibits, render
from qforms.ledger import Transaction
from qforms.model import Delivery, Form, Lang, Outcome, QformsError, Reading, Record, Speaker, Told
from qforms.outbox.cases import safe_name
from qforms.problems import say

MONTH, WEEK = re.compile(r"(\d{4})-?(0[1-9]|1[0-2])"), re.compile(r"(\d{4})-?W?(0[1-9]|[1-4]\d|5[0-3])")


@dc.dataclass(frozen=True, slots=True)
class Made:
    """A report that was made: its files, its figures, and what the reader should know of it."""

    number: str
    document: Path
    details: Path
    figures: dict[str, Any]
    notes: tuple[str, ...]


def period_of(month: str, week: str) -> str:
    """2026-05 -> 202605, 2026-W20 -> 2026W20. Raises ValueError when it is neither."""
    if month and (found := MONTH.fullmatch(month)):
        return found[1] + found[2]
    if week and (found := WEEK.fullmatch(week)):
        return f"{found[1]}W{found[2]}"
    raise ValueError(tongue.say("请写 --month 2026-05 或 --week 2026-W20", "write --month 2026-05 or --week 2026-W20"))


def report(
    root: Path,
    period: str,
    out: Path | None = None,
    lang: Lang | None = None,
    now: datetime | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Made:
    """Makes the report of a period (`period_of`) and writes its two files into `out`, left out: `reports/` of the
    workspace. `progress` hears what is being done. Raises QformsError."""
    at = now or real_now()
    with house.opened(root) as h:
        lang = lang or h.settings.lang
        form = _form(h)
        work = reporting.Reporting(h.ledger, h.store, h.procedures)
        progress(_word("取数", "counting", lang))
        with h.ledger.facts() as facts:
            record, preview = _record(h, form, period, facts, at)
            gathered = work.of(record, facts, lang, None if record.values.get("frozen_at") else at)
            assert gathered is not None
            later = work.corrections(record, facts, lang, at)
            book = exhibits.with_corrections(work.declared(form.name), gathered.book, later)
            gathered = dc.replace(gathered, book=book)
            related = dc.replace(h.mailroom.enclosures.related(record, facts), lines=book, sight=gathered.sight)
        progress(_word("画图、排版", "drawing", lang))
        mark = stamp.make(form.name, record.number, record.revision, h.procedures.keys)
        data = render(record, related, h.procedures, stamp=mark, lang=lang)
        progress(_word("写明细", "writing the details", lang))
        title = f"{record.number} {form.title[lang]}"
        lines = exhibits.details(gathered.book, lang, title, gathered.sight.as_of)
        folder = out or h.settings.root / "reports"
        folder.mkdir(parents=True, exist_ok=True)
        document = folder / f"{safe_name(title)}.docx"
        details = folder / f"{safe_name(title)} {_word('明细', 'details', lang)}.xlsx"
        document.write_bytes(data)
        details.write_bytes(lines)
        figures = _figures(h, form, record, gathered, later)
        return Made(record.number, document, details, figures, tuple(_notes(h, record, preview, gathered, lang)))


def _form(h: house.House) -> Form:
    """The form that is named by its period."""
    found = next((f for f in h.procedures.catalogue.forms.values() if f.named_by == ("period",)), None)
    if found is None:
        raise QformsError(Told("没有按期间编号的报表表单", "there is no form that is named by its period"))
    return found


def _record(h: house.House, form: Form, period: str, facts: Transaction, at: datetime) -> tuple[Record, bool]:
    """The period's record, or what would be opened now: judged, and written nowhere."""
    number = form.number.format(period=period)
    if (record := facts.record(number)) is not None:
        return record, False
    delivery = Delivery("folder", number, at, b"", digest=f"{0:064x}")
    reading = Reading(delivery, number)
    speaker = Speaker("office", roles=frozenset({"office"}), trusted=True)
    outcome = Outcome("accepted", form.name, values={"period": period}, speaker=speaker)
    judgement = rules.judge([outcome], reading, facts, h.procedures, at)
    made = next((r for r in judgement.records if r.form == form.name), None)
    if made is None:
        refused = next((o.reason for o in judgement.outcomes if o.reason), None)
        raise QformsError(say(refused, h.settings.lang) if refused else f"{number}?")
    known = {k: v for k, v in made.values.items() if k != "frozen_at"}
    return dc.replace(made, values=known, status=form.lifecycle.start), True


def _figures(h: house.House, form: Form, record: Record, gathered: Any, later: Any) -> dict[str, Any]:
    declared = reporting.Reporting(h.ledger, h.store, h.procedures).declared(form.name)
    known = (declared.shown[n] for s in form.sections for n in s.shows if n in declared.shown)
    shown = [e for e in known if e.in_issue(gathered.sight)]
    return {
        "number": record.number,
        "status": record.status,
        "as_of": printing.iso(gathered.sight.as_of, h.settings),
        "lines": {name: len(lines.rows) for name, lines in gathered.book.items()},
        "values": {
            k: v for k, v in h.procedures.catalogue.plain(form.name, record.values).items() if not isinstance(v, list)
        },
        "exhibits": {e.name: exhibits.figures(exhibits.shown(e, gathered.book, gathered.sight)) for e in shown},
        "corrections": [{"key": c.key, "was": c.was, "now": c.now} for c in later],
    }


def _notes(h: house.House, record: Record, preview: bool, gathered: Any, lang: Lang) -> Any:
    """What whoever asked for it should know."""
    if preview:
        yield _word(
            f"{record.number} 还没有立单，这是预览，数字不冻结；到报表日程序自己立单",
            f"{record.number} has not been opened yet: this is a preview, nothing is frozen",
            lang,
        )
    elif record.values.get("frozen_at"):
        at = h.settings.local(record.values["frozen_at"])
        yield _word(f"数字冻结于 {at:%Y-%m-%d %H:%M}", f"figures frozen on {at:%Y-%m-%d %H:%M}", lang)
    main = next(iter(gathered.book.values()))
    if not any(r.get(gathered.sight.column) == gathered.sight.period for r in main.rows):
        yield _word("本期无数据", "no data in this period", lang)
    try:
        charts.available()
    except charts.ChartsUnavailable as fault:
        yield say(fault.problem, lang)


def _word(zh: str, en: str, lang: Lang) -> str:
    return zh if lang == "zh" else en

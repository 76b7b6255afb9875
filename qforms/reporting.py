"""The lines that documents count (`exhibits.yaml`), gathered from the ledger; those of an issued month are kept.

When a document that freezes (`frozen_at`) is made for the first time its lines go into the store as JSON, under a note
of the ledger. From then on it is made from these; later months take the issued ones as they stand, and what is known
otherwise now is told as a correction."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from qforms import rules
from qforms.documents import exhibits
from qforms.documents.exhibits import Correction, Exhibits, LineRule, Lines, Sight, Source
from qforms.ledger import Ledger
from qforms.model import Clock, Facts, Lang, Record, Store
from qforms.settings import Procedures

_NOTE = "lines of "
_BACK = timedelta(days=2 * 366)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The lines of a document, and what it looks at."""

    book: dict[str, Lines]
    sight: Sight


class Reporting:
    """Gathers lines, and keeps those of what is frozen."""

    def __init__(self, ledger: Ledger, store: Store, procedures: Procedures) -> None:
        self._ledger = ledger
        self._store = store
        self._procedures = procedures

    def declared(self, form: str) -> Exhibits:
        p = self._procedures
        return exhibits.load(p.catalogue.form(form), p.settings.root / "form_templates", p.catalogue, p.rulebook)

    def of(self, record: Record, facts: Facts, lang: Lang, now: datetime | None = None) -> Gathered | None:
        """The lines of a record's document, None where its form declares none. `now`: as of when, unless it is frozen;
        left out, when the record was written last."""
        declared = self.declared(record.form)
        if not declared.lines:
            return None
        frozen = record.values.get("frozen_at")
        at = frozen if isinstance(frozen, datetime) else now or record.at or record.received_at
        assert at is not None
        period = str(record.values.get("period") or "")
        sight = Sight(period, self._procedures.settings.local(at), lang, record.number)
        digest = self._ledger.note(_NOTE + record.number) if isinstance(frozen, datetime) else None
        if digest and self._store.has(digest):
            book = exhibits.from_json(self._store.get(digest), declared.blank)
        else:
            book = self._gathered(declared, record, facts, at)
            book = self._standing(declared, book, record)
            if isinstance(frozen, datetime):
                self._ledger.set_note(_NOTE + record.number, self._store.put(exhibits.to_json(book)))
        return Gathered(book | exhibits.own_lists(declared, record), sight)

    def corrections(self, record: Record, facts: Facts, lang: Lang, now: datetime) -> tuple[Correction, ...]:
        """What a frozen record's lines say otherwise than the ledger says now."""
        declared = self.declared(record.form)
        digest = self._ledger.note(_NOTE + record.number)
        if not digest or not self._store.has(digest):
            return ()
        issued = exhibits.from_json(self._store.get(digest), declared.blank)
        today = self._gathered(declared, record, facts, now)
        period = str(record.values.get("period") or "")
        return tuple(
            c
            for name, rule in declared.lines.items()
            if rule.frozen and rule.compare
            for c in exhibits.corrections(today[name], issued[name], rule.compare, rule.frozen, period, lang)
        )

    # ------------------------------------------------------------ gathering

    def _gathered(self, declared: Exhibits, record: Record, facts: Facts, at: datetime) -> dict[str, Lines]:
        book = {}
        for name, rule in declared.lines.items():
            if rule.list:
                continue
            rows: Iterable[dict[str, Any]] = ()
            if not rule.later:
                rows = self._clocks(at) if rule.clocks else self._records(rule, record, facts, at)
            book[name] = dc.replace(rule.blank, rows=tuple(rows))
        return book

    def _standing(self, declared: Exhibits, book: dict[str, Lines], record: Record) -> dict[str, Lines]:
        """Issued periods stand as they were issued: taken from the report before this one."""
        digest = self._ledger.note(_NOTE + str(record.values.get("previous") or ""))
        if not digest or not self._store.has(digest):
            return book
        issued = exhibits.from_json(self._store.get(digest), declared.blank)
        until = str(record.values["previous"]).rpartition("-")[2]
        kept = {n: r.frozen for n, r in declared.lines.items() if r.frozen and n in book}
        return book | {n: exhibits.standing(book[n], issued[n], column, until) for n, column in kept.items()}

    def _records(self, rule: LineRule, record: Record, facts: Facts, at: datetime) -> Iterator[dict[str, Any]]:
        local = self._procedures.settings.local
        for source in rule.sources:
            if rule.of_record is None:
                records: Iterable[Record] = self._recent(source, at)
            else:
                theirs, ours = rule.of_record
                value = record.values.get(ours)
                found = facts.members(source.form, theirs, value) if value not in (None, "", ()) else ()
                records = sorted(found, key=lambda r: r.number)
            listed = rules.listed(records, source.fill, source.where, source.each, facts, self._procedures, at)
            for row in listed:
                yield {k: local(v) if isinstance(v, datetime) else v for k, v in row.items()}

    def _recent(self, source: Source, at: datetime) -> Iterable[Record]:
        """The records of a form without those that lie two years back and have come to their end since."""
        form = self._procedures.catalogue.form(source.form)
        final = {s.name for s in form.lifecycle.states if s.final}
        first = at - _BACK
        for record in self._ledger.records(source.form):
            day = record.values.get(source.since) if source.since else None
            if record.status in final and day is not None and _before(day, first):
                continue
            yield record

    def _clocks(self, at: datetime) -> Iterator[dict[str, Any]]:
        """Obligations only: no timers, no soft targets, nothing cancelled."""
        known = {c.name: c for c in self._procedures.rulebook.clocks if not c.soft and not c.timer}
        settings, month_ends = (
            self._procedures.settings,
            int(self._procedures.rulebook.limits.get("stat_month_end", 31)),
        )
        with self._ledger.facts() as facts:
            departments = {
                str(p.values.get("name")): str(p.values.get("department") or "") for p in facts.all("person")
            }
            units = {d.number for d in facts.all("department")}
        for clock in self._ledger.clocks():
            rule = known.get(clock.rule.partition("#")[0])
            if rule is None or clock.state == "cancelled" or clock.due_at < at - _BACK:
                continue
            due = settings.local(clock.due_at)
            row: dict[str, Any] = {
                "number": clock.subject,
                "clock": rule.name,
                "title": rule.title[settings.lang] or rule.name,
                "case_no": clock.case_no or None,
                "department": clock.owner
                if clock.owner in units
                else departments.get(clock.owner) or clock.owner or None,
                "owner": clock.owner or None,
                "started_at": settings.local(clock.started_at),
                "due_at": due,
                "met_at": settings.local(clock.met_at) if clock.met_at else None,
                "state": _state(clock, at),
                "late_hours": _late(clock, at),
                "month": _month(due.date(), month_ends),
                "week": exhibits.week_of(due.date()),
            }
            yield {k: v for k, v in row.items() if v is not None}


def _before(day: Any, first: datetime) -> bool:
    return day < first if isinstance(day, datetime) else isinstance(day, date) and day < first.date()


def _state(clock: Clock, at: datetime) -> str:
    """As it stood then: what was met later was still open."""
    if clock.met_at is not None and clock.met_at <= at:
        return "met" if clock.met_at <= clock.due_at else "met_late"
    return "overdue" if clock.due_at < at else "running"


def _late(clock: Clock, at: datetime) -> Decimal:
    """Hours beyond the limit, until it was met or until then; negative: left."""
    end = clock.met_at if clock.met_at is not None and clock.met_at <= at else at
    return (Decimal(int((end - clock.due_at).total_seconds())) / 3600).quantize(Decimal("0.1"))


def _month(day: date, ends: int) -> str:
    """The statistical month of a day: with 25, 26 May is 202606."""
    return f"{day:%Y%m}" if day.day <= ends else f"{(day.replace(day=1) + timedelta(days=32)):%Y%m}"

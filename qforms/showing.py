"""What the workbook and the board show, gathered from the ledger.

Everything is read once; afterwards only the records that were touched, those of their cases and what runs are read
again, so that showing one more mail costs the same however many records there are. Whoever shows very many lets them
go in between (`forget`)."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from qforms import rules
from qforms.ledger import Ledger
from qforms.model import Clock, Problem, Record, Text
from qforms.problems import say
from qforms.settings import Procedures
from qforms.workbook import reserve
from qforms.workbook.view import Mail, View

_ALL_AGAIN = timedelta(hours=6)  # other programs may write into the same ledger
_TOGETHER = 400  # numbers asked for in one statement


class Showing:
    """The view of one ledger. `folder` is where the book lies: addresses of case folders are relative to it."""

    def __init__(
        self,
        ledger: Ledger,
        procedures: Procedures,
        folder: Path,
        touched: Callable[[], Collection[str]] | None = None,
    ) -> None:
        """`touched` gives what was written since it was last asked; left out, what this process wrote."""
        self._touched = touched or ledger.take_touched
        self._ledger = ledger
        self._procedures = procedures
        self._settings = procedures.settings
        self._folder = folder
        self._records: dict[str, Record] = {}
        self._clocks: dict[str, tuple[Clock, ...]] = {}
        self._rates: dict[str, tuple[Decimal, Decimal]] = {}
        self._read: datetime | None = None
        self._rated: date | None = None

    def read(self, now: datetime) -> None:
        """Brings all up to the ledger."""
        touched = self._touched()
        stale = self._read is None or now - self._read > _ALL_AGAIN or now < self._read
        if stale:
            self._read, self._rated = now, None
        if stale or not self._records:
            self._all()
        elif touched:
            self._again(touched)
        self._rate(touched, now)

    def view(self, now: datetime, since: datetime) -> View:
        """All that is to be shown as of `now`, without what had come to its end before `since`: that is held no
        longer."""
        listed = self._listed(since)
        self._records = {r.number: r for records in listed.values() for r in records}
        self._clocks = {subject: of for subject, of in self._clocks.items() if subject in self._records}
        tasks = self._ledger.tasks()
        ready = reserve.kept(self._ledger.note(reserve.NOTE))
        return View(
            company=self._settings.company.name,
            as_of=now,
            zone=self._settings.zone,
            records=listed,
            clocks=self._running(listed),
            tasks=tasks,
            letters=self._ledger.letters(("trial", "held")),
            conflicts=self._ledger.conflicts(),
            mails=tuple(self._held()),
            rulebook=self._procedures.rulebook,
            rates=self._rates,
            links=self._links({t.case_no for t in tasks}),
            ready={form: (*kept.void, *kept.ready) for form, kept in ready.items()},
            void=frozenset(n for kept in ready.values() for n in kept.void),
        )

    def past(self, since: datetime) -> Mapping[int, View]:
        """What had come to its end before `since`, by the year of its end."""
        found: dict[int, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
        for record in self._records.values():
            if self._past(record, since) and (ended := _ended(record)):
                found[self._settings.local(ended).year][record.form].append(record)
        return {year: self._archive(records, since) for year, records in sorted(found.items())}

    def _archive(self, records: Mapping[str, list[Record]], since: datetime) -> View:
        company, zone = self._settings.company.name, self._settings.zone
        listed = {form: tuple(of) for form, of in records.items()}
        clocks, rules_ = self._running(listed), self._procedures.rulebook
        return View(company, since, zone, listed, clocks, rulebook=rules_, rates=self._rates)

    def forget(self) -> None:
        """Holds no record any more: the next look reads them anew."""
        self._records, self._clocks = {}, {}

    # ------------------------------------------------------------ reading

    def _all(self) -> None:
        self._records = {r.number: r for r in self._ledger.records(origins=False)}
        by_subject: dict[str, list[Clock]] = defaultdict(list)
        for clock in self._ledger.clocks():
            by_subject[clock.subject].append(clock)
        self._clocks = {subject: tuple(clocks) for subject, clocks in by_subject.items()}

    def _again(self, touched: Collection[str]) -> None:
        for some in _in_parts(touched):
            self._records |= {r.number: r for r in self._ledger.records(numbers=some, origins=False)}
            by_subject: dict[str, list[Clock]] = defaultdict(list)
            for clock in self._ledger.clocks(subjects=some):
                by_subject[clock.subject].append(clock)
            self._clocks |= {subject: tuple(clocks) for subject, clocks in by_subject.items()}

    def _rate(self, touched: Collection[str], now: datetime) -> None:
        """Rates move with the figures of their record or of what it refers to, and with the day."""
        watched = self._procedures.rulebook.triggers_on
        mine = [r for r in self._records.values() if r.form in watched]
        today = self._settings.local(now).date()
        if self._rated == today and touched:
            others = {n for n in touched if (r := self._records.get(n)) is None or r.form not in watched}
            said = {str(v) for n in others for v in (n, *_texts(self._records.get(n)))}
            mine = [r for r in mine if r.number in touched or said.intersection(_texts(r))]
        if self._rated == today and not touched:
            return
        with self._ledger.facts() as facts:
            self._rates = {**self._rates, **rules.rates(mine, facts, self._procedures, now)}
        self._rated = today

    # ------------------------------------------------------------ choosing

    def _listed(self, since: datetime) -> Mapping[str, tuple[Record, ...]]:
        found: dict[str, list[Record]] = defaultdict(list)
        for record in self._records.values():
            if not self._past(record, since):
                found[record.form].append(record)
        return {form: tuple(records) for form, records in found.items()}

    def _past(self, record: Record, since: datetime) -> bool:
        """Whether it had come to its end by then; reference data never does."""
        form = self._procedures.catalogue.forms.get(record.form)
        if form is None or form.named_by or not any(s.final and s.name == record.status for s in form.lifecycle.states):
            return False
        ended = _ended(record)
        return ended is not None and ended < since

    def _running(self, listed: Mapping[str, tuple[Record, ...]]) -> tuple[Clock, ...]:
        numbers = {r.number for records in listed.values() for r in records}
        clocks = [c for subject, of in self._clocks.items() if subject in numbers for c in of]
        return tuple(sorted(clocks, key=lambda c: (c.started_at, c.rule, c.subject)))

    def _held(self) -> Iterable[Mail]:
        """What could not be taken in and waits for somebody."""
        for row in self._ledger.deliveries(outcome="held", state="done"):
            problems = [Problem(**p) for p in row["reason"]]
            reason = Text(*("；".join(say(p, lang) for p in problems) for lang in ("zh", "en")))
            yield Mail(row["digest"], row["received_at"], row["sender"], row["subject"] or row["name"], reason)

    def _links(self, cases: Collection[str]) -> dict[str, str]:
        """Case folders of what is shown and of `cases`, as addresses relative to the book."""
        root = self._settings.path(self._settings.folders.cases)
        if not root.is_relative_to(self._folder):
            return {}
        try:
            with os.scandir(root) as found:
                names = {entry.name.partition(" ")[0]: entry.name for entry in found if entry.is_dir()}
        except OSError:
            return {}
        base = root.relative_to(self._folder).as_posix()
        of = {c: c for c in cases} | {r.number: r.case_no for r in self._records.values()}
        return {number: f"{base}/{name}" for number, case in of.items() if case and (name := names.get(case))}


def _ended(record: Record) -> datetime | None:
    closed = record.values.get("closed_at")
    return closed if isinstance(closed, datetime) else record.at or record.received_at


def _texts(record: Record | None) -> Iterable[str]:
    return (v for v in record.values.values() if isinstance(v, str)) if record is not None else ()


def _in_parts(numbers: Collection[str]) -> Iterable[list[str]]:
    ordered = sorted(numbers)
    return (ordered[i : i + _TOGETHER] for i in range(0, len(ordered), _TOGETHER))

"""Once a working day the managers get a digest (P35): what is overdue, by department, the oldest first, each line to be
answered by its number; and the report's charts that are marked `digest`, inline.

The general manager and the GM office see all departments, a head of department his own. Who has nothing overdue in his
reach is not written to."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from qforms import stamp
from qforms.documents import charts, exhibits
from qforms.ledger import Ledger, Transaction
from qforms.model import Clock, Judgement, Lang, LetterIntent, Record, Store
from qforms.reporting import Reporting
from qforms.rules.people import Addressee, People, people_of
from qforms.settings import Procedures

_TOLD = "digests sent on"
_ALL = ("gm", "gmo")  # who sees every department
LINES = 40
DPI = 110
MAX_BYTES = 200_000  # of a chart in a letter


class Digests:
    """Writes the day's digests, once, when the working day has begun."""

    def __init__(self, ledger: Ledger, store: Store, procedures: Procedures) -> None:
        self._ledger = ledger
        self._store = store
        self._procedures = procedures
        self._settings = procedures.settings
        self._looked = ""

    def tell(self, now: datetime) -> int:
        """Owes the digests of the day, once; gives how many. Nothing on days off and before quiet hours end."""
        local = self._settings.local(now)
        day = f"{local:%Y-%m-%d}"
        if not self._settings.outgoing.digests or self._looked == day or not self._open(now):
            return 0
        self._looked = day
        if self._ledger.note(_TOLD) == day:
            return 0
        late = self._late(now)
        letters: list[LetterIntent] = []
        if late:
            with self._ledger.facts() as facts:
                facts.fetch_records([c.subject for c in late])
                letters = list(self._letters(late, facts, now, day))
        with self._ledger.begin() as tx:
            tx.write(None, Judgement(letters=tuple(letters)), now)
        self._ledger.set_note(_TOLD, day)
        return len(letters)

    def _open(self, now: datetime) -> bool:
        local, until = self._settings.local(now), self._settings.outgoing.quiet_until
        if not self._procedures.work.is_workday(local.date()):
            return False
        return until is None or local.time() >= until

    def _late(self, now: datetime) -> list[Clock]:
        """Obligations that are overdue, the oldest first."""
        hard = {c.name for c in self._procedures.rulebook.clocks if not c.soft and not c.timer}
        found = (c for c in self._ledger.clocks(("overdue",)) if c.rule.partition("#")[0] in hard)
        return sorted(found, key=lambda c: (c.limit, c.subject, c.rule))

    # ------------------------------------------------------------ letters

    def _gone(self, record: Record) -> bool:
        return self._procedures.catalogue.form(record.form).lifecycle.state(record.status).final

    def _letters(self, late: Sequence[Clock], facts: Transaction, now: datetime, day: str) -> Iterator[LetterIntent]:
        departments, persons = facts.all("department"), facts.all("person")
        today, operator = self._settings.local(now).date(), self._settings.company.operator
        people = people_of(departments, persons, today, operator, self._gone)
        where = {c: _department(c, people, persons) for c in {c.owner for c in late}}
        pictures: dict[Lang, list[dict[str, str]]] = {}
        for to, department in self._readers(people, departments):
            own = [c for c in late if not department or where[c.owner] == department]
            if not own:
                continue
            if to.lang not in pictures:
                pictures[to.lang] = self._charts(facts, to.lang, now)
            yield self._letter(to, department, own, where, pictures[to.lang], facts, now, day)

    def _readers(self, people: People, departments: Sequence[Record]) -> Iterator[tuple[Addressee, str]]:
        """Everybody once: a manager of all, else the head of a department with its name."""
        seen: set[str] = set()
        managers = ((a, "") for role in _ALL for a in people.role(role))
        heads = ((a, d.number) for d in departments if (a := people.head_of(d.number)) is not None)
        for to, department in (*managers, *heads):
            if to.address not in seen:
                seen.add(to.address)
                yield to, department

    def _letter(
        self,
        to: Addressee,
        department: str,
        late: Sequence[Clock],
        where: Mapping[str, str],
        pictures: list[dict[str, str]],
        facts: Transaction,
        now: datetime,
        day: str,
    ) -> LetterIntent:
        key = f"digest:{to.address}:{day}"
        ordered = sorted(late, key=lambda c: (_first(late, where, where[c.owner]), where[c.owner], c.limit))
        lines = [self._line(c, where[c.owner], facts, now, to.lang) for c in ordered[:LINES]]
        keys = list(self._procedures.keys.values())
        return LetterIntent(
            key=key,
            kind="digest",
            audience="manager",
            to=(to.address,),
            cc=(),
            lang=to.lang,
            number="",
            revision=0,
            case_no="",
            subject="",
            facts={
                "name": to.name,
                "department": department,
                "count": len(late),
                "more": max(0, len(late) - LINES),
                "lines": lines,
                "charts": pictures,
                "at": self._settings.local(now).isoformat(),
            },
            attach=tuple(f"inline:{p['digest']}:{p['name']}" for p in pictures),
            code=stamp.code_for(keys[-1], key) if keys else "",
            at=now,
        )

    def _line(self, clock: Clock, department: str, facts: Transaction, now: datetime, lang: Lang) -> dict[str, Any]:
        rule = self._procedures.rulebook.clock(clock.rule)
        record = facts.record(clock.subject)
        values = record.values if record else {}
        about = [str(values.get(n) or "") for n in ("customer_name", "product_model", "title")]
        return {
            "number": clock.subject,
            "clock": clock.rule,
            "what": (rule.title[lang] if rule else "") or clock.rule,
            "situation": " ".join(w for w in about if w)[:60],
            "department": department,
            "who": clock.owner if clock.owner != department else "",
            "due": self._settings.local(clock.limit).isoformat(),
            "over": _span(now - clock.limit, lang),
            "mark": self._weekly(clock, lang),
            "answers": ["转给", "申请延期"] if lang == "zh" else ["pass on to", "extend to"],
        }

    def _weekly(self, clock: Clock, lang: Lang) -> str:
        """That its people are told once a week only by now, after so many daily repeats (P35)."""
        often = int(self._procedures.rulebook.limits.get("daily_repeats") or 0)
        if not often or sum(step.startswith("+") for step in clock.steps) < often:
            return ""
        return "改为每周催" if lang == "zh" else "now told weekly"

    def _charts(self, facts: Transaction, lang: Lang, now: datetime) -> list[dict[str, str]]:
        """The charts marked `digest` of the form that is named by its period, as of now; none if none can be drawn."""
        form = next((f for f in self._procedures.catalogue.forms.values() if f.named_by == ("period",)), None)
        if form is None:
            return []
        work = Reporting(self._ledger, self._store, self._procedures)
        wanted = [e for e in work.declared(form.name).shown.values() if e.more.get("digest")]
        gathered = work.of(Record(form.name, "", 0, "", "", {}), facts, lang, now) if wanted else None
        if gathered is None:
            return []
        found = []
        for exhibit in wanted:
            chart = exhibits.shown(dc.replace(exhibit, wide=True), gathered.book, gathered.sight)
            if not isinstance(chart, charts.Chart) or charts.empty(chart):
                continue
            try:
                data = charts.picture(chart, dpi=DPI)
            except charts.ChartsUnavailable:
                return []
            if len(data) <= MAX_BYTES:
                name = f"{exhibit.name}.png"
                found.append({"name": name, "digest": self._store.put(data), "said": charts.said(chart)})
        return found


def _department(owner: str, people: People, persons: Sequence[Record]) -> str:
    """The department of an owner: itself, a person's, or of whoever holds the role."""
    person = next((p for p in persons if p.values.get("name") == owner), None)
    if person is not None and person.values.get("department"):
        return str(person.values["department"])
    return next(iter(people.departments_of(owner)), owner)


def _first(late: Sequence[Clock], where: Mapping[str, str], department: str) -> datetime:
    """The oldest limit of a department."""
    return next(c.limit for c in late if where[c.owner] == department)


def _span(over: timedelta, lang: Lang) -> str:
    hours = int(over.total_seconds() // 3600)
    if hours < 48:
        return f"{hours} h"
    return f"{hours // 24} 天" if lang == "zh" else f"{hours // 24} d"

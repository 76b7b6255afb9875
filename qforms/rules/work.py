"""The desk on which one delivery (or one rung of a clock) is judged: what is known, what has changed, what is to be
looked at next. The rules are functions over it; it lives no longer than a call of `judge` or `ring`."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from string import Formatter
from typing import Any

from qforms.model import (
    EMPTY,
    RESERVED,
    SYSTEM,
    Entry,
    Event,
    Facts,
    Form,
    Origin,
    Problem,
    QformsError,
    Reading,
    Record,
    TriggerRule,
    Value,
)
from qforms.rules import basis as b
from qforms.rules import plans
from qforms.rules.agenda import Open
from qforms.rules.book import book_of
from qforms.rules.figures import Figures
from qforms.rules.names import Names
from qforms.rules.people import DEPARTMENT, PERSON, People, people_of
from qforms.rules.view import View
from qforms.settings import Procedures

# Records looked at for one delivery before the rules are said not to come to rest: a large group can be merged.
REST = 4000
_NO_NAME = re.compile(r"[\s/\\:*?\"<>|]+")  # what no number made of a name may hold: it names files


class Refusal(Exception):
    """A person asked for something that a rule does not allow."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that letters may be owed for: "issue", "opened", "revised", a field's name."""

    number: str
    event: str


class Work:
    def __init__(
        self, facts: Facts, procedures: Procedures, now: datetime, at: datetime, reading: Reading | None
    ) -> None:
        self.procedures = procedures
        self.settings = procedures.settings
        self.catalogue = procedures.catalogue
        self.book = book_of(procedures.rulebook, procedures.catalogue)
        self.view = View(facts)
        self.zone = procedures.settings.zone
        self.now = now
        self.at = at
        self.reading = reading
        self.speaker = SYSTEM
        self.answering: frozenset[str] = frozenset()  # whom the letter that is answered had asked: department, name
        self.answering_for = ""  # for whom it had asked him: somebody who is away
        self.figures = Figures(self.book, self.view, self.day, self.today)
        self.queue: dict[str, None] = {}
        self.visited: dict[str, None] = {}
        self.last = ""  # looked at last
        self.told: dict[tuple[str, str, str], tuple[Record | None, dict[str, Any]]] = {}  # facts for letters
        self.counted: dict[str, Record] = {}
        self.causes: dict[str, str] = {}  # subject -> the record whose change made it be looked at
        self.faulty: set[str] = set()  # records of which a return held faults: nothing happens to them by itself
        self.corrected: set[str] = set()  # records in which a person changed what was known
        self.bumped: set[str] = set()
        self.happened: list[Happening] = []
        self.moments: dict[str, datetime] = {}  # when what is written now was really said: record -> time

    # ---- time and names

    @property
    def at(self) -> datetime:
        """When what is judged took place: the delivery's arrival, the rung's time. In the company's zone, so that the
        day of a time that the rules set is the day people lived."""
        return self._at

    @at.setter
    def at(self, at: datetime) -> None:
        self._at = at.astimezone(self.zone)
        self.today = self._at.date()
        self._open: dict[str, Open] = {}  # number -> the rules that are to be asked
        self._carried_out: dict[tuple[str, str], tuple[Open, int]] = {}  # trigger, number
        self._names: dict[object, Names] = {}

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def dated(self, form: str, name: str, value: Value) -> Value:
        """A time that is put into a field for a date is that day."""
        field = self.catalogue.field(form, name) if isinstance(value, datetime) else None
        return self.day(value) if field is not None and field.type == "date" else value

    @cached_property
    def people(self) -> People:
        given = self.view.all(DEPARTMENT), self.view.all(PERSON)
        company = self.settings.company
        return people_of(*given, self.today, company.operator, self.final, company.lang)

    def names(self, record: Record, extra: Mapping[str, Any] = EMPTY, basis: b.Basis | None = None) -> Names:
        if extra:
            return Names(self.book, self.view, record, self.today, extra, basis)
        key = record.number if basis is None else (record.number, basis.per.name, basis.scope)
        names = self._names.get(key)
        if names is None or names.version != self.view.version or names.record is not record:
            names = self._names[key] = Names(self.book, self.view, record, self.today, basis=basis)
        return names

    def agenda(self, record: Record) -> Open:
        """Which rules are to be asked about a record: all, then those for which something has changed."""
        open_ = self._open.get(record.number)
        if open_ is None:
            open_ = self._open[record.number] = Open(self.book.plan(plans.agenda, record.form), self.view, record)
        else:
            open_.look(self.view, record)
        return open_

    def carried_out(self, rule: TriggerRule, number: str) -> None:
        """What a trigger does has been done: doing it again would change nothing while nothing else changes."""
        record, on = self.view.record(number), self.book.act(rule)
        if record is not None and on is not None:
            open_ = Open(on, self.view, record)
            open_.settle(on.all)
            self._carried_out[rule.name, number] = open_, len(self.view.written)

    def stands(self, rule: TriggerRule, record: Record) -> bool:
        """Has a trigger been carried out on a record that has changed since in nothing that it goes by, and has no
        other record changed?"""
        open_, mark = self._carried_out.get((rule.name, record.number), (None, 0))
        if open_ is None or any(number != record.number for number in self.view.written[mark:]):
            return False
        open_.look(self.view, record)
        return not open_.bits

    def form(self, record: Record) -> Form:
        return self.catalogue.form(record.form)

    def final(self, record: Record) -> bool:
        """Has a record come to the end of its lifecycle?"""
        return record.status in self.book.final[record.form]

    @property
    def history(self) -> bool:
        """Is it a line of an old register, which counts and moves nothing?"""
        return self.reading is not None and self.reading.history

    @property
    def delivery(self) -> str:
        return self.reading.delivery.digest if self.reading else ""

    # ---- a step back, when an outcome is refused

    def snapshot(self) -> dict[str, Any]:
        own = ("queue", "visited", "counted", "causes", "faulty", "corrected", "bumped", "happened", "moments")
        return {"view": self.view.snapshot()} | {name: getattr(self, name).copy() for name in own}

    def restore(self, snapshot: dict[str, Any]) -> None:
        self.view.restore(snapshot.pop("view"))
        self._open.clear()
        self._carried_out.clear()
        self._names.clear()
        vars(self).update(snapshot)

    # ---- what is to be looked at

    def touch(self, number: str, cause: str = "") -> None:
        """Has a record looked at (again); `cause` is the record that brought it about."""
        self.queue[number] = None
        if cause:
            self.causes[number] = cause

    def take(self) -> str:
        """The next record to be looked at; "" when the rules have come to rest."""
        if not self.queue:
            return ""
        # first what a record changed about itself, then what it touched: nothing is looked at before its figures count
        number = self.last if self.last in self.queue else next(iter(self.queue))
        self.last = number
        del self.queue[number]
        self.visited[number] = None
        return number

    def changed(self, number: str, fld: str) -> bool:
        """Has a field another value than before this delivery?"""
        base, record = self.view.base(number), self.view.record(number)
        return (base.values.get(fld) if base else None) != (record.values.get(fld) if record else None)

    # ---- changing records

    def open(
        self,
        form: str,
        values: Mapping[str, Value],
        origin: Mapping[str, Origin],
        case_no: str = "",
        received_at: datetime | None = None,
        month: datetime | None = None,
        rule: str = "",
        reserved: str = "",
    ) -> Record:
        """A new record, defaults filled in: with the number that was reserved for it where that is free, else with the
        next number of its series."""
        declared = self.catalogue.form(form)
        defaults = {k: self._standing(form, k, v) for k, v in self.book.defaults(form).items()}
        whole = {k: v for k, v in {**defaults, **values}.items() if v is not None}
        number = self._reserved(declared, reserved) or self._number(declared, whole, month or self.at)
        record = Record(
            form=form,
            number=number,
            revision=0,
            status=declared.lifecycle.start,
            case_no=case_no,
            values=whole,
            origin={**{k: Origin("", by="default") for k in defaults}, **origin},
            received_at=received_at,
            by=self.speaker.address or self.speaker.name or self.speaker.kind,
            at=self.at,
        )
        self.view.put(record)
        if not declared.named_by and number != reserved:
            self.view.fresh.add(number)
        self.note(number, "opened", rule, form=form)
        self.happened.append(Happening(number, "opened"))
        self.touch(number)
        return record

    def starts_case(self, form: Form) -> bool:
        """Does a form start a case of its own? One that a customer may open does, unless it refers to such a one (a
        return to its complaint); others belong to that of what they refer to."""
        return self.book.starts_case(form.name)

    def standing(self, form: Form, values: Mapping[str, Value]) -> str:
        """The number of the record that is named by the same values already; "" where there is none."""
        if not form.named_by or any(values.get(f) in (None, "") for f in form.named_by):
            return ""
        number = self._number(form, values, self.at)
        return number if self.view.record(number) is not None else ""

    def _standing(self, form: str, name: str, value: Value) -> Value:
        """A default; that of a person, department or time may be who speaks, his department, and when."""
        field = self.catalogue.field(form, name)
        kind = field.type if field else ""
        if kind in ("dt", "date") and value == "now":
            return self.at if kind == "dt" else self.today
        if kind not in ("user", "dept") or value != "speaker":
            return value
        if self.speaker.kind not in ("person", "office"):
            return None
        return (self.speaker.name if kind == "user" else next(iter(self.speaker.departments), "")) or None

    def _number(self, form: Form, values: Mapping[str, Value], month: datetime) -> str:
        if form.named_by and not form.number:
            return "/".join(str(values.get(f, "")).strip() for f in form.named_by)
        series, named = self.book.series(form.name)
        parts = _dates(self.day(month))
        if named:
            own = {name: _NO_NAME.sub("_", str(values.get(name, "")).strip())[:60] for name in named}
            parts = {**parts, **own}
        if "{seq" not in form.number:
            return self._free(form.number.format(**parts), bool(form.named_by))
        series = series.format(**parts)
        while True:  # past the numbers that stand ready in the workbook (P4)
            number = form.number.format(seq=self.view.next_of(series), **parts)
            if not self.view.token(f"{RESERVED}{number}"):
                return number

    def _free(self, number: str, named: bool) -> str:
        """A number without a series; where another record has it, and is not the very same, with -2, -3 …"""
        taken = (f"{number}-{n}" if n > 1 else number for n in range(1, REST))
        return number if named else next(n for n in taken if self.view.record(n) is None)

    def _reserved(self, form: Form, number: str) -> str:
        """A number that somebody gave away before its record came (P4), if it is one of the form's and still free."""
        found = _pattern(form.number).fullmatch(number) if "{seq" in form.number and number else None
        if found is None or self.view.record(number) is not None:
            return ""
        if not self.view.token(f"{RESERVED}{number}"):
            self.view.passed(number[: found.start(1)] + number[found.end(1) :], int(found[1]))
        return number

    def revise(self, number: str, changes: Mapping[str, Value], origin: Origin, content: bool = True) -> bool:
        """Writes values (None: takes one away); true when something changed.

        `content`: what a person or a trigger says makes a new revision, one for a delivery. What follows from it
        (computed fields, suggestions, times that a lifecycle sets) belongs to the revision it follows from."""
        record = self.view.record(number)
        assert record is not None, number
        was = record.values
        changed = {k: v for k, v in changes.items() if (old := was.get(k)) is not v and old != v}
        if not changed:
            return False
        values = {**was, **changed}
        for name in [k for k, v in changed.items() if v is None]:
            del values[name]
        record = self._revision(record) if content else record
        received = changed.get("received_at") or record.received_at
        origins = {**record.origin, **dict.fromkeys(changed, origin)}
        r, case_no = record, self._case_of(record, changed)
        self.view.put(Record(r.form, r.number, r.revision, r.status, case_no, values, origins, received, r.by, r.at))
        self.touch(number)
        return True

    def _case_of(self, record: Record, changed: Mapping[str, Value]) -> str:
        """The case that a record belongs to when it says so anew: a parcel whose complaint is found (P53)."""
        for name in self.book.case_refs(record.form):
            target = self.view.record(str(changed[name])) if changed.get(name) else None
            if target is not None and target.case_no and record.case_no in ("", record.values.get(name)):
                return target.case_no
        return record.case_no

    def _revision(self, record: Record) -> Record:
        if self.view.base(record.number) is None or record.number in self.bumped:
            return record
        self.bumped.add(record.number)
        by = self.speaker.address or self.speaker.name or self.speaker.kind
        return dc.replace(record, revision=record.revision + 1, at=self.at, by=by)

    def revised(self, number: str) -> None:
        """Letters speak of a revision when a trigger or the recipients changed, not of each cell that is filled in."""
        happening = Happening(number, "revised")
        if number in self.bumped and happening not in self.happened:
            self.happened.append(happening)

    def move(self, number: str, event: Event) -> None:
        """Sets a record's state, without asking whether it may; an event without `to` leaves it as it is."""
        record = self.view.record(number)
        assert record is not None, number
        self.view.put(dc.replace(record, status=event.to or record.status))
        self.happened.append(Happening(number, event.name))
        self.touch(number)

    def note(self, number: str, what: str, rule: str = "", at: datetime | None = None, **detail: Any) -> None:
        """A line of history."""
        by = self.speaker.address or self.speaker.name
        self.view.entries.append(Entry(number, at or self.at, what, rule, self.delivery, by, detail))


@lru_cache(maxsize=64)
def _dates(day: date) -> Mapping[str, str]:
    """What a number may name of the day on which it is given."""
    return {"yyyymm": f"{day:%Y%m}", "yyyy": f"{day:%Y}", "yy": f"{day:%y}", "mm": f"{day:%m}", "dd": f"{day:%d}"}


@lru_cache(maxsize=256)
def _pattern(series: str) -> re.Pattern[str]:
    """What a number of a series looks like; its first group is the running number."""
    digits = {"yyyymm": 6, "yyyy": 4}
    parts = []
    for text, name, spec, _ in Formatter().parse(series):
        parts.append(re.escape(text))
        if name == "seq":
            width = int(re.sub(r"\D", "", spec or "") or 1)
            parts.append(rf"(\d{{{width}}}|[1-9]\d{{{width},8}})")
        elif name:
            parts.append(rf"\d{{{digits.get(name, 2)}}}")
    return re.compile("".join(parts))


def by_rule(record: Record, fld: str) -> bool:
    """Was a field left to the rules: unknown, or filled in by one?"""
    origin = record.origin.get(fld)
    return fld not in record.values or (origin is not None and not origin.delivery)


def restless(work: Work, number: str) -> QformsError:
    return QformsError(f"规则互相触发，停不下来（最后是 {number}）。请检查 inbox_rules/ 中涉及它的规则（qforms check）")

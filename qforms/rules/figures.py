"""Figures: what each record adds to a sum or count, and what changes when the record does. Nothing is ever scanned.

Units with the same serial number count once: of the records that name it, the earliest holds its token (A08, B12)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from qforms.model import FigureRule, Record
from qforms.rules import basis as b
from qforms.rules import plans
from qforms.rules.book import Book
from qforms.rules.names import Names, stamp_of, subject_key, subjects_of, time_of
from qforms.rules.view import View, age, index_of, newest_first

Parts = dict[tuple[str, str], Decimal]  # (of, scope) -> amount
Touched = set[tuple[str, str]]  # (figure, subject)
Day = Callable[[datetime], date]


class Figures:
    """Keeps the figures of a view true while its records change."""

    def __init__(self, book: Book, view: View, day: Day, today: date) -> None:
        self.book, self.view, self.day, self.today = book, view, day, today
        self._named: dict[int, Names] = {}  # of the records that are being counted
        self._subjects: dict[tuple[str, int], tuple[str, ...]] = {}  # whose a figure is, by its name, of these records

    def update(self, old: Record | None, new: Record) -> Touched:
        """Counts `new` instead of `old`; gives the figures that changed."""
        touched: Touched = set()
        self._named.clear()
        if new.form not in self.book.over:
            return touched
        plan = self.book.plan(plans.counting, new.form)
        moved = plan.all if old is None else plan.moved(old, new) | plan.always
        moved &= plan.possible("over", new) | (plan.possible("over", old) if old is not None else 0)
        for bit, rule in plan.rules["over"] if moved else ():
            if moved & bit:
                count = self._end if rule.kind in ("first", "last") else self._sum
                touched |= count(rule, old, new)
        return touched

    # ---- sums and counts

    def _sum(self, rule: FigureRule, old: Record | None, new: Record) -> Touched:
        before = self.parts(rule, old) if old else {}
        others = self._pass_tokens(rule, old, new) if rule.distinct else {}
        after = self.parts(rule, new)
        changed: Parts = dict(after)
        for sign, part in ((-1, before), (1, others)):
            for key, amount in part.items():
                changed[key] = changed.get(key, Decimal(0)) + sign * amount
        for (of, scope), amount in changed.items():
            self.view.add(rule.name, of, scope, amount)
        if not any(changed.values()):
            return set()
        return {(rule.name, of) for r in (old, new) if r for of in self._subjects[rule.name, id(r)]}

    def names(self, record: Record) -> Names:
        """What a record counts by rests on no figure, so its names serve for all of them."""
        names = self._named.get(id(record))
        if names is None or names.record is not record:
            names = self._named[id(record)] = Names(self.book, self.view, record, self.today)
        return names

    def parts(self, rule: FigureRule, record: Record) -> Parts:
        """What a record adds, by subject and scope, given who holds the tokens now."""
        names = self.names(record)
        subjects = self._subjects[rule.name, id(record)] = self.subjects(rule, names)
        amount = self._amount(rule, names) if subjects else None
        if amount is None or not self._counts(rule, names):
            return {}
        found: Parts = {}
        for of in subjects:
            found |= self._part(rule, names, of, self._distinct(rule, record, of, amount) if rule.distinct else amount)
        return found

    def _part(self, rule: FigureRule, names: Names, of: str, amount: Decimal) -> Parts:
        """What is added to one subject: once for each basis on which the figure is kept."""
        found: Parts = {}
        for kind in b.kinds(rule.per):
            scope = b.scope_of(kind, names)
            if scope is None:
                continue
            if not kind.days or scope:
                found[of, scope] = amount
            if kind.days:
                found[b.windowed(of, scope), b.day_scope(self._day(rule, names))] = amount
        return found if rule.per else {(of, ""): amount}

    def subjects(self, rule: FigureRule, names: Names) -> tuple[str, ...]:
        """Whose figure it is: of several, where the one field that names the subject has several values."""
        return subjects_of([names.get(f) for f in rule.subject or (rule.of,)])

    def subject(self, rule: FigureRule, names: Names) -> str:
        return subject_key([names.get(f) for f in rule.subject or (rule.of,)])

    def _counts(self, rule: FigureRule, names: Names) -> bool:
        return rule.where is None or rule.where.holds(names)

    def _amount(self, rule: FigureRule, names: Names) -> Decimal | None:
        if rule.kind == "count":
            return Decimal(1)
        value = rule.amount.value(names) if rule.amount else names.get(rule.value)
        return None if value is None else Decimal(value)

    def _day(self, rule: FigureRule, names: Names) -> date:
        """The day on which a record counts: of its `day` field, else of its arrival."""
        value = names.get(rule.day) if rule.day else None
        value = value or names.get("received_at") or names.record.at
        return self.day(value) if isinstance(value, datetime) else value or self.today

    # ---- each serial number once

    def _serials(self, rule: FigureRule, record: Record | None) -> tuple[str, ...]:
        """The tokens that a record lays claim to: at most as many as it has units.

        A serial number is compared as the index compares it, so that whoever else claims it can be found."""
        if record is None or not rule.distinct:
            return ()
        names = self.names(record)
        value = names.get(rule.distinct)
        if not value:
            return ()
        of, amount = self.subject(rule, names), self._amount(rule, names)
        if not of or amount is None or not self._counts(rule, names):
            return ()
        every = list(dict.fromkeys(index_of(v) for v in (value if isinstance(value, tuple) else (value,)) if v))
        return tuple(f"{rule.name}|{of}|{s}" for s in (every if rule.kind == "count" else every[: int(amount)]))

    def _distinct(self, rule: FigureRule, record: Record, of: str, amount: Decimal) -> Decimal:
        claimed = self._serials(rule, record)
        held = sum(self.view.token(t) == record.number for t in claimed)
        if rule.kind == "count":
            return Decimal(1 if held or not claimed else 0)
        return amount - len(claimed) + held

    def _pass_tokens(self, rule: FigureRule, old: Record | None, new: Record) -> Parts:
        """Gives each token to the earliest that claims it; what this changes in what others add."""
        wanted = self._serials(rule, new)
        claimed = dict.fromkeys([*self._serials(rule, old), *wanted])
        if not claimed:
            return {}
        heirs: dict[str, str] = {}
        for token in claimed:
            heir = self._heir(rule, token, new, token in wanted)
            if heir != self.view.token(token):
                heirs[token] = heir
        numbers = {n for t, heir in heirs.items() for n in (self.view.token(t), heir)} - {"", new.number}
        others = [r for n in sorted(numbers) if (r := self.view.record(n)) is not None]
        changed: Parts = {}
        for sign in (-1, 1):
            for other in others:
                for key, amount in self.parts(rule, other).items():
                    changed[key] = changed.get(key, Decimal(0)) + sign * amount
            if sign == -1:
                self.view.tokens |= heirs
        return changed

    def _heir(self, rule: FigureRule, token: str, new: Record, wanted: bool) -> str:
        holder = self.view.token(token)
        if wanted and not holder:
            return new.number
        serial = token.rpartition("|")[2]
        rivals = [r for r in self.view.members(rule.over, rule.distinct, serial) if r.number != new.number]
        if holder and holder != new.number and (record := self.view.record(holder)) is not None:
            rivals.append(record)
        claim = [r for r in rivals if token in self._serials(rule, r)] + ([new] if wanted else [])
        return min(claim, key=age).number if claim else ""

    # ---- firsts and lasts

    def _end(self, rule: FigureRule, old: Record | None, new: Record) -> Touched:
        touched: Touched = set()
        before, after = self._time(rule, old), self._time(rule, new)
        for of in sorted({of for of, _ in (before, after) if of}):
            now = time_of(self.view.figure(rule.name, of))
            mine = after[1] if after[0] == of else None
            gone = before[0] == of and before[1] == now and mine != now
            times = [t for t in ([*self._rest(rule, of, new), mine] if gone else [now, mine]) if t]
            pick = min if rule.kind == "first" else max
            value = stamp_of(pick(times)) if times else Decimal(0)
            change = value - (self.view.figure(rule.name, of) or Decimal(0))
            self.view.add(rule.name, of, "", change)
            if change:
                touched.add((rule.name, of))
        return touched

    def _time(self, rule: FigureRule, record: Record | None) -> tuple[str, datetime | None]:
        """The subject and the time that a record brings."""
        if record is None:
            return "", None
        names = self.names(record)
        value = names.get(rule.value)
        if not isinstance(value, datetime) or not self._counts(rule, names):
            return "", None
        return self.subject(rule, names), value

    def _rest(self, rule: FigureRule, of: str, without: Record) -> list[datetime | None]:
        """The times of the subject's other records: asked only when the first or last one is taken back."""
        if rule.subject == ("case_no",):
            records = newest_first(r for r in self.view.case(of) if r.form == rule.over)
        else:
            records = self.view.members(rule.over, (rule.subject or (rule.of,))[0], of)
        times = [self._time(rule, r) for r in records if r.number != without.number]
        return [t for subject, t in times if subject == of]

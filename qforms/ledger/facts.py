"""What admission and the rules may ask the ledger, inside one transaction; answers are kept, and what the transaction
itself has written is seen through them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, select, tuple_

from qforms.ledger import rows
from qforms.ledger import tables as t
from qforms.ledger.memory import Days, FigureKey, LookupKey, Memory
from qforms.model import (
    FOUND_MOST,
    RESERVED,
    Catalogue,
    Clock,
    Conflict,
    Letter,
    Reading,
    Record,
    Task,
    Value,
    Window,
)


def _many(column: Any) -> Any:
    """`column IN (…)`, of a list that is given by the name "many"."""
    return column.in_(bindparam("many", expanding=True))


FIND = (
    select(t.record)
    .join(t.lookup, t.lookup.c.number == t.record.c.number)
    .where(
        t.lookup.c.form == bindparam("form"),
        t.lookup.c.field == bindparam("field"),
        t.lookup.c.value == bindparam("value"),
    )
    .order_by(t.lookup.c.number.desc())  # numbers grow with time; the index gives them in this order
    .limit(bindparam("most"))
)
_MEMBERS = (
    select(t.lookup.c.number)
    .where(
        t.lookup.c.form == bindparam("form"),
        t.lookup.c.field == bindparam("field"),
        t.lookup.c.value == bindparam("value"),
    )
    .order_by(t.lookup.c.number.desc())
)
_RECORD = select(t.record).where(t.record.c.number == bindparam("number"))
_FIGURE = select(t.figure.c.value).where(
    t.figure.c.name == bindparam("name"), t.figure.c.of == bindparam("of"), t.figure.c.scope == bindparam("scope")
)
_SCOPES = select(t.figure.c.scope, t.figure.c.value).where(
    t.figure.c.name == bindparam("name"), t.figure.c.of == bindparam("of"), ~t.figure.c.scope.like("day:%")
)
_WINDOW = select(t.figure.c.scope, t.figure.c.value).where(
    t.figure.c.name == bindparam("name"),
    t.figure.c.of == bindparam("of"),
    t.figure.c.scope.between(bindparam("since"), bindparam("until")),
)
_CLOCKS = select(t.clock).where(t.clock.c.subject == bindparam("subject"))
_TASK = select(t.task).where(t.task.c.key == bindparam("key"))
_TASKS = select(t.task).where(t.task.c.number == bindparam("number"), t.task.c.state == "open")
_TOKEN = select(t.token.c.number).where(t.token.c.token == bindparam("token"))
_RESERVED = (
    select(t.token.c.token, t.token.c.number)
    .where(t.token.c.token.between(bindparam("first"), bindparam("last")))
    .order_by(t.token.c.token)
    .limit(bindparam("most"))
)
_COUNTER = select(t.counter.c.last).where(t.counter.c.series == bindparam("series"))
_DIGEST = select(t.delivery.c.id).limit(1)
_REPLIES = select(t.reply.c.address, t.reply.c.at).where(_many(t.reply.c.address), t.reply.c.at > bindparam("since"))
_SEEN = select(t.delivery.c.key).where(_many(t.delivery.c.key))
_LETTERS = select(t.letter).where(_many(t.letter.c.message_id)).order_by(t.letter.c.seq)  # a table after its lines
_RECORDS = select(t.record).where(_many(t.record.c.number))
_CASES = select(t.record).where(_many(t.record.c.case_no)).order_by(t.record.c.seq)
_FIND_MANY = (
    select(t.record, t.lookup.c.value)
    .join(t.lookup, t.lookup.c.number == t.record.c.number)
    .where(
        t.lookup.c.form == bindparam("form"),
        t.lookup.c.field == bindparam("field"),
        t.lookup.c.value.in_(bindparam("values", expanding=True)),
    )
    .order_by(t.lookup.c.number.desc())
)
_GROWN = select(t.figure.c.name, t.figure.c.of, t.figure.c.scope, t.figure.c.value).where(
    tuple_(t.figure.c.name, t.figure.c.of, t.figure.c.scope).in_(bindparam("many", expanding=True))
)
_REFERENCE_FORMS_MAX = 5000

_KEY = ("name", "of", "scope")
Lookup = tuple[str, str, Value]  # form, field, value


class LedgerFacts:
    """`model.Facts` over one database transaction and what is remembered of those before it."""

    def __init__(self, connection: Connection, catalogue: Catalogue, domain: str, memory: Memory | None = None) -> None:
        self._db = connection
        self._catalogue = catalogue
        self._domain = domain
        memory = Memory() if memory is None else memory
        self._memory = memory
        self._seen: dict[str, bool] = {}
        self._digests: set[str] = set()  # of deliveries written here
        self._added: dict[LookupKey, dict[str, None]] = defaultdict(dict)  # written here, not yet asked for
        self._grown: dict[FigureKey, Decimal] = {}  # added here to figures that nobody has asked for
        self._shifted: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)  # scopes of figures written here
        self._touched: set[str] = set()  # records written here
        self._new: set[str] = set()
        self._given: set[str] = set()  # numbers given in this transaction
        self._moved: set[str] = set()  # whose clocks or figures changed
        self._next_ring: datetime | None = None  # of the clocks written here
        self._answers = memory.answers
        self._records, self._found, self._all, self._cases = memory.records, memory.found, memory.all, memory.cases
        self._figures, self._days, self._scopes = memory.figures, memory.days, memory.scopes
        self._windows, self._clocks, self._counters = memory.windows, memory.clocks, memory.counters
        self._tokens, self._tasks, self._tasks_on = memory.tokens, memory.tasks, memory.tasks_on
        self._conflicts, self._born, self._replies = memory.conflicts, memory.born, memory.replies
        self._letters, self._message_ids, self._links = memory.letters, memory.message_ids, memory.links
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._dirty: dict[str, dict[Any, Any]] = defaultdict(dict)  # table -> key -> what is to be put
        self._opened: dict[str, dict[str, Any]] = {}  # rows of new records
        self._lookups: dict[tuple[str, str, str, str], None] = {}  # what the index gains: form, field, value, number
        self._unlook: dict[tuple[str, str, str, str], None] = {}  # … and loses

    # ------------------------------------------------------------ for a whole group at once

    def prefetch(self, readings: Sequence[Reading], wanted: Iterable[Lookup] = (), now: datetime | None = None) -> None:
        """Asks once, in one statement a table, what will be asked for each of these readings: was it here before, does
        it answer a letter, how many answers did its sender get; and `wanted`: who has these values in key fields."""
        keys = [r.key for r in readings]
        found = set(self._db.scalars(_SEEN, {"many": keys})) if keys else set()
        self._seen |= {k: k in found for k in keys}
        self._fetch_letters([r.message_id for r in readings if r.message_id])
        self._fetch_found({(form, fld, rows.key_of(value)) for form, fld, value in wanted})
        if now is not None:
            self._fetch_replies([r.address for r in readings if r.address], now)

    def _fetch_letters(self, message_ids: Sequence[str]) -> None:
        asked = [m for m in dict.fromkeys(message_ids) if m not in self._message_ids]
        if asked:
            self._message_ids.update(dict.fromkeys(asked, ""))
            for row in self._db.execute(_LETTERS, {"many": asked}).mappings():
                self._know_letter(rows.letter_of(row))

    def _fetch_found(self, keys: Iterable[LookupKey]) -> None:
        """The lookups that are not known yet, in one statement a form and field. None of them may be common: a group
        asks about its senders and their addresses."""
        by_field: dict[tuple[str, str], list[str]] = defaultdict(list)
        for form, fld, value in keys:
            if (form, fld, value) not in self._found:
                by_field[form, fld].append(value)
        for (form, fld), values in by_field.items():
            if len(values) == 1:
                continue  # asked for when it is needed
            for value in values:
                self._found[form, fld, value] = dict(self._added.pop((form, fld, value), {}))
            named = {"form": form, "field": fld, "values": values}
            for row in self._db.execute(_FIND_MANY, named).mappings():
                self._know_record(row)
                self._found[form, fld, row["value"]][row["number"]] = None

    def _fetch_replies(self, addresses: Sequence[str], now: datetime) -> None:
        asked = [a for a in dict.fromkeys(addresses) if a not in self._replies]
        if asked:
            self._replies.update({a: [] for a in asked})
            for row in self._db.execute(_REPLIES, {"many": asked, "since": now - timedelta(days=2)}):
                self._replies[row.address].append(row.at)

    def fetch_records(self, numbers: Iterable[str]) -> None:
        """Has these records known, in one statement."""
        asked = [n for n in dict.fromkeys(numbers) if n and n not in self._records]
        if asked:
            self._records.update(dict.fromkeys(asked))
            for row in self._db.execute(_RECORDS, {"many": asked}).mappings():
                self._records[row["number"]] = rows.record_of(row, self._catalogue)

    def fetch_cases(self, case_nos: Iterable[str]) -> None:
        """Has all records of these cases known, in one statement."""
        asked = [n for n in dict.fromkeys(case_nos) if n and n not in self._cases]
        if asked:
            numbers: dict[str, dict[str, None]] = {n: {} for n in asked}
            for row in self._db.execute(_CASES, {"many": asked}).mappings():
                self._know_record(row)
                numbers[row["case_no"]][row["number"]] = None
            for number in sorted(self._touched):
                record = self._records[number]
                if record is not None and record.case_no in numbers:
                    numbers[record.case_no][number] = None
            self._cases.update(numbers)

    def _know_record(self, row: Any) -> None:
        if self._records.get(row["number"]) is None:
            self._records[row["number"]] = rows.record_of(row, self._catalogue)

    def _know_letter(self, letter: Letter) -> None:
        self._letters[letter.intent.key] = letter
        self._message_ids[letter.message_id] = letter.intent.key

    # ------------------------------------------------------------ one by one

    def seen(self, key: str) -> bool:
        if key not in self._seen:
            self._seen[key] = self._one(select(t.delivery.c.key).where(t.delivery.c.key == key)) is not None
        return self._seen[key]

    def digest_seen(self, digest: str) -> bool:
        """Did a delivery with the very same bytes come before, under whatever key?"""
        return digest in self._digests or self._one(_DIGEST.where(t.delivery.c.digest == digest)) is not None

    def record(self, number: str) -> Record | None:
        if number not in self._records:
            row = self._db.execute(_RECORD, {"number": number}).mappings().first()
            self._records[number] = rows.record_of(row, self._catalogue) if row else None
        return self._records[number]

    def revision(self, number: str, revision: int) -> Record | None:
        now = self.record(number)
        if now is None or now.revision == revision:
            return now
        query = select(t.revision).where(t.revision.c.number == number, t.revision.c.revision == revision)
        row = self._db.execute(query).mappings().first()
        if row is None:
            return None
        whole = {**row, "form": now.form, "case_no": now.case_no, "received_at": now.received_at}
        return rows.record_of(whole, self._catalogue)

    def find(self, form: str, fld: str, value: Value) -> tuple[Record, ...]:
        """Present records whose key or ref field has that value, the newest first; at most some hundred of them, so
        that a customer with many cases costs no more than another."""
        key = (form, fld, rows.key_of(value))
        answer = self._answers.get(key)
        if answer is not None and all(self._records.get(r.number) is r for r in answer):
            return answer
        found = self._found.get(key)
        if found is None:
            named = dict(zip(("form", "field", "value"), key, strict=True))
            found = self._found[key] = {}
            for row in self._db.execute(FIND, {**named, "most": FOUND_MOST}).mappings():
                self._know_record(row)
                found[row["number"]] = None
            found |= self._added.pop(key, {})
        known = [r for n in found if (r := self.record(n)) is not None and self._has(r, fld, key[2])]
        if len(known) > 1:
            known.sort(key=_age, reverse=True)
        self._answers[key] = answer = tuple(known[:FOUND_MOST])
        return answer

    def _joins(self, key: LookupKey, record: Record) -> None:
        """A record comes to those that were found: as a rule it is the newest of them."""
        if (answer := self._answers.get(key)) is not None:
            if answer and _age(answer[0]) < _age(record):
                self._answers[key] = (record, *answer[: FOUND_MOST - 1])
            else:
                del self._answers[key]

    def members(self, form: str, fld: str, value: Value) -> tuple[Record, ...]:
        """All records whose key or ref field has that value, the newest first, however many there are."""
        known = self.find(form, fld, value)
        if len(known) < FOUND_MOST:
            return known
        named = {"form": form, "field": fld, "value": rows.key_of(value)}
        there = {r.number for r in known}
        every = dict.fromkeys((*self._found[form, fld, named["value"]], *self._db.scalars(_MEMBERS, named)))
        numbers = [n for n in every if n not in there]
        for at in range(0, len(numbers), FOUND_MOST):
            self.fetch_records(numbers[at : at + FOUND_MOST])
        rest = (r for n in numbers if (r := self.record(n)) is not None and self._has(r, fld, named["value"]))
        return (*known, *rest)

    def all(self, form: str) -> tuple[Record, ...]:
        """All records of a reference form (departments, persons), oldest first."""
        if form not in self._all:
            query = select(t.record).where(t.record.c.form == form).order_by(t.record.c.seq).limit(_REFERENCE_FORMS_MAX)
            numbers: dict[str, None] = {}
            for row in self._db.execute(query).mappings():
                self._know_record(row)
                numbers[row["number"]] = None
            written = (r for n in self._touched if (r := self._records[n]) is not None and r.form == form)
            self._all[form] = numbers | dict.fromkeys(sorted(r.number for r in written))
        return tuple(r for n in self._all[form] if (r := self.record(n)) is not None)

    def case(self, case_no: str) -> tuple[Record, ...]:
        if not case_no:
            return ()
        self.fetch_cases([case_no])
        found = (self.record(n) for n in self._cases.get(case_no, ()))
        return tuple(r for r in found if r is not None and r.case_no == case_no)

    def letter(self, message_id: str) -> Letter | None:
        if message_id not in self._message_ids:
            self._fetch_letters([message_id])
        return self._letters.get(self._message_ids[message_id])

    def letter_by_code(self, code: str) -> Letter | None:
        if not code:
            return None
        known = next((x for x in self._letters.values() if x.intent.code == code), None)
        return known or self._letter(t.letter.c.code == code)

    def letter_by_key(self, key: str) -> Letter | None:
        return self._letters.get(key) or self._letter(t.letter.c.key == key)

    def clocks(self, subject: str) -> tuple[Clock, ...]:
        if subject not in self._clocks:
            found = self._db.execute(_CLOCKS, {"subject": subject}).mappings()
            self._clocks[subject] = {row["rule"]: rows.clock_of(row) for row in found}
        return tuple(self._clocks[subject].values())

    def task(self, key: str) -> Task | None:
        if key not in self._tasks:
            born = any(part in self._born for part in key.split(":")[1:2])
            row = None if born else self._db.execute(_TASK, {"key": key}).mappings().first()
            self._tasks[key] = rows.task_of(row) if row else None
        return self._tasks[key]

    def tasks(self, number: str) -> tuple[Task, ...]:
        """The open tasks on a record."""
        if number not in self._tasks_on:
            known = self._tasks_on[number] = {}
            for row in self._db.execute(_TASKS, {"number": number}).mappings():
                self._tasks.setdefault(row["key"], rows.task_of(row))
                known[row["key"]] = None
            known |= {k: None for k in self._dirty["task"] if (one := self._tasks[k]) and one.number == number}
        found = (self._tasks[key] for key in self._tasks_on[number])
        return tuple(k for k in found if k is not None and k.number == number and k.state == "open")

    # ------------------------------------------------------------ figures

    def figure(self, name: str, of: str, scope: str = "") -> Decimal | None:
        key = (name, of, scope)
        if key not in self._figures:
            if self._all_known(key):
                self._figures.setdefault(key)
            else:
                self._learn(key, self._db.scalar(_FIGURE, dict(zip(_KEY, key, strict=True))))
        return self._figures[key]

    def _all_known(self, key: FigureKey) -> bool:
        """Can a figure that is not remembered be no other than new?"""
        name, of, scope = key
        if of.partition("|")[0] in self._born:
            return True
        if scope.startswith("day:"):
            known = self._windows.get((name, of))
            if known is None or not known.first <= scope <= known.last:
                return False
            if scope in known.days:
                self._figures[key] = known.days[scope]
            return True
        return bool(scope) and (name, of) in self._scopes

    def _learn(self, key: FigureKey, stored: Decimal | None) -> None:
        """What is stored of a figure, with what was added to it here before anybody asked."""
        grown = self._grown.pop(key, None)
        value = stored if grown is None else (stored or Decimal(0)) + grown
        self._figures[key] = value
        if grown is not None and value is not None and key[2].startswith("day:"):
            self._put_day(key, value)

    def _put_day(self, key: FigureKey, value: Decimal) -> None:
        name, of, day = key
        self._days[name, of][day] = value
        if (known := self._windows.get((name, of))) is not None:
            known.put(day, value)

    def _grow(self, key: FigureKey, amount: Decimal) -> None:
        """Adds to a figure. What nobody has asked for is not asked for now, but for all of them together at the end."""
        name, of, scope = key
        self._shifted[name, of][scope] = None
        if scope and not scope.startswith("day:"):
            if of in self._born:
                self._scopes.setdefault((name, of), {})
            if (name, of) in self._scopes:
                self._scopes[name, of].setdefault(scope)
        if key not in self._figures and not self._all_known(key):
            self._grown[key] = self._grown.get(key, Decimal(0)) + amount
            return
        value = self._figures[key] = (self._figures.get(key) or Decimal(0)) + amount
        if scope.startswith("day:"):
            self._put_day(key, value)

    def _settle_grown(self) -> None:
        """The figures that were added to without being known, asked for in one statement."""
        if self._grown:
            stored = {
                (row.name, row.of, row.scope): row.value for row in self._db.execute(_GROWN, {"many": [*self._grown]})
            }
            for key in [*self._grown]:
                self._learn(key, stored.get(key))

    def scopes(self, name: str, of: str) -> tuple[str, ...]:
        if (name, of) not in self._scopes:
            found = () if of in self._born else self._db.execute(_SCOPES, {"name": name, "of": of})
            stored: dict[str, Decimal] = {row.scope: row.value for row in found}
            for scope, value in stored.items():
                if (key := (name, of, scope)) not in self._figures:
                    self._learn(key, value)
            mine = [s for s in self._shifted.get((name, of), ()) if s and not s.startswith("day:")]
            self._scopes[name, of] = dict.fromkeys(filter(None, (*stored, *mine)))
        return tuple(sorted(self._scopes[name, of]))

    def window(self, name: str, of: str, since: date, until: date) -> Window | None:
        first, last = f"day:{since.isoformat()}", f"day:{until.isoformat()}"
        known = self._windows.get((name, of))
        if known is None or known.first != first or known.last != last:
            born = of.partition("|")[0] in self._born
            found = () if born else self._db.execute(_WINDOW, {"name": name, "of": of, "since": first, "until": last})
            days: dict[str, Decimal] = {row.scope: row.value for row in found}
            for scope in [s for s in self._shifted.get((name, of), ()) if (name, of, s) in self._grown]:
                if first <= scope <= last:
                    self._learn((name, of, scope), days.get(scope))
            written = self._days.get((name, of), {})
            days |= {day: value for day, value in written.items() if first <= day <= last}
            known = self._windows[name, of] = Days(first, last, days)
        return known.window

    def token(self, token: str) -> str | None:
        if token not in self._tokens:
            if token.startswith(RESERVED):
                self._fetch_reserved(token)
            else:
                self._tokens[token] = self._db.scalar(_TOKEN, {"token": token})
        return self._tokens.get(token)

    def _fetch_reserved(self, token: str) -> None:
        """Numbers are given one after the other: the reserved ones that come next are asked for together."""
        first, last = self._memory.unreserved
        if not first <= token <= last:
            found = self._db.execute(_RESERVED, {"first": token, "last": f"{RESERVED}~", "most": FOUND_MOST}).all()
            self._tokens.update({row.token: row.number for row in found if row.token not in self._tokens})
            self._memory.unreserved = token, found[-1].token if len(found) == FOUND_MOST else f"{RESERVED}~"

    def counter(self, series: str) -> int:
        if series not in self._counters:
            self._counters[series] = self._db.scalar(_COUNTER, {"series": series}) or 0
        return self._counters[series]

    def conflicts(self, number: str) -> tuple[Conflict, ...]:
        if number not in self._conflicts:
            record = self.record(number)
            query = select(t.conflict).where(t.conflict.c.number == number, t.conflict.c.state == "open")
            found = self._db.execute(query).mappings() if record and number not in self._born else ()
            self._conflicts[number] = [rows.conflict_of(r, record.form, self._catalogue) for r in found if record]
        return tuple(self._conflicts[number])

    def replies_today(self, address: str, now: datetime) -> int:
        if address not in self._replies:
            self._fetch_replies([address], now)
        since = now - timedelta(days=1)
        return sum(at > since for at in self._replies[address])

    # ------------------------------------------------------------ inside

    def _has(self, record: Record, fld: str, key: str) -> bool:
        value = record.values.get(fld)
        many = value if isinstance(value, (tuple, list)) else (value,)
        return any(one is not None and rows.key_of(one) == key for one in many)

    def _letter(self, where: Any) -> Letter | None:
        row = self._db.execute(select(t.letter).where(where)).mappings().first()
        return rows.letter_of(row) if row else None

    def _one(self, query: Any) -> Any:
        return self._db.execute(query.limit(1)).scalar()


def _age(record: Record) -> tuple[float, str]:
    """By when it was received, then by number: the order in which the rules see records."""
    at = record.received_at or record.at
    return (at.timestamp() if at else 0.0, record.number)

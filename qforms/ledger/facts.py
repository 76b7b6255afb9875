"""What admission and the rules may ask the ledger, inside one transaction; answers are kept, and what the transaction
itself has written is seen through them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, select

from qforms.ledger import rows
from qforms.ledger import tables as t
from qforms.model import (
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

_FIND = (
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
_TOKEN = select(t.token.c.number).where(t.token.c.token == bindparam("token"))
_COUNTER = select(t.counter.c.last).where(t.counter.c.series == bindparam("series"))
_DIGEST = select(t.delivery.c.id).limit(1)
_REPLIES = (
    select(t.reply.c.id).where(t.reply.c.address == bindparam("address"), t.reply.c.at > bindparam("since")).limit(1000)
)
_REFERENCE_FORMS_MAX = 5000
_FOUND_MAX = 200

FigureKey = tuple[str, str, str]


class LedgerFacts:
    """`model.Facts` over one database transaction."""

    def __init__(self, connection: Connection, catalogue: Catalogue, domain: str) -> None:
        self._db = connection
        self._catalogue = catalogue
        self._domain = domain
        self._seen: dict[str, bool] = {}
        self._digests: set[str] = set()  # of deliveries written here
        self._records: dict[str, Record | None] = {}
        self._found: dict[tuple[str, str, str], dict[str, None]] = {}
        self._added: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)  # written here, not yet asked for
        self._figures: dict[FigureKey, Decimal | None] = {}
        self._days: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)  # figures by day, written here
        self._scopes: dict[tuple[str, str], dict[str, None]] = {}  # fetched, with those written here
        self._windows: dict[tuple[str, str, str, str], dict[str, Decimal]] = {}  # as they stood before this transaction
        self._clocks: dict[str, dict[str, Clock]] = {}
        self._counters: dict[str, int] = {}
        self._tokens: dict[str, str | None] = {}
        self._tasks: dict[str, Task | None] = {}
        self._letters: dict[str, Letter] = {}  # written here, by key
        self._replies: list[tuple[str, datetime]] = []
        self._conflicts: dict[str, list[Conflict]] = {}
        self._all: dict[str, dict[str, None]] = {}
        self._new: set[str] = set()
        self._touched: set[str] = set()
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._dirty: dict[str, dict[Any, Any]] = defaultdict(dict)  # table -> key -> what is to be put
        self._unlook: list[str] = []

    def prefetch(self, readings: Iterable[Reading]) -> None:
        """Fetches for a whole group at once what every reading is asked for: was it here before?"""
        keys = [r.key for r in readings]
        found = set(self._db.scalars(select(t.delivery.c.key).where(t.delivery.c.key.in_(keys)))) if keys else set()
        self._seen |= {k: k in found for k in keys}

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
        if key not in self._found:
            named = dict(zip(("form", "field", "value"), key, strict=True))
            for row in self._db.execute(_FIND, {**named, "most": _FOUND_MAX}).mappings():
                if row["number"] not in self._records:
                    self._records[row["number"]] = rows.record_of(row, self._catalogue)
                self._found.setdefault(key, {})[row["number"]] = None
            self._found.setdefault(key, {}).update(self._added.pop(key, {}))
        known = [r for n in self._found[key] if (r := self.record(n)) is not None and self._has(r, fld, key[2])]
        return tuple(sorted(known, key=lambda r: (r.received_at is not None, r.received_at, r.number), reverse=True))

    def all(self, form: str) -> tuple[Record, ...]:
        """All records of a reference form (departments, persons), oldest first."""
        if form not in self._all:
            query = select(t.record).where(t.record.c.form == form).order_by(t.record.c.seq).limit(_REFERENCE_FORMS_MAX)
            for row in self._db.execute(query).mappings():
                self._records.setdefault(row["number"], rows.record_of(row, self._catalogue))
            written = (r for n in self._touched if (r := self._records[n]) is not None and r.form == form)
            stored = self._db.scalars(select(t.record.c.number).where(t.record.c.form == form).order_by(t.record.c.seq))
            self._all[form] = dict.fromkeys([*stored, *(r.number for r in written)])
        return tuple(r for n in self._all[form] if (r := self.record(n)) is not None)

    def case(self, case_no: str) -> tuple[Record, ...]:
        if not case_no:
            return ()
        stored = self._db.scalars(
            select(t.record.c.number).where(t.record.c.case_no == case_no).order_by(t.record.c.seq)
        )
        written = (n for n in self._touched if (r := self._records[n]) is not None and r.case_no == case_no)
        numbers = dict.fromkeys([*stored, *sorted(written)])
        return tuple(r for n in numbers if (r := self.record(n)) is not None and r.case_no == case_no)

    def letter(self, message_id: str) -> Letter | None:
        for letter in self._letters.values():
            if letter.message_id == message_id:
                return letter
        return self._letter(t.letter.c.message_id == message_id)

    def letter_by_code(self, code: str) -> Letter | None:
        for letter in self._letters.values():
            if code and letter.intent.code == code:
                return letter
        return self._letter(t.letter.c.code == code) if code else None

    def letter_by_key(self, key: str) -> Letter | None:
        return self._letters.get(key) or self._letter(t.letter.c.key == key)

    def clocks(self, subject: str) -> tuple[Clock, ...]:
        if subject not in self._clocks:
            found = self._db.execute(_CLOCKS, {"subject": subject}).mappings()
            self._clocks[subject] = {row["rule"]: rows.clock_of(row) for row in found}
        return tuple(self._clocks[subject].values())

    def task(self, key: str) -> Task | None:
        if key not in self._tasks:
            row = self._db.execute(_TASK, {"key": key}).mappings().first()
            self._tasks[key] = rows.task_of(row) if row else None
        return self._tasks[key]

    def tasks(self, number: str) -> tuple[Task, ...]:
        """The open tasks on a record."""
        query = select(t.task).where(t.task.c.number == number, t.task.c.state == "open")
        for row in self._db.execute(query).mappings():
            self._tasks.setdefault(row["key"], rows.task_of(row))
        return tuple(k for k in self._tasks.values() if k is not None and k.number == number and k.state == "open")

    def figure(self, name: str, of: str, scope: str = "") -> Decimal | None:
        key = (name, of, scope)
        if key not in self._figures:
            if scope and (name, of) in self._scopes and not scope.startswith("day:"):
                return None  # all of them were fetched
            self._figures[key] = self._db.scalar(_FIGURE, dict(zip(("name", "of", "scope"), key, strict=True)))
        return self._figures[key]

    def scopes(self, name: str, of: str) -> tuple[str, ...]:
        if (name, of) not in self._scopes:
            stored = {row.scope: row.value for row in self._db.execute(_SCOPES, {"name": name, "of": of})}
            for scope, value in stored.items():
                self._figures.setdefault((name, of, scope), value)
            mine = (s for n, o, s in self._figures if n == name and o == of and s not in stored)
            written = (s for s in mine if self._figures[name, of, s] is not None and not s.startswith("day:"))
            self._scopes[name, of] = dict.fromkeys(filter(None, (*stored, *written)))
        return tuple(sorted(self._scopes[name, of]))

    def window(self, name: str, of: str, since: date, until: date) -> Window | None:
        first, last = f"day:{since.isoformat()}", f"day:{until.isoformat()}"
        if (name, of, first, last) not in self._windows:
            found = self._db.execute(_WINDOW, {"name": name, "of": of, "since": first, "until": last})
            self._windows[name, of, first, last] = {row.scope: row.value for row in found}
        days = self._windows[name, of, first, last]
        written = self._days.get((name, of))
        if written:
            days = days | {day: value for day, value in written.items() if first <= day <= last}
        known = sorted(day for day, value in days.items() if value)
        if not known:
            return None if not days else Window(Decimal(0), None, None)
        ends = [date.fromisoformat(day[4:]) for day in (known[0], known[-1])]
        return Window(sum((days[day] for day in known), Decimal(0)), ends[0], ends[1])

    def token(self, token: str) -> str | None:
        if token not in self._tokens:
            self._tokens[token] = self._db.scalar(_TOKEN, {"token": token})
        return self._tokens[token]

    def counter(self, series: str) -> int:
        if series not in self._counters:
            self._counters[series] = self._db.scalar(_COUNTER, {"series": series}) or 0
        return self._counters[series]

    def conflicts(self, number: str) -> tuple[Conflict, ...]:
        if number not in self._conflicts:
            record = self.record(number)
            query = select(t.conflict).where(t.conflict.c.number == number, t.conflict.c.state == "open")
            found = self._db.execute(query).mappings() if record else ()
            self._conflicts[number] = [rows.conflict_of(r, record.form, self._catalogue) for r in found if record]
        return tuple(self._conflicts[number])

    def replies_today(self, address: str, now: datetime) -> int:
        since = now - timedelta(days=1)
        stored = self._db.execute(_REPLIES, {"address": address, "since": since}).all()
        return len(stored) + sum(a == address and at > since for a, at in self._replies)

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

"""What is to become of a delivery, what the rules decided, and what both may ask the ledger."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol

from qforms.model.arrivals import SYSTEM, Part, Speaker
from qforms.model.records import Clock, Conflict, Entry, Letter, LetterIntent, Record, Task
from qforms.model.texts import Problem, Value, Values

RESERVED = "reserved:"  # with a number, the token of one that stands ready in the workbook (P4)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What admission decided for one form found in a delivery (or for the delivery itself, with form "")."""

    state: Literal["accepted", "partial", "refused", "held", "ignored"]
    form: str = ""
    number: str = ""  # an existing record that is revised; "" opens a new one
    case_no: str = ""
    values: Values = dc.field(default_factory=dict)  # what is to be written: only what changed
    where: Mapping[str, str] = dc.field(default_factory=dict)
    part: str = ""
    how: str = ""
    event: str = ""
    problems: tuple[Problem, ...] = ()
    missing: tuple[str, ...] = ()  # fields asked for
    conflicts: tuple[Conflict, ...] = ()
    speaker: Speaker = SYSTEM
    reason: Problem | None = None
    evidence: tuple[Part, ...] = ()  # photos and files kept with the record
    tasks: tuple[Task, ...] = ()
    answer: str = ""  # letter kind that the sender is owed at once: acknowledgement, question, rejection, ""
    alarm: tuple[str, ...] = ()  # danger words
    token: str = ""  # the letter code that authorises a decision
    letter_key: str = ""  # the letter answered, or bounced
    why: str = ""  # the reason given with `event`


@dataclass(frozen=True, slots=True)
class FigureChange:
    """Added to a figure (sum, count) or taken as its value (first, last). `scope` is "" or "lot:…" or "day:…"."""

    name: str
    of: str
    scope: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that one delivery (or one due clock) changes: written in one transaction, or not at all."""

    records: tuple[Record, ...] = ()  # final revision of each record touched
    entries: tuple[Entry, ...] = ()
    clocks: tuple[Clock, ...] = ()
    tasks: tuple[Task, ...] = ()
    letters: tuple[LetterIntent, ...] = ()
    figures: tuple[FigureChange, ...] = ()
    tokens: tuple[tuple[str, str], ...] = ()  # (distinct token, number that holds it)
    counters: Mapping[str, int] = dc.field(default_factory=dict)  # number series -> last number given
    outcomes: tuple[Outcome, ...] = ()  # with numbers filled in; the rules may have refused one
    fresh: frozenset[str] = frozenset()  # numbers given here, of which nobody can have heard before


@dataclass(frozen=True, slots=True)
class Window:
    """A figure over the days of a window."""

    total: Decimal
    first: date | None
    last: date | None


FOUND_MOST = 200  # records that `Facts.find` gives at most, the newest


class Facts(Protocol):
    """What admission and the rules may ask the ledger. Every answer costs the same however many records there are."""

    def seen(self, key: str) -> bool: ...
    def digest_seen(self, digest: str) -> bool: ...  # the very same bytes came before, under whatever key
    def record(self, number: str) -> Record | None: ...
    def revision(self, number: str, revision: int) -> Record | None: ...  # as it stood at that revision
    def find(
        self, form: str, fld: str, value: Value
    ) -> tuple[Record, ...]: ...  # by key or ref; the newest few hundred
    def members(self, form: str, fld: str, value: Value) -> tuple[Record, ...]: ...  # all of them: costs what there is
    def all(self, form: str) -> tuple[Record, ...]: ...  # reference forms only (department, person): small
    def case(self, case_no: str) -> tuple[Record, ...]: ...
    def letter(self, message_id: str) -> Letter | None: ...
    def letter_by_code(self, code: str) -> Letter | None: ...
    def letter_by_key(self, key: str) -> Letter | None: ...
    def clocks(self, subject: str) -> tuple[Clock, ...]: ...
    def task(self, key: str) -> Task | None: ...
    def tasks(self, number: str) -> tuple[Task, ...]: ...  # the open ones on a record
    def figure(self, name: str, of: str, scope: str = "") -> Decimal | None: ...
    def scopes(self, name: str, of: str) -> tuple[str, ...]: ...  # non-daily scopes in which the figure stands
    def window(self, name: str, of: str, since: date, until: date) -> Window | None: ...
    def token(self, token: str) -> str | None: ...  # the number that holds it
    def counter(self, series: str) -> int: ...
    def conflicts(self, number: str) -> tuple[Conflict, ...]: ...
    def replies_today(self, address: str, now: datetime) -> int: ...  # automatic letters to that address in 24 h

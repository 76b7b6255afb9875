"""What the ledger holds: records with the origin of each value, clocks, tasks, letters, history, conflicts."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from qforms.model.texts import Lang, Text, Value, Values


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from."""

    delivery: str  # digest of the delivery; "" for rules
    where: str = ""
    by: str = ""  # address, role or rule
    part: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One form filled in, at one revision. Times are aware."""

    form: str
    number: str
    revision: int
    status: str
    case_no: str
    values: Values
    origin: Mapping[str, Origin] = dc.field(default_factory=dict)
    received_at: datetime | None = None
    by: str = ""
    at: datetime | None = None  # when this revision was made

    @property
    def issue(self) -> int:
        """The issue that people speak of: 0 as first sent, then 1, 2 … (R1, R2: A12, A15). Of a form that is never
        sent out, its revision."""
        return int(self.values.get("issue_no", self.revision))


@dataclass(frozen=True, slots=True)
class Clock:
    """A deadline that runs on one record. `steps` are the rungs taken, as "50%", "100%", "+24h"."""

    rule: str
    subject: str  # number of the record
    case_no: str
    started_at: datetime
    due_at: datetime
    state: Literal["running", "met", "met_late", "overdue", "cancelled"]
    met_at: datetime | None = None
    next_at: datetime | None = None  # when its next rung is due; None when there is none
    steps: tuple[str, ...] = ()
    escalations: int = 0
    owner: str = ""
    reason: str = ""
    act_by: datetime | None = None

    @property
    def extension(self) -> tuple[datetime, datetime] | None:
        """The date that was agreed instead of the limit, and when (P38): a step of its own, "agreed <date> <when>"."""
        if not self.steps:
            return None
        last = next((s for s in reversed(self.steps) if s.startswith("agreed ")), "")
        return tuple(map(datetime.fromisoformat, last.split()[1:3])) if last else None  # type: ignore[return-value]

    @property
    def limit(self) -> datetime:
        """What reminders go by: the agreed date, else the limit itself."""
        agreed = self.extension
        return max(self.due_at, agreed[0]) if agreed else self.due_at


@dataclass(frozen=True, slots=True)
class Task:
    """Something that a person has to do (待办). `key` is unique; the same key again changes nothing."""

    key: str
    kind: str
    case_no: str
    number: str
    text: Text
    owner: str  # role or person
    opened_at: datetime
    due_at: datetime | None = None
    state: Literal["open", "done", "dropped"] = "open"
    actions: tuple[str, ...] = ()  # words that 处理▼ offers
    delivery: str = ""
    context: Mapping[str, Any] = dc.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LetterIntent:
    """A letter that is owed. `key` is unique: written twice, it goes out once.

    `facts` are plain values (JSON) for its text, so that a retry renders the same bytes. `attach` entries:
    "document:<number>@<revision>", "blank:<form>", "marked:<digest>/<part path>", "file:<digest>:<name>"."""

    key: str
    kind: str
    audience: Literal["customer", "supplier", "department", "manager", "office", "operator", "robot"]
    to: tuple[str, ...]
    cc: tuple[str, ...]
    lang: Lang
    number: str
    revision: int
    case_no: str
    subject: str
    facts: Mapping[str, Any]
    attach: tuple[str, ...] = ()
    code: str = ""  # one-time code, when it asks for a decision
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    not_before: datetime | None = None
    urgent: bool = False
    rule: str = ""
    at: datetime | None = None

    @property
    def gathered(self) -> tuple[str, ...]:
        """The keys of the letters for which the lines of this one stand (P35)."""
        return tuple(line["letter"] for line in self.facts.get("lines") or () if "letter" in line)


# letters that a mail brings about by itself: so many a day to one address, and never to a machine
AUTOMATIC = ("acknowledgement", "question", "rejection", "forms")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in the ledger: the intent and what became of it."""

    intent: LetterIntent
    state: Literal[
        "owed",
        "held",
        "trial",
        "rendered",
        "sending",
        "resending",
        "sent",
        "later",
        "dead",
        "unknown",
        "gathered",  # it goes as a line of the table whose Message-ID it bears
        "stopped",
        "bounced",
    ]
    message_id: str
    digest: str = ""  # of the bytes that are sent, in the store
    attempts: int = 0
    sent_at: datetime | None = None
    last_error: str = ""
    refused: tuple[str, ...] = ()  # addresses that the server refused
    next_try: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of history: what happened to a record, by which rule, delivery or person."""

    number: str
    at: datetime
    what: str  # opened, revised, issued, moved, clock started, clock met, decided, conflict, …
    rule: str = ""
    delivery: str = ""
    by: str = ""
    detail: Mapping[str, Any] = dc.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides changed the same field since `base`; the ledger's value stands until somebody chooses."""

    number: str
    field: str
    base: Value
    ours: Value
    theirs: Value
    by: str
    at: datetime
    delivery: str = ""

    @property
    def waits(self) -> bool:
        """Whether nobody else changed the field, and it only waits for another one of its row."""
        return bool(self.base == self.ours)

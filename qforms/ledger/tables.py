"""The tables, and how our values are written in them: instants as UTC text (so that they sort), decimals as text."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


@lru_cache(maxsize=1024)  # a group writes the same few times again and again
def instant(at: datetime) -> str:
    """A time as it is written: `2026-05-06T06:20:00.000000+00:00`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


class Instant(TypeDecorator[datetime]):
    """An aware datetime as `instant` writes it; comparisons and ORDER BY work on the text."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        return None if value is None else instant(value)

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Exact(TypeDecorator[Decimal]):
    """A Decimal as its text: no binary rounding on any database."""

    impl = String(64)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(value)


metadata = MetaData()

delivery = Table(
    "delivery",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("digest", String(64), nullable=False, index=True),
    Column("channel", String(16), nullable=False),
    Column("locator", Text, nullable=False),
    Column("name", Text, nullable=False, default=""),
    Column("received_at", Instant, nullable=False, index=True),
    Column("taken_at", Instant, nullable=False),
    Column("sender", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("outcome", String(16), nullable=False, index=True),
    Column("reason", JSON, nullable=False),  # list of problems
    Column("numbers", JSON, nullable=False),
    Column("state", String(16), nullable=False, default="done"),  # done, retried, dismissed
)

record = Table(  # the present revision of each record
    "record",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("number", String(80), nullable=False, unique=True),
    Column("form", String(40), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("status", String(40), nullable=False),
    Column("case_no", String(80), nullable=False, index=True),
    Column("vals", JSON, nullable=False),
    Column("origin", JSON, nullable=False),
    Column("received_at", Instant),
    Column("by", Text, nullable=False),
    Column("at", Instant),
    Index("record_form", "form", "seq"),
)

revision = Table(  # every revision ever, the present one included
    "revision",
    metadata,
    Column("number", String(80), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("status", String(40), nullable=False),
    Column("vals", JSON, nullable=False),
    Column("origin", JSON, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant),
)

lookup = Table(  # key and ref fields of present revisions
    "lookup",
    metadata,
    Column("form", String(40), primary_key=True),
    Column("field", String(60), primary_key=True),
    Column("value", String(200), primary_key=True),
    Column("number", String(80), primary_key=True),
    Index("lookup_number", "number"),
)

clock = Table(
    "clock",
    metadata,
    Column("rule", String(60), primary_key=True),
    Column("subject", String(80), primary_key=True),
    Column("case_no", String(80), nullable=False, index=True),
    Column("started_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("met_at", Instant),
    Column("next_at", Instant, index=True),
    Column("steps", JSON, nullable=False),
    Column("escalations", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("act_by", Instant),
    Column("holder", Integer),  # the daemon that has it in hand
    Index("clock_subject", "subject"),
    Index("clock_state", "state"),
)

task = Table(
    "task",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("kind", String(60), nullable=False),
    Column("case_no", String(80), nullable=False),
    Column("number", String(80), nullable=False, index=True),
    Column("text_zh", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("state", String(16), nullable=False, index=True),
    Column("actions", JSON, nullable=False),
    Column("delivery", String(64), nullable=False),
    Column("context", JSON, nullable=False),
)

letter = Table(
    "letter",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("kind", String(40), nullable=False),
    Column("audience", String(20), nullable=False),
    Column("to", JSON, nullable=False),
    Column("cc", JSON, nullable=False),
    Column("lang", String(2), nullable=False),
    Column("number", String(80), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("case_no", String(80), nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("attach", JSON, nullable=False),
    Column("code", String(16), nullable=False, index=True),
    Column("in_reply_to", Text, nullable=False),
    Column("references", JSON, nullable=False),
    Column("not_before", Instant),
    Column("urgent", Boolean, nullable=False),
    Column("rule", String(60), nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("message_id", Text, nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("last_error", Text, nullable=False),
    Column("refused", JSON, nullable=False),
    Column("next_try", Instant),
    Column("holder", Integer),  # the daemon that has it in hand
)

reply = Table(  # automatic letters by address, for the cap on loops
    "reply",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("address", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("reply_address", "address", "at"),
)

entry = Table(  # history: only ever appended to
    "entry",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("number", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    Column("what", String(60), nullable=False),
    Column("rule", String(80), nullable=False),
    Column("delivery", String(64), nullable=False),
    Column("by", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("state", String(80), nullable=False),  # `chain.state` of the record, where this line ended its writing
    Column("link", String(64), nullable=False),  # `chain.link`
    Index("entry_number", "number", "id"),
)

seal = Table(  # one a day: the hash over all links up to `last`, and over the seal before
    "seal",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("last", Integer, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)

figure = Table(
    "figure",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("of", String(160), primary_key=True),
    Column("scope", String(120), primary_key=True),
    Column("value", Exact, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("token", String(240), primary_key=True),
    Column("number", String(80), nullable=False),
)

counter = Table(
    "counter",
    metadata,
    Column("series", String(120), primary_key=True),
    Column("last", Integer, nullable=False),
)

conflict = Table(
    "conflict",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("number", String(80), nullable=False, index=True),
    Column("field", String(60), nullable=False),
    Column("base", JSON),
    Column("ours", JSON),
    Column("theirs", JSON),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("delivery", String(64), nullable=False),
    Column("state", String(16), nullable=False, default="open"),
)

sheet_row = Table(  # what each row of the workbook last held, as written or read: the base of the next merge
    "sheet_row",
    metadata,
    Column("row", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("vals", JSON, nullable=False),
)

note = Table(  # small facts of the program itself: last publication, marks of the sources
    "note",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("value", JSON, nullable=False),
)

# ---------------------------------------------------------------- several machines

_PASSING = {"passing": True}  # who is at work just now: not in a backup

turn = Table(  # one row, locked by whoever judges: so numbers have neither gaps nor twins
    "turn",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),  # how often anything was judged
    info=_PASSING,
)

touched = Table(  # what each turn wrote: numbers that whoever shows the ledger looks at again
    "touched",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("numbers", JSON, nullable=False),
    info=_PASSING,
)

presence = Table(  # the daemons that are at work; what one of them has in hand is free when its row has gone
    "presence",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("machine", Text, nullable=False),
    Column("place", Text, nullable=False),  # its workspace
    Column("pid", Integer, nullable=False),
    Column("procedures", JSON, nullable=False),  # digests of what it judges by
    Column("state", String(16), nullable=False),  # working, paused
    Column("since", Float, nullable=False),  # seconds of the database's own clock
    Column("until", Float, nullable=False),
    info=_PASSING,
)

lease = Table(  # what one daemon at a time may do: the mailbox, the workbook
    "lease",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("holder", Integer, nullable=False),
    info=_PASSING,
)

waiting = Table(  # deliveries whose bytes are in the store, for any daemon to judge
    "waiting",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("digest", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("locator", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("holder", Integer),
    Index("waiting_received_at", "received_at", "id"),
)

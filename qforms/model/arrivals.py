"""What arrives: a delivery, its parts, the forms and decisions found in it, and who speaks in it."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from qforms.model.texts import Lang, Problem, Values

# First line of the raw bytes of a Delivery that was too big to be taken in: "X-Qforms-Truncated: <bytes of the whole>",
# then the start of the mail (nothing, for a file). The whole stays with its source.
TRUNCATED = "X-Qforms-Truncated"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Whatever arrived, by whatever channel, with its raw bytes. A source makes it and knows nothing of its content.

    `received_at`: INTERNALDATE, our own server's Received line, or the file's time; never the Date header, never later
    than now. `locator` finds it again in its source (to move it away after the commit)."""

    channel: Literal["imap", "maildir", "sent", "folder", "web", "workbook"]
    locator: str
    received_at: datetime
    raw: bytes
    name: str = ""  # file name, for a file
    digest: str = ""  # sha256 of raw, hex
    modified_ns: int = 0  # modification time, for a file
    by: str = ""  # who is known to have brought it: the workbook's lastModifiedBy
    again: bool = False  # a person asked for it to be taken in: that its content was here before is no question then


@dataclass(frozen=True, slots=True)
class Part:
    """A decoded leaf of a mail, or the file itself. `path` is its place: "2", "2.1" in a nested mail."""

    path: str
    kind: str  # media type by content, not by label
    name: str
    data: bytes
    digest: str
    inline: bool = False
    nested: bool = False  # inside a message/rfc822


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a form of ours carries: which record, at which revision; `genuine` when its HMAC is right."""

    form: str
    number: str
    revision: int
    genuine: bool


@dataclass(frozen=True, slots=True)
class Filled:
    """One form found in a delivery: values as read, where each stood, and what could not be read."""

    form: str
    values: Values
    where: Mapping[str, str] = dc.field(default_factory=dict)  # field -> 「反馈表!B7」
    raw: Mapping[str, str] = dc.field(default_factory=dict)  # field -> the text as written
    problems: tuple[Problem, ...] = ()
    how: Literal["excel", "word", "body", "free", "json", "edit", "decision", "contact", "told"] = "json"
    part: str = ""  # path of the part it was read from
    stamp: Stamp | None = None
    number: str = ""
    case_no: str = ""
    by: str = ""  # a claimed role (JSON)
    event: str = ""  # a lifecycle event that is asked for
    base: Values | None = None  # an edit: what the row held when it was last written or read
    base_revision: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The first unquoted line of an answer, when it agrees, refuses or asks for something."""

    verdict: Literal[
        "agree", "refuse", "object", "unclear", "pass_on", "extend", "file", "not_a_complaint", "send",
        "retry", "ignore", "vouch",
    ]  # fmt: skip
    text: str  # the line as written
    reason: str = ""
    line: int = 0  # the number of the line answered: "1 同意"


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report (RFC 3464) says: which letter, which address, and whether it is final."""

    message_id: str
    address: str
    status: str
    final: bool
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A delivery, read: pure, without the ledger. `held` says why nothing could be read at all."""

    delivery: Delivery
    key: str  # unique per delivery: see Delivery in the design
    address: str = ""  # the sender's address, lower case; "" for files
    sender_name: str = ""
    to: tuple[str, ...] = ()
    subject: str = ""
    message_id: str = ""
    references: tuple[str, ...] = ()  # In-Reply-To first
    dkim_domains: tuple[str, ...] = ()
    authenticated: bool = False  # our own server's Authentication-Results vouch for the From domain
    lang: Lang = "zh"
    text: str = ""  # what the sender wrote
    quoted: str = ""  # what was quoted; kept, set aside
    forwarded: Mapping[str, str] = dc.field(default_factory=dict)  # from, date, subject of a forwarded mail
    parts: tuple[Part, ...] = ()
    numbers: tuple[str, ...] = ()  # our numbers named in the subject
    codes: tuple[str, ...] = ()  # one-time codes found
    filled: tuple[Filled, ...] = ()
    decisions: tuple[Decision, ...] = ()
    machine: str = ""  # why a machine wrote it: "bounce", "auto_reply", "list", "no_reply", "own"; "" for a person
    bounce: Bounce | None = None
    kind: Literal["complaint", "business", "unsure", "answer", "form", "contact", "none"] = "unsure"
    danger: tuple[str, ...] = ()  # danger words found, not negated
    problems: tuple[Problem, ...] = ()
    held: Problem | None = None
    filed: bool = False  # a person said that it is a complaint (立案)
    history: bool = False  # long dealt with: it counts, and starts no clock, trigger, task or letter (P10)
    into: str = ""  # the case that a person said it belongs to (并入)
    vouched: str = ""  # the person or department of ours whom the office said it is from (是本人)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks in a delivery, and as what. A stranger may open a case; see section 7 of the design."""

    kind: Literal["customer", "person", "office", "program", "stranger", "system"]
    address: str = ""
    name: str = ""
    roles: frozenset[str] = frozenset()
    departments: tuple[str, ...] = ()
    number: str = ""  # of the person or customer record
    trusted: bool = False
    lang: Lang = "zh"
    stands_in: tuple[StandIn, ...] = ()  # for whom he decides today


@dataclass(frozen=True, slots=True)
class StandIn:
    """Somebody who is away, and what his deputy may decide for him (P39): on which forms, up to which amount."""

    who: Speaker
    forms: tuple[str, ...] = ()  # names, codes or titles; empty: all
    up_to: Decimal | None = None  # CNY; None: any amount

    def covers(self, words: Collection[str], amount: Decimal) -> bool:
        """Does it hold for a form that goes by these words, and for this sum?"""
        return (not self.forms or bool(set(self.forms) & set(words))) and (self.up_to is None or amount <= self.up_to)


SYSTEM = Speaker("system")  # nobody: a rule or a clock

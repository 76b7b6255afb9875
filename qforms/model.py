"""The frozen values that the stages hand on, and the protocols between them. Imports nothing of ours.

Reading order is the order in which data flows: what arrives (Delivery), what was found in it (Reading, Filled),
who speaks (Speaker), what is to become of it (Outcome), what stands in the ledger (Record, Clock, Task, Letter),
what the rules decided (Judgement). Forms and rules, which steer all of it, stand at the top.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, Protocol

Lang = Literal["zh", "en"]
# A value of a field: str, int, Decimal, bool, date, datetime, a tuple of these, or (list fields) a tuple of row dicts.
Value = Any
Values = Mapping[str, Value]
EMPTY: Mapping[str, Any] = {}
# First line of the raw bytes of a Delivery that was too big to be taken in: "X-Qforms-Truncated: <bytes of the whole>",
# then the headers of the mail (nothing, for a file). The whole stays with its source; the delivery is held.
TRUNCATED = "X-Qforms-Truncated"


# ---------------------------------------------------------------- texts and problems


@dataclass(frozen=True, slots=True)
class Text:
    """A text in Chinese and English; `text["zh"]` picks one."""

    zh: str
    en: str = ""

    def __getitem__(self, lang: str) -> str:
        return (self.en or self.zh) if lang == "en" else (self.zh or self.en)

    def __bool__(self) -> bool:
        return bool(self.zh or self.en)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a person's document: a code of the catalogue (`problems.py`), where, and values for its text."""

    code: str
    where: str = ""  # 「反馈表!B7」, 「正文第 3 行」, a field name for JSON
    field: str = ""
    context: Mapping[str, Any] = dc.field(default_factory=dict)
    severity: Literal["error", "warning", "question"] = "error"


class QformsError(Exception):
    """The operator's settings, rules, forms or servers are at fault: one line, no traceback.

    `problems` lists every fault found, each with its file and line."""

    def __init__(self, text: str, problems: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.problems = tuple(problems)


# ---------------------------------------------------------------- forms, declared once


@dataclass(frozen=True, slots=True)
class Choice:
    code: str
    label: Text
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `type` is one of `forms.types.TYPES`; `many` makes it a tuple of such values.

    A `list` field holds rows; `fields` are its columns. `calc` are expressions, the first whose names are all known
    wins and the field is read-only. `filled_by` are roles that may write it (empty: whoever may write the form);
    "system" alone means that no person writes it."""

    name: str
    label: Text
    type: str
    many: bool = False
    aliases: tuple[str, ...] = ()
    was: tuple[str, ...] = ()  # earlier names and labels: old forms stay readable
    fields: tuple[Field, ...] = ()
    ref: str = ""  # the form that a `ref` points to
    required: bool = False
    required_when: str = ""
    unit: Text = Text("")
    choices: tuple[Choice, ...] = ()
    min: Decimal | None = None
    max: Decimal | None = None
    max_length: int = 0
    calc: tuple[str, ...] = ()
    default: Value = None
    filled_by: tuple[str, ...] = ()
    key: bool = False  # looked up by value: the ledger keeps an index
    all_or_nothing: bool = False  # money, shares, approvals, decisions (P2)
    private: bool = False  # never leaves to an outside address, whatever the form's audience (P5)
    blank: bool = True  # stands on the blank form
    wide: bool = False  # takes the whole width on paper
    rows: int = 0  # rows drawn on paper: of a list, or of free text
    example: Text = Text("")
    help: Text = Text("")
    origin: str = ""  # form.yaml:12
    rows_of: str = ""  # of a list: the column whose choices are its rows, each printed in its row


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under one heading, on paper and in reading order; `filled_by` is the default of its fields."""

    name: str
    title: Text
    fields: tuple[Field, ...]
    filled_by: tuple[str, ...] = ()
    reply: bool = False  # the part that the addressee fills in: framed, on a page of its own
    panel: str = ""  # a named way of drawing it (facts, list, photos, trigger, d_strip, approvals …)


@dataclass(frozen=True, slots=True)
class Check:
    """A condition across fields; `at` is the field to be marked."""

    that: str
    at: str
    say: Text
    when: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class State:
    name: str
    label: Text
    print: str  # the word of block H that it stands for: draft, submitted, in_review, approved, issued, replied, …
    final: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the lifecycle table: what moves a record from one state to another.

    `on` says what fires it: "person" (a decision, a cell, JSON), "filled" (by itself, once `when` holds), "opened",
    "clock.<name>" (when that clock ends), "<form>.<event>" (an event of a record that refers to this one)."""

    name: str
    label: Text
    from_: tuple[str, ...]
    to: str
    on: tuple[str, ...] = ("person",)
    by: tuple[str, ...] = ()
    when: str = ""
    needs: tuple[str, ...] = ()  # fields that must be filled
    set: Mapping[str, Any] = dc.field(default_factory=dict)  # field -> value, "now" or "speaker"
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    start: str
    states: tuple[State, ...]
    events: tuple[Event, ...]

    def state(self, name: str) -> State:
        return next(s for s in self.states if s.name == name)

    def event(self, name: str) -> Event | None:
        return next((e for e in self.events if e.name == name), None)


@dataclass(frozen=True, slots=True)
class Form:
    """A form as its form.yaml declares it. `audience` is the widest circle that may receive it."""

    name: str
    version: str
    code: str
    title: Text
    audience: Literal["internal", "supplier", "customer"]
    number: str  # "8001-{yyyymm}-{seq:04d}"; "" = named by its `named_by` field
    sections: tuple[Section, ...]
    lifecycle: Lifecycle
    checks: tuple[Check, ...] = ()
    sheet: Text = Text("")
    columns: tuple[str, ...] = ()  # fields shown as columns of its sheet, at most 25 (P30)
    office_columns: tuple[str, ...] = ()  # those the office may edit there
    open_by: tuple[str, ...] = ()  # roles that may send one in; "customer", "anyone"
    named_by: tuple[str, ...] = ()  # fields that make up the number of reference data (a product's model …)
    retention: Text = Text("")
    origin: str = ""
    facts: tuple[str, ...] = ()  # fields that letters name, the first five that are known; else the columns

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(f for s in self.sections for f in s.fields)

    def field(self, name: str) -> Field | None:
        return next((f for f in self.fields if f.name == name), None)


class Catalogue(Protocol):
    """All forms of a workspace, and what is made from their declarations (`forms/catalogue.py`)."""

    forms: Mapping[str, Form]

    def form(self, name: str) -> Form: ...
    def field(self, form: str, name: str) -> Field | None: ...  # in constant time
    def check_values(self, form: str, values: Values) -> tuple[Problem, ...]: ...
    def missing(self, form: str, values: Values, section: str | None = None) -> tuple[Field, ...]: ...
    def parse(self, fld: Field, raw: Any, where: str = "") -> tuple[Value, Problem | None]: ...
    def show(self, fld: Field, value: Value, lang: str) -> str: ...
    def revive(self, form: str, plain: Mapping[str, Any]) -> dict[str, Value]: ...
    def plain(self, form: str, values: Values) -> dict[str, Any]: ...


# ---------------------------------------------------------------- rules, as data


class Condition(Protocol):
    """An expression, checked when loaded. Calling it gives its value; unknown names are added to `unknown`."""

    text: str
    names: frozenset[str]

    def __call__(self, values: Mapping[str, Any], unknown: list[str] | None = None) -> Any: ...


@dataclass(frozen=True, slots=True)
class Recipients:
    """Roles, department fields or "customer", "owner", "head", "speaker", in order; `else_` where they give nobody."""

    names: tuple[str, ...]
    else_: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FigureRule:
    """A sum, count or first over the records of one form, kept per subject and scope (`inbox_rules/figures.yaml`)."""

    name: str
    over: str  # the form whose records are counted: "complaint"
    of: str  # the subject: a ref field's form ("mechanism_group") or a plain field path
    subject: tuple[str, ...]  # fields of `over` that give the subject's key
    kind: Literal["sum", "count", "first", "last"]
    value: str = ""  # the field or expression that is summed or taken
    where: Condition | None = None
    per: tuple[str, ...] = ()  # scopes: "lot", "model_365d"; empty = one figure for the subject
    distinct: str = ""  # units with the same token (serial number) count once
    clause: str = ""
    origin: str = ""
    day: str = ""  # the field whose day it counts on in a window; empty: the record's arrival
    amount: Condition | None = None  # `value`, compiled over the record that is counted


@dataclass(frozen=True, slots=True)
class DecideRule:
    """Fills a field by the first case that holds; a value that a person gave stands (`inbox_rules/classify.yaml`)."""

    name: str
    on: str
    field: str
    cases: tuple[tuple[Condition | None, Condition], ...]
    keep_persons: bool = True
    clause: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class TriggerRule:
    """Opens a form when a condition comes true (`inbox_rules/triggers.yaml`)."""

    name: str
    on: str
    when: Condition
    open: str
    key: tuple[str, ...]
    if_open: Literal["revise", "attach", "nothing"] = "revise"
    if_closed: Literal["new", "nothing"] = "new"
    link: str = ""  # field of the new form that points to the closed one
    into: str = ""  # field of the subject that is set to the opened form's number
    fill: Mapping[str, Condition] = dc.field(default_factory=dict)
    to: Recipients = Recipients(())
    cc: Recipients = Recipients(())
    code: str = ""  # TR1 …
    task: str = ""  # when set, a task of this kind instead of a form
    within: timedelta | None = None  # the task's time
    clause: str = ""
    say: Text = Text("")
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of a clock's ladder: at a share of the limit, or every so often after it."""

    percent: int | None
    every: timedelta | None
    to: Recipients
    kind: Literal["reminder", "escalation"]


@dataclass(frozen=True, slots=True)
class ClockRule:
    """A deadline (`inbox_rules/clocks.yaml`): due at `from_` + `within` (or at `by`), met when `until` is known.

    A `timer` is no obligation of anybody: it only fires lifecycle events (`on: clock.<name>`) and is not listed."""

    name: str
    on: str
    when: Condition | None
    from_: Condition
    until: Condition
    within: timedelta | None = None
    by: Condition | None = None
    months: int = 0
    working_days: int = 0
    mode: Literal["", "wall", "working"] = ""  # "": as settings.calendar.mode says (A01)
    wall_when: Condition | None = None
    owner: Recipients = Recipients(())
    ladder: tuple[Step, ...] = ()
    soft: bool = False
    timer: bool = False
    code: str = ""  # CK03 …
    clause: str = ""
    title: Text = Text("")
    ask: Text = Text("")  # what the owner has to do, one imperative sentence
    origin: str = ""


@dataclass(frozen=True, slots=True)
class LetterRule:
    """Who is written to when something happens (`inbox_rules/letters.yaml`): domain.md 1.16."""

    name: str
    kind: str  # acknowledgement, question, rejection, issue, revision, decision_request, reminder, escalation, alarm, …
    on: str  # "complaint.opened", "market_abnormality.issue", "complaint.severity" (a field changed)
    when: Condition | None
    to: Recipients
    cc: Recipients = Recipients(())
    attach: tuple[str, ...] = ()  # "document", "blank:complaint"
    ask: Mapping[str, str] = dc.field(default_factory=dict)  # verdict -> event of the record; gets a one-time code
    ask_labels: tuple[str, ...] = ()  # fields that may be answered as label lines (P18)
    urgent: bool = False  # passes quiet hours
    once: bool = True
    clause: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything in inbox_rules/, checked; the mappings by form are made when loaded.

    `conditions` holds the forms' own expressions: "complaint:calc:units:0", "complaint:required_when:lot_no", with a
    column as "cost_transfer:calc:cost_lines.amount:0"; "cost_transfer:check:0" and "…:check_when:0";
    "market_abnormality:event:reply". Those of a column run over the row's values laid over the form's."""

    limits: Mapping[str, Any]
    figures: tuple[FigureRule, ...] = ()
    decide: tuple[DecideRule, ...] = ()
    triggers: tuple[TriggerRule, ...] = ()
    clocks: tuple[ClockRule, ...] = ()
    letters: tuple[LetterRule, ...] = ()
    conditions: Mapping[str, Condition] = dc.field(default_factory=dict)  # those of the forms: "form:where" -> compiled
    digest: str = ""
    figures_over: Mapping[str, tuple[FigureRule, ...]] = dc.field(default_factory=dict)  # by the form counted
    decide_on: Mapping[str, tuple[DecideRule, ...]] = dc.field(default_factory=dict)  # by form, in file order
    triggers_on: Mapping[str, tuple[TriggerRule, ...]] = dc.field(default_factory=dict)
    clocks_on: Mapping[str, tuple[ClockRule, ...]] = dc.field(default_factory=dict)
    letters_on: Mapping[str, tuple[LetterRule, ...]] = dc.field(default_factory=dict)  # by "<form>.<event or field>"

    def clock(self, name: str) -> ClockRule | None:
        return next((c for c in self.clocks if c.name == name), None)


class WorkTime(Protocol):
    """Working hours with holidays and make-up days (`worktime.py`)."""

    def add(self, start: datetime, span: timedelta) -> datetime: ...
    def add_days(self, start: datetime, days: int) -> datetime: ...
    def is_open(self, at: datetime) -> bool: ...
    def last_open_before(self, at: datetime) -> datetime: ...
    def next_open(self, at: datetime) -> datetime: ...
    def between(self, start: datetime, end: datetime) -> timedelta: ...  # working time only; negative backwards


# ---------------------------------------------------------------- what arrives


@dataclass(frozen=True, slots=True)
class Delivery:
    """Whatever arrived, by whatever channel, with its raw bytes. A source makes it and knows nothing of its content.

    `received_at`: INTERNALDATE, our own server's Received line, or the file's time; never the Date header, never later
    than now. `locator` finds it again in its source (to move it away after the commit)."""

    channel: Literal["imap", "maildir", "sent", "folder", "workbook"]
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
    how: Literal["excel", "word", "body", "free", "json", "edit", "decision", "contact"] = "json"
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

    verdict: Literal["agree", "refuse", "object", "unclear", "pass_on", "extend", "file", "not_a_complaint", "send"]
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
    machine: str = ""  # "bounce", "auto_reply", "list", "own": why a machine wrote it; "" for a person
    bounce: Bounce | None = None
    kind: Literal["complaint", "business", "unsure", "answer", "form", "contact", "none"] = "unsure"
    danger: tuple[str, ...] = ()  # danger words found, not negated
    problems: tuple[Problem, ...] = ()
    held: Problem | None = None


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


# ---------------------------------------------------------------- what the ledger holds


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
    audience: Literal["customer", "supplier", "department", "manager", "office", "operator"]
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


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in the ledger: the intent and what became of it."""

    intent: LetterIntent
    state: Literal[
        "owed", "held", "trial", "rendered", "sending", "sent", "later", "dead", "unknown", "stopped", "bounced"
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


# ---------------------------------------------------------------- what is to become of a delivery


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
    speaker: Speaker = Speaker("system")
    reason: Problem | None = None
    evidence: tuple[Part, ...] = ()  # photos and files kept with the record
    tasks: tuple[Task, ...] = ()
    answer: str = ""  # letter kind that the sender is owed at once: acknowledgement, question, rejection, ""
    alarm: tuple[str, ...] = ()  # danger words
    token: str = ""  # the letter code that authorises a decision
    letter_key: str = ""  # the letter answered, or bounced


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


@dataclass(frozen=True, slots=True)
class Window:
    """A figure over the days of a window."""

    total: Decimal
    first: date | None
    last: date | None


class Facts(Protocol):
    """What admission and the rules may ask the ledger. Every answer costs the same however many records there are."""

    def seen(self, key: str) -> bool: ...
    def digest_seen(self, digest: str) -> bool: ...  # the very same bytes came before, under whatever key
    def record(self, number: str) -> Record | None: ...
    def revision(self, number: str, revision: int) -> Record | None: ...  # as it stood at that revision
    def find(self, form: str, fld: str, value: Value) -> tuple[Record, ...]: ...  # by a key or ref field; newest first
    def all(self, form: str) -> tuple[Record, ...]: ...  # reference forms only (department, person): small
    def case(self, case_no: str) -> tuple[Record, ...]: ...
    def letter(self, message_id: str) -> Letter | None: ...
    def letter_by_code(self, code: str) -> Letter | None: ...
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


# ---------------------------------------------------------------- the edges


class Source(Protocol):
    """A mailbox, a Maildir, a folder, the workbook: gives what waits, and is told when it is safely in the ledger."""

    name: str

    def waiting(self) -> Iterator[Delivery]: ...
    def done(self, delivery: Delivery, outcome: str) -> None: ...  # after the commit; repeating is harmless
    def wait(self, seconds: float, stop: Callable[[], bool]) -> bool: ...  # True: there may be something new
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Sent:
    refused: tuple[str, ...] = ()  # recipients the server refused while it took the rest


@dataclass(frozen=True, slots=True)
class Later:
    """Not sent; try again. `unknown` when the server may have taken it (the connection died after DATA)."""

    reason: str
    unknown: bool = False
    down: bool = False  # the server itself cannot be used: no attempt of this letter's


@dataclass(frozen=True, slots=True)
class Dead:
    reason: str
    refused: tuple[str, ...] = ()


class Transport(Protocol):
    """The outgoing side: hands the bytes of one letter over."""

    def send(self, raw: bytes, sender: str, to: Sequence[str]) -> Sent | Later | Dead: ...
    def close(self) -> None: ...


class Store(Protocol):
    """Raw bytes by SHA-256."""

    def put(self, data: bytes) -> str: ...
    def get(self, digest: str) -> bytes: ...
    def has(self, digest: str) -> bool: ...

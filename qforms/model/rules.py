"""Rules as data: figures, decisions, triggers, clocks, letters, and the working time they count in."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, Protocol

from qforms.model.texts import NO_TEXT, Text


class Condition(Protocol):
    """An expression, checked when loaded. Calling it gives its value; unknown names are added to `unknown`.

    Of values that are `expression.Known`, `value` gives the same, and `holds` whether it is true: it stops where that
    is decided."""

    text: str
    names: frozenset[str]
    tree: list[Any]  # its parts, as plain as JSON

    @property
    def holds(self) -> Callable[[Any], bool]: ...
    @property
    def value(self) -> Callable[[Any], Any]: ...
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
    say: Text = NO_TEXT
    origin: str = ""
    each: str = ""  # a list, or a field with several values: judged for each row or value by itself
    series: Mapping[str, Condition] = dc.field(default_factory=dict)  # step -> its day: one form is opened for each
    add: Mapping[str, Any] = dc.field(default_factory=dict)  # field -> what it gets besides what it holds, or a row
    if_none: Literal["open", "nothing"] = "open"  # nothing: only what is open already is written to
    at_end: bool = False  # judged also where the record's life is over
    in_history: bool = False  # judged also for a line of an old register, which moves nothing else (P10)


@dataclass(frozen=True, slots=True)
class LookUpRule:
    """Fills fields of a form, or of each row of its list, from the reference record that is in force on a day: of those
    whose `match` fields say the same the one with the latest `latest` that is not after `until`."""

    name: str
    on: str
    list: str
    from_: str  # the form that is looked in
    match: Mapping[str, str]  # its field -> ours
    latest: str
    until: str
    fill: Mapping[str, str]  # our field -> its, or "number"
    when: Condition | None = None
    clause: str = ""
    origin: str = ""
    least: str = ""  # instead of latest and until: of the rows that fit (what is empty in one fits) the smallest
    at_end: bool = False  # also those whose life is over


@dataclass(frozen=True, slots=True)
class GatherRule:
    """A list whose rows are all records of a form that belong to ours by a key: the lines of a month's report. What an
    earlier list of the same kind said otherwise of its records goes into `corrections` (P51)."""

    name: str
    on: str
    list: str
    over: str
    match: tuple[str, str]  # a key field of `over`, our field
    fill: Mapping[str, Condition]  # column -> expression over a record of `over`; "" is none
    clocks: Mapping[str, tuple[str, ...]] = dc.field(default_factory=dict)  # column -> clocks: met, late, overdue …
    when: Condition | None = None
    where: Condition | None = None
    previous: str = ""  # our reference to the record with the earlier list
    corrections: str = ""  # our list: its first column like the list's, then was, now, by, at
    compare: tuple[str, ...] = ()  # the columns that are compared
    groups: Mapping[str, str] = dc.field(default_factory=dict)  # our list <- the column of which each value is a row
    clause: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class TranslateRule:
    """A list of a record's Chinese texts with their English (P47): columns what, zh, en, one row for each text of
    `texts` (fields, columns as "ica.action"). `missing` names those that have none yet."""

    name: str  # the list
    on: str
    texts: tuple[str, ...]
    when: Condition | None = None
    terms: str = ""  # the reference form that knows words: its fields zh and en
    missing: str = ""
    clause: str = ""
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

    A `timer` fires lifecycle events (`on: clock.<name>`); without an owner it is nobody's obligation and is not listed.
    With `each` every row of that list has a clock of its own, called "<name>#<row>", rows counted from 1."""

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
    title: Text = NO_TEXT
    ask: Text = NO_TEXT  # what the owner has to do, one imperative sentence; {field} stands for a field's value
    origin: str = ""
    each: str = ""
    into: str = ""  # the field of the record that shows the limit
    ends: time | None = None  # the time of day of a limit that is reckoned in days
    hours: Condition | None = None  # instead of `within`: the hours that the record itself names
    working_when: Condition | None = None  # counted in working hours when this holds


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
    say: Text = NO_TEXT  # what the letter says: to the outside its text, to our own people what they are to do
    urgent: bool = False  # passes quiet hours
    once: bool = True
    clause: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ExportRule:
    """How the list that a platform gives out is read: a row for each record, told by a field with key: true (P15)."""

    name: str
    form: str
    key: str  # the field that says which record a row is
    columns: Mapping[str, str]  # heading -> field
    fill: Mapping[str, str] = dc.field(default_factory=dict)  # field -> what it is in every row, as text
    received: str = ""  # the heading of the time from which the platform counts
    ended: Mapping[str, tuple[str, ...]] = dc.field(default_factory=dict)  # heading -> words: over there, opens nothing
    by: str = "intake"  # whose word it is
    clause: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class TogetherRule:
    """Letters that go out as one, a table with a line each, when several are owed to the same people (P35)."""

    name: str
    letters: tuple[str, ...]  # names of letter rules, or what clocks owe: reminder, escalation
    text: str  # the table's text in form_templates/letters
    least: int = 2  # so many make a table; fewer go as they are
    within: timedelta | None = None  # after one of them has gone, further ones to the same people wait so long
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
    look_ups: tuple[LookUpRule, ...] = ()
    gathers: tuple[GatherRule, ...] = ()
    together: tuple[TogetherRule, ...] = ()
    exports: tuple[ExportRule, ...] = ()
    translations: tuple[TranslateRule, ...] = ()
    conditions: Mapping[str, Condition] = dc.field(default_factory=dict)  # those of the forms: "form:where" -> compiled
    digest: str = ""
    figures_over: Mapping[str, tuple[FigureRule, ...]] = dc.field(default_factory=dict)  # by the form counted
    decide_on: Mapping[str, tuple[DecideRule, ...]] = dc.field(default_factory=dict)  # by form, in file order
    triggers_on: Mapping[str, tuple[TriggerRule, ...]] = dc.field(default_factory=dict)
    clocks_on: Mapping[str, tuple[ClockRule, ...]] = dc.field(default_factory=dict)
    letters_on: Mapping[str, tuple[LetterRule, ...]] = dc.field(default_factory=dict)  # by "<form>.<event or field>"

    def clock(self, name: str, form: str = "") -> ClockRule | None:
        """The rule of a clock, of a row's too ("measure_completion#2"); forms may have clocks of the same name."""
        own = name.partition("#")[0]
        return next((c for c in self.clocks if c.name == own and form in ("", c.on)), None)


class WorkTime(Protocol):
    """Working hours with holidays and make-up days (`worktime.py`)."""

    def add(self, start: datetime, span: timedelta) -> datetime: ...
    def add_days(self, start: datetime, days: int) -> datetime: ...
    def is_open(self, at: datetime) -> bool: ...
    def is_workday(self, day: date) -> bool: ...
    def last_open_before(self, at: datetime) -> datetime: ...
    def next_open(self, at: datetime) -> datetime: ...
    def between(self, start: datetime, end: datetime) -> timedelta: ...  # working time only; negative backwards

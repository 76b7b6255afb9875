"""Forms, declared once: fields, sections, checks, the lifecycle, and the catalogue of all of them."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, Protocol

from qforms.model.texts import NO_TEXT, Problem, Text, Value, Values


@dataclass(frozen=True, slots=True)
class Choice:
    code: str
    label: Text
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reversing:
    """While `when` holds a changed row of a list stays, and the same row comes again with the `negate` columns negated
    and the `mark` column true."""

    when: str
    negate: tuple[str, ...]
    mark: str


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
    unit: Text = NO_TEXT
    choices: tuple[Choice, ...] = ()
    min: Decimal | None = None
    max: Decimal | None = None
    max_length: int = 0
    calc: tuple[str, ...] = ()
    default: Value = None
    filled_by: tuple[str, ...] = ()
    key: bool = False  # looked up by value: the ledger keeps an index
    all_or_nothing: bool = False  # money, shares, approvals, decisions (P2)
    personal: str = ""  # says who somebody is, and may have to be forgotten (P57): always, or of a consumer
    private: bool = False  # never leaves to an outside address, whatever the form's audience (P5)
    not_for: tuple[str, ...] = ()  # "supplier": who of those outside never sees it
    blank: bool = True  # stands on the blank form
    needs_reason: str = ""  # who changes what is known writes why, into that field
    wide: bool = False  # takes the whole width on paper
    rows: int = 0  # rows drawn on paper: of a list, or of free text
    example: Text = NO_TEXT
    help: Text = NO_TEXT
    origin: str = ""  # form.yaml:12
    rows_of: str = ""  # of a list: the column whose choices are its rows, each printed in its row
    apart: tuple[str, ...] = ()  # of a list: who, from, to: no two rows of the same one may overlap
    text: Text = NO_TEXT  # computed: a sentence with the record's values in it
    reversing: Reversing | None = None  # of a list: from when on its rows stand, and changes are reversing rows (P52)


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under one heading, on paper and in reading order; `filled_by` is the default of its fields."""

    name: str
    title: Text
    fields: tuple[Field, ...]
    filled_by: tuple[str, ...] = ()
    reply: bool = False  # the part that the addressee fills in: framed, on a page of its own
    panel: str = ""  # a named way of drawing it (facts, list, photos, trigger, d_strip, approvals …)
    shows: tuple[str, ...] = ()  # charts and tables of exhibits.yaml that stand below its fields


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
class Sign:
    """An event that several agree to (会签, P40): it happens when enough of them have signed.

    `by` are roles and fields, as for recipients; `need` of them, 0 for all; `in_turn`: each after the one before."""

    by: tuple[str, ...]
    need: int = 0
    in_turn: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the lifecycle table: what moves a record from one state to another.

    `on` says what fires it: "person" (a decision, a cell, JSON), "filled" (by itself, once `when` holds), "opened",
    "clock.<name>" (when that clock ends), "<form>.<event>" (an event of a record that refers to this one; `when`
    and `set` may name that record's fields: objection.target_rev)."""

    name: str
    label: Text
    from_: tuple[str, ...]
    to: str
    on: tuple[str, ...] = ("person",)
    by: tuple[str, ...] = ()
    when: str = ""
    needs: tuple[str, ...] = ()  # fields that must be filled
    set: Mapping[str, Any] = dc.field(default_factory=dict)  # field -> value, "now", "speaker", "reason" or None
    origin: str = ""
    add: Mapping[str, Any] = dc.field(default_factory=dict)  # list -> its new row: column -> value, "now" or a field
    sign: Sign | None = None
    gate: tuple[Check, ...] = ()  # what must hold before: a refusal lists all that does not
    refuse: Text = NO_TEXT  # said to whoever fires it when it can't be; a record that fires it is refused with it


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
class ByMail:
    """A mail of our own people that opens a form: by a word of its subject, unless one of `without` stands there too.

    Its label lines are fields, and the whole text stands in the field `text`."""

    subject: tuple[str, ...]
    without: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Depth:
    """A shorter form (P25): of what people fill in its reply parts only the fields and columns (`members.user`) that
    `asks` names; `rows` are drawn of its lists instead of the declared ones."""

    asks: tuple[str, ...]
    rows: Mapping[str, int]


@dataclass(frozen=True)  # without slots: what follows from a declaration is made once and kept beside it
class Form:
    """A form as its form.yaml declares it. `audience` is the widest circle that may receive it."""

    name: str
    version: str
    code: str
    title: Text
    audience: Literal["internal", "supplier", "customer"]
    number: str  # "8001-{yyyymm}-{seq:04d}", or fields: "PB-{week}"; "" = named by its `named_by` fields
    sections: tuple[Section, ...]
    lifecycle: Lifecycle
    checks: tuple[Check, ...] = ()
    sheet: Text = NO_TEXT
    columns: tuple[str, ...] = ()  # fields shown as columns of its sheet, at most 25 (P30)
    office_columns: tuple[str, ...] = ()  # those the office may edit there
    open_by: tuple[str, ...] = ()  # roles that may send one in; "customer", "anyone"
    named_by: tuple[str, ...] = ()  # fields that say which record it is (a product's model …): the same again revises
    retention: Text = NO_TEXT
    origin: str = ""
    facts: tuple[str, ...] = ()  # fields that letters name, the first five that are known; else the columns
    by_mail: ByMail | None = None
    depth: str = ""  # the field that says how much is asked for
    depths: Mapping[str, Depth] = dc.field(default_factory=dict)  # its values that ask for less than everything

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        return tuple(f for s in self.sections for f in s.fields)

    @cached_property
    def _by_name(self) -> Mapping[str, Field]:
        return {f.name: f for f in reversed(self.fields)}

    def field(self, name: str) -> Field | None:
        return self._by_name.get(name)


class Catalogue(Protocol):
    """All forms of a workspace, and what is made from their declarations (`forms/catalogue.py`)."""

    forms: Mapping[str, Form]

    def form(self, name: str) -> Form: ...
    def asked(self, form: str, values: Values) -> Form: ...  # as it is asked for at the depth that the values say
    def field(self, form: str, name: str) -> Field | None: ...  # in constant time
    def looked_up(self, form: str) -> tuple[str, ...]: ...  # its key and ref fields
    def check_values(self, form: str, values: Values) -> tuple[Problem, ...]: ...
    def missing(self, form: str, values: Values, section: str | None = None) -> tuple[Field, ...]: ...
    def parse(self, fld: Field, raw: Any, where: str = "") -> tuple[Value, Problem | None]: ...
    def show(self, fld: Field, value: Value, lang: str) -> str: ...
    def revive(self, form: str, plain: Mapping[str, Any]) -> dict[str, Value]: ...
    def plain(self, form: str, values: Values) -> dict[str, Any]: ...

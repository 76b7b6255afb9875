"""What the rules are made of: forms, fields, expressions, recipients, durations, each asked for by its key."""

from __future__ import annotations

from qforms.expression import Compiled
from qforms.expression.kinds import BOOL, MOMENT, Kind
from qforms.model import Field, Form, Recipients
from qforms.rulebook import grammar
from qforms.rulebook.scope import NEVER, Scopes
from qforms.rulebook.source import Item

RECORD = ("number", "revision", "status", "case_no", "received_at", "opened_at")
FORM = ("表单", "form")
_ADDRESSED = ("customer", "person", "department")


class Reader:
    """Reads the items of one kind after the other; `scopes` knows the forms and compiles."""

    def __init__(self, scopes: Scopes) -> None:
        self.scopes = scopes
        self.faults = scopes.faults
        self.row: Field | None = None  # what the item's expressions are over besides: one row or value of this field

    # ---- parts

    def form(self, item: Item, key: str) -> Form | None:
        item.need(key)
        name = item.word(key)
        form = self.scopes.forms.get(name)
        if form is None and name:
            self.faults.unknown(item.at(key), FORM, name, self.scopes.forms)
        return form

    def field(self, item: Item, key: str, form: Form | None, name: str) -> None:
        """A fault unless `name` is a field of the form (or belongs to every record)."""
        if form and name and form.field(name) is None and name not in RECORD:
            self.faults.unknown(item.at(key), (f" {form.name} 的字段", f"field of {form.name}"), name, names_of(form))

    def expression(self, item: Item, key: str, form: Form | None, want: Kind | None = None) -> Compiled | None:
        text = item.word(key)
        if not text or form is None:
            return None
        return self.scopes.compile(text, item.at(key), form.name, want, self.row)

    def condition(self, item: Item, key: str, form: Form | None) -> Compiled | None:
        """An expression that holds or not; `true` and `false` may be written bare."""
        if isinstance(value := item.node.get(key), bool):
            item.asked.add(key)
            return self.scopes.compile(str(value).lower(), item.at(key), form.name, BOOL) if form else None
        return self.expression(item, key, form, BOOL)

    def to(self, item: Item, key: str, *forms: Form | None) -> Recipients:
        return grammar.recipients(item, key, people_of(*forms))

    def within(self, item: Item) -> grammar.Duration:
        """`within: 48h`, or `within: limits.<name>` where that limit is written as a duration."""
        text = item.word("within")
        if text.startswith("limits."):
            name = text.removeprefix("limits.")
            self.scopes.used_limits.add(name)
            if name not in self.scopes.limits:
                self.faults.unknown(item.at("within"), ("限值", "limit"), name, self.scopes.limits)
                return grammar.Duration()
            text = str(self.scopes.limits[name])
        length = grammar.duration(text) if text else grammar.Duration()
        if length is None:
            item.wrong("within", f"「{text}」看不懂：写 48h、7d、3wd、6m", f"{text!r} is none of 48h, 7d, 3wd, 6m")
        return length or grammar.Duration()

    def own_field(self, item: Item, key: str, form: Form | None) -> str:
        name = item.word(key)
        self.field(item, key, form, name)
        return name

    def each(self, item: Item, form: Form | None) -> str:
        """`each: <field>`: from here on the item's expressions are over one row, or value, of that field."""
        name = self.own_field(item, "each", form)
        self.row = form.field(name) if form and name else None
        if self.row is not None and not (self.row.fields or self.row.many):
            item.wrong("each", "须是列表或可填多个值的字段", "must be a list or a field with several values")
        return name

    def moment(self, item: Item, key: str, form: Form | None) -> Compiled:
        """An expression that gives a time or a date; `until` may also be anything else that becomes known."""
        return self.expression(item, key, form, None if key == "until" else MOMENT) or NEVER


def names_of(form: Form | None) -> list[str]:
    return [f.name for f in form.fields] if form else []


def people_of(*forms: Form | None) -> set[str]:
    """Fields that hold a department or a person, by their type or by name, or point to a record that has an address;
    columns of lists too ("shares.bearer")."""
    kinds = ("dept", "user", "str")
    fields = [f for form in forms if form for f in form.fields]
    columns = {f"{f.name}.{c.name}" for f in fields for c in f.fields if c.type in kinds}
    return columns | {f.name for f in fields if f.type in kinds or f.ref in _ADDRESSED}

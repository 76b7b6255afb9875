"""An item of a rule file -> what is opened, what has a deadline, who is written to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any, cast

from qforms.expression import Compiled
from qforms.expression.kinds import DATE, NUMBER, filled_kind
from qforms.model import NO_TEXT, ClockRule, Field, Form, LetterRule, Text, TriggerRule
from qforms.rulebook import grammar
from qforms.rulebook.parts import FORM, Reader, names_of, people_of
from qforms.rulebook.scope import NEVER
from qforms.rulebook.source import Item, Map

ATTACHED = ("document", "details", "own", "paste")
REFERRED = ("document", "own", "paste")  # those that may be of the record that a field refers to: own:target
STEPS = Field("series", NO_TEXT, "list", fields=(Field("step", NO_TEXT, "str"), Field("day", NO_TEXT, "date")))
LETTERS = (
    *("acknowledgement", "question", "rejection", "issue", "revision", "decision_request", "reminder", "escalation"),
    *("alarm", "answer", "stage", "digest", "operator"),
)


def trigger(r: Reader, item: Item) -> TriggerRule:
    on = r.form(item, "on")
    item.need("when")
    task = item.word("task")
    opened = None if task else r.form(item, "open")
    each = r.each(item, on)
    series = _series(r, item, on)
    if task and series:
        item.wrong("series", "只用于 open", "goes with open only")
    if task and each:
        item.wrong("each", "只用于 open", "goes with open only")
    if task and item.has("open"):
        item.wrong("task", "与 open 不能同时有", "and open exclude each other")
    closed, link = _if_closed(r, item, opened)
    for name in item.words("key"):
        r.field(item, "key", opened or on, name)
    return TriggerRule(
        name=item.word("trigger"),
        on=on.name if on else "",
        when=r.condition(item, "when", on) or NEVER,
        open=opened.name if opened else "",
        key=item.words("key"),
        if_open=cast(Any, item.one_of("if_open", ("revise", "attach", "nothing"), "revise")),
        if_closed=cast(Any, closed),
        link=link,
        into=r.own_field(item, "into", on),
        fill=_fill(r, item, on, opened),
        to=r.to(item, "to", on, opened),
        cc=r.to(item, "cc", on, opened),
        code=item.word("code"),
        task=task,
        within=_span(r, item),
        clause=item.word("clause"),
        say=item.text("say"),
        origin=item.origin,
        each=each,
        series=series,
        add=_add(r, item, on, opened),
        if_none=cast(Any, item.one_of("if_none", ("open", "nothing"), "open")),
        at_end=item.flag("at_end"),
        in_history=item.flag("in_history"),
    )


def _series(r: Reader, item: Item, on: Form | None) -> dict[str, Compiled]:
    """`series: {w1: after(installed_on, "7d"), …}`: a form a step; the other expressions may name step and day."""
    found: dict[str, Compiled] = {}
    for name, value, at in item.pairs("series"):
        if on is not None:
            found[name] = r.scopes.compile(str(value), at, on.name, DATE)
    if found:
        r.row = STEPS
    return found


def _add(r: Reader, item: Item, on: Form | None, opened: Form | None) -> dict[str, Any]:
    """`add: {stages: step, history: {number: number, at: received_at}}`: what a field with several values, or a list,
    gets besides what it holds."""
    found: dict[str, Any] = {}
    for name, value, at in item.pairs("add"):
        declared = opened.field(name) if opened else None
        if opened and (declared is None or not (declared.many or declared.fields)):
            lists = [f.name for f in opened.fields if f.many or f.fields]
            r.faults.unknown(at, (f" {opened.name} 里可填多个值的字段", f"list of {opened.name}"), name, lists)
        elif on is not None and isinstance(value, Map):
            columns = {f.name: f for f in declared.fields} if declared else {}
            for column in (c for c in value if c not in columns):
                r.faults.unknown(value.at(column), (f" {name} 的列", f"column of {name}"), column, columns)
            found[name] = {c: _compiled(r, v, value.at(c), on, columns.get(c)) for c, v in value.items()}
        elif on is not None:
            found[name] = _compiled(r, value, at, on, declared)
    return found


def _compiled(r: Reader, value: Any, at: str, on: Form, declared: Field | None) -> Compiled:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return r.scopes.compile(text, at, on.name, filled_kind(declared) if declared else None, r.row)


def _span(r: Reader, item: Item) -> timedelta | None:
    length = r.within(item)
    if length.months or length.working_days:
        item.wrong("within", "在这里写小时或天：48h、7d", "takes hours or days here: 48h, 7d")
    return length.span


def _if_closed(r: Reader, item: Item, opened: Form | None) -> tuple[str, str]:
    value = item.raw("if_closed")
    if value is None:
        return "new", ""
    if value in ("new", "nothing"):
        return str(value), ""
    if not isinstance(value, Map):
        item.wrong(
            "if_closed",
            "写 new、nothing 或 {open_new: true, link: 字段}",
            "is new, nothing or {open_new: true, link: …}",
        )
        return "new", ""
    inner = Item(value, r.faults)
    again = inner.flag("open_new", True)
    link = r.own_field(inner, "link", opened)
    inner.done()
    return ("new" if again else "nothing"), link


def _fill(r: Reader, item: Item, on: Form | None, opened: Form | None) -> Mapping[str, Compiled]:
    found: dict[str, Compiled] = {}
    for name, value, at in item.pairs("fill"):
        declared = opened.field(name) if opened else None
        if opened and declared is None:
            r.faults.unknown(at, (f" {opened.name} 的字段", f"field of {opened.name}"), name, names_of(opened))
        if on is not None:
            found[name] = _compiled(r, value, at, on, declared)
    return found


def clock(r: Reader, item: Item) -> ClockRule:
    on = r.form(item, "on")
    item.need("from", "until")
    length = r.within(item)
    each = r.each(item, on)
    if not any(item.has(key) for key in ("within", "by", "hours")):
        item.faults.add(item.origin, "缺少 within、hours 或 by", "give within, hours or by")
    timer = item.flag("timer")
    if not timer:
        item.need("owner")
    return ClockRule(
        name=item.word("clock"),
        on=on.name if on else "",
        when=r.condition(item, "when", on),
        from_=r.moment(item, "from", on),
        until=r.moment(item, "until", on),
        within=length.span,
        by=r.moment(item, "by", on) if item.has("by") else None,
        months=length.months,
        working_days=length.working_days,
        mode=cast(Any, item.one_of("mode", ("", "wall", "working"), "")),
        wall_when=r.condition(item, "wall_when", on),
        owner=r.to(item, "owner", on),
        ladder=grammar.ladder(item, people_of(on)),
        soft=item.flag("soft"),
        timer=timer,
        code=item.word("code"),
        clause=item.word("clause"),
        title=item.text("title"),
        ask=item.text("ask"),
        origin=item.origin,
        each=each,
        into=r.own_field(item, "into", on),
        ends=_time(item, "ends"),
        hours=r.expression(item, "hours", on, NUMBER),
        working_when=r.condition(item, "working_when", on),
    )


def _time(item: Item, key: str) -> time | None:
    """A time of day, as `17:30`."""
    text = item.word(key)
    try:
        return time.fromisoformat(text) if text else None
    except ValueError:
        item.wrong(key, f"「{text}」应写成 17:30", f"{text!r} is not like 17:30")
        return None


def letter(r: Reader, item: Item) -> LetterRule:
    item.need("on", "to")
    name = item.word("letter")
    kind = item.word("kind", name)
    if kind not in LETTERS:
        at = item.at("kind") if item.has("kind") else item.origin
        r.faults.unknown(at, ("信件种类", "letter kind"), kind, LETTERS)
    form = _letter_form(r, item)
    return LetterRule(
        name=name,
        kind=kind,
        on=item.word("on"),
        when=r.condition(item, "when", form),
        to=r.to(item, "to", form),
        cc=r.to(item, "cc", form),
        attach=_attach(r, item, form),
        ask=_ask(r, item, form),
        ask_labels=_labels(r, item, form),
        say=_says(r, item, form),
        urgent=item.flag("urgent"),
        once=item.flag("once", True),
        clause=item.word("clause"),
        origin=item.origin,
    )


def _says(r: Reader, item: Item, form: Form | None) -> Text:
    """The letter's own words; a {field} in them is one of the form's."""
    said = item.text("say")
    for name in re.findall(r"\{(\w+)\}", said.zh + said["en"]):
        r.field(item, "say", form, name)
    return said


def _letter_form(r: Reader, item: Item) -> Form | None:
    """The form of `<form>.<event>`, `<form>.opened`, `<form>.revised` or `<form>.<field>`."""
    form_name, _, what = item.word("on").partition(".")
    form = r.scopes.forms.get(form_name)
    if form is None:
        r.faults.unknown(item.at("on"), FORM, form_name, r.scopes.forms)
        return None
    known = ["opened", "revised", "signed", *(e.name for e in form.lifecycle.events), *(f.name for f in form.fields)]
    if what not in known:
        r.faults.unknown(item.at("on"), (f" {form.name} 的事件或字段", f"event or field of {form.name}"), what, known)
    return form


def _attach(r: Reader, item: Item, on: Form | None) -> tuple[str, ...]:
    names = item.words("attach")
    for name in names:
        kind, _, what = name.partition(":")
        if kind == "blank" and what in r.scopes.forms:
            continue
        if kind in REFERRED and on and (field := on.field(what)) and field.type == "ref":
            continue
        if name not in ATTACHED:
            known = [*ATTACHED, *(f"blank:{f}" for f in r.scopes.forms)]
            r.faults.unknown(item.at("attach"), ("附件", "attachment"), name, known)
    return names


def _ask(r: Reader, item: Item, form: Form | None) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for verdict, event, at in item.pairs("ask"):
        if verdict not in ("agree", "refuse", "object"):
            r.faults.unknown(at, ("答复", "verdict"), verdict, ["agree", "refuse", "object"])
        if form and form.lifecycle.event(str(event)) is None:
            known = [e.name for e in form.lifecycle.events]
            r.faults.unknown(at, (f" {form.name} 的事件", f"event of {form.name}"), str(event), known)
        found[verdict] = str(event)
    return found


def _labels(r: Reader, item: Item, form: Form | None) -> tuple[str, ...]:
    names = item.words("ask_labels")
    for name in names:
        r.field(item, "ask_labels", form, name)
    return names

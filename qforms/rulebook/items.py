"""One item of a rule file -> one frozen rule. Faults are collected; what is at fault becomes a harmless value."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, cast

from qforms.expression import Compiled
from qforms.expression.kinds import BOOL, MOMENT, NUMBER, Kind, kind_of
from qforms.model import ClockRule, DecideRule, Field, FigureRule, Form, LetterRule, Recipients, TriggerRule
from qforms.rulebook import grammar
from qforms.rulebook.scope import NEVER, Scopes
from qforms.rulebook.source import Item, Map

LETTERS = (
    *("acknowledgement", "question", "rejection", "issue", "revision", "decision_request", "reminder", "escalation"),
    *("alarm", "answer", "stage", "digest", "operator"),
)
RECORD = ("number", "revision", "status", "case_no", "received_at", "opened_at")
FORM = ("表单", "form")
_SCOPE = re.compile(r"(lot|model)(_[1-9]\d*d)?|[1-9]\d*d")  # A07: a lot, a model, a window of days


class Reader:
    """Reads the items of one kind after the other; `scopes` knows the forms and compiles."""

    def __init__(self, scopes: Scopes) -> None:
        self.scopes = scopes
        self.faults = scopes.faults

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
            self.faults.unknown(item.at(key), (f" {form.name} 的字段", f"field of {form.name}"), name, _names(form))

    def expression(self, item: Item, key: str, form: Form | None, want: Kind | None = None) -> Compiled | None:
        text = item.word(key)
        if not text or form is None:
            return None
        return self.scopes.compile(text, item.at(key), form.name, want)

    def condition(self, item: Item, key: str, form: Form | None) -> Compiled | None:
        """An expression that holds or not; `true` and `false` may be written bare."""
        if isinstance(value := item.node.get(key), bool):
            item.asked.add(key)
            return self.scopes.compile(str(value).lower(), item.at(key), form.name, BOOL) if form else None
        return self.expression(item, key, form, BOOL)

    def to(self, item: Item, key: str, *forms: Form | None) -> Recipients:
        return grammar.recipients(item, key, _people(*forms))

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

    # ---- rules

    def figure(self, item: Item) -> FigureRule:
        over = self.form(item, "over")
        item.need("of")
        kinds = [k for k in ("sum", "count", "first", "last") if item.has(k)]
        if len(kinds) != 1:
            item.faults.add(
                item.origin, "sum、count、first、last 须有且只有一个", "give one of sum, count, first, last"
            )
        kind = kinds[0] if kinds else "count"
        value = "" if kind == "count" else item.word(kind)
        if kind == "count":
            item.raw("count")
        amount = self.expression(item, kind, over, NUMBER if kind == "sum" else None) if value else None
        if kind in ("first", "last") and over:
            self.field(item, kind, over, value)
            if (declared := over.field(value)) and declared.type != "dt":
                item.wrong(kind, "应为时刻字段（type: dt）", "must be a field with a time (type: dt)")
        return FigureRule(
            name=item.word("figure"),
            over=over.name if over else "",
            of=self._subject_form(item, over),
            subject=self._subject(item, over),
            kind=cast(Any, kind),
            value=value,
            where=self.condition(item, "where", over),
            per=self._per(item),
            distinct=self._own_field(item, "distinct", over),
            clause=item.word("clause"),
            origin=item.origin,
            amount=amount,
            day=self._own_field(item, "day", over),
        )

    def _subject_form(self, item: Item, over: Form | None) -> str:
        of = item.word("of")
        if of and of not in self.scopes.forms and (over is None or over.field(of) is None):
            self.faults.unknown(item.at("of"), ("表单或字段", "form or field"), of, [*self.scopes.forms, *_names(over)])
        return of

    def _subject(self, item: Item, over: Form | None) -> tuple[str, ...]:
        """The fields that give the subject: as written, else the one reference to `of`."""
        given = item.words("subject")
        for name in given:
            self.field(item, "subject", over, name)
        of = str(item.node.get("of", ""))
        if given or over is None or not of:
            return given
        if of == over.name:
            return ("number",)
        refs = [f.name for f in over.fields if f.ref == of or f.name == of]
        if len(refs) != 1 and of in self.scopes.forms:
            item.faults.add(
                item.origin,
                f"{over.name} 有 {len(refs)} 个字段指向 {of}：写明 subject",
                f"{over.name} has {len(refs)} references to {of}: give subject",
            )
        return tuple(refs[:1])

    def _per(self, item: Item) -> tuple[str, ...]:
        per = item.words("per")
        for scope in per:
            if not scope or not _SCOPE.fullmatch(scope):
                self.faults.unknown(item.at("per"), ("范围", "scope"), scope, ["lot", "model_365d", "365d"])
        return per

    def _own_field(self, item: Item, key: str, form: Form | None) -> str:
        name = item.word(key)
        self.field(item, key, form, name)
        return name

    def decide(self, item: Item) -> DecideRule:
        on = self.form(item, "on")
        field = self._own_field(item, "decide", on)
        item.need("cases")
        cases = []
        for case in item.items("cases"):
            case.need("value")
            declared = on.field(field) if on else None
            value = self._literal(case, "value", on, kind_of(declared) if declared else None)
            cases.append((self.condition(case, "when", on), value or NEVER))
            case.done()
        self._reachable(item, [when for when, _ in cases])
        return DecideRule(
            name=f"{on.name if on else ''}.{field}",
            on=on.name if on else "",
            field=field,
            cases=tuple(cases),
            keep_persons=item.flag("keep_persons", True),
            clause=item.word("clause"),
            origin=item.origin,
        )

    def _literal(self, item: Item, key: str, form: Form | None, want: Kind | None) -> Compiled | None:
        """A value: an expression, or a bare number or true/false."""
        value = item.node.get(key)
        if isinstance(value, bool) and form:
            item.asked.add(key)
            return self.scopes.compile(str(value).lower(), item.at(key), form.name, want)
        return self.expression(item, key, form, want)

    def _reachable(self, item: Item, conditions: list[Compiled | None]) -> None:
        if None in conditions[:-1]:
            item.wrong("cases", "里没有 when 的一项须放在最后", "the case without when must come last")

    def trigger(self, item: Item) -> TriggerRule:
        on = self.form(item, "on")
        item.need("when")
        task = item.word("task")
        opened = None if task else self.form(item, "open")
        if task and item.has("open"):
            item.wrong("task", "与 open 不能同时有", "and open exclude each other")
        closed, link = self._if_closed(item, opened)
        for name in item.words("key"):
            self.field(item, "key", opened or on, name)
        return TriggerRule(
            name=item.word("trigger"),
            on=on.name if on else "",
            when=self.condition(item, "when", on) or NEVER,
            open=opened.name if opened else "",
            key=item.words("key"),
            if_open=cast(Any, item.one_of("if_open", ("revise", "attach", "nothing"), "revise")),
            if_closed=cast(Any, closed),
            link=link,
            into=self._own_field(item, "into", on),
            fill=self._fill(item, on, opened),
            to=self.to(item, "to", on, opened),
            cc=self.to(item, "cc", on, opened),
            code=item.word("code"),
            task=task,
            within=self._span(item),
            clause=item.word("clause"),
            say=item.text("say"),
            origin=item.origin,
        )

    def _span(self, item: Item) -> timedelta | None:
        length = self.within(item)
        if length.months or length.working_days:
            item.wrong("within", "在这里写小时或天：48h、7d", "takes hours or days here: 48h, 7d")
        return length.span

    def _if_closed(self, item: Item, opened: Form | None) -> tuple[str, str]:
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
        inner = Item(value, self.faults)
        again = inner.flag("open_new", True)
        link = self._own_field(inner, "link", opened)
        inner.done()
        return ("new" if again else "nothing"), link

    def _fill(self, item: Item, on: Form | None, opened: Form | None) -> Mapping[str, Compiled]:
        found: dict[str, Compiled] = {}
        for name, value, at in item.pairs("fill"):
            declared = opened.field(name) if opened else None
            if opened and declared is None:
                self.faults.unknown(at, (f" {opened.name} 的字段", f"field of {opened.name}"), name, _names(opened))
            if on is not None:
                text = str(value).lower() if isinstance(value, bool) else str(value)
                found[name] = self.scopes.compile(text, at, on.name, _filled(declared) if declared else None)
        return found

    def clock(self, item: Item) -> ClockRule:
        on = self.form(item, "on")
        item.need("from", "until")
        length = self.within(item)
        if item.has("within") == item.has("by"):
            item.faults.add(item.origin, "within 与 by 须有且只有一个", "give either within or by")
        timer = item.flag("timer")
        if not timer:
            item.need("owner")
        return ClockRule(
            name=item.word("clock"),
            on=on.name if on else "",
            when=self.condition(item, "when", on),
            from_=self._moment(item, "from", on),
            until=self._moment(item, "until", on),
            within=length.span,
            by=self._moment(item, "by", on) if item.has("by") else None,
            months=length.months,
            working_days=length.working_days,
            mode=cast(Any, item.one_of("mode", ("", "wall", "working"), "")),
            wall_when=self.condition(item, "wall_when", on),
            owner=self.to(item, "owner", on),
            ladder=grammar.ladder(item, _people(on)),
            soft=item.flag("soft"),
            timer=timer,
            code=item.word("code"),
            clause=item.word("clause"),
            title=item.text("title"),
            ask=item.text("ask"),
            origin=item.origin,
        )

    def _moment(self, item: Item, key: str, form: Form | None) -> Compiled:
        """An expression that gives a time or a date; `until` may also be anything else that becomes known."""
        return self.expression(item, key, form, None if key == "until" else MOMENT) or NEVER

    def letter(self, item: Item) -> LetterRule:
        item.need("on", "to")
        name = item.word("letter")
        kind = item.word("kind", name)
        if kind not in LETTERS:
            at = item.at("kind") if item.has("kind") else item.origin
            self.faults.unknown(at, ("信件种类", "letter kind"), kind, LETTERS)
        form = self._letter_form(item)
        return LetterRule(
            name=name,
            kind=kind,
            on=item.word("on"),
            when=self.condition(item, "when", form),
            to=self.to(item, "to", form),
            cc=self.to(item, "cc", form),
            attach=self._attach(item),
            ask=self._ask(item, form),
            ask_labels=self._labels(item, form),
            urgent=item.flag("urgent"),
            once=item.flag("once", True),
            clause=item.word("clause"),
            origin=item.origin,
        )

    def _letter_form(self, item: Item) -> Form | None:
        """The form of `<form>.<event>`, `<form>.opened`, `<form>.revised` or `<form>.<field>`."""
        form_name, _, what = item.word("on").partition(".")
        form = self.scopes.forms.get(form_name)
        if form is None:
            self.faults.unknown(item.at("on"), FORM, form_name, self.scopes.forms)
            return None
        known = ["opened", "revised", *(e.name for e in form.lifecycle.events), *(f.name for f in form.fields)]
        if what not in known:
            self.faults.unknown(
                item.at("on"), (f" {form.name} 的事件或字段", f"event or field of {form.name}"), what, known
            )
        return form

    def _attach(self, item: Item) -> tuple[str, ...]:
        names = item.words("attach")
        for name in names:
            kind, _, form = name.partition(":")
            if kind == "blank" and form in self.scopes.forms:
                continue
            if name != "document":
                known = ["document", *(f"blank:{f}" for f in self.scopes.forms)]
                self.faults.unknown(item.at("attach"), ("附件", "attachment"), name, known)
        return names

    def _ask(self, item: Item, form: Form | None) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for verdict, event, at in item.pairs("ask"):
            if verdict not in ("agree", "refuse", "object"):
                self.faults.unknown(at, ("答复", "verdict"), verdict, ["agree", "refuse", "object"])
            if form and form.lifecycle.event(str(event)) is None:
                known = [e.name for e in form.lifecycle.events]
                self.faults.unknown(at, (f" {form.name} 的事件", f"event of {form.name}"), str(event), known)
            found[verdict] = str(event)
        return found

    def _labels(self, item: Item, form: Form | None) -> tuple[str, ...]:
        names = item.words("ask_labels")
        for name in names:
            self.field(item, "ask_labels", form, name)
        return names


READERS: Mapping[str, Callable[[Reader, Item], Any]] = {
    "figure": Reader.figure,
    "decide": Reader.decide,
    "trigger": Reader.trigger,
    "clock": Reader.clock,
    "letter": Reader.letter,
}


def _filled(field: Field) -> Kind:
    """What a field may be filled with: one with several values also with a single one."""
    kind = kind_of(field)
    return dc.replace(kind, many=None) if kind.many else kind


def _names(form: Form | None) -> list[str]:
    return [f.name for f in form.fields] if form else []


def _people(*forms: Form | None) -> set[str]:
    """Fields that hold a department or a person, or point to a record that has an address."""
    kinds = ("dept", "user")
    return {f.name for form in forms if form for f in form.fields if f.type in kinds or f.ref in _ADDRESSED}


_ADDRESSED = ("customer", "person", "department")

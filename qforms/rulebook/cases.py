"""`*.test.yaml` -> test cases. Every fault in them is told with its file and line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from qforms import problems
from qforms.model import Catalogue, Form, Rulebook
from qforms.rulebook.acts import LETTERS
from qforms.rulebook.parts import FORM
from qforms.rulebook.source import Faults, Item, Map, read
from qforms.rulebook.testing import Case, Expected, Given

STATES = ("running", "met", "met_late", "overdue", "cancelled")
NOTE = ("form", "at", "number", "event", "by")  # what a given document says beside its values


def load_cases(root: Path, catalogue: Catalogue, book: Rulebook, zone: tzinfo) -> tuple[Case, ...]:
    """The tests beside the rules. Times without an offset are of `zone`. Raises QformsError with every fault."""
    faults = Faults()
    reader = _Reader(catalogue, book, zone, faults)
    cases = [case for file in sorted(root.glob("*.test.yaml")) for case in reader.file(file)]
    names = Counter(case.name for case in cases)
    for case in cases:
        if names[case.name] > 1:
            faults.add(case.origin, f"test「{case.name}」重名", f"test {case.name!r} stands twice")
    faults.raise_any()
    return tuple(cases)


class _Reader:
    def __init__(self, catalogue: Catalogue, book: Rulebook, zone: tzinfo, faults: Faults) -> None:
        self.catalogue = catalogue
        self.zone = zone
        self.faults = faults
        self.clocks = {c.name for c in book.clocks}
        self.letters = {*LETTERS, *(r.name for r in book.letters)}

    def file(self, path: Path) -> Iterator[Case]:
        node = read(path, path.name, self.faults)
        if not isinstance(node, list) or not all(isinstance(entry, Map) for entry in node):
            if node is not None:
                self.faults.add(f"{path.name}:1", "应为测试的列表（- test: …）", "must be a list of tests")
            return
        for entry in node:
            yield self.case(Item(entry, self.faults))

    def case(self, item: Item) -> Case:
        item.need("test", "given", "at", "expect")
        at = self.moment(item, "at") or datetime.max.replace(tzinfo=self.zone)
        given = tuple(self.given(g, at) for g in item.items("given"))
        node = item.raw("expect")
        expected: Expected = Expected()
        lines: dict[str, str] = {}
        if isinstance(node, Map):
            expected, lines = self.expected(Item(node, self.faults))
        elif node is not None:
            item.wrong("expect", "应为 {opened: …, clocks: …}", "must be {opened: …, clocks: …}")
        case = Case(item.word("test"), given, at, expected, item.origin, lines)
        item.done()
        return case

    def moment(self, item: Item, key: str) -> datetime | None:
        text = item.word(key)
        return self.time(text, item.at(key)) if text else None

    def time(self, text: str, at: str) -> datetime | None:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            self.faults.add(at, f"「{text}」应写成 2026-05-06 14:20", f"{text!r} is not like 2026-05-06 14:20")
            return None
        return found if found.tzinfo else found.replace(tzinfo=self.zone)

    def given(self, item: Item, at: datetime) -> Given:
        item.need("form")
        name = item.word("form")
        form = self.catalogue.forms.get(name)
        if form is None and name:
            self.faults.unknown(item.at("form"), FORM, name, self.catalogue.forms)
        event = item.word("event")
        if form and event and form.lifecycle.event(event) is None:
            events = [e.name for e in form.lifecycle.events]
            self.faults.unknown(item.at("event"), (f" {name} 的事件", f"event of {name}"), event, events)
        return Given(
            form=name,
            values=self.values(item, form) if form else {},
            at=self.moment(item, "at") or at,
            number=item.word("number"),
            event=event,
            by=item.word("by", "office"),
        )

    def values(self, item: Item, form: Form) -> dict[str, Any]:
        found = {}
        for name in item.node:
            if name not in NOTE:
                raw = item.raw(name)
                value = self.value(form, name, raw, item.at(name))
                if value is not None or raw == []:  # [] empties a field
                    found[name] = value
        return found

    def value(self, form: Form, name: str, raw: Any, at: str) -> Any:
        field = self.catalogue.field(form.name, name)
        if field is None:
            known = [*(f.name for f in form.fields), *NOTE]
            self.faults.unknown(at, (f" {form.name} 的字段", f"field of {form.name}"), name, known)
            return None
        value, problem = self.catalogue.parse(field, raw, name)
        if problem and problem.severity == "error":
            zh = problems.say(problem, "zh", field.label.zh)
            self.faults.add(at, f"{name}：{zh}", problems.say(problem, "en", field.label.en or name))
        return value

    def expected(self, item: Item) -> tuple[Expected, dict[str, str]]:
        expected = Expected(
            opened=self.known(item, "opened", FORM, self.catalogue.forms),
            clocks=dict(self.due(item)),
            letters=self.known(item, "letters", ("信件", "letter"), self.letters),
            tasks=item.words("tasks") if item.has("tasks") else None,
            values=dict(self.outcome(item)),
        )
        item.done()
        lines = {key: item.at(key) for key in item.node}
        for key in ("clocks", "values"):
            inner = item.node.get(key)
            if isinstance(inner, Map):
                lines |= {f"{key}.{name}": inner.at(name) for name in inner}
        return expected, lines

    def known(self, item: Item, key: str, what: tuple[str, str], options: Iterable[str]) -> tuple[str, ...] | None:
        words = item.words(key)
        for word in words:
            if word not in options:
                self.faults.unknown(item.at(key), what, word, options)
        return words if item.has(key) else None

    def due(self, item: Item) -> Iterator[tuple[str, datetime | str | None]]:
        for name, value, at in item.pairs("clocks"):
            if name.partition("#")[0] not in self.clocks:
                self.faults.unknown(at, ("时钟", "clock"), name, self.clocks)
            yield name, (value if value is None or value in STATES else self.time(str(value), at))

    def outcome(self, item: Item) -> Iterator[tuple[str, Any]]:
        """`complaint.priority: P1`; `null` stands for unknown, a status or number for that of the record."""
        for path, raw, at in item.pairs("values"):
            name, _, field = path.partition(".")
            form = self.catalogue.forms.get(name)
            if form is None:
                self.faults.unknown(at, FORM, name, self.catalogue.forms)
            elif raw is None or field in ("status", "number", "revision"):
                yield path, raw
            else:
                yield path, self.value(form, field, raw, at)

"""What admission works on: one reading, who speaks in it, what the ledger knows, the time; how outcomes are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qforms.forms.overlaps import overlaps
from qforms.model import Facts, Filled, Form, Outcome, Problem, Reading, Record, Speaker, Task, Text, Values
from qforms.problems import actor
from qforms.settings import Procedures


@dataclass(frozen=True, slots=True)
class Matter:
    reading: Reading
    facts: Facts
    procedures: Procedures
    now: datetime
    speaker: Speaker

    def form(self, name: str) -> Form:
        return self.procedures.catalogue.form(name)

    def has(self, form: str, name: str) -> bool:
        return self.procedures.catalogue.field(form, name) is not None

    @property
    def is_mail(self) -> bool:
        """Whether somebody wrote it, by mail or through the page, and its files are what he encloses."""
        return bool(self.reading.address) or self.reading.delivery.channel == "web"

    @property
    def received_at(self) -> datetime:
        return self.reading.delivery.received_at


def errors(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(p for p in problems if p.severity == "error")


def asked(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems that the sender has to do something about."""
    return tuple(p for p in problems if p.severity != "warning")


def owed(matter: Matter, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems that the speaker has to do something about: to the outside none that are the office's own."""
    outside = matter.speaker.kind in {"customer", "stranger"}
    return tuple(p for p in asked(problems) if not outside or actor(p) == "sender")


def concerns(matter: Matter, form: Form, may: Callable[[str], bool], problem: Problem) -> bool:
    """Whether a problem concerns the speaker: of a field that he may write, or of what is no field at all."""
    name = top(problem.field)
    return not name or not matter.has(form.name, name) or may(name)


def top(name: str) -> str:
    """The field that a path begins with: shares[0].pct -> shares."""
    return name.partition(".")[0].partition("[")[0]


def refused(
    matter: Matter, reason: Problem, filled: Filled | None = None, record: Record | None = None, **more: Any
) -> Outcome:
    """Nothing of it is taken; whoever can be answered is told why."""
    return Outcome(
        "refused",
        form=filled.form if filled else "",
        number=record.number if record else "",
        case_no=record.case_no if record else "",
        part=filled.part if filled else "",
        how=filled.how if filled else "",
        reason=reason,
        speaker=matter.speaker,
        answer="rejection" if answerable(matter) else "",
        **more,
    )


def ignored(matter: Matter, code: str, tasks: Sequence[Task] = (), letter_key: str = "", **context: Any) -> Outcome:
    reason = Problem(code, context=context, severity="warning")
    return Outcome("ignored", reason=reason, speaker=matter.speaker, tasks=tuple(tasks), letter_key=letter_key)


def answerable(matter: Matter) -> bool:
    """Whether an automatic answer may go back at all: to a person's address, not too often (no loops)."""
    reading = matter.reading
    if not reading.address or reading.machine:
        return False
    return matter.facts.replies_today(reading.address, matter.now) < matter.procedures.settings.trust.replies_a_day


def task(matter: Matter, kind: str, text: Text, owner: str, record: Record | None = None, **more: Any) -> Task:
    """A task that this delivery brings; the same delivery again changes nothing."""
    number = record.number if record else ""
    actions: tuple[str, ...] = more.pop("actions", ())
    context: Mapping[str, Any] = more
    return Task(
        key=f"{kind}:{matter.reading.key[:24]}:{number}",
        kind=kind,
        case_no=record.case_no if record else "",
        number=number,
        text=text,
        owner=owner,
        opened_at=matter.now,
        actions=actions,
        delivery=matter.reading.delivery.digest,
        context=context,
    )


def failed_checks(matter: Matter, form: Form, values: Values) -> tuple[Problem, ...]:
    """The form's checks across fields that do not hold. One that rests on an unknown value can't be judged yet; nor one
    that rests on a computed field, which still shows what was known before."""
    conditions = matter.procedures.rulebook.conditions
    computed = {f.name for f in form.fields if f.calc}
    known = {name: value for name, value in values.items() if name not in computed}
    found = []
    for n, check in enumerate(form.checks):
        that, when = conditions.get(f"{form.name}:check:{n}"), conditions.get(f"{form.name}:check_when:{n}")
        if that is None or (check.when and not (when and when(known))):
            continue
        if _judged_later(form, that.names | (when.names if when else frozenset())):
            continue
        if that(known) is False:
            found.append(Problem("check_failed", check.at, check.at, {"zh": check.say.zh, "en": check.say["en"]}))
    return (*found, *overlaps(form, values, matter.procedures.catalogue))


def _judged_later(form: Form, names: frozenset[str]) -> bool:
    """Whether a check rests on what only the ledger knows: a record referred to, the record's state, a figure."""
    own = {f.name for f in form.fields}
    far = {f.name for f in form.fields if f.type == "ref"}
    return any(head not in own or (dot and head in far) for head, dot, _ in (n.partition(".") for n in names))

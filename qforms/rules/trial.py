"""Runs one of the rules' own tests: documents judged in time order in memory, clocks rung between them."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Sequence
from datetime import datetime

from qforms.model import Delivery, Judgement, Origin, Outcome, Reading, Record, Speaker
from qforms.rulebook.testing import Given, Observed
from qforms.rules.judging import judge
from qforms.rules.memory import MemoryFacts, put
from qforms.rules.ringing import ring
from qforms.settings import Procedures

DECIDING = frozenset({"gm", "gmo", "chief_engineer", "finance"})
ROLES = (
    "intake",
    "sales",
    "aftersales",
    "repair",
    "engineering",
    "quality",
    "production",
    "purchasing",
    *sorted(DECIDING),
)
_RINGS = 2000  # rungs in one test; more would mean a clock that never comes to an end


def run_case(procedures: Procedures, given: Sequence[Given], at: datetime) -> Observed:
    """What becomes of the documents by `at`, in a company with one department a role."""
    trial = Trial(procedures)
    for number, document in enumerate(sorted(given, key=lambda g: g.at)):
        trial.until(document.at, before=True)
        trial.take(document, number)
    trial.until(at)
    return trial.observed()


class Trial:
    """Facts in memory, and what has come of them."""

    def __init__(self, procedures: Procedures) -> None:
        self.procedures = procedures
        self.facts = MemoryFacts(procedures.catalogue)
        put(self.facts, staff(procedures))

    def until(self, at: datetime, before: bool = False) -> None:
        """Rings everything that is due up to `at`, in time order. `before`: not what is due at that very moment, for a
        document that comes then goes first."""
        for _ in range(_RINGS):
            due = [c for c in self.facts.due(at) if c.next_at is not None and (not before or c.next_at < at)]
            if not due:
                return
            moment = due[0].next_at
            assert moment is not None
            self.facts.apply(ring(due[0], self.facts, self.procedures, moment), moment)
        raise RuntimeError(f"clock without end: {due[0].rule}")

    def take(self, given: Given, serial: int) -> Judgement:
        delivery = Delivery("folder", f"{serial}", given.at, b"", digest=f"{serial:064x}")
        reading = Reading(delivery, f"{serial:064x}")
        number = given.number or self._standing(given)
        outcome = Outcome(
            "accepted", given.form, number, values=given.values, event=given.event, speaker=speaker(given.by)
        )
        judgement = judge([outcome], reading, self.facts, self.procedures, given.at)
        self.facts.apply(judgement, given.at, reading)
        return judgement

    def _standing(self, given: Given) -> str:
        """The record that reference data under the same name already has."""
        form = self.procedures.catalogue.form(given.form)
        name = "/".join(str(given.values.get(f, "")) for f in form.named_by)
        return name if name and self.facts.record(name) else ""

    def observed(self) -> Observed:
        codes = {t.name: t.open for t in self.procedures.rulebook.triggers if t.code}
        opened = [codes[e.rule] for e in self.facts.entries if e.what == "opened" and e.rule in codes]
        rules = {r.name for r in self.procedures.rulebook.letters}
        intents = [x.intent for x in self.facts.letters.values()]
        shown = sorted(self.facts.clocks_.values(), key=lambda c: c.started_at)
        newest: dict[str, dict[str, object]] = {}
        for record in self.facts.records.values():
            head = {"status": record.status, "number": record.number, "revision": record.revision}
            newest[record.form] = {**record.values, **head}
        return Observed(
            opened=tuple(opened),
            clocks={c.rule: (c.due_at, c.state) for c in shown},
            letters=tuple(i.rule if i.rule in rules else i.kind for i in intents),
            tasks=tuple(t.kind for t in self.facts.tasks_.values() if t.state == "open"),
            values=newest,
        )


def speaker(role: str) -> Speaker:
    """Somebody who speaks with one role; the office speaks for every role but the deciding ones."""
    address = f"{role}@test.invalid"
    match role:
        case "customer":
            return Speaker("customer", address)
        case "stranger":
            return Speaker("stranger", address)
        case "office":
            return Speaker("office", address, role, frozenset({*ROLES, role}) - DECIDING, (role,), trusted=True)
    return Speaker("person", address, role, frozenset({role}), (role,), trusted=True)


def staff(procedures: Procedures) -> Iterable[Record]:
    """One department for each role, under the role's own name."""
    lifecycle = procedures.catalogue.form("department").lifecycle
    blank = Record("department", "", 0, lifecycle.start, "", {}, {"roles": Origin("")})
    for role in ROLES:
        values = {"name": role, "roles": (role,), "email": f"{role}@test.invalid"}
        yield dc.replace(blank, number=role, values=values)

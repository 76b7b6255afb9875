"""Likely duplicates and likely same mechanisms, offered to the office as tasks with 「并入」 and 「忽略」.

Looked for after the commit, among at most some tens of complaints that share a model, a customer, a lot or a number.
How far the history was looked through is noted with what was found; to look again changes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from qforms.ledger import Ledger
from qforms.model import Facts, Judgement, Record, Task, Text, Value
from qforms.rules import alike
from qforms.rules.alike import Likeness

FORM = "complaint"
_NOTE = "suggested up to entry"
_SHARED = ("product_model", "customer", "lot_no", "customer_complaint_no", "serial_nos", "ticket_no")
_MOST = 40  # complaints looked at for each of these
_LINES = 2000  # of history at a time
_FRESH = timedelta(days=7)  # what came longer ago (a register that was imported) is not asked about


class Suggestions:
    """Looks at what was opened since the last time."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._done: int | None = None

    def catch_up(self, now: datetime, seconds: float = 0.0) -> bool:
        """Looks at new complaints, for about `seconds` (0: until all are done); False: some are left."""
        until = time.monotonic() + seconds if seconds else None
        if self._done is None:
            self._done = self._ledger.note(_NOTE) or 0
        while True:
            last, numbers = self._ledger.changed(self._done, _LINES)
            if last == self._done:
                return True
            with self._ledger.facts() as facts:  # one look at the ledger for all: they share models and customers
                facts.fetch_records(numbers)
                records = (r for number in sorted(numbers) if (r := facts.record(number)) is not None)
                looking = _Looking(facts)
                tasks = [task for r in records if _is_new(r, now) for task in looking.offers(r, now)]
            with self._ledger.begin() as tx:
                tx.write(None, Judgement(tasks=tuple(t for t in tasks if tx.task(t.key) is None)), now)
                tx.upsert("note", [{"name": _NOTE, "value": last}])
            self._done = last
            if until is not None and time.monotonic() > until:
                return False


class _Looking:
    """One look at the ledger: what was found and compared for one complaint is known for the next."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: dict[str, alike.Told] = {}
        self._sharing: dict[tuple[str, Value], tuple[Record, ...]] = {}

    def offers(self, record: Record, now: datetime) -> Iterable[Task]:
        """What is offered on a complaint, without what admission has offered already (P6)."""
        facts = self._facts
        found = alike.likely(record, self._candidates(record), self._known)
        if not found:
            return
        asked = {str(t.context.get("other")) for t in facts.tasks(record.number) if t.kind in alike.SUGGESTIONS}
        owner = next((c.owner for c in facts.clocks(record.number) if c.owner), "")
        for one in found:
            if one.other not in asked:
                yield _task(record, one, str(record.values.get("owner") or owner or "office"), now)

    def _candidates(self, record: Record) -> Iterable[Record]:
        values = ((name, record.values.get(name)) for name in _SHARED)
        pairs = [(name, v) for name, value in values for v in (value if isinstance(value, tuple) else (value,)) if v]
        return {r.number: r for pair in pairs[:12] for r in self._with(*pair)}.values()

    def _with(self, name: str, value: Value) -> tuple[Record, ...]:
        """The newest complaints with a value."""
        found = self._sharing.get((name, value))
        if found is None:
            found = self._sharing[name, value] = self._facts.find(FORM, name, value)[:_MOST]
        return found


def _is_new(record: Record, now: datetime) -> bool:
    """Whether a record is a complaint that came lately and is not yet part of another."""
    came = record.received_at
    return record.form == FORM and came is not None and now - came <= _FRESH and not record.values.get("duplicate_of")


def _task(record: Record, found: Likeness, owner: str, now: datetime) -> Task:
    """The question; 「并入」 answers yes (`answers`): the complaint becomes part of the other, or changes its group."""
    twice = found.kind == "twice"
    zh = f"与 {found.other} 是否同一投诉？" if twice else f"与 {found.other} 是否同一机理？"
    en = f"Same complaint as {found.other}?" if twice else f"Same mechanism as {found.other}?"
    delivery = next((o.delivery for o in record.origin.values() if o.delivery), "")
    kind = "alike" if twice else "alike_mechanism"
    return Task(
        key=f"{kind}:{record.number}:{found.other}",
        kind=kind,
        case_no=record.case_no or record.number,
        number=record.number,
        text=Text(f"{zh}{found.why.zh}。", f"{en} {found.why.en}."),
        owner=owner,
        opened_at=now,
        actions=("并入", "忽略"),
        delivery=delivery,
        context={"other": found.other, **({} if twice else {"field": "mechanism_group"})},
    )

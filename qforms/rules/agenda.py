"""What is to be asked again about a record: of the rules on its form those that rest on something which has changed
since they had nothing to say, and to which the record as it is leaves anything to say. Each rule is a bit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qforms.expression.sieve import POSSIBLE, Possible, Sieve
from qforms.model import EMPTY, Record, Values
from qforms.rules.rests import Rests
from qforms.rules.view import View


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule; what it rests on (None: that can't be told, so it is always asked); and, as Python for the sieve of its
    kind, whether the record as it is leaves it anything to say."""

    rule: Any
    on: Rests | None
    possible: str = POSSIBLE


class Plan:
    """The rules on one form, of several kinds, and what they rest on. `rules` of a kind are (bit, rule) in their order,
    `kinds` the bits of all of them."""

    __slots__ = ("_sieves", "all", "always", "fields", "figures", "head", "kinds", "refs", "rules")

    def __init__(self, kinds: Mapping[str, Sequence[Asked]], sieves: Mapping[str, Sieve] = EMPTY) -> None:
        each = [(kind, asked) for kind, every in kinds.items() for asked in every]
        numbered = [(1 << n, asked) for n, (_, asked) in enumerate(each)]
        self.rules: Mapping[str, Sequence[tuple[int, Any]]] = {
            kind: [(bit, a.rule) for (bit, a), (own, _) in zip(numbered, each, strict=True) if own == kind]
            for kind in kinds
        }
        self.kinds = {kind: sum(bit for bit, _ in rules) for kind, rules in self.rules.items()}
        self.all = (1 << len(numbered)) - 1
        self.always = sum(bit for bit, a in numbered if a.on is None)
        told = [(bit, a.on) for bit, a in numbered if a.on is not None]
        self.head = sum(bit for bit, on in told if on.head)
        self.figures = sum(bit for bit, on in told if on.figures)
        self.fields = dict(_bits((bit, on.own) for bit, on in told))
        self.refs = _bits((bit, on.refs) for bit, on in told)
        self._sieves: dict[str, Possible] = {}
        for kind, sieve in sieves.items():
            parts = [(bit, a.possible) for (bit, a), (own, _) in zip(numbered, each, strict=True) if own == kind]
            if asked := [(bit, part) for bit, part in parts if part != POSSIBLE]:
                self._sieves[kind] = sieve.function_of(self.kinds[kind] & ~sum(bit for bit, _ in asked), asked)

    def possible(self, kind: str, record: Record) -> int:
        """The rules of a kind that may have something to say of a record as it is."""
        sieve = self._sieves.get(kind)
        return self.kinds[kind] if sieve is None else sieve(record.values, record.status)

    def moved(self, before: Record, after: Record) -> int:
        """The rules that rest on something which the record itself says differently now."""
        bits, masks = 0, self.fields
        for name in _differing(before.values, after.values):
            if name in masks:
                bits |= masks[name]
        return bits | self.head if self.head & ~bits and _head(before) != _head(after) else bits


class Open:
    """The rules of a plan that are open for one record: `bits`, true for what the record was when last looked at."""

    __slots__ = ("_kinds", "_moves", "_referred", "_version", "bits", "plan", "record")

    def __init__(self, plan: Plan, view: View, record: Record) -> None:
        self.plan, self.bits = plan, plan.all
        self.record, self._moves, self._version = record, view.moves, view.version
        self._referred = _referred(plan, view, record)
        self._kinds: set[str] = set()  # those of which what is impossible has been taken out

    def look(self, view: View, record: Record) -> None:
        """Opens what rests on something that is otherwise now."""
        plan, bits = self.plan, self.bits | self.plan.always
        if self._version != view.version or self.record is not record:
            self._version = view.version
            if self.record is not record:
                bits |= plan.moved(self.record, record)
                self.record = record
                self._kinds.clear()
            if self._moves != view.moves:
                self._moves = view.moves
                bits |= plan.figures
            for number, (referred, mask) in self._referred.items():
                if view.record(number) is not referred:
                    bits |= mask
            self._referred = _referred(plan, view, record)
        self.bits = bits

    def due(self, kind: str) -> Iterator[tuple[int, Any]]:
        """The rules of a kind that are open when it is their turn, each with its bit."""
        if self.bits & self.plan.kinds[kind]:
            for bit, rule in self.plan.rules[kind]:
                if self.bits & bit and self._sifted(kind) & bit:
                    yield bit, rule

    def _sifted(self, kind: str) -> int:
        """The bits without those of the kind's rules to which the record leaves nothing to say."""
        if kind not in self._kinds:
            self._kinds.add(kind)
            self.bits &= self.plan.possible(kind, self.record) | ~self.plan.kinds[kind]
        return self.bits

    def settle(self, bits: int) -> None:
        """These rules have been asked and have nothing to say."""
        self.bits &= ~bits


def _differing(was: Values, now: Values) -> list[str]:
    """The fields in which two revisions differ. What neither touched is the very same thing in both."""
    names = [name for name, value in now.items() if (old := was.get(name)) is not value and old != value]
    if len(was) + len(names) > len(now):
        names += [name for name in was if name not in now]
    return names


def _head(record: Record) -> tuple[object, ...]:
    """What `rests.HEAD` names."""
    return record.status, record.case_no, record.received_at, record.revision


def _referred(plan: Plan, view: View, record: Record) -> dict[str, tuple[Record | None, int]]:
    """The records that fields refer to on which rules of the plan rest, by number, and the bits of those rules."""
    found: dict[str, tuple[Record | None, int]] = {}
    for name, mask in plan.refs:
        if number := record.values.get(name):
            number = str(number)
            found[number] = view.record(number), mask | found[number][1] if number in found else mask
    return found


def _bits(numbers: Iterable[tuple[int, frozenset[str]]]) -> list[tuple[str, int]]:
    """Name -> the bits of all rules that name it."""
    found: dict[str, int] = {}
    for bit, names in numbers:
        for name in sorted(names):
            found[name] = found.get(name, 0) | bit
    return sorted(found.items())

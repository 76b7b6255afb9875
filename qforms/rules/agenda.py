"""What is to be asked again about a record: of the rules on its form those that rest on something which has changed
since they had nothing to say. Each rule of a kind is a bit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qforms.model import Record, Values
from qforms.rules.rests import HEAD, Rests
from qforms.rules.view import View


class Plan:
    """What the rules of one kind on one form rest on. A rule of which that can't be told is `always` asked."""

    __slots__ = ("all", "always", "fields", "figures", "head", "refs")

    def __init__(self, rules: Sequence[Rests | None]) -> None:
        self.all = (1 << len(rules)) - 1
        self.always = _bits(n for n, on in enumerate(rules) if on is None)
        told = [(n, on) for n, on in enumerate(rules) if on is not None]
        self.head = _bits(n for n, on in told if on.head)
        self.figures = _bits(n for n, on in told if on.figures)
        self.fields = {f: _bits(n for n, on in told if f in on.own) for f in _each(on.own for _, on in told)}
        self.refs = tuple((f, _bits(n for n, on in told if f in on.refs)) for f in _each(on.refs for _, on in told))

    def moved(self, before: Record, after: Record) -> int:
        """The rules that rest on something which the record itself says differently now."""
        bits, masks = self.always, self.fields
        for name in _differing(before.values, after.values):
            if name in masks:
                bits |= masks[name]
        if self.head & ~bits and any(getattr(before, name) != getattr(after, name) for name in HEAD):
            bits |= self.head
        return bits


class Open:
    """The rules of a plan that are open for one record: `bits`, true for what the record was when last looked at."""

    __slots__ = ("_plan", "bits", "moves", "record", "referred")

    def __init__(self, plan: Plan, view: View, record: Record) -> None:
        self._plan = plan
        self.bits = plan.all
        self._saw(view, record, [_referred(view, record, name) for name, _ in plan.refs])

    def _saw(self, view: View, record: Record, referred: list[Record | None]) -> None:
        self.record, self.moves, self.referred = record, view.moves, referred

    def look(self, view: View, record: Record) -> None:
        """Opens what rests on something that is otherwise now."""
        plan, before = self._plan, self.record
        bits = self.bits | (plan.always if before is record else plan.moved(before, record))
        if self.moves != view.moves:
            bits |= plan.figures
        referred = [_referred(view, record, name) for name, _ in plan.refs]
        for (_, mask), old, new in zip(plan.refs, self.referred, referred, strict=True):
            if old is not new:
                bits |= mask
        self.bits = bits
        self._saw(view, record, referred)

    def settle(self, n: int) -> None:
        """A rule has been asked and has nothing to say."""
        self.bits &= ~(1 << n)


def _differing(was: Values, now: Values) -> list[str]:
    """The fields in which two revisions differ. What neither touched is the very same thing in both."""
    names = [name for name, value in now.items() if (old := was.get(name)) is not value and old != value]
    if len(was) + len(names) > len(now):
        names += [name for name in was if name not in now]
    return names


def _referred(view: View, record: Record, name: str) -> Record | None:
    number = record.values.get(name)
    return view.record(str(number)) if number else None


def _bits(numbers: Iterable[int]) -> int:
    return sum(1 << n for n in numbers)


def _each(names: Iterable[frozenset[str]]) -> list[str]:
    return sorted(frozenset().union(*names))

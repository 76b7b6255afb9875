"""Three-way merge of values: what somebody changed since the revision they saw, against what stands now.

Whatever a person gives (a returned form, a row of the workbook, a line of a reply) is a patch; this is the one way in
which patches meet. Pure: a field is in conflict only if both sides changed it since `base`, and differently."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from qforms.model import Value, Values


class Clash(NamedTuple):
    """A field that both sides changed, and the three values."""

    base: Value
    ours: Value
    theirs: Value


@dataclass(frozen=True, slots=True)
class Merged:
    """`values`: what is to be written, only what changes `ours` (None empties a field). `conflicts` and `refused`
    (changed by one who may not write it): every other field that theirs changed."""

    values: Values = field(default_factory=dict)
    conflicts: Mapping[str, Clash] = field(default_factory=dict)
    refused: tuple[str, ...] = ()


def merge(base: Values, theirs: Values, ours: Values, writable: Callable[[str], bool]) -> Merged:
    """Takes from `theirs` what changed since `base`, where `ours` did not.

    A field that `theirs` does not name is not touched; one that it names as None is emptied. A field is absent and
    None alike. Both sides having made the same change is no conflict and no change."""
    values: dict[str, Value] = {}
    conflicts: dict[str, Clash] = {}
    refused: list[str] = []
    for name, wanted in theirs.items():
        then, now = base.get(name), ours.get(name)
        if wanted in (then, now):
            continue
        if not writable(name):
            refused.append(name)
        elif now == then:
            values[name] = wanted
        else:
            conflicts[name] = Clash(then, now, wanted)
    return Merged(values, conflicts, tuple(refused))

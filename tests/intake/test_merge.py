"""The laws of the three-way merge."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qforms.merge import Clash, merge

NAMES = st.sampled_from("abcdef")
VALUE = st.one_of(st.none(), st.integers(0, 3), st.sampled_from(["x", "y", ("x", "y"), ()]))
VALUES = st.dictionaries(NAMES, VALUE, max_size=6)
ROLES = st.frozensets(NAMES)


def applied(ours, merged):
    return {**ours, **merged.values}


def same(left, right):
    """An absent field and one that is None are alike."""
    return all(left.get(n) == right.get(n) for n in "abcdef")


@given(VALUES, VALUES, ROLES)
def test_what_was_not_changed_changes_nothing(base, ours, roles):
    merged = merge(base, base, ours, roles.__contains__)
    assert not merged.values and not merged.conflicts and not merged.refused


@given(VALUES, VALUES, VALUES, ROLES)
def test_no_edit_is_dropped(base, theirs, ours, roles):
    merged = merge(base, theirs, ours, roles.__contains__)
    for name, wanted in theirs.items():
        if wanted == base.get(name) or wanted == ours.get(name):
            assert name not in merged.values and name not in merged.conflicts and name not in merged.refused
            continue
        assert (name in merged.values) + (name in merged.conflicts) + (name in merged.refused) == 1
        if name in merged.values:
            assert merged.values[name] == wanted and name in roles


@given(VALUES, VALUES, VALUES, ROLES)
def test_nothing_is_written_over_what_changed_since(base, theirs, ours, roles):
    merged = merge(base, theirs, ours, roles.__contains__)
    assert all(ours.get(name) == base.get(name) for name in merged.values)
    for name, clash in merged.conflicts.items():
        assert clash == Clash(base.get(name), ours.get(name), theirs[name])
        assert len({repr(clash.base), repr(clash.ours), repr(clash.theirs)}) == 3


@given(VALUES, VALUES, VALUES, ROLES)
def test_only_the_fields_of_the_speaker_are_written(base, theirs, ours, roles):
    merged = merge(base, theirs, ours, roles.__contains__)
    assert set(merged.values) | set(merged.conflicts) <= roles
    assert not set(merged.refused) & roles


@given(VALUES, VALUES, VALUES, ROLES)
def test_twice_is_once(base, theirs, ours, roles):
    once = merge(base, theirs, ours, roles.__contains__)
    again = merge(base, theirs, applied(ours, once), roles.__contains__)
    assert not again.values
    assert again.conflicts == once.conflicts and again.refused == once.refused


@given(VALUES, VALUES, VALUES)
def test_disjoint_edits_commute(base, left, right):
    right = {n: v for n, v in right.items() if n not in left}
    anyone = "abcdef".__contains__
    one = applied(base, merge(base, left, base, anyone))
    two = applied(base, merge(base, right, base, anyone))
    assert same(applied(one, merge(base, right, one, anyone)), applied(two, merge(base, left, two, anyone)))


def test_both_made_the_same_change():
    assert merge({"a": 1}, {"a": 2}, {"a": 2}, lambda _: True) == merge({}, {}, {}, lambda _: True)


def test_an_emptied_field_is_a_change():
    assert merge({"a": 1}, {"a": None}, {"a": 1}, lambda _: True).values == {"a": None}

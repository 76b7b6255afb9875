"""The fuzzers for a moment, with fixed seeds: `make fuzz` runs them as long as one likes."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import harness, mime, office


def test_the_same_seed_makes_the_same_inputs() -> None:
    seeds = [b"a" * 100, b"b" * 100]
    one, two, other = (list(itertools.islice(harness.inputs(seeds, n), 50)) for n in (1, 1, 2))
    assert one == two != other and len(set(one)) > 40


def test_what_a_target_does_wrong_is_found() -> None:
    def breaks(data: bytes) -> None:
        if b"--" in data:
            raise RuntimeError("x")

    assert [harness.judged(breaks, d) for d in (b"a", b"--")] == ["", "RuntimeError: x"]
    assert any(harness.judged(breaks, d) for d in itertools.islice(harness.inputs([b"a" * 50], 1), 2000))


@pytest.fixture(scope="module")
def mails() -> tuple[list[bytes], harness.Target]:
    seeds, target = mime.made()
    return list(seeds), target


@given(number=st.integers(0, 2**32))
@settings(max_examples=120, deadline=None)
def test_mails_with_faults_are_read(mails: tuple[list[bytes], harness.Target], number: int) -> None:
    seeds, target = mails
    chance = random.Random(number)
    assert harness.judged(target, harness.changed(chance.choice(seeds), seeds, chance)) == ""


@pytest.mark.parametrize("kind", ["excel", "word"])
def test_files_with_faults_are_read_or_refused(kind: str) -> None:
    seeds, target = office.in_child(kind)
    for data in itertools.islice(harness.inputs(seeds, 20260506), 60):
        assert harness.judged(target, data) == ""


@pytest.mark.parametrize("found", sorted((Path(__file__).parent / "found").iterdir()), ids=lambda f: f.name)
def test_what_was_found_once_is_read(mails: tuple[list[bytes], harness.Target], found: Path) -> None:
    """Inputs that a fuzzer has found, kept: mails that took for ever, or went too deep."""
    assert harness.judged(mails[1], found.read_bytes()) == ""

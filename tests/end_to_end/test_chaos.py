"""Killed anywhere: the daemon as a process, with Dovecot, Postfix, a folder and the workbook around it; the books are
audited afterwards. `make soak` does the same for an hour."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import support_chaos
from servers.killable import STEPS
from servers.mailstack import MailStack

_SELDOM = ("stored", "book_noted", "filing")  # those of the long form alone

pytestmark = pytest.mark.servers


def test_killed_at_every_step_nothing_is_lost_and_nothing_happens_twice(mailstack: MailStack, tmp_path: Path) -> None:
    chaos = support_chaos.begin(mailstack, tmp_path)
    for step in (s for s in STEPS if s not in _SELDOM):
        chaos.killed_at(step)
        chaos.drop()
    dice = random.Random(6)
    for _ in range(2):
        chaos.killed_after(dice.uniform(1.0, 4.0))
    chaos.settle()
    figures = chaos.audit()
    assert figures["kills"] == len(STEPS) - len(_SELDOM) + 2

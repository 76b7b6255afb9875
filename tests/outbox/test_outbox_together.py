"""Which letters go as one, which wait for others, and what a table of them says (P35)."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import support_ledger as s
from support_rules import procedures

from qforms.ledger import Ledger
from qforms.model import Judgement, Letter, LetterIntent
from qforms.outbox import together as tables
from qforms.outbox.post import next_step
from qforms.together import Together

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Room:
    """What is owed, and what goes by itself when it is looked at."""

    def __init__(self, folder: Path) -> None:
        self.procedures = procedures()
        self.ledger = Ledger(folder / "ledger.db", self.procedures.catalogue, "company.example")
        self.ledger.migrate()
        self.together = Together(self.ledger, self.procedures)

    def owe(self, *letters: LetterIntent) -> None:
        with self.ledger.begin() as tx:
            tx.write(None, Judgement(letters=letters), s.NOW)

    def post(self, minutes: int = 0) -> list[str]:
        """What leaves at a time, by key; of a table the numbers in its lines."""
        now, left = s.NOW + minutes * MINUTE, []
        for _ in range(2):  # a table stands behind what it was made of
            found = self.ledger.letters(("owed",))
            due = [(x, step) for x in found if (step := next_step(x, self.procedures.settings, now)) != "wait"]
            for letter, _step in self.together.alone(due, now):
                self._sent(dc.replace(letter, state="sent", sent_at=now))
                lines = letter.intent.facts.get("lines") or ()
                left.append("+".join(line["number"] for line in lines) if letter.intent.gathered else letter.intent.key)
        return left

    def _sent(self, letter: Letter) -> None:
        with self.ledger.begin() as tx:
            tx.set_letter(letter)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.ledger.close()


def owed(key: str, kind: str = "reminder", **more: Any) -> LetterIntent:
    facts = {"number": f"N-{key}", "request": "联系客户", **more.pop("facts", {})}
    own = {"number": f"N-{key}", "case_no": f"N-{key}", "cc": (), "code": "", "at": s.NOW, **more}
    return s.letter(key, kind=kind, facts=facts, **own)


def notice(key: str, **more: Any) -> LetterIntent:
    return owed(key, "stage", rule="new_case", **more)


def test_new_cases_are_a_table_from_three_on(room: Room) -> None:
    room.owe(notice("a"), notice("b"))
    assert room.post() == ["a", "b"]
    room.owe(notice("c"), notice("d"), notice("e"))
    assert room.post() == ["N-c+N-d+N-e"]
    assert room.post() == []


def test_only_what_goes_to_the_same_people_goes_together(room: Room) -> None:
    room.owe(
        *(owed(k) for k in "ab"), *(owed(k, to=("x@b",)) for k in "cd"), owed("e", cc=("boss@b",)), owed("f", lang="en")
    )
    assert sorted(room.post()) == ["N-a+N-b", "N-c+N-d", "e", "f"]


@pytest.mark.parametrize(
    "more", [{"audience": "customer"}, {"audience": "supplier"}, {"attach": ("document:N-a",)}, {"urgent": True}]
)
def test_never_outside_nor_with_a_file_nor_what_is_urgent(room: Room, more: dict[str, Any]) -> None:
    room.owe(*(owed(k, **more) for k in "abc"))
    assert room.post() == ["a", "b", "c"]


def test_what_comes_within_the_hour_waits_for_its_end_and_goes_together(room: Room) -> None:
    room.owe(owed("a", "escalation", facts={"lines": [{"number": "N-a"}]}))
    assert room.post() == ["a"]  # the first at once
    for n, key in enumerate("bcd"):
        room.owe(owed(key, "escalation", facts={"lines": [{"number": f"N-{key}"}]}))
        assert room.post(10 * n + 10) == []
    assert {x.next_try for x in room.ledger.letters(("owed",))} == {s.NOW + HOUR}
    assert room.post(59) == [] and room.post(60) == ["N-b+N-c+N-d"]
    room.owe(owed("e", "escalation", facts={"lines": [{"number": "N-e"}]}))
    assert room.post(70) == [] and room.post(119) == [] and room.post(120) == ["e"]


def test_a_reminder_does_not_wait_past_the_limit_of_which_it_reminds(room: Room) -> None:
    room.owe(owed("a"))
    assert room.post() == ["a"]
    room.owe(
        owed("soon", facts={"due": (s.NOW + 30 * MINUTE).isoformat()}),
        owed("late", facts={"due": (s.NOW + 5 * HOUR).isoformat()}),
    )
    assert room.post(10) == ["soon"]
    assert room.post(60) == ["late"]


def test_a_heap_is_several_tables_of_nearly_the_same_length(room: Room) -> None:
    room.owe(*(notice(f"{n:03d}") for n in range(130)))
    left = [one.split("+") for one in room.post()]
    assert sorted(len(one) for one in left) == [43, 43, 44]
    assert sorted(n for one in left for n in one) == sorted({f"N-{n:03d}" for n in range(130)})


def test_the_same_letters_give_the_same_table_and_each_line_keeps_its_own(room: Room) -> None:
    room.owe(owed("a", code="AAAA-2222", facts={"ask": {"agree": "sign"}}), owed("b", rule="recontact"))
    letters = room.ledger.letters(("owed",))
    [rule] = [r for r in room.procedures.rulebook.together if r.name == "reminders"]
    one, two = tables.table(letters, rule, {}), tables.table(letters, rule, {})
    assert one == two and one.number == "" and one.code == "" and one.case_no == ""
    first, second = one.facts["lines"]
    assert (first["letter"], first["code"], first["ask"], first["answers"]) == (
        "a",
        "AAAA-2222",
        {"agree": "sign"},
        ["同意"],
    )
    assert (second["letter"], second["clock"], second["decide"]) == ("b", "recontact", "联系客户")

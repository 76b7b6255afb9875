"""A rule is asked again when, and only when, something that it rests on has changed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from support_rules import procedures

from qforms.model import Record
from qforms.rules import rests
from qforms.rules.book import book_of
from qforms.rules.memory import MemoryFacts, put
from qforms.rules.view import View

OWN = procedures()
BOOK = book_of(OWN.rulebook, OWN.catalogue)
GROUP = Record("mechanism_group", "MG-202605-0001", 0, "provisional", "", {"title": "无输出"})
COMPLAINT = Record("complaint", "TS-202605-0001", 0, "open", "TS-202605-0001",
                   {"defect_qty": 3, "mechanism_group": GROUP.number})  # fmt: skip


def view() -> View:
    facts = MemoryFacts(OWN.catalogue)
    put(facts, [GROUP, COMPLAINT])
    return View(facts)


def on(*names: str) -> rests.Rests:
    found = BOOK.rests_on("complaint", names, (), names)
    assert found is not None
    return found


def stays(given: rests.Rests, before: View, after: View, record: Record = COMPLAINT) -> bool:
    return rests.same(rests.look(before, COMPLAINT, given), after, record, given)


def test_own_fields() -> None:
    other = replace(COMPLAINT, values={**COMPLAINT.values, "lot_no": "L1"})
    assert stays(on("defect_qty"), view(), view(), other)
    assert not stays(on("lot_no"), view(), view(), other)


def test_the_head() -> None:
    assert not stays(on("status"), view(), view(), replace(COMPLAINT, status="answered"))
    assert stays(on("defect_qty"), view(), view(), replace(COMPLAINT, status="answered"))


def test_a_record_that_a_field_refers_to() -> None:
    one = view()
    seen = rests.look(one, COMPLAINT, on("mechanism_group.status"))
    assert rests.same(seen, one, COMPLAINT, on("mechanism_group.status"))
    one.records[GROUP.number] = replace(GROUP, status="confirmed")
    assert not rests.same(seen, one, COMPLAINT, on("mechanism_group.status"))
    assert stays(on("defect_qty"), one, one)


def test_figures() -> None:
    one = view()
    seen = rests.look(one, COMPLAINT, on("answered_at"))
    one.add("complaints", GROUP.number, "", Decimal(1))
    assert not rests.same(seen, one, COMPLAINT, on("answered_at"))


def test_a_name_from_elsewhere_is_always_asked() -> None:
    assert BOOK.rests_on("complaint", "elsewhere", (), ("nobody_knows",)) is None

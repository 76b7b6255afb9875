"""A rule is asked again when, and only when, something that it rests on has changed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from support_rules import procedures

from qforms.model import Record
from qforms.rules import plans, rests
from qforms.rules.agenda import Asked, Open, Plan
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
    found = plans.rests_on(BOOK, "complaint", (), names)
    assert found is not None
    return found


def looked(given: rests.Rests | None, at: View) -> Open:
    """A rule that has been asked about the complaint and had nothing to say."""
    open_ = Open(Plan({"": [Asked(None, given)]}), at, COMPLAINT)
    assert open_.bits
    open_.settle(open_.bits)
    return open_


def stays(open_: Open, after: View, record: Record = COMPLAINT) -> bool:
    open_.look(after, record)
    return not open_.bits


def test_own_fields() -> None:
    other = replace(COMPLAINT, values={**COMPLAINT.values, "lot_no": "L1"})
    without = replace(COMPLAINT, values={"mechanism_group": GROUP.number})
    assert stays(looked(on("defect_qty"), view()), view(), other)
    assert not stays(looked(on("lot_no"), view()), view(), other)
    assert not stays(looked(on("defect_qty"), view()), view(), without)


def test_the_head() -> None:
    assert not stays(looked(on("status"), view()), view(), replace(COMPLAINT, status="answered"))
    assert stays(looked(on("defect_qty"), view()), view(), replace(COMPLAINT, status="answered"))


def test_a_record_that_a_field_refers_to() -> None:
    one = view()
    through, own = looked(on("mechanism_group.status"), one), looked(on("defect_qty"), one)
    assert stays(through, one)
    one.put(replace(GROUP, status="confirmed"))
    assert not stays(through, one)
    assert stays(own, one)


def test_figures() -> None:
    one = view()
    open_ = looked(on("answered_at"), one)
    assert stays(open_, one)
    one.add("complaints", GROUP.number, "", Decimal(1))
    assert not stays(open_, one)


def test_what_was_once_opened_stays_open() -> None:
    open_ = looked(on("lot_no"), view())
    assert not stays(open_, view(), replace(COMPLAINT, values={**COMPLAINT.values, "lot_no": "L1"}))
    assert not stays(open_, view(), COMPLAINT)


def test_a_name_from_elsewhere_is_always_asked() -> None:
    assert plans.rests_on(BOOK, "complaint", (), ("nobody_knows",)) is None
    assert not stays(looked(None, view()), view())

"""What the sieve passes over would have had nothing to say: of each rule on a record that may hold, the bit is set."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support_rules import ZONE, procedures

from qforms.expression import Kind, compile
from qforms.expression.sieve import POSSIBLE, Sieve
from qforms.model import Field, Record
from qforms.rules import plans
from qforms.rules.book import book_of
from qforms.rules.memory import MemoryFacts, put
from qforms.rules.names import Names
from qforms.rules.view import View

OWN = procedures()
BOOK = book_of(OWN.rulebook, OWN.catalogue)
FORMS = ("complaint", "mechanism_group", "market_abnormality", "cost_transfer", "eight_d", "return_repair", "shipment")
NOON = datetime(2026, 5, 6, 12, 0, tzinfo=ZONE)
TODAY = date(2026, 5, 6)


def value(field: Field) -> st.SearchStrategy[Any]:
    """A value of the field's own type, of those that rules ask for."""
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "int": st.integers(0, 5),
        "dec": st.integers(0, 5).map(Decimal),
        "money": st.sampled_from([Decimal(0), Decimal(5), Decimal(500_000)]),
        "bool": st.booleans(),
        "date": st.integers(-9, 9).map(lambda n: TODAY + timedelta(days=n)),
        "dt": st.integers(-9, 9).map(lambda n: NOON + timedelta(days=n)),
        "enum": st.sampled_from([c.code for c in field.choices] or ["x"]),
        "list": st.just(({},)),
    }
    one = kinds.get(field.type, st.sampled_from(["", "x", "TR1", "TR2"]))
    return one.map(lambda v: (v,)) if field.many else one


@st.composite
def records(draw: st.DrawFn) -> Record:
    form = OWN.catalogue.form(draw(st.sampled_from(FORMS)))
    named = draw(st.lists(st.sampled_from(form.fields), max_size=12, unique_by=lambda f: f.name))
    status = draw(st.sampled_from([s.name for s in form.lifecycle.states]))
    return Record(form.name, "N1", 0, status, "N1", {f.name: draw(value(f)) for f in named}, {}, NOON, "", NOON)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records())
def test_nothing_is_passed_over_that_would_hold(record: Record) -> None:
    facts = MemoryFacts(OWN.catalogue)
    put(facts, [record])
    names = Names(BOOK, View(facts), record, TODAY)
    plan, clocks = BOOK.plan(plans.agenda, record.form), BOOK.plan(plans.running, record.form)
    asked = {
        "triggers": lambda r: r.when.holds(names) and not (r.each or r.series),
        "decide": lambda r: any(when is None or when.holds(names) for when, _ in r.cases),
        "look_ups": lambda r: r.when is None or r.when.holds(names),
        "calc": lambda f: any(c.value(names) is not None for c in BOOK.calcs(record.form, f.name, len(f.calc))),
        "filled": lambda e: (
            record.status in e.from_
            and all(names.get(f) not in (None, "", ()) for f in e.needs)
            and ((when := BOOK.event(record.form, e.name)) is None or when.holds(names))
        ),
    }
    for kind, says in asked.items():
        assert [r.name for bit, r in plan.rules[kind] if says(r) and not plan.possible(kind, record) & bit] == [], kind
    running = clocks.possible("clocks", record)
    starts = [r for bit, r in clocks.rules["clocks"] if not running & bit and not r.each]
    assert [r.name for r in starts if (r.when is None or r.when.holds(names)) and r.from_.value(names)] == []


NUMBER, TEXT, BOOL = Kind("number"), Kind("text"), Kind("bool")
KINDS = {"a": NUMBER, "b": NUMBER, "s": TEXT, "yes": BOOL, "figure": NUMBER}


@pytest.mark.parametrize(
    ("text", "values", "possible"),
    [
        ("a > 2", {"a": 3}, True),
        ("a > 2", {"a": 1}, False),
        ("a > 2", {}, False),
        ("not (a > 2)", {"a": 1}, True),
        ("a > 2 and figure > 1", {"a": 3}, True),
        ("a > 2 and figure > 1", {"a": 2}, False),
        ("a > figure", {}, False),
        ("a > figure", {"a": 1}, True),
        ("a > 2 or figure > 1", {"a": 0}, True),
        ("a > 2 or b > 2", {"a": 0}, False),
        ("not (a > 2 or figure > 1)", {"a": 3}, False),
        ('s in ["x", "y"] and not yes', {"s": "x", "yes": False}, True),
        ('s in ["x", "y"] and not yes', {"s": "x"}, False),
        ("known(a) and not known(b)", {"a": 1}, True),
        ("known(a) and not known(b)", {"a": 1, "b": 1}, False),
        ("first(a, b) > figure", {}, False),
        ("first(a, b) > figure", {"b": 1}, True),
    ],
)
def test_what_a_record_alone_decides(text: str, values: dict[str, Any], possible: bool) -> None:
    sieve = Sieve(lambda name: name in KINDS and name != "figure")
    part = sieve.can_hold(compile(text, KINDS).tree)
    assert part != POSSIBLE or possible
    assert bool(sieve.function_of(0, [(1, part)])(values, "open")) is possible

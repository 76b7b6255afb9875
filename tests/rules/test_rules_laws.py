"""Laws that hold whatever arrives in whatever order: figures equal a recount, clocks keep their start."""

from __future__ import annotations

import dataclasses as dc
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support_desk import Company, speaker, staff
from support_rules import ZONE, at

from qforms.rules import basis, judge

SALES = speaker("销售部")
SERIALS = ("SN1", "SN2", "SN3", "sn1")
complaints = st.fixed_dictionaries(
    {
        "product_model": st.sampled_from(["M1", "M1", "M1", "M2"]),
        "defect_category": st.sampled_from(["function", "function", "performance"]),
    },
    optional={
        "lot_no": st.sampled_from(["L1", "L2", "l 1"]),
        "defect_qty": st.integers(0, 9),
        "serial_nos": st.lists(st.sampled_from(SERIALS), min_size=1, max_size=3, unique=True).map(tuple),
        "prelim_class": st.sampled_from(["misuse", "single_defect", "undecided"]),
        "qty_confirmed": st.integers(0, 4),
        "qty_misuse": st.integers(0, 4),
        "severity": st.integers(1, 4),
        "defect_position": st.sampled_from(["C7", "C7", "R2"]),
    },
)
# the same mechanism again and again, so that serial numbers meet, change hands and are taken back
alike = st.fixed_dictionaries(
    {
        "product_model": st.just("M1"),
        "defect_category": st.just("function"),
        "lot_no": st.sampled_from(["L1", "L2"]),
        "serial_nos": st.sampled_from([("SN1",), ("sn1", "SN2"), ("SN2",), ("SN3", "SN1")]),
        "prelim_class": st.sampled_from(["misuse", "single_defect"]),
    }
)
shipments = st.fixed_dictionaries(
    {
        "product_model": st.sampled_from(["M1", "M2"]),
        "lot_no": st.sampled_from(["L1", "L2"]),
        "quantity": st.integers(1, 3000),
        "shipped_on": st.dates(datetime(2025, 4, 1).date(), datetime(2026, 5, 1).date()),  # noqa: DTZ001
    }
)
regroup = st.fixed_dictionaries({"group": st.integers(0, 3), "merge": st.booleans()})  # split off, or merged away
steps = st.lists(
    st.one_of(
        st.tuples(st.just("regroup"), st.integers(0, 3), regroup),
        st.tuples(st.just("complaint"), st.none(), complaints),
        st.tuples(st.just("complaint"), st.integers(0, 5), complaints),
        st.tuples(st.just("complaint"), st.one_of(st.none(), st.integers(0, 3)), alike),
        st.tuples(st.just("complaint"), st.one_of(st.none(), st.integers(0, 3)), alike),
        st.tuples(st.just("shipment"), st.none(), shipments),
        st.tuples(st.just("shipment"), st.integers(0, 3), shipments),
    ),
    min_size=1,
    max_size=9,
)


def play(acts: list[tuple[str, int | None, dict[str, Any]]], ring: bool = True) -> Company:
    company = Company()
    moment = at("2026-05-01 09:00")
    for form, place, values in acts:
        moment += timedelta(hours=13, minutes=7)
        if form == "regroup" and (found := _regrouped(company, place or 0, values)):
            form, number, values = found
            company.send(moment, form, values, SALES, number=number)
        if form in ("regroup", "mechanism_group") or "mechanism_group" in values:
            continue
        numbers = sorted(n for n, r in company.facts.records.items() if r.form == form)
        number = numbers[place % len(numbers)] if place is not None and numbers else ""
        if not ring:
            company.until = lambda when: None  # type: ignore[method-assign]
        company.send(moment, form, values, SALES, number=number)
    return company


def _regrouped(company: Company, place: int, values: dict[str, Any]) -> tuple[str, str, dict[str, Any]] | None:
    """A group that is merged into another, or a complaint that is given another group; None when there is none."""
    records = sorted(company.facts.records.values(), key=lambda r: r.number)
    groups = [r.number for r in records if r.form == "mechanism_group" and r.status != "merged"]
    cases = [r.number for r in records if r.form == "complaint"]
    if not groups or not cases:
        return None
    target = groups[values["group"] % len(groups)]
    if not values["merge"]:
        return "complaint", cases[place % len(cases)], {"mechanism_group": target}
    source = groups[place % len(groups)]
    return ("mechanism_group", source, {"merged_into": target}) if source != target else None


def recount(company: Company) -> dict[tuple[str, str, str], Decimal]:
    """Defective units and shipments counted from nothing, by their definition and not by the program's code.

    n of a group: each serial number once, with the earliest complaint that counts it; the other units as stated."""
    found: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    held: set[tuple[str, str]] = set()
    records = sorted(company.facts.records.values(), key=lambda r: (r.received_at or at("2026-01-01 00:00"), r.number))
    for r in records:
        v = r.values
        if r.form == "shipment":
            found["shipped_units", v["product_model"], f"lot:{v['product_model']} · {v['lot_no']}"] += v["quantity"]
            window = f"{v['product_model']}|model:{v['product_model']}"
            found["shipped_units", v["product_model"], f"model:{v['product_model']}"] += v["quantity"]
            found["shipped_units", window, f"day:{v['shipped_on']}"] += v["quantity"]
        if r.form != "complaint" or v.get("prelim_class") == "misuse" or "mechanism_group" not in v:
            continue
        group, units = v["mechanism_group"], v.get("units")
        if units is None:
            continue
        serials = list(dict.fromkeys(x.strip().casefold() for x in v.get("serial_nos", ())))[:units]
        new = [x for x in serials if (group, x) not in held]
        held |= {(group, x) for x in serials}
        n = units - len(serials) + len(new)
        model = f"model:{v['product_model']}"
        if "lot_no" in v:
            lot = v["lot_no"].replace(" ", "").upper()
            found["defective_units", group, f"lot:{v['product_model']} · {lot}"] += n
        found["defective_units", group, model] += n
        found["defective_units", f"{group}|{model}", f"day:{r.received_at.astimezone(ZONE).date()}"] += n
    return {k: v for k, v in found.items() if v}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_figures_equal_a_recount(acts: list[Any]) -> None:
    company = play(acts, ring=False)
    kept = {k: v for k, v in company.facts.figures.items() if v and k[0] in ("defective_units", "shipped_units")}
    assert kept == recount(company)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_clocks_never_restart_and_letters_go_once(acts: list[Any]) -> None:
    company = play(acts)
    started: dict[tuple[str, str], datetime] = {}
    letters: set[str] = set()
    for judgement in company.judgements:
        for clock in judgement.clocks:
            first = started.setdefault((clock.subject, clock.rule), clock.started_at)
            assert clock.started_at == first or clock.rule in (
                "report_8001_revision",
                "auto_reissue",
                "report_topical_revision",
            )
            assert clock.next_at is None or clock.state in ("running", "overdue")
        for intent in judgement.letters:
            assert intent.key not in letters
            letters.add(intent.key)
            assert intent.to and len({*intent.to, *intent.cc}) == len(intent.to) + len(intent.cc)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_the_same_days_give_the_same_ledger(acts: list[Any]) -> None:
    one, two = play(acts), play(acts)
    assert one.judgements == two.judgements
    assert one.facts.records == two.facts.records and one.facts.clocks_ == two.facts.clocks_


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_one_revision_a_delivery_and_no_gaps(acts: list[Any]) -> None:
    company = play(acts, ring=False)
    for number, record in company.facts.records.items():
        if record.form in ("department", "person"):
            continue
        kept = sorted(r for n, r in company.facts.revisions if n == number)
        assert kept == list(range(record.revision + 1))


def test_judging_reads_and_does_not_write() -> None:
    company = Company()
    reading = company.reading(at("2026-05-01 09:00"), SALES.address)
    from qforms.model import Outcome

    outcome = Outcome(
        "accepted", "complaint", values={"product_model": "M1", "defect_symptom": "无输出"}, speaker=SALES
    )
    before = dict(company.facts.records)
    one = judge([outcome], reading, company.facts, company.procedures, at("2026-05-01 09:00"))
    assert company.facts.records == before == {r.number: r for r in staff()}
    assert one == judge([outcome], reading, company.facts, company.procedures, at("2026-05-01 09:00"))
    assert dc.replace(one, outcomes=()) != one and one.outcomes[0].number == "TS-202605-0001"


def test_scopes_are_the_same_however_a_lot_is_written() -> None:
    lot = basis.per("lot")
    assert basis.scope_of(lot, {"product_model": "M1", "lot_no": "a65 - 2603c"}) == "lot:M1 · A65-2603C"
    assert basis.scope_of(lot, {"product_model": "M1"}) is None
    assert basis.Basis(lot, "lot:M1 · A/B", at("2026-05-01 00:00").date()).values == {
        "product_model": "M1",
        "lot_no": "A/B",
    }

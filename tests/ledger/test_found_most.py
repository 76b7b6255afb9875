"""What is exact although more records lie under a key than are found at once: the open form among many closed ones, the
earliest of many that name a serial number."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import support_rules as s

from qforms.ledger import Ledger
from qforms.model import FOUND_MOST, Judgement, Record
from qforms.rules.opening import _existing
from qforms.rules.work import Work

MANY = FOUND_MOST + 30
AT = s.at("2026-05-11 10:00")


def ledger(tmp_path: Path, *records: Record) -> Ledger:
    made = Ledger(str(tmp_path / "ledger.db"), s.shipped()[0], "womai.cn")
    made.migrate()
    with made.begin() as tx:
        tx.write(None, Judgement(records=records), AT)
    return made


def record(form: str, number: str, status: str, **values: Any) -> Record:
    return Record(form, number, 0, status, "", values, received_at=AT, at=AT)


def test_an_old_visit_is_found_among_those_of_a_customer_with_many(tmp_path: Path) -> None:
    day = date(2026, 1, 1)
    visits = [
        record(
            "return_visit", f"HF-202601-{n:04d}", "planned", customer_id="dealer", planned_on=day + timedelta(days=n)
        )
        for n in range(1, MANY + 1)
    ]
    with ledger(tmp_path, *visits).facts() as facts:
        work = Work(facts, s.procedures(), AT, AT, None)
        rule = next(r for r in s.shipped()[1].triggers if r.name == "closure_visits")
        for n in (1, MANY):
            key = {"customer_id": "dealer", "planned_on": day + timedelta(days=n)}
            open_, closed = _existing(work, rule, key, record("complaint", "TS-1", "closed"))
            assert (open_ and open_.number, closed) == (f"HF-202601-{n:04d}", None)


def test_all_groups_of_a_model_hear_of_a_changed_quantity(tmp_path: Path) -> None:
    from qforms.rules.triggers import watchers

    groups = [
        record("mechanism_group", f"MG-202601-{n:04d}", "provisional", key=f"k{n}", product_model="M1")
        for n in range(1, MANY + 1)
    ]
    with ledger(tmp_path, *groups).facts() as facts:
        work = Work(facts, s.procedures(), AT, AT, None)
        assert len(watchers(work, "shipped_units", "M1")) == MANY

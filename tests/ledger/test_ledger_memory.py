"""What one transaction knew, the next one knows: the same ledger comes of it, and what others wrote is seen."""

from __future__ import annotations

import random
import threading
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from support_desk import staff
from support_rules import at, procedures
from support_several import emptied

from qforms.ledger import Ledger
from qforms.ledger.memory import MOST, Memory
from qforms.ledger.tables import metadata
from qforms.model import Delivery, FigureChange, Judgement, Outcome, Reading, Record, Speaker
from qforms.rules import judge, ring

START = at("2026-05-04 08:00")
STRANGER, OFFICE = Speaker("stranger", "who@else.example"), Speaker("office", name="office", trusted=True)


def ledger_at(path: str | Path) -> Ledger:
    made = Ledger(path, procedures().catalogue, "yunling.example")
    made.migrate()
    return made


def reading(count: int, now: datetime) -> Reading:
    delivery = Delivery("maildir", str(count), now, b"", digest=f"{count:064x}")
    return Reading(delivery, f"key{count}", address=f"a{count % 5}@kunde.example", message_id=f"<{count}@x>")


def outcome(rng: random.Random, known: list[str]) -> Outcome:
    if known and rng.randrange(3) == 0:
        change: dict[str, Any] = rng.choice([{"lot_no": "L1"}, {"defect_qty": 3}, {"customer_name": "另一家"}])
        return Outcome("accepted", "complaint", number=rng.choice(known), values=change, speaker=OFFICE)
    if rng.randrange(5) == 0:
        shipped = {"product_model": f"M{rng.randrange(3)}", "lot_no": f"L{rng.randrange(3)}", "quantity": 900}
        return Outcome("accepted", "shipment", values={**shipped, "shipped_on": START.date()}, speaker=OFFICE)
    values = {
        "customer_name": f"客户{rng.randrange(4)}", "contact_email": f"a{rng.randrange(5)}@kunde.example",
        "product_model": f"M{rng.randrange(3)}", "lot_no": f"L{rng.randrange(3)}", "defect_qty": rng.randrange(1, 9),
        "defect_symptom": rng.choice(["无输出", "异响"]), "serial_nos": (f"SN{rng.randrange(6)}",),
    }  # fmt: skip
    return Outcome("accepted", "complaint", values=values, speaker=STRANGER, answer="acknowledgement")


def played(path: str | Path, seed: int, forget: bool) -> dict[str, list[Any]]:
    """Every row of a ledger after some fifty random deliveries and the clocks in between."""
    own, rng, count, known = procedures(), random.Random(seed), 0, dict[str, None]()
    ledger = ledger_at(path)
    with ledger.begin() as tx:
        tx.write(None, Judgement(records=tuple(staff())), START)
    while count < 50:
        if forget:
            ledger._memory = threading.local()
        now = START + timedelta(hours=3 * count)
        group = [reading(count + n, now) for n in range(1 + rng.randrange(6))]
        count += len(group)
        with ledger.begin(group, [("customer", "emails", r.address) for r in group], now) as tx:
            for each in group:
                judged = judge([outcome(rng, [*known])], each, tx, own, now)
                tx.write(each, judged, now)
                known |= dict.fromkeys(r.number for r in judged.records if r.form == "complaint")
        for clock in ledger.due(now)[:3]:
            with ledger.begin() as tx:
                tx.write(None, ring(clock, tx, own, now), now)
    with ledger._engine.connect() as db:
        given = {name: [c for c in t.c if c.autoincrement is not True] for name, t in metadata.tables.items()}
        found = {name: sorted(map(repr, db.execute(select(*columns)))) for name, columns in given.items()}
    ledger.close()
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_with_and_without_a_memory_the_same_ledger_comes_of_it(tmp_path: Path, seed: int) -> None:
    with_memory, without = (played(tmp_path / f"{forget}.db", seed, forget) for forget in (False, True))
    assert len(with_memory["record"]) > 25 and with_memory == without


def test_the_same_ledger_comes_of_it_on_postgresql(tmp_path: Path, database: str) -> None:
    rows = played(emptied(database), 1, forget=False)
    other = played(tmp_path / "ledger.db", 1, forget=False)
    same = {name for name in rows if name not in ("turn", "touched")}  # SQLite needs neither
    assert {name: rows[name] for name in same} == {name: other[name] for name in same}
    assert rows["touched"]


def test_what_another_connection_committed_is_seen(place: Path | str) -> None:
    ledger, other = ledger_at(place), ledger_at(place)
    record = Record("complaint", "TS-202605-0001", 0, "open", "TS-202605-0001", {"customer_name": "甲"})
    with ledger.begin() as tx:
        assert tx.record(record.number) is None and tx.figure("units", "MG-1", "") is None
    change = FigureChange("units", "MG-1", "", Decimal(4))
    with other.begin() as tx:
        tx.write(None, Judgement(records=(record,), figures=(change,)), START)
    with ledger.begin() as tx:
        assert tx.record(record.number) == record and tx.figure("units", "MG-1", "") == 4
    with ledger.facts() as facts:
        assert facts.figure("units", "MG-1", "") == 4
    with other.begin() as tx:
        tx.write(None, Judgement(figures=(change,)), START)
    with ledger.facts() as facts:
        assert facts.figure("units", "MG-1", "") == 8
    ledger.close()
    other.close()


def test_what_was_rolled_back_is_not_remembered(tmp_path: Path) -> None:
    ledger = ledger_at(tmp_path / "ledger.db")
    record = Record("complaint", "TS-202605-0001", 0, "open", "TS-202605-0001", {"customer_name": "甲"})
    with pytest.raises(ZeroDivisionError), ledger.begin() as tx:
        tx.write(None, Judgement(records=(record,), fresh=frozenset({record.number})), START)
        raise ZeroDivisionError
    with ledger.facts() as facts:
        facts.write(None, Judgement(records=(record,)), START)  # a trial: never committed
    with ledger.facts() as facts:
        assert facts.record(record.number) is None


def test_a_figure_that_nobody_asked_for_grows_on_what_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    for amount in (3, 4):
        ledger = ledger_at(path)
        with ledger.begin() as tx:
            tx.write(
                None, Judgement(figures=(FigureChange("units", "MG-1", "day:2026-05-04", Decimal(amount)),)), START
            )
        ledger.close()
    with ledger_at(path).facts() as facts:
        window = facts.window("units", "MG-1", START.date(), START.date())
        assert facts.figure("units", "MG-1", "day:2026-05-04") == 7 and window is not None and window.total == 7


def test_a_memory_does_not_grow_without_end() -> None:
    memory = Memory()
    assert not memory.full()
    memory.records |= {str(n): None for n in range(MOST + 1)}
    assert memory.full()


def test_a_look_up_gives_the_newest_and_members_gives_all(tmp_path: Path) -> None:
    named = [(f"TS-202605-{n:04d}", START + timedelta(minutes=n)) for n in range(230)]
    group = {"mechanism_group": "MG-202605-0001"}
    records = [Record("complaint", number, 0, "open", number, group, received_at=when) for number, when in named]
    ledger = ledger_at(tmp_path / "ledger.db")
    with ledger.begin() as tx:
        tx.write(None, Judgement(records=tuple(records)), START)
    ledger._memory = threading.local()
    newest = [r.number for r in reversed(records)]
    with ledger.facts() as facts:
        found = [r.number for r in facts.find("complaint", "mechanism_group", "mg-202605-0001")]
        every = [r.number for r in facts.members("complaint", "mechanism_group", "MG-202605-0001")]
    assert found == newest[: len(found)] and 100 < len(found) < 230 and every == newest

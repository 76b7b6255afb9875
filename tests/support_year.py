"""A year of an invented company, written into a ledger at once: complaints, shipments, deadlines, costs, visits. Its
figures are random but always the same; what the rules would compute in a complaint is computed here."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from qforms.ledger import Ledger
from qforms.model import Clock, Judgement, Record

ZONE = ZoneInfo("Asia/Shanghai")
MODELS = ("YL-A65", "YL-A45", "YL-V30", "YL-P90", "YL-F12", "YL-C08")
CUSTOMERS = tuple(
    f"{place}{kind}"
    for place in ("深圳", "合肥", "苏州", "常州", "宁波", "无锡", "青岛")
    for kind in ("启远科技", "众诚电器", "嘉联电子")
)
CATEGORIES = ("function", "noise_vibration", "performance", "appearance", "dimension", "transport", "wrong_missing",
              "packaging_label", "software", "leakage_deformation", "other")  # fmt: skip
CLASSES = ("single_defect", "single_defect", "batch", "misuse", "not_understood", "serious", "logistics")
CHANNELS = ("hotline", "email", "email", "platform", "dealer", "visit", "revisit")
DEPARTMENTS = ("工程部", "质保部", "生产部", "采购部")
OWNERS = {"recontact": "销售部", "defect_answer": "销售部", "treatment_plan": "质保部", "report_8001": "销售部"}
COSTS = ("material", "labour", "freight", "sorting", "customer_claim", "travel", "test", "scrap")


def at(day: date, rng: random.Random) -> datetime:
    return datetime(day.year, day.month, day.day, rng.randrange(8, 18), rng.randrange(60), tzinfo=ZONE)


def records(count: int, last: date, seed: int = 7, months: int = 12) -> tuple[list[Record], list[Clock]]:
    """So many complaints over the months up to `last`, and what belongs to them."""
    rng = random.Random(seed)
    span = months * 30.4
    found, clocks = [], []
    for n in range(count):
        day = last - timedelta(days=int(rng.random() * span))
        record, own = _complaint(n, day, last, rng)
        found.append(record)
        clocks += own
    found += _shipments(last, int(span) + 95, rng)
    found += _costs(last, int(span), rng, max(6, count // 60))
    found += _visits(last, int(span), rng, count // 8)
    found += _eight_ds(last, int(span), rng, max(3, count // 150))
    return found, clocks


def _complaint(n: int, day: date, last: date, rng: random.Random) -> tuple[Record, list[Clock]]:
    received = at(day, rng)
    model = rng.choices(MODELS, (30, 20, 15, 10, 5, 5))[0]
    kind = rng.choice(CLASSES)
    claimed = rng.choice((1, 1, 1, 1, 2, 2, 3, 5, 9))
    counts = kind not in ("misuse", "not_understood")
    values: dict[str, Any] = {
        "received_at": received,
        "customer_name": rng.choices(CUSTOMERS, [30 - i for i in range(len(CUSTOMERS))])[0],
        "product_model": model,
        "lot_no": f"{model[3:]}-{day:%y%m}{rng.choice('ABC')}",
        "defect_symptom": rng.choice(("无输出", "异响", "外壳划伤", "不能开机", "=1+1 显示异常", "发热")),
        "defect_category": rng.choices(CATEGORIES, (40, 18, 12, 10, 6, 5, 3, 2, 2, 1, 1))[0],
        "severity": rng.choices((1, 2, 3, 4), (20, 70, 9, 1))[0],
        "defect_qty": claimed,
        "counts": counts,
        "units": claimed if counts else 0,
        "prelim_class": kind,
        "valid_complaint": rng.choice(("valid", "valid", "invalid", "undecided")),
        "channel": rng.choice(CHANNELS),
        "received_in": f"BB-{day:%Y%m}",
        "received_week": f"BB-{day.isocalendar().year}W{day.isocalendar().week:02}",
        "classified_at": received + timedelta(hours=4),
        "judged_in": f"BB-{day:%Y%m}",
    }
    if rng.random() < 0.7:
        values["responsible_dept"] = (rng.choice(DEPARTMENTS),)
    if rng.random() < 0.8:
        values["bought_on"] = day - timedelta(days=int(rng.expovariate(1 / 200)))
    status = "open"
    closed = received + timedelta(days=rng.expovariate(1 / 8))
    if closed.date() <= last and rng.random() < 0.96:
        status = "closed"
        values |= {"closed_at": closed, "closed_in": f"BB-{closed:%Y%m}"}
    number = f"TS-{day:%Y%m}-{n:05}"
    return Record("complaint", number, 0, status, number, values, received_at=received), _clocks(
        number, received, last, rng
    )


def _clocks(number: str, received: datetime, last: date, rng: random.Random) -> list[Clock]:
    end = datetime(last.year, last.month, last.day, 23, 59, tzinfo=ZONE)
    found = []
    for rule, hours in (("recontact", 24), ("defect_answer", 48), ("treatment_plan", 72)):
        due = received + timedelta(hours=hours)
        met: datetime | None = received + timedelta(hours=hours * min(rng.expovariate(2.2), 6))
        if met is not None and (met > end or rng.random() < 0.015):
            met = None
        state = "met" if met and met <= due else "met_late" if met else "overdue" if due < end else "running"
        found.append(Clock(rule, number, number, received, due, state, met, owner=OWNERS[rule]))  # type: ignore[arg-type]
    return found


def _shipments(last: date, span: int, rng: random.Random) -> Iterator[Record]:
    for n in range(span // 2):
        day = last - timedelta(days=n * 2)
        model = MODELS[n % len(MODELS)]
        values = {
            "product_model": model, "lot_no": f"{model[3:]}-{day:%y%m}{'ABC'[n % 3]}", "shipped_on": day,
            "quantity": rng.randrange(1500, 9000), "customer": CUSTOMERS[n % len(CUSTOMERS)],
        }  # fmt: skip
        yield Record("shipment", f"CH-{day:%Y%m}-{n:05}", 0, "booked", "", values, received_at=at(day, rng))


def _costs(last: date, span: int, rng: random.Random, count: int) -> Iterator[Record]:
    for n in range(count):
        issued = at(last - timedelta(days=rng.randrange(span)), rng)
        lines = tuple(
            {"category": rng.choice(COSTS), "amount": Decimal(rng.randrange(50_00, 6000_00)) / 100, "subject": "费用"}
            for _ in range(rng.randrange(1, 4))
        )
        total = sum((row["amount"] for row in lines), Decimal(0))
        shares = (
            {
                "bearer_type": "supplier",
                "bearer": rng.choice(("华阳电子", "工程部", "生产部")),
                "pct": Decimal(100),
                "amount": total,
            },
        )
        values = {"issued_at": issued, "cost_lines": lines, "shares": shares, "total_cost": total}
        yield Record("cost_transfer", f"8002-{issued:%Y%m}-{n:04}", 0, "issued", "", values, received_at=issued)


def _visits(last: date, span: int, rng: random.Random, count: int) -> Iterator[Record]:
    for n in range(count):
        day = last - timedelta(days=rng.randrange(span))
        scores = [rng.choices((5, 4, 3, 2), (50, 35, 10, 5))[0] for _ in range(3)]
        values = {
            "planned_on": day, "visited_on": day, "reach": rng.choices(("ok", "refused"), (9, 1))[0],
            "customer_name": rng.choice(CUSTOMERS), "score_mean": (Decimal(sum(scores)) / 3).quantize(Decimal("0.01")),
        }  # fmt: skip
        yield Record("return_visit", f"HF-{day:%Y%m}-{n:05}", 0, "done", "", values, received_at=at(day, rng))


def _eight_ds(last: date, span: int, rng: random.Random, count: int) -> Iterator[Record]:
    planned = (1, 1, 2, 2, 7, 10, 14, 45, 60)
    for n in range(count):
        start = at(last - timedelta(days=rng.randrange(span)), rng)
        values: dict[str, Any] = {
            "d8_requested_at": start, "trigger_at": start, "title": f"{rng.choice(MODELS)} 无输出", "stage": "initial",
            "kind": "customer", "customer_name": rng.choice(CUSTOMERS), "product_model": rng.choice(MODELS),
            "d2_statement": "通电后无输出",
        }  # fmt: skip
        done = 0
        for i, days in enumerate(planned):
            values[f"d{i}_due"] = start + timedelta(days=days)
            end = start + timedelta(days=days * (0.6 + rng.random() * 0.8))
            if done == i and end.date() <= last and rng.random() < 0.9:
                values[f"d{i}_done"] = end
                done += 1
        yield Record(
            "eight_d",
            f"8003-{start:%Y%m}-{n:04}",
            0,
            "closed" if done == 9 else "issued",
            "",
            values,
            received_at=start,
        )


def fill(ledger: Ledger, count: int, last: date, seed: int = 7, months: int = 12) -> list[Record]:
    """Writes them; gives the records."""
    found, clocks = records(count, last, seed, months)
    for begin in range(0, len(found), 2000):
        with ledger.begin() as tx:
            tx.write(None, Judgement(records=tuple(found[begin : begin + 2000])), datetime(2026, 6, 1, tzinfo=ZONE))
    with ledger.begin() as tx:
        tx.write(None, Judgement(clocks=tuple(clocks)), datetime(2026, 6, 1, tzinfo=ZONE))
    return found

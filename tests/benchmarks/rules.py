# ruff: noqa: E402 (the path comes first: a module finds the helpers of the tests there)
"""10,000 complaints of 30 mechanism groups through intake and rules into a real ledger: what one of the last thousand
costs against one of the first (target: at most 1.2), in CPU time: `python -m tests.benchmarks.rules`.

Shipments of every model are on file, so that each group has its 8001, which every further complaint revises."""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from support_bench import report, scratch
from support_endtoend import NOW, mail, make

from qforms import house
from qforms.model import Delivery

COMPLAINTS, EACH, TARGET = int(os.environ.get("BENCH_COMPLAINTS", "10000")), 1000, 1.2
MODELS, POSITIONS = tuple(f"YL-A{n}" for n in range(60, 66)), ("电源板", "外壳", "风扇", "接插件", "主控板")
LOTS, SHIPPED = 8, 200


def main() -> None:
    costs: list[float] = []
    with scratch() as folder:
        workspace = make(folder / "ws")
        shipped = [
            {"form": "shipment", "by": "sales", "values": {"product_model": model, "lot_no": f"{model[3:]}-L{n}",
             "quantity": SHIPPED, "shipped_on": "2026-04-01"}} for model in MODELS for n in range(LOTS)
        ]  # fmt: skip
        workspace.drop("shipments.json", json.dumps(shipped).encode())
        workspace.once()
        with house.opened(workspace.root) as h:
            for batch in _batches(_complaints()):
                begun = time.process_time()
                rest = batch
                while rest:
                    rest = rest[len(h.desk.take(rest, rest[-1].received_at)) :]
                costs.append((time.process_time() - begun) / len(batch))
            groups, reports = len(h.ledger.records("mechanism_group")), len(h.ledger.records("market_abnormality"))
            taken = len(h.ledger.records("complaint"))
    if taken != COMPLAINTS or groups != len(MODELS) * len(POSITIONS) or reports != groups:
        raise SystemExit(f"{taken} complaints in {groups} groups with {reports} reports")
    few = min(EACH, COMPLAINTS // 2) // house.GROUP
    first, last = (sum(part) / few for part in (costs[:few], costs[-few:]))
    report(
        "rules", first_seconds=first, last_seconds=last, ratio=last / first, target=TARGET, n=COMPLAINTS,
        groups=groups, reports=reports
    )  # fmt: skip


def _complaints() -> Iterator[Delivery]:
    rng = random.Random(5)
    for n in range(COMPLAINTS):
        model = rng.choice(MODELS)
        text = (
            f"客户名称：客户{n % 40}\n产品型号：{model}\n生产批号：{model[3:]}-L{rng.randrange(LOTS)}\n"
            f"问题部位：{rng.choice(POSITIONS)}\n问题现象：通电后无输出\n不良数量：{rng.randrange(1, 6)}\n"
        )
        raw = mail(f"投诉 {model} 第 {n} 号", text, sender=f"k{n}@kehu{n % 40}.example")
        at = NOW + timedelta(seconds=20 * n)
        yield Delivery("maildir", f"new/{n}", at, raw, digest=hashlib.sha256(raw).hexdigest())


def _batches(given: Iterator[Delivery]) -> Iterator[list[Delivery]]:
    batch: list[Delivery] = []
    for delivery in given:
        batch.append(delivery)
        if len(batch) == house.GROUP:
            yield batch
            batch = []
    if batch:
        yield batch


if __name__ == "__main__":
    main()

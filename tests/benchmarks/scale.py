# ruff: noqa: E402 (the path comes first: a module finds the helpers of the tests there)
"""What one mail costs with 1,000 and with 100,000 records in the ledger, in CPU time from raw bytes to the letter that
has left (target: a ratio of at most 1.2): `python -m tests.benchmarks.scale`. BENCH_RECORDS=100000,1000000 asks for a
million, too, which are 10 GB in BENCH_FOLDER.

The new mails join a mechanism group, a lot and a customer that hold 1 % of all. The book is published by itself."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from support_bench import report, scratch
from support_endtoend import NOW, Workspace, copy, mail, make

from qforms import house
from qforms.model import Delivery

SIZES = (1_000, *map(int, os.environ.get("BENCH_RECORDS", "100000").split(",")))
MAILS, OPEN, TARGET = 60, 200, 1.2
SHARE = 100  # one case in so many is of the group, lot and customer that the new mails join
LOT, CUSTOMER = "A65-2603C", "南京启元"


def main() -> None:
    with scratch() as folder, contextlib.ExitStack() as opened:
        template = make(folder / "template")
        customer = {"name": CUSTOMER, "domains": ["qiyuan.example"], "owner": "梁海"}
        template.drop("customer.json", {"form": "customer", "by": "sales", "values": customer})
        template.once(NOW - timedelta(days=2))
        houses = {}
        for size in SIZES:
            workspace = copy(template, folder / str(size))
            fill(workspace, size)
            houses[size] = opened.enter_context(house.opened(workspace.root))
        costs: dict[int, list[float]] = {size: [] for size in SIZES}
        for n in range(MAILS + 10):
            for size, h in houses.items():
                costs[size].append(one_mail(h, n))
        took = {size: statistics.median(costs[size][10:]) for size in SIZES}
        joined = {size: len(h.ledger.records("mechanism_group", numbers=_groups(h))) for size, h in houses.items()}
    if set(joined.values()) != {1}:
        raise SystemExit(f"the mails stand in {joined} groups")
    ratios = {size: round(took[size] / took[SIZES[0]], 3) for size in SIZES[1:]}
    report("scale", seconds={k: round(v, 5) for k, v in took.items()}, ratios=ratios, target=TARGET, n=MAILS)


def _groups(h: house.House) -> set[str]:
    """The groups of the complaints that came in just now."""
    with contextlib.closing(sqlite3.connect(h.settings.root / "ledger.db")) as db:
        [(last,)] = db.execute("SELECT max(id) FROM delivery")
    newest = h.ledger.deliveries(after=last - MAILS)
    numbers = {number for row in newest for number in row["numbers"]}
    return {str(r.values["mechanism_group"]) for r in h.ledger.records("complaint", numbers=numbers)}


def arrived(n: int) -> Delivery:
    text = f"产品型号：YL-A65\n生产批号：{LOT}\n问题现象：无输出\n不良数量：9\n联系人：王先生{n}\n"
    raw = mail(f"投诉 YL-A65 第 {n} 次", text, sender=f"wang{n}@qiyuan.example")
    return Delivery("maildir", f"new/{n}", NOW, raw, digest=hashlib.sha256(raw).hexdigest())


def one_mail(h: house.House, n: int) -> float:
    begun = time.process_time()
    h.handle([arrived(n)], NOW)
    h.mailroom.post(NOW)
    h.filing.catch_up()
    h.seconds_to_next(NOW, 60.0)
    return time.process_time() - begun


# ---------------------------------------------------------------- a ledger with a past

TABLES = ("delivery", "record", "revision", "lookup", "clock", "task", "letter", "reply", "entry", "figure")
COUNTED = ("id", "seq")  # given by the database
UNIQUE = ("key", "message_id", "code")


def fill(workspace: Workspace, size: int) -> None:
    """Copies all rows of one real case under other numbers, customers, models and lots, but for the share that stays
    with its group, lot and customer. Most cases are over: their clocks ring no more and their letters have left."""
    with house.opened(workspace.root) as h:
        h.handle([arrived(999)], NOW - timedelta(days=1))
        h.finish(NOW - timedelta(days=1))
        case, group = h.ledger.records("complaint")[0].number, h.ledger.records("mechanism_group")[0].number
    with contextlib.closing(sqlite3.connect(workspace.root / "ledger.db")) as db:
        db.row_factory = sqlite3.Row
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -500000", "temp_store = FILE"):
            db.execute(f"PRAGMA {pragma}")
        indexes = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
        for index in indexes:
            db.execute(f"DROP INDEX {index['name']}")
        db.execute("CREATE TEMP TABLE n(n INTEGER PRIMARY KEY)")
        db.executemany("INSERT INTO n VALUES (?)", ((n,) for n in range(size // 2)))
        for table in TABLES:
            rows = [dict(row) for row in db.execute(f"SELECT * FROM {table}")]
            for row in rows:
                if any(word in repr(row) for word in (case, group, "wang999")):
                    _copy(db, table, row, case, group)
        db.execute("UPDATE letter SET state = 'sent' WHERE state != 'sent'")
        db.execute("UPDATE clock SET state = 'met', next_at = NULL WHERE rowid % ? >= ?", (size, OPEN))
        db.execute("UPDATE note SET value = (SELECT max(id) FROM delivery) WHERE name = 'filed up to delivery'")
        for index in indexes:
            db.execute(index["sql"])
        db.commit()
        db.execute("PRAGMA journal_mode = WAL")


def _copy(db: sqlite3.Connection, table: str, row: dict[str, Any], case: str, group: str) -> None:
    """A row once for each number of `n`, made by the database itself."""
    names = [name for name in row if name not in COUNTED]
    values: list[str] = []
    given: dict[str, Any] = {}
    for at, name in enumerate(names):
        given[f"v{at}"] = row[name]
        values.append(_other(f":v{at}", row, name, case, group))
    columns = ", ".join(f'"{name}"' for name in names)
    db.execute(f"INSERT OR IGNORE INTO {table} ({columns}) SELECT {', '.join(values)} FROM n", given)


def _other(value: str, row: dict[str, Any], name: str, case: str, group: str) -> str:
    """What stands in a column of the n-th copy, in SQL."""
    said = row[name]
    if not isinstance(said, str):
        return value
    if name == "scope" and said.startswith("day:"):
        return f"'day:' || date('2026-05-05', '-' || (n / {SHARE} % 360) || ' days')"
    always = _replaced(value, said, [(case, "'TS-' || (202001 + n % 12) || '-' || printf('%05d', n)"),
                                     ("wang999@", "'k' || (n % 900) || '@'")])  # fmt: skip
    others = [(group, "'MG-' || (202001 + n % 12) || '-' || printf('%05d', n)"), ("YL-A65", "'YL-B' || (n % 400)"),
              (LOT, "'L' || n"), (CUSTOMER, "'客户' || (n % 900)")]  # fmt: skip
    apart = _replaced(always, said, others)
    if name == "value" and row.get("field") == "key":  # each stands for another failure
        apart = f"{apart} || n"
    made = f"CASE WHEN n % {SHARE} THEN {apart} ELSE {always} END" if apart != always else always
    return f"{made} || n" if name in UNIQUE else made


def _replaced(value: str, said: str, pairs: Iterable[tuple[str, str]]) -> str:
    for old, new in pairs:
        for one, other in {old: new, old.casefold(): f"lower({new})"}.items():
            if one in said:
                value = f"replace({value}, '{one}', {other})"
    return value


if __name__ == "__main__":
    main()

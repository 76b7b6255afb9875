# ruff: noqa: E402 (the path comes first: a script finds the helpers of the tests there)
"""What one mail costs with 1,000 and with 20,000 records in the ledger, in CPU time from raw bytes to the letter that
has left (target: a ratio of at most 1.2). Publishing the workbook is measured by itself."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from support_bench import report, scratch
from support_endtoend import NOW, copy, mail, make

from qforms import house
from qforms.model import Delivery

SIZES, MAILS, OPEN = (1_000, 20_000), 40, 200


def main() -> None:
    with scratch() as folder, contextlib.ExitStack() as opened:
        template = make(folder / "template")
        houses = {}
        for size in SIZES:
            workspace = copy(template, folder / str(size))
            fill(workspace.root, size)
            houses[size] = opened.enter_context(house.opened(workspace.root))
        costs: dict[int, list[float]] = {size: [] for size in SIZES}
        for n in range(MAILS + 5):
            for size, h in houses.items():
                costs[size].append(one_mail(h, n))
        small, large = (statistics.median(costs[size][5:]) for size in SIZES)
        publishing = published(houses[SIZES[0]])
    report(
        "records", seconds_small=small, seconds_large=large, ratio=large / small, target=1.2, sizes=SIZES, n=MAILS,
        publish_seconds_small=publishing,
    )  # fmt: skip


def arrived(n: int) -> Delivery:
    text = f"产品 YL-A65 无输出，批号 A65-26{n:02d}C，9 台。\n"
    raw = mail(f"投诉 YL-A65 第 {n} 批", text, sender=f"wang{n % 7}@qiyuan.example")
    return Delivery("maildir", f"new/{n}", NOW, raw, digest=hashlib.sha256(raw).hexdigest())


def one_mail(h: house.House, n: int) -> float:
    begun = time.process_time()
    h.handle([arrived(n)], NOW)
    h.mailroom.post(NOW)
    h.filing.catch_up()
    h.seconds_to_next(NOW, 60.0)
    return time.process_time() - begun


def published(h: house.House) -> float:
    begun = time.process_time()
    h.register.publish(NOW, force=True)
    return time.process_time() - begun


# ---------------------------------------------------------------- a ledger with a past

TABLES = ("delivery", "record", "revision", "lookup", "clock", "task", "letter", "reply", "entry", "figure")
COUNTED = ("id", "seq")  # given by the database
UNIQUE = ("key", "message_id", "code")


def fill(root: Path, size: int) -> None:
    """Copies all rows of one real case (two records) under other numbers, customers, models and lots. Most cases are
    over: their clocks ring no more and their letters have left."""
    with house.opened(root) as h:
        h.handle([arrived(99)], NOW - timedelta(days=1))
        h.finish(NOW - timedelta(days=1))
        case, group = h.ledger.records("complaint")[0].number, h.ledger.records("mechanism_group")[0].number
    with contextlib.closing(sqlite3.connect(root / "ledger.db")) as db:
        db.row_factory = sqlite3.Row
        for table in TABLES:
            rows = [dict(row) for row in db.execute(f"SELECT * FROM {table}")]
            own = [row for row in rows if any(word in repr(row) for word in (case, group, "wang"))]
            for row in own:
                names = [name for name in row if name not in COUNTED]
                marks = ", ".join("?" * len(names))
                columns = ", ".join(f'"{name}"' for name in names)
                copies = ([_other(row, name, n, case, group) for name in names] for n in range(size // 2))
                db.executemany(f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})", copies)
        db.execute("UPDATE letter SET state = 'sent' WHERE state != 'sent'")
        db.execute("UPDATE clock SET state = 'met', next_at = NULL WHERE rowid % ? >= ?", (size, OPEN))
        db.execute("UPDATE note SET value = (SELECT max(id) FROM delivery) WHERE name = 'filed up to delivery'")
        db.commit()


def _other(row: dict[str, Any], name: str, n: int, case: str, group: str) -> Any:
    value = row[name]
    if not isinstance(value, str):
        return value
    changes = {case: f"TS-{202001 + n % 12}-{n:05d}", group: f"MG-{202001 + n % 12}-{n:05d}", "wang1@": f"k{n % 900}@",
               "YL-A65": f"YL-B{n % 400}", "A65-2699C": f"L{n}"}  # fmt: skip
    for old, new in changes.items():
        value = value.replace(old, new)
    own_group = name == "value" and row.get("field") == "key"  # each stands for another failure
    return f"{value}{n}" if name in UNIQUE or own_group else value


if __name__ == "__main__":
    main()

"""CPU time of the rules alone, against a real SQLite ledger in groups of 50: `python tests/benchmarks/rules_digest.py`.

Prints microseconds a delivery for complaints and for a seeded stream of mixed deliveries, and a digest of all that
was judged: a change that is meant to make the rules faster leaves it as it was. `--profile` shows where time goes."""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import json
import pstats
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from support_desk import speaker, staff
from support_rules import at, procedures

from qforms.ledger import Ledger
from qforms.model import Delivery, Judgement, Outcome, Reading, Speaker
from qforms.rules import judge, ring
from qforms.settings import Procedures

GROUP = 50
START = at("2026-05-04 08:00")
SALES, ENGINEERING, QUALITY = speaker("销售部"), speaker("工程部"), speaker("质保部")
CUSTOMER, STRANGER = speaker(), Speaker("stranger", "who@else.example", "某人")
SYMPTOMS = ("无输出", "异响", "外壳开裂", "冒烟", "不通电", "显示错误")
CATEGORIES = ("function", "noise_vibration", "appearance", "performance", "electrical_breakdown")


def complaint(rng: random.Random) -> tuple[str, dict[str, Any], Speaker, dict[str, Any]]:
    n = rng.randrange(200)
    values: dict[str, Any] = {
        "customer_name": f"客户{rng.randrange(40)}",
        "contact_email": f"a{n}@kunde.example",
        "channel": "email",
        "product_model": f"M{n % 25}",
        "lot_no": f"L{n % 60}",
        "defect_symptom": SYMPTOMS[n % 6],
        "defect_category": rng.choice(CATEGORIES[: 4 if n % 20 else 5]),
        "defect_qty": rng.randrange(1, 12),
        "customer_demand": ("exchange", "report_8d") if n % 10 == 0 else ("exchange",),
    }
    if n % 7 == 0:
        values["serial_nos"] = (f"SN{n}", f"SN{rng.randrange(90)}")
    if n % 3 == 0:
        values["prelim_class"] = rng.choice(["misuse", "single_defect", "batch"])
    return "complaint", values, rng.choice([CUSTOMER, CUSTOMER, STRANGER, SALES]), {"answer": "acknowledgement"}


def mixed(rng: random.Random, known: list[str]) -> tuple[str, dict[str, Any], Speaker, dict[str, Any]]:
    """A delivery as they come: mostly complaints, then what is said about them later."""
    kind = rng.randrange(20)
    if kind < 9 or not known:
        return complaint(rng)
    cases = [n for n in known if n.startswith("TS-")]
    case = rng.choice(cases[-40:])
    reports = [n for n in known if n.startswith("8001-")]
    if kind < 11:
        shipped = {"product_model": f"M{rng.randrange(25)}", "lot_no": f"L{rng.randrange(60)}"}
        return "shipment", {**shipped, "quantity": rng.randrange(50, 5000), "shipped_on": START.date()}, SALES, {}
    if kind < 13:
        contact = {"case_no": case, "direction": "out", "means": "phone", "is_answer": bool(rng.randrange(2))}
        return "contact", contact, SALES, {}
    if kind < 17 or not reports:
        changes = [{"prelim_class": "misuse"}, {"qty_misuse": 1}, {"defect_position": "C7"}, {"severity": 3}]
        changes += [{"owner": "周启文"}, {"loss_estimate": 12}, {"lot_no": "L1"}, {"d8_requested_at": START}]
        return "complaint", rng.choice(changes), SALES, {"number": case}
    if kind < 18:
        return "market_abnormality", {}, SALES, {"number": rng.choice(reports), "event": "issue"}
    reply = {"tech_class": "batch", "mechanism_confirmed": True, "cause_analysis": "电容失效"}
    return "market_abnormality", reply, ENGINEERING, {"number": rng.choice(reports)}


class Run:
    """A ledger of its own, and the judgements made over it."""

    def __init__(self, folder: Path, own: Procedures) -> None:
        self.procedures = own
        self.ledger = Ledger(folder / "ledger.db", own.catalogue, "yunling.example")
        self.ledger.migrate()
        with self.ledger.begin() as tx:
            tx.write(None, Judgement(records=tuple(staff())), START)
        self.spent = 0.0
        self.count = 0
        self.known: dict[str, None] = {}
        self.judged: list[Judgement] = []

    def take(self, stream: Iterator[Any], profile: cProfile.Profile | None = None) -> None:
        group = list(stream)
        with self.ledger.begin() as tx:
            for form, values, by, more in group:
                self.count += 1
                now = START + timedelta(minutes=7 * self.count)
                reading = _reading(self.count, now, by.address)
                outcome = Outcome("accepted", form, values=values, speaker=by, **more)
                if profile:
                    profile.enable()
                since = time.process_time()
                judgement = judge([outcome], reading, tx, self.procedures, now)
                self.spent += time.process_time() - since
                if profile:
                    profile.disable()
                self.keep(judgement)
                tx.write(reading, judgement, now)

    def ring(self) -> None:
        now = START + timedelta(minutes=7 * self.count)
        for clock in self.ledger.due(now):
            with self.ledger.begin() as tx:
                judgement = ring(clock, tx, self.procedures, now)
                tx.write(None, judgement, now)
            self.keep(judgement)

    def keep(self, judgement: Judgement) -> None:
        self.judged.append(judgement)
        self.known |= dict.fromkeys(r.number for r in judgement.records)


def _reading(count: int, now: datetime, address: str) -> Reading:
    delivery = Delivery("maildir", str(count), now, b"", digest=f"{count:064x}")
    return Reading(delivery, f"key{count}", address=address, subject="投诉", message_id=f"<{count}@x>")


def plain(value: Any) -> Any:
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    return sorted(map(str, value)) if isinstance(value, frozenset) else value


def digest(judged: list[Judgement]) -> str:
    text = json.dumps([plain(j) for j in judged], default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--profile", action="store_true")
    wanted.add_argument("--save", help="write the judgements of the mixed stream as JSON lines")
    options = wanted.parse_args()
    profile = cProfile.Profile() if options.profile else None
    with tempfile.TemporaryDirectory() as root:
        rng = random.Random(7)
        (Path(root) / "a").mkdir()
        run = Run(Path(root) / "a", procedures())
        run.take(complaint(rng) for _ in range(GROUP))  # warm
        run.spent = 0.0
        for _ in range(8):
            run.take((complaint(rng) for _ in range(GROUP)), profile)
        print(f"complaints: {run.spent / (8 * GROUP) * 1e6:.0f} us each")
        rng = random.Random(11)
        (Path(root) / "b").mkdir()
        run = Run(Path(root) / "b", procedures())
        for _ in range(6):
            run.take(mixed(rng, list(run.known)) for _ in range(GROUP))
            run.ring()
        print(f"mixed: {run.spent / (6 * GROUP) * 1e6:.0f} us each, {len(run.judged)} judgements {digest(run.judged)}")
        if options.save:
            lines = (json.dumps(plain(j), default=str, sort_keys=True, ensure_ascii=False) for j in run.judged)
            Path(options.save).write_text("\n".join(lines), "utf-8")
    if profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()

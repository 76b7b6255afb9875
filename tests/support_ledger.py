"""A small catalogue and values to fill a ledger with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from qforms.forms import catalogue
from qforms.model import (
    Clock,
    Delivery,
    Entry,
    FigureChange,
    Judgement,
    LetterIntent,
    Origin,
    Outcome,
    Reading,
    Record,
    Task,
    Text,
)

NOW = datetime(2026, 5, 11, 2, 5, tzinfo=UTC)
_FORM = """
form: {name}
version: "1"
code: {name}
title: {{zh: 表, en: form}}
audience: internal
number: "{short}-{{yyyymm}}-{{seq:04d}}"
sections:
  - section: facts
    title: {{zh: 事实, en: facts}}
    fields:
      - {{name: customer, label: {{zh: 客户, en: customer}}, type: str, key: true}}
      - {{name: serials, label: {{zh: 序列号, en: serials}}, type: str, many: true, key: true}}
      - {{name: amount, label: {{zh: 金额, en: amount}}, type: money}}
      - {{name: at, label: {{zh: 时间, en: at}}, type: dt}}
      - {{name: on, label: {{zh: 日期, en: on}}, type: date}}
lifecycle:
  start: open
  states:
    open: {{zh: 开, en: open, print: submitted}}
    closed: {{zh: 关, en: closed, print: closed, final: true}}
  events: {{}}
"""


def forms(root: Path) -> catalogue.Catalogue:
    for name, short in (("paper", "PA"), ("note", "NO")):
        (root / name).mkdir(parents=True)
        (root / name / "form.yaml").write_text(_FORM.format(name=name, short=short), "utf-8")
    return catalogue.load(root)


def record(number: str, revision: int = 0, form: str = "paper", **values: Any) -> Record:
    origin = {name: Origin("d" * 64, "Sheet!B7", "a@b", "2") for name in values}
    return Record(form, number, revision, "open", "TS-1", values, origin, NOW, "a@b", NOW)


def reading(key: str) -> Reading:
    raw = key.encode()
    return Reading(Delivery("folder", key, NOW, raw, name=f"{key}.json", digest=key.ljust(64, "0")), key, address="a@b")


def clock(rule: str, subject: str, hours: int, **changes: Any) -> Clock:
    due = NOW + timedelta(hours=hours)
    return Clock(rule, subject, "TS-1", NOW, due, "running", next_at=due, **changes)


def letter(key: str, **changes: Any) -> LetterIntent:
    given: dict[str, Any] = {
        "key": key,
        "kind": "issue",
        "audience": "department",
        "to": ("a@b",),
        "cc": ("c@d",),
        "lang": "zh",
        "number": "PA-1",
        "revision": 0,
        "case_no": "TS-1",
        "subject": "主题",
        "facts": {"a": [1, "二"]},
        "code": "ABCD-2345",
    }
    return LetterIntent(**{**given, **changes})


def whole(key: str, number: str) -> Judgement:
    """One of everything."""
    values = {"customer": "启远", "serials": ("S1", "S2"), "amount": Decimal("12.30"), "at": NOW, "on": NOW.date()}
    return Judgement(
        records=(record(number, **values),),
        entries=(Entry(number, NOW, "opened", "rule", key, "a@b", {"n": 1}),),
        clocks=(clock("answer", number, 24),),
        tasks=(Task(f"t:{number}", "look", "TS-1", number, Text("看", "look"), "sales", NOW, actions=("已办",)),),
        letters=(letter(f"issue:{number}"),),
        figures=(
            FigureChange("units", "G1", "lot:A", Decimal(3)),
            FigureChange("units", "G1", "day:2026-05-11", Decimal(3)),
        ),
        tokens=((f"serial:{number}", number),),
        counters={"PA-202605": 1},
        outcomes=(Outcome("accepted", "paper", number),),
    )

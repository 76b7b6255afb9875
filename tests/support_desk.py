"""A small company in memory: people as in the acceptance cases, documents in, clocks rung in time order."""

from __future__ import annotations

import dataclasses as dc
from datetime import datetime
from typing import Any

from support_rules import at, procedures

from qforms.model import Clock, Delivery, Judgement, LetterIntent, Outcome, Reading, Record, Speaker
from qforms.rules import judge, ring
from qforms.rules.memory import MemoryFacts, put
from qforms.settings import Procedures

DEPARTMENTS = {
    "客服部": ("intake", "林晓岚"),
    "销售部": ("sales", "梁海"),
    "售后服务部": ("aftersales", "邓伟"),
    "工程部": ("engineering", "秦牧"),
    "质保部": ("quality", "沈若川"),
    "生产一车间": ("production", "田广志"),
    "采购部": ("purchasing", "苏曼"),
    "总经办": ("gmo", "汪敏"),
    "总经理": ("gm", "顾承远"),
    "财务部": ("finance", "许静"),
}
MAIL = {name: f"{role}@yunling.example" for name, (role, _) in DEPARTMENTS.items()}


def staff() -> list[Record]:
    found = []
    for name, (role, head) in DEPARTMENTS.items():
        values = {"name": name, "roles": (role,), "head": head, "email": MAIL[name]}
        found.append(Record("department", name, 0, "active", "", values))
        mail = f"head.{role}@yunling.example"
        values = {"name": head, "email": mail, "department": name, "is_head": True, "roles": ()}
        found.append(Record("person", mail, 0, "active", "", values))
    values = {"name": "周启文", "email": "zhou@yunling.example", "department": "销售部", "roles": ()}
    return [*found, Record("person", "zhou@yunling.example", 0, "active", "", values)]


def speaker(department: str = "", kind: str = "person") -> Speaker:
    if not department:
        return Speaker("customer", "wang@qiyuan.example", "王先生", trusted=True)
    role, head = DEPARTMENTS[department]
    return Speaker(kind, f"head.{role}@yunling.example", head, frozenset({role}), (department,), trusted=True)  # type: ignore[arg-type]


class Company:
    """Facts in memory under the shipped procedures."""

    def __init__(self, own: Procedures | None = None) -> None:
        self.procedures = own or procedures(issue={"mode": "manual"}, company={"operator": "op@yunling.example"})
        self.facts = MemoryFacts(self.procedures.catalogue)
        put(self.facts, staff())
        self.count = 0
        self.judgements: list[Judgement] = []

    def send(self, when: str | datetime, form: str, values: dict[str, Any], by: Speaker, **more: Any) -> Outcome:
        """A document at a time; clocks that are due before it are rung first."""
        moment = at(when) if isinstance(when, str) else when
        self.until(moment)
        reading = self.reading(moment, by.address)
        outcome = Outcome("accepted", form, values=values, speaker=by, **more)
        judgement = judge([outcome], reading, self.facts, self.procedures, moment)
        self.take(judgement, moment, reading)
        return judgement.outcomes[0]

    def reading(self, moment: datetime, address: str) -> Reading:
        self.count += 1
        delivery = Delivery("maildir", str(self.count), moment, b"", digest=f"{self.count:064x}")
        return Reading(delivery, f"key{self.count}", address=address, subject="投诉", message_id=f"<{self.count}@x>")

    def take(self, judgement: Judgement, now: datetime, reading: Reading | None = None) -> None:
        self.judgements.append(judgement)
        self.facts.apply(judgement, now, reading)

    def until(self, when: str | datetime) -> None:
        """Rings what is due, each clock at its own time."""
        moment = at(when) if isinstance(when, str) else when
        for _ in range(5000):
            due = self.facts.due(moment)
            if not due:
                return
            self.take(ring(due[0], self.facts, self.procedures, due[0].next_at), due[0].next_at)  # type: ignore[arg-type]
        raise AssertionError(f"{due[0].rule} rings without end")

    def clock(self, rule: str, number: str) -> Clock:
        return self.facts.clocks_[number, rule]

    def due(self, rule: str, number: str) -> str:
        return (
            dc.replace(self.clock(rule, number))
            .due_at.astimezone(at("2026-01-01 00:00").tzinfo)
            .strftime("%m-%d %H:%M")
        )

    def record(self, number: str) -> Record:
        return self.facts.records[number]

    def letters(self, rule: str = "", kind: str = "", number: str = "") -> list[LetterIntent]:
        found = [x.intent for x in self.facts.letters.values()]
        return [i for i in found if rule in ("", i.rule) and kind in ("", i.kind) and number in ("", i.number)]

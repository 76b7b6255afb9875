"""The small grammars inside a rule: durations (48h, 7d, 3wd, 1m), recipients, a clock's ladder."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from qforms.model import Recipients, Step
from qforms.rulebook.source import Item, Map

ROLES = (
    *("intake", "sales", "aftersales", "repair", "engineering", "quality", "production", "purchasing", "gmo", "gm"),
    *("chief_engineer", "finance", "line_manager", "hq", "legal", "hr", "responsible_unit", "review_board", "team"),
)
PEOPLE = ("customer", "supplier", "owner", "head", "office", "operator", "speaker", "signers")
DURATION = re.compile(r"(\d{1,4})\s*(min|h|d|wd|m)")
_EVERY = re.compile(r"every\s+(.+)")
_PERCENT = re.compile(r"(\d{1,3})\s*%")


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time as the office writes it: exactly one of the three is set."""

    span: timedelta | None = None
    months: int = 0
    working_days: int = 0


def duration(text: str) -> Duration | None:
    """`30min`, `48h`, `7d` (days of 24 h), `3wd` (working days), `6m` (calendar months, clamped to the month's end)."""
    found = DURATION.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        return None
    number, unit = int(found[1]), found[2]
    match unit:
        case "wd":
            return Duration(working_days=number)
        case "m":
            return Duration(months=number)
        case "min":
            return Duration(timedelta(minutes=number))
    return Duration(timedelta(hours=number) if unit == "h" else timedelta(days=number))


def recipients(item: Item, key: str, fields: Collection[str]) -> Recipients:
    """`[responsible_dept, gmo, {else: [engineering]}]`: roles, people, or `fields` that hold a department or person."""
    return _recipients(item.raw(key), item, item.at(key), fields)


def _recipients(value: Any, item: Item, at: str, fields: Collection[str]) -> Recipients:
    if value is None:
        return Recipients(())
    names: list[str] = []
    else_: tuple[str, ...] = ()
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, Map) and list(entry) == ["else"]:
            else_ = _recipients(entry["else"], item, entry.at("else"), fields).names
        elif isinstance(entry, str):
            names.append(entry)
        else:
            item.faults.add(at, "收件人写角色、字段或 {else: […]}", "recipients are roles, fields or {else: […]}")
    for name in names:
        if name.removesuffix(".head") not in ROLES and name not in PEOPLE and name not in fields:
            item.faults.unknown(at, ("收件人", "recipient"), name, {*ROLES, *PEOPLE, *fields})
    return Recipients(tuple(names), else_)


def ladder(item: Item, fields: Collection[str]) -> tuple[Step, ...]:
    """`{50%: owner, 100%: [owner, head, gmo], every 24h: [head, gmo]}`: at a share of the limit, then again and again.

    Below 100 % a step reminds; from 100 % on it escalates. Percents rise; `every` comes last and needs 100 %."""
    steps: list[Step] = []
    for rung, value, at in item.pairs("ladder"):
        to = _recipients(value, item, at, fields)
        percent, every = _rung(rung)
        if percent is None and every is None:
            item.faults.add(at, f"看不懂「{rung}」：写 80% 或 every 24h", f"{rung!r} is neither 80% nor every 24h")
            continue
        if not to.names:
            item.faults.add(at, f"{rung} 没有收件人", f"{rung} has no recipients")
        early = percent is not None and percent < 100
        steps.append(Step(percent, every, to, "reminder" if early else "escalation"))
    _rising(item, steps)
    return tuple(steps)


def _rung(text: str) -> tuple[int | None, timedelta | None]:
    if found := _PERCENT.fullmatch(text):
        percent = int(found[1])
        return (percent, None) if 1 <= percent <= 500 else (None, None)
    if found := _EVERY.fullmatch(text):
        length = duration(found[1])
        return None, length.span if length else None
    return None, None


def _rising(item: Item, steps: list[Step]) -> None:
    percents = [s.percent for s in steps if s.percent is not None]
    repeats = [i for i, s in enumerate(steps) if s.every is not None]
    if percents != sorted(set(percents)):
        item.wrong("ladder", "的百分数须由小到大", "percents must rise")
    if len(repeats) > 1 or (repeats and repeats[0] != len(steps) - 1):
        item.wrong("ladder", "的 every 只能有一个，写在最后", "every must come last, once")
    if repeats and (not percents or percents[-1] < 100):
        item.wrong("ladder", "有 every 就要有 100%", "every needs 100% before it")

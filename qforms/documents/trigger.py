"""The arithmetic that opened a form: n / N against the limit of the rule that fired, and the complaints behind n.

What the limit is, is read from the rule itself (`defective_units * 1000 > limits.report_8001 * shipped_units`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from qforms.documents.values import local
from qforms.documents.wording import count, moment, rate, say, span
from qforms.forms.wml import RED, Face, runs
from qforms.model import Clock, Lang, Record, Rulebook

_TEST = re.compile(r"\w+ \* (\d+) (>=?) (?:limits\.([\w.]+)|(\d+)) \* \w+")


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of a rate: `value` in parts of `factor` (3 of 1000: 3‰)."""

    factor: int
    value: Decimal
    strict: bool = True

    @property
    def sign(self) -> str:
        return {100: "%", 1000: "‰"}.get(self.factor, f" / {self.factor}")

    def __str__(self) -> str:
        return f"{self.value.normalize():f}{self.sign}"

    def holds(self, part: int, whole: int) -> bool:
        left, right = part * self.factor, self.value * whole
        return left > right if self.strict else left >= right

    def test(self, part: int, whole: int) -> str:
        """16 × 1000 = 16000 > 3 × 5000 = 15000"""
        left, right = part * self.factor, self.value * whole
        sign = ">" if left > right else "=" if left == right else "<"
        return f"{part} × {self.factor} = {left} {sign} {self.value.normalize():f} × {whole} = {right.normalize():f}"


def limit_of(codes: Sequence[str], rulebook: Rulebook | None) -> Limit | None:
    """The limit of the first rule among `codes` that compares a rate; None when there is none."""
    if rulebook is None:
        return None
    for rule in rulebook.triggers:
        if rule.code in codes or rule.name in codes:
            found = _TEST.search(rule.when.text)
            value = _lookup(rulebook.limits, found[3]) if found and found[3] else found[4] if found else None
            if found and value is not None:
                return Limit(int(found[1]), Decimal(str(value)), found[2] == ">")
    return None


def _lookup(limits: Mapping[str, Any], path: str) -> Any:
    here: Any = limits
    for key in path.split("."):
        here = here.get(key) if isinstance(here, Mapping) else None
    return here


def units(complaint: Record) -> int:
    """The units of a complaint that count."""
    values = complaint.values
    return int(next((values[k] for k in ("units", "qty_confirmed", "defect_qty") if values.get(k) is not None), 0))


def context(
    record: Record,
    complaints: Sequence[Record],
    clocks: Sequence[Clock],
    rulebook: Rulebook | None,
    lang: Lang,
    zone: Any,
) -> SimpleNamespace:
    """What the trigger panel prints; everything "" that is not known."""
    values = record.values
    n, whole = values.get("n_defect"), values.get("n_shipped")
    codes = values.get("triggers") or ()
    limit = limit_of((codes,) if isinstance(codes, str) else tuple(codes), rulebook)
    out = SimpleNamespace(sum="", rate="", note="", test="", since="", limit="", over="", complaints=[])
    for name in ("test", "since", "limit"):
        setattr(out, f"{name}_label", say(name, lang))
    if n is not None and whole:
        _arithmetic(out, int(n), int(whole), limit, values.get("rate_ppm"), lang)
    if at := local(values.get("trigger_at"), zone):
        number = values.get("trigger_complaint")
        out.since = say("of_complaint", lang, at=moment(at), number=number) if number else moment(at)
    out.limit = _limit_line(values, clocks, lang, zone)
    out.over = say("over", lang, limit=limit) if limit else ""
    out.complaints = list(_lines(complaints, int(whole) if whole else 0, limit, lang, zone))
    return out


def _arithmetic(out: SimpleNamespace, n: int, whole: int, limit: Limit | None, ppm: Any, lang: Lang) -> None:
    """Fills in the sum, the rate, the note below them and the test in integers."""
    factor = limit.factor if limit else 1000
    out.sum = f"{n} / {whole} = "
    out.rate = rate(n, whole, factor, limit.value if limit else None) + ("‰" if factor == 1000 else " %")
    that_is = say("that_is", lang, ppm=count(int(ppm if ppm is not None else round(Decimal(n) * 1_000_000 / whole))))
    if limit:
        out.note = say("above" if limit.holds(n, whole) else "not_above", lang, limit=limit) + that_is
        out.test = say("holds" if limit.holds(n, whole) else "holds_not", lang, test=limit.test(n, whole))
    else:
        out.note = that_is.lstrip("，, ")


def _limit_line(values: Mapping[str, Any], clocks: Sequence[Clock], lang: Lang, zone: Any) -> str:
    """Until when the form had to go out, and how long it took; of the clock that started with the trigger."""
    start = values.get("trigger_at")
    clock = min((c for c in clocks if c.started_at == start), key=lambda c: c.due_at, default=None)
    if clock is None:
        return ""
    due, issued = clock.due_at.astimezone(zone), local(values.get("issued_at"), zone)
    if issued is None or not isinstance(start, datetime):
        return moment(due)
    took = span(issued - start)
    if issued <= due:
        return say("in_time", lang, due=moment(due), span=took)
    return say("late", lang, due=moment(due), span=took, late=span(issued - due))


def _lines(complaints: Sequence[Record], whole: int, limit: Limit | None, lang: Lang, zone: Any) -> Any:
    total = 0
    ordered = sorted(complaints, key=lambda c: (c.received_at is None, c.received_at, c.number))
    for complaint in ordered:
        total += units(complaint)
        at = local(complaint.values.get("received_at") or complaint.received_at, zone)
        yield SimpleNamespace(
            number=complaint.number,
            at=moment(at) if at else "",
            customer_no=complaint.values.get("customer_complaint_no") or "",
            units=units(complaint),
            total=total,
            rate=rate(total, whole, 1000, limit.value if limit and limit.factor == 1000 else None) if whole else "",
            over=_over(total, whole, limit, lang),
        )


def _over(total: int, whole: int, limit: Limit | None, lang: Lang) -> Any:
    from markupsafe import Markup

    if not (limit and whole):
        return Markup("")
    if limit.holds(total, whole):
        return Markup(runs(say("yes", lang), Face(bold=True, colour=RED)))
    equal = total * limit.factor == limit.value * whole
    return Markup(runs(say("equal" if equal else "no", lang)))

"""Judging: outcomes and facts at a time -> all that changes (`model.Judgement`). Pure; the procedures are data."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from qforms.model import Facts, Record
from qforms.rules import triggers
from qforms.rules.judging import judge
from qforms.rules.listing import listed
from qforms.rules.ringing import ring
from qforms.rules.work import Work
from qforms.settings import Procedures

__all__ = ["judge", "listed", "rates", "ring"]


def rates(
    records: Iterable[Record], facts: Facts, procedures: Procedures, now: datetime
) -> dict[str, tuple[Decimal, Decimal]]:
    """Number -> (units, shipped) of the basis that decides, for the records whose rate is known."""
    work = Work(facts, procedures, now, now, None)
    found = ((r.number, triggers.rate(work, r)) for r in records)
    return {number: rate for number, rate in found if rate is not None}

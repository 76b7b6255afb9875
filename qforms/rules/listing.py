"""Records as rows of a report: expressions over each record, or over each row of one of its lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from qforms.model import Condition, Facts, Record
from qforms.rules.work import Work
from qforms.settings import Procedures


def listed(
    records: Iterable[Record],
    fill: Mapping[str, Condition],
    where: Condition | None,
    each: str,
    facts: Facts,
    procedures: Procedures,
    now: datetime,
) -> Iterator[dict[str, Any]]:
    """A row for each record that `where` lets through (with `each`: for each row of that list): what is known of its
    columns."""
    work = Work(facts, procedures, now, now, None)
    plain = {name: c.text for name, c in fill.items() if c.text.isidentifier() and not each}
    other = {name: c for name, c in fill.items() if name not in plain}
    for record in records:
        rows = [r for r in record.values.get(each) or () if isinstance(r, Mapping)] if each else [{}]
        for row in rows:
            names = work.names(record, row) if row else work.names(record)
            if where is not None and where(names) is not True:
                continue
            found = {name: value for name, source in plain.items() if (value := names.get(source)) is not None}
            found |= {name: value for name, c in other.items() if (value := c(names)) is not None}
            yield found

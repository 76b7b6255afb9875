"""What a document tells beyond its own record, handed in by whoever holds the ledger."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from dataclasses import dataclass

from qforms.documents.exhibits import Book, Sight
from qforms.model import EMPTY, Clock, Record


@dataclass(frozen=True, slots=True)
class Related:
    """`complaints` are those linked (for the arithmetic of a trigger), `clocks` those that run on the record,
    `approvals` the records of form approval with this one as target, `earlier` the revision before this one.

    `heads`: department -> who heads it. `people`: person -> department. `roles`: role key -> department.
    `lines` are what its charts and tables are made from, as `sight` looks at them; None: it has none."""

    complaints: tuple[Record, ...] = ()
    clocks: tuple[Clock, ...] = ()
    approvals: tuple[Record, ...] = ()
    earlier: Record | None = None
    heads: Mapping[str, str] = dc.field(default_factory=lambda: EMPTY)
    people: Mapping[str, str] = dc.field(default_factory=lambda: EMPTY)
    roles: Mapping[str, str] = dc.field(default_factory=lambda: EMPTY)
    lines: Book = dc.field(default_factory=lambda: EMPTY)
    sight: Sight | None = None

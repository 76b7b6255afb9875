"""What each row of the book held when it was last written or read: the base of the next merge, kept in the ledger."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from qforms.model import EMPTY


@dataclass(frozen=True, slots=True)
class Mark:
    """Why a cell does not hold what the ledger does; `said` stands in a comment on it.

    `stays`: what somebody wrote stays in the cell until it is put right; `base` is what the cell held before that. Else
    the next publication writes what the ledger says. `at`: the day of the comment, "" while it is still to be written.
    """

    said: str = ""
    base: str = ""
    stays: bool = False
    at: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """One row. `texts` by column key; `at`: where it stands, 0 when it is not in the book (any more).

    `became`: for a row that somebody typed, the id of the record that it has become, "" while there is none."""

    revision: int = 0
    texts: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    at: int = 0
    became: str = ""
    marks: Mapping[str, Mark] = field(default_factory=lambda: EMPTY)

    def standing(self, at: int) -> Held:
        """The same, in another place."""
        return Held(self.revision, self.texts, at, self.became, self.marks)

    def base(self, key: str) -> str:
        """What the office's next word in this cell is compared with by the ledger: what it held before any word that
        was not taken."""
        mark = self.marks.get(key)
        return mark.base if mark is not None and mark.stays else self.texts.get(key, "")


class Kept(Mapping[str, Held]):
    """Rows as the ledger keeps them, read when the first of them is asked for."""

    def __init__(self, read: Callable[[], Mapping[str, tuple[int, Mapping[str, Any]]]]) -> None:
        self._read = read

    @cached_property
    def _rows(self) -> dict[str, Held]:
        return {id_: revive(*row) for id_, row in self._read().items()}

    def __getitem__(self, id_: str) -> Held:
        return self._rows[id_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


Known = Mapping[str, Held]  # by row id: "complaint/TS-202605-0007", "task/…", "new/contact/17", "reserved/TS-…"


def plain(held: Held) -> tuple[int, dict[str, Any]]:
    """A row as the ledger keeps it: its revision and plain values."""
    values: dict[str, Any] = {"texts": held.texts, "at": held.at}
    if held.became:
        values["became"] = held.became
    if held.marks:
        values["marks"] = {k: dc.asdict(m) for k, m in held.marks.items()}
    return held.revision, values


def revive(revision: int, values: Mapping[str, Any]) -> Held:
    """The row again; one that was kept as bare texts had no place yet."""
    if "texts" not in values:
        return Held(revision, {k: str(v) for k, v in values.items() if not k.startswith("@")})
    marks = {k: Mark(**m) for k, m in values["marks"].items()} if "marks" in values else EMPTY
    return Held(revision, values["texts"], int(values.get("at", 0)), values.get("became", ""), marks)

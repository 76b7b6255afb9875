"""The book as we know it between two looks: when it was read or written, as which publication, where what stands."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from qforms.workbook.book import Place
from qforms.workbook.rows import Held, Known
from qforms.workbook.view import Row


@dataclass(frozen=True, slots=True)
class Standing:
    """`fingerprint` of the file as last read or written ("": it is to be made anew), `serial`: number of the
    publication; `anchors`: the parts of 看板."""

    fingerprint: str = ""
    serial: int = 0
    places: Mapping[str, Place] = field(default_factory=dict)
    known: Known = field(default_factory=dict)
    anchors: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)
    shown: Mapping[str, Row] = field(default_factory=dict)  # rows as last written: nothing to compare where they stand


@dataclass(frozen=True, slots=True)
class Published:
    """The book as it stands now. `rows`: those that are to be kept anew; `gone`: ids that are no longer needed;
    `restored`: addresses of overwritten cells that were put back; `written`: False when there was nothing to write."""

    standing: Standing
    rows: Mapping[str, Held] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    added: int = 0
    changed: int = 0
    removed: int = 0
    restored: tuple[str, ...] = ()
    written: bool = True

    def at(self, fingerprint: str) -> Published:
        """The same, of a file with that fingerprint."""
        return dc.replace(self, standing=dc.replace(self.standing, fingerprint=fingerprint))


def plain(standing: Standing) -> dict[str, Any]:
    """All but the rows, as the ledger keeps it."""
    return {
        "fingerprint": standing.fingerprint,
        "serial": standing.serial,
        "places": {k: asdict(p) for k, p in standing.places.items()},
        "anchors": {k: list(a) for k, a in standing.anchors.items()},
    }


def revive(values: Mapping[str, Any] | None, known: Known) -> Standing:
    """The standing again; nothing is known of a book that was written by an earlier version of the program."""
    if not isinstance(values, Mapping):
        return Standing(known=known)
    return Standing(
        values["fingerprint"],
        values["serial"],
        {k: Place(**p) for k, p in values["places"].items()},
        known,
        {k: (str(a[0]), int(a[1]), int(a[2])) for k, a in values["anchors"].items()},
    )


def stat(path: Path) -> str:
    """What a fingerprint begins with, which costs no reading; "" when the file is not there."""
    try:
        about = path.stat()
    except OSError:
        return ""
    return f"{about.st_size}.{about.st_mtime_ns}.{about.st_ino}"

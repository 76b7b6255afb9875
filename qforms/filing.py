"""The case folders (P32): every mail and attachment that came, under human names, beside what was sent.

Driven by the ledger: a note says up to which delivery everything is filed, so a crash or a share that was away only
delays it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qforms import intake
from qforms.ledger import Ledger
from qforms.mailroom import Mailroom
from qforms.model import Delivery, Store

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_NOTE = "filed up to delivery"


class Filing:
    """Files what arrived."""

    def __init__(self, ledger: Ledger, store: Store, mailroom: Mailroom, log: FilteringBoundLogger) -> None:
        self._ledger, self._store, self._mailroom, self._log = ledger, store, mailroom, log

    def catch_up(self) -> None:
        """Files every delivery since the last one filed; stops at a folder that can't be written, and says so."""
        start: int = self._ledger.note(_NOTE) or 0
        done = start
        try:
            for row in self._ledger.deliveries(after=start):
                self._file(row)
                done = row["id"]
        except OSError as fault:
            self._log.warning("case folder", reason=str(fault))
        if done != start:
            self._ledger.set_note(_NOTE, done)

    def _file(self, row: dict[str, Any]) -> None:
        if row["channel"] == "workbook" or not row["numbers"]:
            return
        raw = self._store.get(row["digest"])
        delivery = Delivery(
            row["channel"], row["locator"], row["received_at"], raw, name=row["name"], digest=row["digest"]
        )
        settings = self._mailroom.settings
        when = f"{settings.local(row['received_at']):%Y-%m-%d %H%M} 收到"
        for case_no in self._cases(row["numbers"]):
            label = self._mailroom.label(case_no)
            for part in intake.parts_of(delivery):
                if part.name and part.digest != row["digest"]:
                    self._mailroom.cases.put(case_no, label, f"{when} {part.name}", part.data)
            name = row["name"] or f"{row['subject'] or row['sender']}.eml"
            self._mailroom.cases.put(case_no, label, f"{when} {name}", raw)

    def _cases(self, numbers: list[str]) -> list[str]:
        with self._ledger.facts() as facts:
            found = [r.case_no for n in numbers if (r := facts.record(n)) is not None and r.case_no]
        return list(dict.fromkeys(found))

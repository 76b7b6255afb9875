"""The case folders (P32): every mail and attachment that came, under human names, beside what was sent.

Driven by the ledger: a note says up to which delivery everything is filed, so a crash or a share that was away only
delays it. A customer's papers lie in a folder of their own, which the company shares with finance only (P57)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from qforms import intake
from qforms.ledger import Ledger, Transaction
from qforms.ledger.forgetting import personal
from qforms.model import Delivery, Record, Store
from qforms.outbox import cases
from qforms.settings import Procedures

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_NOTE = "filed up to delivery"
_PAGE = 200  # deliveries filed between two notes


class Filing:
    """Files what arrived."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        folders: cases.CaseFolders,
        papers: cases.CaseFolders,
        procedures: Procedures,
        log: FilteringBoundLogger,
    ) -> None:
        self._ledger, self._store, self._folders, self._log = ledger, store, folders, log
        self._papers, self._procedures, self._settings = papers, procedures, procedures.settings

    def catch_up(self) -> None:
        """Files every delivery since the last one filed; stops at a folder that can't be written, and says so."""
        done: int = self._ledger.note(_NOTE) or 0
        while page := self._ledger.deliveries(after=done, limit=_PAGE):
            before = done
            try:
                with self._ledger.facts() as facts:
                    facts.fetch_records(number for row in page for number in row["numbers"])
                    for row in page:
                        self._file(row, facts)
                        done = row["id"]
            except OSError as fault:
                self._log.warning("case folder", reason=str(fault))
            if done != before:
                self._ledger.set_note(_NOTE, done)
            if done != page[-1]["id"]:
                return

    def _file(self, row: dict[str, Any], facts: Transaction) -> None:
        if row["channel"] == "workbook" or not row["numbers"]:
            return
        found = [r for number in row["numbers"] if (r := facts.record(number)) is not None]
        if not (numbers := dict.fromkeys(r.case_no for r in found if r.case_no)):
            return
        if not self._store.has(row["digest"]):  # somebody was forgotten meanwhile
            return
        raw = self._store.get(row["digest"])
        delivery = Delivery(
            row["channel"], row["locator"], row["received_at"], raw, name=row["name"], digest=row["digest"]
        )
        when = f"{self._settings.local(row['received_at']):%Y-%m-%d %H%M} 收到"
        parts = [p for p in intake.parts_of(delivery) if p.name and p.digest != row["digest"]]
        private = self._private(found)
        apart = [(p.name, p.data) for p in parts if p.digest in private]
        files = [(p.name, p.data) for p in parts if p.digest not in private]
        whole = (row["name"] or f"{row['subject'] or row['sender']}.eml", raw)  # which holds what lies apart, too
        (apart if apart else files).append(whole)
        for case_no in numbers:
            label = cases.label(facts.record(case_no))
            for folders, those in ((self._folders, files), (self._papers, apart)):
                for name, data in those:
                    folders.put(case_no, label, f"{when} {name}", data)

    def _private(self, records: Iterable[Record]) -> set[str]:
        """Digests of files that say who somebody is: copies of identity cards, accounts (P57)."""
        found: set[str] = set()
        for record in records:
            for field in personal(self._procedures.catalogue.form(record.form), record.values):
                value = record.values.get(field.name)
                rows = value if isinstance(value, tuple) else (value,)
                found |= {str(row["digest"]) for row in rows if isinstance(row, Mapping) and row.get("digest")}
        return found

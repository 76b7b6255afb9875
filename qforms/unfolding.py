"""A platform's list in the watched folder becomes one delivery a row (P15): a ticket that is not on record opens a
case, one whose row has changed revises it, and the same list again brings nothing.

Only what the platform itself has changed since is taken over: what the office put right meanwhile stays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from qforms.forms.types import parse_all
from qforms.intake import exports
from qforms.ledger import Ledger, Transaction
from qforms.model import Delivery, ExportRule, Record, Value
from qforms.office.child import OfficeReader
from qforms.settings import Procedures


class Unfolding:
    """Rows of lists as deliveries."""

    def __init__(self, ledger: Ledger, procedures: Procedures, office: OfficeReader) -> None:
        self._ledger = ledger
        self._procedures = procedures
        self._office = office
        self._rules = procedures.rulebook.exports

    def rows(self, delivery: Delivery) -> list[Delivery]:
        """What the rows of a list bring now, in their order; nothing where the file is no list."""
        if delivery.channel != "folder":
            return []
        listing = exports.read(delivery.raw, delivery.name, self._rules, self._office)
        if listing is None:
            return []
        with self._ledger.facts() as facts:
            found = [self._row(row, listing.rule, delivery, facts) for row in listing.rows]
        return [one for one in found if one is not None]

    def _row(self, row: exports.Row, rule: ExportRule, listed: Delivery, facts: Transaction) -> Delivery | None:
        said = {**rule.fill, **row.texts}
        record = next(iter(facts.find(rule.form, rule.key, row.key)), None)
        if record is None and row.ended:
            return None
        given: dict[str, Any] = {"form": rule.form, "by": rule.by, "values": said}
        if record is not None:
            if self._ended(record):
                return None
            changed = self._changed(said, rule, record, facts)
            if not changed:
                return None
            given |= {"number": record.number, "values": changed}
        raw = json.dumps(given, ensure_ascii=False, sort_keys=True).encode()
        digest = hashlib.sha256(raw).hexdigest()
        at = listed.received_at if record else self._received(row, rule, listed)
        return Delivery(
            "folder", f"{listed.name}#{row.where}", at, raw, name=f"{rule.name} {row.key}.json", digest=digest
        )

    def _ended(self, record: Record) -> bool:
        return self._procedures.catalogue.form(record.form).lifecycle.state(record.status).final

    def _changed(self, said: Mapping[str, str], rule: ExportRule, record: Record, facts: Transaction) -> dict[str, str]:
        """What the platform says otherwise than when the record was opened, and than the record does now."""
        first = record if not record.revision else facts.revision(record.number, 0) or record
        changed = {}
        for name, text in said.items():
            value = self._value(rule.form, name, text)
            if value is not None and value not in (first.values.get(name), record.values.get(name)):
                changed[name] = text
        return changed

    def _value(self, form: str, name: str, text: str) -> Value:
        field = self._procedures.catalogue.field(form, name)
        assert field is not None
        return parse_all(field, text, "", self._procedures.settings.zone)[0]

    def _received(self, row: exports.Row, rule: ExportRule, listed: Delivery) -> datetime:
        """When the ticket came to the platform, from which its time runs; never after the list itself."""
        value = self._value(rule.form, rule.columns[rule.received], row.received) if row.received else None
        if not isinstance(value, datetime):
            return listed.received_at
        at = value if value.tzinfo else value.replace(tzinfo=self._procedures.settings.zone)
        return min(at, listed.received_at)

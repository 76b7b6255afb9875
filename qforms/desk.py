"""One delivery from reading to ledger, and one clock from ringing to ledger: the story of the program in two functions.

Raw bytes are kept before anything is done with them; a group of deliveries is committed at once, and if that fails
they are taken singly, so that one bad mail harms nobody else. A bug holds the delivery and the loop goes on."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from qforms import intake, rules, signatures
from qforms.ledger import Ledger, Transaction
from qforms.ledger.transaction import Overtaken, overall
from qforms.model import Clock, Delivery, Judgement, Outcome, Problem, Reading, Record, Store
from qforms.office import scan
from qforms.settings import Procedures

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from qforms.office.child import OfficeReader


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one delivery."""

    delivery: Delivery
    outcome: str  # accepted, partial, refused, held, ignored; "duplicate" when it was here before
    numbers: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()  # what could not be taken of it, and why
    tasks: frozenset[str] = frozenset()  # kinds of the tasks that it brought


class Desk:
    """Takes deliveries and rings clocks; everything it changes stands in the ledger when a call returns."""

    def __init__(
        self, ledger: Ledger, store: Store, procedures: Procedures, office: OfficeReader, log: FilteringBoundLogger
    ) -> None:
        self.ledger = ledger
        self.store = store
        self.procedures = procedures
        self.office = office
        self.log = log
        self.txt_of: signatures.TxtOf | None = None  # another DNS than the machine's
        # where other daemons are at work, too: waits until it is this delivery's turn; notes what is dealt with
        self.turn: Callable[[Delivery], object] = lambda _: None
        self.settle: Callable[[Transaction, Sequence[Delivery]], object] = lambda _, __: None

    def take(self, waiting: Sequence[Delivery], now: datetime) -> list[Taken]:
        """Reads, judges and records deliveries in the order given; at least the first of them.

        Stops early before a delivery that came after a rung of a clock which an earlier one started: the clock rings
        first. Raises OSError when the bytes can't be kept, or the ledger can't be written."""
        self.store.put_all(delivery.raw for delivery in waiting)
        readings = [self._read(d, now) for d in waiting]
        parts = [(r, part) for r in readings for part in r.parts if part.name]
        self.store.put_all(part.data for r, part in parts if part.digest != r.delivery.digest)
        self.turn(waiting[0])
        try:
            return self._record(readings, now)
        except OSError:  # the disk or the database, and no fault of any delivery
            raise
        except Exception:
            if len(readings) == 1:
                return [self._hold(readings[0], now)]
            self.log.warning("group failed, taken singly", deliveries=len(readings), exc_info=True)
        return self._record_one(readings[0], now)

    def take_as_complaint(self, delivery: Delivery, now: datetime) -> list[Taken]:
        """Takes a mail in as a complaint because somebody said that it is one."""
        reading = dataclasses.replace(self._read(delivery, now), kind="complaint", filed=True)
        return self._record_one(reading, now)

    def take_into(self, delivery: Delivery, number: str, now: datetime) -> list[Taken]:
        """Takes a mail in as an addition to a case because somebody said that it belongs there."""
        reading = dataclasses.replace(self._read(delivery, now), filed=True, into=number)
        return self._record_one(reading, now)

    def take_vouched(self, delivery: Delivery, name: str, now: datetime) -> list[Taken]:
        """Takes in a return that the office says is from that person or department of ours."""
        return self._record_one(dataclasses.replace(self._read(delivery, now), vouched=name), now)

    def take_history(self, delivery: Delivery, now: datetime) -> list[Taken]:
        """Takes in a line of an old register: it counts, and starts no clock, trigger, task or letter (P10)."""
        self.store.put_all([delivery.raw])
        return self._record_one(dataclasses.replace(self._read(delivery, now), history=True), now)

    def take_told(
        self, delivery: Delivery, record: Record, told: Mapping[str, tuple[str, str]], now: datetime
    ) -> list[Taken]:
        """Takes in what the office read in the pictures of a mail, field -> (text, picture), as that mail's answer."""
        form = self.procedures.catalogue.form(record.form)
        reading = intake.told_by(self._read(delivery, now), record.number, form, told, self.procedures)
        return self._record_one(reading, now)

    def ring(self, clock: Clock, now: datetime) -> Judgement:
        """The rungs of a clock that are due at `now`; nothing, when it has moved since it was read. A bug stops that
        clock alone, for an hour, and is logged."""
        try:
            with self.ledger.begin() as tx:
                stands = next((c for c in tx.clocks(clock.subject) if c.rule == clock.rule), clock)
                if stands.next_at != clock.next_at:
                    return Judgement()
                judgement = rules.ring(stands, tx, self.procedures, now)
                tx.write(None, judgement, now)
            return judgement
        except OSError:
            raise
        except Overtaken:
            return self.ring(clock, now)
        except Exception:
            self.log.exception("clock failed", clock=clock.rule, number=clock.subject)
            with self.ledger.begin() as tx:
                tx.postpone(clock, now)
            return Judgement()

    def _read(self, delivery: Delivery, now: datetime) -> Reading:
        try:
            if (danger := self._scanned(delivery)) is not None:
                return intake.unopened(delivery, self.procedures, danger)
            return self._proven(intake.read(delivery, self.procedures, self.office, now))
        except Exception:
            self.log.exception("reading failed", digest=delivery.digest, locator=delivery.locator)
            key = hashlib.sha256(f"{delivery.digest}|{delivery.name}|{delivery.modified_ns}".encode()).hexdigest()
            return Reading(delivery, key, held=Problem("bug"))

    def _scanned(self, delivery: Delivery) -> Problem | None:
        """With `trust.clamd`: what the virus scan found, or that it could not be made; None when all is well."""
        where = self.procedures.settings.trust.clamd
        if not where or delivery.channel == "workbook":
            return None
        name = delivery.name or delivery.locator
        try:
            virus = scan.found(delivery.raw, where)
        except scan.ScanDown as fault:
            self.log.error("not scanned", digest=delivery.digest, reason=str(fault))
            return Problem("not_scanned", name, context={"reason": str(fault)})
        return Problem("virus_found", name, context={"name": virus}) if virus else None

    def _proven(self, reading: Reading) -> Reading:
        """With `trust.dkim`: a sender whose domain has signed the mail counts as proven, like one that our own server
        vouches for."""
        settings, delivery = self.procedures.settings, reading.delivery
        if not settings.trust.dkim or reading.authenticated or delivery.channel not in ("imap", "maildir"):
            return reading
        if not reading.address or reading.held or settings.box_of(delivery.locator).complaints_only:
            return reading
        try:
            domains = signatures.signed_by(delivery.raw, self.txt_of)
        except signatures.NoDkim as fault:
            self.log.error("dkim", reason=str(fault))
            return reading
        mine = reading.address.rpartition("@")[2]
        proven = any(intake.aligned(mine, domain) for domain in domains)
        return dataclasses.replace(reading, authenticated=proven, dkim_domains=domains)

    def _record(self, readings: Sequence[Reading], now: datetime) -> list[Taken]:
        taken: list[Taken] = []
        wanted = [asked for reading in readings for asked in intake.asks(reading)]
        with self.ledger.begin(readings, wanted, now) as tx:
            for reading in readings:
                if taken and tx.rings_before(reading.delivery.received_at):
                    break
                taken.append(self._admit(reading, tx, now))
            self.settle(tx, [t.delivery for t in taken])
        return taken

    def _record_one(self, reading: Reading, now: datetime) -> list[Taken]:
        try:
            return self._record([reading], now)
        except OSError:
            raise
        except Exception:
            return [self._hold(reading, now)]

    def _admit(self, reading: Reading, tx: Transaction, now: datetime) -> Taken:
        if tx.seen(reading.key):
            self.log.info("delivery", outcome="duplicate", digest=reading.delivery.digest[:12])
            return Taken(reading.delivery, "duplicate")
        outcomes = intake.admit(reading, tx, self.procedures, now)
        judgement = rules.judge(outcomes, reading, tx, self.procedures, now)
        tx.write(reading, judgement, now)
        numbers = tuple(dict.fromkeys(o.number for o in judgement.outcomes if o.number))
        problems = tuple(p for o in judgement.outcomes for p in (o.reason, *o.problems) if p)
        brought = frozenset(t.kind for o in judgement.outcomes for t in o.tasks)
        taken = Taken(reading.delivery, overall(judgement.outcomes), numbers, problems, brought)
        self.log.info("delivery", outcome=taken.outcome, numbers=numbers, digest=reading.delivery.digest[:12])
        return taken

    def _hold(self, reading: Reading, now: datetime) -> Taken:
        """After a bug: the delivery stands in the ledger as held, its bytes in the store, the traceback in the log."""
        self.log.exception("delivery failed", digest=reading.delivery.digest, subject=reading.subject)
        outcome = Outcome("held", reason=Problem("bug"))
        with self.ledger.begin([reading]) as tx:
            if not tx.seen(reading.key):
                tx.note_delivery(reading, outcome, now)
            self.settle(tx, [reading.delivery])
        return Taken(reading.delivery, "held", problems=(Problem("bug"),))

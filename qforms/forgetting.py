"""Personal data that goes, and all that is kept of it besides the ledger: raw files, letters, case folders, the texts
that are searched in (P57). At somebody's word, or by itself when a closed case's years are over (A43)."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from qforms import intake
from qforms.ledger import Ledger
from qforms.model import Delivery, QformsError, Record, Store
from qforms.outbox.cases import CaseFolders
from qforms.settings import Procedures

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from qforms.ledger.forgetting import Forgotten
    from qforms.search.finder import Finder

YEARS = 5  # of a form that does not say how long it is kept
_ARRIVED = ("mail", "web", "inbox")  # where what came lies on in the workspace; a mailbox elsewhere is not ours
_A_DAY = 50  # cases that go by themselves in one night
_NUMBER = re.compile(r"\d+")
_NOTE = {"zh": "个人资料已删除.txt", "en": "personal data deleted.txt"}


class Forgetting:
    """Deletes what says who somebody is."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        procedures: Procedures,
        folders: Sequence[CaseFolders],
        finder: Finder,
        log: FilteringBoundLogger,
    ) -> None:
        self._ledger, self._store, self._procedures = ledger, store, procedures
        self._folders, self._finder, self._log = folders, finder, log
        self._day: date | None = None
        self._looked: date | None = None

    def forget(self, numbers: Iterable[str], by: str, reason: str, now: datetime, *, person: bool = True) -> Forgotten:
        """Forgets whoever these records and their cases name; with `person` wherever else the same telephone number or
        address stands. Records, figures and history stay. The ledger first: what is deleted after it can be done
        again, for it is in history."""
        from qforms.ledger import forgetting

        found = forgetting.forget(self._ledger, self._procedures.catalogue, numbers, by, reason, now, person=person)
        if found.numbers:
            self._delete(found, reason, now)
            self._log.info("forgotten", numbers=list(found.numbers), files=len(found.digests), by=by)
        return found

    def elsewhere(self, now: datetime) -> None:
        """Once a day: what was forgotten on another machine leaves what is searched on this one."""
        today = self._procedures.settings.local(now).date()
        if self._looked != today:
            self._finder.forget()
            self._looked = today

    def by_age(self, now: datetime) -> int:
        """Forgets closed cases of which every record has been kept for its years; gives how many there were."""
        today = self._procedures.settings.local(now).date()
        if not self._procedures.settings.retention.automatic or self._day == today:
            return 0
        self._day = today
        done = 0
        for case_no in self._ripe(now):
            done += bool(self.forget([case_no], "qforms", "保存期满", now, person=False).numbers)
        return done

    # ------------------------------------------------------------ what has been kept long enough

    def _ripe(self, now: datetime) -> Iterator[str]:
        from qforms.ledger import forgetting

        least = min((years(form.retention.zh) for form in self._procedures.catalogue.forms.values()), default=YEARS)
        found = forgetting.old_cases(self._ledger, _before(now, least), _A_DAY)
        with self._ledger.facts() as facts:
            return iter([no for no in found if all(self._ended(r, now) for r in facts.case(no))])

    def _ended(self, record: Record, now: datetime) -> bool:
        form = self._procedures.catalogue.form(record.form)
        over = not form.lifecycle.states or any(s.final for s in form.lifecycle.states if s.name == record.status)
        resting = not any(s.final for s in form.lifecycle.states)
        return (over or resting) and record.at is not None and record.at < _before(now, years(form.retention.zh))

    # ------------------------------------------------------------ files

    def _delete(self, found: Forgotten, reason: str, now: datetime) -> None:
        kept = self._still_said(found)
        for digest in (*found.digests, *self._parts(found, now)):
            if digest not in kept:
                self._store.delete(digest)
        settings = self._procedures.settings
        for name in _ARRIVED:
            _unlink(settings.root / name, set(found.digests))
        self._letters(set(found.letters))
        for case_no in found.cases:
            self._folder(case_no, reason, now)
        self._finder.forget()

    def _still_said(self, found: Forgotten) -> set[str]:
        """Photos of goods, and whatever else the records hold that says nothing of a person."""
        with self._ledger.facts() as facts:
            records = [r for n in found.numbers if (r := facts.record(n)) is not None]
        rows = (row for r in records for v in r.values.values() for row in (v if isinstance(v, tuple) else (v,)))
        return {str(row["digest"]) for row in rows if hasattr(row, "get") and row.get("digest")}

    def _parts(self, found: Forgotten, now: datetime) -> set[str]:
        """What lay in the mails that go, each kept by itself."""
        digests: set[str] = set()
        for digest in found.digests:
            with contextlib.suppress(QformsError):
                raw = self._store.get(digest)
                delivery = Delivery("maildir", digest, now, raw, digest=digest)
                digests |= {p.digest for p in intake.parts_of(delivery, self._procedures)}
        return digests

    def _letters(self, ids: set[str]) -> None:
        """Our own copies of the letters, where the embedded Maildir took them."""
        wanted = {i.strip("<>").encode() for i in ids if i}
        for folder in ("new", "cur"):
            for file in (self._procedures.settings.root / "sent" / folder).glob("*"):
                head = file.read_bytes().partition(b"\n\n")[0] if file.is_file() else b""
                if any(i in head for i in wanted):
                    file.unlink()

    def _folder(self, case_no: str, reason: str, now: datetime) -> None:
        settings = self._procedures.settings
        said = f"{settings.local(now):%Y-%m-%d %H:%M} {reason}\n"
        for folders in self._folders:
            if (folder := folders.find(case_no)) is not None:
                shutil.rmtree(folder)
                folders.put(case_no, "", _NOTE[settings.lang], said.encode())


def years(text: str) -> int:
    """For how many years a form is kept, as its declaration says it."""
    found = _NUMBER.search(text)
    return int(found[0]) if found else YEARS


def _before(now: datetime, count: int) -> datetime:
    try:
        return now.replace(year=now.year - count)
    except ValueError:  # 29 February
        return now.replace(year=now.year - count, day=28) + timedelta(days=1)


def _unlink(folder: Path, digests: set[str]) -> None:
    """Deletes the files of a folder that hold these bytes: mails and files that were taken in, as they came."""
    for file in folder.rglob("*"):
        if file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() in digests:
            file.unlink()

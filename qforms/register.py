"""The master workbook between the ledger and the office: published after every change, its edits taken as deliveries.

While somebody has the book open, edits are still taken at every save; only writing back waits (P4)."""

from __future__ import annotations

import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from qforms import answers, rules
from qforms.ledger import Ledger
from qforms.model import Delivery, Later, Problem, Record, Text
from qforms.outbox.cases import CaseFolders
from qforms.problems import say
from qforms.settings import Procedures
from qforms.workbook import board, edits, publish, view
from qforms.workbook.book import Busy

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from qforms.desk import Desk

BOARD = "看板.html"
_LOOKED = "workbook seen as"
_STALE = timedelta(minutes=10)  # 剩余 is a text: it is written anew at least so often
_PAUSE = 2.0  # seconds between two publications while mail keeps coming …
_SHARE = 4.0  # … and that many times as long as the last one took: a large book must not hold up the mail
_HELD = -1  # in the place of a number of changes: somebody has the book open, the next round looks again
_SHOWN_AFTER_END = timedelta(days=62)  # clocks that ended are shown so long


class Register:
    """The book of one workspace."""

    def __init__(self, ledger: Ledger, procedures: Procedures, log: FilteringBoundLogger) -> None:
        self._ledger = ledger
        self._procedures = procedures
        self._settings = procedures.settings
        self._log = log
        self._looked: str = ledger.note(_LOOKED) or ""  # fingerprint of the book as last read or written
        self._published: tuple[int, datetime] | None = None  # (changes of the ledger, as of)
        self._again = 0.0  # when it may be published again, by the machine's own clock
        self._aside: threading.Thread | None = None  # publishing while the mail goes on
        self.cases = CaseFolders(self._settings.path(self._settings.folders.cases))

    @property
    def path(self) -> Path:
        return self._settings.path(self._settings.folders.workbook)

    # ------------------------------------------------------------ edits

    def take_edits(self, desk: Desk, now: datetime) -> int:
        """Takes in what people wrote since the book was last read; gives the number of edits."""
        if not self.edited():
            return 0
        mark = _mark(self.path)
        known = self._ledger.sheet_rows()
        try:
            found = edits.look(self.path, known, self._procedures.catalogue, now)
        except Busy as fault:  # being saved just now: the next look finds it
            self._log.info("workbook busy", reason=str(fault))
            return 0
        for delivery in found.deliveries:
            self._take(delivery, desk, now)
        self._saw(mark)
        return len(found.deliveries)

    def _take(self, delivery: Delivery, desk: Desk, now: datetime) -> None:
        answer = edits.answer_of(delivery)
        number, revision = "", None
        if answer is not None:
            answers.carry_out(answer, delivery, self._ledger, desk, now)
        else:
            taken = desk.take([delivery], now)
            number = next((n for t in taken for n in t.numbers), "")
            with self._ledger.facts() as facts:
                record = facts.record(number)
            revision = record.revision if record else None
        known = edits.after(self._ledger.sheet_rows(), delivery, number, revision)
        self._ledger.set_sheet_rows({k: (r, dict(v)) for k, (r, v) in known.items()})

    def edited(self) -> bool:
        """Was the book saved since it was last read or written? False while it is being written by us."""
        mark = "" if self.busy() else _mark(self.path)
        return bool(mark) and mark != self._looked

    def _saw(self, mark: str) -> None:
        self._looked = mark
        self._ledger.set_note(_LOOKED, mark)

    # ------------------------------------------------------------ publishing

    def busy(self) -> bool:
        return self._aside is not None and self._aside.is_alive()

    def publish_aside(self, publish: Callable[[], object]) -> None:
        """Publishes in a thread of its own: a large book takes seconds, and the mail must not wait for it."""
        if not self.busy():
            self._aside = threading.Thread(target=publish, name="workbook")
            self._aside.start()

    def wait(self) -> None:
        """Until the book that is being written is written."""
        if self._aside is not None:
            self._aside.join()

    def publish(self, now: datetime, *, force: bool = False) -> bool:
        """Brings book and board up to the ledger, where anything changed. False: it has to wait."""
        changes = self._ledger.changes
        if not force and self._published is not None:
            same = self._published[0] == changes and now - self._published[1] < _STALE
            if same or time.monotonic() < self._again:
                return same
        begun = time.monotonic()
        before = self._ledger.changes
        shown = self._view(now)
        board.write(self.path.with_name(BOARD), shown, self._procedures.catalogue, self._settings.lang)
        done = publish.publish(
            self.path,
            shown,
            self._procedures.catalogue,
            self._settings,
            known=self._ledger.sheet_rows(),
            history=self._settings.path(".history"),
        )
        self._again = time.monotonic() + max(_PAUSE, _SHARE * (time.monotonic() - begun))
        if isinstance(done, Later):
            self._log.info("workbook waits", reason=done.reason)
            self._published = (_HELD, now)
            return False
        self._ledger.set_sheet_rows({k: (r, dict(v)) for k, (r, v) in done.rows.items()}, gone=done.gone)
        self._saw("" if done.unread else _mark(self.path))  # saved between the last look and now: look again
        self._published = (before, now)
        return True

    def seconds_to_publishing(self) -> float | None:
        """Until what has changed since is to be published; None when nothing has."""
        if self.busy() or self._published is None or self._published[0] in (self._ledger.changes, _HELD):
            return None
        return max(0.0, self._again - time.monotonic())

    def rebuild(self, now: datetime) -> str:
        """Writes the book anew from the ledger; the old one is kept beside it."""
        kept = ""
        if self.path.exists():
            old = self.path.with_name(f"{self.path.stem} {self._settings.local(now):%Y-%m-%d %H%M%S}{self.path.suffix}")
            shutil.copy2(self.path, old)
            self.path.unlink()
            kept = f"，旧的留作 {old.name}"
        self._ledger.set_sheet_rows({}, gone=frozenset(self._ledger.sheet_rows()))
        return f"{self.path}{kept}" if self.publish(now, force=True) else f"{self.path.name} 开着，关闭后再试"

    # ------------------------------------------------------------ the view

    def _view(self, now: datetime) -> view.View:
        records: dict[str, list[Record]] = defaultdict(list)
        for record in self._ledger.records():
            records[record.form].append(record)
        since = now - _SHOWN_AFTER_END
        return view.View(
            company=self._settings.company.name,
            as_of=now,
            zone=self._settings.zone,
            records={form: tuple(of) for form, of in records.items()},
            clocks=tuple(c for c in self._ledger.clocks() if c.met_at is None or c.met_at > since),
            tasks=self._ledger.tasks(),
            letters=self._ledger.letters(("trial", "held")),
            conflicts=self._ledger.conflicts(),
            mails=tuple(self._held()),
            rulebook=self._procedures.rulebook,
            rates=self._rates(records, now),
            links=self._links(records),
        )

    def _held(self) -> list[view.Mail]:
        """What could not be taken in and waits for somebody."""
        found = []
        for row in self._ledger.deliveries(outcome="held", state="done"):
            problems = [Problem(**p) for p in row["reason"]]
            reason = Text(*("；".join(say(p, lang) for p in problems) for lang in ("zh", "en")))
            title = row["subject"] or row["name"]
            found.append(view.Mail(row["digest"], row["received_at"], row["sender"], title, reason))
        return found

    def _rates(self, records: dict[str, list[Record]], now: datetime) -> dict[str, tuple[Decimal, Decimal]]:
        watched = self._procedures.rulebook.triggers_on
        with self._ledger.facts() as facts:
            found = [r for form, of in records.items() if form in watched for r in of]
            return rules.rates(found, facts, self._procedures, now)

    def _links(self, records: dict[str, list[Record]]) -> dict[str, str]:
        """Case folders, as addresses relative to the book."""
        links: dict[str, str] = {}
        for record in (r for of in records.values() for r in of if r.case_no):
            folder = self.cases.find(record.case_no)
            if folder is not None and folder.is_relative_to(self.path.parent):
                links[record.number] = folder.relative_to(self.path.parent).as_posix()
        return links


def _mark(path: Path) -> str:
    """Size and time of the book: whether it was saved since it was last looked at."""
    try:
        about = path.stat()
    except OSError:
        return ""
    return f"{about.st_size}.{about.st_mtime_ns}.{about.st_ino}"

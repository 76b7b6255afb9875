"""The master workbook between the ledger and the office: published after every change, its edits taken as deliveries.

While somebody has the book open, edits are still taken at every save; only writing back waits (P4)."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qforms import answers
from qforms.ledger import Ledger
from qforms.model import RESERVED, Delivery, Judgement, Later, Problem, Store
from qforms.months import add_months
from qforms.problems import say
from qforms.settings import Procedures
from qforms.sheetpatch import fingerprint
from qforms.showing import Showing
from qforms.workbook import archive, board, edits, figures, locks, publish, recover, reserve, rows, sheets, standing
from qforms.workbook.book import Busy, Damaged
from qforms.workbook.maker import Rows
from qforms.workbook.standing import Published, Standing
from qforms.workbook.view import Shown

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from qforms.desk import Desk

BOARD = "看板.html"
_STANDING = "workbook standing"
_COMING = "workbook coming"  # digest of the book that is about to take its place
_WAITS = "workbook waits since"
_UNREAD = object()
_STALE = timedelta(minutes=10)  # 剩余 is a text: it is written anew at least so often
_QUIET = 0.3  # seconds without a change before the book is written: a burst of mails makes one write …
_LONGEST = 30.0  # … but it does not wait longer than that
_SHARE = 4.0  # and that many times as long as the last one took: a large book must not hold up the mail
_TRY_AGAIN = 3.0  # seconds after which a book that somebody has open is tried again
_GROUP = 50  # edits taken in one commit
_HELD = 5000  # rows of the book that are held from one publication to the next: some thousand cases have more

Tell = Callable[[Problem, datetime, tuple[str, ...]], None]  # a letter to the office, with enclosures


class Register:
    """The book of one workspace. `tell` writes to the office."""

    def __init__(
        self, ledger: Ledger, store: Store, procedures: Procedures, log: FilteringBoundLogger, tell: Tell
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._procedures = procedures
        self._settings = procedures.settings
        self._log = log
        self._tell = tell
        self._showing = Showing(ledger, procedures, self.path.parent)
        self._made = Rows()
        self._standing: Standing | None = None
        self._note: Any = _UNREAD  # that writing waits, as the ledger has it
        self._refused = ""  # the file as it was when it could not be read at all
        self._published: tuple[int, datetime] | None = None  # (changes of the ledger, as of)
        self._moved: tuple[int, float, float] = (0, 0.0, 0.0)  # changes seen, when the last and the first came
        self._since: datetime | None = None  # what ended before stands in the archives
        self._again = 0.0  # when it may be published again, by the machine's own clock
        self._aside: threading.Thread | None = None  # publishing while the mail goes on

    @property
    def path(self) -> Path:
        return self._settings.path(self._settings.folders.workbook)

    @property
    def history(self) -> Path:
        """The private folder that keeps the last versions."""
        return self._settings.path(".history")

    @property
    def standing(self) -> Standing:
        """The book as we know it, kept in the ledger between two runs."""
        if self._standing is None:
            self._standing = standing.revive(self._ledger.note(_STANDING), rows.Kept(self._ledger.sheet_rows))
        return self._standing

    def _stands(self, new: Standing, put: rows.Known, gone: frozenset[str]) -> None:
        plain = {id_: rows.plain(held) for id_, held in put.items()}
        self._ledger.set_sheet_rows(plain, gone, {_STANDING: standing.plain(new)})
        self._standing = new

    def after_a_crash(self) -> None:
        """Takes away what a killed program left beside the book. Only for whoever is alone at work on the workspace."""
        locks.clear_ours(self.path)
        ours = self._ledger.note(_COMING)
        if not ours or publish.digest(self.path) != ours or self.standing.fingerprint.endswith(f".{ours}"):
            return
        # killed between the book and the ledger: nobody has written into it since, so it is written once more
        if recover.take_back(self.path, self.history, self.standing):
            new = dataclasses.replace(self.standing, fingerprint=fingerprint(self.path))
            self._stands(new, {}, frozenset())
        else:
            self._stands(Standing(serial=self.standing.serial), {}, frozenset(self.standing.known))

    # ------------------------------------------------------------ edits

    def edited(self) -> bool:
        """Was the book saved since it was last read or written? False while it is being written by us."""
        mark = "" if self.busy() else standing.stat(self.path)
        return bool(mark) and mark != self._refused and not self.standing.fingerprint.startswith(f"{mark}.")

    def take_edits(self, desk: Desk, now: datetime) -> int:
        """Takes in what people wrote since the book was last read; gives the number of edits. Raises QformsError for a
        book that cannot be read (shared, locked by a password): once, until it is saved again."""
        if self.busy():
            return 0
        if recover.missing(self.path, self.standing):
            self._recover(Problem("workbook_missing", self.path.name), now)
        if not self.edited():
            return 0
        mark = fingerprint(self.path)
        if mark.rpartition(".")[2] == self.standing.fingerprint.rpartition(".")[2]:  # touched, not changed
            self._stands(dataclasses.replace(self.standing, fingerprint=mark), {}, frozenset())
            return 0
        try:
            found = self._look(now)
        except Damaged as fault:
            return self._damaged(str(fault), now)
        except Busy as fault:  # being saved just now: the next look finds it
            self._log.info("workbook busy", reason=str(fault))
            return 0
        except Exception:
            self._refused = standing.stat(self.path)
            raise
        if fingerprint(self.path) != mark:
            return 0  # saved again meanwhile
        self._take(found, mark, desk, now)
        return len(found.deliveries)

    def _look(self, now: datetime) -> edits.Edits:
        stands = self.standing
        return edits.look(
            self.path,
            stands.known,
            self._procedures.catalogue,
            now,
            places=stands.places,
            serial=stands.serial,
            older=lambda serial: publish.kept(self.path, self.history, serial),
            lang=self._settings.lang,
        )

    def _take(self, found: edits.Edits, mark: str, desk: Desk, now: datetime) -> None:
        """Hands the edits over, records in groups, answers singly, in the order of the book; then writes down what the
        rows hold. A crash in between lets the same edits be found again: their keys are known."""
        before, known = self.standing.known, dict(found.known)
        waiting = list(found.deliveries)
        while waiting:
            group = [d for d in waiting[:_GROUP] if edits.answer_of(d) is None]
            if edits.answer_of(waiting[0]) is None:
                taken = [(t.delivery, self._result(t.delivery, t.problems)) for t in desk.take(group, now)]
            else:
                answers.carry_out(waiting[0], self._ledger, desk, now)
                taken = [(waiting[0], edits.Result())]
            for delivery, result in taken:
                waiting.remove(delivery)
                id_ = edits.row_of(delivery)
                was = before.get(id_, rows.Held())
                if id_ in known:
                    known[id_] = edits.settled(was, known[id_], delivery, result, self._settings.lang)
        if found.old:
            self._old_copy(found, now)
        for id_ in found.deleted:
            self._log.warning("workbook row deleted", row=id_)
        stands = self.standing
        new = dataclasses.replace(
            stands, fingerprint=mark, places=found.places, known=known, anchors=found.anchors, shown={}
        )
        board_ = {i: rows.Held() for i in known if i.startswith("board/") and i != "board/charts"}  # written anew
        new = dataclasses.replace(new, known={**known, **board_})
        put = {i: h for i, h in new.known.items() if before.get(i) != h}
        self._stands(new, put, frozenset(before.keys() - new.known.keys()))

    def _result(self, delivery: Delivery, problems: tuple[Problem, ...]) -> edits.Result:
        """What became of an edit, as the ledger has it."""
        row = self._ledger.deliveries(digest=delivery.digest)[-1]
        given = json.loads(delivery.raw)
        number = next(iter(row["numbers"]), "")
        with self._ledger.facts() as facts:
            record = facts.record(number) if number else None
        clashed = frozenset(c.field for c in self._ledger.conflicts(delivery=delivery.digest) if not c.waits)
        found = [*problems, *(Problem(**p) for p in row["reason"])]
        catalogue, lang = self._procedures.catalogue, self._settings.lang
        said: dict[str, str] = {}
        for problem in found:
            name = problem.field.partition("[")[0].partition(".")[0]
            fld = catalogue.field(given["form"], name)
            if fld is not None and problem.severity == "error":
                said.setdefault(name, say(problem, lang, fld.label[lang]))
        taken = row["outcome"] in ("accepted", "partial")
        if not taken and not said and row["outcome"] != "ignored" and found:
            said = dict.fromkeys(given["values"], say(found[0], lang))
        return edits.Result(number, record.revision if record else None, taken, said, clashed)

    # ------------------------------------------------------------ when the file is not what it was

    def _old_copy(self, found: edits.Edits, now: datetime) -> None:
        context: dict[str, Any] = {"old": found.old, "now": self.standing.serial, "edits": len(found.deliveries)}
        if found.lost:
            context["kept"] = recover.aside(self.path, self._settings.local(now), "旧副本", copy=True).name
        code = "workbook_old_copy_kept" if found.lost else "workbook_old_copy"
        self._tell(Problem(code, self.path.name, context=context), now, ())
        self._log.warning(code, **context)

    def _damaged(self, reason: str, now: datetime) -> int:
        """A file that is no book of ours: waited for while somebody may be saving it, else kept aside and made anew."""
        if recover.settling(self.path, self._settings):
            self._log.info("workbook busy", reason=reason)
            return 0
        kept = recover.aside(self.path, self._settings.local(now), "打不开")
        self._recover(Problem("workbook_damaged", self.path.name, context={"kept": kept.name, "reason": reason}), now)
        return 0

    def _recover(self, problem: Problem, now: datetime) -> None:
        """The last version that was kept is put back, if it can be read, and brought up to the ledger; else the book is
        drawn anew."""
        if recover.put_back(self.path, self.history):
            new = dataclasses.replace(self.standing, fingerprint="")
            self._stands(new, {}, frozenset())
            found = self._look(now)
            known = {i: h for i, h in found.known.items() if h.at}
            new = Standing(fingerprint(self.path), new.serial, found.places, known, found.anchors)
        else:
            new = Standing(serial=self.standing.serial)
        self._stands(new, new.known, frozenset(self.standing.known.keys() - new.known.keys()))
        self._published = None
        self._tell(problem, now, ())
        self._log.warning(problem.code, **problem.context)

    def rebuild(self, now: datetime) -> str:
        """Draws the book anew from the ledger; the old one is kept beside it."""
        kept = ""
        if self.path.exists():
            if recover.held(self.path, self._settings):
                return f"{self.path.name} 开着，关闭后再试"
            kept = f"，旧的留作 {recover.aside(self.path, self._settings.local(now), '').name}"
        gone = frozenset(self.standing.known)
        self._stands(Standing(serial=self.standing.serial), {}, gone)
        return f"{self.path}{kept}" if self.publish(now, force=True) else f"{self.path.name} 开着，关闭后再试"

    # ------------------------------------------------------------ publishing

    def busy(self) -> bool:
        return self._aside is not None and self._aside.is_alive()

    def publish_aside(self, publish: Callable[[], object]) -> None:
        """Publishes in a thread of its own: a large book takes seconds, and the mail must not wait for it."""
        if not self.busy() and self._due() <= 0:
            self._aside = threading.Thread(target=publish, name="workbook")
            self._aside.start()

    def wait(self) -> None:
        """Until the book that is being written is written."""
        if self._aside is not None:
            self._aside.join()

    def publish(self, now: datetime, *, force: bool = False) -> bool:
        """Brings book and board up to the ledger, where anything changed. False: it has to wait."""
        if not force and self._published is not None:
            same = self._published[0] == self._ledger.changes and abs(now - self._published[1]) < _STALE
            if same and not self._waiting():
                return True
        begun = time.monotonic()
        self._showing.read(now)
        if (later := self._archive(now)) is not None:
            self._waits(later, now)
            return False
        self._reserve(now)
        before = self._ledger.changes
        shown = self._shown(now)
        board.write(self.path.with_name(BOARD), shown)
        done = publish.publish(
            self.path, shown, self.standing, self._settings, history=self.history, coming=self._coming
        )
        self._again = time.monotonic() + _SHARE * (time.monotonic() - begun)
        self._published = (before, now)
        if isinstance(done, Later):
            self._again = max(self._again, time.monotonic() + _TRY_AGAIN)
            self._waits(done, now)
            return False
        self._wrote(done)
        self._let_go()
        return True

    def _let_go(self) -> None:
        """Of a large book nothing is held between two publications: the memory of a daemon does not grow with it, and
        what changes with the minute is most of what is to be read anew."""
        if len(self.standing.known) > _HELD:
            self._made = Rows()
            self._showing.forget()
            kept = rows.Kept(self._ledger.sheet_rows)
            self._standing = dataclasses.replace(self.standing, known=kept, shown={})
            _give_back()

    def _coming(self, digest: str) -> None:
        self._ledger.set_note(_COMING, digest)

    def _wrote(self, done: Published) -> None:
        self._stands(done.standing, done.rows, done.gone)
        if self._waiting():
            self._note = None
            self._ledger.set_note(_WAITS, None)
        if done.written:
            self._log.info("workbook", added=done.added, changed=done.changed, removed=done.removed)
        for address in done.restored:
            self._log.info("workbook cell restored", where=address)

    def _due(self) -> float:
        """Seconds until what has changed may be written: when it has been quiet for a moment, at the latest after a
        while, and not too soon after the last time."""
        now, changes = time.monotonic(), self._ledger.changes
        seen, last, first = self._moved
        if seen != changes:
            same = self._published is None or self._published[0] == seen
            self._moved = seen, last, first = changes, now, now if same else first
        if self._published is None:
            return 0.0
        return max(min(last + _QUIET, first + _LONGEST), self._again) - now

    def seconds_to_publishing(self) -> float | None:
        """Until what has changed since is to be published; None when nothing has."""
        if self.busy() or self._published is None:
            return None
        if self._waiting():
            return max(0.0, self._again - time.monotonic())
        return max(0.0, self._due()) if self._published[0] != self._ledger.changes else None

    def _shown(self, now: datetime) -> Shown:
        view = self._showing.view(now, self._since or self._oldest(now))
        lang, catalogue = self._settings.lang, self._procedures.catalogue
        view = dataclasses.replace(view, waits=self._waiting())
        made = sheets.build(view, catalogue, lang, self._made, self.standing.places)
        return Shown(view, made, figures.figures(view, catalogue, lang, made), lang)

    def _oldest(self, now: datetime) -> datetime:
        """What had come to its end before this day stands in the archives."""
        today = self._settings.local(now).replace(hour=0, minute=0, second=0, microsecond=0)
        return add_months(today, -self._settings.workbook.months)

    def _archive(self, now: datetime) -> Later | None:
        """Once a day what is too old for the book moves to archive-YYYY.xlsx: there first, then out of the book."""
        since = self._oldest(now)
        if since != self._since:
            if self.standing.places:
                for year, view in self._showing.past(since).items():
                    file = self.path.with_name(f"archive-{year}{self.path.suffix}")
                    if later := archive.move(file, self.path, view, self.standing, self._procedures):
                        return later
            self._since = since
        return None

    def _reserve(self, now: datetime) -> None:
        """The numbers that stand ready in the book, and those whose month is over (P4)."""
        old = reserve.kept(self._ledger.note(reserve.NOTE))
        new: dict[str, reserve.Kept] = {}
        today = self._settings.local(now).date()
        with self._ledger.facts() as facts:
            for name in reserve.FORMS:
                form = self._procedures.catalogue.forms.get(name)
                if form is not None:
                    last = facts.counter(reserve.series(form.number, today))
                    wanted = self._settings.workbook.ready_rows
                    used = lambda number: facts.record(number) is not None  # noqa: E731
                    kept = old.get(name, reserve.Kept())
                    new[name] = reserve.renewed(kept, form.number, today, last, wanted, used)
        if new != old:
            tokens = tuple((f"{RESERVED}{n}", n) for kept in new.values() for n in kept.ready)
            with self._ledger.begin() as tx:
                tx.write(None, Judgement(tokens=tokens), now)
            self._ledger.set_note(reserve.NOTE, reserve.plain(new))

    # ------------------------------------------------------------ while somebody has it open

    def _waiting(self) -> tuple[datetime, str] | None:
        """Since when writing has waited, and for what."""
        if self._note is _UNREAD:
            self._note = self._ledger.note(_WAITS)
        note = self._note
        return (datetime.fromisoformat(note["since"]), str(note["reason"])) if note else None

    def _waits(self, later: Later, now: datetime) -> None:
        """Writing waits: a line of 待办 says how long, and after a while the office gets a copy to look at."""
        self._log.info("workbook waits", reason=later.reason)
        since, _ = self._waiting() or (now, "")
        note = self._note or {}
        told = bool(note.get("told"))
        if not told and now - since >= timedelta(hours=self._settings.workbook.mail_after_hours):
            told = self._send_copy(since, later, now)
        new = {"since": since.isoformat(), "reason": later.reason, "told": told}
        if new != note:
            self._note = new
            self._ledger.set_note(_WAITS, new)

    def _send_copy(self, since: datetime, later: Later, now: datetime) -> bool:
        data = publish.copy(self.path, self._shown(now), self.standing)
        if data is None:
            return False
        name = f"{self.path.stem} 只读 {self._settings.local(now):%m-%d %H%M}{self.path.suffix}"
        context = {"since": f"{self._settings.local(since):%Y-%m-%d %H:%M}", "reason": later.reason}
        digest = self._store.put(data)
        self._tell(Problem("workbook_waits", self.path.name, context=context), now, (f"file:{digest}:{name}",))
        return True


def _give_back() -> None:
    """Memory that is free goes back to the system, where the C library keeps it until it is asked (glibc)."""
    import ctypes

    with suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)

"""Everything of one workspace, opened: settings, procedures, ledger, store, and those who work with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qforms import answers, intake, rulebook, settings
from qforms.forms import catalogue
from qforms.ledger import Ledger, store_of
from qforms.ledger.leases import MAILBOX, WORKBOOK
from qforms.model import Clock, Delivery, Problem, QformsError, Source
from qforms.settings import Procedures, Settings
from qforms.worktime import WorkTime

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from qforms.colleagues import Colleagues
    from qforms.desk import Desk, Taken
    from qforms.digests import Digests
    from qforms.filing import Filing
    from qforms.forgetting import Forgetting
    from qforms.mailroom import Mailroom
    from qforms.office.child import OfficeReader
    from qforms.outbox.cases import CaseFolders
    from qforms.pulse import Pulse
    from qforms.recognition import Recognition
    from qforms.register import Register
    from qforms.search.finder import Finder
    from qforms.suggesting import Suggestions
    from qforms.unfolding import Unfolding
    from qforms.waiting import WaitingList
    from qforms.watch import Watch

CACHE = ".cache"
GROUP = 50  # what is waiting, up to this many deliveries, may share a commit
_AMONG_OTHERS = 0.2  # seconds between two rounds at least: what is due may be in others' hands
_A_MOMENT = 0.05  # seconds that looking for likely duplicates may take from a turn of the loop
MAX_RINGS = 100_000  # in one go; beyond it something rings without end


class House:
    """One workspace at work. Made by `opened`; each of its people comes when first asked for, so looking is quick."""

    def __init__(self, s: Settings, procedures: Procedures, ledger: Ledger) -> None:
        self.settings = s
        self.procedures = procedures
        self.ledger = ledger
        self.store = store_of(s)
        self.colleagues: Colleagues | None = None  # where other daemons may be at work on the ledger, too
        self._kept = False  # was the workbook its own when it last looked
        self._words = True  # said by mail and perhaps not carried out yet
        self._held = False  # something was held since the office was last told
        self._urgent: set[str] = set()  # and these wait for a word about their sender

    @cached_property
    def log(self) -> FilteringBoundLogger:
        from qforms import journal

        return journal.opened(self.settings.root)

    @cached_property
    def office(self) -> OfficeReader:
        from qforms.office.child import OfficeReader

        return OfficeReader(self.settings.limits, self.procedures.passwords)

    @cached_property
    def desk(self) -> Desk:
        from qforms.desk import Desk

        return Desk(self.ledger, self.store, self.procedures, self.office, self.log)

    @cached_property
    def unfolding(self) -> Unfolding:
        from qforms.unfolding import Unfolding

        return Unfolding(self.ledger, self.procedures, self.office)

    @cached_property
    def mailroom(self) -> Mailroom:
        from qforms.mailroom import Mailroom

        return Mailroom(self.ledger, self.store, self.procedures, self.log)

    @cached_property
    def recognition(self) -> Recognition:
        from qforms.recognition import Recognition

        return Recognition(self.ledger, self.store, self.procedures, self.log)

    @cached_property
    def filing(self) -> Filing:
        from qforms.filing import Filing

        return Filing(self.ledger, self.store, self.mailroom.cases, self.papers, self.procedures, self.log)

    @cached_property
    def papers(self) -> CaseFolders:
        """Where customers' identity cards and accounts lie, apart from the cases."""
        from qforms.outbox.cases import CaseFolders

        return CaseFolders(self.settings.path(self.settings.folders.papers))

    @cached_property
    def forgetting(self) -> Forgetting:
        from qforms.forgetting import Forgetting

        folders = (self.mailroom.cases, self.papers)
        return Forgetting(self.ledger, self.store, self.procedures, folders, self.finder, self.log)

    @cached_property
    def register(self) -> Register:
        from qforms.register import Register

        def tell(problem: Problem, now: datetime, enclosed: tuple[str, ...]) -> None:
            self.mailroom.tell_office(problem, now, enclosed)

        return Register(self.ledger, self.store, self.procedures, self.log, tell)

    @cached_property
    def waiting(self) -> WaitingList:
        from qforms.waiting import WaitingList

        return WaitingList(self.ledger, self.store, self.mailroom)

    @cached_property
    def digests(self) -> Digests:
        from qforms.digests import Digests

        return Digests(self.ledger, self.store, self.procedures)

    @cached_property
    def suggestions(self) -> Suggestions:
        from qforms.suggesting import Suggestions

        return Suggestions(self.ledger)

    @cached_property
    def finder(self) -> Finder:
        from qforms.search.finder import Finder

        return Finder(self.ledger, self.store, self.procedures, lambda data, name: self.office.read(data, name))

    @cached_property
    def watch(self) -> Watch:
        from qforms.watch import Watch

        return Watch(self.ledger, self.procedures, self.has_mailbox)

    def tell_silences(self, now: datetime) -> None:
        """The office hears, once a day, of a mailbox that cannot be read or has fallen silent."""
        self.watch.save(now)
        for problem in self.watch.problems(now):
            self.mailroom.tell_office(problem, now)

    @cached_property
    def pulse(self) -> Pulse:
        from qforms.pulse import Pulse

        among = self.colleagues.told if self.colleagues is not None else dict
        return Pulse(self.ledger, self.settings, self.watch, among)

    def new_day(self, now: datetime) -> None:
        """Once a day: the day before is sealed, and the operator hears how it went."""
        self.forgetting.elsewhere(now)
        if not self.keeps_book:
            return
        self.ledger.forget_turns()
        if (report := self.pulse.new_day(now)) is not None:
            if self.settings.watch.daily_report:
                self.mailroom.tell_operator(report, now)
            if lapsing := self._lapsing(now):
                self.mailroom.tell_operator(lapsing, now)
        self.forgetting.by_age(now)

    def _lapsing(self, now: datetime) -> Problem | None:
        """That the mailboxes' authorisation ends within a week: told by mail while there still is mail."""
        s = self.settings
        if "oauth" not in {s.outgoing.auth, *(box.auth for box in s.boxes().values())}:
            return None
        from qforms import oauth

        return oauth.expiring(s, s.local(now).date())

    def join(self) -> None:
        """Comes to work among those who are on the ledger; nothing to do where no other machine can be."""
        if self.ledger.shared:
            from qforms.colleagues import Colleagues

            self.colleagues = Colleagues(self.ledger, self.store, self.procedures, self.log)
            self.colleagues.join()
            self._words = False  # whoever gets the workbook carries out what others left
            self.desk.turn, self.desk.settle = self.colleagues.go_first, self.colleagues.tray.settle

    @property
    def working(self) -> bool:
        """May it judge and send? Not while others do so by other procedures."""
        return self.colleagues is None or self.colleagues.working

    def reads(self, source: Source) -> bool:
        """Does it look into a source: always, where no other machine can; else while it holds the mailbox."""
        return self.working and (source.private or self.has_mailbox())

    def has_mailbox(self) -> bool:
        """Does it hold the mailbox, and whatever else several machines could read?"""
        return self.colleagues is None or self.colleagues.holds(MAILBOX)

    def shares(self, deliveries: Sequence[Delivery]) -> bool:
        """Lays mail where every daemon finds it, if there are several. What becomes of a file is seen by where it is
        moved, so that is judged by whoever read it."""
        if self.colleagues is None or not self.colleagues.others:
            return False
        if not all(d.channel in ("imap", "maildir") for d in deliveries):
            return False
        self.colleagues.tray.lay(deliveries)
        return True

    @property
    def keeps_book(self) -> bool:
        """Does it hold workbook, case folders and what is told once a day?"""
        return self.colleagues is None or self.colleagues.holds(WORKBOOK)

    def look_around(self) -> None:
        """Sees what others have written, and whether the workbook has become its own, or is so no more."""
        self.ledger.look()
        if (keeps := self.keeps_book) == self._kept:
            return
        self._kept = keeps
        if (before := self.__dict__.pop("register", None)) is not None:
            before.wait()
        if keeps:  # as another, or one that was killed, has left it
            self.register.after_a_crash()
            self._words = True

    def called(self) -> bool:
        """Is there something for it that no source of its own told it of: a saved workbook, mail in the ledger, what
        another daemon has left?"""
        if self.colleagues is not None and self.colleagues.called():
            return True
        return self.keeps_book and self.register.edited()

    def close(self) -> None:
        if self.colleagues is not None:
            self.colleagues.leave()
        if "register" in self.__dict__:
            self.register.wait()
        for name in ("mailroom", "office"):
            if name in self.__dict__:
                getattr(self, name).close()
        self.ledger.close()

    def sources(self, now: datetime | None, once: bool) -> list[Source]:
        """The mailbox, its Sent folder, the watched folder. `now` caps what they give as time of arrival."""
        from qforms import sources

        clock = (lambda: now) if now else sources.real_time
        return sources.of(self.settings, clock, once, _Marks(self.ledger) if self.ledger.shared else None)

    def handle(self, waiting: Sequence[Delivery], now: datetime) -> list[Taken]:
        """Deliveries by time of arrival and clocks by the time of their rungs, in one order; a delivery wins a tie.

        A clock rings as of the next delivery's time, so that a later answer does not hide an earlier reminder."""
        taken: list[Taken] = []
        rest = list(waiting)
        listed: list[Delivery] = []  # lists whose rows are still to be taken, one list after the other
        rows: list[Delivery] = []
        if self.colleagues is not None:
            self.colleagues.begin()
        for _ in range(MAX_RINGS):
            if rows or listed:
                rows = rows or self.unfolding.rows(listed.pop(0))
                if rows:
                    done = self.desk.take(rows[:GROUP], now)
                    self._noticed(done)
                    rows = rows[len(done) :]
                continue
            due = self.ledger.due(now, limit=1)
            first = due[0].next_at if due else None
            ready = [d for d in rest if first is None or d.received_at <= first]
            if ready:
                done = self.desk.take(ready[:GROUP], now)
                self._noticed(done)
                taken += done
                rest = rest[len(done) :]
                listed += self._lists(done)
            elif not rest and (more := self._more()):
                rest = more
            elif due and self._rung(due[0], min(now, rest[0].received_at) if rest else now):
                continue
            elif rest and self.colleagues is not None:  # what comes before them is in others' hands, or came just now
                rest = sorted([*rest, *self._more()], key=lambda d: d.received_at)
                self.colleagues.pause()
            elif self._words:
                self._words = False
                answers.carry_out_words(self.ledger, self.desk, now)
            else:
                return taken
        self.log.error("clocks ring without end", now=now.isoformat())
        return taken

    def _lists(self, taken: Sequence[Taken]) -> list[Delivery]:
        """Those that are a platform's list (P15), also when they were here before: their rows may not all have been."""
        if not self.procedures.rulebook.exports:
            return []
        return [
            t.delivery for t in taken if t.outcome == "duplicate" or any(p.code == "export_read" for p in t.problems)
        ]

    def _noticed(self, taken: Sequence[Taken]) -> None:
        """What is done about deliveries once they are dealt with: words to be carried out, held ones to be told of."""
        self._words = self._words or any(intake.WORD in t.tasks for t in taken)
        held = [t for t in taken if t.outcome == "held"]
        self._held = self._held or bool(held)
        self._urgent.update(t.delivery.digest for t in held if "confirm_sender" in t.tasks)

    def _tell_waiting(self, now: datetime) -> None:
        anew, urgent, self._held, self._urgent = self._held, self._urgent, False, set()
        self.waiting.tell(now, anew=anew, urgent=urgent)

    def take_edits(self, now: datetime) -> None:
        """What the office wrote into the workbook since it was last read."""
        if not self.keeps_book:
            return
        self.guarded("edits", lambda: self.register.take_edits(self.desk, now), now)

    def finish(self, now: datetime, *, aside: bool = False) -> None:
        """After the commit: letters, case folders, workbook (`aside`: while the loop goes on). A bug in one does not
        stop the others."""
        self.guarded("held", lambda: self._tell_waiting(now), now)
        if self.keeps_book:
            self.guarded("digests", lambda: self.digests.tell(now), now)
            self.guarded("suggestions", lambda: self.suggestions.catch_up(now, _A_MOMENT))
        self.guarded("letters", lambda: self.mailroom.post(now), now)
        if not self.keeps_book:
            return
        self.guarded("suggestions", lambda: self.suggestions.catch_up(now, _A_MOMENT if aside else 0.0))
        self.guarded("case folders", self.filing.catch_up, now)
        if self.procedures.reads_pictures:
            self.guarded("pictures", lambda: self.recognition.go_on(now, aside=aside), now)

        def publish() -> None:
            self.guarded("workbook", lambda: self.register.publish(now), now)

        if aside:
            self.register.publish_aside(publish)
        else:
            publish()

    def _more(self) -> list[Delivery]:
        """What waits in the ledger for any daemon."""
        return [] if self.colleagues is None else self.colleagues.more(GROUP)

    def _rung(self, due: Clock, now: datetime) -> bool:
        """Rings the clock, or where others are at work the first that they have not in hand; False: there is none."""
        if self.colleagues is None:
            self._ring(due, now)
            return True
        if (clock := self.colleagues.clock(now)) is None:
            return False
        self._ring(clock, now)
        self.colleagues.rung(clock)
        return True

    def _ring(self, clock: Clock, now: datetime) -> None:
        self.desk.ring(clock, now)
        again = next(
            (c for c in self.ledger.due(now, limit=5) if (c.rule, c.subject) == (clock.rule, clock.subject)), None
        )
        if again is not None and again.next_at == clock.next_at:
            self.log.error("clock did not move on", clock=clock.rule, number=clock.subject)
            with self.ledger.begin() as tx:
                tx.postpone(clock, now)

    def next_call(self, now: datetime) -> datetime | None:
        """When the next clock rings or the next letter is to be tried."""
        calls = (self.ledger.next_due(), self.mailroom.next_try(now))
        return min((t for t in calls if t is not None), default=None)

    def seconds_to_next(self, now: datetime, at_most: float) -> float:
        """Until the next call, or until the book is to be brought up; at most `at_most` seconds."""
        call = self.next_call(now)
        waits = [(call - now) / timedelta(seconds=1)] if call else []
        if self.keeps_book and (book := self.register.seconds_to_publishing()) is not None:
            waits.append(book)
        if "recognition" in self.__dict__ and (reading := self.recognition.seconds_to_next()) is not None:
            waits.append(reading)
        return max(0.0 if self.colleagues is None else _AMONG_OTHERS, min([at_most, *waits]))

    def guarded(self, what: str, work: Callable[[], object], now: datetime | None = None) -> None:
        """Runs one part of the loop; its fault stops no other part. The operator hears of what he can mend."""
        try:
            work()
        except QformsError as fault:
            self.log.error("part stopped", part=what, reason=str(fault))
            if now is not None:
                self.operator_notice(Problem("part_stopped", str(fault)), now)
        except OSError as fault:  # a disk, the database, the store: tried again with the next round
            self.log.error("part waits", part=what, reason=str(fault))
        except Exception:
            self.log.exception("part failed", part=what)

    def operator_notice(self, problem: Problem, now: datetime) -> None:
        self.log.error(problem.code, where=problem.where, **problem.context)
        self.guarded("operator notice", lambda: self.mailroom.tell_operator(problem, now))


class _Marks:
    """How far folders were read, in the ledger: another machine reads on from there."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def read(self, name: str) -> Any:
        return self._ledger.note(name)

    def write(self, name: str, state: Mapping[str, Any]) -> None:
        self._ledger.set_note(name, dict(state))


@contextmanager
def opened(root: Path) -> Iterator[House]:
    """The house of a workspace, closed again at the end. Raises QformsError when something in it is wrong."""
    s = settings.load(root)
    cache = s.path(CACHE)
    loaded = catalogue.load(s.path("form_templates"), cache / "forms.json", s.zone)
    rules = rulebook.load(s.path("inbox_rules"), loaded, cache / "rules.json")
    forms = catalogue.with_conditions(loaded, rules.conditions)
    work, passwords = WorkTime(s.calendar, s.zone, cache), settings.FilePasswords(s)
    procedures = Procedures(forms, rules, work, s, settings.keys(s.root), passwords, _reads_pictures(s))
    ledger = Ledger(_ledger_of(s), forms, s.company.address.rpartition("@")[2])
    ledger.migrate()
    if ledger.shared:
        ledger.leases.lasts = s.machines.silent_seconds
    house = House(s, procedures, ledger)
    try:
        yield house
    finally:
        house.close()


def _reads_pictures(s: Settings) -> bool:
    from qforms.office import ocr

    return s.limits.ocr and ocr.available()


def _ledger_of(s: Settings) -> str | Path:
    return s.ledger if "://" in s.ledger else s.path(s.ledger)

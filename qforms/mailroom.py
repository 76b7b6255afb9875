"""Letters after the commit: rendered once, looked at once more, handed over, and filed with their case.

A letter's bytes stand in the store before it leaves, so that a retry sends the same; its state is written before and
after each try, so that a crash in between is known for what it is."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from qforms import documents, outbox, stamp
from qforms.enclosures import Enclosure, Enclosures
from qforms.ledger import Gone, Ledger, Transaction
from qforms.model import (
    EMPTY,
    Judgement,
    Lang,
    Letter,
    LetterIntent,
    Problem,
    QformsError,
    Store,
    Task,
    Transport,
)
from qforms.outbox import cases, guard, mime, post
from qforms.outbox.post import Step
from qforms.outbox.robots import Robots
from qforms.problems import say
from qforms.robots import Told, stale
from qforms.settings import Procedures
from qforms.together import Together, suggestions

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

GROUP = 50  # letters rendered, and said to be on their way, at once
_IN_HAND = 10  # letters taken in hand at once, where others send too and each goes by itself
_LISTED = "withheld letters listed on"
_OFFICE = ("office", "quality", "intake")  # who the office is: the first of these that somebody holds
_MOST_LISTED = 10
_NOT_RENDERED = timedelta(hours=1)
_STALE = "一天没有发成，不再发 (not said for a day)"


@dataclass(frozen=True, slots=True)
class _Draft:
    """A letter and its bytes, with what is enclosed and what its case is called."""

    letter: Letter
    raw: bytes = b""
    enclosed: tuple[Enclosure, ...] = ()
    label: str = ""


class Mailroom:
    """Sends what the ledger owes."""

    def __init__(self, ledger: Ledger, store: Store, procedures: Procedures, log: FilteringBoundLogger) -> None:
        self._ledger = ledger
        self._store = store
        self._procedures = procedures
        self.settings = procedures.settings
        self._log = log
        self._fates: list[Letter] = []  # what became of letters, and could not be written down yet
        self._troubled: list[Problem] = []  # what the operator is told when the letters are dealt with
        self.enclosures = Enclosures(ledger, store, procedures)
        self.together = Together(ledger, procedures)
        self.told = Told(ledger, procedures)
        self.cases = cases.CaseFolders(self.settings.path(self.settings.folders.cases), ledger.shared)

    def close(self) -> None:
        for way in ("_outgoing", "_robots"):
            if way in self.__dict__:
                getattr(self, way).close()

    def post(self, now: datetime) -> int:
        """Does what is due with every open letter; gives the number sent. A letter's fault harms no other letter."""
        sent = 0
        self._tell_fate([])
        for group in self._in_hand(now) if self._ledger.shared else self._all_due(now):
            sent += self._handle(group, now)
        while self._troubled:
            self.tell_operator(self._troubled.pop(0), now)
        self._list_withheld(now)
        return sent

    def _steps(self, letters: Sequence[Letter], now: datetime) -> list[tuple[Letter, Step]]:
        return [(x, step) for x in letters if (step := post.next_step(x, self.settings, now)) != "wait"]

    def _all_due(self, now: datetime) -> Iterator[Sequence[tuple[Letter, Step]]]:
        for page in self._ledger.letter_pages(post.OPEN):
            due = self.together.alone(self._steps(page, now), now)
            self.told.owe(due, now)
            yield from self._groups(due)

    def _groups(self, due: list[tuple[Letter, Step]]) -> Iterator[Sequence[tuple[Letter, Step]]]:
        """What is handled at once; messages to robots one by one after the letters, which wait for no robot."""
        mails = [x for x in due if x[0].intent.audience != "robot"]
        size = GROUP if mails and self._outgoing.repeatable else 1
        yield from (mails[at : at + size] for at in range(0, len(mails), size))
        yield from ([x] for x in due if x[0].intent.audience == "robot")

    def _in_hand(self, now: datetime) -> Iterator[Sequence[tuple[Letter, Step]]]:
        """What is due, where other daemons send, too: what this one has got in hand."""
        leases, delay, last = self._ledger.leases, self.delay, 0
        size = GROUP if self._outgoing.repeatable else 1
        while True:
            found, last = leases.letters(post.OPEN, now, delay, max(size, _IN_HAND), last)
            if not found:
                return
            due = self._steps(found, now)
            if len(due) < len(found):
                leases.drop_letters([*{x.intent.key for x in found} - {x.intent.key for x, _ in due}])
            due = self.together.alone(due, now)
            self.told.owe(due, now)
            yield from self._groups(due)

    @property
    def delay(self) -> timedelta:
        """How long letters to departments can be stopped."""
        return timedelta(minutes=self.settings.outgoing.delay_minutes)

    def next_try(self, now: datetime) -> datetime | None:
        """When the next open letter is to be looked at again."""
        if self._ledger.shared:
            return self._ledger.leases.next_letter(post.OPEN, now)
        waiting = [x for x in self._ledger.letters(post.OPEN) if post.next_step(x, self.settings, now) == "wait"]
        times = [t for x in waiting for t in (x.next_try, x.intent.not_before) if t is not None and t > now]
        return min(times, default=None)

    def blank(self, form: str, kind: str, lang: Lang) -> Enclosure:
        return self.enclosures.blank(form, kind, lang)

    def tell_operator(self, problem: Problem, now: datetime) -> None:
        """One letter a day and problem to the operator."""
        if address := self.settings.company.operator:
            where = hashlib.sha256(problem.where.encode()).hexdigest()[:12]
            self._owe(f"operator:{problem.code}:{where}:{self._day(now)}", "operator", address, problem, [], now)

    def tell_office(self, problem: Problem, now: datetime, enclosed: tuple[str, ...] = ()) -> None:
        """One letter a day and problem to the office, or to the operator where the office has no address; `enclosed` as
        in LetterIntent.attach."""
        if to := self._office():
            said = hashlib.sha256(f"{problem.where}{sorted(problem.context.items())}".encode()).hexdigest()[:12]
            key = f"office:{problem.code}:{said}:{self._day(now)}"
            self._owe(key, "office", to, problem, [], now, enclosed)

    def list_for_office(
        self,
        key: str,
        problem: Problem,
        rows: list[list[str]],
        now: datetime,
        enclosed: tuple[str, ...],
        facts: Mapping[str, object],
    ) -> None:
        """A list that the office answers line by line, quoting its code; `facts` go with the letter for the answer."""
        if to := self._office():
            self._owe(key, "office", to, problem, rows, now, enclosed, facts)

    def _office(self) -> str:
        with self._ledger.facts() as facts:
            departments = [d for d in facts.all("department") if d.values.get("email")]
        office = (d for role in _OFFICE for d in departments if role in (d.values.get("roles") or ()))
        return next((str(d.values["email"]) for d in office), self.settings.company.operator)

    def _list_withheld(self, now: datetime) -> None:
        """Once a day the office gets a list of the letters that a trial keeps back or that wait for 「发」 (P1)."""
        withheld = self._ledger.letters(("trial", "held"))
        if not withheld or self._ledger.note(_LISTED) == self._day(now):
            return
        if to := self._office():
            shown = [[", ".join(x.intent.to), x.intent.subject] for x in withheld[-_MOST_LISTED:]]
            count = Problem("letters_withheld", context={"count": len(withheld)})
            self._owe(f"withheld:{self._day(now)}", "office", to, count, shown, now)
        self._ledger.set_note(_LISTED, self._day(now))

    def _day(self, now: datetime) -> str:
        return f"{self.settings.local(now):%Y-%m-%d}"

    def _owe(
        self,
        key: str,
        audience: Literal["operator", "office"],
        to: str,
        problem: Problem,
        rows: list[list[str]],
        now: datetime,
        enclosed: tuple[str, ...] = (),
        more: Mapping[str, object] = EMPTY,
    ) -> None:
        """A letter to our own people that no rule owes; one with `more` facts can be answered, and has a code."""
        said = say(problem, self.settings.lang)
        facts = {"request": said, "problems": rows, "at": self.settings.local(now).isoformat()}
        code = stamp.code_for(list(self._procedures.keys.values())[-1], key) if more else ""
        self._write(key, "operator", audience, to, {**facts, **more}, enclosed, now, code)

    def welcome(self, to: str, forms: Sequence[str], now: datetime) -> None:
        """The first letter of a workspace, to the office: how to begin, with these forms as blanks."""
        lang, catalogue = self.settings.lang, self._procedures.catalogue
        facts = {"forms": [catalogue.form(name).title[lang] for name in forms]}
        self._write("welcome", "welcome", "office", to, facts, tuple(f"blank:{name}" for name in forms), now)

    def _write(
        self,
        key: str,
        kind: str,
        audience: Literal["operator", "office"],
        to: str,
        facts: Mapping[str, object],
        enclosed: tuple[str, ...],
        now: datetime,
        code: str = "",
    ) -> None:
        """Writes down a letter that no record owes; it leaves at once, whatever the hour."""
        intent = LetterIntent(
            key=key,
            kind=kind,
            audience=audience,
            to=(to,),
            cc=(),
            lang=self.settings.lang,
            number="",
            revision=0,
            case_no="",
            subject="",
            facts=facts,
            attach=enclosed,
            code=code,
            urgent=True,
            at=now,
        )
        with self._ledger.begin() as tx:
            tx.write(None, Judgement(letters=(intent,)), now)

    # ------------------------------------------------------------ a group of letters

    def _handle(self, group: Sequence[tuple[Letter, Step]], now: datetime) -> int:
        """Renders the letters of a group, says that they are on their way, hands them over, says what became of them.

        A group is more than one only where handing a letter over again is harmless: a crash in between does it. Where
        it is not, a letter is said to be on its way at the last moment before the other side may take it."""
        going: list[tuple[Letter, bytes]] = []
        staying: list[Letter] = []
        for draft, step in self._rendered(group, now):
            letter = draft.letter
            if letter.state == "stopped":
                staying.append(letter)
            elif step in ("trial", "hold"):
                staying.append(post.withheld(letter, step))
            else:
                going.append((letter, draft.raw))
        repeatable = self._way(going[0][0]).repeatable if going else True
        self._save(staying)
        self._save([post.under_way(letter, True) for letter, _ in going if repeatable], kept=True)
        done = [self._sent(letter, raw, now) for letter, raw in going]
        self._tell_fate(done)
        return sum(letter.state == "sent" for letter in done)

    def _sent(self, letter: Letter, raw: bytes, now: datetime) -> Letter:
        try:
            to = [*letter.intent.to, *letter.intent.cc]
            result = self._way(letter).send(raw, self._sender, to, lambda: self._under_way(letter))
        except OSError:  # the ledger, just before the last dot: nothing has left
            raise
        except Exception as fault:
            return self._failed(letter, fault, now)
        after = post.after(letter, result, now, self.settings.outgoing.attempts)
        self._log.info("letter", key=letter.intent.key, state=after.state, error=after.last_error)
        return after

    # ------------------------------------------------------------ rendering

    def _rendered(self, group: Sequence[tuple[Letter, Step]], now: datetime) -> list[tuple[_Draft, Step]]:
        """The letters with their bytes, which stand in the store; without those that cannot be made."""
        drafts: list[tuple[_Draft, Step]] = []
        failed: list[Letter] = []
        with self._ledger.facts() as facts:
            cases = [letter.intent.case_no for letter, _ in group]
            facts.fetch_records(cases)
            facts.fetch_cases(cases)
            ours = [str(p.values.get("email", "")) for p in (*facts.all("person"), *facts.all("department"))]
            for letter, step in group:
                try:
                    if stale(letter, now):
                        late = dataclasses.replace(letter, state="stopped", last_error=_STALE)
                        drafts.append((_Draft(late), step))
                        continue
                    drafts.append((self._draft(letter, facts, frozenset(ours)), step))
                except Exception as fault:
                    failed.append(self._failed(letter, fault, now))
        self._note(self.enclosures.own.tasks, now)
        new = [(n, draft) for n, (draft, _) in enumerate(drafts) if not draft.letter.digest and draft.raw]
        for (n, draft), digest in zip(new, self._store.put_all(draft.raw for _, draft in new), strict=True):
            letter = dataclasses.replace(draft.letter, state="rendered", digest=digest)
            drafts[n] = dataclasses.replace(draft, letter=letter), drafts[n][1]
            self._file(draft)
        self._save(failed)
        return drafts

    def _note(self, tasks: list[Task], now: datetime) -> None:
        """Writes down what somebody has to do about what was enclosed; once, however often the letter is made."""
        if tasks:
            with self._ledger.begin() as tx:
                tx.write(None, Judgement(tasks=tuple(t for t in tasks if tx.task(t.key) is None)), now)
            tasks.clear()

    def _draft(self, letter: Letter, facts: Transaction, ours: frozenset[str]) -> _Draft:
        """The letter's bytes, unless it must not leave: then it is stopped with the reason."""
        if letter.digest:
            return _Draft(letter, self._store.get(letter.digest))
        intent = letter.intent
        enclosed = self.enclosures.of(intent, facts)
        composed = documents.compose(_with_suggestions(letter, facts), self.settings)
        if intent.audience == "robot":
            said = dataclasses.replace(intent, subject=composed.subject)
            return _Draft(dataclasses.replace(letter, intent=said), self.told.words(intent, composed, facts))
        if problem := self._guarded(intent, enclosed, f"{composed.subject}\n{composed.text}", facts, ours):
            self._log.error("letter stopped", key=intent.key, code=problem.code)
            reason = say(problem, self.settings.lang)
            return _Draft(dataclasses.replace(letter, state="stopped", last_error=reason))
        intent = dataclasses.replace(intent, subject=composed.subject)
        raw = mime.build(
            intent,
            composed.subject,
            composed.text,
            composed.html,
            [(e.name, e.data, e.kind) for e in enclosed],
            sender=self._sender,
            message_id=letter.message_id,
            date=self.settings.local(_dated(intent) or datetime.now(self.settings.zone)),
            sender_name=self.settings.company.name,
            reply_to=self.settings.company.address,
        )
        label = cases.label(facts.record(intent.case_no)) if intent.case_no else ""
        return _Draft(dataclasses.replace(letter, intent=intent), raw, tuple(enclosed), label)

    def _guarded(
        self, intent: LetterIntent, enclosed: list[Enclosure], text: str, facts: Transaction, ours: frozenset[str]
    ) -> Problem | None:
        case = facts.record(intent.case_no) if intent.case_no else None
        customer = str(case.values.get("customer_name") or "") if case else ""
        others = {str(r.values.get("customer_name") or "") for r in facts.case(intent.case_no)} - {customer, ""}
        if intent.audience == "supplier" and customer:  # who complained is nothing to those who delivered (P46)
            others.add(customer)
        return guard.allowed(
            intent,
            [(e.name, e.circle) for e in enclosed],
            [*intent.to, *intent.cc],
            frozenset({self.settings.company.address.rpartition("@")[2]}),
            ours,
            text=text,
            withheld=others,
        )

    def _file(self, draft: _Draft) -> None:
        """A copy in the case's folder, under human names (P32); a folder that can't be written stops no letter."""
        intent = draft.letter.intent
        if not intent.case_no or intent.audience == "robot":
            return
        at = _dated(intent)
        when = f"{self.settings.local(at):%Y-%m-%d %H%M}" if at else ""
        try:
            for e in draft.enclosed:
                self.cases.put(intent.case_no, draft.label, f"{when} 发出 {e.name}", e.data)
            self.cases.put(intent.case_no, draft.label, f"{when} 发出 {intent.subject}.eml", draft.raw)
        except OSError as fault:
            self._log.warning("case folder", case=intent.case_no, reason=str(fault))

    @cached_property
    def _outgoing(self) -> Transport:
        return outbox.transport(self.settings)

    @cached_property
    def _robots(self) -> Robots:
        return Robots(self.settings)

    def _way(self, letter: Letter) -> Transport:
        return self._robots if letter.intent.audience == "robot" else self._outgoing

    @property
    def _sender(self) -> str:
        return self.settings.outgoing.sender or self.settings.company.address

    def _failed(self, letter: Letter, fault: Exception, now: datetime) -> Letter:
        """A letter that can't be made: tried again in an hour, the operator is told."""
        expected = isinstance(fault, QformsError)
        self._log.error("letter failed", key=letter.intent.key, reason=str(fault), exc_info=not expected)
        reason = str(fault) if expected else f"bug: {fault!r}"
        if letter.intent.kind != "operator":
            self._troubled.append(Problem("letter_not_made", letter.intent.key, context={"reason": reason}))
        return dataclasses.replace(letter, state="later", last_error=reason, next_try=now + _NOT_RENDERED)

    def _under_way(self, letter: Letter) -> None:
        self._save([post.under_way(letter, False)], kept=True)

    def _tell_fate(self, done: Sequence[Letter]) -> None:
        """Writes down what became of letters; while the database is away it is kept, else they would go twice."""
        self._fates += done
        try:
            self._save(self._fates)
        except Gone:
            self._fates = []
            raise
        self._fates = []

    def _save(self, letters: Sequence[Letter], *, kept: bool = False) -> None:
        if letters:
            self._ledger.set_letters(letters, kept=kept)


def _with_suggestions(letter: Letter, facts: Transaction) -> LetterIntent:
    """The letter with what is suggested about its case, where it is for our own people."""
    intent = letter.intent
    asked = suggestions(letter, facts) if intent.audience not in ("customer", "supplier") else []
    return dataclasses.replace(intent, facts={**intent.facts, "suggested": asked}) if asked else intent


def _dated(intent: LetterIntent) -> datetime | None:
    """When the letter is from: when it was owed, or let out of quiet hours. The same at every try."""
    return max((at for at in (intent.at, intent.not_before) if at is not None), default=None)

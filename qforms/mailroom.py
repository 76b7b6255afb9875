"""Letters after the commit: rendered once, looked at once more, handed over, and filed with their case.

A letter's bytes stand in the store before it leaves, so that a retry sends the same; its state is written before and
after each try, so that a crash in between is known for what it is."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from qforms import documents, outbox
from qforms.enclosures import Enclosure, Enclosures
from qforms.ledger import Ledger
from qforms.model import (
    Dead,
    Judgement,
    Lang,
    Later,
    Letter,
    LetterIntent,
    Problem,
    QformsError,
    Sent,
    Store,
    Transport,
)
from qforms.outbox import cases, guard, mime, post
from qforms.problems import say
from qforms.settings import Procedures

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

OPEN = ("owed", "rendered", "sending", "later", "unknown")
_LISTED = "withheld letters listed on"
_OFFICE = ("office", "quality", "intake")  # who the office is: the first of these that somebody holds
_MOST_LISTED = 10
_NOT_RENDERED = timedelta(hours=1)


class Mailroom:
    """Sends what the ledger owes."""

    def __init__(self, ledger: Ledger, store: Store, procedures: Procedures, log: FilteringBoundLogger) -> None:
        self._ledger = ledger
        self._store = store
        self._procedures = procedures
        self.settings = procedures.settings
        self._log = log
        self._transport: Transport | None = None
        self.enclosures = Enclosures(ledger, store, procedures)
        self.cases = cases.CaseFolders(self.settings.path(self.settings.folders.cases))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def post(self, now: datetime) -> int:
        """Does what is due with every open letter; gives the number sent. A letter's fault harms no other letter."""
        sent = 0
        for letter in self._ledger.letters(OPEN):
            step = post.next_step(letter, self.settings, now)
            if step == "wait":
                continue
            try:
                sent += self._handle(letter, step, now)
            except Exception as fault:
                self._failed(letter, fault, now)
        self._list_withheld(now)
        return sent

    def next_try(self, now: datetime) -> datetime | None:
        """When the next open letter is to be looked at again."""
        waiting = [x for x in self._ledger.letters(OPEN) if post.next_step(x, self.settings, now) == "wait"]
        times = [t for x in waiting for t in (x.next_try, x.intent.not_before) if t is not None and t > now]
        return min(times, default=None)

    def blank(self, form: str, kind: str, lang: Lang) -> Enclosure:
        return self.enclosures.blank(form, kind, lang)

    def tell_operator(self, problem: Problem, now: datetime) -> None:
        """One letter a day and problem to the operator."""
        if address := self.settings.company.operator:
            where = hashlib.sha256(problem.where.encode()).hexdigest()[:12]
            self._owe(f"operator:{problem.code}:{where}:{self._day(now)}", "operator", address, problem, [], now)

    def _list_withheld(self, now: datetime) -> None:
        """Once a day the office gets a list of the letters that a trial keeps back or that wait for 「发」 (P1)."""
        withheld = self._ledger.letters(("trial", "held"))
        if not withheld or self._ledger.note(_LISTED) == self._day(now):
            return
        with self._ledger.facts() as facts:
            departments = [d for d in facts.all("department") if d.values.get("email")]
        office = (d for role in _OFFICE for d in departments if role in (d.values.get("roles") or ()))
        if to := next((str(d.values["email"]) for d in office), self.settings.company.operator):
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
    ) -> None:
        """A letter to our own people that no rule owes."""
        lang = self.settings.lang
        facts = {"request": say(problem, lang), "problems": rows, "at": self.settings.local(now).isoformat()}
        intent = LetterIntent(
            key=key,
            kind="operator",
            audience=audience,
            to=(to,),
            cc=(),
            lang=lang,
            number="",
            revision=0,
            case_no="",
            subject="",
            facts=facts,
            urgent=True,
            at=now,
        )
        with self._ledger.begin() as tx:
            tx.write(None, Judgement(letters=(intent,)), now)

    # ------------------------------------------------------------ one letter

    def _handle(self, letter: Letter, step: str, now: datetime) -> int:
        if not letter.digest:
            letter = self._render(letter)
            if letter.state == "stopped":
                return 0
        if step in ("trial", "hold"):
            self._save(dataclasses.replace(letter, state="trial" if step == "trial" else "held"))
            return 0
        self._save(dataclasses.replace(letter, state="sending"))
        result = self._send(self._store.get(letter.digest), [*letter.intent.to, *letter.intent.cc])
        after = post.after(letter, result, now, self.settings.outgoing.attempts)
        self._save(after)
        self._log.info("letter", key=letter.intent.key, state=after.state, error=after.last_error)
        return int(after.state == "sent")

    def _render(self, letter: Letter) -> Letter:
        """The letter's bytes into the store, unless it must not leave: then it is stopped with the reason."""
        intent = letter.intent
        enclosed = self.enclosures.of(intent)
        composed = documents.compose(intent, self.settings)
        if problem := self._guarded(intent, enclosed, f"{composed.subject}\n{composed.text}"):
            stopped = dataclasses.replace(letter, state="stopped", last_error=say(problem, self.settings.lang))
            self._save(stopped)
            self._log.error("letter stopped", key=intent.key, code=problem.code)
            return stopped
        raw = mime.build(
            dataclasses.replace(intent, subject=composed.subject),
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
        with_subject = dataclasses.replace(intent, subject=composed.subject)
        rendered = dataclasses.replace(letter, intent=with_subject, state="rendered", digest=self._store.put(raw))
        self._file(rendered, enclosed, raw)
        return rendered  # saved with its next state, before anything leaves

    def _guarded(self, intent: LetterIntent, enclosed: list[Enclosure], text: str) -> Problem | None:
        with self._ledger.facts() as facts:
            people = [str(p.values.get("email", "")) for p in (*facts.all("person"), *facts.all("department"))]
            case = facts.record(intent.case_no)
            customer = str(case.values.get("customer_name") or "") if case else ""
            others = {str(r.values.get("customer_name") or "") for r in facts.case(intent.case_no)} - {customer, ""}
        return guard.allowed(
            intent,
            [(e.name, e.circle) for e in enclosed],
            [*intent.to, *intent.cc],
            {self.settings.company.address.rpartition("@")[2]},
            people,
            text=text,
            withheld=others,
        )

    def _file(self, letter: Letter, enclosed: list[Enclosure], raw: bytes) -> None:
        """A copy in the case's folder, under human names (P32); a folder that can't be written stops no letter."""
        case_no = letter.intent.case_no
        if not case_no:
            return
        at = _dated(letter.intent)
        when = f"{self.settings.local(at):%Y-%m-%d %H%M}" if at else ""
        try:
            label = self.label(case_no)
            for e in enclosed:
                self.cases.put(case_no, label, f"{when} 发出 {e.name}", e.data)
            self.cases.put(case_no, label, f"{when} 发出 {letter.intent.subject}.eml", raw)
        except OSError as fault:
            self._log.warning("case folder", case=case_no, reason=str(fault))

    def label(self, case_no: str) -> str:
        """「客户 型号」 as known by now."""
        with self._ledger.facts() as facts:
            case = facts.record(case_no)
        values = case.values if case else {}
        return f"{values.get('customer_name') or ''} {values.get('product_model') or ''}".strip()

    def _send(self, raw: bytes, to: list[str]) -> Sent | Later | Dead:
        if self._transport is None:
            self._transport = outbox.transport(self.settings)
        return self._transport.send(raw, self._sender, to)

    @property
    def _sender(self) -> str:
        return self.settings.outgoing.sender or self.settings.company.address

    def _failed(self, letter: Letter, fault: Exception, now: datetime) -> None:
        """A letter that can't be made: tried again in an hour, the operator is told."""
        expected = isinstance(fault, QformsError)
        self._log.error("letter failed", key=letter.intent.key, reason=str(fault), exc_info=not expected)
        reason = str(fault) if expected else f"bug: {fault!r}"
        self._save(dataclasses.replace(letter, state="later", last_error=reason, next_try=now + _NOT_RENDERED))
        if letter.intent.kind != "operator":
            self.tell_operator(Problem("letter_not_made", letter.intent.key, context={"reason": reason}), now)

    def _save(self, letter: Letter) -> None:
        with self._ledger.begin() as tx:
            tx.set_letter(letter)


def _dated(intent: LetterIntent) -> datetime | None:
    """When the letter is from: when it was owed, or let out of quiet hours. The same at every try."""
    return max((at for at in (intent.at, intent.not_before) if at is not None), default=None)

"""What the program did since the last look, in words: taken from the ledger, not from the story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qforms.desk import Taken
from qforms.house import House
from qforms.model import Lang, Letter, Record

_OUTCOMES = {
    "accepted": ("收下", "taken in"),
    "partial": ("收下对的，缺的、错的已指出", "what is right is kept, the rest pointed out"),
    "refused": ("退回，说明了原因", "refused, with the reason"),
    "held": ("搁置，列入待处理邮件", "held, listed for the office"),
    "ignored": ("记下", "noted"),
    "duplicate": ("和先前一封相同，不重复办", "the same mail again, nothing done twice"),
    "bounced": ("记在那封回执上，请客服另找地址", "noted on that letter, the office is asked for another address"),
    "auto_reply": ("自动回复，不回信", "an automatic reply, not answered"),
    "business_mail": ("不是投诉，不编号，不回信", "no complaint: no number, no reply"),
}
_KINDS = {
    "acknowledgement": ("回执", "acknowledgement"),
    "question": ("追问", "question"),
    "rejection": ("请改正", "please correct"),
    "issue": ("发出", "sent"),
    "revision": ("发出新版", "revision sent"),
    "decision_request": ("请决定", "please decide"),
    "escalation": ("逾期上报", "escalated"),
    "alarm": ("警报", "alarm"),
    "answer": ("答复", "answer"),
    "operator": ("告诉操作员", "operator told"),
}
_NUMBERED = frozenset({"issue", "revision", "decision_request", "escalation"})
_QUIET = frozenset({"reminder", "stage", "digest"})  # counted, not listed
_HIDDEN = frozenset({"complaint", "mechanism_group", "approval"})  # records that go without saying


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table at the end."""

    at: datetime
    came: str
    did: str


class Account:
    """Remembers which deliveries, records and letters it has told of."""

    def __init__(self, house: House, lang: Lang) -> None:
        self._house, self._lang = house, lang
        self._letters = {x.intent.key for x in house.ledger.letters()}
        self._records = {r.number: r.status for r in house.ledger.records()}
        self._edits = 0
        self.kinds: Counter[str] = Counter()  # letters sent, by kind

    def since(self, taken: Sequence[Taken] = ()) -> str:
        """Outcomes, records opened, letters sent since the last call; "" when there is nothing to tell."""
        said = [*map(self._outcome, taken), *self._edited(), *self._opened(), *self._sent()]
        return ("；" if self._lang == "zh" else "; ").join(dict.fromkeys(said))

    def _word(self, table: dict[str, tuple[str, str]], key: str) -> str:
        return table.get(key, (key, key))[self._lang == "en"]

    def _listed(self, words: Iterable[str]) -> str:
        return ("、" if self._lang == "zh" else ", ").join(words)

    def _outcome(self, taken: Taken) -> str:
        row: dict[str, Any] = next(iter(self._house.ledger.deliveries(digest=taken.delivery.digest)), {})
        code = next((p["code"] for p in row.get("reason", ()) if p["code"] in _OUTCOMES), "")
        numbers = [n for n in taken.numbers if not n.startswith(("LX-", "SP-"))]
        return " ".join([self._word(_OUTCOMES, code or taken.outcome), *numbers])

    def _edited(self) -> Iterator[str]:
        """Rows that the office changed in the workbook."""
        edits = sum(row["channel"] == "workbook" for row in self._house.ledger.deliveries())
        new, self._edits = edits - self._edits, edits
        if new:
            yield f"记入 {new} 行，时限随之重算" if self._lang == "zh" else f"{new} rows taken, deadlines follow"

    def _opened(self) -> Iterator[str]:
        shown = [r for r in self._house.ledger.records() if r.form not in _HIDDEN]
        new = [r for r in shown if r.number not in self._records]
        moved = [r for r in shown if r.status != self._records.get(r.number, r.status)]
        self._records.update((r.number, r.status) for r in shown)
        for form in dict.fromkeys(r.form for r in new):
            yield self._opened_of(form, [r for r in new if r.form == form])
        for record in moved:
            states = self._house.procedures.catalogue.form(record.form).lifecycle
            yield f"{record.number} {states.state(record.status).label[self._lang]}"

    def _opened_of(self, form: str, records: list[Record]) -> str:
        title = self._house.procedures.catalogue.form(form).title[self._lang]
        which = records[0].number if len(records) == 1 else f"x {len(records)}"
        return f"{'开出' if self._lang == 'zh' else 'opened'} {title} {which}"

    def _sent(self) -> list[str]:
        new = [x for x in self._house.ledger.letters(("sent", "bounced")) if x.intent.key not in self._letters]
        self._letters.update(x.intent.key for x in new)
        self.kinds.update(x.intent.kind for x in new)
        return [self._letter(x) for x in new if x.intent.kind not in _QUIET]

    def _letter(self, letter: Letter) -> str:
        intent = letter.intent
        words = [self._word(_KINDS, intent.kind), intent.number if intent.kind in _NUMBERED else ""]
        return " ".join(w for w in (*words, "→", self._listed(map(self._name, intent.to))) if w)

    def _name(self, address: str) -> str:
        with self._house.ledger.facts() as facts:
            found = facts.find("person", "email", address)
        return str(found[0].values["name"]) if found else address

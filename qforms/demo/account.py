"""What the program did since the last look, in words: taken from the ledger, not from the story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from qforms.desk import Taken
from qforms.house import House
from qforms.model import Lang, Letter

_OUTCOMES = {
    "accepted": ("收下", "taken in"),
    "partial": ("收下，缺项已问", "taken in, gaps asked for"),
    "refused": ("退回，说明了原因", "refused, with the reason"),
    "held": ("搁置，告诉了质量部", "held, the office is told"),
    "ignored": ("不是投诉，记下，不回信", "noted, no case, no reply"),
    "duplicate": ("和先前一封相同，不重复办", "the same mail again, nothing twice"),
}
_KINDS = {
    "acknowledgement": ("回执", "acknowledgement"),
    "question": ("追问", "question"),
    "rejection": ("请改正", "what to correct"),
    "issue": ("发出", "issued"),
    "revision": ("新版", "revision"),
    "decision_request": ("请决定", "asked to decide"),
    "escalation": ("逾期上报", "escalated"),
    "alarm": ("警报", "alarm"),
    "answer": ("答复", "answer"),
    "operator": ("告诉操作员", "operator told"),
}
QUIET = frozenset({"reminder", "stage", "digest"})  # counted, not listed


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table at the end."""

    at: datetime
    came: str
    did: str


class Account:
    """Remembers which records and letters it has told of."""

    def __init__(self, house: House, lang: Lang) -> None:
        self._house, self._zh = house, lang == "zh"
        self._letters = {x.intent.key for x in house.ledger.letters()}
        self._records = {r.number for r in house.ledger.records()}
        self.kinds: Counter[str] = Counter()

    def since(self, taken: Sequence[Taken] = ()) -> str:
        """Outcomes, records opened, letters sent since the last call; "" when there is nothing to tell."""
        said = [self._outcome(t) for t in taken]
        said += self._opened()
        said += self._sent()
        return self._joined(dict.fromkeys(s for s in said if s))

    def _joined(self, said: dict[str, None]) -> str:
        return ("；" if self._zh else "; ").join(said)

    def _word(self, table: dict[str, tuple[str, str]], key: str) -> str:
        return table[key][0 if self._zh else 1] if key in table else key

    def _outcome(self, taken: Taken) -> str:
        numbers = [n for n in taken.numbers if not n.startswith("LX-")][:3]
        return " ".join([self._word(_OUTCOMES, taken.outcome), *numbers])

    def _opened(self) -> list[str]:
        new = [r for r in self._house.ledger.records() if r.number not in self._records]
        self._records.update(r.number for r in new)
        catalogue = self._house.procedures.catalogue
        documents = [r for r in new if catalogue.form(r.form).code.startswith("Q/") or r.form == "contact"]
        told = []
        for record in documents:
            title = catalogue.form(record.form).title["zh" if self._zh else "en"]
            told.append(f"{'开出' if self._zh else 'opened'} {record.number} {title}")
        return told

    def _sent(self) -> list[str]:
        new = [x for x in self._house.ledger.letters(("sent", "bounced")) if x.intent.key not in self._letters]
        self._letters.update(x.intent.key for x in new)
        self.kinds.update(x.intent.kind for x in new)
        return [self._letter(x) for x in new if x.intent.kind not in QUIET]

    def _letter(self, letter: Letter) -> str:
        to = ("、" if self._zh else ", ").join(self._name(a) for a in letter.intent.to)
        number = letter.intent.number if letter.intent.kind in ("issue", "decision_request", "escalation") else ""
        return f"{self._word(_KINDS, letter.intent.kind)} {number} → {to}".replace("  ", " ")

    def _name(self, address: str) -> str:
        with self._house.ledger.facts() as facts:
            found = facts.find("person", "email", address)
        return str(found[0].values["name"]) if found else address

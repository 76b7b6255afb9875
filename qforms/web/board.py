"""What the board shows: the sheets and figures of the workbook, as of a moment ago. However many look, the ledger is
read once in some seconds at most."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from qforms.house import House
from qforms.model import Lang
from qforms.showing import Showing
from qforms.workbook.figures import figures
from qforms.workbook.maker import Rows
from qforms.workbook.sheets import build
from qforms.workbook.spans import DAY
from qforms.workbook.view import Shown, View

_FRESH = timedelta(seconds=10)
_BACK = timedelta(days=31)  # what ended longer ago is found by searching
AGES = (("days_1", DAY), ("days_3", 3 * DAY), ("days_7", 7 * DAY), ("days_more", timedelta.max))


class Board:
    """The newest picture of a workspace, made when somebody looks."""

    def __init__(self, house: House, clock: Callable[[], datetime]) -> None:
        self._house, self._clock = house, clock
        self._lock = threading.Lock()
        self._seen = 0  # lines of history that the picture knows
        self._running: dict[tuple[str, str], int] = {}  # deadlines that run, as they were at the last look
        self._showing = Showing(house.ledger, house.procedures, house.settings.root, self._touched)
        self._made: dict[Lang, Shown] = {}
        self._rows: dict[Lang, Rows] = {"zh": Rows(), "en": Rows()}  # a row is made anew only when it changed

    def shown(self, lang: Lang) -> Shown:
        """The picture in one language, some seconds old at most."""
        with self._lock:
            now = self._clock()
            made = self._made.get(lang)
            if made is None or now - made.view.as_of > _FRESH:
                self._showing.read(now)
                view = self._showing.view(now, now - _BACK)
                sheets = build(view, self._house.procedures.catalogue, lang, self._rows[lang])
                counted = figures(view, self._house.procedures.catalogue, lang, sheets)
                made = self._made[lang] = Shown(view, sheets, counted, lang)
            return made

    def _touched(self) -> frozenset[str]:
        """What other programs wrote since the last look: by its history, and whatever has a deadline that is another
        one now."""
        ledger, numbers = self._house.ledger, set[str]()
        while True:
            last, found = ledger.changed(self._seen, 5000)
            numbers |= found
            if last == self._seen:
                break
            self._seen = last
        before = self._running
        self._running = {(c.subject, c.rule): hash(c) for c in ledger.clocks(("running", "overdue"))}
        return frozenset(numbers | {subject for (subject, _), _ in before.items() ^ self._running.items()})


def ageing(view: View, lang: Lang) -> list[tuple[str, list[int]]]:
    """For how long deadlines are overdue, by who is responsible: a count for each of AGES, then the sum; most first."""
    counted: dict[str, Counter[int]] = {}
    for clock in view.shown_clocks:
        if clock.met_at is None and clock.state in ("running", "overdue") and clock.due_at <= view.as_of:
            over = view.as_of - clock.due_at
            step = next(n for n, (_, limit) in enumerate(AGES) if over <= limit)
            counted.setdefault(clock.owner or "—", Counter())[step] += 1
    rows = [(owner, [found[n] for n in range(len(AGES))]) for owner, found in counted.items()]
    return sorted(((o, [*row, sum(row)]) for o, row in rows), key=lambda r: (-r[1][-1], r[0]))


def totals(rows: Sequence[tuple[str, list[int]]]) -> list[int]:
    return [sum(row[n] for _, row in rows) for n in range(len(AGES) + 1)]

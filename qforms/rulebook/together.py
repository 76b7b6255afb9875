"""An item of a rule file -> letters that go out as one."""

from __future__ import annotations

from qforms.model import TogetherRule
from qforms.rulebook.parts import Reader
from qforms.rulebook.source import Item

OF_CLOCKS = ("reminder", "escalation")  # letters that no rule names: a clock's ladder owes them


def together(r: Reader, item: Item) -> TogetherRule:
    """`{together: reminders, letters: [reminder], from: 2, within: 1h}`."""
    item.need("letters")
    name, least = item.word("together"), item.word("from", "2")
    if not (least.isascii() and least.isdigit() and int(least) >= 2):
        item.wrong("from", "应为 2 以上的整数", "must be 2 or more")
        least = "2"
    return TogetherRule(
        name=name,
        letters=item.words("letters"),
        text=item.word("text", name),
        least=int(least),
        within=r.within(item).span,
        clause=item.word("clause"),
        origin=item.origin,
    )

"""What the office answers to the list of what waits (退件): 「1 重试」, 「2 忽略」, 「3 是本人 张三 2026-12-31」.

Admission only notes the word, as a task of the kind `WORD`; it is carried out after the commit (`qforms.answers`)."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Sequence

from qforms.intake.approvals import doubt
from qforms.intake.matter import Matter, answerable, task
from qforms.model import Decision, Letter, Outcome, Problem, Text

WORD = "word"  # a task that the program itself carries out
_SAID = {"retry", "ignore", "vouch", "file", "not_a_complaint"}


def listed(letter: Letter) -> bool:
    """Whether a letter lists what waits; its fact `held` names the deliveries in the order of its lines."""
    return bool(letter.intent.facts.get("held"))


def told(matter: Matter, letter: Letter) -> tuple[Outcome, ...]:
    """A word for each line that is answered; it counts when the office said it, quoting the letter's code."""
    held: list[str] = list(letter.intent.facts["held"])
    if why := doubt(matter, letter):
        return (_outcome(matter, letter, "refused", reason=why),)
    words = matter.reading.decisions
    said = [(d, digest) for d in words if d.verdict in _SAID and (digest := _named(d, held))]
    if not said or len(said) < len(words):
        text = next((d.text for d in words if d not in [w for w, _ in said]), matter.reading.text)[:80]
        unclear = _outcome(matter, letter, "refused", reason=Problem("held_word_unclear", context={"text": text}))
        return (*(_word(matter, letter, d, digest) for d, digest in said), unclear)
    return tuple(_word(matter, letter, d, digest) for d, digest in said)


def _named(decision: Decision, held: Sequence[str]) -> str:
    """The delivery that a line of the answer is about; of a list of one no number is needed."""
    line = decision.line or (1 if len(held) == 1 else 0)
    return held[line - 1] if 1 <= line <= len(held) else ""


def _word(matter: Matter, letter: Letter, decision: Decision, digest: str) -> Outcome:
    by = matter.speaker.name or matter.speaker.address
    text = Text(f"{by}：{decision.text}", f"{by}: {decision.text}")
    said = {"action": decision.verdict, "word": decision.text, "note": decision.reason, "by": by}
    word = task(matter, WORD, text, "system", None, mail=digest, **said)
    word = dc.replace(word, key=f"{word.key}{decision.line}")
    return _outcome(matter, letter, "accepted", tasks=(word,))


def _outcome(matter: Matter, letter: Letter, state: str, **more: object) -> Outcome:
    answer = "question" if state == "refused" and answerable(matter) else ""
    key = letter.intent.key
    return Outcome(state, how="decision", speaker=matter.speaker, answer=answer, letter_key=key, **more)  # type: ignore[arg-type]

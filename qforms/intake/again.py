"""A file whose very content came before under another name or time: nobody can know whether it is meant twice, so it is
held and asked about, never dropped (design 2.2). A mail has its Message-ID, an edit its row: they need no asking."""

from __future__ import annotations

import dataclasses as dc

from qforms.intake.matter import Matter, task
from qforms.model import Outcome, Problem, Text


def came_before(matter: Matter) -> bool:
    """Whether the same bytes were delivered before, and nobody has yet said that they are meant again."""
    delivery = matter.reading.delivery
    return delivery.channel == "folder" and not delivery.again and matter.facts.digest_seen(delivery.digest)


def held(matter: Matter) -> Outcome:
    """The file waits for a word: 「立案」 (or `held retry`) takes it in, 「忽略」 leaves it."""
    name = matter.reading.delivery.name
    text = Text(
        f"文件 {name} 的内容以前收到过，没有再次录入。再录一次选“立案”，重复发送选“忽略”。",
        f"The file {name} holds what came before; it was not entered again. Enter it (立案), or leave it (忽略)?",
    )
    ask = task(matter, "same_content", text, "office", actions=("立案", "忽略"), name=name)
    ask = dc.replace(ask, key=f"same_content:{matter.reading.key[:24]}")
    return Outcome("held", reason=Problem("same_content_again", name), speaker=matter.speaker, tasks=(ask,))

"""`qforms forget`: somebody's personal data goes, the cases stay (P57)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from qforms import house
from qforms.model import QformsError, Told
from qforms.tongue import say


def forget(root: Path, number: str, by: str, reason: str, now: datetime | None = None) -> Iterator[str]:
    """Forgets whoever a record and its case name; lines that say what was done. Raises QformsError for an unknown
    number, and where nobody is named."""
    with house.opened(root) as h:
        with h.ledger.facts() as facts:
            if facts.record(number) is None:
                raise QformsError(Told(f"没有 {number}", f"there is no {number}"))
        found = h.forgetting.forget([number], by, reason, now or datetime.now(UTC))
        if not found.numbers:
            raise QformsError(Told(f"{number} 里没有个人资料", f"{number} names nobody"))
        yield say(f"已删除个人资料：{'、'.join(found.numbers)}", f"Forgotten in: {', '.join(found.numbers)}")
        yield say(f"删除原件和信件 {len(found.digests)} 个", f"{len(found.digests)} raw files and letters deleted")
        yield say(
            "邮箱服务器上的原信和以前的备份请另行删除。",
            "Please delete the mails on the server and earlier backups as well.",
        )

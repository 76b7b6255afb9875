"""申请延期 in one line: the new date and the reason (P38)."""

from __future__ import annotations

import re
from datetime import date, datetime, time, tzinfo

_DATE = re.compile(
    r"\s*(?:至|到|until|to|by)?\s*(?:(\d{4})\s*[年./-]\s*)?(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*[日号]?"
    r"(?:\s*(\d{1,2})[:：](\d{2}))?[\s,，。；;:：、-]*(.*)",
    re.DOTALL | re.IGNORECASE,
)
_END = time(23, 59, 59)


def parse(text: str, now: datetime, zone: tzinfo) -> tuple[datetime | None, str]:
    """The date and the reason: 「5月20日 等来料」 -> (2026-05-20 23:59:59, 等来料). Without a year the next such day is
    meant; without a time the end of the day. None where no date stands at the beginning."""
    found = _DATE.match(text)
    if found is None:
        return None, text.strip()
    year, month, day, hour, minute, reason = found.groups()
    today = now.astimezone(zone).date()
    try:
        meant = date(int(year or today.year), int(month), int(day))
        if not year and meant < today:
            meant = date(today.year + 1, int(month), int(day))
        at = time(int(hour), int(minute)) if hour else _END
    except ValueError:
        return None, text.strip()
    return datetime.combine(meant, at, tzinfo=zone), reason.strip()

"""Links to files that lie elsewhere (超大附件, 金山文档, 网盘): recognised, never followed (P22)."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from functools import lru_cache
from importlib.resources import files

from qforms.model import Problem

_URL = re.compile(r"https?://[^\s<>\"'，。；）]{4,500}", re.I)
_DAY = r"\d{4}[年/-]\d{1,2}[月/-]\d{1,2}日?"
_UNTIL = re.compile(
    rf"({_DAY}(?:\s*\d{{1,2}}:\d{{2}})?)\s*(?:过期|到期|失效|前)|"
    rf"(?:有效期|过期时间|到期时间|expires?(?: on)?)\s*[至:：]?\s*({_DAY})",
    re.I,
)
_MOST = 5


def find(text: str) -> tuple[Problem, ...]:
    """One problem for each such link, with its address and, where the text says so, until when it can be fetched."""
    text = text[:500_000]
    urls = dict.fromkeys(m.group() for m in _URL.finditer(text) if _hosts().search(m.group()[:200].lower()))
    if not urls:
        return ()
    until = _UNTIL.search(text)
    expires = (until[1] or until[2]) if until else ""
    return tuple(
        Problem("cloud_link", context={"url": url[:200], "expires": expires}, severity="question")
        for url in list(urls)[:_MOST]
    )


def day(expires: str) -> date | None:
    """The day that `find` gave as the end of a link; None where it is none."""
    found = re.match(r"(\d{4})\D(\d{1,2})\D(\d{1,2})", expires)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


@lru_cache(1)
def _hosts() -> re.Pattern[str]:
    data = tomllib.loads(files("qforms.intake").joinpath("words.toml").read_text("utf-8"))["links"]["hosts"]
    return re.compile("|".join(rf"//(?:[\w.-]+\.)?{re.escape(host)}" for host in data))

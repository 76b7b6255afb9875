"""Who may receive what (P5): the last look at a letter before it leaves, whatever the rules and texts say.

Internal letters and forms, rates, cost shares, other customers' names and internal threads never go to an address
outside; reply-all counts, since every recipient is looked at."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Literal

from qforms.model import LetterIntent, Problem
from qforms.outbox.headers import is_address

Circle = Literal["internal", "supplier", "customer"]

_WIDTH: dict[str, int] = {"internal": 0, "supplier": 1, "customer": 2}
_OUTSIDE = ("supplier", "customer")  # audiences of letters that may go to outside addresses
_ECHO = ("acknowledgement", "question", "rejection")  # they give a sender's own words back: a rate in them is theirs
# Domains that everybody has: a company that writes from one is known by its full addresses only.
# fmt: off
_PUBLIC = frozenset({
    "qq.com", "vip.qq.com", "foxmail.com", "163.com", "vip.163.com", "126.com", "yeah.net", "188.com",
    "sina.com", "sina.cn", "vip.sina.com", "sohu.com", "tom.com", "21cn.com", "139.com", "189.cn",
    "wo.cn", "aliyun.com", "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com",
    "icloud.com", "me.com", "yahoo.com", "yahoo.com.cn", "yahoo.cn", "gmx.com", "gmx.de", "web.de",
    "proton.me", "mail.ru", "naver.com",
})
# fmt: on
_CIRCLES = {"internal": ("公司内部", "the company itself"), "supplier": ("供应商", "suppliers")}
_INTERNAL = (
    re.compile(r"\d[\d.,]*\s*(?:‰|per mille)", re.IGNORECASE),
    re.compile(r"(?:分摊|承担|责任)(?:比例|份额|占比)?[^\n。；;]{0,12}\d[\d.]*\s*[%％]"),
    re.compile(r"(?:cost|responsibility|liability) share[^\n.;]{0,20}\d[\d.]*\s*%", re.IGNORECASE),
)
_QUOTED = re.compile(r"^[>\s*]*(?:发件人|寄件人|From)\s*[:：].*?([\w.+-]+@[\w-]+(?:\.[\w-]+)+)", re.MULTILINE)


def allowed(
    letter: LetterIntent,
    attachments: Sequence[tuple[str, Circle]],
    recipients: Sequence[str],
    domains: Collection[str],
    persons: Collection[str],
    *,
    text: str = "",
    withheld: Iterable[str] = (),
) -> Problem | None:
    """Why the letter must not leave for these recipients, or None.

    `attachments`: names with the audience of the form each shows. `domains` are ours; `persons`: addresses of our
    people elsewhere. `text`: subject and body as they would be sent. `withheld`: words that only we may read, such as
    the names of other customers."""
    if not recipients:
        return Problem("letter_nobody")
    if wrong := [r for r in recipients if not is_address(r)]:
        return Problem("letter_address", context={"address": wrong[0]})
    outside = [r for r in recipients if not _is_ours(r, domains, persons)]
    if not outside:
        return None
    address = outside[0]
    if letter.audience not in _OUTSIDE:
        return Problem("letter_outside", context={"address": address})
    for name, circle in attachments:
        if _WIDTH[circle] < _WIDTH[letter.audience]:
            zh, en = _CIRCLES[circle]
            return Problem(
                "letter_attachment", context={"name": name, "circle": zh, "circle_en": en, "address": address}
            )
    if words := _internal_words(text, domains, persons, letter, withheld):
        return Problem("letter_confidential", context={"address": address, "words": words})
    return None


def _internal_words(
    text: str, domains: Collection[str], persons: Collection[str], letter: LetterIntent, withheld: Iterable[str]
) -> str:
    """The first internal words in `text`: a rate, a share, a withheld name, or a quoted mail of one of our people."""
    for pattern in () if letter.kind in _ECHO else _INTERNAL:
        if found := pattern.search(text):
            return found[0].strip()
    for word in withheld:
        if word and word.casefold() in text.casefold():
            return word
    for quoted in _QUOTED.finditer(text):
        if _is_ours(quoted[1], domains, persons) and quoted[1].lower() not in {r.lower() for r in letter.to}:
            return quoted[0].strip()
    return ""


def _is_ours(address: str, domains: Collection[str], persons: Collection[str]) -> bool:
    """By domain or one of its sub-domains, or as one of our people's."""
    address = address.lower()
    domain = address.rpartition("@")[2]
    own, known = _ours(frozenset(domains), frozenset(persons))
    return address in known or any(domain == d or domain.endswith(f".{d}") for d in own)


@lru_cache(maxsize=8)
def _ours(domains: frozenset[str], persons: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Domains and addresses as they are compared."""
    return frozenset(d.lower().lstrip("@") for d in domains if d) - _PUBLIC, frozenset(p.lower() for p in persons)

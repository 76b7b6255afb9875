"""DKIM signatures checked by the program itself (RFC 6376), where the mail server writes no Authentication-Results.

An option (`trust.dkim`, extra `dkim`): it asks the DNS, so it is done at the edge and never while a mail is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from qforms.model import Problem, QformsError
from qforms.problems import told

TxtOf = Callable[[str], bytes | None]  # the TXT record of a name; None when there is none or nobody answers
_MOST = 5  # signatures of one mail that are looked at
_SECONDS = 4.0  # for one answer of the DNS
_FROM = re.compile(rb"^from[ \t]*:", re.I)
_WEAK = re.compile(rb"[;\s]l\s*=|[;\s]a\s*=\s*rsa-sha1", re.I)  # a body that anybody may go on with; RFC 8301


class NoDkim(QformsError):
    """The package is not installed; `problem` says what to do."""

    def __init__(self, package: str) -> None:
        self.problem = Problem("dkim_missing", context={"package": package})
        super().__init__(told(self.problem))


def signed_by(raw: bytes, txt_of: TxtOf | None = None) -> tuple[str, ...]:
    """The domains whose signatures on this mail are right. Never raises for a mail; raises NoDkim without the package.

    A mail with another number of From lines than one has none: which of them is signed and which is shown may differ.
    A signature that covers a part of the body only, or is made with SHA-1, counts for nothing."""
    head = raw.partition(b"\r\n\r\n")[0] if b"\r\n\r\n" in raw else raw.partition(b"\n\n")[0]
    if b"dkim-signature" not in head.lower() or sum(bool(_FROM.match(x)) for x in head.splitlines()) != 1:
        return ()
    try:
        import dkim

        ask = txt_of or _dns()
    except ImportError as fault:
        raise NoDkim(fault.name or "dkimpy") from None
    found = (_domain(dkim, raw, n, ask) for n in range(_MOST))
    return tuple(dict.fromkeys(domain for domain in found if domain))


def _domain(dkim: Any, raw: bytes, n: int, ask: TxtOf) -> str:
    """The domain of the n-th signature, if it is right."""
    try:
        check = dkim.DKIM(raw)
        signatures = [value for name, value in check.headers if name.lower() == b"dkim-signature"]
        if n >= len(signatures) or _WEAK.search(b";" + signatures[n]):
            return ""
        right = check.verify(idx=n, dnsfunc=lambda name, timeout=0: ask(name.decode("ascii")))
        return str(check.domain.decode("ascii")).lower().rstrip(".") if right else ""
    except Exception:  # whatever a hostile signature makes the library raise: it is no proof
        return ""


@lru_cache(1)
def _dns() -> TxtOf:
    from dns import exception, resolver

    ask = resolver.Resolver()
    ask.lifetime = _SECONDS
    ask.cache = resolver.LRUCache(1000)

    def txt_of(name: str) -> bytes | None:
        try:
            return b"".join(ask.resolve(name, "TXT")[0].strings)
        except (exception.DNSException, OSError):
            return None

    return txt_of

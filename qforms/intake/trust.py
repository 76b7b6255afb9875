"""What our own mail server vouches for: its Authentication-Results header (RFC 8601), and no other's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_COMMENT = re.compile(r"\([^()]{0,500}\)|\"[^\"]{0,500}\"")  # quoted strings too: a local part may hold anything
_RESULT = re.compile(r"\b(dmarc|spf|dkim)\s*=\s*(\w+)([^;]*)", re.I)
_PROPERTY = re.compile(r"\b(header\.d|header\.i|header\.from|smtp\.mailfrom|policy\.d)\s*=\s*([^\s;]+)", re.I)


@dataclass(frozen=True, slots=True)
class Vouched:
    """`sender`: the From domain is authenticated. `dkim`: domains whose signatures were right."""

    sender: bool = False
    dkim: tuple[str, ...] = ()


def vouched(results: Sequence[str], authserv_id: str, address: str) -> Vouched:
    """Reads the topmost header that bears our server's id; those below it, or with another id, anybody may write.

    The From domain counts as authenticated by dmarc=pass, or by spf or dkim passing for that domain or its parent."""
    ours = next((r for r in results if authserv_id and _is_from(r, authserv_id)), "")
    domain = address.rpartition("@")[2].lower()
    if not ours or not domain:
        return Vouched()
    sender, dkim = False, []
    for method, result, rest in _RESULT.findall(_COMMENT.sub(" ", ours)):
        if result.lower() != "pass":
            continue
        named = {k.lower(): v.rpartition("@")[2].lower() for k, v in _PROPERTY.findall(rest)}
        signed = named.get("header.d") or named.get("header.i", "")
        if method.lower() == "dkim" and signed:
            dkim.append(signed)
        of = {"dmarc": named.get("header.from", domain), "dkim": signed, "spf": named.get("smtp.mailfrom", "")}
        sender = sender or aligned(domain, of[method.lower()])
    return Vouched(sender, tuple(dkim))


def _is_from(header: str, authserv_id: str) -> bool:
    head = _COMMENT.sub(" ", header).strip().partition(";")[0].split()
    return bool(head) and head[0].lower() == authserv_id.lower()


def aligned(domain: str, other: str) -> bool:
    """The same domain, or one a parent of the other with at least two labels (relaxed alignment, RFC 7489 3.1)."""
    if not other or other.count(".") == 0:
        return False
    return domain == other or domain.endswith("." + other) or (other.endswith("." + domain) and "." in domain)

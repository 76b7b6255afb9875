"""Which mail provider an address belongs to: by its domain, else by the mail exchanger of a company's own domain."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from qforms import tongue
from qforms.model import QformsError, Told

OTHER = "other"  # a server that is in no list
NONE = "none"  # the embedded mailbox


@dataclass(frozen=True, slots=True)
class Provider:
    """A row of mailboxes.toml. `imap` and `smtp` are host, port and security."""

    key: str
    zh: str
    en: str
    imap: Mapping[str, Any]
    smtp: Mapping[str, Any]
    auth: str
    domains: tuple[str, ...] = ()
    mx: tuple[str, ...] = ()
    proof: str = ""
    authority: str = ""
    note_zh: str = ""
    note_en: str = ""
    source: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return tongue.say(self.zh, self.en)

    @property
    def note(self) -> str:
        return tongue.say(self.note_zh, self.note_en)


@lru_cache(1)
def known() -> tuple[Provider, ...]:
    rows = tomllib.loads(files("qforms.commands").joinpath("mailboxes.toml").read_text("utf-8"))["provider"]
    return tuple(Provider(**{**row, "domains": tuple(row["domains"]), "mx": tuple(row["mx"])}) for row in rows)


def named(key: str) -> Provider:
    """The provider of that key. Raises QformsError that lists them."""
    found = next((p for p in known() if p.key == key), None)
    if found is None:
        there = ", ".join(p.key for p in known())
        raise QformsError(Told(f"没有邮箱服务商 {key}。有：{there}", f"there is no provider {key}. There are: {there}"))
    return found


def of(address: str, exchangers: tuple[str, ...] | None = None) -> Provider | None:
    """Whose mailbox an address is, or None. `exchangers` are the domain's mail exchangers; None: they are asked for."""
    domain = address.rpartition("@")[2].strip().lower()
    if own := next((p for p in known() if domain in p.domains), None):
        return own
    hosts = _exchangers(domain) if exchangers is None else exchangers
    return next((p for p in known() for h in hosts if any(h == mx or h.endswith(f".{mx}") for mx in p.mx)), None)


def _exchangers(domain: str) -> tuple[str, ...]:
    """The mail exchangers of a domain, as the DNS says; none without the package `dnspython` or without an answer."""
    try:
        import dns.resolver

        answer = dns.resolver.resolve(domain, "MX", lifetime=5)
        return tuple(str(row.exchange).rstrip(".").lower() for row in answer)
    except Exception:  # no package, no network, no such domain: the person is asked
        return ()

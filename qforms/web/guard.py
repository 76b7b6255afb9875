"""What keeps the pages safe: headers, a cap on how often somebody may do something, proof that a form is ours."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KNOWN = 50_000  # clients remembered
_VALID = 12 * 3600  # seconds that a page may lie open before it is sent
COOKIE = "qf"
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",  # the address of a page of a case is its secret
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex",
}


class SafeHeaders:
    """Gives every answer the headers above; pages are not kept by browsers or proxies, what never changes is."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self._app = app
        own = HEADERS | ({"strict-transport-security": "max-age=31536000"} if secure else {})
        self._headers = [(k.encode(), v.encode()) for k, v in own.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *self._headers]
                if b"cache-control" not in given:
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        await self._app(scope, receive, with_headers)


class Limiter:
    """At most `count` times in `seconds` for each client, refilled steadily; the least recent clients are forgotten."""

    def __init__(self, count: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._count, self._rate, self._clock = float(count), count / seconds, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, who: str) -> bool:
        """Counts once more for `who`; False when it is once too often."""
        now = self._clock()
        left, at = self._left.pop(who, (self._count, now))
        left = min(self._count, left + (now - at) * self._rate)
        allowed = left >= 1.0
        self._left[who] = (left - 1.0 if allowed else left, now)
        while len(self._left) > _KNOWN:
            self._left.popitem(last=False)
        return allowed


def client(request: Request) -> str:
    """Whom a cap counts for: the address; of IPv6 the network of 64 bits, which one customer has to himself."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network(f"{address}/64", strict=False)) if address.version == 6 else host


def mac(key: bytes, *said: str) -> str:
    return hmac.new(key, "\x1f".join(said).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compared in a time that tells nothing."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def visit(request: Request) -> str:
    """What this browser's forms are bound to: the cookie that it has, or a new one."""
    known = request.cookies.get(COOKIE, "")
    return known if len(known) == 32 and known.isalnum() else secrets.token_hex(16)


def token(key: bytes, visit_: str, now: float) -> str:
    """Stands in a form, and proves that the page was asked for by the browser that sends it."""
    at = str(int(now))
    return f"{at}.{mac(key, 'form', visit_, at)}"


def genuine(request: Request, key: bytes, given: str, now: float) -> bool:
    """Whether a form comes from a page of ours that this very browser had asked for, not too long ago."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    at, _, _ = given.partition(".")
    visit_ = request.cookies.get(COOKIE, "")
    if not visit_ or not at.isascii() or not at.isdigit() or len(at) > 12 or not 0 <= now - int(at) <= _VALID:
        return False
    return same(given, token(key, visit_, int(at)))

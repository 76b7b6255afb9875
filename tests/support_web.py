"""A browser without a browser: asks an ASGI application directly, keeps cookies, and may send what no browser would."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(3000)
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(3000)
File = tuple[str, str, bytes]  # question, file name, content


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: Sequence[str] = ()

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def words(self) -> str:
        """What a reader sees."""
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.text))

    @property
    def token(self) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.text)
        assert found, self.words[:300]
        return found[1]


@dataclass
class Browser:
    """One visitor of the application at one address."""

    app: Any
    client: str = "203.0.113.7"
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, values: Mapping[str, Any], files: Sequence[File] = (), **headers: str) -> Answer:
        kind, body = multipart(values, files) if files else ("application/x-www-form-urlencoded", form(values))
        return self.ask("POST", path, [body], **{"content_type": kind, "content_length": str(len(body)), **headers})

    def ask(self, method: str, path: str, body: Iterable[bytes] = (), **headers: str) -> Answer:
        return asyncio.run(self.asked(method, path, body, **headers))

    async def asked(self, method: str, path: str, body: Iterable[bytes] = (), **headers: str) -> Answer:
        """`body` may have no end; header names with `_` for `-`."""
        parts = urlsplit(path)
        given = {"host": "testserver", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if self.cookies:
            given["cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": parts.path, "raw_path": parts.path.encode(), "query_string": parts.query.encode(), "root_path": "",
            "headers": [(k.lower().encode(), v.encode()) for k, v in given.items()],
            "client": (self.client, 40000), "server": ("testserver", 80), "state": {},
        }  # fmt: skip
        coming = _messages(body)
        sent: list[Any] = []

        async def receive() -> Any:
            return await anext(coming)

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start = next(m for m in sent if m["type"] == "http.response.start")
        raw = [(k.decode().lower(), v.decode()) for k, v in start["headers"]]
        set_cookies = [v for k, v in raw if k == "set-cookie"]
        for line in set_cookies:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        whole = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
        return Answer(start["status"], dict(raw), whole, set_cookies)


async def _messages(body: Iterable[bytes]) -> AsyncIterator[Any]:
    for chunk in body:
        yield {"type": "http.request", "body": chunk, "more_body": True}
        await asyncio.sleep(0)
    yield {"type": "http.request", "body": b"", "more_body": False}
    while True:
        yield {"type": "http.disconnect"}


def form(values: Mapping[str, Any]) -> bytes:
    return urlencode(values, doseq=True).encode()


def multipart(values: Mapping[str, Any], files: Sequence[File]) -> tuple[str, bytes]:
    """What a browser makes of a form with files (RFC 7578)."""
    border = secrets.token_hex(12)
    out = bytearray()
    for name, value in values.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            out += f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{one}\r\n'.encode()
    for name, filename, data in files:
        head = f'--{border}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        out += f"{head}Content-Type: image/jpeg\r\n\r\n".encode() + data + b"\r\n"
    return f"multipart/form-data; boundary={border}", bytes(out + f"--{border}--\r\n".encode())

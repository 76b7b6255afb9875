"""The webhooks of WeCom, DingTalk and Feishu on the loopback, as strict as the real ones: path, key, body, signature
and length are looked at, and what is wrong is said with HTTP 200 in the vendor's own words."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY, SECRET = "3f2a-key+1", "SEC/9=x"


@dataclass
class Server:
    """What it was told, and how it is to behave next."""

    port: int = 0
    said: list[tuple[str, str]] = field(default_factory=list)  # vendor, text
    asked: int = 0
    next: list[Any] = field(default_factory=list)  # an answer instead of its own; a number: an HTTP status; "silent"
    signed: bool = True
    done: threading.Event = field(default_factory=threading.Event)

    def url(self, vendor: str) -> str:
        base = f"http://127.0.0.1:{self.port}"
        return {
            "wecom": f"{base}/cgi-bin/webhook/send?key={{key}}",
            "dingtalk": f"{base}/robot/send?access_token={{key}}",
            "feishu": f"{base}/open-apis/bot/v2/hook/{{key}}",
        }[vendor]


def signature(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def judged(server: Server, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer of the vendor whose path it is."""
    parts = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    now = time.time()
    match parts.path.split("/")[1]:
        case "cgi-bin":
            if query.get("key") != KEY:
                return {"errcode": 93000, "errmsg": "invalid webhook url, hint: [1], from ip: 127.0.0.1"}
            if set(body) != {"msgtype", "text"} or body["msgtype"] != "text":
                return {"errcode": 40008, "errmsg": "invalid message type"}
            text = body["text"]["content"]
            if len(text.encode()) > 2048:
                return {"errcode": 40058, "errmsg": "text.content exceed max length 2048"}
            server.said.append(("wecom", text))
            return {"errcode": 0, "errmsg": "ok"}
        case "robot":
            if query.get("access_token") != KEY:
                return {"errcode": 300005, "errmsg": "token is not exist"}
            at = query.get("timestamp", "")
            right = signature(SECRET, f"{at}\n{SECRET}")
            if server.signed and (query.get("sign") != right or abs(now * 1000 - int(at or 0)) > 3_600_000):
                return {"errcode": 310000, "errmsg": f"sign not match, more: [https://ding-doc] token {KEY}"}
            server.said.append(("dingtalk", body["text"]["content"]))
            return (
                {"errcode": 0, "errmsg": "ok"} if body["msgtype"] == "text" else {"errcode": 40035, "errmsg": "param"}
            )
        case _:
            if parts.path.rpartition("/")[2] not in (KEY, KEY.replace("+", "%2B")):
                return {"code": 19001, "data": {}, "msg": "param invalid: incoming webhook access token invalid"}
            at = body.get("timestamp", "")
            if server.signed and (
                body.get("sign") != signature(f"{at}\n{SECRET}", "") or abs(now - int(at or 0)) > 3600
            ):
                return {"code": 19021, "data": {}, "msg": "sign match fail or timestamp is not within one hour"}
            server.said.append(("feishu", body["content"]["text"]))
            return {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}


@contextmanager
def webhooks() -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server.asked += 1
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            wanted = server.next.pop(0) if server.next else None
            if wanted == "silent":
                server.done.wait(60)
                return
            status = wanted if isinstance(wanted, int) else 200
            answer = wanted if isinstance(wanted, dict) else {} if status != 200 else judged(server, self.path, body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:{server.port}/elsewhere")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None: ...

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.done.set()
        http.shutdown()
        http.server_close()

"""A login server of OAuth 2 on loopback: device flow, refresh, client credentials, a service account's request."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import trustme

SCOPES = "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send"


@dataclass
class LoginServer:
    """What it was asked, and what it says next. `ca` vouches for it; `folder` holds its certificate."""

    folder: Path
    port: int = 0
    asked: list[dict[str, str]] = field(default_factory=list)
    refuse: str = ""  # an error code in place of every token
    signed_in: bool = True  # the person has done at the browser what he was asked to do
    lifetime: int = 3600

    @property
    def ca(self) -> str:
        return str(self.folder / "ca.pem")

    @property
    def authority(self) -> str:
        return f"https://localhost:{self.port}/tenant"

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        self.asked.append(form)
        kind = form["grant_type"]
        if self.refuse:
            return 400, {"error": self.refuse, "error_description": f"AADSTS7000: {self.refuse}"}
        if kind.endswith("device_code") and not self.signed_in:
            return 400, {"error": "authorization_pending"}
        token = {"access_token": f"token-{len(self.asked)}", "token_type": "Bearer", "expires_in": self.lifetime}
        if kind != "client_credentials":
            token |= {"refresh_token": f"refresh-{len(self.asked)}", "scope": form.get("scope") or SCOPES}
            token |= {"client_info": _coded({"uid": "1", "utid": "2"}), "id_token": self._who(form)}
        return 200, token

    def _who(self, form: dict[str, str]) -> str:
        """An unsigned ID token: who signed in."""
        until = int(time.time()) + self.lifetime + 60
        claims = {"iss": self.authority, "aud": form.get("client_id", ""), "exp": until, "sub": "1", "oid": "1"}
        return f"{_coded({'alg': 'none'})}.{_coded({**claims, 'preferred_username': 'quality@womai.example'})}."


def _coded(claims: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


def _certificate(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ca = trustme.CA()
    own = ca.issue_cert("localhost", "127.0.0.1")
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    own.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))
    own.private_key_pem.write_to_path(str(folder / "server.key"))


@contextmanager
def login_server(folder: Path) -> Iterator[LoginServer]:
    _certificate(folder)
    state = LoginServer(folder)

    class Handler(BaseHTTPRequestHandler):
        def _say(self, status: int, answer: dict[str, object]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            at = state.authority
            self._say(
                200,
                {
                    "issuer": at,
                    "token_endpoint": f"{at}/token",
                    "authorization_endpoint": f"{at}/authorize",
                    "device_authorization_endpoint": f"{at}/devicecode",
                },
            )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            if self.path.endswith("/devicecode"):
                say = f"Open https://localhost:{state.port}/device and enter ABCD"
                self._say(
                    200, {"device_code": "d", "user_code": "ABCD", "message": say, "interval": 0, "expires_in": 60}
                )
            else:
                self._say(*state.answer(form))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    state.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()

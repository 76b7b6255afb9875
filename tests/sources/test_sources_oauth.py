"""Mailboxes that take tokens only: signing in, renewing, refusing, and the token on the wire of IMAP and SMTP."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support_login import LoginServer, login_server
from support_wire import ScriptedServer, Wire

from qforms import oauth
from qforms.model import Later, Sent
from qforms.outbox.smtp import SmtpTransport
from qforms.settings import Mailbox, OAuth, Outgoing, Settings
from qforms.sources import SourceDown
from qforms.sources.imap import ImapSource

USER = "quality@womai.example"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LoginServer]:
    with login_server(tmp_path / "login") as server:
        yield server


def settings(server: LoginServer, port: int = 0, **oauth_values: Any) -> Settings:
    root = server.folder.parent
    at = {"host": "localhost", "port": port, "user": USER, "auth": "oauth", "ca_file": server.ca, "timeout": 10.0}
    return Settings(
        root=root,
        mailbox=Mailbox(kind="imap", **at),
        outgoing=Outgoing(kind="smtp", security="tls", **at),
        oauth=OAuth(client_id="app-1", authority=server.authority, ca_file=server.ca, timeout=10, **oauth_values),
    )


@pytest.fixture
def program(server: LoginServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("QFORMS_OAUTH_SECRET", "shh")
    return settings(server, flow="client_credentials")


class TestTokens:
    def test_the_program_in_its_own_name(self, server: LoginServer, program: Settings) -> None:
        assert oauth.token(program, USER) == "token-1"
        (asked,) = server.asked
        assert asked["grant_type"] == "client_credentials"
        assert asked["client_secret"] == "shh"
        assert asked["scope"] == "https://outlook.office365.com/.default"
        assert not (program.root / oauth.TOKENS).exists()

    def test_a_person_signs_in_once_and_the_token_is_renewed_from_the_file(self, server: LoginServer) -> None:
        s, shown = settings(server), []
        oauth.sign_in(s, USER, shown.append)
        assert "enter ABCD" in shown[0]
        file = s.root / oauth.TOKENS
        assert file.stat().st_mode & 0o777 == 0o600
        assert oauth.token(s, USER) == "token-1"  # still good: the server is not asked
        assert len(server.asked) == 1
        kept = json.loads(file.read_text())
        for token in kept["AccessToken"].values():
            token["expires_on"] = str(int(time.time()) - 10)
        file.write_text(json.dumps(kept))
        assert oauth.token(s, USER) == "token-2"
        assert server.asked[-1]["grant_type"] == "refresh_token"
        assert server.asked[-1]["refresh_token"] == "refresh-1"
        assert "refresh-2" in file.read_text()  # the new one is kept: the old one dies

    def test_nobody_has_signed_in(self, server: LoginServer) -> None:
        with pytest.raises(oauth.OAuthFault, match="qforms login") as fault:
            oauth.token(settings(server), USER)
        assert fault.value.problem.code == "oauth_sign_in"

    def test_a_revoked_sign_in_asks_for_a_new_one(self, server: LoginServer) -> None:
        s = settings(server)
        server.lifetime = 0
        oauth.sign_in(s, USER, lambda _: None)
        server.refuse = "invalid_grant"
        with pytest.raises(oauth.OAuthFault) as fault:
            oauth.token(s, USER)
        assert fault.value.problem.code == "oauth_sign_in"

    def test_a_refusal_says_the_server_s_reason_and_no_secret(self, server: LoginServer, program: Settings) -> None:
        server.refuse = "invalid_client"
        with pytest.raises(oauth.OAuthFault, match="AADSTS7000: invalid_client") as fault:
            oauth.token(program, USER)
        assert "shh" not in str(fault.value)

    def test_a_server_that_is_not_there(self, server: LoginServer, program: Settings) -> None:
        gone = program.model_copy(
            update={"oauth": program.oauth.model_copy(update={"authority": "https://localhost:1/t"})}
        )
        with pytest.raises(oauth.OAuthFault) as fault:
            oauth.token(gone, USER)
        assert fault.value.problem.code == "oauth_unreachable"
        reason = fault.value.problem.context["reason"]
        assert "refused" in reason and "localhost:1" in reason and "Pool" not in reason

    def test_a_certificate_that_nobody_vouches_for(self, program: Settings) -> None:
        unsafe = program.model_copy(update={"oauth": program.oauth.model_copy(update={"ca_file": ""})})
        with pytest.raises(oauth.OAuthFault) as fault:
            oauth.token(unsafe, USER)
        assert fault.value.problem.code == "oauth_unreachable"
        assert "CERTIFICATE_VERIFY_FAILED" in fault.value.problem.context["reason"]

    def test_a_google_service_account_acts_for_the_mailbox(self, server: LoginServer) -> None:
        s = settings(server, provider="google", key_file="google.json")
        from cryptography.hazmat.primitives import serialization as pem
        from cryptography.hazmat.primitives.asymmetric import rsa

        private = rsa.generate_private_key(65537, 2048)
        text = private.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()).decode()
        account = {
            "type": "service_account",
            "private_key": text,
            "private_key_id": "1",
            "client_email": "robot@womai.example",
            "token_uri": f"{server.authority}/token",
        }
        (s.root / "google.json").write_text(json.dumps(account))
        assert oauth.token(s, USER) == "token-1"
        claims = json.loads(base64.urlsafe_b64decode(server.asked[0]["assertion"].split(".")[1] + "=="))
        assert (claims["sub"], claims["scope"]) == (USER, "https://mail.google.com/")

    def test_google_without_its_key_file(self, server: LoginServer) -> None:
        with pytest.raises(oauth.OAuthFault, match=r"google\.json"):
            oauth.token(settings(server, provider="google", key_file="google.json"), USER)


class TestExpiry:
    @pytest.mark.parametrize(("ahead", "told"), [(8, False), (7, True), (0, True), (-3, True)])
    def test_a_secret_is_told_of_a_week_ahead(self, server: LoginServer, ahead: int, told: bool) -> None:
        today = date(2026, 11, 22)
        s = settings(server, flow="client_credentials", secret_expires=today + timedelta(days=ahead))
        problem = oauth.expiring(s, today)
        assert (problem is not None) is told

    def test_a_sign_in_lasts_ninety_days_from_its_last_renewal(self, server: LoginServer) -> None:
        s = settings(server)
        assert oauth.expires(s) is None
        oauth.sign_in(s, USER, lambda _: None)
        day = datetime(2026, 9, 1, 12, tzinfo=UTC).timestamp()
        os.utime(s.root / oauth.TOKENS, (day, day))
        assert oauth.expires(s) == date(2026, 11, 30)


def _said(line: str) -> str:
    return base64.b64decode(line).decode()


class TestOnTheWire:
    def test_imap_logs_in_with_the_token(self, server: LoginServer, program: Settings) -> None:
        heard: list[str] = []

        def imap(wire: Wire) -> None:
            wire.say("* OK ready")
            while line := wire.hear():
                tag, _, command = line.partition(" ")
                if command.startswith("AUTHENTICATE XOAUTH2"):
                    wire.say("+ ")
                    heard.append(_said(wire.hear()))
                elif command.startswith("CAPABILITY"):
                    wire.say("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2")
                elif command.startswith(("SELECT", "EXAMINE")):
                    wire.say("* 0 EXISTS", "* OK [UIDVALIDITY 1] ok", "* OK [UIDNEXT 1] next")
                wire.say(f"{tag} OK done")

        with ScriptedServer(imap, server.folder) as box:
            source = ImapSource(settings(server, box.port, flow="client_credentials"))
            source.log_in()
            source.close()
        assert heard == [f"user={USER}\1auth=Bearer token-1\1\1"]

    def test_a_token_that_imap_refuses_is_said_once(self, server: LoginServer, program: Settings) -> None:
        heard: list[str] = []

        def imap(wire: Wire) -> None:
            wire.say("* OK ready")
            while line := wire.hear():
                tag, _, command = line.partition(" ")
                if command.startswith("AUTHENTICATE"):
                    wire.say("+ ")
                    wire.hear()
                    wire.say("+ " + base64.b64encode(b'{"status":"400"}').decode())
                    heard.append(wire.hear())
                    wire.say(f"{tag} NO AUTHENTICATE failed.")
                elif command.startswith("CAPABILITY"):
                    wire.say("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2", f"{tag} OK done")

        with ScriptedServer(imap, server.folder) as box:
            source = ImapSource(settings(server, box.port, flow="client_credentials"))
            with pytest.raises(SourceDown) as down:
                source.log_in()
        assert down.value.problem.code == "mailbox_login"
        assert heard == [""]  # the challenge is answered with nothing

    def test_without_a_token_the_source_is_down_and_says_what_to_do(self, server: LoginServer) -> None:
        with pytest.raises(SourceDown, match="qforms login") as down:
            ImapSource(settings(server, 1)).log_in()
        assert down.value.retry_in == 300

    @pytest.mark.parametrize("accepted", [True, False])
    def test_smtp_logs_in_with_the_token(self, server: LoginServer, program: Settings, accepted: bool) -> None:
        heard: list[str] = []

        def smtp(wire: Wire) -> None:
            wire.say("220 ready")
            while line := wire.hear():
                word = line.upper()
                if word.startswith("EHLO"):
                    wire.say("250-localhost", "250 AUTH XOAUTH2")
                elif word.startswith("AUTH XOAUTH2"):
                    heard.append(_said(line.split()[2]))
                    if not accepted:
                        wire.say("334 " + base64.b64encode(b'{"status":"400"}').decode())
                        wire.hear()
                    wire.say("235 ok" if accepted else "535 5.7.3 not you")
                elif word.startswith("DATA"):
                    wire.say("354 go on")
                    while wire.hear() != ".":
                        pass
                    wire.say("250 taken")
                else:
                    wire.say("250 ok")

        with ScriptedServer(smtp, server.folder) as out:
            transport = SmtpTransport(settings(server, out.port, flow="client_credentials"))
            result = transport.send(b"Subject: x\r\n\r\nx\r\n", USER, ["a@b.example"])
            transport.close()
        assert heard == [f"user={USER}\1auth=Bearer token-1\1\1"]
        if accepted:
            assert result == Sent()
        else:
            assert isinstance(result, Later) and result.down and transport.trouble
            assert transport.trouble.code == "smtp_login"

    def test_letters_wait_while_nobody_has_signed_in(self, server: LoginServer) -> None:
        transport = SmtpTransport(settings(server, 1))
        result = transport.send(b"x", USER, ["a@b.example"])
        assert isinstance(result, Later) and result.down
        assert "qforms login" in result.reason

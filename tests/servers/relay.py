"""A mail relay without root: takes SMTP with STARTTLS and AUTH, hands on over LMTP, reports what cannot be delivered
(RFC 3464), and refuses other domains, as the real one does."""

from __future__ import annotations

import asyncio
import logging
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage, Message
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

logging.getLogger("mail.log").setLevel(logging.CRITICAL)


class Relay:
    """Ports of the stack in, servers on `smtp` (open), `submission` (STARTTLS, then AUTH) and `smtps` (TLS, AUTH)."""

    def __init__(self, ports: Mapping[str, int], tls: ssl.SSLContext, users: Mapping[str, str]) -> None:
        self._lmtp = ports["lmtp"]

        def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            right = users.get(data.login.decode()) == data.password.decode()
            return AuthResult(success=right, handled=False)  # not handled: the answer, 535, is still to be given

        closed: dict[str, Any] = {"authenticator": check, "auth_required": True}
        common: dict[str, Any] = {"hostname": "127.0.0.1", "data_size_limit": 60_000_000}
        self._servers = [
            Controller(self, port=ports["smtp"], **common),
            Controller(
                self,
                port=ports["submission"],
                tls_context=tls,
                require_starttls=True,
                **closed,
                **common,
            ),
            Controller(self, port=ports["smtps"], ssl_context=tls, auth_require_tls=False, **closed, **common),
        ]

    def start(self) -> None:
        for server in self._servers:
            server.start()

    def stop(self) -> None:
        for server in self._servers:
            server.stop()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if not address.endswith("@test.local"):
            return "550 5.1.2 no mail leaves this machine"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._hand_on, envelope.mail_from, list(envelope.rcpt_tos), envelope.content)
        return "250 2.0.0 queued"

    def _hand_on(self, sender: str, to: list[str], raw: bytes) -> None:
        with smtplib.LMTP("127.0.0.1", self._lmtp) as lmtp:
            for address in to:
                try:
                    lmtp.sendmail(sender or "<>", [address], raw)
                except smtplib.SMTPRecipientsRefused as fault:
                    code, said = fault.recipients[address]
                    if sender:
                        lmtp.sendmail("<>", [sender], _report(sender, address, f"{code} {said.decode()}"))


def _report(sender: str, address: str, said: str) -> bytes:
    about, failed = Message(), Message()
    about["Reporting-MTA"] = "dns; mail.test.local"
    failed["Final-Recipient"] = f"rfc822; {address}"
    failed["Action"], failed["Status"], failed["Diagnostic-Code"] = "failed", "5.1.1", f"smtp; {said}"
    status = Message()
    status["Content-Type"] = "message/delivery-status"
    status.set_payload([about, failed])
    text = EmailMessage()
    text.set_content(f"<{address}>: {said}")
    report = Message()
    report["From"], report["To"] = "MAILER-DAEMON@test.local", sender
    report["Subject"], report["Auto-Submitted"] = "Undelivered Mail Returned to Sender", "auto-replied"
    report["Content-Type"] = 'multipart/report; report-type="delivery-status"; boundary="=_report"'
    report.set_payload([text, status])
    return report.as_bytes()

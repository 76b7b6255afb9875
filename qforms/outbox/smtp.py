"""Letters out over SMTP: the transaction step by step, so that it is known how far it got when a connection is lost."""

from __future__ import annotations

import logging
import smtplib
import ssl
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from qforms import problems
from qforms.model import Dead, Later, Problem, QformsError, Sent
from qforms.oauth import OAuthFault, token
from qforms.outbox.headers import is_address
from qforms.settings import Settings, secret

if TYPE_CHECKING:
    from qforms.outbox._yagmail import Session

log = logging.getLogger("qforms.outbox")

_AGAIN = 300.0  # seconds: the longest pause before the next try, and the only one where a person must act first
_FAULTS = (smtplib.SMTPException, OSError, UnicodeError, QformsError)
_RENEW = 100  # letters over one session; servers end longer ones


class _NotCommitted(Exception):
    """What the caller does before the last dot failed, so the dot is not sent."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


class SmtpTransport:
    """A session that is kept while letters follow one another, and made anew when it breaks."""

    repeatable = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._out = settings.outgoing
        self._session: Session | None = None
        self._used = 0
        self._failures = 0
        self._down_until = 0.0
        self.trouble: Problem | None = None  # why the server cannot be used at present

    def send(
        self, raw: bytes, sender: str, to: Sequence[str], committing: Callable[[], object] = lambda: None
    ) -> Sent | Later | Dead:
        """Hands over the bytes as they are. Recipients that are refused while others are taken stand in `Sent`.

        `Later(down=True)`: the server itself cannot be used, whatever the letter; no attempt of the letter's."""
        if self.trouble and time.monotonic() < self._down_until:
            return self._resting()
        try:
            session = self._connected()
            result = _transaction(session.smtp, raw, sender, list(dict.fromkeys(to)), committing)
        except _NotCommitted as fault:  # the session stands in the middle of a letter: the server forgets it
            self._drop()
            raise fault.reason from None
        except _FAULTS as fault:
            return self._down(fault)
        self.trouble, self._failures, self._used = None, 0, self._used + 1
        if isinstance(result, Later):
            self._drop()
        return result

    def try_login(self) -> str:
        """Why the server cannot be used, in one line; "" when it can. Sends nothing."""
        try:
            self._connected()
        except _FAULTS as fault:
            self._down(fault)
            return problems.told(self.trouble) if self.trouble else ""
        return ""

    def close(self) -> None:
        if session := self._session:
            self._session = None
            session.close()

    def _drop(self) -> None:
        if session := self._session:
            self._session = None
            session.drop()

    def _connected(self) -> Session:
        if self._session and (self._used >= _RENEW or not self._alive(self._session)):
            self.close()
        if self._session is None:
            from qforms.outbox._yagmail import Session

            out = self._out
            self._session, self._used = Session(out, self._proof()), 0
        return self._session

    def _proof(self) -> str:
        """The password, or a fresh access token; "" when the server wants no login."""
        out = self._out
        if not out.user:
            return ""
        return (
            token(self._settings, out.user)
            if out.auth == "oauth"
            else secret(out.password_env, "qforms-smtp", out.user, self._settings.root)
        )

    def _alive(self, session: Session) -> bool:
        try:
            return bool(session.smtp.noop()[0] == 250)
        except (smtplib.SMTPException, OSError):
            return False

    def _down(self, fault: Exception) -> Later:
        self._drop()
        self._failures += 1
        out, pause = self._out, _AGAIN
        where = {"host": out.host, "port": out.port, "user": out.user, "env": out.password_env, "reason": _said(fault)}
        if isinstance(fault, OAuthFault):
            code, where = fault.problem.code, dict(fault.problem.context)
        elif isinstance(fault, QformsError):
            code = "smtp_password"
        elif isinstance(fault, UnicodeError) or (
            isinstance(fault, smtplib.SMTPAuthenticationError) and fault.smtp_code >= 500
        ):
            code = "smtp_login"
        elif isinstance(fault, ssl.SSLCertVerificationError):
            code = "smtp_certificate"
        else:
            code, pause = "smtp_unreachable", min(_AGAIN, 2.0 ** (self._failures - 1))
        self.trouble, self._down_until = Problem(code, context=where), time.monotonic() + pause
        log.info("%s", problems.say(self.trouble, "en"))
        return self._resting()

    def _resting(self) -> Later:
        assert self.trouble
        return Later(problems.say(self.trouble, "zh"), down=True, rest=self._down_until - time.monotonic())


def try_login(settings: Settings) -> str:
    """Why letters cannot be sent with these settings, in one line; "" when they can. Sends nothing."""
    transport = SmtpTransport(settings)
    try:
        return transport.try_login()
    finally:
        transport.close()


def _transaction(
    smtp: smtplib.SMTP, raw: bytes, sender: str, to: list[str], committing: Callable[[], object]
) -> Sent | Later | Dead:
    """MAIL, RCPT, DATA. What broke off before the last dot was not taken; after it nobody knows.

    Raises SMTPConnectError when the server closes for everybody (421)."""
    refused = {address: (553, b"not an address") for address in to if not is_address(address)}
    try:
        smtp.ehlo_or_helo_if_needed()
        size = [f"size={len(raw)}"] if smtp.has_extn("size") else []
        code, said = smtp.mail(sender, size)
        if code != 250:
            return _refusal(smtp, code, said, ())
        for address in [a for a in to if a not in refused]:
            code, said = smtp.rcpt(address)
            if code == 421:
                raise smtplib.SMTPConnectError(code, said)
            if code not in (250, 251):
                refused[address] = code, said
        if len(refused) == len(to):
            mildest = min(refused.values(), default=(550, b"no recipient"))
            return _refusal(smtp, *mildest, tuple(to))
        code, said = smtp.docmd("DATA")
        if code != 354:
            return _refusal(smtp, code, said, ())
        smtp.send(_stuffed(raw))
    except smtplib.SMTPConnectError:
        raise
    except (smtplib.SMTPException, OSError) as fault:
        return Later(_said(fault))
    try:
        committing()
    except Exception as fault:
        raise _NotCommitted(fault) from fault
    try:
        smtp.send(b".\r\n")
        code, said = smtp.getreply()
    except (smtplib.SMTPException, OSError) as fault:
        return Later(_said(fault), unknown=True)
    return Sent(tuple(refused)) if code // 100 == 2 else _refusal(smtp, code, said, ())


def _refusal(smtp: smtplib.SMTP, code: int, said: bytes, refused: tuple[str, ...]) -> Later | Dead:
    """4xx: later, over a new session. 5xx: never; the session stays of use."""
    if code == 421:
        raise smtplib.SMTPConnectError(code, said)
    if code < 500:
        return Later(_answer(code, said))
    try:
        smtp.rset()
    except (smtplib.SMTPException, OSError):
        smtp.close()
    return Dead(_answer(code, said), refused)


def _stuffed(raw: bytes) -> bytes:
    """RFC 5321 4.5.2: CRLF at every end, a dot more before each that begins a line."""
    plain = raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n") and raw.endswith(b"\r\n")
    if plain and not raw.startswith(b".") and b"\n." not in raw:
        return raw  # as our own letters are: a large one is not taken apart
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines)


def _answer(code: int, said: bytes) -> str:
    return f"{code} {said.decode('utf-8', 'replace')}".replace("\n", " ")


def _said(fault: Exception) -> str:
    if isinstance(fault, smtplib.SMTPResponseException):
        said = fault.smtp_error
        return _answer(fault.smtp_code, said if isinstance(said, bytes) else str(said).encode())
    return str(fault) or type(fault).__name__

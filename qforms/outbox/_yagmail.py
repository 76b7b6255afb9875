"""yagmail's connection and login, without what it does beyond: no MIME, no questions at the terminal, no retries.

Stock yagmail adds @gmail.com to a user name, verifies no certificate on STARTTLS, asks for a missing password at the
terminal, logs to stderr, and repeats a letter by itself when the connection breaks. Imported with the first letter."""

from __future__ import annotations

import contextlib
import logging
import smtplib
import ssl
from typing import Any

import yagmail

from qforms.oauth import xoauth2
from qforms.settings import Outgoing


class Session(yagmail.SMTP):  # type: ignore[misc]  # yagmail is untyped
    """A logged-in connection; `proof` is the password or the access token, `smtp` the smtplib object.

    Raises smtplib's errors and OSError."""

    def __init__(self, out: Outgoing, proof: str) -> None:
        context = ssl.create_default_context(cafile=out.ca_file or None)
        tls = out.security == "tls"
        super().__init__(
            "unused@localhost",
            proof,
            host=out.host,
            port=out.port,
            smtp_ssl=tls,
            smtp_starttls=False if tls else {"context": context},
            smtp_skip_login=not out.user or out.auth == "oauth",
            soft_email_validation=False,
            timeout=out.timeout,
            **({"context": context} if tls else {}),
        )
        self.user = out.user
        try:
            self.login()
            if out.user and out.auth == "oauth":
                self._by_token(out.user, proof)
        except BaseException:
            self.drop()
            raise

    def _by_token(self, user: str, token: str) -> None:
        self.smtp.ehlo_or_helo_if_needed()
        said = xoauth2(user, token).decode()
        self.smtp.auth("XOAUTH2", lambda challenge=None: said if challenge is None else "")

    def set_logging(self, *args: Any, **kwargs: Any) -> None:
        self.log = logging.getLogger("qforms.outbox")

    def close(self) -> None:
        self.is_closed = True
        if self.smtp is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self.smtp.quit()

    def drop(self) -> None:
        """Closes the socket without a word: the session may be broken."""
        self.is_closed = True
        if self.smtp is not None:
            self.smtp.close()

"""Fixtures with real servers, for every stage: `mailstack` and `database` (one each for the whole run) and `account` (a
fresh mailbox with a workspace set up to read from it and send through it)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import support_postgres
from servers.mailstack import PASSWORD, MailStack

from qforms.settings import Mailbox, Outgoing, Settings


def pytest_configure(config: pytest.Config) -> None:
    """The relay's `smtps` is encrypted before aiosmtpd sees it, and so it warns."""
    config.addinivalue_line("filterwarnings", "ignore:Requiring AUTH while not requiring TLS")


@dataclass(frozen=True)
class Account:
    """A mailbox of its own on the shared servers."""

    stack: MailStack
    address: str
    root: Path

    def settings(self, mailbox: dict[str, Any] | None = None, outgoing: dict[str, Any] | None = None) -> Settings:
        """Settings of a workspace in `root` that uses this account; the arguments change single values."""
        ports, ca = self.stack.ports, str(self.stack.ca)
        box = {"kind": "imap", "host": "localhost", "port": ports["imaps"], "user": self.address, "ca_file": ca}
        out = {"kind": "smtp", "host": "localhost", "port": ports["submission"], "user": self.address, "ca_file": ca}
        return Settings(
            root=self.root,
            mailbox=Mailbox(**{**box, "timeout": 60.0, **(mailbox or {})}),
            outgoing=Outgoing(**{**out, "timeout": 60.0, "sender": self.address, **(outgoing or {})}),
        )

    def deliver(self, raw: bytes) -> None:
        self.stack.deliver(raw, self.address)


@pytest.fixture(scope="session")
def mailstack() -> Iterator[MailStack]:
    with MailStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """A PostgreSQL server; whoever uses it empties it first (`support_several.emptied`)."""
    with support_postgres.server() as url:
        yield url


@pytest.fixture
def account(mailstack: MailStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    return _account(mailstack, tmp_path, monkeypatch)


def _account(stack: MailStack, root: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setenv("QFORMS_MAIL_PASSWORD", PASSWORD)
    monkeypatch.setenv("QFORMS_SMTP_PASSWORD", PASSWORD)
    return Account(stack, stack.new_user(), root)


@pytest.fixture
def own_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account on servers of its own, which the test may stop and start."""
    with MailStack() as stack:
        yield _account(stack, tmp_path, monkeypatch)


@pytest.fixture
def a_mail() -> Callable[..., bytes]:
    """Makes a small mail: `a_mail("subject", text=…)`."""

    def make(subject: str = "YL-A65 无输出", text: str = "批号 A65-2603C，9 台\n", **headers: str) -> bytes:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "kunde@example.com", "support@test.local", subject
        mail["Message-ID"] = headers.pop("message_id", f"<{abs(hash((subject, text)))}@example.com>")
        for name, value in headers.items():
            mail[name] = value
        mail.set_content(text, cte="base64")
        return mail.as_bytes()

    return make

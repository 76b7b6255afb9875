"""One workspace is made for the whole run; each test gets a copy. Tests marked `both_ledgers` run on SQLite and on
PostgreSQL; with QFORMS_TEST_LEDGER=postgresql all others do, too (`make test-postgres`)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import support_endtoend as e2e
import support_several
from servers.mailstack import MailStack


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "ledger_kind" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_ledgers"):
        metafunc.parametrize("ledger_kind", ["sqlite", "postgresql"])


@pytest.fixture
def ledger_kind() -> str:
    return os.environ.get("QFORMS_TEST_LEDGER", "sqlite")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> e2e.Workspace:
    return e2e.make(tmp_path_factory.mktemp("made") / "ws")


@pytest.fixture
def ws(made: e2e.Workspace, tmp_path: Path, ledger_kind: str, request: pytest.FixtureRequest) -> e2e.Workspace:
    """A workspace with the embedded mailbox and outgoing side."""
    copied = e2e.copy(made, tmp_path / "ws")
    return copied if ledger_kind == "sqlite" else support_several.move_to(copied, request.getfixturevalue("database"))


@pytest.fixture
def vacated(ledger_kind: str, request: pytest.FixtureRequest) -> Callable[[], object]:
    """Empties the database that `ws` lies in, so that its copy elsewhere finds room; a file lies in the copy itself."""
    return (
        (lambda: None)
        if ledger_kind == "sqlite"
        else lambda: support_several.emptied(request.getfixturevalue("database"))
    )


@pytest.fixture(scope="session")
def made_for_mail(mailstack: MailStack, tmp_path_factory: pytest.TempPathFactory) -> tuple[e2e.Workspace, e2e.Inbox]:
    staff = mailstack.new_user()
    return e2e.make(tmp_path_factory.mktemp("mail") / "ws", staff), e2e.Inbox(mailstack, staff)


@pytest.fixture
def support(mailstack: MailStack) -> e2e.Inbox:
    """The support mailbox that the workspace of `wired` watches."""
    return e2e.Inbox(mailstack, mailstack.new_user())


@pytest.fixture
def customer(mailstack: MailStack) -> e2e.Inbox:
    return e2e.Inbox(mailstack, mailstack.new_user())


@pytest.fixture
def staff(made_for_mail: tuple[e2e.Workspace, e2e.Inbox]) -> e2e.Inbox:
    """The mailbox of every department."""
    return made_for_mail[1]


@pytest.fixture
def wired(
    made_for_mail: tuple[e2e.Workspace, e2e.Inbox], mailstack: MailStack, support: e2e.Inbox, tmp_path: Path
) -> e2e.Workspace:
    """A workspace that reads `support` over IMAP and sends over SMTP, with the certificate checked."""
    workspace = e2e.copy(made_for_mail[0], tmp_path / "ws")
    e2e.connect(workspace, mailstack, support.address, made_for_mail[1].address)
    return workspace

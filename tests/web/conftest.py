"""The pages are asked directly, without a server. Most tests share one workspace, its spool emptied between them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import support_endtoend as e2e

from qforms import house
from qforms.web import submission

STAFF = "sales@company.example"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def made_for_web(tmp_path_factory: pytest.TempPathFactory) -> e2e.Workspace:
    ws = e2e.make(tmp_path_factory.mktemp("web") / "ws")
    ws.set("web", url="http://testserver", number_seconds=0, per_hour=1000, total_mb=3.0, file_mb=1.0, files=4)
    return ws


@pytest.fixture(scope="module")
def shared(made_for_web: e2e.Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[house.House]:
    copy = e2e.copy(made_for_web, tmp_path_factory.mktemp("pages") / "ws")
    with house.opened(copy.root) as h:
        yield h


@pytest.fixture
def opened(shared: house.House) -> house.House:
    """The house that only the page writes into, as it is at first."""
    spool = shared.settings.path(shared.settings.web.spool)
    shutil.rmtree(spool, ignore_errors=True)
    submission.prepare(shared.settings)
    return shared


@pytest.fixture
def ws(opened: house.House) -> e2e.Workspace:
    return e2e.Workspace(opened.settings.root)


@pytest.fixture
def own(made_for_web: e2e.Workspace, tmp_path: Path) -> Iterator[tuple[e2e.Workspace, house.House]]:
    """A workspace of the test's own, which the daemon works on."""
    copy = e2e.copy(made_for_web, tmp_path / "ws")
    with house.opened(copy.root) as h:
        submission.prepare(h.settings)
        yield copy, h

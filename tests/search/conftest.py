"""One workspace is made for the whole run; each test gets a copy."""

from __future__ import annotations

from pathlib import Path

import pytest
import support_endtoend as e2e


@pytest.fixture(scope="session")
def made_for_search(tmp_path_factory: pytest.TempPathFactory) -> e2e.Workspace:
    return e2e.make(tmp_path_factory.mktemp("search") / "ws")


@pytest.fixture
def ws(made_for_search: e2e.Workspace, tmp_path: Path) -> e2e.Workspace:
    return e2e.copy(made_for_search, tmp_path / "ws")

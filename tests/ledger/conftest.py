"""An empty ledger, on SQLite and on PostgreSQL: what holds for the one holds for the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import support_ledger
from support_several import emptied

from qforms.ledger import Ledger


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a ledger may be made."""
    on_file = request.param == "sqlite"
    return tmp_path / "ledger.db" if on_file else emptied(request.getfixturevalue("database"))


@pytest.fixture
def ledger(place: Path | str, tmp_path: Path) -> Iterator[Ledger]:
    it = Ledger(place, support_ledger.forms(tmp_path / "forms"), "example.com")
    it.migrate()
    yield it
    it.close()

"""A ledger as one SQLite file, taken while it is at work, and a ledger made from such a file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, func, select, text

from qforms.ledger import migrate
from qforms.ledger import tables as t
from qforms.model import QformsError, Told

_PAGE = 1000


def snapshot(engine: Engine, path: Path) -> None:
    """Writes the ledger, as it stands at one moment, into a new SQLite file. Nobody has to wait for it."""
    if engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(engine.url.database))) as here, closing(sqlite3.connect(path)) as there:
            here.backup(there)
        return
    target = create_engine(f"sqlite:///{path.as_posix()}")
    migrate.upgrade(target)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as here, target.begin() as there:
        _pour(here, there)
    target.dispose()


def fill(engine: Engine, path: Path) -> None:
    """Fills an empty ledger from such a file. Raises QformsError when it is not empty."""
    source = create_engine(f"sqlite:///{path.as_posix()}")
    migrate.upgrade(source)
    migrate.upgrade(engine)
    with source.connect() as here, engine.begin() as there:
        if there.scalar(select(func.count()).select_from(t.delivery)):
            raise QformsError(Told("账本不是空的，不能恢复到里面", "the ledger to restore into is not empty"))
        _pour(here, there)
        if engine.dialect.name == "postgresql":
            _count_on(there)
    source.dispose()


def _pour(here: Connection, there: Connection) -> None:
    for table in (x for x in t.metadata.sorted_tables if not x.info.get("passing")):
        rows = here.execute(select(table).execution_options(yield_per=_PAGE)).mappings()
        free = {"holder": None} if "holder" in table.c else {}  # nobody has it in hand there
        for page in rows.partitions():
            there.execute(table.insert(), [dict(row) | free for row in page])


def _count_on(db: Connection) -> None:
    """Numbers that PostgreSQL gives itself go on after those that were copied."""
    for table in t.metadata.sorted_tables:
        for column in table.primary_key.columns:
            if column.autoincrement is True:
                last: Any = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
                name = func.pg_get_serial_sequence(text(f"'\"{table.name}\"'"), text(f"'{column.name}'"))
                db.execute(select(func.setval(name, last, False)))

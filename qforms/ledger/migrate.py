"""The schema's versions, by alembic. The newest is known here, so an up-to-date ledger starts without alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from qforms.model import QformsError, Told

HEAD = "0003"
_ONE_AT_A_TIME = 0x71666F72


def upgrade(engine: Engine) -> None:
    """Brings the ledger to HEAD. Raises QformsError when a newer qforms has written it."""
    have = current(engine)
    if have == HEAD:
        return
    if have is not None and have > HEAD:
        raise QformsError(
            Told(
                f"账本版本 {have} 比程序新（{HEAD}）：请升级 qforms",
                f"the ledger ({have}) was written by a newer qforms than this one ({HEAD}): please upgrade",
            )
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # several machines may come at once
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)


def current(engine: Engine) -> str | None:
    """The version of the ledger, None for a new one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found

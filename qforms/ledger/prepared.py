"""Statements that put many rows at once, each made once: SQLAlchemy writes them and says how a column's values are
kept, the rows then go to the driver as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

from sqlalchemy import JSON, Connection, Dialect, insert
from sqlalchemy.sql.dml import UpdateBase

from qforms.ledger import tables as t
from qforms.ledger.rows import Written

Row = Mapping[str, Any]


class Prepared:
    """A statement for rows with these names, in the words of one database."""

    def __init__(self, statement: UpdateBase, dialect: Dialect, columns: Sequence[str] | None = None) -> None:
        made = statement.compile(dialect=dialect, column_keys=list(columns) if columns else None)
        self._text = made.string
        keepers = {name: _keeper(made.binds[name].type, dialect) for name in made.positiontup or made.binds}
        self._given = _gatherer(keepers, made.positiontup is not None)

    def execute(self, db: Connection, rows: Sequence[Row]) -> None:
        """Runs it for all rows."""
        db.exec_driver_sql(self._text, [*map(self._given, rows)])


def _gatherer(keepers: Mapping[str, Callable[[Any], Any] | None], ordered: bool) -> Callable[[Row], Any]:
    """The function that gives a row as the driver takes it, in order or by name: written once for a statement, since a
    loop over the columns of every row is most of what writing rows costs."""
    parts = [f"row[{n!r}]" if keep is None else f"keep[{n!r}](row[{n!r}])" for n, keep in keepers.items()]
    named = [f"{n!r}: {part}" for n, part in zip(keepers, parts, strict=True)]
    made: Callable[[Row], Any] = eval(
        f"lambda row: ({', '.join(parts)},)" if ordered else f"lambda row: {{{', '.join(named)}}}", {"keep": keepers}
    )
    return made


_EMPTY: Mapping[type, str] = {list: "[]", dict: "{}"}


def _keeper(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    """How a column keeps a value, None where as it is; JSON that is written already is not written again."""
    keep: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    if isinstance(kind, t.Instant):
        return lambda value: None if value is None else t.instant(value)
    if keep is None or not isinstance(kind, JSON):
        return keep
    write = keep

    def written(value: Any) -> Any:
        if type(value) is Written:
            return str(value)
        return write(value) if value or (empty := _EMPTY.get(type(value))) is None else empty

    return written


@lru_cache(maxsize=64)
def inserting(dialect: Dialect, name: str, columns: tuple[str, ...]) -> Prepared:
    """New rows of a table."""
    return Prepared(insert(t.metadata.tables[name]).inline(), dialect, columns)


@lru_cache(maxsize=64)
def putting(dialect: Dialect, name: str, columns: tuple[str, ...]) -> Prepared:
    """Rows of a table, those with the same key brought up to date."""
    table = t.metadata.tables[name]
    statement = import_module(f"sqlalchemy.dialects.{dialect.name}").insert(table)  # the one in use: each costs a start
    keys = [c.name for c in table.primary_key] if name != "record" else ["number"]
    rest = {c: statement.excluded[c] for c in columns if c not in keys}
    if not rest:  # all of it is the key: there it is already
        return Prepared(statement.on_conflict_do_nothing().inline(), dialect, columns)
    return Prepared(statement.on_conflict_do_update(index_elements=keys, set_=rest).inline(), dialect, columns)


@lru_cache(maxsize=8)
def changing(dialect: Dialect, statement: UpdateBase) -> Prepared:
    """A change or removal of rows, by the names of its parameters."""
    return Prepared(statement, dialect)

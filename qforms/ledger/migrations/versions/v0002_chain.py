"""History is chained record by record, and sealed by the day. What stands already is chained as it stands: its last
line holds the present state of its record; a record without history gets a line that says so."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from qforms.ledger import chain
from qforms.ledger import tables as t

revision = "0002"
down_revision = "0001"
_SIZE = 1000


def upgrade() -> None:
    op.add_column("entry", sa.Column("state", sa.String(length=80), nullable=False, server_default=""))
    op.add_column("entry", sa.Column("link", sa.String(length=64), nullable=False, server_default=""))
    op.drop_index("ix_entry_number", table_name="entry")
    op.create_index("entry_number", "entry", ["number", "id"], unique=False)
    op.create_table(
        "seal",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    _tell_of_records_without_history()
    _chain_what_stands()


def _tell_of_records_without_history() -> None:
    told = sa.select(t.entry.c.number).where(t.entry.c.number == t.record.c.number).exists()
    now = sa.func.coalesce(t.record.c.at, t.record.c.received_at, "1970-01-01T00:00:00.000000+00:00")
    texts = [sa.literal(text) for text in ("written", "", "")]
    silent = sa.select(
        t.record.c.number, now, *texts, t.record.c.by, sa.literal_column("'{}'"), sa.literal(""), sa.literal("")
    )
    names = ["number", "at", "what", "rule", "delivery", "by", "detail", "state", "link"]
    plain = sa.table("entry", *(sa.column(name) for name in names))  # typed as written: the JSON is text already
    op.execute(plain.insert().from_select(names, silent.where(~told)))


def _chain_what_stands() -> None:
    db = op.get_bind()
    put = t.entry.update().where(t.entry.c.id == sa.bindparam("own"))
    put = put.values(state=sa.bindparam("s"), link=sa.bindparam("l"))
    page = sa.select(t.entry).order_by(t.entry.c.number, t.entry.c.id).limit(_SIZE)
    last, before = ("", 0), ""
    while found := db.execute(page.where(sa.tuple_(t.entry.c.number, t.entry.c.id) > last)).mappings().all():
        ends = {r.number: r.own for r in db.execute(_ends({row["number"] for row in found}))}
        records = {r["number"]: r for r in db.execute(_records(ends)).mappings()}
        done: list[dict[str, object]] = []
        for row in found:
            number = row["number"]
            ending = number in records and ends[number] == row["id"]
            state = chain.state(records[number]) if ending else ""
            before = chain.link(before if number == last[0] else "", {**row, "state": state})
            last = (number, row["id"])
            done.append({"own": row["id"], "s": state, "l": before})
        db.execute(put, done)


def _ends(numbers: set[str]) -> Any:
    last = sa.select(t.entry.c.number, sa.func.max(t.entry.c.id).label("own"))
    return last.where(t.entry.c.number.in_(numbers)).group_by(t.entry.c.number)


def _records(numbers: dict[str, int]) -> Any:
    return sa.select(t.record).where(t.record.c.number.in_(list(numbers)))

"""Tampering shows: whatever is changed behind the program's back, `verify` names the place. On both databases."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from pathlib import Path

import pytest
import support_ledger as s
from sqlalchemy import text
from support_several import emptied

from qforms.ledger import FileStore, Ledger, migrate
from qforms.model import Entry, Judgement, QformsError

DAY = date(2026, 5, 11)


@pytest.fixture
def ledger(ledger: Ledger) -> Ledger:
    """With papers in it."""
    fill(ledger)
    return ledger


def fill(ledger: Ledger) -> None:
    """Three papers, the first of them revised and rung, each in a transaction of its own."""
    for n in (1, 2, 3):
        with ledger.begin() as tx:
            tx.write(None, s.whole(f"k{n}", f"PA-{n}"), s.NOW + timedelta(minutes=n))
    later = s.NOW + timedelta(hours=1)
    revised = dataclasses.replace(s.record("PA-1", 1, customer="启远二"), at=later)
    entries = (Entry("PA-1", later, "revised", "", "k9", "c@d", {"customer": ["启远", "启远二"]}),)
    with ledger.begin() as tx:
        tx.write(None, Judgement(records=(revised,), entries=entries), later)
    with ledger.begin() as tx:
        tx.write(None, Judgement(entries=(Entry("PA-1", later, "reminded", "answer"),)), later)


def codes(ledger: Ledger) -> list[tuple[str, str]]:
    return [(p.code, p.where) for p in ledger.verify()]


def change(ledger: Ledger, statement: str) -> None:
    with ledger._engine.begin() as db:
        assert db.execute(text(statement)).rowcount > 0


def test_what_nobody_touched_agrees(ledger: Ledger) -> None:
    assert codes(ledger) == []
    first = ledger.seal(DAY, s.NOW)
    assert ledger.seal(DAY, s.NOW + timedelta(hours=1)) == first
    fill_more(ledger)
    assert ledger.seal(DAY + timedelta(days=1), s.NOW) != first
    assert codes(ledger) == []


def fill_more(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.write(None, Judgement(entries=(Entry("PA-2", s.NOW, "reminded", "answer"),)), s.NOW)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE entry SET what = 'issued' WHERE number = 'PA-1' AND what = 'revised'", ("history_broken", "PA-1")),
        ("UPDATE entry SET at = '2026-01-01T00:00:00.000000+00:00' WHERE number = 'PA-2'", ("history_broken", "PA-2")),
        ("DELETE FROM entry WHERE number = 'PA-1' AND what = 'opened'", ("history_broken", "PA-1")),
        ("UPDATE record SET status = 'closed' WHERE number = 'PA-2'", ("record_changed", "PA-2")),
        ("UPDATE record SET case_no = 'TS-9' WHERE number = 'PA-2'", ("record_changed", "PA-2")),
        ("UPDATE record SET received_at = '2026-05-01T00:00:00.000000+00:00' WHERE number = 'PA-3'",
         ("record_changed", "PA-3")),
        ("""UPDATE revision SET vals = '{"customer": "别家"}' WHERE number = 'PA-1' AND revision = 0""",
         ("revision_changed", "PA-1")),
        ("DELETE FROM revision WHERE number = 'PA-1' AND revision = 0", ("revision_missing", "PA-1")),
        ("DELETE FROM record WHERE number = 'PA-3'", ("record_missing", "PA-3")),
        ("DELETE FROM entry WHERE number = 'PA-2'", ("record_changed", "PA-2")),
        ("DELETE FROM entry WHERE what = 'reminded'", ("seal_broken", "2026-05-11")),  # the end of a chain
    ],
)  # fmt: skip
def test_whatever_is_changed_shows(ledger: Ledger, statement: str, found: tuple[str, str]) -> None:
    ledger.seal(DAY, s.NOW)
    change(ledger, statement)
    said = codes(ledger)
    assert found in said
    assert {where for _, where in said} <= {found[1], "2026-05-11"}  # and nothing else is accused


def test_a_file_that_is_gone_or_changed_shows(ledger: Ledger, tmp_path: Path) -> None:
    store = FileStore(tmp_path / "store")
    digests = store.put_all([b"one", b"two", b"three"])
    with ledger.begin() as tx:
        for n, digest in enumerate(digests):
            reading = s.reading(f"f{n}")
            reading = dataclasses.replace(reading, delivery=dataclasses.replace(reading.delivery, digest=digest))
            tx.write(reading, Judgement(), s.NOW)
    assert list(ledger.verify(store)) == []
    store.path(digests[0]).unlink()
    store.path(digests[1]).write_bytes(b"2")
    assert sorted((p.code, p.where) for p in ledger.verify(store)) == sorted(("file_missing", d) for d in digests[:2])


def test_a_ledger_of_the_first_schema_is_chained_as_it_stands(ledger: Ledger, tmp_path: Path) -> None:
    """Back to 0001 with all its data, one record without any history, and up again."""
    with ledger._engine.begin() as db:
        db.execute(text("DELETE FROM entry WHERE number = 'PA-3'"))
        for statement in ("DROP TABLE seal", "DROP INDEX entry_number", "ALTER TABLE entry DROP COLUMN state",
                          "ALTER TABLE entry DROP COLUMN link", "CREATE INDEX ix_entry_number ON entry (number)",
                          *(f"DROP TABLE {name}" for name in ("turn", "touched", "presence", "lease", "waiting")),
                          *(f"ALTER TABLE {name} DROP COLUMN holder" for name in ("clock", "letter")),
                          "UPDATE alembic_version SET version_num = '0001'"):  # fmt: skip
            db.execute(text(statement))
    records, history = ledger.records(), [ledger_history(ledger, n) for n in ("PA-1", "PA-2")]
    ledger.migrate()
    assert migrate.current(ledger._engine) == migrate.HEAD
    assert codes(ledger) == [] and ledger.records() == records
    assert [ledger_history(ledger, n) for n in ("PA-1", "PA-2")] == history
    assert [e.what for e in ledger.history("PA-3")] == ["written"]
    fill_more(ledger)  # the chain goes on from there
    assert codes(ledger) == []
    change(ledger, "UPDATE entry SET what = 'x' WHERE number = 'PA-1' AND what = 'opened'")
    assert codes(ledger) == [("history_broken", "PA-1")]


def ledger_history(ledger: Ledger, number: str) -> list[tuple[str, ...]]:
    with ledger._engine.connect() as db:
        return [
            tuple(r)
            for r in db.execute(text(f"SELECT what, rule, at FROM entry WHERE number = '{number}' ORDER BY id"))
        ]


def test_a_copy_taken_at_work_fills_an_empty_ledger_and_goes_on(ledger: Ledger, tmp_path: Path) -> None:
    ledger.seal(DAY, s.NOW)
    ledger.snapshot(tmp_path / "copy.db")
    history, before = ledger.history("PA-1"), ledger.records()
    with ledger._engine.begin() as db:
        assert db.dialect.name in ("sqlite", "postgresql")
    with pytest.raises(QformsError, match="not empty"):
        with ledger.begin([s.reading("x")]) as tx:
            tx.write(s.reading("x"), Judgement(), s.NOW)
        ledger.fill(tmp_path / "copy.db")
    new = anew(ledger, tmp_path)
    new.fill(tmp_path / "copy.db")
    assert (new.records(), new.history("PA-1")) == (before, history) and codes(new) == []
    fill_more(new)
    with new.begin([s.reading("k7")]) as tx:
        tx.write(s.reading("k7"), s.whole("k7", "PA-7"), s.NOW)
    assert codes(new) == [] and len(new.records()) == len(before) + 1
    new.close()


def anew(ledger: Ledger, tmp_path: Path) -> Ledger:
    """An empty ledger on the same kind of database."""
    there = ledger._engine.dialect.name == "sqlite"
    return Ledger(tmp_path / "new.db" if there else emptied(str(ledger.url)), ledger._catalogue, "example.com")

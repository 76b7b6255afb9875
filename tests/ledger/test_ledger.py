"""The ledger keeps what it is given, whole or not at all, on SQLite and on PostgreSQL."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import support_ledger as s
from sqlalchemy import inspect, text

from qforms.ledger import Ledger, Overtaken, Transaction
from qforms.ledger.tables import metadata
from qforms.model import Conflict, Delivery, FigureChange, Judgement, Outcome, QformsError


def take(ledger: Ledger, key: str, judgement: Judgement) -> None:
    with ledger.begin([s.reading(key)]) as tx:
        tx.write(s.reading(key), judgement, s.NOW)


def test_gives_back_what_it_was_given(ledger: Ledger) -> None:
    given = s.whole("k1", "PA-1")
    take(ledger, "k1", given)
    with ledger.facts() as facts:
        assert facts.seen("k1")
        assert not facts.seen("k2")
        assert facts.record("PA-1") == given.records[0]
        assert facts.find("paper", "serials", "s2") == given.records  # many values, without case
        assert facts.find("paper", "customer", "别人") == ()
        assert facts.clocks("PA-1") == given.clocks
        assert facts.task("t:PA-1") == given.tasks[0]
        assert facts.figure("units", "G1", "lot:A") == 3
        assert facts.scopes("units", "G1") == ("lot:A",)
        assert facts.token("serial:PA-1") == "PA-1"
        assert facts.counter("PA-202605") == 1
        letter = facts.letter_by_code("ABCD-2345")
        assert letter is not None
        assert letter.intent == dataclasses.replace(given.letters[0], at=s.NOW)
        assert facts.letter(letter.message_id) == letter
        assert facts.case("TS-1") == given.records
        assert facts.all("paper") == given.records
    assert ledger.history("PA-1") == given.entries
    assert ledger.tasks() == given.tasks
    [row] = ledger.deliveries()
    assert (row["outcome"], row["numbers"], row["sender"]) == ("accepted", ["PA-1"], "a@b")


def everything(facts: Transaction) -> list[object]:
    day = s.NOW.date()
    return [
        facts.seen("k1"),
        facts.record("PA-1"),
        facts.find("paper", "customer", "启远"),
        facts.clocks("PA-1"),
        facts.task("t:PA-1"),
        facts.figure("units", "G1", "lot:A"),
        facts.window("units", "G1", day, day),
        facts.counter("PA-202605"),
        facts.letter_by_key("issue:PA-1"),
        facts.all("paper"),
        facts.case("TS-1"),
        facts.scopes("units", "G1"),
    ]


def test_the_next_of_a_group_sees_what_the_last_one_wrote(ledger: Ledger) -> None:
    with ledger.begin([s.reading("k1"), s.reading("k2")]) as tx:
        tx.write(s.reading("k1"), s.whole("k1", "PA-1"), s.NOW)
        seen_inside = everything(tx)
    assert all(seen_inside)
    with ledger.facts() as facts:
        assert everything(facts) == seen_inside


def test_a_group_that_fails_leaves_nothing(ledger: Ledger) -> None:
    class Broken(Exception):
        pass

    with pytest.raises(Broken), ledger.begin([s.reading("k1")]) as tx:
        tx.write(s.reading("k1"), s.whole("k1", "PA-1"), s.NOW)
        tx.flush()
        raise Broken
    assert ledger.records() == ()
    assert ledger.deliveries() == ()
    with ledger.facts() as facts:
        assert facts.counter("PA-202605") == 0


def test_every_revision_is_kept_and_the_index_follows_the_present_one(ledger: Ledger) -> None:
    take(ledger, "k1", s.whole("k1", "PA-1"))
    changed = s.record("PA-1", 1, customer="禾木", serials=("S2", "S3"))
    take(ledger, "k2", Judgement(records=(changed,)))
    with ledger.facts() as facts:
        assert facts.record("PA-1") == changed
        first = facts.revision("PA-1", 0)
        assert first is not None
        assert first.values["customer"] == "启远"
        assert facts.revision("PA-1", 7) is None
        assert facts.find("paper", "customer", "启远") == ()
        assert [r.number for r in facts.find("paper", "serials", "S3")] == ["PA-1"]


def test_two_changes_of_one_record_in_one_transaction(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.write(s.reading("k1"), s.whole("k1", "PA-1"), s.NOW)
        tx.write(s.reading("k2"), Judgement(records=(s.record("PA-1", 1, customer="禾木"),)), s.NOW)
        assert [r.number for r in tx.find("paper", "customer", "禾木")] == ["PA-1"]
        assert tx.find("paper", "customer", "启远") == ()
    with ledger.facts() as facts:
        assert facts.record("PA-1") == s.record("PA-1", 1, customer="禾木")
        assert facts.revision("PA-1", 0) is not None
        assert facts.find("paper", "customer", "启远") == ()


def test_figures_add_up_and_windows_end_at_their_days(ledger: Ledger) -> None:
    days = ["2025-05-11", "2025-05-12", "2026-05-11"]
    for i, day in enumerate(days):
        take(ledger, f"k{i}", Judgement(figures=(FigureChange("n", "G", f"day:{day}", Decimal(i + 1)),)))
    take(ledger, "k9", Judgement(figures=(FigureChange("n", "G", "day:2026-05-11", Decimal(-3)),)))
    with ledger.facts() as facts:
        until = s.NOW.date()
        window = facts.window("n", "G", until - timedelta(days=364), until)
        assert window is not None
        assert (window.total, str(window.first), str(window.last)) == (2, "2025-05-12", "2025-05-12")
        assert facts.window("n", "other", until, until) is None


def test_a_letter_is_owed_once(ledger: Ledger) -> None:
    take(ledger, "k1", Judgement(letters=(s.letter("a"), s.letter("a", subject="again"))))
    take(ledger, "k2", Judgement(letters=(s.letter("a", subject="once more"),)))
    assert [x.intent.subject for x in ledger.letters()] == ["主题"]


def test_what_became_of_a_letter_is_kept(ledger: Ledger) -> None:
    take(ledger, "k1", Judgement(letters=(s.letter("a"),)))
    [owed] = ledger.letters(["owed"])
    sent = dataclasses.replace(owed, state="sent", digest="f" * 64, attempts=2, sent_at=s.NOW, refused=("c@d",))
    with ledger.begin() as tx:
        tx.set_letter(sent)
    assert ledger.letters(["sent"]) == (sent,)
    assert ledger.letters(["owed"]) == ()


def test_only_what_is_due_is_given_and_the_earliest_first(ledger: Ledger) -> None:
    clocks = tuple(s.clock("answer", f"PA-{h}", h) for h in (5, 1, 3))
    take(ledger, "k1", Judgement(clocks=clocks))
    assert ledger.due(s.NOW) == ()
    assert [c.subject for c in ledger.due(s.NOW + timedelta(hours=3))] == ["PA-1", "PA-3"]
    assert ledger.next_due() == s.NOW + timedelta(hours=1)
    with ledger.begin() as tx:
        tx.postpone(clocks[1], s.NOW)
    assert ledger.next_due() == s.NOW + timedelta(hours=1)


def test_conflicts_stand_until_somebody_chooses(ledger: Ledger) -> None:
    take(ledger, "k1", s.whole("k1", "PA-1"))
    conflict = Conflict("PA-1", "amount", Decimal("12.30"), Decimal(13), Decimal("14.5"), "office", s.NOW, "d")
    take(ledger, "k2", Judgement(outcomes=(Outcome("accepted", "paper", "PA-1", conflicts=(conflict,)),)))
    assert ledger.conflicts() == (conflict,)
    with ledger.begin() as tx:
        assert tx.conflicts("PA-1") == (conflict,)
        tx.close_conflict("PA-1", "amount", "ours")
    assert ledger.conflicts() == ()


def test_automatic_letters_are_counted_for_a_day(ledger: Ledger) -> None:
    take(ledger, "k1", Judgement(letters=(s.letter("q", kind="question"), s.letter("i", kind="issue"))))
    with ledger.facts() as facts:
        assert facts.replies_today("a@b", s.NOW + timedelta(hours=23)) == 1
        assert facts.replies_today("a@b", s.NOW + timedelta(hours=25)) == 0


def test_a_held_delivery_can_be_taken_anew(ledger: Ledger) -> None:
    take(ledger, "k1", Judgement(outcomes=(Outcome("held"),)))
    with ledger.begin() as tx:
        tx.forget_delivery("k1")
    take(ledger, "k1", Judgement(outcomes=(Outcome("accepted"),)))
    assert [(r["outcome"], r["state"]) for r in ledger.deliveries()] == [("held", "retried"), ("accepted", "done")]


def test_notes_and_sheet_rows(ledger: Ledger) -> None:
    ledger.set_note("published", {"at": "x"})
    ledger.set_note("published", {"at": "y"})
    assert ledger.note("published") == {"at": "y"}
    assert ledger.note("nothing") is None
    ledger.set_sheet_rows({"PA-1": (0, {"a": 1})})
    ledger.set_sheet_rows({"PA-1": (2, {"a": 2}), "PA-2": (0, {})})
    assert ledger.sheet_rows() == {"PA-1": (2, {"a": 2}), "PA-2": (0, {})}


def test_the_migrations_make_the_tables_that_the_program_uses(ledger: Ledger) -> None:
    found = inspect(ledger._engine)
    for name, table in metadata.tables.items():
        assert {c["name"] for c in found.get_columns(name)} == {c.name for c in table.columns}
        indexed = {tuple(i["column_names"]) for i in found.get_indexes(name) if not i["unique"]}
        assert indexed == {tuple(c.name for c in i.columns) for i in table.indexes}


def test_migrating_again_changes_nothing_and_a_newer_ledger_is_refused(ledger: Ledger) -> None:
    take(ledger, "k1", s.whole("k1", "PA-1"))
    ledger.migrate()
    assert len(ledger.records()) == 1
    with ledger._engine.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(QformsError, match="9999"):
        ledger.migrate()


def test_a_wrong_address_is_the_operators_fault(tmp_path: Path) -> None:
    with pytest.raises(QformsError, match="ledger"):
        Ledger("nosuch://x", s.forms(tmp_path / "forms"), "example.com")


def test_delivery_digest(ledger: Ledger) -> None:
    take(ledger, "k1", Judgement())
    with ledger.facts() as facts:
        assert facts.digest_seen("k1".ljust(64, "0"))
        assert not facts.digest_seen("other")
    assert isinstance(s.reading("k1").delivery, Delivery)


def test_letters_go_as_lines_of_a_table_and_share_its_fate(ledger: Ledger) -> None:
    lines = (s.letter("l1", code="L1"), s.letter("l2", code="L2"))
    take(ledger, "k1", Judgement(letters=lines))
    table = s.letter("table", number="", code="", facts={"lines": [{"letter": "l1"}, {"letter": "l2"}]})
    with ledger.begin() as tx:
        tx.gather(table, s.NOW)
    one, two, whole = ledger.letters()
    assert [x.state for x in (one, two, whole)] == ["gathered", "gathered", "owed"]
    assert one.message_id == two.message_id == whole.message_id
    with ledger.facts() as facts:
        assert facts.letter(one.message_id) == whole and facts.letter_by_code("L2") == two
    with ledger.begin() as tx:
        tx.set_letter(dataclasses.replace(whole, state="sent", sent_at=s.NOW))
    assert [(x.state, x.sent_at) for x in ledger.letters()] == [("sent", s.NOW)] * 3
    with ledger.begin() as tx:
        tx.set_letter(dataclasses.replace(whole, state="bounced", last_error="5.1.1"))
    assert [(x.state, x.last_error) for x in ledger.letters()] == [("bounced", "5.1.1")] * 3


def test_a_letter_that_was_stopped_meanwhile_is_in_no_table(ledger: Ledger) -> None:
    take(ledger, "k1", Judgement(letters=(s.letter("l1"), s.letter("l2", code="L2"))))
    first = ledger.letters()[0]
    with ledger.begin() as tx:
        tx.set_letter(dataclasses.replace(first, state="stopped"))
    with pytest.raises(Overtaken), ledger.begin() as tx:
        tx.gather(s.letter("table", facts={"lines": [{"letter": "l1"}, {"letter": "l2"}]}), s.NOW)
    assert [(x.intent.key, x.state) for x in ledger.letters()] == [("l1", "stopped"), ("l2", "owed")]

"""Presence, leases and claims: what one daemon holds no other gets, and all of it is free when that one has gone."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import support_ledger as s
from sqlalchemy import update

from qforms.ledger import FileStore, Gone, Ledger
from qforms.ledger import tables as t
from qforms.ledger.leases import Leases, Who
from qforms.ledger.tray import Tray
from qforms.model import Delivery, Judgement, Letter

OWED, AT_ONCE = ("owed",), timedelta(0)


def daemon(ledger: Ledger, name: str = "a", **procedures: str) -> Leases:
    it = Leases(ledger._engine)
    it.join(Who(name, f"/{name}", 1, procedures))
    return it


def keys(found: tuple[tuple[Letter, ...], int]) -> list[str]:
    return [x.intent.key for x in found[0]]


def silence(ledger: Ledger, who: Leases) -> None:
    """It was last heard of long ago."""
    with ledger._engine.begin() as db:
        db.execute(update(t.presence).where(t.presence.c.id == who.id).values(until=1.0))


def test_one_holds_a_lease_and_another_takes_it_over_when_he_falls_silent(ledger: Ledger) -> None:
    one, other = daemon(ledger, "a"), daemon(ledger, "b")
    assert one.beat(["mailbox", "workbook"]) == {"mailbox", "workbook"}
    assert other.beat(["mailbox"]) == set()
    assert one.beat(["mailbox"]) == {"mailbox", "workbook"}  # what it has it keeps
    one.release(["workbook"])
    assert other.beat(["mailbox", "workbook"]) == {"workbook"}
    silence(ledger, one)
    assert other.beat(["mailbox"], bury=False) == {"workbook"}  # after a break all get the time to come back
    assert other.beat(["mailbox"]) == {"mailbox", "workbook"}
    with pytest.raises(Gone):
        one.beat(["mailbox"])
    assert [p.who.machine for p in other.present()] == ["b"] and other.company() == 0


def test_who_is_silent_and_not_taken_away_yet_may_come_back(ledger: Ledger) -> None:
    one, other = daemon(ledger, "a"), daemon(ledger, "b")
    assert one.beat(["mailbox"]) == {"mailbox"}
    silence(ledger, one)
    assert one.beat(["mailbox"]) == {"mailbox"}
    assert other.beat(["mailbox"]) == set()


def test_who_leaves_leaves_all_at_once(ledger: Ledger) -> None:
    one, other = daemon(ledger, "a"), daemon(ledger, "b")
    one.beat(["mailbox"])
    one.leave()
    assert other.beat(["mailbox"]) == {"mailbox"}


def test_who_judges_by_other_rules_is_paused_until_the_others_have_gone(ledger: Ledger) -> None:
    old = daemon(ledger, "a", rules="1")
    new = Leases(ledger._engine)
    who = Who("b", "/b", 2, {"rules": "2"})
    [differs] = new.join(who)
    assert differs.who.machine == "a" and [p.state for p in old.present()] == ["working", "paused"]
    third = Leases(ledger._engine)  # the first one, started anew with the new rules, meets only who is paused
    old.leave()
    assert third.join(Who("a", "/a", 3, {"rules": "2"})) == ()
    assert new.join(who) == () and new.id
    assert {p.state for p in new.present()} == {"working"}


def test_it_is_taken_over_at_the_first_sign_of_life_after_the_silence(ledger: Ledger) -> None:
    """By the database's own times, however slow the machine is."""
    one, other = daemon(ledger, "a"), daemon(ledger, "b")
    one.lasts = other.lasts = 0.5
    looked = other.server()[1]
    one.beat(["mailbox"])
    while True:
        before, looked = looked, other.server()[1]
        if other.beat(["mailbox"]):
            break
    [(place, silent)] = other.gone
    assert place == "a:/a" and 0.5 <= silent <= 0.5 + other.server()[1] - before


def test_a_letter_is_in_one_hand(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.write(None, Judgement(letters=(s.letter("l1"), s.letter("l2", code="X2"))), s.NOW)
    one, other = daemon(ledger, "a"), daemon(ledger, "b")
    mine, last = one.letters(OWED, s.NOW, AT_ONCE, 1)
    assert [x.intent.key for x in mine] == ["l1"]
    assert keys(other.letters(OWED, s.NOW, AT_ONCE, 9)) == ["l2"]
    assert keys(one.letters(OWED, s.NOW, AT_ONCE, 9)) == ["l1"]  # its own again, after a fault
    assert keys(one.letters(OWED, s.NOW, AT_ONCE, 9, last)) == []
    assert not other.glance(OWED, s.NOW, AT_ONCE)[1]
    other.drop_letters(["l1", "l2"])  # what is another's it cannot drop
    assert keys(one.letters(OWED, s.NOW, AT_ONCE, 9)) == ["l1", "l2"]
    with ledger._engine.begin() as db, pytest.raises(Gone):
        other.set_letters(db, mine, kept=False)
    silence(ledger, one)
    other.beat([])
    assert other.glance(OWED, s.NOW, AT_ONCE)[1]
    assert keys(other.letters(OWED, s.NOW, AT_ONCE, 9)) == ["l1", "l2"]
    with (
        ledger._engine.begin() as db,
        pytest.raises(Gone),
    ):  # a revenant has no say
        one.set_letters(db, mine, kept=False)


def test_letters_that_wait_are_in_nobody_s_hand(ledger: Ledger) -> None:
    later = s.NOW + timedelta(hours=2)
    with ledger.begin() as tx:
        letters = (s.letter("now"), s.letter("quiet", code="X2", not_before=later), s.letter("urgent", urgent=True))
        tx.write(None, Judgement(letters=letters), s.NOW)
    one, delay = daemon(ledger), timedelta(minutes=10)
    assert keys(one.letters(OWED, s.NOW, delay, 9)) == ["urgent"]  # to a department: it can be stopped for so long
    assert keys(one.letters(OWED, s.NOW + delay, delay, 9)) == ["now", "urgent"]
    assert one.next_letter(OWED, s.NOW) == later and one.next_letter(OWED, later) is None


def test_a_clock_is_in_one_hand_and_free_when_it_was_rung(ledger: Ledger) -> None:
    clocks = (s.clock("first", "PA-1", 1), s.clock("second", "PA-1", 2), s.clock("later", "PA-1", 48))
    with ledger.begin() as tx:
        tx.write(None, Judgement(records=(s.record("PA-1"),), clocks=clocks), s.NOW)
    one, other, now = daemon(ledger, "a"), daemon(ledger, "b"), s.NOW + timedelta(hours=3)
    [first] = one.clocks(now, 1)
    assert first.rule == "first"
    assert [c.rule for c in other.clocks(now, 9)] == ["second"]
    one.let_go([first])
    assert [c.rule for c in other.clocks(now, 9)] == ["first", "second"]


def delivery(n: int) -> Delivery:
    raw = f"mail {n}".encode()
    return Delivery("imap", f"INBOX/1/{n}", s.NOW + timedelta(minutes=n), raw, digest=sha256(raw).hexdigest())


def test_the_tray_gives_each_delivery_once_in_order(ledger: Ledger, tmp_path: Path) -> None:
    one, other = daemon(ledger, "a"), daemon(ledger, "b")
    store = FileStore(tmp_path / "store")
    here, there = Tray(ledger._engine, store), Tray(ledger._engine, store)
    here.lay([delivery(n) for n in (3, 1, 2)])
    first, rest = here.take(2, one.id), there.take(9, other.id)
    assert [d.raw for d in first] == [b"mail 1", b"mail 2"] and [d.raw for d in rest] == [b"mail 3"]
    assert there.before(rest[0], other.id) and not here.before(first[0], one.id)
    assert here.waits_before(delivery(1).received_at) and not here.waits_before(s.NOW)
    with ledger.begin() as tx:
        here.settle(tx, first[:1])
    assert here.take(9, one.id) == [] and one.waiting() == 2
    here.drop()  # what it was kept from it takes anew
    assert [d.raw for d in here.take(9, one.id)] == [b"mail 2"]
    silence(ledger, one)
    other.beat([])
    assert other.glance(OWED, s.NOW, AT_ONCE)[1] and not there.before(rest[0], other.id)
    assert [d.raw for d in there.take(9, other.id)] == [b"mail 2"]

"""No silent stop: a mailbox that cannot be read or gets no mail any more is told by another way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from qforms import daemon, house
from qforms.commands import checks, start
from qforms.model import Problem
from qforms.watch import Watch

NOW = datetime(2026, 6, 12, 2, tzinfo=UTC)  # a Friday, 10:00 in Shanghai
DOWN = Problem("mailbox_unreachable", context={"host": "imap.example", "port": 993, "reason": "no route"})


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("silence") / "w"
    start.init(folder, "江苏云岭电器有限公司", "zh", NOW - timedelta(days=60))
    return folder


@pytest.fixture
def root(fresh: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fresh, tmp_path / "w"))


@pytest.fixture
def open_house(root: Path) -> Iterator[house.House]:
    with house.opened(root) as h:
        yield h


def codes(watch: Watch, at: datetime) -> list[str]:
    return [p.code for p in watch.problems(at)]


def letters(h: house.House) -> list[Any]:
    return [x.intent for x in h.ledger.letters(("owed", "sent")) if x.intent.key.startswith("office:mailbox")]


def daily(watch: Watch, until: datetime, days: int = 20) -> None:
    """Mail on every working day before `until`."""
    for back in range(days, 0, -1):
        at = until - timedelta(days=back)
        if at.weekday() < 5:
            watch.came("maildir", at)


def test_a_mailbox_out_of_reach_is_told_after_the_hours_of_the_settings(open_house: house.House) -> None:
    watch = open_house.watch
    watch.failed("maildir", NOW, DOWN)
    watch.failed("maildir", NOW + timedelta(hours=1), DOWN)
    assert codes(watch, NOW + timedelta(minutes=119)) == []
    assert codes(watch, NOW + timedelta(hours=2)) == ["mailbox_not_fetched"]
    watch.looked("maildir", NOW + timedelta(hours=3))
    assert codes(watch, NOW + timedelta(hours=4)) == []


def test_the_office_gets_one_letter_a_day(open_house: house.House) -> None:
    open_house.watch.failed("maildir", NOW, DOWN)
    for hours in (2, 3, 4):
        open_house.tell_silences(NOW + timedelta(hours=hours))
    (letter,) = letters(open_house)
    assert letter.to == ("quality@company.example",) or letter.to[0].endswith("@company.example")
    assert "06-12 10:00" in letter.facts["request"] and "no route" in letter.facts["request"]
    open_house.tell_silences(NOW + timedelta(days=1))
    assert len(letters(open_house)) == 2


def test_silence_is_what_is_longer_than_ever(open_house: house.House) -> None:
    watch = open_house.watch
    daily(watch, NOW)
    last = NOW - timedelta(days=1)
    watch.came("maildir", last)
    silent = [codes(watch, last + timedelta(days=n)) == ["mailbox_silent"] for n in range(0, 8)]
    # usual: mail every working day; more than three of them without any are told, the weekend does not count
    assert silent == [False, False, False, False, False, False, True, True]


def test_a_holiday_is_no_silence(open_house: house.House) -> None:
    """National Day 2026: 1 to 7 October; the 10th is worked."""
    before = datetime(2026, 9, 30, 8, tzinfo=UTC)
    daily(open_house.watch, before)
    open_house.watch.came("maildir", before)
    assert codes(open_house.watch, datetime(2026, 10, 8, 2, tzinfo=UTC)) == []


def test_a_new_mailbox_has_no_usual_yet(open_house: house.House) -> None:
    open_house.watch.came("maildir", NOW)
    assert codes(open_house.watch, NOW + timedelta(days=60)) == []


def test_it_is_remembered_over_a_restart(root: Path) -> None:
    with house.opened(root) as h:
        h.watch.failed("maildir", NOW, DOWN)
        h.tell_silences(NOW)
    with house.opened(root) as h:
        assert codes(h.watch, NOW + timedelta(hours=2)) == ["mailbox_not_fetched"]


def test_the_daemon_notes_what_it_read_and_doctor_tells_when_it_has_stopped(root: Path) -> None:
    daemon.once(root)
    with house.opened(root) as h:
        looked = datetime.fromisoformat(h.watch.seen("maildir").looked)
        assert datetime.now(UTC) - looked < timedelta(minutes=5)
        h.watch.looked("maildir", datetime.now(UTC) - timedelta(hours=5))
        h.watch.save(datetime.now(UTC))
    found = {f.what: f for f in checks.doctor(root)}
    assert not found["来信 maildir"].ok and found["来信 maildir"].red
    assert "qforms run" in found["来信 maildir"].text


def test_a_dead_mailbox_does_not_stop_the_other(root: Path, a_mail: Any) -> None:
    toml = root / "qforms.toml"
    dead = "\n[mailboxes.dead]\nkind = 'imap'\nhost = '127.0.0.1'\nport = 1\nuser = 'dead@company.example'\n"
    toml.write_text(toml.read_text("utf-8") + dead, "utf-8")
    (root / "mail" / "new" / "1").write_bytes(a_mail())
    daemon.once(root)
    with house.opened(root) as h:
        assert len(h.ledger.records("complaint")) == 1
        assert h.watch.seen("imap:dead").down_since and not h.watch.seen("maildir").down_since


def test_who_writes_to_a_mailbox_for_complaints_only_is_a_stranger(root: Path) -> None:
    """The same return from the same department: it counts in the office's mailbox, not in the public one."""
    from qforms import intake
    from qforms.model import Delivery

    toml = root / "qforms.toml"
    toml.write_text(
        toml.read_text("utf-8") + '\n[mailboxes.public]\npath = "public"\ncomplaints_only = true\n', "utf-8"
    )
    raw = b"From: engineering@company.example\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\nx\r\n"
    with house.opened(root) as h:
        read = [
            intake.read(Delivery("maildir", at, NOW, raw, digest="d"), h.procedures, h.office, NOW)
            for at in ("new/1", "public:new/1")
        ]
    assert [r.authenticated for r in read] == [True, False]


@pytest.mark.parametrize(("days", "told"), [(3, True), (30, False)])
def test_an_authorisation_that_ends_within_a_week_is_told_by_mail(root: Path, days: int, told: bool) -> None:
    """Once a day, to the operator, while there still is mail; and `doctor` says it."""
    ends = (datetime.now(UTC) + timedelta(days=days)).date()
    toml = root / "qforms.toml"
    text = toml.read_text("utf-8").replace("[outgoing]", '[outgoing]\nauth = "oauth"')
    toml.write_text(
        f'{text}\n[oauth]\nflow = "client_credentials"\nclient_id = "x"\nsecret_expires = {ends}\n', "utf-8"
    )
    with house.opened(root) as h:
        at = datetime.now(UTC)
        for _ in range(2):
            h.new_day(at)
            h.new_day(at + timedelta(days=1))
        keys = [x.intent.key for x in h.ledger.letters() if x.intent.key.startswith("operator:oauth_expires")]
    assert len(keys) == (2 if told else 0)
    [said] = [f for f in checks.doctor(root) if f.what == "邮箱授权"]
    assert said.ok != told and str(ends) in said.text

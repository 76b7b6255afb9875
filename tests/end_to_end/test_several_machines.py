"""Several daemons on one PostgreSQL: numbers, shared work, deaths, what must be the same on all machines."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import support_endtoend as e2e
import support_postgres
from support_several import Machines, company, complaint

from qforms import daemon, house, pulse, settings
from qforms.colleagues import Colleagues
from qforms.commands import several
from qforms.daemon import real_now
from qforms.ledger import Ledger
from qforms.model import QformsError
from qforms.workbook import reserve

EVERYTHING = ("accepted", "partial")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> e2e.Workspace:
    return company(tmp_path_factory.mktemp("company") / "ws")


@pytest.fixture
def two(template: e2e.Workspace, tmp_path: Path, database: str) -> Machines:
    return Machines(template, tmp_path, database, 2)


def in_a_row(machine: e2e.Workspace) -> bool:
    """Have the complaints' numbers neither gap nor twin, but for those that stand ready in the workbook?"""
    with house.opened(machine.root) as h:
        kept = reserve.kept(h.ledger.note(reserve.NOTE))["complaint"]
        given = [r.number for r in h.ledger.records("complaint")]
    ready = {n for n in (*kept.ready, *kept.void) if n < max(given)}
    return [int(n.rpartition("-")[2]) for n in sorted([*given, *ready])] == list(range(1, len(given) + len(ready) + 1))


def test_eight_writers_leave_neither_gap_nor_twin(template: e2e.Workspace, tmp_path: Path, database: str) -> None:
    machine = Machines(template, tmp_path, database, 1).all[0]
    each, environment = 5, e2e.environ(PYTHONPATH=f"{e2e.ROOT}:{e2e.ROOT / 'tests'}")
    command = [sys.executable, "-m", "servers.writer", str(machine.root)]
    writers = [
        subprocess.Popen([*command, str(n * each), str(each)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         env=environment, cwd=e2e.ROOT)
        for n in range(8)
    ]  # fmt: skip
    try:
        for writer in writers:
            assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write(b"go\n")
            writer.stdin.close()
        assert [writer.wait(240) for writer in writers] == [0] * 8
    finally:
        for writer in writers:
            writer.kill()
            writer.wait(30)
            if writer.stdout is not None:
                writer.stdout.close()
    complaints = machine.records()
    assert len(complaints) == 8 * each and in_a_row(machine)
    assert len(machine.records("mechanism_group")) == 1
    [report] = machine.records("market_abnormality")  # eight saw the limit passed, one report was opened
    assert report["values"]["mechanism_group"] == machine.records("mechanism_group")[0]["number"]
    keys = [x["key"] for x in machine.letters()]
    assert len(keys) == len(set(keys))
    assert e2e.command("ledger", "verify", str(machine.root))[0] == 0


def holder(ledger: Ledger, duty: str) -> str:
    """The workspace of whoever does what only one does."""
    return next((p.who.place for p in ledger.leases.present() if duty in p.holds), "")


def test_one_of_two_is_killed_in_the_middle_of_a_burst(two: Machines) -> None:
    first, second = two.all
    with e2e.running(first) as killed, e2e.running(second) as survivor, two.ledger() as ledger:
        e2e.wait_for(lambda: ledger.leases.company() == 2)  # of others than whoever asks
        assert holder(ledger, "mailbox") == holder(ledger, "workbook") == str(first.root)
        e2e.wait_for(lambda: any(line.get("others") == 1 for line in first.logged("colleagues")))
        two.receive(*(complaint(n) for n in range(70)))
        e2e.wait_for(lambda: two.recorded() >= 10)
        killed.kill()
        two.receive(*(complaint(n) for n in range(70, 80)))
        e2e.wait_for(lambda: holder(ledger, "mailbox") == holder(ledger, "workbook") == str(second.root))
        e2e.wait_for(lambda: two.recorded() >= 80)
        e2e.wait_for(two.settled)
        e2e.wait_for(lambda: ledger.leases.waiting() == 0)
        assert survivor.alive
    [gone] = second.logged("colleague gone")  # by the database's clock; no machine's stalls are counted twice
    assert gone["place"].endswith(str(first.root)) and 20 <= gone["silent"] <= 20 + gone["since"] + 0.5
    with house.opened(second.root) as h:
        arrived = [d for d in h.ledger.deliveries() if d["channel"] == "maildir"]
        assert Counter(d["message_id"] for d in arrived) == Counter({f"<several-{n}@kunde>": 1 for n in range(80)})
        assert all(d["outcome"] in EVERYTHING and len(d["numbers"]) == 1 for d in arrived)
        letters = h.ledger.letters()
        assert {x.state for x in letters} == {"sent"}
        lines = {key for x in letters for key in x.intent.gathered}  # what went with others, as a line of a table
        assert Counter(two.sent()) == Counter(x.intent.key for x in letters if x.intent.key not in lines)
    assert in_a_row(second)
    assert len(second.records("market_abnormality")) == 1
    second.root.joinpath("master.xlsx").unlink(missing_ok=True)
    assert e2e.command("ledger", "verify", str(second.root))[0] == 0
    shown = shown_in(two.share / "master.xlsx")
    assert shown == Counter(r["number"] for r in second.records())


def shown_in(book: Path) -> Counter[str]:
    """The complaints that the workbook shows."""
    import openpyxl

    rows = list(openpyxl.load_workbook(book, read_only=True)["投诉台账"].iter_rows(values_only=True))
    number = next(n for n, head in enumerate(rows[2]) if "编号" in str(head))
    return Counter(str(r[number]) for r in rows[3:] if r[number + 1])


def test_what_a_dead_daemon_had_in_hand_comes_back(two: Machines) -> None:
    """By the database's own clock: it took mail in hand, and was never heard of again."""
    for machine in two.all:
        machine.set("machines", silent_seconds=5)
    with house.opened(two.all[0].root) as dead, house.opened(two.all[1].root) as h:
        dead.ledger.leases.join(Colleagues(dead.ledger, dead.store, dead.procedures, dead.log)._who)
        tray = dead.ledger.tray(dead.store)
        source = next(s for s in dead.sources(None, once=True) if s.name == "maildir")
        two.receive(complaint(1), complaint(2))
        tray.lay([*source.waiting()])
        assert len(tray.take(9, dead.ledger.leases.id)) == 2
        h.join()
        assert h.handle([], real_now()) == []  # they are in somebody's hands
        taken = e2e.wait_for(lambda: h.handle([], real_now()))
        assert [t.outcome in EVERYTHING for t in taken] == [True, True]
        assert h.ledger.leases.waiting() == 0 and h.colleagues is not None and h.colleagues.holds("mailbox")
    assert two.recorded() == 2


def test_mailbox_and_workbook_are_never_without_a_holder_for_more_than_half_a_minute(tmp_path: Path) -> None:
    """A law of the settings: the silence, a sign of life of the others, the pause of a source that is not read."""
    for silent in (5, 20, 24):
        machines = settings.Machines(silent_seconds=silent)
        assert 2 * machines.beat < silent and silent + machines.beat + daemon._PAUSED <= 30
    file = tmp_path / "qforms.toml"
    file.write_text("[machines]\nsilent_seconds = 25\n", "utf-8")
    with pytest.raises(QformsError, match=r"qforms\.toml:2: machines\.silent_seconds.*24"):
        settings.load(tmp_path)


def test_who_judges_by_other_rules_pauses_and_says_so(two: Machines) -> None:
    first, second = two.all
    limits = second.root / "inbox_rules/limits.yaml"
    limits.write_text(limits.read_text("utf-8").replace("min_units: 2", "min_units: 3"), "utf-8")
    with house.opened(first.root) as working, house.opened(second.root) as other:
        working.join()
        other.join()
        assert working.working and not other.working
        other.pulse.beat(real_now())
        [line] = [x for x in pulse.health(settings.load(second.root), real_now(), 180) if "inbox_rules" in x]
        assert str(first.root) in line and "form_templates" not in line
        two.receive(complaint(1))
        with pytest.raises(QformsError, match="inbox_rules"):
            other.close()
            daemon.once(second.root)
        paused = [text for _, ok, text, _ in several.database(settings.load(second.root)) if not ok]
        assert paused == []  # it has left
    assert two.recorded() == 0
    daemon.once(second.root)  # nobody works by others any more
    assert two.recorded() == 1


def test_the_bucket_and_the_database_go_and_come_back(
    template: e2e.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support_bucket import Bucket

    with support_postgres.restartable() as server, Bucket(monkeypatch) as bucket:
        machines = Machines(template, tmp_path, server.url, 1)
        ws = machines.all[0]
        for file in (machines.share / "store").glob("*/*"):
            bucket.put(f"store/{file.parent.name}/{file.name}", file.read_bytes())
        ws.set("", store=f"s3://{bucket.name}/store")
        ws.set("s3", endpoint=bucket.endpoint, timeout=2.0)
        with e2e.running(ws) as process:
            machines.receive(complaint(1))
            e2e.wait_for(lambda: machines.recorded() == 1)
            bucket.stop()
            machines.receive(complaint(2))
            e2e.wait_for(lambda: any(bucket.name in x["reason"] for x in ws.logged("disk")))
            assert process.alive
            bucket.start()
            e2e.wait_for(lambda: machines.recorded() == 2)
            server.stop()
            machines.receive(complaint(3))
            e2e.wait_for(lambda: ws.logged("no sign of life"))
            server.start()
            e2e.wait_for(lambda: machines.recorded() == 3)
            e2e.wait_for(machines.settled)
            findings = [(str(what), ok) for what, ok, *_ in several.bucket(settings.load(ws.root))]
            assert [ok for _, ok in findings] == [True]
            there = [(str(what), ok, str(text)) for what, ok, text, _ in several.database(settings.load(ws.root))]
            assert any("postgresql" in text for _, _, text in there)
            assert any("holds mailbox, workbook" in text and ok for _, ok, text in there)
            assert process.alive
        assert e2e.command("ledger", "verify", str(ws.root))[0] == 0
        sent = machines.sent()
        assert len(sent) == len(set(sent))

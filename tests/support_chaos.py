"""A daemon that is killed again and again, with mail servers and a folder around it, and the audit of its books."""

from __future__ import annotations

import contextlib
import email
import email.policy
import itertools
import json
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

import support_endtoend as e2e
from openpyxl import load_workbook
from servers.killable import STEPS
from servers.mailstack import MailStack

from qforms import house
from qforms.model import Delivery

KILLABLE = e2e.ROOT / "tests/servers/killable.py"
_MODELS = ("YL-A65", *(f"YL-{line}{n}" for n in range(20, 60) for line in "BCDEFG"))
_PATIENCE = 3600.0  # seconds for a command on a large workspace
_OPEN = ("owed", "rendered", "sending", "resending", "later", "unknown")


@dataclass
class Chaos:
    """A workspace on real servers, and everything it was ever sent."""

    workspace: e2e.Workspace
    stack: MailStack
    support: str
    template: Path  # the workspace as it was before anything came
    mails: dict[str, str] = field(default_factory=dict)  # Message-ID -> the customer's address
    files: list[str] = field(default_factory=list)  # what each dropped file says in customer_complaint_no
    kills: Counter[str] = field(default_factory=Counter)
    edits: int = 0
    _customers: list[str] = field(default_factory=list)
    _one: threading.Lock = field(default_factory=threading.Lock)

    # ---- work for the daemon

    def write(self, count: int = 1) -> None:
        """So many mails of as many customers stand in the mailbox when this returns."""
        for _ in range(count):
            with self._one:
                self._write()

    def _write(self) -> None:
        n = len(self.mails)
        sender, own = self._customer(n), f"<chaos-{n}@kunde.example>"
        model = _MODELS[n // 8 % len(_MODELS)]
        text = f"产品型号：{model}\n生产批号：{model[3:]}-2603{'CDEF'[n % 4]}\n无输出，{n % 9 + 1} 台。第 {n} 封。\n"
        raw = e2e.mail(f"投诉 {model} 无输出 {n}", text, sender, Message_ID=own)
        self.stack.deliver(raw, self.support, sender)
        self.mails[own] = sender

    def _customer(self, n: int) -> str:
        """Each writes four times only: automatic answers to one address are capped by the day."""
        while len(self._customers) <= n // 4:
            self._customers.append(self.stack.new_user())
        return self._customers[n // 4]

    def drop(self) -> None:
        """A form as a JSON file in the watched folder."""
        own = f"F-{len(self.files)}"
        values = {"defect_symptom": f"外壳发热 {own}", "customer_complaint_no": own, "product_model": "YL-A65"}
        part = self.workspace.root / f"{own}.part"
        part.write_text(json.dumps({"form": "complaint", "by": "intake", "values": values}, ensure_ascii=False))
        part.replace(self.workspace.root / "inbox" / f"{own}.json")
        self.files.append(own)

    # ---- deaths

    def killed_at(self, step: str, nth: int = 1, mails: int = 1, seconds: float = 120) -> None:
        """Runs the daemon until it dies at a step, with fresh mail to work on. AssertionError if not."""
        self.write(mails)
        process = self._start(KILLABLE, KILL_AT=f"{step}:{nth}")
        try:
            assert process.wait(seconds) == -9, f"{step}: ended with {process.returncode}"
        finally:
            _end(process)
        self.kills[step] += 1

    def killed_after(self, seconds: float, mails: int = 2) -> None:
        """Runs the daemon and kills it after so long, wherever it is, with mail coming in meanwhile."""
        process = self._start("-m", "qforms.cli", "run")
        try:
            until = time.monotonic() + seconds
            for n in range(mails):
                self.write()
                time.sleep(max(0.0, until - time.monotonic()) / (mails - n + 1))
            time.sleep(max(0.0, until - time.monotonic()))
            assert process.poll() is None, f"the daemon ended by itself: {process.returncode}"
        finally:
            _end(process)
        self.kills["random"] += 1

    def _start(self, *command: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        with self.workspace.root.with_suffix(".out").open("ab") as out:
            return subprocess.Popen(
                [sys.executable, *map(str, command), str(self.workspace.root)],
                stdout=out, stderr=out, cwd=e2e.ROOT,
                env=e2e.environ(**{"PYTHONPATH": str(e2e.ROOT), **environment}),
            )  # fmt: skip

    # ---- afterwards

    def settle(self, seconds: float = 120) -> None:
        """A daemon that nobody kills, until nothing waits any more; AssertionError when it gets on with nothing for so
        long."""
        with e2e.running(self.workspace):
            until, least = time.monotonic() + seconds, self._waits()
            while waits := self._waits():
                if waits < least:
                    until, least = time.monotonic() + seconds, waits
                assert time.monotonic() < until, f"{waits} mails, files and letters wait and do not become fewer"
                time.sleep(min(5.0, 0.1 + waits / 50))
        for minutes in (10, 50):  # letters that wait for their next try
            at = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
            done = e2e.qforms("run", str(self.workspace.root), "--once", "--now", at, seconds=_PATIENCE)
            assert (done.returncode, done.stderr) == (0, "")

    def _waits(self) -> int:
        """How many mails, files and letters are not dealt with, but for letters that wait for their next try."""
        with house.opened(self.workspace.root) as h:
            arrived = sum(d["channel"] == "imap" or d["name"].startswith("F-") for d in h.ledger.deliveries())
            now = datetime.now(UTC)
            letters = sum(x.next_try is None or x.next_try <= now for x in h.ledger.letters(_OPEN))
        files = len(list((self.workspace.root / "inbox").glob("F-*")))
        return max(0, len(self.mails) + len(self.files) - arrived) + letters + files

    def audit(self) -> dict[str, Any]:
        """Checks all books against what was sent; gives figures. AssertionError says what is wrong."""
        figures = {
            "kills": sum(self.kills.values()),
            "mails": len(self.mails),
            "files": len(self.files),
            "edits": self.edits,
        }
        with house.opened(self.workspace.root) as h:
            self._one_case_each(h)
            self._as_if_nothing_had_happened(h)
            figures["letters"] = len(h.ledger.letters())
            figures["doubled"] = self._letters_once(h)
        self._book_agrees()
        done = e2e.qforms("ledger", "verify", str(self.workspace.root), seconds=_PATIENCE)
        assert done.returncode == 0, done.stdout + done.stderr
        return figures

    def _one_case_each(self, h: house.House) -> None:
        taken = [d for d in h.ledger.deliveries() if d["channel"] == "imap" or d["name"].startswith("F-")]
        by_id = Counter(d["message_id"].strip("<>") for d in taken if d["channel"] == "imap")
        assert by_id == Counter({own.strip("<>"): 1 for own in self.mails})
        assert Counter(d["name"] for d in taken if d["channel"] == "folder") == Counter(f"{n}.json" for n in self.files)
        assert {d["outcome"] for d in taken} <= {"accepted", "partial"}
        numbers = [d["numbers"] for d in taken]
        assert all(len(n) == 1 for n in numbers)
        complaints = h.ledger.records("complaint")
        assert sorted(n for [n] in numbers) == sorted(r.number for r in complaints)
        serials = sorted((r.number.rpartition("-")[0], int(r.number.rpartition("-")[2])) for r in complaints)
        months = {month for month, _ in serials}
        wanted = [(m, n + 1) for m in sorted(months) for n in range(sum(s[0] == m for s in serials))]
        assert serials == wanted  # no gap and no twin

    def _as_if_nothing_had_happened(self, h: house.House) -> None:
        """The same deliveries, taken at the same times by a program that nothing ever happened to, give the same
        records, clocks, figures and letters."""
        root = self.workspace.root.with_name("replayed")
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.template, root)
        names = ("channel", "locator", "received_at", "name", "digest")
        with house.opened(root) as fresh:
            known = {d["key"] for d in fresh.ledger.deliveries()}
            new = (row for row in h.ledger.deliveries() if row["key"] not in known)
            for at, together in itertools.groupby(new, lambda row: row["taken_at"]):
                raws = ((row, h.store.get(row["digest"])) for row in together)
                fresh.handle([Delivery(**{n: row[n] for n in names}, raw=raw) for row, raw in raws], at)
            ours, theirs = _essence(h), _essence(fresh)
            for what in ours:
                assert _differences(theirs[what], ours[what]) == [], what

    def _letters_once(self, h: house.House) -> int:
        """Each letter was accepted once, where that could be known, and twice at most; gives how many came twice."""
        arrived: Counter[tuple[str, str]] = Counter()
        for user in (self.stack.root / "mail").iterdir():
            for message in mails_of(self.stack, user.name):
                if message["X-Qforms-Key"]:
                    arrived[message["Message-ID"], user.name] += 1
        doubled, doubtful = 0, sum(n for step, n in self.kills.items() if STEPS.get(step, True))
        held = sum(letter.state == "held" for letter in h.ledger.letters())
        assert held <= (doubtful + self.kills["before_dot"]) // 2, (held, self.kills)
        for letter in h.ledger.letters():
            if letter.intent.audience == "office":
                continue  # the list of what is withheld, which the audit itself may cause
            assert letter.state in ("sent", "held"), (letter.intent.key, letter.state, letter.last_error)
            for address in {*letter.intent.to, *letter.intent.cc}:
                if not address.endswith(f"@{self.stack.domain}"):
                    continue
                times = arrived[letter.message_id, address]
                least = 1 if letter.state == "sent" else 0  # held: cut off twice at its last dot
                assert least <= times <= 2, (letter.intent.key, address, times, letter.state)
                doubled += times == 2
        assert doubled <= doubtful, (doubled, self.kills)
        return doubled

    def _book_agrees(self) -> None:
        """The workbook opens, and says of each complaint what the ledger says, once."""
        path = self.workspace.root / "master.xlsx"
        load_workbook(path)
        rows = self.workspace.rows("投诉台账")
        heads = [str(h) for h in rows[2]]
        number = next(n for n, h in enumerate(heads) if "编号" in h)
        shown = Counter(str(r[number]) for r in rows[3:] if r[number + 1])
        assert shown == Counter(r["number"] for r in self.workspace.records())
        assert not list(path.parent.glob(".qforms-*.tmp")), "a half-written book was left behind"


def mails_of(stack: MailStack, address: str) -> Iterator[Message]:
    """The mails of an account as Dovecot keeps them."""
    for folder in ("new", "cur"):
        for file in sorted((stack.root / "mail" / address / "Maildir" / folder).glob("*")):
            yield email.message_from_bytes(file.read_bytes(), policy=email.policy.default)


def _essence(h: house.House) -> dict[str, dict[Any, Any]]:
    """What must be the same whenever and however often the program was killed: what deliveries and clocks gave. What is
    said beside them, at its own pace (likenesses, digests, words to the operator), need not be."""
    return {
        "records": {r.number: (r.form, r.status, r.revision, dict(r.values)) for r in h.ledger.records()},
        "clocks": {(c.rule, c.subject): (c.started_at, c.due_at, c.met_at, c.state) for c in h.ledger.clocks()},
        "letters": Counter(
            x.intent.key
            for x in h.ledger.letters()
            if x.intent.audience not in ("operator", "office") and x.intent.kind != "digest" and not x.intent.gathered
        ),
        "tasks": Counter((t.kind, t.number) for t in h.ledger.tasks() if not t.kind.startswith("alike")),
    }


def _differences(one: dict[Any, Any], other: dict[Any, Any]) -> list[tuple[Any, Any, Any]]:
    """(key, of the one, of the other), the first few."""
    keys = [*one, *(k for k in other if k not in one)]
    return [(k, one.get(k), other.get(k)) for k in keys if one.get(k) != other.get(k)][:5]


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.wait(120)


def begin(stack: MailStack, root: Path) -> Chaos:
    """A workspace whose departments read their mail on the same servers."""
    staff, support = stack.new_user(), stack.new_user()
    workspace = e2e.make(root / "ws", staff)
    e2e.connect(workspace, stack, support, staff)
    workspace.set("folders", rest_seconds=0.2, scan_seconds=0.5)
    workspace.set("workbook", ready_rows=0)  # a row kept ready holds a number: the series is to be without gaps
    template = root / "template"
    shutil.copytree(workspace.root, template)
    return Chaos(workspace, stack, support, template)

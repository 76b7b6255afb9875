"""Several machines on one ledger: workspaces of their own, one PostgreSQL, one mailbox and one book on a share."""

from __future__ import annotations

import email
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import support_endtoend as e2e
from sqlalchemy import create_engine, text

from qforms import house
from qforms.commands import start
from qforms.ledger import Ledger
from qforms.outbox.post import OPEN


def emptied(url: str) -> str:
    """The database, with nothing in it."""
    engine = create_engine(url)
    with engine.begin() as db:
        db.execute(text("DROP SCHEMA public CASCADE"))
        db.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


def company(root: Path) -> e2e.Workspace:
    """A workspace made just now, so that nothing of old months is due; one lot was shipped, few enough that a handful
    of complaints passes the limit."""
    start.init(root, "江苏云岭电器有限公司", "zh")
    made = e2e.Workspace(root)
    today = datetime.now(UTC).date().isoformat()
    shipped = {"product_model": "YL-A65", "lot_no": "A65-2603C", "quantity": 3000, "shipped_on": today}
    made.drop("shipment.json", {"form": "shipment", "by": "sales", "values": shipped})
    made.once(None)
    return made


def move_to(workspace: e2e.Workspace, url: str) -> e2e.Workspace:
    """Has a workspace keep its ledger, with all that is in it, in a database."""
    workspace.set("", ledger=emptied(url))
    with house.opened(workspace.root) as h:
        h.ledger.fill(workspace.root / "ledger.db")
    (workspace.root / "ledger.db").unlink()
    return workspace


class Machines:
    """Workspaces `m0`, `m1`, … of one company. `share` is what all reach: mailbox and outgoing side, book, case
    folders, store."""

    def __init__(self, template: e2e.Workspace, root: Path, url: str, count: int) -> None:
        self.share = root / "share"
        self.url = url
        for name in ("mail/new", "mail/cur", "mail/tmp", "sent/new", "sent/cur", "sent/tmp", "cases", "store"):
            (self.share / name).mkdir(parents=True)
        first = move_to(e2e.copy(template, root / "m0"), url)
        shutil.copytree(first.root / "store", self.share / "store", dirs_exist_ok=True)
        first.set("", store=str(self.share / "store"))
        first.set("mailbox", path=str(self.share / "mail"))
        first.set("outgoing", path=str(self.share / "sent"), **e2e.NEVER_QUIET)
        first.set("folders", workbook=str(self.share / "master.xlsx"), cases=str(self.share / "cases"),
                  rest_seconds=0.2, scan_seconds=0.5)  # fmt: skip
        first.set("workbook", ready_rows=0)  # a row kept ready holds a number: the series is to be without gaps
        self.all = [first, *(e2e.copy(first, root / f"m{n}") for n in range(1, count))]
        self._mails = 0

    def receive(self, *mails: bytes) -> None:
        """Puts mails into the mailbox that all read, whole at once."""
        for raw in mails:
            self._mails += 1
            draft = self.share / "mail/tmp" / f"{self._mails:05d}.test"
            draft.write_bytes(raw)
            at = time.time() - 3600 + self._mails
            os.utime(draft, (at, at))
            draft.rename(self.share / "mail/new" / draft.name)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with house.opened(self.all[0].root) as h:
            yield h.ledger

    def recorded(self) -> int:
        with self.ledger() as ledger:
            return len(ledger.records("complaint"))

    def settled(self) -> bool:
        """Is there no letter left that is to be sent?"""
        with self.ledger() as ledger:
            return not ledger.letters(OPEN)

    def sent(self) -> list[str]:
        """The keys of the letters that all of them have sent, one for each file."""
        mails = (email.message_from_bytes(f.read_bytes()) for f in sorted((self.share / "sent/new").iterdir()))
        return [str(mail["X-Qforms-Key"]) for mail in mails]


def complaint(n: int) -> bytes:
    """A mail of the n-th customer; all tell of the same failure of one model, each with other units of a lot."""
    text = f"电源适配器 YL-A65 无输出，批号 A65-2603C，{n % 9 + 1} 台。第 {n} 封。\n"
    return e2e.mail(f"投诉 YL-A65 无输出 {n}", text, f"w{n}@kunde{n % 7}.example", Message_ID=f"<several-{n}@kunde>")

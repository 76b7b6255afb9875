"""Whole workspaces at work, for the tests from end to end: settings, mails, files, the daemon as a real process."""

from __future__ import annotations

import contextlib
import email
import email.policy
import hashlib
import imaplib
import io
import json
import os
import shutil
import ssl
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from servers.mailstack import PASSWORD, MailStack

from qforms import cli, daemon, house
from qforms.commands import look, start
from qforms.model import Delivery

NOW = datetime.fromisoformat("2026-05-06T14:20:00+08:00")
ROOT = Path(__file__).parents[1]
NEVER_QUIET = {"quiet_from": "08:00:00", "quiet_until": "08:00:00", "quiet_weekends": False}
Attachment = tuple[str, bytes]


def mail(
    subject: str = "投诉 YL-A65 无输出",
    text: str = "电源适配器 YL-A65 无输出，批号 A65-2603C，9 台。\n",
    sender: str = "wang@qiyuan.example",
    files: Sequence[Attachment] = (),
    **headers: str,
) -> bytes:
    """A customer's mail. Further headers by name, `_` for `-`; the Message-ID follows from the content."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"王先生 <{sender}>", "quality@company.example", subject
    own = hashlib.sha256(f"{subject}|{text}|{sender}".encode()).hexdigest()[:24]
    made["Message-ID"] = headers.pop("Message_ID", f"<{own}@qiyuan.example>")
    made["Date"] = headers.pop("Date", "Wed, 06 May 2026 14:00:00 +0800")
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text, cte="base64")
    for name, data in files:
        made.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


class Workspace:
    """A workspace and the ways to work with it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._count = 0

    # ---- giving it something

    def set(self, section: str, **values: Any) -> None:
        """Changes settings in qforms.toml; section "": those that stand in none."""
        file = self.root / "qforms.toml"
        tables = tomllib.loads(file.read_text("utf-8"))
        (tables.setdefault(section, {}) if section else tables).update(values)
        alone = {k: v for k, v in tables.items() if not isinstance(v, dict)}
        parts = [("", alone), *((f"[{k}]\n", v) for k, v in tables.items() if isinstance(v, dict))]
        rows = (head + "".join(f"{k} = {json.dumps(v)}\n" for k, v in values.items()) for head, values in parts)
        file.write_text("\n".join(rows), "utf-8")

    def receive(self, *mails: bytes) -> None:
        """Puts mails into the embedded mailbox, each a second later than the one before."""
        for raw in mails:
            self._count += 1
            file = self.root / "mail/new" / f"{self._count:04d}.test"
            file.write_bytes(raw)
            at = NOW.timestamp() - 3600 + self._count
            os.utime(file, (at, at))

    def drop(self, name: str, data: bytes | Mapping[str, Any]) -> None:
        """Puts a file, or a form as JSON, into the watched folder."""
        raw = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
        file = self.root / "inbox" / name
        file.write_bytes(raw)
        os.utime(file, (NOW.timestamp() - 600,) * 2)

    def filled(self, form: str, **values: Any) -> bytes:
        """A blank Excel form of ours with these cells filled in, as a person would type them."""
        import openpyxl

        path = look.blank(self.root, form, "excel", self.root.parent / f"{form}.xlsx", "zh")
        book = openpyxl.load_workbook(path)
        for name, value in values.items():
            [(sheet, cell)] = book.defined_names[f"qf_{name}"].destinations
            book[sheet][cell] = value
        book.save(path)
        return path.read_bytes()

    # ---- work

    def once(self, now: datetime | None = NOW) -> None:
        daemon.once(self.root, now)

    # ---- looking

    def records(self, form: str = "complaint") -> list[dict[str, Any]]:
        return look.records(self.root, form)

    def letters(self, kind: str = "") -> list[dict[str, Any]]:
        return [x for x in look.letters(self.root) if kind in ("", x["kind"])]

    def deliveries(self) -> list[dict[str, Any]]:
        """All that arrived, without what the workspace was made from."""
        return [d for d in look.deliveries(self.root) if d["name"] not in ("departments.json", "staff.json")]

    def tasks(self) -> list[str]:
        with house.opened(self.root) as h:
            return [t.kind for t in h.ledger.tasks()]

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.root / "logs/qforms.log").read_text("utf-8").splitlines()]

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.log() if line["event"] == event]

    def sent(self) -> list[bytes]:
        """What the embedded outgoing side holds."""
        return [f.read_bytes() for f in sorted((self.root / "sent/new").iterdir())]

    def rows(self, sheet: str) -> list[tuple[Any, ...]]:
        """The rows of a sheet of the master workbook."""
        import openpyxl

        book = openpyxl.load_workbook(self.root / "master.xlsx", read_only=True)
        try:
            return list(book[sheet].iter_rows(values_only=True))
        finally:
            book.close()

    def files(self, folder: str) -> list[str]:
        return sorted(p.name for p in (self.root / folder).rglob("*") if p.is_file())

    def snapshot(self) -> dict[str, str]:
        """Every row of the ledger, as a digest of each table: to see whether anything changed."""
        return {n: hashlib.sha256(repr(rows).encode()).hexdigest() for n, rows in self.tables().items()}

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the ledger as it lies in the database, by table."""
        from sqlalchemy import inspect, text

        with house.opened(self.root) as h, h.ledger._engine.connect() as db:
            names = sorted(inspect(db).get_table_names())
            return {n: [tuple(row) for row in db.execute(text(f'SELECT * FROM "{n}"'))] for n in names}

    def change(self, statement: str) -> None:
        """Changes the ledger behind the program's back."""
        from sqlalchemy import text

        with house.opened(self.root) as h, h.ledger._engine.begin() as db:
            assert db.execute(text(statement)).rowcount > 0


def make(root: Path, staff: str = "") -> Workspace:
    """A new workspace. `staff`: an address for every department, in the place of `….example`."""
    start.init(root, "江苏云岭电器有限公司", "zh", NOW)
    if staff:
        with house.opened(root) as h, h.ledger.facts() as facts:
            names = [r.number for r in facts.all("department")]
        forms = [{"form": "department", "number": n, "values": {"email": staff}} for n in names]
        raw = json.dumps(forms, ensure_ascii=False).encode()
        given = Delivery("folder", "staff", NOW, raw, name="staff.json", digest=hashlib.sha256(raw).hexdigest())
        with house.opened(root) as h:
            h.handle([given], NOW)
            h.finish(NOW)
    return Workspace(root)


def copy(template: Workspace, root: Path) -> Workspace:
    shutil.copytree(template.root, root)
    return Workspace(root)


# ---------------------------------------------------------------- real servers


def connect(workspace: Workspace, stack: MailStack, address: str, operator: str) -> None:
    """Has a workspace read from `address` and send through the servers of `stack`, at any hour."""
    ports, ca = stack.ports, str(stack.ca)
    where = {"host": "localhost", "user": address, "ca_file": ca, "timeout": 60.0}
    workspace.set("company", operator=operator)
    workspace.set("mailbox", kind="imap", port=ports["imaps"], **where)
    workspace.set("outgoing", kind="smtp", port=ports["submission"], sender=address, **where, **NEVER_QUIET)


class Inbox:
    """An account as its owner sees it, over IMAP."""

    def __init__(self, stack: MailStack, address: str) -> None:
        self.stack, self.address = stack, address

    def mails(self, folder: str = "INBOX") -> list[EmailMessage]:
        context = ssl.create_default_context(cafile=self.stack.ca)
        with imaplib.IMAP4_SSL("localhost", self.stack.ports["imaps"], ssl_context=context, timeout=120) as box:
            box.login(self.address, PASSWORD)
            if box.select(folder, readonly=True)[0] != "OK":
                return []
            found = box.search(None, "ALL")[1][0].split()
            raws = [box.fetch(n, "(BODY.PEEK[])")[1][0][1] for n in found]  # type: ignore[index]
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in raws]  # type: ignore[misc,arg-type]


class Daemon:
    """`qforms run` as a process of its own."""

    def __init__(self, workspace: Workspace, **environment: str) -> None:
        self.workspace = workspace
        self.out = workspace.root.with_suffix(".out")
        with self.out.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "qforms.cli", "run", str(workspace.root)],
                stdout=out, stderr=out, env=environ(**environment), cwd=ROOT,
            )  # fmt: skip

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> int:
        if self.alive:
            self.process.terminate()
        return self.process.wait(120)

    def kill(self) -> None:
        if self.alive:
            self.process.kill()
        self.process.wait(120)


@contextlib.contextmanager
def running(workspace: Workspace, **environment: str) -> Iterator[Daemon]:
    """The daemon, started and waiting; stopped at the end, whatever happened."""
    before = len(workspace.logged("started"))
    process = Daemon(workspace, **environment)
    try:
        wait_for(lambda: len(workspace.logged("started")) > before or not process.alive)
        yield process
    finally:
        process.kill() if sys.exc_info()[0] else process.stop()


def environ(**more: str) -> dict[str, str]:
    """An environment for the program: passwords, and compiled modules kept between its starts."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONIOENCODING")}
    cache = Path(kept.get("TMPDIR", "/tmp")) / f"qforms-pyc-{os.getuid() if hasattr(os, 'getuid') else 0}"
    given = {"QFORMS_MAIL_PASSWORD": PASSWORD, "QFORMS_SMTP_PASSWORD": PASSWORD, "PYTHONPYCACHEPREFIX": str(cache)}
    return {**kept, **given, **more}


def command(*arguments: str) -> tuple[int, str, str]:
    """A command in this process: its exit status, what it printed, and what it said of faults."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli.guarded(lambda: cli.app(list(arguments), standalone_mode=True))
        except SystemExit as end:
            status = int(end.code or 0)
    return status, out.getvalue(), err.getvalue()


def qforms(*arguments: str, seconds: float = 300, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line as a process."""
    return subprocess.run(
        [sys.executable, "-m", "qforms.cli", *arguments],
        capture_output=True, encoding="utf-8", timeout=seconds, env=environ(**environment), cwd=ROOT, check=False,
    )  # fmt: skip


def wait_for(true: Callable[[], Any], seconds: float = 240.0) -> Any:
    """Polls until something is so, and gives it; AssertionError when it never is. Looking takes a third of the time at
    most: the rest is left to whoever is waited for."""
    until = time.monotonic() + seconds
    while True:
        begun = time.monotonic()
        if found := true():
            return found
        assert time.monotonic() < until, f"not so within {seconds} s"
        time.sleep(max(0.1, 2 * (time.monotonic() - begun)))

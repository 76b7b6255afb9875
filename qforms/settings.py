"""qforms.toml -> Settings. An unknown key, a wrong type or a missing value is an error that names it."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qforms import stamp, tomlfaults
from qforms.model import Catalogue, Lang, QformsError, Rulebook, Told, WorkTime

Mode = Literal["trial", "hold", "send"]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(_Table):
    name: str = "我公司"
    name_en: str = ""
    lang: Lang = "zh"
    timezone: str = "Asia/Shanghai"
    address: str = ""  # the support address that customers write to
    operator: str = ""  # who hears of faults of the program


class Mailbox(_Table):
    """Where mail comes from. The password is read from the environment variable or the keyring, never from here."""

    kind: Literal["maildir", "imap", "none"] = "maildir"
    path: str = "mail"
    host: str = ""
    port: int = 993
    security: Literal["tls", "starttls"] = "tls"
    user: str = ""
    auth: Literal["password", "oauth"] = "password"
    password_env: str = "QFORMS_MAIL_PASSWORD"
    ca_file: str = ""
    folder: str = "INBOX"
    done_folder: str = "qforms-done"
    sent_folder: str = ""
    since: date | None = None  # mail that arrived before this day is left alone: the first run on an old mailbox
    authserv_id: str = ""  # of this mailbox's server; that of [trust] when empty
    complaints_only: bool = False  # whoever writes here is a stranger: no return, no decision counts
    max_mb: int = 60
    timeout: float = 60.0
    idle_minutes: float = 25.0


class Outgoing(_Table):
    """How letters leave, and for each audience whether they do: trial (listed only), hold (wait for 发), send."""

    kind: Literal["maildir", "smtp"] = "maildir"
    path: str = "sent"
    host: str = ""
    port: int = 587
    security: Literal["starttls", "tls"] = "starttls"
    user: str = ""
    auth: Literal["password", "oauth"] = "password"
    password_env: str = "QFORMS_SMTP_PASSWORD"
    ca_file: str = ""
    sender: str = ""  # address that letters come from; the support address when empty
    timeout: float = 60.0
    customer: Mode = "send"
    supplier: Mode = "send"
    department: Mode = "send"
    manager: Mode = "send"
    office: Mode = "send"
    operator: Mode = "send"
    robot: Mode = "send"  # what goes to group robots
    attempts: int = 12
    delay_minutes: float = 0.0  # letters to departments can be stopped for so long
    quiet_from: time | None = time(20)
    quiet_until: time | None = time(8)
    quiet_weekends: bool = True
    digests: bool = True  # the managers' list of what is overdue, once a working day
    stages_off: tuple[str, ...] = (
        "oem",
        "dealer",
        "internal",
    )  # kinds of customer that hear of progress from the owner


class Robot(_Table):
    """A group robot that is told what must not wait (P37). Its key comes from the environment or the keyring."""

    kind: Literal["wecom", "dingtalk", "feishu"] = "wecom"
    kinds: tuple[Literal["alarm", "escalation", "digest"], ...] = ("alarm", "escalation", "digest")
    key_env: str = ""  # QFORMS_ROBOT_<NAME> when empty
    signed: bool = False  # DingTalk, Feishu: messages are signed
    sign_env: str = ""  # QFORMS_ROBOT_<NAME>_SIGN when empty
    url: str = ""  # another address than the vendor's; {key} stands for the key
    lang: Literal["", "zh", "en"] = ""  # that of the letter when empty
    timeout: Annotated[float, Field(gt=0, le=30)] = 5.0


class OAuth(_Table):
    """How tokens are had for `auth = "oauth"`. The client secret comes from the environment or the keyring."""

    provider: Literal["microsoft", "google"] = "microsoft"
    flow: Literal["device", "client_credentials"] = "device"
    tenant: str = "organizations"
    client_id: str = ""
    secret_env: str = "QFORMS_OAUTH_SECRET"
    secret_expires: date | None = None  # as the administrator's portal says; told a week ahead
    key_file: str = ""  # Google: the service account's key
    authority: str = ""  # another login server than the provider's
    ca_file: str = ""
    timeout: float = 30.0


class Watch(_Table):
    """When the silence of a mailbox is told: nothing could be fetched, or no mail came, for so long. And what else is
    seen from outside."""

    unreachable_hours: float = 2.0
    silent_days: float = 0.0  # 0: when it is silent three times as long as ever in the last 90 days, at least 2 days
    daily_report: bool = True  # to the operator, once a day: what came, what waits, the seal of the day
    metrics_port: int = 0  # on loopback, for Prometheus; 0: none


class Folders(_Table):
    inbox: str = "inbox"
    workbook: str = "master.xlsx"
    cases: str = "cases"
    papers: str = "papers"  # customers' identity cards and accounts, apart from the cases: share it with finance only
    rest_seconds: float = 2.0  # a file whose size and time have not changed for so long is at rest
    scan_seconds: float = 15.0
    grant: tuple[str, ...] = (
        "intake",
        "sales",
        "quality",
        "engineering",
        "aftersales",
        "repair",
        "production",
        "purchasing",
        "hr",
        "office",
    )  # roles that a JSON file in inbox/ may claim; never a deciding one
    lock_hours: float = 16.0


class Workbook(_Table):
    versions: Annotated[int, Field(ge=1)] = 5  # earlier publications that are kept
    ready_rows: Annotated[int, Field(ge=0, le=50)] = 5  # rows with reserved numbers that stand ready in 投诉台账
    mail_after_hours: float = 4.0  # writing has waited so long: the office gets a mail with a read-only copy
    months: Annotated[int, Field(ge=1)] = 24  # what was closed longer ago moves to archive-YYYY.xlsx


class Issue(_Table):
    """When an opened report goes out by itself: minutes after opening, or never (`manual`)."""

    mode: Literal["auto", "manual"] = "auto"
    after_minutes: int = 60


class Trust(_Table):
    authserv_id: str = ""  # the authserv-id of our own server, whose Authentication-Results count (RFC 8601)
    dkim: bool = False  # the program checks signatures itself, by asking the DNS (extra `dkim`)
    strangers_may_open: bool = True
    clamd: str = ""  # host:port or socket of a clamd that looks at all that comes in, before it is opened
    passwords_env: str = "QFORMS_FILE_PASSWORDS"  # known passwords of files; else in the keyring: qforms-files
    replies_a_day: int = 10


class Limits(_Table):
    """How much a file may be: it is opened in a child process that is stopped beyond these."""

    file_mb: int = 40
    inflated_mb: int = 400
    memory_mb: int = 1024
    seconds: float = 20.0
    cells: int = 2_000_000
    ocr: bool = True  # with the extra `ocr`, what photos and scans show is proposed to the office
    macros: Literal["cells", "refuse"] = "cells"  # files with macros: read for their cells (nothing is run), or refused


class Web(_Table):
    """The page for customers and the board for the office. With `url` set the page's submissions are collected, and
    letters to customers carry a link to the state of their case."""

    url: str = ""  # how the outside reaches the page: https://feedback.company.com
    host: str = "127.0.0.1"  # where `qforms web` listens; TLS is the business of the server in front
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")  # whose X-Forwarded-For is believed
    spool: str = "web"  # where submissions wait, as a Maildir
    board: bool = True  # False: only the page for customers
    file_mb: Annotated[float, Field(gt=0)] = 30  # of one photo, video or PDF
    total_mb: Annotated[float, Field(gt=0, le=100)] = 60  # of a submission
    files: Annotated[int, Field(ge=0, le=50)] = 10
    per_hour: Annotated[int, Field(ge=1)] = 30  # submissions of one address
    waiting: Annotated[int, Field(ge=1)] = 5000  # submissions that may wait before the page closes
    free_mb: Annotated[float, Field(ge=0)] = 500  # of the disk, below which the page closes
    upload_seconds: Annotated[float, Field(gt=0)] = 600  # in which a submission must have arrived
    number_seconds: Annotated[float, Field(ge=0)] = 3  # how long the page waits for the case's number
    session_hours: Annotated[float, Field(gt=0)] = 12
    # whose roles may log in to the board by a link that comes by mail; empty: only passwords do
    login_by_mail: tuple[str, ...] = ("office", "intake", "quality", "sales", "gmo", "gm")


class Calendar(_Table):
    hours: tuple[str, ...] = ("08:30-12:00", "13:00-17:30")
    days: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri")
    country: str = "CN"
    off: tuple[str, ...] = ()  # further days off, ISO dates
    work: tuple[str, ...] = ()  # further working days
    mode: Literal["wall", "working"] = "wall"  # A01


class Machines(_Table):
    """Several daemons on one ledger. Who has died is noticed after the silence and at most one sign of life of the
    others (a fifth of it): mailbox and workbook are taken over within 30 s, which bounds the silence."""

    silent_seconds: Annotated[float, Field(ge=5, le=24)] = 20.0  # after which a daemon counts as dead

    @property
    def beat(self) -> float:
        """Seconds between two signs of life."""
        return self.silent_seconds / 5


class Retention(_Table):
    """What becomes of personal data when a closed case's forms have been kept for their years (A43)."""

    automatic: bool = False  # True: deleted by the daemon; False: only by `qforms forget`


class Bucket(_Table):
    """The server behind `store = "s3://…"`. Its keys come from the environment, never from here."""

    endpoint: str = ""  # another server than Amazon's
    region: str = ""
    ca_file: str = ""
    timeout: float = 20.0


class Settings(_Table):
    """The whole of qforms.toml; `root` is the workspace."""

    root: Annotated[Path, Field(exclude=True)]
    company: Company = Company()
    mailbox: Mailbox = Mailbox()
    mailboxes: dict[str, Mailbox] = {}  # further ones, each with a name of its own
    outgoing: Outgoing = Outgoing()
    robots: dict[str, Robot] = {}  # by name
    oauth: OAuth = OAuth()
    watch: Watch = Watch()
    folders: Folders = Folders()
    workbook: Workbook = Workbook()
    issue: Issue = Issue()
    trust: Trust = Trust()
    limits: Limits = Limits()
    web: Web = Web()
    calendar: Calendar = Calendar()
    s3: Bucket = Bucket()
    machines: Machines = Machines()
    retention: Retention = Retention()
    ledger: str = "ledger.db"  # a file in the workspace, or a URL (postgresql://…), which several machines may share
    store: str = "store"  # a folder, or a bucket (s3://…) which several machines may share

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.company.timezone)

    @property
    def lang(self) -> Lang:
        return self.company.lang

    def path(self, name: str) -> Path:
        """A path of the settings: relative ones lie in the workspace."""
        return self.root / Path(name).expanduser()

    def boxes(self) -> dict[str, Mailbox]:
        """All mailboxes by name; the first has none."""
        return {"": self.mailbox, **self.mailboxes}

    def box_of(self, locator: str) -> Mailbox:
        """The mailbox that a delivery came from: its locator begins with the name of any but the first."""
        return self.mailboxes.get(locator.partition(":")[0], self.mailbox)

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)


@dataclass(frozen=True, slots=True)
class Procedures:
    """What the company has laid down, loaded once: handed to admission, the rules and the letters."""

    catalogue: Catalogue
    rulebook: Rulebook
    work: WorkTime
    settings: Settings
    keys: dict[str, bytes]
    passwords: Iterable[str] = ()  # that are tried on protected files
    reads_pictures: bool = False  # whether what photos and scans show is proposed to the office (extra `ocr`)


def load(root: Path) -> Settings:
    """The settings of a workspace. Raises QformsError when there are none or they are wrong."""
    file = root / "qforms.toml"
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise no_workspace(root) from None
    except UnicodeDecodeError as fault:
        raise QformsError(Told("不是 UTF-8，请另存为 UTF-8", "not UTF-8: save it as UTF-8", f"{file}: ")) from fault
    except tomllib.TOMLDecodeError as fault:
        raise QformsError(tomlfaults.unreadable(file, fault)) from None
    try:
        settings = Settings(root=root.resolve(), **data)
    except ValidationError as fault:
        lines = tomlfaults.lines(file, file.read_text("utf-8"), fault.errors(), _known)
        raise QformsError(lines[0], lines) from None
    try:
        settings.zone  # noqa: B018 (raises on an unknown zone)
    except (KeyError, ValueError, OSError):
        zone = settings.company.timezone
        zh, en = tomlfaults.near(zone.rpartition("/")[2], {z.rpartition("/")[2].lower() for z in available_timezones()})
        line = tomlfaults.line_of(file.read_text("utf-8"), ("company", "timezone"))
        where = f"{file}:{line}: company.timezone: "
        raise QformsError(Told(f"没有时区「{zone}」{zh}", f"there is no time zone {zone!r}{en}", where)) from None
    return settings


def no_workspace(root: Path) -> QformsError:
    return QformsError(
        Told(
            f"{root} 不是工作区（没有 qforms.toml）；先运行 qforms init {root}",
            f"{root} is no workspace (there is no qforms.toml); first run: qforms init {root}",
        )
    )


def _known(where: tuple[str, ...]) -> Iterable[str]:
    """The settings that a table may hold."""
    if not where:
        return (name for name in Settings.model_fields if name != "root")
    table = {"mailboxes": Mailbox, "robots": Robot}.get(where[0]) or Settings.model_fields[where[0]].annotation
    return getattr(table, "model_fields", ())


PASSWORDS = "passwords"  # in the workspace, 0600, where there is no keyring: a line `service user password` each


def secret(env: str, service: str, user: str, root: Path | None = None) -> str:
    """A password from the environment, else from the keyring if there is one, else from the private file of a
    workspace. Raises QformsError if not found."""
    if value := os.environ.get(env):
        return value
    try:
        import keyring

        if value := keyring.get_password(service, user):
            return value
    except Exception:  # no keyring package, or no backend on this machine: the environment is the way
        pass
    if root is not None and (root / PASSWORDS).is_file():
        for line in (root / PASSWORDS).read_text("utf-8").splitlines():
            if line.split(" ", 2)[:2] == [service, user]:
                return line.split(" ", 2)[2]
    raise QformsError(
        Told(
            f"没有 {user} 的密码：请设环境变量 {env}，或存入系统密钥环（{service}）",
            f"no password for {user}: set the environment variable {env}, or keep it in the keyring ({service})",
        )
    )


def keep_secret(root: Path, service: str, user: str, password: str) -> str:
    """Keeps a password in the keyring, else in the workspace's private file; gives the file, or "" for the keyring."""
    try:
        import keyring

        keyring.set_password(service, user, password)
        if keyring.get_password(service, user) == password:
            return ""
    except Exception:  # no package, no backend: the private file
        pass
    file = root / PASSWORDS
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(fd, "w", encoding="utf-8") as out:
        out.write(f"{service} {user} {password}\n")
    return str(file)


class FilePasswords:
    """The passwords that customers protect their files with, one a line, from the environment or the keyring; none is
    no fault. Asked for when the first protected file comes: a keyring takes longer to open than a hundred mails."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    @cached_property
    def _known(self) -> tuple[str, ...]:
        env = self._settings.trust.passwords_env
        try:
            return tuple(filter(None, secret(env, "qforms-files", "passwords").splitlines()))
        except QformsError:
            return ()


def keys(root: Path) -> dict[str, bytes]:
    """The stamp keys of a workspace by id, oldest first, from `stamp.key` (mode 0600); made when there is none."""
    file = root / "stamp.key"
    if not file.exists():
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(fd, "w", encoding="ascii") as out:
            out.write(f"k1 {stamp.new_key().hex()}\n")
    pairs = (line.split() for line in file.read_text("ascii").splitlines() if line.strip())
    return {key_id: bytes.fromhex(value) for key_id, value in pairs}


def new_key(root: Path) -> str:
    """Adds a stamp key, with which forms are stamped from now on, and gives its id. Forms that are out keep their
    stamps: an old key counts until its line is taken out of `stamp.key`."""
    known = keys(root)
    new = f"k{max((int(k[1:]) for k in known if k[1:].isdigit()), default=0) + 1}"
    with (root / "stamp.key").open("a", encoding="ascii") as out:
        out.write(f"{new} {stamp.new_key().hex()}\n")
        out.flush()
        os.fsync(out.fileno())
    return new

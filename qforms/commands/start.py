"""`qforms init`: a workspace with a department for every role, and its first workbook; `qforms login`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from qforms import house, oauth, settings, sources, tongue, workspace
from qforms.commands import people
from qforms.daemon import real_now
from qforms.model import Delivery, Lang, QformsError, Told, said
from qforms.outbox import smtp


def sign_in(root: Path, show: Callable[[str], None]) -> list[str]:
    """A person signs in for every account that wants it (RFC 8628); gives their user names. Raises QformsError."""
    s = settings.load(root)
    if (s.oauth.provider, s.oauth.flow) != ("microsoft", "device"):
        raise QformsError(
            Told(
                "只有 provider=microsoft、flow=device 时才要登录",
                "only provider=microsoft with flow=device signs in this way",
                "[oauth] ",
            )
        )
    users = [box.user for box in s.boxes().values() if box.auth == "oauth"]
    users += [s.outgoing.user] if s.outgoing.auth == "oauth" else []
    if not users:
        raise QformsError(Told('没有一个邮箱写着 auth = "oauth"', 'no mailbox has auth = "oauth"'))
    for user in (asked := list(dict.fromkeys(users))):
        show(user)
        oauth.sign_in(s, user, show)
    return asked


@dataclass(frozen=True, slots=True)
class Mail:
    """A real mailbox: its address, IMAP and SMTP as tables of qforms.toml, and the password ("" with OAuth)."""

    address: str
    imap: Mapping[str, Any]
    smtp: Mapping[str, Any]
    password: str = ""
    proof: str = ""  # [trust] authserv_id
    oauth: Mapping[str, Any] | None = None

    def tables(self) -> str:
        """[mailbox] and [outgoing] as TOML. A real server begins in trial: letters are listed, and nothing leaves."""
        trial = dict.fromkeys(("customer", "supplier", "department", "manager", "robot"), "trial")
        parts = {
            "mailbox": {"kind": "imap", **self.imap, "user": self.address},
            "outgoing": {"kind": "smtp", **self.smtp, "user": self.address, **trial},
            **({"oauth": self.oauth} if self.oauth else {}),
            **({"trust": {"authserv_id": self.proof}} if self.proof else {}),
        }
        return "\n".join(_table(name, rows) for name, rows in parts.items())


def _table(name: str, rows: Mapping[str, Any]) -> str:
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in rows.items()]
    return "\n".join([f"[{name}]", *lines, ""])


@dataclass(frozen=True, slots=True)
class Plan:
    """All that `qforms init` asks, or is told by its options."""

    company: str = "我公司"
    lang: Lang = "zh"
    mail: Mail | None = None
    operator: str = ""
    people: Path | None = None
    welcome: bool = False

    @property
    def first(self) -> workspace.First:
        known = {"operator": self.operator} if self.operator else {}
        if self.mail is None:
            return workspace.First(self.company, self.lang, **known)
        known = {"operator": self.operator or self.mail.address}
        return workspace.First(self.company, self.lang, self.mail.address, **known, mail=self.mail.tables())


def try_logins(mail: Mail) -> list[str]:
    """Why mail cannot be fetched or sent so, a line each; nothing when it can, or where a browser has to sign in."""
    if mail.oauth is not None:
        return []
    tables = {"mailbox": {"kind": "imap", **mail.imap}, "outgoing": {"kind": "smtp", **mail.smtp}}
    tried = {name: {**rows, "user": mail.address} for name, rows in tables.items()}
    s = settings.Settings.model_validate({"root": Path.cwd(), **tried})
    with _in_environment({s.mailbox.password_env: mail.password, s.outgoing.password_env: mail.password}):
        found = {"IMAP": sources.try_login(s), "SMTP": smtp.try_login(s)}
    return [f"{what} {tables[box]['host']}: {said(reason, tongue.lang())}"
            for (what, reason), box in zip(found.items(), tables, strict=True) if reason]  # fmt: skip


@contextlib.contextmanager
def _in_environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def init(root: Path, company: str, lang: Lang, now: datetime | None = None) -> None:
    """Makes a workspace with the embedded mailbox. Raises QformsError when the folder is one already, or not empty."""
    make(root, Plan(company, lang), now)


def make(root: Path, plan: Plan, now: datetime | None = None) -> list[str]:
    """Makes the workspace, whole or not at all; gives what is to be known of it. Raises QformsError."""
    workspace.fresh(root)
    there = root.exists()
    try:
        return _made(root, plan, now or real_now())
    except BaseException:
        for path in list(root.iterdir()) if root.exists() else []:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if not there:
            shutil.rmtree(root, ignore_errors=True)
        raise


def _made(root: Path, plan: Plan, at: datetime) -> list[str]:
    workspace.create(root, plan.first)
    told = _keep(root, plan.mail) if plan.mail and plan.mail.password else []
    with house.opened(root) as h:
        forms = workspace.departments(plan.lang, h.settings.local(at).date())
        if plan.people:
            forms = people.complete(people.read(h, plan.people), forms)
        raw = json.dumps(forms, ensure_ascii=False, indent=1).encode()
        first = Delivery("folder", "init", at, raw, name="departments.json", digest=hashlib.sha256(raw).hexdigest())
        taken = h.handle([first], at)
        if [t.outcome for t in taken] != ["accepted"]:
            wrong = "; ".join(said(str(p.code), plan.lang) for t in taken for p in t.problems)
            raise QformsError(Told(f"部门或人员没有收下：{wrong}", f"departments or people were not accepted: {wrong}"))
        if plan.welcome:
            h.mailroom.welcome(plan.first.address, _blanks(h), at)
            h.mailroom.post(at)
            told += [f"{x.intent.subject} → {x.intent.to[0]}: {x.state}" for x in h.ledger.letters()]
        h.register.publish(at)
        h.procedures.work.is_workday(h.settings.local(at).date())  # the year is looked up here, not by the first mail
    return told


def _keep(root: Path, mail: Mail) -> list[str]:
    """The password where nobody else reads it; says where."""
    file = [
        settings.keep_secret(root, service, mail.address, mail.password) for service in ("qforms-mail", "qforms-smtp")
    ]
    if not any(file):
        return [tongue.say("密码存入系统密钥环", "the password is in the keyring")]
    return [tongue.say(f"密码存入 {file[-1]}，只有本人能读", f"the password is in {file[-1]}, which only you can read")]


def _blanks(h: house.House) -> list[str]:
    """The forms that customers may fill in, the complaint first."""
    forms = h.procedures.catalogue.forms
    found = [n for n, f in forms.items() if {"customer", "anyone"} & set(f.open_by) and f.audience == "customer"]
    return sorted(found, key=lambda name: (name != "complaint", name))

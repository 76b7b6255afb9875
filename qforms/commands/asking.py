"""The questions of `qforms init` on a terminal. Each has an answer that Enter gives; the end of input aborts."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Any

from qforms.commands import providers, start
from qforms.commands.providers import NONE, OTHER, Provider
from qforms.model import Lang, QformsError, Told
from qforms.tongue import ask as speak
from qforms.tongue import lang as spoken
from qforms.tongue import say

PASSWORD_ENV = "QFORMS_MAIL_PASSWORD"


def plan(given: start.Plan) -> start.Plan:
    """The plan after all questions; what was given by options stands as the proposed answer."""
    lang: Lang = "en" if _choice("语言 / language", ("zh", "en"), spoken()) == "en" else "zh"
    speak(lang)
    company = _text(say("公司名称", "The company's name"), given.company)
    mail = given.mail or _mail()
    operator = _text(
        say("程序有事时告诉谁（邮箱）", "Who hears of faults of the program (e-mail)"),
        given.operator or (mail.address if mail else "operator@company.example"),
    )
    listed = _text(
        say(
            "人员名单（Excel；没有就按回车，以后在总台账里填）",
            "List of people (Excel; Enter for none, they can be given in the workbook later)",
        ),
        str(given.people or ""),
    )
    return start.Plan(company, lang, mail, operator, Path(listed) if listed else None, welcome=True)


def _mail() -> start.Mail | None:
    """The mailbox, tried; None for the embedded one."""
    while True:
        address = _text(
            say(
                "客户来信的邮箱（先试用就按回车：内置邮箱）",
                "The mailbox that customers write to (Enter: embedded, to try out)",
            ),
            "",
        )
        if not address:
            return None
        if "@" not in address:
            print(say("不是邮箱地址。", "That is no e-mail address."))
            continue
        provider = providers.of(address) or _provider()
        if provider == NONE:
            return None
        mail = mail_of(address, provider) if isinstance(provider, Provider) else _other(address)
        if not mail.oauth:
            mail = with_password(mail, getpass.getpass(say("密码或授权码（不显示）：", "Password (not shown): ")))
        print(say("正在登录……", "Signing in …"))
        if not (faults := start.try_logins(mail)):
            print(say("能登录。", "Signed in."))
            return mail
        print("\n".join(faults))
        answer = _choice(
            say("再填一次、照样保存、改用内置邮箱", "again, keep it anyway, or the embedded mailbox"),
            ("again", "keep", "embedded"),
            "again",
        )
        if answer != "again":
            return mail if answer == "keep" else None


def mail_of(address: str, provider: Provider) -> start.Mail:
    """The settings of a provider for an address; with OAuth what is still to be registered is left open."""
    oauth: dict[str, Any] | None = None
    auth: dict[str, Any] = {}
    if provider.auth == "oauth":
        auth = {"auth": "oauth"}
        oauth = {"provider": "microsoft", "flow": "device", "client_id": ""}
        oauth |= {"authority": provider.authority} if provider.authority else {}
    return start.Mail(address, {**provider.imap, **auth}, {**provider.smtp, **auth}, "", provider.proof, oauth)


def with_password(mail: start.Mail, password: str) -> start.Mail:
    return start.Mail(mail.address, mail.imap, mail.smtp, password, mail.proof, mail.oauth)


def from_options(address: str, provider: str, imap: str, smtp: str) -> start.Mail:
    """The mailbox that options name; its password comes from the environment. Raises QformsError."""
    if imap and smtp:
        mail = start.Mail(address, _server(imap, 993), _server(smtp, 465))
    else:
        found = providers.named(provider) if provider else providers.of(address)
        if found is None:
            there = ", ".join(p.key for p in providers.known())
            raise QformsError(
                Told(
                    f"不知道 {address} 用哪家邮箱：加 --provider（{there}），或 --imap 和 --smtp",
                    f"whose mailbox {address} is, is not known: give --provider ({there}), or --imap and --smtp",
                )
            )
        mail = mail_of(address, found)
    if mail.oauth:
        return mail
    if not (password := os.environ.get(PASSWORD_ENV, "")):
        raise QformsError(
            Told(
                f"没有 {address} 的密码：请设环境变量 {PASSWORD_ENV}",
                f"no password for {address}: set the environment variable {PASSWORD_ENV}",
            )
        )
    return with_password(mail, password)


def _server(text: str, port: int) -> dict[str, Any]:
    """host, host:port; STARTTLS where the port says so (RFC 8314: 143 and 587 begin in the clear)."""
    host, _, given = text.partition(":")
    at = int(given) if given.isdigit() else port
    return {"host": host, "port": at, "security": "starttls" if at in (143, 587, 25) else "tls"}


def _other(address: str) -> start.Mail:
    domain = address.rpartition("@")[2]
    imap = _text(say("收信服务器（IMAP）", "Incoming server (IMAP)"), f"imap.{domain}:993")
    smtp = _text(say("发信服务器（SMTP）", "Outgoing server (SMTP)"), f"smtp.{domain}:465")
    return start.Mail(address, _server(imap, 993), _server(smtp, 465))


def _provider() -> Provider | str:
    """Asked when the domain does not tell."""
    rows = [*((p.key, p.title) for p in providers.known()), (OTHER, say("别的服务器", "another server"))]
    rows.append((NONE, say("先不接邮箱", "no mailbox for now")))
    print(say("这个邮箱是哪一家的？", "Whose mailbox is this?"))
    for number, (key, title) in enumerate(rows, start=1):
        print(f"  {number:2} {title} ({key})")
    answer = _choice(say("编号", "Number"), tuple(str(n) for n in range(1, len(rows) + 1)), str(len(rows) - 1))
    key = rows[int(answer) - 1][0]
    if key in (OTHER, NONE):
        return key
    found = providers.named(key)
    print(found.note)
    return found


def _text(question: str, default: str) -> str:
    """The answer. Raises EOFError or KeyboardInterrupt when there will be none."""
    shown = f" [{default}]" if default else ""
    return input(f"{question}{shown}{say('：', ': ')}").strip() or default


def _choice(question: str, known: tuple[str, ...], default: str) -> str:
    while True:
        shown = "/".join(known) if len(known) < 6 else f"1-{len(known)}"
        answer = _text(f"{question} ({shown})", default).lower()
        if answer in known:
            return answer
        print(say(f"请答 {shown}。", f"Please answer {shown}."))

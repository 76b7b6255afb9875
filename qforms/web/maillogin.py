"""A login to the board by a link that comes by mail: for people and mailboxes on file who hold a role that may look at
the board. It is good for a quarter of an hour and for one login; who asks hears the same whether an address is known
or not.

A link opens a page with a button, and only the button logs in: programs that open the links of mails before people do
cannot use it up."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import secrets
from pathlib import Path

from qforms import documents, outbox
from qforms.house import House
from qforms.intake import speaker
from qforms.model import Lang, LetterIntent, Record, Sent
from qforms.outbox import mime
from qforms.web import guard
from qforms.web.site import Site

SECONDS = 15 * 60
_USED = ".links"
_SHAPE = re.compile(r"([A-Za-z0-9_-]{1,400})\.(\d{1,12})\.([0-9a-f]{16})\.([0-9a-f]{32})")


def may(house: House, address: str) -> Record | None:
    """The person or department whose address it is, if they hold one of the roles of `web.login_by_mail`."""
    wanted = set(house.settings.web.login_by_mail)
    with house.ledger.facts() as facts:
        mailboxes = (d for d in facts.all("department") if str(d.values.get("email") or "").lower() == address)
        for record in (*facts.find("person", "email", address), *mailboxes):
            if wanted & speaker.roles_of(record, facts, house.procedures):
                return record
    return None


class Links:
    """The links of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._used: Path = site.settings.path(site.web.spool) / _USED

    def send(self, address: str, lang: Lang) -> None:
        """Mails a link to somebody who may have one; to anybody else nothing. Never raises: nobody hears of it."""
        site = self._site
        record = may(site.house, address)
        if record is None:
            site.log.warning("web login link refused", who=address)
            return
        try:
            raw = self._mail(address, record, lang)
            transport = outbox.transport(site.settings)
            with contextlib.closing(transport):
                result = transport.send(raw, site.settings.outgoing.sender or site.settings.company.address, [address])
            if not isinstance(result, Sent):
                raise OSError(result.reason)
            site.log.info("web login link", who=address)
        except Exception as fault:
            site.log.error("web login link not sent", who=address, reason=str(fault))

    def _mail(self, address: str, record: Record, lang: Lang) -> bytes:
        site, now = self._site, self._site.clock()
        nonce, until = secrets.token_hex(8), int(now.timestamp()) + SECONDS
        facts = {
            "name": str(record.values.get("head") or record.values.get("name") or ""),
            "link": f"{site.web.url.rstrip('/')}/board/link/{self._token(address, until, nonce)}",
            "minutes": SECONDS // 60,
        }
        lang = record.values.get("lang") or lang
        key = f"login:{nonce}"
        intent = LetterIntent(key, "login", "office", (address,), (), lang, "", 0, "", "", facts, at=now)
        composed = documents.compose(intent, site.settings)
        company = site.settings.company
        sender = site.settings.outgoing.sender or company.address
        return mime.build(
            intent,
            composed.subject,
            composed.text,
            composed.html,
            (),
            sender=sender,
            message_id=f"<login.{nonce}@{sender.rpartition('@')[2]}>",
            date=site.settings.local(now),
            sender_name=company.name,
        )

    def _token(self, address: str, until: int, nonce: str) -> str:
        who = base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")
        mac = guard.mac(self._site.key("link"), "link", address, str(until), nonce)
        return f"{who}.{until}.{nonce}.{mac[:32]}"

    def whose(self, token: str) -> str:
        """The address that a link is for; "" when it is none of ours, too old, used, or its owner may no longer."""
        found = _SHAPE.fullmatch(token)
        if not found:
            return ""
        who, until, nonce, _ = found.groups()
        try:
            address = base64.urlsafe_b64decode(who + "=" * (-len(who) % 4)).decode()
        except ValueError:
            return ""
        genuine = guard.same(token, self._token(address, int(until), nonce))
        if not genuine or self._site.clock().timestamp() > int(until) or (self._used / nonce).exists():
            return ""
        return address if may(self._site.house, address) else ""

    def use(self, token: str) -> str:
        """As `whose`, and the link is used up: of two who come at once one is let in."""
        address = self.whose(token)
        if not address:
            return ""
        self._used.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._forget()
        _, until, nonce, _ = token.split(".")
        try:
            with (self._used / nonce).open("x"):
                pass
            os.utime(self._used / nonce, (int(until), int(until)))
        except FileExistsError:
            return ""
        return address

    def _forget(self) -> None:
        """Used links that are too old by now need no mark any longer."""
        now = self._site.clock().timestamp()
        for mark in self._used.iterdir():
            with contextlib.suppress(OSError):
                if mark.stat().st_mtime < now - SECONDS:
                    mark.unlink()

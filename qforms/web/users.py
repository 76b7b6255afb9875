"""Who may see the board: people and departments on file for whom a password was set; and how long they are logged in.

Passwords are kept as scrypt hashes (RFC 7914) in `web-users`, private to the program. A session is a signed cookie; a
new password, or somebody's leaving, ends it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from qforms.house import House, opened
from qforms.model import QformsError, Told
from qforms.web import guard

FILE = "web-users"
_N, _R, _P = 2**15, 8, 1  # 32 MB and some tens of milliseconds a try
_LEAST = 10  # characters of a password
_NOBODY = "scrypt$" + base64.b64encode(bytes(16)).decode() + "$" + base64.b64encode(bytes(32)).decode()


def set_password(root: Path, address: str, password: str) -> None:
    """Writes the hash of a password. Raises QformsError when it is too short."""
    if len(password) < _LEAST:
        raise QformsError(Told(f"密码至少 {_LEAST} 个字符", f"a password has at least {_LEAST} characters"))
    users = _users(root) | {address.lower(): _hash(password, secrets.token_bytes(16))}
    draft = root / f".{FILE}.{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.writelines(f"{name}\t{kept}\n" for name, kept in sorted(users.items()))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(root / FILE)


def _users(root: Path) -> dict[str, str]:
    try:
        lines = (root / FILE).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("\t", 1) for line in lines if "\t" in line)


def _hash(password: str, salt: bytes) -> str:
    made = hashlib.scrypt(password.encode(), salt=salt, n=_N, r=_R, p=_P, maxmem=64 << 20, dklen=32)
    return "$".join(["scrypt", base64.b64encode(salt).decode(), base64.b64encode(made).decode()])


def is_ours(house: House, address: str) -> bool:
    """Whether it is the address of a person or department on file who is still with us."""
    with house.ledger.facts() as facts:
        mailboxes = (d for d in facts.all("department") if str(d.values.get("email") or "").lower() == address)
        found = (*facts.find("person", "email", address), *mailboxes)
    forms = house.procedures.catalogue
    return any(not forms.form(r.form).lifecycle.state(r.status).final for r in found)


def known(root: Path, address: str) -> None:
    """Raises QformsError when it is nobody's of ours."""
    with opened(root) as house:
        if not is_ours(house, address.lower()):
            raise QformsError(
                Told(
                    f"人员和部门里没有 {address}；请先在总台账里登记",
                    f"{address} is the address of no person or department on file; enter it in the workbook first",
                )
            )


def checks(house: House, address: str, password: str) -> bool:
    """Whether the password is right; takes as long for somebody who has none."""
    kept = _users(house.settings.root).get(address.lower(), _NOBODY)
    salt = base64.b64decode(kept.split("$")[1])
    right = guard.same(_hash(password[:1000], salt), kept)
    return right and kept != _NOBODY and is_ours(house, address.lower())


def session(house: House, key: bytes, address: str, until: float) -> str:
    """The cookie of somebody who has logged in, good until a time (seconds since 1970)."""
    who = base64.urlsafe_b64encode(address.lower().encode()).decode().rstrip("=")
    kept = _users(house.settings.root).get(address.lower(), "")
    return f"{who}.{int(until)}.{guard.mac(key, 'session', address.lower(), str(int(until)), kept)}"


def whose(house: House, key: bytes, cookie: str, now: float, may: Callable[[House, str], object]) -> str:
    """The address of whom a session belongs to; "" when it is none, has ended, or its password has changed. `may`:
    whether somebody without a password may have logged in."""
    who, _, rest = cookie.partition(".")
    until = rest.partition(".")[0]
    if not until.isascii() or not until.isdigit() or len(until) > 12 or now > int(until):
        return ""
    try:
        address = base64.urlsafe_b64decode(who + "=" * (-len(who) % 4)).decode()
    except ValueError:
        return ""
    known = address in _users(house.settings.root) or may(house, address)
    if not guard.same(cookie, session(house, key, address, int(until))) or not known:
        return ""
    return address if is_ours(house, address) else ""

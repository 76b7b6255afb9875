"""What `qforms doctor` looks at where `[web] url` is set: the extra, the address, who speaks TLS, the key of links and
sessions, the spool, whether anybody can log in to the board."""

from __future__ import annotations

import ipaddress
import os
import stat
from collections.abc import Iterator
from importlib.util import find_spec
from urllib.parse import urlsplit

from qforms import house
from qforms.model import Record, Told
from qforms.settings import Settings, keys

_NEEDED = ("starlette", "uvicorn", "jinja2", "python_multipart")
_USERS = "web-users"  # as in web.users, which needs the extra

Look = tuple[Told, bool, Told, bool]  # what, fine, what to do, red


def looked(s: Settings) -> Iterator[Look]:
    """Each thing looked at; nothing where the page is not used."""
    if not s.web.url:
        return
    if lacking := [name for name in _NEEDED if find_spec(name) is None]:
        do = Told(
            f"缺 {'、'.join(lacking)}：pip install 'qforms[web]'", f"pip install 'qforms[web]': {lacking} missing"
        )
        yield Told("程序包", "packages"), False, do, True
    else:
        yield Told("程序包", "packages"), True, Told("已安装", "installed"), True
    yield _address(s)
    yield _listening(s)
    yield _key(s)
    yield _spool(s)
    if s.web.board:
        yield _board(s)


def _address(s: Settings) -> Look:
    what, url = Told("网址", "address"), urlsplit(s.web.url)
    if url.scheme not in ("http", "https") or not url.hostname:
        return what, False, Told(f"{s.web.url} 不是网址：写成 https://主机名", f"{s.web.url} is no https://host"), True
    if url.path.strip("/") or url.query:
        do = Told(
            "只写到主机名，不带路径：网页要用整个主机", "name the host alone, without a path: the page needs all of it"
        )
        return what, False, do, True
    if url.scheme == "http" and not _local(url.hostname):
        do = Told(
            "没有 TLS：填写内容和登录凭证会明文传送；在前面放 nginx 等，网址写 https://（docs/web.zh.md）",
            "no TLS: reports and logins travel in clear; put nginx in front and write https:// (docs/web.md)",
        )
        return what, False, do, False
    return what, True, Told(s.web.url, s.web.url), True


def _listening(s: Settings) -> Look:
    what, here = Told("监听", "listens at"), f"{s.web.host}:{s.web.port}"
    if _local(s.web.host):
        return what, True, Told(f"{here}，只在本机", f"{here}, on this machine only"), True
    if s.web.url.startswith("https://") and not set(s.web.proxies) - {"127.0.0.1", "::1"}:
        do = Told(
            f"{here} 别的机器也能直接连，绕过 TLS；代理在别的机器上的，请在 web.proxies 里写它的地址",
            f"{here} can be reached from other machines, past TLS; name a proxy on another machine in web.proxies",
        )
        return what, False, do, False
    return what, True, Told(here, here), True


def _key(s: Settings) -> Look:
    what = Told("密钥", "key")
    if min(map(len, keys(s.root).values()), default=0) < 16:
        do = Told("太短或没有：qforms newkey 换一个", "too short or missing: qforms newkey makes one")
        return what, False, do, True
    return what, True, Told("有", "there"), True


def _spool(s: Settings) -> Look:
    what, spool = Told("收件处", "spool"), s.path(s.web.spool)
    holder = spool if spool.is_dir() else spool.parent
    if not (holder.is_dir() and os.access(holder, os.W_OK)):
        return what, False, Told(f"{spool} 不可写", f"{spool} cannot be written to"), True
    if os.name != "nt" and spool.is_dir() and spool.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) & ~0o055:
        return what, False, Told(f"别人也能写：chmod go-w {spool}", f"others may write: chmod go-w {spool}"), True
    return what, True, Told(str(spool), str(spool)), True


def _board(s: Settings) -> Look:
    """Somebody can log in: by a password, or by mail with a role that somebody on file holds."""
    what = Told("看板登录", "login to the board")
    users = s.path(_USERS)
    count = len(users.read_text("utf-8").splitlines()) if users.is_file() else 0
    with house.opened(s.root) as h:
        on_file = (*h.ledger.records("person"), *h.ledger.records("department"))
    holders = [r for r in on_file if _may(r, s)]
    if not count and not holders:
        do = Told(
            "没有人能登录：运行 qforms web-password，或给有 web.login_by_mail 中职责的人登记邮箱",
            "nobody can log in: run qforms web-password, or enter the address of somebody with a role of "
            "web.login_by_mail",
        )
        return what, False, do, False
    said = Told(f"密码 {count} 人，邮件链接 {len(holders)} 人或部门", f"{count} by password, {len(holders)} by mail")
    return what, True, said, True


def _may(record: Record, s: Settings) -> bool:
    """Whether a person or department has an address for the link, and a role that may use it."""
    address = str(record.values.get("email") or "")
    held = set(record.values.get("roles") or ())
    return bool(held & set(s.web.login_by_mail)) and "@" in address and not address.endswith(".example")


def _local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

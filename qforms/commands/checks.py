"""`qforms check` (everything that people wrote) and `qforms doctor` (everything that the program stands on)."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from qforms import house, oauth, settings, sources, workspace
from qforms.documents import check as texts
from qforms.forms import catalogue
from qforms.model import QformsError, Rulebook
from qforms.outbox import smtp
from qforms.problems import say
from qforms.rulebook import check
from qforms.rules.trial import run_case
from qforms.settings import Procedures, Settings
from qforms.signatures import NoDkim
from qforms.workbook import locks
from qforms.worktime import WorkTime

_FONTS = ("SimSun", "Noto Serif CJK SC"), ("SimHei", "Noto Sans CJK SC"), ("Arial", "Liberation Sans")
_FREE_MB = 500
_SKEW = 120.0


def workspace_faults(root: Path) -> list[str]:
    """Every fault in settings, forms, letter texts, rules and the rules' tests, as `file:line: what`."""
    try:
        s = settings.load(root)
    except QformsError as fault:
        return list(fault.problems or [str(fault)])
    forms = s.path(house.CACHE) / "forms.json"  # holds faultless forms only, under a digest of their sources
    found = check.everything(s, lambda given, at, procedures: run_case(procedures, given, at), catalogue, forms)
    return [*found, *_texts(s)]


def _texts(s: Settings) -> list[str]:
    """Faults of letter texts and of the office's own Word templates; none where the forms cannot be read."""
    try:
        forms = catalogue.load(s.path("form_templates"), s.path(house.CACHE) / "forms.json", s.zone)
    except QformsError:
        return []
    return texts.faults(Procedures(forms, Rulebook({}), WorkTime(s.calendar, s.zone), s, {}))


# ---------------------------------------------------------------- doctor


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: fine, or what to do; `red` when the program cannot work so."""

    what: str
    ok: bool
    text: str
    red: bool = True


def doctor(root: Path) -> list[Finding]:
    """Looks at everything; never raises for what it finds."""
    s = settings.load(root)
    looks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _forms_and_rules,
        _folders,
        _disk,
        _ledger,
        _workbook,
        _mailbox,
        _silence,
        _authorisation,
        _trust,
        _outgoing,
        _addresses,
        _fonts,
        _clock,
        _calendar,
        _limits,
    )
    findings: list[Finding] = []
    for look in looks:
        try:
            findings += look(s)
        except (QformsError, OSError) as fault:
            findings.append(Finding(look.__name__.strip("_"), False, str(fault)))
    return findings


def _forms_and_rules(s: Settings) -> Iterator[Finding]:
    faults = workspace_faults(s.root)
    yield Finding("表单和规则", not faults, faults[0] if faults else "没有问题")


def _folders(s: Settings) -> Iterator[Finding]:
    for name in (s.folders.inbox, s.folders.cases):
        path = s.path(name)
        ok = path.is_dir() and os.access(path, os.W_OK)
        yield Finding(f"文件夹 {path}", ok, "可写" if ok else "不存在或不可写：请建立文件夹，并给 qforms 写权限")
    if os.name == "nt":
        return
    for path in workspace.private_files(s.root):
        open_to_others = bool(path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH))
        if open_to_others:
            yield Finding(f"私有文件 {path.name}", False, f"别人也能改：chmod go-w {path}")
    kind = _filesystem(s.root)
    remote = kind in ("nfs", "nfs4", "cifs", "smb2", "smb3", "fuse.sshfs", "9p")
    text = f"在网络盘上（{kind}）：账本要放在本机硬盘" if remote else "在本机"
    yield Finding("工作区", not remote, text)


def _filesystem(path: Path) -> str:
    """The type of the file system that holds `path`; "" where the system does not tell."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return ""
    holding = [(m[1], m[2]) for m in mounts if path.is_relative_to(m[1].replace("\\040", " "))]
    return max(holding, key=lambda m: len(m[0]))[1] if holding else ""


def _disk(s: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(s.root).free // 1_000_000
    yield Finding("硬盘", free > _FREE_MB, f"剩 {free} MB" + ("" if free > _FREE_MB else "：请腾出空间"))


def _ledger(s: Settings) -> Iterator[Finding]:
    with house.opened(s.root) as h:
        yield Finding("账本", True, f"{len(h.ledger.clocks(['running', 'overdue']))} 个时限在走")


def _workbook(s: Settings) -> Iterator[Finding]:
    path = s.path(s.folders.workbook)
    holder = locks.holder(path, datetime.now(UTC), s.folders.lock_hours)
    text = f"{holder.name or '有人'} 开着：改动照收，写回等它关闭" if holder else str(path)
    yield Finding("总台账", not holder, text, red=False)


def _mailbox(s: Settings) -> Iterator[Finding]:
    for name, box in s.boxes().items():
        what = f"收信 {box.host if box.kind == 'imap' else ''} {name}".rstrip()
        if box.kind == "imap":
            yield _login(what, sources.try_login(s, name))
        else:
            yield Finding(what, True, f"{box.kind}：{s.path(box.path)}")


def _silence(s: Settings) -> Iterator[Finding]:
    """Whether the running program reads the mailboxes, and whether mail still comes (a silent stop is the worst)."""
    with house.opened(s.root) as h:
        told = list(h.watch.problems(datetime.now(UTC)))
        for problem in told:
            yield Finding("来信", False, say(problem, s.lang))
        for source in h.watch.sources() if not told else []:
            if looked := h.watch.seen(source).looked:
                at = datetime.fromisoformat(looked)
                ok = datetime.now(UTC) - at < timedelta(hours=s.watch.unreachable_hours)
                text = f"{s.local(at):%Y-%m-%d %H:%M} 看过" + ("" if ok else "，之后没有再看：qforms run 没有在运行？")
                yield Finding(f"来信 {source}", ok, text)


def _authorisation(s: Settings) -> Iterator[Finding]:
    """How long the mailboxes still open by OAuth."""
    if "oauth" in {s.outgoing.auth, *(box.auth for box in s.boxes().values())}:
        until, problem = oauth.expires(s), oauth.expiring(s, datetime.now(s.zone).date())
        known = f"到 {until}" if until else "不知道到哪天：请在 qforms.toml 写 oauth.secret_expires"
        yield Finding("邮箱授权", problem is None, say(problem, s.lang) if problem else known)


def _trust(s: Settings) -> Iterator[Finding]:
    """Without a server that vouches for senders, no mail from outside decides or fills in anything."""
    for box in [box for box in s.boxes().values() if box.kind == "imap" and not box.complaints_only]:
        server = box.authserv_id or s.trust.authserv_id
        ok = bool(server) or s.trust.dkim
        text = (
            server or "由程序检查 DKIM 签名"
            if ok
            else (
                "没有设置：谁的信都不算本人的。请在 qforms.toml 的 [trust] 里写 authserv_id，"
                "即收信服务器在 Authentication-Results 里的名字"
            )
        )
        yield Finding(f"发件人验证 {box.host}", ok, text, red=False)
    if s.trust.dkim and (lacking := next((p for p in ("dkim", "dns") if find_spec(p) is None), "")):
        yield Finding("DKIM", False, str(NoDkim(lacking)))


def _login(what: str, reason: str) -> Finding:
    """`reason` says why the login failed; "" when it did not."""
    return Finding(what, not reason, reason or "能登录，证书有效")


def _outgoing(s: Settings) -> Iterator[Finding]:
    if s.outgoing.kind == "smtp":
        yield _login(f"发信 {s.outgoing.host}", smtp.try_login(s))
    else:
        yield Finding("发信", True, f"不外发，写到 {s.path(s.outgoing.path)}")


def _addresses(s: Settings) -> Iterator[Finding]:
    """Departments and settings that still hold the placeholder addresses of a new workspace."""
    with house.opened(s.root) as h:
        departments = h.ledger.records("department")
    missing = [r.number for r in departments if str(r.values.get("email", "")).endswith(".example")]
    text = f"还没有真地址：{'、'.join(missing)}。请在总台账「基础资料」里填" if missing else "都有地址"
    yield Finding("部门地址", not missing, text, red=s.outgoing.kind == "smtp")


def _fonts(_: Settings) -> Iterator[Finding]:
    if not shutil.which("fc-list"):  # Windows and the Mac bring the fonts
        return
    have = subprocess.run(["fc-list", ":", "family"], capture_output=True, text=True, timeout=20, check=False).stdout
    for wanted, instead in _FONTS:
        ok = wanted in have or instead in have
        text = (
            "有"
            if ok
            else f"没有，{instead} 也没有：文档在这台机器上转 PDF 会变样（apt install fonts-noto-cjk fonts-liberation）"
        )
        yield Finding(f"字体 {wanted}", ok, text, red=False)


def _clock(s: Settings) -> Iterator[Finding]:
    """The system clock against the newest thing known: a clock that stands in the past would miss every deadline."""
    newest = max((p.stat().st_mtime for p in s.root.glob("*")), default=0.0)
    ok = time.time() > newest - _SKEW
    yield Finding(
        "时钟", ok, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC" + ("" if ok else "：早于工作区里的文件，请校准")
    )


def _calendar(s: Settings) -> Iterator[Finding]:
    work = WorkTime(s.calendar, s.zone)
    year = datetime.now(s.zone).year
    known = work.known_year(year)
    text = "有" if known else "还没有公布或没有收入：请在 qforms.toml 的 calendar.off、calendar.work 里补"
    yield Finding(f"{year} 年节假日和调休", known, text, red=False)


def _limits(_: Settings) -> Iterator[Finding]:
    if os.name == "nt":
        yield Finding("内存上限", False, "这个系统没有 RLIMIT：打开 Office 文件只限时间和大小", red=False)

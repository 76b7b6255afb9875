"""`qforms check` (everything that people wrote) and `qforms doctor` (everything that the program stands on)."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from qforms import house, oauth, rulebook, settings, sources, tomlfaults, tongue, workspace
from qforms.commands import several, verdict, webcheck
from qforms.documents import check as texts
from qforms.forms import catalogue
from qforms.model import QformsError, Text, said
from qforms.office import convert, ocr, pdf, unpack
from qforms.outbox import robots, smtp
from qforms.problems import say as problem_text
from qforms.rulebook import check
from qforms.rules.trial import run_case
from qforms.settings import Procedures, Settings
from qforms.signatures import NoDkim
from qforms.tongue import say
from qforms.workbook import locks
from qforms.worktime import WorkTime

_FONTS = ("SimSun", "Noto Serif CJK SC"), ("SimHei", "Noto Sans CJK SC"), ("Arial", "Liberation Sans")
_FREE_MB = 500
_LOOKS = {
    "_forms_and_rules": Text("表单和规则", "forms and rules"),
    "_folders": Text("文件夹", "folders"),
    "_disk": Text("硬盘", "disk"),
    "_ledger": Text("账本", "ledger"),
    "_several": Text("数据库和原件库", "database and store"),
    "_workbook": Text("总台账", "workbook"),
    "_mailbox": Text("收信", "mailbox"),
    "_silence": Text("来信", "incoming mail"),
    "_authorisation": Text("邮箱授权", "authorisation"),
    "_trust": Text("发件人验证", "proof of senders"),
    "_outgoing": Text("发信", "outgoing mail"),
    "_robots": Text("群机器人", "group robot"),
    "_addresses": Text("部门地址", "addresses of departments"),
    "_web": Text("网页", "web page"),
    "_fonts": Text("字体", "font"),
    "_clock": Text("时钟", "clock"),
    "_calendar": Text("节假日和调休", "holidays and make-up days"),
    "_limits": Text("内存上限", "memory limit"),
    "_attachments": Text("附件", "attachments"),
}
_SKEW = 120.0


def workspace_faults(root: Path) -> list[str]:
    """Every fault in settings, forms, letter texts, rules and the rules' tests, as `file:line: what`."""
    if verdict.faultless(root, state := verdict.state(root)):
        return []
    found = _faults(root)
    if not found:
        verdict.remember(root, state)
    return [said(tomlfaults.placed(line, root), tongue.lang()) for line in found]


_PLACE = re.compile(r"(.+?):(\d+): (.*)", re.DOTALL)


def placed(line: str) -> dict[str, Any]:
    """A fault as plain values: file, line (None where it has none), text."""
    found = _PLACE.fullmatch(line)
    file, number, text = found.groups() if found else ("", None, line)
    return {"file": file, "line": int(number) if number else None, "text": text}


def _faults(root: Path) -> list[str]:
    try:
        s = settings.load(root)
    except QformsError as fault:
        return list(fault.problems or [fault.text])
    cache = s.path(house.CACHE)  # holds faultless forms and parsed rules, under digests of their sources
    found = check.everything(s, lambda given, at, procedures: run_case(procedures, given, at), catalogue, cache)
    return [*found, *_texts(s)]


def _texts(s: Settings) -> list[str]:
    """Faults of letter texts, of the office's own Word templates and of what reports show; none where forms or rules
    cannot be read."""
    try:
        forms = catalogue.load(s.path("form_templates"), s.path(house.CACHE) / "forms.json", s.zone)
        rules = rulebook.load(s.path("inbox_rules"), forms, s.path(house.CACHE) / "rules.json")
        work = WorkTime(s.calendar, s.zone)
    except QformsError:  # told by what judges forms and rules
        return []
    return texts.faults(Procedures(forms, rules, work, s, {}))


# ---------------------------------------------------------------- doctor


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: fine, or what to do; `red` when the program cannot work so."""

    what: str
    ok: bool
    text: str
    red: bool = True


def doctor(root: Path, step: Callable[[str], None] = lambda at: None) -> list[Finding]:
    """Looks at everything; never raises for what it finds. `step` hears what it looks at."""
    s = settings.load(root)
    looks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _forms_and_rules,
        _folders,
        _disk,
        _ledger,
        _several,
        _workbook,
        _mailbox,
        _silence,
        _authorisation,
        _trust,
        _outgoing,
        _robots,
        _addresses,
        _web,
        _fonts,
        _clock,
        _calendar,
        _limits,
        _attachments,
    )
    findings: list[Finding] = []
    for look in looks:
        step(_of(look))
        try:
            findings += look(s)
        except QformsError as fault:
            findings.append(Finding(_of(look), False, said(tomlfaults.placed(fault.text, root), tongue.lang())))
        except OSError as fault:
            findings.append(Finding(_of(look), False, str(fault)))
    return findings


def _of(look: Callable[[Settings], Iterator[Finding]]) -> str:
    """What a look is at, for when it fails as a whole."""
    return _LOOKS[look.__name__][tongue.lang()]


def _forms_and_rules(s: Settings) -> Iterator[Finding]:
    faults = workspace_faults(s.root)
    yield Finding(_of(_forms_and_rules), not faults, faults[0] if faults else say("没有问题", "no faults"))


def _folders(s: Settings) -> Iterator[Finding]:
    for name in (s.folders.inbox, s.folders.cases):
        path = s.path(name)
        ok = path.is_dir() and os.access(path, os.W_OK)
        text = say("可写", "can be written to")
        if not ok:
            text = say(
                "不存在或不可写：请建立文件夹，并给 qforms 写权限",
                "missing or not writable: make it, and let qforms write",
            )
        yield Finding(say(f"文件夹 {path}", f"folder {path}"), ok, text)
    if os.name == "nt":
        return
    for path in workspace.private_files(s.root):
        open_to_others = bool(path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH))
        if open_to_others:
            text = say(f"别人也能改：chmod go-w {path}", f"others may change it: chmod go-w {path}")
            yield Finding(say(f"私有文件 {path.name}", f"private file {path.name}"), False, text)
    kind = _filesystem(s.root)
    remote = kind in ("nfs", "nfs4", "cifs", "smb2", "smb3", "fuse.sshfs", "9p")
    text = say("在本机", "on this machine")
    if remote:
        text = say(
            f"在网络盘上（{kind}）：账本要放在本机硬盘", f"on a network drive ({kind}): the ledger needs a local disk"
        )
    yield Finding(say("工作区", "workspace"), not remote, text)


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
    text = say(f"剩 {free} MB", f"{free} MB free") + ("" if free > _FREE_MB else say("：请腾出空间", ": make room"))
    yield Finding(_of(_disk), free > _FREE_MB, text)


def _ledger(s: Settings) -> Iterator[Finding]:
    with house.opened(s.root) as h:
        running = len(h.ledger.clocks(["running", "overdue"]))
        yield Finding(_of(_ledger), True, say(f"{running} 个时限在走", f"{running} deadlines are running"))


def _several(s: Settings) -> Iterator[Finding]:
    """Where several machines may work together: their database and bucket, and who is at work."""
    for what, ok, text, red in (*several.database(s), *several.bucket(s)):
        yield Finding(said(what, tongue.lang()), ok, said(text, tongue.lang()), red=red)


def _workbook(s: Settings) -> Iterator[Finding]:
    path = s.path(s.folders.workbook)
    holder = locks.holder(path, datetime.now(UTC), s.folders.lock_hours)
    text = str(path)
    if holder:
        text = say(
            f"{holder.name or '有人'} 开着：改动照收，写回等它关闭",
            f"{holder.name or 'somebody'} has it open: edits are taken in, writing waits until it is closed",
        )
    yield Finding(_of(_workbook), not holder, text, red=False)


def _mailbox(s: Settings) -> Iterator[Finding]:
    for name, box in s.boxes().items():
        where = f"{box.host if box.kind == 'imap' else ''} {name}".strip()
        what = f"{_of(_mailbox)} {where}".rstrip()
        if box.kind == "imap":
            yield _login(what, sources.try_login(s, name))
        else:
            yield Finding(what, True, f"{box.kind}: {s.path(box.path)}")


def _silence(s: Settings) -> Iterator[Finding]:
    """Whether the running program reads the mailboxes, and whether mail still comes (a silent stop is the worst)."""
    with house.opened(s.root) as h:
        told = list(h.watch.problems(datetime.now(UTC)))
        for problem in told:
            yield Finding(_of(_silence), False, problem_text(problem, tongue.lang()))
        for source in h.watch.sources() if not told else []:
            if looked := h.watch.seen(source).looked:
                at = datetime.fromisoformat(looked)
                ok = datetime.now(UTC) - at < timedelta(hours=s.watch.unreachable_hours)
                text = say(f"{s.local(at):%Y-%m-%d %H:%M} 看过", f"looked at {s.local(at):%Y-%m-%d %H:%M}")
                if not ok:
                    text += say(
                        "，之后没有再看：qforms run 没有在运行？", ", and not since: is qforms run not running?"
                    )
                yield Finding(f"{_of(_silence)} {source}", ok, text)


def _authorisation(s: Settings) -> Iterator[Finding]:
    """How long the mailboxes still open by OAuth."""
    if "oauth" in {s.outgoing.auth, *(box.auth for box in s.boxes().values())}:
        until, problem = oauth.expires(s), oauth.expiring(s, datetime.now(s.zone).date())
        known = say(f"到 {until}", f"until {until}")
        if not until:
            known = say(
                "不知道到哪天：请在 qforms.toml 写 oauth.secret_expires",
                "until when is not known: write oauth.secret_expires into qforms.toml",
            )
        text = problem_text(problem, tongue.lang()) if problem else known
        yield Finding(_of(_authorisation), problem is None, text)


def _trust(s: Settings) -> Iterator[Finding]:
    """Without a server that vouches for senders, no mail from outside decides or fills in anything."""
    for box in [box for box in s.boxes().values() if box.kind == "imap" and not box.complaints_only]:
        server = box.authserv_id or s.trust.authserv_id
        ok = bool(server) or s.trust.dkim
        text = server or say("由程序检查 DKIM 签名", "DKIM signatures are checked here")
        if not ok:
            text = say(
                "没有设置：谁的信都不算本人的。请在 qforms.toml 的 [trust] 里写 authserv_id，"
                "即收信服务器在 Authentication-Results 里的名字",
                "not set: nobody's mail counts as his own. Write authserv_id into [trust] of qforms.toml: the name of "
                "the receiving server in Authentication-Results",
            )
        yield Finding(f"{_of(_trust)} {box.host}", ok, text, red=False)
    if s.trust.dkim and (lacking := next((p for p in ("dkim", "dns") if find_spec(p) is None), "")):
        yield Finding("DKIM", False, said(NoDkim(lacking).text, tongue.lang()))


def _login(what: str, reason: str) -> Finding:
    """`reason` says why the login failed; "" when it did not."""
    fine = say("能登录，证书有效", "can log in, the certificate is valid")
    return Finding(what, not reason, said(reason, tongue.lang()) or fine)


def _outgoing(s: Settings) -> Iterator[Finding]:
    if s.outgoing.kind == "smtp":
        yield _login(f"{_of(_outgoing)} {s.outgoing.host}", smtp.try_login(s))
    else:
        path = s.path(s.outgoing.path)
        yield Finding(_of(_outgoing), True, say(f"不外发，写到 {path}", f"nothing leaves, it is written to {path}"))


def _robots(s: Settings) -> Iterator[Finding]:
    """Whether each group robot has its key, and its server answers; nothing is said in the group."""
    for name, robot in s.robots.items():
        what = f"{_of(_robots)} {name} ({robot.kind})"
        try:
            reason = robots.unreachable(s, name)
        except QformsError as fault:
            yield Finding(what, False, said(fault.text, tongue.lang()), red=False)
            continue
        fine = say("有密钥，服务器能连上", "it has its key, the server can be reached")
        yield Finding(what, not reason, reason or fine, red=False)


def _addresses(s: Settings) -> Iterator[Finding]:
    """Departments and settings that still hold the placeholder addresses of a new workspace."""
    with house.opened(s.root) as h:
        departments = h.ledger.records("department")
    open_ = [r for r in departments if r.status != "retired"]
    missing = [r.number for r in open_ if str(r.values.get("email") or ".example").endswith(".example")]
    text = say("都有地址", "all have one")
    if missing:
        text = say(
            f"还没有真地址：{'、'.join(missing)}。请在总台账「基础资料」里填",
            f"no real address yet: {', '.join(missing)}. Give them on the sheet of departments in the workbook",
        )
    yield Finding(_of(_addresses), not missing, text, red=s.outgoing.kind == "smtp")


def _web(s: Settings) -> Iterator[Finding]:
    """The page for customers and the board: `webcheck`. Nothing to say where there is none."""
    for what, ok, text, red in webcheck.looked(s):
        yield Finding(f"{_of(_web)} {said(what, tongue.lang())}", ok, said(text, tongue.lang()), red=red)


def _fonts(_: Settings) -> Iterator[Finding]:
    if not shutil.which("fc-list"):  # Windows and the Mac bring the fonts
        return
    have = subprocess.run(["fc-list", ":", "family"], capture_output=True, text=True, timeout=20, check=False).stdout
    for wanted, instead in _FONTS:
        ok = wanted in have or instead in have
        text = say("有", "there")
        if not ok:
            text = say(
                f"没有，{instead} 也没有：文档在这台机器上转 PDF 会变样（apt install fonts-noto-cjk fonts-liberation）",
                f"missing, and so is {instead}: documents turned into PDF here will look different "
                "(apt install fonts-noto-cjk fonts-liberation)",
            )
        yield Finding(f"{_of(_fonts)} {wanted}", ok, text, red=False)


def _clock(s: Settings) -> Iterator[Finding]:
    """The system clock against the newest thing known: a clock that stands in the past would miss every deadline."""
    newest = max((p.stat().st_mtime for p in s.root.glob("*")), default=0.0)
    ok = time.time() > newest - _SKEW
    text = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    if not ok:
        text += say("：早于工作区里的文件，请校准", ": earlier than files in the workspace; set it right")
    yield Finding(_of(_clock), ok, text)


def _calendar(s: Settings) -> Iterator[Finding]:
    work = WorkTime(s.calendar, s.zone)
    year = datetime.now(s.zone).year
    known = work.known_year(year)
    text = say("有", "known")
    if not known:
        text = say(
            "还没有公布或没有收入：请在 qforms.toml 的 calendar.off、calendar.work 里补",
            "not announced or not known here: give them in calendar.off and calendar.work of qforms.toml",
        )
    yield Finding(f"{_of(_calendar)} {year}", known, text, red=False)


def _attachments(s: Settings) -> Iterator[Finding]:
    """Which attachments stay closed for want of a program or an extra; the office gets them all the same."""
    lacking = [
        (not unpack.bsdtar(), "7z, rar: bsdtar (libarchive-tools)"),
        (not pdf.pdftotext(), "PDF: pdftotext (poppler-utils)"),
        (not convert.soffice(), ".doc, .rtf, .odt: LibreOffice"),
        (s.limits.ocr and not ocr.available(), say("照片、扫描件", "photos, scans") + ": qforms[ocr]"),
        (find_spec("pyzipper") is None, say("AES 加密的 zip", "zip with AES") + ": qforms[zip]"),
        (find_spec("pillow_heif") is None, "HEIC: qforms[images]"),
    ]
    missing = "; ".join(what for absent, what in lacking if absent)
    text = say(f"读不了，要装：{missing}", f"not read without: {missing}") if missing else say("都能读", "all are read")
    yield Finding(_of(_attachments), not missing, text, red=False)


def _limits(_: Settings) -> Iterator[Finding]:
    if os.name == "nt":
        text = say(
            "这个系统没有 RLIMIT：打开 Office 文件只限时间和大小",
            "this system has no RLIMIT: Office files are opened with limits of time and size only",
        )
        yield Finding(_of(_limits), False, text, red=False)

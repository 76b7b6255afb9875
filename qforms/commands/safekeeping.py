"""`qforms backup`, `restore`, `ledger verify`: one file that holds a workspace as it stands, made while it is at work.

What may still arrive is copied first, then the ledger at one moment, then what it refers to: whatever is taken in
between is in the copy twice, and known when it is seen again. The stamp keys lie in a file of their own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from qforms import house, settings, tongue
from qforms.model import QformsError, Told
from qforms.problems import say as problem_text
from qforms.tongue import say

_LIST = "backup.json"
_LEDGER = "ledger.db"
_KEYS = "stamp.key"
_INDEX = tuple(f"search.db{end}" for end in ("", "-wal", "-shm"))  # made anew when somebody searches
_NOT = frozenset({".cache", "logs", ".qforms.lock", "stop", "heartbeat.json", settings.PASSWORDS, _KEYS, *_INDEX})
_FIRST = ("mail", "web", "inbox", "qforms.toml", "form_templates", "inbox_rules", "master.xlsx", ".history")


Step = Callable[[str], None]


def _quiet(_: str) -> None:
    """Nobody watches."""


class _Steps(dict[str, str]):
    """Files and digests; whoever watches hears of each."""

    def __init__(self, step: Step) -> None:
        self._step = step

    def __setitem__(self, name: str, digest: str) -> None:
        super().__setitem__(name, digest)
        self._step(name)


def backup(root: Path, file: Path, now: datetime, step: Step = _quiet) -> Iterator[str]:
    """Writes the file; gives lines that say what it holds, and what it does not. Raises QformsError."""
    s = settings.load(root)
    if file.exists():
        raise QformsError(Told(f"{file} 已经有了，换个名字", f"{file} exists already, take another name"))
    draft = file.with_name(f".{file.name}.part")
    listed: dict[str, str] = _Steps(step)
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
            for name in _FIRST:
                _add_tree(out, s.root, s.root / name, listed)
            _add_ledger(out, root, listed)
            for path in sorted(s.root.iterdir()):
                if path.name not in (*_FIRST, *_NOT) and not path.name.startswith(_ledger_name(s)):
                    _add_tree(out, s.root, path, listed)
            about = {"qforms": version("qforms"), "made": now.isoformat(), "company": s.company.name, "files": listed}
            out.writestr(_LIST, json.dumps(about, ensure_ascii=False, indent=1))
        with draft.open("rb+") as written:
            os.fsync(written.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    size = f"{file.stat().st_size:,} B"
    yield say(f"{file}：{len(listed)} 个文件，{size}", f"{file}: {len(listed)} files, {size}")
    yield from _keep_keys(s.root / _KEYS, file)
    for what, name in (("inbox", s.folders.inbox), ("workbook", s.folders.workbook), ("cases", s.folders.cases)):
        if not s.path(name).resolve().is_relative_to(s.root.resolve()):
            yield say(
                f"▲ {what} 在工作区之外，没有备份：{s.path(name)}",
                f"▲ {what} lies outside the workspace and is not in the backup: {s.path(name)}",
            )


def _ledger_name(s: settings.Settings) -> str:
    return s.ledger if "://" not in s.ledger else _LEDGER


def _keep_keys(keys: Path, file: Path) -> Iterator[str]:
    if not keys.exists():
        return
    apart = file.with_name(f"{file.name}.key")
    fd = os.open(apart, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "wb") as out:
        out.write(keys.read_bytes())
    yield say(
        f"▲ 印章密钥单独存放：{apart}。谁有它谁就能仿造表单的印章：请与备份分开保管。",
        f"▲ The stamp keys lie in {apart}. Whoever has them can forge our forms: keep it apart from the backup.",
    )


def _add_ledger(out: zipfile.ZipFile, root: Path, listed: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory(prefix="qforms-backup-") as name, house.opened(root) as h:
        copy = Path(name) / _LEDGER
        h.ledger.snapshot(copy)
        _add(out, copy, _LEDGER, listed)


def _add_tree(out: zipfile.ZipFile, root: Path, path: Path, listed: dict[str, str]) -> None:
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path] if path.is_file() else []
    for one in files:
        if not one.name.endswith((".part", ".tmp")) and not one.is_symlink():
            try:
                _add(out, one, one.relative_to(root).as_posix(), listed)
            except FileNotFoundError:
                continue  # taken in, or moved on, while we looked


def _add(out: zipfile.ZipFile, path: Path, name: str, listed: dict[str, str]) -> None:
    hashed = hashlib.sha256()
    with path.open("rb") as source:
        info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
        info.compress_type = zipfile.ZIP_DEFLATED
        with out.open(info, "w", force_zip64=True) as target:
            while block := source.read(1 << 20):
                hashed.update(block)
                target.write(block)
    listed[name] = hashed.hexdigest()


def _empty_folders(root: Path) -> None:
    """Folders that a backup does not hold because nothing lay in them: a Maildir without one cannot be read."""
    loaded = settings.load(root)
    paths = [*(box.path for box in loaded.boxes().values() if box.kind == "maildir"), loaded.outgoing.path]
    maildirs = [p for p in map(loaded.path, paths) if p.is_relative_to(loaded.root)]
    for folder in (p / name for p in maildirs for name in ("new", "cur", "tmp")):
        folder.mkdir(parents=True, exist_ok=True)


def restore(root: Path, file: Path, step: Step = _quiet) -> Iterator[str]:
    """Makes a workspace from a backup, whole or not at all; tells what to do next. Raises QformsError."""
    if root.exists() and any(root.iterdir()):
        raise QformsError(Told(f"{root} 不是空文件夹，不能恢复到里面", f"{root} is not an empty folder"))
    draft = root.with_name(f".{root.name}.restoring")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        listed = _unpack(file, draft, step)
        keys = file.with_name(f"{file.name}.key")
        if keys.exists():
            shutil.copyfile(keys, draft / _KEYS)
            (draft / _KEYS).chmod(0o600)
        _empty_folders(draft)
        ledger = settings.load(draft).ledger
        if "://" in ledger:
            _fill(draft)
        if root.exists():
            root.rmdir()
        draft.replace(root)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    if "://" not in ledger and ledger != _LEDGER:
        (root / _LEDGER).replace(root / ledger)
    yield say(f"{root}：{listed} 个文件已恢复", f"{root}: {listed} files restored")
    if not keys.exists():
        yield say(
            f"▲ 没有 {keys.name}：以前发出的表单印章认不出了，会当作没有印章",
            f"▲ {keys.name} is missing: forms that were sent before are not recognised and count as unstamped",
        )
    yield say(
        f"下一步：qforms ledger verify {root}，再 qforms doctor {root}。",
        f"Next: qforms ledger verify {root}, then qforms doctor {root}.",
    )
    yield say(
        "备份以后收到的信在邮箱的 qforms-done 文件夹里：移回收件箱，会重新收进来；已在账的自动认出。",
        "Mails that came after the backup lie in the mailbox's folder qforms-done: move them back to the inbox and "
        "they are taken in again; what is on record already is known.",
    )


def _unpack(file: Path, draft: Path, step: Step) -> int:
    try:
        with zipfile.ZipFile(file) as packed:
            about = json.loads(packed.read(_LIST))
            for name, digest in about["files"].items():
                step(name)
                _write(packed, name, digest, draft)
    except FileNotFoundError:
        raise QformsError(Told(f"没有 {file}", f"there is no {file}")) from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, KeyError, ValueError, EOFError) as fault:
        zh, en = f"{file} 不是完好的 qforms 备份：{fault}", f"{file} is no sound backup: {fault}"
        raise QformsError(Told(zh, en)) from None
    return len(about["files"])


def _write(packed: zipfile.ZipFile, name: str, digest: str, draft: Path) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in path.parts[0]:
        raise QformsError(Told(f"备份里有不安全的路径 {name}", f"an unsafe path in the backup: {name}"))
    target = draft.joinpath(*path.parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    hashed = hashlib.sha256()
    with packed.open(name) as source, target.open("wb") as out:
        while block := source.read(1 << 20):
            hashed.update(block)
            out.write(block)
    if hashed.hexdigest() != digest:
        raise QformsError(Told(f"备份损坏：{name}", f"the backup is damaged: {name}"))
    info = packed.getinfo(name)
    at = datetime(*info.date_time).timestamp()  # noqa: DTZ001 (a zip has local time)
    os.utime(target, (at, at))


def _fill(root: Path) -> None:
    copy = root / _LEDGER
    with house.opened(root) as h:
        h.ledger.fill(copy)
    copy.unlink()


def verify(root: Path) -> Iterator[dict[str, str]]:
    """What does not agree, each with its code, where it is and a text."""
    with house.opened(root) as h:
        for problem in h.ledger.verify(h.store):
            yield {"code": problem.code, "where": problem.where, "text": problem_text(problem, tongue.lang())}

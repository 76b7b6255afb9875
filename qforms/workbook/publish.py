"""Writes master.xlsx from what the view says: the whole book at first, afterwards only what has changed, and only while
nobody holds it and nobody has saved it since it was last read.

A new book and new sheets are drawn by openpyxl; a book that is there is patched, part by part (`qforms.sheetpatch`)."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from qforms.model import Lang, Later
from qforms.office.book import OfficeFault
from qforms.problems import say
from qforms.settings import Settings
from qforms.sheetpatch import fingerprint, keep
from qforms.workbook import first, locks, plan
from qforms.workbook.standing import Published, Standing
from qforms.workbook.view import Shown

_TIMES = 3  # tries to replace the file (Windows refuses while somebody looks at it)


def publish(
    path: Path,
    shown: Shown,
    standing: Standing,
    settings: Settings,
    *,
    history: Path | None = None,
    coming: Callable[[str], object] = lambda _: None,
) -> Published | Later:
    """Brings the book up to what is to be shown, or says why it has to wait; then nothing was written.

    `history` is a private folder that keeps the last versions, under the number of their publication. `coming` is told
    the digest of the new book right before it takes its place. Real time decides about locks, whatever the view's time
    is."""
    if held := locks.holder(path, datetime.now(UTC), settings.folders.lock_hours):
        return Later(_held(path, held, settings.lang))
    before = fingerprint(path)
    if before and before != standing.fingerprint:
        return Later(f"{path.name}: 存过新内容，读过再写 (saved since; to be read first)")
    if not before and standing.fingerprint:
        return Later(f"{path.name}: 文件暂时不在，可能正在存盘 (not there just now, perhaps being saved)")
    path.parent.mkdir(parents=True, exist_ok=True)
    with _beside(path) as temporary:
        try:
            if before:
                done = plan.change(path, temporary, shown, standing)
            else:
                done = first.write(temporary, shown, standing.serial + 1)
            if not done.written:
                return done
            waits = _replace(temporary, path, before, standing.serial, settings, history, coming)
            if waits is None and history:
                _keep(path, history, done.standing.serial, settings.workbook.versions, leaving=False)
        except PermissionError as fault:
            waits = Later(f"{path.name}: {fault.strerror} ({fault.errno})")
        except OfficeFault as fault:
            waits = Later(f"{path.name}: {say(fault.problem, settings.lang)}")
    return waits or done.at(fingerprint(path))


def copy(path: Path, shown: Shown, standing: Standing) -> bytes | None:
    """The book as it would be written, to be looked at while somebody else has it open; None when it can't be made."""
    if not standing.fingerprint or fingerprint(path) != standing.fingerprint:
        return None
    with _beside(path) as temporary:
        try:
            done = plan.change(path, temporary, shown, standing)
            return temporary.read_bytes() if done.written else path.read_bytes()
        except (OSError, OfficeFault):
            return None


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    temporary = path.with_name(f".qforms-{os.getpid()}-{path.name}.tmp")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _held(path: Path, holder: locks.Holder, lang: Lang) -> str:
    who = holder.name or ("有人" if lang == "zh" else "somebody")
    return (
        f"{who} 正打开 {path.name}，关闭后更新" if lang == "zh" else f"{who} has {path.name} open; updated when closed"
    )


def _replace(
    temporary: Path,
    path: Path,
    before: str,
    serial: int,
    settings: Settings,
    history: Path | None,
    coming: Callable[[str], object],
) -> Later | None:
    """Puts the new book in place of the old one, if nobody has opened or changed it meanwhile."""
    import time

    if held := locks.holder(path, datetime.now(UTC), settings.folders.lock_hours):
        return Later(_held(path, held, settings.lang))
    with locks.ours(path, settings.folders.lock_hours) as free:
        if not free:
            return Later(f"{path.name}: 正被打开 (being opened)")
        if fingerprint(path) != before:
            return Later(f"{path.name}: 刚被别人存过，下次再写 (saved by somebody just now)")
        if before and history:
            _keep(path, history, serial, settings.workbook.versions, leaving=True)
        coming(digest(temporary))
        for attempt in range(_TIMES):
            try:
                temporary.replace(path)
                break
            except PermissionError:
                if attempt == _TIMES - 1:
                    raise
                time.sleep(0.2)
    with suppress(OSError):  # Windows opens no folders
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return None


def _keep(path: Path, history: Path, serial: int, versions: int, *, leaving: bool) -> None:
    """Keeps the book as it lies there, if it is not kept so already; of the last publications only. One that is
    `leaving`, about to be replaced, need not be copied."""
    last = next(iter(kept(path, history, serial)[-1:]), None)
    if last is not None and filecmp.cmp(path, last, shallow=False):
        return
    history.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    copy = history / f"{path.stem}-{serial:06d}-{stamp}{path.suffix}"
    keep(path, copy) if leaving else shutil.copy2(path, copy)
    for old in history.glob(f"{path.stem}-*{path.suffix}"):
        if old.name < f"{path.stem}-{max(serial - versions, 0):06d}~":
            old.unlink(missing_ok=True)


def digest(path: Path) -> str:
    """SHA-256 of a book as it lies there; "" when it does not."""
    return fingerprint(path).rpartition(".")[2]


def kept(path: Path, history: Path, serial: int) -> tuple[Path, ...]:
    """The versions that were kept of a publication: as it was written, and as it was when the next one followed."""
    return tuple(sorted(history.glob(f"{path.stem}-{serial:06d}-*{path.suffix}")))

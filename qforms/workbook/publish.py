"""Writes master.xlsx from a view: the whole book at first, afterwards only what has changed, and only while nobody
holds it. The engine behind it (openpyxl, in `table` and `dashboard`) is known to nobody else."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qforms.forms import sheet_style
from qforms.forms.cells import put
from qforms.model import Catalogue, Lang, Later
from qforms.settings import Settings
from qforms.workbook import dashboard, draw, locks, table
from qforms.workbook.book import Busy, load
from qforms.workbook.figures import figures
from qforms.workbook.sheets import build
from qforms.workbook.table import BECAME, Known
from qforms.workbook.view import Sheet, View

VERSIONS = 5
_TIMES = 3  # tries to replace the file (Windows refuses while somebody looks at it)


@dataclass(frozen=True, slots=True)
class Published:
    """What stands in the book now. `rows`: row id -> (revision, texts by column): the base of the next edits; `gone`:
    ids that are no longer needed; `restored`: addresses of overwritten cells that were put back; `unread`: cells that
    somebody changed after the last look and that were left alone: the book has to be read again."""

    rows: Mapping[str, tuple[int, Mapping[str, str]]]
    gone: frozenset[str] = frozenset()
    added: int = 0
    changed: int = 0
    removed: int = 0
    unread: int = 0
    restored: tuple[str, ...] = ()
    fingerprint: str = ""


@dataclass(slots=True)
class _Counts:
    added: int = 0
    changed: int = 0
    removed: int = 0
    unread: int = 0
    restored: list[str] = field(default_factory=list)


def publish(
    path: Path,
    view: View,
    catalogue: Catalogue,
    settings: Settings,
    *,
    known: Known | None = None,
    history: Path | None = None,
) -> Published | Later:
    """Brings the book up to the view, or says why it has to wait; then nothing was written.

    `known` is what the rows held when they were last written or read (`Published.rows`, brought up by `edits.after`):
    a cell of the office that differs from it has not been read yet and stays. `history` is a private folder that keeps
    the last five versions. Real time decides about locks, whatever the view's time is."""
    known = known or {}
    held = locks.holder(path, datetime.now(UTC), settings.folders.lock_hours)
    if held:
        return Later(_held(path, held, settings.lang))
    before = fingerprint(path)
    if not before and known and _was_here(path):
        return Later(f"{path.name}: 文件暂时不在，可能正在存盘 (not there just now, perhaps being saved)")
    try:
        book = load(path) if before else sheet_style.workbook()
    except Busy as fault:
        return Later(str(fault))
    done = _fill(book, view, catalogue, settings.lang, known)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".qforms-{os.getpid()}-{path.name}.tmp")
    try:
        _save(book, temporary)
        waits = _replace(temporary, path, before, settings, history)
    except PermissionError as fault:
        waits = Later(f"{path.name}: {fault.strerror} ({fault.errno})")
    finally:
        temporary.unlink(missing_ok=True)
    if waits:
        return waits
    rows, counts = done
    gone = frozenset(id_ for id_ in known if id_ not in rows)
    now = fingerprint(path)
    restored = tuple(counts.restored)
    return Published(rows, gone, counts.added, counts.changed, counts.removed, counts.unread, restored, now)


def fingerprint(path: Path) -> str:
    """Size, time, inode and digest of a file: "" when it is not there."""
    try:
        about = path.stat()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
    return f"{about.st_size}.{about.st_mtime_ns}.{about.st_ino}.{digest}"


def _was_here(path: Path) -> bool:
    """Whether a file that is missing is being replaced just now: Excel leaves an owner file or its temporary one."""
    with suppress(OSError):
        near = [f for f in path.parent.iterdir() if f.is_file() and f.suffix == "" and len(f.name) == 8]
        return any(datetime.now(UTC).timestamp() - f.stat().st_mtime < 60 for f in near)
    return False


def _held(path: Path, holder: locks.Holder, lang: Lang) -> str:
    who = holder.name or ("有人" if lang == "zh" else "somebody")
    return (
        f"{who} 正打开 {path.name}，关闭后更新" if lang == "zh" else f"{who} has {path.name} open; updated when closed"
    )


# ---------------------------------------------------------------- filling


def _fill(
    book: Any, view: View, catalogue: Catalogue, lang: Lang, known: Known
) -> tuple[dict[str, tuple[int, Mapping[str, str]]], _Counts]:
    sheets = build(view, catalogue, lang)
    fresh = not book.sheetnames
    as_of = view.local(view.as_of)
    assert as_of is not None
    dashboard.write(book, view, figures(view, catalogue, lang, sheets), lang)
    rows: dict[str, tuple[int, Mapping[str, str]]] = {}
    counts = _Counts()
    for sheet in sheets:
        before = set(book.sheetnames)
        written = table.write(book, sheet, known, lang, view.company, as_of)
        for title in set(book.sheetnames) - before:
            _offers(book[title], sheet)
        rows |= written.rows
        counts.added += written.added
        counts.changed += written.changed
        counts.removed += written.removed
        counts.unread += written.unread
        counts.restored += written.restored
    _leave_empty(book, sheets, known, lang, view, as_of)
    _lists(book, sheets)
    for id_, entry in known.items():  # a typed row that the book does not carry as a record yet keeps its base
        if id_.startswith("new/") and entry[1].get(BECAME, id_) not in rows:
            rows[id_] = entry
    if fresh:
        book.active = 0
        book.properties.creator = book.properties.lastModifiedBy = table.AUTHOR
        book.properties.title = view.company
    return rows, counts


def _leave_empty(book: Any, sheets: tuple[Sheet, ...], known: Known, lang: Lang, view: View, as_of: datetime) -> None:
    """待发 and 冲突 with nothing in them any more are emptied and hidden; they come back by themselves."""
    from qforms.workbook import sheets as made
    from qforms.workbook.book import find

    shown = {s.key for s in sheets}
    for sheet in made.passing(view, lang):
        if found := find(book, sheet):
            if sheet.key not in shown:
                table.write(book, sheet, known, lang, view.company, as_of)
                if sum(ws.sheet_state == "visible" for ws in book.worksheets) > 1:
                    found.ws.sheet_state = "hidden"
            elif found.ws.sheet_state == "hidden":
                found.ws.sheet_state = "visible"


def _offers(ws: Any, sheet: Sheet) -> None:
    for column in sheet.columns:
        if column.words:
            draw.offer(ws, sheet, column, _list_name(sheet, column.key))


def _list_name(sheet: Sheet, key: str) -> str:
    return f"qf_list_{sheet.key}_{key.strip('@').replace(':', '_').replace('|', '_')}"


def _lists(book: Any, sheets: tuple[Sheet, ...]) -> None:
    """The words of the drop-downs on the hidden sheet `_lists`, written anew: departments and persons change."""
    from openpyxl.workbook.defined_name import DefinedName

    if "_lists" in book.sheetnames:
        ws = book["_lists"]
        ws.delete_rows(1, ws.max_row)
    else:
        ws = book.create_sheet("_lists")
    ws.sheet_state = "hidden"
    columns = [(s, c) for s in sheets for c in s.columns if c.words]
    for i, (sheet, column) in enumerate(columns, start=1):
        for row, word in enumerate(column.words, start=1):
            put(ws.cell(row, i), word)
        letter = draw._letter(i)
        name = _list_name(sheet, column.key)
        book.defined_names[name] = DefinedName(name, attr_text=f"'_lists'!${letter}$1:${letter}${len(column.words)}")


# ---------------------------------------------------------------- saving


def _save(book: Any, temporary: Path) -> None:
    with temporary.open("wb") as out:
        book.save(out)
        out.flush()
        os.fsync(out.fileno())


def _replace(temporary: Path, path: Path, before: str, settings: Settings, history: Path | None) -> Later | None:
    """Puts the new book in place of the old one, if nobody has opened or changed it meanwhile."""
    import time

    held = locks.holder(path, datetime.now(UTC), settings.folders.lock_hours)
    if held:
        return Later(_held(path, held, settings.lang))
    with locks.ours(path, settings.folders.lock_hours) as free:
        if not free:
            return Later(f"{path.name}: 正被打开 (being opened)")
        if fingerprint(path) != before:
            return Later(f"{path.name}: 刚被别人存过，下次再写 (saved by somebody just now)")
        if before and history:
            _keep(path, history)
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


def _keep(path: Path, history: Path) -> None:
    history.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    shutil.copy2(path, history / f"{path.stem}-{stamp}{path.suffix}")
    for old in sorted(history.glob(f"{path.stem}-*{path.suffix}"))[:-VERSIONS]:
        old.unlink(missing_ok=True)

"""What people wrote into the book since it was last written or read, as deliveries: one for each changed row.

Only cells of the office's columns are compared, with what they held; the ledger merges. A row goes by its hidden id:
a copy of a row, or one typed at the end, is a new record; a row that is gone comes back at the next publishing.

The raw bytes are JSON with sorted keys, the same for the same edit:
    {"form", "number", "values", "base", "base_revision", "new", "by", "where", "case_no", "row", "problems"}
and for an answer in 处理 (a task, clock, mail, letter or conflict):
    {"task" | "clock" | "mail" | "letter" | "conflict": key, "action", "word", "note", "by", "where", "row"}"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from qforms.model import Catalogue, Delivery
from qforms.workbook.actions import ACTIONS
from qforms.workbook.book import Busy, Found, find, load
from qforms.workbook.sheets import blueprints
from qforms.workbook.table import AUTHOR, BECAME, FAULTS, Known, became, new_row_id, same
from qforms.workbook.view import Sheet

_ANSWERED: Final = frozenset({"task", "clock", "mail", "letter", "conflict"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a delivery of the workbook answers: `kind` task, clock, mail, letter or conflict, and its key.

    `action` is one of `ACTIONS`' values, "" for a word that is none (`word` says which)."""

    kind: str
    key: str
    action: str
    word: str
    note: str
    by: str
    where: str


@dataclass(frozen=True, slots=True)
class Edits:
    """All that was found: `deliveries` in the order of the book, and the ids of rows that somebody deleted."""

    deliveries: tuple[Delivery, ...]
    deleted: tuple[str, ...] = ()


def edits(path: Path, known: Known, catalogue: Catalogue, now: datetime) -> list[Delivery]:
    """The changed rows as deliveries. Raises Busy while the book is being saved, QformsError for a shared one."""
    return list(look(path, known, catalogue, now).deliveries)


def look(path: Path, known: Known, catalogue: Catalogue, now: datetime) -> Edits:
    """The changed rows, and those deleted. `known`: row id -> (revision, texts) as last written or read."""
    try:
        about = path.stat()
    except OSError as fault:
        raise Busy(f"{path.name}: {fault.strerror}") from fault
    book = load(path)
    by = str(book.properties.lastModifiedBy or "")
    by = "" if by in (AUTHOR, "openpyxl") else by
    at = min(now, datetime.fromtimestamp(about.st_mtime, UTC).astimezone(now.tzinfo))
    deliveries, seen = [], set()
    for sheet in blueprints(catalogue):
        found = find(book, sheet)
        if found is None:
            continue
        for row in _rows(found, sheet, known):
            seen.add(row.id)
            given = _answer(row, by) if not sheet.form else _edit(row, catalogue, by)
            if given is not None:
                deliveries.append(_delivery(path, given, at, about.st_mtime_ns, by))
    forms = {f"{name}/" for name in catalogue.forms}
    deleted = (i for i in known if i not in seen and i.partition("/")[0] + "/" in forms)
    return Edits(tuple(deliveries), tuple(sorted(deleted)))


def after(known: Known, delivery: Delivery, number: str = "", revision: int | None = None) -> dict[str, Any]:
    """`known` once a delivery has been taken in: the row holds what was read. For a new row, `number` is that of the
    record that it became ("" when it was refused); `revision` the record's present one."""
    given = json.loads(delivery.raw)
    id_ = given["row"]
    was = known.get(id_, (0, {}))
    texts = {**was[1], **{k: _plain(v) for k, v in (given.get("values") or {}).items()}}
    for key in ("action", "note"):
        if key in given:
            texts[key] = str(given["word" if key == "action" else key])
    if given.get("new") and number:
        texts[BECAME] = f"{given['form']}/{number}"
    return {**known, id_: (was[0] if revision is None else revision, texts)}


def answer_of(delivery: Delivery) -> Answer | None:
    """The answer that a delivery is, None for an edit of a record."""
    given = json.loads(delivery.raw)
    kind = next((k for k in _ANSWERED if k in given), None)
    if kind is None:
        return None
    return Answer(kind, *(str(given[k]) for k in (kind, "action", "word", "note", "by", "where")))


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


# ---------------------------------------------------------------- rows


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the book: the id it goes by, the record it is (for a typed one that became one), what it held."""

    found: Found
    sheet: Sheet
    at: int
    id: str
    is_new: bool
    base: Mapping[str, str]
    revision: int
    target: str  # "complaint/TS-202605-0007", "task/…"


def _rows(found: Found, sheet: Sheet, known: Known) -> Iterator[_Row]:
    """Every row with an id once; the copies of it, and rows without one, as new unless they were read before."""
    originals: dict[str, int] = {}
    for at in found.rows:
        id_ = found.id(at)
        if id_ and (id_ not in originals or _better(found, at, originals[id_], sheet, known.get(id_))):
            originals[id_] = at
    for at in found.rows:
        id_ = found.id(at)
        if id_ and originals[id_] == at:
            revision, base = known.get(id_, (found.revision(at), {}))
            if id_ in known or _ours(id_, sheet):
                yield _Row(found, sheet, at, id_, False, base, revision, id_)
        elif sheet.form:
            yield from _typed(found, sheet, at, known)


def _better(found: Found, at: int, than: int, sheet: Sheet, entry: tuple[int, Mapping[str, str]] | None) -> bool:
    """Of two rows with one id, the original is the one that still holds what it held."""
    return same(found, at, sheet, entry) and not same(found, than, sheet, entry)


def _ours(id_: str, sheet: Sheet) -> bool:
    """Whether an id without a base can be answered at all: of a record no, nobody knows what changed."""
    return not sheet.form and id_.partition("/")[0] in _ANSWERED


def _typed(found: Found, sheet: Sheet, at: int, known: Known) -> Iterator[_Row]:
    id_ = new_row_id(sheet, at)
    target = became(found, at, sheet, known)
    if target:
        moved = known.get(id_, (0, {}))[1].get(BECAME) != target
        if not moved:
            revision, base = known[id_]
            yield _Row(found, sheet, at, id_, False, base, revision, target)
    else:
        yield _Row(found, sheet, at, id_, True, {}, 0, "")


# ---------------------------------------------------------------- what a row says


def _edit(row: _Row, catalogue: Catalogue, by: str) -> dict[str, Any] | None:
    """A changed row of a form's sheet; None when nothing of the office's has changed."""
    found, sheet = row.found, row.sheet
    keys = [k for k, c in sheet.fields.items() if k in found.columns and (c.office or row.is_new)]
    values: dict[str, str | None] = {}
    where: dict[str, str] = {}
    problems: list[dict[str, Any]] = []
    for key in keys:
        if row.base and key not in row.base and not row.is_new:  # a column that came back: nothing to compare with
            continue
        text, fault = found.text(row.at, key), found.fault(row.at, key)
        if fault:
            problems.append(
                {"code": FAULTS[fault], "where": found.address(row.at, key), "field": key, "context": {"text": text}}
            )
        elif text != row.base.get(key, ""):
            values[key] = text or None
            where[key] = found.address(row.at, key)
    if not values and not problems:
        return None
    form, _, number = row.target.partition("/") if row.target else (sheet.form, "", "")
    case_no = found.text(row.at, "case_no") if row.is_new else ""
    base = {k: row.base.get(k) or None for k in keys if not row.is_new}
    return {
        "form": form,
        "number": number,
        "values": values,
        "base": base,
        "base_revision": None if row.is_new else row.revision,
        "new": row.is_new,
        "by": by,
        "where": where,
        "case_no": case_no,
        "row": row.id,
        "problems": problems,
    }


def _answer(row: _Row, by: str) -> dict[str, Any] | None:
    """What stands in 处理 and 说明 of a row, when it was written since."""
    found = row.found
    kind, _, key = row.id.partition("/")
    if kind not in _ANSWERED or "action" not in found.columns:
        return None
    word, note = found.text(row.at, "action"), found.text(row.at, "note")
    if not word or (word, note) == (row.base.get("action", ""), row.base.get("note", "")):
        return None  # a note alone waits for its word
    return {
        kind: key,
        "action": ACTIONS.get(word, ACTIONS.get(word.casefold(), "")),
        "word": word,
        "note": note,
        "by": by,
        "where": found.address(row.at, "action"),
        "row": row.id,
    }


def _delivery(path: Path, given: Mapping[str, Any], at: datetime, modified_ns: int, by: str) -> Delivery:
    raw = json.dumps(given, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    digest = hashlib.sha256(raw).hexdigest()
    return Delivery("workbook", f"{path}#{given['row']}", at, raw, path.name, digest, modified_ns, by)

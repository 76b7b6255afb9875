"""What people wrote into the book since it was last written or read, as deliveries: one for each changed row.

Only cells of the office's columns are compared, with what they held; the ledger merges. The unit is a row: when one of
its cells is wrong, all that was written in it waits and is handed over again, with the correction.

The raw bytes are JSON with sorted keys, the same for the same edit:
    {"form", "number", "values", "base", "base_revision", "new", "by", "where", "case_no", "row", "serial", "problems"}
and for an answer in 处理 (a task, clock, mail, letter or conflict):
    {"task" | "clock" | "mail" | "letter" | "conflict": key, "action", "word", "note", "by", "where", "row",
     "serial"}"""

from __future__ import annotations

import dataclasses as dc
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from qforms.model import EMPTY, Catalogue, Delivery, Lang, Problem, QformsError
from qforms.problems import say
from qforms.workbook.actions import ACTIONS
from qforms.workbook.book import ID, Busy, Damaged, Picture, Place, Seen, picture, sheet_of
from qforms.workbook.match import match
from qforms.workbook.rows import Held, Known, Mark
from qforms.workbook.sheets import blueprints
from qforms.workbook.view import Column, Sheet

AUTHOR: Final = "qforms"
ANSWERED: Final = frozenset({"task", "clock", "mail", "letter", "conflict"})
FAULTS: Final = {"formula": "workbook_formula", "error": "workbook_error_value"}  # of a cell that holds no value


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
    """All that was found. `known` and `places`: what the book holds and where, each edit counted as taken. `deleted`:
    ids of rows that somebody took out. `old`: the number of the publication that was put back over a later one, else 0;
    `lost` when what it held then is not kept any more, so that nothing could be compared."""

    deliveries: tuple[Delivery, ...]
    known: Known
    places: Mapping[str, Place]
    deleted: tuple[str, ...] = ()
    old: int = 0
    lost: bool = False
    anchors: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an edit. `number` of the record ("" when none was opened), its present revision; `taken`: the
    values are in the ledger; `said`: field -> why it could not be taken; `clashed`: fields that stand on 冲突."""

    number: str = ""
    revision: int | None = None
    taken: bool = True
    said: Mapping[str, str] = field(default_factory=dict)
    clashed: frozenset[str] = frozenset()


def look(
    path: Path,
    known: Known,
    catalogue: Catalogue,
    now: datetime,
    *,
    places: Mapping[str, Place] = EMPTY,
    serial: int = 0,
    older: Callable[[int], tuple[Path, ...]] = lambda _: (),
    lang: Lang = "zh",
) -> Edits:
    """The changed rows and all that was seen. `known` and `places` as last written or read, at publication `serial`;
    `older` gives the versions that were kept of an earlier one. Raises Busy while the book is being saved, Damaged when
    it is none of ours, QformsError for a shared one."""
    try:
        about = path.stat()
    except OSError as fault:
        raise Busy(f"{path.name}: {fault.strerror}") from fault
    plan = blueprints(catalogue)
    seen = picture(path, plan, known, places)
    if not seen.sheets:
        raise Damaged(f"{path.name}: 里面没有我们的表 (none of our sheets in it)")
    base, old, lost = known, 0, False
    if 0 < seen.serial < serial:
        base, old, lost = _then(seen, older(seen.serial), plan, places)
    at = min(now, datetime.fromtimestamp(about.st_mtime, UTC).astimezone(now.tzinfo))
    by = "" if seen.by in (AUTHOR, "openpyxl") else seen.by
    saved = Saved(str(path), path.name, by, at, about.st_mtime_ns, old, lost)
    return compare(seen, saved, plan, base, known, lang)


@dataclass(frozen=True, slots=True)
class Saved:
    """Which file was read, who saved it when; `old` and `lost` as in Edits."""

    path: str
    name: str
    by: str
    at: datetime
    modified_ns: int = 0
    old: int = 0
    lost: bool = False


def compare(
    seen: Picture, saved: Saved, plan: tuple[Sheet, ...], base: Known, known: Known, lang: Lang = "zh"
) -> Edits:
    """What was written since the rows held `base`; `known` is what is known of the book now. Pure."""
    reader = _Looking(saved, seen.serial, lang)
    for sheet in plan:
        if sheet.key in seen.sheets:
            reader.sheet(sheet, *seen.sheets[sheet.key], _of(sheet.key, base))
    ours = {s.key for s in plan}
    others = {i: h for i, h in known.items() if sheet_of(i) not in seen.sheets}
    others = {i: dc.replace(h, at=0) if sheet_of(i) in ours else h for i, h in others.items()}
    forms = {s.form for s in plan if s.form}
    deleted = () if saved.old else tuple(sorted(i for i in reader.missing if i.partition("/")[0] in forms))
    spots = {k: place for k, (place, _) in seen.sheets.items()}
    rows = {**others, **reader.known}
    return Edits(tuple(reader.found), rows, spots, deleted, saved.old, saved.lost, seen.anchors)


def settled(before: Held, now: Held, delivery: Delivery, result: Result, lang: Lang = "zh") -> Held:
    """The row once its edit has been taken in, or could not be: then what was written stays in its cells, each with the
    reason. `before` is the row before the edit, `now` as it was read."""
    given = json.loads(delivery.raw)
    if "word" in given:
        return _answered(now, given, lang)
    fields = [*given["values"], *(p["field"] for p in given["problems"])]
    waits = say(Problem("workbook_row_waits"), lang)
    marks = {k: Mark() if k in fields else m for k, m in now.marks.items()}
    for key in fields:
        if key in result.clashed:
            marks[key] = Mark(say(Problem("workbook_conflict"), lang))
        elif key in result.said or not result.taken:
            marks[key] = Mark(result.said.get(key, waits), before.base(key), stays=True)
    became = f"{given['form']}/{result.number}" if given["new"] and result.number else now.became
    revision = now.revision if result.revision is None else result.revision
    return dc.replace(now, revision=revision, marks=marks, became=became)


def answer_of(delivery: Delivery) -> Answer | None:
    """The answer that a delivery is, None for an edit of a record."""
    given = json.loads(delivery.raw)
    kind = next((k for k in ANSWERED if k in given), None)
    if kind is None:
        return None
    return Answer(kind, *(str(given[k]) for k in (kind, "action", "word", "note", "by", "where")))


def row_of(delivery: Delivery) -> str:
    """The id of the row that a delivery of the workbook came from."""
    return str(json.loads(delivery.raw)["row"])


def _answered(now: Held, given: Mapping[str, Any], lang: Lang) -> Held:
    """A word that was carried out leaves its cells; one that is none is told beside them."""
    if given["action"]:
        return dc.replace(now, marks={**now.marks, "action": Mark(), "note": Mark()})
    problem = Problem("workbook_unknown_action", given["where"], context={"text": given["word"]})
    return dc.replace(now, marks={**now.marks, "action": Mark(say(problem, lang))})


def _of(key: str, known: Known) -> Known:
    return {i: h for i, h in known.items() if sheet_of(i) == key}


def _then(
    seen: Picture, kept: tuple[Path, ...], plan: tuple[Sheet, ...], places: Mapping[str, Place]
) -> tuple[Known, int, bool]:
    """What the rows held in an earlier publication. A cell that holds what it held in any of its versions was not
    written since; when none was kept, none was. Rows without an id were taken in then; they are no new ones."""
    versions = []
    for path in kept:
        with suppress(Busy, QformsError):
            versions.append(_texts(picture(path, plan, {}, places)))
    now = _texts(seen)
    then = {id_: row for version in versions or [now] for id_, row in version.items()}
    for id_, row in then.items():
        present = now.get(id_, row).texts
        told = [v[id_].texts for v in versions if id_ in v]
        same = {k: t for k, t in present.items() if any(t == texts.get(k) for texts in told)}
        emptied = {k for k in row.texts if k not in present and any(k not in texts for texts in told)}
        texts = {k: t for k, t in {**row.texts, **same}.items() if k not in emptied}
        then[id_] = dc.replace(row, texts=texts)
    return then, seen.serial, not versions


def _texts(seen: Picture) -> dict[str, Held]:
    rows = [(key, row) for key, (_, found) in seen.sheets.items() for row in found]
    return {
        row.id or f"new/{key}/old-{row.at}": Held(row.revision, row.texts, row.at, "" if row.id else "?")
        for key, row in rows
    }


# ---------------------------------------------------------------- one look


@dataclass(slots=True)
class _Looking:
    """Gathers the edits of sheet after sheet."""

    saved: Saved
    serial: int
    lang: Lang
    found: list[Delivery] = dc.field(default_factory=list)
    known: dict[str, Held] = dc.field(default_factory=dict)
    missing: list[str] = dc.field(default_factory=list)

    def sheet(self, sheet: Sheet, place: Place, rows: tuple[Seen, ...], known: Known) -> None:
        matched = match(rows, known, sheet.columns[0].key)
        for id_ in matched.missing:
            held = known[id_]
            self.missing.append(id_)
            if not self.saved.old and not (id_.startswith("new/") and not held.became):
                self.known[id_] = dc.replace(held, at=0)
        for id_, row in sorted(matched.rows.items(), key=lambda pair: pair[1].at):
            self._row(sheet, place, id_, row, known[id_])
        for row in matched.new:
            self._unknown(sheet, place, row)

    def _row(self, sheet: Sheet, place: Place, id_: str, row: Seen, held: Held) -> None:
        typed = id_.startswith(("new/", "reserved/")) and not held.became
        given = self._edit(sheet, place, id_, row, held, typed) if sheet.form else self._answer(place, id_, row, held)
        self._found(given)
        self.known[id_] = self._now(sheet, place, id_, row, held, computed=not id_.startswith(("new/", "reserved/")))

    def _unknown(self, sheet: Sheet, place: Place, row: Seen) -> None:
        """A row that is none of those known: on a form's sheet a new record, if anything was said in it; on a list an
        answer to what it names."""
        if not sheet.form:
            if row.id.partition("/")[0] in ANSWERED:
                self._found(self._answer(place, row.id, row, Held()))
                self.known[row.id] = Held(0, row.texts, row.at)
            return
        if row.id and row.id not in self.known and not row.id.startswith(("new/", "reserved/")):
            return  # a record that has left the book (archived), or another book's: not told apart
        id_ = f"new/{sheet.key}/{row.at}"
        while id_ in self.known:
            id_ += "+"
        given = self._edit(sheet, place, id_, row, Held(), True)
        if given is not None:
            self._found(given)
            self.known[id_] = Held(0, row.texts, row.at)

    def _found(self, given: dict[str, Any] | None) -> None:
        if given is not None:
            raw = json.dumps(given, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
            digest = hashlib.sha256(raw).hexdigest()
            file = self.saved
            locator = f"{file.path}#{given['row']}"
            made = Delivery("workbook", locator, file.at, raw, file.name, digest, file.modified_ns, file.by)
            self.found.append(made)

    def _now(self, sheet: Sheet, place: Place, id_: str, row: Seen, held: Held, computed: bool) -> Held:
        """The row as it stands, with the reasons of what was not taken; `computed` cells that somebody overwrote get
        theirs here: they are written anew."""
        marks = {k: m if row.texts.get(k) == held.texts.get(k) else Mark() for k, m in held.marks.items()}
        for column in sheet.columns:
            key = column.key
            if column.office or self.saved.old or key not in place.columns or not computed:
                continue
            text = row.texts.get(key, "")
            if text != held.texts.get(key, "") or key in row.faults:
                marks[key] = Mark(say(Problem("workbook_restored", context={"text": text}), self.lang))
        if computed and not self.saved.old and row.id != id_:
            marks[ID] = Mark()  # filled down, pasted over or cleared: it is written anew
        return Held(held.revision, row.texts, row.at, held.became, marks)

    # ------------------------------------------------------------ what a row says

    def _edit(self, sheet: Sheet, place: Place, id_: str, row: Seen, held: Held, typed: bool) -> dict[str, Any] | None:
        """A changed row of a form's sheet; None when nothing of the office's has changed."""
        keys = [c.key for c in _open(sheet, typed) if c.key in place.columns]
        if held.became == "?" or all(row.texts.get(k, "") == held.texts.get(k, "") for k in keys):
            return None
        values: dict[str, str | None] = {}
        problems = []
        for key in keys:
            text, base = row.texts.get(key, ""), "" if typed else held.base(key)
            if key in row.faults:
                problem = Problem(FAULTS[row.faults[key]], _address(place, row, key), key, {"text": text})
                problems.append({**dc.asdict(problem), "context": dict(problem.context)})
            elif text != base:
                values[key] = text or None
        if not values and not problems:
            return None
        return self._told(sheet, place, id_, row, held, typed, keys, values, problems)

    def _told(
        self,
        sheet: Sheet,
        place: Place,
        id_: str,
        row: Seen,
        held: Held,
        typed: bool,
        keys: list[str],
        values: dict[str, str | None],
        problems: list[dict[str, Any]],
    ) -> dict[str, Any]:
        target = held.became or ("" if id_.startswith(("new/", "reserved/")) else id_)
        number = id_.partition("/")[2].partition("/")[2] if id_.startswith("reserved/") else ""
        return {
            "form": target.partition("/")[0] or sheet.form,
            "number": target.partition("/")[2] or number,
            "values": values,
            "base": {} if typed else {k: held.base(k) or None for k in keys},
            "base_revision": None if typed else held.revision,
            "new": typed,
            "by": self.saved.by,
            "where": {k: _address(place, row, k) for k in values},
            "case_no": row.texts.get("case_no", "") if typed else "",
            "row": id_,
            "serial": self.serial,
            "problems": problems,
        }

    def _answer(self, place: Place, id_: str, row: Seen, held: Held) -> dict[str, Any] | None:
        """What stands in 处理 and 说明 of a row, when it was written since."""
        kind, _, key = id_.partition("/")
        word, note = row.texts.get("action", ""), row.texts.get("note", "")
        if kind not in ANSWERED or "action" not in place.columns or not word:
            return None  # a note alone waits for its word
        if (word, note) == (held.texts.get("action", ""), held.texts.get("note", "")):
            return None
        return {
            kind: key,
            "action": ACTIONS.get(word, ACTIONS.get(word.casefold(), "")),
            "word": word,
            "note": note,
            "by": self.saved.by,
            "where": _address(place, row, "action"),
            "row": id_,
            "serial": self.serial,
        }


def _open(sheet: Sheet, typed: bool) -> Iterable[Column]:
    """The columns that the office may write: its own; in a new row all but those that only the system fills in."""
    for column in sheet.fields.values():
        if column.office or (
            typed and column.field and not column.field.calc and column.field.filled_by != ("system",)
        ):
            yield column


def _address(place: Place, row: Seen, key: str) -> str:
    from openpyxl.utils import get_column_letter

    return f"{place.title}!{get_column_letter(place.columns[key])}{row.at}"
